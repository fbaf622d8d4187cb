/* edm/check_shapes.c - the rules for what is not an entity type with rows of its own: complex
 * types, answers, views, built-in entities, collections that are worked out.
 *
 * A view must fit the type behind it property by property, since the store reads its columns
 * without looking at either table again.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "edm/check_spot.h"
#include "edm/value.h"

/* --- complex types and answers --------------------------------------------------------------- */

static bool check_member_property(const struct spot *spot, const struct edm_complex *complex,
                                  size_t at)
{
    const struct edm_property *property = &complex->properties[at];

    if (!check_typed(spot, property))
        return false;
    if (property->kind == EDM_COMPLEX || (property->flags & ~(unsigned)EDM_NULLABLE))
        return wrong(spot, "is more than a plain value in a complex type");
    if (property->default_json || property->viewed.len)
        return wrong(spot, "has a default or is viewed in a complex type");
    if (property->queried_often)
        return wrong(spot, "is queried often in a complex type");
    for (size_t i = 0; i < at; i++) {
        if (slice_eq_nocase(complex->properties[i].name, property->name))
            return wrong(spot, "two properties have this name");
    }
    return true;
}

bool check_complex(struct spot spot, const struct edm_complex *complex)
{
    spot.owner = complex->name;
    spot.part = SLICE_EMPTY;
    if (!check_is_name(complex->name))
        return wrong(&spot, "the complex type's name is not a letter and letters or digits");
    if (!complex->doc || !complex->doc[0])
        return wrong(&spot, "the complex type has no doc");
    if (complex->property_count == 0 || complex->property_count > EDM_PROPERTIES_MAX)
        return wrong(&spot, "has no properties, or more than EDM_PROPERTIES_MAX");
    for (size_t i = 0; i < complex->property_count; i++) {
        spot.part = complex->properties[i].name;
        if (!check_member_property(&spot, complex, i))
            return false;
    }
    return true;
}

/* What is asked of a set has the shape that its question has. */
static bool check_of_set(const struct spot *spot, const struct edm_action *action)
{
    const struct edm_property *keys = action->parameters;

    if (action->of_set == EDM_OF_ENTITY)
        return true;
    if (action->result || action->answer || action->effect_count)
        return wrong(spot, "is asked of the set, and answers or has effects besides");
    if (action->of_set == EDM_SET_HAS_MADE)
        return action->parameter_count == 0 || wrong(spot, "is a function with parameters");
    if (action->of_set != EDM_SET_BY_KEYS)
        return wrong(spot, "asks something of the set that nobody knows");
    return (action->parameter_count == 1 && keys->kind == EDM_STRING &&
            (keys->flags & EDM_COLLECTION) && !(keys->flags & EDM_NULLABLE)) ||
           wrong(spot, "is asked for keys without one list of them as a parameter");
}

bool check_answer(const struct spot *spot, const struct edm_action *action)
{
    if (!check_of_set(spot, action))
        return false;
    if (!action->result != !action->answer)
        return wrong(spot, "has an answer without a type, or a type without an answer");
    if (action->answer && action->effect_count)
        return wrong(spot, "answers, and has effects");
    return !action->result || check_complex(*spot, action->result);
}

/* --- views ----------------------------------------------------------------------------------- */

static bool is_contained(const struct spot *spot, const struct edm_entity_type *type)
{
    const struct edm_singleton *singleton = spot->model->singleton;

    for (size_t i = 0; i < singleton->type_count; i++) {
        if (singleton->types[i] == type)
            return true;
    }
    return false;
}

static bool check_viewed(const struct spot *spot, const struct edm_entity_type *type, size_t at)
{
    const struct edm_property *property = &type->properties[at], *viewed;
    int index = edm_find_property(type->view_of, edm_stored_name(property));

    if (index < 0)
        return wrong(spot, "shows a property that the viewed type does not have");
    viewed = &type->view_of->properties[index];
    if (viewed->kind != property->kind || viewed->flags != property->flags ||
        viewed->enumeration != property->enumeration)
        return wrong(spot, "is of another kind than the property that it shows");
    if (property->default_json)
        return wrong(spot, "has a default in a view");
    if (property->queried_often)
        return wrong(spot, "is queried often in a view: the stored type says so");
    for (size_t i = 0; i < at; i++) {
        if (slice_eq(edm_stored_name(&type->properties[i]), edm_stored_name(property)))
            return wrong(spot, "shows what another one shows");
    }
    return true;
}

