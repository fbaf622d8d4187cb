/* store/db.h - the seam between the store and a database engine: what a driver has to offer.
 *
 * One translator from queries to SQL (sql.c) sits above it, one driver per engine below it
 * (db_sqlite.c), and db_fault.c wraps any of them to make calls fail. A driver knows connections,
 * transactions, statements and what an engine's error means; it knows no entity and no table.
 *
 * Errors are classes, not texts: what the store does next depends on the class alone.
 *
 * Threads: a source may be used by any thread; a connection and its statements have one owner at a
 * time.
 */
#ifndef STORE_DB_H
#define STORE_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"

struct dialect;
struct arena;

/* What a call came to. name, what it means to whoever asked */
#define DB_STATUSES(X)                                                                             \
    X(OK, "done")                                                                                  \
    X(ROW, "a row is ready")                                                                       \
    X(DONE, "no further row")                                                                      \
    X(BUSY, "somebody else is writing to the store")                                               \
    X(FULL, "no space is left for the store")                                                      \
    X(SYNC, "the disk failed to keep what was written")                                            \
    X(IO, "the store cannot be read or written")                                                   \
    X(CONSTRAINT, "a rule of the store forbids it")                                                \
    X(CORRUPT, "the store is damaged, or is not a database")                                       \
    X(INTERRUPTED, "it took longer than allowed")                                                  \
    X(TOO_LONG, "a text that an expression makes is too long")                                     \
    X(NO_MEMORY, "not enough memory")                                                              \
    X(OTHER, "the store refused a statement")

#define X(name, text) DB_##name,
enum db_status { DB_STATUSES(X) DB_STATUS_COUNT };
#undef X

enum db_use { DB_READS, DB_WRITES };

/* What a column of a row holds, whatever its type was said to be. */
enum db_kind { DB_KIND_NULL, DB_KIND_INTEGER, DB_KIND_REAL, DB_KIND_TEXT, DB_KIND_BYTES };

/* How much a checkpoint may disturb: passive ones wait for nobody and leave what a reader still
 * needs, a restart waits a moment for readers and lets the log begin anew. */
enum db_checkpoint { DB_CHECKPOINT_PASSIVE, DB_CHECKPOINT_RESTART };

/* A database that connections can be made to; drivers embed it first in a struct of their own. */
struct db_source {
    const struct db_driver *driver;
};

struct db { /* a connection */
    const struct db_driver *driver;
};

struct db_statement { /* prepared; belongs to its connection */
    const struct db_driver *driver;
};

struct db_driver {
    const struct dialect *dialect;

    /* --- source --- */
    bool (*connect)(struct db_source *source, enum db_use use, struct db **ret, struct error *err);
    /* From here on no connection is made; what names the database outside may go. */
    void (*seal)(struct db_source *source);
    /* True once a write to disk failed in a way that leaves open what is there. Any thread. */
    bool (*sync_failed)(const struct db_source *source);
    void (*destroy)(struct db_source *source); /* every connection is closed */

    /* --- connection --- */
    void (*close)(struct db *db); /* every statement is finalized */
    enum db_status (*begin)(struct db *db, enum db_use use);
    enum db_status (*commit)(struct db *db);
    void (*rollback)(struct db *db); /* no-op without a transaction */
    /* False too after the engine rolled back by itself. */
    bool (*in_transaction)(const struct db *db);
    /* Statements running at `deadline_ms` (monotonic) end with DB_INTERRUPTED; 0: none do. */
    void (*set_deadline)(struct db *db, uint64_t deadline_ms);
    /* A text that a statement makes or reads past so many bytes ends it with DB_TOO_LONG; 0: the
     * engine's own bound. */
    void (*limit_text)(struct db *db, size_t bytes);
    int64_t (*changes)(const struct db *db); /* rows the last insert, update or delete touched */
    /* Rows that statements counted (dialect.counted) since this was last asked. */
    int64_t (*take_count)(struct db *db);
    /* Bytes that wait in the engine's log to be put in their place. */
    uint64_t (*log_bytes)(const struct db *db);
    /* DB_OK: all of them are in place; DB_BUSY: readers still need some. */
    enum db_status (*checkpoint)(struct db *db, enum db_checkpoint how);

    /* --- statement --- */
    enum db_status (*prepare)(struct db *db, struct slice sql, struct db_statement **ret);
    void (*finalize)(struct db_statement *statement);
    /* Parameters count from 1. Text and bytes are not copied: they stay until reset(). */
    enum db_status (*bind_null)(struct db_statement *statement, int parameter);
    enum db_status (*bind_int)(struct db_statement *statement, int parameter, int64_t value);
    enum db_status (*bind_real)(struct db_statement *statement, int parameter, double value);
    enum db_status (*bind_text)(struct db_statement *statement, int parameter, struct slice value);
    enum db_status (*bind_bytes)(struct db_statement *statement, int parameter, const void *bytes,
                                 size_t len);
    enum db_status (*step)(struct db_statement *statement); /* DB_ROW, DB_DONE or a failure */
    void (*reset)(struct db_statement *statement); /* to run again; forgets what was bound */
    /* Columns count from 0; slices stand until the next step or reset. NULL reads as 0 and as the
     * empty text. */
    bool (*column_is_null)(struct db_statement *statement, int column);
    enum db_kind (*column_kind)(struct db_statement *statement, int column);
    int64_t (*column_int)(struct db_statement *statement, int column);
    double (*column_real)(struct db_statement *statement, int column);
    struct slice (*column_text)(struct db_statement *statement, int column);
    struct slice (*column_bytes)(struct db_statement *statement, int column);
};

static inline enum db_status db_step(struct db_statement *statement)
{
    return statement->driver->step(statement);
}

static inline void db_reset(struct db_statement *statement)
{
    statement->driver->reset(statement);
}

static inline bool db_is_null(struct db_statement *statement, int column)
{
    return statement->driver->column_is_null(statement, column);
}

static inline enum db_kind db_kind_of(struct db_statement *statement, int column)
{
    return statement->driver->column_kind(statement, column);
}

static inline double db_real(struct db_statement *statement, int column)
{
    return statement->driver->column_real(statement, column);
}

static inline int64_t db_int(struct db_statement *statement, int column)
{
    return statement->driver->column_int(statement, column);
}

static inline struct slice db_text(struct db_statement *statement, int column)
{
    return statement->driver->column_text(statement, column);
}

static inline struct slice db_bytes(struct db_statement *statement, int column)
{
    return statement->driver->column_bytes(statement, column);
}

/* The same as a copy in `arena`; ERROR_TOO_LARGE past its budget. */
bool db_text_copy(struct db_statement *statement, int column, struct arena *arena,
                  struct slice *ret, struct error *err) MUST_CHECK;

/* Binds one parameter after the other; the first failure sticks and db_params_step() returns it. */
struct db_params {
    struct db_statement *statement;
    int next;
    enum db_status status;
};

#define DB_PARAMS(of) ((struct db_params){ .statement = (of), .next = 1, .status = DB_OK })

void db_params_null(struct db_params *params);
void db_params_int(struct db_params *params, int64_t value);
void db_params_real(struct db_params *params, double value);
void db_params_text(struct db_params *params, struct slice value);
void db_params_bytes(struct db_params *params, const void *bytes, size_t len);
enum db_status db_params_step(struct db_params *params);

/* Prepares, runs to the end and finalizes `sql`: for schema work, not for the hot path. */
enum db_status db_run(struct db *db, struct slice sql);

/* Fills *err with what `status`, a failure, means to a client; returns false. */
bool db_error(enum db_status status, struct error *err) COLD;

#endif
