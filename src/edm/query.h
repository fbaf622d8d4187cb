/* edm/query.h - what a reader of a set wants, with types and without syntax.
 *
 * odata/ fills it in from a URL, store/ turns it into SQL; neither knows the other.
 *
 * Order is by `order`, then by the key, which makes it one in which no two entities are equal. So a
 * page continues behind the last row of the one before, whatever became of that row since: where it
 * stood is said by its key and by what its order keys came to. Null is lower than everything; texts
 * order as they compare in a condition (edm/filter.h), dates by their instant, members by their
 * number, false before true.
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
struct edm_items;

/* A key of an order: any expression that gives one value. */
struct edm_order_key {
    const struct edm_filter *expression;
    bool descending;
};

/* What an order key comes to for one entity. */
struct edm_order_value {
    enum edm_order_value_kind {
        EDM_ORDER_NULL,
        EDM_ORDER_INTEGER, /* also dates, members, Booleans: whatever is counted */
        EDM_ORDER_REAL,
        EDM_ORDER_TEXT, /* in lower case */
    } kind;
    union {
        int64_t integer;
        double real;
        struct slice text;
    };
};

/* A property that the reader made up: any expression that gives one value. */
struct edm_computed {
    struct slice name;
    const struct edm_filter *expression;
};

struct edm_query {
    const struct edm_entity_type *type;
    uint64_t select; /* properties to read; edm_all_properties() when none were named */
    bool select_given;
    size_t page_size;  /* rows a page; 0 is an empty page */
    size_t page_bytes; /* a page ends behind the row that passes this many bytes of text; 0: no
                          bound */
    bool count;        /* also the number of all rows that `filter` lets through */
    const struct edm_order_key *order;
    size_t order_count; /* 0: by the key alone */
    struct slice after; /* key behind which the page starts; empty: from the first */
    const struct edm_order_value *after_values; /* with `after` and `order`: one for each key */
    uint64_t skip;                              /* rows to pass over before the page starts */
    const struct edm_filter *filter;            /* rows for which it is true; NULL: all */
    const struct edm_computed *computed; /* what is to be worked out of each entity that is shown;
                                            where `filter` and `order` name one of the reader's
                                            properties they hold its expression */
    size_t computed_count;
    int64_t now_ticks;  /* what `filter`, `order` and `computed` take for now */
    bool exact_strings; /* texts compare and order as they are, and not as their lower-case forms */
    bool later_members; /* whoever asks knows members past the sentinel of an enumeration */
    /* NULL: states are what was written. Else rows that are gone by it do not exist, for the count
     * neither, and wherever a condition names the state it means the one that the view says. What
     * is read is still what was written: edm_health_apply() is the reader's. */
    const struct edm_health_view *health;
    const struct edm_items *items; /* of collections; NULL: they are shown as they are. Whoever
                                    * reads entities asks for them: service_pick_items() */
    bool gone;                     /* with `health`: only the rows that are gone by it */
};

struct edm_page {
    struct edm_entity **entities;
    size_t count;
    bool more;           /* rows stand behind the last one */
    int64_t total_count; /* -1 when not asked for */
    /* Of the last row, one for each key of the order; NULL: there is no row behind it for sure, or
     * no order but that of the keys. */
    const struct edm_order_value *last_values;
};

/* Whether the order is another at another time: by what it calls now, or by a state that the health
 * view works out. All pages of a walk have to be of one moment then. */
bool edm_query_order_has_clock(const struct edm_query *query);
/* The same of what the filter lets through. */
bool edm_query_filter_has_clock(const struct edm_query *query);

#endif
