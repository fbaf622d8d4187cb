/* edm/model.c - look-ups in the model's tables.
 *
 * All of them are plain walks. The longest table has a dozen rows, names differ in length or in
 * their first bytes, and a walk over a constant array costs less than hashing the name would; it
 * also leaves the tables as they were written, in the reference's order, with nothing to keep
 * beside them.
 *
 * Two ways of comparing: what stands in a path or a query option is matched without regard to the
 * case of ASCII letters, as Graph's front end does; what stands in a body is matched exactly, as
 * OData does. edm_check() refuses tables in which the first way could not tell two rows apart.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "edm/model.h"

#include "edm/value.h"

const struct edm_entity_type *edm_find_set(const struct edm_model *model, struct slice set_name,
                                           unsigned version)
{
    const struct edm_singleton *singleton = model->singleton;

    for (size_t i = 0; i < singleton->type_count; i++) {
        const struct edm_entity_type *type = singleton->types[i];
        if ((type->versions & version) && slice_eq_nocase(type->set_name, set_name))
            return type;
    }
    return NULL;
}

const struct edm_entity_type *edm_find_type(const struct edm_model *model, struct slice name)
{
    const struct edm_singleton *singleton = model->singleton;

    for (size_t i = 0; i < singleton->type_count; i++) {
        if (slice_eq(singleton->types[i]->name, name))
            return singleton->types[i];
    }
    return NULL;
}

const struct edm_action *edm_find_action(const struct edm_entity_type *type, struct slice name,
                                         unsigned version)
{
    for (size_t i = 0; i < type->action_count; i++) {
        const struct edm_action *action = &type->actions[i];
        if ((action->versions & version) && slice_eq_nocase(action->name, name))
            return action;
    }
    return NULL;
}

int edm_find_property(const struct edm_entity_type *type, struct slice name)
{
    for (size_t i = 0; i < type->property_count; i++) {
        if (slice_eq(type->properties[i].name, name))
            return (int)i;
    }
    return -1;
}

int edm_find_property_nocase(const struct edm_entity_type *type, struct slice name)
{
    for (size_t i = 0; i < type->property_count; i++) {
        if (slice_eq_nocase(type->properties[i].name, name))
            return (int)i;
    }
    return -1;
}

int edm_find_complex_property(const struct edm_complex *complex, struct slice name)
{
    for (size_t i = 0; i < complex->property_count; i++) {
        if (slice_eq(complex->properties[i].name, name))
            return (int)i;
    }
    return -1;
}

const struct edm_complex *edm_complex_used(const struct edm_action *action, size_t n)
{
    for (size_t i = 0; i < action->parameter_count; i++) {
        if (action->parameters[i].complex && n-- == 0)
            return action->parameters[i].complex;
    }
    return action->result && n == 0 ? action->result : NULL;
}

int edm_find_singleton_property(const struct edm_singleton *singleton, struct slice name,
                                unsigned version)
{
    for (size_t i = 0; i < singleton->property_count; i++) {
        const struct edm_singleton_property *property = &singleton->properties[i];
        if (edm_singleton_property_is_in(property, version) &&
            slice_eq_nocase(property->name, name))
            return (int)i;
    }
    return -1;
}

bool edm_is_built_in(const struct edm_entity_type *type, struct slice key)
{
    for (size_t i = 0; i < type->built_in_count; i++) {
        if (slice_eq(type->built_in[i * type->property_count].text, key))
            return true;
    }
    return false;
}

const struct edm_enum_member *edm_find_member(const struct edm_enum *enumeration, struct slice name)
{
    for (size_t i = 0; i < enumeration->member_count; i++) {
        if (slice_eq(enumeration->members[i].name, name))
            return &enumeration->members[i];
    }
    return NULL;
}

const struct edm_enum_member *edm_find_member_by_value(const struct edm_enum *enumeration,
                                                       int64_t value)
{
    for (size_t i = 0; i < enumeration->member_count; i++) {
        if (enumeration->members[i].value == value)
            return &enumeration->members[i];
    }
    return NULL;
}

static const struct {
    unsigned version;
    struct slice text;
} versions[] = {
    { EDM_VERSION_V1, SLICE_INIT("v1.0") },
    { EDM_VERSION_BETA, SLICE_INIT("beta") },
};

struct slice edm_version_text(unsigned version)
{
    for (size_t i = 0; i < COUNT_OF(versions); i++) {
        if (versions[i].version == version)
            return versions[i].text;
    }
    return SLICE_EMPTY;
}

unsigned edm_version_parse(struct slice text)
{
    for (size_t i = 0; i < COUNT_OF(versions); i++) {
        if (slice_eq_nocase(versions[i].text, text))
            return versions[i].version;
    }
    return 0;
}

struct slice edm_operation_text(enum edm_operation operation)
{
    static const struct slice texts[EDM_OPERATION_COUNT] = {
        [EDM_LIST] = SLICE_INIT("list"),     [EDM_GET] = SLICE_INIT("get"),
        [EDM_CREATE] = SLICE_INIT("create"), [EDM_UPDATE] = SLICE_INIT("update"),
        [EDM_DELETE] = SLICE_INIT("delete"),
    };
    return operation < EDM_OPERATION_COUNT ? texts[operation] : SLICE_EMPTY;
}
