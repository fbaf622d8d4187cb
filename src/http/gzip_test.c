/* http/gzip_test.c - round trips, damage at every byte, and what is larger than it may be. */
#include "http/gzip.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/test.h"

#define LIMIT ((size_t)65536)

/* `{"displayName":"a"}`, as zlib's gzip writes it: no name, no time. */
static const char member[] =
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xab\x56\x4a\xc9\x2c\x2e\xc8\x49\xac\xf4\x4b\xcc"
    "\x4d\x55\xb2\x52\x4a\x54\xaa\x05\x00\xbf\x02\x3d\xd9\x13\x00\x00\x00";
static const char stored[] = "{\"displayName\":\"a\"}";

struct rig {
    struct gzip gzip;
    struct arena *arena;
};

static int set_up(void **state)
{
    struct rig *rig = calloc(1, sizeof *rig);

    rig->arena = arena_create(NULL, (size_t)16 << 20);
    *state = rig;
    return rig->arena ? 0 : -1;
}

static int tear_down(void **state)
{
    struct rig *rig = *state;

    gzip_release(&rig->gzip);
    arena_destroy(rig->arena);
    free(rig);
    return 0;
}

static struct slice repeated(struct rig *rig, const char *text, size_t len)
{
    char *to = arena_alloc(rig->arena, len);

    assert_non_null(to);
    for (size_t i = 0; i < len; i++)
        to[i] = text[i % strlen(text)];
    return (struct slice){ to, len };
}

static void test_round_trip(void **state)
{
    static const size_t lengths[] = { 256, 2048, 4095, LIMIT - 1, LIMIT };
    struct rig *rig = *state;
    struct error err = { 0 };

    for (size_t i = 0; i < COUNT_OF(lengths); i++) {
        struct slice plain = repeated(rig, "abcdefg,", lengths[i]), coded, again;

        CHECK(gzip_compress(&rig->gzip, plain, rig->arena, &coded), i);
        CHECK(coded.len < plain.len / 2, i);
        CHECK(gzip_decompress(&rig->gzip, coded, LIMIT, rig->arena, &again, &err), i);
        CHECK(slice_eq(plain, again), i);
    }
}

static void test_not_worth_it(void **state)
{
    struct rig *rig = *state;
    char noise[2048];
    uint64_t x = 88172645463325252u;
    struct slice coded = SLICE("untouched");

    for (size_t i = 0; i < sizeof noise; i++) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        noise[i] = (char)x;
    }
    assert_false(
        gzip_compress(&rig->gzip, (struct slice){ noise, sizeof noise }, rig->arena, &coded));
    assert_true(slice_eq(coded, SLICE("untouched")));
}

static void test_no_memory(void **state)
{
    struct rig *rig = *state;
    struct arena *small = arena_create(NULL, 4096);
    struct slice plain = repeated(rig, "abcdefg,", LIMIT), coded, again;
    struct error err = { 0 };

    assert_false(gzip_compress(&rig->gzip, plain, small, &coded));
    assert_true(gzip_compress(&rig->gzip, plain, rig->arena, &coded));
    assert_false(gzip_decompress(&rig->gzip, coded, LIMIT, small, &again, &err));
    assert_int_equal(err.code, ERROR_TOO_LARGE); /* as error_no_memory() has it */
    arena_destroy(small);
}

static void test_limit(void **state)
{
    struct rig *rig = *state;
    struct slice plain = repeated(rig, "a", LIMIT + 1), coded, again = SLICE("untouched");
    size_t used;
    struct error err = { 0 };

    assert_true(gzip_compress(&rig->gzip, plain, rig->arena, &coded));
    used = arena_used_bytes(rig->arena);
    assert_false(gzip_decompress(&rig->gzip, coded, LIMIT, rig->arena, &again, &err));
    assert_int_equal(err.code, ERROR_TOO_LARGE);
    assert_non_null(strstr(err.message, "65536 bytes"));
    assert_true(slice_eq(again, SLICE("untouched")));
    assert_int_equal(arena_used_bytes(rig->arena), used); /* refused before it was made */
    assert_true(gzip_decompress(&rig->gzip, coded, LIMIT + 1, rig->arena, &again, &err));
}

