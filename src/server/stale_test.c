/* server/stale_test.c - reads that are wrong on demand: of the past, in circles, into nowhere; and
 * states by policy.
 *
 * The past is tried against itself: what a walk over all pages showed before some random writes is
 * what a stale walk must show behind them, whatever the size of the pages.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/text.h"
#include "edm/toy_model.h"
#include "server/data.h"
#include "server/handlers_rig_test.h"
#include "service/health.h"
#include "service/provision.h"

#define KEYS_MAX 40

static struct rig rig;
static struct testbed *testbed;

static int open_rig(void **state UNUSED)
{
    const struct testbed_limits limits = {
        .testbeds = 10, .journal_requests = 10, .fault_rules = 10, .past_entities = 1000
    };

    rig_open(&rig, &limits);
    testbed = testbeds_hold(rig.api.testbeds, service_default_tenant());
    assert_non_null(testbed);
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

static void put_rules(const char *rules)
{
    struct error error = { 0 };

    if (!faults_put(testbed_faults(testbed), slice_of(rules), &error))
        fail_msg("%s: %s", rules, error.message);
}

static void no_rules(void)
{
    faults_clear(testbed_faults(testbed));
}

/* --- requests -------------------------------------------------------------------------------- */

/* The status; the body in `arena` behind *ret_body, when it is asked for. */
static int request(enum http_method method, const char *path, const char *query, const char *body,
                   struct arena *arena, struct slice *ret_body)
{
    const struct ask ask = { .method = method, .path = path, .query = query, .body = body };
    struct answer answer;
    int status;

    rig_ask(&rig, &ask, ROOMY, &answer);
    status = answer.exchange.response.status;
    if (ret_body)
        assert_true(arena_copy(arena, answer.exchange.response.body, ret_body));
    answer_free(&answer);
    return status;
}

/* The path of a new crate that stands at `place`. */
static const char *make_crate(const char *place, struct arena *arena)
{
    struct answer answer;
    struct slice body, path;

    assert_true(arena_printf(arena, &body, "{\"place\":\"%s\"}", place));
    const struct ask ask = { .method = HTTP_POST, .path = CRATES, .body = body.ptr };
    rig_ask(&rig, &ask, ROOMY, &answer);
    assert_int_equal(answer.exchange.response.status, 201);
    path = answer_field(&answer, SLICE("Location"));
    path = slice_sub(path, strlen("http://other.example"), path.len);
    const char *copy = slice_to_cstr(arena, path);
    answer_free(&answer);
    return copy;
}

static int move_crate(const char *path, const char *place, struct arena *arena)
{
    struct slice body;

    assert_true(arena_printf(arena, &body, "{\"place\":\"%s\"}", place));
    return request(HTTP_PATCH, path, "", body.ptr, arena, NULL);
}

static bool says(struct slice body, const char *what)
{
    return memmem(body.ptr, body.len, what, strlen(what));
}

/* The rows of a page, behind "value". */
static struct slice rows_of(struct slice body)
{
    const char *at = memmem(body.ptr, body.len, "\"value\":[", 9);

    assert_non_null(at);
    size_t begin = (size_t)(at - body.ptr) + 9;
    return slice_sub(body, begin, body.len - strlen("]}") - begin);
}

/* All rows of all pages of `top`, one text. */
static struct slice walk(unsigned top, struct arena *arena)
{
    struct text all;
    struct slice query;
    unsigned pages = 0;

    text_init(&all, arena, 0, ROOMY);
    assert_true(arena_printf(arena, &query, "$top=%u", top));
    while (query.len) {
        const struct ask ask = { .method = HTTP_GET, .path = CRATES, .query = query.ptr };
        struct answer answer;

        rig_ask(&rig, &ask, ROOMY, &answer);
        assert_int_equal(answer.exchange.response.status, 200);
        assert_true(answer_count(&answer, "\"id\":") <= top);
        struct slice rows = rows_of(answer.exchange.response.body);
        if (all.len && rows.len)
            text_append_char(&all, ',');
        text_append(&all, rows);
        assert_true(arena_copy(arena, answer_next_query(&answer), &query));
        answer_free(&answer);
        assert_true(++pages < 100);
    }
    assert_false(all.failed);
    return text_slice(&all);
}

