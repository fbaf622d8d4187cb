/* base/clock.h - the one clock of the product, and the machine's own.
 *
 * Every product "now" (states, dates, tokens, logs) comes from a struct clock, which can be frozen
 * and moved. Ids, deadlines and rates take the machine's time.
 *
 * Unit: ticks of 100 ns since 0001-01-01T00:00:00Z (Edm.DateTimeOffset's resolution and origin).
 * Threads: a clock may be read by any thread while one sets it.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define CLOCK_TICKS_PER_SECOND INT64_C(10000000)
#define CLOCK_UNIX_EPOCH_TICKS INT64_C(621355968000000000)  /* 1970-01-01 */
#define CLOCK_TICKS_MAX        INT64_C(3155378975999999999) /* 9999-12-31T23:59:59.9999999Z */

struct clock;

struct clock *clock_create(void); /* runs with the machine; NULL: no memory */
void clock_destroy(struct clock *clock);

int64_t clock_now_ticks(const struct clock *clock);
int64_t clock_now_unix_s(const struct clock *clock);

/* It does not go on by itself. */
bool clock_is_stopped(const struct clock *clock);

/* Stops the clock at `ticks`; it stays there until resumed or set again. */
void clock_freeze_at(struct clock *clock, int64_t ticks);
/* Lets it run on from `ticks` at the machine's pace. */
void clock_run_from(struct clock *clock, int64_t ticks);
/* Back to the machine's time. */
void clock_reset(struct clock *clock);

/* The machine's: monotonic milliseconds for deadlines, Unix milliseconds for ids. */
uint64_t clock_monotonic_ms(void);
uint64_t clock_machine_unix_ms(void);

#endif
