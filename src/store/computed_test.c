/* store/computed_test.c - a reader's properties: the SQL of some, and values by chance.
 *
 * The expressions by chance must come to what the model in plain C makes of them, for each article
 * of a list. How many lists there are is CONNECTORD_QUERIES in the environment, or some thousands.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "store/sql_computed.h"

#include <math.h>

#include "base/arena.h"
#include "edm/health.h"
#include "edm/toy_model.h"
#include "store/dialect.h"
#include "store/filter_model_test.h"
#include "store/shop_test.h"

#define PROPERTY(t, p)                                                                             \
    (&(const struct edm_filter){                                                                   \
        .kind = EDM_FILTER_PROPERTY, .type = EDM_FILTER_##t, .property = (p) })

/* --- texts ----------------------------------------------------------------------------------- */

static void test_text(void **state UNUSED)
{
    const struct edm_filter yes = { .kind = EDM_FILTER_LITERAL,
                                    .type = EDM_FILTER_BOOLEAN,
                                    .integer = 1 };
    const struct edm_computed computed[] = {
        { SLICE("title_of_it"), PROPERTY(STRING, TOY_ARTICLE_TITLE) },
        { SLICE("gone"), PROPERTY(BOOLEAN, TOY_ARTICLE_SOLD_OUT) },
        { SLICE("yes"), &yes },
        { SLICE("key"), PROPERTY(STRING, TOY_ARTICLE_ID) },
    };
    const struct edm_query query = { .type = &toy_article,
                                     .computed = computed,
                                     .computed_count = COUNT_OF(computed) };
    struct arena *arena = arena_create(NULL, 1 << 20);
    struct sql_computed written;

    assert_true(sql_computed_write(&dialect_sqlite, &query, arena, &written, NULL));
    assert_string_equal(slice_to_cstr(arena, written.statement),
                        "SELECT \"p_title\", (\"p_soldOut\" <> 0), (?3 <> 0), \"entity_article\".id"
                        " FROM \"entity_article\" WHERE tenant = ?1 AND id = ?2");
    assert_int_equal(written.values.count, 1);
    arena_destroy(arena);
}

/* Memory that ends anywhere is a refusal. */
static void test_no_memory(void **state UNUSED)
{
    const struct edm_computed computed = { SLICE("t"), PROPERTY(STRING, TOY_ARTICLE_TITLE) };
    const struct edm_query query = { .type = &toy_article,
                                     .computed = &computed,
                                     .computed_count = 1 };
    bool ok = false;

    for (size_t budget = 0; budget < 8192 && !ok; budget += 64) {
        struct arena *arena = arena_create(NULL, budget);
        struct sql_computed written;
        struct error err = { 0 };

        if (!arena)
            continue;
        ok = sql_computed_write(&dialect_sqlite, &query, arena, &written, &err);
        CHECK(ok || err.code == ERROR_TOO_LARGE, budget);
        arena_destroy(arena);
    }
    assert_true(ok);
}

/* --- values by chance ------------------------------------------------------------------------ */

#define ARTICLES   24
#define SEED       UINT64_C(20260310)
#define VALUES_MAX 4
#ifdef CONNECTORD_FAULTS
#define QUERIES 3000 /* a sanitizer watches */
#else
#define QUERIES 10000
#endif

static double number(const struct edm_order_value *value)
{
    return value->kind == EDM_ORDER_REAL ? value->real : (double)value->integer;
}

static bool is_same(const struct edm_order_value *a, const struct edm_order_value *b)
{
    bool a_is_number = a->kind == EDM_ORDER_INTEGER || a->kind == EDM_ORDER_REAL;
    bool b_is_number = b->kind == EDM_ORDER_INTEGER || b->kind == EDM_ORDER_REAL;

    if (a->kind == EDM_ORDER_INTEGER && b->kind == a->kind)
        return a->integer == b->integer;
    if (a_is_number && b_is_number)
        return number(a) == number(b) || fabs(number(a) - number(b)) <= 1e-9 * fabs(number(b));
    return a->kind == b->kind && (a->kind != EDM_ORDER_TEXT || slice_eq(a->text, b->text));
}

/* The expressions that an order by chance would have. */
static size_t make_computed(struct chance *chance, struct arena *arena,
                            struct edm_computed computed[VALUES_MAX])
{
    struct edm_order_key keys[VALUES_MAX];
    size_t count = 0;

    while (count == 0)
        count = model_order(chance, arena, keys, VALUES_MAX);
    for (size_t i = 0; i < count; i++)
        computed[i] = (struct edm_computed){ SLICE("x"), keys[i].expression };
    return count;
}

static void check_values(struct shop *shop, const struct edm_query *query,
                         struct edm_entity *const *articles, struct arena *arena, size_t index)
{
    struct edm_order_value values[ARTICLES * VALUES_MAX];
    struct error err = { 0 };
    size_t count;

