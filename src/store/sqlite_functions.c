/* store/sqlite_functions.c - functions for SQLite's conditions, in C.
 *
 * SQLite calls a function with its values and takes back one. What is made once for a statement,
 * the compiled pattern, hangs on the argument that it was made of, and SQLite destroys it with the
 * statement's run.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/sqlite_functions.h"

#include <math.h>

#include "base/compiler.h"
#include "edm/filter_text.h"
#include "store/pattern.h"

typedef void function(sqlite3_context *context, int count, sqlite3_value **values);

static bool any_null(int count, sqlite3_value **values)
{
    for (int i = 0; i < count; i++) {
        if (sqlite3_value_type(values[i]) == SQLITE_NULL)
            return true;
    }
    return false;
}

/* --- numbers --------------------------------------------------------------------------------- */

static void apply(sqlite3_context *context, sqlite3_value *value, double (*to)(double))
{
    if (sqlite3_value_type(value) == SQLITE_FLOAT)
        sqlite3_result_double(context, to(sqlite3_value_double(value)));
    else
        sqlite3_result_value(context, value);
}

static void sql_round(sqlite3_context *context, int count UNUSED, sqlite3_value **values)
{
    apply(context, values[0], round);
}

static void sql_floor(sqlite3_context *context, int count UNUSED, sqlite3_value **values)
{
    apply(context, values[0], floor);
}

static void sql_ceiling(sqlite3_context *context, int count UNUSED, sqlite3_value **values)
{
    apply(context, values[0], ceil);
}

static void sql_modulo(sqlite3_context *context, int count, sqlite3_value **values)
{
    if (!any_null(count, values))
        sqlite3_result_double(
            context, fmod(sqlite3_value_double(values[0]), sqlite3_value_double(values[1])));
}

/* Both bounds are exact as floating-point numbers, but for INT64_MAX: that becomes 2^63. */
static void sql_whole(sqlite3_context *context, int count, sqlite3_value **values)
{
    sqlite3_int64 whole, min, max;
    double cut;

    if (any_null(count, values))
        return;
    min = sqlite3_value_int64(values[1]);
    max = sqlite3_value_int64(values[2]);
    cut = trunc(sqlite3_value_double(values[0]));
    if (sqlite3_value_type(values[0]) == SQLITE_FLOAT) {
        if (!(cut >= (double)INT64_MIN && cut < 9223372036854775808.0))
            return;
        whole = (sqlite3_int64)cut;
    } else {
        whole = sqlite3_value_int64(values[0]);
    }
    if (whole >= min && whole <= max)
        sqlite3_result_int64(context, whole);
}

/* SQLite's own refuses a sum of whole numbers that passes 64 bits, and the whole statement with it.
 * Twice as many bits hold what 2^63 rows come to. They are two halves, since what SQLite keeps for
 * an aggregate is aligned for 64 bits and not for more. */
struct sum {
    uint64_t low;
    int64_t high;
    double real;
    bool any, has_real;
};

static void add_whole(struct sum *sum, int64_t value)
{
    sum->low += (uint64_t)value;
    sum->high += (sum->low < (uint64_t)value) - (value < 0);
}

static void sum_step(sqlite3_context *context, int count UNUSED, sqlite3_value **values)
{
    struct sum *sum = sqlite3_aggregate_context(context, sizeof *sum);

    if (!sum) {
        sqlite3_result_error_nomem(context);
        return;
    }
    switch (sqlite3_value_type(values[0])) {
    case SQLITE_INTEGER:
        add_whole(sum, sqlite3_value_int64(values[0]));
        sum->any = true;
        break;
    case SQLITE_FLOAT:
        sum->real += sqlite3_value_double(values[0]);
        sum->any = sum->has_real = true;
        break;
    default: /* null counts for nothing */
        break;
    }
}

static bool fits(const struct sum *sum)
{
    return sum->high == (sum->low > INT64_MAX ? -1 : 0);
}

/* SQLite makes a null of what is no number. */
static void sum_end(sqlite3_context *context)
{
    const struct sum *sum = sqlite3_aggregate_context(context, 0);
    double number;

    if (!sum || !sum->any)
        return;
    if (fits(sum) && !sum->has_real) {
        sqlite3_result_int64(context, (sqlite3_int64)sum->low);
        return;
    }
    number = fits(sum) ? (double)(int64_t)sum->low
                       : (double)sum->high * 18446744073709551616.0 + (double)sum->low;
    sqlite3_result_double(context, number + sum->real);
}

