/* server/watch_test.c - which requests a tenant's testbed sees, by which journal, rules and clock.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "base/arena.h"
#include "base/clock.h"
#include "server/handlers_rig_test.h"
#include "service/dispatch.h"
#include "service/provision.h"

#define JUNE_1     INT64_C(638528148000000000) /* 2024-06-01T05:00:00Z */
#define RULE(rest) "{\"rules\":[{\"name\":\"r1\"," rest "}]}"

static struct rig rig;
static struct testbed *testbed;

static int open_group(void **state UNUSED)
{
    testbed = rig_open_testbed(&rig, 100);
    return 0;
}

static int close_group(void **state UNUSED)
{
    testbed_release(testbed);
    rig_close(&rig);
    return 0;
}

/* --- the journal ----------------------------------------------------------------------------- */

/* Which requests stand in the default tenant's journal. */
static const struct {
    enum http_method method;
    const char *path, *query, *name, *value;
    const char *in_entry; /* NULL: none is written */
} journal_cases[] = {
    { HTTP_GET, CRATES, "$top=1", NULL, NULL, "\"query\":\"$top=1\"" },
    { HTTP_GET, "/v9/x", "", NULL, NULL, "\"status\":404" },
    { HTTP_GET, "/favicon.ico", "", NULL, NULL, "\"path\":\"/favicon.ico\"" },
    { HTTP_GET, CRATES, "", "Authorization", "Bearer x", "\"status\":401" },
    { HTTP_GET, CRATES, "", "Authorization", "Bearer x", "\"app\":null" },
    { HTTP_PATCH, CRATES, "", NULL, NULL, "\"status\":405" },
    { HTTP_GET, "/health", "", NULL, NULL, NULL },
    { HTTP_GET, "/common/discovery/instance", "", NULL, NULL, NULL },
};

static void test_journal(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(journal_cases); i++) {
        const struct ask ask = { .method = journal_cases[i].method,
                                 .path = journal_cases[i].path,
                                 .query = journal_cases[i].query,
                                 .name = journal_cases[i].name,
                                 .value = journal_cases[i].value };
        struct answer answer;
        const char *in_entry = journal_cases[i].in_entry;

        journal_clear(testbed_journal(testbed));
        rig_ask(&rig, &ask, ROOMY, &answer);
        CHECK(rig_entries(testbed) == (in_entry != NULL), i);
        CHECK(!in_entry || rig_last_entry_has(testbed, in_entry), i);
        answer_free(&answer);
    }
}

/* Whether the operation ran, whatever its answer was. */
static const struct {
    enum http_method method;
    const char *path, *query, *body, *name, *value;
    int status;
    bool executed;
} executed_cases[] = {
    { HTTP_GET, CRATES, "", NULL, NULL, NULL, 200, true },
    { HTTP_GET, CRATES, "$count=true", NULL, NULL, NULL, 200, true },
    { HTTP_GET, CRATES "/$count", "", NULL, NULL, NULL, 200, true },
    { HTTP_HEAD, CRATES, "", NULL, NULL, NULL, 200, true },
    { HTTP_GET, "/beta/shopFloor", "", NULL, NULL, NULL, 200, true },
    { HTTP_POST, CRATES, "", "{}", NULL, NULL, 201, true },
    { HTTP_POST, CRATES, "", "{", NULL, NULL, 400, false },
    { HTTP_POST, CRATES, "", "{\"odd\":1}", NULL, NULL, 400, false },
    { HTTP_POST, CRATES, "", "{}", "Authorization", "Bearer x", 401, false },
    { HTTP_GET, CRATES, "$odd", NULL, NULL, NULL, 400, false },
    { HTTP_GET, CRATES, "$skiptoken=x", NULL, NULL, NULL, 400, false },
    { HTTP_GET, CRATES "('x')", "", NULL, NULL, NULL, 404, false },
    { HTTP_PATCH, CRATES "('x')", "", "{}", NULL, NULL, 404, false },
    { HTTP_DELETE, CRATES "('x')", "", NULL, NULL, NULL, 404, false },
    { HTTP_PATCH, CRATES, "", "{}", NULL, NULL, 405, false },
    { HTTP_GET, "/v9/x", "", NULL, NULL, NULL, 404, false },
    { HTTP_GET, "/beta/odd", "", NULL, NULL, NULL, 400, false },
};

static void test_executed(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(executed_cases); i++) {
        const struct ask ask = { .method = executed_cases[i].method,
                                 .path = executed_cases[i].path,
                                 .query = executed_cases[i].query,
                                 .body = executed_cases[i].body,
                                 .name = executed_cases[i].name,
                                 .value = executed_cases[i].value };
        struct answer answer;

        rig_ask(&rig, &ask, ROOMY, &answer);
        if (answer.exchange.response.status != executed_cases[i].status)
            fail_msg("case %zu: %d", i, answer.exchange.response.status);
        CHECK(rig_last_entry_has(testbed, executed_cases[i].executed ? "\"executed\":true"
                                                                     : "\"executed\":false"),
              i);
        answer_free(&answer);
    }
}

