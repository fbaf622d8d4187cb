/* odata/apply.h - $apply: its text, read into groupings with types.
 *
 * Spec: OData Data Aggregation 4.0, sections 3.1 (aggregate), 3.10 (groupby) and filter. What is
 * offered:
 *
 *     filter(condition)
 *     groupby((property,...))          groupby((property,...),aggregate(...))
 *     aggregate(expression with sum|min|max|average|countdistinct as name, $count as name, ...)
 *     identity
 *
 * one behind the other with '/' between. The other transformations are refused by name.
 *
 * Expressions are those of $filter, and its limits hold for all of them together. A name that
 * `as` gives must not be one that the rows have already.
 *
 * Errors: as odata/filter.h, with target "$apply".
 * Must not know: SQL, the rest of the query.
 */
#ifndef ODATA_APPLY_H
#define ODATA_APPLY_H

#include "edm/apply.h"
#include "odata/filter.h"

enum {
    ODATA_APPLY_TRANSFORMATIONS_MAX = 8,
    ODATA_APPLY_AGGREGATES_MAX = 16, /* of one aggregate(), and properties of one groupby() */
    ODATA_APPLY_NAME_MAX = 128       /* bytes of a name behind `as` (OData ABNF, odataIdentifier) */
};

/* *ret_filter is what the rows must fulfil before the first grouping; NULL: nothing. Otherwise as
 * odata_filter_parse(). */
bool odata_apply_parse(const struct edm_model *model, const struct edm_entity_type *type,
                       struct slice text, const struct odata_alias *aliases,
                       const struct odata_filter_rules *rules, struct arena *arena,
                       const struct edm_filter **ret_filter, const struct edm_apply **ret,
                       uint32_t *beyond, struct error *err) MUST_CHECK;

/* Whether `as` may give the name (OData ABNF, odataIdentifier, of ASCII's letters); here and in
 * $compute. */
bool odata_apply_is_name(struct slice name);

/* What there is, by name, each once; empty behind the last. */
struct slice odata_apply_transformation(size_t index);

/* `apply`, which groups, with `condition` on its last groups. */
bool odata_apply_add_condition(const struct edm_apply *apply, const struct edm_filter *condition,
                               struct arena *arena, const struct edm_apply **ret,
                               struct error *err) MUST_CHECK;

#endif
