/* store/db_fault.c - a driver around a driver, that fails when its plan says so.
 *
 * A fault comes before the call (the engine never heard of it) or after it (the engine did it and
 * the answer was lost): whoever relies on the answer alone is caught by one of the two. With
 * `rolls_back` the transaction is gone as well, which SQLite does on a full disk, on I/O errors and
 * for want of memory.
 *
 * What cannot fail is passed through: reset, rollback, columns, closing.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/db_fault.h"

struct fault_source {
    struct db_source source;
    struct db_source *inner;
    struct db_fault_plan *plan;
    struct db_driver driver; /* ours, with the dialect of the inner one */
};

struct fault_db {
    struct db db;
    struct db *inner;
    struct db_fault_plan *plan;
};

struct fault_statement {
    struct db_statement statement;
    struct db_statement *inner;
    struct fault_db *db;
};

static struct fault_source *source_of(struct db_source *source)
{
    return (struct fault_source *)(void *)source;
}

static struct fault_db *db_of(struct db *db)
{
    return (struct fault_db *)(void *)db;
}

static const struct fault_db *db_of_const(const struct db *db)
{
    return (const struct fault_db *)(const void *)db;
}

static struct fault_statement *statement_of(struct db_statement *statement)
{
    return (struct fault_statement *)(void *)statement;
}

/* Counts a call; true when it is the one to fail. */
static bool fires(struct db_fault_plan *plan, enum db_fault_kind kind)
{
    if (!(plan->kinds & kind) || ++plan->calls != plan->fail_at)
        return false;
    plan->fired = true;
    plan->fired_kind = kind;
    return true;
}

static enum db_status fail(const struct fault_db *db)
{
    if (db->plan->rolls_back)
        db->inner->driver->rollback(db->inner);
    return db->plan->status;
}

/* --- source ----------------------------------------------------------------------------------- */

static void fault_close(struct db *db)
{
    struct fault_db *fault = db_of(db);

    fault->inner->driver->close(fault->inner);
    free(fault);
}

static bool fault_connect(struct db_source *source, enum db_use use, struct db **ret,
                          struct error *err)
{
    struct fault_source *fault = source_of(source);
    struct fault_db *db;

    if (fires(fault->plan, DB_FAULT_CONNECT))
        return db_error(fault->plan->status, err);
    db = calloc(1, sizeof *db);
    if (!db)
        return error_no_memory(err);
    db->db.driver = source->driver;
    db->plan = fault->plan;
    if (!fault->inner->driver->connect(fault->inner, use, &db->inner, err)) {
        free(db);
        return false;
    }
    *ret = &db->db;
    return true;
}

static void fault_seal(struct db_source *source)
{
    struct fault_source *fault = source_of(source);

    fault->inner->driver->seal(fault->inner);
}

static bool fault_sync_failed(const struct db_source *source)
{
    const struct fault_source *fault = (const struct fault_source *)(const void *)source;

    return fault->inner->driver->sync_failed(fault->inner);
}

static void fault_destroy(struct db_source *source)
{
    struct fault_source *fault = source_of(source);

    fault->inner->driver->destroy(fault->inner);
    free(fault);
}

/* --- connection ------------------------------------------------------------------------------- */

static enum db_status fault_begin(struct db *db, enum db_use use)
{
    struct fault_db *fault = db_of(db);
    bool fired = fires(fault->plan, DB_FAULT_BEGIN);
    enum db_status status = DB_OK;

    if (!fired || fault->plan->after)
        status = fault->inner->driver->begin(fault->inner, use);
    return fired ? fail(fault) : status;
}

static enum db_status fault_commit(struct db *db)
{
    struct fault_db *fault = db_of(db);
    bool fired = fires(fault->plan, DB_FAULT_COMMIT);
    enum db_status status = DB_OK;

    if (!fired || fault->plan->after)
        status = fault->inner->driver->commit(fault->inner);
    return fired ? fail(fault) : status;
}

static void fault_rollback(struct db *db)
{
    struct fault_db *fault = db_of(db);

    fault->inner->driver->rollback(fault->inner);
}

static bool fault_in_transaction(const struct db *db)
{
    const struct fault_db *fault = db_of_const(db);

    return fault->inner->driver->in_transaction(fault->inner);
}

static void fault_set_deadline(struct db *db, uint64_t deadline_ms)
{
    struct fault_db *fault = db_of(db);

    fault->inner->driver->set_deadline(fault->inner, deadline_ms);
}

static void fault_limit_text(struct db *db, size_t bytes)
{
    struct fault_db *fault = db_of(db);

    fault->inner->driver->limit_text(fault->inner, bytes);
}

static int64_t fault_changes(const struct db *db)
{
    const struct fault_db *fault = db_of_const(db);

    return fault->inner->driver->changes(fault->inner);
}

static int64_t fault_take_count(struct db *db)
{
    struct fault_db *fault = db_of(db);

    return fault->inner->driver->take_count(fault->inner);
}

static uint64_t fault_log_bytes(const struct db *db)
{
    const struct fault_db *fault = db_of_const(db);

    return fault->inner->driver->log_bytes(fault->inner);
}

static enum db_status fault_checkpoint(struct db *db, enum db_checkpoint how)
{
    struct fault_db *fault = db_of(db);
    bool fired = fires(fault->plan, DB_FAULT_CHECKPOINT);
    enum db_status status = DB_OK;

    if (!fired || fault->plan->after)
        status = fault->inner->driver->checkpoint(fault->inner, how);
    return fired ? fault->plan->status : status;
}

/* --- statement -------------------------------------------------------------------------------- */

static void fault_finalize(struct db_statement *statement)
{
    struct fault_statement *fault = statement_of(statement);

    fault->inner->driver->finalize(fault->inner);
    free(fault);
}

