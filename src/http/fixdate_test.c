/* http/fixdate_test.c - dates that are read, those that are not, and the way back.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "http/fixdate.h"

#include "http/response_write.h"

static const struct {
    const char *text;
    bool ok;
    int64_t unix_s;
} cases[] = {
    { "Sun, 06 Nov 1994 08:49:37 GMT", true, 784111777 },
    { "Thu, 01 Jan 1970 00:00:00 GMT", true, 0 },
    { "Wed, 31 Dec 1969 23:59:59 GMT", true, -1 },
    { "Thu, 29 Feb 2024 12:00:00 GMT", true, 1709208000 },
    { "Fri, 31 Dec 9999 23:59:59 GMT", true, INT64_C(253402300799) },
    { "", false, 0 },
    { "Mon, 06 Nov 1994 08:49:37 GMT", false, 0 }, /* it was a Sunday */
    { "Sun, 6 Nov 1994 08:49:37 GMT", false, 0 },
    { "sun, 06 Nov 1994 08:49:37 GMT", false, 0 },
    { "Sun, 06 nov 1994 08:49:37 GMT", false, 0 },
    { "Sun, 06 Nov 1994 08:49:37 gmt", false, 0 },
    { "Sun, 06 Nov 1994 08:49:37 UTC", false, 0 },
    { "Sun, 06 Nov 1994 08:49:60 GMT", false, 0 },
    { "Sun, 06 Nov 1994 24:00:00 GMT", false, 0 },
    { "Thu, 30 Feb 2023 12:00:00 GMT", false, 0 },
    { "Thu, 29 Foo 2024 12:00:00 GMT", false, 0 },
    { "Sun, 06 Nov -994 08:49:37 GMT", false, 0 },
    { "Sun, 06 Nov 1994 08:49:37 GMT ", false, 0 },
    { "Sunday, 06-Nov-94 08:49:37 GMT", false, 0 }, /* RFC 850 */
    { "Sun Nov  6 08:49:37 1994", false, 0 },       /* asctime() */
    { "1994-11-06T08:49:37Z", false, 0 },
    { "Sun, 06 Nov 1994 08:49:37.5GM", false, 0 },
};

static void test_cases(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t unix_s = 42;

        CHECK(http_fixdate_read(slice_of(cases[i].text), &unix_s) == cases[i].ok, i);
        CHECK(unix_s == (cases[i].ok ? cases[i].unix_s : 42), i);
    }
}

static void test_nul(void **state UNUSED)
{
    int64_t unix_s;

    assert_false(http_fixdate_read(SLICE("Sun, 06 Nov 1994 08:\00009:37 GMT"), &unix_s));
}

static void test_round_trip(void **state UNUSED)
{
    for (int64_t at = -INT64_C(2000000000); at < INT64_C(8000000000); at += 86399 * 97 + 1) {
        char line[HTTP_DATE_LINE_LEN];
        int64_t unix_s;

        http_date_line(at, line);
        assert_true(http_fixdate_read((struct slice){ line + 6, 29 }, &unix_s));
        assert_true(unix_s == at);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_nul),
        cmocka_unit_test(test_round_trip),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
