/* odata/query_pairs.h - the options of a query string, one after the other, as they were sent. */
#ifndef ODATA_QUERY_PAIRS_H
#define ODATA_QUERY_PAIRS_H

#include <stdbool.h>

#include "base/slice.h"

/* Takes the next name=value off `rest`, both still encoded; false at the end. What has no '=' is a
 * name with an empty value. */
static inline bool odata_query_take_pair(struct slice *rest, struct slice *ret_pair,
                                         struct slice *ret_name, struct slice *ret_value)
{
    if (rest->len == 0)
        return false;
    size_t len = slice_index(*rest, '&');
    *ret_pair = slice_sub(*rest, 0, len);
    *rest = slice_sub(*rest, len + 1, rest->len);
    if (!slice_cut(*ret_pair, '=', ret_name, ret_value)) {
        *ret_name = *ret_pair;
        *ret_value = SLICE_EMPTY;
    }
    return true;
}

#endif
