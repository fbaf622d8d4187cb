/* store/store_test.c - what store.h promises of values, tenants and transactions.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "store/store.h"

#include <sys/stat.h>

#include "base/arena.h"
#include "base/clock.h"
#include "edm/toy_model.h"
#include "store/shop_test.h"

#define ALL edm_all_properties(&toy_article)

static const bool in_memory_cases[] = { false, true };

/* --- every kind of value ---------------------------------------------------------------------- */

static bool values_equal(const struct edm_property *property, const struct edm_value *a,
                         const struct edm_value *b)
{
    if (a->is_null || b->is_null)
        return a->is_null && b->is_null;
    switch (property->kind) {
    case EDM_STRING:
        return slice_eq(a->text, b->text);
    case EDM_BOOLEAN:
        return a->boolean == b->boolean;
    case EDM_DATE_TIME_OFFSET:
        return a->at.ticks == b->at.ticks && a->at.offset_minutes == b->at.offset_minutes;
    default:
        return a->integer == b->integer;
    }
}

static bool entities_equal(const struct edm_entity *a, const struct edm_entity *b)
{
    if (a->type != b->type || a->present != b->present || a->version != b->version)
        return false;
    for (size_t i = 0; i < a->type->property_count; i++)
        if (edm_entity_has(a, i) &&
            !values_equal(&a->type->properties[i], &a->values[i], &b->values[i]))
            return false;
    return true;
}

/* Values at the edges of each kind. */
static void make_odd(struct edm_entity *entity)
{
    struct edm_value *values = entity->values;

    values[TOY_ARTICLE_TITLE].text = (struct slice){ "a\0b '\"?1 \xc3\xa4", 11 };
    values[TOY_ARTICLE_CODE].text = SLICE_EMPTY; /* empty is not null */
    values[TOY_ARTICLE_SOLD_OUT].boolean = true;
    values[TOY_ARTICLE_FRAGILE] = (struct edm_value){ .is_null = true };
    values[TOY_ARTICLE_STOCK].integer = INT32_MIN;
    values[TOY_ARTICLE_GRAMS] = (struct edm_value){ .integer = INT64_MAX };
    values[TOY_ARTICLE_MADE_AT].at =
        (struct edm_date_time){ .ticks = 638000000000000001, .offset_minutes = -840 };
    values[TOY_ARTICLE_COUNTED_AT] = (struct edm_value){ .at = { .offset_minutes = 840 } };
    values[TOY_ARTICLE_COLOUR].integer = -5;
    values[TOY_ARTICLE_FINISH] = (struct edm_value){ .is_null = true };
    values[TOY_ARTICLE_LABELS].text = SLICE("[\"a\",\"b\"]");
}

static void test_round_trip(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(in_memory_cases); i++) {
        struct edm_entity *plain, *odd, *read = NULL;
        struct error err = { 0 };
        struct shop shop;

        shop_open(&shop, in_memory_cases[i], NULL);
        plain = shop_article(&shop, SLICE("plain"));
        odd = shop_article(&shop, SLICE_EMPTY);
        make_odd(odd);
        CHECK(shop_insert(&shop, shop_tenant, plain, &err), i);
        CHECK(shop_insert(&shop, shop_tenant, odd, &err), i);
        CHECK(plain->version == 1 && plain->present == ALL, i);
        CHECK(plain->values[0].text.len == UUID_TEXT_LEN, i);
        CHECK(slice_compare(plain->values[0].text, odd->values[0].text) < 0, i);
        CHECK(shop_get(&shop, shop_tenant, plain->values[0].text, &read, &err), i);
        CHECK(entities_equal(plain, read), i);
        CHECK(shop_get(&shop, shop_tenant, odd->values[0].text, &read, &err), i);
        CHECK(entities_equal(odd, read), i);
        shop_close(&shop);
    }
}

