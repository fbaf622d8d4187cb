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

/* --- texts ----------------------------------------------------------------------------------- */

#define NODE(...) (&(const struct edm_filter){ __VA_ARGS__ })
#define ARGUMENTS(...)                                                                             \
    .arguments = (const struct edm_filter *[]){ __VA_ARGS__ },                                     \
    .count = sizeof((const struct edm_filter *[]){ __VA_ARGS__ }) / sizeof(struct edm_filter *)
#define PROPERTY(t, p) NODE(.kind = EDM_FILTER_PROPERTY, .type = EDM_FILTER_##t, .property = (p))
#define INTEGER(v)     NODE(.kind = EDM_FILTER_LITERAL, .type = EDM_FILTER_INTEGER, .integer = (v))
#define STRING(v)      NODE(.kind = EDM_FILTER_LITERAL, .type = EDM_FILTER_STRING, .text = SLICE_INIT(v))
#define NULL_NODE      NODE(.kind = EDM_FILTER_LITERAL, .type = EDM_FILTER_NULL)
#define CONDITION(k, ...)                                                                          \
    NODE(.kind = EDM_FILTER_##k, .type = EDM_FILTER_BOOLEAN, ARGUMENTS(__VA_ARGS__))
#define NUMBER(k, ...)                                                                             \
    NODE(.kind = EDM_FILTER_##k, .type = EDM_FILTER_INTEGER, ARGUMENTS(__VA_ARGS__))

static const struct edm_health_view view = {
    .type = &toy_article,
    .contact = TOY_ARTICLE_COUNTED_AT,
    .state = TOY_ARTICLE_FINISH,
    .healthy = 1,
    .points = { { 1, 7 }, { INT64_C(621355968000000000), -5 }, { INT64_C(638422559999999999), 0 } },
    .point_count = 3,
    .gone_since_ticks = 1,
    .never_state = 2,
};

/* Under which those who never made contact are gone as well. */
static struct edm_health_view view_without_them(void)
{
    struct edm_health_view without = view;

    without.never_state = 7;
    without.never_gone = true;
    return without;
}

static void check_text(const struct edm_health_view *health, const struct edm_filter *filter,
                       const char *want, size_t values)
{
    const struct edm_query query = { .type = &toy_article, .health = health, .filter = filter };
    struct arena *arena = arena_create(NULL, 1 << 20);
    struct sql_filter written;

    assert_true(sql_filter_write(&dialect_sqlite, &query, 3, arena, &written, NULL));
    if (!slice_eq(written.condition, slice_of(want)))
        fail_msg("%.*s", SLICE_ARG(written.condition));
    assert_true(written.count == values);
    arena_destroy(arena);
}

static void test_texts(void **state UNUSED)
{
    const struct edm_filter *title = PROPERTY(STRING, TOY_ARTICLE_TITLE);
    const struct edm_filter *stock = PROPERTY(INTEGER, TOY_ARTICLE_STOCK);
    const struct edm_filter *sold_out = PROPERTY(BOOLEAN, TOY_ARTICLE_SOLD_OUT);
    const struct edm_filter *made_at = PROPERTY(DATE_TIME, TOY_ARTICLE_MADE_AT);
    const struct edm_filter *item =
        NODE(.kind = EDM_FILTER_ITEM, .type = EDM_FILTER_STRING, .variable = 4);

    check_text(NULL, sold_out, "(\"p_soldOut\" <> 0)", 0);
    check_text(NULL, CONDITION(EQ, title, STRING("A")),
               "(lower(\"p_title\") IS NOT DISTINCT FROM ?3)", 1);
    check_text(NULL, CONDITION(EQ, PROPERTY(STRING, 0), NULL_NODE),
               "(lower(\"entity_article\".id) IS NOT DISTINCT FROM ?3)", 1);
    check_text(NULL, CONDITION(OR, CONDITION(NOT, sold_out), CONDITION(LT, stock, INTEGER(5))),
               "((NOT (\"p_soldOut\" <> 0)) OR coalesce(\"p_stock\" < ?3, FALSE))", 1);
    check_text(NULL, CONDITION(IN, title, STRING("a"), NULL_NODE, STRING("b")),
               "(coalesce(lower(\"p_title\") IN (?3, ?4, ?5), FALSE)"
               " OR lower(\"p_title\") IS NULL)",
               3);
    check_text(NULL, CONDITION(IN, title), "FALSE", 0);
    check_text(NULL, CONDITION(EQ, NUMBER(YEAR, made_at), INTEGER(2024)),
               "(CASE WHEN ((\"p_madeAt\" + \"o_madeAt\" * 600000000) / 10000000 - 62135596800)"
               " BETWEEN -62135596800 AND 253402300799 THEN edm_calendar("
               "((\"p_madeAt\" + \"o_madeAt\" * 600000000) / 10000000 - 62135596800), 0) END IS "
               "NOT DISTINCT FROM ?3)",
               1);
    check_text(
        NULL,
        NODE(.kind = EDM_FILTER_ANY, .type = EDM_FILTER_BOOLEAN, .variable = 4,
             ARGUMENTS(PROPERTY(STRINGS, TOY_ARTICLE_LABELS), CONDITION(EQ, item, STRING("A")))),
        "(edm_has_item(\"p_labels\", ?3, 0) = 1)", 1);
    check_text(
        NULL,
        NODE(.kind = EDM_FILTER_ANY, .type = EDM_FILTER_BOOLEAN, .variable = 4,
             ARGUMENTS(PROPERTY(STRINGS, TOY_ARTICLE_LABELS), CONDITION(EQ, item, NULL_NODE))),
        "(EXISTS (SELECT 1 FROM edm_items(\"p_labels\") AS i4 WHERE"
        " (i4.lower IS NOT DISTINCT FROM ?3)))",
        1);
    check_text(
        NULL,
        NODE(.kind = EDM_FILTER_ALL, .type = EDM_FILTER_BOOLEAN, .variable = 4,
             ARGUMENTS(PROPERTY(STRINGS, TOY_ARTICLE_LABELS), CONDITION(EQ, item, STRING("a")))),
        "(NOT EXISTS (SELECT 1 FROM edm_items(\"p_labels\") AS i4 WHERE"
        " (i4.lower IS NOT DISTINCT FROM ?3) IS NOT TRUE))",
        1);
    check_text(&view,
               CONDITION(NE, PROPERTY(ENUM, TOY_ARTICLE_FINISH), PROPERTY(ENUM, TOY_ARTICLE_SIZE)),
               "(CASE WHEN coalesce(\"p_countedAt\", 0) = 0 THEN ?3"
               " WHEN \"p_countedAt\" <= ?4 THEN ?5 WHEN \"p_countedAt\" <= ?6 THEN ?7"
               " WHEN \"p_countedAt\" <= ?8 THEN ?9 ELSE ?10 END IS DISTINCT FROM \"p_size\")",
               8);
}

/* What is written twice doubles with each level: the text ends at its limit, soon. */
static void test_too_complex(void **state UNUSED)
{
    const struct edm_filter *title = PROPERTY(STRING, TOY_ARTICLE_TITLE);
    struct edm_filter nodes[32];
    const struct edm_filter *arguments[32][2];
    struct edm_query query = { .type = &toy_article, .filter = &nodes[30] };
    struct arena *arena = arena_create(NULL, 4u << 20);
    struct sql_filter written;
    struct error err = { 0 };

    nodes[0] = *PROPERTY(INTEGER, TOY_ARTICLE_STOCK);
    for (size_t i = 1; i < 30; i++) {
        arguments[i][0] = i % 2 ? title : &nodes[i - 1];
        arguments[i][1] = i % 2 ? &nodes[i - 1] : title;
        nodes[i] = (struct edm_filter){ .kind = i % 2 ? EDM_FILTER_SUBSTRING : EDM_FILTER_INDEXOF,
                                        .type = i % 2 ? EDM_FILTER_STRING : EDM_FILTER_INTEGER,
                                        .arguments = arguments[i],
                                        .count = 2 };
    }
    arguments[30][0] = &nodes[29];
    arguments[30][1] = title;
    nodes[30] = (struct edm_filter){
        .kind = EDM_FILTER_EQ, .type = EDM_FILTER_BOOLEAN, .arguments = arguments[30], .count = 2
    };
    assert_false(sql_filter_write(&dialect_sqlite, &query, 1, arena, &written, &err));
    assert_int_equal(err.code, ERROR_BAD_REQUEST);
    assert_string_equal(err.message, "Invalid filter clause: The expression is too complex.");
    arena_destroy(arena);
}

/* --- what SQLite takes ----------------------------------------------------------------------- */

/* `levels` times `kind` around the node at the beginning of `nodes`; each has the one below for its
 * argument `side`, and `other` for the other one. */
static const struct edm_filter *pile(struct edm_filter *nodes,
                                     const struct edm_filter *(*arguments)[2], size_t levels,
                                     enum edm_filter_kind kind, size_t side,
                                     const struct edm_filter *other)
{
    for (size_t i = 1; i <= levels; i++) {
        arguments[i][side] = &nodes[i - 1];
        arguments[i][!side] = other;
        nodes[i] = (struct edm_filter){ .kind = kind,
                                        .type = nodes[0].type,
                                        .arguments = arguments[i],
                                        .count = kind == EDM_FILTER_NOT ? 1 : 2,
                                        .variable = i };
    }
    return &nodes[levels];
}

static const struct {
    enum edm_filter_kind kind;
    size_t side, levels;
    bool taken;
} pile_cases[] = {
    { EDM_FILTER_OR, 0, 99, true },   { EDM_FILTER_AND, 0, 99, true },
    { EDM_FILTER_OR, 1, 31, true },   { EDM_FILTER_AND, 1, 31, true },
    { EDM_FILTER_NOT, 0, 32, true },  { EDM_FILTER_ANY, 1, 4, true },
    { EDM_FILTER_ANY, 1, 32, false }, { EDM_FILTER_ALL, 1, 32, false },
};

static void test_piles(void **state UNUSED)
{
    struct edm_query query = { .type = &toy_article, .select = 1, .page_size = 10, .count = true };
    struct shop shop;

    shop_open(&shop, true, NULL);
    assert_true(shop_insert(&shop, shop_tenant, shop_article(&shop, SLICE("x")), NULL));
    assert_true(store_read_begin(shop.reader, NULL));
    for (size_t i = 0; i < COUNT_OF(pile_cases); i++) {
        const struct edm_filter *labels = PROPERTY(STRINGS, TOY_ARTICLE_LABELS);
        const struct edm_filter *sold_out = PROPERTY(BOOLEAN, TOY_ARTICLE_SOLD_OUT);
        bool quantifies = pile_cases[i].kind >= EDM_FILTER_ANY;
        const struct edm_filter *arguments[100][2];
        struct edm_filter nodes[100] = { *sold_out };
        struct error err = { 0 };
        struct edm_page page;
        bool ok;

        query.filter = pile(nodes, arguments, pile_cases[i].levels, pile_cases[i].kind,
                            pile_cases[i].side, quantifies ? labels : sold_out);
        ok = store_entity_list(shop.reader, shop_tenant, &query, shop.arena, &page, &err);
        CHECK(ok == pile_cases[i].taken, i);
        CHECK(ok || err.code == ERROR_BAD_REQUEST, i);
        CHECK(!ok || (int64_t)page.count == page.total_count, i);
    }
    shop_close(&shop);
}

#ifdef CONNECTORD_FAULTS
static void test_no_memory(void **state UNUSED)
{
    const struct edm_filter *title = PROPERTY(STRING, TOY_ARTICLE_TITLE);
    struct edm_query query = { .type = &toy_article,
                               .select = 1,
                               .page_size = 10,
                               .count = true,
                               .filter = CONDITION(EQ, title, STRING("X")) };
    struct shop shop;

    shop_open(&shop, true, NULL);
    assert_true(shop_insert(&shop, shop_tenant, shop_article(&shop, SLICE("x")), NULL));
    assert_true(store_read_begin(shop.reader, NULL));
    for (uint64_t n = 0;; n++) {
        struct error err = { 0 };
        struct edm_page page;
        bool ok;

        arena_fail_after(n);
        ok = store_entity_list(shop.reader, shop_tenant, &query, shop.arena, &page, &err);
        CHECK(ok == !arena_fault_fired(), n);
        CHECK(ok ? page.count == 1 : err.code == ERROR_TOO_LARGE, n);
        if (ok)
            break;
    }
    arena_fail_after(UINT64_MAX);
    shop_close(&shop);
}
#endif

/* --- by chance: what SQLite answers is what the model does ------------------------------------ */

#define ARTICLES 24
#define SEED     UINT64_C(20240101)
#ifdef CONNECTORD_FAULTS
#define QUERIES 20000 /* a sanitizer watches */
#else
#define QUERIES 60000
#endif

/* In words of its own: so that what edm/health.c says is compared with SQL, and with this. */
static bool is_gone(const struct edm_health_view *health, const struct edm_entity *article)
{
    const struct edm_value *contact = &article->values[health->contact];
    bool gone = contact->is_null || contact->at.ticks == 0
                    ? health->never_gone
                    : contact->at.ticks <= health->gone_since_ticks;

    assert_true(edm_health_is_gone(health, article) == gone);
    return gone;
}

static bool is_expected(const struct edm_query *query, const struct edm_entity *article,
                        struct arena *arena)
{
    return (!query->health || is_gone(query->health, article) == query->gone) &&
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
    const struct edm_health_view without = view_without_them();
    const struct edm_health_view *const views[] = { NULL, NULL, &view, &without };
    struct edm_query query = { .type = &toy_article,
                               .select = 1,
                               .page_size = ARTICLES,
                               .now_ticks = INT64_C(638400000012345678),
                               .count = true };
    struct chance chance = { SEED };
    struct edm_entity *articles[ARTICLES];
    struct shop shop;

    shop_open(&shop, true, NULL);
    shop_fill(&shop, model_article, &chance, articles, ARTICLES);
    assert_true(store_read_begin(shop.reader, NULL));
    for (size_t i = 0; i < QUERIES; i++) {
        struct arena *arena = arena_create(NULL, 64u << 20);

        query.filter = model_filter(&chance, arena);
        query.health = views[chance_below(&chance, COUNT_OF(views))];
        query.gone = chance_below(&chance, 8) == 0;
        query.exact_strings = chance_below(&chance, 3) == 0;
        query.later_members = chance_below(&chance, 3) == 0;
        check_query(&shop, &query, articles, i);
        arena_destroy(arena);
    }
    shop_close(&shop);
}

/* --- views ----------------------------------------------------------------------------------- */

static bool shows(const struct edm_health_view *health, const struct edm_entity *article,
                  int64_t state)
{
    struct arena *arena = arena_create(NULL, 1 << 16);
    struct edm_entity *copy = edm_entity_create(&toy_article, arena);

    assert_non_null(copy);
    edm_entity_merge(copy, article);
    edm_health_apply(health, copy);
    bool is_so = copy->values[health->state].integer == state;
    arena_destroy(arena);
    return is_so;
}

/* Which articles have a state, and which of them are gone, is the same in SQL and in C. */
static void check_view(struct shop *shop, struct edm_entity *const *articles,
                       const struct edm_health_view *health, int64_t value)
{
    const struct edm_filter *finish = PROPERTY(ENUM, TOY_ARTICLE_FINISH);
    const struct edm_filter *literal =
        NODE(.kind = EDM_FILTER_LITERAL, .type = EDM_FILTER_ENUM,
             .enumeration = toy_article.properties[TOY_ARTICLE_FINISH].enumeration,
             .integer = value);
    struct edm_query query = { .type = &toy_article,
                               .select = 1,
                               .page_size = ARTICLES,
                               .count = true,
                               .health = health,
                               .filter = CONDITION(EQ, finish, literal) };

    for (int gone = 0; gone <= 1; gone++) {
        struct arena *arena = arena_create(NULL, 1 << 20);
        struct edm_page page;
        size_t found = 0;

        query.gone = gone;
        assert_true(store_entity_list(shop->reader, shop_tenant, &query, arena, &page, NULL));
        for (size_t i = 0; i < ARTICLES; i++) {
            if (edm_health_is_gone(health, articles[i]) != query.gone ||
                !shows(health, articles[i], value))
                continue;
            CHECK(found < page.count &&
                      slice_eq(page.entities[found]->values[0].text, articles[i]->values[0].text),
                  i);
            found++;
        }
        assert_true(found == page.count && page.total_count == (int64_t)found);
        arena_destroy(arena);
    }
}

static void test_views(void **state UNUSED)
{
    static const int64_t values[] = { -5, 0, 1, 2, 7 };
    const struct edm_health_view without = view_without_them();
    const struct edm_health_view *const views[] = { &view, &without };
    struct chance chance = { SEED };
    struct edm_entity *articles[ARTICLES];
    struct shop shop;

    shop_open(&shop, true, NULL);
    shop_fill(&shop, model_article, &chance, articles, ARTICLES);
    assert_true(store_read_begin(shop.reader, NULL));
    for (size_t i = 0; i < COUNT_OF(views); i++) {
        for (size_t j = 0; j < COUNT_OF(values); j++)
            check_view(&shop, articles, views[i], values[j]);
    }
    shop_close(&shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),     cmocka_unit_test(test_too_complex),
        cmocka_unit_test(test_piles),     cmocka_unit_test(test_views),
#ifdef CONNECTORD_FAULTS
        cmocka_unit_test(test_no_memory),
#endif
        cmocka_unit_test(test_by_chance),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
