/* store/index_test.c - which indexes there are, and that statements read them.
 *
 * The engine is asked for the plan of the very statement that a list or a count ran: SQLite shows
 * each statement to whoever listens (sqlite3_trace_v2), on every connection from its opening on.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include <sqlite3.h>

#include "base/arena.h"
#include "edm/health.h"
#include "edm/toy_model.h"
#include "store/session.h"
#include "store/shop_test.h"
#include "store/sql_index.h"

/* --- what runs ------------------------------------------------------------------------------- */

/* The last list or count that ran, and what it ran on. */
static struct {
    char sql[8192];
    sqlite3 *handle;
} heard;

static int on_statement(unsigned what UNUSED, void *context UNUSED, void *statement, void *text)
{
    const char *sql = text;

    if (strncmp(sql, "SELECT count(*) FROM \"entity", 28) == 0 ||
        strncmp(sql, "SELECT * FROM (SELECT id", 24) == 0 ||
        (strncmp(sql, "SELECT id", 9) == 0 && !strstr(sql, "id = ?2"))) {
        snprintf(heard.sql, sizeof heard.sql, "EXPLAIN QUERY PLAN %s", sql);
        heard.handle = sqlite3_db_handle(statement);
    }
    return 0;
}

static int on_open(sqlite3 *handle, const char **message UNUSED, const void *api UNUSED)
{
    return sqlite3_trace_v2(handle, SQLITE_TRACE_STMT, on_statement, NULL);
}

/* "SEARCH entity_article USING PRIMARY KEY (tenant=?)" of all steps, in one line. */
static void explain(char *out, size_t size)
{
    sqlite3_stmt *stmt = NULL;
    size_t len = 0;

    out[0] = 0;
    assert_non_null(heard.handle);
    assert_int_equal(sqlite3_prepare_v2(heard.handle, heard.sql, -1, &stmt, NULL), SQLITE_OK);
    while (sqlite3_step(stmt) == SQLITE_ROW && len < size)
        len += (size_t)snprintf(out + len, size - len, "%s%s", len ? "; " : "",
                                (const char *)sqlite3_column_text(stmt, 3));
    sqlite3_finalize(stmt);
}

/* --- queries --------------------------------------------------------------------------------- */