/* --- damage ---------------------------------------------------------------------------------- */

static bool inflate(struct rig *rig, struct slice coded, enum error_code *ret)
{
    struct error err = { 0 };
    struct slice plain;
    bool ok = gzip_decompress(&rig->gzip, coded, LIMIT, rig->arena, &plain, &err);

    if (ok)
        assert_true(slice_eq(plain, slice_of(stored)));
    *ret = err.code;
    return ok;
}

static void test_cut_short(void **state)
{
    enum error_code code;

    for (size_t len = 0; len < sizeof member - 1; len++) {
        CHECK(!inflate(*state, (struct slice){ member, len }, &code), len);
        CHECK(code == ERROR_BAD_REQUEST || code == ERROR_TOO_LARGE, len);
    }
    assert_true(inflate(*state, (struct slice){ member, sizeof member - 1 }, &code));
}

/* The checksum finds all of them, but in what stands before the data and says nothing of them. */
static void test_every_byte(void **state)
{
    enum error_code code;
    char bytes[sizeof member - 1];

    for (size_t i = 0; i < sizeof bytes; i++) {
        bool tells_nothing = i >= 4 && i <= 9; /* time, level, system */

        memcpy(bytes, member, sizeof bytes);
        bytes[i] = (char)(bytes[i] ^ 0x41);
        CHECK(inflate(*state, (struct slice){ bytes, sizeof bytes }, &code) == tells_nothing, i);
        CHECK(tells_nothing || code == ERROR_BAD_REQUEST || code == ERROR_TOO_LARGE, i);
    }
}

static void test_what_is_behind(void **state)
{
    static const struct slice behind[] = { SLICE_INIT("\0"), SLICE_INIT("{}"),
                                           SLICE_INIT("\0\0\0\0\x13\0\0\0") };
    enum error_code code;
    char bytes[2 * sizeof member];
    size_t len = sizeof member - 1;

    for (size_t i = 0; i < COUNT_OF(behind); i++) {
        memcpy(bytes, member, len);
        memcpy(bytes + len, behind[i].ptr, behind[i].len);
        CHECK(!inflate(*state, (struct slice){ bytes, len + behind[i].len }, &code), i);
        CHECK(code == ERROR_BAD_REQUEST || code == ERROR_TOO_LARGE, i);
    }
    memcpy(bytes + len, member, len); /* a second member */
    assert_false(inflate(*state, (struct slice){ bytes, 2 * len }, &code));
    assert_int_equal(code, ERROR_BAD_REQUEST);
}

static void test_length_that_lies(void **state)
{
    static const unsigned char lengths[][4] = {
        { 0, 0, 0, 0 },    { 0x12, 0, 0, 0 },      { 0x14, 0, 0, 0 },
        { 0, 0x80, 0, 0 }, { 255, 255, 255, 255 },
    };
    enum error_code code;
    char bytes[sizeof member - 1];

    for (size_t i = 0; i < COUNT_OF(lengths); i++) {
        memcpy(bytes, member, sizeof bytes);
        memcpy(bytes + sizeof bytes - 4, lengths[i], 4);
        CHECK(!inflate(*state, (struct slice){ bytes, sizeof bytes }, &code), i);
        CHECK(code == ERROR_BAD_REQUEST, i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),     cmocka_unit_test(test_not_worth_it),
        cmocka_unit_test(test_no_memory),      cmocka_unit_test(test_limit),
        cmocka_unit_test(test_cut_short),      cmocka_unit_test(test_every_byte),
        cmocka_unit_test(test_what_is_behind), cmocka_unit_test(test_length_that_lies),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
