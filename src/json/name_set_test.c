/* json/name_set_test.c - the hash against published values, and the set at its changes of shape. */
#include "json/name_set.h"

#include "base/arena.h"
#include "base/test.h"

#define PLENTY ((size_t)16 << 20)

/* SipHash-2-4 under the key 00 01 .. 0f of the bytes 00 01 .. (the paper's appendix A has the one
 * of fifteen bytes). */
static const struct {
    size_t len;
    uint64_t hash;
} hash_cases[] = {
    { 0, UINT64_C(0x726fdb47dd0e0e31) },  { 1, UINT64_C(0x74f839c593dc67fd) },
    { 2, UINT64_C(0x0d6c8009d9a94f5a) },  { 3, UINT64_C(0x85676696d7fb7e2d) },
    { 8, UINT64_C(0x93f5f5799a932462) },  { 15, UINT64_C(0xa129ca6149be45e5) },
    { 63, UINT64_C(0x958a324ceb064572) },
};

static void test_name_hash(void **state UNUSED)
{
    const uint64_t key[2] = { UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908) };
    char bytes[64];

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)i;
    for (size_t i = 0; i < COUNT_OF(hash_cases); i++) {
        struct slice message = { hash_cases[i].len ? bytes : NULL, hash_cases[i].len };
        CHECK(json_name_hash(key, message) == hash_cases[i].hash, i);
    }
}

/* The name with this number; a few numbers give odd ones. */
static struct slice name_of(struct arena *arena, size_t number)
{
    struct slice name = SLICE_EMPTY;

    if (number == 0)
        return name;
    if (number == 1)
        return SLICE("\0");
    if (number == 2)
        return SLICE("\0\0");
    assert_true(arena_printf(arena, &name, "name%zu", number));
    return name;
}

static const size_t set_sizes[] = { 0, 1, 2, 15, 16, 17, 31, 32, 33, 64, 65, 1000, 5000 };

/* Adds `size` names to an empty set; all are new once and known ever after. */
static void fill(struct json_name_set *set, struct json_name_key *key, struct arena *arena,
                 size_t size)
{
    for (size_t i = 0; i < size; i++)
        CHECK(json_name_set_add(set, key, arena, name_of(arena, i)) == JSON_NAME_ADDED, i);
    for (size_t i = 0; i < size; i++)
        CHECK(json_name_set_add(set, key, arena, name_of(arena, i)) == JSON_NAME_REPEATED, i);
    CHECK(set->count == size, size);
}

static void test_name_set_sizes(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(set_sizes); i++) {
        struct arena *arena = arena_create(NULL, PLENTY);
        struct json_name_key key = { 0 };
        struct json_name_set set = { 0 };

        fill(&set, &key, arena, set_sizes[i]);
        arena_destroy(arena);
    }
}

/* Cleared, a set is empty at every size that follows any other. */
static void test_name_set_clear(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, PLENTY);
    struct json_name_key key = { 0 };
    struct json_name_set set = { 0 };

    for (size_t i = 0; i < COUNT_OF(set_sizes); i++) {
        for (size_t j = 0; j < COUNT_OF(set_sizes); j++) {
            json_name_set_clear(&set);
            fill(&set, &key, arena, set_sizes[i] % 1000);
            json_name_set_clear(&set);
            fill(&set, &key, arena, set_sizes[j] % 1000);
        }
    }
    arena_destroy(arena);
}

/* Open objects share a key: the inner one growing large must not make the outer one forget. */
static void test_name_set_shared_key(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, PLENTY);
    struct json_name_key key = { 0 };
    struct json_name_set outer = { 0 }, inner = { 0 };

    fill(&outer, &key, arena, 40);
    fill(&inner, &key, arena, 40);
    for (size_t i = 0; i < 40; i++)
        CHECK(json_name_set_add(&outer, &key, arena, name_of(arena, i)) == JSON_NAME_REPEATED, i);
    arena_destroy(arena);
}

/* No budget makes it do worse than say so; what it held before still stands. */
static void test_name_set_budget(void **state UNUSED)
{
    struct arena *names = arena_create(NULL, PLENTY);
    struct slice name[70];

    for (size_t i = 0; i < COUNT_OF(name); i++)
        name[i] = name_of(names, i);
    for (size_t budget = 0; budget < 8192; budget += 64) {
        struct arena *arena = arena_create(NULL, budget);
        struct json_name_key key = { 0 };
        struct json_name_set set = { 0 };
        size_t held = 0;

        while (held < COUNT_OF(name) &&
               json_name_set_add(&set, &key, arena, name[held]) == JSON_NAME_ADDED)
            held++;
        CHECK(set.count == held, budget);
        for (size_t i = 0; i < held; i++)
            CHECK(json_name_set_add(&set, &key, arena, name[i]) != JSON_NAME_ADDED, budget);
        arena_destroy(arena);
    }
    arena_destroy(names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_name_hash),       cmocka_unit_test(test_name_set_sizes),
        cmocka_unit_test(test_name_set_clear),  cmocka_unit_test(test_name_set_shared_key),
        cmocka_unit_test(test_name_set_budget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
