/* edm/view.c - the same values in another order, under other names.
 *
 * A view is translated where an operation begins and ends, so that what is in between (defaults,
 * merging, limits, health) knows one type for one row. Only lists are read as the view's own: their
 * conditions name its properties, and the store finds the columns by their stored names.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "edm/view.h"

#include <assert.h>

#include "base/arena.h"

/* Where property `at` of a view is in the stored type. */
static size_t stored_index(const struct edm_entity_type *type, size_t at)
{
    int index = edm_find_property(type->view_of, edm_stored_name(&type->properties[at]));

    assert(index >= 0); /* edm_check() refuses a view that shows what is not there */
    return (size_t)index;
}

uint64_t edm_view_select(const struct edm_entity_type *type, uint64_t select)
{
    uint64_t stored = select & EDM_CREATED;

    if (!type->view_of)
        return select;
    for (size_t i = 0; i < type->property_count; i++) {
        if (select >> i & 1)
            stored |= UINT64_C(1) << stored_index(type, i);
    }
    return stored;
}

struct edm_entity *edm_view_show(const struct edm_entity_type *type, struct edm_entity *stored,
                                 struct arena *arena)
{
    struct edm_entity *shown;

    assert(stored->type == edm_stored_type(type));
    if (!type->view_of)
        return stored;
    shown = edm_entity_create(type, arena);
    if (!shown)
        return NULL;
    shown->version = stored->version;
    shown->created = stored->created;
    for (size_t i = 0; i < type->property_count; i++) {
        size_t from = stored_index(type, i);

        shown->values[i] = stored->values[from];
        if (edm_entity_has(stored, from))
            edm_entity_mark(shown, i);
    }
    return shown;
}

const struct edm_entity *edm_view_stored(const struct edm_entity *entity, struct arena *arena)
{
    const struct edm_entity_type *type = entity->type;
    struct edm_entity *stored;

    if (!type->view_of)
        return entity;
    stored = edm_entity_create(type->view_of, arena);
    if (!stored)
        return NULL;
    stored->version = entity->version;
    stored->created = entity->created;
    for (size_t i = 0; i < type->property_count; i++) {
        if (!edm_entity_has(entity, i))
            continue;
        stored->values[stored_index(type, i)] = entity->values[i];
        edm_entity_mark(stored, stored_index(type, i));
    }
    return stored;
}
