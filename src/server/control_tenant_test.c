/* server/control_tenant_test.c - the control API: what it tells of a tenant and does to it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/text.h"
#include "server/control_rig_test.h"
#include "testbed/testbed.h"

/* --- clock ----------------------------------------------------------------------------------- */

/* One after another, on one clock that begins with the server's time. */
static const struct {
    const char *body, *answer;
} clock_cases[] = {
    { "{\"freeze\":false}",
      "\"frozen\":false,\"moved\":false,\"removed\":0}" }, /* it runs already */
    { "{\"freeze\":true}", "\"frozen\":true,\"moved\":true,\"removed\":0}" },
    { "{\"set\":\"" NOON "\"}",
      "{\"now\":\"" NOON "\",\"frozen\":true,\"moved\":true,\"removed\":0}" },
    { "{\"advance\":\"5d1m\"}", "{\"now\":\"2024-06-06T12:01:00Z\",\"frozen\":true" },
    { "{\"advance\":\"-1d\"}", "{\"now\":\"2024-06-05T12:01:00Z\",\"frozen\":true" },
    { "{\"advance\":\"250ms\",\"set\":\"" NOON "\"}", "{\"now\":\"2024-06-01T12:00:00.25Z\"" },
    { "{\"set\":\"2024-06-01T14:00:00+02:00\"}", "{\"now\":\"" NOON "\"" },
    { "{\"freeze\":false}", "\"frozen\":false,\"moved\":true,\"removed\":0}" },
    { "{\"advance\":\"1d\"}", "{\"now\":\"2024-06-02T12:00:" },
    { "{\"freeze\":true,\"set\":\"" NOON "\"}", "{\"now\":\"" NOON "\",\"frozen\":true" },
    { "{\"freeze\":false,\"advance\":\"1h\"}", "{\"now\":\"2024-06-01T13:00:0" },
    { "{\"resume\":true}", "\"frozen\":false,\"moved\":false,\"removed\":0}" },
    { "{\"advance\":\"365d\"}", "\"frozen\":false,\"moved\":true,\"removed\":0}" },
    { "{\"resume\":true}", "\"frozen\":false,\"moved\":false,\"removed\":0}" },
};

static void test_clock(void **state UNUSED)
{
    control_start_anew();
    for (size_t i = 0; i < COUNT_OF(clock_cases); i++)
        CHECK(control_says(HTTP_PUT, BASE "/clock", clock_cases[i].body, clock_cases[i].answer), i);
    assert_true(control_says(HTTP_GET, BASE "/clock", NULL, "\"moved\":false}"));
}

/* --- faults ---------------------------------------------------------------------------------- */

static void test_faults(void **state UNUSED)
{
    control_start_anew();
    assert_true(control_says(HTTP_PUT, BASE "/faults", ONE_RULE, "\"name\":\"one\""));
    assert_true(control_says(HTTP_GET, BASE "/faults", NULL, "\"matched\":0,\"fired\":0"));
    assert_int_equal(control_status(HTTP_PUT, BASE "/faults", "{\"rules\":[{\"when\":7}]}"), 400);
    assert_true(
        control_says(HTTP_GET, BASE "/faults", NULL, "\"name\":\"one\"")); /* as they were */
    assert_int_equal(control_status(HTTP_DELETE, BASE "/faults", NULL), 204);
    assert_true(control_says(HTTP_GET, BASE "/faults", NULL, "{\"rules\":[]}"));
    assert_true(control_says(HTTP_GET, BASE "/faults/personas", NULL, "\"delete-403\""));
    assert_true(control_says(HTTP_GET, BASE "/faults/personas", NULL, "\"429.intune\""));
}

/* What stale reads remembered goes with the last rule that asks for it. */
static void test_past_is_forgotten(void **state UNUSED)
{
    struct testbed *testbed = control_hold_default();
    struct arena *arena = arena_create(NULL, ROOMY);
    uint64_t now_ms = clock_monotonic_ms();
    struct slice before;

    past_add(testbed_past(testbed), SLICE("crates"), SLICE("a"), SLICE("{}"), now_ms);
    assert_int_equal(control_status(HTTP_PUT, BASE "/faults", "{\"rules\":[{\"read\":\"stale\"}]}"),
                     200);
    assert_true(past_find(testbed_past(testbed), SLICE("crates"), SLICE("a"), now_ms, 1000, arena,
                          &before));
    assert_int_equal(control_status(HTTP_PUT, BASE "/faults", ONE_RULE), 200);
    assert_false(past_find(testbed_past(testbed), SLICE("crates"), SLICE("a"), now_ms, 1000, arena,
                           &before));
    testbed_release(testbed);
    arena_destroy(arena);
    control_start_anew();
}

