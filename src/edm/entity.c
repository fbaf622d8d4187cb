/* edm/entity.c - what is done to an entity as a whole: defaults, sentinels, merge.
 *
 * A change and a row are the same struct, told apart by nothing but `present`. A create is a change
 * that is filled up with defaults; an update is a change merged over the row; so each of the two is
 * one call, and no third form of an entity exists that could disagree.
 *
 * An entity and its values are one allocation: a page makes a thousand of them.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "edm/entity.h"

#include <assert.h>

#include "base/arena.h"

struct edm_entity *edm_entity_create(const struct edm_entity_type *type, struct arena *arena)
{
    static_assert(_Alignof(struct edm_entity) >= _Alignof(struct edm_value),
                  "values can stand right behind their entity");

    size_t values_bytes = type->property_count * sizeof(struct edm_value);
    struct edm_entity *entity = arena_calloc(arena, 1, sizeof *entity + values_bytes);
    if (!entity)
        return NULL;
    entity->type = type;
    entity->values = (struct edm_value *)(void *)(entity + 1);
    return entity;
}

bool edm_entity_fill_defaults(const struct edm_model *model, struct edm_entity *entity,
                              struct arena *arena, struct error *err)
{
    for (size_t i = 0; i < entity->type->property_count; i++) {
        const struct edm_property *property = &entity->type->properties[i];

        if (edm_entity_has(entity, i) || (property->flags & EDM_KEY))
            continue;
        if (!edm_value_default(model, property, arena, &entity->values[i], err))
            return false;
        edm_entity_mark(entity, i);
    }
    return true;
}

static bool is_given_member(const struct edm_entity *entity, size_t property)
{
    return entity->type->properties[property].kind == EDM_ENUM && edm_entity_has(entity, property);
}

bool edm_entity_refuse_sentinels(const struct edm_model *model, const struct edm_entity *entity,
                                 struct error *err)
{
    for (size_t i = 0; i < entity->type->property_count; i++) {
        if (is_given_member(entity, i) &&
            !edm_value_refuse_sentinel(model, &entity->type->properties[i], &entity->values[i],
                                       err))
            return false;
    }
    return true;
}

bool edm_entity_refuse_later(const struct edm_model *model, const struct edm_entity *entity,
                             struct error *err)
{
    for (size_t i = 0; i < entity->type->property_count; i++) {
        if (is_given_member(entity, i) &&
            !edm_value_refuse_later(model, &entity->type->properties[i], &entity->values[i], err))
            return false;
    }
    return true;
}

void edm_entity_drop_sentinels(struct edm_entity *entity)
{
    for (size_t i = 0; i < entity->type->property_count; i++) {
        if (edm_entity_has(entity, i) &&
            edm_value_is_sentinel(&entity->type->properties[i], &entity->values[i]))
            entity->present &= ~(UINT64_C(1) << i);
    }
}

void edm_entity_merge(struct edm_entity *entity, const struct edm_entity *change)
{
    assert(entity->type == change->type);

    for (size_t i = 0; i < entity->type->property_count; i++) {
        if (!edm_entity_has(change, i))
            continue;
        entity->values[i] = change->values[i];
        edm_entity_mark(entity, i);
    }
}

size_t edm_entity_text_bytes(const struct edm_entity *entity)
{
    size_t bytes = 0;

    for (size_t i = 0; i < entity->type->property_count; i++) {
        const struct edm_property *property = &entity->type->properties[i];
        bool is_text = property->kind == EDM_STRING || property->flags & EDM_COLLECTION;

        if (is_text && edm_entity_has(entity, i) && !entity->values[i].is_null)
            bytes += entity->values[i].text.len;
    }
    return bytes;
}
