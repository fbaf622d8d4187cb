/* odata/filter_segment.h - conditions in a path: /$filter(...) behind a set.
 *
 * Spec: OData URL Conventions 4.01 section 4.12: each lets through what its condition is true of,
 * in front of all query options. The condition is an expression of $filter or a parameter alias.
 *
 * Must not know: what else stands in a path.
 */
#ifndef ODATA_FILTER_SEGMENT_H
#define ODATA_FILTER_SEGMENT_H

#include <stdbool.h>

#include "odata/filter.h"

/* Each has the limits of a $filter. */
enum { ODATA_FILTER_SEGMENTS_MAX = 4 };

/* Takes "/$filter(...)" off the front of *rest, a path that is still encoded, up to the parenthesis
 * that closes it: those inside quotes do not, and slashes in between are the condition's. False,
 * and *rest untouched: it does not begin so, or the parenthesis is not the end of the segment. */
bool odata_filter_segment_take(struct slice *rest, struct slice *ret_condition);

/* Joins what the conditions of all segments in `segments` (encoded, one behind the other) let
 * through to *filter, which may be NULL for "whatever". Otherwise as odata_filter_parse(). */
bool odata_filter_segments_read(const struct edm_model *model, const struct edm_entity_type *type,
                                struct slice segments, const struct odata_alias *aliases,
                                const struct odata_filter_rules *rules, struct arena *arena,
                                const struct edm_filter **filter, uint32_t *beyond,
                                struct error *err) MUST_CHECK;

#endif
