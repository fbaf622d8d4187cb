/* store/apply_test.c - groups: the SQL of some, and many by chance.
 *
 * The groupings by chance (properties to group by, expressions and methods, a filter before) must
 * be what putting the articles into heaps by hand makes of them. How many there are is
 * CONNECTORD_QUERIES in the environment, or some thousands.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "store/sql_apply.h"

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

static void test_texts(void **state UNUSED)
{
    const struct edm_filter *keys[] = { PROPERTY(STRING, TOY_ARTICLE_TITLE) };
    const struct edm_filter *again[] = { PROPERTY(INTEGER, 1) };
    const struct edm_column columns[] = { { SLICE("title"), EDM_FILTER_STRING, NULL },
                                          { SLICE("total"), EDM_FILTER_INTEGER, NULL },
                                          { SLICE("n"), EDM_FILTER_INTEGER, NULL } };
    const struct edm_aggregate aggregates[] = {
        { EDM_AGGREGATE_SUM, PROPERTY(INTEGER, TOY_ARTICLE_GRAMS) },
        { EDM_AGGREGATE_COUNT, NULL },
    };
    const struct edm_filter *of_having[] = { PROPERTY(INTEGER, 2), PROPERTY(INTEGER, 1) };
    const struct edm_filter having = {
        .kind = EDM_FILTER_LT, .type = EDM_FILTER_BOOLEAN, .arguments = of_having, .count = 2
    };
    const struct edm_grouping groupings[] = {
        { keys, 1, aggregates, 2, { columns, 3 }, &having },
        { again, 1, NULL, 0, { &columns[1], 1 }, NULL },
    };
    const struct edm_apply once = { groupings, 1 }, twice = { groupings, 2 };
    const struct edm_query query = { .type = &toy_article,
                                     .filter = PROPERTY(BOOLEAN, TOY_ARTICLE_SOLD_OUT) };
    const struct sql_rows rows = { .presence = SQL_WHEREVER };
    struct arena *arena = arena_create(NULL, 1 << 20);
    struct sql_apply written;

    assert_true(sql_apply_write(&dialect_sqlite, &query, &once, &rows, 2, arena, &written, NULL));
    assert_string_equal(
        slice_to_cstr(arena, written.groups),
        "SELECT * FROM (SELECT \"p_title\" AS g1_0, edm_sum(\"p_grams\") AS g1_1, count(*) AS g1_2"
        " FROM \"entity_article\" WHERE tenant = ?1 AND (\"p_soldOut\" <> 0) GROUP BY 1) AS r"
        " WHERE coalesce(g1_2 < g1_1, FALSE)");
    assert_true(slice_eq(written.order, SLICE(" ORDER BY lower(g1_0) NULLS FIRST, g1_0")));
    assert_true(sql_apply_write(&dialect_sqlite, &query, &twice, &rows, 2, arena, &written, NULL));
    assert_string_equal(
        slice_to_cstr(arena, written.groups),
        "SELECT * FROM (SELECT g1_1 AS g2_0 FROM (SELECT \"p_title\" AS g1_0, edm_sum(\"p_grams\")"
        " AS g1_1, count(*) AS g1_2 FROM \"entity_article\" WHERE tenant = ?1 AND (\"p_soldOut\" <>"
        " 0) GROUP BY 1) AS r WHERE coalesce(g1_2 < g1_1, FALSE) GROUP BY 1) AS r");
    assert_true(slice_eq(written.order, SLICE(" ORDER BY g2_0 NULLS FIRST")));
    arena_destroy(arena);
}

/* Memory that ends anywhere is a refusal. */
static void test_no_memory(void **state UNUSED)
{
    const struct edm_filter *keys[] = { PROPERTY(STRING, TOY_ARTICLE_TITLE) };
    const struct edm_column column = { SLICE("title"), EDM_FILTER_STRING, NULL };
    const struct edm_grouping grouping = { keys, 1, NULL, 0, { &column, 1 }, NULL };
    const struct edm_apply apply = { &grouping, 1 };
    const struct edm_query query = { .type = &toy_article };
    const struct sql_rows rows = { .presence = SQL_WHEREVER };
    bool ok = false;

    for (size_t budget = 0; budget < 8192 && !ok; budget += 64) {
        struct arena *arena = arena_create(NULL, budget);
        struct sql_apply written;
        struct error err = { 0 };

        if (!arena)
            continue;
        ok = sql_apply_write(&dialect_sqlite, &query, &apply, &rows, 2, arena, &written, &err);
        CHECK(ok || err.code == ERROR_TOO_LARGE, budget);
        arena_destroy(arena);
    }
    assert_true(ok);
}

