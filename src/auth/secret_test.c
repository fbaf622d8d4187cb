/* auth/secret_test.c - a secret matches itself alone, and a seal what it was put on. */
#include "base/test.h"

#include <string.h>

#include "auth/secret.h"
#include "auth/test_allocations.h"
#include "base/arena.h"
#include "base/base64.h"

static void test_make(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, 4096);
    char one[SECRET_TEXT_LEN], two[SECRET_TEXT_LEN];
    struct slice bits;

    secret_make(one);
    secret_make(two);
    assert_true(base64url_decode(arena, (struct slice){ one, sizeof one }, &bits));
    assert_int_equal(bits.len, 32);
    assert_memory_not_equal(one, two, sizeof one);
    arena_destroy(arena);
}

static const struct {
    const char *kept, *given;
    bool match;
} match_cases[] = {
    { "connectord", "connectord", true },
    { "connectord", "connector", false },
    { "connectord", "connectord ", false },
    { "connectord", "Connectord", false },
    { "connectord", "", false },
    { "", "", true },
    { "", "x", false },
    { "p\xc3\xa4ss", "p\xc3\xa4ss", true },
};

static void test_matches(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(match_cases); i++) {
        uint8_t digest[SECRET_DIGEST_BYTES], again[SECRET_DIGEST_BYTES];

        CHECK(secret_digest(slice_of(match_cases[i].kept), digest), i);
        CHECK(secret_digest(slice_of(match_cases[i].kept), again), i);
        CHECK(memcmp(digest, again, sizeof digest) != 0, i); /* salted */
        CHECK(secret_matches(slice_of(match_cases[i].given), digest) == match_cases[i].match, i);
        CHECK(secret_matches(slice_of(match_cases[i].given), again) == match_cases[i].match, i);
    }
}

static void test_every_bit_of_a_digest_counts(void **state UNUSED)
{
    uint8_t digest[SECRET_DIGEST_BYTES];

    assert_true(secret_digest(SLICE("s"), digest));
    for (size_t bit = 0; bit < 8 * sizeof digest; bit++) {
        digest[bit / 8] ^= (uint8_t)(1 << bit % 8);
        CHECK(!secret_matches(SLICE("s"), digest), bit);
        digest[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_true(secret_matches(SLICE("s"), digest));
}

static void test_seal(void **state UNUSED)
{
    uint8_t key[SEAL_KEY_BYTES] = { 1, 2, 3 }, seal[SEAL_BYTES];
    struct slice text = { (const char *)seal, sizeof seal };

    assert_true(seal_make(key, SLICE("skiptoken"), SLICE("payload"), seal));
    assert_true(seal_matches(key, SLICE("skiptoken"), SLICE("payload"), text));
    assert_false(seal_matches(key, SLICE("deltatoken"), SLICE("payload"), text));
    assert_false(seal_matches(key, SLICE("skiptoke"), SLICE("npayload"), text));
    assert_false(seal_matches(key, SLICE("skiptoken"), SLICE("payloae"), text));
    assert_false(seal_matches(key, SLICE("skiptoken"), SLICE(""), text));
    assert_false(seal_matches(key, SLICE("skiptoken"), SLICE("payload"), SLICE_EMPTY));
    assert_false(seal_matches(key, SLICE("skiptoken"), SLICE("payload"), slice_sub(text, 0, 15)));
    key[31] ^= 1;
    assert_false(seal_matches(key, SLICE("skiptoken"), SLICE("payload"), text));
    key[31] ^= 1;
    for (size_t bit = 0; bit < 8 * sizeof seal; bit++) {
        seal[bit / 8] ^= (uint8_t)(1 << bit % 8);
        CHECK(!seal_matches(key, SLICE("skiptoken"), SLICE("payload"), text), bit);
        seal[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

/* Whichever allocation fails, nothing matches that should not. */
static void test_out_of_memory(void **state UNUSED)
{
    uint8_t key[SEAL_KEY_BYTES] = { 1 }, digest[SECRET_DIGEST_BYTES], seal[SEAL_BYTES] = { 0 };
    size_t failures = 0;
    bool made = false;

    assert_true(secret_digest(SLICE("s"), digest));
    for (size_t n = 1; !made; n++) {
        test_allocations_fail_at(n);
        CHECK(!secret_matches(SLICE("t"), digest), n);
        test_allocations_fail_at(n);
        made = seal_make(key, SLICE("p"), SLICE("x"), seal);
        failures += !made;
    }
    test_allocations_fail_at(0);
    assert_true(failures > 0);
    assert_true(seal_matches(key, SLICE("p"), SLICE("x"),
                             (struct slice){ (const char *)seal, sizeof seal }));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_make),
        cmocka_unit_test(test_matches),
        cmocka_unit_test(test_every_bit_of_a_digest_counts),
        cmocka_unit_test(test_seal),
        cmocka_unit_test(test_out_of_memory),
    };
    test_allocations_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