/* Rules that prevent, rules that let it happen, and a token whose tenant has to be made first. */
static void test_executed_with_rules(void **state UNUSED)
{
    static const struct {
        const char *rules;
        bool executed;
    } cases[] = {
        { RULE("\"answer\":{\"status\":503}"), false },
        { RULE("\"connection\":\"reset\""), false },
        { RULE("\"connection\":\"truncate\""), true },
        { RULE("\"answer\":{\"status\":503},\"executes\":true"), true },
        { RULE("\"connection\":\"reset\",\"executes\":true"), true },
    };
    struct arena *arena = arena_create(NULL, ROOMY);
    struct uuid tenant = uuid_random();
    struct ask ask = { .method = HTTP_POST, .path = CRATES, .body = "{}" };
    struct answer answer;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        rig_put_rules(testbed, cases[i].rules);
        rig_ask(&rig, &ask, ROOMY, &answer);
        CHECK(rig_last_entry_has(testbed, "\"executed\":true") == cases[i].executed, i);
        answer_free(&answer);
    }
    rig_no_rules(testbed);

    struct testbed *its = testbeds_hold(rig.api.testbeds, tenant);
    ask.name = "Authorization";
    ask.value = rig_bearer(&rig, tenant, arena);
    ask.body = "{\"odd\":1}";
    rig_ask(&rig, &ask, ROOMY, &answer);
    assert_int_equal(answer.exchange.response.status, 400);
    assert_true(rig_last_entry_has(its, "\"executed\":false"));
    answer_free(&answer);
    testbed_release(its);
    arena_destroy(arena);
}

/* A write that finds no place in the queue was not executed. */
static void test_busy_is_not_executed(void **state UNUSED)
{
    const struct testbed_limits limits = { .testbeds = 1, .journal_requests = 4 };
    const struct ask create = { .method = HTTP_POST, .path = CRATES, .body = "{}" };
    struct rig other;
    struct answer answer;

    rig_open(&other, &limits);
    struct testbed *its = testbeds_hold(other.api.testbeds, service_default_tenant());
    dispatch_stop(other.dispatch);
    rig_ask(&other, &create, ROOMY, &answer);
    assert_int_equal(answer.exchange.response.status, 503);
    assert_true(rig_last_entry_has(its, "\"executed\":false"));
    answer_free(&answer);
    testbed_release(its);
    rig_close(&other);
}

/* The application of a token counts the first time and when it comes from the cache; a tenant that
 * is new has a testbed of its own, and its rules are not the default tenant's. */
static void test_tokens(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, ROOMY);
    struct uuid tenant = uuid_random();
    struct ask list = { .method = HTTP_GET,
                        .path = CRATES,
                        .name = "Authorization",
                        .value = rig_bearer(&rig, tenant, arena) };
    struct testbed *its = testbeds_hold(rig.api.testbeds, tenant);
    size_t before = rig_entries(testbed);

    rig_put_rules(testbed, RULE("\"answer\":{\"status\":500}"));
    rig_put_rules(its, RULE("\"when\":{\"app\":\"" RIG_APP "\",\"skip\":2},"
                            "\"answer\":{\"status\":503}"));
    for (int i = 0; i < 4; i++) {
        struct answer answer;

        rig_ask(&rig, &list, ROOMY, &answer);
        assert_int_not_equal(answer.exchange.response.status, 500);
        assert_int_equal(answer.exchange.response.status == 503, i >= 2);
        assert_true(rig_last_entry_has(its, "\"app\":\"" RIG_APP "\""));
        assert_int_equal(rig_entries(its), i + 1);
        answer_free(&answer);
    }
    assert_int_equal(rig_entries(testbed), before);
    rig_no_rules(testbed);
    testbed_release(its);
    arena_destroy(arena);
}

/* A token that was good and is in the cache, but is too old by now, has no tenant either. */
static void test_expired_token(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, ROOMY);
    struct uuid tenant = uuid_random();
    struct ask list = { .method = HTTP_GET,
                        .path = CRATES,
                        .name = "Authorization",
                        .value = rig_bearer(&rig, tenant, arena) };
    struct testbed *its = testbeds_hold(rig.api.testbeds, tenant);
    size_t before = rig_entries(testbed);

    for (int i = 0; i < 2; i++) {
        struct answer answer;

        rig_ask(&rig, &list, ROOMY, &answer);
        assert_int_equal(answer.exchange.response.status == 401, i == 1);
        answer_free(&answer);
        clock_run_from(rig.clock, clock_now_ticks(rig.clock) + 7200 * CLOCK_TICKS_PER_SECOND);
    }
    clock_reset(rig.clock);
    assert_int_equal(rig_entries(its), 1);
    assert_int_equal(rig_entries(testbed), before + 1);
    testbed_release(its);
    arena_destroy(arena);
}

/* --- the clock ------------------------------------------------------------------------------- */

static void test_clock(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, ROOMY);
    const char *article = rig_make(&rig, ARTICLES, "{}", arena);
    struct slice action;
    struct answer answer;

    assert_true(arena_printf(arena, &action, "%s/restock", article));
    const struct ask steps[] = {
        { .method = HTTP_POST, .path = action.ptr, .body = "{\"amount\":1}" },
        { .method = HTTP_GET, .path = article },
        { .method = HTTP_GET, .path = "/beta/nowhere" },
    };
    static const char *const in_body[] = { "", "\"countedAt\":\"2024-06-01T05:00:00Z\"",
                                           "\"date\":\"2024-06-01T05:00:00\"" };

    testbed_clock_set(testbed, JUNE_1, true);
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        rig_ask(&rig, &steps[i], ROOMY, &answer);
        CHECK(i == 0 || answer_count(&answer, in_body[i]) == 1, i);
        CHECK(rig_last_entry_has(testbed, "\"at\":\"2024-06-01T05:00:00Z\""), i);
        answer_free(&answer);
    }
    testbed_clock_resume(testbed);
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_journal),
        cmocka_unit_test(test_executed),
        cmocka_unit_test(test_executed_with_rules),
        cmocka_unit_test(test_busy_is_not_executed),
        cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_expired_token),
        cmocka_unit_test(test_clock),
    };
    return cmocka_run_group_tests(tests, open_group, close_group);
}
