/* server/effects_test.c - what a tenant's testbed does to requests: faults, journal, clock.
 *
 * Reads of the past and policies are in stale_test.c; how answers end on a socket is in
 * http/engine_fates_test.c.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "auth/issuer.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/text.h"
#include "loop/loop.h"
#include "server/handlers_rig_test.h"
#include "service/dispatch.h"
#include "service/provision.h"
#include "json/writer.h"

#define APP    "11111111-2222-4333-8444-555555555555"
#define JUNE_1 INT64_C(638528148000000000) /* 2024-06-01T05:00:00Z */

static struct rig rig;
static struct testbed *testbed;

static int open_group(void **state UNUSED)
{
    const struct testbed_limits limits = {
        .testbeds = 10, .journal_requests = 100, .fault_rules = 10, .past_entities = 100
    };

    rig_open(&rig, &limits);
    testbed = testbeds_hold(rig.api.testbeds, service_default_tenant());
    assert_non_null(testbed);
    return 0;
}

static int close_group(void **state UNUSED)
{
    testbed_release(testbed);
    rig_close(&rig);
    return 0;
}

static void put_rules(const char *rules)
{
    struct error error = { 0 };

    if (!faults_put(testbed_faults(testbed), slice_of(rules), &error))
        fail_msg("%s: %s", rules, error.message);
}

/* The newest entry of a journal as GET requests shows it; in `arena`. */
static struct slice last_entry(struct testbed *of, struct arena *arena)
{
    const struct journal_filter newest = { .top = 1 };
    struct json_writer writer;
    struct text text;

    text_init(&text, arena, 0, ROOMY);
    json_writer_init(&writer, &text);
    assert_true(journal_write(testbed_journal(of), &newest, arena, &writer));
    return text_slice(&text);
}

static bool entry_has(struct testbed *of, const char *what)
{
    struct arena *arena = arena_create(NULL, ROOMY);
    struct slice entry = last_entry(of, arena);
    bool found = memmem(entry.ptr, entry.len, what, strlen(what));

    arena_destroy(arena);
    return found;
}

static size_t entries(struct testbed *of)
{
    return journal_count(testbed_journal(of), &(struct journal_filter){ 0 });
}

/* --- one rule, one request ------------------------------------------------------------------- */

#define RULE(rest) "{\"rules\":[{\"name\":\"r1\"," rest "}]}"
#define FAULTED    "\"fault\":\"r1\""

