/* service/delta_test.c - rounds over a toy shop: what is shown, page by page, and when it ends.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "service/delta.h"

#include "base/arena.h"
#include "edm/filter.h"
#include "edm/toy_model.h"
#include "service/rig_test.h"
#include "service/sandbox.h"
#include "service/tenants.h"
#include "store/db_fault.h"
#include "store/store.h"

static const struct service_delta_place beginning;

static struct edm_query all_articles(size_t page_size)
{
    return (struct edm_query){ .type = &toy_article,
                               .select = edm_all_properties(&toy_article),
                               .page_size = page_size,
                               .now_ticks = RIG_NOW };
}

static void watch(struct rig *rig)
{
    rig_begin(rig);
    assert_true(service_delta_watch(rig->writer, rig_tenant, &toy_article, NULL));
    rig_keep(rig);
}

static struct service_delta_page page_at(struct rig *rig, const struct edm_query *query,
                                         const struct service_delta_place *place)
{
    struct service_delta_page page;
    struct store_session *session;
    struct error err = { 0 };

    assert_true(service_session_begin(rig->loop, &session, NULL));
    if (!service_delta_page(session, rig_tenant, query, place, rig->arena, &page, &err))
        fail_msg("%s", err.message);
    return page;
}

/* All pages of a round as "a b -c ?d": shown, deleted, left out; `/` between pages. */
static struct slice round_at(struct rig *rig, const struct edm_query *query,
                             struct service_delta_place *place)
{
    struct slice shown = SLICE("");
    bool more = true;

    for (int pages = 0; more; pages++) {
        struct service_delta_page page = page_at(rig, query, place);

        assert_false(page.expired);
        assert_true(pages < 100);
        for (size_t i = 0; i < page.count; i++) {
            const struct service_delta_item *item = &page.items[i];
            const char *sign = item->entity ? "" : item->deleted ? "-" : "?";

            assert_true(!item->entity || slice_eq(item->entity->values[0].text, item->id));
            assert_true(arena_printf(rig->arena, &shown, "%.*s%s%s%.*s", SLICE_ARG(shown),
                                     shown.len ? " " : "", sign, SLICE_ARG(item->id)));
        }
        more = page.more;
        *place = page.next;
        if (more)
            assert_true(arena_printf(rig->arena, &shown, "%.*s /", SLICE_ARG(shown)));
    }
    return shown;
}

static void check_round(struct rig *rig, const struct edm_query *query,
                        struct service_delta_place *place, const char *expected)
{
    struct slice shown = round_at(rig, query, place);

    if (!slice_eq(shown, slice_of(expected)))
        fail_msg("'%.*s' in place of '%s'", SLICE_ARG(shown), expected);
}

static void write_titles(struct rig *rig, const char *id, const char *title)
{
    struct edm_entity *article;

    rig_begin(rig);
    assert_true(store_entity_get(rig->writer, rig_tenant, &toy_article, slice_of(id),
                                 edm_all_properties(&toy_article), rig->arena, &article, NULL));
    article->values[TOY_ARTICLE_TITLE] = (struct edm_value){ .text = slice_of(title) };
    assert_true(store_entity_update(rig->writer, rig_tenant, article,
                                    UINT64_C(1) << TOY_ARTICLE_TITLE, NULL));
    rig_keep(rig);
}

static void delete_article(struct rig *rig, const char *id)
{
    rig_begin(rig);
    assert_true(store_entity_delete(rig->writer, rig_tenant, &toy_article, slice_of(id), NULL));
    rig_keep(rig);
}

static void test_rounds(void **state UNUSED)
{
    struct edm_query query = all_articles(2);
    struct service_delta_place place = beginning, again;
    struct rig rig;

    rig_open(&rig, NULL);
    rig_article(&rig, rig_tenant, "a", 0);
    rig_article(&rig, rig_tenant, "b", 0);
    rig_article(&rig, rig_other_tenant, "c", 0);
    watch(&rig);
    check_round(&rig, &query, &place, "a b");
    check_round(&rig, &query, &place, "");
    rig_article(&rig, rig_tenant, "d", 0);
    write_titles(&rig, "a", "x");
    delete_article(&rig, "b");
    again = place;
    check_round(&rig, &query, &place, "d a / -b");
    check_round(&rig, &query, &again, "d a / -b"); /* a token is good more than once */
    check_round(&rig, &query, &place, "");
    write_titles(&rig, "a", "y");
    delete_article(&rig, "a");
    rig_article(&rig, rig_tenant, "a", 0);
    check_round(&rig, &query, &place, "a");
    rig_close(&rig);
}