/* --- requests -------------------------------------------------------------------------------- */

static const struct {
    const char *query;
    int status;
    size_t count;
} request_cases[] = {
    { "", 200, 3 },
    { "method=POST", 200, 2 },
    { "method=post&path=%2Fbeta%2F*", 200, 2 },
    { "path=/BETA/shopFloor/crates/*", 200, 1 },
    { "status=4xx", 200, 1 },
    { "status=429&faulted=true", 200, 1 },
    { "fault=slow+down", 200, 1 },
    { "&method=GET&", 200, 1 },
    { "top=2", 200, 2 },
    { "method=POST&method=POST", 400, 0 },
    { "colour=red", 400, 0 },
    { "status=many", 400, 0 },
    { "faulted=maybe", 400, 0 },
    { "path=%zz", 400, 0 },
};

static void test_requests(void **state UNUSED)
{
    control_start_anew();
    control_add_request("POST", CRATES, 201, NULL);
    control_add_request("POST", CRATES, 429, "slow down");
    control_add_request("GET", CRATES "/1", 200, NULL);
    for (size_t i = 0; i < COUNT_OF(request_cases); i++) {
        const struct ask it = { .method = HTTP_GET,
                                .path = BASE "/requests",
                                .query = request_cases[i].query,
                                .host = RIG_LOCAL };
        struct answer answer;

        rig_ask(&control_rig, &it, ROOMY, &answer);
        CHECK(answer.exchange.response.status == request_cases[i].status, i);
        CHECK(answer_count(&answer, "\"sequence\":") == request_cases[i].count, i);
        answer_free(&answer);
    }
    assert_true(control_says(HTTP_POST, BASE "/requests/verify",
                             "{\"method\":\"POST\",\"exactly\":2}",
                             "{\"verified\":true,\"count\":2}"));
    assert_true(control_says(HTTP_POST, BASE "/requests/verify", "{\"status\":201,\"atLeast\":2}",
                             "{\"verified\":false,\"count\":1}"));
    assert_int_equal(control_status(HTTP_DELETE, BASE "/requests", NULL), 204);
    assert_true(control_says(HTTP_GET, BASE "/requests", NULL, "{\"requests\":[],"));
}

/* An answer that is too large says how to ask for less; an empty journal is not the same as none.
 */
static void test_requests_refused(void **state UNUSED)
{
    const struct testbed_limits none = { .testbeds = 4, .fault_rules = 4, .past_entities = 4 };
    struct testbeds *without = testbeds_create(control_rig.clock, &none, 1);

    control_start_anew();
    control_add_request("POST", CRATES, 201, NULL);
    control_rig.api.reply_bytes_max = 64;
    assert_int_equal(control_status(HTTP_GET, BASE "/requests", NULL), 413);
    control_rig.api.reply_bytes_max = ROOMY;
    control_rig.api.testbeds = without;
    assert_int_equal(control_status(HTTP_GET, BASE "/requests", NULL), 409);
    assert_int_equal(control_status(HTTP_POST, BASE "/requests/verify", "{\"exactly\":0}"), 409);
    assert_int_equal(control_status(HTTP_DELETE, BASE "/requests", NULL), 409);
    assert_int_equal(control_status(HTTP_POST, BASE "/reset", NULL), 200);
    control_rig.api.testbeds = control_beds;
    testbeds_destroy(without);
}

/* --- policies and what they remove ----------------------------------------------------------- */

static size_t count_articles(void)
{
    const struct ask list = { .method = HTTP_GET, .path = ARTICLES, .query = "$top=1000" };
    struct answer answer;
    size_t count;

    rig_ask(&control_rig, &list, ROOMY, &answer);
    count = answer_count(&answer, "\"madeAt\":");
    answer_free(&answer);
    return count;
}

#define THREE_ARTICLES                                                                             \
    "{\"articles\":[{\"madeAt\":\"-1h\"},{\"madeAt\":\"-40d\"},"                                   \
    "{\"madeAt\":\"0001-01-01T00:00:00Z\"}]}"

