/* odata/search.h - $search: its words, read into a condition.
 *
 * Spec: OData URL Conventions 4.01 section 5.1.7 and the ABNF's searchExpr. What it means to match
 * is left to the service: here a word or a quoted phrase matches where it stands in one of the
 * entity's texts, compared as edm/filter.h compares them. Looked through are all properties of kind
 * string but the key, which nobody remembers a part of, and collections.
 *
 * Errors: ERROR_BAD_REQUEST with target "$search", and the byte (from 0) at which the mistake is.
 * Must not know: SQL, the rest of the query.
 */
#ifndef ODATA_SEARCH_H
#define ODATA_SEARCH_H

#include <stdbool.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"
#include "edm/filter.h"

struct arena;

/* Each word becomes a condition on each text, so that there are fewer than nodes of a filter. */
enum {
    ODATA_SEARCH_WORDS_MAX = 10, /* and phrases */
    ODATA_SEARCH_DEPTH_MAX = 8   /* groups and NOTs inside each other */
};

/* `text` is decoded. */
bool odata_search_parse(const struct edm_entity_type *type, struct slice text, struct arena *arena,
                        const struct edm_filter **ret, struct error *err) MUST_CHECK;

/* `a` and `b`, either of which may be NULL for "whatever". */
bool odata_search_join(const struct edm_filter *a, const struct edm_filter *b, struct arena *arena,
                       const struct edm_filter **ret, struct error *err) MUST_CHECK;

#endif
