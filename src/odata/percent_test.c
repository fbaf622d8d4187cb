/* odata/percent_test.c - texts that are encoded well, badly and not at all. */
#include "odata/percent.h"

#include "base/arena.h"
#include "base/test.h"

static struct arena *new_arena(void)
{
    struct arena *arena = arena_create(NULL, 1 << 20);

    assert_non_null(arena);
    return arena;
}

static const struct {
    const char *input;
    bool plus_is_space;
    const char *want; /* NULL: refused */
} decode_cases[] = {
    { "", false, "" },
    { "abc", false, "abc" },
    { "%41%62", false, "Ab" },
    { "%2f%2F", false, "//" },
    { "a+b", false, "a+b" },
    { "a+b", true, "a b" },
    { "a%2Bb", true, "a+b" },
    { "%252B", true, "%2B" },
    { "%C3%A9", false, "\xC3\xA9" },
    { "\xC3%A9", false, "\xC3\xA9" }, /* half raw, half encoded is still one character */
    { "%F0%9F%98%80", false, "\xF0\x9F\x98\x80" },
    { "%", false, NULL },
    { "%4", false, NULL },
    { "%4x", false, NULL },
    { "%x4", false, NULL },
    { "% 41", false, NULL },
    { "%+1", true, NULL },
    { "%00", false, NULL },
    { "%80", false, NULL },
    { "\xFF", false, NULL },
    { "%F5%80%80%80", false, NULL },
};

static void test_decode(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(decode_cases); i++) {
        struct arena *arena = new_arena();
        struct slice input = slice_of(decode_cases[i].input), got = SLICE("?");
        struct error err = { 0 };
        bool ok = odata_percent_decode(input, decode_cases[i].plus_is_space, arena, &got, &err);

        CHECK(ok == (decode_cases[i].want != NULL), i);
        CHECK(slice_eq(got, ok ? slice_of(decode_cases[i].want) : SLICE("?")), i);
        CHECK(ok || err.code == ERROR_BAD_REQUEST, i);
        arena_destroy(arena);
    }
}

static void test_decode_copies_only_when_needed(void **state UNUSED)
{
    struct arena *arena = new_arena();
    struct slice plain = SLICE("plain+text"), got;

    assert_true(odata_percent_decode(plain, false, arena, &got, NULL));
    assert_ptr_equal(got.ptr, plain.ptr);
    assert_int_equal(arena_used_bytes(arena), 0);
    assert_true(odata_percent_decode(plain, true, arena, &got, NULL));
    assert_ptr_not_equal(got.ptr, plain.ptr);
    arena_destroy(arena);
}

static const struct {
    const char *text;
    size_t at;
    int want;
} byte_cases[] = {
    { "%41", 0, 'A' },  { "x%4a%C3", 1, 'J' }, { "x%4A%C3", 4, 0xC3 }, { "%00", 0, 0 },
    { "%fF", 0, 0xFF }, { "%4", 0, -1 },       { "x%", 1, -1 },        { "%g0", 0, -1 },
    { "%0g", 0, -1 },   { "%@0", 0, -1 },
};

static void test_byte(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(byte_cases); i++) {
        int got = odata_percent_byte(slice_of(byte_cases[i].text), byte_cases[i].at);
        CHECK(got == byte_cases[i].want, i);
    }
}

static void test_no_memory(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, 16);
    struct slice got;
    struct error err = { 0 };

    assert_non_null(arena);
    assert_false(
        odata_percent_decode(SLICE("%41%41%41%41%41%41%41%41%41"), false, arena, &got, &err));
    assert_int_equal(err.code, ERROR_TOO_LARGE);
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decode),
        cmocka_unit_test(test_decode_copies_only_when_needed),
        cmocka_unit_test(test_byte),
        cmocka_unit_test(test_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
