/* auth/permission_test.c - names get bits, once each, until there are no more. */
#include "base/test.h"

#include <stdio.h>

#include "auth/permission.h"

static void test_add_and_find(void **state UNUSED)
{
    struct permission_table table = { .count = 0 };

    assert_int_equal(permission_table_find(&table, SLICE("a")), 0);
    assert_int_equal(permission_table_add(&table, SLICE("a")), 1);
    assert_int_equal(permission_table_add(&table, SLICE("b")), 2);
    assert_int_equal(permission_table_add(&table, SLICE("a")), 1);
    assert_int_equal(permission_table_find(&table, SLICE("b")), 2);
    assert_int_equal(permission_table_find(&table, SLICE("A")), 0); /* names are exact */
    assert_int_equal(permission_table_find(&table, SLICE("")), 0);
    assert_int_equal(permission_table_find(&table, SLICE("ab")), 0);
}

static void test_full(void **state UNUSED)
{
    struct permission_table table = { .count = 0 };
    char names[PERMISSIONS_MAX + 1][8];

    for (size_t i = 0; i <= PERMISSIONS_MAX; i++) {
        uint64_t want = i < PERMISSIONS_MAX ? UINT64_C(1) << i : 0;

        snprintf(names[i], sizeof names[i], "n%zu", i);
        CHECK(permission_table_add(&table, slice_of(names[i])) == want, i);
        CHECK(permission_table_find(&table, slice_of(names[i])) == want, i);
    }
    /* A full table still knows what is in it. */
    assert_true(permission_table_add(&table, SLICE("n63")) == UINT64_C(1) << 63);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_add_and_find),
        cmocka_unit_test(test_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
