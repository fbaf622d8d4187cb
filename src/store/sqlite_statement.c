/* store/sqlite_statement.c - SQLite's statements behind the seam: prepared, bound, stepped, read.
 *
 * Values are bound SQLITE_STATIC: they lie in an arena or on a stack that outlives the step, and
 * reset() clears the bindings so that no statement keeps a pointer to what is gone.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/sqlite_statement.h"

#include <sqlite3.h>
#include <stdlib.h>

struct sqlite_statement {
    struct db_statement statement;
    sqlite3_stmt *handle;
};

static struct sqlite_statement *statement_of(struct db_statement *statement)
{
    return (struct sqlite_statement *)(void *)statement;
}

/* --- what SQLite's result codes mean ---------------------------------------------------------- */

static enum db_status classify_io(int extended)
{
    switch (extended) {
    case SQLITE_IOERR_FSYNC:
    case SQLITE_IOERR_DIR_FSYNC:
    case SQLITE_IOERR_WRITE:
        return DB_SYNC;
    case SQLITE_IOERR_SHMSIZE: /* the log's index could not grow */
        return DB_FULL;
    case SQLITE_IOERR_NOMEM:
        return DB_NO_MEMORY;
    default:
        return DB_IO;
    }
}

enum db_status sqlite_status(int extended)
{
    switch (extended & 0xff) {
    case SQLITE_OK:
        return DB_OK;
    case SQLITE_ROW:
        return DB_ROW;
    case SQLITE_DONE:
        return DB_DONE;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return DB_BUSY;
    case SQLITE_FULL:
        return DB_FULL;
    case SQLITE_IOERR:
        return classify_io(extended);
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return DB_IO;
    case SQLITE_CONSTRAINT:
        return DB_CONSTRAINT;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return DB_CORRUPT;
    case SQLITE_INTERRUPT:
        return DB_INTERRUPTED;
    case SQLITE_NOMEM:
        return DB_NO_MEMORY;
    case SQLITE_TOOBIG:
        return DB_TOO_LONG;
    default:
        return DB_OTHER;
    }
}

/* --- statements ------------------------------------------------------------------------------- */

enum db_status sqlite_statement_prepare(sqlite3 *handle, const struct db_driver *driver,
                                        struct slice sql, struct db_statement **ret)
{
    struct sqlite_statement *statement = calloc(1, sizeof *statement);
    int rc;

    if (!statement)
        return DB_NO_MEMORY;
    rc = sqlite3_prepare_v3(handle, sql.ptr, (int)sql.len, SQLITE_PREPARE_PERSISTENT,
                            &statement->handle, NULL);
    if (rc != SQLITE_OK) {
        free(statement);
        return sqlite_status(rc);
    }
    statement->statement.driver = driver;
    *ret = &statement->statement;
    return DB_OK;
}

void sqlite_statement_finalize(struct db_statement *statement)
{
    sqlite3_finalize(statement_of(statement)->handle);
    free(statement);
}

enum db_status sqlite_statement_bind_null(struct db_statement *statement, int parameter)
{
    return sqlite_status(sqlite3_bind_null(statement_of(statement)->handle, parameter));
}

enum db_status sqlite_statement_bind_int(struct db_statement *statement, int parameter,
                                         int64_t value)
{
    return sqlite_status(sqlite3_bind_int64(statement_of(statement)->handle, parameter, value));
}

/* What is no number becomes NULL. */
enum db_status sqlite_statement_bind_real(struct db_statement *statement, int parameter,
                                          double value)
{
    return sqlite_status(sqlite3_bind_double(statement_of(statement)->handle, parameter, value));
}

enum db_status sqlite_statement_bind_text(struct db_statement *statement, int parameter,
                                          struct slice value)
{
    /* A NULL pointer would bind NULL. */
    return sqlite_status(sqlite3_bind_text64(statement_of(statement)->handle, parameter,
                                             value.ptr ? value.ptr : "", value.len, SQLITE_STATIC,
                                             SQLITE_UTF8));
}

enum db_status sqlite_statement_bind_bytes(struct db_statement *statement, int parameter,
                                           const void *bytes, size_t len)
{
    return sqlite_status(
        sqlite3_bind_blob64(statement_of(statement)->handle, parameter, bytes, len, SQLITE_STATIC));
}

enum db_status sqlite_statement_step(struct db_statement *statement)
{
    return sqlite_status(sqlite3_step(statement_of(statement)->handle));
}

void sqlite_statement_reset(struct db_statement *statement)
{
    struct sqlite_statement *sqlite = statement_of(statement);

    sqlite3_reset(sqlite->handle);
    sqlite3_clear_bindings(sqlite->handle);
}

bool sqlite_statement_column_is_null(struct db_statement *statement, int column)
{
    return sqlite3_column_type(statement_of(statement)->handle, column) == SQLITE_NULL;
}

enum db_kind sqlite_statement_column_kind(struct db_statement *statement, int column)
{
    switch (sqlite3_column_type(statement_of(statement)->handle, column)) {
    case SQLITE_INTEGER:
        return DB_KIND_INTEGER;
    case SQLITE_FLOAT:
        return DB_KIND_REAL;
    case SQLITE_TEXT:
        return DB_KIND_TEXT;
    case SQLITE_BLOB:
        return DB_KIND_BYTES;
    default:
        return DB_KIND_NULL;
    }
}

double sqlite_statement_column_real(struct db_statement *statement, int column)
{
    return sqlite3_column_double(statement_of(statement)->handle, column);
}

int64_t sqlite_statement_column_int(struct db_statement *statement, int column)
{
    return sqlite3_column_int64(statement_of(statement)->handle, column);
}

/* For text too: what is stored is UTF-8, and this call neither converts nor terminates it. The
 * value is looked up once and asked twice, which SQLite allows where it takes no mutexes. */
struct slice sqlite_statement_column_bytes(struct db_statement *statement, int column)
{
    sqlite3_value *value = sqlite3_column_value(statement_of(statement)->handle, column);
    const char *bytes = sqlite3_value_blob(value);

    return (struct slice){ bytes, bytes ? (size_t)sqlite3_value_bytes(value) : 0 };
}
