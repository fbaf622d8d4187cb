/* odata/option_table.h - which query options OData has, and which requests have a use for each.
 *
 * Spec: OData URL Conventions 4.01 section 5.
 * Must not know: how an option's value is read.
 */
#ifndef ODATA_OPTION_TABLE_H
#define ODATA_OPTION_TABLE_H

#include <stdbool.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"
#include "odata/path.h"

enum odata_option_id {
    ODATA_OPTION_SELECT,
    ODATA_OPTION_TOP,
    ODATA_OPTION_COUNT,
    ODATA_OPTION_SKIP,
    ODATA_OPTION_SKIPTOKEN,
    ODATA_OPTION_DELTATOKEN,
    ODATA_OPTION_FILTER,
    ODATA_OPTION_ORDERBY,
    ODATA_OPTION_EXPAND,
    ODATA_OPTION_SEARCH,
    ODATA_OPTION_APPLY,
    ODATA_OPTION_COMPUTE,
    ODATA_OPTION_FORMAT,
    /* Never read: no request has a use for them here. */
    ODATA_OPTION_LEVELS,
    ODATA_OPTION_INDEX,
    ODATA_OPTION_SCHEMAVERSION,
    ODATA_OPTION_ID
};

/* Where it may stand, a delta aside. */
enum odata_option_place {
    ODATA_NOWHERE,
    ODATA_ON_READ_SETS, /* a read of a set, or of its number */
    ODATA_ON_READ_DATA, /* or of an entity */
    ODATA_ON_DATA,      /* whatever has properties, written or read */
    ODATA_ON_JSON       /* whatever is not plain text */
};

struct odata_option {
    enum odata_option_id id;
    enum odata_option_place place;
    bool goes_with_delta; /* what does not is refused there by name, not passed over */
    struct slice name;    /* with its '$' */
    struct slice plain;   /* without; empty where that is too common a word to be meant for OData */
    struct slice title;   /* how the library's messages call it */
};

/* The option that `name` (decoded) means: without regard to case, with or without its '$'. NULL for
 * none. */
const struct odata_option *odata_option_find(struct slice name);

/* Refuses what a read of `path`, or a write to it, has no use for: ERROR_BAD_REQUEST, target is the
 * option's name. Only the path's resource is asked. */
bool odata_option_check_place(const struct odata_option *option, const struct odata_path *path,
                              bool is_read, struct error *err) MUST_CHECK;

/* Whether a read of what `path` says, or a write to it, takes the option `name` ("$top"). */
bool odata_option_is_offered(const struct odata_path *path, bool is_read, struct slice name);

#endif
