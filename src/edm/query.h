/* edm/query.h - what a reader of a set wants, with types and without syntax.
 *
 * odata/ fills it in from a URL, store/ turns it into SQL; neither knows the other. Order is by
 * the key, and a page continues behind the last key of the one before.
 */
#ifndef EDM_QUERY_H
#define EDM_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "edm/entity.h"

struct edm_filter;
struct edm_health_view;

struct edm_query {
    const struct edm_entity_type *type;
    uint64_t select; /* properties to read; edm_all_properties() when none were named */
    bool select_given;
    size_t page_size;   /* rows a page; 0 is an empty page */
    size_t page_bytes;  /* a page ends behind the row that passes this many bytes of text; 0: no
                           bound */
    bool count;         /* also the number of all rows that `filter` lets through */
    struct slice after; /* key behind which the page starts; empty: from the first */
    const struct edm_filter *filter; /* rows for which it is true; NULL: all */
    int64_t now_ticks;               /* what `filter` takes for now */
    /* NULL: states are what was written. Else rows that are gone by it do not exist, for the count
     * neither, and wherever a condition names the state it means the one that the view says. What
     * is read is still what was written: edm_health_apply() is the reader's. */
    const struct edm_health_view *health;
    bool gone; /* with `health`: only the rows that are gone by it */
};

struct edm_page {
    struct edm_entity **entities;
    size_t count;
    bool more;           /* rows stand behind the last one */
    int64_t total_count; /* -1 when not asked for */
};

#endif
