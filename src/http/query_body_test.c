#include "http/query_body.h"

#include "base/arena.h"
#include "base/test.h"

static const struct {
    const char *type;
    bool want;
} type_cases[] = {
    { "text/plain", true },
    { "Text/Plain", true },
    { "text/plain;charset=utf-8", true },
    { "text/plain ; Charset = \"UTF-8\" ; format=flowed", true },
    { "text/plain; charset=us-ascii", true },
    { "", false },
    { "text", false },
    { "text/plain; charset=iso-8859-1", false },
    { "text/html", false },
    { "application/json", false },
    { "application/x-www-form-urlencoded", false },
};

static void test_types(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(type_cases); i++)
        CHECK(query_body_is_plain_text(slice_of(type_cases[i].type)) == type_cases[i].want, i);
}

static const struct {
    const char *query, *body, *want;
} join_cases[] = {
    { "", "", "" },
    { "$top=1", "", "$top=1" },
    { "", "$top=1", "$top=1" },
    { "$top=1", "$select=id", "$top=1&$select=id" },
    { "$top=1&", "&$select=id", "$top=1&&&$select=id" },
    { "", "$filter=a%20eq%20'b'", "$filter=a%20eq%20'b'" },
    { "", "$filter=a+eq+'b%2B'", "$filter=a+eq+'b%2B'" },
    { "", "$filter=a eq 'b'", "$filter=a%20eq%20'b'" }, /* written by hand */
    { "", " \t$top=1\r\n", "$top=1" },
    { "$top=1", "\r\n", "$top=1" },
    { "", "$top=1\n&$skip=1", "$top=1%0A&$skip=1" },
    { "", "$search=\xC3\xA9#1", "$search=%C3%A9%231" },
    { "", "$filter=a eq \"b\"", "$filter=a%20eq%20\"b\"" },
    { "", "a?b=c", "a?b=c" },
};

static void test_join(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(join_cases); i++) {
        struct arena *arena = arena_create(NULL, 4096);
        struct slice got = SLICE("?");

        CHECK(query_body_join(slice_of(join_cases[i].query), slice_of(join_cases[i].body), 100,
                              arena, &got, NULL),
              i);
        CHECK(got.ptr && slice_eq(got, slice_of(join_cases[i].want)), i);
        arena_destroy(arena);
    }
}

static void test_nul(void **state UNUSED)
{
    static const char body[] = { 'a', '\0', 'b' };
    struct arena *arena = arena_create(NULL, 4096);
    struct slice got;

    assert_true(
        query_body_join(SLICE_EMPTY, (struct slice){ body, sizeof body }, 100, arena, &got, NULL));
    assert_true(slice_eq(got, SLICE("a%00b"))); /* which no option may have */
    arena_destroy(arena);
}

static const struct {
    const char *query, *body;
    size_t most;
    bool fits;
} limit_cases[] = {
    { "1234", "67890", 10, true },   { "1234", "67890", 9, false }, { "12345", "", 5, true },
    { "12345", "", 4, false },       { "", "a b", 5, true },        { "", "a b", 4, false },
    { "", "    12345   ", 5, true }, { "", "", 0, true },
};

static void test_limit(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(limit_cases); i++) {
        struct arena *arena = arena_create(NULL, 4096);
        struct slice got = SLICE("?");
        struct error err = { 0 };
        bool ok = query_body_join(slice_of(limit_cases[i].query), slice_of(limit_cases[i].body),
                                  limit_cases[i].most, arena, &got, &err);

        CHECK(ok == limit_cases[i].fits, i);
        CHECK(ok || (err.code == ERROR_TOO_LARGE && slice_eq(got, SLICE("?"))), i);
        arena_destroy(arena);
    }
}

static void test_no_memory(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, 8);
    struct slice got = SLICE("?");
    struct error err = { 0 };

    assert_false(query_body_join(SLICE("$top=1"), SLICE("$filter=a%20eq%20'a longer text'"), 100,
                                 arena, &got, &err));
    assert_int_equal(err.code, ERROR_TOO_LARGE);
    assert_true(slice_eq(got, SLICE("?")));
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types), cmocka_unit_test(test_join),      cmocka_unit_test(test_nul),
        cmocka_unit_test(test_limit), cmocka_unit_test(test_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
