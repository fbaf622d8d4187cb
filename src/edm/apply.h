/* edm/apply.h - $apply: rows gathered into groups, with types and without syntax.
 *
 * Spec: OData Data Aggregation 4.0: groupby, aggregate and filter, one behind the other. What is
 * filtered before the first grouping is edm_query.filter; behind that each grouping takes the rows
 * that the one before it made.
 *
 * What it means, where the specification leaves a choice:
 *   - values are of one group, and of the distinct ones, when they are the same: texts byte by byte
 *     (and not as a condition compares them, since each group shows its own), dates by their
 *     instant, null with null
 *   - unless edm_query.later_members is set, members past the sentinel of an enumeration are the
 *     sentinel
 *   - no method looks at nulls. A sum, an average, a least and a greatest of nothing are null
 *   - a sum that passes 64 bits goes on as a 64-bit floating-point number
 *
 * In the conditions and expressions behind a grouping EDM_FILTER_PROPERTY is a column of its shape.
 *
 * Must not know: how it is written, how it is evaluated.
 */
#ifndef EDM_APPLY_H
#define EDM_APPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "edm/filter.h"
#include "edm/query.h"

enum edm_aggregate_method {
    EDM_AGGREGATE_SUM,
    EDM_AGGREGATE_MIN,
    EDM_AGGREGATE_MAX,
    EDM_AGGREGATE_AVERAGE, /* of durations one, cut to ticks; else a REAL */
    EDM_AGGREGATE_COUNT_DISTINCT,
    EDM_AGGREGATE_COUNT, /* of rows: `expression` is NULL */
    EDM_AGGREGATE_METHOD_COUNT
};

struct edm_aggregate {
    enum edm_aggregate_method method;
    const struct edm_filter *expression;
};

/* What rows are made of: the grouped properties, then what was worked out. */
struct edm_shape {
    const struct edm_column {
        struct slice name;
        enum edm_filter_type type;
        const struct edm_enum *enumeration; /* exactly where type is EDM_FILTER_ENUM */
    } * columns;
    size_t count;
};

struct edm_grouping {
    const struct edm_filter *const *keys; /* PROPERTY each; of none there is one group, always */
    size_t key_count;
    const struct edm_aggregate *aggregates;
    size_t aggregate_count;
    struct edm_shape shape;          /* of the groups: keys, then aggregates */
    const struct edm_filter *having; /* groups for which it is true go on; NULL: all */
};

struct edm_apply {
    const struct edm_grouping *groupings;
    size_t count; /* 0: nothing is grouped */
};

/* Rows of the last shape, `shape->count` values each. */
struct edm_groups {
    const struct edm_shape *shape;
    const struct edm_order_value *values; /* texts as they are */
    size_t count;
    bool more;           /* there are groups behind the last one */
    int64_t total_count; /* -1 when not asked for */
};

#endif
