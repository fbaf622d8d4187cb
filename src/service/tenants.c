/* service/tenants.c - the tenant cache of a loop, and the check of a client's secret.
 *
 * The cache is direct-mapped: a tenant has one place, found from its id, and pushes out whoever is
 * there. Tenants that share a place cost each other a look-up by key and nothing else, so nobody
 * gains by choosing ids. It is emptied as a whole when the registry changed, which is rare.
 *
 * A tenant's health policies hang on its place, one by one as they are asked for. Most tenants have
 * none that is on, which is a flag and takes no memory.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "service/tenants.h"

#include <stdlib.h>

#include "auth/secret.h"
#include "base/arena.h"
#include "edm/health.h"
#include "service/sandbox.h"
#include "store/health_policies.h"
#include "store/registry.h"
#include "store/store.h"

#define CACHE_PLACES       256 /* a power of two */
#define LOOKUP_ARENA_BYTES 8192

_Static_assert(SECRET_DIGEST_BYTES == REGISTRY_DIGEST_BYTES,
               "the registry keeps what auth/secret.h makes");

struct cached_policy {
    const struct edm_entity_type *type;
    struct edm_health_policy policy;
    struct cached_policy *next;
};

struct cached_tenant {
    struct uuid id;
    enum tenant_state state;
    bool filled;
    enum { POLICIES_UNKNOWN, POLICIES_OFF, POLICIES_ON } policies;
    struct cached_policy *policy; /* those that were asked for, when any is on */
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

static void forget_tenant(struct cached_tenant *place)
{
    while (place->policy) {
        struct cached_policy *policy = place->policy;

        place->policy = policy->next;
        free(policy);
    }
    place->filled = false;
}

static void forget_tenants(struct service_session *session)
{
    for (size_t i = 0; i < CACHE_PLACES; i++)
        forget_tenant(&session->tenants[i]);
}

void service_session_destroy(struct service_session *session)
{
    if (!session)
        return;
    service_session_end(session);
    store_session_close(session->session);
    forget_tenants(session);
    free(session);
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

/* The tenant's place, filled. */
static bool find_place(struct service_session *session, struct uuid tenant,
                       struct cached_tenant **ret, struct error *err)
{
    struct cached_tenant *place = place_of(session, tenant);

    if (!place->filled || !uuid_eq(place->id, tenant)) {
        enum tenant_state state;
        if (!look_up(session->session, tenant, &state, err))
            return false;
        forget_tenant(place);
        *place = (struct cached_tenant){ .id = tenant, .state = state, .filled = true };
    }
    *ret = place;
    return true;
}

bool service_tenant_state(struct service_session *session, struct uuid tenant,
                          enum tenant_state *ret, struct error *err)
{
    struct cached_tenant *place;

    if (!find_place(session, tenant, &place, err))
        return false;
    *ret = place->state;
    return true;
}

/* --- policies -------------------------------------------------------------------------------- */

static bool look_for_policies(struct service_session *session, struct cached_tenant *place,
                              struct error *err)
{
    bool any;

    if (place->policies != POLICIES_UNKNOWN)
        return true;
    if (!health_policies_any_on(session->session, place->id, &any, err))
        return false;
    place->policies = any ? POLICIES_ON : POLICIES_OFF;
    return true;
}

static bool cache_policy(struct service_session *session, struct cached_tenant *place,
                         const struct edm_entity_type *type, struct error *err)
{
    struct cached_policy *policy = malloc(sizeof *policy);
    bool found;

    if (!policy)
        return error_no_memory(err);
    *policy = (struct cached_policy){ .type = type, .next = place->policy };
    if (!health_policy_get(session->session, place->id, type, &policy->policy, &found, err)) {
        free(policy);
        return false;
    }
    place->policy = policy; /* not found: it is off */
    return true;
}

static const struct cached_policy *find_policy(const struct cached_tenant *place,
                                               const struct edm_entity_type *type)
{
    const struct cached_policy *policy = place->policy;

    while (policy && policy->type != type)
        policy = policy->next;
    return policy;
}

bool service_tenant_policy(struct service_session *session, struct uuid tenant,
                           const struct edm_entity_type *type, const struct edm_health_policy **ret,
                           struct error *err)
{
    const struct cached_policy *policy;
    struct cached_tenant *place;

    if (!find_place(session, tenant, &place, err) || !look_for_policies(session, place, err))
        return false;
    *ret = NULL;
    if (place->policies == POLICIES_OFF)
        return true;
    if (!find_policy(place, type) && !cache_policy(session, place, type, err))
        return false;
    policy = find_policy(place, type);
    *ret = policy->policy.on ? &policy->policy : NULL;
    return true;
}

/* --- in a write ------------------------------------------------------------------------------ */

static COLD bool refuse_tenant(struct error *err)
{
    return error_set(err, ERROR_BAD_REQUEST, SLICE_EMPTY,
                     "Request not applicable to target tenant.");
}

bool service_tenant_check(struct store_session *session, struct uuid tenant, struct error *err)
{
    bool exists;

    return registry_tenant_exists(session, tenant, &exists, err) && (exists || refuse_tenant(err));
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
    if (service_is_sandbox_id(tenant))
        return refuse_tenant(err);
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
