/* testbed/pattern_test.c - what a star stands for, and what nothing else does. */
#include "testbed/pattern.h"

#include "base/slice.h"
#include "base/test.h"

static const struct {
    const char *pattern, *text;
    bool matches;
} cases[] = {
    { "", "", true },
    { "", "a", false },
    { "a", "", false },
    { "*", "", true },
    { "*", "/beta/x", true },
    { "**", "", true },
    { "***a", "a", true },
    { "/beta/deviceManagement", "/BETA/devicemanagement", true },
    { "/beta/*", "/beta/", true },
    { "/beta/*", "/beta", false }, /* the slash is not optional */
    { "/beta/*", "/v1.0/beta/x", false },
    { "*/ndesConnectors", "/beta/deviceManagement/ndesConnectors", true },
    { "*/ndesConnectors", "/beta/deviceManagement/ndesConnectors/1", false },
    { "/*/deviceManagement/*", "/beta/deviceManagement/a/b/c", true }, /* slashes too */
    { "*a*b*c", "aXbXcXc", true },
    { "*a*b*c", "aXbXcXd", false },
    { "*aab", "aaaaab", true }, /* the star must give way more than once */
    { "a*a", "a", false },      /* one byte is not two */
    { "a*a", "aa", true },
    { "a.c", "abc", false }, /* the rest stands for itself */
    { "a?c", "abc", false },
    { "[a]", "[A]", true },
    { "\xC3\xA4", "\xC3\x84", false }, /* only ASCII letters have no case */
    { "@", "`", false },               /* as far apart as a letter's cases are */
};

static void test_pattern(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        CHECK(pattern_matches(slice_of(cases[i].pattern), slice_of(cases[i].text)) ==
                  cases[i].matches,
              i);
}

static void test_pattern_nul_is_a_byte(void **state UNUSED)
{
    assert_true(pattern_matches(SLICE("a*c"), SLICE("a\0c")));
    assert_false(pattern_matches(SLICE("a"), SLICE("a\0c")));
}

/* The worst there is: the product of the lengths, and no more. */
static void test_pattern_worst_case(void **state UNUSED)
{
    char pattern[1000], text[8000];

    memset(text, 'a', sizeof text);
    memset(pattern, 'a', sizeof pattern);
    for (size_t i = 0; i < sizeof pattern; i += 2)
        pattern[i] = '*';
    pattern[sizeof pattern - 1] = 'b';
    assert_false(pattern_matches((struct slice){ pattern, sizeof pattern },
                                 (struct slice){ text, sizeof text }));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pattern),
        cmocka_unit_test(test_pattern_nul_is_a_byte),
        cmocka_unit_test(test_pattern_worst_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
