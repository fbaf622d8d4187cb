/* odata/brackets.c - walks over what nests.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "odata/brackets.h"

/* The bytes of what begins the text: a text in quotes, or one byte. */
static size_t piece_length(struct slice text)
{
    char quote = text.ptr[0];
    size_t len = 1;

    if (quote != '\'' && quote != '"')
        return len;
    while (len < text.len && text.ptr[len] != quote)
        len += quote == '"' && text.ptr[len] == '\\' ? 2 : 1;
    return len < text.len ? len + 1 : text.len;
}

/* The nesting behind `c`; negative when one was closed that was not open. */
static int depth_after(char c, int depth)
{
    if (c == '(' || c == '[')
        return depth + 1;
    return c == ')' || c == ']' ? depth - 1 : depth;
}

bool odata_brackets_balance(struct slice text)
{
    int depth = 0;

    while (text.len > 0 && depth >= 0) {
        depth = depth_after(text.ptr[0], depth);
        text = slice_sub(text, piece_length(text), text.len);
    }
    return depth == 0;
}

size_t odata_length_before(struct slice text, char end)
{
    int depth = 0;
    size_t at = 0;

    while (at < text.len && (depth > 0 || text.ptr[at] != end)) {
        depth = depth_after(text.ptr[at], depth);
        at += piece_length(slice_sub(text, at, text.len));
    }
    return at;
}