/* No date has such an offset, so the row is damaged; it must not end the process. */
static void test_damaged_offset(void **state UNUSED)
{
    static const int16_t offsets[] = { -841, 841, INT16_MIN, INT16_MAX };

    for (size_t i = 0; i < COUNT_OF(offsets); i++) {
        struct edm_entity *article, *read = NULL;
        struct error err = { 0 };
        struct shop shop;

        shop_open(&shop, true, NULL);
        article = shop_article(&shop, SLICE("x"));
        article->values[TOY_ARTICLE_MADE_AT].at.offset_minutes = offsets[i];
        CHECK(shop_insert(&shop, shop_tenant, article, &err), i);
        CHECK(!shop_get(&shop, shop_tenant, article->values[0].text, &read, &err), i);
        CHECK(err.code == ERROR_IO, i);
        shop_close(&shop);
    }
}

static void test_select(void **state UNUSED)
{
    uint64_t select = UINT64_C(1) << TOY_ARTICLE_MADE_AT | UINT64_C(1) << TOY_ARTICLE_LABELS;
    struct edm_entity *article, *read = NULL;
    struct error err = { 0 };
    struct shop shop;

    shop_open(&shop, true, NULL);
    article = shop_article(&shop, SLICE("x"));
    assert_true(shop_insert(&shop, shop_tenant, article, &err));
    assert_true(store_read_begin(shop.reader, &err));
    assert_true(store_entity_get(shop.reader, shop_tenant, &toy_article, article->values[0].text,
                                 select, shop.arena, &read, &err));
    assert_true(read->present == select);
    assert_true(slice_eq(read->values[TOY_ARTICLE_LABELS].text, SLICE("[\"plain\"]")));
    assert_true(slice_eq(read->values[0].text, article->values[0].text)); /* known, not present */
    shop_close(&shop);
}

static void test_update(void **state UNUSED)
{
    uint64_t changed = UINT64_C(1) << TOY_ARTICLE_STOCK | UINT64_C(1) << TOY_ARTICLE_COUNTED_AT;
    struct edm_entity *article, *read = NULL, *stale = NULL;
    struct error err = { 0 };
    struct shop shop;

    shop_open(&shop, false, NULL);
    article = shop_article(&shop, SLICE("x"));
    assert_true(shop_insert(&shop, shop_tenant, article, &err));
    assert_true(shop_get(&shop, shop_tenant, article->values[0].text, &stale, &err));
    shop_begin(&shop);
    assert_true(store_entity_get(shop.writer, shop_tenant, &toy_article, article->values[0].text,
                                 ALL, shop.arena, &read, &err));
    read->values[TOY_ARTICLE_STOCK].integer = 99;
    read->values[TOY_ARTICLE_COUNTED_AT] = (struct edm_value){ .at = { 5, 60 } };
    read->values[TOY_ARTICLE_TITLE].text = SLICE("not among the changed");
    assert_true(store_entity_update(shop.writer, shop_tenant, read, changed, &err));
    assert_true(read->version == 2);
    assert_true(store_entity_update(shop.writer, shop_tenant, read, 0, &err)); /* version alone */
    assert_true(read->version == 3);
    assert_false(store_entity_update(shop.writer, shop_tenant, stale, changed, &err));
    assert_int_equal(err.code, ERROR_NOT_FOUND);
    shop_end(&shop);
    assert_true(shop_get(&shop, shop_tenant, article->values[0].text, &read, &err));
    assert_true(read->version == 3 && read->values[TOY_ARTICLE_STOCK].integer == 99);
    assert_true(read->values[TOY_ARTICLE_COUNTED_AT].at.offset_minutes == 60);
    assert_true(slice_eq(read->values[TOY_ARTICLE_TITLE].text, SLICE("x")));
    shop_close(&shop);
}

