/* service/health_test.c - policies from their JSON to what they do.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "service/health.h"

#include "base/arena.h"
#include "base/text.h"
#include "edm/toy_model.h"
#include "service/operations.h"
#include "service/rig_test.h"
#include "service/tenants.h"
#include "store/health_policies.h"
#include "store/registry.h"
#include "store/removals.h"
#include "store/store.h"
#include "json/writer.h"

#define HOUR_S 3600
#define DAY_S  86400

/* --- what a loop sees ------------------------------------------------------------------------- */

static const struct edm_health_view *view_of(struct rig *rig, struct uuid tenant,
                                             const struct edm_entity_type *type)
{
    const struct edm_health_view *view = NULL;
    struct store_session *session;
    struct error err = { 0 };

    if (!service_session_begin(rig->loop, &session, &err) ||
        !service_health_view(rig->loop, tenant, type, RIG_NOW, rig->arena, &view, &err))
        fail_msg("%s", err.message);
    return view;
}

static void test_view(void **state UNUSED)
{
    const struct edm_health_view *view;
    struct rig rig;

    rig_open(&rig, NULL);
    assert_null(view_of(&rig, rig_tenant, &toy_article));
    assert_null(view_of(&rig, rig_tenant, &toy_crate));
    assert_null(view_of(&rig, rig_no_tenant, &toy_article));

    rig_policy(&rig, rig_tenant, "{\"articles\":{\"on\":true,\"medium\":\"90s\"}}");
    view = view_of(&rig, rig_tenant, &toy_article);
    assert_non_null(view);
    assert_ptr_equal(view->type, &toy_article);
    assert_int_equal(view->point_count, 2);
    assert_int_equal(view->points[1].silent_since_ticks, RIG_NOW - 90 * RIG_SECOND);
    assert_int_equal(view->gone_since_ticks, RIG_NOW - 30 * RIG_DAY);
    assert_ptr_not_equal(view, view_of(&rig, rig_tenant, &toy_article)); /* the request's own */
    assert_null(view_of(&rig, rig_tenant, &toy_crate));
    assert_null(view_of(&rig, rig_other_tenant, &toy_article));

    /* A change is seen, and an earlier request's view is not touched by it. */
    rig_policy(&rig, rig_tenant, "{\"articles\":{\"medium\":null,\"remove\":null}}");
    assert_int_equal(view_of(&rig, rig_tenant, &toy_article)->point_count, 1);
    assert_int_equal(view_of(&rig, rig_tenant, &toy_article)->gone_since_ticks, -1);
    assert_int_equal(view->point_count, 2);
    rig_policy(&rig, rig_tenant, "{\"articles\":{\"on\":false}}");
    assert_null(view_of(&rig, rig_tenant, &toy_article));
    rig_close(&rig);
}

/* More tenants than the cache has places, every other with a policy: each gets its own answer. */
static void test_many_tenants(void **state UNUSED)
{
    enum { TENANTS = 600 };
    struct edm_health_policy policy = edm_health_default(&toy_article);
    struct registry_tenant tenant = { .licensed = true };
    struct rig rig;

    rig_open(&rig, NULL);
    policy.on = true;
    rig_begin(&rig);
    for (size_t i = 0; i < TENANTS; i++) {
        tenant.id = (struct uuid){ { 7, [14] = (uint8_t)(i >> 8), [15] = (uint8_t)i } };
        policy.after_s[0] = (int64_t)i + 1;
        CHECK(registry_tenant_add(rig.writer, &tenant, NULL), i);
        if (i % 2)
            CHECK(health_policy_put(rig.writer, tenant.id, &toy_article, &policy, NULL), i);
    }
    rig_keep(&rig);
    for (size_t i = 0; i < 2 * TENANTS; i++) {
        size_t at = i % TENANTS;
        struct uuid id = { { 7, [14] = (uint8_t)(at >> 8), [15] = (uint8_t)at } };
        const struct edm_health_view *view = view_of(&rig, id, &toy_article);

        CHECK(!view == !(at % 2), at);
        CHECK(!view ||
                  view->points[1].silent_since_ticks == RIG_NOW - ((int64_t)at + 1) * RIG_SECOND,
              at);
    }
    rig_close(&rig);
}

