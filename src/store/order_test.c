/* store/order_test.c - lists in an order: whole, page by page, and while rows come and go.
 *
 * The texts of some statements; then queries by chance (a filter, an order, what is skipped, the
 * size of pages), whose pages put together must be what the model in plain C makes of them, with
 * indexes and without. How many there are of each is CONNECTORD_QUERIES in the environment, or some
 * thousands. 100,000 take some two minutes.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "store/sql_order.h"

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
    const struct edm_order_key keys[] = {
        { PROPERTY(STRING, TOY_ARTICLE_TITLE), false },
        { PROPERTY(BOOLEAN, TOY_ARTICLE_SOLD_OUT), true },
        { PROPERTY(INTEGER, TOY_ARTICLE_GRAMS), true },
    };
    const struct edm_order_value values[] = { { .kind = EDM_ORDER_NULL },
                                              { .kind = EDM_ORDER_INTEGER, .integer = 1 },
                                              { .kind = EDM_ORDER_NULL } };
    struct edm_query query = { .type = &toy_article, .order = keys, .order_count = COUNT_OF(keys) };
    struct arena *arena = arena_create(NULL, 1 << 20);
    struct sql_order written;

    assert_true(sql_order_write(&dialect_sqlite, &query, 4, 2, arena, &written, NULL));
    assert_true(slice_eq(written.columns, SLICE(", substr(lower(\"p_title\"), 1, 1000) AS k1,"
                                                " (\"p_soldOut\" <> 0) AS k2, \"p_grams\" AS k3")));
    assert_true(slice_eq(written.terms, SLICE("k1 NULLS FIRST, k2 DESC NULLS LAST, "
                                              "k3 DESC NULLS LAST, ")));
    assert_true(written.after.len == 0 && written.values.count == 0);
    query.after = SLICE("x");
    query.after_values = values;
    assert_true(sql_order_write(&dialect_sqlite, &query, 4, 2, arena, &written, NULL));
    assert_true(slice_eq(written.after,
                         SLICE("((k1 IS NOT NULL) OR (k1 IS NULL AND (k2 < ?4 OR k2 IS NULL))"
                               " OR (k1 IS NULL AND k2 = ?5 AND FALSE)"
                               " OR (k1 IS NULL AND k2 = ?6 AND k3 IS NULL AND id > ?2))")));
    assert_int_equal(written.values.count, 3);
    arena_destroy(arena);
}

/* --- pages by chance ------------------------------------------------------------------------- */

#define ARTICLES 24
#define SEED     UINT64_C(20250202)
#define KEYS_MAX 4
#ifdef CONNECTORD_FAULTS
#define QUERIES 1500 /* a sanitizer watches */
#else
#define QUERIES 6000
#endif

/* What the query lets through, in its order, by insertion. */
static size_t evaluate(const struct edm_query *query, struct edm_entity *const *articles,
                       const struct edm_entity **ret, struct arena *arena)
{
    size_t count = 0;

    for (size_t i = 0; i < ARTICLES; i++) {
        size_t at = count;

        if ((query->health && edm_health_is_gone(query->health, articles[i]) != query->gone) ||
            (query->filter && !model_is_true(query, articles[i], arena)))
            continue;
        for (; at > 0 && model_compare(query, ret[at - 1], articles[i], arena) > 0; at--)
            ret[at] = ret[at - 1];
        ret[at] = articles[i];
        count++;
    }
    return count;
}

static struct edm_page list(struct shop *shop, const struct edm_query *query, struct arena *arena,
                            size_t index)
{
    struct edm_page page;
    struct error err = { 0 };

    if (!store_entity_list(shop->reader, shop_tenant, query, arena, &page, &err))
        fail_msg("query %zu: %s", index, err.message);
    return page;
}