/* What is written behind the first page of the first round is the second round's. */
static void test_between_pages(void **state UNUSED)
{
    struct edm_query query = all_articles(1);
    struct service_delta_page page;
    struct service_delta_place place;
    struct rig rig;

    rig_open(&rig, NULL);
    rig_article(&rig, rig_tenant, "b", 0);
    rig_article(&rig, rig_tenant, "c", 0);
    watch(&rig);
    page = page_at(&rig, &query, &beginning);
    assert_true(page.more && page.count == 1);
    delete_article(&rig, "b");
    rig_article(&rig, rig_tenant, "a", 0);
    place = page.next;
    check_round(&rig, &query, &place, "c");
    check_round(&rig, &query, &place, "-b / a");
    place.until = 0;
    rig_close(&rig);
}

static void test_select_and_filter(void **state UNUSED)
{
    const struct edm_filter title = { .kind = EDM_FILTER_PROPERTY,
                                      .type = EDM_FILTER_STRING,
                                      .property = TOY_ARTICLE_TITLE };
    const struct edm_filter x = { .kind = EDM_FILTER_LITERAL,
                                  .type = EDM_FILTER_STRING,
                                  .text = SLICE("x") };
    const struct edm_filter *sides[] = { &title, &x };
    const struct edm_filter is_x = {
        .kind = EDM_FILTER_EQ, .type = EDM_FILTER_BOOLEAN, .arguments = sides, .count = 2
    };
    struct edm_query filtered = all_articles(9), selected = all_articles(9);
    struct service_delta_place one = beginning, two = beginning;
    struct rig rig;

    filtered.filter = &is_x;
    filtered.select = UINT64_C(1) << TOY_ARTICLE_MADE_AT;
    filtered.select_given = true;
    selected.select = UINT64_C(1) << TOY_ARTICLE_MADE_AT;
    selected.select_given = true;
    rig_open(&rig, NULL);
    rig_article(&rig, rig_tenant, "a", 0);
    rig_article(&rig, rig_tenant, "b", 0);
    write_titles(&rig, "a", "x");
    watch(&rig);
    check_round(&rig, &filtered, &one, "a");
    check_round(&rig, &selected, &two, "a b");
    write_titles(&rig, "a", "y");
    write_titles(&rig, "b", "x");
    check_round(&rig, &filtered, &one, "?a b");
    check_round(&rig, &selected, &two, "");
    delete_article(&rig, "b");
    check_round(&rig, &filtered, &one, "-b");
    check_round(&rig, &selected, &two, "-b");
    rig_close(&rig);
}

/* What a round of one page says is news, item by item. */
static void check_news(struct rig *rig, const struct edm_query *query,
                       struct service_delta_place *place, const uint64_t *expected, size_t count)
{
    struct service_delta_page page = page_at(rig, query, place);

    assert_false(page.more);
    assert_int_equal(page.count, count);
    for (size_t i = 0; i < count; i++)
        CHECK(page.items[i].news == expected[i], i);
    *place = page.next;
}

/* Whoever keeps what it has needs what was written, and all of what it may not have. */
static void test_news(void **state UNUSED)
{
    const uint64_t title = UINT64_C(1) << TOY_ARTICLE_TITLE, all = UINT64_MAX;
    const struct edm_filter now = { .kind = EDM_FILTER_NOW, .type = EDM_FILTER_DATE_TIME };
    const struct edm_filter never = { .kind = EDM_FILTER_LITERAL, .type = EDM_FILTER_DATE_TIME };
    const struct edm_filter *times[] = { &never, &now }, *texts[2];
    const struct edm_filter by_clock = {
        .kind = EDM_FILTER_LE, .type = EDM_FILTER_BOOLEAN, .arguments = times, .count = 2
    };
    const struct edm_filter code = { .kind = EDM_FILTER_PROPERTY,
                                     .type = EDM_FILTER_STRING,
                                     .property = TOY_ARTICLE_CODE };
    const struct edm_filter of_title = { .kind = EDM_FILTER_PROPERTY,
                                         .type = EDM_FILTER_STRING,
                                         .property = TOY_ARTICLE_TITLE };
    const struct edm_filter by_text = {
        .kind = EDM_FILTER_EQ, .type = EDM_FILTER_BOOLEAN, .arguments = texts, .count = 2
    };
    struct edm_query plain = all_articles(9), clocked = plain, filtered = plain;
    struct service_delta_place one = beginning, two = beginning, three = beginning;
    struct rig rig;

    texts[0] = texts[1] = &code;
    clocked.filter = &by_clock;
    filtered.filter = &by_text;
    rig_open(&rig, NULL);
    rig_article(&rig, rig_tenant, "a", 0);
    watch(&rig);
    check_news(&rig, &plain, &one, &all, 1);
    check_news(&rig, &clocked, &two, &all, 1);
    check_news(&rig, &filtered, &three, &all, 1);
    write_titles(&rig, "a", "x");
    check_news(&rig, &plain, &one, &title, 1);
    check_news(&rig, &clocked, &two, &all, 1);
    check_news(&rig, &filtered, &three, &title, 1);
    delete_article(&rig, "a");
    rig_article(&rig, rig_tenant, "a", 0);
    write_titles(&rig, "a", "y");
    check_news(&rig, &plain, &one, &all, 1);
    texts[0] = texts[1] = &of_title;
    write_titles(&rig, "a", "z");
    check_news(&rig, &filtered, &three, &all, 1);
    rig_close(&rig);
}

