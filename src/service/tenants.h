/* service/tenants.h - a loop's reading session, and what it knows of tenants and clients.
 *
 * Each request asks whether its tenant exists and is licensed, and what its health policies are.
 * The answers are kept beside the session and dropped when the registry's version moved, which
 * every read transaction looks at, so that a change made by the command line beside a running
 * server counts from the next turn on.
 *
 * Threads: one session per loop, used by its thread alone.
 */
#ifndef SERVICE_TENANTS_H
#define SERVICE_TENANTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"
#include "base/uuid.h"

struct arena;
struct edm_entity_type;
struct edm_health_policy;
struct service_session;
struct store;
struct store_session;

bool service_session_create(struct store *store, struct service_session **ret,
                            struct error *err) MUST_CHECK;
void service_session_destroy(struct service_session *session); /* NULL does nothing */

/* Begins or keeps the read transaction and hands out its store session; nearly free while no commit
 * was made since the last call in this turn of the loop. */
bool service_session_begin(struct service_session *session, struct store_session **ret,
                           struct error *err) MUST_CHECK;
/* Lets the transaction go: before the loop sleeps. */
void service_session_end(struct service_session *session);

enum tenant_state { TENANT_UNKNOWN, TENANT_UNLICENSED, TENANT_LICENSED };

/* Between begin and end. */
bool service_tenant_state(struct service_session *session, struct uuid tenant,
                          enum tenant_state *ret, struct error *err) MUST_CHECK;

/* Between begin and end: the tenant's health policy for `type`, which has a `health`; NULL when it
 * is off. For service/health.h, which says more. Good until the next call on the session. */
bool service_tenant_policy(struct service_session *session, struct uuid tenant,
                           const struct edm_entity_type *type, const struct edm_health_policy **ret,
                           struct error *err) MUST_CHECK;

/* In a write's transaction, for what adds to a tenant: ERROR_BAD_REQUEST, as for a token of a
 * tenant that nobody knows, when it is not there. A loop's answer is not enough: a write that ends
 * the tenant may stand before this one in the queue, and what came behind it would stay for ever.
 */
bool service_tenant_check(struct store_session *session, struct uuid tenant,
                          struct error *err) MUST_CHECK;

/* In a write's transaction: makes the tenant, licensed, unless it is there. ERROR_BAD_REQUEST for a
 * sandbox that ended (service/sandbox.h). */
bool service_tenant_ensure(struct store_session *session, struct uuid tenant, int64_t now_ticks,
                           struct arena *arena, struct error *err) MUST_CHECK;

/* A client of the built-in issuer that proved itself; slices in the arena. */
struct service_client {
    struct slice app_id;
    struct slice name;
    struct slice roles; /* separated by blanks; empty: every read-write permission */
};

enum client_verdict {
    CLIENT_ACCEPTED,
    CLIENT_UNKNOWN,
    CLIENT_WRONG_SECRET,
    CLIENT_WRONG_TENANT, /* it may not ask for tokens of that tenant */
};

/* Is `secret` that of the client `app_id`, and may it act in `tenant`? *ret_client is filled in
 * when accepted. An unknown client takes as long as a wrong secret. False: the store failed. */
bool service_client_check(struct store_session *session, struct slice app_id, struct slice secret,
                          struct uuid tenant, struct arena *arena, enum client_verdict *ret_verdict,
                          struct service_client *ret_client, struct error *err) MUST_CHECK;

#endif
