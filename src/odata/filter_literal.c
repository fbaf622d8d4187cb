/* odata/filter_literal.c - the text of a value, to the value.
 *
 * What form a text has decides what it is, and no two forms have a text in common: a date has a
 * minus at its fifth byte, a time a colon at its third, a GUID has 36 bytes and four minuses, and
 * the rest is a number or nothing. A date and a time of day are read by edm/date_time.c, as one
 * whole with what they lack. The grammar knows more dates and numbers than can be held: what has
 * their form is told apart from what has none, so that it is not called a syntax error.
 *
 * Numbers with a fraction become 64-bit floating-point ones whatever their length; the C library
 * reads them, in the "C" locale that the process never leaves, after their form was checked.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "odata/filter_literal.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/duration.h"
#include "base/uuid.h"
#include "json/string_literal.h"

#define TICKS_PER_SECOND INT64_C(10000000)
#define TICKS_PER_DAY    (86400 * TICKS_PER_SECOND)
#define NUMBER_MAX       64 /* bytes of one with a fraction or an exponent */

static char byte_at(struct slice text, size_t at)
{
    return at < text.len ? text.ptr[at] : '\0';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* --- numbers --------------------------------------------------------------------------------- */

static size_t digits_at(struct slice text, size_t at)
{
    size_t count = 0;

    while (is_digit(byte_at(text, at + count)))
        count++;
    return count;
}

/* ["+" | "-"] digits ["." digits] ["e" ["+" | "-"] digits] */
static bool is_real(struct slice text)
{
    size_t at = byte_at(text, 0) == '-' || byte_at(text, 0) == '+', digits = digits_at(text, at);

    at += digits;
    if (digits && byte_at(text, at) == '.') {
        digits = digits_at(text, at + 1);
        at += 1 + digits;
    }
    if (digits && (byte_at(text, at) | 0x20) == 'e') {
        at++;
        at += byte_at(text, at) == '+' || byte_at(text, at) == '-';
        digits = digits_at(text, at);
        at += digits;
    }
    return digits && at == text.len;
}

static bool read_number(struct slice text, struct edm_filter *ret)
{
    char memory[NUMBER_MAX + 1];

    if (slice_to_int64(slice_sub(text, byte_at(text, 0) == '+', text.len), &ret->integer)) {
        ret->type = EDM_FILTER_INTEGER;
        return true;
    }
    if (text.len > NUMBER_MAX || !is_real(text))
        return false;
    memcpy(memory, text.ptr, text.len);
    memory[text.len] = '\0';
    ret->type = EDM_FILTER_REAL;
    ret->real = strtod(memory, NULL);
    return isfinite(ret->real);
}

/* --- dates and times ------------------------------------------------------------------------- */

/* Reads `before`, `text` and `after` as one date with a time. */
static bool read_within(const char *before, struct slice text, const char *after,
                        struct edm_date_time *ret)
{
    char memory[64];
    size_t before_len = strlen(before), after_len = strlen(after);

    if (text.len > sizeof memory - before_len - after_len)
        return false;
    memcpy(memory, before, before_len);
    memcpy(memory + before_len, text.ptr, text.len);
    memcpy(memory + before_len + text.len, after, after_len);
    return edm_date_time_parse((struct slice){ memory, before_len + text.len + after_len }, ret);
}

static bool read_date(struct slice text, struct edm_filter *ret)
{
    struct edm_date_time at;

    if (text.len == strlen("yyyy-mm-dd") && read_within("", text, "T00:00Z", &at)) {
        ret->type = EDM_FILTER_DATE;
        ret->integer = at.ticks / TICKS_PER_DAY;
        return true;
    }
    if (!edm_date_time_parse(text, &at))
        return false;
    ret->type = EDM_FILTER_DATE_TIME;
    ret->at = at;
    return true;
}

static bool read_time(struct slice text, struct edm_filter *ret)
{
    struct edm_date_time at;

    if (!is_digit(byte_at(text, text.len - 1)) || !read_within("0001-01-01T", text, "Z", &at))
        return false;
    ret->type = EDM_FILTER_TIME;
    ret->integer = at.ticks;
    return true;
}

bool filter_literal_value(struct slice text, struct edm_filter *ret)
{
    struct uuid id;

    ret->kind = EDM_FILTER_LITERAL;
    if (uuid_parse(text, &id)) {
        ret->type = EDM_FILTER_GUID;
        ret->text = text;
        return true;
    }
    if (digits_at(text, 0) == 4 && byte_at(text, 4) == '-')
        return read_date(text, ret);
    if (digits_at(text, 0) == 2 && byte_at(text, 2) == ':')
        return read_time(text, ret);
    return read_number(text, ret);
}

/* --- forms ----------------------------------------------------------------------------------- */

/* Two digits at `at` that count no further than `max`. */
static bool two_digits(struct slice text, size_t at, int max)
{
    return is_digit(byte_at(text, at)) && is_digit(byte_at(text, at + 1)) &&
           (byte_at(text, at) - '0') * 10 + byte_at(text, at + 1) - '0' <= max;
}

/* hour ":" minute [":" second ["." digits]]; bytes, or 0. A second may be the 61st. */
static size_t time_form(struct slice text, size_t at)
{
    size_t from = at, fraction;

    if (!two_digits(text, at, 23) || byte_at(text, at + 2) != ':' || !two_digits(text, at + 3, 59))
        return 0;
    at += 5;
    if (byte_at(text, at) != ':')
        return at - from;
    if (!two_digits(text, at + 1, 60))
        return 0;
    at += 3;
    fraction = byte_at(text, at) == '.' ? digits_at(text, at + 1) : 0;
    return at - from + (fraction ? 1 + fraction : 0);
}

/* "Z" | ("+" | "-") hour ":" minute */
static size_t zone_form(struct slice text, size_t at)
{
    if ((byte_at(text, at) | 0x20) == 'z')
        return 1;
    return (byte_at(text, at) == '+' || byte_at(text, at) == '-') && two_digits(text, at + 1, 23) &&
                   byte_at(text, at + 3) == ':' && two_digits(text, at + 4, 59)
               ? 6
               : 0;
}

/* ["-"] year "-" month "-" day ["T" time zone] */
static enum edm_filter_type date_form(struct slice text)
{
    size_t at = byte_at(text, 0) == '-', year = digits_at(text, at), len;

    if (year < 4 || (year > 4 && byte_at(text, at) == '0'))
        return EDM_FILTER_NULL;
    at += year;
    if (byte_at(text, at) != '-' || !two_digits(text, at + 1, 12) || byte_at(text, at + 3) != '-' ||
        !two_digits(text, at + 4, 31))
        return EDM_FILTER_NULL;
    at += 6;
    if (at == text.len)
        return EDM_FILTER_DATE;
    len = (byte_at(text, at) | 0x20) == 't' ? time_form(text, at + 1) : 0;
    at += 1 + len;
    return len && (len = zone_form(text, at)) && at + len == text.len ? EDM_FILTER_DATE_TIME
                                                                      : EDM_FILTER_NULL;
}

enum edm_filter_type filter_literal_form(struct slice text)
{
    size_t sign = byte_at(text, 0) == '-' || byte_at(text, 0) == '+', time = time_form(text, 0);
    struct uuid id;

    if (uuid_parse(text, &id))
        return EDM_FILTER_GUID;
    if (text.len > sign && digits_at(text, sign) == text.len - sign)
        return EDM_FILTER_INTEGER;
    if (time && time == text.len)
        return EDM_FILTER_TIME;
    return is_real(text) ? EDM_FILTER_REAL : date_form(text);
}

/* --- words ----------------------------------------------------------------------------------- */

bool filter_literal_word(struct slice text, struct edm_filter *ret)
{
    bool is_true = slice_eq_nocase(text, SLICE("true"));
    size_t sign = byte_at(text, 0) == '-';

    ret->kind = EDM_FILTER_LITERAL;
    if (is_true || slice_eq_nocase(text, SLICE("false"))) {
        ret->type = EDM_FILTER_BOOLEAN;
        ret->integer = is_true;
    } else if (slice_eq_nocase(text, SLICE("null"))) {
        ret->type = EDM_FILTER_NULL;
    } else if (slice_eq(slice_sub(text, sign, text.len), SLICE("INF"))) {
        ret->type = EDM_FILTER_REAL;
        ret->real = sign ? -(double)INFINITY : (double)INFINITY;
    } else if (slice_eq(text, SLICE("NaN"))) {
        ret->type = EDM_FILTER_REAL;
        ret->real = (double)NAN;
    } else {
        return false;
    }
    return true;
}

/* --- strings --------------------------------------------------------------------------------- */

bool filter_literal_string(struct slice quoted, struct arena *arena, struct slice *ret)
{
    size_t len = 0;
    char *memory;

    if (slice_index(quoted, '\'') == quoted.len) {
        *ret = quoted;
        return true;
    }
    memory = arena_alloc(arena, quoted.len);
    if (!memory)
        return false;
    for (size_t at = 0; at < quoted.len; at++) {
        memory[len++] = quoted.ptr[at];
        at += quoted.ptr[at] == '\'';
    }
    *ret = (struct slice){ memory, len };
    return true;
}

bool filter_literal_json(struct slice literal, struct arena *arena, struct slice *ret)
{
    const char *end = literal.ptr + literal.len;
    size_t len;
    struct json_scan scan = json_string_scan(literal.ptr, end, &len);
    char *memory = arena_alloc(arena, len);

    assert(scan.problem == JSON_NO_PROBLEM);
    if (!memory)
        return false;
    json_string_decode(literal.ptr, end, memory);
    *ret = (struct slice){ memory, len };
    return true;
}

/* --- members --------------------------------------------------------------------------------- */

static bool is_member(struct slice text)
{
    size_t sign = byte_at(text, 0) == '-' || byte_at(text, 0) == '+';

    if (sign || is_digit(byte_at(text, 0)))
        return text.len > sign && digits_at(text, sign) == text.len - sign;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if (!is_digit(c) && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && c != '_' &&
            !(c & 0x80))
            return false;
    }
    return text.len;
}