/* How many crates it makes, and what the answer and the journal's entry hold. */
static const struct {
    const char *rules;
    enum http_method method;
    const char *path, *body;
    int status; /* 0: none is sent */
    enum http_fate fate;
    size_t made;
    const char *in_body, *retry_after;
    const char *in_entry[3];
    bool unfaulted;
} rule_cases[] = {
    { RULE("\"answer\":{\"error\":\"429.intune\"}"),
      HTTP_GET,
      CRATES,
      NULL,
      429,
      HTTP_FATE_SENT,
      0,
      "\"code\":",
      "10",
      { "\"status\":429", "\"executed\":false", "\"outcome\":\"answered\"" },
      false },
    { RULE("\"answer\":{\"error\":\"429.intune\",\"retryAfter\":1.50}"),
      HTTP_POST,
      CRATES,
      "{}",
      429,
      HTTP_FATE_SENT,
      0,
      "\"request-id\"",
      "1.50",
      { "\"method\":\"POST\"", NULL, NULL },
      false },
    { RULE("\"answer\":{\"status\":503,\"body\":{\"a\":[1]},\"retryAfter\":null}"),
      HTTP_POST,
      CRATES,
      "{}",
      503,
      HTTP_FATE_SENT,
      0,
      "{\"a\":[1]}",
      "",
      { "\"status\":503", "\"executed\":false", NULL },
      false },
    { RULE("\"answer\":{\"status\":202}"),
      HTTP_POST,
      CRATES,
      "{}",
      202,
      HTTP_FATE_SENT,
      0,
      "",
      "",
      { "\"status\":202", "\"executed\":false", NULL },
      false },
    /* lost answers: the crate is there */
    { RULE("\"answer\":{\"status\":500},\"executes\":true"),
      HTTP_POST,
      CRATES,
      "{}",
      500,
      HTTP_FATE_SENT,
      1,
      "",
      "",
      { "\"status\":500", "\"executed\":true", NULL },
      false },
    { RULE("\"connection\":\"reset\",\"executes\":true"),
      HTTP_POST,
      CRATES,
      "{}",
      0,
      HTTP_FATE_RESET,
      1,
      NULL,
      NULL,
      { "\"status\":0", "\"executed\":true", "\"outcome\":\"reset\"" },
      false },
    { RULE("\"answer\":{\"status\":502},\"connection\":\"truncate\",\"executes\":true"),
      HTTP_POST,
      CRATES,
      "{}",
      502,
      HTTP_FATE_TRUNCATED,
      1,
      NULL,
      NULL,
      { "\"status\":502", "\"executed\":true", "\"outcome\":\"truncated\"" },
      false },
    /* connections */
    { RULE("\"connection\":\"reset\""),
      HTTP_POST,
      CRATES,
      "{}",
      0,
      HTTP_FATE_RESET,
      0,
      NULL,
      NULL,
      { "\"status\":0", "\"executed\":false", "\"outcome\":\"reset\"" },
      false },
    { RULE("\"connection\":\"truncate\""),
      HTTP_POST,
      CRATES,
      "{}",
      201,
      HTTP_FATE_TRUNCATED,
      1,
      "\"id\"",
      NULL,
      { "\"status\":201", "\"executed\":true", "\"outcome\":\"truncated\"" },
      false },
    { RULE("\"answer\":{\"error\":\"429.intune\"},\"connection\":\"truncate\""),
      HTTP_POST,
      CRATES,
      "{}",
      429,
      HTTP_FATE_TRUNCATED,
      0,
      "\"code\":",
      "10",
      { "\"status\":429", "\"executed\":false", "\"outcome\":\"truncated\"" },
      false },
    { RULE("\"delay\":\"1ms\""),
      HTTP_POST,
      CRATES,
      "{}",
      201,
      HTTP_FATE_SENT,
      1,
      "\"id\"",
      NULL,
      { "\"status\":201", "\"executed\":true", NULL },
      false },
    /* before every other check; the decoded path counts */
    { RULE("\"answer\":{\"error\":\"429.intune\"}"),
      HTTP_GET,
      "/beta/nowhere",
      NULL,
      429,
      HTTP_FATE_SENT,
      0,
      NULL,
      NULL,
      { "\"path\":\"/beta/nowhere\"", NULL, NULL },
      false },
    { RULE("\"answer\":{\"error\":\"429.intune\"}"),
      HTTP_PATCH,
      CRATES,
      NULL,
      429,
      HTTP_FATE_SENT,
      0,
      NULL,
      NULL,
      { "\"method\":\"PATCH\"", NULL, NULL },
      false },
    { RULE("\"answer\":{\"error\":\"429.intune\"}"),
      HTTP_HEAD,
      CRATES,
      NULL,
      429,
      HTTP_FATE_SENT,
      0,
      NULL,
      NULL,
      { "\"method\":\"HEAD\"", NULL, NULL },
      false },
    { RULE("\"when\":{\"path\":\"" CRATES "\"},\"answer\":{\"status\":500}"),
      HTTP_GET,
      "/beta/shopFloor/%63rates",
      NULL,
      500,
      HTTP_FATE_SENT,
      0,
      NULL,
      NULL,
      { "\"path\":\"/beta/shopFloor/%63rates\"", NULL, NULL },
      false },
    { RULE("\"when\":{\"path\":\"/beta/x%zz\"},\"answer\":{\"status\":500}"),
      HTTP_GET,
      "/beta/x%zz",
      NULL,
      500,
      HTTP_FATE_SENT,
      0,
      NULL,
      NULL,
      { NULL, NULL, NULL },
      false },
    /* another's */
    { RULE("\"when\":{\"method\":[\"DELETE\"]},\"answer\":{\"status\":500}"),
      HTTP_POST,
      CRATES,
      "{}",
      201,
      HTTP_FATE_SENT,
      1,
      "\"id\"",
      NULL,
      { "\"status\":201", "\"executed\":true", "\"fault\":null" },
      true },
    { RULE("\"when\":{\"app\":\"" APP "\"},\"answer\":{\"status\":500}"),
      HTTP_POST,
      CRATES,
      "{}",
      201,
      HTTP_FATE_SENT,
      1,
      "\"id\"",
      NULL,
      { "\"status\":201", NULL, NULL },
      true },
};

