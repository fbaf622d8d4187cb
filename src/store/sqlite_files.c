/* store/sqlite_files.c - a thin VFS that sees every sync of the database and its log.
 *
 * After a failed fsync() Linux may have dropped the pages and marks them clean: a second fsync()
 * reports success for data that is gone. So the first failure must be the last word. SQLite reports
 * a failed sync of a commit, but passes over some others (a checkpoint when the last connection
 * closes). Here none is missed, and once one failed every later sync fails too: no commit can
 * succeed, and no checkpoint can finish and throw the log away. The next start reads the log by its
 * checksums.
 *
 * How: each database gets a copy of the default VFS under a name of its own, with another open.
 * That lets the default VFS open the file and then gives the file a copy of its own method table in
 * which sync and write are ours; all others, reads above all, run as before at no cost. The copy
 * lies behind the default VFS's part of the file's memory, and is found again from the table that
 * the file points to. The default VFS never looks at a file's table, so the exchange is invisible
 * to it.
 *
 * A full disk is not a failed one: SQLite knows ENOSPC; an exhausted quota and a file size limit
 * are added here.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/sqlite_files.h"

#include <errno.h>
#include <sqlite3.h>
#include <stddef.h>

struct sqlite_files {
    sqlite3_vfs vfs; /* first: SQLite hands it back to files_open() */
    sqlite3_vfs *real;
    atomic_bool sync_failed;
    struct sqlite_file_faults *faults; /* NULL in production */
    char name[48];
};

/* Behind the default VFS's part of a watched file. */
struct watch {
    struct sqlite_files *files;
    const sqlite3_io_methods *real;
    sqlite3_io_methods methods; /* what the file points to */
};

static const struct watch *watch_of(const sqlite3_file *file)
{
    return (const struct watch *)(const void *)((const char *)file->pMethods -
                                                offsetof(struct watch, methods));
}

static size_t watch_offset(const sqlite3_vfs *real)
{
    size_t alignment = _Alignof(struct watch);

    return ((size_t)real->szOsFile + alignment - 1) / alignment * alignment;
}

static int fault_of(const struct sqlite_files *files)
{
    return files->faults ? atomic_load(&files->faults->fault) : SQLITE_FILES_WORK;
}

static int watched_sync(sqlite3_file *file, int flags)
{
    const struct watch *watch = watch_of(file);
    struct sqlite_files *files = watch->files;
    int rc;

    if (files->faults)
        atomic_fetch_add(&files->faults->syncs, 1);
    if (atomic_load(&files->sync_failed))
        return SQLITE_IOERR_FSYNC;
    rc = fault_of(files) == SQLITE_FILES_SYNC_FAILS ? SQLITE_IOERR_FSYNC
                                                    : watch->real->xSync(file, flags);
    if (rc != SQLITE_OK)
        atomic_store(&files->sync_failed, true);
    return rc;
}

static int watched_write(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 offset)
{
    const struct watch *watch = watch_of(file);
    int rc;

    switch (fault_of(watch->files)) {
    case SQLITE_FILES_WRITE_FAILS:
        rc = SQLITE_IOERR_WRITE;
        errno = EIO;
        break;
    case SQLITE_FILES_FULL:
        return SQLITE_FULL;
    default:
        rc = watch->real->xWrite(file, bytes, len, offset);
    }
    if (rc == SQLITE_IOERR_WRITE && (errno == EDQUOT || errno == EFBIG))
        return SQLITE_FULL;
    if (rc == SQLITE_IOERR_WRITE)
        atomic_store(&watch->files->sync_failed, true);
    return rc;
}

static void watch_file(struct sqlite_files *files, sqlite3_file *file)
{
    struct watch *watch = (struct watch *)(void *)((char *)file + watch_offset(files->real));

    watch->files = files;
    watch->real = file->pMethods;
    watch->methods = *file->pMethods;
    watch->methods.xSync = watched_sync;
    watch->methods.xWrite = watched_write;
    file->pMethods = &watch->methods;
}

static int files_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                      int *ret_flags)
{
    struct sqlite_files *files = (struct sqlite_files *)(void *)vfs;
    int rc = files->real->xOpen(files->real, name, file, flags, ret_flags);

    /* Temporary files may fail as they like: nothing durable is in them. */
    if (rc == SQLITE_OK && file->pMethods &&
        flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL))
        watch_file(files, file);
    return rc;
}

bool sqlite_files_create(struct sqlite_file_faults *faults, struct sqlite_files **ret,
                         struct error *err)
{
    sqlite3_vfs *real = sqlite3_vfs_find(NULL);
    struct sqlite_files *files = calloc(1, sizeof *files);

    if (!real || !files) {
        free(files);
        return error_no_memory(err);
    }
    snprintf(files->name, sizeof files->name, "connectord-%p", (void *)files);
    files->real = real;
    files->faults = faults;
    files->vfs = *real;
    files->vfs.pNext = NULL;
    files->vfs.zName = files->name;
    files->vfs.szOsFile = (int)(watch_offset(real) + sizeof(struct watch));
    files->vfs.xOpen = files_open;
    if (sqlite3_vfs_register(&files->vfs, 0) != SQLITE_OK) {
        free(files);
        return error_no_memory(err);
    }
    *ret = files;
    return true;
}

void sqlite_files_destroy(struct sqlite_files *files)
{
    if (!files)
        return;
    sqlite3_vfs_unregister(&files->vfs);
    free(files);
}

const char *sqlite_files_vfs(const struct sqlite_files *files)
{
    return files->name;
}

bool sqlite_files_sync_failed(const struct sqlite_files *files)
{
    return atomic_load(&files->sync_failed);
}