/* --- heaps by hand --------------------------------------------------------------------------- */

#define ARTICLES 24
#define SEED     UINT64_C(20260711)
#define KEYS_MAX 3
#define MADE_MAX 4
#ifdef CONNECTORD_FAULTS
#define QUERIES 3000 /* a sanitizer watches */
#else
#define QUERIES 10000
#endif

struct heap {
    const struct edm_entity *articles[ARTICLES];
    size_t count;
};

struct trial {
    struct edm_query query;
    const struct edm_filter *keys[KEYS_MAX];
    struct edm_aggregate aggregates[MADE_MAX];
    struct edm_column columns[KEYS_MAX + MADE_MAX];
    struct edm_grouping grouping;
    struct arena *arena;
    size_t index;
};

static bool is_same(const struct edm_order_value *a, const struct edm_order_value *b)
{
    if (a->kind != b->kind) /* 1 is 1.0 */
        return (a->kind == EDM_ORDER_REAL && b->kind == EDM_ORDER_INTEGER &&
                a->real == (double)b->integer) ||
               (b->kind == EDM_ORDER_REAL && a->kind == EDM_ORDER_INTEGER &&
                b->real == (double)a->integer);
    switch (a->kind) {
    case EDM_ORDER_TEXT:
        return slice_eq(a->text, b->text);
    case EDM_ORDER_INTEGER:
        return a->integer == b->integer;
    case EDM_ORDER_REAL: /* the order of a sum is the engine's */
        return a->real == b->real || fabs(a->real - b->real) <= 1e-9 * fabs(b->real);
    case EDM_ORDER_NULL:
        break;
    }
    return true;
}

/* As it is grouped and aggregated: colours end at their sentinel. */
static struct edm_order_value value_of(const struct trial *trial,
                                       const struct edm_filter *expression,
                                       const struct edm_entity *article)
{
    struct edm_order_value value = model_value(&trial->query, expression, article, trial->arena);

    if (expression->type == EDM_FILTER_ENUM && value.kind == EDM_ORDER_INTEGER &&
        !trial->query.later_members && expression->enumeration->sentinel &&
        value.integer > expression->enumeration->sentinel->value)
        value.integer = expression->enumeration->sentinel->value;
    return value;
}

static double number(const struct edm_order_value *value)
{
    return value->kind == EDM_ORDER_REAL ? value->real : (double)value->integer;
}

static bool is_less(const struct edm_order_value *a, const struct edm_order_value *b)
{
    if (a->kind == EDM_ORDER_INTEGER && b->kind == EDM_ORDER_INTEGER)
        return a->integer < b->integer;
    if (a->kind == EDM_ORDER_INTEGER && number(a) == number(b)) /* a double is not that exact */
        return number(b) >= 0x1p63 || a->integer < (int64_t)number(b);
    if (b->kind == EDM_ORDER_INTEGER && number(a) == number(b))
        return number(a) < 0x1p63 && (int64_t)number(a) < b->integer;
    return number(a) < number(b);
}

__extension__ typedef __int128 wide;

