/* edm/date_time_test.c - dates by table, and by a second algorithm that shares nothing with the
 * first.
 *
 * The second algorithm knows no arithmetic of centuries: it walks year by year and month by month,
 * asking each how long it is. Random instants and offsets must read and print the same in both.
 */
#include <stdio.h>

#include "base/clock.h"
#include "base/test.h"
#include "edm/date_time.h"

#define SECOND INT64_C(10000000)
#define DAY    (86400 * SECOND)
#define LAST   INT64_C(3155378975999999999) /* 9999-12-31T23:59:59.9999999Z */

/* `text` reads as these ticks and offset, and prints as `printed` (NULL: as itself). */
static const struct {
    const char *text;
    int64_t ticks;
    int offset;
    const char *printed;
} good_cases[] = {
    { "0001-01-01T00:00:00Z", 0, 0, NULL },
    { "0001-01-01T00:00:00.0000001Z", 1, 0, NULL },
    { "1970-01-01T00:00:00Z", CLOCK_UNIX_EPOCH_TICKS, 0, NULL },
    { "9999-12-31T23:59:59.9999999Z", LAST, 0, NULL },
    { "2001-09-09T01:46:40Z", CLOCK_UNIX_EPOCH_TICKS + 1000000000 * SECOND, 0, NULL },

    /* the reference page's example, and what the service makes of it in UTC */
    { "2016-12-31T23:58:36.6670033-08:00", INT64_C(636188543166670033), -480, NULL },
    { "2017-01-01T07:58:36.6670033Z", INT64_C(636188543166670033), 0, NULL },

    /* seconds and their fraction may be missing */
    { "1970-01-01T00:01Z", CLOCK_UNIX_EPOCH_TICKS + 60 * SECOND, 0, "1970-01-01T00:01:00Z" },
    { "1970-01-01T00:01+01:00", CLOCK_UNIX_EPOCH_TICKS - 3540 * SECOND, 60,
      "1970-01-01T00:01:00+01:00" },
    { "1970-01-01T00:00:00.5Z", CLOCK_UNIX_EPOCH_TICKS + SECOND / 2, 0, NULL },
    { "1970-01-01T00:00:00.50Z", CLOCK_UNIX_EPOCH_TICKS + SECOND / 2, 0, "1970-01-01T00:00:00.5Z" },
    { "1970-01-01T00:00:00.000Z", CLOCK_UNIX_EPOCH_TICKS, 0, "1970-01-01T00:00:00Z" },
    { "1970-01-01T00:00:00.05Z", CLOCK_UNIX_EPOCH_TICKS + SECOND / 20, 0, NULL },
    { "1970-01-01T00:00:00.0000010Z", CLOCK_UNIX_EPOCH_TICKS + 10, 0,
      "1970-01-01T00:00:00.000001Z" },
    /* what is finer than a tick is cut, not rounded */
    { "1970-01-01T00:00:00.12345678Z", CLOCK_UNIX_EPOCH_TICKS + 1234567, 0,
      "1970-01-01T00:00:00.1234567Z" },
    { "1970-01-01T00:00:00.999999999999Z", CLOCK_UNIX_EPOCH_TICKS + 9999999, 0,
      "1970-01-01T00:00:00.9999999Z" },
    { "1970-01-01T00:00:00.000000099999Z", CLOCK_UNIX_EPOCH_TICKS, 0, "1970-01-01T00:00:00Z" },

    /* small letters */
    { "1970-01-01t00:00:00z", CLOCK_UNIX_EPOCH_TICKS, 0, "1970-01-01T00:00:00Z" },

    /* offsets */
    { "1970-01-01T00:00:00+00:00", CLOCK_UNIX_EPOCH_TICKS, 0, "1970-01-01T00:00:00Z" },
    { "1970-01-01T00:00:00-00:00", CLOCK_UNIX_EPOCH_TICKS, 0, "1970-01-01T00:00:00Z" },
    { "1970-01-01T05:30:00+05:30", CLOCK_UNIX_EPOCH_TICKS, 330, NULL },
    { "1969-12-31T20:30:00-03:30", CLOCK_UNIX_EPOCH_TICKS, -210, NULL },
    { "1970-01-01T00:01:00+00:01", CLOCK_UNIX_EPOCH_TICKS, 1, NULL },
    { "1970-01-01T14:00:00+14:00", CLOCK_UNIX_EPOCH_TICKS, 840, NULL },
    { "1969-12-31T10:00:00-14:00", CLOCK_UNIX_EPOCH_TICKS, -840, NULL },

    /* the ends of time, as far as an offset reaches */
    { "0001-01-01T14:00:00+14:00", 0, 840, NULL },
    { "0001-01-01T00:00:00-14:00", 14 * 3600 * SECOND, -840, NULL },
    { "9999-12-31T09:59:59.9999999-14:00", LAST, -840, NULL },
    { "9999-12-31T23:59:59.9999999+14:00", LAST - 14 * 3600 * SECOND, 840, NULL },

    /* leap years, and days on either side of them */
    { "2000-02-29T00:00:00Z", INT64_C(630873792000000000), 0, NULL },
    { "2000-03-01T00:00:00Z", INT64_C(630874656000000000), 0, NULL },
    { "2024-02-29T12:00:00Z", INT64_C(638448048000000000), 0, NULL },
    { "1900-02-28T00:00:00Z", INT64_C(599316192000000000), 0, NULL },
    { "1900-03-01T00:00:00Z", INT64_C(599317056000000000), 0, NULL },
    { "0004-02-29T00:00:00Z", (3 * 365 + 31 + 28) * DAY, 0, NULL },
    { "0001-12-31T00:00:00Z", 364 * DAY, 0, NULL },
    { "0400-12-31T00:00:00Z", 146096 * DAY, 0, NULL },
    { "0401-01-01T00:00:00Z", 146097 * DAY, 0, NULL },
};

