/* base/arena_test.c - budgets, blocks, growing in place, pools and injected failures. */
#include "base/arena.h"

#include "base/test.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

static void fill(char *at, size_t bytes, char with)
{
    memset(at, with, bytes);
}

static bool holds(const char *at, size_t bytes, char with)
{
    for (size_t i = 0; i < bytes; i++) {
        if (at[i] != with)
            return false;
    }
    return true;
}

/* Sizes around the boundaries of a 1024-byte first block, of next blocks and of own blocks. */
static const size_t sizes[] = { 0,   1,    15,   16,   17,    100,   500,    700, 1000,
                                900, 1024, 1500, 4096, 10000, 70000, 300000, 3,   2000000 };

static void test_arena_memory_is_distinct_and_aligned(void **state UNUSED)
{
    struct arena_pool *pool = arena_pool_create(1024, 1);
    struct arena *arena = arena_create(pool, SIZE_MAX);
    char *taken[3 * COUNT_OF(sizes)];

    for (size_t i = 0; i < COUNT_OF(taken); i++) {
        size_t bytes = sizes[i % COUNT_OF(sizes)];
        taken[i] = arena_alloc(arena, bytes);
        CHECK(taken[i] && (uintptr_t)taken[i] % 16 == 0, i);
        fill(taken[i], bytes, (char)i);
    }
    for (size_t i = 0; i < COUNT_OF(taken); i++) {
        CHECK(holds(taken[i], sizes[i % COUNT_OF(sizes)], (char)i), i);
        for (size_t j = 0; j < i; j++)
            CHECK(taken[i] != taken[j], i); /* also where nothing was asked for */
    }
    arena_destroy(arena);
    arena_pool_destroy(pool);
}

static const struct {
    size_t budget, bytes;
    bool ok;
    size_t used;
} budget_cases[] = {
    { 0, 0, false, 0 },
    { 0, 1, false, 0 },
    { 16, 0, true, 16 },
    { 16, 16, true, 16 },
    { 16, 17, false, 0 },
    { 100, 96, true, 96 },
    { 100, 97, false, 0 },      /* rounded to 112 */
    { 5000, 4992, true, 4992 }, /* more than the first block */
    { 100, SIZE_MAX, false, 0 },
    { SIZE_MAX, SIZE_MAX, false, 0 }, /* rounding must not wrap */
    { SIZE_MAX, SIZE_MAX - 15, false, 0 },
};

static void test_arena_budget(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(budget_cases); i++) {
        struct arena *arena = arena_create(NULL, budget_cases[i].budget);

        CHECK((arena_alloc(arena, budget_cases[i].bytes) != NULL) == budget_cases[i].ok, i);
        CHECK(arena_used_bytes(arena) == budget_cases[i].used, i);
        arena_destroy(arena);
    }
}

static const struct {
    size_t count, size;
    bool ok;
} calloc_cases[] = {
    { 3, 100, true },
    { 0, 8, true },
    { SIZE_MAX / 2, 3, false },
    { SIZE_MAX, SIZE_MAX, false },
};

static const struct {
    size_t budget, used, aside;
    bool ok;
    size_t left; /* the most that can be taken then */
} aside_cases[] = {
    { 1024, 0, 0, true, 1024 },          { 1024, 0, 1024, true, 0 },
    { 1024, 0, 1025, false, 1024 },      { 1024, 512, 512, true, 0 },
    { 1024, 512, 256, true, 256 },       { 1024, 512, 513, false, 512 },
    { 1024, 512, SIZE_MAX, false, 512 },
};

