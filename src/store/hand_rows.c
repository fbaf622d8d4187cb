/* store/hand_rows.c - running the statements of the tables that are written by hand.
 *
 * Lists are read whole, since what these tables hold is small. An array is doubled when it is full:
 * the rows' texts lie between its growths, so that each of them copies it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/hand_rows.h"

#include "base/arena.h"
#include "store/session.h"

#define FIRST_ROWS 16 /* of a list, before it has to grow */

bool hand_rows_prepare(struct store_session *session, bool operation, const char *sql,
                       const struct uuid *tenant, struct db_params *ret, struct error *err)
{
    struct db_statement *statement;

    if (!session_check(session, operation, err) || !session_literal(session, sql, &statement, err))
        return false;
    *ret = DB_PARAMS(statement);
    if (tenant)
        db_params_bytes(ret, tenant->bytes, sizeof tenant->bytes);
    return true;
}

bool hand_rows_run(struct store_session *session, struct db_params *params, struct error *err)
{
    enum db_status status;
    int64_t changes;

    return hand_rows_write(session, params, &status, &changes, err) &&
           (status == DB_DONE || session_error(session, status, err));
}

bool hand_rows_write(struct store_session *session, struct db_params *params,
                     enum db_status *ret_status, int64_t *ret_changes, struct error *err)
{
    *ret_status = db_params_step(params);
    *ret_changes = *ret_status == DB_DONE ? session->db->driver->changes(session->db) : 0;
    db_reset(params->statement);
    if (*ret_status != DB_DONE && *ret_status != DB_CONSTRAINT)
        return session_error(session, *ret_status, err);
    return true;
}

bool hand_rows_change(struct store_session *session, struct db_params *params,
                      enum db_status *ret_status, int64_t *ret_changes, struct error *err)
{
    static const char raise_sql[] =
        "UPDATE store_state SET registry_version = registry_version + 1";

    session->registry_changed = true;
    return hand_rows_write(session, params, ret_status, ret_changes, err) &&
           (*ret_status == DB_CONSTRAINT || session_run(session, raise_sql, err));
}

bool hand_rows_one(struct store_session *session, struct db_params *params, hand_row_reader *read,
                   struct arena *arena, void *ret, bool *ret_found, struct error *err)
{
    enum db_status status = db_params_step(params);
    bool ok = true;

    *ret_found = status == DB_ROW;
    if (status == DB_ROW)
        ok = read(session, params->statement, arena, ret, err);
    else if (status != DB_DONE)
        ok = session_error(session, status, err);
    db_reset(params->statement);
    return ok;
}

bool hand_rows_all(struct store_session *session, struct db_params *params, size_t size,
                   hand_row_reader *read, struct arena *arena, void **ret, size_t *ret_count,
                   struct error *err)
{
    enum db_status status = db_params_step(params);
    char *list = NULL, *grown;
    size_t bytes = 0, room = 0;
    bool ok = false;

    for (; status == DB_ROW; status = db_step(params->statement), bytes += size) {
        if (bytes == room) {
            room = room ? 2 * room : FIRST_ROWS * size;
            grown = arena_grow(arena, list, bytes, room);
            if (!grown) {
                error_no_memory(err);
                goto out;
            }
            list = grown;
        }
        if (!read(session, params->statement, arena, list + bytes, err))
            goto out;
    }
    if (status != DB_DONE) {
        session_error(session, status, err);
        goto out;
    }
    *ret = list;
    *ret_count = bytes / size;
    ok = true;
out:
    db_reset(params->statement);
    return ok;
}

bool hand_rows_number(struct store_session *session, struct db_params *params, int64_t *ret,
                      struct error *err)
{
    enum db_status status = db_params_step(params);

    if (status == DB_ROW)
        *ret = db_int(params->statement, 0);
    db_reset(params->statement);
    return status == DB_ROW || session_error(session, status == DB_DONE ? DB_CORRUPT : status, err);
}

bool hand_rows_uuid(struct store_session *session, struct db_statement *statement, int column,
                    struct uuid *ret, struct error *err)
{
    struct slice bytes = db_bytes(statement, column);

    if (bytes.len != sizeof ret->bytes)
        return session_error(session, DB_CORRUPT, err);
    memcpy(ret->bytes, bytes.ptr, bytes.len);
    return true;
}
