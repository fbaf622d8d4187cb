/* store/index_choice.h - whether a list or a count reads an index, and which.
 *
 * For store/entity_list.c. What is chosen changes how long an answer takes and never what it is.
 * Must not know: what else stands in the statement.
 */
#ifndef STORE_INDEX_CHOICE_H
#define STORE_INDEX_CHOICE_H

#include "base/uuid.h"
#include "store/sql.h"
#include "store/sql_filter.h"

struct arena;
struct store_session;

/* What the choice is about. `rows` and `filter` are written; the condition's parameters are
 * numbered as in the list or the count that they are for, from `first` on. */
struct index_query {
    struct store_session *session;
    const struct uuid *tenant;
    const struct edm_query *query;
    enum sql_operation operation; /* a list or the count */
};

/* Sets rows->index and rows->bounds, or leaves them empty: the table itself is read. *ret are the
 * values of the bounds, whose parameters begin with `first`. */
bool index_choose(const struct index_query *of, unsigned first, struct arena *arena,
                  struct sql_rows *rows, struct sql_filter *ret, struct error *err) MUST_CHECK;

#endif
