/* edm/check_names.c - the schema is one space of names: no two things in it are called the same.
 *
 * Every type, complex type and enumeration that is used anywhere is compared with every other use
 * of a name: quadratic, over a few dozen names. What is used twice may be met twice.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "edm/check_spot.h"

/* The n-th enumeration of `properties`; NULL past the last, with what is left of `n`. */
static const struct edm_enum *enum_among(const struct edm_property *properties, size_t count,
                                         size_t *n)
{
    for (size_t i = 0; i < count; i++) {
        if (properties[i].enumeration && (*n)-- == 0)
            return properties[i].enumeration;
    }
    return NULL;
}

/* The n-th enumeration that the type uses, counting each use; NULL past the last. */
static const struct edm_enum *enum_used(const struct edm_entity_type *type, size_t n)
{
    const struct edm_enum *found = enum_among(type->properties, type->property_count, &n);

    for (size_t i = 0; i < type->action_count && !found; i++) {
        const struct edm_action *action = &type->actions[i];
        const struct edm_complex *complex;

        found = enum_among(action->parameters, action->parameter_count, &n);
        for (size_t j = 0; !found && (complex = edm_complex_used(action, j)); j++)
            found = enum_among(complex->properties, complex->property_count, &n);
    }
    return found;
}

/* The n-th complex type that the type uses, as above. */
static const struct edm_complex *complex_used(const struct edm_entity_type *type, size_t n)
{
    for (size_t i = 0; i < type->action_count; i++) {
        const struct edm_complex *complex;

        for (size_t j = 0; (complex = edm_complex_used(&type->actions[i], j)); j++) {
            if (n-- == 0)
                return complex;
        }
    }
    return NULL;
}

/* True when an item of what the singleton works out, or an enumeration of one, is called so. */
static bool item_is_called(const struct edm_singleton *singleton, struct slice name,
                           const void *by_other_than)
{
    for (size_t i = 0; i < singleton->property_count; i++) {
        const struct edm_ageing *ageing = singleton->properties[i].ageing;
        const struct edm_complex *item = ageing ? ageing->item : NULL;

        if (item && by_other_than != item && slice_eq(item->name, name))
            return true;
        for (size_t j = 0; item && j < item->property_count; j++) {
            const struct edm_enum *used = item->properties[j].enumeration;
            if (used && by_other_than != used && slice_eq(used->name, name))
                return true;
        }
    }
    return false;
}

/* True when something else in the schema, which is one space of names, is called `name`. */
static bool name_is_taken(const struct edm_singleton *singleton, struct slice name,
                          const void *by_other_than)
{
    if (by_other_than != singleton && slice_eq(singleton->name, name))
        return true;
    for (size_t i = 0; i < singleton->type_count; i++) {
        const struct edm_entity_type *type = singleton->types[i];
        const struct edm_complex *complex;
        const struct edm_enum *used;

        if (by_other_than != type && slice_eq(type->name, name))
            return true;
        for (size_t n = 0; (used = enum_used(type, n)); n++) {
            if (by_other_than != used && slice_eq(used->name, name))
                return true;
        }
        for (size_t n = 0; (complex = complex_used(type, n)); n++) {
            if (by_other_than != complex && slice_eq(complex->name, name))
                return true;
        }
    }
    return item_is_called(singleton, name, by_other_than);
}

bool check_schema_names(struct spot spot, const struct edm_entity_type *type)
{
    const struct edm_singleton *singleton = spot.model->singleton;
    const struct edm_complex *complex;
    const struct edm_enum *used;

    spot.owner = type->name;
    if (name_is_taken(singleton, type->name, type))
        return wrong(&spot, "two types or enumerations have this name");
    for (size_t n = 0; (used = enum_used(type, n)); n++) {
        spot.owner = used->name;
        if (name_is_taken(singleton, used->name, used))
            return wrong(&spot, "two types or enumerations have this name");
    }
    for (size_t n = 0; (complex = complex_used(type, n)); n++) {
        spot.owner = complex->name;
        if (name_is_taken(singleton, complex->name, complex))
            return wrong(&spot, "two types or enumerations have this name");
    }
    return true;
}
