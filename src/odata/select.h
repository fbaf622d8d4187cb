/* odata/select.h - $select and $expand: lists of names.
 *
 * Spec: OData URL Conventions 4.01 sections 5.1.2 and 5.1.3. Errors: ERROR_BAD_REQUEST with the
 * option as target and messages of Graph's; ERROR_EXPAND_NOT_SUPPORTED.
 * Must not know: the rest of the query.
 */
#ifndef ODATA_SELECT_H
#define ODATA_SELECT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"
#include "odata/path.h"

struct odata_computed;

#define ODATA_SELECT_OPTIONS_MAX 4 /* collections with options of their own */

struct odata_selection {
    uint64_t properties; /* by name */
    uint32_t computed;   /* those of $compute, by name */
    bool star;           /* and all that there are */
    /* Collections with options in parentheses, which are unread (odata/select_items.h). */
    struct odata_selected_items {
        size_t property;
        struct slice options;
    } items[ODATA_SELECT_OPTIONS_MAX];
    size_t item_count;
};

/* `text` is decoded. The names are those of the path's type, or of its singleton, and those of
 * `computed`, which may be NULL. */
bool odata_select_parse(const struct edm_model *model, const struct odata_path *path,
                        const struct odata_computed *computed, struct slice text,
                        struct odata_selection *ret, struct error *err) MUST_CHECK;

/* All properties of it. */
uint64_t odata_select_all(const struct edm_model *model, const struct odata_path *path);

/* Nothing can be expanded: the types have no navigation properties, and the singleton's sets are
 * to be asked for by their addresses. So this accepts "*", which is all of none, and refuses every
 * name by what it is. */
bool odata_expand_check(const struct edm_model *model, const struct odata_path *path,
                        struct slice text, struct error *err) MUST_CHECK;

#endif
