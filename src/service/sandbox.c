/* service/sandbox.c - tenants that begin and end as a whole.
 *
 * Everything of a tenant that the store holds is named in one place, empty_tenant(): entities,
 * policies, the record of removals, what repeatable requests were answered. A reset is that and the
 * seed again; an end is that, the clients that could do nothing but ask for the tenant's tokens,
 * and the tenant itself.
 *
 * All or nothing is the caller's operation: whatever fails here, its undoing brings back what was.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "service/sandbox.h"

#include "base/arena.h"
#include "edm/model.h"
#include "service/health.h"
#include "service/provision.h"
#include "store/answers.h"
#include "store/changes.h"
#include "store/registry.h"
#include "store/removals.h"
#include "store/sandboxes.h"
#include "store/store.h"

#define CLIENTS_BYTES ((size_t)16 << 20) /* a limit; a registry has dozens of clients */

static bool delete_entities(struct store_session *session, const struct edm_model *model,
                            struct uuid tenant, struct error *err)
{
    const struct edm_singleton *singleton = model->singleton;

    for (size_t i = 0; i < singleton->type_count; i++) {
        int64_t count;
        if (!singleton->types[i]->view_of &&
            !store_entity_delete_all(session, tenant, singleton->types[i], &count, err))
            return false;
    }
    return true;
}

static bool empty_tenant(struct store_session *session, const struct edm_model *model,
                         struct uuid tenant, bool keep_policy, struct error *err)
{
    return delete_entities(session, model, tenant, err) && removals_clear(session, tenant, err) &&
           answers_clear(session, tenant, err) &&
           (keep_policy || service_health_clear(session, tenant, err));
}

/* --- ids -------------------------------------------------------------------------------------- */

/* RFC 9562 5.8: version 8 is whoever makes it's own. 12 of its bits say "5b0"; the variant and all
 * others are chance. */
#define ID_BYTE_6 0x85
#define ID_BYTE_7 0xb0

struct uuid service_sandbox_id(struct uuid chance)
{
    chance.bytes[6] = ID_BYTE_6;
    chance.bytes[7] = ID_BYTE_7;
    chance.bytes[8] = (uint8_t)((chance.bytes[8] & 0x3f) | 0x80);
    return chance;
}

bool service_is_sandbox_id(struct uuid tenant)
{
    return uuid_eq(tenant, service_sandbox_id(tenant));
}

/* --- the beginning ---------------------------------------------------------------------------- */

/* What a tenant begins with, in one that is empty. */
static bool fill_tenant(struct store_session *session, const struct edm_model *model,
                        const struct sandbox *start, bool with_policy, int64_t now_ticks,
                        struct arena *arena, size_t *ret_count, struct error *err)
{
    size_t count = 0;

    if (with_policy && start->policy.len > 0 &&
        !service_health_put(session, model, start->tenant, start->policy, now_ticks, arena, err))
        return false;
    if (start->seed.len > 0 &&
        !service_seed(session, model, start->tenant, start->seed, now_ticks, &count, err))
        return false;
    *ret_count = count;
    return true;
}

bool service_sandbox_create(struct store_session *session, const struct edm_model *model,
                            const struct sandbox_request *request, struct arena *arena,
                            size_t *ret_count, struct error *err)
{
    const struct registry_tenant tenant = { .id = request->tenant,
                                            .name = request->name,
                                            .licensed = true,
                                            .created_ticks = request->now_ticks };
    const struct sandbox sandbox = { .tenant = request->tenant,
                                     .expires_unix_ms = request->expires_unix_ms,
                                     .seed = request->seed,
                                     .policy = request->policy };
    int64_t count;

    if (!sandbox_count(session, &count, err))
        return false;
    if (count >= request->sandboxes_max)
        return error_set(err, ERROR_CONFLICT, SLICE_EMPTY,
                         "There are %lld sandboxes already, and no more are allowed.",
                         (long long)count);
    return registry_tenant_add(session, &tenant, err) && sandbox_add(session, &sandbox, err) &&
           fill_tenant(session, model, &sandbox, true, request->now_ticks, arena, ret_count, err);
}

