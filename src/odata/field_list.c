/* odata/field_list.c - one walk over the bytes, which knows whether it is between quotes.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "odata/field_list.h"

struct slice field_list_take(char end, struct slice *rest)
{
    bool quoted = false;
    size_t len = 0;

    for (; len < rest->len && (quoted || rest->ptr[len] != end); len++) {
        if (quoted && rest->ptr[len] == '\\' && len + 1 < rest->len)
            len++;
        else if (rest->ptr[len] == '"')
            quoted = !quoted;
    }
    struct slice part = slice_sub(*rest, 0, len);
    *rest = slice_sub(*rest, len + 1, rest->len);
    return slice_trim(part);
}