static const struct {
    struct edm_health_policy policy;
    const char *text;
} description_cases[] = {
    { { true, { HOUR_S, 5 * DAY_S }, 30 * DAY_S, 1 }, "articles medium=1h large=5d remove=30d" },
    { { true, { 0, 5 * DAY_S }, 30 * DAY_S, 1 }, "articles large=5d remove=30d" },
    { { true, { 90, 0 }, 0, 1 }, "articles medium=1m30s" },
    { { true, { 0, 0 }, 0, 1 }, "articles" },
};

static void test_describe(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, 65536);
    struct slice text;

    for (size_t i = 0; i < COUNT_OF(description_cases); i++) {
        CHECK(service_health_describe(&toy_article, &description_cases[i].policy, arena, &text), i);
        CHECK(slice_eq(text, slice_of(description_cases[i].text)), i);
    }
    arena_destroy(arena);
}

/* --- put -------------------------------------------------------------------------------------- */

/* One after the other, on one tenant; the second is put a tick later than the first, and so on. */
#define AT(row) (RIG_NOW + (row))

static const struct {
    const char *json;
    struct edm_health_policy policy; /* afterwards */
} put_cases[] = {
    { "{}", { false, { HOUR_S, 5 * DAY_S }, 30 * DAY_S, 0 } },
    { "{\"articles\":{}}", { false, { HOUR_S, 5 * DAY_S }, 30 * DAY_S, 0 } },
    { "{\"articles\":{\"on\":true}}", { true, { HOUR_S, 5 * DAY_S }, 30 * DAY_S, AT(2) } },
    { " {\"Articles\" : {\"medium\":\"2h\",\"remove\":null} } ",
      { true, { 2 * HOUR_S, 5 * DAY_S }, 0, AT(2) } }, /* sets as in URLs */
    { "{\"articles\":{\"on\":true}}", { true, { 2 * HOUR_S, 5 * DAY_S }, 0, AT(2) } }, /* it was */
    { "{\"articles\":{\"large\":null}}", { true, { 2 * HOUR_S, 0 }, 0, AT(2) } },
    { "{\"articles\":{\"remove\":\"7201s\"}}", { true, { 2 * HOUR_S, 0 }, 2 * HOUR_S + 1, AT(2) } },
    { "{\"articles\":{\"medium\":null,\"remove\":\"1s\"}}", { true, { 0, 0 }, 1, AT(2) } },
    /* what grows in the end, in whatever order it is said */
    { "{\"articles\":{\"large\":\"1d12h\",\"medium\":\"1000ms\",\"remove\":\"2d\"}}",
      { true, { 1, 36 * HOUR_S }, 2 * DAY_S, AT(2) } },
    { "{\"articles\":{\"on\":false,\"since\":7,\"healthy\":\"x\",\"basis\":1,\"source\":{}},"
      "\"removals\":[{}],\"removed\":1}",
      { false, { 1, 36 * HOUR_S }, 2 * DAY_S, 0 } }, /* what GET shows besides */
    { "{\"articles\":{\"on\":true,\"since\":\"2020-01-01T00:00:00Z\"}}",
      { true, { 1, 36 * HOUR_S }, 2 * DAY_S, AT(10) } }, /* once more */
};

static struct edm_health_policy policy_of(struct rig *rig, struct uuid tenant)
{
    struct edm_health_policy policy = edm_health_default(&toy_article);
    struct error err = { 0 };
    bool found;

    rig_begin(rig);
    if (!health_policy_get(rig->writer, tenant, &toy_article, &policy, &found, &err))
        fail_msg("%s", err.message);
    rig_keep(rig);
    return policy;
}