#define NODE(...) (&(const struct edm_filter){ __VA_ARGS__ })
#define PROPERTY(t, p)                                                                             \
    NODE(.kind = EDM_FILTER_PROPERTY, .type = EDM_FILTER_##t, .property = TOY_ARTICLE_##p)
#define TEXT(value)                                                                                \
    NODE(.kind = EDM_FILTER_LITERAL, .type = EDM_FILTER_STRING, .text = SLICE_INIT(value))
#define DATE(value)                                                                                \
    NODE(.kind = EDM_FILTER_LITERAL, .type = EDM_FILTER_DATE_TIME, .at = { .ticks = (value) })
#define NOTHING NODE(.kind = EDM_FILTER_LITERAL, .type = EDM_FILTER_NULL)
#define COMPARE(k, a, b)                                                                           \
    NODE(.kind = EDM_FILTER_##k, .type = EDM_FILTER_BOOLEAN,                                       \
         .arguments = (const struct edm_filter *[]){ a, b }, .count = 2)
#define LOWER(a)                                                                                   \
    NODE(.kind = EDM_FILTER_TOLOWER, .type = EDM_FILTER_STRING,                                    \
         .arguments = (const struct edm_filter *[]){ a }, .count = 1)
#define NOT(a)                                                                                     \
    NODE(.kind = EDM_FILTER_NOT, .type = EDM_FILTER_BOOLEAN,                                       \
         .arguments = (const struct edm_filter *[]){ a }, .count = 1)
#define IN(...)                                                                                    \
    NODE(.kind = EDM_FILTER_IN, .type = EDM_FILTER_BOOLEAN,                                        \
         .arguments = (const struct edm_filter *[]){ __VA_ARGS__ },                                \
         .count = sizeof((const struct edm_filter *[]){ __VA_ARGS__ }) / sizeof(void *))

/* What an enumeration is matters for its sentinel alone, which is 6 here. */
#define COLOUR_NODE(k, ...)                                                                        \
    NODE(.kind = EDM_FILTER_##k, .type = EDM_FILTER_ENUM, .enumeration = &colours, __VA_ARGS__)
#define COLOUR(value) COLOUR_NODE(LITERAL, .integer = (value))
#define PAINT         COLOUR_NODE(PROPERTY, .property = TOY_ARTICLE_COLOUR)

static const struct edm_enum_member sentinel = { SLICE_INIT("unknownFutureValue"), 6, "" };
static const struct edm_enum colours = { .name = SLICE_INIT("colour"), .sentinel = &sentinel };

/* ROWS articles: of each title one, two colours by turns and a third of a few, a day for each row
 * and every second one null. */
#define ROWS 6000
#define DAY  INT64_C(864000000000)

static void fill(struct shop *shop)
{
    char title[32];

    assert_true(store_begin(shop->writer, NULL) && store_operation_begin(shop->writer, NULL));
    for (int i = 0; i < ROWS; i++) {
        struct edm_entity *article;
        struct slice text;

        snprintf(title, sizeof title, "%s %04d", i % 3 ? "Nail" : "Screw", i);
        assert_true(arena_copy(shop->arena, slice_of(title), &text));
        article = shop_article(shop, text);
        article->values[TOY_ARTICLE_COLOUR].integer = i % 1000 == 7 ? -5 : i % 2;
        article->values[TOY_ARTICLE_MADE_AT].at.ticks = i * DAY;
        article->values[TOY_ARTICLE_COUNTED_AT] =
            i % 2 ? (struct edm_value){ .is_null = true }
                  : (struct edm_value){ .at = { .ticks = i * DAY } };
        assert_true(store_entity_insert(shop->writer, shop_tenant, article, shop->arena, NULL));
    }
    assert_true(store_operation_keep(shop->writer, NULL) && store_commit(shop->writer, NULL));
}

#define TABLE       "SEARCH entity_article USING PRIMARY KEY (tenant=?)"
#define INDEX(name) "SEARCH entity_article USING INDEX index_article." name
#define COVER(name) "SEARCH entity_article USING COVERING INDEX index_article." name
#define SORT        "; USE TEMP B-TREE FOR ORDER BY"
#define SORT_RIGHT  "; USE TEMP B-TREE FOR RIGHT PART OF ORDER BY"

struct plan_case {
    const struct edm_filter *filter;
    const struct edm_filter *order[2];
    bool descending, next; /* next: the plan of the second page */
    const char *list, *count;
};

static void test_plans(void **state UNUSED)
{
    const struct edm_filter *title = PROPERTY(STRING, TITLE), *made = PROPERTY(DATE_TIME, MADE_AT),
                            *counted = PROPERTY(DATE_TIME, COUNTED_AT),
                            *code = PROPERTY(STRING, CODE), *origin = PROPERTY(STRING, ORIGIN);
    const struct edm_filter *few = COMPARE(LT, made, DATE(9 * DAY)),
                            *most = COMPARE(GT, made, DATE(9 * DAY)),
                            *blue = COMPARE(EQ, PAINT, COLOUR(-5)),
                            *red = COMPARE(EQ, PAINT, COLOUR(1)),
                            *elsewhere = COMPARE(CONTAINS, origin, TEXT("zz"));
    const struct plan_case cases[] = {
        /* nothing said: as without indexes */
        { NULL, { NULL }, false, false, TABLE, NULL },
        { NULL,
          { NULL },
          false,
          true,
          "SEARCH entity_article USING PRIMARY KEY (tenant=? AND id>?)",
          NULL },
        /* a state */
        { blue,
          { NULL },
          false,
          false,
          INDEX("colour (tenant=? AND p_colour=?)"),
          COVER("colour (tenant=? AND p_colour=?)") },
        { red,
          { NULL },
          false,
          false,
          INDEX("colour (tenant=? AND p_colour=?)"),
          COVER("colour (tenant=? AND p_colour=?)") },
        { red,
          { NULL },
          false,
          true,
          INDEX("colour (tenant=? AND p_colour=? AND id>?)"),
          COVER("colour (tenant=? AND p_colour=?)") },
        { COMPARE(AND, blue, elsewhere),
          { NULL },
          false,
          false,
          INDEX("colour (tenant=? AND p_colour=?)"),
          INDEX("colour (tenant=? AND p_colour=?)") },
        { COMPARE(AND, red, elsewhere), { NULL }, false, false, TABLE, TABLE },
        { IN(PAINT, COLOUR(-5), COLOUR(7)),
          { NULL },
          false,
          false,
          INDEX("colour (tenant=? AND p_colour=?)") SORT,
          COVER("colour (tenant=? AND p_colour=?)") },
        { COMPARE(EQ, PAINT, COLOUR(6)), { NULL }, false, false, TABLE, NULL }, /* the sentinel */
        /* the last contact */
        { few,
          { NULL },
          false,
          false,
          INDEX("madeAt (tenant=? AND p_madeAt<?)") SORT,
          COVER("madeAt (tenant=? AND p_madeAt<?)") },
        { COMPARE(GE, DATE(9 * DAY), made),
          { NULL },
          false,
          false,
          INDEX("madeAt (tenant=? AND p_madeAt<?)") SORT,
          COVER("madeAt (tenant=? AND p_madeAt<?)") },
        { COMPARE(AND, COMPARE(GE, made, DATE(9 * DAY)), COMPARE(LT, made, DATE(20 * DAY))),
          { NULL },
          false,
          false,
          INDEX("madeAt (tenant=? AND p_madeAt>? AND p_madeAt<?)") SORT,
          COVER("madeAt (tenant=? AND p_madeAt>? AND p_madeAt<?)") },
        { most, { NULL }, false, false, TABLE, COVER("madeAt (tenant=? AND p_madeAt>?)") },
        { COMPARE(EQ, made, DATE(9 * DAY)),
          { NULL },
          false,
          false,
          INDEX("madeAt (tenant=? AND p_madeAt=?)"),
          COVER("madeAt (tenant=? AND p_madeAt=?)") },
        { COMPARE(EQ, counted, NOTHING),
          { NULL },
          false,
          false,
          INDEX("countedAt (tenant=? AND p_countedAt=?)"),
          COVER("countedAt (tenant=? AND p_countedAt=?)") },
        { COMPARE(OR, few, blue), { NULL }, false, false, TABLE, NULL },
        { NOT(few), { NULL }, false, false, TABLE, NULL },
        /* the name */
        { COMPARE(EQ, title, TEXT("NAIL 0001")),
          { NULL },
          false,
          false,
          INDEX("title (tenant=? AND <expr>=?)"),
          INDEX("title (tenant=? AND <expr>=?)") },
        { COMPARE(EQ, LOWER(title), TEXT("nail 0001")),
          { NULL },
          false,
          false,
          INDEX("title (tenant=? AND <expr>=?)"),
          INDEX("title (tenant=? AND <expr>=?)") },
        { IN(title, TEXT("Nail 0001"), TEXT("Nail 0002")),
          { NULL },
          false,
          false,
          INDEX("title (tenant=? AND <expr>=?)") SORT,
          INDEX("title (tenant=? AND <expr>=?)") },
        { COMPARE(STARTSWITH, title, TEXT("Nail 00")),
          { NULL },
          false,
          false,
          INDEX("title (tenant=? AND <expr>>? AND <expr><?)") SORT,
          INDEX("title (tenant=? AND <expr>>? AND <expr><?)") },
        { COMPARE(STARTSWITH, title, TEXT("Nail")), { NULL }, false, false, TABLE, NULL },
        { COMPARE(STARTSWITH, title, TEXT("")), { NULL }, false, false, TABLE, NULL },
        { COMPARE(EQ, code, TEXT("x")),
          { NULL },
          false,
          false,
          INDEX("code (tenant=? AND <expr>=?)"),
          INDEX("code (tenant=? AND <expr>=?)") },
        { COMPARE(EQ, origin, TEXT("x")), { NULL }, false, false, TABLE, NULL }, /* has none */
        /* in an order */
        { NULL, { title }, false, false, INDEX("title (tenant=?)"), NULL },
        { NULL, { title }, false, true, INDEX("title (tenant=? AND <expr>>?)"), NULL },
        { NULL, { title }, true, true, INDEX("title (tenant=? AND <expr><?)") SORT_RIGHT, NULL },
        { NULL, { made }, true, false, INDEX("madeAt (tenant=?)") SORT_RIGHT, NULL },
        { NULL, { made }, true, true, INDEX("madeAt (tenant=? AND p_madeAt<?)") SORT_RIGHT, NULL },
        { NULL,
          { made, title },
          false,
          true,
          INDEX("madeAt (tenant=? AND p_madeAt>?)") SORT_RIGHT,
          NULL },
        { NULL, { counted }, false, true, TABLE SORT, NULL }, /* behind a null */
        { NULL, { counted }, true, false, INDEX("countedAt (tenant=?)") SORT_RIGHT, NULL },
        { NULL, { counted }, true, true, TABLE SORT, NULL }, /* nulls come last */
        { NULL, { PAINT }, false, false, INDEX("colour (tenant=?)"), NULL },
        { NULL, { PAINT }, true, false, TABLE SORT, NULL },
        { NULL, { PAINT, title }, false, false, TABLE SORT, NULL },
        { NULL, { origin }, false, false, TABLE SORT, NULL },
        /* and both */
        { blue,
          { title },
          false,
          false,
          INDEX("colour (tenant=? AND p_colour=?)") SORT,
          COVER("colour (tenant=? AND p_colour=?)") },
        { red, { title }, false, false, INDEX("title (tenant=?)"), NULL },
        { red, { made }, true, true, INDEX("madeAt (tenant=? AND p_madeAt<?)") SORT_RIGHT, NULL },
        { most, { made }, false, false, INDEX("madeAt (tenant=? AND p_madeAt>?)"), NULL },
        { COMPARE(AND, most, blue),
          { title },
          false,
          false,
          INDEX("colour (tenant=? AND p_colour=?)") SORT,
          NULL },
        { COMPARE(CONTAINS, title, TEXT("9")),
          { title },
          false,
          false,
          INDEX("title (tenant=?)"),
          NULL },
        { elsewhere, { title }, false, false, TABLE SORT, TABLE },
    };
    struct shop shop;
    char plan[512];

    shop_open(&shop, true, NULL);
    shop.options.indexes = STORE_INDEXES_ON;
    shop_reopen(&shop);
    fill(&shop);
    assert_true(store_read_begin(shop.reader, NULL));
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct plan_case *wanted = &cases[i];
        const struct edm_order_key keys[] = { { wanted->order[0], wanted->descending },
                                              { wanted->order[1], false } };
        struct edm_query query = { .type = &toy_article,
                                   .select = edm_all_properties(&toy_article),
                                   .page_size = 3,
                                   .filter = wanted->filter,
                                   .order = keys };
        struct edm_page page;

        query.order_count = !wanted->order[0] ? 0 : wanted->order[1] ? 2 : 1;
        for (int n = 0; n <= wanted->next; n++) {
            assert_true(
                store_entity_list(shop.reader, shop_tenant, &query, shop.arena, &page, NULL));
            if (page.count)
                query.after = page.entities[page.count - 1]->values[0].text;
            query.after_values = page.last_values;
        }
        explain(plan, sizeof plan);
        if (strcmp(plan, wanted->list) != 0)
            fail_msg("case %zu: %s, and not %s", i, plan, wanted->list);
        if (!wanted->count)
            continue;
        query.after = SLICE_EMPTY;
        query.page_size = 0;
        query.count = true;
        assert_true(store_entity_list(shop.reader, shop_tenant, &query, shop.arena, &page, NULL));
        explain(plan, sizeof plan);
        if (strcmp(plan, wanted->count) != 0)
            fail_msg("case %zu: counts by %s, and not %s", i, plan, wanted->count);
    }
    shop_close(&shop);
}

/* Nothing that a health policy leaves out is counted by an index that does not know of it, and a
 * state that is worked out is in none. */
static void test_health(void **state UNUSED)
{
    const struct edm_health_view view = { .type = &toy_article,
                                          .contact = TOY_ARTICLE_MADE_AT,
                                          .state = TOY_ARTICLE_COLOUR,
                                          .gone_since_ticks = 5 * DAY,
                                          .never_gone = true };
    const struct edm_filter *filters[] = { COMPARE(LT, PROPERTY(DATE_TIME, MADE_AT), DATE(9 * DAY)),
                                           COMPARE(EQ, PAINT, COLOUR(-5)) };
    const char *const plans[] = { INDEX("madeAt (tenant=? AND p_madeAt<?)") SORT, TABLE };
    struct shop shop;
    char plan[512];

    shop_open(&shop, true, NULL);
    shop.options.indexes = STORE_INDEXES_ON;
    shop_reopen(&shop);
    fill(&shop);
    assert_true(store_read_begin(shop.reader, NULL));
    for (size_t i = 0; i < COUNT_OF(filters); i++) {
        struct edm_query query = { .type = &toy_article,
                                   .select = 1,
                                   .page_size = 100,
                                   .filter = filters[i],
                                   .health = &view };
        struct edm_page page;

        assert_true(store_entity_list(shop.reader, shop_tenant, &query, shop.arena, &page, NULL));
        assert_int_equal(page.count, i == 0 ? 3 : 0); /* the days 6, 7 and 8 */
        explain(plan, sizeof plan);
        assert_string_equal(plan, plans[i]);
        query.count = true;
        assert_true(store_entity_list(shop.reader, shop_tenant, &query, shop.arena, &page, NULL));
        assert_int_equal(page.total_count, i == 0 ? 3 : 0);
    }
    shop_close(&shop);
}

/* --- which there are ------------------------------------------------------------------------- */

#define ARTICLE_INDEXES 6

static void reopen(struct shop *shop, enum store_indexes indexes, uint64_t rows, size_t made,
                   size_t dropped, unsigned line)
{
    struct store_index_changes changes;

    shop_close_store(shop);
    shop->options.indexes = indexes;
    shop->options.unindexed_rows = rows;
    shop_open_store(shop);
    changes = store_index_changes(shop->store);
    if (changes.made != made || changes.dropped != dropped)
        fail_msg("line %u: made %zu, dropped %zu", line, changes.made, changes.dropped);
}

#define REOPEN(indexes, rows, made, dropped)                                                       \
    reopen(&shop, STORE_INDEXES_##indexes, rows, made, dropped, __LINE__)

static void run_outside(struct shop *shop, const char *sql)
{
    sqlite3 *db = NULL;
    char path[128];

    snprintf(path, sizeof path, "%s/connectord.db", shop->directory);
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void test_settings(void **state UNUSED)
{
    struct edm_query query = { .type = &toy_article,
                               .select = 1,
                               .page_size = 5,
                               .filter = COMPARE(EQ, PROPERTY(STRING, TITLE), TEXT("b")) };
    struct edm_page page;
    struct shop shop;

    shop_open(&shop, false, NULL);
    for (int i = 0; i < 8; i++)
        assert_true(shop_insert(&shop, shop_tenant, shop_article(&shop, SLICE("b")), NULL));
    REOPEN(OFF, 0, 0, 0);
    REOPEN(AUTO, 8, 0, 0); /* not more than 8 */
    REOPEN(AUTO, 7, ARTICLE_INDEXES, 0);
    REOPEN(AUTO, 7, 0, 0);
    REOPEN(AUTO, 31, 0, 0); /* more than a quarter is left */
    REOPEN(AS_THEY_ARE, 1000, 0, 0);
    REOPEN(AUTO, 32, 0, ARTICLE_INDEXES);
    REOPEN(AS_THEY_ARE, 0, 0, 0);
    REOPEN(ON, 1000, ARTICLE_INDEXES, 0);
    shop.options.exact_strings = true;
    REOPEN(ON, 1000, 2, 2); /* those of texts */
    REOPEN(OFF, 0, 0, ARTICLE_INDEXES);
    REOPEN(ON, 0, ARTICLE_INDEXES, 0);
    run_outside(&shop, "DROP INDEX \"index_article.title\"");
    REOPEN(ON, 0, 1, 1);
    /* One that the model does not have is no newer connectord's, and goes. */
    run_outside(&shop,
                "CREATE INDEX \"index_article.gone\" ON entity_article (tenant, p_code);"
                "INSERT INTO schema_object (name, layout) VALUES ('index_article.gone', 'x')");
    REOPEN(AS_THEY_ARE, 0, 0, 0);
    REOPEN(ON, 0, 0, 1);
    /* Made for another comparison than is asked for: left alone. */
    assert_true(store_read_begin(shop.reader, NULL));
    assert_true(store_entity_list(shop.reader, shop_tenant, &query, shop.arena, &page, NULL));
    assert_int_equal(page.count, 5);
    assert_null(strstr(heard.sql, "index_article"));
    query.exact_strings = true;
    assert_true(store_entity_list(shop.reader, shop_tenant, &query, shop.arena, &page, NULL));
    assert_non_null(strstr(heard.sql, "index_article.title"));
    assert_int_equal(page.count, 5);
    store_read_end(shop.reader);
    assert_true(shop_is_sound(&shop));
    shop_close(&shop);
}

/* A start that has nothing to make does not wait for somebody who is writing. */
static void test_start_takes_no_lock(void **state UNUSED)
{
    struct store *store;
    struct shop shop;

    shop_open(&shop, false, NULL);
    REOPEN(ON, 0, ARTICLE_INDEXES, 0);
    assert_true(store_begin(shop.writer, NULL));
    assert_true(store_open(&toy_model, &shop.options, &store, NULL));
    store_close(store);
    store_rollback(shop.writer);
    shop_close(&shop);
}

/* --- texts at the edges ---------------------------------------------------------------------- */

/* What an index has of a text is its beginning, in lower case: none is lost that the condition lets
 * through, and none found that it does not. */
static void test_edges(void **state UNUSED)
{
    char longer[2 * 1000 + 2], cut[sizeof longer];
    const struct slice titles[] = {
        SLICE(""),
        SLICE("a"),
        { "a\0b", 3 },
        { "a\0c", 3 },
        SLICE("\xc3\xa4"),
        SLICE("\xf4\x8f\xbf\xbf"),
        SLICE("Z"),
        SLICE("["),
        { longer, sizeof longer - 1 },
        { cut, sizeof cut - 1 },
    };
    static const enum edm_filter_kind kinds[] = { EDM_FILTER_EQ, EDM_FILTER_GT,
                                                  EDM_FILTER_GE, EDM_FILTER_LT,
                                                  EDM_FILTER_LE, EDM_FILTER_STARTSWITH };
    struct shop shop, other;

    memset(longer, 'x', sizeof longer);
    memcpy(cut, longer, sizeof cut);
    cut[sizeof cut - 2] = 'y';
    shop_open(&other, true, NULL);
    shop_open(&shop, true, NULL);
    shop.options.indexes = STORE_INDEXES_ON;
    shop_reopen(&shop);
    for (size_t i = 0; i < COUNT_OF(titles); i++) {
        assert_true(shop_insert(&shop, shop_tenant, shop_article(&shop, titles[i]), NULL));
        assert_true(shop_insert(&other, shop_tenant, shop_article(&other, titles[i]), NULL));
    }
    for (size_t n = 0; n < COUNT_OF(kinds) * COUNT_OF(titles); n++) {
        const struct edm_filter literal = { .kind = EDM_FILTER_LITERAL,
                                            .type = EDM_FILTER_STRING,
                                            .text = titles[n % COUNT_OF(titles)] };
        struct edm_filter filter = *COMPARE(EQ, PROPERTY(STRING, TITLE), &literal);
        struct edm_query query = { .type = &toy_article,
                                   .select = 1 << TOY_ARTICLE_TITLE,
                                   .page_size = 50,
                                   .filter = &filter };
        struct edm_page with, without;

        filter.kind = kinds[n / COUNT_OF(titles)];
        assert_true(store_read_begin(shop.reader, NULL) && store_read_begin(other.reader, NULL));
        assert_true(store_entity_list(shop.reader, shop_tenant, &query, shop.arena, &with, NULL));
        assert_true(
            store_entity_list(other.reader, shop_tenant, &query, other.arena, &without, NULL));
        CHECK(with.count == without.count, n);
        for (size_t i = 0; i < with.count; i++)
            CHECK(slice_eq(with.entities[i]->values[TOY_ARTICLE_TITLE].text,
                           without.entities[i]->values[TOY_ARTICLE_TITLE].text),
                  n);
    }
    shop_close(&other);
    shop_close(&shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plans),    cmocka_unit_test(test_health),
        cmocka_unit_test(test_settings), cmocka_unit_test(test_start_takes_no_lock),
        cmocka_unit_test(test_edges),
    };

    sqlite3_auto_extension((void (*)(void))on_open);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