/* What the method makes of the heap, the slow way. */
static struct edm_order_value
aggregate(const struct trial *trial, const struct edm_aggregate *aggregate, const struct heap *heap)
{
    struct edm_order_value values[ARTICLES], result = { .kind = EDM_ORDER_NULL };
    size_t count = 0, distinct = 0;
    double sum = 0;
    wide whole = 0;
    bool is_real = false;

    for (size_t i = 0; i < heap->count && aggregate->expression; i++) {
        values[count] = value_of(trial, aggregate->expression, heap->articles[i]);
        count += values[count].kind != EDM_ORDER_NULL;
    }
    for (size_t i = 0; i < count; i++) {
        bool first = true;

        for (size_t j = 0; j < i; j++)
            first = first && !is_same(&values[i], &values[j]);
        distinct += first;
        sum += number(&values[i]);
        whole += values[i].kind == EDM_ORDER_INTEGER ? values[i].integer : 0;
        is_real = is_real || values[i].kind == EDM_ORDER_REAL;
        if (i == 0 || (aggregate->method == EDM_AGGREGATE_MIN && is_less(&values[i], &result)) ||
            (aggregate->method == EDM_AGGREGATE_MAX && is_less(&result, &values[i])))
            result = values[i];
    }
    switch (aggregate->method) {
    case EDM_AGGREGATE_COUNT:
        return (struct edm_order_value){ EDM_ORDER_INTEGER, .integer = (int64_t)heap->count };
    case EDM_AGGREGATE_COUNT_DISTINCT:
        return (struct edm_order_value){ EDM_ORDER_INTEGER, .integer = (int64_t)distinct };
    case EDM_AGGREGATE_SUM:
        if (count && (is_real || whole < INT64_MIN || whole > INT64_MAX))
            return (struct edm_order_value){ EDM_ORDER_REAL, .real = sum };
        return count ? (struct edm_order_value){ EDM_ORDER_INTEGER, .integer = (int64_t)whole }
                     : result;
    case EDM_AGGREGATE_AVERAGE:
        return count ? (struct edm_order_value){ EDM_ORDER_REAL, .real = sum / (double)count }
                     : result;
    default:
        return result;
    }
}

static bool is_in(const struct trial *trial, const struct heap *heap,
                  const struct edm_entity *article)
{
    for (size_t i = 0; i < trial->grouping.key_count; i++) {
        struct edm_order_value a = value_of(trial, trial->keys[i], heap->articles[0]);
        struct edm_order_value b = value_of(trial, trial->keys[i], article);

        if (!is_same(&a, &b))
            return false;
    }
    return true;
}

static size_t make_heaps(const struct trial *trial, struct edm_entity *const *articles,
                         struct heap *heaps)
{
    const struct edm_query *query = &trial->query;
    size_t count = trial->grouping.key_count ? 0 : 1, at;

    for (size_t i = 0; i < ARTICLES; i++) {
        if ((query->health && edm_health_is_gone(query->health, articles[i])) ||
            (query->filter && !model_is_true(query, articles[i], trial->arena)))
            continue;
        for (at = 0; at < count; at++)
            if (trial->grouping.key_count == 0 || is_in(trial, &heaps[at], articles[i]))
                break;
        count += at == count;
        heaps[at].articles[heaps[at].count++] = articles[i];
    }
    return count;
}

/* Whether the row is the heap's. */
static bool is_row(const struct trial *trial, const struct heap *heap,
                   const struct edm_order_value *row)
{
    size_t keys = trial->grouping.key_count;

    for (size_t i = 0; i < keys; i++) {
        struct edm_order_value key = value_of(trial, trial->keys[i], heap->articles[0]);

        if (!is_same(&key, &row[i]))
            return false;
    }
    for (size_t i = 0; i < trial->grouping.aggregate_count; i++) {
        struct edm_order_value made = aggregate(trial, &trial->aggregates[i], heap);

        if (!is_same(&made, &row[keys + i]))
            return false;
    }
    return true;
}

/* Null is lower than everything; texts order by their lower-case forms. */
static int compare(const struct edm_order_value *a, const struct edm_order_value *b)
{
    if (a->kind == EDM_ORDER_NULL || b->kind == EDM_ORDER_NULL)
        return (a->kind != EDM_ORDER_NULL) - (b->kind != EDM_ORDER_NULL);
    if (a->kind == EDM_ORDER_TEXT) {
        size_t len = a->text.len < b->text.len ? a->text.len : b->text.len;

        for (size_t i = 0; i < len; i++) {
            unsigned char x = (unsigned char)a->text.ptr[i], y = (unsigned char)b->text.ptr[i];

            x = x >= 'A' && x <= 'Z' ? x | 0x20 : x;
            y = y >= 'A' && y <= 'Z' ? y | 0x20 : y;
            if (x != y)
                return x < y ? -1 : 1;
        }
        return (a->text.len > b->text.len) - (a->text.len < b->text.len);
    }
    return is_less(b, a) - is_less(a, b);
}

/* Whether the groups are in the order that was asked for, by one column, and then in that of the
 * grouped properties. */