static bool same(const struct edm_health_policy *a, const struct edm_health_policy *b)
{
    return a->on == b->on && a->remove_after_s == b->remove_after_s &&
           a->since_ticks == b->since_ticks &&
           memcmp(a->after_s, b->after_s, sizeof a->after_s) == 0;
}

static void test_put(void **state UNUSED)
{
    struct rig rig;

    rig_open(&rig, NULL);
    for (size_t i = 0; i < COUNT_OF(put_cases); i++) {
        struct edm_health_policy policy;

        struct error err = { 0 };

        rig_begin(&rig);
        if (!service_health_put(rig.writer, &toy_model, rig_tenant, slice_of(put_cases[i].json),
                                AT((int64_t)i), rig.arena, &err))
            fail_msg("case %zu: %s", i, err.message);
        rig_keep(&rig);
        policy = policy_of(&rig, rig_tenant);
        CHECK(same(&policy, &put_cases[i].policy), i);
        policy = policy_of(&rig, rig_other_tenant);
        CHECK(same(&policy, &put_cases[0].policy), i);
    }
    rig_close(&rig);
}

#define A_DURATION "Expected a duration of whole seconds (\"90m\", \"5d\") or null for "

static const struct {
    const char *json, *target, *message; /* how it begins; NULL: the JSON reader's business */
} refused_cases[] = {
    { "", "", NULL },
    { "{", "", NULL },
    { "{} x", "", NULL },
    { "{\"articles\":{\"on\":true}", "", NULL },
    { "{\"articles\":{\"on\":true,\"on\":false}}", "on", NULL },
    { "{\"articles\":{\"source\":[[[[[[[[[1]]]]]]]]]}}", "", NULL },
    { "[]", "", "Expected an object of sets and their policies, found [." },
    { "{\"shelves\":{}}", "shelves",
      "There is no set 'shelves' that can have a policy; these can: articles." },
    { "{\"crates\":{\"on\":true}}", "crates",
      "There is no set 'crates' that can have a policy; these can: articles." },
    { "{\"articles\":true}", "articles", "Expected an object for 'articles', found true." },
    { "{\"articles\":null}", "articles", "Expected an object for 'articles', found null." },
    { "{\"articles\":{\"tiny\":\"5d\"}}", "tiny",
      "The policy of 'articles' has no member 'tiny'; its stages are 'medium', 'large' and "
      "'remove'." },
    { "{\"articles\":{\"small\":\"5d\"}}", "small", "The policy of 'articles' has no member" },
    { "{\"articles\":{\"Medium\":\"5d\"}}", "Medium", "The policy of 'articles' has no member" },
    { "{\"articles\":{\"on\":\"yes\"}}", "on",
      "Expected true or false for 'on' of 'articles', found \"yes\"." },
    { "{\"articles\":{\"on\":null}}", "on", "Expected true or false for" },
    { "{\"articles\":{\"medium\":5}}", "medium", A_DURATION "'medium' of 'articles', found 5." },
    { "{\"articles\":{\"medium\":\"\"}}", "medium", A_DURATION },
    { "{\"articles\":{\"medium\":\"5\"}}", "medium", A_DURATION },
    { "{\"articles\":{\"medium\":\"5y\"}}", "medium", A_DURATION },
    { "{\"articles\":{\"medium\":\"-5d\"}}", "medium", A_DURATION },
    { "{\"articles\":{\"medium\":\"0s\"}}", "medium", A_DURATION },
    { "{\"articles\":{\"medium\":\"250ms\"}}", "medium", A_DURATION },
    { "{\"articles\":{\"medium\":\"1s1ms\"}}", "medium", A_DURATION },
    { "{\"articles\":{\"remove\":false}}", "remove", A_DURATION },
    { "{\"articles\":{\"remove\":\"999999999d\"}}", "remove", A_DURATION },
    { "{\"articles\":{\"remove\":{}}}", "remove", A_DURATION },
    { "{\"articles\":{\"medium\":\"10d\"}}", "medium",
      "'medium' of 'articles' would never show: its 10d must be shorter than the 5d of 'large'." },
    { "{\"articles\":{\"on\":false,\"large\":\"1h\"}}", "medium",
      "'medium' of 'articles' would never show: its 1h must be shorter than the 1h of 'large'." },
    { "{\"articles\":{\"remove\":\"5d\"}}", "large",
      "'large' of 'articles' would never show: its 5d must be shorter than the 5d of 'remove'." },
    { "{\"articles\":{\"large\":null,\"remove\":\"30m\"}}", "medium",
      "'medium' of 'articles' would never show: its 1h must be shorter than the 30m of 'remove'." },
    { "{\"articles\":{\"medium\":null,\"remove\":\"1h\"}}", "large",
      "'large' of 'articles' would" },
};

