/* http/chars.h - which bytes may stand where in the head of a request or a response.
 *
 * Spec: RFC 9110 5.6.2 (token), 5.5 (field-value); RFC 3986 (target, host), with the differences
 * that chars.c names.
 */
#ifndef HTTP_CHARS_H
#define HTTP_CHARS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct text;

enum http_char {
    HTTP_CHAR_TOKEN = 1,  /* tchar: methods and field names */
    HTTP_CHAR_TARGET = 2, /* request targets */
    HTTP_CHAR_VALUE = 4,  /* field values, SP and HTAB included */
    HTTP_CHAR_HOST = 8,   /* names and IPv4 addresses of hosts */
    HTTP_CHAR_HEX = 16
};

extern const uint8_t http_chars[256];

static inline bool http_char_is(char c, enum http_char kind)
{
    return http_chars[(unsigned char)c] & kind;
}

/* Every one of them is, and so is a text without any. */
static inline bool http_chars_are(struct slice text, enum http_char kind)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!http_char_is(text.ptr[i], kind))
            return false;
    }
    return true;
}

/* The first byte in [at, end) that may not stand in a field's value, or `end`. */
const char *http_skip_value(const char *at, const char *end);

/* http_chars_are() for HTTP_CHAR_VALUE, made for the lengths of tokens. */
static inline bool http_is_value(struct slice text)
{
    return text.len == 0 || http_skip_value(text.ptr, text.ptr + text.len) == text.ptr + text.len;
}

/* `text` with everything percent-encoded that may not stand in a request's target. */
void http_chars_append_target(struct text *out, struct slice text);

#endif