static void check_order(const struct trial *trial, const struct edm_groups *groups)
{
    size_t width = groups->shape->count;

    for (size_t i = 1; i < groups->count; i++) {
        const struct edm_order_value *before = &groups->values[(i - 1) * width];
        const struct edm_order_value *row = &groups->values[i * width];
        int order = 0;

        for (size_t j = 0; j < trial->query.order_count && order == 0; j++) {
            size_t column = trial->query.order[j].expression->property;

            order = compare(&before[column], &row[column]);
            order = trial->query.order[j].descending ? -order : order;
        }
        for (size_t j = 0; j < trial->grouping.key_count && order == 0; j++) {
            order = compare(&before[j], &row[j]);
            if (order == 0 && row[j].kind == EDM_ORDER_TEXT) /* by case alone, before the next */
                order = slice_compare(before[j].text, row[j].text);
        }
        CHECK(order <= 0, trial->index);
    }
}

/* Some of the groups are those that stand there among all of them. */
static void check_some(struct shop *shop, const struct trial *trial, const struct edm_groups *all)
{
    const struct edm_apply apply = { &trial->grouping, 1 };
    struct edm_query query = trial->query;
    size_t width = all->shape->count;
    struct edm_groups some;

    query.page_size = trial->index % 5;
    query.skip = trial->index % 7;
    query.count = false;
    assert_true(
        store_entity_groups(shop->reader, shop_tenant, &query, &apply, trial->arena, &some, NULL));
    size_t behind = query.skip < all->count ? all->count - (size_t)query.skip : 0;
    CHECK(some.total_count == -1, trial->index);
    CHECK(some.count == (behind < query.page_size ? behind : query.page_size), trial->index);
    CHECK(query.page_size == 0 || some.more == (behind > query.page_size), trial->index);
    for (size_t i = 0; i < some.count * width; i++)
        CHECK(is_same(&some.values[i], &all->values[query.skip * width + i]), trial->index);
}

static void check(struct shop *shop, const struct trial *trial, struct edm_entity *const *articles)
{
    const struct edm_apply apply = { &trial->grouping, 1 };
    struct heap *heaps = arena_new_array(trial->arena, ARTICLES + 1, struct heap);
    size_t width = trial->grouping.shape.count, count;
    struct edm_groups groups;
    struct error err = { 0 };

    assert_true(heaps);
    memset(heaps, 0, (ARTICLES + 1) * sizeof *heaps);
    count = make_heaps(trial, articles, heaps);
    if (!store_entity_groups(shop->reader, shop_tenant, &trial->query, &apply, trial->arena,
                             &groups, &err))
        fail_msg("query %zu: %s", trial->index, err.message);
    CHECK(groups.count == count && !groups.more, trial->index);
    CHECK(groups.total_count == (int64_t)count, trial->index);
    for (size_t i = 0; i < count; i++) {
        bool found = false;

        for (size_t j = 0; j < count; j++)
            found = found || is_row(trial, &heaps[i], &groups.values[j * width]);
        if (!found)
            fail_msg("query %zu: no row for heap %zu of %zu", trial->index, i, count);
        check_order(trial, &groups);
        check_some(shop, trial, &groups);
    }
}

/* --- by chance ------------------------------------------------------------------------------- */

static const enum edm_filter_type types[TOY_ARTICLE_PROPERTY_COUNT] = {
    [TOY_ARTICLE_ID] = EDM_FILTER_STRING,
    [TOY_ARTICLE_TITLE] = EDM_FILTER_STRING,
    [TOY_ARTICLE_CODE] = EDM_FILTER_STRING,
    [TOY_ARTICLE_ORIGIN] = EDM_FILTER_STRING,
    [TOY_ARTICLE_SOLD_OUT] = EDM_FILTER_BOOLEAN,
    [TOY_ARTICLE_FRAGILE] = EDM_FILTER_BOOLEAN,
    [TOY_ARTICLE_STOCK] = EDM_FILTER_INTEGER,
    [TOY_ARTICLE_GRAMS] = EDM_FILTER_INTEGER,
    [TOY_ARTICLE_MADE_AT] = EDM_FILTER_DATE_TIME,
    [TOY_ARTICLE_SIZE] = EDM_FILTER_ENUM,
    [TOY_ARTICLE_COUNTED_AT] = EDM_FILTER_DATE_TIME,
    [TOY_ARTICLE_COLOUR] = EDM_FILTER_ENUM,
    [TOY_ARTICLE_FINISH] = EDM_FILTER_ENUM,
    [TOY_ARTICLE_LABELS] = EDM_FILTER_STRINGS,
    [TOY_ARTICLE_NOTES] = EDM_FILTER_STRINGS,
    [TOY_ARTICLE_SERIAL] = EDM_FILTER_STRING,
};

