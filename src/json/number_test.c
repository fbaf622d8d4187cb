/* json/number_test.c - which literals are integers; where literals end is in reader_cases.h. */
#include "json/number.h"

#include "base/test.h"

#include <inttypes.h>

static const struct {
    const char *literal;
    bool ok;
    int64_t value;
} int_cases[] = {
    { "0", true, 0 },
    { "-0", true, 0 },
    { "12", true, 12 },
    { "-3", true, -3 },
    { "9223372036854775807", true, INT64_MAX },
    { "-9223372036854775808", true, INT64_MIN },
    { "9223372036854775808", false, 0 },
    { "-9223372036854775809", false, 0 },
    { "18446744073709551616", false, 0 }, /* would wrap to 0 */
    { "99999999999999999999999999999999", false, 0 },

    /* A fraction of zeros. */
    { "1.0", true, 1 },
    { "-1.000000000000000000000000000000", true, -1 },
    { "0.0", true, 0 },
    { "9223372036854775807.0", true, INT64_MAX },
    { "1.5", false, 0 },
    { "0.1", false, 0 },
    { "1.00000000000000000000000000000001", false, 0 }, /* whole as a double */
    { "0.99999999999999999999999999999999", false, 0 }, /* and so is this */

    /* An exponent moves the point. */
    { "1e2", true, 100 },
    { "1E2", true, 100 },
    { "1e+2", true, 100 },
    { "1e0", true, 1 },
    { "1e-0", true, 1 },
    { "1.0e1", true, 10 },
    { "12.5e1", true, 125 },
    { "12.50e1", true, 125 },
    { "12.55e1", false, 0 },
    { "100e-2", true, 1 },
    { "150e-2", false, 0 },
    { "-2500e-2", true, -25 },
    { "1e-1", false, 0 },
    { "0.001e3", true, 1 },
    { "0.001e2", false, 0 },
    { "1e18", true, INT64_C(1000000000000000000) },
    { "9.223372036854775807e18", true, INT64_MAX },
    { "-9.223372036854775808e18", true, INT64_MIN },
    { "9.223372036854775808e18", false, 0 },
    { "922337203685477580.7e1", true, INT64_MAX },
    { "1e19", false, 0 },
    { "1e400", false, 0 },
    { "1e0000000000000000000000000000001", true, 10 },
    { "1e99999999999999999999999999999999999", false, 0 },
    { "1e-99999999999999999999999999999999999", false, 0 },
    { "1e9223372036854775807", false, 0 },
    { "1e9223372036854775808", false, 0 },
    { "1e-9223372036854775808", false, 0 },
    { "1.5e2305843009213693951", false, 0 },

    /* Zero is zero however it is scaled. */
    { "0e400", true, 0 },
    { "0.000e99999999999999999999999999999999999", true, 0 },
    { "-0e-99999999999999999999999999999999999", true, 0 },

    /* No JSON numbers at all. */
    { "", false, 0 },
    { "-", false, 0 },
    { "+1", false, 0 },
    { " 1", false, 0 },
    { "1 ", false, 0 },
    { "01", false, 0 },
    { "1.", false, 0 },
    { ".5", false, 0 },
    { "1e", false, 0 },
    { "0x10", false, 0 },
    { "1a", false, 0 },
    { "true", false, 0 },
    { "\"1\"", false, 0 },
};

static void test_number_to_int64(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(int_cases); i++) {
        int64_t value = 42;
        bool ok = json_number_to_int64(slice_of(int_cases[i].literal), &value);

        CHECK(ok == int_cases[i].ok, i);
        CHECK(value == (ok ? int_cases[i].value : 42), i);
    }
}

/* What is printed as a plain integer is read back as the same. */
static void test_number_round_trip(void **state UNUSED)
{
    for (unsigned shift = 0; shift < 63; shift++) {
        for (int64_t delta = -1; delta <= 1; delta++) {
            int64_t values[] = { (INT64_C(1) << shift) + delta, -(INT64_C(1) << shift) - delta };
            for (size_t i = 0; i < COUNT_OF(values); i++) {
                char literal[32];
                int64_t back = 0;
                snprintf(literal, sizeof literal, "%" PRId64, values[i]);
                CHECK(json_number_to_int64(slice_of(literal), &back), shift);
                CHECK(back == values[i], shift);
            }
        }
    }
}

/* The point may be anywhere in the row of digits as long as the exponent brings it back. */
static void test_number_moved_point(void **state UNUSED)
{
    static const char digits[] = "1234567890123456789";

    for (int before = 1; before < 19; before++) {
        char literal[64];
        int64_t value = 0;
        snprintf(literal, sizeof literal, "%.*s.%se%d", before, digits, digits + before,
                 19 - before);
        CHECK(json_number_to_int64(slice_of(literal), &value), before);
        CHECK(value == INT64_C(1234567890123456789), before);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_number_to_int64),
        cmocka_unit_test(test_number_round_trip),
        cmocka_unit_test(test_number_moved_point),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
