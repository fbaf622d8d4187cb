/* store/pattern_test.c - what is found, what is wrong, and what takes too long. */
#include "store/pattern.h"

#include "base/clock.h"
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
        CHECK(pattern_find(pattern, slice_of(cases[i].text), 0) == cases[i].want, i);
        pattern_destroy(pattern);
    }
}

/* Each place of a long text is short work, all of them are not: the steps are the text's. */
static void test_long_texts(void **state UNUSED)
{
    static const struct {
        const char *pattern;
        size_t len;
        enum pattern_match want;
    } long_cases[] = {
        { "x.*[yz]", 100, PATTERN_NO_MATCH },
        { "x.*[yz]", 5000, PATTERN_GIVEN_UP },
        { "(?:x|xx){1,10}[yz]", 20, PATTERN_NO_MATCH },
        { "(?:x|xx){1,10}[yz]", 2000, PATTERN_GIVEN_UP },
        { "x?x?x?x?x?x?x?x?x?x?x?x?xxxxxxx[yz]", 2000, PATTERN_GIVEN_UP },
        { "y", 20000, PATTERN_NO_MATCH },
        { "[yz]x", 20000, PATTERN_NO_MATCH },
    };
    static char text[20000];

    memset(text, 'x', sizeof text);
    for (size_t i = 0; i < COUNT_OF(long_cases); i++) {
        struct pattern *pattern = pattern_create(slice_of(long_cases[i].pattern), true);

        assert_non_null(pattern);
        CHECK(pattern_find(pattern, (struct slice){ text, long_cases[i].len }, 0) ==
                  long_cases[i].want,
              i);
        pattern_destroy(pattern);
    }
}

static void test_deadline(void **state UNUSED)
{
    struct pattern *pattern = pattern_create(SLICE("[ab][cd]"), true);
    uint64_t now_ms = clock_monotonic_ms();
    char text[1000];
    const struct slice all = { text, sizeof text };

    assert_non_null(pattern);
    memset(text, 'a', sizeof text);
    assert_int_equal(pattern_find(pattern, all, 1), PATTERN_GIVEN_UP);
    assert_int_equal(pattern_find(pattern, all, now_ms + 60000), PATTERN_NO_MATCH);
    assert_int_equal(pattern_find(pattern, all, 0), PATTERN_NO_MATCH);
    pattern_destroy(pattern);
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
        cmocka_unit_test(test_long_texts),
        cmocka_unit_test(test_deadline),
        cmocka_unit_test(test_wrong),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
