/* testbed/past_test.c - what was before, through windows; limits; want of memory; threads. */
#include "testbed/past.h"

#include <pthread.h>

#include "base/arena.h"
#include "base/test.h"
#include "base/text.h"

#define SET SLICE("articles")

struct fixture {
    struct past *past;
    struct arena *arena;
};

static int set_up(void **state)
{
    static struct fixture fixture;

    fixture.past = past_create(8);
    fixture.arena = arena_create(NULL, (size_t)64 << 20);
    *state = &fixture;
    return fixture.past && fixture.arena ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    past_destroy(fixture->past);
    arena_destroy(fixture->arena);
    return 0;
}

static void add(struct fixture *fixture, const char *set, const char *key, const char *before,
                uint64_t now_ms)
{
    past_add(fixture->past, slice_of(set), slice_of(key), slice_of(before), now_ms);
}

static const struct past_range everything;

/* What is seen of a range at `now_ms`, as "key=before key=before", and "..." when there is more. */
static struct slice list_range(struct fixture *fixture, struct slice set, uint64_t now_ms,
                               uint64_t window_ms, const struct past_range *range)
{
    struct past_entry *entries;
    struct text out;
    size_t count;

    bool more = true;

    assert_true(past_list(fixture->past, set, now_ms, window_ms, range, fixture->arena, &entries,
                          &count, &more));
    text_init(&out, fixture->arena, 64, 4096);
    for (size_t i = 0; i < count; i++)
        text_printf(&out, "%s%.*s=%.*s", i ? " " : "", SLICE_ARG(entries[i].key),
                    SLICE_ARG(entries[i].before));
    if (more)
        text_append(&out, SLICE("..."));
    return text_slice(&out);
}

static struct slice list(struct fixture *fixture, struct slice set, uint64_t now_ms,
                         uint64_t window_ms)
{
    return list_range(fixture, set, now_ms, window_ms, &everything);
}

static const struct {
    const char *set;
    uint64_t now_ms, window_ms;
    const char *want;
} windows[] = {
    { "articles", 1000, 5000, "a=a0 b= c=c0" },
    { "articles", 1000, 901, "a=a0 b= c=c0" },
    { "articles", 1000, 900, "a=a1 b= c=c0" }, /* the first write of a is out: as it was after it */
    { "articles", 1000, 700, "b=b1 c=c0" },
    { "articles", 1000, 100, "" },
    { "articles", 1000, 0, "" },
    { "articles", 50, 1, "a=a0 b= c=c0" }, /* noted by a thread that had a later time */
    { "articles", 9999, 5000, "" },
    { "crates", 1000, 5000, "a=crate" },
    { "article", 1000, 5000, "" },
    { "articlesa", 1000, 5000, "" }, /* set and key stand side by side, and are not mixed up */
    { "", 1000, 5000, "" },
};

static void note_windows(struct fixture *fixture)
{
    add(fixture, "articles", "a", "a0", 100);
    add(fixture, "crates", "a", "crate", 150);
    add(fixture, "articles", "b", "", 200); /* created */
    add(fixture, "articles", "a", "a1", 250);
    add(fixture, "articles", "c", "c0", 400);
    add(fixture, "articles", "b", "b1", 500);
    add(fixture, "articles", "c", "", 600); /* removed and created again */
}

static void test_past_list(void **state)
{
    struct fixture *fixture = *state;

    assert_true(slice_eq(list(fixture, SET, 0, 1), SLICE("")));
    note_windows(fixture);
    for (size_t i = 0; i < COUNT_OF(windows); i++) {
        struct slice seen =
            list(fixture, slice_of(windows[i].set), windows[i].now_ms, windows[i].window_ms);
        if (!slice_eq(seen, slice_of(windows[i].want)))
            fail_msg("case %zu: %.*s", i, SLICE_ARG(seen));
    }
    past_clear(fixture->past);
    assert_true(slice_eq(list(fixture, SET, 1000, 5000), SLICE("")));
    add(fixture, "articles", "z", "z0", 700); /* it goes on */
    assert_true(slice_eq(list(fixture, SET, 1000, 5000), SLICE("z=z0")));
}

static const struct {
    const char *key;
    uint64_t window_ms;
    const char *want; /* NULL: not written */
} finds[] = {
    { "a", 901, "a0" },  { "a", 900, "a1" }, { "a", 750, NULL },      { "b", 5000, "" },
    { "b", 800, "b1" },  { "b", 500, NULL }, { "c", 5000, "c0" },     { "c", 600, "" },
    { "d", 5000, NULL }, { "", 5000, NULL }, { "crate", 5000, NULL },
};

