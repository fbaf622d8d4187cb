/* store/row.c - values to parameters and columns to values, by counting.
 *
 * Neither side looks at a name: both walk the properties in the model's order, as sql.c did when it
 * wrote the statement. A date is null when its ticks are; its offset is 0 then.
 *
 * The texts of a row are measured first and copied into one piece of the arena, since a list page
 * would otherwise spend a third of its time in the arena's bookkeeping.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/row.h"

#include "base/arena.h"
#include "store/db.h"

/* --- binding ---------------------------------------------------------------------------------- */

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
    case EDM_COMPLEX:
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

/* --- reading ---------------------------------------------------------------------------------- */

/* A column that is NULL reads as 0 or as the empty text, so that no other value asks whether it is
 * one. */
static int64_t read_int(struct db_statement *statement, int column, bool *ret_is_null)
{
    int64_t integer = db_int(statement, column);

    *ret_is_null = integer == 0 && db_is_null(statement, column);
    return integer;
}

/* The text stays the statement's. */
static struct slice read_text(struct db_statement *statement, int column, bool *ret_is_null)
{
    struct slice text = db_text(statement, column);

    *ret_is_null = text.len == 0 && db_is_null(statement, column);
    return text;
}

/* Nothing that was written here has another offset: the row is damaged. */
static bool read_offset(struct db_statement *statement, int column, int16_t *ret, struct error *err)
{
    int64_t minutes = db_int(statement, column);

    if (minutes < -EDM_OFFSET_MINUTES_MAX || minutes > EDM_OFFSET_MINUTES_MAX)
        return db_error(DB_CORRUPT, err);
    *ret = (int16_t)minutes;
    return true;
}

/* Reads the value whose first column is *column and moves *column behind it. */
static bool read_value(struct db_statement *statement, const struct edm_property *property,
                       int *column, struct edm_value *ret, struct error *err)
{
    int at = (*column)++;

    switch (property->kind) {
    case EDM_STRING:
        ret->text = read_text(statement, at, &ret->is_null);
        return true;
    case EDM_BOOLEAN:
        ret->boolean = read_int(statement, at, &ret->is_null) != 0;
        return true;
    case EDM_DATE_TIME_OFFSET:
        ret->at.ticks = read_int(statement, at, &ret->is_null);
        return read_offset(statement, (*column)++, &ret->at.offset_minutes, err);
    case EDM_INT32:
    case EDM_INT64:
    case EDM_ENUM:
    case EDM_COMPLEX:
    case EDM_KIND_COUNT:
        ret->integer = read_int(statement, at, &ret->is_null);
        return true;
    }
    return true;
}

/* Moves the texts of `properties`, `bytes` in all, from the statement into the arena. */
static bool keep_texts(struct edm_entity *entity, uint64_t properties, size_t bytes,
                       struct arena *arena, struct error *err)
{
    char *to = arena_alloc(arena, bytes);

    if (!to)
        return error_no_memory(err);
    for (uint64_t rest = properties; rest; rest &= rest - 1) {
        struct slice *text = &entity->values[__builtin_ctzll(rest)].text;

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
    uint64_t texts = 1; /* the properties that are texts, the key among them */
    size_t bytes;
    int column = 2;

    if (!entity)
        return error_no_memory(err);
    entity->present = properties & edm_all_properties(type);
    entity->values[0].text = db_text(statement, 0);
    entity->version = db_int(statement, 1);
    bytes = entity->values[0].text.len;
    for (uint64_t rest = entity->present & ~UINT64_C(1); rest; rest &= rest - 1) {
        size_t i = (size_t)__builtin_ctzll(rest);

        if (!read_value(statement, &type->properties[i], &column, &entity->values[i], err))
            return false;
        if (type->properties[i].kind == EDM_STRING) {
            texts |= UINT64_C(1) << i;
            bytes += entity->values[i].text.len;
        }
    }
    if (properties & EDM_CREATED)
        entity->created = db_int(statement, column);
    if (!keep_texts(entity, texts, bytes, arena, err))
        return false;
    *ret = entity;
    return true;
}
