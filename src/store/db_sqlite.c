/* store/db_sqlite.c - SQLite behind the seam: one file, its log, and a connection per session.
 *
 * Every connection is configured alike, by code and not by what the library was compiled with:
 *
 *   WAL                     readers and the writer do not wait for each other
 *   synchronous=FULL        a commit returns after fdatasync(); OFF where nothing is to last
 *   wal_autocheckpoint=0    SQLite's own checkpoints swallow a failed sync; ours are checkpoint.c
 *   journal_size_limit      the log keeps 8 MiB of its blocks when it begins anew: overwriting them
 *                           is cheaper to sync than growing a file
 *   mmap_size=0             a bad sector is then an error of one read and not the process's SIGBUS,
 *                           which is worth the 3 us that a get from a million rows would save
 *   cache 4 MiB             taken page by page as it is needed; an idle server has a few pages
 *   no mutexes              a connection has one owner at a time (MULTITHREAD, NOMUTEX), and the
 *                           library counts no memory (MEMSTATUS), which would be one lock for all
 *                           threads
 *   defensive, trusted_schema=OFF, no quoted strings, readers query_only
 *
 * The database file is made here and not by SQLite, for its mode: 0600; SQLite gives its log the
 * mode of the database. It is never opened by us when it exists, since closing any descriptor of a
 * file drops all POSIX locks that this process, SQLite included, holds on it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/db_sqlite.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sqlite3.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/db.h"
#include "store/dialect.h"
#include "store/directory.h"
#include "store/sqlite_files.h"
#include "store/sqlite_functions.h"
#include "store/sqlite_items.h"
#include "store/sqlite_statement.h"

#define BUSY_TIMEOUT_MS    5000 /* the command line's writes beside the server's are short */
#define RESTART_TIMEOUT_MS 250  /* readers let go at the end of their loop's turn */
#define PROGRESS_STEPS     1000 /* of SQLite's machine between two looks at the deadline */
#define LOG_FRAME_BYTES    (4096 + 24)

enum control {
    CONTROL_BEGIN_READ,
    CONTROL_BEGIN_WRITE,
    CONTROL_COMMIT,
    CONTROL_ROLLBACK,
    CONTROL_COUNT
};

static const char *const control_sql[CONTROL_COUNT] = {
    [CONTROL_BEGIN_READ] = "BEGIN DEFERRED",
    [CONTROL_BEGIN_WRITE] = "BEGIN IMMEDIATE",
    [CONTROL_COMMIT] = "COMMIT",
    [CONTROL_ROLLBACK] = "ROLLBACK",
};

struct sqlite_source {
    struct db_source source;
    struct sqlite_files *files;
    bool in_memory, sealed;
    char directory[PATH_MAX - 32];
    char path[PATH_MAX];
};

struct sqlite_db {
    struct db db;
    struct sqlite_source *source;
    sqlite3 *handle;
    sqlite3_stmt *controls[CONTROL_COUNT]; /* made on first use */
    uint64_t deadline_ms;
    int64_t counted;
    uint64_t log_frames; /* after the last commit or checkpoint of this connection */
};

static const struct db_driver driver;

static struct sqlite_source *source_of(struct db_source *source)
{
    return (struct sqlite_source *)(void *)source;
}

static struct sqlite_db *sqlite_of(struct db *db)
{
    return (struct sqlite_db *)(void *)db;
}

static const struct sqlite_db *sqlite_of_const(const struct db *db)
{
    return (const struct sqlite_db *)(const void *)db;
}

/* --- transactions ----------------------------------------------------------------------------- */

static enum db_status run_control(struct sqlite_db *sqlite, enum control control)
{
    sqlite3_stmt **handle = &sqlite->controls[control];
    int rc;

    if (!*handle) {
        rc = sqlite3_prepare_v3(sqlite->handle, control_sql[control], -1, SQLITE_PREPARE_PERSISTENT,
                                handle, NULL);
        if (rc != SQLITE_OK)
            return sqlite_status(rc);
    }
    rc = sqlite3_step(*handle);
    sqlite3_reset(*handle);
    return rc == SQLITE_DONE ? DB_OK : sqlite_status(rc);
}

static bool sqlite_in_transaction(const struct db *db)
{
    return !sqlite3_get_autocommit(sqlite_of_const(db)->handle);
}