static void check_entry(size_t row)
{
    for (size_t i = 0; i < COUNT_OF(rule_cases[row].in_entry); i++)
        CHECK(!rule_cases[row].in_entry[i] || entry_has(testbed, rule_cases[row].in_entry[i]), row);
    CHECK(entry_has(testbed, FAULTED) == !rule_cases[row].unfaulted, row);
}

static void test_rules(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(rule_cases); i++) {
        const struct ask ask = { .method = rule_cases[i].method,
                                 .path = rule_cases[i].path,
                                 .body = rule_cases[i].body };
        struct answer answer;
        const struct http_response *response = &answer.exchange.response;
        size_t before = rig_count_crates(&rig);

        put_rules(rule_cases[i].rules);
        rig_ask(&rig, &ask, ROOMY, &answer);
        check_entry(i);
        faults_clear(testbed_faults(testbed));
        CHECK(response->fate == rule_cases[i].fate, i);
        CHECK(!rule_cases[i].status || response->status == rule_cases[i].status, i);
        CHECK(!rule_cases[i].in_body || answer_count(&answer, rule_cases[i].in_body) > 0 ||
                  response->body.len + strlen(rule_cases[i].in_body) == 0,
              i);
        CHECK(!rule_cases[i].retry_after || slice_eq(answer_field(&answer, SLICE("Retry-After")),
                                                     slice_of(rule_cases[i].retry_after)),
              i);
        CHECK(slice_eq(answer_field(&answer, SLICE("x-connectord-fault")),
                       rule_cases[i].unfaulted ? SLICE_EMPTY : SLICE("r1")),
              i);
        CHECK(answer_field(&answer, SLICE("request-id")).len == UUID_TEXT_LEN, i);
        /* what was made for the lost answer does not shine through */
        CHECK(response->status != 500 || answer_field(&answer, SLICE("Location")).len == 0, i);
        CHECK(rig_count_crates(&rig) == before + rule_cases[i].made, i);
        answer_free(&answer);
    }
}

/* The back end's words name the resource, and the request's ids. */
static void test_catalogue_is_filled_in(void **state UNUSED)
{
    const struct ask ask = { .method = HTTP_DELETE,
                             .path = CRATES "('x')",
                             .name = "client-request-id",
                             .value = "my-own-id" };
    struct answer answer;

    testbed_clock_set(testbed, JUNE_1, true);
    put_rules(RULE("\"answer\":{\"error\":\"403.domainJoinConnector-delete\"}"));
    rig_ask(&rig, &ask, ROOMY, &answer);
    faults_clear(testbed_faults(testbed));
    testbed_clock_resume(testbed);
    assert_int_equal(answer.exchange.response.status, 403);
    assert_int_equal(answer_count(&answer, "shopFloor/crates('x')"), 1);
    assert_true(answer_count(&answer, "my-own-id") > 0);
    assert_true(answer_count(&answer, "2024-06-01T05:00:00") > 0);
    assert_true(entry_has(testbed, "\"clientRequestId\":\"my-own-id\""));
    answer_free(&answer);
}

/* --- delays ---------------------------------------------------------------------------------- */

static void test_delay(void **state UNUSED)
{
    const struct ask list = { .method = HTTP_GET, .path = CRATES, .query = "$top=1" };
    struct answer slow, quick;
    size_t before = entries(testbed);
    uint64_t began_ms = clock_monotonic_ms();

    put_rules(RULE("\"when\":{\"nth\":1},\"delay\":\"120ms\""));
    rig_send(&rig, &list, ROOMY, &slow);
    assert_int_equal(entries(testbed), before + 1); /* it is in the journal already */
    assert_true(entry_has(testbed, "\"durationMicroseconds\":12"));
    rig_ask(&rig, &list, ROOMY, &quick); /* others are not held up */
    assert_false(slow.done);
    rig_await(&rig, &slow);
    faults_clear(testbed_faults(testbed));
    assert_true(clock_monotonic_ms() - began_ms >= 120);
    assert_int_equal(slow.exchange.response.status, 200);
    answer_free(&slow);
    answer_free(&quick);
}

