/* store/ids_test.c - the ids that a store makes rise, whatever the clock does and whatever is
 * undone.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "store/store.h"

#include <string.h>

#include "base/repeatable.h"
#include "store/shop_test.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ids_rise),
        cmocka_unit_test(test_ids_after_undo),
        cmocka_unit_test(test_ids_repeat),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
