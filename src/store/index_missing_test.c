/* store/index_missing_test.c - an index that is not there, and what else the engine does not take.
 *
 * None of it is the client's fault, and so none of it is an answer.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include <sqlite3.h>

#include "base/arena.h"
#include "edm/toy_model.h"
#include "store/db_fault.h"
#include "store/session.h"
#include "store/shop_test.h"

#define ARTICLES 20
#define INDEXES  6

#define NODE(...) (&(const struct edm_filter){ __VA_ARGS__ })
#define TITLE                                                                                      \
    NODE(.kind = EDM_FILTER_PROPERTY, .type = EDM_FILTER_STRING, .property = TOY_ARTICLE_TITLE)
#define MADE_AT                                                                                    \
    NODE(.kind = EDM_FILTER_PROPERTY, .type = EDM_FILTER_DATE_TIME, .property = TOY_ARTICLE_MADE_AT)
#define A       NODE(.kind = EDM_FILTER_LITERAL, .type = EDM_FILTER_STRING, .text = SLICE_INIT("a"))
#define NOTHING NODE(.kind = EDM_FILTER_LITERAL, .type = EDM_FILTER_NULL)
#define COMPARE(k, a, b)                                                                           \
    NODE(.kind = EDM_FILTER_##k, .type = EDM_FILTER_BOOLEAN,                                       \
         .arguments = (const struct edm_filter *[]){ a, b }, .count = 2)

static void fill(struct shop *shop)
{
    for (int i = 0; i < ARTICLES; i++)
        assert_true(shop_insert(shop, shop_tenant,
                                shop_article(shop, i % 4 ? SLICE("b") : SLICE("a")), NULL));
}

static void run_outside(struct shop *shop, const char *sql)
{
    sqlite3 *db = NULL;
    char path[128];

    snprintf(path, sizeof path, "%s/connectord.db", shop->directory);
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

/* --- dropped beside the server --------------------------------------------------------------- */

static const struct missing_case {
    bool filter, order, second_page;
    const struct edm_filter *condition;
    int64_t count;
} missing_cases[] = {
    { .condition = COMPARE(EQ, TITLE, A), .count = 5 },
    { .condition = COMPARE(EQ, TITLE, A), .order = true, .count = 5 },
    { .condition = COMPARE(NE, MADE_AT, NOTHING), .order = true, .count = ARTICLES },
    { .condition = COMPARE(EQ, MADE_AT, NOTHING), .count = 0 }, /* told by the index alone */
    { .order = true, .count = ARTICLES },
    { .order = true, .second_page = true, .count = ARTICLES },
};

static void check_missing(struct shop *shop, size_t index)
{
    const struct missing_case *c = &missing_cases[index];
    const struct edm_order_key key = { TITLE, false };
    const struct edm_order_value value = { .kind = EDM_ORDER_TEXT, .text = SLICE("a") };
    struct edm_query query = { .type = &toy_article,
                               .select = 1,
                               .page_size = 3,
                               .count = true,
                               .filter = c->condition,
                               .order = &key,
                               .order_count = c->order,
                               .after = c->second_page ? SLICE("0") : SLICE_EMPTY,
                               .after_values = &value };
    struct error err = { 0 };
    struct edm_page page;

    if (!store_entity_list(shop->reader, shop_tenant, &query, shop->arena, &page, &err))
        fail_msg("case %zu: %s", index, err.message);
    CHECK(page.total_count == c->count, index);
    CHECK(page.count == (c->count < 3 ? (size_t)c->count : 3), index);
}

static void test_dropped(void **state UNUSED)
{
    struct shop shop;

    shop_open(&shop, false, NULL);
    fill(&shop);
    shop.options.indexes = STORE_INDEXES_ON;
    shop_reopen(&shop);
    assert_true(store_read_begin(shop.reader, NULL));
    for (size_t i = 0; i < COUNT_OF(missing_cases); i++)
        check_missing(&shop, i);
    store_read_end(shop.reader);
    run_outside(&shop, "DROP INDEX \"index_article.title\"; DROP INDEX \"index_article.madeAt\"");
    assert_true(store_read_begin(shop.reader, NULL));
    for (size_t i = 0; i < COUNT_OF(missing_cases); i++)
        check_missing(&shop, i);
    shop_close(&shop);
}

