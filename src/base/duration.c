/* base/duration.c - lengths of time, read and written.
 *
 *     duration := sign? part+          sign := "+" | "-"
 *     part     := digits unit          unit := "d" | "h" | "m" | "s" | "ms"
 *
 * The units stand in one table, the largest first, and the parts of a text may only go down it: so
 * each unit occurs once at most, and "5m1h", which is more likely a slip than a wish, is refused. A
 * part may be as large as it likes ("90m", "36h"); only the whole has a limit, and it is kept at
 * each step, so nothing can overflow on the way.
 *
 * Limits: whole numbers alone. "1.5h" is "90m", and nobody has to ask how it was rounded.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/duration.h"

#include "base/clock.h"
#include "base/text.h"

static const struct {
    struct slice name;
    int64_t ticks;
} units[] = {
    { SLICE_INIT("d"), 86400 * CLOCK_TICKS_PER_SECOND },
    { SLICE_INIT("h"), 3600 * CLOCK_TICKS_PER_SECOND },
    { SLICE_INIT("m"), 60 * CLOCK_TICKS_PER_SECOND },
    { SLICE_INIT("s"), CLOCK_TICKS_PER_SECOND },
    { SLICE_INIT("ms"), CLOCK_TICKS_PER_SECOND / 1000 },
};

static size_t run(struct slice s, bool of_digits)
{
    size_t len = 0;

    while (len < s.len && (s.ptr[len] >= '0' && s.ptr[len] <= '9') == of_digits)
        len++;
    return len;
}

static struct slice cut_run(struct slice *rest, bool of_digits)
{
    struct slice head = slice_sub(*rest, 0, run(*rest, of_digits));

    *rest = slice_sub(*rest, head.len, rest->len);
    return head;
}

/* The unit's place in the table, not before `from`; COUNT_OF(units) when it is not there. */
static size_t find_unit(struct slice name, size_t from)
{
    while (from < COUNT_OF(units) && !slice_eq(units[from].name, name))
        from++;
    return from;
}

/* Cuts one part off *rest and adds it to *ticks. *unit is the first that may still come. */
static bool add_part(struct slice *rest, size_t *unit, int64_t *ticks)
{
    struct slice digits = cut_run(rest, true);
    size_t found = find_unit(cut_run(rest, false), *unit);
    uint64_t amount;

    if (found == COUNT_OF(units))
        return false;
    int64_t room = (DURATION_TICKS_MAX - *ticks) / units[found].ticks;
    if (!slice_to_uint64(digits, (uint64_t)room, &amount))
        return false;
    *ticks += (int64_t)amount * units[found].ticks;
    *unit = found + 1;
    return true;
}

bool duration_parse(struct slice text, int64_t *ret_ticks)
{
    bool negative = text.len > 0 && text.ptr[0] == '-';
    bool has_sign = negative || (text.len > 0 && text.ptr[0] == '+');
    struct slice rest = has_sign ? slice_sub(text, 1, text.len) : text;
    size_t unit = 0;
    int64_t ticks = 0;

    do {
        if (!add_part(&rest, &unit, &ticks))
            return false;
    } while (rest.len > 0);
    *ret_ticks = negative ? -ticks : ticks;
    return true;
}

void duration_append(struct text *out, int64_t ticks)
{
    const uint64_t smallest = (uint64_t)units[COUNT_OF(units) - 1].ticks;
    /* Negating as unsigned is defined for INT64_MIN too. */
    uint64_t left = ticks < 0 ? -(uint64_t)ticks : (uint64_t)ticks;

    if (left < smallest) {
        text_append(out, SLICE("0s"));
        return;
    }
    if (ticks < 0)
        text_append_char(out, '-');
    for (size_t i = 0; i < COUNT_OF(units); i++) {
        uint64_t amount = left / (uint64_t)units[i].ticks;
        if (amount == 0)
            continue;
        text_append_uint(out, amount);
        text_append(out, units[i].name);
        left -= amount * (uint64_t)units[i].ticks;
    }
}
