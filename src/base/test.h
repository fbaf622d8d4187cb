/* base/test.h - what every unit test includes, and nothing else does.
 *
 * A test is a table of cases and a loop; CHECK says which row failed:
 *
 *     static void test_slice_trim(void **state UNUSED)
 *     {
 *         for (size_t i = 0; i < COUNT_OF(trim_cases); i++)
 *             CHECK(slice_eq(slice_trim(trim_cases[i].input), trim_cases[i].want), i);
 *     }
 *
 *     int main(void)
 *     {
 *         const struct CMUnitTest tests[] = { cmocka_unit_test(test_slice_trim) };
 *         return cmocka_run_group_tests(tests, NULL, NULL);
 *     }
 */
#ifndef BASE_TEST_H
#define BASE_TEST_H

/* cmocka.h asks for these before itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/compiler.h"

/* Fails the test naming the condition and the row of the table. */
#define CHECK(cond, index)                                                                         \
    do {                                                                                           \
        if (!(cond))                                                                               \
            fail_msg("case %zu: %s", (size_t)(index), #cond);                                      \
    } while (0)

#endif