static void test_policy(void **state UNUSED)
{
    control_start_anew();
    assert_true(control_says(HTTP_GET, BASE "/policy", NULL, "\"articles\":{\"on\":false"));
    assert_true(control_says(HTTP_POST, BASE "/seed", THREE_ARTICLES, "{\"entities\":3}"));
    assert_int_equal(
        control_status(HTTP_PUT, BASE "/policy", "{\"articles\":{\"on\":true,\"x\":1}}"), 400);
    assert_int_equal(count_articles(), 3);
    /* What is due by now goes before the answer is sent. */
    assert_true(control_says(HTTP_PUT, BASE "/policy", "{\"articles\":{\"on\":true}}",
                             "\"removals\":[{\"at\":"));
    assert_int_equal(count_articles(), 2);
    /* So it does when the clock is moved; what never made contact is silent since the PUT. */
    assert_int_equal(control_status(HTTP_PUT, BASE "/clock", "{\"advance\":\"29d\"}"), 200);
    assert_int_equal(count_articles(), 2);
    assert_int_equal(control_status(HTTP_PUT, BASE "/clock", "{\"advance\":\"23h30m\"}"), 200);
    assert_int_equal(count_articles(), 1);
    assert_int_equal(control_status(HTTP_PUT, BASE "/clock", "{\"advance\":\"30m\"}"), 200);
    assert_int_equal(count_articles(), 0);
    control_start_anew();
    assert_true(control_says(HTTP_GET, BASE "/policy", NULL, "\"removals\":[]"));
}

/* More than one operation's worth. */
static void test_many_removals(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, (size_t)4 << 20);
    struct text seed;

    control_start_anew();
    text_init(&seed, arena, 65536, (size_t)1 << 20);
    text_append(&seed, SLICE("{\"articles\":["));
    for (int i = 0; i < 1100; i++)
        text_printf(&seed, "%s{\"madeAt\":\"-40d\"}", i ? "," : "");
    text_append(&seed, SLICE("]}"));
    assert_true(control_says(HTTP_POST, BASE "/seed", slice_to_cstr(arena, text_slice(&seed)),
                             "{\"entities\":1100}"));
    assert_int_equal(count_articles(), 1000); /* a page */
    assert_int_equal(control_status(HTTP_PUT, BASE "/policy", "{\"articles\":{\"on\":true}}"), 200);
    assert_int_equal(count_articles(), 0);
    assert_int_equal(control_status(HTTP_PUT, BASE "/policy", "{\"articles\":{\"on\":false}}"),
                     200);
    assert_int_equal(count_articles(), 0); /* they are gone, and not only out of sight */
    arena_destroy(arena);
    control_start_anew();
}

/* --- reset, seed, export --------------------------------------------------------------------- */

static void set_everything(void)
{
    assert_int_equal(control_status(HTTP_PUT, BASE "/clock", "{\"set\":\"" NOON "\"}"), 200);
    assert_int_equal(control_status(HTTP_PUT, BASE "/faults", ONE_RULE), 200);
    assert_int_equal(control_status(HTTP_PUT, BASE "/policy", "{\"articles\":{\"on\":true}}"), 200);
    assert_int_equal(control_status(HTTP_DELETE, BASE "/requests", NULL), 204);
    control_add_request("GET", CRATES, 200, NULL);
}

static const struct {
    const char *body;
    bool policy, faults, clock, requests; /* kept */
} reset_cases[] = {
    { NULL, false, false, false, false },
    { "{\"keep\":[]}", false, false, false, false },
    { "{\"keep\":[\"policy\"]}", true, false, false, false },
    { "{\"keep\":[\"faults\"]}", false, true, false, false },
    { "{\"keep\":[\"clock\"]}", false, false, true, false },
    { "{\"keep\":[\"requests\"]}", false, false, false, true },
    { "{\"keep\":[\"requests\",\"policy\",\"clock\",\"faults\"]}", true, true, true, true },
};

static void test_reset(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(reset_cases); i++) {
        set_everything();
        CHECK(control_says(HTTP_POST, BASE "/seed", RIG_DEMO, "{\"entities\":1}"), i);
        CHECK(control_says(HTTP_POST, BASE "/reset", reset_cases[i].body, "{\"entities\":2}"), i);
        CHECK(control_says(HTTP_GET, BASE "/export", NULL, "\"seeded\""), i);
        CHECK(control_says(HTTP_GET, BASE "/policy", NULL,
                           reset_cases[i].policy ? "{\"on\":true" : "{\"on\":false"),
              i);
        CHECK(control_says(HTTP_GET, BASE "/faults", NULL,
                           reset_cases[i].faults ? "\"one\"" : "{\"rules\":[]}"),
              i);
        CHECK(control_says(HTTP_GET, BASE "/clock", NULL,
                           reset_cases[i].clock ? "\"moved\":true" : "\"moved\":false"),
              i);
        CHECK(control_says(HTTP_GET, BASE "/requests", NULL,
                           reset_cases[i].requests ? "\"sequence\"" : "\"requests\":[]"),
              i);
    }
}