/* --- the past -------------------------------------------------------------------------------- */

static void test_one_by_one(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, ROOMY);
    const char *changed = make_crate("before", arena), *deleted = make_crate("there", arena);
    const char *never = CRATES "('00000000-0000-4000-8000-00000000dead')";
    struct slice body, missing;

    put_rules(STALE("1h"));
    const char *created = make_crate("new", arena);
    assert_int_equal(move_crate(changed, "once", arena), 200);
    assert_int_equal(move_crate(changed, "twice", arena), 200);
    assert_int_equal(request(HTTP_DELETE, deleted, "", NULL, arena, NULL), 204);
    /* what fails leaves nothing behind */
    assert_int_equal(move_crate(deleted, "nowhere", arena), 404);
    assert_int_equal(request(HTTP_DELETE, never, "", NULL, arena, NULL), 404);

    assert_int_equal(request(HTTP_GET, changed, "", NULL, arena, &body), 200);
    assert_true(says(body, "\"before\""));
    assert_int_equal(request(HTTP_GET, changed, "$select=id", NULL, arena, &body), 200);
    assert_false(says(body, "\"before\""));
    assert_int_equal(request(HTTP_GET, deleted, "", NULL, arena, &body), 200);
    assert_true(says(body, "\"there\""));
    assert_int_equal(request(HTTP_GET, created, "", NULL, arena, &body), 404);
    assert_int_equal(request(HTTP_GET, never, "", NULL, arena, &missing), 404);
    /* a stale 404 is worded as any other */
    struct slice head = slice_sub(missing, 0, slice_index(missing, '\''));
    assert_true(head.len > 40 && slice_starts_with(body, head));

    no_rules();
    assert_int_equal(request(HTTP_GET, changed, "", NULL, arena, &body), 200);
    assert_true(says(body, "\"twice\""));
    assert_int_equal(request(HTTP_GET, deleted, "", NULL, arena, NULL), 404);
    assert_int_equal(request(HTTP_GET, created, "", NULL, arena, NULL), 200);
    arena_destroy(arena);
}

/* The window is real time: what is older is seen. */
static void test_window(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, ROOMY);
    const char *crate = make_crate("before", arena);
    uint64_t began_ms;
    struct slice body;

    put_rules(STALE("200ms"));
    assert_int_equal(move_crate(crate, "after", arena), 200);
    began_ms = clock_monotonic_ms();
    request(HTTP_GET, crate, "", NULL, arena, &body);
    assert_true(says(body, "\"before\"") || clock_monotonic_ms() - began_ms >= 200);
    while (clock_monotonic_ms() - began_ms < 210)
        request(HTTP_GET, crate, "", NULL, arena, NULL);
    request(HTTP_GET, crate, "", NULL, arena, &body);
    assert_true(says(body, "\"after\""));
    arena_destroy(arena);
}

/* Keys that may be gone by now, and what is done to one of them. */
static void write_something(const char **paths, size_t *count, unsigned *seed, struct arena *arena)
{
    const char *path = paths[(size_t)rand_r(seed) % *count];

    switch (rand_r(seed) % 3) {
    case 0:
        if (*count < KEYS_MAX)
            paths[(*count)++] = make_crate("created", arena);
        break;
    case 1:
        move_crate(path, rand_r(seed) % 2 ? "here" : "elsewhere", arena);
        break;
    default:
        request(HTTP_DELETE, path, "", NULL, arena, NULL);
        break;
    }
}

static void check_count(struct slice before, struct arena *arena, size_t round)
{
    struct slice body, count;
    size_t rows = 0;

    for (size_t at = 0; at + 5 < before.len; at++)
        rows += memcmp(before.ptr + at, "\"id\":", 5) == 0;
    request(HTTP_GET, CRATES, "$count=true&$top=1", NULL, arena, &body);
    assert_true(arena_printf(arena, &count, "\"@odata.count\":%zu,", rows));
    CHECK(says(body, count.ptr), round);
    request(HTTP_GET, CRATES "/$count", "", NULL, arena, &body);
    assert_true(arena_printf(arena, &count, "%zu", rows));
    CHECK(slice_eq(body, count), round);
}

