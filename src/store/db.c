/* store/db.c - what every driver's callers share: sticky parameters, and classes made errors.
 *
 * The table of classes is the only place that decides which failure of an engine becomes which
 * error. DB_INTERRUPTED and DB_NO_MEMORY become ERROR_BUSY, since the same request may well succeed
 * later; DB_TOO_LONG is the request's own fault; DB_IO and DB_CORRUPT become ERROR_IO, since it
 * will not.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/db.h"

#include <assert.h>

#include "base/arena.h"

static const enum error_code status_errors[DB_STATUS_COUNT] = {
    [DB_BUSY] = ERROR_BUSY,
    [DB_FULL] = ERROR_STORAGE_FULL,
    [DB_SYNC] = ERROR_STORE_FAILED,
    [DB_IO] = ERROR_IO,
    [DB_CONSTRAINT] = ERROR_CONFLICT,
    [DB_CORRUPT] = ERROR_IO,
    [DB_TOO_LONG] = ERROR_BAD_REQUEST,
    [DB_INTERRUPTED] = ERROR_BUSY,
    [DB_NO_MEMORY] = ERROR_BUSY,
    [DB_OTHER] = ERROR_INTERNAL,
};

#define X(name, text) [DB_##name] = text,
static const char *const status_texts[DB_STATUS_COUNT] = { DB_STATUSES(X) };
#undef X

bool db_error(enum db_status status, struct error *err)
{
    assert(status > DB_DONE && status < DB_STATUS_COUNT);
    return error_set(err, status_errors[status], SLICE_EMPTY, "The request failed: %s.",
                     status_texts[status]);
}

void db_params_null(struct db_params *params)
{
    if (params->status == DB_OK)
        params->status = params->statement->driver->bind_null(params->statement, params->next++);
}

void db_params_int(struct db_params *params, int64_t value)
{
    if (params->status == DB_OK)
        params->status =
            params->statement->driver->bind_int(params->statement, params->next++, value);
}

void db_params_real(struct db_params *params, double value)
{
    if (params->status == DB_OK)
        params->status =
            params->statement->driver->bind_real(params->statement, params->next++, value);
}

void db_params_text(struct db_params *params, struct slice value)
{
    if (params->status == DB_OK)
        params->status =
            params->statement->driver->bind_text(params->statement, params->next++, value);
}

void db_params_bytes(struct db_params *params, const void *bytes, size_t len)
{
    if (params->status == DB_OK)
        params->status =
            params->statement->driver->bind_bytes(params->statement, params->next++, bytes, len);
}

enum db_status db_params_step(struct db_params *params)
{
    return params->status == DB_OK ? db_step(params->statement) : params->status;
}

bool db_text_copy(struct db_statement *statement, int column, struct arena *arena,
                  struct slice *ret, struct error *err)
{
    if (!arena_copy(arena, db_text(statement, column), ret))
        return error_no_memory(err);
    return true;
}

enum db_status db_run(struct db *db, struct slice sql)
{
    struct db_statement *statement = NULL;
    enum db_status status = db->driver->prepare(db, sql, &statement);

    if (status != DB_OK)
        return status;
    do
        status = db_step(statement);
    while (status == DB_ROW);
    db->driver->finalize(statement);
    return status == DB_DONE ? DB_OK : status;
}
