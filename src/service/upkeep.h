/* service/upkeep.h - what falls due by itself: sandboxes whose time is over, removals by policy.
 *
 * These are the questions that somebody with a timer asks of the store; what is then done about the
 * answers is in service/sandbox.h and service/health.h.
 *
 * Must not know: timers, clocks.
 * Threads: as the session.
 */
#ifndef SERVICE_UPKEEP_H
#define SERVICE_UPKEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"
#include "base/uuid.h"

struct arena;
struct edm_model;
struct service_session;
struct store_session;

/* When the next sandbox ends, in the machine's time; INT64_MAX: there is none. In a transaction. */
bool service_next_sandbox_end(struct store_session *session, int64_t *ret_unix_ms,
                              struct error *err) MUST_CHECK;

/* The tenants with a policy that is on and removes; in the arena. In a transaction. */
bool service_removing_tenants(struct store_session *session, struct arena *arena, struct uuid **ret,
                              size_t *ret_count, struct error *err) MUST_CHECK;

/* Whether the tenant is one of them, from the session's cache. Between service_session_begin() and
 * end. */
bool service_tenant_removes(struct service_session *session, const struct edm_model *model,
                            struct uuid tenant, bool *ret, struct error *err) MUST_CHECK;

/* Whether a policy of the tenant removes anything at `now_ticks`: what service_health_remove()
 * would find. It may look at every row, so it is asked of a reader, and the writer only sees what
 * is due. In a transaction. */
bool service_removal_due(struct store_session *session, const struct edm_model *model,
                         struct uuid tenant, int64_t now_ticks, struct arena *arena, bool *ret,
                         struct error *err) MUST_CHECK;

struct service_removed {
    struct slice set; /* as in URLs */
    struct slice id;
};

/* The tenant's last `max` removals, newest first; in the arena. In a transaction, also in the
 * operation that made them. */
bool service_last_removed(struct store_session *session, const struct edm_model *model,
                          struct uuid tenant, size_t max, struct arena *arena,
                          struct service_removed **ret, size_t *ret_count,
                          struct error *err) MUST_CHECK;

#endif
