/* edm/entity.h - an entity in memory: one value per property of its type.
 *
 * Also the shape of a change: `present` says which properties the sender named. Slices live in the
 * arena of whoever made the entity.
 *
 * Must not know: where an entity came from or goes to.
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
#include "edm/value.h"

struct arena;

/* In a set of properties that is to be read: edm_entity.created, too. With the version it tells
 * apart all that an id ever stood for, since an id may be used again and its versions with it. */
#define EDM_CREATED (UINT64_C(1) << 63)

struct edm_entity {
    const struct edm_entity_type *type;
    uint64_t present;         /* bit i: values[i] was given (a change) or read (a row) */
    int64_t version;          /* raised by the store on each write; 0 before */
    int64_t created;          /* rises from one creation to the next; 0: not read */
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

/* Fills every property that is not present with its default (edm_property.default_json); the key
 * is left alone. False: no memory. */
bool edm_entity_fill_defaults(const struct edm_model *model, struct edm_entity *entity,
                              struct arena *arena, struct error *err) MUST_CHECK;

/* Refuses an evolvable enumeration's sentinel in a create (ERROR_MODEL_VALIDATION; for an action's
 * parameters see edm_value_refuse_sentinel()). edm_entity_drop_sentinels() makes such a property of
 * an update absent, as Graph's guidelines say. */
bool edm_entity_refuse_sentinels(const struct edm_model *model, const struct edm_entity *entity,
                                 struct error *err) MUST_CHECK;
void edm_entity_drop_sentinels(struct edm_entity *entity);
/* Refuses members behind a sentinel, of a client that does not say that it knows them:
 * edm_value_refuse_later(). */
bool edm_entity_refuse_later(const struct edm_model *model, const struct edm_entity *entity,
                             struct error *err) MUST_CHECK;

/* Bytes of text that the present values hold: what bounds an entity's size. */
size_t edm_entity_text_bytes(const struct edm_entity *entity);

/* The values of `change` that are present replace those of `entity`. Both are of one type; the
 * version stays. */
void edm_entity_merge(struct edm_entity *entity, const struct edm_entity *change);

#endif
