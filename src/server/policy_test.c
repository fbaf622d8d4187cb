/* server/policy_test.c - states by policy and the tenant's clock, as replies show them.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "base/arena.h"
#include "base/clock.h"
#include "edm/toy_model.h"
#include "server/data.h"
#include "server/handlers_rig_test.h"
#include "service/health.h"
#include "service/provision.h"

static struct rig rig;
static struct testbed *testbed;

static int open_rig(void **state UNUSED)
{
    testbed = rig_open_testbed(&rig, 10);
    return 0;
}

static int close_rig(void **state UNUSED)
{
    testbed_release(testbed);
    rig_close(&rig);
    return 0;
}

#define RULE(rest)  "{\"rules\":[{\"name\":\"r\",\"when\":{\"method\":\"GET\"}," rest "}]}"
#define STALE(time) RULE("\"read\":\"stale\",\"staleFor\":\"" time "\"")

static int request(enum http_method method, const char *path, const char *query, const char *body,
                   struct arena *arena, struct slice *ret_body)
{
    return rig_request(&rig, method, path, query, body, arena, ret_body);
}

static bool says(struct slice body, const char *what)
{
    return memmem(body.ptr, body.len, what, strlen(what));
}

struct policy {
    const char *json;
    struct arena *arena;
};

static bool write_policy(void *context, struct store_session *session, struct error *err)
{
    const struct policy *policy = context;

    return service_health_put(session, &toy_model, service_default_tenant(), slice_of(policy->json),
                              testbed_now_ticks(testbed), policy->arena, err);
}

static void put_policy(const char *json)
{
    struct policy policy = { json, arena_create(NULL, ROOMY) };
    struct error error = { 0 };

    if (!data_write(rig.store, write_policy, &policy, &error))
        fail_msg("%s", error.message);
    arena_destroy(policy.arena);
}

#define HOUR_TICKS (INT64_C(3600) * CLOCK_TICKS_PER_SECOND)

/* An article is made at 0; so many hours later it has this size, or is gone (NULL). */
static const struct {
    int64_t hours;
    const char *size;
} silence_cases[] = {
    { 0, "\"small\"" }, { 2, "\"medium\"" }, { 5 * 24, "\"large\"" },
    { 30 * 24, NULL },  { 0, "\"small\"" }, /* time is a tester's */
};

static bool has_policy(const struct answer *answer)
{
    return slice_eq(answer_field(answer, SLICE("x-connectord-policy")),
                    SLICE("articles medium=1h large=5d remove=30d"));
}

static void check_size(size_t row, const char *path, const char *size)
{
    const struct ask get = { .method = HTTP_GET, .path = path };
    const struct ask list = { .method = HTTP_GET, .path = ARTICLES, .query = "$count=true" };
    const struct ask update = { .method = HTTP_PATCH, .path = path, .body = "{\"stock\":1}" };
    struct answer answer;

    rig_ask(&rig, &get, ROOMY, &answer);
    CHECK(answer.exchange.response.status == (size ? 200 : 404), row);
    CHECK(!size || (answer_count(&answer, size) == 1 && has_policy(&answer)), row);
    answer_free(&answer);
    rig_ask(&rig, &list, ROOMY, &answer);
    CHECK(has_policy(&answer), row);
    CHECK(answer_count(&answer, size ? size : "\"@odata.count\":0") == 1, row);
    answer_free(&answer);
    rig_ask(&rig, &update, ROOMY, &answer);
    CHECK(answer.exchange.response.status == (size ? 200 : 404), row);
    CHECK(!size || (answer_count(&answer, size) == 1 && has_policy(&answer)), row);
    answer_free(&answer);
}

