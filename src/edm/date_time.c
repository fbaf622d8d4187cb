/* edm/date_time.c - the calendar between a text and a count of 100 ns ticks.
 *
 * The C library is no help here: its time_t functions stop at seconds, know a local time zone and
 * take locks. Both directions are short integer arithmetic on the Gregorian calendar as if it had
 * always been in force (ISO 8601), which is also what .NET's ticks count.
 *
 * To a count: the days before a year are 365 for each year that passed, plus one for each fourth,
 * less one for each hundredth, plus one for each four hundredth; the days before a month are a
 * table.
 *
 * From a count: let the year begin in March, so that the leap day is its last day. Then centuries
 * of 146097/4 days, years of 1461/4 days and months of 153/5 days each follow one straight line,
 * and each step is one division that leaves the days of the next. (4n + 3) / 1461 is "in which of
 * the years of 365.25 days does day n lie", kept in integers.
 *
 * The offset: a text names a wall clock and how far that clock is ahead of UTC. The instant must
 * lie within years 0001 to 9999, and so must the wall clock's own date, since four digits have to
 * hold it. A value that comes from elsewhere (an instant near either end shown at an offset) may
 * miss the second rule: it is then printed in UTC, which names the same instant.
 *
 * Limits: no second 60 (.NET has none, and ticks could not tell it from the next), no hour 24.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "edm/date_time.h"

#include <assert.h>
#include <string.h>

#include "base/text.h"

#define TICKS_PER_SECOND INT64_C(10000000)
#define TICKS_PER_MINUTE (60 * TICKS_PER_SECOND)
#define TICKS_PER_DAY    (86400 * TICKS_PER_SECOND)
#define DAYS_IN_ALL      INT64_C(3652059) /* 0001-01-01 to 9999-12-31 */
#define TICKS_MAX        (DAYS_IN_ALL * TICKS_PER_DAY - 1)
#define FRACTION_MAX     12
#define FRACTION_KEPT    7 /* digits of 100 ns */

struct date {
    int year, month, day;
};

