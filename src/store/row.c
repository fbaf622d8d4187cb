/* store/row.c - values to parameters and columns to values, by counting.
 *
 * Neither side looks at a name: both walk the properties in the model's order, as sql.c did when it
 * wrote the statement. A date is null when its ticks are.
 *
 * The texts of a row are measured first and copied into one piece of the arena, since a list page
 * would otherwise spend a third of its time in the arena's bookkeeping.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/row.h"

#include "base/arena.h"
#include "store/db.h"

static void bind_value(struct db_params *params, const struct edm_property *property,
                       const struct edm_value *value)
{
    if (value->is_null) {
        db_params_null(params);
        if (property->kind == EDM_DATE_TIME_OFFSET)
            db_params_null(params);
        return;
    }
    switch (property->kind) {
    case EDM_STRING:
        db_params_text(params, value->text);
        break;
    case EDM_BOOLEAN:
        db_params_int(params, value->boolean);
        break;
    case EDM_DATE_TIME_OFFSET:
        db_params_int(params, value->at.ticks);
        db_params_int(params, value->at.offset_minutes);
        break;
    case EDM_INT32:
    case EDM_INT64:
    case EDM_ENUM:
    case EDM_KIND_COUNT:
        db_params_int(params, value->integer);
        break;
    }
}

void row_bind(struct db_params *params, const struct edm_entity *entity, uint64_t properties)
{
    const struct edm_entity_type *type = entity->type;

    for (size_t i = 1; i < type->property_count; i++)
        if (properties >> i & 1)
            bind_value(params, &type->properties[i], &entity->values[i]);
}

/* Reads the value whose first column is *column and moves *column behind it. Text stays the
 * statement's. */
static struct edm_value read_value(struct db_statement *statement,
                                   const struct edm_property *property, int *column)
{
    struct edm_value value = { .is_null = db_is_null(statement, *column) };
    int at = *column;

    *column += property->kind == EDM_DATE_TIME_OFFSET ? 2 : 1;
    if (value.is_null)
        return value;
    switch (property->kind) {
    case EDM_STRING:
        value.text = db_text(statement, at);
        break;
    case EDM_BOOLEAN:
        value.boolean = db_int(statement, at) != 0;
        break;
    case EDM_DATE_TIME_OFFSET:
        value.at.ticks = db_int(statement, at);
        value.at.offset_minutes = (int16_t)db_int(statement, at + 1);
        break;
    case EDM_INT32:
    case EDM_INT64:
    case EDM_ENUM:
    case EDM_KIND_COUNT:
        value.integer = db_int(statement, at);
        break;
    }
    return value;
}

static bool owns_text(const struct edm_entity *entity, size_t property)
{
    return entity->type->properties[property].kind == EDM_STRING &&
           !entity->values[property].is_null;
}

/* Moves the texts that still lie in the statement into the arena. */
static bool keep_texts(struct edm_entity *entity, uint64_t properties, struct arena *arena,
                       struct error *err)
{
    size_t bytes = 0;
    char *to;

    for (size_t i = 0; i < entity->type->property_count; i++)
        if (properties >> i & 1 && owns_text(entity, i))
            bytes += entity->values[i].text.len;
    to = arena_alloc(arena, bytes);
    if (!to)
        return error_no_memory(err);
    for (size_t i = 0; i < entity->type->property_count; i++) {
        struct slice *text = &entity->values[i].text;

        if (!(properties >> i & 1) || !owns_text(entity, i))
            continue;
        if (text->len)
            memcpy(to, text->ptr, text->len);
        text->ptr = to;
        to += text->len;
    }
    return true;
}

bool row_read(struct db_statement *statement, const struct edm_entity_type *type,
              uint64_t properties, struct arena *arena, struct edm_entity **ret, struct error *err)
{
    struct edm_entity *entity = edm_entity_create(type, arena);
    int column = 2;

    if (!entity)
        return error_no_memory(err);
    entity->values[0].text = db_text(statement, 0);
    entity->values[0].is_null = false;
    entity->version = db_int(statement, 1);
    for (size_t i = 1; i < type->property_count; i++)
        if (properties >> i & 1)
            entity->values[i] = read_value(statement, &type->properties[i], &column);
    entity->present = properties & edm_all_properties(type);
    if (!keep_texts(entity, properties | 1, arena, err))
        return false;
    *ret = entity;
    return true;
}
