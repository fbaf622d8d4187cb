/* server/stale_test.c - reads that are wrong on demand: of the past, in circles, into nowhere.
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
#include "base/repeatable.h"
#include "base/text.h"
#include "server/handlers_rig_test.h"
#include "json/writer.h"

#define KEYS_MAX 40

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

/* --- requests -------------------------------------------------------------------------------- */

static int request(enum http_method method, const char *path, const char *query, const char *body,
                   struct arena *arena, struct slice *ret_body)
{
    return rig_request(&rig, method, path, query, body, arena, ret_body);
}

/* The path of a new crate that stands at `place`. */
static const char *make_crate(const char *place, struct arena *arena)
{
    struct slice body;

    assert_true(arena_printf(arena, &body, "{\"place\":\"%s\"}", place));
    return rig_make(&rig, CRATES, body.ptr, arena);
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

    rig_put_rules(testbed, STALE("1h"));
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

    rig_no_rules(testbed);
    assert_int_equal(request(HTTP_GET, changed, "", NULL, arena, &body), 200);
    assert_true(says(body, "\"twice\""));
    assert_int_equal(request(HTTP_GET, deleted, "", NULL, arena, NULL), 404);
    assert_int_equal(request(HTTP_GET, created, "", NULL, arena, NULL), 200);
    arena_destroy(arena);
}

/* The window is real time: what is older is seen. */
/* Whether the answer says that the rule fired. */
static bool is_faulted(const char *path, const char *query)
{
    const struct ask ask = { .method = HTTP_GET, .path = path, .query = query };
    struct answer answer;

    rig_ask(&rig, &ask, ROOMY, &answer);
    bool faulted = answer_field(&answer, SLICE("x-connectord-fault")).len > 0;
    answer_free(&answer);
    return faulted;
}

static void check_fired(unsigned matched, unsigned fired)
{
    struct arena *arena = arena_create(NULL, ROOMY);
    struct json_writer writer;
    struct slice want;
    struct text text;

    text_init(&text, arena, 0, ROOMY);
    json_writer_init(&writer, &text);
    assert_true(faults_write(testbed_faults(testbed), arena, &writer));
    assert_true(arena_printf(arena, &want, "\"matched\":%u,\"fired\":%u}]}", matched, fired));
    if (!slice_ends_with(text_slice(&text), want))
        fail_msg("%.*s", SLICE_ARG(text_slice(&text)));
    arena_destroy(arena);
}

/* A read that hid nothing is no fault: not in its answer, its rule's counts, the journal. */
static void test_nothing_to_hide(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, ROOMY);
    const char *old = make_crate("old", arena), *gone;
    const struct journal_filter faulted = { .faulted = JOURNAL_YES };

    rig_put_rules(testbed, STALE("1h"));
    journal_clear(testbed_journal(testbed));
    assert_false(is_faulted(old, ""));
    assert_false(is_faulted(CRATES, ""));
    assert_false(is_faulted(CRATES, "$count=true"));
    assert_false(is_faulted(CRATES, "$nonsense"));
    check_fired(4, 0);
    gone = make_crate("gone", arena);
    assert_true(is_faulted(gone, ""));
    assert_true(is_faulted(CRATES, "$count=true&$top=0"));
    assert_false(is_faulted(old, ""));
    assert_int_equal(request(HTTP_DELETE, gone, "", NULL, arena, NULL), 204);
    /* it was not there then, and is not now */
    assert_false(is_faulted(gone, ""));
    assert_false(is_faulted(CRATES, "$count=true"));
    assert_int_equal(move_crate(old, "moved", arena), 200);
    assert_true(is_faulted(old, ""));
    assert_true(is_faulted(CRATES, ""));
    check_fired(11, 4);
    assert_int_equal(journal_count(testbed_journal(testbed), &faulted), 4);
    /* what else the rule does is done all the same */
    rig_put_rules(testbed, RULE("\"read\":\"stale\",\"connection\":\"truncate\""));
    assert_true(is_faulted(CRATES "('x')", ""));
    check_fired(1, 1);
    rig_no_rules(testbed);
    arena_destroy(arena);
}

static void test_window(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, ROOMY);
    const char *crate = make_crate("before", arena);
    uint64_t began_ms;
    struct slice body;

    rig_put_rules(testbed, STALE("200ms"));
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

        rig_put_rules(testbed, STALE("1h"));
        for (unsigned n = (unsigned)rand_r(&seed) % 12; n > 0; n--)
            write_something(paths, &count, &seed, keys);
        for (size_t i = 0; i < COUNT_OF(tops); i++)
            CHECK(slice_eq(walk(tops[i], arena), before), round);
        check_count(before, arena, round);
        rig_no_rules(testbed);
        past_clear(testbed_past(testbed));
        arena_destroy(arena);
    }
    arena_destroy(keys);
}

