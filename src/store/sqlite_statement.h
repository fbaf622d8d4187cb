/* store/sqlite_statement.h - the part of SQLite's driver that is about one statement. Private to
 * it.
 *
 * What each does is in store/db.h.
 */
#ifndef STORE_SQLITE_STATEMENT_H
#define STORE_SQLITE_STATEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "store/db.h"

struct sqlite3;

/* What an extended result code of SQLite's means. */
enum db_status sqlite_status(int extended);

/* A statement of the connection `handle`, for `driver`. */
enum db_status sqlite_statement_prepare(struct sqlite3 *handle, const struct db_driver *driver,
                                        struct slice sql, struct db_statement **ret);
void sqlite_statement_finalize(struct db_statement *statement);
enum db_status sqlite_statement_bind_null(struct db_statement *statement, int parameter);
enum db_status sqlite_statement_bind_int(struct db_statement *statement, int parameter,
                                         int64_t value);
enum db_status sqlite_statement_bind_real(struct db_statement *statement, int parameter,
                                          double value);
enum db_status sqlite_statement_bind_text(struct db_statement *statement, int parameter,
                                          struct slice value);
enum db_status sqlite_statement_bind_bytes(struct db_statement *statement, int parameter,
                                           const void *bytes, size_t len);
enum db_status sqlite_statement_step(struct db_statement *statement);
void sqlite_statement_reset(struct db_statement *statement);
bool sqlite_statement_column_is_null(struct db_statement *statement, int column);
enum db_kind sqlite_statement_column_kind(struct db_statement *statement, int column);
double sqlite_statement_column_real(struct db_statement *statement, int column);
int64_t sqlite_statement_column_int(struct db_statement *statement, int column);
struct slice sqlite_statement_column_bytes(struct db_statement *statement, int column);

#endif