static void test_arena_set_aside(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(aside_cases); i++) {
        struct arena *arena = arena_create(NULL, aside_cases[i].budget);
        size_t used = aside_cases[i].used, left = aside_cases[i].left;

        CHECK(!used || arena_alloc(arena, used), i);
        CHECK(arena_set_aside(arena, aside_cases[i].aside) == aside_cases[i].ok, i);
        CHECK(!arena_alloc(arena, left + 1), i);
        CHECK(!left || arena_alloc(arena, left), i);
        CHECK(!arena_alloc(arena, 1), i);
        if (aside_cases[i].ok) { /* less, more than is left, and all of it given back */
            CHECK(arena_set_aside(arena, aside_cases[i].aside / 2), i);
            CHECK(!arena_set_aside(arena, aside_cases[i].aside + 1), i);
            CHECK(arena_set_aside(arena, 0), i);
            CHECK(!aside_cases[i].aside || arena_alloc(arena, aside_cases[i].aside), i);
        }
        arena_destroy(arena);
    }
}

static void test_arena_calloc(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(calloc_cases); i++) {
        struct arena_pool *pool = arena_pool_create(1024, 1);
        arena_destroy(arena_create(pool, 0));
        struct arena *arena = arena_create(pool, 100000);

        char *dirty = arena_alloc(arena, 500);
        fill(dirty, 500, 'x');
        char *memory = arena_calloc(arena, calloc_cases[i].count, calloc_cases[i].size);
        CHECK((memory != NULL) == calloc_cases[i].ok, i);
        CHECK(!memory || holds(memory, calloc_cases[i].count * calloc_cases[i].size, 0), i);
        arena_destroy(arena);
        arena_pool_destroy(pool);
    }
}

static const struct {
    size_t old_bytes, new_bytes;
    bool last;     /* nothing was taken in between */
    bool in_place; /* for certain */
    size_t charge; /* of growing alone */
} grow_cases[] = {
    { 10, 16, true, true, 0 }, /* the rounding had room */
    { 10, 200, true, true, 192 },        { 0, 32, true, true, 16 },
    { 100, 100, true, true, 0 },         { 100, 50, false, true, 0 }, /* to less: as it is */
    { 100, 3000, true, false, 2896 },    /* leaves the first block, charged as if it had stayed */
    { 3000, 50000, true, false, 46992 }, /* from one own block to another */
    { 10, 200, false, false, 208 },      { 3000, 4000, false, false, 4000 },
};

static void test_arena_grow(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(grow_cases); i++) {
        struct arena_pool *pool = arena_pool_create(1024, 1);
        struct arena *arena = arena_create(pool, 1 << 20);
        char *old = arena_alloc(arena, grow_cases[i].old_bytes);
        fill(old, grow_cases[i].old_bytes, 'o');
        char *between = grow_cases[i].last ? NULL : arena_alloc(arena, 8);
        if (between)
            fill(between, 8, 'b');
        size_t before = arena_used_bytes(arena);
        uintptr_t old_at = (uintptr_t)old; /* `old` itself may be gone */

        char *grown = arena_grow(arena, old, grow_cases[i].old_bytes, grow_cases[i].new_bytes);
        CHECK(grown != NULL, i);
        CHECK(!grow_cases[i].in_place || (uintptr_t)grown == old_at, i);
        CHECK(arena_used_bytes(arena) - before == grow_cases[i].charge, i);
        if (grow_cases[i].new_bytes > grow_cases[i].old_bytes) {
            CHECK(holds(grown, grow_cases[i].old_bytes, 'o'), i);
            fill(grown, grow_cases[i].new_bytes, 'n');
        }
        CHECK(!between || holds(between, 8, 'b'), i);

        char *next = arena_alloc(arena, 8); /* stands beyond what was grown */
        fill(next, 8, 'z');
        CHECK(grow_cases[i].new_bytes <= grow_cases[i].old_bytes ||
                  holds(grown, grow_cases[i].new_bytes, 'n'),
              i);
        arena_destroy(arena);
        arena_pool_destroy(pool);
    }
}