/* --- the end ---------------------------------------------------------------------------------- */

static bool remove_clients(struct store_session *session, struct uuid tenant, struct arena *arena,
                           struct error *err)
{
    struct registry_client *clients;
    size_t count;

    if (!registry_client_list(session, arena, &clients, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!clients[i].any_tenant && uuid_eq(clients[i].tenant, tenant) &&
            !registry_client_remove(session, clients[i].app_id, err))
            return false;
    }
    return true;
}

static bool remove_clients_of(struct store_session *session, struct uuid tenant, struct error *err)
{
    struct arena *arena = arena_create(NULL, CLIENTS_BYTES);

    if (!arena)
        return error_no_memory(err);
    bool ok = remove_clients(session, tenant, arena, err);
    arena_destroy(arena);
    return ok;
}

/* The row of a sandbox is gone; so is everything else now. */
static bool delete_tenant(struct store_session *session, const struct edm_model *model,
                          struct uuid tenant, struct error *err)
{
    return changes_forget(session, tenant, err) &&
           empty_tenant(session, model, tenant, false, err) &&
           remove_clients_of(session, tenant, err) && registry_tenant_remove(session, tenant, err);
}

static COLD bool refuse_no_sandbox(struct error *err)
{
    return error_set(err, ERROR_CONFLICT, SLICE("tenant"),
                     "Only a sandbox can be deleted, and this tenant is none.");
}

bool service_sandbox_delete(struct store_session *session, const struct edm_model *model,
                            struct uuid tenant, struct arena *arena, struct error *err)
{
    struct registry_tenant found;
    struct error why = { 0 };

    if (!registry_tenant_get(session, tenant, arena, &found, err))
        return false;
    if (sandbox_remove(session, tenant, &why))
        return delete_tenant(session, model, tenant, err);
    if (why.code == ERROR_NOT_FOUND)
        return refuse_no_sandbox(err);
    if (err)
        *err = why;
    return false;
}

bool service_sandbox_sweep(struct store_session *session, const struct edm_model *model,
                           int64_t unix_ms, size_t max, struct arena *arena, struct uuid **ret,
                           size_t *ret_count, struct error *err)
{
    struct uuid *tenants;
    size_t count;

    if (!sandbox_ended(session, unix_ms, max, arena, &tenants, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!sandbox_remove(session, tenants[i], err) ||
            !delete_tenant(session, model, tenants[i], err))
            return false;
    }
    *ret = tenants;
    *ret_count = count;
    return true;
}

/* --- the reset -------------------------------------------------------------------------------- */

/* What the tenant goes back to: a sandbox's own start, else `seed` and no policy. */
static bool find_start(struct store_session *session, struct uuid tenant, struct slice seed,
                       struct arena *arena, struct sandbox *ret, struct error *err)
{
    struct error why = { 0 };

    if (sandbox_get(session, tenant, arena, ret, &why))
        return true;
    if (why.code != ERROR_NOT_FOUND) {
        if (err)
            *err = why;
        return false;
    }
    *ret = (struct sandbox){ .tenant = tenant, .seed = seed };
    return true;
}

bool service_reset(struct store_session *session, const struct edm_model *model, struct uuid tenant,
                   struct slice seed, bool keep_policy, int64_t now_ticks, struct arena *arena,
                   size_t *ret_count, struct error *err)
{
    struct registry_tenant found;
    struct sandbox start;

    return registry_tenant_get(session, tenant, arena, &found, err) &&
           find_start(session, tenant, seed, arena, &start, err) &&
           empty_tenant(session, model, tenant, keep_policy, err) &&
           fill_tenant(session, model, &start, !keep_policy, now_ticks, arena, ret_count, err);
}
