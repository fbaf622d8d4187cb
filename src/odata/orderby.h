/* odata/orderby.h - $orderby: its text, read into keys with types.
 *
 * Spec: OData URL Conventions 4.01 section 5.1.4. A key is any expression that $filter knows and
 * that gives one value, with "asc" (which is the default) or "desc" behind it.
 *
 * Errors: as odata/filter.h, with target "$orderby".
 * Must not know: SQL, the rest of the query.
 */
#ifndef ODATA_ORDERBY_H
#define ODATA_ORDERBY_H

#include "edm/query.h"
#include "odata/filter.h"

/* The limits of a filter (ODATA_FILTER_NODES_MAX and its like) hold for all keys together. */
enum { ODATA_ORDER_KEYS_MAX = 8 };

/* As odata_filter_parse(). */
bool odata_orderby_parse(const struct edm_model *model, const struct edm_entity_type *type,
                         struct slice text, const struct odata_alias *aliases,
                         const struct odata_filter_rules *rules, struct arena *arena,
                         const struct edm_order_key **ret, size_t *ret_count, uint32_t *beyond,
                         struct error *err) MUST_CHECK;

#endif
