/* base/clock.c - the product's clock: the machine's, or moved, or stopped.
 *
 * A clock is either stopped at a point or runs at a distance from the machine's time. Both facts
 * must be seen together by every reader, so both stand in one atomic word, and reading costs no
 * lock: the lowest bit says "stopped", the rest is the point or the distance in ticks. The largest
 * tick, the end of year 9999, needs 62 bits, and a distance between two points one more for its
 * sign, so doubling either still fits 64 bits.
 *
 * A clock that was moved close to the end of time stays at the last tick of year 9999 rather than
 * run into dates that no client can read; before year 1 there is nothing.
 *
 * Limits: a moved clock follows the machine's steps (NTP, an administrator), as the machine's own
 * time does. What must not jump takes clock_monotonic_ms().
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/clock.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#define NS_PER_TICK  100
#define NS_PER_MS    1000000
#define MS_PER_S     1000
#define STOPPED      INT64_C(1)
#define RUNNING      INT64_C(0)
#define AT_REAL_TIME INT64_C(0) /* running, at no distance */

struct clock {
    _Atomic int64_t word; /* 2 * (point or distance) + STOPPED or RUNNING */
};

static int64_t clamp(int64_t ticks)
{
    if (ticks < 0)
        return 0;
    return ticks < CLOCK_TICKS_MAX ? ticks : CLOCK_TICKS_MAX;
}

static struct timespec machine_time(clockid_t id)
{
    struct timespec now;

    clock_gettime(id, &now); /* fails for unknown ids alone */
    return now;
}

static int64_t machine_ticks(void)
{
    struct timespec now = machine_time(CLOCK_REALTIME);

    return clamp(CLOCK_UNIX_EPOCH_TICKS + now.tv_sec * CLOCK_TICKS_PER_SECOND +
                 now.tv_nsec / NS_PER_TICK);
}

struct clock *clock_create(void)
{
    struct clock *clock = malloc(sizeof *clock);

    if (clock)
        atomic_init(&clock->word, AT_REAL_TIME);
    return clock;
}

void clock_destroy(struct clock *clock)
{
    free(clock);
}

int64_t clock_now_ticks(const struct clock *clock)
{
    /* Relaxed: the word says all there is to know, it guards no other memory. */
    int64_t word = atomic_load_explicit(&clock->word, memory_order_relaxed);

    if (word & STOPPED)
        return (word - STOPPED) / 2;
    return clamp(machine_ticks() + word / 2);
}

int64_t clock_now_unix_s(const struct clock *clock)
{
    /* Ticks are never negative, so dividing before subtracting rounds towards the past. */
    return clock_now_ticks(clock) / CLOCK_TICKS_PER_SECOND -
           CLOCK_UNIX_EPOCH_TICKS / CLOCK_TICKS_PER_SECOND;
}

bool clock_is_stopped(const struct clock *clock)
{
    return atomic_load_explicit(&clock->word, memory_order_relaxed) & STOPPED;
}

static void set_word(struct clock *clock, int64_t value, int64_t mode)
{
    atomic_store_explicit(&clock->word, value * 2 + mode, memory_order_relaxed);
}

void clock_freeze_at(struct clock *clock, int64_t ticks)
{
    set_word(clock, clamp(ticks), STOPPED);
}

void clock_run_from(struct clock *clock, int64_t ticks)
{
    set_word(clock, clamp(ticks) - machine_ticks(), RUNNING);
}

void clock_reset(struct clock *clock)
{
    set_word(clock, AT_REAL_TIME, RUNNING);
}

static uint64_t to_ms(struct timespec time)
{
    return (uint64_t)time.tv_sec * MS_PER_S + (uint64_t)time.tv_nsec / NS_PER_MS;
}

uint64_t clock_monotonic_ms(void)
{
    return to_ms(machine_time(CLOCK_MONOTONIC));
}

uint64_t clock_machine_unix_ms(void)
{
    return to_ms(machine_time(CLOCK_REALTIME));
}