/* The server stops while answers are held back: they are let go, each once. */
static void test_stop_while_delayed(void **state UNUSED)
{
    const struct testbed_limits limits = { .testbeds = 1, .fault_rules = 1 };
    const struct ask create = { .method = HTTP_POST, .path = CRATES, .body = "{}" };
    const struct ask list = { .method = HTTP_GET, .path = CRATES };
    struct rig other;
    struct answer answers[4];
    struct error error = { 0 };

    rig_open(&other, &limits);
    struct testbed *its = testbeds_hold(other.api.testbeds, service_default_tenant());
    assert_true(faults_put(testbed_faults(its), SLICE(RULE("\"delay\":\"60s\"")), &error));
    for (size_t i = 0; i < COUNT_OF(answers); i++)
        rig_send(&other, i % 2 ? &create : &list, ROOMY, &answers[i]);
    for (size_t i = 0; i < COUNT_OF(answers); i++)
        CHECK(!answers[i].done, i);
    dispatch_stop(other.dispatch);
    loop_settle(other.loop); /* writes come home, and are held back too */
    testbed_release(its);
    rig_close(&other);
    for (size_t i = 0; i < COUNT_OF(answers); i++) {
        CHECK(answers[i].done, i);
        answer_free(&answers[i]);
    }
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
        CHECK(entries(testbed) == (in_entry != NULL), i);
        CHECK(!in_entry || entry_has(testbed, in_entry), i);
        answer_free(&answer);
    }
}

/* A token of `tenant` and the application APP, as the value of Authorization. */
static const char *bearer(struct uuid tenant, int64_t lifetime_s, struct arena *arena)
{
    static const struct slice roles[] = { SLICE_INIT("Shop.ReadWrite.All") };
    const struct token_request request = { .origin = SLICE("https://both.example"),
                                           .audience = jwt_graph_audiences[0],
                                           .tenant = tenant,
                                           .app_id = SLICE(APP),
                                           .app_name = SLICE("tests"),
                                           .permissions = roles,
                                           .permission_count = COUNT_OF(roles),
                                           .now_unix_s = clock_now_unix_s(rig.clock),
                                           .lifetime_s = lifetime_s };
    struct slice token, value;
    struct error error = { 0 };

    if (!issuer_sign(rig.issuer, &request, arena, &token, &error))
        fail_msg("%s", error.message);
    assert_true(arena_printf(arena, &value, "Bearer %.*s", SLICE_ARG(token)));
    return value.ptr;
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
                        .value = bearer(tenant, 3600, arena) };
    struct testbed *its = testbeds_hold(rig.api.testbeds, tenant);
    struct error error = { 0 };
    size_t before = entries(testbed);

    put_rules(RULE("\"answer\":{\"status\":500}"));
    assert_true(faults_put(testbed_faults(its),
                           SLICE(RULE("\"when\":{\"app\":\"" APP "\",\"skip\":2},"
                                      "\"answer\":{\"status\":503}")),
                           &error));
    for (int i = 0; i < 4; i++) {
        struct answer answer;

        rig_ask(&rig, &list, ROOMY, &answer);
        assert_int_not_equal(answer.exchange.response.status, 500);
        assert_int_equal(answer.exchange.response.status == 503, i >= 2);
        assert_true(entry_has(its, "\"app\":\"" APP "\""));
        assert_int_equal(entries(its), i + 1);
        answer_free(&answer);
    }
    assert_int_equal(entries(testbed), before);
    faults_clear(testbed_faults(testbed));
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
                        .value = bearer(tenant, 3600, arena) };
    struct testbed *its = testbeds_hold(rig.api.testbeds, tenant);
    size_t before = entries(testbed);

    for (int i = 0; i < 2; i++) {
        struct answer answer;

        rig_ask(&rig, &list, ROOMY, &answer);
        assert_int_equal(answer.exchange.response.status == 401, i == 1);
        answer_free(&answer);
        clock_run_from(rig.clock, clock_now_ticks(rig.clock) + 7200 * CLOCK_TICKS_PER_SECOND);
    }
    clock_reset(rig.clock);
    assert_int_equal(entries(its), 1);
    assert_int_equal(entries(testbed), before + 1);
    testbed_release(its);
    arena_destroy(arena);
}

