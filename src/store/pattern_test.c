/* store/pattern_test.c - what is found, what is wrong, and what takes too long. */
#include "store/pattern.h"

#include "base/test.h"

static const struct {
    const char *pattern, *text;
    bool exact;
    enum pattern_match want;
} cases[] = {
    { "", "", true, PATTERN_MATCH },
    { "a", "bab", true, PATTERN_MATCH },
    { "^a", "ba", true, PATTERN_NO_MATCH },
    { "A", "a", true, PATTERN_NO_MATCH },
    { "A", "a", false, PATTERN_MATCH },
    { "\xc3\x84", "\xc3\xa4", false, PATTERN_MATCH }, /* of all letters */
    { "^.$", "\xc3\xa4", true, PATTERN_MATCH },       /* a character, not a byte */
    { "a$", "a\n", true, PATTERN_NO_MATCH },          /* unlike Perl's */
    { "\\u0041", "A", true, PATTERN_MATCH },
    { "(a)|\\1b", "b", true, PATTERN_MATCH }, /* a group that is not set is empty */
    { "[]a", "a", true, PATTERN_GIVEN_UP },   /* wrong: see test_wrong() */
    { "(a+a+)+b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac", true, PATTERN_NO_MATCH },
    { "(a+a+)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac", true, PATTERN_GIVEN_UP },
    { "^(([a-z])+.)+[A-Z]([a-z])+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", true,
      PATTERN_GIVEN_UP },
};

static void test_find(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct pattern *pattern = pattern_create(slice_of(cases[i].pattern), cases[i].exact);

        if (!pattern) {
            CHECK(cases[i].want == PATTERN_GIVEN_UP, i);
            continue;
        }
        CHECK(pattern_find(pattern, slice_of(cases[i].text)) == cases[i].want, i);
        pattern_destroy(pattern);
    }
}

static void test_wrong(void **state UNUSED)
{
    static const char *const wrong[] = { "[",   "(",        "a**", "\\", "(?<n>a)(?<n>b)",
                                         "\\C", "a{99999}", "[]a" };
    static char longest[PATTERN_BYTES_MAX + 1], nested[200];

    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        CHECK(!pattern_is_right(slice_of(wrong[i])), i);
        CHECK(!pattern_create(slice_of(wrong[i]), true), i);
    }
    memset(longest, 'a', sizeof longest);
    assert_true(pattern_is_right((struct slice){ longest, PATTERN_BYTES_MAX }));
    assert_false(pattern_is_right((struct slice){ longest, PATTERN_BYTES_MAX + 1 }));
    memset(nested, '(', 100);
    memset(nested + 100, ')', 100);
    assert_false(pattern_is_right((struct slice){ nested, sizeof nested }));
    pattern_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_wrong),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