bool check_view(struct spot spot, const struct edm_entity_type *type)
{
    if (!type->view_of) {
        for (size_t i = 0; i < type->property_count; i++) {
            spot.part = type->properties[i].name;
            if (type->properties[i].viewed.len)
                return wrong(&spot, "shows a property, and its type is no view");
        }
        return true;
    }
    if (!is_contained(&spot, type->view_of) || type->view_of->view_of)
        return wrong(&spot, "is a view of a type that is not in the model, or is one itself");
    if (type->health || type->built_in_count || type->view_of->built_in_count)
        return wrong(&spot, "is a view with a health, or of entities that are built in");
    for (size_t i = 0; i < type->property_count; i++) {
        spot.part = type->properties[i].name;
        if (!check_viewed(&spot, type, i))
            return false;
    }
    return true;
}

/* --- built-in entities ----------------------------------------------------------------------- */

bool check_built_in(struct spot spot, const struct edm_entity_type *type)
{
    for (size_t row = 0; row < type->built_in_count; row++) {
        const struct edm_value *values = &type->built_in[row * type->property_count];

        if (values[0].is_null || values[0].text.len == 0)
            return wrong(&spot, "a built-in entity has no key");
        for (size_t i = 0; i < row; i++) {
            if (slice_eq(type->built_in[i * type->property_count].text, values[0].text))
                return wrong(&spot, "two built-in entities have one key");
        }
        for (size_t i = 0; i < type->property_count; i++) {
            spot.part = type->properties[i].name;
            if (values[i].is_null && !(type->properties[i].flags & EDM_NULLABLE))
                return wrong(&spot, "is null in a built-in entity");
        }
        spot.part = SLICE_EMPTY;
    }
    return true;
}

/* --- what is worked out ---------------------------------------------------------------------- */

/* The enumeration of that property of the item, NULL when there is none. */
static const struct edm_enum *item_enum(const struct edm_complex *item, struct slice name)
{
    int index = edm_find_complex_property(item, name);

    return index < 0 ? NULL : item->properties[index].enumeration;
}

static bool item_has(const struct edm_complex *item, struct slice name, enum edm_kind kind)
{
    int index = edm_find_complex_property(item, name);

    return index >= 0 && item->properties[index].kind == kind;
}

static bool check_sources(const struct spot *spot, const struct edm_ageing *ageing)
{
    for (size_t i = 0; i < ageing->source_count; i++) {
        const struct edm_ageing_source *source = &ageing->sources[i];
        int date;

        if (!is_contained(spot, source->type) || source->type->view_of)
            return wrong(spot, "a source is a type that is not in the model, or a view");
        date = edm_find_property(source->type, source->date);
        if (date < 0 || source->type->properties[date].kind != EDM_DATE_TIME_OFFSET)
            return wrong(spot, "a source has no such date");
        if (!edm_find_member(item_enum(ageing->item, ageing->source_name), source->member))
            return wrong(spot, "a source has no such member");
    }
    return ageing->source_count > 0 || wrong(spot, "has no sources");
}

static bool check_stages(const struct spot *spot, const struct edm_ageing *ageing)
{
    const struct edm_enum *states = item_enum(ageing->item, ageing->state);

    if (ageing->stage_count == 0 || ageing->stages[0].after_s != 0)
        return wrong(spot, "has no stage that begins at 0");
    for (size_t i = 0; i < ageing->stage_count; i++) {
        if (i > 0 && ageing->stages[i].after_s <= ageing->stages[i - 1].after_s)
            return wrong(spot, "a stage is not longer than the one before");
        if (!edm_find_member(states, ageing->stages[i].member))
            return wrong(spot, "a stage has no such member");
    }
    return edm_find_member(states, ageing->ageless) || wrong(spot, "has no member for the ageless");
}

static bool check_ageing(const struct spot *spot, const struct edm_ageing *ageing)
{
    const struct edm_complex *item = ageing->item;

    if (!check_complex(*spot, item))
        return false;
    if (item->property_count != 4 || !item_has(item, ageing->source_name, EDM_ENUM) ||
        !item_has(item, ageing->key, EDM_STRING) || !item_has(item, ageing->state, EDM_ENUM) ||
        !item_has(item, ageing->date, EDM_DATE_TIME_OFFSET))
        return wrong(spot, "its items have no source, key, state and date");
    if (!ageing->source || !ageing->source[0])
        return wrong(spot, "does not say where its durations come from");
    return check_sources(spot, ageing) && check_stages(spot, ageing);
}

bool check_worked_out(struct spot spot, const struct edm_singleton_property *property)
{
    const struct edm_singleton *singleton = spot.model->singleton;

    if (property->versions & ~singleton->versions)
        return wrong(&spot, "is part of a version that what contains it is not");
    if ((property->value == EDM_SINGLETON_AGEING) != (property->ageing != NULL))
        return wrong(&spot, "is worked out without saying how, or the other way round");
    if (!property->ageing)
        return true;
    if (!property->doc || !property->doc[0])
        return wrong(&spot, "has no doc");
    return check_ageing(&spot, property->ageing);
}
