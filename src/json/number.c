/* json/number.c - finds the end of a number literal, and turns the whole ones into int64_t.
 *
 * RFC 8259 section 6, in one line:
 *     number := "-"? ("0" | [1-9] [0-9]*) ("." [0-9]+)? ([eE] [+-]? [0-9]+)?
 *
 * What is an integer is decided on the decimal digits. Going through double would lose digits past
 * 2^53 and call 0.99999999999999999 whole. The digits before and after the point are read as one
 * row; the exponent moves the point along it. The number is whole when only zeros stand right of
 * the point, wherever it ended up: "12.50e1" is 125, "100e-2" is 1, "1e400" is whole but past the
 * range, "0e400" is 0.
 *
 * Time is linear in the literal whatever the exponent says: zeros that are not written are only
 * multiplied in while the value still fits, at most 19 times.
 */
#include "json/number.h"

/* Exponents are held within +-EXPONENT_LIMIT. No literal in memory has that many digits, so that a
 * larger one decides nothing else; adding a digit, or a count of digits, cannot wrap. */
#define EXPONENT_LIMIT (INT64_MAX / 100)

static const char *skip_digits(const char *at, const char *limit)
{
    while (at < limit && json_is_digit(*at))
        at++;
    return at;
}

static bool is_one_of(const char *at, const char *limit, char a, char b)
{
    return at < limit && (*at == a || *at == b);
}

struct json_scan json_number_scan(const char *from, const char *limit)
{
    const char *at = from + (*from == '-');
    const char *digits = at;

    at = skip_digits(digits, limit);
    if (at == digits)
        return (struct json_scan){ at, JSON_PROBLEM_DIGIT };
    if (*digits == '0' && at - digits > 1)
        return (struct json_scan){ digits, JSON_PROBLEM_LEADING_ZERO };

    if (is_one_of(at, limit, '.', '.')) {
        digits = at + 1;
        at = skip_digits(digits, limit);
        if (at == digits)
            return (struct json_scan){ at, JSON_PROBLEM_DIGIT };
    }
    if (is_one_of(at, limit, 'e', 'E')) {
        digits = at + 1;
        digits += is_one_of(digits, limit, '+', '-');
        at = skip_digits(digits, limit);
        if (at == digits)
            return (struct json_scan){ at, JSON_PROBLEM_DIGIT };
    }
    return (struct json_scan){ at, JSON_NO_PROBLEM };
}

/* A number taken apart; the digits still hold the point. */
struct decimal {
    bool negative;
    const char *digits, *digits_end;
    int64_t point; /* digits before the point, once the exponent has moved it */
};

static int64_t read_exponent(const char *at, const char *end)
{
    bool negative = *at == '-';
    int64_t value = 0;

    at += *at == '-' || *at == '+';
    for (; at < end; at++) {
        value = value * 10 + (*at - '0');
        if (value > EXPONENT_LIMIT)
            value = EXPONENT_LIMIT; /* stays huge, and cannot wrap with the next digit */
    }
    return negative ? -value : value;
}

/* Takes a literal that json_number_scan() found good apart. */
static struct decimal take_apart(const char *from, const char *end)
{
    struct decimal decimal = { .negative = *from == '-' };
    decimal.digits = from + decimal.negative;

    const char *point = skip_digits(decimal.digits, end);
    decimal.point = point - decimal.digits;
    decimal.digits_end = is_one_of(point, end, '.', '.') ? skip_digits(point + 1, end) : point;
    if (decimal.digits_end < end)
        decimal.point += read_exponent(decimal.digits_end + 1, end);
    return decimal;
}

/* Appends a decimal digit to *value, which is kept negative: int64 has one more number there. */
static bool append_digit(int64_t *value, int digit)
{
    return !__builtin_mul_overflow(*value, 10, value) &&
           !__builtin_sub_overflow(*value, digit, value);
}

/* Minus the value of `decimal`'s digits, or false when it is not whole or out of range. */
static bool negated_magnitude(const struct decimal *decimal, int64_t *ret)
{
    int64_t value = 0;
    int64_t index = 0; /* of the digit in the row */

    for (const char *at = decimal->digits; at < decimal->digits_end; at++) {
        if (*at == '.')
            continue;
        if (index < decimal->point) {
            if (!append_digit(&value, *at - '0'))
                return false;
        } else if (*at != '0') {
            return false;
        }
        index++;
    }
    for (; value != 0 && index < decimal->point; index++) {
        if (!append_digit(&value, 0))
            return false;
    }
    *ret = value;
    return true;
}

bool json_number_to_int64(struct slice literal, int64_t *ret)
{
    if (literal.len == 0 || !(json_is_digit(literal.ptr[0]) || literal.ptr[0] == '-'))
        return false;

    const char *end = literal.ptr + literal.len;
    struct json_scan scan = json_number_scan(literal.ptr, end);
    if (scan.problem || scan.at != end)
        return false;

    struct decimal decimal = take_apart(literal.ptr, end);
    int64_t value;
    if (!negated_magnitude(&decimal, &value) || (!decimal.negative && value == INT64_MIN))
        return false;
    *ret = decimal.negative ? value : -value;
    return true;
}
