/* edm/filter_text.c - prints values.
 *
 * A day and a time of day are cut out of a whole date, which edm/date_time.c prints.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "edm/filter_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/text.h"

#define TICKS_PER_SECOND UINT64_C(10000000)
#define TICKS_PER_DAY    INT64_C(864000000000)
#define DAY_TEXT_LEN     10 /* yyyy-mm-dd */

static size_t date_time_text(int64_t ticks, int offset_minutes, char *out)
{
    int64_t wall;

    if (ticks < 0 || ticks > CLOCK_TICKS_MAX)
        return 0;
    wall = ticks + offset_minutes * 60 * (int64_t)TICKS_PER_SECOND;
    if (wall < 0 || wall > CLOCK_TICKS_MAX)
        offset_minutes = 0;
    return edm_date_time_format((struct edm_date_time){ ticks, (int16_t)offset_minutes }, out);
}

static size_t date_text(int64_t days, char *out)
{
    if (days < 0 || days > CLOCK_TICKS_MAX / TICKS_PER_DAY)
        return 0;
    return date_time_text(days * TICKS_PER_DAY, 0, out) ? DAY_TEXT_LEN : 0;
}

static size_t time_text(int64_t ticks, char *out)
{
    size_t len;

    if (ticks < 0 || ticks >= TICKS_PER_DAY)
        return 0;
    len = date_time_text(ticks, 0, out) - DAY_TEXT_LEN - 2; /* "T" and "Z" */
    for (size_t i = 0; i < len; i++)
        out[i] = out[DAY_TEXT_LEN + 1 + i];
    return len;
}

/* "12D" and its like, unless there are none. */
static void put_part(struct text *out, uint64_t count, char unit)
{
    if (count == 0)
        return;
    text_append_uint(out, count);
    text_append_char(out, unit);
}

static void put_seconds(struct text *out, uint64_t ticks)
{
    uint64_t fraction = ticks % TICKS_PER_SECOND, place = TICKS_PER_SECOND;

    if (ticks == 0)
        return;
    text_append_uint(out, ticks / TICKS_PER_SECOND);
    text_append(out, fraction ? SLICE(".") : SLICE_EMPTY);
    for (; fraction; fraction %= place) {
        place /= 10;
        text_append_uint(out, fraction / place);
    }
    text_append_char(out, 'S');
}

static size_t duration_text(int64_t ticks, char *memory)
{
    uint64_t rest = ticks < 0 ? 0 - (uint64_t)ticks : (uint64_t)ticks;
    uint64_t minutes = rest / (60 * TICKS_PER_SECOND);
    struct text out;

    text_init_fixed(&out, memory, EDM_FILTER_TEXT_MAX);
    text_append(&out, ticks < 0 ? SLICE("-P") : SLICE("P"));
    put_part(&out, minutes / 1440, 'D');
    if (rest == 0 || rest % (uint64_t)TICKS_PER_DAY)
        text_append_char(&out, 'T');
    put_part(&out, minutes / 60 % 24, 'H');
    put_part(&out, minutes % 60, 'M');
    put_seconds(&out, rest % (60 * TICKS_PER_SECOND));
    text_append(&out, rest ? SLICE_EMPTY : SLICE("0S"));
    return out.len;
}

size_t edm_filter_text(enum edm_filter_type type, int64_t value, int offset_minutes, char *out)
{
    switch (type) {
    case EDM_FILTER_INTEGER:
        return (size_t)snprintf(out, EDM_FILTER_TEXT_MAX, "%lld", (long long)value);
    case EDM_FILTER_DATE_TIME:
        return date_time_text(value, offset_minutes, out);
    case EDM_FILTER_DATE:
        return date_text(value, out);
    case EDM_FILTER_TIME:
        return time_text(value, out);
    case EDM_FILTER_DURATION:
        return duration_text(value, out);
    default:
        return 0;
    }
}

size_t edm_filter_real_text(double value, char *out)
{
    if (isnan(value))
        return (size_t)snprintf(out, EDM_FILTER_TEXT_MAX, "NaN");
    if (isinf(value))
        return (size_t)snprintf(out, EDM_FILTER_TEXT_MAX, value < 0 ? "-INF" : "INF");
    snprintf(out, EDM_FILTER_TEXT_MAX, "%.15g", value);
    if (strtod(out, NULL) != value)
        snprintf(out, EDM_FILTER_TEXT_MAX, "%.17g", value);
    return strlen(out);
}
