/* store/computed.c - works out a reader's properties, of entities that were read.
 *
 * Each in a statement of its own, by its key, in the snapshot that it was read in: so a list sorts
 * and skips without them, and of the rows that it looks at it works them out for those alone that
 * it shows. The statement is prepared once for all; what a step by a key costs is little beside it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/arena.h"
#include "store/session.h"
#include "store/sql_computed.h"
#include "store/sql_order.h"

struct working {
    struct store_session *session;
    const struct uuid *tenant;
    const struct edm_query *query;
    struct sql_computed written;
    struct db_statement *statement;
    struct arena *arena;
    struct error *err;
};

/* The words are ours and right; how many stand inside each other is not. */
static bool prepare(struct working *working)
{
    struct store_session *session = working->session;
    enum db_status status =
        session->db->driver->prepare(session->db, working->written.statement, &working->statement);

    if (status == DB_OTHER)
        return error_set(working->err, ERROR_BAD_REQUEST, SLICE("$compute"),
                         "Invalid compute clause: The expression is nested too deeply.");
    return status == DB_OK || session_error(session, status, working->err);
}

static bool read_row(struct working *working, struct edm_order_value *into, size_t *bytes)
{
    for (size_t i = 0; i < working->query->computed_count; i++) {
        if (!sql_value_read(working->statement, (int)i, working->arena, &into[i], working->err))
            return false;
        *bytes += into[i].kind == EDM_ORDER_TEXT ? into[i].text.len : 0;
    }
    return true;
}

static bool work_out(struct working *working, struct slice key, struct edm_order_value *into,
                     size_t *bytes)
{
    struct db_params params = DB_PARAMS(working->statement);
    enum db_status status;
    bool ok = true;

    for (size_t i = 0; i < working->query->computed_count; i++)
        into[i] = (struct edm_order_value){ .kind = EDM_ORDER_NULL };
    db_params_bytes(&params, working->tenant->bytes, sizeof working->tenant->bytes);
    db_params_text(&params, key);
    sql_filter_bind(&params, &working->written.values);
    status = db_params_step(&params);
    if (status == DB_ROW)
        ok = read_row(working, into, bytes);
    else if (status != DB_DONE)
        ok = session_error(working->session, status, working->err);
    db_reset(working->statement);
    return ok;
}

bool store_entities_compute(struct store_session *session, struct uuid tenant,
                            const struct edm_query *query, struct edm_entity *const *entities,
                            size_t count, struct arena *arena, struct edm_order_value *ret,
                            size_t *ret_count, struct error *err)
{
    struct working working = {
        .session = session, .tenant = &tenant, .query = query, .arena = arena, .err = err
    };
    size_t bytes_max = query->page_bytes ? query->page_bytes : SIZE_MAX;
    size_t bytes = 0, at = 0;
    bool ok = true;

    if (!session_check(session, false, err) ||
        !sql_computed_write(session->db->driver->dialect, query, arena, &working.written, err) ||
        !prepare(&working))
        return false;
    session_limit_texts(session, true);
    for (; at < count && bytes <= bytes_max && ok; at++) {
        bytes += edm_entity_text_bytes(entities[at]);
        ok = work_out(&working, entities[at]->values[0].text, &ret[at * query->computed_count],
                      &bytes);
    }
    session_limit_texts(session, false);
    working.statement->driver->finalize(working.statement);
    *ret_count = at;
    return ok || (session->too_long && session_refuse_long(session, "$compute", "compute", err));
}
