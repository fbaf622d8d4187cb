/* server/order_pages_test.c - pages in an order: under a policy's clock, and of the past.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/text.h"
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

/* One page of `set`: its body is appended to `all`, its nextLink's query is *ret_next. */
static void get_page(const char *set, struct slice query, struct arena *arena, struct text *all,
                     struct slice *ret_next)
{
    const struct ask ask = { .method = HTTP_GET, .path = set, .query = query.ptr };
    struct answer answer;

    rig_ask(&rig, &ask, ROOMY, &answer);
    if (answer.exchange.response.status != 200)
        fail_msg("%.*s", SLICE_ARG(answer.exchange.response.body));
    text_append(all, answer.exchange.response.body);
    assert_true(arena_copy(arena, answer_next_query(&answer), ret_next));
    answer_free(&answer);
}

static size_t times(const struct text *all, const char *what)
{
    struct slice rest = text_slice(all);
    size_t count = 0;
    const char *at;

    while ((at = memmem(rest.ptr, rest.len, what, strlen(what))) != NULL) {
        rest = slice_sub(rest, (size_t)(at - rest.ptr) + 1, rest.len);
        count++;
    }
    return count;
}

/* --- the clock ------------------------------------------------------------------------------- */

static bool put_policy(void *context, struct store_session *session, struct error *err)
{
    return service_health_put(session, &toy_model, service_default_tenant(),
                              SLICE("{\"articles\":{\"on\":true}}"), testbed_now_ticks(testbed),
                              context, err);
}

#define MINUTE_TICKS (INT64_C(60) * CLOCK_TICKS_PER_SECOND)
#define ROWS         8

static void make_articles(struct arena *arena)
{
    struct slice body;

    for (unsigned i = 0; i < ROWS; i++) {
        assert_true(arena_printf(
            arena, &body, "{\"title\":\"<%u>\",\"madeAt\":\"1970-01-01T00:%02u:00Z\"}", i, i * 7));
        rig_make(&rig, ARTICLES, body.ptr, arena);
    }
}

/* While the pages are read time passes, and one article after the other is silent for an hour: it
 * would move from before the reader to behind him, or the other way. */
static void check_walk(const char *order)
{
    struct arena *arena = arena_create(NULL, (size_t)8 << 20);
    char mark[8];
    struct slice query;
    struct text all;

    text_init(&all, arena, 0, ROOMY);
    assert_true(arena_printf(arena, &query, "$top=1&$orderby=%s", order));
    testbed_clock_set(testbed, CLOCK_UNIX_EPOCH_TICKS + 70 * MINUTE_TICKS, true);
    for (int64_t page = 0; query.len; page++) {
        testbed_clock_set(testbed, CLOCK_UNIX_EPOCH_TICKS + (70 + 7 * page) * MINUTE_TICKS, true);
        get_page(ARTICLES, query, arena, &all, &query);
        assert_true(page < ROWS);
    }
    for (int i = 0; i < ROWS; i++) {
        snprintf(mark, sizeof mark, "\"<%d>\"", i);
        assert_int_equal(times(&all, mark), 1);
    }
    arena_destroy(arena);
}

static void test_clock(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, ROOMY);

    testbed_clock_set(testbed, CLOCK_UNIX_EPOCH_TICKS, true);
    assert_true(data_write(rig.store, put_policy, arena, NULL));
    make_articles(arena);
    check_walk("size");
    check_walk("size%20desc");
    check_walk("size%20desc,title%20desc");
    check_walk("madeAt%20lt%201970-01-01T00:30:00Z%20and%20size%20eq%20'medium',id%20desc");
    check_walk("now()%20sub%20madeAt%20gt%20duration'PT1H'");
    arena_destroy(arena);
}

/* --- the past -------------------------------------------------------------------------------- */

#define STALE                                                                                      \
    "{\"rules\":[{\"name\":\"r\",\"when\":{\"method\":\"GET\"},\"read\":\"stale\","                \
    "\"staleFor\":\"1h\"}]}"

static const char *make_crate(const char *place, struct arena *arena)
{
    struct slice body;

    assert_true(arena_printf(arena, &body, "{\"place\":\"%s\"}", place));
    return rig_make(&rig, CRATES, body.ptr, arena);
}

static void ask_without_answer(enum http_method method, const char *path, const char *body)
{
    const struct ask ask = { .method = method, .path = path, .body = body };
    struct answer answer;

    rig_ask(&rig, &ask, ROOMY, &answer);
    assert_true(answer.exchange.response.status < 300);
    answer_free(&answer);
}

static const struct {
    const char *query;
    const char *once[4]; /* of the others none is there */
} stale_cases[] = {
    { "$orderby=place", { "\"a\"", "\"b\"", "\"d\"" } },
    { "$orderby=place%20desc&$top=1", { "\"a\"", "\"b\"", "\"d\"" } },
    { "$orderby=place&$top=2", { "\"a\"", "\"b\"", "\"d\"" } },
    { "$skip=1&$top=1", { "\"b\"", "\"c\"", "\"d\"" } }, /* the second page is as any other */
    { "$filter=place%20ne%20'd'&$orderby=id%20desc&$top=1", { "\"a\"", "\"b\"" } },
};

/* Rows stand where they stand now, as they were then: what was made lately is not shown, what was
 * changed is as it was, and what was deleted is not put back where the store alone knows the order.
 */
static void test_past(void **state UNUSED)
{
    static const char *const marks[] = { "\"a\"", "\"b\"", "\"c\"", "\"d\"", "\"e\"", "\"z\"" };
    struct arena *arena = arena_create(NULL, ROOMY);
    const char *changed, *deleted;

    make_crate("a", arena);
    changed = make_crate("b", arena);
    deleted = make_crate("c", arena);
    make_crate("d", arena);
    rig_put_rules(testbed, STALE);
    ask_without_answer(HTTP_PATCH, changed, "{\"place\":\"z\"}");
    ask_without_answer(HTTP_DELETE, deleted, NULL);
    make_crate("e", arena);
    for (size_t i = 0; i < COUNT_OF(stale_cases); i++) {
        struct slice query = slice_of(stale_cases[i].query);
        struct text all;

        text_init(&all, arena, 0, ROOMY);
        while (query.len)
            get_page(CRATES, query, arena, &all, &query);
        for (size_t j = 0; j < COUNT_OF(marks); j++) {
            size_t want = 0;

            for (size_t k = 0; stale_cases[i].once[k]; k++)
                want += strcmp(stale_cases[i].once[k], marks[j]) == 0;
            CHECK(times(&all, marks[j]) == want, i);
        }
    }
    arena_destroy(arena);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_rig, close_rig)

int main(void)
{
    const struct CMUnitTest tests[] = { TEST(test_clock), TEST(test_past) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