static void test_walks(void **state UNUSED)
{
    static const unsigned tops[] = { 1, 2, 3, 5, 100 };
    const char *paths[KEYS_MAX];
    struct arena *keys = arena_create(NULL, ROOMY);
    size_t count = 0;
    unsigned seed = 1;

    while (count < 10)
        paths[count++] = make_crate("first", keys);
    for (size_t round = 0; round < 40; round++) {
        struct arena *arena = arena_create(NULL, (size_t)8 << 20);
        struct slice before = walk(100, arena);

        put_rules(STALE("1h"));
        for (unsigned n = (unsigned)rand_r(&seed) % 12; n > 0; n--)
            write_something(paths, &count, &seed, keys);
        for (size_t i = 0; i < COUNT_OF(tops); i++)
            CHECK(slice_eq(walk(tops[i], arena), before), round);
        check_count(before, arena, round);
        no_rules();
        past_clear(testbed_past(testbed));
        arena_destroy(arena);
    }
    arena_destroy(keys);
}

/* What a filter lets through now, as it was: query, what the page holds, and its count. */
static const struct {
    const char *filter;
    const char *has; /* NULL: no row */
    int count;
} filter_cases[] = {
    { "place%20eq%20'after'", "\"before\"", 1 },
    { "place%20eq%20'before'", NULL, 0 },
    { "place%20eq%20'new'", NULL, 0 },
    { "place%20eq%20'gone'", NULL, 0 },
    { "place%20eq%20'still'", "\"still\"", 1 },
    { "place%20ne%20'none'", "\"still\"", 2 },
    { "startswith(place,'st')", "\"still\"", 1 },
};

static void test_filters(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, ROOMY);
    const char *changed = make_crate("before", arena), *deleted = make_crate("gone", arena);
    struct slice query, body, count;

    make_crate("still", arena);
    put_rules(STALE("1h"));
    make_crate("new", arena);
    move_crate(changed, "after", arena);
    request(HTTP_DELETE, deleted, "", NULL, arena, NULL);
    for (size_t i = 0; i < COUNT_OF(filter_cases); i++) {
        assert_true(arena_printf(arena, &query, "$count=true&$filter=%s", filter_cases[i].filter));
        assert_true(arena_printf(arena, &count, "\"@odata.count\":%d,", filter_cases[i].count));
        CHECK(request(HTTP_GET, CRATES, query.ptr, NULL, arena, &body) == 200, i);
        CHECK(says(body, count.ptr), i);
        CHECK(says(body, filter_cases[i].has ? filter_cases[i].has : "\"value\":[]"), i);
        assert_true(arena_printf(arena, &query, "$filter=%s", filter_cases[i].filter));
        assert_true(arena_printf(arena, &count, "%d", filter_cases[i].count));
        CHECK(request(HTTP_GET, CRATES "/$count", query.ptr, NULL, arena, &body) == 200, i);
        CHECK(slice_eq(body, count), i);
    }
    arena_destroy(arena);
}

/* Every kind of value comes back from the past; an action is a write too. */
static void test_whole_entity(void **state UNUSED)
{
    static const char article[] =
        "{\"title\":\"q\\\"\",\"fragile\":true,\"stock\":3,\"grams\":9,"
        "\"madeAt\":\"2024-02-03T04:05:06.7+02:00\",\"size\":\"large\",\"labels\":[\"a\",\"b\"]}";
    struct arena *arena = arena_create(NULL, ROOMY);
    const struct ask create = { .method = HTTP_POST, .path = ARTICLES, .body = article };
    struct answer answer;
    struct slice location, action, before, after;

    rig_ask(&rig, &create, ROOMY, &answer);
    assert_int_equal(answer.exchange.response.status, 201);
    location = answer_field(&answer, SLICE("Location"));
    location = slice_sub(location, strlen("http://other.example"), location.len);
    const char *path = slice_to_cstr(arena, location);
    answer_free(&answer);
    request(HTTP_GET, path, "", NULL, arena, &before);

    put_rules(STALE("1h"));
    assert_true(arena_printf(arena, &action, "%s/restock", path));
    assert_int_equal(request(HTTP_POST, action.ptr, "", "{\"amount\":1}", arena, NULL), 204);
    assert_int_equal(request(HTTP_PATCH, path, "", "{\"title\":null,\"labels\":[]}", arena, NULL),
                     200);
    request(HTTP_GET, path, "", NULL, arena, &after);
    assert_true(slice_eq(before, after));
    no_rules();
    request(HTTP_GET, path, "", NULL, arena, &after);
    assert_false(slice_eq(before, after));
    arena_destroy(arena);
}