/* The same entity, and of it what was selected. */
static bool is_same(const struct edm_entity *row, const struct edm_entity *article, uint64_t select)
{
    for (size_t i = 0; i < toy_article.property_count; i++) {
        const struct edm_value *a = &row->values[i], *b = &article->values[i];

        if (!(select >> i & 1) || (a->is_null && b->is_null))
            continue;
        if (a->is_null != b->is_null || !edm_entity_has(row, i))
            return false;
        if (toy_article.properties[i].kind == EDM_STRING && !slice_eq(a->text, b->text))
            return false;
        if (toy_article.properties[i].kind == EDM_DATE_TIME_OFFSET && a->at.ticks != b->at.ticks)
            return false;
    }
    return (row->present | 1) == (select | 1);
}

/* Walks all pages of the query, each behind the one before. */
static void check_pages(struct shop *shop, struct edm_query query,
                        struct edm_entity *const *articles, struct arena *arena, size_t index)
{
    const struct edm_entity *expected[ARTICLES];
    size_t count = evaluate(&query, articles, expected, arena);
    size_t at = query.skip < count ? (size_t)query.skip : count;
    struct edm_page page;

    do {
        page = list(shop, &query, arena, index);
        CHECK(!query.count || page.total_count == (int64_t)count, index);
        CHECK(page.count <= query.page_size && page.count <= count - at, index);
        for (size_t i = 0; i < page.count; i++)
            CHECK(is_same(page.entities[i], expected[at++], query.select), index);
        CHECK(page.more == (at < count), index);
        if (page.more) {
            CHECK(page.count == query.page_size, index);
            query.after = page.entities[page.count - 1]->values[0].text;
            query.after_values = page.last_values;
            query.skip = 0;
        }
    } while (page.more);
}

static void walk_by_chance(enum store_indexes indexes, bool exact)
{
    const struct edm_health_view *const views[] = { NULL, NULL, &model_view };
    struct chance chance = { SEED };
    struct edm_entity *articles[ARTICLES];
    size_t count = shop_trial_count(QUERIES);
    struct shop shop;

    shop_open(&shop, true, NULL);
    shop.options.indexes = indexes;
    shop.options.exact_strings = exact;
    shop_reopen(&shop);
    shop_fill(&shop, model_article, &chance, articles, ARTICLES);
    assert_true(store_read_begin(shop.reader, NULL));
    for (size_t i = 0; i < count; i++) {
        struct arena *arena = arena_create(NULL, 64u << 20);
        struct edm_order_key keys[KEYS_MAX];
        struct edm_query query = {
            .type = &toy_article,
            .select = (uint64_t)chance_below(&chance, (size_t)1 << TOY_ARTICLE_PROPERTY_COUNT) | 1,
            .page_size = 1 + chance_below(&chance, ARTICLES + 2),
            .now_ticks = INT64_C(638400000012345678),
            .count = chance_below(&chance, 4) == 0,
            .skip = chance_below(&chance, 3) ? 0 : chance_below(&chance, ARTICLES + 2),
            .health = views[chance_below(&chance, COUNT_OF(views))],
            .filter = chance_below(&chance, 2) ? model_filter(&chance, arena) : NULL,
            .exact_strings = exact,
            .order = keys,
        };

        query.order_count = model_order(&chance, arena, keys, KEYS_MAX);
        check_pages(&shop, query, articles, arena, i);
        arena_destroy(arena);
    }
    shop_close(&shop);
}

/* With indexes and without them, and of each kind; all that is in a shop so small is little, so
 * that whatever index can be read is read. */
static void test_pages_by_chance(void **state UNUSED)
{
    walk_by_chance(STORE_INDEXES_OFF, false);
    walk_by_chance(STORE_INDEXES_ON, false);
    walk_by_chance(STORE_INDEXES_OFF, true);
    walk_by_chance(STORE_INDEXES_ON, true);
}

/* --- while rows come and go ------------------------------------------------------------------ */

#define STAYING 60
#define WALKS   40

