/* testbed/remnants_test.c - a journal that comes back goes on; what shares a place never denies. */
#include "testbed/remnants.h"

#include "base/test.h"

static struct uuid tenant(unsigned n)
{
    return (struct uuid){
        { 1, [13] = (uint8_t)(n >> 16), [14] = (uint8_t)(n >> 8), [15] = (uint8_t)n }
    };
}

static struct journal_standing taken_up(const struct remnants *remnants, unsigned n)
{
    struct journal *journal = journal_create(1);

    remnants_take_up(remnants, tenant(n), journal);
    struct journal_standing standing = journal_standing(journal);
    journal_destroy(journal);
    return standing;
}

static void leave(struct remnants *remnants, unsigned n, uint64_t began, uint64_t last)
{
    remnants_leave(remnants, tenant(n), &(struct journal_standing){ .began = began, .last = last });
}

static void test_one(void **state UNUSED)
{
    struct remnants *remnants = remnants_create(7);

    assert_int_equal(taken_up(remnants, 1).last, 0);
    leave(remnants, 1, 0, 0); /* it never had an entry */
    assert_int_equal(taken_up(remnants, 1).last, 0);
    leave(remnants, 1, 3, 18);
    assert_int_equal(taken_up(remnants, 1).began, 3);
    assert_int_equal(taken_up(remnants, 1).last, 18);
    leave(remnants, 1, 20, 20); /* it was emptied meanwhile */
    assert_int_equal(taken_up(remnants, 1).began, 20);
    assert_int_equal(taken_up(remnants, 2).last, 0);
    remnants_take_up(remnants, tenant(1), NULL);
    remnants_destroy(remnants);
    remnants_destroy(NULL);
}

/* More of them than there are places: whoever went is told at least what it lost. */
static void test_many(void **state UNUSED)
{
    enum { MANY = 100000 };
    struct remnants *remnants = remnants_create(7);
    size_t exact = 0, strangers = 0;

    for (unsigned n = 0; n < MANY; n++)
        leave(remnants, n, n % 10, n % 10 + n % 1000 + 1);
    for (unsigned n = 0; n < MANY; n++) {
        struct journal_standing standing = taken_up(remnants, n);
        CHECK(standing.began <= n % 10 && standing.last >= n % 10 + n % 1000 + 1, n);
        exact += standing.began == n % 10 && standing.last == n % 10 + n % 1000 + 1;
        strangers += taken_up(remnants, MANY + n).last == 0;
    }
    assert_true(exact > MANY / 10);
    assert_true(strangers > MANY / 4); /* the more the fewer have gone */
    remnants_destroy(remnants);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one),
        cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
