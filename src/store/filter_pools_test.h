/* store/filter_pools_test.h - for tests: the few values that articles and conditions are made of.
 *
 * They are few so that they meet: a text that no article has tells nothing of "eq".
 */
#ifndef STORE_FILTER_POOLS_TEST_H
#define STORE_FILTER_POOLS_TEST_H

#include "base/test.h"

#include <math.h>

#include "base/slice.h"

#define TICKS_PER_DAY INT64_C(864000000000)

#define PICK(chance, pool) ((pool)[chance_below(chance, COUNT_OF(pool))])

static const struct slice texts[] = {
    SLICE_INIT(""),
    SLICE_INIT("a"),
    SLICE_INIT("A"),
    SLICE_INIT("ab"),
    SLICE_INIT("aB"),
    SLICE_INIT("b"),
    SLICE_INIT(" Ab "),
    SLICE_INIT("aba"),
    SLICE_INIT("ABAb"),
    SLICE_INIT("it's"),
    SLICE_INIT("\t"),
    SLICE_INIT("%"),
    SLICE_INIT("_"),
    SLICE_INIT("Z[a\\"),
    SLICE_INIT("\xc3\xa4"),
    SLICE_INIT("\xc3\x84"
               "a"),
    SLICE_INIT("\xf0\x9f\x98\x80"
               "ab"),
    SLICE_INIT("1"),
    SLICE_INIT("?1"),
};

static const struct slice patterns[] = { SLICE_INIT(""), SLICE_INIT("^a"), SLICE_INIT("B$"),
                                         SLICE_INIT("a.*b"), SLICE_INIT("[") };

static const struct collection {
    const char *json;
    struct slice items[3];
    size_t count;
} collections[] = {
    { "[]", { { NULL, 0 } }, 0 },
    { "[\"a\"]", { SLICE_INIT("a") }, 1 },
    { "[\"A\",\"b\"]", { SLICE_INIT("A"), SLICE_INIT("b") }, 2 },
    { "[\"\",\"aB\",\"\xc3\xa4\"]",
      { SLICE_INIT(""), SLICE_INIT("aB"), SLICE_INIT("\xc3\xa4") },
      3 },
    { "[\"a\\\"b\",\"\\\\\"]", { SLICE_INIT("a\"b"), SLICE_INIT("\\") }, 2 },
};

static const int64_t numbers[] = { 0, 1, -1, 2, 3, -7, 10, INT32_MAX, INT32_MIN };
static const int64_t large_numbers[] = { INT64_MAX, INT64_MIN, INT64_C(4294967296), 5, 0, -2 };
static const double reals[] = { 0.0, 0.5, -2.25, 3.0, 1e300, (double)INFINITY, (double)NAN };
static const int64_t instants[] = {
    0,
    1,
    INT64_C(638000000000000001), /* 2022 */
    INT64_C(638422559999999999), /* the last tick of February 2024 */
    INT64_C(638422560000000000),
    INT64_C(621355968000000000), /* 1970 */
    INT64_C(3155378975999999999),
};
static const int16_t offsets[] = { 0, 0, 60, -840, 840, 330 };
static const int64_t durations[] = { 0, 1, -1, 10000000, TICKS_PER_DAY, -366 * TICKS_PER_DAY };
static const int64_t members[] = { 0, 1, 2, -5, 6, 7 };

#endif
