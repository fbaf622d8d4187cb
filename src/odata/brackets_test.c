/* odata/brackets_test.c - what nests is passed over, and what does not close is seen. */
#include "odata/brackets.h"

#include "base/test.h"

static const struct {
    const char *text;
    bool balances;
    size_t before_comma;
} cases[] = {
    { "", true, 0 },
    { "a,b", true, 1 },
    { ",", true, 0 },
    { "a(b,c),d", true, 6 },
    { "a[b,c],d", true, 6 },
    { "a(')',b),d", true, 8 },
    { "a(\"),\\\"),\"),d", true, 11 },
    { "'it''s, it',d", true, 11 },
    { "a(", false, 2 },
    { "a)", false, 2 },
    { ")a(", false, 3 },
    { "a(b", false, 3 },
    { "a(']", false, 4 },
    { "'a,b", true, 4 },
    { "\"a\\", true, 3 },
    { "((a),(b)),c", true, 9 },
};

static void test_cases(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CHECK(odata_brackets_balance(slice_of(cases[i].text)) == cases[i].balances, i);
        CHECK(odata_length_before(slice_of(cases[i].text), ',') == cases[i].before_comma, i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_cases) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
