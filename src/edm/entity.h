/* edm/entity.h - an entity in memory: one value per property of its type.
 *
 * Also the shape of a change: `present` says which properties the sender named. Slices live in the
 * arena of whoever made the entity.
 */
#ifndef EDM_ENTITY_H
#define EDM_ENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"
#include "edm/date_time.h"
#include "edm/model.h"

struct arena;

struct edm_value {
    bool is_null;
    union {
        struct slice text;       /* EDM_STRING; a collection: its JSON text, e.g. ["0","1"] */
        int64_t integer;         /* EDM_INT32, EDM_INT64; EDM_ENUM: the member's value */
        bool boolean;            /* EDM_BOOLEAN */
        struct edm_date_time at; /* EDM_DATE_TIME_OFFSET */
    };
};

struct edm_entity {
    const struct edm_entity_type *type;
    uint64_t present;         /* bit i: values[i] was given (a change) or read (a row) */
    int64_t version;          /* raised by the store on each write; 0 before */
    struct edm_value *values; /* type->property_count of them */
};

/* An entity of `type` with no value present; NULL: no memory. */
struct edm_entity *edm_entity_create(const struct edm_entity_type *type, struct arena *arena);

static inline bool edm_entity_has(const struct edm_entity *entity, size_t property)
{
    return entity->present >> property & 1;
}

static inline void edm_entity_mark(struct edm_entity *entity, size_t property)
{
    entity->present |= UINT64_C(1) << property;
}

/* Reads one JSON value as a value of `property`: type, range, enum member (by name; a member's
 * number in a string too), null only where nullable, a collection's items strings.
 * `token` is the value's first token (the reader stands behind it).
 * Errors: ERROR_MODEL_VALIDATION with the property as target and the text Graph uses
 * (`Cannot convert the literal '3' to the expected type 'Edm.String'.`). */
struct json_reader;
struct json_token;
bool edm_value_read(const struct edm_model *model, const struct edm_property *property,
                    struct json_reader *reader, const struct json_token *token, struct arena *arena,
                    struct edm_value *ret, struct error *err) MUST_CHECK;

/* Writes a value as JSON (the name is the caller's to write). `utc` turns dates to Z. */
struct json_writer;
void edm_value_write(const struct edm_property *property, const struct edm_value *value, bool utc,
                     struct json_writer *writer);

/* Fills every property that is not present with its default (edm_property.default_json); the key
 * is left alone. False: no memory. */
bool edm_entity_fill_defaults(const struct edm_model *model, struct edm_entity *entity,
                              struct arena *arena, struct error *err) MUST_CHECK;

/* Refuses an evolvable enumeration's sentinel in a create or an action's parameters
 * (ERROR_MODEL_VALIDATION); edm_entity_drop_sentinels() makes such a property of an update absent,
 * as Graph's guidelines say. */
bool edm_entity_refuse_sentinels(const struct edm_model *model, const struct edm_entity *entity,
                                 struct error *err) MUST_CHECK;
void edm_entity_drop_sentinels(struct edm_entity *entity);

/* The values of `change` that are present replace those of `entity`. Both are of one type. */
void edm_entity_merge(struct edm_entity *entity, const struct edm_entity *change);

#endif