static enum db_status sqlite_begin(struct db *db, enum db_use use)
{
    return run_control(sqlite_of(db), use == DB_WRITES ? CONTROL_BEGIN_WRITE : CONTROL_BEGIN_READ);
}

static enum db_status sqlite_commit(struct db *db)
{
    struct sqlite_db *sqlite = sqlite_of(db);
    enum db_status status = run_control(sqlite, CONTROL_COMMIT);

    /* A sync that failed below SQLite's notice counts as this commit's. */
    return sqlite_files_sync_failed(sqlite->source->files) ? DB_SYNC : status;
}

static void sqlite_rollback(struct db *db)
{
    if (!sqlite_in_transaction(db))
        return;
    /* Preparing the statement may want memory that is not there; ending it must not fail. */
    if (run_control(sqlite_of(db), CONTROL_ROLLBACK) != DB_OK && sqlite_in_transaction(db))
        sqlite3_exec(sqlite_of(db)->handle, "ROLLBACK", NULL, NULL, NULL);
}

static void sqlite_set_deadline(struct db *db, uint64_t deadline_ms)
{
    sqlite_of(db)->deadline_ms = deadline_ms;
}

static void sqlite_limit_text(struct db *db, size_t bytes)
{
    sqlite3_limit(sqlite_of(db)->handle, SQLITE_LIMIT_LENGTH,
                  bytes > 0 && bytes < INT_MAX ? (int)bytes
                                               : INT_MAX); /* which it cuts to its own */
}

static int64_t sqlite_changes(const struct db *db)
{
    return sqlite3_changes64(sqlite_of_const(db)->handle);
}

static int64_t sqlite_take_count(struct db *db)
{
    int64_t counted = sqlite_of(db)->counted;

    sqlite_of(db)->counted = 0;
    return counted;
}

static uint64_t sqlite_log_bytes(const struct db *db)
{
    return sqlite_of_const(db)->log_frames * LOG_FRAME_BYTES;
}

static enum db_status sqlite_checkpoint(struct db *db, enum db_checkpoint how)
{
    struct sqlite_db *sqlite = sqlite_of(db);
    bool restart = how == DB_CHECKPOINT_RESTART;
    int frames = 0, done = 0, rc;

    sqlite3_busy_timeout(sqlite->handle, restart ? RESTART_TIMEOUT_MS : 0);
    rc = sqlite3_wal_checkpoint_v2(sqlite->handle, NULL,
                                   restart ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_PASSIVE,
                                   &frames, &done);
    sqlite3_busy_timeout(sqlite->handle, BUSY_TIMEOUT_MS);
    if (sqlite_files_sync_failed(sqlite->source->files))
        return DB_SYNC;
    if (rc != SQLITE_OK)
        return sqlite_status(rc);
    if (restart)
        sqlite->log_frames = 0;
    return done < frames ? DB_BUSY : DB_OK;
}

/* --- connections ------------------------------------------------------------------------------ */

static int on_progress(void *arg)
{
    const struct sqlite_db *sqlite = arg;

    return sqlite->deadline_ms != 0 && clock_monotonic_ms() >= sqlite->deadline_ms;
}

static int on_commit(void *arg, sqlite3 *handle UNUSED, const char *name UNUSED, int frames)
{
    struct sqlite_db *sqlite = arg;

    sqlite->log_frames = (uint64_t)frames;
    return SQLITE_OK;
}

static void sqlite_close(struct db *db)
{
    struct sqlite_db *sqlite = sqlite_of(db);
    int rc;

    for (size_t i = 0; i < CONTROL_COUNT; i++)
        sqlite3_finalize(sqlite->controls[i]);
    rc = sqlite3_close(sqlite->handle);
    assert(rc == SQLITE_OK); /* else a statement was left */
    (void)rc;
    free(sqlite);
}

static int set_flag(sqlite3 *handle, int flag, int value)
{
    return sqlite3_db_config(handle, flag, value, NULL);
}

static int configure_flags(struct sqlite_db *sqlite)
{
    sqlite3 *handle = sqlite->handle;
    int rc = set_flag(handle, SQLITE_DBCONFIG_DEFENSIVE, 1);

    if (rc == SQLITE_OK)
        rc = set_flag(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0);
    if (rc == SQLITE_OK)
        rc = set_flag(handle, SQLITE_DBCONFIG_ENABLE_FKEY, 1);
    if (rc == SQLITE_OK)
        rc = set_flag(handle, SQLITE_DBCONFIG_DQS_DDL, 0);
    if (rc == SQLITE_OK)
        rc = set_flag(handle, SQLITE_DBCONFIG_DQS_DML, 0);
    if (rc == SQLITE_OK && sqlite->source->in_memory)
        rc = set_flag(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1);
    return rc;
}

