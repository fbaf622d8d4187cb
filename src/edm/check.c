/* edm/check.c - holds a model's tables to the rules of edm/model.h.
 *
 * The tables are constant, so a wrong one is a mistake of ours and is found by a test, never by a
 * request: the code that reads them checks nothing again. That is why the rules here go further
 * than what the headers must say: names become SQL columns, URL segments, JSON members and text in
 * a message of limited length, all without a second look; the store's rows hold what a default
 * says.
 *
 * From the outside in: model, singleton, types, properties (check_properties.c), actions. Each
 * function checks one thing, and the first failure is the answer. Comparing each name with all
 * before it is quadratic, in tables of a dozen rows.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "edm/check_spot.h"
#include "edm/health.h"

#define NAME_MAX_BYTES    63 /* what struct error holds as a target, and PostgreSQL as a name */
#define ADDRESS_MAX_BYTES 255

/* --- names and texts ----------------------------------------------------------------------- */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A letter, then letters and digits: valid in CSDL, unquoted in SQL, not escaped in JSON or URLs.
 */
bool check_is_name(struct slice name)
{
    if (name.len == 0 || name.len > NAME_MAX_BYTES || !is_letter(name.ptr[0]))
        return false;
    for (size_t i = 1; i < name.len; i++) {
        if (!is_letter(name.ptr[i]) && !is_digit(name.ptr[i]))
            return false;
    }
    return true;
}

/* Names joined by dots, of NAME_MAX_BYTES in all. */
static bool is_dotted_name(struct slice name)
{
    struct slice head, tail = name;

    if (name.len > NAME_MAX_BYTES)
        return false;
    while (slice_cut(tail, '.', &head, &tail)) {
        if (!check_is_name(head))
            return false;
    }
    return check_is_name(tail);
}

bool check_has_doc(const char *doc)
{
    return doc && doc[0];
}

/* A slash, colon, dot, '-' or '_', a letter or a digit: escaped in no URL and at no depth of JSON.
 */
static bool is_plain_address(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!is_letter(text.ptr[i]) && !is_digit(text.ptr[i]) &&
            slice_index(SLICE("/:.-_"), text.ptr[i]) == 5)
            return false;
    }
    return text.len > 0 && text.len <= ADDRESS_MAX_BYTES;
}

static bool check_back_end(const struct spot *spot, const struct edm_back_end *back_end)
{
    return (is_plain_address(back_end->address) && is_plain_address(back_end->api_version)) ||
           wrong(spot, "the back end has no address or version, or one that has to be escaped");
}

static bool check_versions(const struct spot *spot, unsigned versions, unsigned of_owner)
{
    if (versions == 0)
        return wrong(spot, "is part of no version");
    if (versions & ~of_owner)
        return wrong(spot, "is part of a version that what contains it is not");
    return true;
}

/* --- permissions --------------------------------------------------------------------------- */

static bool check_permissions(const struct spot *spot, struct edm_permission_list permissions)
{
    if (permissions.count == 0)
        return wrong(spot, "no permission allows it");
    for (size_t i = 0; i < permissions.count; i++) {
        if (!is_dotted_name(permissions.names[i]))
            return wrong(spot, "a permission is not names joined by dots");
        for (size_t j = 0; j < i; j++) {
            if (slice_eq(permissions.names[i], permissions.names[j]))
                return wrong(spot, "a permission stands twice");
        }
    }
    return true;
}

static bool check_operations(struct spot spot, const struct edm_entity_type *type)
{
    static const struct slice names[EDM_OPERATION_COUNT] = {
        [EDM_LIST] = SLICE_INIT("(list)"),     [EDM_GET] = SLICE_INIT("(get)"),
        [EDM_CREATE] = SLICE_INIT("(create)"), [EDM_UPDATE] = SLICE_INIT("(update)"),
        [EDM_DELETE] = SLICE_INIT("(delete)"),
    };

    for (size_t i = 0; i < EDM_OPERATION_COUNT; i++) {
        spot.part = names[i];
        if (!check_permissions(&spot, type->permissions[i]))
            return false;
    }
    return true;
}

/* --- actions ------------------------------------------------------------------------------- */

static bool check_parameters(struct spot spot, const struct edm_action *action)
{
    spot.owner = action->name;
    if (action->parameter_count > EDM_PROPERTIES_MAX)
        return wrong(&spot, "has more parameters than EDM_PROPERTIES_MAX");
    for (size_t i = 0; i < action->parameter_count; i++) {
        const struct edm_property *parameter = &action->parameters[i];

        spot.part = parameter->name;
        if (!check_typed(&spot, parameter))
            return false;
        if (parameter->flags & (EDM_KEY | EDM_READ_ONLY))
            return wrong(&spot, "is a parameter that is a key or read-only");
        if (parameter->default_json)
            return wrong(&spot, "is a parameter with a default");
        if (parameter->viewed.len)
            return wrong(&spot, "is a parameter that shows a property");
        if (parameter->queried_often)
            return wrong(&spot, "is a parameter that is queried often");
        if ((parameter->flags & EDM_REQUIRED) && !(parameter->flags & EDM_NULLABLE))
            return wrong(&spot, "is required, and is not nullable anyhow");
        if (parameter->complex && !check_complex(spot, parameter->complex))
            return false;
        if (!check_name_is_new(action->parameters, i))
            return wrong(&spot, "two parameters have this name");
    }
    return true;
}

static bool check_effects(const struct spot *spot, const struct edm_entity_type *type,
                          const struct edm_action *action)
{
    for (size_t i = 0; i < action->effect_count; i++) {
        const struct edm_effect *effect = &action->effects[i];
        int property = edm_find_property(type, effect->property);

        if (property < 0)
            return wrong(spot, "an effect names a property that the type does not have");
        if (effect->kind != EDM_EFFECT_SET_NOW)
            return wrong(spot, "an effect is of a kind that nobody knows");
        if (type->properties[property].kind != EDM_DATE_TIME_OFFSET)
            return wrong(spot, "an effect sets something else than a date to now");
    }
    return true;
}

