/* base/text_test.c - limits, growth, and what a failed text looks like. */
#include "base/text.h"

#include "base/arena.h"
#include "base/test.h"

static const struct {
    size_t reserve, limit;
    const char *parts[4];
    bool ok;
} append_cases[] = {
    { 0, 10, { "abc", "def" }, true },
    { 0, 6, { "abc", "def" }, true }, /* exactly the limit */
    { 0, 5, { "abc", "def" }, false },
    { 5, 5, { "abc", "def" }, false },
    { 100, 5, { "abc" }, true }, /* reserving more than the limit is no failure */
    { 0, 0, { "", "" }, true },
    { 0, 0, { "a" }, false },
    { 3, 1000, { "abc", "", "defghijklmnopqrstuvwxyz", "0123456789" }, true },
};

static void test_text_append(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(append_cases); i++) {
        struct arena *arena = arena_create(NULL, 1 << 16);
        struct text text;
        char want[128] = "";
        size_t want_len = 0;

        text_init(&text, arena, append_cases[i].reserve, append_cases[i].limit);
        for (size_t j = 0; j < COUNT_OF(append_cases[i].parts); j++) {
            struct slice part = slice_of(append_cases[i].parts[j]);
            text_append(&text, part);
            if (part.len)
                memcpy(want + want_len, part.ptr, part.len);
            want_len += part.len;
        }
        CHECK(text.failed == !append_cases[i].ok, i);
        CHECK(slice_eq(text_slice(&text),
                       append_cases[i].ok ? (struct slice){ want, want_len } : SLICE_EMPTY),
              i);
        arena_destroy(arena);
    }
}

static void test_text_failure_is_sticky(void **state UNUSED)
{
    char memory[4];
    struct text text;

    text_init_fixed(&text, memory, sizeof memory);
    text_append(&text, SLICE("abc"));
    text_append(&text, SLICE("de"));
    assert_true(text.failed);
    text_append_char(&text, 'd'); /* would fit */
    text_append_uint(&text, 1);
    text_printf(&text, "%d", 1);
    assert_null(text_reserve(&text, 0));
    assert_int_equal(text.len, 3);
    assert_int_equal(text_slice(&text).len, 0);
}

static void test_text_fixed(void **state UNUSED)
{
    char memory[5];
    struct text text;

    text_init_fixed(&text, memory, sizeof memory);
    text_append_char(&text, 'a');
    text_printf(&text, "%s", "bcde"); /* filled to the last byte, without a NUL */
    assert_false(text.failed);
    assert_true(slice_eq(text_slice(&text), SLICE("abcde")));
    text_append_char(&text, 'f');
    assert_true(text.failed);

    text_init_fixed(&text, NULL, 0);
    text_append(&text, SLICE_EMPTY);
    assert_false(text.failed);
    text_append_char(&text, 'a');
    assert_true(text.failed);
}

static void test_text_grows_without_copies_of_the_whole(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, 8u << 20);
    struct text text;

    text_init(&text, arena, 0, 4u << 20);
    for (size_t i = 0; i < (4u << 20); i++)
        text_append_char(&text, (char)('a' + i % 26));
    assert_false(text.failed);
    assert_int_equal(arena_used_bytes(arena), 4u << 20); /* in place all the way */
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] != (char)('a' + i % 26))
            CHECK(false, i);
    }
    arena_destroy(arena);
}

static void test_text_takes_what_is_left_of_the_budget(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, 160);
    struct text text;

    text_init(&text, arena, 100, 1000); /* doubling to 200 is past the budget */
    text_printf(&text, "%0100d", 1);
    text_printf(&text, "%060d", 1);
    assert_false(text.failed);
    text_append_char(&text, 'x');
    assert_true(text.failed);
    arena_destroy(arena);
}

static void test_text_reserve(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, 4096);
    struct text text;

    text_init(&text, arena, 0, 100);
    char *to = text_reserve(&text, 80);
    assert_non_null(to);
    memcpy(to, "ab", 2);
    text.len += 2;
    assert_true(slice_eq(text_slice(&text), SLICE("ab")));
    assert_null(text_reserve(&text, 99));
    assert_true(text.failed);
    text_init(&text, arena, 0, SIZE_MAX);
    text_append_char(&text, 'a');
    assert_null(text_reserve(&text, SIZE_MAX)); /* must not wrap */
    arena_destroy(arena);
}

static const struct {
    bool is_signed;
    int64_t value;
    const char *want;
} number_cases[] = {
    { true, 0, "0" },
    { true, 7, "7" },
    { true, 10, "10" },
    { true, -1, "-1" },
    { true, 99, "99" },
    { true, 100, "100" },
    { true, -12345, "-12345" },
    { true, INT64_MAX, "9223372036854775807" },
    { true, INT64_MIN, "-9223372036854775808" },
    { false, 0, "0" },
    { false, 1234567890, "1234567890" },
    { false, -1, "18446744073709551615" }, /* UINT64_MAX */
};

static void test_text_numbers(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(number_cases); i++) {
        char memory[24];
        struct text text;

        for (size_t room = 0; room < sizeof memory; room++) {
            text_init_fixed(&text, memory, room);
            if (number_cases[i].is_signed)
                text_append_int(&text, number_cases[i].value);
            else
                text_append_uint(&text, (uint64_t)number_cases[i].value);
            CHECK(text.failed == (strlen(number_cases[i].want) > room), i);
            CHECK(text.failed ? text.len == 0
                              : slice_eq(text_slice(&text), slice_of(number_cases[i].want)),
                  i);
        }
    }
}

/* Every length around the small buffer, into a text that just holds it and one that just does not.
 */
static void test_text_printf_lengths(void **state UNUSED)
{
    static char memory[600];

    for (int len = 0; len < 600; len++) {
        struct text text;
        text_init_fixed(&text, memory, (size_t)len);
        text_printf(&text, "%*s", len, "");
        CHECK(!text.failed && text.len == (size_t)len, len);
        if (len == 0)
            continue;
        text_init_fixed(&text, memory, (size_t)len - 1);
        text_printf(&text, "%*s", len, "");
        CHECK(text.failed && text.len == 0, len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_append),
        cmocka_unit_test(test_text_failure_is_sticky),
        cmocka_unit_test(test_text_fixed),
        cmocka_unit_test(test_text_grows_without_copies_of_the_whole),
        cmocka_unit_test(test_text_takes_what_is_left_of_the_budget),
        cmocka_unit_test(test_text_reserve),
        cmocka_unit_test(test_text_numbers),
        cmocka_unit_test(test_text_printf_lengths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