/* SQLite goes on without either when it must (a file that may only be read, a network's file system
 * that shares no memory), and says so to those who ask. */
static int require_wal(sqlite3 *handle)
{
    sqlite3_stmt *stmt = NULL;
    int rc;

    if (sqlite3_db_readonly(handle, "main") == 1)
        return SQLITE_READONLY;
    rc = sqlite3_prepare_v2(handle, "PRAGMA journal_mode = WAL", -1, &stmt, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW)
        rc = strcmp((const char *)sqlite3_column_text(stmt, 0), "wal") == 0 ? SQLITE_OK
                                                                            : SQLITE_PROTOCOL;
    sqlite3_finalize(stmt);
    return rc;
}

static int configure(struct sqlite_db *sqlite, enum db_use use)
{
    sqlite3 *handle = sqlite->handle;
    int rc = configure_flags(sqlite);

    sqlite3_busy_timeout(handle, BUSY_TIMEOUT_MS);
    if (use == DB_READS)
        sqlite3_progress_handler(handle, PROGRESS_STEPS, on_progress, sqlite);
    if (rc == SQLITE_OK)
        rc = sqlite_functions_add(handle, &sqlite->deadline_ms, &sqlite->counted);
    if (rc == SQLITE_OK)
        rc = sqlite_items_add(handle);
    /* First of all: making a file a WAL database syncs it several times. */
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(handle,
                          sqlite->source->in_memory ? "PRAGMA synchronous = OFF"
                                                    : "PRAGMA synchronous = FULL",
                          NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = require_wal(handle);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(handle,
                          "PRAGMA journal_size_limit = 8388608;"
                          "PRAGMA cache_size = -4096;"
                          "PRAGMA mmap_size = 0;"
                          "PRAGMA temp_store = MEMORY;"
                          "PRAGMA secure_delete = FAST;",
                          NULL, NULL, NULL);
    if (rc == SQLITE_OK && use == DB_READS)
        rc = sqlite3_exec(handle, "PRAGMA query_only = ON", NULL, NULL, NULL);
    /* Opens the log now: after seal() there is no name to open it by. */
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(handle, "SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL);
    sqlite3_wal_hook(handle, on_commit, sqlite); /* also ends automatic checkpoints */
    return rc;
}

static bool open_error(const struct sqlite_source *source, int rc, struct error *err)
{
    enum db_status status = sqlite_status(rc);

    if (status == DB_CORRUPT)
        return error_set(err, ERROR_CONFIGURATION, SLICE("data-dir"),
                         "'%s' is damaged, or is not a database.", source->path);
    if (status == DB_IO || status == DB_OTHER)
        return error_set(err, ERROR_IO, SLICE("data-dir"), "Cannot open '%s': %s.", source->path,
                         sqlite3_errstr(rc));
    return db_error(status, err);
}

/* With the mode that it is to have; see above for why not when it exists. */
static bool make_file(const struct sqlite_source *source, struct error *err)
{
    int fd = open(source->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0 && errno != EEXIST)
        return error_set(err, ERROR_IO, SLICE("data-dir"), "Cannot make '%s': %s.", source->path,
                         strerror(errno));
    if (fd >= 0)
        close(fd);
    return true;
}

static bool sqlite_connect(struct db_source *source, enum db_use use, struct db **ret,
                           struct error *err)
{
    struct sqlite_source *sqlite_source = source_of(source);
    struct sqlite_db *sqlite;
    int rc;

    if (sqlite_source->sealed)
        return error_set(err, ERROR_INTERNAL, SLICE_EMPTY, "The store takes no further sessions.");
    sqlite = calloc(1, sizeof *sqlite);
    if (!sqlite)
        return error_no_memory(err);
    sqlite->db.driver = &driver;
    sqlite->source = sqlite_source;
    rc = sqlite3_open_v2(sqlite_source->path, &sqlite->handle,
                         SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
                         sqlite_files_vfs(sqlite_source->files));
    if (rc == SQLITE_OK)
        rc = configure(sqlite, use);
    if (rc != SQLITE_OK) {
        open_error(sqlite_source, rc, err);
        sqlite_close(&sqlite->db);
        return false;
    }
    *ret = &sqlite->db;
    return true;
}

/* --- source ----------------------------------------------------------------------------------- */

static void remove_names(const struct sqlite_source *source)
{
    static const char *const suffixes[] = { "", "-wal", "-shm" };
    char path[PATH_MAX + 8];

    for (size_t i = 0; i < COUNT_OF(suffixes); i++) {
        snprintf(path, sizeof path, "%s%s", source->path, suffixes[i]);
        unlink(path);
    }
    rmdir(source->directory);
}

static void sqlite_seal(struct db_source *source)
{
    struct sqlite_source *sqlite_source = source_of(source);

    if (!sqlite_source->in_memory || sqlite_source->sealed)
        return;
    sqlite_source->sealed = true;
    remove_names(sqlite_source);
}

static bool sqlite_sync_failed(const struct db_source *source)
{
    return sqlite_files_sync_failed(((const struct sqlite_source *)(const void *)source)->files);
}

static void sqlite_destroy(struct db_source *source)
{
    struct sqlite_source *sqlite_source = source_of(source);

    sqlite_seal(source);
    sqlite_files_destroy(sqlite_source->files);
    free(sqlite_source);
}

static enum db_status sqlite_prepare(struct db *db, struct slice sql, struct db_statement **ret)
{
    return sqlite_statement_prepare(sqlite_of(db)->handle, &driver, sql, ret);
}

static const struct db_driver driver = {
    .dialect = &dialect_sqlite,
    .connect = sqlite_connect,
    .seal = sqlite_seal,
    .sync_failed = sqlite_sync_failed,
    .destroy = sqlite_destroy,
    .close = sqlite_close,
    .begin = sqlite_begin,
    .commit = sqlite_commit,
    .rollback = sqlite_rollback,
    .in_transaction = sqlite_in_transaction,
    .set_deadline = sqlite_set_deadline,
    .limit_text = sqlite_limit_text,
    .changes = sqlite_changes,
    .take_count = sqlite_take_count,
    .log_bytes = sqlite_log_bytes,
    .checkpoint = sqlite_checkpoint,
    .prepare = sqlite_prepare,
    .finalize = sqlite_statement_finalize,
    .bind_null = sqlite_statement_bind_null,
    .bind_int = sqlite_statement_bind_int,
    .bind_real = sqlite_statement_bind_real,
    .bind_text = sqlite_statement_bind_text,
    .bind_bytes = sqlite_statement_bind_bytes,
    .step = sqlite_statement_step,
    .reset = sqlite_statement_reset,
    .column_is_null = sqlite_statement_column_is_null,
    .column_kind = sqlite_statement_column_kind,
    .column_int = sqlite_statement_column_int,
    .column_real = sqlite_statement_column_real,
    .column_text = sqlite_statement_column_bytes,
    .column_bytes = sqlite_statement_column_bytes,
};

static pthread_once_t library_once = PTHREAD_ONCE_INIT;

/* Of no effect, and harmless, where the process used SQLite before. */
static void configure_library(void)
{
    sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    sqlite3_initialize();
}

static bool name_files(struct sqlite_source *source, const struct db_sqlite_options *options,
                       struct error *err)
{
    int len;

    if (options->in_memory) {
        if (!directory_make_private(source->directory, sizeof source->directory, err))
            return false;
    } else {
        len = snprintf(source->directory, sizeof source->directory, "%s", options->directory);
        if (len < 0 || (size_t)len >= sizeof source->directory)
            return error_set(err, ERROR_CONFIGURATION, SLICE("data-dir"),
                             "The folder's name is too long.");
    }
    snprintf(source->path, sizeof source->path, "%s/%s", source->directory, DB_SQLITE_FILE_NAME);
    return true;
}

bool db_sqlite_create(const struct db_sqlite_options *options, struct db_source **ret,
                      struct error *err)
{
    struct sqlite_source *source = calloc(1, sizeof *source);

    if (!source)
        return error_no_memory(err);
    pthread_once(&library_once, configure_library);
    source->source.driver = &driver;
    if (!sqlite_files_create(options->faults, &source->files, err) ||
        !name_files(source, options, err)) {
        sqlite_files_destroy(source->files);
        free(source);
        return false;
    }
    source->in_memory = options->in_memory;
    if (!make_file(source, err)) {
        sqlite_destroy(&source->source);
        return false;
    }
    *ret = &source->source;
    return true;
}
