/* store/sql_filter.h - a condition on entities (edm/filter.h) as SQL.
 *
 * The text depends on the shape of the condition, every value is a parameter. A state that a health
 * view works out (edm/health.h) is worked out in SQL, by the points of the view.
 *
 * Must not know: how the condition was written, what else stands in the statement.
 * Threads: every function here is pure.
 */
#ifndef STORE_SQL_FILTER_H
#define STORE_SQL_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"
#include "edm/filter.h"
#include "edm/query.h"

struct arena;
struct db_params;
struct dialect;

struct sql_filter {
    struct slice condition; /* in the arena */
    struct sql_value {
        enum sql_value_kind { SQL_NULL, SQL_INTEGER, SQL_REAL, SQL_TEXT } kind;
        union {
            int64_t integer;
            double real;
            struct slice text;
        };
    } * values;
    size_t count;
};

#define SQL_FILTER_TEXT_MAX                                                                        \
    (256u << 10) /* bytes; a condition of usual size needs some hundreds                           \
                  */

/* Writes query->filter. The first of its parameters has the number `first`.
 * Errors: ERROR_BAD_REQUEST when the text would pass SQL_FILTER_TEXT_MAX, ERROR_TOO_LARGE past the
 * arena's budget. */
bool sql_filter_write(const struct dialect *dialect, const struct edm_query *query, unsigned first,
                      struct arena *arena, struct sql_filter *ret, struct error *err) MUST_CHECK;

/* Binds the values, which live as long as the arena. */
void sql_filter_bind(struct db_params *params, const struct sql_filter *filter);

#endif
