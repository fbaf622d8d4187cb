/* store/sql_order.h - the order of a list (edm/query.h), and where it goes on, as SQL.
 *
 * Each key is a column of the list's rows, k1, k2 and so on, which the order and the continuation
 * name. So a key is written once, whatever page it is, and what the engine takes on the first page
 * it takes on all.
 *
 * Must not know: what else stands in the statement, but for the key's name and number.
 * Threads: every function here is pure.
 */
#ifndef STORE_SQL_ORDER_H
#define STORE_SQL_ORDER_H

#include "store/sql_filter.h"

#define SQL_ORDER_TEXT_MAX 1000 /* characters of a text that tell its place */

struct db_statement;

struct sql_order {
    struct slice columns;     /* ", <expression> AS k1, <expression> AS k2" */
    struct slice after;       /* a condition on k1, k2, id: behind that row; empty: none */
    struct slice terms;       /* "k1 NULLS FIRST, k2 DESC NULLS LAST, " */
    struct sql_filter values; /* of both, without a condition */
};

/* Writes query->order, and query->after_values when there is a query->after. The first of the
 * parameters has the number `first`, query->after is number `key`.
 * Errors: ERROR_BAD_REQUEST, target "$orderby", when a text would pass SQL_FILTER_TEXT_MAX;
 * ERROR_TOO_LARGE past the arena's budget. */
bool sql_order_write(const struct dialect *dialect, const struct edm_query *query, unsigned first,
                     unsigned key, struct arena *arena, struct sql_order *ret,
                     struct error *err) MUST_CHECK;

/* What one column of the row that is ready holds; a text is copied to the arena. */
bool sql_value_read(struct db_statement *statement, int column, struct arena *arena,
                    struct edm_order_value *ret, struct error *err) MUST_CHECK;

/* What the keys came to in the row that is ready, whose column `column` is k1. In the arena. */
bool sql_order_read(const struct edm_query *query, struct db_statement *statement, int column,
                    struct arena *arena, const struct edm_order_value **ret,
                    struct error *err) MUST_CHECK;

#endif
