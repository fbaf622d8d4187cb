/* store/db_sqlite.h - the SQLite driver of the seam in db.h.
 *
 * Must not know: entities, tables. The only place that calls SQLite's interface for SQL.
 */
#ifndef STORE_DB_SQLITE_H
#define STORE_DB_SQLITE_H

#include <stdbool.h>

#include "base/compiler.h"
#include "base/error.h"

struct db_source;
struct sqlite_file_faults;

#define DB_SQLITE_FILE_NAME "connectord.db"

struct db_sqlite_options {
    const char *directory; /* exists; NULL with `in_memory` */
    /* A private folder under TMPDIR (or /tmp) and no syncs. db_driver.seal() removes the names of
     * its files, so that nothing can be left behind. */
    bool in_memory;
    struct sqlite_file_faults *faults; /* tests only */
};

/* Errors: ERROR_IO, ERROR_CONFIGURATION with the folder's name. */
bool db_sqlite_create(const struct db_sqlite_options *options, struct db_source **ret,
                      struct error *err) MUST_CHECK;

#endif
