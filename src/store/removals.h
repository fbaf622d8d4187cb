/* store/removals.h - the record of entities that a health policy removed.
 *
 * A removal is written in the operation that deletes the entity: there is never one without the
 * other. It stays until its tenant is reset or deleted, or has had REMOVALS_KEPT more.
 * Functions that write need an open operation (store.h); the others an open transaction.
 */
#ifndef STORE_REMOVALS_H
#define STORE_REMOVALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"
#include "base/uuid.h"
#include "edm/date_time.h"

struct arena;
struct store_session;

#define REMOVALS_KEPT 1000 /* of a tenant; the oldest goes */

struct removal {
    int64_t at_ticks;  /* by the tenant's clock */
    struct slice type; /* the entity type's name */
    struct slice id;
    struct edm_date_time contact; /* when it was last heard of */
    int64_t after_s;              /* the policy's duration */
};

bool removal_add(struct store_session *session, struct uuid tenant, const struct removal *removal,
                 struct error *err) MUST_CHECK;
/* The last `max` of the tenant, newest first. */
bool removal_list(struct store_session *session, struct uuid tenant, size_t max,
                  struct arena *arena, struct removal **ret, size_t *ret_count,
                  struct error *err) MUST_CHECK;
bool removals_clear(struct store_session *session, struct uuid tenant,
                    struct error *err) MUST_CHECK;

#endif