static bool check_actions(struct spot spot, const struct edm_entity_type *type)
{
    for (size_t i = 0; i < type->action_count; i++) {
        const struct edm_action *action = &type->actions[i];

        spot.part = action->name;
        if (!check_is_name(action->name))
            return wrong(&spot, "the action's name is not a letter and letters or digits");
        if (!check_has_doc(action->doc))
            return wrong(&spot, "the action has no doc");
        for (size_t j = 0; j < i; j++) {
            if (slice_eq_nocase(type->actions[j].name, action->name))
                return wrong(&spot, "two actions have this name");
        }
        /* `type/name` in a path must be one or the other. */
        if (edm_find_property_nocase(type, action->name) >= 0)
            return wrong(&spot, "an action has the name of a property");
        if (!check_versions(&spot, action->versions, type->versions) ||
            !check_permissions(&spot, action->permissions) || !check_parameters(spot, action) ||
            !check_effects(&spot, type, action) || !check_answer(&spot, action))
            return false;
    }
    return true;
}

/* --- types and the model ------------------------------------------------------------------- */

static bool check_health(const struct spot *spot, const struct edm_entity_type *type)
{
    const char *fault = type->health ? edm_health_fault(type) : NULL;

    return !fault || wrong(spot, fault);
}

static bool check_type(struct spot spot, const struct edm_entity_type *type)
{
    spot.owner = type->name;
    if (!check_is_name(type->name))
        return wrong(&spot, "the type's name is not a letter and letters or digits");
    if (!check_has_doc(type->doc) || !check_has_doc(type->set_doc))
        return wrong(&spot, "the type or its set has no doc");
    if (!check_is_name(type->set_name))
        return wrong(&spot, "the set's name is not a letter and letters or digits");
    if (type->beyond_graph >> EDM_OPERATION_COUNT)
        return wrong(&spot, "an operation beyond Graph is none that there is");
    if (type->back_end && !check_back_end(&spot, type->back_end))
        return false;
    return check_versions(&spot, type->versions, spot.model->singleton->versions) &&
           check_properties(spot, type) && check_actions(spot, type) &&
           check_operations(spot, type) && check_health(&spot, type) && check_view(spot, type) &&
           check_built_in(spot, type);
}

/* A set is a property of the singleton: they share one space of names. */
static bool check_set_name(struct spot spot, size_t at)
{
    const struct edm_singleton *singleton = spot.model->singleton;
    struct slice name = singleton->types[at]->set_name;

    spot.part = name;
    for (size_t i = 0; i < at; i++) {
        if (slice_eq_nocase(singleton->types[i]->set_name, name))
            return wrong(&spot, "two sets have this name");
    }
    for (size_t i = 0; i < singleton->property_count; i++) {
        if (slice_eq_nocase(singleton->properties[i].name, name))
            return wrong(&spot, "a set has the name of a property");
    }
    return true;
}

static bool check_types(const struct spot *spot)
{
    const struct edm_singleton *singleton = spot->model->singleton;

    if (singleton->type_count == 0)
        return wrong(spot, "contains no sets");
    for (size_t i = 0; i < singleton->type_count; i++) {
        if (!singleton->types[i])
            return wrong(spot, "a type is missing");
    }
    for (size_t i = 0; i < singleton->type_count; i++) {
        if (!check_type(*spot, singleton->types[i]) || !check_set_name(*spot, i))
            return false;
    }
    /* Last, since it walks through every type for each name. */
    for (size_t i = 0; i < singleton->type_count; i++) {
        if (!check_schema_names(*spot, singleton->types[i]))
            return false;
    }
    return true;
}

static bool check_singleton_properties(struct spot spot)
{
    const struct edm_singleton *singleton = spot.model->singleton;

    for (size_t i = 0; i < singleton->property_count; i++) {
        spot.part = singleton->properties[i].name;
        if (!check_is_name(spot.part))
            return wrong(&spot, "the name is not a letter and letters or digits");
        for (size_t j = 0; j < i; j++) {
            if (slice_eq_nocase(singleton->properties[j].name, spot.part))
                return wrong(&spot, "two properties have this name");
        }
        if (!check_worked_out(spot, &singleton->properties[i]))
            return false;
    }
    return true;
}

static bool check_singleton(struct spot spot)
{
    const struct edm_singleton *singleton = spot.model->singleton;

    spot.owner = singleton->name;
    if (!check_is_name(singleton->name))
        return wrong(&spot, "the singleton's name is not a letter and letters or digits");
    if (!check_has_doc(singleton->doc))
        return wrong(&spot, "the singleton has no doc");
    return check_versions(&spot, singleton->versions, EDM_VERSIONS_ALL) &&
           check_back_end(&spot, &singleton->back_end) &&
           check_permissions(&spot, singleton->read_permissions) &&
           check_singleton_properties(spot) && check_types(&spot);
}

bool edm_check(const struct edm_model *model, struct error *err)
{
    const struct spot spot = { .model = model, .owner = model->namespace_name, .err = err };

    if (!is_dotted_name(model->namespace_name))
        return wrong(&spot, "the namespace is not names joined by dots");
    if (!check_is_name(model->alias))
        return wrong(&spot, "the alias is not a letter and letters or digits");
    if (!is_dotted_name(model->error_namespace))
        return wrong(&spot, "the error namespace is not names joined by dots");
    if (!model->singleton)
        return wrong(&spot, "the singleton is missing");
    return check_singleton(spot);
}
