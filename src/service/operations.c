/* service/operations.c - get, list, create, update, delete and actions, once.
 *
 * Everything here is derived from the model's tables, so a new entity type needs no line in this
 * file. A write reads what it changes inside its own transaction: of two updates of one entity the
 * second merges into what the first left.
 *
 * A health view is laid over what was read last of all, over a copy in the arena: nothing that it
 * says can find its way into a row.
 *
 * A view (edm/view.h) has the rows, the health and the defaults of the type behind it: it is
 * translated on the way in and on the way out, and what is between knows that type alone.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "service/operations.h"

#include <assert.h>

#include "base/arena.h"
#include "edm/filter.h"
#include "edm/health.h"
#include "edm/view.h"
#include "service/tenants.h"
#include "store/store.h"

/* --- reading ------------------------------------------------------------------------------- */

static uint64_t properties_for(const struct edm_health_view *health)
{
    return health ? edm_health_properties(health) : 0;
}

/* As stored; an entity that is gone is not found. `select` and what the view needs are read. */
static bool get_written(struct store_session *session, struct uuid tenant,
                        const struct edm_entity_type *type, struct slice key, uint64_t select,
                        const struct edm_health_view *health, struct arena *arena,
                        struct edm_entity **ret, struct error *err)
{
    if (!store_entity_get(session, tenant, type, key, select | properties_for(health), arena, ret,
                          err))
        return false;
    return !health || !edm_health_is_gone(health, *ret) || store_entity_not_found(key, err);
}

static bool show(const struct edm_entity_type *type, struct edm_entity *stored, struct arena *arena,
                 struct edm_entity **ret, struct error *err)
{
    struct edm_entity *shown = edm_view_show(type, stored, arena);

    if (!shown)
        return error_no_memory(err);
    *ret = shown;
    return true;
}

bool service_not_found(struct slice key, struct error *err)
{
    return store_entity_not_found(key, err);
}

bool service_get(struct store_session *session, struct uuid tenant, const struct edm_query *query,
                 struct slice key, struct arena *arena, struct edm_entity **ret, struct error *err)
{
    struct edm_entity *entity;

    if (!get_written(session, tenant, edm_stored_type(query->type), key,
                     edm_view_select(query->type, query->select), query->health, arena, &entity,
                     err))
        return false;
    if (query->health)
        edm_health_apply(query->health, entity);
    return show(query->type, entity, arena, ret, err);
}

bool service_list(struct store_session *session, struct uuid tenant, const struct edm_query *query,
                  struct arena *arena, struct edm_page *ret, struct error *err)
{
    /* A view shows no state; who is gone is the store's to leave out. */
    bool applies = query->health && query->health->type == query->type;
    struct edm_query with_health = *query;
    struct edm_page page;

    with_health.select |= applies ? properties_for(query->health) : 0;
    if (!store_entity_list(session, tenant, &with_health, arena, &page, err))
        return false;
    for (size_t i = 0; applies && i < page.count; i++)
        edm_health_apply(query->health, page.entities[i]);
    *ret = page;
    return true;
}

bool service_pick_items(struct store_session *session, const struct edm_query *query,
                        struct edm_entity *const *entities, size_t count, struct arena *arena,
                        struct error *err)
{
    return !query->items || store_pick_items(session, query, entities, count, arena, err);
}

bool service_groups(struct store_session *session, struct uuid tenant,
                    const struct edm_query *query, const struct edm_apply *apply,
                    struct arena *arena, struct edm_groups *ret, struct error *err)
{
    return store_entity_groups(session, tenant, query, apply, arena, ret, err);
}

bool service_compute(struct store_session *session, struct uuid tenant,
                     const struct edm_query *query, struct edm_entity *const *entities,
                     size_t count, struct arena *arena, struct edm_order_value *ret,
                     size_t *ret_count, struct error *err)
{
    return store_entities_compute(session, tenant, query, entities, count, arena, ret, ret_count,
                                  err);
}

bool service_order_values(struct store_session *session, struct uuid tenant,
                          const struct edm_query *query, struct arena *arena,
                          const struct edm_order_value **ret, struct error *err)
{
    const struct edm_filter key = { .kind = EDM_FILTER_PROPERTY, .type = EDM_FILTER_STRING };
    const struct edm_filter after = { .kind = EDM_FILTER_LITERAL,
                                      .type = EDM_FILTER_STRING,
                                      .text = query->after };
    const struct edm_filter *sides[] = { &key, &after };
    const struct edm_filter is_it = { .kind = EDM_FILTER_EQ,
                                      .type = EDM_FILTER_BOOLEAN,
                                      .arguments = sides,
                                      .count = COUNT_OF(sides) };
    const struct edm_query only = { .type = query->type,
                                    .select = 1,
                                    .page_size = 1,
                                    .filter = &is_it,
                                    .order = query->order,
                                    .order_count = query->order_count,
                                    .now_ticks = query->now_ticks,
                                    .exact_strings = query->exact_strings,
                                    .later_members = query->later_members,
                                    .health = query->health,
                                    .gone = query->gone };
    struct edm_page page;

    if (!store_entity_list(session, tenant, &only, arena, &page, err))
        return false;
    /* Another key may differ from it in case alone. */
    *ret = page.count && slice_eq(page.entities[0]->values[0].text, query->after) ? page.last_values
                                                                                  : NULL;
    return true;
}