/* A writer's step: something new, something changed that was passing by, something gone. */
struct change {
    struct shop *shop;
    struct chance *chance;
    struct edm_entity *passing[STAYING];
    size_t passing_count;
};

static void begin_write(struct shop *shop)
{
    assert_true(store_begin(shop->writer, NULL));
    assert_true(store_operation_begin(shop->writer, NULL));
}

static void end_write(struct shop *shop)
{
    assert_true(store_operation_keep(shop->writer, NULL));
    assert_true(store_commit(shop->writer, NULL));
}

static struct edm_entity *insert_article(struct shop *shop, struct chance *chance)
{
    struct edm_entity *article = model_article(chance, shop->arena);

    assert_true(store_entity_insert(shop->writer, shop_tenant, article, shop->arena, NULL));
    return article;
}

static void write_something(struct change *change)
{
    size_t which = change->passing_count ? chance_below(change->chance, change->passing_count) : 0;

    begin_write(change->shop);
    if (change->passing_count < 10 || chance_below(change->chance, 3) == 0) {
        if (change->passing_count < STAYING)
            change->passing[change->passing_count++] = insert_article(change->shop, change->chance);
    } else if (chance_below(change->chance, 2)) {
        struct edm_entity *other = model_article(change->chance, change->shop->arena);

        edm_entity_merge(change->passing[which], other);
        assert_true(store_entity_update(change->shop->writer, shop_tenant, change->passing[which],
                                        edm_all_properties(&toy_article), NULL));
    } else {
        assert_true(store_entity_delete(change->shop->writer, shop_tenant, &toy_article,
                                        change->passing[which]->values[0].text, NULL));
        change->passing[which] = change->passing[--change->passing_count];
    }
    end_write(change->shop);
}

/* How often the walk has shown each of those that stay. */
struct walk {
    struct edm_entity *const *staying;
    size_t seen[STAYING];
    size_t others;
};

static void see(struct walk *walk, struct slice key)
{
    for (size_t i = 0; i < STAYING; i++) {
        if (slice_eq(walk->staying[i]->values[0].text, key)) {
            walk->seen[i]++;
            return;
        }
    }
    walk->others++;
}

static void walk_while_changing(struct change *change, struct edm_query query, struct walk *walk,
                                struct arena *arena, size_t index)
{
    struct edm_page page;

    do {
        assert_true(store_read_begin(change->shop->reader, NULL));
        page = list(change->shop, &query, arena, index);
        for (size_t i = 0; i < page.count; i++)
            see(walk, page.entities[i]->values[0].text);
        if (page.more) {
            query.after = page.entities[page.count - 1]->values[0].text;
            query.after_values = page.last_values;
        }
        store_read_end(change->shop->reader);
        for (size_t i = chance_below(change->chance, 4); i > 0; i--)
            write_something(change);
    } while (page.more);
}

/* Of the rows that stay as they are each is shown once, whatever happens around them: rows made,
 * deleted, and moved from one end to the other. */
static void test_rows_that_stay(void **state UNUSED)
{
    struct edm_entity *staying[STAYING];
    struct chance chance = { SEED };
    struct change change = { .chance = &chance };
    struct shop shop;

    shop_open(&shop, true, NULL);
    shop.options.indexes = STORE_INDEXES_ON;
    shop_reopen(&shop);
    change.shop = &shop;
    begin_write(&shop);
    for (size_t i = 0; i < STAYING; i++)
        staying[i] = insert_article(&shop, &chance);
    end_write(&shop);
    for (size_t i = 0; i < WALKS; i++) {
        struct arena *arena = arena_create(NULL, 64u << 20);
        struct walk walk = { .staying = staying };
        struct edm_order_key keys[KEYS_MAX];
        struct edm_query query = { .type = &toy_article,
                                   .select = 1,
                                   .page_size = 1 + chance_below(&chance, 9),
                                   .now_ticks = INT64_C(638400000012345678),
                                   .order = keys };

        query.order_count = model_order(&chance, arena, keys, KEYS_MAX);
        walk_while_changing(&change, query, &walk, arena, i);
        for (size_t j = 0; j < STAYING; j++)
            CHECK(walk.seen[j] == 1, i);
        arena_destroy(arena);
    }
    shop_close(&shop);
}

