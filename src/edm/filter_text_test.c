/* edm/filter_text_test.c - values as texts; what is no date is none. */
#include "edm/filter_text.h"

#include <math.h>

#include "base/slice.h"
#include "base/test.h"

static const struct {
    enum edm_filter_type type;
    int64_t value;
    int offset;
    const char *text; /* empty: none */
} cases[] = {
    { EDM_FILTER_INTEGER, 0, 0, "0" },
    { EDM_FILTER_INTEGER, INT64_MIN, 0, "-9223372036854775808" },
    { EDM_FILTER_DATE_TIME, 0, 0, "0001-01-01T00:00:00Z" },
    { EDM_FILTER_DATE_TIME, INT64_C(36000000000), 60, "0001-01-01T02:00:00+01:00" },
    { EDM_FILTER_DATE_TIME, INT64_C(3155378975999999999), 0, "9999-12-31T23:59:59.9999999Z" },
    { EDM_FILTER_DATE_TIME, INT64_C(3155378975999999999), 60, "9999-12-31T23:59:59.9999999Z" },
    { EDM_FILTER_DATE_TIME, -1, 0, "" },
    { EDM_FILTER_DATE_TIME, INT64_MAX, 0, "" },
    { EDM_FILTER_DATE, 0, 0, "0001-01-01" },
    { EDM_FILTER_DATE, 738915, 0, "2024-01-31" },
    { EDM_FILTER_DATE, -1, 0, "" },
    { EDM_FILTER_DATE, INT64_MAX, 0, "" },
    { EDM_FILTER_TIME, 0, 0, "00:00:00" },
    { EDM_FILTER_TIME, INT64_C(863999999999), 0, "23:59:59.9999999" },
    { EDM_FILTER_TIME, INT64_C(864000000000), 0, "" },
    { EDM_FILTER_TIME, -1, 0, "" },
    { EDM_FILTER_DURATION, 0, 0, "PT0S" },
    { EDM_FILTER_DURATION, 1, 0, "PT0.0000001S" },
    { EDM_FILTER_DURATION, -15000000, 0, "-PT1.5S" },
    { EDM_FILTER_DURATION, INT64_C(864000000000), 0, "P1D" },
    { EDM_FILTER_DURATION, INT64_C(900610500000), 0, "P1DT1H1M1.05S" },
    { EDM_FILTER_DURATION, INT64_MIN, 0, "-P10675199DT2H48M5.4775808S" },
    { EDM_FILTER_STRING, 0, 0, "" },
};

static void test_whole(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char out[EDM_FILTER_TEXT_MAX];
        size_t len = edm_filter_text(cases[i].type, cases[i].value, cases[i].offset, out);

        if (!slice_eq((struct slice){ out, len }, slice_of(cases[i].text)))
            fail_msg("%zu: %.*s", i, (int)len, out);
    }
}

static const struct {
    double value;
    const char *text;
} real_cases[] = {
    { 0, "0" },
    { 3, "3" },
    { -2.25, "-2.25" },
    { 0.1, "0.1" },
    { 1.0 / 3, "0.33333333333333331" },
    { 1e300, "1e+300" },
    { (double)INFINITY, "INF" },
    { -(double)INFINITY, "-INF" },
    { (double)NAN, "NaN" },
};

static void test_real(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(real_cases); i++) {
        char out[EDM_FILTER_TEXT_MAX];
        size_t len = edm_filter_real_text(real_cases[i].value, out);

        if (!slice_eq((struct slice){ out, len }, slice_of(real_cases[i].text)))
            fail_msg("%zu: %.*s", i, (int)len, out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_real),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
