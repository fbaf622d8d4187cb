/* odata/percent.c - undoes percent-encoding.
 *
 * Most texts have none and are handed back as they came, without a copy. What was encoded may be
 * any byte, so that it is only the result that is UTF-8 or not: half of a character may have been
 * encoded, and the other half not.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "odata/percent.h"

#include "base/arena.h"
#include "base/hex.h"
#include "odata/quote.h"

int odata_percent_byte(struct slice s, size_t at)
{
    if (s.len - at < 3)
        return -1;
    int high = hex_value(s.ptr[at + 1]), low = hex_value(s.ptr[at + 2]);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

bool odata_percent_decode_into(struct slice s, bool plus_is_space, char *out, size_t *ret_len)
{
    size_t len = 0;

    for (size_t at = 0; at < s.len; at++) {
        char c = s.ptr[at];
        if (c == '%') {
            int byte = odata_percent_byte(s, at);
            if (byte < 0)
                return false;
            c = (char)byte;
            at += 2;
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        }
        out[len++] = c;
    }
    *ret_len = len;
    return true;
}

static bool has_encoding(struct slice s, bool plus_is_space)
{
    return slice_index(s, '%') < s.len || (plus_is_space && slice_index(s, '+') < s.len);
}

bool odata_percent_decode(struct slice s, bool plus_is_space, struct arena *arena,
                          struct slice *ret, struct error *err)
{
    struct slice decoded = s;

    if (has_encoding(s, plus_is_space)) {
        char *memory = arena_alloc(arena, s.len);
        if (!memory)
            return error_no_memory(err);
        if (!odata_percent_decode_into(s, plus_is_space, memory, &decoded.len))
            return error_set(err, ERROR_BAD_REQUEST, SLICE_EMPTY,
                             "The request URI is not valid: '%%' in '%.*s' is not followed by two "
                             "hexadecimal digits.",
                             SLICE_ARG(odata_quote(s)));
        decoded.ptr = memory;
    }
    if (slice_index(decoded, '\0') < decoded.len || !slice_is_utf8(decoded))
        return error_set(err, ERROR_BAD_REQUEST, SLICE_EMPTY,
                         "The request URI is not valid: '%.*s' does not stand for UTF-8 text.",
                         SLICE_ARG(odata_quote(s)));
    *ret = decoded;
    return true;
}