/* Each page counts all, also where nothing has to be sorted because all is equal. */
static void test_counts(void **state UNUSED)
{
    const struct edm_filter now = { .kind = EDM_FILTER_NOW, .type = EDM_FILTER_DATE_TIME };
    const struct edm_filter grams = *PROPERTY(INTEGER, TOY_ARTICLE_GRAMS);
    const struct edm_filter null = { .kind = EDM_FILTER_LITERAL, .type = EDM_FILTER_NULL };
    const struct edm_filter *sides[] = { &grams, &null };
    const struct edm_filter none = {
        .kind = EDM_FILTER_EQ, .type = EDM_FILTER_BOOLEAN, .arguments = sides, .count = 2
    };
    const struct edm_order_key keys[] = { { &now, false },
                                          { &grams, true },
                                          { PROPERTY(STRING, TOY_ARTICLE_ID), false },
                                          { PROPERTY(STRING, TOY_ARTICLE_TITLE), false } };
    struct shop shop;

    shop_open(&shop, true, NULL);
    for (size_t i = 0; i < 10; i++)
        assert_true(shop_insert(&shop, shop_tenant, shop_article(&shop, SLICE("x")), NULL));
    assert_true(store_read_begin(shop.reader, NULL));
    for (size_t i = 0; i < 2 * COUNT_OF(keys); i++) {
        struct edm_query query = { .type = &toy_article,
                                   .select = 1,
                                   .page_size = 4,
                                   .count = true,
                                   .order = &keys[i / 2],
                                   .order_count = 1,
                                   .filter = i % 2 ? &none : NULL };
        struct edm_page page = { .more = true };
        size_t seen = 0;

        while (page.more) {
            page = list(&shop, &query, shop.arena, i);
            CHECK(page.total_count == 10, i);
            seen += page.count;
            query.after = page.entities[page.count - 1]->values[0].text;
            query.after_values = page.last_values;
        }
        CHECK(seen == 10, i);
    }
    shop_close(&shop);
}

/* Expressions inside each other that make a long text are their writer's fault, and whose it is
 * shows in the target. Each level has twice the text. */