static void test_good(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(good_cases); i++) {
        struct edm_date_time at = { -1, -1 };
        char text[EDM_DATE_TIME_TEXT_MAX];
        const char *printed = good_cases[i].printed ? good_cases[i].printed : good_cases[i].text;

        CHECK(edm_date_time_parse(slice_of(good_cases[i].text), &at), i);
        CHECK(at.ticks == good_cases[i].ticks, i);
        CHECK(at.offset_minutes == good_cases[i].offset, i);
        CHECK(slice_eq((struct slice){ text, edm_date_time_format(at, text) }, slice_of(printed)),
              i);
    }
}

static const char *const bad_cases[] = {
    "",
    "2024",
    "2024-01-01",
    "2024-01-01T00:00:00",  /* no offset: the wall clock of nobody knows where */
    "2024-01-01T00Z",       /* no minutes */
    "2024-01-01 00:00:00Z", /* a blank for the T */
    " 2024-01-01T00:00:00Z",
    "2024-01-01T00:00:00Z ",
    "2024-01-01T00:00:00ZZ",
    "2024-1-01T00:00:00Z",
    "24-01-01T00:00:00Z",
    "02024-01-01T00:00:00Z",
    "-2024-01-01T00:00:00Z",
    "+2024-01-01T00:00:00Z",
    "20 4-01-01T00:00:00Z",
    "2024/01/01T00:00:00Z",
    "2024-01-01T00.00.00Z",
    "20240101T000000Z",
    "x024-01-01T00:00:00Z",
    "2024-01-01T0a:00:00Z",
    "2024-01-01T00:00:0:Z",
    "\xff\xff\xff\xff-01-01T00:00:00Z",

    /* not in the calendar */
    "0000-01-01T00:00:00Z",
    "2024-00-01T00:00:00Z",
    "2024-13-01T00:00:00Z",
    "2024-01-00T00:00:00Z",
    "2024-01-32T00:00:00Z",
    "2024-04-31T00:00:00Z",
    "2024-02-30T00:00:00Z",
    "2023-02-29T00:00:00Z",
    "1900-02-29T00:00:00Z",
    "2100-02-29T00:00:00Z",

    /* not on the clock */
    "2024-01-01T24:00:00Z",
    "2024-01-01T00:60:00Z",
    "2016-12-31T23:59:60Z", /* a leap second that was, and that ticks cannot tell from the next */
    "2024-01-01T00:00:61Z",

    /* fractions */
    "2024-01-01T00:00:00.Z",
    "2024-01-01T00:00:00.1234567890123Z", /* thirteen digits */
    "2024-01-01T00:00:00,5Z",
    "2024-01-01T00:00:00.1 Z",
    "2024-01-01T00:00.5Z",
    "2024-01-01T00:00:Z",

    /* offsets */
    "2024-01-01T00:00:00+14:01",
    "2024-01-01T00:00:00-14:01",
    "2024-01-01T00:00:00+15:00",
    "2024-01-01T00:00:00+99:00",
    "2024-01-01T00:00:00+01:60",
    "2024-01-01T00:00:00+0100",
    "2024-01-01T00:00:00+01",
    "2024-01-01T00:00:00+1:00",
    "2024-01-01T00:00:00 01:00", /* a plus that a form decoder ate */
    "2024-01-01T00:00:00Z01:00",
    "2024-01-01T00:00:00+",

    /* the instant is outside years 1 to 9999, if not the wall clock */
    "0001-01-01T00:00:00+00:01",
    "0001-01-01T13:59:59.9999999+14:00",
    "9999-12-31T23:59:59-00:01",
    "9999-12-31T10:00:00-14:00",
};

