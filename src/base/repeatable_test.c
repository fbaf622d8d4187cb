/* base/repeatable_test.c - the same again, nothing the same where it must differ, and threads. */
#include "base/repeatable.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/test.h"

#define DRAWS 1000

/* What was drawn from a seed in one release must be had again in the next: these are promises. */
static void test_repeatable_keeps_its_numbers(void **state UNUSED)
{
    struct repeatable *repeatable = repeatable_create(SLICE("checkout"));
    char text[UUID_TEXT_LEN];
    uint8_t bytes[12];

    assert_non_null(repeatable);
    assert_true(repeatable_draw(0, 0) == UINT64_C(0xe220a8397b1dcdaf));
    assert_true(repeatable_draw(1, 2) == UINT64_C(0x70335fc3daf3d8a7));
    assert_true(repeatable_next(repeatable, REPEATABLE_TOKENS) == UINT64_C(0x4d78d86af170243e));
    uuid_format(repeatable_uuid(repeatable, REPEATABLE_ENTITY_IDS), text);
    assert_memory_equal(text, "22418b82-880a-484a-a4a4-f7c6b1ce6834", UUID_TEXT_LEN);
    repeatable_bytes(repeatable, SLICE("issuer"), bytes, sizeof bytes);
    assert_memory_equal(bytes, "\xe4\x68\xe4\xe9\x97\xfa\x86\xf8\xdc\x23\x60\x31", sizeof bytes);
    repeatable_destroy(repeatable);
    repeatable_destroy(NULL);
}

static void test_streams_count_for_themselves(void **state UNUSED)
{
    struct repeatable *one = repeatable_create(SLICE("seed"));
    struct repeatable *two = repeatable_create(SLICE("seed"));

    for (size_t i = 0; i < DRAWS; i++) {
        CHECK(uuid_eq(repeatable_uuid(one, REPEATABLE_REQUEST_IDS),
                      repeatable_uuid(two, REPEATABLE_REQUEST_IDS)),
              i);
        repeatable_next(two, REPEATABLE_TOKENS); /* moves no other */
        repeatable_uuid(two, REPEATABLE_SANDBOXES);
    }
    assert_true(repeatable_next(one, REPEATABLE_ENTITY_IDS) ==
                repeatable_next(two, REPEATABLE_ENTITY_IDS));
    assert_false(repeatable_next(one, REPEATABLE_TOKENS) ==
                 repeatable_next(two, REPEATABLE_TOKENS)); /* two has drawn there before */
    repeatable_destroy(one);
    repeatable_destroy(two);
}

static int compare_numbers(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

    return (left > right) - (left < right);
}

static size_t count_repeated(uint64_t *numbers, size_t count)
{
    size_t repeated = 0;

    qsort(numbers, count, sizeof *numbers, compare_numbers);
    for (size_t i = 1; i < count; i++)
        repeated += numbers[i] == numbers[i - 1];
    return repeated;
}

/* Seeds that differ by a letter, and all their streams, have nothing in common. */
static void test_nothing_is_repeated(void **state UNUSED)
{
    static const char *const seeds[] = { "", "1", "2", "11", "12", "21" };
    static uint64_t numbers[COUNT_OF(seeds) * REPEATABLE_STREAM_COUNT * DRAWS];
    size_t count = 0;

    for (size_t s = 0; s < COUNT_OF(seeds); s++) {
        struct repeatable *repeatable = repeatable_create(slice_of(seeds[s]));
        for (size_t i = 0; i < REPEATABLE_STREAM_COUNT * DRAWS; i++)
            numbers[count++] =
                repeatable_next(repeatable, (enum repeatable_stream)(i % REPEATABLE_STREAM_COUNT));
        repeatable_destroy(repeatable);
    }
    assert_int_equal(count_repeated(numbers, count), 0);

    for (count = 0; count < 64 * DRAWS; count++)
        numbers[count % COUNT_OF(numbers)] = repeatable_draw(count / DRAWS, count % DRAWS);
    assert_int_equal(count_repeated(numbers, COUNT_OF(numbers)), 0);
}

/* Draws against a bound are made from the highest bits or by remainder: each bit is even. */
static void test_bits_are_even(void **state UNUSED)
{
    enum { SAMPLES = 100000 };

    for (unsigned bit = 0; bit < 64; bit++) {
        size_t set = 0;
        for (uint64_t i = 0; i < SAMPLES; i++)
            set += repeatable_draw(42, i) >> bit & 1;
        CHECK(set > SAMPLES / 2 - 1000 && set < SAMPLES / 2 + 1000, bit); /* 6 deviations */
    }
}

static void test_uuids_are_of_version_4(void **state UNUSED)
{
    struct repeatable *repeatable = repeatable_create(SLICE("x"));

    for (size_t i = 0; i < DRAWS; i++) {
        struct uuid id = repeatable_uuid(repeatable, REPEATABLE_ENTITY_IDS);
        CHECK(id.bytes[6] >> 4 == 4 && id.bytes[8] >> 6 == 2, i);
    }
    repeatable_destroy(repeatable);
}

static void test_bytes_belong_to_a_purpose(void **state UNUSED)
{
    struct repeatable *repeatable = repeatable_create(SLICE("x"));
    uint8_t long_ones[64], again[64], others[64];

    repeatable_bytes(repeatable, SLICE("issuer"), long_ones, sizeof long_ones);
    repeatable_next(repeatable, REPEATABLE_TOKENS);
    for (size_t len = 0; len <= sizeof again; len++) {
        memset(again, 0xee, sizeof again);
        repeatable_bytes(repeatable, SLICE("issuer"), again, len);
        CHECK(memcmp(again, long_ones, len) == 0, len);
        CHECK(len == sizeof again || again[len] == 0xee, len);
    }
    repeatable_bytes(repeatable, SLICE("issuers"), others, sizeof others);
    assert_memory_not_equal(others, long_ones, sizeof others);
    repeatable_destroy(repeatable);
}

enum { THREADS = 4, EACH = 5000 };

struct drawer {
    struct repeatable *repeatable;
    uint64_t *numbers;
};

static void *draw_many(void *arg)
{
    struct drawer *drawer = arg;

    for (size_t i = 0; i < EACH; i++)
        drawer->numbers[i] = repeatable_next(drawer->repeatable, REPEATABLE_TOKENS);
    return NULL;
}

/* Threads share the numbers of a stream out among them: each is drawn, and once. */
static void test_threads_share_a_stream(void **state UNUSED)
{
    static uint64_t numbers[THREADS * EACH];
    struct repeatable *shared = repeatable_create(SLICE("x")),
                      *alone = repeatable_create(SLICE("x"));
    struct drawer drawers[THREADS];
    pthread_t threads[THREADS];
    uint64_t sum = 0;

    for (size_t i = 0; i < THREADS; i++) {
        drawers[i] = (struct drawer){ shared, numbers + i * EACH };
        assert_int_equal(pthread_create(&threads[i], NULL, draw_many, &drawers[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        sum += numbers[i] - repeatable_next(alone, REPEATABLE_TOKENS);
    assert_true(sum == 0);
    assert_int_equal(count_repeated(numbers, COUNT_OF(numbers)), 0);
    repeatable_destroy(shared);
    repeatable_destroy(alone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_repeatable_keeps_its_numbers),
        cmocka_unit_test(test_streams_count_for_themselves),
        cmocka_unit_test(test_nothing_is_repeated),
        cmocka_unit_test(test_bits_are_even),
        cmocka_unit_test(test_uuids_are_of_version_4),
        cmocka_unit_test(test_bytes_belong_to_a_purpose),
        cmocka_unit_test(test_threads_share_a_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
