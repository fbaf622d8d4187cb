/* service/tenants.c - the tenant cache of a loop, and the check of a client's secret.
 *
 * The cache is direct-mapped: a tenant has one place, found from its id, and pushes out whoever is
 * there. Tenants that share a place cost each other a look-up by key and nothing else, so nobody
 * gains by choosing ids. It is emptied as a whole when the registry changed, which is rare.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "service/tenants.h"

#include <stdlib.h>

#include "auth/secret.h"
#include "base/arena.h"
#include "store/registry.h"
#include "store/store.h"

#define CACHE_PLACES       256 /* a power of two */
#define LOOKUP_ARENA_BYTES 8192

_Static_assert(SECRET_DIGEST_BYTES == REGISTRY_DIGEST_BYTES,
               "the registry keeps what auth/secret.h makes");

struct cached_tenant {
    struct uuid id;
    enum tenant_state state;
    bool filled;
};

struct service_session {
    struct store *store;
    struct store_session *session;
    bool begun;       /* a transaction is open... */
    uint64_t commits; /* ...which sees this many commits */
    int64_t registry_version;
    struct cached_tenant tenants[CACHE_PLACES];
};

bool service_session_create(struct store *store, struct service_session **ret, struct error *err)
{
    struct service_session *session = calloc(1, sizeof *session);

    if (!session)
        return error_no_memory(err);
    session->store = store;
    session->registry_version = -1;
    if (!store_session_open(store, STORE_READS, &session->session, err)) {
        free(session);
        return false;
    }
    *ret = session;
    return true;
}

void service_session_destroy(struct service_session *session)
{
    if (!session)
        return;
    service_session_end(session);
    store_session_close(session->session);
    free(session);
}

static void forget_tenants(struct service_session *session)
{
    for (size_t i = 0; i < CACHE_PLACES; i++)
        session->tenants[i].filled = false;
}

bool service_session_begin(struct service_session *session, struct store_session **ret,
                           struct error *err)
{
    uint64_t commits = store_commit_count(session->store);
    int64_t version;

    *ret = session->session;
    if (session->begun && session->commits == commits)
        return true;
    if (!store_read_begin(session->session, err) ||
        !registry_version(session->session, &version, err))
        return false;
    session->begun = true;
    session->commits = commits;
    if (version != session->registry_version) {
        forget_tenants(session);
        session->registry_version = version;
    }
    return true;
}

void service_session_end(struct service_session *session)
{
    if (session->begun)
        store_read_end(session->session);
    session->begun = false;
}

/* --- tenants --------------------------------------------------------------------------------- */

static bool look_up(struct store_session *session, struct uuid tenant, enum tenant_state *ret,
                    struct error *err)
{
    struct arena *arena = arena_create(NULL, LOOKUP_ARENA_BYTES);
    struct registry_tenant found;
    struct error why = { 0 };

    if (!arena)
        return error_no_memory(err);
    bool ok = registry_tenant_get(session, tenant, arena, &found, &why);
    if (ok)
        *ret = found.licensed ? TENANT_LICENSED : TENANT_UNLICENSED;
    else if (why.code == ERROR_NOT_FOUND)
        *ret = TENANT_UNKNOWN;
    else if (err)
        *err = why;
    arena_destroy(arena);
    return ok || why.code == ERROR_NOT_FOUND;
}

static struct cached_tenant *place_of(struct service_session *session, struct uuid tenant)
{
    unsigned mixed = 0;

    for (size_t i = 0; i < sizeof tenant.bytes; i++)
        mixed = mixed * 31 + tenant.bytes[i];
    return &session->tenants[mixed & (CACHE_PLACES - 1)];
}

bool service_tenant_state(struct service_session *session, struct uuid tenant,
                          enum tenant_state *ret, struct error *err)
{
    struct cached_tenant *place = place_of(session, tenant);

    if (!place->filled || !uuid_eq(place->id, tenant)) {
        enum tenant_state state;
        if (!look_up(session->session, tenant, &state, err))
            return false;
        *place = (struct cached_tenant){ .id = tenant, .state = state, .filled = true };
    }
    *ret = place->state;
    return true;
}

bool service_tenant_ensure(struct store_session *session, struct uuid tenant, int64_t now_ticks,
                           struct arena *arena, struct error *err)
{
    struct registry_tenant found;
    struct error why = { 0 };

    if (registry_tenant_get(session, tenant, arena, &found, &why))
        return true;
    if (why.code != ERROR_NOT_FOUND) {
        if (err)
            *err = why;
        return false;
    }
    found = (struct registry_tenant){ .id = tenant, .licensed = true, .created_ticks = now_ticks };
    return registry_tenant_add(session, &found, err);
}

/* --- clients --------------------------------------------------------------------------------- */

bool service_client_check(struct store_session *session, struct slice app_id, struct slice secret,
                          struct uuid tenant, struct arena *arena, enum client_verdict *ret_verdict,
                          struct service_client *ret_client, struct error *err)
{
    struct registry_client client = { 0 }; /* unknown: compared with a digest of zeros */
    struct error why = { 0 };
    bool known = registry_client_get(session, app_id, arena, &client, &why);

    if (!known && why.code != ERROR_NOT_FOUND) {
        if (err)
            *err = why;
        return false;
    }
    bool matches = secret_matches(secret, client.digest);
    if (!known)
        *ret_verdict = CLIENT_UNKNOWN;
    else if (!matches)
        *ret_verdict = CLIENT_WRONG_SECRET;
    else if (!client.any_tenant && !uuid_eq(client.tenant, tenant))
        *ret_verdict = CLIENT_WRONG_TENANT;
    else
        *ret_verdict = CLIENT_ACCEPTED;
    if (*ret_verdict == CLIENT_ACCEPTED)
        *ret_client = (struct service_client){ client.app_id, client.name, client.roles };
    return true;
}