static enum db_status fault_prepare(struct db *db, struct slice sql, struct db_statement **ret)
{
    struct fault_db *fault = db_of(db);
    struct fault_statement *statement;
    enum db_status status;

    if (fires(fault->plan, DB_FAULT_PREPARE))
        return fail(fault);
    statement = calloc(1, sizeof *statement);
    if (!statement)
        return DB_NO_MEMORY;
    status = fault->inner->driver->prepare(fault->inner, sql, &statement->inner);
    if (status != DB_OK) {
        free(statement);
        return status;
    }
    statement->statement.driver = db->driver;
    statement->db = fault;
    *ret = &statement->statement;
    return DB_OK;
}

static enum db_status fault_bind_null(struct db_statement *statement, int parameter)
{
    struct fault_statement *fault = statement_of(statement);

    if (fires(fault->db->plan, DB_FAULT_BIND))
        return fail(fault->db);
    return fault->inner->driver->bind_null(fault->inner, parameter);
}

static enum db_status fault_bind_int(struct db_statement *statement, int parameter, int64_t value)
{
    struct fault_statement *fault = statement_of(statement);

    if (fires(fault->db->plan, DB_FAULT_BIND))
        return fail(fault->db);
    return fault->inner->driver->bind_int(fault->inner, parameter, value);
}

static enum db_status fault_bind_real(struct db_statement *statement, int parameter, double value)
{
    struct fault_statement *fault = statement_of(statement);

    if (fires(fault->db->plan, DB_FAULT_BIND))
        return fail(fault->db);
    return fault->inner->driver->bind_real(fault->inner, parameter, value);
}

static enum db_status fault_bind_text(struct db_statement *statement, int parameter,
                                      struct slice value)
{
    struct fault_statement *fault = statement_of(statement);

    if (fires(fault->db->plan, DB_FAULT_BIND))
        return fail(fault->db);
    return fault->inner->driver->bind_text(fault->inner, parameter, value);
}

static enum db_status fault_bind_bytes(struct db_statement *statement, int parameter,
                                       const void *bytes, size_t len)
{
    struct fault_statement *fault = statement_of(statement);

    if (fires(fault->db->plan, DB_FAULT_BIND))
        return fail(fault->db);
    return fault->inner->driver->bind_bytes(fault->inner, parameter, bytes, len);
}

static void fault_reset(struct db_statement *statement)
{
    struct fault_statement *fault = statement_of(statement);

    fault->inner->driver->reset(fault->inner);
}

static enum db_status fault_step(struct db_statement *statement)
{
    struct fault_statement *fault = statement_of(statement);
    bool fired = fires(fault->db->plan, DB_FAULT_STEP);
    enum db_status status = DB_DONE;

    if (!fired || fault->db->plan->after)
        status = fault->inner->driver->step(fault->inner);
    if (!fired)
        return status;
    fault_reset(statement); /* a statement that failed is at its end */
    return fail(fault->db);
}

static bool fault_column_is_null(struct db_statement *statement, int column)
{
    struct fault_statement *fault = statement_of(statement);

    return fault->inner->driver->column_is_null(fault->inner, column);
}

static enum db_kind fault_column_kind(struct db_statement *statement, int column)
{
    struct fault_statement *fault = statement_of(statement);

    return fault->inner->driver->column_kind(fault->inner, column);
}

static double fault_column_real(struct db_statement *statement, int column)
{
    struct fault_statement *fault = statement_of(statement);

    return fault->inner->driver->column_real(fault->inner, column);
}

static int64_t fault_column_int(struct db_statement *statement, int column)
{
    struct fault_statement *fault = statement_of(statement);

    return fault->inner->driver->column_int(fault->inner, column);
}

static struct slice fault_column_text(struct db_statement *statement, int column)
{
    struct fault_statement *fault = statement_of(statement);

    return fault->inner->driver->column_text(fault->inner, column);
}

static struct slice fault_column_bytes(struct db_statement *statement, int column)
{
    struct fault_statement *fault = statement_of(statement);

    return fault->inner->driver->column_bytes(fault->inner, column);
}

static const struct db_driver calls = {
    .connect = fault_connect,
    .seal = fault_seal,
    .sync_failed = fault_sync_failed,
    .destroy = fault_destroy,
    .close = fault_close,
    .begin = fault_begin,
    .commit = fault_commit,
    .rollback = fault_rollback,
    .in_transaction = fault_in_transaction,
    .set_deadline = fault_set_deadline,
    .changes = fault_changes,
    .limit_text = fault_limit_text,
    .take_count = fault_take_count,
    .log_bytes = fault_log_bytes,
    .checkpoint = fault_checkpoint,
    .prepare = fault_prepare,
    .finalize = fault_finalize,
    .bind_null = fault_bind_null,
    .bind_int = fault_bind_int,
    .bind_real = fault_bind_real,
    .bind_text = fault_bind_text,
    .bind_bytes = fault_bind_bytes,
    .step = fault_step,
    .reset = fault_reset,
    .column_is_null = fault_column_is_null,
    .column_kind = fault_column_kind,
    .column_int = fault_column_int,
    .column_real = fault_column_real,
    .column_text = fault_column_text,
    .column_bytes = fault_column_bytes,
};

bool db_fault_wrap(struct db_source *inner, struct db_fault_plan *plan, struct db_source **ret,
                   struct error *err)
{
    struct fault_source *fault = calloc(1, sizeof *fault);

    if (!fault)
        return error_no_memory(err);
    fault->inner = inner;
    fault->plan = plan;
    fault->driver = calls;
    fault->driver.dialect = inner->driver->dialect;
    fault->source.driver = &fault->driver;
    *ret = &fault->source;
    return true;
}