bool filter_literal_is_enum_value(struct slice text)
{
    struct slice rest = text, member;

    do {
        size_t len = slice_index(rest, ',');

        member = slice_sub(rest, 0, len);
        if (!is_member(member))
            return false;
        rest = slice_sub(rest, len + 1, rest.len);
    } while (member.ptr + member.len < text.ptr + text.len);
    return true;
}

/* --- bytes ----------------------------------------------------------------------------------- */

static bool is_base64url(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '-' || c == '_';
}

bool filter_literal_is_binary(struct slice text)
{
    size_t len = text.len;

    while (len && text.len % 4 == 0 && text.len - len < 2 && text.ptr[len - 1] == '=')
        len--;
    for (size_t i = 0; i < len; i++) {
        if (!is_base64url(text.ptr[i]))
            return false;
    }
    return len % 4 != 1;
}

/* --- durations ------------------------------------------------------------------------------- */

struct duration_scan {
    struct slice text;
    size_t at;
    int64_t ticks;
    bool any, fits;
};

static void add_part(struct duration_scan *scan, uint64_t count, int64_t unit_ticks)
{
    scan->any = true;
    if (count > (uint64_t)(DURATION_TICKS_MAX / unit_ticks))
        scan->fits = false;
    else
        scan->ticks += (int64_t)count * unit_ticks;
    scan->fits = scan->fits && scan->ticks <= DURATION_TICKS_MAX;
}

