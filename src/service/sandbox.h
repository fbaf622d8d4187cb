/* service/sandbox.h - a tenant's start and end: reset, sandboxes, and what they leave behind.
 *
 * All of it runs in an open write operation. What is not in the store (a tenant's clock, faults and
 * journal, testbed/testbed.h) is the caller's.
 *
 * Threads: as the session.
 */
#ifndef SERVICE_SANDBOX_H
#define SERVICE_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"
#include "base/uuid.h"

struct arena;
struct edm_model;
struct store_session;

struct sandbox_request {
    struct uuid tenant; /* a new one */
    struct slice name;
    int64_t expires_unix_ms;
    struct slice seed;   /* text; empty: none */
    struct slice policy; /* JSON; empty: none */
    int64_t now_ticks;   /* the tenant's, for relative dates */
    int64_t sandboxes_max;
};

/* The id of a sandbox to be, from 128 bits of chance: a UUID of version 8 by which
 * service_tenant_ensure() knows what must not come back, since the tokens of a sandbox outlive it
 * by the skew of clocks, and by more when it is deleted before its time. */
struct uuid service_sandbox_id(struct uuid chance);
bool service_is_sandbox_id(struct uuid tenant);

/* Makes the tenant, licensed, with what the seed holds. Errors: ERROR_CONFLICT when there
 * are `sandboxes_max`; those of the seed and the policy. */
bool service_sandbox_create(struct store_session *session, const struct edm_model *model,
                            const struct sandbox_request *request, struct arena *arena,
                            size_t *ret_count, struct error *err) MUST_CHECK;

/* Deletes a sandbox: entities, policies, removals, the clients of this tenant alone, the tenant.
 * ERROR_NOT_FOUND when there is no such tenant, ERROR_CONFLICT when it is no sandbox. */
bool service_sandbox_delete(struct store_session *session, const struct edm_model *model,
                            struct uuid tenant, struct arena *arena, struct error *err) MUST_CHECK;

/* Deletes up to `max` sandboxes whose time is over at `unix_ms`; their tenants in *ret. */
bool service_sandbox_sweep(struct store_session *session, const struct edm_model *model,
                           int64_t unix_ms, size_t max, struct arena *arena, struct uuid **ret,
                           size_t *ret_count, struct error *err) MUST_CHECK;

/* Puts the tenant back to its start: the seed of a sandbox, else `seed` (may be empty), and no
 * removals. Policies too unless `keep_policy`. *ret_count is how many entities it holds then.
 * ERROR_NOT_FOUND when there is no such tenant. */
bool service_reset(struct store_session *session, const struct edm_model *model, struct uuid tenant,
                   struct slice seed, bool keep_policy, int64_t now_ticks, struct arena *arena,
                   size_t *ret_count, struct error *err) MUST_CHECK;

#endif
