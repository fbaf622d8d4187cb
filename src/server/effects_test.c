/* server/effects_test.c - what faults do to requests, one rule and one request at a time.
 *
 * Reads of the past are in stale_test.c, whose requests meet which testbed in watch_test.c; how
 * answers end on a socket is in http/engine_fates_test.c.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "base/arena.h"
#include "base/clock.h"
#include "loop/loop.h"
#include "server/handlers_rig_test.h"
#include "service/dispatch.h"
#include "service/provision.h"

#define JUNE_1 INT64_C(638528148000000000) /* 2024-06-01T05:00:00Z */

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
      { "\"status\":429", "\"executed\":false,\"executedStatus\":null",
        "\"outcome\":\"answered\"" },
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
      { "\"status\":503", "\"executed\":false,\"executedStatus\":null", NULL },
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
      { "\"status\":202", "\"executed\":false,\"executedStatus\":null", NULL },
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
      { "\"status\":500", "\"executed\":true,\"executedStatus\":201", NULL },
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
      { "\"status\":0", "\"executed\":true,\"executedStatus\":201", "\"outcome\":\"reset\"" },
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
      { "\"status\":502", "\"executed\":true,\"executedStatus\":201", "\"outcome\":\"truncated\"" },
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
      { "\"status\":0", "\"executed\":false,\"executedStatus\":null", "\"outcome\":\"reset\"" },
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
      { "\"status\":201", "\"executed\":true,\"executedStatus\":201", "\"outcome\":\"truncated\"" },
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
      { "\"status\":429", "\"executed\":false,\"executedStatus\":null",
        "\"outcome\":\"truncated\"" },
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
      { "\"status\":201", "\"executed\":true,\"executedStatus\":201", NULL },
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
      { "\"status\":201", "\"executed\":true,\"executedStatus\":201", "\"fault\":null" },
      true },
    { RULE("\"when\":{\"app\":\"" RIG_APP "\"},\"answer\":{\"status\":500}"),
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
        CHECK(!rule_cases[row].in_entry[i] ||
                  rig_last_entry_has(testbed, rule_cases[row].in_entry[i]),
              row);
    CHECK(rig_last_entry_has(testbed, FAULTED) == !rule_cases[row].unfaulted, row);
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

        rig_put_rules(testbed, rule_cases[i].rules);
        rig_ask(&rig, &ask, ROOMY, &answer);
        check_entry(i);
        rig_no_rules(testbed);
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
    rig_put_rules(testbed, RULE("\"answer\":{\"error\":\"403.domainJoinConnector-delete\"}"));
    rig_ask(&rig, &ask, ROOMY, &answer);
    rig_no_rules(testbed);
    testbed_clock_resume(testbed);
    assert_int_equal(answer.exchange.response.status, 403);
    assert_int_equal(answer_count(&answer, "shopFloor/crates('x')"), 1);
    assert_true(answer_count(&answer, "my-own-id") > 0);
    assert_true(answer_count(&answer, "2024-06-01T05:00:00") > 0);
    assert_true(rig_last_entry_has(testbed, "\"clientRequestId\":\"my-own-id\""));
    answer_free(&answer);
}

/* --- delays ---------------------------------------------------------------------------------- */

static void test_delay(void **state UNUSED)
{
    const struct ask list = { .method = HTTP_GET, .path = CRATES, .query = "$top=1" };
    struct answer slow, quick;
    size_t before = rig_entries(testbed);
    uint64_t began_ms = clock_monotonic_ms();

    rig_put_rules(testbed, RULE("\"when\":{\"nth\":1},\"delay\":\"120ms\""));
    rig_send(&rig, &list, ROOMY, &slow);
    assert_int_equal(rig_entries(testbed), before + 1); /* it is in the journal already */
    assert_true(rig_last_entry_has(testbed, "\"durationMicroseconds\":12"));
    rig_ask(&rig, &list, ROOMY, &quick); /* others are not held up */
    assert_false(slow.done);
    rig_await(&rig, &slow);
    rig_no_rules(testbed);
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

    rig_open(&other, &limits);
    struct testbed *its = testbeds_hold(other.api.testbeds, service_default_tenant());
    rig_put_rules(its, RULE("\"delay\":\"60s\""));
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

            rig_no_rules(testbed);
            crates = rig_count_crates(&rig);
            rig_put_rules(testbed, fault_cases[i].rules);
            journal_clear(testbed_journal(testbed));
            arena_fail_after(n + 1); /* the exchange's own arena is the engine's to get */
            rig_ask(&rig, &create, ROOMY, &answer);
            fired = arena_fault_fired();
            arena_fail_after(UINT64_MAX);
            bool has_call = response->field_count > 0 || response->fate == HTTP_FATE_RESET;
            CHECK(rig_entries(testbed) == has_call, i);
            rig_no_rules(testbed);
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
#ifdef CONNECTORD_FAULTS
        cmocka_unit_test(test_each_allocation_fails),
#endif
    };
    return cmocka_run_group_tests(tests, open_group, close_group);
}