static void test_put_refuses(void **state UNUSED)
{
    struct rig rig;

    rig_open(&rig, NULL);
    for (size_t i = 0; i < COUNT_OF(refused_cases); i++) {
        struct error err = { 0 };

        rig_begin(&rig);
        CHECK(!service_health_put(rig.writer, &toy_model, rig_tenant,
                                  slice_of(refused_cases[i].json), RIG_NOW, rig.arena, &err),
              i);
        rig_undo(&rig);
        CHECK(err.code == ERROR_BAD_REQUEST, i);
        CHECK(strcmp(err.target, refused_cases[i].target) == 0, i);
        if (refused_cases[i].message &&
            !slice_starts_with(slice_of(err.message), slice_of(refused_cases[i].message)))
            fail_msg("case %zu: %s", i, err.message);
    }
    rig_close(&rig);
}

/* What stood before a mistake was not carried out either. */
static void test_put_is_whole(void **state UNUSED)
{
    const char *json = "{\"articles\":{\"on\":true},\"crates\":{}}";
    struct error err = { 0 };
    struct rig rig;

    rig_open(&rig, NULL);
    rig_begin(&rig);
    assert_false(service_health_put(rig.writer, &toy_model, rig_tenant, slice_of(json), RIG_NOW,
                                    rig.arena, &err));
    rig_undo(&rig);
    assert_false(policy_of(&rig, rig_tenant).on);
    rig_begin(&rig);
    assert_false(service_health_put(rig.writer, &toy_model, rig_no_tenant, SLICE("{}"), RIG_NOW,
                                    rig.arena, &err));
    assert_int_equal(err.code, ERROR_NOT_FOUND);
    rig_undo(&rig);
    rig_close(&rig);
}

/* --- write ------------------------------------------------------------------------------------ */

static struct slice written(struct rig *rig, struct uuid tenant)
{
    struct json_writer writer;
    struct error err = { 0 };
    struct text text;

    text_init(&text, rig->arena, 256, 1 << 20);
    json_writer_init(&writer, &text);
    rig_begin(rig);
    if (!service_health_write(rig->writer, &toy_model, tenant, rig->arena, &writer, &err))
        fail_msg("%s", err.message);
    rig_keep(rig);
    assert_false(text.failed);
    return text_slice(&text);
}

static const struct {
    const char *put, *written;
} write_cases[] = {
    { "{}", "{\"articles\":{\"on\":false,\"healthy\":\"small\",\"medium\":\"1h\",\"large\":\"5d\","
            "\"remove\":\"30d\",\"basis\":\"documented\",\"source\":\"The toy shop's rules.\"},"
            "\"removals\":[]}" },
    { "{\"articles\":{\"on\":true}}",
      "{\"articles\":{\"on\":true,\"since\":\"2023-11-14T22:13:20Z\",\"healthy\":\"small\","
      "\"medium\":\"1h\",\"large\":\"5d\","
      "\"remove\":\"30d\",\"basis\":\"documented\",\"source\":\"The toy shop's rules.\"},"
      "\"removals\":[]}" },
    { "{\"articles\":{\"medium\":\"90m\",\"large\":null,\"remove\":null}}",
      "{\"articles\":{\"on\":true,\"since\":\"2023-11-14T22:13:20Z\",\"healthy\":\"small\","
      "\"medium\":\"1h30m\",\"large\":null,"
      "\"remove\":null,\"basis\":\"chosen\","
      "\"source\":\"Durations that were set for this tenant.\"},\"removals\":[]}" },
    { "{\"articles\":{\"medium\":\"60m\",\"large\":\"5d\",\"remove\":\"30d\",\"on\":false}}",
      "{\"articles\":{\"on\":false,\"healthy\":\"small\",\"medium\":\"1h\",\"large\":\"5d\","
      "\"remove\":\"30d\",\"basis\":\"documented\",\"source\":\"The toy shop's rules.\"},"
      "\"removals\":[]}" },
};