/* A page ends by its bytes, whatever of it is of the past, and every row is there once. */
static void test_pages_end_by_bytes(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, (size_t)8 << 20);
    const char *paths[30];
    char place[601] = { 0 };
    size_t page_bytes = rig.api.page_bytes;

    memset(place, 'p', sizeof place - 1);
    for (size_t i = 0; i < COUNT_OF(paths); i++)
        paths[i] = make_crate(place, arena);
    struct slice before = walk(100, arena);

    rig_put_rules(testbed, STALE("1h"));
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        if (i % 3 == 0)
            request(HTTP_DELETE, paths[i], "", NULL, arena, NULL);
        else
            move_crate(paths[i], "short", arena);
        if (i % 5 == 0)
            make_crate("created", arena);
    }
    for (rig.api.page_bytes = 500; rig.api.page_bytes < 40000; rig.api.page_bytes *= 3) {
        struct slice page, rest;

        assert_int_equal(request(HTTP_GET, CRATES, "$top=100", NULL, arena, &page), 200);
        rest = rows_of(page);
        size_t rows = 0;
        for (size_t at = 0; at + 5 < rest.len; at++)
            rows += (size_t)(memcmp(rest.ptr + at, "\"id\":", 5) == 0);
        assert_true(rows <= rig.api.page_bytes / 600 + 1);
        assert_true(slice_eq(walk(100, arena), before));
        assert_true(slice_eq(walk(2, arena), before));
        check_count(before, arena, rig.api.page_bytes);
    }
    rig.api.page_bytes = page_bytes;
    arena_destroy(arena);
}

/* A server that repeats itself goes by the tenant's clock. */
static void test_standing_clock(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, ROOMY);
    struct repeatable *repeatable = repeatable_create(SLICE("stale"));
    int64_t noon = testbed_now_ticks(testbed);
    const char *crate = make_crate("before", arena);
    struct slice body;

    rig.api.repeatable = repeatable;
    testbed_clock_set(testbed, noon, true);
    rig_put_rules(testbed, STALE("20ms"));
    assert_int_equal(move_crate(crate, "after", arena), 200);
    for (uint64_t began_ms = clock_monotonic_ms(); clock_monotonic_ms() - began_ms < 40;)
        request(HTTP_GET, crate, "", NULL, arena, NULL);
    request(HTTP_GET, crate, "", NULL, arena, &body);
    assert_true(says(body, "\"before\""));
    testbed_clock_set(testbed, noon + CLOCK_TICKS_PER_SECOND / 50, true);
    request(HTTP_GET, crate, "", NULL, arena, &body);
    assert_true(says(body, "\"after\""));

    rig_put_rules(testbed, "{\"rules\":[{\"when\":{\"limit\":{\"requests\":1,\"per\":\"20ms\"}},"
                           "\"answer\":{\"status\":429}}]}");
    assert_int_equal(request(HTTP_GET, crate, "", NULL, arena, NULL), 200);
    for (uint64_t began_ms = clock_monotonic_ms(); clock_monotonic_ms() - began_ms < 40;)
        assert_int_equal(request(HTTP_GET, crate, "", NULL, arena, NULL), 429);
    testbed_clock_set(testbed, noon + CLOCK_TICKS_PER_SECOND, true);
    assert_int_equal(request(HTTP_GET, crate, "", NULL, arena, NULL), 200);
    assert_int_equal(request(HTTP_GET, crate, "", NULL, arena, NULL), 429);
    testbed_clock_set(testbed, noon - 3600 * CLOCK_TICKS_PER_SECOND, true); /* put back */
    assert_int_equal(request(HTTP_GET, crate, "", NULL, arena, NULL), 200);
    testbed_clock_resume(testbed);
    rig.api.repeatable = NULL;
    repeatable_destroy(repeatable);
    arena_destroy(arena);
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
    rig_put_rules(testbed, STALE("1h"));
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
    const char *path = rig_make(&rig, ARTICLES, article, arena);
    struct slice action, before, after;

    request(HTTP_GET, path, "", NULL, arena, &before);

    rig_put_rules(testbed, STALE("1h"));
    assert_true(arena_printf(arena, &action, "%s/restock", path));
    assert_int_equal(request(HTTP_POST, action.ptr, "", "{\"amount\":1}", arena, NULL), 204);
    assert_int_equal(request(HTTP_PATCH, path, "", "{\"title\":null,\"labels\":[]}", arena, NULL),
                     200);
    request(HTTP_GET, path, "", NULL, arena, &after);
    assert_true(slice_eq(before, after));
    rig_no_rules(testbed);
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

        rig_put_rules(testbed, link_cases[i].rules);
        CHECK(request(HTTP_GET, CRATES, link_cases[i].query, NULL, arena, &body) == 200, i);
        assert_true(!link || arena_printf(arena, &member, "\"@odata.nextLink\":%s", link));
        CHECK(says(body, link ? member.ptr : "\"@odata.context\""), i);
        CHECK(link || !says(body, "nextLink"), i);
    }
    rig_no_rules(testbed);
    assert_int_equal(request(HTTP_GET, CRATES, "$skiptoken=broken", NULL, arena, NULL), 400);
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
    rig_put_rules(testbed, STALE("1h"));
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

            rig_put_rules(testbed, STALE("1h"));
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

    rig_put_rules(testbed, STALE("1h"));
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
        TEST(test_nothing_to_hide),
        TEST(test_window),
        TEST(test_walks),
        TEST(test_pages_end_by_bytes),
        TEST(test_standing_clock),
        TEST(test_filters),
        TEST(test_whole_entity),
        TEST(test_links),
#ifdef CONNECTORD_FAULTS
        TEST(test_each_allocation_fails),
        TEST(test_notes_without_memory),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
