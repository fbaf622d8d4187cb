/* store/groups.c - store.h's groups: write, prepare, bind, step, read.
 *
 * Each statement is bound to the tenant first, as those of entities.c are, and is prepared each
 * time: its text is the client's to choose.
 *
 * A group more than is wanted is asked for, and stepped over and not read: so it is known whether
 * there is one. How many there are in all takes a statement of its own around the same groups.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/arena.h"
#include "base/text.h"
#include "edm/health.h"
#include "store/session.h"
#include "store/sql_apply.h"
#include "store/sql_order.h"

#define FIRST_ROWS 8 /* before the array has to grow */

struct reading {
    struct store_session *session;
    const struct uuid *tenant;
    const struct edm_query *query;
    struct sql_apply written;
    struct arena *arena;
    struct error *err;
};

static unsigned first_parameter(const struct edm_query *query)
{
    return query->health ? 4 : 2;
}

static bool write_groups(struct reading *reading, const struct edm_apply *apply)
{
    const struct edm_query *query = reading->query;
    struct sql_rows rows = { .presence = SQL_WHEREVER };

    if (query->health) {
        rows.presence = query->gone ? SQL_GONE : SQL_THERE;
        rows.contact = query->health->contact;
    }
    return sql_apply_write(reading->session->db->driver->dialect, query, apply, &rows,
                           first_parameter(query), reading->arena, &reading->written, reading->err);
}

/* The words are ours and right; how many stand inside each other is not. */
static bool prepare(struct reading *reading, const struct text *sql, struct db_statement **ret)
{
    struct store_session *session = reading->session;
    enum db_status status;

    if (sql->failed)
        return error_no_memory(reading->err);
    status = session->db->driver->prepare(session->db, text_slice(sql), ret);
    if (status == DB_OTHER)
        return error_set(reading->err, ERROR_BAD_REQUEST, SLICE("$apply"),
                         "Invalid apply clause: The expression is nested too deeply.");
    return status == DB_OK || session_error(session, status, reading->err);
}

/* The tenant, which rows are there, and the first `count` of the values that were written. */
static void bind(struct reading *reading, size_t count, struct db_params *params)
{
    const struct edm_health_view *health = reading->query->health;
    struct sql_filter values = reading->written.values;

    db_params_bytes(params, reading->tenant->bytes, sizeof reading->tenant->bytes);
    if (health) {
        db_params_int(params, health->never_gone);
        db_params_int(params, health->gone_since_ticks);
    }
    values.count = count;
    sql_filter_bind(params, &values);
}

/* --- rows ------------------------------------------------------------------------------------ */

static bool read_row(struct reading *reading, struct db_statement *statement, size_t columns,
                     struct edm_order_value *into)
{
    for (size_t i = 0; i < columns; i++) {
        into[i] = (struct edm_order_value){ .kind = EDM_ORDER_NULL };
        if (!sql_value_read(statement, (int)i, reading->arena, &into[i], reading->err))
            return false;
    }
    return true;
}

static bool read_rows(struct reading *reading, struct db_params *params, struct edm_groups *ret)
{
    size_t columns = ret->shape->count, room = 0;
    const size_t row_bytes = columns * sizeof(struct edm_order_value);
    struct edm_order_value *values = NULL;
    enum db_status status = db_params_step(params);

    for (; status == DB_ROW; status = db_step(params->statement)) {
        if (ret->count == reading->query->page_size) {
            ret->more = true;
            return true;
        }
        if (ret->count == room) {
            room = room ? 2 * room : FIRST_ROWS;
            values = arena_grow(reading->arena, values, ret->count * row_bytes, room * row_bytes);
            if (!values)
                return error_no_memory(reading->err);
            ret->values = values;
        }
        if (!read_row(reading, params->statement, columns, values + ret->count * columns))
            return false;
        ret->count++;
    }
    return status == DB_DONE || session_error(reading->session, status, reading->err);
}

static bool list_groups(struct reading *reading, struct edm_groups *ret)
{
    const struct sql_apply *written = &reading->written;
    const struct edm_query *query = reading->query;
    unsigned limit = first_parameter(query) + (unsigned)written->values.count;
    size_t bytes = written->groups.len + written->order.len + 64;
    struct db_statement *statement;
    struct db_params params;
    struct text sql;
    bool ok;

    text_init(&sql, reading->arena, bytes, bytes);
    text_append(&sql, written->groups);
    text_append(&sql, written->order);
    text_printf(&sql, " LIMIT ?%u OFFSET ?%u", limit, limit + 1);
    if (!prepare(reading, &sql, &statement))
        return false;
    params = DB_PARAMS(statement);
    bind(reading, written->values.count, &params);
    db_params_int(&params, (int64_t)query->page_size + 1);
    db_params_int(&params, query->skip < INT64_MAX ? (int64_t)query->skip : INT64_MAX);
    ok = read_rows(reading, &params, ret);
    db_reset(statement);
    statement->driver->finalize(statement);
    return ok;
}

static bool count_groups(struct reading *reading, int64_t *ret)
{
    const struct sql_apply *written = &reading->written;
    size_t bytes = written->groups.len + 64;
    struct db_statement *statement;
    struct db_params params;
    enum db_status status;
    struct text sql;

    text_init(&sql, reading->arena, bytes, bytes);
    text_append(&sql, SLICE("SELECT count(*) FROM ("));
    text_append(&sql, written->groups);
    text_append(&sql, SLICE(") AS r"));
    if (!prepare(reading, &sql, &statement))
        return false;
    params = DB_PARAMS(statement);
    bind(reading, written->group_values, &params);
    status = db_params_step(&params);
    if (status == DB_ROW)
        *ret = db_int(statement, 0);
    db_reset(statement);
    statement->driver->finalize(statement);
    return status == DB_ROW ||
           session_error(reading->session, status == DB_DONE ? DB_CORRUPT : status, reading->err);
}

bool store_entity_groups(struct store_session *session, struct uuid tenant,
                         const struct edm_query *query, const struct edm_apply *apply,
                         struct arena *arena, struct edm_groups *ret, struct error *err)
{
    struct reading reading = {
        .session = session, .tenant = &tenant, .query = query, .arena = arena, .err = err
    };
    struct edm_groups groups = { .shape = &apply->groupings[apply->count - 1].shape,
                                 .total_count = -1 };
    bool ok;

    if (!session_check(session, false, err) || !write_groups(&reading, apply))
        return false;
    session_limit_texts(session, true);
    ok = (query->page_size == 0 || list_groups(&reading, &groups)) &&
         (!query->count || count_groups(&reading, &groups.total_count));
    session_limit_texts(session, false);
    if (!ok)
        return session->too_long && session_refuse_long(session, "$apply", "apply", err);
    *ret = groups;
    return true;
}