static void test_write(void **state UNUSED)
{
    struct rig rig;

    rig_open(&rig, NULL);
    for (size_t i = 0; i < COUNT_OF(write_cases); i++) {
        struct slice text, again;

        rig_policy(&rig, rig_tenant, write_cases[i].put);
        text = written(&rig, rig_tenant);
        if (!slice_eq(text, slice_of(write_cases[i].written)))
            fail_msg("case %zu: %.*s", i, SLICE_ARG(text));
        /* What is shown may be sent back, or to another tenant. */
        rig_policy(&rig, rig_other_tenant, text.ptr ? slice_to_cstr(rig.arena, text) : NULL);
        again = written(&rig, rig_other_tenant);
        CHECK(slice_eq(again, text), i);
    }
    rig_close(&rig);
}

static void test_write_of_nobody(void **state UNUSED)
{
    struct json_writer writer;
    struct error err = { 0 };
    struct text text;
    struct rig rig;

    rig_open(&rig, NULL);
    text_init(&text, rig.arena, 256, 1 << 20);
    json_writer_init(&writer, &text);
    rig_begin(&rig);
    assert_false(
        service_health_write(rig.writer, &toy_model, rig_no_tenant, rig.arena, &writer, &err));
    assert_int_equal(err.code, ERROR_NOT_FOUND);
    rig_keep(&rig);
    rig_close(&rig);
}

/* --- remove ----------------------------------------------------------------------------------- */

static void open_with_articles(struct rig *rig)
{
    rig_open(rig, NULL);
    rig_article(rig, rig_tenant, "a-here", 0);
    rig_article(rig, rig_tenant, "b-almost", 30 * RIG_DAY - 1);
    rig_article(rig, rig_tenant, "c-gone", 30 * RIG_DAY);
    rig_article(rig, rig_tenant, "d-long", 300 * RIG_DAY);
    rig_article(rig, rig_tenant, "e-never", INT64_MAX);
    rig_article(rig, rig_tenant, "f-long", 100 * RIG_DAY);
    rig_article(rig, rig_other_tenant, "c-gone", 30 * RIG_DAY);
}

static size_t remove_some(struct rig *rig, struct uuid tenant, int64_t now_ticks, size_t max)
{
    struct error err = { 0 };
    size_t count;

    rig_begin(rig);
    if (!service_health_remove(rig->writer, &toy_model, tenant, now_ticks, max, rig->arena, &count,
                               &err))
        fail_msg("%s", err.message);
    rig_keep(rig);
    return count;
}

static const struct {
    const char *policy; /* put before */
    int64_t later;      /* than RIG_NOW */
    size_t max, removed;
    int64_t left;
} remove_cases[] = {
    { "{}", 0, 10, 0, 6 },
    { "{\"articles\":{\"on\":true,\"remove\":null}}", 0, 10, 0, 6 },
    { "{\"articles\":{\"on\":false,\"remove\":\"30d\"}}", 0, 10, 0, 6 },
    { "{\"articles\":{\"on\":true}}", -RIG_DAY * 299, 10, 0, 6 },
    { "{}", 0, 0, 0, 6 },
    { "{}", 0, 2, 2, 4 }, /* there may be more */
    { "{}", 0, 2, 1, 3 },
    { "{}", 0, 2, 0, 3 },
    { "{}", 1, 10, 1, 2 },
    { "{}", 30 * RIG_DAY - 1, 10, 0, 2 },
    { "{\"articles\":{\"on\":false}}", 90000 * RIG_DAY, 10, 0, 2 },
    { "{\"articles\":{\"on\":true}}", 30 * RIG_DAY - 1, 10, 0, 2 },
    /* who was here when it was switched on, and who never was: as silent as one another */
    { "{}", 30 * RIG_DAY, 10, 2, 0 },
};

