/* base/duration_test.c - what is a length of time and what is not, and both ways for each. */
#include "base/duration.h"

#include "base/clock.h"
#include "base/test.h"
#include "base/text.h"

#define MS     (CLOCK_TICKS_PER_SECOND / 1000)
#define SECOND CLOCK_TICKS_PER_SECOND
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

static const struct {
    const char *text;
    int64_t ticks;
    const char *written; /* NULL: as it was read */
} good[] = {
    { "0s", 0, NULL },
    { "-0s", 0, "0s" },
    { "0d0ms", 0, "0s" },
    { "90s", 90 * SECOND, "1m30s" },
    { "5h", 5 * HOUR, NULL },
    { "5d", 5 * DAY, NULL },
    { "250ms", 250 * MS, NULL },
    { "-250ms", -250 * MS, NULL },
    { "5m", 5 * MINUTE, NULL },
    { "1m1ms", MINUTE + MS, NULL },
    { "1d12h", DAY + 12 * HOUR, NULL },
    { "-1d12h", -(DAY + 12 * HOUR), NULL },
    { "+1h", HOUR, "1h" },
    { "36h", 36 * HOUR, "1d12h" },
    { "1d1h1m1s1ms", DAY + HOUR + MINUTE + SECOND + MS, NULL },
    { "007s", 7 * SECOND, "7s" },
    { "1500ms", 1500 * MS, "1s500ms" },
    { "3652500d", DURATION_TICKS_MAX, NULL },
    { "-3652500d", -DURATION_TICKS_MAX, NULL },
    { "3652499d86400s", DURATION_TICKS_MAX, "3652500d" },
    { "0000000000000000000000000000000001s", SECOND, "1s" },
};

static void test_duration_round_trip(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        char memory[64];
        struct text out;
        int64_t ticks = 77, again = 77;

        CHECK(duration_parse(slice_of(good[i].text), &ticks), i);
        CHECK(ticks == good[i].ticks, i);
        text_init_fixed(&out, memory, sizeof memory);
        duration_append(&out, ticks);
        CHECK(
            slice_eq(text_slice(&out), slice_of(good[i].written ? good[i].written : good[i].text)),
            i);
        CHECK(duration_parse(text_slice(&out), &again) && again == ticks, i);
    }
}

static const struct slice bad[] = {
    SLICE_INIT(""),
    SLICE_INIT("-"),
    SLICE_INIT("+"),
    SLICE_INIT("5"),
    SLICE_INIT("d"),
    SLICE_INIT("-d"),
    SLICE_INIT("5y"),
    SLICE_INIT("5D"),
    SLICE_INIT("5 d"),
    SLICE_INIT(" 5d"),
    SLICE_INIT("5d "),
    SLICE_INIT("--5d"),
    SLICE_INIT("+-5d"),
    SLICE_INIT("1d-12h"), /* one sign for all of it */
    SLICE_INIT("1.5h"),
    SLICE_INIT("1h1h"), /* each once */
    SLICE_INIT("1m1h"), /* the larger first */
    SLICE_INIT("1ms1s"),
    SLICE_INIT("1d12"),
    SLICE_INIT("1dh"),
    SLICE_INIT("1sm"),
    SLICE_INIT("1mss"),
    SLICE_INIT("5d\0"),
    SLICE_INIT("3652501d"),
    SLICE_INIT("3652500d1ms"),
    SLICE_INIT("-3652501d"),
    SLICE_INIT("9223372036854775807s"),
    SLICE_INIT("18446744073709551616d"),
    SLICE_INIT("99999999999999999999999999999999ms"),
    SLICE_INIT("P1DT12H"),
};

static void test_duration_refuses(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        int64_t ticks = 77;

        CHECK(!duration_parse(bad[i], &ticks), i);
        CHECK(ticks == 77, i);
    }
}

static const struct {
    int64_t ticks;
    const char *want;
} written[] = {
    { 1, "0s" }, /* below a millisecond */
    { -1, "0s" },
    { MS - 1, "0s" },
    { 1 - MS, "0s" }, /* and no sign of nothing */
    { MS + 1, "1ms" },
    { -DAY - 1, "-1d" },
    { INT64_MAX, "10675199d2h48m5s477ms" },
    { INT64_MIN, "-10675199d2h48m5s477ms" },
};

static void test_duration_append(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(written); i++) {
        char memory[64];
        struct text out;

        text_init_fixed(&out, memory, sizeof memory);
        duration_append(&out, written[i].ticks);
        CHECK(slice_eq(text_slice(&out), slice_of(written[i].want)), i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_duration_round_trip),
        cmocka_unit_test(test_duration_refuses),
        cmocka_unit_test(test_duration_append),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
