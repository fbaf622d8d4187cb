/* base/clock_test.c - stopping, moving, the ends of time, and readers while one sets it. */
#include "base/clock.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/test.h"

#define SECOND    CLOCK_TICKS_PER_SECOND
#define DAY       (86400 * SECOND)
#define LAST_TICK INT64_C(3155378975999999999)

static int64_t machine_ticks(void)
{
    return CLOCK_UNIX_EPOCH_TICKS + (int64_t)clock_machine_unix_ms() * (SECOND / 1000);
}

/* A test may be held up; nobody is held up this long. */
static bool is_about(int64_t ticks, int64_t want)
{
    return ticks >= want - SECOND / 100 && ticks <= want + 60 * SECOND;
}

static const struct {
    int64_t ticks;
    int64_t want_ticks;
    int64_t want_unix_s;
} freeze_cases[] = {
    { CLOCK_UNIX_EPOCH_TICKS, CLOCK_UNIX_EPOCH_TICKS, 0 },
    { CLOCK_UNIX_EPOCH_TICKS + 1, CLOCK_UNIX_EPOCH_TICKS + 1, 0 },
    { CLOCK_UNIX_EPOCH_TICKS - 1, CLOCK_UNIX_EPOCH_TICKS - 1, -1 }, /* towards the past */
    { CLOCK_UNIX_EPOCH_TICKS + SECOND - 1, CLOCK_UNIX_EPOCH_TICKS + SECOND - 1, 0 },
    { 0, 0, -62135596800 },
    { -1, 0, -62135596800 },
    { INT64_MIN, 0, -62135596800 },
    { LAST_TICK, LAST_TICK, 253402300799 },
    { INT64_MAX, LAST_TICK, 253402300799 },
};

static void test_clock_freeze(void **state UNUSED)
{
    struct clock *clock = clock_create();

    assert_true(is_about(clock_now_ticks(clock), machine_ticks()));
    for (size_t i = 0; i < COUNT_OF(freeze_cases); i++) {
        clock_freeze_at(clock, freeze_cases[i].ticks);
        CHECK(clock_now_ticks(clock) == freeze_cases[i].want_ticks, i);
        CHECK(clock_is_stopped(clock), i);
        CHECK(clock_now_unix_s(clock) == freeze_cases[i].want_unix_s, i);
    }
    clock_reset(clock);
    assert_true(is_about(clock_now_ticks(clock), machine_ticks()));
    clock_destroy(clock);
    clock_destroy(NULL);
}

static const int64_t run_cases[] = {
    0, 1, CLOCK_UNIX_EPOCH_TICKS, CLOCK_UNIX_EPOCH_TICKS + 20000 * DAY, LAST_TICK - 61 * SECOND,
};

static void test_clock_run(void **state UNUSED)
{
    struct clock *clock = clock_create();

    for (size_t i = 0; i < COUNT_OF(run_cases); i++) {
        clock_freeze_at(clock, 5);
        clock_run_from(clock, run_cases[i]);
        CHECK(is_about(clock_now_ticks(clock), run_cases[i]), i);
        CHECK(!clock_is_stopped(clock), i);
    }
    clock_run_from(clock, CLOCK_UNIX_EPOCH_TICKS);
    int64_t before = clock_now_ticks(clock);
    uint64_t deadline = clock_monotonic_ms() + 20;
    while (clock_monotonic_ms() < deadline)
        ;
    assert_true(clock_now_ticks(clock) >= before + SECOND / 100); /* it runs */
    clock_run_from(clock, INT64_MAX);
    assert_int_equal(clock_now_ticks(clock), LAST_TICK); /* and never past the end */
    clock_destroy(clock);
}

enum { READERS = 3, ROUNDS = 20000 };

struct readers {
    const struct clock *clock;
    atomic_bool done;
    atomic_uint torn;
};

/* One frozen far in the past, one running in the far future: anything between is a torn read. */
static void *read_clock(void *arg)
{
    struct readers *readers = arg;

    while (!atomic_load(&readers->done)) {
        int64_t now = clock_now_ticks(readers->clock);
        if (now != 7 && !is_about(now, LAST_TICK - DAY))
            atomic_fetch_add(&readers->torn, 1);
    }
    return NULL;
}

static void test_clock_is_read_while_set(void **state UNUSED)
{
    struct clock *clock = clock_create();
    struct readers readers = { .clock = clock };
    pthread_t threads[READERS];

    clock_freeze_at(clock, 7);
    for (size_t i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_clock, &readers), 0);
    for (size_t i = 0; i < ROUNDS; i++) {
        clock_run_from(clock, LAST_TICK - DAY);
        clock_freeze_at(clock, 7);
    }
    atomic_store(&readers.done, true);
    for (size_t i = 0; i < READERS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&readers.torn), 0);
    clock_destroy(clock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clock_freeze),
        cmocka_unit_test(test_clock_run),
        cmocka_unit_test(test_clock_is_read_while_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
