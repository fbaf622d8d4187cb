/* service/upkeep.c - the store's answers to what is due, in the product's words.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "service/upkeep.h"

#include "base/arena.h"
#include "edm/model.h"
#include "service/health.h"
#include "store/health_policies.h"
#include "store/removals.h"
#include "store/sandboxes.h"
#include "store/store.h"

bool service_next_sandbox_end(struct store_session *session, int64_t *ret_unix_ms,
                              struct error *err)
{
    return sandbox_next_end(session, ret_unix_ms, err);
}

bool service_removing_tenants(struct store_session *session, struct arena *arena, struct uuid **ret,
                              size_t *ret_count, struct error *err)
{
    return health_policies_removing(session, arena, ret, ret_count, err);
}

bool service_tenant_removes(struct service_session *session, const struct edm_model *model,
                            struct uuid tenant, bool *ret, struct error *err)
{
    const struct edm_singleton *singleton = model->singleton;
    bool removes = false;

    for (size_t i = 0; i < singleton->type_count && !removes; i++) {
        const struct edm_health_policy *policy = NULL;

        if (!singleton->types[i]->health)
            continue;
        if (!service_health_policy(session, tenant, singleton->types[i], &policy, err))
            return false;
        removes = policy && policy->remove_after_s > 0;
    }
    *ret = removes;
    return true;
}

/* Of one type. */
static bool is_due(struct store_session *session, struct uuid tenant,
                   const struct edm_entity_type *type, int64_t now_ticks, struct arena *arena,
                   bool *ret, struct error *err)
{
    struct edm_health_policy policy = edm_health_default(type);
    struct edm_health_view view;
    struct edm_page page;
    bool found;

    *ret = false;
    if (!health_policy_get(session, tenant, type, &policy, &found, err))
        return false;
    if (!policy.on || policy.remove_after_s == 0)
        return true;
    edm_health_view_at(type, &policy, now_ticks, &view);
    struct edm_query query = { .type = type,
                               .select = edm_health_properties(&view),
                               .page_size = 1,
                               .health = &view,
                               .gone = true };
    if (!store_entity_list(session, tenant, &query, arena, &page, err))
        return false;
    *ret = page.count > 0;
    return true;
}

bool service_removal_due(struct store_session *session, const struct edm_model *model,
                         struct uuid tenant, int64_t now_ticks, struct arena *arena, bool *ret,
                         struct error *err)
{
    const struct edm_singleton *singleton = model->singleton;
    bool due = false;

    for (size_t i = 0; i < singleton->type_count && !due; i++) {
        if (singleton->types[i]->health &&
            !is_due(session, tenant, singleton->types[i], now_ticks, arena, &due, err))
            return false;
    }
    *ret = due;
    return true;
}

bool service_last_removed(struct store_session *session, const struct edm_model *model,
                          struct uuid tenant, size_t max, struct arena *arena,
                          struct service_removed **ret, size_t *ret_count, struct error *err)
{
    struct removal *removals = NULL;
    struct service_removed *found;
    size_t count = 0;

    if (!removal_list(session, tenant, max, arena, &removals, &count, err))
        return false;
    found = arena_new_array(arena, count, struct service_removed);
    if (!found)
        return error_no_memory(err);
    for (size_t i = 0; i < count; i++) {
        const struct edm_entity_type *type = edm_find_type(model, removals[i].type);

        /* A type that this version no longer has keeps its name. */
        found[i] = (struct service_removed){ .set = type ? type->set_name : removals[i].type,
                                             .id = removals[i].id };
    }
    *ret = found;
    *ret_count = count;
    return true;
}
