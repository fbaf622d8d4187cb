/* store/removals_test.c - a tenant's record, newest first.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "store/removals.h"

#include "base/arena.h"
#include "store/shop_test.h"

static void add(struct shop *shop, struct uuid tenant, const struct removal *removal)
{
    struct error err = { 0 };

    shop_begin(shop);
    if (!removal_add(shop->writer, tenant, removal, &err))
        fail_msg("%s", err.message);
    shop_end(shop);
}

static size_t list(struct shop *shop, struct uuid tenant, size_t max, struct removal **ret)
{
    struct error err = { 0 };
    size_t count = 0;

    if (!store_read_begin(shop->reader, &err) ||
        !removal_list(shop->reader, tenant, max, shop->arena, ret, &count, &err))
        fail_msg("%s", err.message);
    return count;
}

static const struct removal removals[] = {
    { 100, SLICE_INIT("article"), SLICE_INIT("a"), { 50, 120 }, 5 },
    { 90, SLICE_INIT("article"), SLICE_INIT("b"), { 40, -840 }, 6 }, /* the clock was set back */
    { 90, SLICE_INIT("crate"), SLICE_INIT("b"), { 1, 0 }, INT64_MAX },
    { 300, SLICE_INIT("article"), SLICE_INIT("a"), { 60, 0 }, 5 }, /* again */
};

static const struct {
    size_t max, count;
} list_cases[] = { { 0, 0 }, { 1, 1 }, { 3, 3 }, { 4, 4 }, { 100, 4 }, { SIZE_MAX, 4 } };

static void check_equal(const struct removal *a, const struct removal *b, size_t index)
{
    CHECK(a->at_ticks == b->at_ticks && a->after_s == b->after_s, index);
    CHECK(slice_eq(a->type, b->type) && slice_eq(a->id, b->id), index);
    CHECK(a->contact.ticks == b->contact.ticks, index);
    CHECK(a->contact.offset_minutes == b->contact.offset_minutes, index);
}

static void test_newest_first(void **state UNUSED)
{
    struct removal *found;
    struct shop shop;

    shop_open(&shop, false, NULL);
    assert_int_equal(list(&shop, shop_tenant, 100, &found), 0);
    for (size_t i = 0; i < COUNT_OF(removals); i++) {
        add(&shop, shop_tenant, &removals[i]);
        if (i == 1)
            add(&shop, shop_other_tenant, &removals[0]);
    }
    for (size_t i = 0; i < COUNT_OF(list_cases); i++) {
        size_t count = list(&shop, shop_tenant, list_cases[i].max, &found);

        CHECK(count == list_cases[i].count, i);
        for (size_t j = 0; j < count; j++)
            check_equal(&found[j], &removals[COUNT_OF(removals) - 1 - j], j);
    }
    shop_reopen(&shop);
    assert_int_equal(list(&shop, shop_tenant, 100, &found), COUNT_OF(removals));

    shop_begin(&shop);
    assert_true(removals_clear(shop.writer, shop_tenant, NULL));
    shop_end(&shop);
    assert_int_equal(list(&shop, shop_tenant, 100, &found), 0);
    assert_int_equal(list(&shop, shop_other_tenant, 100, &found), 1);
    shop_close(&shop);
}

/* The record ends somewhere; a neighbour's is not counted with it. */
static void test_the_last_are_kept(void **state UNUSED)
{
    struct removal removal = removals[0], *found;
    struct shop shop;
    size_t count;

    shop_open(&shop, true, NULL);
    add(&shop, shop_other_tenant, &removals[0]);
    shop_begin(&shop);
    for (int i = 1; i <= REMOVALS_KEPT + 50; i++) {
        removal.at_ticks = i;
        assert_true(removal_add(shop.writer, shop_tenant, &removal, NULL));
        if (i != REMOVALS_KEPT)
            continue;
        assert_true(
            removal_list(shop.writer, shop_tenant, SIZE_MAX, shop.arena, &found, &count, NULL));
        assert_int_equal(count, REMOVALS_KEPT);
    }
    shop_end(&shop);
    assert_int_equal(list(&shop, shop_tenant, SIZE_MAX, &found), REMOVALS_KEPT);
    for (int i = 0; i < REMOVALS_KEPT; i++)
        CHECK(found[i].at_ticks == REMOVALS_KEPT + 50 - i, (size_t)i);
    assert_int_equal(list(&shop, shop_other_tenant, SIZE_MAX, &found), 1);
    shop_close(&shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_newest_first),
                                        cmocka_unit_test(test_the_last_are_kept) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
