/* http/query_body.c - a body as a part of a query string.
 *
 * The specification has the body encoded as in a URL, without blanks and line breaks. Whoever
 * writes it by hand leaves blanks in filters, and editors end a file with a line break: neither can
 * be mistaken, so that they are encoded or dropped here and not refused.
 *
 * There is a limit since an answer may have to repeat the options in a link, which comes back as
 * the head of a request.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/query_body.h"

#include "base/arena.h"
#include "base/text.h"
#include "http/chars.h"

bool query_body_is_plain_text(struct slice content_type)
{
    struct slice type = content_type, rest = SLICE_EMPTY, parameter, name, value;

    slice_cut(content_type, ';', &type, &rest);
    while (rest.len > 0) {
        parameter = rest;
        if (!slice_cut(parameter, ';', &parameter, &rest))
            rest = SLICE_EMPTY;
        if (!slice_cut(parameter, '=', &name, &value) ||
            !slice_eq_nocase(slice_trim(name), SLICE("charset")))
            continue;
        value = slice_trim(value);
        if (!slice_eq_nocase(value, SLICE("utf-8")) && !slice_eq_nocase(value, SLICE("us-ascii")) &&
            !slice_eq_nocase(value, SLICE("\"utf-8\"")))
            return false;
    }
    return slice_eq_nocase(slice_trim(type), SLICE("text/plain"));
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct slice trim(struct slice s)
{
    while (s.len && is_space(s.ptr[0]))
        s = slice_sub(s, 1, s.len);
    while (s.len && is_space(s.ptr[s.len - 1]))
        s = slice_sub(s, 0, s.len - 1);
    return s;
}

static size_t encoded_len(struct slice s)
{
    size_t len = s.len;

    for (size_t i = 0; i < s.len; i++)
        len += http_char_is(s.ptr[i], HTTP_CHAR_TARGET) ? 0 : 2;
    return len;
}

bool query_body_join(struct slice query, struct slice body, size_t bytes_max, struct arena *arena,
                     struct slice *ret, struct error *err)
{
    struct slice options = trim(body);
    bool both = query.len > 0 && options.len > 0;
    size_t bytes = query.len + both + encoded_len(options);
    struct text text;

    if (bytes > bytes_max)
        return error_set(err, ERROR_TOO_LARGE, SLICE_EMPTY,
                         "The query options of the request are %zu bytes long in a URL, and links "
                         "that repeat them have room for %zu (see limit-head-bytes).",
                         bytes, bytes_max);
    text_init(&text, arena, bytes + 1, bytes + 1);
    text_append(&text, query);
    if (both)
        text_append_char(&text, '&');
    http_chars_append_target(&text, options);
    if (text.failed)
        return error_no_memory(err);
    *ret = text_slice(&text);
    return true;
}