/* --- pages ----------------------------------------------------------------------------------- */

/* query; the nextLink, NULL for none */
static const struct {
    const char *rules, *query, *link;
} link_cases[] = {
    { RULE("\"read\":\"duplicatePage\""), "$top=1", "\"http://other.example" CRATES "?$top=1\"" },
    { RULE("\"read\":\"duplicatePage\""), "", "\"http://other.example" CRATES "\"" },
    { RULE("\"read\":\"duplicatePage\""), "a=b%20c&$top=100",
      "\"http://other.example" CRATES "?a=b%20c&$top=100\"" },
    { RULE("\"read\":\"brokenNextLink\""), "$top=1",
      "\"http://other.example" CRATES "?$top=1&$skiptoken=broken\"" },
    { RULE("\"read\":\"brokenNextLink\""), "",
      "\"http://other.example" CRATES "?$skiptoken=broken\"" },
    { "{\"rules\":[]}", "$top=100", NULL },
};

static void test_links(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, ROOMY);

    for (int i = 0; i < 3; i++)
        make_crate("somewhere", arena);
    for (size_t i = 0; i < COUNT_OF(link_cases); i++) {
        const char *link = link_cases[i].link;
        struct slice body, member = SLICE_EMPTY;

        put_rules(link_cases[i].rules);
        CHECK(request(HTTP_GET, CRATES, link_cases[i].query, NULL, arena, &body) == 200, i);
        assert_true(!link || arena_printf(arena, &member, "\"@odata.nextLink\":%s", link));
        CHECK(says(body, link ? member.ptr : "\"@odata.context\""), i);
        CHECK(link || !says(body, "nextLink"), i);
    }
    no_rules();
    assert_int_equal(request(HTTP_GET, CRATES, "$skiptoken=broken", NULL, arena, NULL), 400);
    arena_destroy(arena);
}

/* --- policies -------------------------------------------------------------------------------- */

struct policy {
    const char *json;
    struct arena *arena;
};

static bool write_policy(void *context, struct store_session *session, struct error *err)
{
    const struct policy *policy = context;

    return service_health_put(session, &toy_model, service_default_tenant(), slice_of(policy->json),
                              policy->arena, err);
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

static void check_silence(size_t row, const char *path)
{
    const struct ask get = { .method = HTTP_GET, .path = path };
    const struct ask list = { .method = HTTP_GET, .path = ARTICLES, .query = "$count=true" };
    const struct ask update = { .method = HTTP_PATCH, .path = path, .body = "{\"stock\":1}" };
    const char *size = silence_cases[row].size;
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
        check_silence(i, path.ptr);
    }
    rig_ask(&rig, &crates, ROOMY, &answer); /* no type of silence */
    assert_int_equal(answer_field(&answer, SLICE("x-connectord-policy")).len, 0);
    answer_free(&answer);
    arena_destroy(arena);
}