/* --- one level too many ---------------------------------------------------------------------- */

/* What is taken is taken with a count as well, which stands around the condition. */
static void test_counted_depth(void **state UNUSED)
{
    const struct edm_order_key key = { TITLE, false };
    const struct edm_filter *filter = COMPARE(EQ, TITLE, A);
    struct shop shop;
    size_t taken = 0;

    shop_open(&shop, true, NULL);
    fill(&shop);
    assert_true(store_read_begin(shop.reader, NULL));
    for (size_t depth = 0; depth < 60; depth++) {
        struct edm_query query = { .type = &toy_article,
                                   .select = 1,
                                   .page_size = 3,
                                   .filter = filter,
                                   .order = &key,
                                   .order_count = 1 };
        struct edm_filter *not = arena_new(shop.arena, struct edm_filter);
        const struct edm_filter **argument = arena_new(shop.arena, const struct edm_filter *);
        struct error err = { 0 };
        struct edm_page page;
        bool ok = store_entity_list(shop.reader, shop_tenant, &query, shop.arena, &page, &err);

        query.count = true;
        CHECK(store_entity_list(shop.reader, shop_tenant, &query, shop.arena, &page, &err) == ok,
              depth);
        CHECK(ok ? page.total_count == (depth % 2 ? 15 : 5)
                 : strcmp(err.target, "$filter") == 0 && err.code == ERROR_BAD_REQUEST,
              depth);
        taken += ok;
        *argument = filter;
        *not = (struct edm_filter){
            .kind = EDM_FILTER_NOT, .type = EDM_FILTER_BOOLEAN, .arguments = argument, .count = 1
        };
        filter = not ;
    }
    assert_in_range(taken, 10, 59); /* else nothing was seen */
    shop_close(&shop);
}

/* --- no room for it -------------------------------------------------------------------------- */

/* A store whose disk is full can still be read: that it has no index is no reason not to start. */
static void test_full_disk(void **state UNUSED)
{
    struct db_fault_plan plan = { .kinds = 0 };
    struct store_index_changes changes;
    struct shop shop;

    shop_open(&shop, false, &plan);
    fill(&shop);
    shop_close_store(&shop);
    shop.options.indexes = STORE_INDEXES_ON;
    atomic_store(&plan.files.fault, SQLITE_FILES_FULL);
    shop_open_store(&shop);
    changes = store_index_changes(shop.store);
    assert_true(changes.made == 0 && changes.dropped == 0);
    assert_int_equal(changes.failure, ERROR_STORAGE_FULL);
    assert_true(store_read_begin(shop.reader, NULL));
    for (size_t i = 0; i < COUNT_OF(missing_cases); i++)
        check_missing(&shop, i);
    store_read_end(shop.reader);
    atomic_store(&plan.files.fault, SQLITE_FILES_WORK);
    shop_reopen(&shop);
    changes = store_index_changes(shop.store);
    assert_true(changes.made == INDEXES && changes.failure == ERROR_NONE);
    assert_true(shop_is_sound(&shop));
    /* Some there are, and others have no room. */
    run_outside(&shop, "DROP INDEX \"index_article.title\"");
    shop_close_store(&shop);
    atomic_store(&plan.files.fault, SQLITE_FILES_FULL);
    shop_open_store(&shop);
    assert_int_equal(store_index_changes(shop.store).failure, ERROR_STORAGE_FULL);
    assert_true(store_read_begin(shop.reader, NULL));
    for (size_t i = 0; i < COUNT_OF(missing_cases); i++)
        check_missing(&shop, i);
    atomic_store(&plan.files.fault, SQLITE_FILES_WORK);
    shop_close(&shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dropped),
        cmocka_unit_test(test_counted_depth),
        cmocka_unit_test(test_full_disk),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
