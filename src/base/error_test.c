/* base/error_test.c - messages that are cut, ill-formed, or nobody's. */
#include "base/error.h"

#include <stdio.h>

#include "base/test.h"

static void test_error_set(void **state UNUSED)
{
    struct error err = { 0 };

    assert_false(error_set(&err, ERROR_NOT_FOUND, SLICE("id"), "no resource '%s'", "x"));
    assert_int_equal(err.code, ERROR_NOT_FOUND);
    assert_string_equal(err.target, "id");
    assert_string_equal(err.message, "no resource 'x'");
    assert_false(error_set(&err, ERROR_IO, SLICE_EMPTY, "after: %s", err.message));
    assert_string_equal(err.target, "");
    assert_string_equal(err.message, "after: no resource 'x'"); /* it may quote itself */
    assert_false(error_set(NULL, ERROR_IO, SLICE_EMPTY, "nobody cares"));
    assert_false(error_no_memory(&err));
    assert_int_equal(err.code, ERROR_TOO_LARGE);
}

static const struct {
    const char *argument, *want;
} utf8_cases[] = {
    { "plain", "plain" },
    { "\xc3\xa4", "\xc3\xa4" },
    { "\xc3", "?" },
    { "a\xff\xfe z", "a?? z" },
    { "\xed\xa0\x80", "???" }, /* a surrogate: three bytes, none of them well-formed */
    { "\xe2\x82\xac\xe2\x82", "\xe2\x82\xac??" },
};

static void test_error_is_utf8(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(utf8_cases); i++) {
        struct error err = { 0 };

        error_set(&err, ERROR_BAD_REQUEST, slice_of(utf8_cases[i].argument), "%s",
                  utf8_cases[i].argument);
        CHECK(strcmp(err.message, utf8_cases[i].want) == 0, i);
        CHECK(strcmp(err.target, utf8_cases[i].want) == 0, i);
    }
}

/* Two-byte characters behind `shift` one-byte ones: the cut falls between or inside them. */
static void test_error_cuts_between_characters(void **state UNUSED)
{
    for (size_t shift = 0; shift < 4; shift++) {
        struct error err = { 0 };
        char text[1000];
        memset(text, 'x', sizeof text);
        for (size_t at = shift; at + 2 < sizeof text; at += 2)
            memcpy(text + at, "\xc3\xa4", 2);
        struct slice all = { text, sizeof text - 8 };

        error_set(&err, ERROR_BAD_REQUEST, all, "%.*s", SLICE_ARG(all));
        size_t message_len = strlen(err.message), target_len = strlen(err.target);
        CHECK(message_len >= sizeof err.message - 2 && message_len < sizeof err.message, shift);
        CHECK(target_len >= sizeof err.target - 2 && target_len < sizeof err.target, shift);
        CHECK(slice_starts_with(all, slice_of(err.message)), shift);
        CHECK(slice_is_utf8(slice_of(err.message)) && !strchr(err.message, '?'), shift);
        CHECK(slice_starts_with(all, slice_of(err.target)), shift);
        CHECK(slice_is_utf8(slice_of(err.target)) && !strchr(err.target, '?'), shift);
    }
}

static const struct {
    enum error_code code;
    const char *want;
} code_cases[] = {
    { ERROR_NONE, "" },
    { ERROR_BAD_REQUEST, "BadRequest" },
    { ERROR_UNAUTHORIZED, "InvalidAuthenticationToken" },
    { ERROR_IO, "InputOutput" }, /* the last row */
};

static void test_error_code_text(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(code_cases); i++)
        CHECK(slice_eq(error_code_text(code_cases[i].code), slice_of(code_cases[i].want)), i);
    for (size_t code = ERROR_NONE + 1; code <= ERROR_IO; code++)
        CHECK(error_code_text((enum error_code)code).len > 0, code);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_error_set),
        cmocka_unit_test(test_error_is_utf8),
        cmocka_unit_test(test_error_cuts_between_characters),
        cmocka_unit_test(test_error_code_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
