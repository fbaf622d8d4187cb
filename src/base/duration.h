/* base/duration.h - lengths of time as people write them: "90s", "5d", "1d12h", "-250ms".
 *
 * Units d, h, m, s, ms: each at most once, the larger first; whole numbers. Unit of the value:
 * ticks of 100 ns, as in base/clock.h.
 */
#ifndef BASE_DURATION_H
#define BASE_DURATION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/slice.h"

struct text;

/* The longest that is read: 10,000 years, so that a sum with a date stays far from overflow. */
#define DURATION_TICKS_MAX INT64_C(3155760000000000000)

/* An optional sign and at least one part; false for anything else. */
bool duration_parse(struct slice text, int64_t *ret_ticks) MUST_CHECK;

/* The same length in the largest units that are whole: "1d12h", "0s"; what is below a millisecond
 * is left out. */
void duration_append(struct text *out, int64_t ticks);

#endif