static void test_arena_grow_past_the_budget_keeps_the_old(void **state UNUSED)
{
    static const size_t old_sizes[] = { 100, 5000 }; /* in the first block, in its own */

    for (size_t i = 0; i < COUNT_OF(old_sizes); i++) {
        struct arena *arena = arena_create(NULL, 6000);
        char *old = arena_alloc(arena, old_sizes[i]);
        fill(old, old_sizes[i], 'o');

        CHECK(!arena_grow(arena, old, old_sizes[i], 6001), i);
        CHECK(!arena_grow(arena, old, old_sizes[i], SIZE_MAX), i);
        CHECK(holds(old, old_sizes[i], 'o'), i);
        CHECK(arena_grow(arena, old, old_sizes[i], 6000), i); /* and may still grow */
        CHECK(arena_used_bytes(arena) == 6000, i);
        arena_destroy(arena);
    }
    struct arena *arena = arena_create(NULL, 6000);
    assert_non_null(arena_grow(arena, NULL, 0, 10)); /* growing from nothing */
    arena_destroy(arena);
}

static void test_arena_pool_reuses_its_blocks(void **state UNUSED)
{
    struct arena_pool *pool = arena_pool_create(1024, 1);
    struct arena *first = arena_create(pool, 4096);
    struct arena *second = arena_create(pool, 4096);
    uintptr_t first_at = (uintptr_t)first;

    assert_non_null(arena_alloc(first, 3000));
    assert_ptr_not_equal(first, second);
    arena_destroy(first);
    arena_destroy(second); /* one more than is kept */
    first = arena_create(pool, 64);
    assert_int_equal((uintptr_t)first, first_at);
    assert_int_equal(arena_used_bytes(first), 0);
    assert_null(arena_alloc(first, 65));
    arena_destroy(first);
    arena_destroy(NULL);
    arena_pool_destroy(pool);
    arena_pool_destroy(NULL);
}

static void test_arena_copy_and_printf(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, 64);
    struct slice s;

    assert_true(arena_copy(arena, SLICE("a\0b"), &s));
    assert_true(slice_eq(s, SLICE("a\0b")));
    assert_int_equal(s.ptr[3], '\0');
    assert_true(arena_copy(arena, SLICE_EMPTY, &s));
    assert_int_equal(s.ptr[0], '\0');
    assert_true(arena_printf(arena, &s, "%d-%s", 42, "x"));
    assert_true(slice_eq(s, SLICE("42-x")));

    s = SLICE("untouched");
    assert_false(arena_printf(arena, &s, "%100s", ""));
    assert_false(arena_copy(arena, (struct slice){ "", SIZE_MAX }, &s));
    assert_true(slice_eq(s, SLICE("untouched")));
    arena_destroy(arena);
}

/* --- ledgers --------------------------------------------------------------------------------- */

enum { FIRST_BLOCK = 1024, LEDGER = 64 * 1024 };

struct charged {
    struct arena_ledger ledger;
    struct arena_pool *pool;
};

static void charged_init(struct charged *charged)
{
    arena_ledger_init(&charged->ledger, LEDGER);
    charged->pool = arena_pool_create(FIRST_BLOCK, 1);
    arena_pool_charge_to(charged->pool, &charged->ledger);
}

static void charged_release(struct charged *charged)
{
    arena_pool_destroy(charged->pool);
    assert_int_equal(arena_ledger_taken_bytes(&charged->ledger), 0);
}

static void test_arena_ledger_counts_blocks(void **state UNUSED)
{
    struct charged charged;
    charged_init(&charged);
    struct arena *arena = arena_create(charged.pool, SIZE_MAX);

    assert_int_equal(arena_ledger_taken_bytes(&charged.ledger), FIRST_BLOCK);
    assert_non_null(arena_alloc(arena, 100)); /* fits: nothing that is shared is touched */
    assert_int_equal(arena_ledger_taken_bytes(&charged.ledger), FIRST_BLOCK);
    char *text = arena_alloc(arena, 5000);
    assert_in_range(arena_ledger_taken_bytes(&charged.ledger), 6000, 6200);
    text = arena_grow(arena, text, 5000, 20000);
    assert_in_range(arena_ledger_taken_bytes(&charged.ledger), 21000, 21200);
    assert_non_null(arena_grow(arena, text, 20000, 20000));
    assert_int_equal(arena_is_starved(arena), false);
    arena_destroy(arena); /* the pool keeps its block, and what it keeps is memory too */
    assert_int_equal(arena_ledger_taken_bytes(&charged.ledger), FIRST_BLOCK);
    charged_release(&charged);
}