static void test_bad(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(bad_cases); i++) {
        struct edm_date_time at = { 42, 43 };

        CHECK(!edm_date_time_parse(slice_of(bad_cases[i]), &at), i);
        CHECK(at.ticks == 42 && at.offset_minutes == 43, i);
    }
    struct edm_date_time at;
    assert_false(edm_date_time_parse(SLICE("2024-01-01T00:00:00Z\0"), &at));
    assert_false(edm_date_time_parse(SLICE_EMPTY, &at));
}

/* No prefix of a value is a value, but for the ones that end in Z anyway. */
static void test_prefixes(void **state UNUSED)
{
    struct slice whole = SLICE("2016-12-31T23:58:36.6670033-08:00");
    struct edm_date_time at;

    for (size_t len = 0; len < whole.len; len++)
        CHECK(!edm_date_time_parse(slice_sub(whole, 0, len), &at), len);
}

/* What no text can make, but a moved clock or another program's row can. */
static const struct {
    int64_t ticks;
    int offset;
    const char *printed;
} edge_cases[] = {
    { 0, -1, "0001-01-01T00:00:00Z" }, /* the wall clock would be in year 0 */
    { 0, -840, "0001-01-01T00:00:00Z" },
    { LAST, 1, "9999-12-31T23:59:59.9999999Z" },
    { LAST - 3600 * SECOND, 61, "9999-12-31T22:59:59.9999999Z" },
    { LAST - 3600 * SECOND, 60, "9999-12-31T23:59:59.9999999+01:00" },
    { -1, 0, "0001-01-01T00:00:00Z" },
    { INT64_MIN, 840, "0001-01-01T14:00:00+14:00" },
    { LAST + 1, 0, "9999-12-31T23:59:59.9999999Z" },
    { INT64_MAX, -840, "9999-12-31T09:59:59.9999999-14:00" },
};

static void test_edges(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(edge_cases); i++) {
        struct edm_date_time at = { edge_cases[i].ticks, (int16_t)edge_cases[i].offset };
        char text[EDM_DATE_TIME_TEXT_MAX];

        CHECK(slice_eq((struct slice){ text, edm_date_time_format(at, text) },
                       slice_of(edge_cases[i].printed)),
              i);
    }
}

/* --- the second algorithm ------------------------------------------------------------------ */