/* Who sees the log later gets what was written lately in a later round. */
static void test_lag(void **state UNUSED)
{
    struct edm_query query = all_articles(9);
    struct service_delta_place place = beginning, late;
    struct service_delta_page page;
    struct rig rig;

    rig_open(&rig, NULL);
    rig_article(&rig, rig_tenant, "a", 0);
    watch(&rig);
    check_round(&rig, &query, &place, "a");
    write_titles(&rig, "a", "x");
    late = place;
    late.lag_ms = 3600 * 1000;
    page = page_at(&rig, &query, &late);
    assert_true(page.lags && page.count == 0 && !page.more);
    assert_int_equal(page.next.lag_ms, 0);
    place = page.next;
    check_round(&rig, &query, &place, "a");
    late = beginning;
    late.lag_ms = 3600 * 1000;
    page = page_at(&rig, &query, &late);
    assert_true(!page.lags && page.count == 1);
    place = page.next;
    check_round(&rig, &query, &place, "a");
    place.lag_ms = 3600 * 1000;
    page = page_at(&rig, &query, &place);
    assert_false(page.lags);
    rig_close(&rig);
}

/* A page that looked at thousands of rows in vain leads on. */
static void test_nothing_of_interest(void **state UNUSED)
{
    struct edm_query query = all_articles(5);
    struct service_delta_place place = beginning;
    struct service_delta_page page;
    char ids[9000][8];
    size_t pages = 0;
    struct rig rig;

    query.select = UINT64_C(1) << TOY_ARTICLE_MADE_AT;
    query.select_given = true;
    rig_open(&rig, NULL);
    for (size_t i = 0; i < COUNT_OF(ids); i++) {
        (void)snprintf(ids[i], sizeof ids[i], "%06zu", i);
        rig_article(&rig, rig_tenant, ids[i], 0);
    }
    watch(&rig);
    place = (struct service_delta_place){ .follows = true };
    check_round(&rig, &query, &place, "");
    for (size_t i = 0; i < COUNT_OF(ids); i++)
        write_titles(&rig, ids[i], "x");
    delete_article(&rig, ids[9]);
    do {
        page = page_at(&rig, &query, &place);
        place = page.next;
        assert_true(page.count == 0 || !page.more);
        pages++;
    } while (page.more);
    assert_int_equal(page.count, 1);
    assert_true(pages > 1 && pages < 10);
    rig_close(&rig);
}

static void test_page_bytes(void **state UNUSED)
{
    struct edm_query query = all_articles(100);
    struct service_delta_place place;
    struct rig rig;

    query.page_bytes = 1500;
    rig_open(&rig, NULL);
    rig_article(&rig, rig_tenant, "a", 0);
    rig_article(&rig, rig_tenant, "b", 0);
    rig_article(&rig, rig_tenant, "c", 0);
    watch(&rig);
    place = (struct service_delta_place){ .follows = true };
    check_round(&rig, &query, &place, "");
    for (const char *id = "abc"; *id; id++) {
        char name[2] = { *id, 0 }, title[1001];

        memset(title, 'x', sizeof title - 1);
        title[sizeof title - 1] = 0;
        write_titles(&rig, name, title);
    }
    check_round(&rig, &query, &place, "a b / c");
    rig_close(&rig);
}

