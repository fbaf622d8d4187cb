/* store/sql_computed.c - SELECT {expression}, {expression} FROM {table} WHERE tenant = ? AND id = ?
 *
 * The columns have no names, so that those which a client chose stand nowhere in the text.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/sql_computed.h"

#include "base/arena.h"
#include "store/sql.h"
#include "store/sql_filter_writer.h"

/* As it is shown: a text as it stands, and no truth value that is a number of another kind. */
static void put_value(struct sql_writer *writer, const struct edm_filter *expression)
{
    if (expression->type == EDM_FILTER_BOOLEAN)
        sql_put_condition(writer, expression);
    else
        sql_put_node(writer, expression);
}

static size_t values_max(const struct sql_writer *writer)
{
    const struct edm_query *query = writer->query;
    size_t count = 0;

    for (size_t i = 0; i < query->computed_count; i++)
        count += sql_values_max(writer, query->computed[i].expression);
    return count;
}

static void put_statement(struct sql_writer *writer)
{
    const struct sql_rows anywhere = { .presence = SQL_WHEREVER };
    const struct edm_query *query = writer->query;

    for (size_t i = 0; i < query->computed_count; i++) {
        sql_put(writer, i ? ", " : "SELECT ");
        put_value(writer, query->computed[i].expression);
    }
    sql_rows_source(&writer->out, query->type, &anywhere);
    text_printf(&writer->out, " AND id = ?%d", SQL_COMPUTED_ID);
}

bool sql_computed_write(const struct dialect *dialect, const struct edm_query *query,
                        struct arena *arena, struct sql_computed *ret, struct error *err)
{
    struct sql_writer writer = { .dialect = dialect,
                                 .query = query,
                                 .arena = arena,
                                 .filter = &ret->values,
                                 .first = SQL_COMPUTED_FIRST };

    *ret = (struct sql_computed){ .values.count = 0 };
    ret->values.values = arena_new_array(arena, values_max(&writer), struct sql_value);
    if (!ret->values.values)
        return error_no_memory(err);
    text_init(&writer.out, arena, 512, SQL_FILTER_TEXT_MAX);
    put_statement(&writer);
    /* What fails at the limit is long by then: a copy at most doubles it. */
    if (writer.no_memory || (writer.out.failed && writer.out.len < SQL_FILTER_TEXT_MAX / 4))
        return error_no_memory(err);
    if (writer.wrong_pattern)
        return error_set(err, ERROR_BAD_REQUEST, SLICE("$compute"),
                         "Invalid compute clause: The pattern of 'matchesPattern' is no regular "
                         "expression.");
    if (writer.out.failed)
        return error_set(err, ERROR_BAD_REQUEST, SLICE("$compute"),
                         "Invalid compute clause: The expression is too complex.");
    ret->statement = text_slice(&writer.out);
    return true;
}
