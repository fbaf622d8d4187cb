/* odata/filter_lex.c - cuts the text of $filter into words.
 *
 * Blanks part words and mean nothing else. What a word is shows in its first byte: a digit, or a
 * sign with a digit behind it, begins a value, which goes on as far as letters, digits, points,
 * colons and signs do; whether that is a number or a date is filter_literal.c's to say. A GUID may
 * begin with a letter, and is told from a name by its form, since no name has a minus in it.
 *
 * There is no binary '-' in OData (it is called sub), so that "a -5" is two words.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "odata/filter_lex.h"

#include "base/uuid.h"
#include "json/string_literal.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80);
}

static bool is_name_byte(char c)
{
    return is_letter(c) || is_digit(c) || c == '.';
}

static bool is_value_byte(char c)
{
    return is_name_byte(c) || c == ':' || c == '-' || c == '+';
}

static char byte_at(const struct filter_lexer *lexer, size_t at)
{
    return at < lexer->source.len ? lexer->source.ptr[at] : '\0';
}

static struct filter_token take(struct filter_lexer *lexer, enum filter_token_kind kind, size_t len)
{
    struct filter_token token = {
        .kind = kind,
        .text = slice_sub(lexer->source, lexer->at, len),
        .position = lexer->at,
    };

    lexer->at += len;
    return token;
}

/* Bytes of the string whose first quote is at `from`, both quotes counted; 0 without an end. */
static size_t string_length(const struct filter_lexer *lexer, size_t from)
{
    for (size_t at = from + 1; at < lexer->source.len; at++) {
        if (byte_at(lexer, at) != '\'')
            continue;
        if (byte_at(lexer, at + 1) != '\'')
            return at + 1 - from;
        at++;
    }
    return 0;
}

static struct filter_token take_string(struct filter_lexer *lexer, size_t name_len)
{
    size_t from = lexer->at + name_len, len = string_length(lexer, from);
    struct filter_token token;

    if (len == 0)
        return take(lexer, FILTER_TOKEN_WRONG, name_len + 1);
    token = take(lexer, name_len ? FILTER_TOKEN_PREFIXED : FILTER_TOKEN_STRING, name_len + len);
    if (name_len)
        token.text = slice_sub(token.text, 0, name_len);
    token.quoted = slice_sub(lexer->source, from + 1, len - 2);
    return token;
}

static size_t run_length(const struct filter_lexer *lexer, size_t from, bool (*belongs)(char))
{
    size_t at = from;

    while (at < lexer->source.len && belongs(byte_at(lexer, at)))
        at++;
    return at - from;
}

/* A colon belongs to a value between the digits of a time alone; else it parts two expressions. */
static size_t value_length(const struct filter_lexer *lexer)
{
    size_t from = lexer->at, at = from + 1;

    while (at < lexer->source.len && is_value_byte(byte_at(lexer, at)) &&
           (byte_at(lexer, at) != ':' ||
            (at > from + 1 && is_digit(byte_at(lexer, at - 2)) &&
             is_digit(byte_at(lexer, at - 1)) && is_digit(byte_at(lexer, at + 1)))))
        at++;
    return at - from;
}

static bool is_uuid(const struct filter_lexer *lexer)
{
    struct uuid id;

    return run_length(lexer, lexer->at, is_value_byte) == UUID_TEXT_LEN &&
           uuid_parse(slice_sub(lexer->source, lexer->at, UUID_TEXT_LEN), &id);
}

/* A name, a GUID or a prefixed string. */
static struct filter_token take_name(struct filter_lexer *lexer, size_t mark_len)
{
    size_t len = mark_len + run_length(lexer, lexer->at + mark_len, is_name_byte);

    if (mark_len == 0 && is_uuid(lexer))
        return take(lexer, FILTER_TOKEN_VALUE, UUID_TEXT_LEN);
    if (mark_len == 0 && byte_at(lexer, lexer->at + len) == '\'')
        return take_string(lexer, len);
    return take(lexer, byte_at(lexer, lexer->at) == '@' ? FILTER_TOKEN_ALIAS : FILTER_TOKEN_NAME,
                len);
}

static struct filter_token take_json(struct filter_lexer *lexer)
{
    const char *from = lexer->source.ptr + lexer->at;
    const char *limit = lexer->source.ptr + lexer->source.len;
    size_t decoded_len;
    struct json_scan scan = json_string_scan(from, limit, &decoded_len);

    if (scan.problem != JSON_NO_PROBLEM)
        return take(lexer, FILTER_TOKEN_WRONG, 1);
    return take(lexer, FILTER_TOKEN_JSON, (size_t)(scan.at - from));
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

struct filter_token filter_lex(struct filter_lexer *lexer)
{
    lexer->at += run_length(lexer, lexer->at, is_blank);

    char c = byte_at(lexer, lexer->at), next = byte_at(lexer, lexer->at + 1);
    if (lexer->at >= lexer->source.len)
        return take(lexer, FILTER_TOKEN_END, 0);
    if (is_digit(c) || ((c == '-' || c == '+') && is_digit(next)))
        return take(lexer, FILTER_TOKEN_VALUE, value_length(lexer));
    if (is_letter(c))
        return take_name(lexer, 0);
    if ((c == '$' || c == '@') && is_letter(next))
        return take_name(lexer, 1);
    if (c == '\'')
        return take_string(lexer, 0);
    if (c == '"')
        return take_json(lexer);
    if (c && strchr("()[]{},/:-=#", c))
        return take(lexer, FILTER_TOKEN_SIGN, 1);
    return take(lexer, FILTER_TOKEN_WRONG, 1);
}
