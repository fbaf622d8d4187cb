/* base/uuid_test.c - spelling, layout and uniqueness of ids. */
#include "base/uuid.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/test.h"

static const struct {
    const char *input;
    bool ok;
} parse_cases[] = {
    { "00112233-4455-6677-8899-aabbccddeeff", true },
    { "00112233-4455-6677-8899-AABBCCDDEEFF", true },
    { "00112233-4455-6677-8899-aabbCCDDeeFf", true },
    { "00112233-4455-6677-8899-aabbccddeef", false },   /* one short */
    { "00112233-4455-6677-8899-aabbccddeefff", false }, /* one long */
    { "00112233445566778899aabbccddeeff", false },
    { "{0112233-4455-6677-8899-aabbccddeef}", false },
    { "001122334-455-6677-8899-aabbccddeeff", false }, /* a dash in the wrong place */
    { "00112233-4455-6677-8899-aabbccddeefg", false },
    { "00112233-4455-6677-8899-aabbccddee f", false },
    { "00112233-4455-6677-8899_aabbccddeeff", false },
    { "", false },
};

static void test_uuid_parse(void **state UNUSED)
{
    static const struct uuid want = { { 0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99,
                                        0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff } };

    for (size_t i = 0; i < COUNT_OF(parse_cases); i++) {
        struct uuid id = { { 42 } }, untouched = id;
        bool ok = uuid_parse(slice_of(parse_cases[i].input), &id);

        CHECK(ok == parse_cases[i].ok, i);
        CHECK(uuid_eq(id, ok ? want : untouched), i);
    }
}

static void test_uuid_round_trip(void **state UNUSED)
{
    for (size_t i = 0; i < 1000; i++) {
        struct uuid id, again;
        char text[UUID_TEXT_LEN];

        random_bytes(id.bytes, sizeof id.bytes);
        uuid_format(id, text);
        CHECK(uuid_parse((struct slice){ text, sizeof text }, &again), i);
        CHECK(uuid_eq(id, again), i);
    }
}

static const struct {
    uint64_t unix_ms;
    uint16_t rand_a;
    uint64_t rand_b;
    const char *want;
} v7_cases[] = {
    /* the example of RFC 9562, appendix A.6 */
    { 0x017f22e279b0, 0xcc3, 0x18c4dc0c0c07398f, "017f22e2-79b0-7cc3-98c4-dc0c0c07398f" },
    { 0, 0, 0, "00000000-0000-7000-8000-000000000000" },
    { UINT64_MAX, UINT16_MAX, UINT64_MAX, "ffffffff-ffff-7fff-bfff-ffffffffffff" }, /* cut */
};

static void test_uuid_v7(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(v7_cases); i++) {
        char text[UUID_TEXT_LEN];

        uuid_format(uuid_v7(v7_cases[i].unix_ms, v7_cases[i].rand_a, v7_cases[i].rand_b), text);
        CHECK(slice_eq((struct slice){ text, sizeof text }, slice_of(v7_cases[i].want)), i);
    }
}

/* Rising inputs, each field in turn: the text must rise with them. */
static const struct {
    uint64_t unix_ms;
    uint16_t rand_a;
    uint64_t rand_b;
} rising[] = {
    { 1, 0, 0 },
    { 1, 0, 1 },
    { 1, 0, 255 },
    { 1, 0, 256 },
    { 1, 0, UINT64_MAX >> 2 },
    { 1, 1, 0 },
    { 1, 255, 9 },
    { 1, 256, 8 },
    { 1, 0xfff, 0 },
    { 2, 0, 0 },
    { 255, 0, 0 },
    { 256, 0, 0 },
    { 65536, 0, 0 },
    { 0xfffffffffe, 1, 1 },
    { 0xffffffffff, 0, 0 },
};

static void test_uuid_v7_order(void **state UNUSED)
{
    char before[UUID_TEXT_LEN] = "";

    for (size_t i = 0; i < COUNT_OF(rising); i++) {
        char text[UUID_TEXT_LEN];
        uuid_format(uuid_v7(rising[i].unix_ms, rising[i].rand_a, rising[i].rand_b), text);
        CHECK(memcmp(before, text, sizeof text) < 0, i);
        memcpy(before, text, sizeof text);
    }
}

enum { THREADS = 4, PER_THREAD = 5000 };

static struct uuid made[THREADS][PER_THREAD];

static void *make_many(void *out)
{
    struct uuid *ids = out;

    for (size_t i = 0; i < PER_THREAD; i++)
        ids[i] = uuid_random();
    return NULL;
}

static int by_bytes(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct uuid));
}

static void test_uuid_random_is_unique_across_threads(void **state UNUSED)
{
    pthread_t threads[THREADS];
    struct uuid *all = made[0];
    struct uuid ones = { { 0 } }, zeros = { { 0 } };

    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, make_many, made[i]), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);

    qsort(all, (size_t)THREADS * PER_THREAD, sizeof *all, by_bytes);
    for (size_t i = 0; i < (size_t)THREADS * PER_THREAD; i++) {
        CHECK(i == 0 || !uuid_eq(all[i - 1], all[i]), i);
        CHECK(all[i].bytes[6] >> 4 == 4, i);
        CHECK(all[i].bytes[8] >> 6 == 2, i);
        for (size_t j = 0; j < sizeof ones.bytes; j++) {
            ones.bytes[j] |= all[i].bytes[j];
            zeros.bytes[j] |= (uint8_t)~all[i].bytes[j];
        }
    }
    /* Every bit but the six of version and variant was seen both ways. */
    for (size_t j = 0; j < sizeof ones.bytes; j++) {
        CHECK(ones.bytes[j] == (j == 6 ? 0x4f : j == 8 ? 0xbf : 0xff), j);
        CHECK(zeros.bytes[j] == (j == 6 ? 0xbf : j == 8 ? 0x7f : 0xff), j);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_uuid_parse),
        cmocka_unit_test(test_uuid_round_trip),
        cmocka_unit_test(test_uuid_v7),
        cmocka_unit_test(test_uuid_v7_order),
        cmocka_unit_test(test_uuid_random_is_unique_across_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