static void test_expires(void **state UNUSED)
{
    struct edm_query query = all_articles(9);
    struct service_delta_place place = beginning;
    struct changes_excess *excess;
    struct store_session *session;
    size_t count;
    struct rig rig;
    bool more;

    rig_open(&rig, NULL);
    assert_true(page_at(&rig, &query, &(struct service_delta_place){ .since = 1 }).expired);
    watch(&rig);
    check_round(&rig, &query, &place, "");
    rig_article(&rig, rig_tenant, "a", 0);
    rig_article(&rig, rig_tenant, "b", 0);
    assert_false(page_at(&rig, &query, &place).expired);
    assert_true(service_session_begin(rig.loop, &session, NULL));
    assert_true(
        service_delta_find_excess(session, INT64_C(1) << 40, 1, rig.arena, &excess, &count, NULL));
    assert_int_equal(count, 1);
    rig_begin(&rig);
    assert_true(service_delta_trim(rig.writer, excess, 0, &more, NULL));
    rig_keep(&rig);
    assert_false(more);
    assert_true(page_at(&rig, &query, &place).expired);
    place = beginning;
    check_round(&rig, &query, &place, "a b");
    rig_article(&rig, rig_tenant, "c", 0);
    check_round(&rig, &query, &place, "c");
    rig_close(&rig);
}

/* A reset is told; the end of a sandbox leaves nothing behind. */
static void test_reset_and_end(void **state UNUSED)
{
    const struct sandbox_request request = { .tenant = { { 0x44 } },
                                             .name = SLICE("x"),
                                             .sandboxes_max = 9,
                                             .expires_unix_ms = INT64_MAX - 1 };
    struct edm_query query = all_articles(9);
    struct service_delta_place place = beginning;
    struct service_delta_page page;
    size_t count;
    struct rig rig;

    rig_open(&rig, NULL);
    rig_article(&rig, rig_tenant, "a", 0);
    rig_article(&rig, rig_tenant, "b", 0);
    watch(&rig);
    check_round(&rig, &query, &place, "a b");
    rig_begin(&rig);
    assert_true(service_reset(rig.writer, &toy_model, rig_tenant, SLICE_EMPTY, false, RIG_NOW,
                              rig.arena, &count, NULL));
    rig_keep(&rig);
    check_round(&rig, &query, &place, "-a -b");
    rig_begin(&rig);
    assert_true(service_sandbox_create(rig.writer, &toy_model, &request, rig.arena, &count, NULL));
    assert_true(service_delta_watch(rig.writer, request.tenant, &toy_article, NULL));
    assert_true(service_sandbox_delete(rig.writer, &toy_model, request.tenant, rig.arena, NULL));
    assert_true(
        service_delta_page(rig.writer, request.tenant, &query, &beginning, rig.arena, &page, NULL));
    rig_keep(&rig);
    assert_true(page.expired);
    rig_close(&rig);
}

/* A watch and a logged write; both or none. */
static bool run_writes(struct rig *rig, struct error *err)
{
    struct edm_entity *article = edm_entity_create(&toy_article, rig->arena);
    int64_t count;

    return edm_entity_fill_defaults(&toy_model, article, rig->arena, err) &&
           service_delta_watch(rig->writer, rig_tenant, &toy_article, err) &&
           store_entity_insert(rig->writer, rig_tenant, article, rig->arena, err) &&
           store_entity_delete_all(rig->writer, rig_tenant, &toy_article, &count, err);
}

/* The n-th call of the driver fails: then so does the write, and what is left is nothing or all. */
static void test_failures(void **state UNUSED)
{
    struct edm_query query = all_articles(9);
    const struct service_delta_place now = { .follows = true };
    uint64_t n = 1;
    bool fired;

    do {
        struct db_fault_plan plan = { .fail_at = 0 };
        struct service_delta_page page;
        struct error err = { 0 };
        struct rig rig;
        bool ok;

        rig_open(&rig, &plan);
        rig_begin(&rig);
        plan = (struct db_fault_plan){ .kinds = DB_FAULT_ALL & ~DB_FAULT_COMMIT,
                                       .fail_at = n,
                                       .status = DB_OTHER };
        ok = run_writes(&rig, &err) &&
             service_delta_page(rig.writer, rig_tenant, &query, &now, rig.arena, &page, &err);
        plan.kinds = 0;
        fired = plan.fired;
        CHECK(ok == !fired && (ok || err.code != ERROR_NONE), n);
        if (ok)
            rig_keep(&rig);
        else
            rig_undo(&rig);
        page = page_at(&rig, &query, &beginning);
        CHECK(page.expired == !ok, n);
        rig_close(&rig);
        n++;
    } while (fired);
    assert_true(n > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rounds),
        cmocka_unit_test(test_between_pages),
        cmocka_unit_test(test_select_and_filter),
        cmocka_unit_test(test_news),
        cmocka_unit_test(test_lag),
        cmocka_unit_test(test_nothing_of_interest),
        cmocka_unit_test(test_page_bytes),
        cmocka_unit_test(test_expires),
        cmocka_unit_test(test_reset_and_end),
        cmocka_unit_test(test_failures),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
