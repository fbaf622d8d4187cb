/* service/operations.h - what a caller can do with entities, each as one straight-line function.
 *
 * An operation is handed an open transaction (of reading, or of a write's own savepoint) and
 * returns a result. It never waits, knows neither its thread nor HTTP, and changes only the
 * transaction and the arena, so that it can be run again from the start.
 * The caller has authorised before (service/authorisation.h).
 *
 * With a health view (a query's, or `health`; NULL: none) an entity that is gone by it is not
 * found, by writes either, and what is returned has the state that the view says. What is stored
 * stays what was written.
 *
 * Of a view (edm_entity_type.view_of) what is read and written are the rows of the type behind it;
 * a health view is then that type's. A built-in entity is read like any other; to change or delete
 * one is ERROR_BAD_REQUEST.
 *
 * Threads: as the session.
 */
#ifndef SERVICE_OPERATIONS_H
#define SERVICE_OPERATIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"
#include "base/uuid.h"
#include "edm/apply.h"
#include "edm/entity.h"
#include "edm/query.h"

struct arena;
struct edm_health_view;
struct store_session;

/* ERROR_NOT_FOUND when there is none in this tenant: what service_not_found() says. */
bool service_not_found(struct slice key, struct error *err) COLD;
bool service_get(struct store_session *session, struct uuid tenant, const struct edm_query *query,
                 struct slice key, struct arena *arena, struct edm_entity **ret,
                 struct error *err) MUST_CHECK;

bool service_list(struct store_session *session, struct uuid tenant, const struct edm_query *query,
                  struct arena *arena, struct edm_page *ret, struct error *err) MUST_CHECK;
/* Of entities that were read the items that query->items wants; nothing where it is NULL. */
bool service_pick_items(struct store_session *session, const struct edm_query *query,
                        struct edm_entity *const *entities, size_t count, struct arena *arena,
                        struct error *err) MUST_CHECK;
/* Groups of them: as store_entity_groups(). */
bool service_groups(struct store_session *session, struct uuid tenant,
                    const struct edm_query *query, const struct edm_apply *apply,
                    struct arena *arena, struct edm_groups *ret, struct error *err) MUST_CHECK;
/* What query->computed comes to for entities of a page: as store_entities_compute(). */
bool service_compute(struct store_session *session, struct uuid tenant,
                     const struct edm_query *query, struct edm_entity *const *entities,
                     size_t count, struct arena *arena, struct edm_order_value *ret,
                     size_t *ret_count, struct error *err) MUST_CHECK;
/* What the keys of query->order come to for the entity query->after; *ret is NULL when it is not
 * there. Looks at every row. */
bool service_order_values(struct store_session *session, struct uuid tenant,
                          const struct edm_query *query, struct arena *arena,
                          const struct edm_order_value **ret, struct error *err) MUST_CHECK;

/* `given` is left as it is; *ret is the entity as stored: id assigned, defaults filled in; with
 * `health` and no date of last contact that is `now_ticks`, and the state is the view's.
 * ERROR_BAD_REQUEST when the tenant is no longer there (service_tenant_check()), ERROR_TOO_LARGE
 * when it holds more than `entity_bytes_max` bytes of text. */
bool service_create(struct store_session *session, const struct edm_model *model,
                    struct uuid tenant, const struct edm_entity *given, size_t entity_bytes_max,
                    const struct edm_health_view *health, int64_t now_ticks, struct arena *arena,
                    struct edm_entity **ret, struct error *err) MUST_CHECK;

/* Merges `change` into what is stored; *ret is the whole entity behind it. ERROR_TOO_LARGE when it
 * would hold more than `entity_bytes_max` bytes of text, so that many small changes cannot build
 * what no reply could show. */
bool service_update(struct store_session *session, struct uuid tenant, struct slice key,
                    const struct edm_entity *change, size_t entity_bytes_max,
                    const struct edm_health_view *health, struct arena *arena,
                    struct edm_entity **ret, struct error *err) MUST_CHECK;

bool service_delete(struct store_session *session, struct uuid tenant,
                    const struct edm_entity_type *type, struct slice key,
                    const struct edm_health_view *health, struct arena *arena,
                    struct error *err) MUST_CHECK;

/* Applies the action's effects (a table in the model) to the entity. */
bool service_invoke(struct store_session *session, struct uuid tenant,
                    const struct edm_entity_type *type, const struct edm_action *action,
                    struct slice key, int64_t now_ticks, const struct edm_health_view *health,
                    struct arena *arena, struct error *err) MUST_CHECK;

#endif