static const struct {
    size_t bytes;
    bool modest, ok;
} share_cases[] = {
    { LEDGER / 2 - 2048, true, true }, { LEDGER / 2, true, false },
    { LEDGER / 2, false, true },       { LEDGER / 4 * 3 - 2048, false, true },
    { LEDGER / 4 * 3, false, false },  { SIZE_MAX / 2, false, false },
};

static void test_arena_ledger_keeps_the_rest_for_small_ones(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(share_cases); i++) {
        struct charged charged;
        charged_init(&charged);
        struct arena *arena = arena_create(charged.pool, SIZE_MAX / 4);
        bool fits_budget = share_cases[i].bytes < SIZE_MAX / 4;

        arena_set_modest(arena, share_cases[i].modest);
        CHECK((arena_alloc(arena, share_cases[i].bytes) != NULL) == share_cases[i].ok, i);
        /* past the budget is not short of memory: the next one would fare no better */
        CHECK(arena_is_starved(arena) == (fits_budget && !share_cases[i].ok), i);
        CHECK(arena_alloc(arena, 100), i);

        struct arena *small = arena_create(charged.pool, SIZE_MAX);
        CHECK(small && arena_alloc(small, 500) && !arena_is_starved(small), i);
        arena_destroy(small);
        arena_destroy(arena);
        charged_release(&charged);
    }
}

static void test_arena_ledger_ends_first_blocks_too(void **state UNUSED)
{
    struct arena *arenas[LEDGER / FIRST_BLOCK];
    struct charged charged;
    charged_init(&charged);

    for (size_t i = 0; i < COUNT_OF(arenas); i++)
        CHECK((arenas[i] = arena_create(charged.pool, SIZE_MAX)) != NULL, i);
    assert_null(arena_create(charged.pool, SIZE_MAX));
    for (size_t i = 0; i < COUNT_OF(arenas); i++)
        arena_destroy(arenas[i]);
    charged_release(&charged);
}

static void test_arena_ledger_does_not_break_a_promise(void **state UNUSED)
{
    struct charged charged;
    charged_init(&charged);
    struct arena *greedy = arena_create(charged.pool, SIZE_MAX);
    struct arena *arena = arena_create(charged.pool, 100000);

    assert_true(arena_set_aside(arena, 40000));
    for (size_t bytes = 4096; bytes > 0; bytes /= 2) {
        while (arena_alloc_alone(greedy, bytes))
            ;
    }
    assert_true(arena_is_starved(greedy));
    assert_null(arena_alloc(arena, 2000)); /* not of what is set aside */
    assert_true(arena_set_aside(arena, 10000));
    char *text = arena_alloc(arena, 5000);
    assert_non_null(text);
    text = arena_grow(arena, text, 5000, 29000);
    assert_non_null(text);
    fill(text, 29000, 't');
    assert_null(arena_alloc(arena, 2000)); /* 30000 were given back, and so many taken */
    assert_true(arena_set_aside(arena, 0));
    for (int i = 0; i < 10; i++) /* in pieces that no block is worth while for */
        CHECK(arena_alloc(arena, 1000), i);
    arena_destroy(arena);
    arena_destroy(greedy);
    charged_release(&charged);
}

