/* store/entity_list.c - lists, counts and picks: the reads of store.h that are about many rows.
 *
 * A page asks for one row more than it wants: whether there is more costs no second query, and the
 * extra row is stepped over and not read. It continues behind the last key and not at an offset, so
 * page a thousand costs what page one does. It also ends behind the row with which its text passes
 * query->page_bytes, so that a thousand rows of megabytes are many pages and not one refusal.
 *
 * An engine that sorts holds all that it sorts, up to the page's last row, and what it holds counts
 * in no request's budget. So in an order the list is of ids and keys alone, and each row that the
 * page shows is fetched by its id: a thousand rows of a megabyte are sorted in kilobytes. All is
 * one snapshot, in which a row that was listed is there.
 *
 * A statement with a condition or an order is prepared each time: its text is the client's to
 * choose, and what preparing costs is little beside the rows that are looked at.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>

#include "base/arena.h"
#include "base/uuid.h"
#include "edm/health.h"
#include "store/dialect.h"
#include "store/index_choice.h"
#include "store/row.h"
#include "store/session.h"
#include "store/sql_filter.h"
#include "store/sql_index.h"
#include "store/sql_order.h"

static void bind_tenant(struct db_params *params, const struct uuid *tenant)
{
    db_params_bytes(params, tenant->bytes, sizeof tenant->bytes);
}

/* --- the rows of a page ----------------------------------------------------------------------- */

/* The properties that a list's own statement reads. */
static uint64_t listed(const struct edm_query *query)
{
    return query->order_count ? 0 : query->select;
}

/* The entity of the row that is ready. */
static bool read_listed(struct store_session *session, const struct uuid *tenant,
                        const struct edm_query *query, struct db_statement *statement,
                        struct arena *arena, struct edm_entity **ret, struct error *err)
{
    return query->order_count
               ? store_entity_get(session, *tenant, query->type, db_text(statement, 0),
                                  query->select, arena, ret, err)
               : row_read(statement, query->type, query->select, arena, ret, err);
}

static bool read_rows(struct store_session *session, const struct uuid *tenant,
                      struct db_params *params, const struct edm_query *query, struct arena *arena,
                      struct edm_page *ret, struct error *err)
{
    enum db_status status = db_params_step(params);
    size_t bytes_max = query->page_bytes ? query->page_bytes : SIZE_MAX;
    size_t bytes = 0;

    for (; status == DB_ROW; status = db_step(params->statement)) {
        if (ret->count == query->page_size || bytes > bytes_max) {
            ret->more = true;
            return true;
        }
        if (!read_listed(session, tenant, query, params->statement, arena,
                         &ret->entities[ret->count], err))
            return false;
        bytes += edm_entity_text_bytes(ret->entities[ret->count]);
        ret->count++;
        if (query->order_count && (ret->count == query->page_size || bytes > bytes_max) &&
            !sql_order_read(query, params->statement, SQL_LIST_KEYS_AT, arena, &ret->last_values,
                            err))
            return false;
    }
    return status == DB_DONE || session_error(session, status, err);
}

/* A list or a count: its statement, and what its condition binds. */
struct rows_statement {
    struct db_statement *statement;
    struct sql_rows rows;
    struct sql_filter filter, bounds;
    struct sql_order order;
};

/* The parts that are the client's to choose. `tenant`: whose index may be read; NULL: none. */
static bool rows_statement_write(struct store_session *session, const struct uuid *tenant,
                                 const struct edm_query *query, enum sql_operation operation,
                                 struct arena *arena, struct rows_statement *into,
                                 struct error *err)
{
    const struct dialect *dialect = session->db->driver->dialect;
    const struct index_query index = { session, tenant, query, operation };
    struct sql_rows *rows = &into->rows;
    unsigned first;

    rows->skips = operation != SQL_COUNT && query->skip > 0;
    first = 1 + sql_rows_parameters(operation, rows);
    if (query->filter) {
        if (!sql_filter_write(dialect, query, first, arena, &into->filter, err))
            return false;
        rows->condition = into->filter.condition;
        first += (unsigned)into->filter.count;
    }
    if (tenant && !index_choose(&index, first, arena, rows, &into->bounds, err))
        return false;
    first += (unsigned)into->bounds.count;
    /* What is sorted is all read: counting it on the way saves a second reading. An index in its
     * own order is not, and of one that bounds few rows reading is quick. */
    if (tenant && query->count && !slice_starts_with(rows->index, SLICE(SQL_INDEX_PREFIX)))
        rows->counted = dialect->counted;
    rows->key_count = query->order_count;
    if (operation == SQL_COUNT || query->order_count == 0) {
        rows->counted = NULL;
        return true;
    }
    if (!sql_order_write(dialect, query, first, SQL_LIST_AFTER_ID, arena, &into->order, err))
        return false;
    rows->keys = into->order.columns;
    rows->after = into->order.after;
    rows->terms = into->order.terms;
    return true;
}