static void test_policy(void **state UNUSED)
{
    const struct ask create = { .method = HTTP_POST, .path = ARTICLES, .body = "{}" };
    const struct ask crates = { .method = HTTP_GET, .path = CRATES };
    struct arena *arena = arena_create(NULL, ROOMY);
    int64_t began = CLOCK_UNIX_EPOCH_TICKS;
    struct answer answer;
    struct slice path;

    put_policy("{\"articles\":{\"on\":true}}");
    testbed_clock_set(testbed, began, true);
    rig_ask(&rig, &create, ROOMY, &answer);
    assert_int_equal(answer.exchange.response.status, 201);
    assert_true(has_policy(&answer));
    assert_int_equal(answer_count(&answer, "\"madeAt\":\"1970-01-01T00:00:00Z\""), 1);
    path = answer_field(&answer, SLICE("Location"));
    path = slice_sub(path, strlen("http://other.example"), path.len);
    assert_true(arena_copy(arena, path, &path));
    answer_free(&answer);
    for (size_t i = 0; i < COUNT_OF(silence_cases); i++) {
        testbed_clock_set(testbed, began + silence_cases[i].hours * HOUR_TICKS, true);
        check_size(i, path.ptr, silence_cases[i].size);
    }
    rig_ask(&rig, &crates, ROOMY, &answer); /* no type of silence */
    assert_int_equal(answer_field(&answer, SLICE("x-connectord-policy")).len, 0);
    answer_free(&answer);
    arena_destroy(arena);
}

/* A newcomer's: made before the policy was, without a date of contact. */
static const struct {
    int64_t hours; /* since the policy was switched on */
    const char *size;
} never_cases[] = {
    { -24, "\"small\"" },    { 0, "\"small\"" }, { 1, "\"medium\"" },
    { 5 * 24, "\"large\"" }, { 30 * 24, NULL },
};

static void test_never_in_touch(void **state UNUSED)
{
    int64_t on = CLOCK_UNIX_EPOCH_TICKS + 1000 * HOUR_TICKS;
    struct arena *arena = arena_create(NULL, ROOMY);
    const char *path;

    testbed_clock_set(testbed, CLOCK_UNIX_EPOCH_TICKS, true);
    path = rig_make(&rig, ARTICLES, "{\"madeAt\":\"0001-01-01T00:00:00Z\"}", arena);
    testbed_clock_set(testbed, on, true);
    put_policy("{\"articles\":{\"on\":true}}");
    for (size_t i = 0; i < COUNT_OF(never_cases); i++) {
        testbed_clock_set(testbed, on + never_cases[i].hours * HOUR_TICKS, true);
        check_size(i, path, never_cases[i].size);
    }
    arena_destroy(arena);
}

/* The state of the past is that of the past contact by now. */
static void test_stale_policy(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, ROOMY);
    struct slice body;

    put_policy("{\"articles\":{\"on\":true}}");
    testbed_clock_set(testbed, CLOCK_UNIX_EPOCH_TICKS, true);
    const char *path = rig_make(&rig, ARTICLES, "{}", arena);
    rig_put_rules(testbed, STALE("1h"));
    testbed_clock_set(testbed, CLOCK_UNIX_EPOCH_TICKS + 2 * HOUR_TICKS, true);
    assert_int_equal(
        request(HTTP_PATCH, path, "", "{\"madeAt\":\"1970-01-01T02:00:00Z\"}", arena, &body), 200);
    assert_true(says(body, "\"small\""));
    request(HTTP_GET, path, "", NULL, arena, &body);
    assert_true(says(body, "\"medium\""));
    request(HTTP_GET, ARTICLES, "", NULL, arena, &body);
    assert_true(says(body, "\"medium\""));
    rig_no_rules(testbed);
    request(HTTP_GET, path, "", NULL, arena, &body);
    assert_true(says(body, "\"small\""));

    /* gone by the contact that a stale read still sees, there by the one that counts */
    rig_put_rules(testbed, STALE("1h"));
    testbed_clock_set(testbed, CLOCK_UNIX_EPOCH_TICKS + 721 * HOUR_TICKS, true);
    assert_int_equal(request(HTTP_GET, path, "", NULL, arena, NULL), 404);
    request(HTTP_GET, ARTICLES, "$count=true", NULL, arena, &body);
    assert_true(says(body, "\"@odata.count\":0,"));
    rig_no_rules(testbed);
    assert_int_equal(request(HTTP_GET, path, "", NULL, arena, NULL), 200);
    arena_destroy(arena);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_rig, close_rig)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_policy),
        TEST(test_never_in_touch),
        TEST(test_stale_policy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