static void test_keys(void **state UNUSED)
{
    struct edm_entity *first, *second, *read;
    struct error err = { 0 };
    struct shop shop;

    shop_open(&shop, true, NULL);
    first = shop_article(&shop, SLICE("first"));
    first->values[0] = (struct edm_value){ .text = SLICE("my key") };
    edm_entity_mark(first, 0);
    assert_true(shop_insert(&shop, shop_tenant, first, &err));
    second = shop_article(&shop, SLICE("second"));
    second->values[0] = first->values[0];
    edm_entity_mark(second, 0);
    assert_false(shop_insert(&shop, shop_tenant, second, &err));
    assert_int_equal(err.code, ERROR_CONFLICT);
    assert_true(second->version == 0);
    assert_false(shop_get(&shop, shop_tenant, SLICE("no key"), &read, &err));
    assert_int_equal(err.code, ERROR_NOT_FOUND);
    assert_string_equal(err.message, "Resource 'no key' does not exist.");
    assert_string_equal(err.target, "");
    assert_false(shop_get(&shop, shop_tenant, SLICE_EMPTY, &read, &err));
    assert_false(shop_get(&shop, shop_tenant, SLICE("MY KEY"), &read, &err));
    shop_close(&shop);
}

/* --- tenants ---------------------------------------------------------------------------------- */

/* Two tenants with the same keys: every function sees the one it was asked for. */
static void test_tenants(void **state UNUSED)
{
    const struct uuid tenants[] = { shop_tenant, shop_other_tenant };
    struct edm_query query = { .type = &toy_article, .select = ALL, .page_size = 9, .count = true };
    struct edm_entity *articles[2], *read = NULL;
    const struct uuid nobody = { { 0 } };
    struct error err = { 0 };
    struct edm_page page;
    struct shop shop;

    shop_open(&shop, false, NULL);
    for (size_t i = 0; i < 2; i++) {
        articles[i] = shop_article(&shop, i ? SLICE("theirs") : SLICE("ours"));
        articles[i]->values[0] = (struct edm_value){ .text = SLICE("same") };
        edm_entity_mark(articles[i], 0);
        CHECK(shop_insert(&shop, tenants[i], articles[i], &err), i);
    }
    for (size_t i = 0; i < 2; i++) {
        CHECK(shop_get(&shop, tenants[i], SLICE("same"), &read, &err), i);
        CHECK(entities_equal(read, articles[i]), i);
        CHECK(store_entity_list(shop.reader, tenants[i], &query, shop.arena, &page, &err), i);
        CHECK(page.count == 1 && page.total_count == 1 && !page.more, i);
        CHECK(entities_equal(page.entities[0], articles[i]), i);
    }
    assert_false(shop_get(&shop, nobody, SLICE("same"), &read, &err));

    shop_begin(&shop);
    articles[1]->values[TOY_ARTICLE_STOCK].integer = 1000;
    assert_true(store_entity_update(shop.writer, shop_other_tenant, articles[1], ALL, &err));
    assert_false(store_entity_update(shop.writer, nobody, articles[1], ALL, &err));
    shop_end(&shop);
    assert_true(shop_get(&shop, shop_tenant, SLICE("same"), &read, &err));
    assert_true(entities_equal(read, articles[0]));

    assert_false(shop_delete(&shop, nobody, SLICE("same"), &err));
    assert_int_equal(err.code, ERROR_NOT_FOUND);
    assert_true(shop_delete(&shop, shop_other_tenant, SLICE("same"), &err));
    assert_false(shop_get(&shop, shop_other_tenant, SLICE("same"), &read, &err));
    assert_true(shop_get(&shop, shop_tenant, SLICE("same"), &read, &err));
    shop_close(&shop);
}

