/* store/store_test.c - what store.h promises, on both kinds of folder.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "store/store.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/repeatable.h"
#include "edm/health.h"
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

/* --- ids -------------------------------------------------------------------------------------- */

static uint64_t test_time_ms;

static uint64_t test_clock(void)
{
    return test_time_ms;
}

/* Inserts `count` articles and checks that their keys rise behind *last. */
static void insert_rising(struct shop *shop, size_t count, char last[UUID_TEXT_LEN])
{
    struct edm_entity *article = shop_article(shop, SLICE("x"));

    for (size_t i = 0; i < count; i++) {
        if (i % 1000 == 0)
            shop_begin(shop);
        article->present &= ~UINT64_C(1);
        assert_true(store_entity_insert(shop->writer, shop_tenant, article, shop->arena, NULL));
        CHECK(memcmp(article->values[0].text.ptr, last, UUID_TEXT_LEN) > 0, i);
        memcpy(last, article->values[0].text.ptr, UUID_TEXT_LEN);
        if (i % 1000 == 999 || i == count - 1)
            shop_end(shop);
    }
}

static const struct {
    int64_t step_ms;
    size_t count;
    bool reopen;
} clock_cases[] = {
    { 0, 20000, false },          /* the clock stands: 4,096 ids fit its millisecond */
    { 1, 5000, true },            /**/
    { -1000000, 5000, true },     /* steps back over a restart */
    { 1000000 + 7, 5000, false }, /* and on again */
    { 3600000, 1, true },         /**/
    { -3600000, 20000, false },   /* back in the middle of a run */
    { 60000, 45000, true },       /**/
};

static void test_ids_rise(void **state UNUSED)
{
    char last[UUID_TEXT_LEN] = "";
    struct shop shop;

    shop_open(&shop, false, NULL);
    shop.options.unix_ms = test_clock;
    test_time_ms = 1700000000000;
    shop_reopen(&shop);
    for (size_t i = 0; i < COUNT_OF(clock_cases); i++) {
        test_time_ms = (uint64_t)((int64_t)test_time_ms + clock_cases[i].step_ms);
        if (clock_cases[i].reopen)
            shop_reopen(&shop);
        insert_rising(&shop, clock_cases[i].count, last);
    }
    shop_close(&shop);
}

/* A limit raised by an operation that is undone, or a group that is rolled back, was not raised. */
static void test_ids_after_undo(void **state UNUSED)
{
    char last[UUID_TEXT_LEN] = "";
    struct edm_entity *article;
    struct shop shop;

    shop_open(&shop, false, NULL);
    article = shop_article(&shop, SLICE("x"));
    for (size_t i = 0; i < 4; i++) {
        shop_begin(&shop);
        article->present &= ~UINT64_C(1);
        assert_true(store_entity_insert(shop.writer, shop_tenant, article, shop.arena, NULL));
        if (i % 2)
            store_operation_undo(shop.writer);
        else
            store_rollback(shop.writer);
        insert_rising(&shop, 3, last);
        shop_reopen(&shop);
        insert_rising(&shop, 3, last);
    }
    shop_close(&shop);
}

/* In fresh stores the ids follow from the seed alone; they still rise and differ. */
static void test_ids_repeat(void **state UNUSED)
{
    static const struct {
        struct slice seed;
        bool same; /* as the first */
    } cases[] = {
        { SLICE_INIT("tuesday"), true },
        { SLICE_INIT("tuesday"), true },
        { SLICE_INIT("wednesday"), false },
    };
    char first[UUID_TEXT_LEN] = "";
    struct shop shop;

    shop_open(&shop, true, NULL);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char last[UUID_TEXT_LEN] = "";

        shop.options.repeatable = repeatable_create(cases[i].seed);
        assert_non_null(shop.options.repeatable);
        shop_reopen(&shop);
        insert_rising(&shop, 5000, last);
        if (i == 0)
            memcpy(first, last, UUID_TEXT_LEN);
        CHECK((memcmp(first, last, UUID_TEXT_LEN) == 0) == cases[i].same, i);
        shop_close_store(&shop);
        repeatable_destroy(shop.options.repeatable);
    }
    shop.options.repeatable = NULL;
    shop_open_store(&shop);
    shop_close(&shop);
}

/* --- the folder ------------------------------------------------------------------------------- */

static mode_t mode_of(const struct shop *shop, const char *name)
{
    struct stat st = { 0 };
    char path[128];

    snprintf(path, sizeof path, "%s/%s", shop->directory, name);
    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 0777;
}

static void test_modes(void **state UNUSED)
{
    mode_t before = umask(0);
    struct shop shop;

    shop_open(&shop, false, NULL);
    assert_int_equal(mode_of(&shop, "connectord.db"), 0600);
    assert_int_equal(mode_of(&shop, "connectord.db-wal"), 0600);
    assert_int_equal(mode_of(&shop, "connectord.db-shm"), 0600);
    shop_close(&shop);
    umask(before);
}