/* digits and `letter`, when they stand here; of seconds perhaps with a fraction. */
static void scan_part(struct duration_scan *scan, char letter, int64_t unit_ticks)
{
    size_t digits = digits_at(scan->text, scan->at), end = scan->at + digits, fraction = 0;
    int64_t ticks = 0, place = TICKS_PER_SECOND;
    uint64_t count;

    if (letter == 'S' && digits && byte_at(scan->text, end) == '.') {
        fraction = digits_at(scan->text, end + 1);
        for (size_t i = 0; i < fraction; i++)
            ticks += (byte_at(scan->text, end + 1 + i) - '0') * (place /= 10);
        end += fraction ? 1 + fraction : 0;
    }
    if (digits == 0 || byte_at(scan->text, end) != letter)
        return;
    if (!slice_to_uint64(slice_sub(scan->text, scan->at, digits), INT64_MAX, &count))
        scan->fits = false;
    else
        add_part(scan, count, unit_ticks);
    scan->ticks += scan->fits ? ticks : 0;
    scan->at = end + 1;
}

bool filter_literal_duration(struct slice text, int64_t *ret_ticks)
{
    bool negative = byte_at(text, 0) == '-';
    struct duration_scan scan = { .text = text, .at = negative, .fits = true };

    if (byte_at(text, scan.at++) != 'P')
        return false;
    scan_part(&scan, 'D', TICKS_PER_DAY);
    if (byte_at(text, scan.at) == 'T') {
        scan.at++;
        scan.any = false;
        scan_part(&scan, 'H', 3600 * TICKS_PER_SECOND);
        scan_part(&scan, 'M', 60 * TICKS_PER_SECOND);
        scan_part(&scan, 'S', TICKS_PER_SECOND);
    }
    if (!scan.any || !scan.fits || scan.at != text.len)
        return false;
    *ret_ticks = negative ? -scan.ticks : scan.ticks;
    return true;
}