    if (!store_entities_compute(shop->reader, shop_tenant, query, articles, ARTICLES, arena, values,
                                &count, &err))
        fail_msg("query %zu: %s", index, err.message);
    CHECK(count == ARTICLES, index);
    for (size_t i = 0; i < ARTICLES; i++) {
        for (size_t j = 0; j < query->computed_count; j++) {
            struct edm_order_value expected =
                model_value(query, query->computed[j].expression, articles[i], arena);

            CHECK(is_same(&values[i * query->computed_count + j], &expected), index);
        }
    }
}

static void test_values_by_chance(void **state UNUSED)
{
    const struct edm_health_view *const views[] = { NULL, NULL, &model_view };
    struct chance chance = { SEED };
    struct edm_entity *articles[ARTICLES];
    size_t count = shop_trial_count(QUERIES);
    struct shop shop;

    shop_open(&shop, true, NULL);
    shop_fill(&shop, model_article, &chance, articles, ARTICLES);
    assert_true(store_read_begin(shop.reader, NULL));
    for (size_t i = 0; i < count; i++) {
        struct arena *arena = arena_create(NULL, 64u << 20);
        struct edm_computed computed[VALUES_MAX];
        struct edm_query query = { .type = &toy_article,
                                   .now_ticks = INT64_C(638400000012345678),
                                   .computed = computed,
                                   .health = views[chance_below(&chance, COUNT_OF(views))],
                                   .later_members = chance_below(&chance, 2),
                                   .exact_strings = chance_below(&chance, 2) };

        query.computed_count = make_computed(&chance, arena, computed);
        check_values(&shop, &query, articles, arena, i);
        arena_destroy(arena);
    }
    shop_close(&shop);
}

/* --- odd ones -------------------------------------------------------------------------------- */

/* An article that is gone has nulls; a page ends with the row whose text is too much. */
static void test_rows(void **state UNUSED)
{
    const struct edm_computed computed = { SLICE("t"), PROPERTY(STRING, TOY_ARTICLE_TITLE) };
    struct edm_query query = { .type = &toy_article, .computed = &computed, .computed_count = 1 };
    struct edm_entity *articles[3];
    struct edm_order_value values[3];
    struct shop shop;
    size_t count;

    shop_open(&shop, true, NULL);
    for (size_t i = 0; i < 3; i++) {
        articles[i] = shop_article(&shop, SLICE("0123456789"));
        assert_true(shop_insert(&shop, shop_tenant, articles[i], NULL));
    }
    assert_true(shop_delete(&shop, shop_tenant, articles[1]->values[0].text, NULL));
    assert_true(store_read_begin(shop.reader, NULL));
    assert_true(store_entities_compute(shop.reader, shop_tenant, &query, articles, 3, shop.arena,
                                       values, &count, NULL));
    assert_int_equal(count, 3);
    assert_int_equal(values[0].kind, EDM_ORDER_TEXT);
    assert_int_equal(values[1].kind, EDM_ORDER_NULL);
    assert_int_equal(values[2].kind, EDM_ORDER_TEXT);
    query.page_bytes = edm_entity_text_bytes(articles[0]) + 9;
    assert_true(store_entities_compute(shop.reader, shop_tenant, &query, articles, 3, shop.arena,
                                       values, &count, NULL));
    assert_int_equal(count, 1);
    query.page_bytes++;
    assert_true(store_entities_compute(shop.reader, shop_tenant, &query, articles, 3, shop.arena,
                                       values, &count, NULL));
    assert_int_equal(count, 2);
    assert_true(store_entities_compute(shop.reader, shop_other_tenant, &query, articles, 1,
                                       shop.arena, values, &count, NULL));
    assert_int_equal(values[0].kind, EDM_ORDER_NULL); /* another's is none */
    shop_close(&shop);
}

/* What SQLite cannot nest is refused by the option's name, whether there are rows or not. */
static void test_too_deep(void **state UNUSED)
{
    struct edm_filter nodes[150];
    const struct edm_filter *arguments[150];
    const struct edm_computed computed = { SLICE("t"), &nodes[149] };
    const struct edm_query query = { .type = &toy_article,
                                     .computed = &computed,
                                     .computed_count = 1 };
    struct error err = { 0 };
    struct shop shop;
    size_t count;

    nodes[0] = *PROPERTY(INTEGER, TOY_ARTICLE_STOCK);
    for (size_t i = 1; i < COUNT_OF(nodes); i++) {
        arguments[i] = &nodes[i - 1];
        nodes[i] = (struct edm_filter){ .kind = EDM_FILTER_NEGATE,
                                        .type = EDM_FILTER_INTEGER,
                                        .arguments = &arguments[i],
                                        .count = 1 };
    }
    shop_open(&shop, true, NULL);
    assert_true(store_read_begin(shop.reader, NULL));
    assert_false(store_entities_compute(shop.reader, shop_tenant, &query, NULL, 0, shop.arena, NULL,
                                        &count, &err));
    assert_string_equal(err.target, "$compute");
    assert_string_equal(err.message,
                        "Invalid compute clause: The expression is nested too deeply.");
    shop_close(&shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_values_by_chance),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_too_deep),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
