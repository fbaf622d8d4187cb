/* auth/sha256_test.c - published vectors, no allocation in a digest, and many threads at once. */
#include "base/test.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "auth/sha256.h"
#include "auth/test_allocations.h"

/* "00ff" */
static void to_hex(const uint8_t digest[SHA256_BYTES], char out[2 * SHA256_BYTES + 1])
{
    for (size_t i = 0; i < SHA256_BYTES; i++)
        snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

/* FIPS 180-4's examples */
static const struct {
    const char *message, *hex;
} digest_cases[] = {
    { "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
    { "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
    { "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
};

static void test_digest(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(digest_cases); i++) {
        uint8_t digest[SHA256_BYTES];
        char hex[2 * SHA256_BYTES + 1];

        CHECK(sha256_digest(slice_of(digest_cases[i].message), digest), i);
        to_hex(digest, hex);
        CHECK(strcmp(hex, digest_cases[i].hex) == 0, i);
    }
}

/* RFC 4231, test cases 2 and 7 */
static const struct {
    const char *key;
    size_t key_repeat;
    const char *message, *hex;
} hmac_cases[] = {
    { "Jefe", 1, "what do ya want for nothing?",
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
    { "\xaa", 131,
      "This is a test using a larger than block-size key and a larger than block-size data. The "
      "key "
      "needs to be hashed before being used by the HMAC algorithm.",
      "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2" },
};

static void test_hmac(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(hmac_cases); i++) {
        struct slice message = slice_of(hmac_cases[i].message);
        char key[256];
        size_t key_len = 0;

        for (size_t n = 0; n < hmac_cases[i].key_repeat; n++) {
            memcpy(key + key_len, hmac_cases[i].key, strlen(hmac_cases[i].key));
            key_len += strlen(hmac_cases[i].key);
        }
        for (size_t cut = 0; cut <= message.len; cut++) {
            struct slice parts[] = { slice_sub(message, 0, cut),
                                     slice_sub(message, cut, message.len) };
            uint8_t mac[SHA256_BYTES];
            char hex[2 * SHA256_BYTES + 1];

            CHECK(sha256_hmac((struct slice){ key, key_len }, parts, 2, mac), i);
            to_hex(mac, hex);
            CHECK(strcmp(hex, hmac_cases[i].hex) == 0, i);
        }
    }
}

static void test_digest_allocates_nothing(void **state UNUSED)
{
    uint8_t digest[SHA256_BYTES];

    test_allocations_fail_at(0);
    assert_true(sha256_digest(SLICE("abc"), digest));
    assert_int_equal(test_allocations_count(), 0);
    assert_true(sha256_hmac(SLICE("key"), NULL, 0, digest));
    assert_true(test_allocations_count() > 0); /* the counter counts */
}

#define THREADS 8

static void *hash_for_a_while(void *failures)
{
    uint8_t first[SHA256_BYTES], again[SHA256_BYTES];
    char message[64];
    struct slice slice = { message, sizeof message };

    memset(message, (int)((uintptr_t)failures & 0x7f), sizeof message);
    if (!sha256_digest(slice, first))
        ++*(int *)failures;
    for (int i = 0; i < 1000; i++) {
        if (!sha256_digest(slice, again) || memcmp(first, again, sizeof first) != 0 ||
            !sha256_hmac(slice, &slice, 1, again))
            ++*(int *)failures;
    }
    return NULL;
}

static void test_threads(void **state UNUSED)
{
    pthread_t threads[THREADS];
    int failures[THREADS] = { 0 };

    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hash_for_a_while, &failures[i]), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 0; i < THREADS; i++)
        CHECK(failures[i] == 0, i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_digest),
        cmocka_unit_test(test_digest_allocates_nothing),
        cmocka_unit_test(test_hmac),
        cmocka_unit_test(test_threads),
    };
    test_allocations_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
