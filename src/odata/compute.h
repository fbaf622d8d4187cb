/* odata/compute.h - $compute: its text, read into properties with names and types; and the options
 * that may name them.
 *
 * Spec: OData URL Conventions 4.01 section 5.1.3, OData Protocol 4.01 section 11.2.5.3. A property
 * is any expression that $filter knows and that gives one value, with "as" and a name behind it
 * which no property of the type has, nor another one here. It may name those in front of it.
 *
 * Wherever one is named its expression stands in for it, so nobody else has to know that it has a
 * name; and costs as many nodes each time, so that no chain of names grows beyond the limits.
 *
 * Errors: as odata/filter.h, with target "$compute".
 * Must not know: SQL, the rest of the query but for what may name them.
 */
#ifndef ODATA_COMPUTE_H
#define ODATA_COMPUTE_H

#include "edm/query.h"
#include "odata/filter.h"

struct filter_builder;
struct filter_token;
struct odata_options;
struct odata_path;

/* The limits of a filter (ODATA_FILTER_NODES_MAX and its like) hold for all together. */
enum { ODATA_COMPUTED_MAX = 16 };

struct odata_computed {
    const struct edm_computed *properties;
    size_t count;
    size_t variables; /* what their any() and all() are numbered up to: see edm_filter.variable */
};

/* `text` is decoded. As odata_filter_parse(), but that the rules' own `computed` is not looked at.
 */
bool odata_compute_parse(const struct edm_model *model, const struct edm_entity_type *type,
                         struct slice text, const struct odata_alias *aliases,
                         const struct odata_filter_rules *rules, struct arena *arena,
                         const struct odata_computed **ret, uint32_t *beyond,
                         struct error *err) MUST_CHECK;

/* Reads the $compute of `options` and those that waited for it ($select, $filter, $orderby) into
 * their query. The rows of odata/beyond.h that are used in them are added to *beyond. Beside $apply
 * it is refused. */
bool odata_compute_options(const struct edm_model *model, const struct odata_path *path,
                           const struct odata_filter_rules *rules, struct arena *arena,
                           struct odata_options *options, uint32_t *beyond,
                           struct error *err) MUST_CHECK;

/* Index of the one called `name`, without regard to case, or -1. `computed` may be NULL. */
int odata_computed_find(const struct odata_computed *computed, struct slice name);

/* The expression of number `index` where it is named; NULL, and an error, when it failed. */
struct edm_filter *odata_computed_node(struct filter_builder *builder, size_t index,
                                       size_t position);

static inline size_t odata_computed_variables(const struct odata_computed *computed)
{
    return computed ? computed->variables : 0;
}

#endif
