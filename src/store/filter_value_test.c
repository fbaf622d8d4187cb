/* store/filter_value_test.c - numbers, texts and dates as edm/filter.h has them.
 *
 * Arithmetic is that of SQL engines: what does not fit 64 bits goes on in floating point.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "store/filter_value_test.h"

#include "base/arena.h"
#include "edm/toy_model.h"
#include "store/filter_pools_test.h"

double value_as_real(struct value of)
{
    return of.kind == REAL ? of.real : (double)of.whole;
}

int64_t value_as_whole(struct value of)
{
    if (of.kind == WHOLE)
        return of.whole;
    if (of.real <= (double)INT64_MIN)
        return INT64_MIN;
    return of.real >= 9223372036854775807.0 ? INT64_MAX : (int64_t)of.real;
}

/* --- arithmetic --- */

static struct value real_arithmetic(enum edm_filter_kind kind, double a, double b)
{
    switch (kind) {
    case EDM_FILTER_ADD:
        return real(a + b);
    case EDM_FILTER_SUB:
        return real(a - b);
    case EDM_FILTER_MUL:
        return real(a * b);
    default:
        return b == 0 ? nothing() : real(a / b);
    }
}

static struct value modulo(enum edm_filter_type type, struct value a, struct value b)
{
    if (type == EDM_FILTER_REAL)
        return value_as_real(b) == 0 ? nothing() : real(fmod(value_as_real(a), value_as_real(b)));

    int64_t dividend = value_as_whole(a), divisor = value_as_whole(b);
    int64_t rest;

    if (value_as_real(b) == 0 || divisor == 0)
        return nothing();
    rest = divisor == -1 ? 0 : dividend % divisor;
    return a.kind == WHOLE && b.kind == WHOLE ? whole(rest) : real((double)rest);
}

struct value value_arithmetic(enum edm_filter_kind kind, enum edm_filter_type type, struct value a,
                              struct value b)
{
    int64_t result = 0;
    bool overflow = true;

    if (a.kind == NOTHING || b.kind == NOTHING)
        return nothing();
    if (kind == EDM_FILTER_MOD)
        return modulo(type, a, b);
    if (kind == EDM_FILTER_DIVBY || a.kind == REAL || b.kind == REAL)
        return real_arithmetic(kind, value_as_real(a), value_as_real(b));
    if (kind == EDM_FILTER_ADD)
        overflow = __builtin_add_overflow(a.whole, b.whole, &result);
    else if (kind == EDM_FILTER_SUB)
        overflow = __builtin_sub_overflow(a.whole, b.whole, &result);
    else if (kind == EDM_FILTER_MUL)
        overflow = __builtin_mul_overflow(a.whole, b.whole, &result);
    else if (b.whole == 0)
        return nothing();
    else if (a.whole != INT64_MIN || b.whole != -1)
        return whole(a.whole / b.whole);
    return overflow ? real_arithmetic(kind, value_as_real(a), value_as_real(b)) : whole(result);
}

/* --- texts --- */

static struct slice mapped(struct evaluation *evaluation, struct slice of, char from, char to)
{
    char *memory = arena_alloc(evaluation->arena, of.len + 1);

    assert_non_null(memory);
    for (size_t i = 0; i < of.len; i++)
        memory[i] = of.ptr[i] >= from && of.ptr[i] <= to ? (char)(of.ptr[i] ^ 0x20) : of.ptr[i];
    return (struct slice){ memory, of.len };
}

static struct slice lower(struct evaluation *evaluation, struct slice of)
{
    return mapped(evaluation, of, 'A', 'Z');
}

/* As it is compared. */
struct slice value_folded(struct evaluation *evaluation, struct slice of)
{
    return evaluation->query->exact_strings ? of : lower(evaluation, of);
}

static int64_t characters(struct slice of)
{
    int64_t count = 0;

    for (size_t i = 0; i < of.len; i++)
        count += ((unsigned char)of.ptr[i] & 0xc0) != 0x80;
    return count;
}

/* Bytes before character `index`, or all. */
size_t value_bytes_before(struct slice of, int64_t index)
{
    size_t at = 0;

    for (int64_t i = 0; i < index && at < of.len; i++)
        at += slice_utf8_step(slice_sub(of, at, of.len));
    return at;
}

int64_t value_find(struct evaluation *evaluation, struct slice in, struct slice part)
{
    in = value_folded(evaluation, in);
    part = value_folded(evaluation, part);
    for (size_t at = 0; at + part.len <= in.len; at++) {
        if (slice_eq(slice_sub(in, at, part.len), part))
            return characters(slice_sub(in, 0, at));
    }
    return -1;
}

static struct slice trim(struct slice of)
{
    while (of.len && strchr(" \t\n\v\f\r", of.ptr[0]))
        of = slice_sub(of, 1, of.len);
    while (of.len && strchr(" \t\n\v\f\r", of.ptr[of.len - 1]))
        of.len--;
    return of;
}