static void test_delete_all(void **state UNUSED)
{
    struct error err = { 0 };
    int64_t count = -1;
    struct shop shop;

    shop_open(&shop, false, NULL);
    for (size_t i = 0; i < 5; i++)
        assert_true(shop_insert(&shop, i < 3 ? shop_tenant : shop_other_tenant,
                                shop_article(&shop, SLICE("x")), &err));
    shop_begin(&shop);
    assert_true(store_entity_delete_all(shop.writer, shop_tenant, &toy_article, &count, &err));
    assert_true(count == 3);
    assert_true(store_entity_delete_all(shop.writer, shop_tenant, &toy_crate, &count, &err));
    assert_true(count == 0);
    store_operation_undo(shop.writer);
    assert_true(store_commit(shop.writer, &err));
    assert_true(shop_count(&shop, shop_tenant) == 3);
    shop_begin(&shop);
    assert_true(store_entity_delete_all(shop.writer, shop_tenant, &toy_article, &count, &err));
    shop_end(&shop);
    assert_true(count == 3);
    assert_true(shop_count(&shop, shop_tenant) == 0);
    assert_true(shop_count(&shop, shop_other_tenant) == 2);
    shop_close(&shop);
}

/* --- transactions ----------------------------------------------------------------------------- */

static void test_read_your_writes(void **state UNUSED)
{
    struct error err = { 0 };
    struct shop shop;
    uint64_t commits;

    shop_open(&shop, false, NULL);
    assert_true(shop_count(&shop, shop_tenant) == 0);
    commits = store_commit_count(shop.store);
    shop_begin(&shop);
    assert_true(store_entity_insert(shop.writer, shop_tenant, shop_article(&shop, SLICE("x")),
                                    shop.arena, &err));
    assert_true(store_operation_keep(shop.writer, &err));
    assert_true(shop_count(&shop, shop_tenant) == 0); /* not committed, and no lock in the way */
    assert_true(store_commit(shop.writer, &err));
    assert_true(store_commit_count(shop.store) == commits + 1);
    assert_true(shop_count(&shop, shop_tenant) == 1); /* the open read transaction was replaced */
    shop_close(&shop);
}

/* A transaction is a snapshot while it is kept. */
static void test_snapshot(void **state UNUSED)
{
    struct edm_query query = { .type = &toy_article, .count = true };
    struct edm_page page;
    struct shop shop;

    shop_open(&shop, false, NULL);
    assert_true(store_read_begin(shop.reader, NULL));
    assert_true(shop_insert(&shop, shop_tenant, shop_article(&shop, SLICE("x")), NULL));
    assert_true(store_entity_list(shop.reader, shop_tenant, &query, shop.arena, &page, NULL));
    assert_true(page.total_count == 0);
    store_read_end(shop.reader);
    assert_true(shop_count(&shop, shop_tenant) == 1);
    shop_close(&shop);
}

static void test_group(void **state UNUSED)
{
    struct edm_entity *read, *articles[5];
    struct error err = { 0 };
    struct shop shop;

    shop_open(&shop, false, NULL);
    assert_true(store_begin(shop.writer, &err));
    for (size_t i = 0; i < COUNT_OF(articles); i++) {
        articles[i] = shop_article(&shop, SLICE("x"));
        assert_true(store_operation_begin(shop.writer, &err));
        assert_true(store_entity_insert(shop.writer, shop_tenant, articles[i], shop.arena, &err));
        if (i % 2)
            store_operation_undo(shop.writer);
        else
            assert_true(store_operation_keep(shop.writer, &err));
        assert_true(store_transaction_stands(shop.writer));
    }
    assert_true(store_commit(shop.writer, &err));
    assert_false(store_transaction_stands(shop.writer));
    for (size_t i = 0; i < COUNT_OF(articles); i++)
        CHECK(shop_get(&shop, shop_tenant, articles[i]->values[0].text, &read, &err) ==
                  (i % 2 == 0),
              i);
    shop_close(&shop);
}

