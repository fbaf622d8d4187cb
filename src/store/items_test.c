/* store/items_test.c - parts of collections: which items, in which order, and how many there were.
 */
#include "edm/items.h"

#include "base/arena.h"
#include "base/test.h"
#include "edm/filter.h"
#include "edm/toy_model.h"
#include "store/db_fault.h"
#include "store/shop_test.h"

static const struct edm_filter item = { .kind = EDM_FILTER_ITEM, .type = EDM_FILTER_STRING };
static const struct edm_filter a = { .kind = EDM_FILTER_LITERAL,
                                     .type = EDM_FILTER_STRING,
                                     .text = SLICE_INIT("a") };
static const struct edm_filter *item_and_a[] = { &item, &a };
static const struct edm_filter is_a = {
    .kind = EDM_FILTER_EQ, .type = EDM_FILTER_BOOLEAN, .arguments = item_and_a, .count = 2
};
static const struct edm_filter is_not_a = {
    .kind = EDM_FILTER_NE, .type = EDM_FILTER_BOOLEAN, .arguments = item_and_a, .count = 2
};
static const struct edm_filter length = {
    .kind = EDM_FILTER_LENGTH, .type = EDM_FILTER_INTEGER, .arguments = item_and_a, .count = 1
};
static const struct edm_order_key down[] = { { &item, true } };
static const struct edm_order_key by_length[] = { { &length, false }, { &item, true } };

#define ALL EDM_ITEMS_ALL

static const struct {
    const char *json;
    struct edm_items items;
    bool exact;
    const char *want;
    uint32_t count;
} cases[] = {
    { "[\"b\",\"A\",\"a\"]", { .top = ALL, .count = true }, false, "[\"b\",\"A\",\"a\"]", 3 },
    { "[]", { .top = ALL, .count = true }, false, "[]", 0 },
    { "[\"b\",\"A\",\"a\"]", { .top = 0, .count = true }, false, "[]", 3 },
    { "[\"b\",\"A\",\"a\"]", { .top = 1, .skip = 1 }, false, "[\"A\"]", 0 },
    { "[\"b\",\"A\",\"a\"]", { .top = ALL, .skip = ALL, .count = true }, false, "[]", 3 },
    { "[\"b\",\"A\",\"a\"]",
      { .filter = &is_a, .top = ALL, .count = true },
      false,
      "[\"A\",\"a\"]",
      2 },
    { "[\"b\",\"A\",\"a\"]", { .filter = &is_a, .top = ALL, .count = true }, true, "[\"a\"]", 1 },
    { "[\"b\",\"A\",\"a\"]",
      { .filter = &is_not_a, .top = 1, .skip = 1, .count = true },
      true,
      "[\"A\"]",
      2 },
    { "[\"b\",\"A\",\"a\",\"c\"]",
      { .order = down, .order_count = 1, .top = 3 },
      false,
      "[\"c\",\"b\",\"A\"]",
      0 },
    { "[\"b\",\"A\",\"a\",\"c\"]",
      { .order = down, .order_count = 1, .top = ALL },
      true,
      "[\"c\",\"b\",\"a\",\"A\"]",
      0 },
    { "[\"bb\",\"A\",\"aa\",\"c\"]",
      { .filter = &is_not_a, .order = by_length, .order_count = 2, .top = ALL, .count = true },
      false,
      "[\"c\",\"bb\",\"aa\"]",
      3 },
    { "[\"\xc3\xa4\",\"\\\"\\\\\",\"\\u001f\"]",
      { .top = 2 },
      false,
      "[\"\xc3\xa4\",\"\\\"\\\\\"]",
      0 },
};

static void test_cases(void **state UNUSED)
{
    struct shop shop;

    shop_open(&shop, true, NULL);
    assert_true(store_read_begin(shop.reader, NULL));
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct edm_items items = cases[i].items;
        const struct edm_query query = { .type = &toy_article,
                                         .items = &items,
                                         .exact_strings = cases[i].exact };
        struct edm_entity *articles[] = { shop_article(&shop, SLICE("x")),
                                          shop_article(&shop, SLICE("y")) };

        items.property = TOY_ARTICLE_LABELS;
        articles[0]->values[TOY_ARTICLE_LABELS].text = slice_of(cases[i].json);
        articles[1]->present = 1;
        CHECK(store_pick_items(shop.reader, &query, articles, 2, shop.arena, NULL), i);
        CHECK(slice_eq(articles[0]->values[TOY_ARTICLE_LABELS].text, slice_of(cases[i].want)), i);
        CHECK(articles[0]->values[TOY_ARTICLE_LABELS].item_count == cases[i].count, i);
    }
    store_read_end(shop.reader);
    shop_close(&shop);
}

/* Each collection by its own wishes; what is not asked for stays. */
static void test_two_collections(void **state UNUSED)
{
    const struct edm_items of_notes = { .property = TOY_ARTICLE_NOTES, .top = 1 };
    const struct edm_items of_labels = {
        .property = TOY_ARTICLE_LABELS, .top = ALL, .skip = 1, .next = &of_notes
    };
    const struct edm_query query = { .type = &toy_article, .items = &of_labels };
    struct edm_entity *article;
    struct shop shop;

    shop_open(&shop, true, NULL);
    article = shop_article(&shop, SLICE("x"));
    article->values[TOY_ARTICLE_LABELS].text = SLICE("[\"a\",\"b\"]");
    article->values[TOY_ARTICLE_NOTES].text = SLICE("[\"a\",\"b\"]");
    assert_true(store_read_begin(shop.reader, NULL));
    assert_true(store_pick_items(shop.reader, &query, &article, 1, shop.arena, NULL));
    assert_true(slice_eq(article->values[TOY_ARTICLE_LABELS].text, SLICE("[\"b\"]")));
    assert_true(slice_eq(article->values[TOY_ARTICLE_NOTES].text, SLICE("[\"a\"]")));
    store_read_end(shop.reader);
    shop_close(&shop);
}

