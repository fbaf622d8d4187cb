/* odata/query_links.c - query strings, written once more.
 *
 * Options are carried as the client sent them, encoded as they are and in its order, so that a link
 * asks for the same list in the same words. Names alone are decoded, to tell what is left out.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "odata/query_links.h"

#include "base/arena.h"
#include "base/text.h"
#include "odata/option_table.h"
#include "odata/percent.h"
#include "odata/query_pairs.h"

/* What says where a page begins. */
static bool is_position(struct slice name, struct arena *arena)
{
    struct slice decoded;

    if (!odata_percent_decode(name, true, arena, &decoded, NULL))
        return false;
    const struct odata_option *option = odata_option_find(decoded);
    return option && (option->id == ODATA_OPTION_SKIPTOKEN || option->id == ODATA_OPTION_SKIP);
}

bool odata_query_to_remember(struct slice query, struct arena *arena, struct slice *ret,
                             struct error *err)
{
    struct slice pair, name, value, decoded;
    struct text text;

    text_init(&text, arena, query.len, query.len + 1);
    while (odata_query_take_pair(&query, &pair, &name, &value)) {
        if (!odata_percent_decode(name, true, arena, &decoded, NULL))
            continue;
        const struct odata_option *option = odata_option_find(decoded);
        if ((!option && !slice_starts_with(decoded, SLICE("@"))) ||
            (option &&
             (option->id == ODATA_OPTION_SKIPTOKEN || option->id == ODATA_OPTION_DELTATOKEN)))
            continue;
        if (text.len)
            text_append_char(&text, '&');
        text_append(&text, pair);
    }
    if (text.failed)
        return error_no_memory(err);
    *ret = text_slice(&text);
    return true;
}

bool odata_query_goes_with_delta(struct slice query, struct arena *arena)
{
    struct slice pair, name, value, decoded;

    while (odata_query_take_pair(&query, &pair, &name, &value)) {
        if (!odata_percent_decode(name, true, arena, &decoded, NULL))
            return false;
        const struct odata_option *option = odata_option_find(decoded);
        if (option && !option->goes_with_delta)
            return false;
    }
    return true;
}

bool odata_next_query(struct slice query, struct slice skiptoken, struct arena *arena,
                      struct slice *ret, struct error *err)
{
    const struct slice last = SLICE("$skiptoken=");
    size_t bytes = query.len + 1 + last.len + skiptoken.len;
    struct text text;
    struct slice pair, name, value;

    text_init(&text, arena, bytes, bytes);
    while (odata_query_take_pair(&query, &pair, &name, &value)) {
        if (pair.len == 0 || is_position(name, arena))
            continue;
        text_append(&text, pair);
        text_append_char(&text, '&');
    }
    text_append(&text, last);
    text_append(&text, skiptoken);
    if (text.failed)
        return error_no_memory(err);
    *ret = text_slice(&text);
    return true;
}
