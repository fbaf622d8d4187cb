/* service/health.c - policies between the store, the requests, and people.
 *
 * Three parts. On a loop, a policy comes from the cache beside the tenant (tenants.c) and becomes a
 * view in the request's arena. In a transaction, policies are written out for people; how a change
 * is read is in health_change.c. And the removal, the one thing that time does to a row: it goes
 * type by type in the model's order, each row in the same operation as its record.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "service/health.h"

#include <assert.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/duration.h"
#include "base/text.h"
#include "edm/query.h"
#include "service/tenants.h"
#include "store/health_policies.h"
#include "store/registry.h"
#include "store/removals.h"
#include "store/store.h"
#include "json/writer.h"

#define DESCRIPTION_MAX 1024
#define REMOVALS_SHOWN  100

/* --- on a loop -------------------------------------------------------------------------------- */

bool service_health_policy(struct service_session *session, struct uuid tenant,
                           const struct edm_entity_type *type, const struct edm_health_policy **ret,
                           struct error *err)
{
    if (type->health)
        return service_tenant_policy(session, tenant, type, ret, err);
    *ret = NULL;
    return true;
}

bool service_health_view(struct service_session *session, struct uuid tenant,
                         const struct edm_entity_type *type, int64_t now_ticks, struct arena *arena,
                         const struct edm_health_view **ret, struct error *err)
{
    const struct edm_health_policy *policy;
    struct edm_health_view *view = NULL;

    if (!service_health_policy(session, tenant, type, &policy, err))
        return false;
    if (policy) {
        view = arena_new(arena, struct edm_health_view);
        if (!view)
            return error_no_memory(err);
        edm_health_view_at(type, policy, now_ticks, view);
    }
    *ret = view;
    return true;
}

void service_health_append_duration(struct text *out, int64_t seconds)
{
    int64_t most = DURATION_TICKS_MAX / CLOCK_TICKS_PER_SECOND;

    duration_append(out, (seconds < most ? seconds : most) * CLOCK_TICKS_PER_SECOND);
}

static void describe_part(struct text *out, struct slice name, int64_t after_s)
{
    if (after_s == 0)
        return;
    text_append_char(out, ' ');
    text_append(out, name);
    text_append_char(out, '=');
    service_health_append_duration(out, after_s);
}

bool service_health_describe(const struct edm_entity_type *type,
                             const struct edm_health_policy *policy, struct arena *arena,
                             struct slice *ret)
{
    const struct edm_health *health = type->health;
    struct text out;

    text_init(&out, arena, 128, DESCRIPTION_MAX);
    text_append(&out, type->set_name);
    for (size_t i = 0; i < health->stage_count; i++)
        describe_part(&out, health->stages[i].member, policy->after_s[i]);
    describe_part(&out, SLICE("remove"), policy->remove_after_s);
    *ret = text_slice(&out);
    return !out.failed;
}

/* --- for people ------------------------------------------------------------------------------- */

/* What a tenant never chose is the model's. */
static bool policy_of(struct store_session *session, struct uuid tenant,
                      const struct edm_entity_type *type, struct edm_health_policy *ret,
                      struct error *err)
{
    bool found;

    *ret = edm_health_default(type);
    return health_policy_get(session, tenant, type, ret, &found, err);
}

static void write_duration(struct json_writer *writer, struct slice name, int64_t seconds)
{
    char memory[SERVICE_HEALTH_DURATION_MAX];
    struct text text;

    json_writer_plain_name(writer, name);
    if (seconds == 0) {
        json_writer_null(writer);
        return;
    }
    text_init_fixed(&text, memory, sizeof memory);
    service_health_append_duration(&text, seconds);
    json_writer_plain_string(writer, text_slice(&text));
}

static void write_date(struct json_writer *writer, struct slice name, struct edm_date_time value)
{
    char memory[EDM_DATE_TIME_TEXT_MAX];
    size_t len = edm_date_time_format(value, memory);

    json_writer_plain_name(writer, name);
    json_writer_plain_string(writer, (struct slice){ memory, len });
}

static bool is_of_the_model(const struct edm_entity_type *type,
                            const struct edm_health_policy *policy)
{
    struct edm_health_policy model = edm_health_default(type);

    return policy->remove_after_s == model.remove_after_s &&
           memcmp(policy->after_s, model.after_s, sizeof model.after_s) == 0;
}

static void write_policy(struct json_writer *writer, const struct edm_entity_type *type,
                         const struct edm_health_policy *policy)
{
    const struct edm_health *health = type->health;
    bool of_the_model = is_of_the_model(type, policy);

    json_writer_plain_name(writer, type->set_name);
    json_writer_object_begin(writer);
    json_writer_plain_name(writer, SLICE("on"));
    json_writer_bool(writer, policy->on);
    if (policy->on)
        write_date(writer, SLICE("since"), (struct edm_date_time){ .ticks = policy->since_ticks });
    json_writer_plain_name(writer, SLICE("healthy"));
    json_writer_plain_string(writer, health->healthy);
    for (size_t i = 0; i < health->stage_count; i++)
        write_duration(writer, health->stages[i].member, policy->after_s[i]);
    write_duration(writer, SLICE("remove"), policy->remove_after_s);
    json_writer_plain_name(writer, SLICE("basis"));
    json_writer_plain_string(writer, of_the_model && health->documented ? SLICE("documented")
                                                                        : SLICE("chosen"));
    json_writer_plain_name(writer, SLICE("source"));
    json_writer_string(writer, of_the_model ? slice_of(health->source)
                                            : SLICE("Durations that were set for this tenant."));
    json_writer_object_end(writer);
}