static void test_too_long(void **state UNUSED)
{
    const struct edm_filter *title = PROPERTY(STRING, TOY_ARTICLE_TITLE);
    const struct edm_filter zero = { .kind = EDM_FILTER_LITERAL, .type = EDM_FILTER_INTEGER };
    struct edm_filter doubles[8], length, filters[2];
    const struct edm_filter *arguments[8][2];
    const struct edm_filter *of_length, *sides[2][2];
    char *text;
    const struct {
        const struct edm_filter *filter, *key;
        const char *target; /* NULL: answered */
    } cases[] = {
        { &filters[0], NULL, "$filter" },        { &filters[1], NULL, NULL },
        { NULL, &doubles[7], "$orderby" },       { NULL, &doubles[1], NULL },
        { &filters[0], title, "$filter" },       { &filters[1], &doubles[7], "$orderby" },
        { &filters[0], &doubles[7], "$filter" }, { &filters[1], title, NULL },
    };
    struct shop shop;

    for (size_t i = 0; i < COUNT_OF(doubles); i++) {
        arguments[i][0] = arguments[i][1] = i ? &doubles[i - 1] : title;
        doubles[i] = (struct edm_filter){ .kind = EDM_FILTER_CONCAT,
                                          .type = EDM_FILTER_STRING,
                                          .arguments = arguments[i],
                                          .count = 2 };
    }
    of_length = &doubles[7];
    length = (struct edm_filter){
        .kind = EDM_FILTER_LENGTH, .type = EDM_FILTER_INTEGER, .arguments = &of_length, .count = 1
    };
    for (size_t i = 0; i < 2; i++) {
        sides[i][0] = i ? &zero : &length;
        sides[i][1] = &zero;
        filters[i] = (struct edm_filter){
            .kind = EDM_FILTER_GE, .type = EDM_FILTER_BOOLEAN, .arguments = sides[i], .count = 2
        };
    }
    shop_open(&shop, true, NULL);
    shop.options.text_bytes = 1 << 20;
    shop_reopen(&shop);
    text = arena_alloc(shop.arena, 100000);
    memset(text, 'x', 100000);
    for (size_t i = 0; i < 2; i++)
        assert_true(shop_insert(&shop, shop_tenant,
                                shop_article(&shop, (struct slice){ text, 100000 }), NULL));
    assert_true(store_read_begin(shop.reader, NULL));
    for (size_t i = 0; i < 2 * COUNT_OF(cases); i++) {
        struct edm_order_key key = { cases[i / 2].key, false };
        struct edm_query query = { .type = &toy_article,
                                   .select = 1,
                                   .page_size = 5,
                                   .count = i % 2,
                                   .filter = cases[i / 2].filter,
                                   .order = &key,
                                   .order_count = cases[i / 2].key != NULL };
        struct error err = { 0 };
        struct edm_page page;

        if (store_entity_list(shop.reader, shop_tenant, &query, shop.arena, &page, &err)) {
            CHECK(!cases[i / 2].target && page.count == 2, i);
            continue;
        }
        CHECK(cases[i / 2].target && err.code == ERROR_BAD_REQUEST, i);
        assert_string_equal(err.target, cases[i / 2].target);
        CHECK(strstr(err.message, "An expression makes a text of more than 1048576 bytes."), i);
    }
    shop_close(&shop);
}

/* --- failures -------------------------------------------------------------------------------- */

/* A page ends by its bytes, too, and the next one goes on behind that. */
static void test_bytes(void **state UNUSED)
{
    const struct edm_order_key key = { PROPERTY(STRING, TOY_ARTICLE_CODE), true };
    struct edm_query query = { .type = &toy_article,
                               .select = edm_all_properties(&toy_article),
                               .page_size = 100,
                               .page_bytes = 1,
                               .order = &key,
                               .order_count = 1 };
    struct shop shop;

    shop_open(&shop, true, NULL);
    for (size_t i = 0; i < 3; i++)
        assert_true(shop_insert(&shop, shop_tenant, shop_article(&shop, SLICE("x")), NULL));
    assert_true(store_read_begin(shop.reader, NULL));
    for (size_t i = 0; i < 3; i++) {
        struct edm_page page = list(&shop, &query, shop.arena, i);

        assert_true(page.count == 1 && page.more == (i < 2));
        query.after = page.entities[0]->values[0].text;
        query.after_values = page.last_values;
    }
    shop_close(&shop);
}

/* Of long texts the beginnings tell the place, and ids where these are the same: upwards in both
 * directions. */
static void test_long_texts(void **state UNUSED)
{
    static const char last[] = "dcbae"; /* of each text; that of the last is too early to be same */
    struct edm_order_key key = { PROPERTY(STRING, TOY_ARTICLE_TITLE), false };
    struct edm_query query = {
        .type = &toy_article, .select = 1, .page_size = 1, .order = &key, .order_count = 1
    };
    struct slice ids[5];
    struct shop shop;

    shop_open(&shop, true, NULL);
    for (size_t i = 0; i < COUNT_OF(ids); i++) {
        size_t len = SQL_ORDER_TEXT_MAX + (i < 4);
        char *text = arena_alloc(shop.arena, len);
        struct edm_entity *article = shop_article(&shop, (struct slice){ text, len });

        memset(text, 'x', len);
        text[len - 1] = last[i];
        assert_true(shop_insert(&shop, shop_tenant, article, NULL));
        ids[i] = article->values[0].text;
    }
    assert_true(store_read_begin(shop.reader, NULL));
    for (size_t i = 0; i < 2 * COUNT_OF(ids); i++) {
        size_t at = i % COUNT_OF(ids);
        struct edm_page page;

        key.descending = i >= COUNT_OF(ids);
        query.after = at ? query.after : SLICE_EMPTY;
        page = list(&shop, &query, shop.arena, i);
        CHECK(page.count == 1 && page.more == (at < 4), i);
        query.after = page.entities[0]->values[0].text;
        query.after_values = page.last_values;
        CHECK(slice_eq(query.after, ids[key.descending ? at : (at + 4) % 5]), i);
    }
    shop_close(&shop);
}

