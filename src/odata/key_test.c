#include "odata/key.h"

#include "base/arena.h"
#include "base/test.h"

#define GUID       "c0665abc-0000-4000-8000-00000000abcd"
#define GUID_UPPER "C0665ABC-0000-4000-8000-00000000ABCD"

/* --- literals -------------------------------------------------------------------------------- */

static const struct {
    const char *literal;
    const char *key; /* NULL: it is none */
} literal_cases[] = {
    { "'x'", "x" },       { "'it''s'", "it's" }, { "''''", "'" },
    { "'''x'''", "'x'" }, { "' x '", " x " },    { "'\xC3\xA9'", "\xC3\xA9" },
    { "'@k'", "@k" },

    { "", NULL },         { "'", NULL },         { "''", NULL },
    { "'''", NULL },      { "x", NULL },         { "'x", NULL },
    { "x'", NULL },       { "'it's'", NULL },    { "'x''", NULL },
    { "''x'", NULL },     { "'x','y'", NULL },   { "\"x\"", NULL },
};

static void test_literals(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(literal_cases); i++) {
        struct arena *arena = arena_create(NULL, 4096);
        struct slice literal = slice_of(literal_cases[i].literal), key;

        CHECK(odata_key_is_literal(literal) == (literal_cases[i].key != NULL), i);
        if (literal_cases[i].key)
            CHECK(odata_key_of_literal(literal, arena, &key, NULL) &&
                      slice_eq(key, slice_of(literal_cases[i].key)),
                  i);
        arena_destroy(arena);
    }
}

static const struct {
    const char *key, *want;
} normal_cases[] = {
    { GUID, GUID },
    { GUID_UPPER, GUID },
    { "X", "X" },
    { "{" GUID_UPPER "}", "{" GUID_UPPER "}" },
};

static void test_normalise(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(normal_cases); i++) {
        struct arena *arena = arena_create(NULL, 4096);
        struct slice key;

        CHECK(odata_key_normalise(slice_of(normal_cases[i].key), arena, &key, NULL), i);
        CHECK(slice_eq(key, slice_of(normal_cases[i].want)), i);
        arena_destroy(arena);
    }
}

/* --- aliases --------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    bool is_alias;
} name_cases[] = {
    { "@k", true },    { "@_", true },    { "@Key_2", true }, { "@\xC3\xA9", true },
    { "", false },     { "@", false },    { "k", false },     { "@1", false },
    { "@a.b", false }, { "@a-b", false }, { "@a b", false },  { "'@k'", false },
};

static void test_names(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(name_cases); i++)
        CHECK(odata_key_is_alias(slice_of(name_cases[i].name)) == name_cases[i].is_alias, i);
}

#define NONE(alias)                                                                                \
    "Bad Request - Error in query syntax: the key is '" alias                                      \
    "', and there is no query option of that name."
#define NO_TEXT(alias)                                                                             \
    "Bad Request - Error in query syntax: the key is '" alias                                      \
    "', whose value is not a string in single quotes."

static const struct {
    const char *query;
    const char *key; /* NULL: it is refused */
    const char *message;
} alias_cases[] = {
    { "@k='x'", "x", NULL },
    { "$select=id&@k='x'&a=b", "x", NULL },
    { "%40k=%27x%27", "x", NULL },
    { "@k=+'a+b'%20", "a b", NULL },
    { "@k='a%2Bb'", "a+b", NULL },
    { "@k='a%26b%2Fc%3D'", "a&b/c=", NULL },
    { "@k='it''s'", "it's", NULL },
    { "@k='" GUID_UPPER "'", GUID, NULL },
    { "@k='a=b'", "a=b", NULL },
    { "@k='x'&@k='y'", "x", NULL },
    { "&&@k='x'", "x", NULL },
    { "%zz=1&@k='x'", "x", NULL },

    { "", NULL, NONE("@k") },
    { "k='x'", NULL, NONE("@k") },
    { "@K='x'", NULL, NONE("@k") }, /* names of aliases have a case */
    { "@kk='x'", NULL, NONE("@k") },
    { "@k", NULL, NO_TEXT("@k") },
    { "@k=", NULL, NO_TEXT("@k") },
    { "@k=''", NULL, NO_TEXT("@k") },
    { "@k=x", NULL, NO_TEXT("@k") },
    { "@k=5", NULL, NO_TEXT("@k") },
    { "@k=null", NULL, NO_TEXT("@k") },
    { "@k=\"x\"", NULL, NO_TEXT("@k") },
    { "@k=@j&@j='x'", NULL, NO_TEXT("@k") },
    { "@k=concat('x','y')", NULL, NO_TEXT("@k") },
    { "@k='x", NULL, NO_TEXT("@k") },
    { "@k=%", NULL,
      "The request URI is not valid: '%' in '%' is not followed by two hexadecimal digits." },
    { "@k='%FF'", NULL, "The request URI is not valid: ''%FF'' does not stand for UTF-8 text." },
};

static void test_aliases(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(alias_cases); i++) {
        struct arena *arena = arena_create(NULL, 4096);
        struct slice key = SLICE("?");
        struct error err = { 0 };
        bool ok =
            odata_key_of_alias(SLICE("@k"), slice_of(alias_cases[i].query), arena, &key, &err);

        CHECK(ok == (alias_cases[i].key != NULL), i);
        CHECK(slice_eq(key, ok ? slice_of(alias_cases[i].key) : SLICE("?")), i);
        if (!ok)
            CHECK(err.code == ERROR_BAD_REQUEST &&
                      slice_eq(slice_of(err.message), slice_of(alias_cases[i].message)),
                  i);
        arena_destroy(arena);
    }
}

static void test_no_memory(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, 16);
    struct slice key = SLICE("?");
    struct error err = { 0 };

    assert_false(odata_key_of_alias(SLICE("@k"), SLICE("@k='a long key that does not fit'"), arena,
                                    &key, &err));
    assert_int_equal(err.code, ERROR_TOO_LARGE);
    assert_true(slice_eq(key, SLICE("?")));
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_literals),  cmocka_unit_test(test_normalise),
        cmocka_unit_test(test_names),     cmocka_unit_test(test_aliases),
        cmocka_unit_test(test_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
