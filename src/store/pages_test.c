/* store/pages_test.c - lists, page by page: their bounds and counts, and those that leave out what
 * is silent.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "store/store.h"

#include "edm/health.h"
#include "edm/toy_model.h"
#include "store/shop_test.h"

#define ALL edm_all_properties(&toy_article)

/* --- lists ------------------------------------------------------------------------------------ */

static const struct {
    size_t rows, page_size, pages;
} page_cases[] = {
    { 0, 10, 1 }, { 1, 10, 1 }, { 10, 10, 1 }, { 11, 10, 2 }, { 25, 10, 3 }, { 5, 1, 5 },
};

static void test_pages(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(page_cases); i++) {
        struct edm_query query = {
            .type = &toy_article, .select = ALL, .page_size = page_cases[i].page_size, .count = true
        };
        size_t rows = 0, pages = 0;
        struct edm_page page;
        struct shop shop;

        shop_open(&shop, true, NULL);
        for (size_t j = 0; j < page_cases[i].rows; j++)
            assert_true(shop_insert(&shop, shop_tenant, shop_article(&shop, SLICE("x")), NULL));
        assert_true(shop_insert(&shop, shop_other_tenant, shop_article(&shop, SLICE("y")), NULL));
        assert_true(store_read_begin(shop.reader, NULL));
        do {
            assert_true(
                store_entity_list(shop.reader, shop_tenant, &query, shop.arena, &page, NULL));
            CHECK(page.total_count == (int64_t)page_cases[i].rows, i);
            for (size_t j = 0; j < page.count; j++) {
                struct slice key = page.entities[j]->values[0].text;

                CHECK(slice_compare(query.after, key) < 0, i);
                query.after = key;
            }
            rows += page.count;
            pages++;
        } while (page.more);
        CHECK(rows == page_cases[i].rows, i);
        CHECK(pages == page_cases[i].pages, i);
        shop_close(&shop);
    }
}

static void test_empty_page(void **state UNUSED)
{
    struct edm_query query = { .type = &toy_article, .select = ALL };
    struct edm_page page;
    struct shop shop;

    shop_open(&shop, true, NULL);
    assert_true(shop_insert(&shop, shop_tenant, shop_article(&shop, SLICE("x")), NULL));
    assert_true(store_read_begin(shop.reader, NULL));
    assert_true(store_entity_list(shop.reader, shop_tenant, &query, shop.arena, &page, NULL));
    assert_true(page.count == 0 && !page.more && page.total_count == -1);
    shop_close(&shop);
}

/* A page ends behind the row that passes its bytes, and the next one goes on from there. */
static void test_page_bytes(void **state UNUSED)
{
    struct edm_query query = {
        .type = &toy_article, .select = ALL, .page_size = 10, .page_bytes = 1500
    };
    char title[1000];
    struct edm_page page;
    struct shop shop;

    memset(title, 'x', sizeof title);
    shop_open(&shop, true, NULL);
    for (size_t i = 0; i < 3; i++)
        assert_true(shop_insert(&shop, shop_tenant,
                                shop_article(&shop, (struct slice){ title, sizeof title }), NULL));
    assert_true(store_read_begin(shop.reader, NULL));
    assert_true(store_entity_list(shop.reader, shop_tenant, &query, shop.arena, &page, NULL));
    assert_true(page.count == 2 && page.more);
    query.after = page.entities[1]->values[0].text;
    assert_true(store_entity_list(shop.reader, shop_tenant, &query, shop.arena, &page, NULL));
    assert_true(page.count == 1 && !page.more);
    shop_close(&shop);
}

/* --- silence ---------------------------------------------------------------------------------- */

/* When article i was last counted, and whether it is gone by a view whose point is 1000; never:
 * when that view says so. */
static const struct {
    struct edm_value counted_at;
    bool gone, never;
} silence_cases[] = {
    { { .at = { 5000, 0 } }, false, false }, { { .at = { 1001, -60 } }, false, false },
    { { .at = { 1000, 60 } }, true, false }, { { .at = { 1, 0 } }, true, false },
    { { .at = { 0, 0 } }, false, true },     { { .at = { 0, 60 } }, false, true },
    { { .is_null = true }, false, true },    { { .at = { 999, 0 } }, true, false },
};

static bool is_gone(const struct edm_health_view *view, size_t which)
{
    if (silence_cases[which].never)
        return view->never_gone;
    return silence_cases[which].gone && view->gone_since_ticks > 0;
}

/* Pages of two through what is there or gone: every row that should, in order, and the count. */
static void check_silence(struct shop *shop, struct edm_query query, int64_t want)
{
    struct edm_page page;
    int64_t rows = 0;

    do {
        assert_true(store_entity_list(shop->reader, shop_tenant, &query, shop->arena, &page, NULL));
        assert_true(page.total_count == want);
        for (size_t i = 0; i < page.count; i++, rows++) {
            const struct edm_entity *article = page.entities[i];
            size_t which = (size_t)article->values[TOY_ARTICLE_STOCK].integer;

            assert_true(slice_compare(query.after, article->values[0].text) < 0);
            query.after = article->values[0].text;
            assert_true(!query.health || is_gone(query.health, which) == query.gone);
        }
    } while (page.more);
    assert_true(rows == want);
}

static void test_silence(void **state UNUSED)
{
    struct edm_health_view view = { .type = &toy_article,
                                    .contact = TOY_ARTICLE_COUNTED_AT,
                                    .state = TOY_ARTICLE_SIZE,
                                    .gone_since_ticks = 1000 };
    struct edm_query query = { .type = &toy_article, .select = ALL, .page_size = 2, .count = true };
    int64_t all = COUNT_OF(silence_cases), gone = 0, never = 0;
    struct shop shop;

    shop_open(&shop, true, NULL);
    for (size_t i = 0; i < COUNT_OF(silence_cases); i++) {
        struct edm_entity *article = shop_article(&shop, SLICE("x"));

        article->values[TOY_ARTICLE_COUNTED_AT] = silence_cases[i].counted_at;
        article->values[TOY_ARTICLE_STOCK].integer = (int64_t)i;
        gone += silence_cases[i].gone;
        never += silence_cases[i].never;
        assert_true(shop_insert(&shop, shop_tenant, article, NULL));
    }
    assert_true(store_read_begin(shop.reader, NULL));
    check_silence(&shop, query, all);
    query.health = &view;
    check_silence(&shop, query, all - gone);
    query.gone = true;
    check_silence(&shop, query, gone);
    view.never_gone = true;
    check_silence(&shop, query, gone + never);
    query.gone = false;
    check_silence(&shop, query, all - gone - never);
    view.gone_since_ticks = -1;
    check_silence(&shop, query, all - never);
    query.gone = true;
    view.never_gone = false; /* nobody ever is */
    check_silence(&shop, query, 0);
    query.gone = false;
    check_silence(&shop, query, all);
    query.health = NULL; /* another statement under the same type and properties */
    check_silence(&shop, query, all);
    shop_close(&shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pages),
        cmocka_unit_test(test_empty_page),
        cmocka_unit_test(test_page_bytes),
        cmocka_unit_test(test_silence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