/* Relative dates are relative to the time that holds afterwards. */
static void test_reset_and_dates(void **state UNUSED)
{
    control_rig.api.seed = SLICE("{\"articles\":[{\"madeAt\":\"-1d\"}]}");
    assert_int_equal(
        control_status(HTTP_PUT, BASE "/clock", "{\"set\":\"" NOON "\",\"freeze\":true}"), 200);
    assert_true(
        control_says(HTTP_POST, BASE "/reset", "{\"keep\":[\"clock\"]}", "{\"entities\":1}"));
    assert_true(
        control_says(HTTP_GET, BASE "/export", NULL, "\"madeAt\":\"2024-05-31T12:00:00Z\""));
    assert_true(control_says(HTTP_POST, BASE "/reset", NULL, "{\"entities\":1}"));
    assert_false(control_says(HTTP_GET, BASE "/export", NULL, "\"madeAt\":\"2024-"));
    control_rig.api.seed = SLICE(RIG_SEED);
    control_start_anew();
}

/* A seed that cannot be loaded leaves everything as it was, the testbed too. */
static void test_reset_fails(void **state UNUSED)
{
    control_start_anew();
    set_everything();
    control_rig.api.seed = SLICE("{\"crates\":[{\"place\":7}]}");
    assert_int_equal(control_status(HTTP_POST, BASE "/reset", NULL), 400);
    control_rig.api.seed = SLICE(RIG_SEED);
    assert_true(control_says(HTTP_GET, BASE "/export", NULL, "\"seeded\""));
    assert_true(control_says(HTTP_GET, BASE "/clock", NULL, "\"moved\":true"));
    assert_true(control_says(HTTP_GET, BASE "/faults", NULL, "\"one\""));
    assert_true(control_says(HTTP_GET, BASE "/policy", NULL, "{\"on\":true"));
    assert_true(control_says(HTTP_GET, BASE "/requests", NULL, "\"sequence\""));
    control_start_anew();
}

static void test_seed(void **state UNUSED)
{
    control_start_anew();
    assert_int_equal(
        control_status(HTTP_PUT, BASE "/clock", "{\"set\":\"" NOON "\",\"freeze\":true}"), 200);
    assert_true(control_says(HTTP_POST, BASE "/seed", "{\"articles\":[{\"madeAt\":\"-1h\"}]}",
                             "{\"entities\":1}"));
    assert_true(
        control_says(HTTP_GET, BASE "/export", NULL, "\"madeAt\":\"2024-06-01T11:00:00Z\""));
    assert_true(
        control_says(HTTP_POST, BASE "/seed", "{\"crates\":[{\"id\":\"x\"}]}", "{\"entities\":1}"));
    assert_int_equal(control_status(HTTP_POST, BASE "/seed", "{\"crates\":[{},{\"id\":\"x\"}]}"),
                     409);
    control_start_anew();
}

static void test_export(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, ROOMY);
    struct answer first, second;

    control_start_anew();
    assert_int_equal(control_say(HTTP_GET, BASE "/export", NULL, &first), 200);
    const char *copy = control_make_sandbox(
        arena, control_under(
                   arena, "{\"seed\":",
                   control_under(arena, slice_to_cstr(arena, first.exchange.response.body), "}")));
    assert_int_equal(control_say(HTTP_GET, control_under(arena, copy, "/export"), NULL, &second),
                     200);
    assert_true(slice_eq(first.exchange.response.body, second.exchange.response.body));
    answer_free(&first);
    answer_free(&second);
    control_end_sandbox(copy);
    arena_destroy(arena);

    control_rig.api.reply_bytes_max = 40;
    assert_int_equal(control_say(HTTP_GET, BASE "/export", NULL, &first), 413);
    assert_int_equal(answer_count(&first, "connectord export"), 1);
    answer_free(&first);
    control_rig.api.reply_bytes_max = ROOMY;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clock),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_past_is_forgotten),
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_requests_refused),
        cmocka_unit_test(test_policy),
        cmocka_unit_test(test_many_removals),
        cmocka_unit_test(test_reset),
        cmocka_unit_test(test_reset_and_dates),
        cmocka_unit_test(test_reset_fails),
        cmocka_unit_test(test_seed),
        cmocka_unit_test(test_export),
    };
    return cmocka_run_group_tests(tests, control_open_rig, control_close_rig);
}
