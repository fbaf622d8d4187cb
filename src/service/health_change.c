/* service/health_change.c - the JSON of PUT policy, read and carried out.
 *
 *     { set: { "on": bool, stage: duration | null, "remove": duration | null, ... }, ... }
 *
 * A set's policy is read from the store, changed member by member, and written when its brace
 * closes; where something is wrong further on, the caller undoes the operation and with it the sets
 * before. Members that GET shows and nobody can set are passed over.
 *
 * Durations are whole seconds and not zero: a stage that is to be left out is null, which is what
 * reads back. What a policy says is looked at as a whole, when its brace closes: of stages that do
 * not grow from one to the next the earlier could never show, which nobody wants to say.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/arena.h"
#include "base/clock.h"
#include "base/duration.h"
#include "base/text.h"
#include "edm/health.h"
#include "service/health.h"
#include "store/health_policies.h"
#include "store/registry.h"
#include "json/reader.h"

#define DEPTH     8   /* what is passed over may hold a little more than a policy */
#define SHOWN_MAX 100 /* bytes of what was sent that a message repeats */
#define NAMES_MAX 512 /* bytes of the names that could have been sent */

struct change {
    struct store_session *session;
    const struct edm_model *model;
    struct uuid tenant;
    int64_t now_ticks;
    struct json_reader reader;
    struct error *err;
};

static struct slice shown(struct slice text)
{
    return slice_utf8_prefix(text, SHOWN_MAX);
}

static COLD bool wrong_value(const struct change *change, const struct edm_entity_type *type,
                             struct slice member, struct slice literal, const char *expected)
{
    return error_set(change->err, ERROR_BAD_REQUEST, member,
                     "Expected %s for '%.*s' of '%.*s', found %.*s.", expected, SLICE_ARG(member),
                     SLICE_ARG(type->set_name), SLICE_ARG(shown(literal)));
}

static bool read_switch(struct change *change, const struct edm_entity_type *type, bool *ret)
{
    struct json_token token;

    if (!json_reader_next(&change->reader, &token, change->err))
        return false;
    if (token.kind != JSON_TRUE && token.kind != JSON_FALSE)
        return wrong_value(change, type, SLICE("on"), token.literal, "true or false");
    *ret = token.kind == JSON_TRUE;
    return true;
}

static bool read_duration(struct change *change, const struct edm_entity_type *type,
                          struct slice member, int64_t *ret_seconds)
{
    struct json_token token;
    int64_t ticks;

    if (!json_reader_next(&change->reader, &token, change->err))
        return false;
    if (token.kind == JSON_NULL) {
        *ret_seconds = 0;
        return true;
    }
    if (token.kind != JSON_STRING || !duration_parse(token.text, &ticks) || ticks <= 0 ||
        ticks % CLOCK_TICKS_PER_SECOND != 0)
        return wrong_value(change, type, member, token.literal,
                           "a duration of whole seconds (\"90m\", \"5d\") or null");
    *ret_seconds = ticks / CLOCK_TICKS_PER_SECOND;
    return true;
}

/* What GET shows of a set and nobody sets. */
static bool is_shown_only(struct slice member)
{
    return slice_eq(member, SLICE("since")) || slice_eq(member, SLICE("healthy")) ||
           slice_eq(member, SLICE("basis")) || slice_eq(member, SLICE("source"));
}

static COLD bool no_member(const struct change *change, const struct edm_entity_type *type,
                           struct slice member)
{
    const struct edm_health *health = type->health;
    char memory[NAMES_MAX];
    struct text stages;

    text_init_fixed(&stages, memory, sizeof memory);
    for (size_t i = 0; i < health->stage_count; i++)
        text_printf(&stages, "%s'%.*s'", i ? ", " : "", SLICE_ARG(health->stages[i].member));
    return error_set(change->err, ERROR_BAD_REQUEST, shown(member),
                     "The policy of '%.*s' has no member '%.*s'; its stages are %.*s and 'remove'.",
                     SLICE_ARG(type->set_name), SLICE_ARG(shown(member)),
                     SLICE_ARG(text_slice(&stages)));
}

static bool read_member(struct change *change, const struct edm_entity_type *type,
                        struct slice member, struct edm_health_policy *policy)
{
    const struct edm_health *health = type->health;

    if (slice_eq(member, SLICE("on")))
        return read_switch(change, type, &policy->on);
    if (slice_eq(member, SLICE("remove")))
        return read_duration(change, type, member, &policy->remove_after_s);
    for (size_t i = 0; i < health->stage_count; i++) {
        if (slice_eq(member, health->stages[i].member))
            return read_duration(change, type, health->stages[i].member, &policy->after_s[i]);
    }
    if (is_shown_only(member))
        return json_reader_skip(&change->reader, NULL, change->err);
    return no_member(change, type, member);
}

/* --- a policy as a whole ---------------------------------------------------------------------- */

/* After so long a silence. */
struct stage {
    struct slice name;
    int64_t after_s;
};