static const struct edm_filter *property(struct trial *trial, size_t index)
{
    struct edm_filter *node = arena_new(trial->arena, struct edm_filter);

    assert_true(node);
    *node = (struct edm_filter){ .kind = EDM_FILTER_PROPERTY,
                                 .type = types[index],
                                 .enumeration = toy_article.properties[index].enumeration,
                                 .property = index };
    return node;
}

static void add_column(struct trial *trial, enum edm_filter_type type,
                       const struct edm_enum *enumeration)
{
    trial->columns[trial->grouping.shape.count++] =
        (struct edm_column){ SLICE("x"), type, enumeration };
}

/* By one of the columns, or by none. */
static void choose_order(struct trial *trial, struct chance *chance, struct edm_order_key *key)
{
    size_t column = chance_below(chance, trial->grouping.shape.count);
    struct edm_filter *node = arena_new(trial->arena, struct edm_filter);

    assert_true(node);
    *node = (struct edm_filter){ .kind = EDM_FILTER_PROPERTY,
                                 .type = trial->columns[column].type,
                                 .enumeration = trial->columns[column].enumeration,
                                 .property = column };
    *key = (struct edm_order_key){ node, chance_below(chance, 2) };
    trial->query.order = key;
    trial->query.order_count = chance_below(chance, 2);
}

static void choose_keys(struct trial *trial, struct chance *chance)
{
    size_t count = chance_below(chance, KEYS_MAX + 1);

    for (size_t i = 0; i < count; i++) {
        size_t index = chance_below(chance, TOY_ARTICLE_PROPERTY_COUNT);

        if (types[index] == EDM_FILTER_STRINGS)
            continue;
        trial->keys[trial->grouping.key_count] = property(trial, index);
        add_column(trial, types[index], toy_article.properties[index].enumeration);
        trial->grouping.key_count++;
    }
}

static void choose_aggregate(struct trial *trial, struct chance *chance)
{
    static const size_t numbers[] = { TOY_ARTICLE_STOCK, TOY_ARTICLE_GRAMS };
    struct edm_aggregate *made = &trial->aggregates[trial->grouping.aggregate_count++];
    size_t any = chance_below(chance, TOY_ARTICLE_LABELS);

    made->method = (enum edm_aggregate_method)chance_below(chance, EDM_AGGREGATE_METHOD_COUNT);
    made->expression = property(trial, numbers[chance_below(chance, COUNT_OF(numbers))]);
    if (made->method == EDM_AGGREGATE_COUNT_DISTINCT)
        made->expression = property(trial, any);
    else if (made->method == EDM_AGGREGATE_COUNT)
        made->expression = NULL;
    else if ((made->method == EDM_AGGREGATE_MIN || made->method == EDM_AGGREGATE_MAX) &&
             (types[any] == EDM_FILTER_ENUM || types[any] == EDM_FILTER_DATE_TIME))
        made->expression = property(trial, any);
    add_column(trial, EDM_FILTER_INTEGER, NULL);
}

static void test_groups_by_chance(void **state UNUSED)
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
        struct edm_order_key key;
        struct trial trial = {
            .query = { .type = &toy_article,
                       .page_size = ARTICLES + 1,
                       .now_ticks = INT64_C(638400000012345678),
                       .count = true,
                       .later_members = chance_below(&chance, 2),
                       .health = views[chance_below(&chance, COUNT_OF(views))],
                       .filter = chance_below(&chance, 2) ? model_filter(&chance, arena) : NULL },
            .arena = arena,
            .index = i,
        };

        choose_keys(&trial, &chance);
        for (size_t j = chance_below(&chance, MADE_MAX) + !trial.grouping.key_count; j > 0; j--)
            choose_aggregate(&trial, &chance);
        trial.grouping.keys = trial.keys;
        trial.grouping.aggregates = trial.aggregates;
        trial.grouping.shape.columns = trial.columns;
        choose_order(&trial, &chance, &key);
        check(&shop, &trial, articles);
        arena_destroy(arena);
    }
    shop_close(&shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_groups_by_chance),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