static void test_remove(void **state UNUSED)
{
    struct rig rig;

    open_with_articles(&rig);
    for (size_t i = 0; i < COUNT_OF(remove_cases); i++) {
        rig_policy(&rig, rig_tenant, remove_cases[i].policy);
        CHECK(remove_some(&rig, rig_tenant, RIG_NOW + remove_cases[i].later, remove_cases[i].max) ==
                  remove_cases[i].removed,
              i);
        CHECK(rig_count(&rig, rig_tenant) == remove_cases[i].left, i);
    }
    assert_int_equal(rig_count(&rig, rig_other_tenant), 1);
    assert_int_equal(remove_some(&rig, rig_other_tenant, RIG_NOW + RIG_DAY, 10), 0);
    rig_close(&rig);
}

static void test_removals_are_recorded(void **state UNUSED)
{
    static const char expected[] =
        "\"removals\":["
        "{\"at\":\"2023-11-14T22:13:20Z\",\"set\":\"articles\",\"id\":\"f-long\","
        "\"lastContact\":\"2023-08-06T22:13:20Z\"},"
        "{\"at\":\"2023-11-14T22:13:20Z\",\"set\":\"articles\",\"id\":\"d-long\","
        "\"lastContact\":\"2023-01-18T22:13:20Z\"},"
        "{\"at\":\"2023-11-14T22:13:20Z\",\"set\":\"articles\",\"id\":\"c-gone\","
        "\"lastContact\":\"2023-10-15T22:13:20Z\"}]}";
    struct removal *removals;
    struct slice text;
    struct rig rig;
    size_t count;

    open_with_articles(&rig);
    rig_policy(&rig, rig_tenant, "{\"articles\":{\"on\":true}}");
    assert_int_equal(remove_some(&rig, rig_tenant, RIG_NOW, 10), 3);
    text = written(&rig, rig_tenant);
    if (!slice_ends_with(text, slice_of(expected)))
        fail_msg("%.*s", SLICE_ARG(text));
    rig_begin(&rig);
    assert_true(removal_list(rig.writer, rig_tenant, 1, rig.arena, &removals, &count, NULL));
    assert_int_equal(removals[0].after_s, 30 * DAY_S);

    /* Policies go, what happened stays on record. */
    assert_true(service_health_clear(rig.writer, rig_tenant, NULL));
    rig_keep(&rig);
    assert_false(policy_of(&rig, rig_tenant).on);
    assert_true(slice_ends_with(written(&rig, rig_tenant), slice_of(expected)));
    rig_close(&rig);
}

static bool check_in(struct rig *rig, const char *id, struct error *err)
{
    struct edm_entity *change = edm_entity_create(&toy_article, rig->arena), *result;
    struct edm_health_view view;
    struct edm_health_policy policy = edm_health_default(&toy_article);

    edm_health_view_at(&toy_article, &policy, RIG_NOW - 1, &view); /* when it was asked */
    change->values[TOY_ARTICLE_MADE_AT] = (struct edm_value){ .at.ticks = RIG_NOW };
    edm_entity_mark(change, TOY_ARTICLE_MADE_AT);
    return service_update(rig->writer, rig_tenant, slice_of(id), change, SIZE_MAX, &view,
                          rig->arena, &result, err);
}

/* Operations of one group, as the writer runs them, see each other: who checked in before is not
 * removed, and who was removed before cannot check in. Nothing comes in between. */