/* --- texts ----------------------------------------------------------------------------------- */

static void sql_printed(sqlite3_context *context, int count, sqlite3_value **values)
{
    char text[EDM_FILTER_TEXT_MAX];
    enum edm_filter_type type = (enum edm_filter_type)sqlite3_value_int(values[0]);
    size_t len;

    if (any_null(count, values))
        return;
    if (sqlite3_value_type(values[1]) == SQLITE_FLOAT)
        len = edm_filter_real_text(sqlite3_value_double(values[1]), text);
    else
        len = edm_filter_text(type, sqlite3_value_int64(values[1]), sqlite3_value_int(values[2]),
                              text);
    if (len)
        sqlite3_result_text(context, text, (int)len, SQLITE_TRANSIENT);
}

static struct slice text_of(sqlite3_value *value)
{
    const char *text = (const char *)sqlite3_value_text(value);

    return (struct slice){ text, text ? (size_t)sqlite3_value_bytes(value) : 0 };
}

static void destroy_pattern(void *pattern)
{
    pattern_destroy(pattern);
}

/* The pattern of the second argument, kept as long as that stays the same. SQLite may refuse to
 * keep it, and has destroyed it then. */
static struct pattern *pattern_of(sqlite3_context *context, sqlite3_value **values)
{
    struct pattern *pattern = sqlite3_get_auxdata(context, 1);

    if (pattern)
        return pattern;
    pattern = pattern_create(text_of(values[1]), sqlite3_value_int(values[2]));
    if (!pattern)
        return NULL;
    sqlite3_set_auxdata(context, 1, pattern, destroy_pattern);
    return sqlite3_get_auxdata(context, 1);
}

/* --- parts of texts -------------------------------------------------------------------------- */

/* Bytes of the text times those of the part: to look from each byte on is quick enough. */
#define SEARCHED_MAX 16384

static char fold(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static bool is_same_folded(const char *a, const char *b, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (fold(a[i]) != fold(b[i]))
            return false;
    }
    return true;
}

static void fold_copy(char *to, struct slice from)
{
    for (size_t i = 0; i < from.len; i++)
        to[i] = fold(from.ptr[i]);
}

/* Long ones as copies, for memmem() takes no longer than both are long. */
static void find_long(sqlite3_context *context, struct slice text, struct slice part)
{
    char *copy = sqlite3_malloc64(text.len + part.len);

    if (!copy) {
        sqlite3_result_error_nomem(context);
        return;
    }
    fold_copy(copy, text);
    fold_copy(copy + text.len, part);
    sqlite3_result_int(context, memmem(copy, text.len, copy + text.len, part.len) != NULL);
    sqlite3_free(copy);
}

/* Whether the text has the part, by the bytes of both or of their lower-case forms. instr() over
 * lower() does the same with a copy of the text each time. */
static void sql_contains(sqlite3_context *context, int count, sqlite3_value **values)
{
    struct slice text, part;
    bool found = false;

    if (any_null(count, values))
        return;
    text = text_of(values[0]);
    part = text_of(values[1]);
    if (sqlite3_value_int(values[2])) {
        found = part.len == 0 || memmem(text.ptr, text.len, part.ptr, part.len);
    } else if (part.len <= text.len && text.len * part.len > SEARCHED_MAX) {
        find_long(context, text, part);
        return;
    } else {
        for (size_t i = 0; i + part.len <= text.len && !found; i++)
            found = is_same_folded(text.ptr + i, part.ptr, part.len);
    }
    sqlite3_result_int(context, found);
}

static void sql_begins(sqlite3_context *context, int count, sqlite3_value **values)
{
    struct slice text, part;

    if (any_null(count, values))
        return;
    text = text_of(values[0]);
    part = text_of(values[1]);
    if (sqlite3_value_int(values[2]))
        sqlite3_result_int(context, slice_starts_with(text, part));
    else
        sqlite3_result_int(context,
                           part.len <= text.len && is_same_folded(text.ptr, part.ptr, part.len));
}

static void sql_ends(sqlite3_context *context, int count, sqlite3_value **values)
{
    struct slice text, part;

    if (any_null(count, values))
        return;
    text = text_of(values[0]);
    part = text_of(values[1]);
    if (part.len > text.len) {
        sqlite3_result_int(context, 0);
        return;
    }
    text = slice_sub(text, text.len - part.len, part.len);
    sqlite3_result_int(context, sqlite3_value_int(values[2])
                                    ? slice_eq(text, part)
                                    : is_same_folded(text.ptr, part.ptr, part.len));
}