static void test_arena_alone_leaves_no_copies(void **state UNUSED)
{
    struct charged charged;
    charged_init(&charged);
    struct arena *arena = arena_create(charged.pool, 40000);
    size_t bytes = 100;
    char *body = arena_alloc_alone(arena, bytes);

    assert_non_null(body);
    for (; bytes + 500 <= 20000; bytes += 500) {
        fill(body, bytes, 'b');
        body = arena_grow(arena, body, bytes, bytes + 500);
        CHECK(body && holds(body, bytes, 'b'), bytes);
        CHECK(arena_ledger_taken_bytes(&charged.ledger) < FIRST_BLOCK + bytes + 600, bytes);
    }
    assert_null(arena_alloc_alone(arena, 40000));
    assert_null(arena_alloc_alone(arena, SIZE_MAX));
    arena_destroy(arena);
    charged_release(&charged);
}

#ifdef __SANITIZE_ADDRESS__
static void test_arena_is_poisoned_where_nobody_may_look(void **state UNUSED)
{
    struct arena_pool *pool = arena_pool_create(1024, 1);
    struct arena *arena = arena_create(pool, 1 << 20);
    const size_t lengths[] = { 1, 16, 24, 600, 5000 };

    for (size_t i = 0; i < COUNT_OF(lengths); i++) {
        char *memory = arena_alloc(arena, lengths[i]);
        CHECK(!__asan_region_is_poisoned(memory, lengths[i]), i);
        CHECK(__asan_address_is_poisoned(memory + lengths[i]), i);
        memory = arena_grow(arena, memory, lengths[i], lengths[i] + 9);
        CHECK(!__asan_region_is_poisoned(memory, lengths[i] + 9), i);
        CHECK(__asan_address_is_poisoned(memory + lengths[i] + 9), i);
    }
    char *memory = (char *)arena;
    arena_destroy(arena); /* its block goes to the pool */
    assert_true(__asan_address_is_poisoned(memory));
    arena_pool_destroy(pool);
}
#endif

#ifdef CONNECTORD_FAULTS
static bool scenario(void)
{
    struct arena *arena = arena_create(NULL, 100000);
    struct slice s;
    bool ok = false;

    if (!arena)
        return false;
    char *a = arena_alloc(arena, 10);
    char *b = a ? arena_grow(arena, a, 10, 5000) : NULL;
    if (b && arena_calloc(arena, 3, 3) && arena_copy(arena, SLICE("abc"), &s) &&
        arena_printf(arena, &s, "%d", 1))
        ok = true;
    arena_destroy(arena);
    return ok;
}

static void test_arena_fails_the_nth_call(void **state UNUSED)
{
    uint64_t n = 0;

    for (;; n++) {
        arena_fail_after(n);
        bool ok = scenario();
        CHECK(ok == !arena_fault_fired(), n);
        if (!arena_fault_fired())
            break;
    }
    assert_int_equal(n, 6);
    arena_fail_after(UINT64_MAX);
    assert_true(scenario());
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arena_memory_is_distinct_and_aligned),
        cmocka_unit_test(test_arena_budget),
        cmocka_unit_test(test_arena_set_aside),
        cmocka_unit_test(test_arena_calloc),
        cmocka_unit_test(test_arena_grow),
        cmocka_unit_test(test_arena_grow_past_the_budget_keeps_the_old),
        cmocka_unit_test(test_arena_pool_reuses_its_blocks),
        cmocka_unit_test(test_arena_copy_and_printf),
        cmocka_unit_test(test_arena_ledger_counts_blocks),
        cmocka_unit_test(test_arena_ledger_keeps_the_rest_for_small_ones),
        cmocka_unit_test(test_arena_ledger_ends_first_blocks_too),
        cmocka_unit_test(test_arena_ledger_does_not_break_a_promise),
        cmocka_unit_test(test_arena_alone_leaves_no_copies),
#ifdef __SANITIZE_ADDRESS__ /* gcc's word for it; once is enough */
        cmocka_unit_test(test_arena_is_poisoned_where_nobody_may_look),
#endif
#ifdef CONNECTORD_FAULTS
        cmocka_unit_test(test_arena_fails_the_nth_call),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
