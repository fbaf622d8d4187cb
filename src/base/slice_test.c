/* base/slice_test.c - cases for base/slice.c. */
#include "base/slice.h"

#include "base/arena.h"
#include "base/test.h"

/* A literal that may hold NUL. */
#define S(lit) SLICE_INIT(lit)

static const struct {
    struct slice input;
    size_t from, len;
    struct slice want;
} sub_cases[] = {
    { S("abcdef"), 1, 3, S("bcd") },       { S("abcdef"), 0, SIZE_MAX, S("abcdef") },
    { S("abcdef"), 4, SIZE_MAX, S("ef") }, /* from + len would wrap */
    { S("abcdef"), 6, 1, S("") },          { S("abcdef"), SIZE_MAX, 1, S("") },
    { S("abcdef"), 2, 0, S("") },          { { NULL, 0 }, 0, 0, S("") },
};

static void test_slice_sub(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(sub_cases); i++) {
        struct slice sub = slice_sub(sub_cases[i].input, sub_cases[i].from, sub_cases[i].len);
        CHECK(slice_eq(sub, sub_cases[i].want), i);
    }
}

static const struct {
    struct slice a, b;
    bool eq, eq_nocase;
    int order;
} compare_cases[] = {
    { S("abc"), S("abc"), true, true, 0 },
    { S("abc"), S("ABC"), false, true, 1 },
    { S("abc"), S("abd"), false, false, -1 },
    { S("ab"), S("abc"), false, false, -1 }, /* the beginning of the other comes first */
    { S("b"), S("abc"), false, false, 1 },
    { S(""), S(""), true, true, 0 },
    { S(""), S("a"), false, false, -1 },
    { { NULL, 0 }, S(""), true, true, 0 },
    { S("a\0b"), S("a\0c"), false, false, -1 }, /* NUL ends nothing */
    { S("\x7f"), S("\x80"), false, false, -1 }, /* bytes are unsigned */
    { S("@"), S("`"), false, false, -1 },       /* 0x20 apart and no letters */
    { S("["), S("{"), false, false, -1 },
    { S("\xc3\x84"), S("\xc3\xa4"), false, false, -1 }, /* A and a with dots: not ASCII */
};

static int sign(int order)
{
    return (order > 0) - (order < 0);
}

static void test_slice_compare(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(compare_cases); i++) {
        struct slice a = compare_cases[i].a, b = compare_cases[i].b;

        CHECK(slice_eq(a, b) == compare_cases[i].eq, i);
        CHECK(slice_eq_nocase(a, b) == compare_cases[i].eq_nocase, i);
        CHECK(sign(slice_compare(a, b)) == compare_cases[i].order, i);
        CHECK(sign(slice_compare(b, a)) == -compare_cases[i].order, i);
    }
}

static const struct {
    struct slice input, part;
    bool starts, starts_nocase, ends;
} affix_cases[] = {
    { S("abcab"), S("ab"), true, true, true }, { S("abcAB"), S("AB"), false, true, true },
    { S("ab"), S("ab"), true, true, true },    { S("a"), S("ab"), false, false, false },
    { S("abc"), S(""), true, true, true }, /* everything starts with nothing */
    { S(""), S(""), true, true, true },        { { NULL, 0 }, { NULL, 0 }, true, true, true },
    { S(""), S("a"), false, false, false },    { S("xab"), S("ab"), false, false, true },
};

static void test_slice_affixes(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(affix_cases); i++) {
        struct slice s = affix_cases[i].input, part = affix_cases[i].part;

        CHECK(slice_starts_with(s, part) == affix_cases[i].starts, i);
        CHECK(slice_starts_with_nocase(s, part) == affix_cases[i].starts_nocase, i);
        CHECK(slice_ends_with(s, part) == affix_cases[i].ends, i);
    }
}

static const struct {
    struct slice input;
    size_t index; /* of the first blank */
    bool cut;
    struct slice head, tail;
} cut_cases[] = {
    { S("name eq 'a'"), 4, true, S("name"), S("eq 'a'") },
    { S(" x"), 0, true, S(""), S("x") }, /* an empty head is a head */
    { S("x "), 1, true, S("x"), S("") },
    { S("name"), 4, false, S("?"), S("?") }, /* no separator: outputs untouched */
    { S("a\0 b"), 2, true, S("a\0"), S("b") },
    { S(""), 0, false, S("?"), S("?") },
    { { NULL, 0 }, 0, false, S("?"), S("?") },
};

