/* base/slice.c - comparing, cutting and reading text that is a pointer and a length.
 *
 * All of it is written for bytes from the network: no function looks past `len`, none stops at a
 * NUL, and none asks the locale what a letter is. An empty slice may hold the NULL pointer, and
 * neither memcmp() nor pointer arithmetic may be handed that one (C11 7.24.1, 6.5.6), hence the
 * tests for a length of zero that look superfluous.
 *
 * UTF-8 is checked by the table of RFC 3629 section 4, one sequence at a time, with a shortcut over
 * runs of ASCII: nearly everything a client sends is ASCII, and eight bytes cost one comparison.
 *
 * Limits: case is folded for ASCII only, which is what HTTP and OData ask for. Unicode folding and
 * normalisation are nobody's business here.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/slice.h"

#include "base/arena.h"

static unsigned char fold(char c)
{
    unsigned char byte = (unsigned char)c;

    return byte >= 'A' && byte <= 'Z' ? (unsigned char)(byte | 0x20) : byte;
}

struct slice slice_of(const char *cstr)
{
    return cstr ? (struct slice){ cstr, strlen(cstr) } : SLICE_EMPTY;
}

struct slice slice_sub(struct slice s, size_t from, size_t len)
{
    if (from >= s.len)
        return SLICE_EMPTY;

    size_t rest = s.len - from;
    return (struct slice){ s.ptr + from, len < rest ? len : rest };
}

bool slice_eq_nocase(struct slice a, struct slice b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++) {
        /* Nearly always a name is spelt as we spell it. */
        if (a.ptr[i] != b.ptr[i] && fold(a.ptr[i]) != fold(b.ptr[i]))
            return false;
    }
    return true;
}

int slice_compare(struct slice a, struct slice b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common ? memcmp(a.ptr, b.ptr, common) : 0;

    return order ? order : (a.len > b.len) - (a.len < b.len);
}

bool slice_starts_with(struct slice s, struct slice prefix)
{
    return s.len >= prefix.len && slice_eq(slice_sub(s, 0, prefix.len), prefix);
}

bool slice_starts_with_nocase(struct slice s, struct slice prefix)
{
    return s.len >= prefix.len && slice_eq_nocase(slice_sub(s, 0, prefix.len), prefix);
}

bool slice_ends_with(struct slice s, struct slice suffix)
{
    return s.len >= suffix.len && slice_eq(slice_sub(s, s.len - suffix.len, suffix.len), suffix);
}

size_t slice_index(struct slice s, char byte)
{
    const char *found = s.len ? memchr(s.ptr, byte, s.len) : NULL;

    return found ? (size_t)(found - s.ptr) : s.len;
}

bool slice_cut(struct slice s, char separator, struct slice *ret_head, struct slice *ret_tail)
{
    size_t at = slice_index(s, separator);

    if (at == s.len)
        return false;
    *ret_head = (struct slice){ s.ptr, at };
    *ret_tail = (struct slice){ s.ptr + at + 1, s.len - at - 1 };
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

struct slice slice_trim(struct slice s)
{
    while (s.len && is_blank(s.ptr[0])) {
        s.ptr++;
        s.len--;
    }
    while (s.len && is_blank(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

bool slice_to_uint64(struct slice s, uint64_t max, uint64_t *ret)
{
    uint64_t value = 0;

    if (s.len == 0)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
        uint64_t digit = (uint64_t)(s.ptr[i] - '0');
        if (digit > max || value > (max - digit) / 10) /* value * 10 + digit > max */
            return false;
        value = value * 10 + digit;
    }
    *ret = value;
    return true;
}

bool slice_to_int64(struct slice s, int64_t *ret)
{
    bool negative = s.len > 0 && s.ptr[0] == '-';
    uint64_t max = (uint64_t)INT64_MAX + (negative ? 1 : 0);
    uint64_t magnitude = 0;

    if (!slice_to_uint64(negative ? slice_sub(s, 1, s.len) : s, max, &magnitude))
        return false;
    if (!negative)
        *ret = (int64_t)magnitude;
    else if (magnitude == 0)
        *ret = 0;
    else
        *ret = -(int64_t)(magnitude - 1) - 1; /* INT64_MIN has no positive twin to negate */
    return true;
}

/* The second byte tells overlong forms, surrogates and what is above U+10FFFF from the rest; which
 * range it must be in depends on the first one (RFC 3629 section 4). */
static bool second_byte_fits(unsigned char first, unsigned char second)
{
    switch (first) {
    case 0xe0:
        return second >= 0xa0 && second <= 0xbf;
    case 0xed:
        return second >= 0x80 && second <= 0x9f;
    case 0xf0:
        return second >= 0x90 && second <= 0xbf;
    case 0xf4:
        return second >= 0x80 && second <= 0x8f;
    default:
        return second >= 0x80 && second <= 0xbf;
    }
}

static size_t utf8_length_by_first_byte(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first < 0xc2) /* a continuation byte, or the start of an overlong form */
        return 0;
    if (first < 0xe0)
        return 2;
    if (first < 0xf0)
        return 3;
    return first < 0xf5 ? 4 : 0;
}

size_t slice_utf8_step(struct slice s)
{
    if (s.len == 0)
        return 0;

    size_t length = utf8_length_by_first_byte((unsigned char)s.ptr[0]);
    if (length <= 1)
        return length;
    if (length > s.len || !second_byte_fits((unsigned char)s.ptr[0], (unsigned char)s.ptr[1]))
        return 0;
    for (size_t i = 2; i < length; i++) {
        if (((unsigned char)s.ptr[i] & 0xc0) != 0x80)
            return 0;
    }
    return length;
}

/* How many bytes from `at` on are ASCII, counted in steps of eight. */
static size_t ascii_run(struct slice s, size_t at)
{
    size_t start = at;

    while (s.len - at >= sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, s.ptr + at, sizeof word);
        if (word & UINT64_C(0x8080808080808080))
            break;
        at += sizeof word;
    }
    return at - start;
}

bool slice_is_utf8(struct slice s)
{
    size_t at = 0;

    while (at < s.len) {
        at += ascii_run(s, at);
        if (at == s.len)
            break;
        size_t step = slice_utf8_step((struct slice){ s.ptr + at, s.len - at });
        if (step == 0)
            return false;
        at += step;
    }
    return true;
}

struct slice slice_utf8_prefix(struct slice s, size_t max)
{
    if (s.len <= max)
        return s;

    /* A sequence has at most three continuation bytes; more of them are not UTF-8, and then one
     * place to cut is as good as another. */
    size_t end = max;
    for (size_t back = 0; back < 3 && end > 0; back++) {
        if (((unsigned char)s.ptr[end] & 0xc0) != 0x80)
            break;
        end--;
    }
    bool at_boundary = ((unsigned char)s.ptr[end] & 0xc0) != 0x80;
    return (struct slice){ s.ptr, at_boundary ? end : max };
}

const char *slice_to_cstr(struct arena *arena, struct slice s)
{
    struct slice copy;

    if (slice_index(s, '\0') != s.len || !arena_copy(arena, s, &copy))
        return NULL;
    return copy.ptr;
}