static void write_removal(struct json_writer *writer, const struct edm_model *model,
                          const struct removal *removal)
{
    const struct edm_entity_type *type = edm_find_type(model, removal->type);

    json_writer_object_begin(writer);
    write_date(writer, SLICE("at"), (struct edm_date_time){ .ticks = removal->at_ticks });
    json_writer_plain_name(writer, SLICE("set"));
    json_writer_string(writer, type ? type->set_name : removal->type);
    json_writer_plain_name(writer, SLICE("id"));
    json_writer_string(writer, removal->id);
    write_date(writer, SLICE("lastContact"), removal->contact);
    json_writer_object_end(writer);
}

static bool write_removals(struct store_session *session, const struct edm_model *model,
                           struct uuid tenant, struct arena *arena, struct json_writer *writer,
                           struct error *err)
{
    struct removal *removals;
    size_t count;

    if (!removal_list(session, tenant, REMOVALS_SHOWN, arena, &removals, &count, err))
        return false;
    json_writer_plain_name(writer, SLICE("removals"));
    json_writer_array_begin(writer);
    for (size_t i = 0; i < count; i++)
        write_removal(writer, model, &removals[i]);
    json_writer_array_end(writer);
    return true;
}

bool service_health_write(struct store_session *session, const struct edm_model *model,
                          struct uuid tenant, struct arena *arena, struct json_writer *writer,
                          struct error *err)
{
    const struct edm_singleton *singleton = model->singleton;
    struct registry_tenant found;

    if (!registry_tenant_get(session, tenant, arena, &found, err))
        return false;
    json_writer_object_begin(writer);
    for (size_t i = 0; i < singleton->type_count; i++) {
        struct edm_health_policy policy;

        if (!singleton->types[i]->health)
            continue;
        if (!policy_of(session, tenant, singleton->types[i], &policy, err))
            return false;
        write_policy(writer, singleton->types[i], &policy);
    }
    if (!write_removals(session, model, tenant, arena, writer, err))
        return false;
    json_writer_object_end(writer);
    return true;
}

bool service_health_clear(struct store_session *session, struct uuid tenant, struct error *err)
{
    return health_policies_clear(session, tenant, err);
}

/* --- the removal ------------------------------------------------------------------------------ */

static bool remove_one(struct store_session *session, struct uuid tenant,
                       const struct edm_health_view *view, int64_t now_ticks, int64_t after_s,
                       const struct edm_entity *entity, struct error *err)
{
    struct removal removal = { .at_ticks = now_ticks,
                               .type = view->type->name,
                               .id = entity->values[0].text,
                               .contact = entity->values[view->contact].at,
                               .after_s = after_s };

    assert(edm_health_is_gone(view, entity)); /* SQL and C say the same, or nothing is deleted */
    return removal_add(session, tenant, &removal, err) &&
           store_entity_delete(session, tenant, view->type, removal.id, err);
}

/* Of one type, at most `max`. */
static bool remove_type(struct store_session *session, struct uuid tenant,
                        const struct edm_entity_type *type, int64_t now_ticks, size_t max,
                        struct arena *arena, size_t *ret_count, struct error *err)
{
    struct edm_health_policy policy;
    struct edm_health_view view;
    struct edm_page page;

    *ret_count = 0;
    if (!policy_of(session, tenant, type, &policy, err))
        return false;
    if (!policy.on || policy.remove_after_s == 0)
        return true;
    edm_health_view_at(type, &policy, now_ticks, &view);
    struct edm_query query = { .type = type,
                               .select = edm_health_properties(&view),
                               .page_size = max,
                               .health = &view,
                               .gone = true };
    if (!store_entity_list(session, tenant, &query, arena, &page, err))
        return false;
    for (size_t i = 0; i < page.count; i++) {
        if (!remove_one(session, tenant, &view, now_ticks, policy.remove_after_s, page.entities[i],
                        err))
            return false;
    }
    *ret_count = page.count;
    return true;
}

bool service_health_remove(struct store_session *session, const struct edm_model *model,
                           struct uuid tenant, int64_t now_ticks, size_t max, struct arena *arena,
                           size_t *ret_count, struct error *err)
{
    const struct edm_singleton *singleton = model->singleton;
    size_t total = 0;

    for (size_t i = 0; i < singleton->type_count && total < max; i++) {
        size_t count;

        if (!singleton->types[i]->health)
            continue;
        if (!remove_type(session, tenant, singleton->types[i], now_ticks, max - total, arena,
                         &count, err))
            return false;
        total += count;
    }
    *ret_count = total;
    return true;
}

bool service_health_remove_one(struct store_session *session, struct uuid tenant,
                               const struct edm_entity_type *type, struct slice key,
                               int64_t now_ticks, struct arena *arena, struct error *err)
{
    struct edm_health_policy policy;
    struct edm_health_view view;
    struct edm_entity *entity;
    struct error why = { 0 };

    if (!policy_of(session, tenant, type, &policy, err))
        return false;
    if (!policy.on || policy.remove_after_s == 0)
        return true;
    edm_health_view_at(type, &policy, now_ticks, &view);
    if (!store_entity_get(session, tenant, type, key, edm_health_properties(&view), arena, &entity,
                          &why)) {
        if (why.code != ERROR_NOT_FOUND)
            *err = why;
        return why.code == ERROR_NOT_FOUND;
    }
    return !edm_health_is_gone(&view, entity) ||
           remove_one(session, tenant, &view, now_ticks, policy.remove_after_s, entity, err);
}
