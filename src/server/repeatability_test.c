/* server/repeatability_test.c - repeatable requests through the handlers: executed once, whatever
 * fails while they are.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "base/arena.h"
#include "base/clock.h"
#include "http/response_write.h"
#include "server/handlers_rig_test.h"
#include "service/provision.h"
#include "store/db_fault.h"

#define DAY_MS INT64_C(86400000)

static struct rig rig;
static struct testbed *testbed;

static void keep_for_a_day(void)
{
    rig.api.repeat_keep_ms = DAY_MS;
    rig.api.repeats = 1000;
}

static int open_group(void **state UNUSED)
{
    const struct testbed_limits limits = {
        .testbeds = 10, .journal_requests = 100, .fault_rules = 10, .past_entities = 100
    };

    rig_open(&rig, &limits);
    keep_for_a_day();
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

static int status_of(const struct answer *answer)
{
    return answer->exchange.response.status;
}

static bool result_is(const struct answer *answer, const char *text)
{
    return slice_eq(answer_field(answer, SLICE("Repeatability-Result")), slice_of(text));
}

static bool same(const struct answer *a, const struct answer *b)
{
    static const struct slice names[] = { SLICE_INIT("Location"), SLICE_INIT("Content-Type"),
                                          SLICE_INIT("OData-Version"),
                                          SLICE_INIT("Repeatability-Result") };

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (!slice_eq(answer_field(a, names[i]), answer_field(b, names[i])))
            return false;
    return status_of(a) == status_of(b) &&
           slice_eq(a->exchange.response.body, b->exchange.response.body);
}

static struct ask create(const char *id)
{
    return (struct ask){
        .method = HTTP_POST, .path = CRATES, .body = "{\"place\":\"once\"}", .once = id
    };
}

/* --- memory ---------------------------------------------------------------------------------- */

/* With too little of it nothing was executed and the answer says so; then it can be asked again.
 * Where it was executed there is an answer, and a repeat has the same. */
static void test_whatever_memory(void **state UNUSED)
{
    size_t crates = rig_count_crates(&rig);

    for (size_t budget = 40 * 1024; budget < 80 * 1024; budget += 112) {
        char id[32];
        struct answer first, again;

        snprintf(id, sizeof id, "memory-%zu", budget);
        const struct ask it = create(id);
        rig_ask(&rig, &it, budget, &first);
        bool ok = status_of(&first) == 201;

        CHECK(ok || status_of(&first) == 413, budget);
        CHECK(first.exchange.response.body.len > 0 && first.had_memory_left, budget);
        CHECK(ok || answer_field(&first, SLICE("Location")).len == 0, budget);
        CHECK(rig_count_crates(&rig) == crates + ok, budget);
        rig_ask(&rig, &it, ROOMY, &again);
        CHECK(status_of(&again) == 201 && (!ok || same(&first, &again)), budget);
        CHECK(rig_count_crates(&rig) == ++crates, budget);
        answer_free(&first);
        answer_free(&again);
    }
}

#define PART(id)                                                                                   \
    "{\"id\":\"" id "\",\"method\":\"POST\",\"url\":\"/shopFloor/crates\","                        \
    "\"atomicityGroup\":\"g\",\"body\":{},\"headers\":{\"Content-Type\":\"application/json\","     \
    "\"Repeatability-Request-ID\":\"" id "-%zu\",\"Repeatability-First-Sent\":\"%.29s\"}}"