static int naive_year_days(int year)
{
    bool leap = year % 4 == 0;
    if (year % 100 == 0)
        leap = year % 400 == 0;
    return leap ? 366 : 365;
}

static int naive_month_days(int year, int month)
{
    switch (month) {
    case 2:
        return naive_year_days(year) - 337;
    case 4:
    case 6:
    case 9:
    case 11:
        return 30;
    default:
        return 31;
    }
}

/* Prints with the C library, fraction and all, then takes the zeros off. */
static size_t naive_format(int64_t ticks, int offset, char *out, size_t bytes)
{
    int64_t wall = ticks + offset * INT64_C(60) * SECOND;
    int64_t days = wall / DAY;
    int year = 1, month = 1;

    while (days >= naive_year_days(year))
        days -= naive_year_days(year++);
    while (days >= naive_month_days(year, month))
        days -= naive_month_days(year, month++);

    int len = snprintf(out, bytes, "%04d-%02d-%02dT%02d:%02d:%02d.%07d", year, month, (int)days + 1,
                       (int)(wall / (3600 * SECOND) % 24), (int)(wall / (60 * SECOND) % 60),
                       (int)(wall / SECOND % 60), (int)(wall % SECOND));
    while (out[len - 1] == '0')
        len--;
    if (out[len - 1] == '.')
        len--;
    if (offset == 0)
        len += snprintf(out + len, bytes - (size_t)len, "Z");
    else
        len += snprintf(out + len, bytes - (size_t)len, "%c%02d:%02d", offset < 0 ? '-' : '+',
                        (offset < 0 ? -offset : offset) / 60, (offset < 0 ? -offset : offset) % 60);
    return (size_t)len;
}

/* SplitMix64: a fixed seed, so that a failure can be met again. */
static uint64_t next_random(uint64_t *seed)
{
    uint64_t mixed = *seed += UINT64_C(0x9e3779b97f4a7c15);

    mixed = (mixed ^ mixed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ mixed >> 31;
}

static void check_against_naive(int64_t ticks, int offset, size_t index)
{
    struct edm_date_time at = { ticks, (int16_t)offset }, back = { -1, -1 };
    char text[EDM_DATE_TIME_TEXT_MAX], naive[64];
    struct slice printed = { text, edm_date_time_format(at, text) };

    CHECK(slice_eq(printed,
                   (struct slice){ naive, naive_format(ticks, offset, naive, sizeof naive) }),
          index);
    CHECK(edm_date_time_parse(printed, &back), index);
    CHECK(back.ticks == ticks && back.offset_minutes == offset, index);
}

static void test_round_trip(void **state UNUSED)
{
    uint64_t seed = 1;

    for (size_t i = 0; i < 20000; i++) {
        /* Away from the ends, where the wall clock's date might not be printable. */
        int64_t ticks = DAY + (int64_t)(next_random(&seed) % (uint64_t)(LAST - 2 * DAY));
        int offset = (int)(next_random(&seed) % 1681) - 840;

        if (i % 3 == 0)
            ticks -= ticks % SECOND;
        if (i % 5 == 0)
            offset = 0;
        check_against_naive(ticks, offset, i);
    }
}

/* The first and last tick of every month of some centuries that differ in their leap years. */
static void test_every_month(void **state UNUSED)
{
    int64_t days = 0;

    for (int year = 1; year <= 9999; year++) {
        for (int month = 1; month <= 12; month++) {
            int length = naive_month_days(year, month);

            if (year <= 401 || (year >= 1890 && year <= 2110) || year >= 9900) {
                check_against_naive(days * DAY, 0, (size_t)(year * 100 + month));
                check_against_naive((days + length) * DAY - 1, 0, (size_t)(year * 100 + month));
            }
            days += length;
        }
    }
    assert_true(days * DAY - 1 == LAST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),       cmocka_unit_test(test_bad),
        cmocka_unit_test(test_prefixes),   cmocka_unit_test(test_edges),
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_every_month),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