/* Whose fault it is that SQLite cannot read something shows in the target. */
static void test_too_deep(void **state UNUSED)
{
    struct edm_filter nodes[65] = { *PROPERTY(STRING, TOY_ARTICLE_TITLE) };
    const struct edm_filter *arguments[65];
    struct edm_query query = { .type = &toy_article, .select = 1, .page_size = 5 };
    struct edm_order_key key = { &nodes[64], false };
    struct error err = { 0 };
    struct edm_page page;
    struct shop shop;

    for (size_t i = 1; i < COUNT_OF(nodes); i++) {
        arguments[i] = &nodes[i - 1];
        nodes[i] = (struct edm_filter){ .kind = EDM_FILTER_TRIM,
                                        .type = EDM_FILTER_STRING,
                                        .arguments = &arguments[i],
                                        .count = 1 };
    }
    shop_open(&shop, true, NULL);
    assert_true(store_read_begin(shop.reader, NULL));
    query.order = &key;
    query.order_count = 1;
    query.filter = PROPERTY(BOOLEAN, TOY_ARTICLE_SOLD_OUT);
    assert_false(store_entity_list(shop.reader, shop_tenant, &query, shop.arena, &page, &err));
    assert_int_equal(err.code, ERROR_BAD_REQUEST);
    assert_string_equal(err.target, "$orderby");
    shop_close(&shop);
}

#ifdef CONNECTORD_FAULTS
static void test_no_memory(void **state UNUSED)
{
    const struct edm_order_key key = { PROPERTY(STRING, TOY_ARTICLE_TITLE), false };
    const struct edm_order_value value = { .kind = EDM_ORDER_TEXT, .text = SLICE("a") };
    struct edm_query query = { .type = &toy_article,
                               .select = 1,
                               .page_size = 1,
                               .order = &key,
                               .order_count = 1,
                               .after = SLICE("0"),
                               .after_values = &value };
    struct shop shop;

    shop_open(&shop, true, NULL);
    shop.options.indexes = STORE_INDEXES_ON; /* of the title, whose choice wants memory too */
    shop_reopen(&shop);
    for (size_t i = 0; i < 2; i++)
        assert_true(shop_insert(&shop, shop_tenant, shop_article(&shop, SLICE("x")), NULL));
    assert_true(store_read_begin(shop.reader, NULL));
    for (uint64_t n = 0;; n++) {
        struct error err = { 0 };
        struct edm_page page;
        bool ok;

        arena_fail_after(n);
        ok = store_entity_list(shop.reader, shop_tenant, &query, shop.arena, &page, &err);
        CHECK(ok == !arena_fault_fired(), n);
        CHECK(ok ? page.count == 1 && page.more : err.code == ERROR_TOO_LARGE, n);
        if (ok)
            break;
    }
    arena_fail_after(UINT64_MAX);
    shop_close(&shop);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),          cmocka_unit_test(test_too_long),
        cmocka_unit_test(test_counts),         cmocka_unit_test(test_pages_by_chance),
        cmocka_unit_test(test_rows_that_stay), cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_too_deep),       cmocka_unit_test(test_long_texts),
#ifdef CONNECTORD_FAULTS
        cmocka_unit_test(test_no_memory),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