/* Two writes that are executed together: both or none, and once. */
static void test_groups_whatever_memory(void **state UNUSED)
{
    char date[HTTP_DATE_LINE_LEN];
    size_t crates = rig_count_crates(&rig);

    http_date_line(clock_now_unix_s(rig.clock), date);
    for (size_t budget = 36 * 1024; budget < 160 * 1024; budget += 2000) {
        const char *when = date + strlen("Date: ");
        char body[1024];
        const struct ask it = { .method = HTTP_POST, .path = "/beta/$batch", .body = body };
        struct answer answer;

        snprintf(body, sizeof body, "{\"requests\":[" PART("a") "," PART("b") "]}", budget, when,
                 budget, when);
        rig_ask(&rig, &it, budget, &answer);
        size_t made = answer_count(&answer, "\"status\":201");
        CHECK(made == 0 || made == 2, budget);
        CHECK(rig_count_crates(&rig) == crates + made, budget);
        answer_free(&answer);
        rig_ask(&rig, &it, ROOMY, &answer);
        CHECK(answer_count(&answer, "\"status\":201") == 2, budget);
        CHECK(answer_count(&answer, "\"accepted\"") == 2, budget);
        crates += 2;
        CHECK(rig_count_crates(&rig) == crates, budget);
        answer_free(&answer);
    }
}

/* --- at once --------------------------------------------------------------------------------- */

/* Both are queued before either runs, so that they may share a group. */
static void test_two_at_once(void **state UNUSED)
{
    const struct ask it = create("both");
    size_t crates = rig_count_crates(&rig);
    struct answer a, b;

    rig_send(&rig, &it, ROOMY, &a);
    rig_send(&rig, &it, ROOMY, &b);
    rig_await(&rig, &a);
    rig_await(&rig, &b);
    assert_int_equal(status_of(&a), 201);
    assert_true(same(&a, &b) && result_is(&a, "accepted"));
    assert_int_equal(rig_count_crates(&rig), crates + 1);
    answer_free(&a);
    answer_free(&b);
}

/* --- refusals -------------------------------------------------------------------------------- */

static const struct {
    const char *path, *body;
    enum http_method method;
    int status;
    const char *result; /* "": none */
} other_cases[] = {
    { CRATES, "{\"place\":\"once\"}", HTTP_POST, 201, "accepted" },
    { CRATES, "{\"place\":\"twice\"}", HTTP_POST, 400, "rejected" },
    { CRATES, "{}", HTTP_POST, 400, "rejected" },
    { ARTICLES, "{\"place\":\"once\"}", HTTP_POST, 400, "accepted" }, /* no such property */
    { CRATES, "{", HTTP_POST, 400, "accepted" },                      /* refused for itself */
    { CRATES "/none", "{\"place\":\"once\"}", HTTP_PATCH, 400, "rejected" },
    { CRATES "/none", NULL, HTTP_DELETE, 400, "rejected" },
    { CRATES, NULL, HTTP_GET, 200, "" },
    { "/beta/$batch", "{\"requests\":[]}", HTTP_POST, 501, "rejected" },
};

static void test_others_of_that_id(void **state UNUSED)
{
    const struct ask first = create("taken");
    size_t crates = rig_count_crates(&rig) + 1;
    struct answer answer;

    rig_ask(&rig, &first, ROOMY, &answer);
    assert_int_equal(status_of(&answer), 201);
    answer_free(&answer);
    for (size_t i = 0; i < COUNT_OF(other_cases); i++) {
        const struct ask it = { .method = other_cases[i].method,
                                .path = other_cases[i].path,
                                .body = other_cases[i].body,
                                .once = "taken" };

        rig_ask(&rig, &it, ROOMY, &answer);
        CHECK(status_of(&answer) == other_cases[i].status, i);
        CHECK(result_is(&answer, other_cases[i].result), i);
        answer_free(&answer);
        CHECK(rig_count_crates(&rig) == crates, i);
    }
}

/* A refusal is no answer that is kept. */
static void test_refused_and_then_right(void **state UNUSED)
{
    struct ask it = create("later-right");
    struct answer answer;

    it.name = "If-Match";
    it.value = "*";
    it.method = HTTP_PATCH;
    it.path = CRATES "/0190bbbb-0000-7000-8000-000000000001";
    rig_ask(&rig, &it, ROOMY, &answer);
    assert_int_equal(status_of(&answer), 412);
    assert_true(result_is(&answer, "accepted"));
    answer_free(&answer);
    it.name = "Prefer";
    it.value = "create-if-missing";
    rig_ask(&rig, &it, ROOMY, &answer);
    assert_int_equal(status_of(&answer), 201);
    answer_free(&answer);
    it.name = "If-Match"; /* which is not looked at any more */
    it.value = "\"of another time\"";
    rig_ask(&rig, &it, ROOMY, &answer);
    assert_int_equal(status_of(&answer), 201);
    answer_free(&answer);
}

