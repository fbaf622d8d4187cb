/* odata/query_digest.c - FNV-1a over the decoded texts (draft-eastlake-fnv, section 2).
 *
 * Decoded, since clients write the same text in several ways (%20, +) when they follow a link. Of
 * aliases all are in it, whether they are used or not: nothing is gained by looking.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "odata/query_digest.h"

#include "odata/percent.h"

/* The byte at the end keeps texts apart, since none holds it. */
static void add(uint64_t *digest, struct slice text)
{
    for (size_t i = 0; i <= text.len; i++) {
        unsigned char byte = i < text.len ? (unsigned char)text.ptr[i] : 0xff;

        *digest = (*digest ^ byte) * UINT64_C(0x100000001b3);
    }
}

static void add_option(uint64_t *digest, struct slice text)
{
    add(digest, text.ptr ? SLICE("=") : SLICE_EMPTY);
    add(digest, text);
}

uint64_t odata_query_digest(struct slice filter, struct slice orderby, struct slice search,
                            struct slice apply, struct slice compute,
                            const struct odata_alias *aliases, struct arena *arena)
{
    uint64_t digest = UINT64_C(0xcbf29ce484222325);

    if (!filter.ptr && !orderby.ptr && !search.ptr && !apply.ptr)
        return 0;
    add_option(&digest, filter);
    add_option(&digest, orderby);
    add_option(&digest, search);
    if (apply.ptr)
        add_option(&digest, apply);
    if (compute.ptr && (filter.ptr || orderby.ptr))
        add_option(&digest, compute);
    for (const struct odata_alias *alias = aliases; alias; alias = alias->next) {
        struct slice value;

        if (!odata_percent_decode(alias->value, true, arena, &value, NULL))
            value = alias->value; /* then nothing uses it */
        add(&digest, alias->name);
        add(&digest, value);
    }
    return digest;
}