static COLD bool never_shows(const struct change *change, const struct edm_entity_type *type,
                             const struct stage *earlier, const struct stage *later)
{
    char memory[2 * SERVICE_HEALTH_DURATION_MAX];
    struct text first, second;

    text_init_fixed(&first, memory, SERVICE_HEALTH_DURATION_MAX);
    text_init_fixed(&second, memory + SERVICE_HEALTH_DURATION_MAX, SERVICE_HEALTH_DURATION_MAX);
    service_health_append_duration(&first, earlier->after_s);
    service_health_append_duration(&second, later->after_s);
    return error_set(change->err, ERROR_BAD_REQUEST, earlier->name,
                     "'%.*s' of '%.*s' would never show: its %.*s must be shorter than the %.*s of "
                     "'%.*s'.",
                     SLICE_ARG(earlier->name), SLICE_ARG(type->set_name),
                     SLICE_ARG(text_slice(&first)), SLICE_ARG(text_slice(&second)),
                     SLICE_ARG(later->name));
}

/* Each stage is shorter than the next, the last than the removal; what is left out is passed over.
 */
static bool check_stages(const struct change *change, const struct edm_entity_type *type,
                         const struct edm_health_policy *policy)
{
    const struct edm_health *health = type->health;
    struct stage before = { .after_s = 0 };

    for (size_t i = 0; i <= health->stage_count; i++) {
        struct stage stage = { SLICE("remove"), policy->remove_after_s };

        if (i < health->stage_count)
            stage = (struct stage){ health->stages[i].member, policy->after_s[i] };
        if (stage.after_s == 0)
            continue;
        if (stage.after_s <= before.after_s)
            return never_shows(change, type, &before, &stage);
        before = stage;
    }
    return true;
}

static bool put_policy(const struct change *change, const struct edm_entity_type *type, bool was_on,
                       struct edm_health_policy *policy)
{
    if (!check_stages(change, type, policy))
        return false;
    if (!policy->on)
        policy->since_ticks = 0;
    else if (!was_on)
        policy->since_ticks = change->now_ticks;
    return health_policy_put(change->session, change->tenant, type, policy, change->err);
}

/* --- sets ------------------------------------------------------------------------------------- */

static bool read_policy(struct change *change, const struct edm_entity_type *type)
{
    struct edm_health_policy policy = edm_health_default(type);
    struct json_token token;
    bool found, was_on;

    if (!health_policy_get(change->session, change->tenant, type, &policy, &found, change->err) ||
        !json_reader_next(&change->reader, &token, change->err))
        return false;
    if (token.kind != JSON_OBJECT_BEGIN)
        return error_set(change->err, ERROR_BAD_REQUEST, type->set_name,
                         "Expected an object for '%.*s', found %.*s.", SLICE_ARG(type->set_name),
                         SLICE_ARG(shown(token.literal)));
    was_on = policy.on;
    for (;;) {
        if (!json_reader_next(&change->reader, &token, change->err))
            return false;
        if (token.kind == JSON_OBJECT_END)
            return put_policy(change, type, was_on, &policy);
        if (!read_member(change, type, token.text, &policy))
            return false;
    }
}

static COLD bool no_set(const struct change *change, struct slice name)
{
    const struct edm_singleton *singleton = change->model->singleton;
    char memory[NAMES_MAX];
    struct text sets;

    text_init_fixed(&sets, memory, sizeof memory);
    for (size_t i = 0; i < singleton->type_count; i++) {
        if (singleton->types[i]->health)
            text_printf(&sets, "%s%.*s", sets.len ? ", " : "",
                        SLICE_ARG(singleton->types[i]->set_name));
    }
    return error_set(change->err, ERROR_BAD_REQUEST, shown(name),
                     "There is no set '%.*s' that can have a policy; these can: %.*s.",
                     SLICE_ARG(shown(name)), SLICE_ARG(text_slice(&sets)));
}

static bool read_set(struct change *change, struct slice name)
{
    const struct edm_entity_type *type = edm_find_set(change->model, name, EDM_VERSIONS_ALL);

    if (type && type->health)
        return read_policy(change, type);
    if (slice_eq(name, SLICE("removals")) || slice_eq(name, SLICE("removed")))
        return json_reader_skip(&change->reader, NULL, change->err);
    return no_set(change, name);
}

static bool read_change(struct change *change)
{
    struct json_token token;

    if (!json_reader_next(&change->reader, &token, change->err))
        return false;
    if (token.kind != JSON_OBJECT_BEGIN)
        return error_set(change->err, ERROR_BAD_REQUEST, SLICE_EMPTY,
                         "Expected an object of sets and their policies, found %.*s.",
                         SLICE_ARG(shown(token.literal)));
    for (;;) {
        if (!json_reader_next(&change->reader, &token, change->err))
            return false;
        if (token.kind == JSON_OBJECT_END)
            return json_reader_finish(&change->reader, change->err);
        if (!read_set(change, token.text))
            return false;
    }
}

bool service_health_put(struct store_session *session, const struct edm_model *model,
                        struct uuid tenant, struct slice json, int64_t now_ticks,
                        struct arena *arena, struct error *err)
{
    struct change change = {
        .session = session, .model = model, .tenant = tenant, .now_ticks = now_ticks, .err = err
    };
    struct registry_tenant found;

    if (!registry_tenant_get(session, tenant, arena, &found, err))
        return false;
    json_reader_init(&change.reader, json, arena, DEPTH);
    return read_change(&change);
}