/* --- testbeds -------------------------------------------------------------------------------- */

#define RULE(rest) "{\"rules\":[{\"name\":\"r1\"," rest "}]}"

/* What a write leaves for stale reads it leaves once, when it is executed. */
static void test_stale_reads(void **state UNUSED)
{
    const struct ask it = create("stale");
    size_t crates = rig_count_crates(&rig);
    struct answer answer;

    rig_put_rules(testbed,
                  RULE("\"when\":{\"method\":\"GET\"},\"read\":\"stale\",\"staleFor\":\"1h\""));
    for (int i = 0; i < 2; i++) {
        rig_ask(&rig, &it, ROOMY, &answer);
        assert_int_equal(status_of(&answer), 201);
        assert_true(rig_last_entry_has(testbed, i ? "\"executed\":false" : "\"executed\":true"));
        answer_free(&answer);
        assert_int_equal(rig_count_crates(&rig), crates);
    }
    rig_no_rules(testbed);
    assert_int_equal(rig_count_crates(&rig), crates + 1);
}

static void test_lost_answer(void **state UNUSED)
{
    const struct ask it = create("lost");
    size_t crates = rig_count_crates(&rig);
    struct answer lost, found;

    rig_put_rules(testbed, RULE("\"when\":{\"method\":\"POST\"},\"answer\":{\"status\":500},"
                                "\"executes\":true"));
    rig_ask(&rig, &it, ROOMY, &lost);
    assert_int_equal(status_of(&lost), 500);
    rig_no_rules(testbed);
    rig_ask(&rig, &it, ROOMY, &found);
    assert_int_equal(status_of(&found), 201);
    assert_int_equal(rig_count_crates(&rig), crates + 1);
    answer_free(&lost);
    answer_free(&found);
}

/* --- commits that fail ----------------------------------------------------------------------- */

static const struct {
    enum db_status status;
    bool rolls_back;
    int first, again;
    size_t made;
} commit_faults[] = {
    { DB_FULL, true, 201, 201, 1 }, /* run once more, alone */
    { DB_OTHER, false, 201, 201, 1 },
    { DB_SYNC, false, 503, 503, 0 }, /* nobody knows, and nobody writes until the next start */
};

static void test_commits_fail(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(commit_faults); i++) {
        struct db_fault_plan plan = { .kinds = DB_FAULT_COMMIT,
                                      .status = commit_faults[i].status,
                                      .rolls_back = commit_faults[i].rolls_back };
        const struct ask it = create("commit");
        struct rig whole = rig;
        struct answer first, again;

        rig_open_faulty(&rig, NULL, &plan);
        keep_for_a_day();
        plan.calls = 0;
        plan.fail_at = 1;
        rig_ask(&rig, &it, ROOMY, &first);
        CHECK(plan.fired && status_of(&first) == commit_faults[i].first, i);
        rig_ask(&rig, &it, ROOMY, &again);
        CHECK(status_of(&again) == commit_faults[i].again, i);
        CHECK(status_of(&first) != 201 || same(&first, &again), i);
        CHECK(status_of(&first) == 201 || answer_field(&first, SLICE("Location")).len == 0, i);
        CHECK(rig_count_crates(&rig) == commit_faults[i].made, i);
        answer_free(&first);
        answer_free(&again);
        rig_close(&rig);
        rig = whole;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_at_once),
        cmocka_unit_test(test_others_of_that_id),
        cmocka_unit_test(test_refused_and_then_right),
        cmocka_unit_test(test_stale_reads),
        cmocka_unit_test(test_lost_answer),
        cmocka_unit_test(test_commits_fail),
        cmocka_unit_test(test_whatever_memory),
        cmocka_unit_test(test_groups_whatever_memory),
    };

    return cmocka_run_group_tests(tests, open_group, close_group);
}
