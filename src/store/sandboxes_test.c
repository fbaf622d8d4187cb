/* store/sandboxes_test.c - which tenants end, and in which order.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "store/sandboxes.h"

#include "base/arena.h"
#include "store/shop_test.h"

static const struct uuid none = { { 9 } };

static const struct sandbox sandboxes[] = {
    { { { 3 } }, 500, SLICE_INIT("{}"), SLICE_INIT("") },
    { { { 2 } }, 300, SLICE_INIT("{\"articles\": []}"), SLICE_INIT("{\"articles\":{}}") },
    { { { 1 } }, 400, SLICE_INIT(""), SLICE_INIT("{}") },
    { { { 4 } }, 300, SLICE_INIT(""), SLICE_INIT("") },
};

static void open_with_sandboxes(struct shop *shop)
{
    shop_open(shop, false, NULL);
    shop_begin(shop);
    for (size_t i = 0; i < COUNT_OF(sandboxes); i++)
        CHECK(sandbox_add(shop->writer, &sandboxes[i], NULL), i);
    shop_end(shop);
    assert_true(store_read_begin(shop->reader, NULL));
}

static void test_round_trip(void **state UNUSED)
{
    struct error err = { 0 };
    struct sandbox read;
    struct shop shop;

    open_with_sandboxes(&shop);
    for (size_t i = 0; i < COUNT_OF(sandboxes); i++) {
        CHECK(sandbox_get(shop.reader, sandboxes[i].tenant, shop.arena, &read, NULL), i);
        CHECK(uuid_eq(read.tenant, sandboxes[i].tenant), i);
        CHECK(read.expires_unix_ms == sandboxes[i].expires_unix_ms, i);
        CHECK(slice_eq(read.seed, sandboxes[i].seed), i);
        CHECK(slice_eq(read.policy, sandboxes[i].policy), i);
    }
    assert_false(sandbox_get(shop.reader, none, shop.arena, &read, &err));
    assert_int_equal(err.code, ERROR_NOT_FOUND);

    shop_begin(&shop);
    assert_false(sandbox_add(shop.writer, &sandboxes[0], &err));
    assert_int_equal(err.code, ERROR_CONFLICT);
    store_operation_undo(shop.writer);
    assert_true(store_commit(shop.writer, NULL));
    shop_close(&shop);
}

static void test_removal(void **state UNUSED)
{
    struct error err = { 0 };
    struct sandbox read;
    struct shop shop;
    int64_t number;

    open_with_sandboxes(&shop);
    shop_begin(&shop);
    assert_true(sandbox_count(shop.writer, &number, NULL) && number == 4);
    assert_true(sandbox_remove(shop.writer, sandboxes[1].tenant, NULL));
    assert_false(sandbox_remove(shop.writer, sandboxes[1].tenant, &err));
    assert_int_equal(err.code, ERROR_NOT_FOUND);
    assert_true(sandbox_count(shop.writer, &number, NULL) && number == 3);
    shop_end(&shop);
    assert_true(store_read_begin(shop.reader, NULL));
    assert_false(sandbox_get(shop.reader, sandboxes[1].tenant, shop.arena, &read, NULL));
    assert_true(sandbox_next_end(shop.reader, &number, NULL) && number == 300);
    shop_close(&shop);
}

static const struct {
    int64_t unix_ms;
    size_t max, count;
    uint8_t tenants[4];
} ended_cases[] = {
    { 299, 10, 0, { 0 } },
    { 300, 10, 2, { 2, 4 } }, /* exactly then it has ended */
    { 300, 1, 1, { 2 } },
    { 499, 10, 3, { 2, 4, 1 } },
    { INT64_MAX, 10, 4, { 2, 4, 1, 3 } },
    { INT64_MAX, SIZE_MAX, 4, { 2, 4, 1, 3 } },
    { INT64_MAX, 0, 0, { 0 } },
};

static void test_ends(void **state UNUSED)
{
    struct shop shop;
    int64_t next;

    shop_open(&shop, true, NULL);
    assert_true(store_read_begin(shop.reader, NULL));
    assert_true(sandbox_next_end(shop.reader, &next, NULL) && next == INT64_MAX);
    shop_close(&shop);

    open_with_sandboxes(&shop);
    assert_true(sandbox_next_end(shop.reader, &next, NULL) && next == 300);
    for (size_t i = 0; i < COUNT_OF(ended_cases); i++) {
        struct uuid *tenants;
        size_t count;

        CHECK(sandbox_ended(shop.reader, ended_cases[i].unix_ms, ended_cases[i].max, shop.arena,
                            &tenants, &count, NULL),
              i);
        CHECK(count == ended_cases[i].count, i);
        for (size_t j = 0; j < count; j++)
            CHECK(tenants[j].bytes[0] == ended_cases[i].tenants[j], i);
    }
    shop_close(&shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_removal),
        cmocka_unit_test(test_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