static void test_no_memory(void **state UNUSED)
{
    const struct edm_items items = {
        .property = TOY_ARTICLE_LABELS, .filter = &is_a, .order = down, .order_count = 1, .top = ALL
    };
    const struct edm_query query = { .type = &toy_article, .items = &items };
    struct shop shop;
    bool ok = false;

    shop_open(&shop, true, NULL);
    assert_true(store_read_begin(shop.reader, NULL));
    for (size_t budget = 0; !ok; budget += 256) {
        struct arena *arena = arena_create(NULL, budget);
        struct edm_entity *article = shop_article(&shop, SLICE("x"));
        struct error err = { 0 };

        article->values[TOY_ARTICLE_LABELS].text = SLICE("[\"a\",\"b\"]");
        ok = store_pick_items(shop.reader, &query, &article, 1, arena, &err);
        assert_true(ok || err.code == ERROR_TOO_LARGE);
        arena_destroy(arena);
    }
    store_read_end(shop.reader);
    shop_close(&shop);
}

/* What an engine cannot hold in one expression is the client's to mend. */
static void test_too_deep(void **state UNUSED)
{
    enum { DEPTH = 150 };
    struct edm_filter nodes[DEPTH];
    const struct edm_filter *arguments[DEPTH];
    struct edm_items items = { .property = TOY_ARTICLE_LABELS, .top = ALL };
    const struct edm_query query = { .type = &toy_article, .items = &items };
    struct edm_entity *article;
    struct error err = { 0 };
    struct shop shop;

    for (size_t i = 0; i < DEPTH; i++) {
        arguments[i] = i ? &nodes[i - 1] : &is_a;
        nodes[i] = (struct edm_filter){ .kind = EDM_FILTER_NOT,
                                        .type = EDM_FILTER_BOOLEAN,
                                        .arguments = &arguments[i],
                                        .count = 1 };
    }
    items.filter = &nodes[DEPTH - 1];
    shop_open(&shop, true, NULL);
    article = shop_article(&shop, SLICE("x"));
    assert_true(store_read_begin(shop.reader, NULL));
    assert_false(store_pick_items(shop.reader, &query, &article, 1, shop.arena, &err));
    assert_int_equal(err.code, ERROR_BAD_REQUEST);
    assert_string_equal(err.target, "$select");
    store_read_end(shop.reader);
    shop_close(&shop);
}

/* What fails on the way is no mistake of the client's. */
static void test_faults(void **state UNUSED)
{
    struct db_fault_plan plan = { .status = DB_BUSY,
                                  .kinds = DB_FAULT_PREPARE | DB_FAULT_BIND | DB_FAULT_STEP };
    const struct edm_items items = {
        .property = TOY_ARTICLE_LABELS, .filter = &is_a, .order = down, .order_count = 1, .top = ALL
    };
    const struct edm_query query = { .type = &toy_article, .items = &items };
    struct shop shop;
    uint64_t kinds = 0;

    shop_open(&shop, true, &plan);
    assert_true(store_read_begin(shop.reader, NULL));
    for (plan.fail_at = 1;; plan.fail_at++) {
        struct edm_entity *article = shop_article(&shop, SLICE("x"));
        struct error err = { 0 };
        bool ok;

        article->values[TOY_ARTICLE_LABELS].text = SLICE("[\"a\",\"b\"]");
        plan.calls = 0;
        plan.fired = false;
        ok = store_pick_items(shop.reader, &query, &article, 1, shop.arena, &err);
        assert_true(ok == !plan.fired);
        if (ok)
            break;
        kinds |= plan.fired_kind;
        assert_int_equal(err.code, ERROR_BUSY);
    }
    assert_int_equal(kinds, plan.kinds);
    plan.fail_at = 0;
    store_read_end(shop.reader);
    shop_close(&shop);
}

/* Wherever it stands in $select, that is what is told. */
static void test_wrong_pattern(void **state UNUSED)
{
    const struct edm_filter open = { .kind = EDM_FILTER_LITERAL,
                                     .type = EDM_FILTER_STRING,
                                     .text = SLICE_INIT("(") };
    const struct edm_filter *item_and_open[] = { &item, &open };
    const struct edm_filter matches = { .kind = EDM_FILTER_MATCHES,
                                        .type = EDM_FILTER_BOOLEAN,
                                        .arguments = item_and_open,
                                        .count = 2 };
    const struct edm_order_key by_match[] = { { &matches, false } };
    const struct edm_items wrong[] = {
        { .property = TOY_ARTICLE_LABELS, .filter = &matches, .top = ALL },
        { .property = TOY_ARTICLE_LABELS, .order = by_match, .order_count = 1, .top = ALL },
    };
    struct shop shop;

    shop_open(&shop, true, NULL);
    assert_true(store_read_begin(shop.reader, NULL));
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        const struct edm_query query = { .type = &toy_article, .items = &wrong[i] };
        struct error err = { 0 };

        CHECK(!store_pick_items(shop.reader, &query, NULL, 0, shop.arena, &err), i);
        CHECK(err.code == ERROR_BAD_REQUEST, i);
        assert_string_equal(err.target, "$select");
        assert_string_equal(err.message, "Invalid select clause: The pattern of 'matchesPattern' is"
                                         " no regular expression.");
    }
    store_read_end(shop.reader);
    shop_close(&shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),     cmocka_unit_test(test_two_collections),
        cmocka_unit_test(test_no_memory), cmocka_unit_test(test_too_deep),
        cmocka_unit_test(test_faults),    cmocka_unit_test(test_wrong_pattern),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