static void test_slice_cut(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(cut_cases); i++) {
        struct slice head = SLICE("?"), tail = SLICE("?");

        CHECK(slice_index(cut_cases[i].input, ' ') == cut_cases[i].index, i);
        CHECK(slice_cut(cut_cases[i].input, ' ', &head, &tail) == cut_cases[i].cut, i);
        CHECK(slice_eq(head, cut_cases[i].head), i);
        CHECK(slice_eq(tail, cut_cases[i].tail), i);
    }
}

static const struct {
    struct slice input, want;
} trim_cases[] = {
    { S(" \t a b\t "), S("a b") },
    { S("a"), S("a") },
    { S("   "), S("") },
    { S("\na\r"), S("\na\r") }, /* line ends are not OWS */
    { S(""), S("") },
    { { NULL, 0 }, S("") },
};

static void test_slice_trim(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(trim_cases); i++)
        CHECK(slice_eq(slice_trim(trim_cases[i].input), trim_cases[i].want), i);
}

static const struct {
    struct slice input;
    uint64_t max;
    bool ok;
    uint64_t want;
} uint64_cases[] = {
    { S("0"), 0, true, 0 },
    { S("1"), 0, false, 0 },
    { S("007"), 7, true, 7 },
    { S("8"), 7, false, 0 },
    { S("10"), 9, false, 0 },
    { S("100"), 100, true, 100 },
    { S("101"), 100, false, 0 },
    { S("18446744073709551615"), UINT64_MAX, true, UINT64_MAX },
    { S("18446744073709551616"), UINT64_MAX, false, 0 },
    { S("99999999999999999999999"), UINT64_MAX, false, 0 },
    { S(""), UINT64_MAX, false, 0 },
    { S("+1"), UINT64_MAX, false, 0 },
    { S("-0"), UINT64_MAX, false, 0 },
    { S(" 1"), UINT64_MAX, false, 0 },
    { S("1 "), UINT64_MAX, false, 0 },
    { S("1\0"), UINT64_MAX, false, 0 },
    { S("0x1"), UINT64_MAX, false, 0 },
    { S("\xd9\xa1"), UINT64_MAX, false, 0 }, /* an Arabic digit one */
};

static void test_slice_to_uint64(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(uint64_cases); i++) {
        uint64_t value = 42;
        bool ok = slice_to_uint64(uint64_cases[i].input, uint64_cases[i].max, &value);

        CHECK(ok == uint64_cases[i].ok, i);
        CHECK(value == (ok ? uint64_cases[i].want : 42), i);
    }
}

static const struct {
    struct slice input;
    bool ok;
    int64_t want;
} int64_cases[] = {
    { S("0"), true, 0 },
    { S("-0"), true, 0 },
    { S("-1"), true, -1 },
    { S("9223372036854775807"), true, INT64_MAX },
    { S("9223372036854775808"), false, 0 },
    { S("-9223372036854775808"), true, INT64_MIN },
    { S("-9223372036854775809"), false, 0 },
    { S("-"), false, 0 },
    { S("--1"), false, 0 },
    { S("+1"), false, 0 },
    { S(""), false, 0 },
    { S("- 1"), false, 0 },
};

static void test_slice_to_int64(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(int64_cases); i++) {
        int64_t value = 42;
        bool ok = slice_to_int64(int64_cases[i].input, &value);

        CHECK(ok == int64_cases[i].ok, i);
        CHECK(value == (ok ? int64_cases[i].want : 42), i);
    }
}