/* --- dates ----------------------------------------------------------------------------------- */

#define DAYS_FROM_MARCH_0 719468 /* from 0000-03-01, where leap days end years, to 1970-01-01 */
#define DAYS_OF_400_YEARS 146097
#define DAYS_OF_100_YEARS 36524
#define DAYS_OF_4_YEARS   1461

/* Year, month or day (0, 1, 2) of seconds since 1970, of the years 1 to 9999. Years begin in March
 * here, so that the months before a day have 153 days in every five of them. */
static void sql_calendar(sqlite3_context *context, int count, sqlite3_value **values)
{
    int64_t seconds, days, era, year, month;

    if (any_null(count, values))
        return;
    seconds = sqlite3_value_type(values[0]) == SQLITE_FLOAT
                  ? (int64_t)floor(sqlite3_value_double(values[0]))
                  : sqlite3_value_int64(values[0]);
    days = (seconds + DAYS_FROM_MARCH_0 * INT64_C(86400)) / 86400;
    era = days / DAYS_OF_400_YEARS;
    days %= DAYS_OF_400_YEARS;
    year = (days - days / (DAYS_OF_4_YEARS - 1) + days / DAYS_OF_100_YEARS -
            days / (DAYS_OF_400_YEARS - 1)) /
           365;
    days -= 365 * year + year / 4 - year / 100;
    month = (5 * days + 2) / 153;
    days -= (153 * month + 2) / 5;
    switch (sqlite3_value_int(values[1])) {
    case 0:
        sqlite3_result_int64(context, year + era * 400 + (month >= 10));
        break;
    case 1:
        sqlite3_result_int64(context, month < 10 ? month + 3 : month - 9);
        break;
    default:
        sqlite3_result_int64(context, days + 1);
        break;
    }
}

/* --- patterns -------------------------------------------------------------------------------- */

/* A pattern that is wrong, which only one out of a row can be, matches nothing and is null. */
static void sql_matches(sqlite3_context *context, int count, sqlite3_value **values)
{
    struct pattern *pattern = any_null(count, values) ? NULL : pattern_of(context, values);
    const uint64_t *deadline_ms = sqlite3_user_data(context);

    if (!pattern)
        return;
    switch (pattern_find(pattern, text_of(values[0]), *deadline_ms)) {
    case PATTERN_NO_MATCH:
        sqlite3_result_int(context, 0);
        break;
    case PATTERN_MATCH:
        sqlite3_result_int(context, 1);
        break;
    case PATTERN_GIVEN_UP: /* as when the whole statement takes too long */
        sqlite3_result_error_code(context, SQLITE_INTERRUPT);
        break;
    }
}

/* --- rows ------------------------------------------------------------------------------------ */

static void sql_counted(sqlite3_context *context, int count UNUSED, sqlite3_value **values UNUSED)
{
    int64_t *counted = sqlite3_user_data(context);

    ++*counted;
    sqlite3_result_int(context, 1);
}

/* --- all ------------------------------------------------------------------------------------- */

int sqlite_functions_add(sqlite3 *handle, uint64_t *deadline_ms, int64_t *counted)
{
    static const struct {
        const char *name;
        int count;
        function *call;
    } functions[] = {
        { "edm_round", 1, sql_round },       { "edm_floor", 1, sql_floor },
        { "edm_ceiling", 1, sql_ceiling },   { "edm_modulo", 2, sql_modulo },
        { "edm_whole", 3, sql_whole },       { "edm_printed", 3, sql_printed },
        { "edm_matches", 3, sql_matches },   { "edm_contains", 3, sql_contains },
        { "edm_begins", 3, sql_begins },     { "edm_ends", 3, sql_ends },
        { "edm_calendar", 2, sql_calendar },
    };
    int rc = SQLITE_OK;

    for (size_t i = 0; i < COUNT_OF(functions) && rc == SQLITE_OK; i++)
        rc = sqlite3_create_function_v2(handle, functions[i].name, functions[i].count,
                                        SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY,
                                        deadline_ms, functions[i].call, NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_create_function_v2(handle, "edm_sum", 1,
                                        SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY,
                                        NULL, NULL, sum_step, sum_end, NULL);
    if (rc == SQLITE_OK) /* not deterministic: it is to be called for each row */
        rc = sqlite3_create_function_v2(handle, "edm_counted", 0, SQLITE_UTF8 | SQLITE_DIRECTONLY,
                                        counted, sql_counted, NULL, NULL, NULL);
    return rc;
}
