/* http/chars.c - one table, a row for sixteen bytes, a letter for each set of places.
 *
 *     _  nowhere: controls and DEL
 *     V  values only: SP, HTAB and the bytes from 0x80 (obs-text)
 *     U  values and targets
 *     T  as U, and tokens
 *     F  as V, and tokens: '#' alone, which would start a fragment in a target
 *     H  as T, and hosts
 *     X  as H, and hexadecimal numbers; the digits are here too
 *
 * Targets are taken more widely than RFC 3986 writes them (quotes, braces and the like come from
 * hand-written scripts and are told apart from blanks well enough), hosts more narrowly: they end
 * up in the URLs that answers contain, and no real name holds a sub-delimiter.
 *
 * Values are what heads are made of: a token alone has a thousand bytes and more. They are looked
 * over many at a time, and by the table from the first few on that have a control among them, HTAB
 * included.
 */
#include "http/chars.h"

#include "base/text.h"

#define _ 0
#define V HTTP_CHAR_VALUE
#define U (V | HTTP_CHAR_TARGET)
#define T (U | HTTP_CHAR_TOKEN)
#define F (V | HTTP_CHAR_TOKEN)
#define H (T | HTTP_CHAR_HOST)
#define X (H | HTTP_CHAR_HEX)

/* clang-format off */
const uint8_t http_chars[256] = {
    _, _, _, _, _, _, _, _, _, V, _, _, _, _, _, _, /* 00 */
    _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, /* 10 */
    V, T, U, F, T, T, T, T, U, U, T, T, U, H, H, U, /* 20 */
    X, X, X, X, X, X, X, X, X, X, U, U, U, U, U, U, /* 30 */
    U, X, X, X, X, X, X, H, H, H, H, H, H, H, H, H, /* 40 */
    H, H, H, H, H, H, H, H, H, H, H, U, U, U, T, H, /* 50 */
    T, X, X, X, X, X, X, H, H, H, H, H, H, H, H, H, /* 60 */
    H, H, H, H, H, H, H, H, H, H, H, U, T, U, H, _, /* 70 */
    V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, /* 80 */
    V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, /* 90 */
    V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, /* a0 */
    V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, /* b0 */
    V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, /* c0 */
    V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, /* d0 */
    V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, /* e0 */
    V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, /* f0 */
};

#define VECTOR_BYTES 16 /* as all machines with vectors have them */

/* Of a loop over bytes the compilers make vectors too, but at a level of optimisation that few
 * builds have. */
typedef unsigned char vector __attribute__((vector_size(VECTOR_BYTES)));

/* Whether one of the bytes is below 0x20 or is DEL. */
static inline bool has_control(const char *at)
{
    uint64_t found[VECTOR_BYTES / 8];
    vector bytes, controls;

    memcpy(&bytes, at, sizeof bytes);
    controls = (vector)((bytes & 0xe0) == 0) | (vector)(bytes == 0x7f);
    memcpy(found, &controls, sizeof found);
    return found[0] | found[1];
}

const char *http_skip_value(const char *at, const char *end)
{
    while (end - at >= VECTOR_BYTES && !has_control(at))
        at += VECTOR_BYTES;
    while (at < end && http_char_is(*at, HTTP_CHAR_VALUE))
        at++;
    return at;
}

void http_chars_append_target(struct text *out, struct slice text)
{
    static const char digits[] = "0123456789ABCDEF";

    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (http_char_is(text.ptr[i], HTTP_CHAR_TARGET)) {
            text_append_char(out, text.ptr[i]);
            continue;
        }
        text_append_char(out, '%');
        text_append_char(out, digits[c >> 4]);
        text_append_char(out, digits[c & 15]);
    }
}
