/* service/health.h - health policies as the product uses them: read, changed, carried out.
 *
 * Policies are per tenant and entity set, off by default, and never written by time passing: what
 * a policy says is worked out when somebody reads (edm/health.h). The one thing that is written is
 * the removal, a delete with a record of it (store/removals.h).
 *
 * A set is named as in URLs. Durations are read and written as base/duration.h does.
 * Threads: as the session.
 */
#ifndef SERVICE_HEALTH_H
#define SERVICE_HEALTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"
#include "base/uuid.h"
#include "edm/health.h"
#include "edm/model.h"

struct arena;
struct json_writer;
struct service_session;
struct store_session;
struct text;

/* On a loop: what the tenant's policy for `type` says at `now_ticks`; *ret is NULL when it is off
 * or the type has none, which costs a look into the cache. In the arena. Between
 * service_session_begin() and end. */
bool service_health_view(struct service_session *session, struct uuid tenant,
                         const struct edm_entity_type *type, int64_t now_ticks, struct arena *arena,
                         const struct edm_health_view **ret, struct error *err) MUST_CHECK;
/* A policy that is on, for a reply's header: "domainJoinConnectors error=1h inactive=5d
 * remove=30d". False: no memory. */
bool service_health_describe(const struct edm_entity_type *type,
                             const struct edm_health_policy *policy, struct arena *arena,
                             struct slice *ret) MUST_CHECK;
#define SERVICE_HEALTH_DURATION_MAX 64 /* bytes of what the next appends */
/* Seconds of a policy, as base/duration.h writes them. */
void service_health_append_duration(struct text *out, int64_t seconds);
/* The cached policy itself; NULL when it is off or the type has none. Good until the next call on
 * the session. */
bool service_health_policy(struct service_session *session, struct uuid tenant,
                           const struct edm_entity_type *type, const struct edm_health_policy **ret,
                           struct error *err) MUST_CHECK;

/* Changes policies as the JSON object of PUT policy says (docs/control.md), all or nothing; sets
 * and members that it does not name stay. What GET policy shows besides ("since", "healthy",
 * "basis", "source", "removals") is passed over, so that its answer may be changed and sent back.
 * One that was off and is on then was switched on at `now_ticks`, the tenant's now. In an open
 * operation, which the caller undoes on an error. Errors: ERROR_BAD_REQUEST naming what is wrong,
 * with the set or member as target; ERROR_NOT_FOUND when there is no such tenant. */
bool service_health_put(struct store_session *session, const struct edm_model *model,
                        struct uuid tenant, struct slice json, int64_t now_ticks,
                        struct arena *arena, struct error *err) MUST_CHECK;
/* Writes the object of GET policy: each set that can have one, and "removals", newest first. A
 * tenant's own durations are "chosen" whatever the model's are. In a transaction. Error:
 * ERROR_NOT_FOUND when there is no such tenant. */
bool service_health_write(struct store_session *session, const struct edm_model *model,
                          struct uuid tenant, struct arena *arena, struct json_writer *writer,
                          struct error *err) MUST_CHECK;
/* Off, all of them. */
bool service_health_clear(struct store_session *session, struct uuid tenant,
                          struct error *err) MUST_CHECK;

/* In an open operation: deletes at most `max` entities of the tenant that are gone at `now_ticks`
 * and records each. *ret_count == max: there may be more, run it again in an operation of its own.
 */
bool service_health_remove(struct store_session *session, const struct edm_model *model,
                           struct uuid tenant, int64_t now_ticks, size_t max, struct arena *arena,
                           size_t *ret_count, struct error *err) MUST_CHECK;

/* In an open operation: does the same to one entity, if it is there and gone. */
bool service_health_remove_one(struct store_session *session, struct uuid tenant,
                               const struct edm_entity_type *type, struct slice key,
                               int64_t now_ticks, struct arena *arena,
                               struct error *err) MUST_CHECK;

#endif
