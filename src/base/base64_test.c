/* base/base64_test.c - the vectors of RFC 4648 section 10, and everything that is nearly base64. */
#include "base/base64.h"

#include "base/arena.h"
#include "base/test.h"
#include "base/text.h"
#include "base/uuid.h"

#define S(lit) SLICE_INIT(lit)

static const struct {
    struct slice bytes;
    const char *url, *standard;
} vectors[] = {
    { S(""), "", "" },
    { S("f"), "Zg", "Zg==" },
    { S("fo"), "Zm8", "Zm8=" },
    { S("foo"), "Zm9v", "Zm9v" },
    { S("foob"), "Zm9vYg", "Zm9vYg==" },
    { S("fooba"), "Zm9vYmE", "Zm9vYmE=" },
    { S("foobar"), "Zm9vYmFy", "Zm9vYmFy" },
    { S("\xfb\xef\xff\xfe\0"), "--___gA", "++///gA=" }, /* the letters that differ, and a NUL */
};

static void test_base64_vectors(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(vectors); i++) {
        struct arena *arena = arena_create(NULL, 1 << 16);
        struct slice bytes = SLICE("?");
        struct text text;

        text_init(&text, arena, 0, 100);
        base64url_append(&text, vectors[i].bytes.ptr, vectors[i].bytes.len);
        CHECK(slice_eq(text_slice(&text), slice_of(vectors[i].url)), i);
        text_init(&text, arena, 0, 100);
        base64_append(&text, vectors[i].bytes.ptr, vectors[i].bytes.len);
        CHECK(slice_eq(text_slice(&text), slice_of(vectors[i].standard)), i);
        CHECK(base64url_decode(arena, slice_of(vectors[i].url), &bytes), i);
        CHECK(slice_eq(bytes, vectors[i].bytes), i);
        CHECK(base64_decode(arena, slice_of(vectors[i].standard), &bytes), i);
        CHECK(slice_eq(bytes, vectors[i].bytes), i);
        arena_destroy(arena);
    }
}

static const struct {
    struct slice input;
    bool url, standard;
} strict_cases[] = {
    { S("Zg"), true, false },        { S("Zg=="), false, true },
    { S("Zh"), false, false }, /* bits left over */
    { S("Zh=="), false, false },     { S("Zm9"), false, false },
    { S("Zm9="), false, false },     { S("Z"), false, false },
    { S("Z==="), false, false },     { S("===="), false, false },
    { S("Zg="), false, false },      { S("Zg==="), false, false },
    { S("Zg==Zg=="), false, false }, /* padding in the middle */
    { S("Zm9v===="), false, false }, { S("Zm9v "), false, false },
    { S("Zm 9"), false, false },     { S("Zm9v\n"), false, false },
    { S("Zm\0v"), false, false },    { S("Zm\xffv"), false, false },
    { S("Zm.v"), false, false },     { S("Zm*v"), false, false },
    { S("Zm{v"), false, false },     { S("Zm-v"), true, false },
    { S("Zm_v"), true, false },      { S("Zm+v"), false, true },
    { S("Zm/v"), false, true },      { { NULL, 0 }, true, true },
};

static void test_base64_is_strict(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(strict_cases); i++) {
        struct arena *arena = arena_create(NULL, 1 << 16);
        struct slice bytes = SLICE("?");

        CHECK(base64url_decode(arena, strict_cases[i].input, &bytes) == strict_cases[i].url, i);
        CHECK(base64_decode(arena, strict_cases[i].input, &bytes) == strict_cases[i].standard, i);
        CHECK(strict_cases[i].url || strict_cases[i].standard || slice_eq(bytes, SLICE("?")), i);
        arena_destroy(arena);
    }
}

static void test_base64_round_trip(void **state UNUSED)
{
    for (size_t len = 0; len < 300; len++) {
        struct arena *arena = arena_create(NULL, 4096);
        char *bytes = arena_alloc(arena, len);
        struct slice again;
        struct text text;

        random_bytes(bytes, len);
        text_init(&text, arena, 0, 1000);
        base64url_append(&text, bytes, len);
        CHECK(base64url_decode(arena, text_slice(&text), &again), len);
        CHECK(slice_eq(again, (struct slice){ bytes, len }), len);
        arena_destroy(arena);
    }
}

static void test_base64_without_room(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, 16);
    char memory[3];
    struct text text;
    struct slice bytes = SLICE("?");

    text_init_fixed(&text, memory, sizeof memory);
    base64url_append(&text, "foo", 3);
    assert_true(text.failed);
    text_init_fixed(&text, memory, sizeof memory);
    base64_append(&text, "f", 1);
    assert_true(text.failed); /* the padding, too, needs room */
    assert_false(base64url_decode(arena, SLICE("AAAAAAAAAAAAAAAAAAAAAAAA"), &bytes));
    assert_true(slice_eq(bytes, SLICE("?")));
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_base64_vectors),
        cmocka_unit_test(test_base64_is_strict),
        cmocka_unit_test(test_base64_round_trip),
        cmocka_unit_test(test_base64_without_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
