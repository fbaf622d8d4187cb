/* edm/items.h - what is wanted of the items of a collection, where a reply shows it.
 *
 * Spec: OData URL Conventions 4.01 section 5.1.3 (options nested in $select).
 * Must not know: how it is written, how it is evaluated.
 */
#ifndef EDM_ITEMS_H
#define EDM_ITEMS_H

#include "edm/query.h"

#define EDM_ITEMS_ALL INT64_MAX

/* In expressions EDM_FILTER_ITEM with the variable 0 is the item; no property is named. */
struct edm_items {
    size_t property;                 /* a collection, by its index in the query's type */
    const struct edm_filter *filter; /* those for which it is true; NULL: all */
    const struct edm_order_key *order;
    size_t order_count; /* 0, and what is equal by it: as they stand */
    int64_t skip, top;  /* of what the filter leaves; EDM_ITEMS_ALL: no bound */
    bool count;         /* also how many the filter leaves: edm_value.item_count */
    const struct edm_items *next;
};

#endif