/* The state of the past is that of the past contact by now. */
static void test_stale_policy(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, ROOMY);
    const struct ask create = { .method = HTTP_POST, .path = ARTICLES, .body = "{}" };
    struct answer answer;
    struct slice path, body;

    put_policy("{\"articles\":{\"on\":true}}");
    testbed_clock_set(testbed, CLOCK_UNIX_EPOCH_TICKS, true);
    rig_ask(&rig, &create, ROOMY, &answer);
    path = answer_field(&answer, SLICE("Location"));
    path = slice_sub(path, strlen("http://other.example"), path.len);
    assert_true(arena_copy(arena, path, &path));
    answer_free(&answer);

    put_rules(STALE("1h"));
    testbed_clock_set(testbed, CLOCK_UNIX_EPOCH_TICKS + 2 * HOUR_TICKS, true);
    assert_int_equal(
        request(HTTP_PATCH, path.ptr, "", "{\"madeAt\":\"1970-01-01T02:00:00Z\"}", arena, &body),
        200);
    assert_true(says(body, "\"small\""));
    request(HTTP_GET, path.ptr, "", NULL, arena, &body);
    assert_true(says(body, "\"medium\""));
    request(HTTP_GET, ARTICLES, "", NULL, arena, &body);
    assert_true(says(body, "\"medium\""));
    no_rules();
    request(HTTP_GET, path.ptr, "", NULL, arena, &body);
    assert_true(says(body, "\"small\""));

    /* gone by the contact that a stale read still sees, there by the one that counts */
    put_rules(STALE("1h"));
    testbed_clock_set(testbed, CLOCK_UNIX_EPOCH_TICKS + 721 * HOUR_TICKS, true);
    assert_int_equal(request(HTTP_GET, path.ptr, "", NULL, arena, NULL), 404);
    request(HTTP_GET, ARTICLES, "$count=true", NULL, arena, &body);
    assert_true(says(body, "\"@odata.count\":0,"));
    no_rules();
    assert_int_equal(request(HTTP_GET, path.ptr, "", NULL, arena, NULL), 200);
    arena_destroy(arena);
}

/* --- every allocation fails once ------------------------------------------------------------- */

#ifdef CONNECTORD_FAULTS
/* A page of the past that finds no memory is an error, or all of the past; an entity may be that of
 * the present. */
static void test_each_allocation_fails(void **state UNUSED)
{
    static const char *const queries[] = { "$top=2", "$count=true&$top=2" };
    struct arena *arena = arena_create(NULL, ROOMY);
    const char *paths[4];

    for (size_t i = 0; i < COUNT_OF(paths); i++)
        paths[i] = make_crate("before", arena);
    put_rules(STALE("1h"));
    make_crate("created", arena);
    move_crate(paths[0], "after", arena);
    request(HTTP_DELETE, paths[1], "", NULL, arena, NULL);
    for (size_t i = 0; i < COUNT_OF(queries) + 1; i++) {
        const struct ask ask = { .method = HTTP_GET,
                                 .path = i ? CRATES : paths[0],
                                 .query = i ? queries[i - 1] : "" };
        bool fired = true;

        for (uint64_t n = 0; fired; n++) {
            struct answer answer;
            const struct http_response *response = &answer.exchange.response;

            put_rules(STALE("1h"));
            arena_fail_after(n + 1);
            rig_ask(&rig, &ask, ROOMY, &answer);
            fired = arena_fault_fired();
            arena_fail_after(UINT64_MAX);
            /* without its fault, for want of memory, the present */
            bool faulted = answer_field(&answer, SLICE("x-connectord-fault")).len > 0;
            CHECK(response->status == 200 || (fired && response->status == 413) ||
                      (fired && response->status == 500),
                  n);
            CHECK(response->status != 200 || !faulted || i == 0 ||
                      answer_count(&answer, "\"after\"") == 0,
                  n);
            CHECK(fired || (faulted && answer_count(&answer, "\"after\"") == 0), n);
            answer_free(&answer);
        }
    }
    arena_destroy(arena);
}

/* A write that cannot be remembered is a write all the same. */
static void test_notes_without_memory(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, ROOMY);
    const char *crate = make_crate("before", arena);
    const struct ask update = { .method = HTTP_PATCH, .path = crate, .body = "{\"place\":\"x\"}" };
    bool fired = true;

    put_rules(STALE("1h"));
    for (uint64_t n = 0; fired; n++) {
        struct answer answer;

        arena_fail_after(n + 1);
        rig_ask(&rig, &update, ROOMY, &answer);
        fired = arena_fault_fired();
        arena_fail_after(UINT64_MAX);
        CHECK(fired || answer.exchange.response.status == 200, n);
        CHECK(answer.exchange.response.status != 200 || answer_count(&answer, "\"x\"") == 1, n);
        answer_free(&answer);
    }
    arena_destroy(arena);
}
#endif

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_rig, close_rig)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_one_by_one),
        TEST(test_window),
        TEST(test_walks),
        TEST(test_filters),
        TEST(test_whole_entity),
        TEST(test_links),
        TEST(test_policy),
        TEST(test_stale_policy),
#ifdef CONNECTORD_FAULTS
        TEST(test_each_allocation_fails),
        TEST(test_notes_without_memory),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