static bool is_leap_year(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int days_of_month(int year, int month)
{
    static const int8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

    return month == 2 && is_leap_year(year) ? 29 : days[month - 1];
}

static bool date_is_valid(struct date date)
{
    return date.year >= 1 && date.month >= 1 && date.month <= 12 && date.day >= 1 &&
           date.day <= days_of_month(date.year, date.month);
}

/* Days from 0001-01-01 to a valid date. */
static int64_t date_to_days(struct date date)
{
    static const int16_t before_month[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };
    int passed = date.year - 1;
    int leap_day = date.month > 2 && is_leap_year(date.year);

    return passed * 365 + passed / 4 - passed / 100 + passed / 400 + before_month[date.month - 1] +
           leap_day + date.day - 1;
}

static struct date date_of_days(int64_t days)
{
    uint32_t day = (uint32_t)days + 306; /* since 0000-03-01 */
    uint32_t century = (4 * day + 3) / 146097;
    day -= 146097 * century / 4;
    uint32_t year = (4 * day + 3) / 1461;
    day -= 1461 * year / 4;
    uint32_t month = (5 * day + 2) / 153; /* 0 is March */
    day -= (153 * month + 2) / 5;
    bool next_year = month >= 10; /* January and February */

    return (struct date){
        .year = (int)(100 * century + year + next_year),
        .month = (int)(next_year ? month - 9 : month + 3),
        .day = (int)day + 1,
    };
}

/* What is left to read. */
struct scan {
    const char *at, *end;
};

static bool scan_byte(struct scan *scan, char byte)
{
    if (scan->at == scan->end || *scan->at != byte)
        return false;
    scan->at++;
    return true;
}

static bool scan_two_digits(struct scan *scan, int *ret)
{
    if (scan->end - scan->at < 2)
        return false;
    unsigned tens = (unsigned)scan->at[0] - '0', ones = (unsigned)scan->at[1] - '0';
    if (tens > 9 || ones > 9)
        return false;
    *ret = (int)(10 * tens + ones);
    scan->at += 2;
    return true;
}

/* yyyy-mm-dd */
static bool scan_date(struct scan *scan, struct date *ret)
{
    int century, year;

    if (!scan_two_digits(scan, &century) || !scan_two_digits(scan, &year) ||
        !scan_byte(scan, '-') || !scan_two_digits(scan, &ret->month) || !scan_byte(scan, '-') ||
        !scan_two_digits(scan, &ret->day))
        return false;
    ret->year = 100 * century + year;
    return date_is_valid(*ret);
}

/* 1 to 12 digits; what is finer than a tick is cut. */
static bool scan_fraction(struct scan *scan, int64_t *ret_ticks)
{
    int64_t ticks = 0;
    int digits = 0;

    for (; scan->at < scan->end && (unsigned)*scan->at - '0' <= 9; scan->at++, digits++) {
        if (digits < FRACTION_KEPT)
            ticks = 10 * ticks + (*scan->at - '0');
    }
    if (digits == 0 || digits > FRACTION_MAX)
        return false;
    for (; digits < FRACTION_KEPT; digits++)
        ticks *= 10;
    *ret_ticks = ticks;
    return true;
}

/* hh:mm[:ss[.fraction]] */
static bool scan_time(struct scan *scan, int64_t *ret_ticks)
{
    int hour, minute, second = 0;
    int64_t fraction = 0;

    if (!scan_two_digits(scan, &hour) || !scan_byte(scan, ':') || !scan_two_digits(scan, &minute))
        return false;
    if (scan_byte(scan, ':')) {
        if (!scan_two_digits(scan, &second))
            return false;
        if (scan_byte(scan, '.') && !scan_fraction(scan, &fraction))
            return false;
    }
    if (hour > 23 || minute > 59 || second > 59)
        return false;
    *ret_ticks = (hour * 3600 + minute * 60 + second) * TICKS_PER_SECOND + fraction;
    return true;
}

/* Z | (+|-)hh:mm */
static bool scan_offset(struct scan *scan, int *ret_minutes)
{
    int hour, minute;

    if (scan_byte(scan, 'Z') || scan_byte(scan, 'z')) {
        *ret_minutes = 0;
        return true;
    }
    bool behind = scan_byte(scan, '-');
    if (!behind && !scan_byte(scan, '+'))
        return false;
    if (!scan_two_digits(scan, &hour) || !scan_byte(scan, ':') || !scan_two_digits(scan, &minute) ||
        minute > 59 || hour * 60 + minute > EDM_OFFSET_MINUTES_MAX)
        return false;
    *ret_minutes = behind ? -(hour * 60 + minute) : hour * 60 + minute;
    return true;
}

bool edm_date_time_parse(struct slice s, struct edm_date_time *ret)
{
    if (s.len == 0)
        return false;

    struct scan scan = { s.ptr, s.ptr + s.len };
    struct date date;
    int64_t time_ticks;
    int offset;

    if (!scan_date(&scan, &date) || !(scan_byte(&scan, 'T') || scan_byte(&scan, 't')) ||
        !scan_time(&scan, &time_ticks) || !scan_offset(&scan, &offset) || scan.at != scan.end)
        return false;

    int64_t ticks = date_to_days(date) * TICKS_PER_DAY + time_ticks - offset * TICKS_PER_MINUTE;
    if (ticks < 0 || ticks > TICKS_MAX)
        return false;
    *ret = (struct edm_date_time){ .ticks = ticks, .offset_minutes = (int16_t)offset };
    return true;
}

static char *put_two_digits(char *to, int value)
{
    return text_put_two_digits(to, (unsigned)value);
}

static char *put_date(char *to, struct date date)
{
    to = put_two_digits(to, date.year / 100);
    to = put_two_digits(to, date.year % 100);
    *to++ = '-';
    to = put_two_digits(to, date.month);
    *to++ = '-';
    return put_two_digits(to, date.day);
}

static char *put_time(char *to, int seconds)
{
    to = put_two_digits(to, seconds / 3600);
    *to++ = ':';
    to = put_two_digits(to, seconds / 60 % 60);
    *to++ = ':';
    return put_two_digits(to, seconds % 60);
}

/* Nothing for 0; else a point and the digits up to the last that is not 0. */
static char *put_fraction(char *to, int ticks)
{
    if (ticks == 0)
        return to;

    int digits = FRACTION_KEPT;
    for (; ticks % 10 == 0; ticks /= 10)
        digits--;
    *to = '.';
    for (int i = digits; i > 0; i--, ticks /= 10)
        to[i] = (char)('0' + ticks % 10);
    return to + digits + 1;
}

static char *put_offset(char *to, int minutes)
{
    if (minutes == 0) {
        *to = 'Z';
        return to + 1;
    }
    *to++ = minutes < 0 ? '-' : '+';
    if (minutes < 0)
        minutes = -minutes;
    to = put_two_digits(to, minutes / 60);
    *to++ = ':';
    return put_two_digits(to, minutes % 60);
}

/* A clock that is moved by hand can run past either end; it shows the end then. */
static int64_t within_years(int64_t ticks)
{
    return ticks < 0 ? 0 : ticks > TICKS_MAX ? TICKS_MAX : ticks;
}

size_t edm_date_time_format(struct edm_date_time value, char *out)
{
    int offset = value.offset_minutes;
    assert(offset >= -EDM_OFFSET_MINUTES_MAX && offset <= EDM_OFFSET_MINUTES_MAX);

    int64_t instant = within_years(value.ticks);
    int64_t wall = instant + offset * TICKS_PER_MINUTE;
    if (wall < 0 || wall > TICKS_MAX) {
        wall = instant;
        offset = 0;
    }

    int64_t in_day = wall % TICKS_PER_DAY;
    char *to = put_date(out, date_of_days(wall / TICKS_PER_DAY));
    *to++ = 'T';
    to = put_time(to, (int)(in_day / TICKS_PER_SECOND));
    to = put_fraction(to, (int)(in_day % TICKS_PER_SECOND));
    to = put_offset(to, offset);
    return (size_t)(to - out);
}