static void test_past_find(void **state)
{
    struct fixture *fixture = *state;

    note_windows(fixture);
    for (size_t i = 0; i < COUNT_OF(finds); i++) {
        struct slice before = SLICE("?");
        bool found = past_find(fixture->past, SET, slice_of(finds[i].key), 1000, finds[i].window_ms,
                               fixture->arena, &before);

        CHECK(found == (finds[i].want != NULL), i);
        CHECK(slice_eq(before, found ? slice_of(finds[i].want) : SLICE("?")), i);
    }
}

static const struct {
    struct past_range range;
    const char *want;
} ranges[] = {
    { { .after = SLICE_INIT("a") }, "b= c=c0" },
    { { .after = SLICE_INIT("A"), .last = SLICE_INIT("b") }, "a=a0 b=" },
    { { .after = SLICE_INIT("a"), .last = SLICE_INIT("a") }, "" },
    { { .after = SLICE_INIT("c") }, "" },
    { { .created = true }, "b=" },
    { { .bytes_max = 1 }, "a=a0..." },
    { { .bytes_max = 2 }, "a=a0 b= c=c0" },
    { { .after = SLICE_INIT("b"), .bytes_max = 1 }, "c=c0" },
    { { .created = true, .bytes_max = 1 }, "b=" },
};

static void test_ranges(void **state)
{
    struct fixture *fixture = *state;

    note_windows(fixture);
    for (size_t i = 0; i < COUNT_OF(ranges); i++) {
        struct slice seen = list_range(fixture, SET, 1000, 5000, &ranges[i].range);
        if (!slice_eq(seen, slice_of(ranges[i].want)))
            fail_msg("case %zu: %.*s", i, SLICE_ARG(seen));
    }
}

/* A range is copied, and no more: a small one of a large past needs little memory. */
static void test_a_range_needs_its_own_memory(void **state)
{
    struct fixture *fixture = *state;
    size_t bytes = (size_t)1 << 20;
    char *text = arena_alloc(fixture->arena, bytes);
    const struct past_range range = { .after = SLICE("2"), .last = SLICE("3") };
    struct arena *arena = arena_create(NULL, bytes + 4096);
    struct past_entry *entries;
    size_t count;
    bool more;

    memset(text, 'x', bytes);
    for (char key = '0'; key < '7'; key++)
        past_add(fixture->past, SET, (struct slice){ &key, 1 }, (struct slice){ text, bytes }, 1);
    assert_true(past_list(fixture->past, SET, 1, 9, &range, arena, &entries, &count, &more));
    assert_int_equal(count, 1);
    assert_false(more);
    arena_destroy(arena);
}

static void test_ledger(void **state UNUSED)
{
    struct past *past = past_create(8);
    struct fixture fixture = { past, arena_create(NULL, (size_t)1 << 20) };
    struct arena_ledger ledger;

    arena_ledger_init(&ledger, 1000);
    past_charge_to(past, &ledger);
    add(&fixture, "articles", "a", "a0", 10);
    size_t one = arena_ledger_taken_bytes(&ledger);
    assert_true(one > 11 && one < 1000);
    assert_true(arena_ledger_take(&ledger, 1000 - one - 20, 1000)); /* others' */
    add(&fixture, "articles", "b", "b0", 10);
    assert_true(slice_eq(list(&fixture, SET, 10, 5), SLICE("a=a0 b=b0")));
    add(&fixture, "articles", "c", "c0", 10); /* the oldest goes for it */
    assert_true(slice_eq(list(&fixture, SET, 10, 5), SLICE("b=b0 c=c0")));
    assert_true(arena_ledger_taken_bytes(&ledger) <= 1000);
    add(&fixture, "articles", "d", "a text for which there is no room at all", 10);
    assert_true(slice_eq(list(&fixture, SET, 10, 5), SLICE("")));
    past_clear(past);
    assert_int_equal(arena_ledger_taken_bytes(&ledger), 1000 - one - 20);
    past_destroy(past);
    arena_destroy(fixture.arena);
}

static void test_too_many_go(void **state)
{
    static const char *const keys[] = { "0", "1", "2", "3", "4", "5", "6", "7", "8", "9" };
    struct fixture *fixture = *state;

    for (size_t round = 0; round < 3; round++) {
        for (size_t i = 0; i < COUNT_OF(keys); i++)
            add(fixture, "articles", keys[i], "", 10);
    }
    assert_true(slice_eq(list(fixture, SET, 10, 5), SLICE("2= 3= 4= 5= 6= 7= 8= 9=")));
}