static void test_rollback(void **state UNUSED)
{
    struct shop shop;
    bool empty = false;

    shop_open(&shop, true, NULL);
    shop_begin(&shop);
    assert_true(store_entity_insert(shop.writer, shop_tenant, shop_article(&shop, SLICE("x")),
                                    shop.arena, NULL));
    assert_true(store_is_empty(shop.writer, &empty, NULL) && !empty);
    store_rollback(shop.writer);
    assert_true(store_read_begin(shop.reader, NULL));
    assert_true(store_is_empty(shop.reader, &empty, NULL) && empty);
    shop_close(&shop);
}

/* --- the log, the deadline -------------------------------------------------------------------- */

static off_t log_size(const struct shop *shop)
{
    struct stat st = { 0 };
    char path[128];

    snprintf(path, sizeof path, "%s/connectord.db-wal", shop->directory);
    assert_int_equal(stat(path, &st), 0);
    return st.st_size;
}

/* Inserts articles of 1 MiB until about `bytes` went into the log. */
static void fill_log(struct shop *shop, size_t bytes)
{
    static char title[1 << 20];
    struct edm_entity *article;

    memset(title, 'x', sizeof title);
    article = shop_article(shop, (struct slice){ title, sizeof title });
    for (size_t i = 0; i < bytes / sizeof title; i++) {
        article->present &= ~UINT64_C(1);
        assert_true(shop_insert(shop, shop_tenant, article, NULL));
        store_maintain(shop->writer);
    }
}

static void test_checkpoints(void **state UNUSED)
{
    struct shop shop;

    shop_open(&shop, false, NULL);
    fill_log(&shop, 40u << 20);
    assert_true(log_size(&shop) < 6 << 20); /* nobody read: it began anew each 4 MiB */
    /* A reader stays in an old snapshot: the log grows, and past 64 MiB readers are asked. */
    assert_true(store_read_begin(shop.reader, NULL));
    fill_log(&shop, 70u << 20);
    assert_true(log_size(&shop) > 64 << 20);
    assert_false(store_readers_should_pause(shop.store)); /* only while the writer tries */
    assert_true(store_read_begin(shop.reader, NULL));
    store_read_end(shop.reader);
    fill_log(&shop, 8u << 20);
    assert_true(log_size(&shop) < 16 << 20);
    assert_true(shop_is_sound(&shop));
    shop_close(&shop);
}

static void test_deadline(void **state UNUSED)
{
    struct edm_query query = { .type = &toy_article, .count = true };
    struct edm_entity *article;
    struct error err = { 0 };
    struct edm_page page;
    struct shop shop;

    shop_open(&shop, true, NULL);
    article = shop_article(&shop, SLICE("x"));
    shop_begin(&shop);
    for (size_t i = 0; i < 20000; i++) {
        article->present &= ~UINT64_C(1);
        assert_true(store_entity_insert(shop.writer, shop_tenant, article, shop.arena, NULL));
    }
    shop_end(&shop);
    assert_true(store_read_begin(shop.reader, NULL));
    store_session_set_deadline(shop.reader, clock_monotonic_ms());
    assert_false(store_entity_list(shop.reader, shop_tenant, &query, shop.arena, &page, &err));
    assert_int_equal(err.code, ERROR_BUSY);
    store_session_set_deadline(shop.reader, clock_monotonic_ms() + 60000);
    assert_true(store_entity_list(shop.reader, shop_tenant, &query, shop.arena, &page, &err));
    assert_true(page.total_count == 20000);
    store_session_set_deadline(shop.reader, 0);
    assert_true(store_entity_list(shop.reader, shop_tenant, &query, shop.arena, &page, &err));
    shop_close(&shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_damaged_offset),
        cmocka_unit_test(test_select),     cmocka_unit_test(test_update),
        cmocka_unit_test(test_keys),       cmocka_unit_test(test_tenants),
        cmocka_unit_test(test_delete_all), cmocka_unit_test(test_read_your_writes),
        cmocka_unit_test(test_snapshot),   cmocka_unit_test(test_group),
        cmocka_unit_test(test_rollback),   cmocka_unit_test(test_checkpoints),
        cmocka_unit_test(test_deadline),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