/* --- the clock ------------------------------------------------------------------------------- */

static const char *path_of_new(const char *set, struct arena *arena)
{
    const struct ask create = { .method = HTTP_POST, .path = set, .body = "{}" };
    struct answer answer;
    const char *path;

    rig_ask(&rig, &create, ROOMY, &answer);
    struct slice location = answer_field(&answer, SLICE("Location"));
    path = slice_to_cstr(arena, slice_sub(location, strlen("http://other.example"), location.len));
    answer_free(&answer);
    return path;
}

static void test_clock(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, ROOMY);
    const char *article = path_of_new(ARTICLES, arena);
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
        CHECK(entry_has(testbed, "\"at\":\"2024-06-01T05:00:00Z\""), i);
        answer_free(&answer);
    }
    testbed_clock_resume(testbed);
    arena_destroy(arena);
}

/* --- every allocation fails once ------------------------------------------------------------- */

#ifdef CONNECTORD_FAULTS
/* Rules, and whether the crate may be made. */
static const struct {
    const char *rules;
    bool executes;
} fault_cases[] = {
    { RULE("\"answer\":{\"error\":\"429.intune\",\"retryAfter\":1.5}"), false },
    { RULE("\"answer\":{\"status\":503,\"body\":{\"a\":1}}"), false },
    { RULE("\"answer\":{\"status\":503},\"executes\":true"), true },
    { RULE("\"connection\":\"reset\",\"delay\":\"1ms\""), false },
    { RULE("\"connection\":\"truncate\",\"delay\":\"1ms\""), true },
    { RULE("\"read\":\"stale\""), true },
};

/* Without memory for its fault a request goes without; it is journalled all the same, and never
 * said to have failed without a trace in what was made. */
static void test_each_allocation_fails(void **state UNUSED)
{
    const struct ask create = { .method = HTTP_POST, .path = CRATES, .body = "{\"place\":\"%\"}" };

    for (size_t i = 0; i < COUNT_OF(fault_cases); i++) {
        uint64_t n = 0;

        for (bool fired = true; fired; n++) {
            struct answer answer;
            const struct http_response *response = &answer.exchange.response;
            size_t crates;

            faults_clear(testbed_faults(testbed));
            crates = rig_count_crates(&rig);
            put_rules(fault_cases[i].rules);
            journal_clear(testbed_journal(testbed));
            arena_fail_after(n + 1); /* the exchange's own arena is the engine's to get */
            rig_ask(&rig, &create, ROOMY, &answer);
            fired = arena_fault_fired();
            arena_fail_after(UINT64_MAX);
            bool has_call = response->field_count > 0 || response->fate == HTTP_FATE_RESET;
            CHECK(entries(testbed) == has_call, i);
            faults_clear(testbed_faults(testbed));
            size_t made = rig_count_crates(&rig) - crates;
            CHECK(made <= 1 && (made == 1 || response->status / 100 != 2), i);
            CHECK(fired || made == fault_cases[i].executes, i);
            CHECK(made == 0 || response->status != 413, i);
            answer_free(&answer);
        }
        CHECK(n > 3, i);
    }
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_catalogue_is_filled_in),
        cmocka_unit_test(test_delay),
        cmocka_unit_test(test_stop_while_delayed),
        cmocka_unit_test(test_journal),
        cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_expired_token),
        cmocka_unit_test(test_clock),
#ifdef CONNECTORD_FAULTS
        cmocka_unit_test(test_each_allocation_fails),
#endif
    };
    return cmocka_run_group_tests(tests, open_group, close_group);
}
