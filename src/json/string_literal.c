/* json/string_literal.c - checks a string literal, and decodes it when somebody wants the text.
 *
 * Two passes instead of one: json_string_scan() finds the end, checks everything there is to check
 * and counts the bytes of the decoded text; json_string_decode() then writes exactly that many and
 * cannot fail. Most literals hold no escape and need no second pass at all, since they are their
 * own decoded text; a value that is skipped never gets one.
 *
 * An escape is always longer than what it stands for, so "no shorter than written" and "holds no
 * escape" are the same fact.
 *
 * U+D800 to U+DFFF are halves of one character in UTF-16 and no characters themselves (RFC 8259
 * section 8.2 leaves a lone half to the reader). They are refused: there is no UTF-8 for them, and
 * whatever stood in for one would not be what the client sent.
 */
#include "json/string_literal.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/hex.h"
#include "base/slice.h"

#define ESCAPE_LEN 6 /* of \u and four digits */

/* What the letter after a backslash stands for; 0 where it is no escape or is the 'u'. */
static const char escaped_letters[128] = {
    ['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
    ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t',
};

static char unescape_letter(char letter)
{
    unsigned char index = (unsigned char)letter;
    return index < sizeof escaped_letters ? escaped_letters[index] : 0;
}

static uint32_t hex_quad(const char *digits)
{
    uint32_t value = 0;

    for (int i = 0; i < 4; i++)
        value = value << 4 | (uint32_t)hex_value(digits[i]);
    return value;
}

static bool is_high_surrogate(uint32_t unit)
{
    return unit >= 0xD800 && unit <= 0xDBFF;
}

static bool is_low_surrogate(uint32_t unit)
{
    return unit >= 0xDC00 && unit <= 0xDFFF;
}

static uint32_t join_surrogates(uint32_t high, uint32_t low)
{
    return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
}

static size_t utf8_len_of(uint32_t character)
{
    return character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
}

static struct json_scan problem_at(const char *at, enum json_problem problem)
{
    return (struct json_scan){ .at = at, .problem = problem };
}

/* Checks backslash, 'u' and four digits at `from`. */
static struct json_scan scan_unit(const char *from, const char *limit, uint32_t *ret_unit)
{
    for (const char *at = from + 2; at < from + ESCAPE_LEN; at++) {
        if (at == limit)
            return problem_at(at, JSON_PROBLEM_UNCLOSED);
        if (hex_value(*at) < 0)
            return problem_at(at, JSON_PROBLEM_HEX);
    }
    *ret_unit = hex_quad(from + 2);
    return problem_at(from + ESCAPE_LEN, JSON_NO_PROBLEM);
}

/* Checks the escape at `from`, a backslash and a 'u', and the second half of its pair if it is the
 * first. */
static struct json_scan scan_unicode(const char *from, const char *limit, size_t *ret_decoded_len)
{
    uint32_t unit, low;
    struct json_scan scan = scan_unit(from, limit, &unit);

    if (scan.problem)
        return scan;
    if (is_low_surrogate(unit))
        return problem_at(from, JSON_PROBLEM_SURROGATE);
    *ret_decoded_len = utf8_len_of(unit);
    if (!is_high_surrogate(unit))
        return scan;

    if (limit - scan.at < 2 || scan.at[0] != '\\' || scan.at[1] != 'u')
        return problem_at(from, JSON_PROBLEM_SURROGATE);
    scan = scan_unit(scan.at, limit, &low);
    if (scan.problem)
        return scan;
    if (!is_low_surrogate(low))
        return problem_at(from, JSON_PROBLEM_SURROGATE);
    *ret_decoded_len = 4;
    return scan;
}

/* Checks the escape whose backslash is at `from`. */
static struct json_scan scan_escape(const char *from, const char *limit, size_t *ret_decoded_len)
{
    if (limit - from < 2)
        return problem_at(limit, JSON_PROBLEM_UNCLOSED);
    if (from[1] == 'u')
        return scan_unicode(from, limit, ret_decoded_len);
    if (!unescape_letter(from[1]))
        return problem_at(from + 1, JSON_PROBLEM_ESCAPE);
    *ret_decoded_len = 1;
    return problem_at(from + 2, JSON_NO_PROBLEM);
}

/* Checks the bytes past ASCII from `from` to the next one that is ASCII: most texts that hold one
 * such character hold many in a row. */
static struct json_scan scan_non_ascii(const char *from, const char *limit)
{
    while (from < limit && (unsigned char)*from >= 0x80) {
        size_t len = slice_utf8_step((struct slice){ from, (size_t)(limit - from) });
        if (len == 0)
            return problem_at(from, JSON_PROBLEM_UTF8);
        from += len;
    }
    return problem_at(from, JSON_NO_PROBLEM);
}

struct json_scan json_string_scan(const char *from, const char *limit, size_t *ret_decoded_len)
{
    size_t saved = 0; /* bytes by which the decoded text is shorter */
    const char *at = from + 1;

    for (;;) {
        at = json_skip_plain(at, limit);
        if (at == limit)
            return problem_at(at, JSON_PROBLEM_UNCLOSED);
        if (*at == '"')
            break;

        struct json_scan scan;
        if (*at == '\\') {
            size_t len = 0;
            scan = scan_escape(at, limit, &len);
            saved += (size_t)(scan.at - at) - len;
        } else if ((unsigned char)*at < 0x20) {
            scan = problem_at(at, JSON_PROBLEM_CONTROL);
        } else {
            scan = scan_non_ascii(at, limit);
        }
        if (scan.problem)
            return scan;
        at = scan.at;
    }
    *ret_decoded_len = (size_t)(at - from) - 1 - saved;
    return problem_at(at + 1, JSON_NO_PROBLEM);
}

static char *put_utf8(char *to, uint32_t character)
{
    size_t len = utf8_len_of(character);
    static const unsigned char leads[] = { [1] = 0, [2] = 0xC0, [3] = 0xE0, [4] = 0xF0 };

    for (size_t i = len - 1; i > 0; i--) {
        to[i] = (char)(0x80 | (character & 0x3F));
        character >>= 6;
    }
    to[0] = (char)(leads[len] | character);
    return to + len;
}

/* Decodes the escape at *from and moves past it. */
static char *decode_escape(const char **from, char *to)
{
    const char *at = *from;

    if (at[1] != 'u') {
        *to = unescape_letter(at[1]);
        *from = at + 2;
        return to + 1;
    }
    uint32_t character = hex_quad(at + 2);
    at += ESCAPE_LEN;
    if (is_high_surrogate(character)) {
        character = join_surrogates(character, hex_quad(at + 2));
        at += ESCAPE_LEN;
    }
    *from = at;
    return put_utf8(to, character);
}

void json_string_decode(const char *from, const char *end, char *to)
{
    const char *at = from + 1;
    const char *closing = end - 1;

    assert(*from == '"' && *closing == '"');
    while (at < closing) {
        const char *escape = memchr(at, '\\', (size_t)(closing - at));
        size_t run = (size_t)((escape ? escape : closing) - at);

        memcpy(to, at, run);
        to += run;
        at += run;
        if (escape)
            to = decode_escape(&at, to);
    }
}