static void test_too_old_go(void **state)
{
    struct fixture *fixture = *state;

    add(fixture, "articles", "a", "a0", 10);
    add(fixture, "articles", "b", "b0", 11);
    add(fixture, "articles", "c", "c0", 10 + PAST_WINDOW_MS_MAX);
    assert_true(slice_eq(list(fixture, SET, 11, UINT64_MAX), SLICE("b=b0 c=c0")));
}

static void test_too_long_go(void **state)
{
    struct fixture *fixture = *state;
    size_t bytes = PAST_BYTES_MAX / 4 - 9; /* set and key: four of them just fit */
    char *memory = arena_alloc(fixture->arena, PAST_BYTES_MAX);
    struct slice before = { memory, bytes };

    memset(memory, 'x', PAST_BYTES_MAX);
    for (size_t i = 0; i < 6; i++) {
        char key = (char)('0' + i);
        past_add(fixture->past, SET, (struct slice){ &key, 1 }, before, 10);
    }
    struct slice found;
    assert_false(past_find(fixture->past, SET, SLICE("1"), 10, 5, fixture->arena, &found));
    assert_true(past_find(fixture->past, SET, SLICE("2"), 10, 5, fixture->arena, &found));
    assert_int_equal(found.len, bytes);
    /* What may not be kept at all drives nobody out. */
    past_add(fixture->past, SET, SLICE("9"), (struct slice){ memory, PAST_BYTES_MAX }, 10);
    assert_true(past_find(fixture->past, SET, SLICE("5"), 10, 5, fixture->arena, &found));
    assert_false(past_find(fixture->past, SET, SLICE("9"), 10, 5, fixture->arena, &found));
}

static void test_none_are_kept(void **state)
{
    struct fixture *fixture = *state;
    struct past *none = past_create(0);
    struct past_entry *entries;
    size_t count = 9;
    bool more;

    past_add(none, SET, SLICE("a"), SLICE("a0"), 1);
    assert_true(past_list(none, SET, 1, 9, &everything, fixture->arena, &entries, &count, &more));
    assert_int_equal(count, 0);
    past_clear(none);
    past_destroy(none);
    past_destroy(NULL);
}

static void test_past_without_memory(void **state)
{
    struct fixture *fixture = *state;
    struct past_entry *entries = NULL;
    struct slice before = SLICE("?");
    size_t count = 77, failed = 0;
    bool more;

    note_windows(fixture);
    for (size_t budget = 0; budget < 512; budget += 16) {
        struct arena *arena = arena_create(NULL, budget);
        if (past_list(fixture->past, SET, 1000, 5000, &everything, arena, &entries, &count,
                      &more)) {
            assert_int_equal(count, 3);
            count = 77;
        } else {
            assert_int_equal(count, 77); /* untouched */
            failed++;
        }
        arena_destroy(arena);
    }
    assert_true(failed > 3 && failed < 512 / 16);
    struct arena *none = arena_create(NULL, 0);
    assert_false(past_find(fixture->past, SET, SLICE("a"), 1000, 5000, none, &before));
    assert_true(slice_eq(before, SLICE("?")));
    arena_destroy(none);
}

enum { WRITERS = 3, ROUNDS = 2000 };

static void *write_many(void *arg)
{
    struct past *past = arg;
    struct arena *arena = arena_create(NULL, (size_t)64 << 20);
    struct past_entry *entries;
    struct slice before;
    size_t count;
    bool more;
    uintptr_t wrong = 0;

    for (size_t i = 0; i < ROUNDS; i++) {
        past_add(past, SET, i % 2 ? SLICE("odd") : SLICE("even"), SLICE("before"), i);
        if (i % 100 == 0)
            past_clear(past);
        if (past_find(past, SET, SLICE("odd"), i, 5000, arena, &before))
            wrong += !slice_eq(before, SLICE("before"));
        if (past_list(past, SET, i, 5000, &everything, arena, &entries, &count, &more))
            wrong += count > 2;
    }
    arena_destroy(arena);
    return (void *)wrong;
}

static void test_past_among_threads(void **state)
{
    struct fixture *fixture = *state;
    pthread_t threads[WRITERS];

    for (size_t i = 0; i < WRITERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_many, fixture->past), 0);
    for (size_t i = 0; i < WRITERS; i++) {
        void *wrong;
        pthread_join(threads[i], &wrong);
        assert_null(wrong);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_past_list, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_ranges, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_range_needs_its_own_memory, set_up, tear_down),
        cmocka_unit_test(test_ledger),
        cmocka_unit_test_setup_teardown(test_past_find, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_too_many_go, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_too_old_go, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_too_long_go, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_none_are_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_past_without_memory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_past_among_threads, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