static void test_folder_is_made(void **state UNUSED)
{
    struct store_options options = { 0 };
    struct error err = { 0 };
    struct store *store;
    char path[256];
    struct shop shop;

    shop_open(&shop, false, NULL);
    snprintf(path, sizeof path, "%s/a/b", shop.directory);
    options.directory = path;
    assert_true(store_open(&toy_model, &options, &store, &err));
    store_close(store);
    assert_int_equal(mode_of(&shop, "a"), 0700);
    assert_int_equal(mode_of(&shop, "a/b"), 0700);
    snprintf(path, sizeof path, "%s/a/b/connectord.db", shop.directory);
    assert_false(store_open(&toy_model, &options, &store, &err)); /* a file is in the way */
    assert_int_equal(err.code, ERROR_CONFIGURATION);
    unlink(path);
    *strrchr(path, '/') = 0;
    rmdir(path);
    *strrchr(path, '/') = 0;
    rmdir(path);
    shop_close(&shop);
}

static void test_not_a_database(void **state UNUSED)
{
    struct error err = { 0 };
    struct store *store;
    struct shop shop;
    char path[128];
    int fd;

    shop_open(&shop, false, NULL);
    shop_close_store(&shop);
    snprintf(path, sizeof path, "%s/connectord.db", shop.directory);
    fd = open(path, O_WRONLY | O_TRUNC);
    assert_true(dprintf(fd, "%4096s", "no database") > 0);
    close(fd);
    assert_false(store_open(&toy_model, &shop.options, &store, &err));
    assert_int_equal(err.code, ERROR_CONFIGURATION);
    assert_non_null(strstr(err.message, path));
    shop_close(&shop);
}

/* How many private folders are in TMPDIR. */
static size_t count_private(const char *parent)
{
    DIR *directory = opendir(parent);
    struct dirent *entry;
    size_t count = 0;

    assert_non_null(directory);
    while ((entry = readdir(directory)))
        count += strncmp(entry->d_name, "connectord-", 11) == 0;
    closedir(directory);
    return count;
}

static void test_memory_leaves_nothing(void **state UNUSED)
{
    struct store_session *late;
    struct error err = { 0 };
    struct shop outer, shop;
    const char *before = getenv("TMPDIR");

    shop_open(&outer, false, NULL);
    setenv("TMPDIR", outer.directory, 1);
    shop_open(&shop, true, NULL);
    assert_int_equal(count_private(outer.directory), 1);
    store_seal(shop.store);
    assert_int_equal(count_private(outer.directory), 0);
    assert_false(store_session_open(shop.store, STORE_READS, &late, &err));
    for (size_t i = 0; i < 300; i++) /* it goes on without names, across a checkpoint */
        assert_true(shop_insert(&shop, shop_tenant, shop_article(&shop, SLICE("x")), &err));
    store_read_end(shop.reader);
    store_maintain(shop.writer);
    assert_true(shop_count(&shop, shop_tenant) == 300);
    shop_close(&shop);
    shop_open(&shop, true, NULL); /* without the call they go at the end */
    shop_close(&shop);
    assert_int_equal(count_private(outer.directory), 0);
    if (before)
        setenv("TMPDIR", before, 1);
    else
        unsetenv("TMPDIR");
    shop_close(&outer);
}

static void test_lock(void **state UNUSED)
{
    struct error err = { 0 };
    struct shop shop;
    char pid[32];
    int fd, status;
    pid_t child;

    shop_open(&shop, false, NULL);
    assert_true(store_lock(shop.directory, &fd, &err));
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct error theirs = { 0 };
        int second;
        bool taken = store_lock(shop.directory, &second, &theirs);

        snprintf(pid, sizeof pid, "(pid %ld)", (long)getppid());
        _exit(!taken && theirs.code == ERROR_CONFIGURATION && strstr(theirs.message, pid) ? 0 : 1);
    }
    assert_true(waitpid(child, &status, 0) == child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    close(fd);
    assert_true(store_lock(shop.directory, &fd, &err)); /* free again */
    close(fd);
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
    char last[UUID_TEXT_LEN] = "";
    struct error err = { 0 };
    struct edm_page page;
    struct shop shop;

    shop_open(&shop, true, NULL);
    insert_rising(&shop, 20000, last);
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
        cmocka_unit_test(test_round_trip),     cmocka_unit_test(test_damaged_offset),
        cmocka_unit_test(test_select),         cmocka_unit_test(test_update),
        cmocka_unit_test(test_keys),           cmocka_unit_test(test_pages),
        cmocka_unit_test(test_empty_page),     cmocka_unit_test(test_page_bytes),
        cmocka_unit_test(test_silence),        cmocka_unit_test(test_tenants),
        cmocka_unit_test(test_delete_all),     cmocka_unit_test(test_read_your_writes),
        cmocka_unit_test(test_snapshot),       cmocka_unit_test(test_group),
        cmocka_unit_test(test_rollback),       cmocka_unit_test(test_ids_rise),
        cmocka_unit_test(test_ids_after_undo), cmocka_unit_test(test_ids_repeat),
        cmocka_unit_test(test_modes),          cmocka_unit_test(test_folder_is_made),
        cmocka_unit_test(test_not_a_database), cmocka_unit_test(test_memory_leaves_nothing),
        cmocka_unit_test(test_lock),           cmocka_unit_test(test_checkpoints),
        cmocka_unit_test(test_deadline),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
