/* store/sqlite_files.h - the files of one SQLite database, watched for syncs and writes that fail.
 *
 * Must not know: SQL, the store.
 * Threads: the connections of a database may be on any thread; the questions may be asked on any.
 */
#ifndef STORE_SQLITE_FILES_H
#define STORE_SQLITE_FILES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"

struct sqlite_files;

/* What tests make the files do; each value may be set at any moment. */
enum sqlite_file_fault {
    SQLITE_FILES_WORK,
    SQLITE_FILES_SYNC_FAILS,  /* EIO on every sync */
    SQLITE_FILES_WRITE_FAILS, /* EIO on every write */
    SQLITE_FILES_FULL,        /* ENOSPC on every write */
};

struct sqlite_file_faults {
    atomic_int fault;           /* enum sqlite_file_fault */
    atomic_uint_fast64_t syncs; /* that were asked for so far */
};

/* Registers a VFS of its own for one database. `faults` may be NULL. */
bool sqlite_files_create(struct sqlite_file_faults *faults, struct sqlite_files **ret,
                         struct error *err) MUST_CHECK;
void sqlite_files_destroy(
    struct sqlite_files *files); /* every connection is closed; NULL is fine */

/* The name to give to sqlite3_open_v2(). */
const char *sqlite_files_vfs(const struct sqlite_files *files);

/* True once a sync or a write (other than for want of space) failed; never false again. */
bool sqlite_files_sync_failed(const struct sqlite_files *files);

#endif
