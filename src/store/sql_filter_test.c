/* store/sql_filter_test.c - conditions as SQL: the text of some, and the meaning of thousands.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "store/sql_filter.h"

#include "base/arena.h"
#include "edm/health.h"
#include "edm/toy_model.h"
#include "store/dialect.h"
#include "store/filter_model_test.h"
#include "store/shop_test.h"

/* --- by chance: what SQLite answers is what the model does ------------------------------------ */

#define ARTICLES 24
#define SEED     UINT64_C(20240101)
#ifdef CONNECTORD_FAULTS
#define QUERIES 3000 /* a sanitizer watches */
#else
#define QUERIES 40000
#endif

static const struct edm_health_view view = {
    .type = &toy_article,
    .contact = TOY_ARTICLE_COUNTED_AT,
    .state = TOY_ARTICLE_FINISH,
    .healthy = 1,
    .points = { { 1, 7 }, { INT64_C(621355968000000000), -5 }, { INT64_C(638422559999999999), 0 } },
    .point_count = 3,
    .gone_since_ticks = 1,
};

static void fill_shop(struct shop *shop, struct chance *chance, struct edm_entity **articles)
{
    assert_true(store_begin(shop->writer, NULL));
    assert_true(store_operation_begin(shop->writer, NULL));
    for (size_t i = 0; i < ARTICLES; i++) {
        articles[i] = model_article(chance, shop->arena);
        assert_true(store_entity_insert(shop->writer, shop_tenant, articles[i], shop->arena, NULL));
    }
    assert_true(store_operation_keep(shop->writer, NULL));
    assert_true(store_commit(shop->writer, NULL));
}

static bool is_gone(const struct edm_entity *article)
{
    const struct edm_value *contact = &article->values[view.contact];

    return !contact->is_null && contact->at.ticks && contact->at.ticks <= view.gone_since_ticks;
}

static bool is_expected(const struct edm_query *query, const struct edm_entity *article,
                        struct arena *arena)
{
    return (!query->health || is_gone(article) == query->gone) &&
           model_is_true(query, article, arena);
}

static void check_query(struct shop *shop, const struct edm_query *query,
                        struct edm_entity *const *articles, size_t index)
{
    struct arena *arena = arena_create(NULL, 64u << 20);
    struct sql_filter written;
    struct error err = { 0 };
    struct edm_page page;
    size_t found = 0;

    assert_true(sql_filter_write(&dialect_sqlite, query, 1, arena, &written, &err));
    if (!store_entity_list(shop->reader, shop_tenant, query, arena, &page, &err))
        fail_msg("query %zu: %s: %.*s", index, err.message, SLICE_ARG(written.condition));
    for (size_t i = 0; i < ARTICLES; i++) {
        bool expected = is_expected(query, articles[i], arena);
        bool there = found < page.count &&
                     slice_eq(page.entities[found]->values[0].text, articles[i]->values[0].text);

        found += there;
        if (there != expected)
            fail_msg("query %zu, article %zu: %d: %.*s", index, i, there,
                     SLICE_ARG(written.condition));
    }
    assert_true(found == page.count && page.total_count == (int64_t)found);
    arena_destroy(arena);
}

static void test_by_chance(void **state UNUSED)
{
    struct edm_query query = { .type = &toy_article,
                               .select = 1,
                               .page_size = ARTICLES,
                               .now_ticks = INT64_C(638400000012345678),
                               .count = true };
    struct chance chance = { SEED };
    struct edm_entity *articles[ARTICLES];
    struct shop shop;

    shop_open(&shop, true, NULL);
    fill_shop(&shop, &chance, articles);
    assert_true(store_read_begin(shop.reader, NULL));
    for (size_t i = 0; i < QUERIES; i++) {
        struct arena *arena = arena_create(NULL, 64u << 20);

        query.filter = model_filter(&chance, arena);
        query.health = chance_below(&chance, 2) ? &view : NULL;
        query.gone = chance_below(&chance, 8) == 0;
        check_query(&shop, &query, articles, i);
        arena_destroy(arena);
    }
    shop_close(&shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_chance),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