static const struct {
    struct slice input;
    size_t step; /* bytes of the first sequence, 0 when ill-formed */
} utf8_cases[] = {
    { S("a"), 1 },
    { S("\0"), 1 },
    { S("\x7f"), 1 },
    { S("\xc2\x80"), 2 },
    { S("\xdf\xbf"), 2 },
    { S("\xe0\xa0\x80"), 3 },
    { S("\xed\x9f\xbf"), 3 }, /* U+D7FF, the last before the surrogates */
    { S("\xee\x80\x80"), 3 }, /* U+E000, the first after them */
    { S("\xef\xbf\xbf"), 3 },
    { S("\xf0\x90\x80\x80"), 4 },
    { S("\xf4\x8f\xbf\xbf"), 4 }, /* U+10FFFF */
    { S("\x80"), 0 },             /* a continuation byte alone */
    { S("\xbf"), 0 },
    { S("\xc0\x80"), 0 }, /* overlong NUL */
    { S("\xc1\xbf"), 0 },
    { S("\xe0\x9f\xbf"), 0 },     /* overlong */
    { S("\xed\xa0\x80"), 0 },     /* U+D800, a surrogate */
    { S("\xed\xbf\xbf"), 0 },     /* U+DFFF */
    { S("\xf0\x8f\xbf\xbf"), 0 }, /* overlong */
    { S("\xf4\x90\x80\x80"), 0 }, /* U+110000 */
    { S("\xf5\x80\x80\x80"), 0 },
    { S("\xff"), 0 },
    { S("\xc3"), 0 }, /* cut off */
    { S("\xe2\x82"), 0 },
    { S("\xf0\x9f\x98"), 0 },
    { S("\xc3(\xc3"), 0 }, /* not followed by a continuation byte */
    { S("\xe2\x82("), 0 },
    { S("\xf0\x9f\x98("), 0 },
};

/* Each sequence is tried at every distance from the eight-byte steps of the ASCII shortcut. */
static void test_slice_utf8(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(utf8_cases); i++) {
        struct slice s = utf8_cases[i].input;
        size_t step = slice_utf8_step(s);

        CHECK(step == utf8_cases[i].step, i);
        for (size_t before = 0; before < 18; before++) {
            for (size_t after = 0; after < 18; after++) {
                char line[64];
                memset(line, 'x', sizeof line);
                memcpy(line + before, s.ptr, s.len);
                struct slice padded = { line, before + s.len + after };
                CHECK(slice_is_utf8(padded) == (step > 0), i);
            }
        }
    }
    CHECK(slice_is_utf8(SLICE_EMPTY), 0);
    CHECK(slice_utf8_step(SLICE_EMPTY) == 0, 0);
}

static const struct {
    struct slice input;
    size_t max;
    struct slice want;
} prefix_cases[] = {
    { S("abc"), 3, S("abc") },
    { S("abc"), 2, S("ab") },
    { S("abc"), 0, S("") },
    { S("a\xc3\xa4"), 3, S("a\xc3\xa4") },
    { S("a\xc3\xa4"), 2, S("a") },
    { S("\xf0\x9f\x98\x80z"), 4, S("\xf0\x9f\x98\x80") },
    { S("\xf0\x9f\x98\x80z"), 3, S("") },
    { S("\xf0\x9f\x98\x80z"), 1, S("") },
    { S("\x80\x80\x80\x80\x80\x80"), 5, S("\x80\x80\x80\x80\x80") }, /* never was UTF-8 */
    { { NULL, 0 }, 5, S("") },
};

static void test_slice_utf8_prefix(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(prefix_cases); i++) {
        struct slice prefix = slice_utf8_prefix(prefix_cases[i].input, prefix_cases[i].max);
        CHECK(slice_eq(prefix, prefix_cases[i].want), i);
    }
}

static const struct {
    struct slice input;
    const char *want;
} cstr_cases[] = {
    { S("abc"), "abc" }, { S(""), "" }, { { NULL, 0 }, "" }, { S("a\0b"), NULL }, { S("\0"), NULL },
};

static void test_slice_to_cstr(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, 1024);

    assert_non_null(arena);
    for (size_t i = 0; i < COUNT_OF(cstr_cases); i++) {
        const char *cstr = slice_to_cstr(arena, cstr_cases[i].input);

        CHECK((cstr == NULL) == (cstr_cases[i].want == NULL), i);
        CHECK(!cstr || strcmp(cstr, cstr_cases[i].want) == 0, i);
        CHECK(!cstr || slice_eq(slice_of(cstr), cstr_cases[i].input), i);
    }
    CHECK(slice_of(NULL).len == 0, 0);
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slice_sub),         cmocka_unit_test(test_slice_compare),
        cmocka_unit_test(test_slice_affixes),     cmocka_unit_test(test_slice_cut),
        cmocka_unit_test(test_slice_trim),        cmocka_unit_test(test_slice_to_uint64),
        cmocka_unit_test(test_slice_to_int64),    cmocka_unit_test(test_slice_utf8),
        cmocka_unit_test(test_slice_utf8_prefix), cmocka_unit_test(test_slice_to_cstr),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
