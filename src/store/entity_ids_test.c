/* store/entity_ids_test.c - ids that rise whatever the clock does, and the limit kept on disk.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "store/entity_ids.h"

/* What the disk would hold. */
static int64_t disk_ms;

static struct uuid make(struct entity_ids *ids, uint64_t unix_ms, int64_t *ret_sequence)
{
    int64_t wanted = entity_ids_wanted_limit(ids, unix_ms);

    if (wanted) {
        disk_ms = wanted;
        entity_ids_raise(ids, wanted);
    }
    return entity_ids_next(ids, unix_ms, uuid_random(), ret_sequence);
}

static const struct {
    uint64_t unix_ms;
    bool restart;
} step_cases[] = {
    { 1000, false },   { 1000, false },  { 1001, false }, { 5, false }, /* back */
    { 5000, false },   { 5000, true },   { 4000, true },                /* back over a restart */
    { 100000, false }, { 100000, true },
};

static void test_rise(void **state UNUSED)
{
    struct entity_ids ids = { 0 };
    struct uuid last = { { 0 } };
    int64_t last_sequence = -1;

    disk_ms = 0;
    for (size_t i = 0; i < COUNT_OF(step_cases); i++) {
        int64_t sequence;
        struct uuid id;

        if (step_cases[i].restart)
            ids = (struct entity_ids){ 0 };
        entity_ids_resume(&ids, disk_ms);
        id = make(&ids, step_cases[i].unix_ms, &sequence);
        CHECK(memcmp(id.bytes, last.bytes, sizeof id.bytes) > 0, i);
        CHECK(sequence > last_sequence, i);
        CHECK(id.bytes[6] >> 4 == 7 && id.bytes[8] >> 6 == 2, i);
        CHECK(sequence >> 12 < disk_ms, i);
        last = id;
        last_sequence = sequence;
    }
}

/* 4,096 ids fit a millisecond; the next one borrows from the one to come. */
static void test_full_millisecond(void **state UNUSED)
{
    struct entity_ids ids = { 0 };
    int64_t sequence = 0, last = 0;

    disk_ms = 0;
    for (size_t i = 0; i < 10000; i++) {
        make(&ids, 77, &sequence);
        CHECK(sequence > last, i);
        last = sequence;
    }
    assert_true(sequence == (77 << 12) + 9999);
    make(&ids, 80, &sequence);
    assert_true(sequence == 80 << 12);
}

/* The limit is written about once a second and not once an id. */
static void test_limit_is_rare(void **state UNUSED)
{
    struct entity_ids ids = { 0 };
    size_t written = 0;
    int64_t sequence;

    for (uint64_t ms = 1000; ms < 11000; ms++) {
        int64_t before = ids.limit_ms;

        make(&ids, ms, &sequence);
        written += ids.limit_ms != before;
    }
    assert_true(written == 10);
}

/* Two processes write in turns: each begins behind what the other may have made. */
static void test_turns(void **state UNUSED)
{
    struct entity_ids ids[2] = { { 0 }, { 0 } };
    int64_t last = 0, sequence;

    disk_ms = 0;
    for (size_t i = 0; i < 50; i++) {
        struct entity_ids *mine = &ids[i / 3 % 2];

        entity_ids_resume(mine, disk_ms);
        make(mine, 1000 + i, &sequence);
        CHECK(sequence > last, i);
        last = sequence;
    }
}

/* The transaction that raised the limit failed: the old one stands, and no id is repeated. */
static void test_lost_limit(void **state UNUSED)
{
    struct entity_ids ids = { 0 };
    int64_t sequence, again;

    disk_ms = 0;
    make(&ids, 1000, &sequence);
    disk_ms = 0;
    entity_ids_resume(&ids, disk_ms);
    assert_true(entity_ids_wanted_limit(&ids, 1000) > 1000);
    make(&ids, 1000, &again);
    assert_true(again > sequence && disk_ms > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rise),          cmocka_unit_test(test_full_millisecond),
        cmocka_unit_test(test_limit_is_rare), cmocka_unit_test(test_turns),
        cmocka_unit_test(test_lost_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