/* *ret->statement is NULL where the engine does not take what is to make it quicker. */
static bool rows_statement_prepare(struct store_session *session, const struct uuid *tenant,
                                   const struct edm_query *query, enum sql_operation operation,
                                   uint64_t properties, struct arena *arena,
                                   struct rows_statement *ret, struct error *err)
{
    *ret = (struct rows_statement){ .rows = { .presence = SQL_WHEREVER } };
    if (query->health) {
        ret->rows.presence = query->gone ? SQL_GONE : SQL_THERE;
        ret->rows.contact = query->health->contact;
    }
    return rows_statement_write(session, tenant, query, operation, arena, ret, err) &&
           session_rows_statement(session, query->type, operation, properties, &ret->rows, arena,
                                  &ret->statement, err);
}

/* An index may be gone, dropped by hand beside the server, and what counts on the way nests one
 * level deeper than the condition alone. */
static bool rows_statement_find(struct store_session *session, const struct uuid *tenant,
                                const struct edm_query *query, enum sql_operation operation,
                                uint64_t properties, struct arena *arena,
                                struct rows_statement *ret, struct error *err)
{
    return rows_statement_prepare(session, tenant, query, operation, properties, arena, ret, err) &&
           (ret->statement ||
            rows_statement_prepare(session, NULL, query, operation, properties, arena, ret, err));
}

/* Behind the operation's own parameters. */
static void rows_statement_bind(const struct rows_statement *rows, struct db_params *params,
                                const struct edm_query *query)
{
    if (rows->rows.skips)
        db_params_int(params, query->skip < INT64_MAX ? (int64_t)query->skip : INT64_MAX);
    if (query->health) {
        db_params_int(params, query->health->never_gone);
        db_params_int(params, query->health->gone_since_ticks);
    }
    sql_filter_bind(params, &rows->filter);
    sql_filter_bind(params, &rows->bounds);
    sql_filter_bind(params, &rows->order.values);
}

static void rows_statement_end(const struct rows_statement *rows)
{
    db_reset(rows->statement);
    if (sql_rows_are_chosen(&rows->rows))
        rows->statement->driver->finalize(rows->statement);
}

static bool list_page(struct store_session *session, const struct uuid *tenant,
                      const struct edm_query *query, struct arena *arena, struct edm_page *ret,
                      struct error *err)
{
    bool first = query->after.len == 0;
    struct rows_statement rows;
    struct db_params params;
    bool ok;

    ret->entities = arena_new_array(arena, query->page_size, struct edm_entity *);
    if (!ret->entities)
        return error_no_memory(err);
    if (query->page_size == 0)
        return true;
    if (!rows_statement_find(session, tenant, query, first ? SQL_LIST_FIRST : SQL_LIST_AFTER,
                             listed(query), arena, &rows, err))
        return false;
    params = DB_PARAMS(rows.statement);
    bind_tenant(&params, tenant);
    if (!first)
        db_params_text(&params, query->after);
    db_params_int(&params, (int64_t)query->page_size + 1);
    rows_statement_bind(&rows, &params, query);
    if (rows.rows.counted)
        session->db->driver->take_count(session->db);
    ok = read_rows(session, tenant, &params, query, arena, ret, err);
    rows_statement_end(&rows);
    if (rows.rows.counted)
        ret->total_count = session->db->driver->take_count(session->db);
    return ok;
}

static bool count_rows(struct store_session *session, const struct uuid *tenant,
                       const struct edm_query *query, struct arena *arena, int64_t *ret,
                       struct error *err)
{
    struct rows_statement rows;
    struct db_params params;
    enum db_status status;

    if (!rows_statement_find(session, tenant, query, SQL_COUNT, 0, arena, &rows, err))
        return false;
    params = DB_PARAMS(rows.statement);
    bind_tenant(&params, tenant);
    rows_statement_bind(&rows, &params, query);
    status = db_params_step(&params);
    if (status == DB_ROW)
        *ret = db_int(rows.statement, 0);
    rows_statement_end(&rows);
    return status == DB_ROW || session_error(session, status == DB_DONE ? DB_CORRUPT : status, err);
}

/* A page that is the first and the last one, and not empty because too much was skipped. */
static bool is_all(const struct edm_query *query, const struct edm_page *page)
{
    return query->page_size > 0 && query->after.len == 0 && !page->more &&
           (page->count > 0 || query->skip == 0);
}