static struct slice substring(struct slice of, struct value start, const struct value *length)
{
    int64_t from = value_as_whole(start), all = characters(of);

    if (from < 0)
        from = from < -all ? 0 : all + from;
    of = slice_sub(of, value_bytes_before(of, from), of.len);
    return length ? slice_sub(of, 0, value_bytes_before(of, value_as_whole(*length))) : of;
}

static struct value concat(struct evaluation *evaluation, struct slice a, struct slice b)
{
    char *memory = arena_alloc(evaluation->arena, a.len + b.len + 1);

    assert_non_null(memory);
    if (a.len)
        memcpy(memory, a.ptr, a.len);
    if (b.len)
        memcpy(memory + a.len, b.ptr, b.len);
    return text((struct slice){ memory, a.len + b.len });
}

static bool ends_with(struct evaluation *evaluation, struct slice of, struct slice end)
{
    return slice_ends_with(value_folded(evaluation, of), value_folded(evaluation, end));
}

struct value value_of_function(struct evaluation *evaluation, enum edm_filter_kind kind,
                               const struct value *of, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (of[i].kind == NOTHING)
            return nothing();
    }
    switch (kind) {
    case EDM_FILTER_CONTAINS:
        return whole(value_find(evaluation, of[0].text, of[1].text) >= 0);
    case EDM_FILTER_STARTSWITH:
        return whole(value_find(evaluation, of[0].text, of[1].text) == 0);
    case EDM_FILTER_ENDSWITH:
        return whole(ends_with(evaluation, of[0].text, of[1].text));
    case EDM_FILTER_INDEXOF:
        return whole(value_find(evaluation, of[0].text, of[1].text));
    case EDM_FILTER_TOLOWER:
        return text(lower(evaluation, of[0].text));
    case EDM_FILTER_TOUPPER:
        return text(mapped(evaluation, of[0].text, 'a', 'z'));
    case EDM_FILTER_TRIM:
        return text(trim(of[0].text));
    case EDM_FILTER_CONCAT:
        return concat(evaluation, of[0].text, of[1].text);
    case EDM_FILTER_LENGTH:
        return whole(characters(of[0].text));
    default:
        return text(substring(of[0].text, of[1], count == 3 ? &of[2] : NULL));
    }
}

/* --- dates --- */

int64_t value_offset(struct evaluation *evaluation, const struct edm_filter *date)
{
    while (date->kind == EDM_FILTER_ADD || date->kind == EDM_FILTER_SUB)
        date = date->arguments[0];
    if (date->kind == EDM_FILTER_PROPERTY)
        return evaluation->article->values[date->property].at.offset_minutes;
    return date->kind == EDM_FILTER_LITERAL && date->type == EDM_FILTER_DATE_TIME
               ? date->at.offset_minutes
               : 0;
}

/* By counting: the calendar of edm/date_time.c prints the date. */
static struct value calendar(enum edm_filter_kind kind, int64_t ticks)
{
    char date[EDM_DATE_TIME_TEXT_MAX];
    uint64_t part;

    if (ticks <= -10000000 || ticks > INT64_C(3155378975999999999))
        return nothing();
    edm_date_time_format((struct edm_date_time){ .ticks = ticks }, date);
    struct slice digits = kind == EDM_FILTER_YEAR    ? (struct slice){ date, 4 }
                          : kind == EDM_FILTER_MONTH ? (struct slice){ date + 5, 2 }
                                                     : (struct slice){ date + 8, 2 };
    assert_true(slice_to_uint64(digits, 9999, &part));
    return whole((int64_t)part);
}

struct value value_of_date(struct evaluation *evaluation, const struct edm_filter *filter)
{
    const struct edm_filter *of = filter->arguments[0];
    struct value value = value_of(evaluation, of);
    int64_t wall = value.whole;

    if (value.kind == NOTHING)
        return nothing();
    if (of->type == EDM_FILTER_DATE_TIME)
        wall += value_offset(evaluation, of) * INT64_C(600000000);
    switch (filter->kind) {
    case EDM_FILTER_YEAR:
    case EDM_FILTER_MONTH:
    case EDM_FILTER_DAY:
        return calendar(filter->kind, of->type == EDM_FILTER_DATE ? wall * TICKS_PER_DAY : wall);
    case EDM_FILTER_HOUR:
        return whole(wall / INT64_C(36000000000) % 24);
    case EDM_FILTER_MINUTE:
        return whole(wall / 600000000 % 60);
    case EDM_FILTER_SECOND:
        return whole(wall / 10000000 % 60);
    case EDM_FILTER_FRACTIONALSECONDS:
        return real((double)(wall % 10000000) / 10000000.0);
    case EDM_FILTER_DATE_OF:
        return whole(wall / TICKS_PER_DAY);
    case EDM_FILTER_TIME_OF:
        return whole(wall % TICKS_PER_DAY);
    case EDM_FILTER_TOTALOFFSETMINUTES:
        return whole(value_offset(evaluation, of));
    default:
        return real((double)value.whole / 10000000.0);
    }
}
