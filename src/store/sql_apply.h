/* store/sql_apply.h - groups of a set's rows (edm/apply.h) as SQL.
 *
 * Must not know: how the groupings were written.
 * Threads: every function here is pure.
 */
#ifndef STORE_SQL_APPLY_H
#define STORE_SQL_APPLY_H

#include "edm/apply.h"
#include "store/sql.h"
#include "store/sql_filter.h"

struct sql_apply {
    struct slice groups;      /* a SELECT; its columns are those of the last shape */
    struct slice order;       /* " ORDER BY ...", which goes behind it; empty: there is one group */
    struct sql_filter values; /* of both, those of `groups` first */
    size_t group_values;      /* how many these are */
};

/* Writes query->filter, the groupings and query->order. `rows` says which rows are there; its
 * parameters stand before those that are written here, of which the first has the number `first`.
 * Errors: ERROR_BAD_REQUEST, target "$apply", when a text would pass SQL_FILTER_TEXT_MAX;
 * ERROR_TOO_LARGE past the arena's budget. */
bool sql_apply_write(const struct dialect *dialect, const struct edm_query *query,
                     const struct edm_apply *apply, const struct sql_rows *rows, unsigned first,
                     struct arena *arena, struct sql_apply *ret, struct error *err) MUST_CHECK;

#endif