static bool list(struct store_session *session, struct uuid tenant, const struct edm_query *query,
                 struct arena *arena, struct edm_page *ret, struct error *err)
{
    struct edm_page page = { .total_count = -1 };

    if (!list_page(session, &tenant, query, arena, &page, err))
        return false;
    if (query->count && page.total_count < 0 && is_all(query, &page))
        page.total_count = (int64_t)(query->skip + page.count);
    if (query->count && page.total_count < 0 &&
        !count_rows(session, &tenant, query, arena, &page.total_count, err))
        return false;
    *ret = page;
    return true;
}

/* Whose expression it was: the filter's, if it is too long without the order as well. */
static bool refuse_long(struct store_session *session, const struct uuid *tenant,
                        const struct edm_query *query, struct arena *arena, struct error *err)
{
    bool of_filter = query->filter != NULL;
    int64_t count;

    if (of_filter && query->order_count) {
        session->too_long = false;
        of_filter = !count_rows(session, tenant, query, arena, &count, NULL) && session->too_long;
    }
    return of_filter ? session_refuse_long(session, "$filter", "filter", err)
                     : session_refuse_long(session, "$orderby", "orderby", err);
}

bool store_entity_list(struct store_session *session, struct uuid tenant,
                       const struct edm_query *query, struct arena *arena, struct edm_page *ret,
                       struct error *err)
{
    bool ok;

    if (!session_check(session, false, err))
        return false;
    if (!query->filter && query->order_count == 0)
        return list(session, tenant, query, arena, ret, err);
    session_limit_texts(session, true);
    ok = list(session, tenant, query, arena, ret, err) ||
         (session->too_long && refuse_long(session, &tenant, query, arena, err));
    session_limit_texts(session, false);
    return ok;
}

/* In front of the filter's: the row of one key, which is bound behind all others. */
static bool add_key_condition(struct rows_statement *rows, struct arena *arena, struct error *err)
{
    unsigned number =
        1 + sql_rows_parameters(SQL_LIST_FIRST, &rows->rows) + (unsigned)rows->filter.count;
    struct slice filter = rows->rows.condition;

    return arena_printf(arena, &rows->rows.condition, "id = ?%u%s%.*s", number,
                        filter.len ? " AND " : "", SLICE_ARG(filter)) ||
           error_no_memory(err);
}

static bool pick_one(struct store_session *session, const struct rows_statement *rows,
                     const struct uuid *tenant, const struct edm_query *query, struct slice key,
                     struct arena *arena, struct edm_entity **ret, struct error *err)
{
    struct db_params params = DB_PARAMS(rows->statement);
    enum db_status status;
    bool ok = true;

    bind_tenant(&params, tenant);
    db_params_int(&params, 1);
    rows_statement_bind(rows, &params, query);
    db_params_text(&params, key);
    status = db_params_step(&params);
    *ret = NULL;
    if (status == DB_ROW)
        ok = row_read(rows->statement, query->type, query->select, arena, ret, err);
    else if (status != DB_DONE)
        ok = session_error(session, status, err);
    db_reset(rows->statement);
    return ok;
}

bool store_entities_pick(struct store_session *session, struct uuid tenant,
                         const struct edm_query *query, const struct slice *keys, size_t count,
                         struct arena *arena, struct edm_entity **ret, size_t *ret_count,
                         struct error *err)
{
    struct rows_statement rows = { .rows = { .presence = SQL_WHEREVER } };
    size_t bytes_max = query->page_bytes ? query->page_bytes : SIZE_MAX;
    size_t bytes = 0, at = 0;
    bool ok = true;

    assert(query->order_count == 0 && query->skip == 0);
    if (query->health)
        rows.rows = (struct sql_rows){ .presence = SQL_THERE, .contact = query->health->contact };
    if (!session_check(session, false, err) ||
        !rows_statement_write(session, NULL, query, SQL_LIST_FIRST, arena, &rows, err) ||
        !add_key_condition(&rows, arena, err) ||
        !session_rows_statement(session, query->type, SQL_LIST_FIRST, query->select, &rows.rows,
                                arena, &rows.statement, err))
        return false;
    session_limit_texts(session, true);
    for (; at < count && bytes <= bytes_max && ok; at++) {
        ok = pick_one(session, &rows, &tenant, query, keys[at], arena, &ret[at], err);
        if (ok && ret[at])
            bytes += edm_entity_text_bytes(ret[at]);
    }
    session_limit_texts(session, false);
    rows_statement_end(&rows);
    *ret_count = at;
    return ok || (session->too_long && session_refuse_long(session, "$filter", "filter", err));
}