/* --- writing ------------------------------------------------------------------------------- */

static bool refuse_built_in(struct slice key, struct error *err) COLD;
static bool refuse_built_in(struct slice key, struct error *err)
{
    return error_set(err, ERROR_BAD_REQUEST, SLICE_EMPTY,
                     "Resource '%.*s' is built in. It can be neither changed nor deleted.",
                     SLICE_ARG(key));
}

/* A create may run twice (its group broke), so it works on a copy of what the caller gave. */
static struct edm_entity *copy_of(const struct edm_entity *given, struct arena *arena)
{
    struct edm_entity *copy = edm_entity_create(given->type, arena);

    if (copy)
        edm_entity_merge(copy, given);
    return copy;
}

static bool check_size(const struct edm_entity *entity, size_t entity_bytes_max, struct error *err)
{
    if (edm_entity_text_bytes(entity) <= entity_bytes_max)
        return true;
    return error_set(err, ERROR_TOO_LARGE, SLICE_EMPTY,
                     "The resource would be larger than %zu bytes.", entity_bytes_max);
}

/* Who is made while silence counts has just been heard of. */
static void fill_contact(const struct edm_health_view *health, struct edm_entity *entity,
                         int64_t now_ticks)
{
    if (edm_entity_has(entity, health->contact))
        return;
    entity->values[health->contact] = (struct edm_value){ .at = { .ticks = now_ticks } };
    edm_entity_mark(entity, health->contact);
}

bool service_create(struct store_session *session, const struct edm_model *model,
                    struct uuid tenant, const struct edm_entity *given, size_t entity_bytes_max,
                    const struct edm_health_view *health, int64_t now_ticks, struct arena *arena,
                    struct edm_entity **ret, struct error *err)
{
    const struct edm_entity *stored;
    struct edm_entity *entity;

    if (!service_tenant_check(session, tenant, err) || !check_size(given, entity_bytes_max, err))
        return false;
    stored = edm_view_stored(given, arena);
    entity = stored ? copy_of(stored, arena) : NULL;
    if (!entity)
        return error_no_memory(err);
    if (health)
        fill_contact(health, entity, now_ticks);
    if (!edm_entity_fill_defaults(model, entity, arena, err) ||
        !store_entity_insert(session, tenant, entity, arena, err))
        return false;
    if (health)
        edm_health_apply(health, entity);
    return show(given->type, entity, arena, ret, err);
}

bool service_update(struct store_session *session, struct uuid tenant, struct slice key,
                    const struct edm_entity *change, size_t entity_bytes_max,
                    const struct edm_health_view *health, struct arena *arena,
                    struct edm_entity **ret, struct error *err)
{
    const struct edm_entity_type *type = edm_stored_type(change->type);
    const struct edm_entity *stored;
    struct edm_entity *entity;

    if (edm_is_built_in(type, key))
        return refuse_built_in(key, err);
    stored = edm_view_stored(change, arena);
    if (!stored)
        return error_no_memory(err);
    if (!get_written(session, tenant, type, key, edm_all_properties(type) | EDM_CREATED, health,
                     arena, &entity, err))
        return false;
    edm_entity_merge(entity, stored);
    if (!check_size(entity, entity_bytes_max, err))
        return false;
    if (stored->present && !store_entity_update(session, tenant, entity, stored->present, err))
        return false;
    if (health)
        edm_health_apply(health, entity);
    return show(change->type, entity, arena, ret, err);
}

bool service_delete(struct store_session *session, struct uuid tenant,
                    const struct edm_entity_type *type, struct slice key,
                    const struct edm_health_view *health, struct arena *arena, struct error *err)
{
    struct edm_entity *entity;

    type = edm_stored_type(type);
    if (edm_is_built_in(type, key))
        return refuse_built_in(key, err);
    if (health && !get_written(session, tenant, type, key, 0, health, arena, &entity, err))
        return false;
    return store_entity_delete(session, tenant, type, key, err);
}

static void apply_effect(struct edm_entity *change, const struct edm_effect *effect,
                         int64_t now_ticks)
{
    int property = edm_find_property(change->type, effect->property);

    assert(property >= 0); /* edm_check() refuses a model in which it is not there */
    switch (effect->kind) {
    case EDM_EFFECT_SET_NOW:
        change->values[property] = (struct edm_value){ .at = { .ticks = now_ticks } };
        break;
    }
    edm_entity_mark(change, (size_t)property);
}

bool service_invoke(struct store_session *session, struct uuid tenant,
                    const struct edm_entity_type *type, const struct edm_action *action,
                    struct slice key, int64_t now_ticks, const struct edm_health_view *health,
                    struct arena *arena, struct error *err)
{
    struct edm_entity *change = edm_entity_create(type, arena);
    struct edm_entity *ignored;

    if (!change)
        return error_no_memory(err);
    for (size_t i = 0; i < action->effect_count; i++)
        apply_effect(change, &action->effects[i], now_ticks);
    return service_update(session, tenant, key, change, SIZE_MAX, health, arena, &ignored, err);
}
