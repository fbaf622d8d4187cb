/* odata/options.h - the query options of a request, read into a typed query.
 *
 * Spec: OData URL Conventions 4.01 section 5. Names count with or without '$' and without regard to
 * case. An option of OData that is not supported here is an error that names it; a custom option
 * (any other name) is ignored, as the specification asks.
 */
#ifndef ODATA_OPTIONS_H
#define ODATA_OPTIONS_H

#include <stdbool.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"
#include "edm/query.h"
#include "odata/beyond.h"
#include "odata/filter.h"
#include "odata/format.h"
#include "odata/path.h"
#include "odata/profile.h"

struct arena;

#define ODATA_PAGE_SIZE_MAX 1000 /* rows; $top and maxpagesize are cut at it */

struct odata_options {
    struct edm_query query;
    struct slice search; /* decoded and unread, see odata/search.h; no pointer when not given */
    /* Of a request with $apply or $compute the next are unread as well: what names mean in them
     * depends on it, see odata/apply.h and odata/compute.h. Otherwise `filter` and `orderby` are in
     * the query, and `select` has no pointer. */
    struct slice apply, compute, filter, orderby; /* decoded; no pointer when not given */
    struct slice select;                          /* with $compute */
    const struct odata_alias *aliases;
    struct slice skiptoken;  /* decoded but unopened, see odata/skiptoken.h; empty when not given */
    struct slice deltatoken; /* decoded but unopened, see odata/deltatoken.h */
    bool deltatoken_given;   /* be it empty */
    bool top_given;
    uint64_t top;     /* as it was given, however large */
    bool selects;     /* there was a $select, be it "*" */
    bool level_given; /* by $format, which overrides Accept */
    bool xml_given;   /* by $format, of $metadata */
    enum odata_level level;
    bool ieee754;    /* by $format: numbers of 64 bits as strings */
    uint64_t digest; /* of which rows are asked for and in which order: a $skiptoken is for one */
    uint32_t beyond; /* rows of odata/beyond.h that the options use: BEYOND_BIT() each */
};

/* `query` is what stands behind '?', still encoded. `resource` says which options make sense:
 * a set takes all, its $count too (only $filter has an effect there, the others must be right), an
 * entity and a singleton $select ($top etc. there: ERROR_BAD_REQUEST naming it), and a write takes
 * none but $select. $format goes with all that answer in JSON, the service document among them.
 * `max_page_size` is the request's Prefer: odata.maxpagesize, 0 when not asked; `rules` is what
 * expressions are read under. Errors:
 * ERROR_BAD_REQUEST with the option as target ("$top"), messages of Graph; ERROR_NOT_ACCEPTABLE
 * for a $format that is not JSON. */
bool odata_options_parse(const struct edm_model *model, const struct profile *profile,
                         const struct odata_path *path, bool is_read, struct slice query,
                         uint64_t max_page_size, const struct odata_filter_rules *rules,
                         struct arena *arena, struct odata_options *ret,
                         struct error *err) MUST_CHECK;

#endif
