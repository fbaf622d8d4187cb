/* store/sql_computed.h - what a reader's properties (edm/query.h) come to in one row, as SQL.
 *
 * Must not know: how the row was found.
 * Threads: every function here is pure.
 */
#ifndef STORE_SQL_COMPUTED_H
#define STORE_SQL_COMPUTED_H

#include "store/sql_filter.h"

/* Parameters: tenant, id, then `values`. */
#define SQL_COMPUTED_ID    2
#define SQL_COMPUTED_FIRST 3

struct sql_computed {
    struct slice statement; /* one column for each of query->computed, and one row, or none */
    struct sql_filter values;
};

/* Writes query->computed, of which there is one at least.
 * Errors: ERROR_BAD_REQUEST, target "$compute", when the text would pass SQL_FILTER_TEXT_MAX;
 * ERROR_TOO_LARGE past the arena's budget. */
bool sql_computed_write(const struct dialect *dialect, const struct edm_query *query,
                        struct arena *arena, struct sql_computed *ret,
                        struct error *err) MUST_CHECK;

#endif