static void test_remove_and_check_in(void **state UNUSED)
{
    struct error err = { 0 };
    struct rig rig;
    size_t count;

    rig_open(&rig, NULL);
    rig_policy(&rig, rig_tenant, "{\"articles\":{\"on\":true}}");
    rig_article(&rig, rig_tenant, "early", 30 * RIG_DAY);
    rig_article(&rig, rig_tenant, "late", 30 * RIG_DAY);
    rig_begin(&rig);
    assert_true(check_in(&rig, "early", &err));
    assert_true(store_operation_keep(rig.writer, NULL));
    assert_true(store_operation_begin(rig.writer, NULL));
    assert_true(service_health_remove(rig.writer, &toy_model, rig_tenant, RIG_NOW, 10, rig.arena,
                                      &count, &err));
    assert_int_equal(count, 1);
    assert_true(store_operation_keep(rig.writer, NULL));
    assert_true(store_operation_begin(rig.writer, NULL));
    assert_false(check_in(&rig, "late", &err));
    assert_int_equal(err.code, ERROR_NOT_FOUND);
    rig_undo(&rig);
    assert_int_equal(rig_count(&rig, rig_tenant), 1);
    rig_close(&rig);
}

/* --- without memory --------------------------------------------------------------------------- */

#ifdef CONNECTORD_FAULTS

static bool change_and_show(struct rig *rig, struct arena *arena, struct error *err)
{
    struct json_writer writer;
    struct text text;

    text_init(&text, arena, 0, 1 << 20);
    json_writer_init(&writer, &text);
    if (!service_health_put(rig->writer, &toy_model, rig_tenant, SLICE("{\"articles\":{}}"),
                            RIG_NOW, arena, err) ||
        !service_health_write(rig->writer, &toy_model, rig_tenant, arena, &writer, err))
        return false;
    return !text.failed || error_no_memory(err);
}

static bool look(struct rig *rig, struct arena *arena, struct error *err)
{
    const struct edm_health_view *view;
    struct store_session *session;

    return service_session_begin(rig->loop, &session, err) &&
           service_health_view(rig->loop, rig_tenant, &toy_article, RIG_NOW, arena, &view, err);
}

/* The 1st, 2nd, ... n-th allocation fails. */
static void test_without_memory(void **state UNUSED)
{
    bool fired = true;
    struct rig rig;

    rig_open(&rig, NULL);
    rig_article(&rig, rig_tenant, "gone", 99 * RIG_DAY);
    rig_policy(&rig, rig_tenant, "{\"articles\":{\"on\":true}}");
    remove_some(&rig, rig_tenant, RIG_NOW, 10);
    for (uint64_t n = 0; fired; n++) {
        struct arena *arena = arena_create(NULL, 1 << 20);
        struct error err = { 0 };
        bool changed, looked;

        rig_begin(&rig);
        arena_fail_after(n);
        changed = change_and_show(&rig, arena, &err);
        fired = arena_fault_fired();
        arena_fail_after(UINT64_MAX);
        /* A text that may not double makes do with less, so a fault need not be a failure. */
        CHECK(changed ? err.code == ERROR_NONE : fired && err.code == ERROR_TOO_LARGE, n);
        rig_keep(&rig); /* raises the version: the loop looks anew */

        arena_fail_after(n);
        looked = look(&rig, arena, &err);
        CHECK(looked == !arena_fault_fired(), n);
        fired |= arena_fault_fired();
        arena_fail_after(UINT64_MAX);
        CHECK(looked || err.code == ERROR_TOO_LARGE, n);
        arena_destroy(arena);
    }
    rig_close(&rig);
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_view),
        cmocka_unit_test(test_many_tenants),
        cmocka_unit_test(test_describe),
        cmocka_unit_test(test_put),
        cmocka_unit_test(test_put_refuses),
        cmocka_unit_test(test_put_is_whole),
        cmocka_unit_test(test_write),
        cmocka_unit_test(test_write_of_nobody),
        cmocka_unit_test(test_remove),
        cmocka_unit_test(test_removals_are_recorded),
        cmocka_unit_test(test_remove_and_check_in),
#ifdef CONNECTORD_FAULTS
        cmocka_unit_test(test_without_memory),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
