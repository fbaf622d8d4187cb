/* base/base64.c - base64 both ways, strictly.
 *
 * Strict, because what comes in here is signed or secret: if two spellings decoded to the same
 * bytes, a token could be changed without breaking its signature, and a cache keyed by its text
 * would hold it twice. So: no blanks, no foreign letters, no missing or needless padding, and the
 * bits left over at the end are zero (RFC 4648 3.5).
 *
 * Both alphabets share one table, since they differ in two letters only; the two letters of the
 * other alphabet are looked for beforehand.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/base64.h"

#include "base/arena.h"
#include "base/text.h"

#define LETTERS_AND_DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

static const char url_alphabet[64] = LETTERS_AND_DIGITS "-_";
static const char standard_alphabet[64] = LETTERS_AND_DIGITS "+/";

#define NO          0xff
#define FIRST_VALUE '+'

/* Value of each character from '+' to 'z'; the 62 and 63 of both alphabets. */
static const uint8_t values[] = {
    62, NO, 62, NO, 63, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, NO, /* +,-./0123456789: */
    NO, NO, NO, NO, NO, NO, 0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  /* ;<=>?@ABCDEFGHIJ */
    10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, /* KLMNOPQRSTUVWXYZ */
    NO, NO, NO, NO, 63, NO, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, /* [\]^_`abcdefghij */
    36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, /* klmnopqrstuvwxyz */
};

/* The characters of one group of up to three bytes; returns how many. */
static size_t encode_group(const char alphabet[64], const uint8_t *bytes, size_t len, char *to)
{
    uint32_t bits = (uint32_t)bytes[0] << 16;

    if (len > 1)
        bits |= (uint32_t)bytes[1] << 8;
    if (len > 2)
        bits |= bytes[2];
    for (size_t i = 0; i <= len; i++)
        to[i] = alphabet[bits >> (18 - 6 * i) & 63];
    return len + 1;
}

static void append(struct text *text, const char alphabet[64], const void *bytes, size_t len)
{
    const uint8_t *from = bytes;
    size_t rest = len % 3;
    char *to = text_reserve(text, len / 3 * 4 + (rest ? rest + 1 : 0));

    if (!to)
        return;
    char *start = to;
    for (; len >= 3; len -= 3, from += 3)
        to += encode_group(alphabet, from, 3, to);
    if (rest)
        to += encode_group(alphabet, from, rest, to);
    text->len += (size_t)(to - start);
}

void base64url_append(struct text *text, const void *bytes, size_t len)
{
    append(text, url_alphabet, bytes, len);
}

void base64_append(struct text *text, const void *bytes, size_t len)
{
    append(text, standard_alphabet, bytes, len);
    if (len % 3)
        text_append(text, len % 3 == 1 ? SLICE("==") : SLICE("="));
}

static uint8_t value_of(char c)
{
    size_t index = (size_t)(unsigned char)c - FIRST_VALUE; /* wraps for what stands before '+' */

    return index < sizeof values ? values[index] : NO;
}

/* Decodes 2 to 4 characters into one byte less. False when one of them is no letter of either
 * alphabet, or when bits are left over that are not zero. */
static bool decode_group(const char *from, size_t len, uint8_t *to)
{
    uint32_t bits = 0;
    unsigned seen = 0;

    for (size_t i = 0; i < len; i++) {
        uint8_t value = value_of(from[i]);
        seen |= value;
        bits |= (uint32_t)(value & 63) << (18 - 6 * i);
    }
    for (size_t i = 0; i + 1 < len; i++)
        to[i] = (uint8_t)(bits >> (16 - 8 * i));
    uint32_t left_over = bits & ((UINT32_C(1) << (24 - 8 * (len - 1))) - 1);
    return seen < 64 && left_over == 0;
}

static bool decode(struct arena *arena, struct slice s, struct slice *ret)
{
    size_t rest = s.len % 4;
    size_t len = s.len / 4 * 3 + (rest ? rest - 1 : 0);

    if (rest == 1) /* six bits are not a byte */
        return false;
    uint8_t *bytes = arena_alloc(arena, len);
    if (!bytes)
        return false;

    uint8_t *to = bytes;
    for (size_t at = 0; at < s.len; at += 4) {
        size_t group = s.len - at < 4 ? s.len - at : 4;
        if (!decode_group(s.ptr + at, group, to))
            return false;
        to += group - 1;
    }
    *ret = (struct slice){ (const char *)bytes, len };
    return true;
}

static bool holds(struct slice s, char byte)
{
    return slice_index(s, byte) < s.len;
}

bool base64url_decode(struct arena *arena, struct slice s, struct slice *ret)
{
    return !holds(s, '+') && !holds(s, '/') && decode(arena, s, ret);
}

bool base64_decode(struct arena *arena, struct slice s, struct slice *ret)
{
    if (s.len % 4 != 0 || holds(s, '-') || holds(s, '_'))
        return false;
    if (slice_ends_with(s, SLICE("==")))
        s.len -= 2;
    else if (slice_ends_with(s, SLICE("=")))
        s.len -= 1;
    return decode(arena, s, ret); /* any further '=' is no letter */
}
