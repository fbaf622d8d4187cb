/* store/session.c - a session: one connection, its statements, and the transaction that is open.
 *
 * Reading. BEGIN alone fixes nothing in SQLite, the first SELECT does. That first SELECT reads the
 * row of store_state, which every transaction wants to see anyway: it holds the registry's version.
 * While no commit was counted the transaction is kept, and beginning again costs one atomic load.
 * The count is read before BEGIN: a commit in between is then seen twice rather than not at all.
 *
 * Writing. BEGIN IMMEDIATE takes the write lock at once (the command line may hold it for a
 * moment), so that no statement of a group can find somebody else's write under its feet. Each
 * operation is a savepoint of the same name; they never nest.
 *
 * What must not happen is a statement outside a transaction: SQLite would run and commit it alone,
 * and SAVEPOINT would begin a transaction of its own. SQLite ends a transaction by itself on some
 * errors, so every function looks whether it still stands (session_check). And an operation that
 * was to be undone must never be committed: when ROLLBACK TO fails, the whole transaction goes.
 *
 * The count of commits is raised even when COMMIT failed: its outcome may be unknown, and a reader
 * that looks again for nothing does no harm.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/session.h"

#include <assert.h>

#include "base/text.h"

static const char state_sql[] = "SELECT registry_version, id_limit_ms FROM store_state";
static const char savepoint_sql[] = "SAVEPOINT operation";
static const char release_sql[] = "RELEASE operation";
static const char undo_sql[] = "ROLLBACK TO operation";

bool store_session_open(struct store *store, enum store_session_kind kind,
                        struct store_session **ret, struct error *err)
{
    struct store_session *session = calloc(1, sizeof *session);

    if (!session)
        return error_no_memory(err);
    session->store = store;
    session->kind = kind;
    if (!store->source->driver->connect(store->source, kind == STORE_WRITES ? DB_WRITES : DB_READS,
                                        &session->db, err)) {
        free(session);
        return false;
    }
    *ret = session;
    return true;
}

static void end_transaction(struct store_session *session)
{
    session->db->driver->rollback(session->db);
    session->state = SESSION_IDLE;
    session->in_operation = false;
}

void store_session_close(struct store_session *session)
{
    if (!session)
        return;
    end_transaction(session);
    statements_release(&session->statements);
    session->db->driver->close(session->db);
    free(session);
}

void store_session_set_deadline(struct store_session *session, uint64_t deadline_ms)
{
    session->db->driver->set_deadline(session->db, deadline_ms);
}

bool session_error(struct store_session *session, enum db_status status, struct error *err)
{
    if (status == DB_SYNC)
        atomic_store(&session->store->failed, true);
    if (status == DB_TOO_LONG)
        session->too_long = true;
    return db_error(status, err);
}

void session_limit_texts(struct store_session *session, bool limited)
{
    if (limited)
        session->too_long = false;
    if (session->store->text_bytes)
        session->db->driver->limit_text(session->db, limited ? session->store->text_bytes : 0);
}

bool session_refuse_long(const struct store_session *session, const char *target,
                         const char *clause, struct error *err)
{
    return error_set(err, ERROR_BAD_REQUEST, slice_of(target),
                     "Invalid %s clause: An expression makes a text of more than %zu bytes.",
                     clause, session->store->text_bytes);
}

bool session_check(const struct store_session *session, bool operation, struct error *err)
{
    assert(session->state != SESSION_IDLE);
    if (!session->db->driver->in_transaction(session->db))
        return error_set(err, ERROR_INTERNAL, SLICE_EMPTY, "The transaction was rolled back.");
    assert(!operation || session->in_operation);
    return true;
}

/* --- statements ------------------------------------------------------------------------------- */

static bool prepare(struct store_session *session, const struct statement_key *key,
                    struct slice sql, struct db_statement **ret, struct error *err)
{
    enum db_status status = session->db->driver->prepare(session->db, sql, ret);

    if (status != DB_OK)
        return session_error(session, status, err);
    statements_keep(&session->statements, key, *ret);
    return true;
}

static bool prepare_text(struct store_session *session, const struct edm_entity_type *type,
                         const struct statement_key *key, const struct text *sql,
                         struct db_statement **ret, struct error *err)
{
    if (sql->failed)
        return error_set(err, ERROR_INTERNAL, SLICE_EMPTY, "The names of '%.*s' are too long.",
                         SLICE_ARG(type->name));
    return prepare(session, key, text_slice(sql), ret, err);
}

static bool prepare_operation(struct store_session *session, const struct edm_entity_type *type,
                              const struct statement_key *key, struct db_statement **ret,
                              struct error *err)
{
    char memory[SQL_TEXT_MAX];
    struct text sql;

    text_init_fixed(&sql, memory, sizeof memory);
    sql_operation(&sql, type, (enum sql_operation)key->operation, key->properties);
    return prepare_text(session, type, key, &sql, ret, err);
}

static bool prepare_rows(struct store_session *session, const struct edm_entity_type *type,
                         enum sql_operation operation, const struct sql_rows *rows,
                         const struct statement_key *key, struct db_statement **ret,
                         struct error *err)
{
    char memory[SQL_TEXT_MAX];
    struct text sql;

    text_init_fixed(&sql, memory, sizeof memory);
    sql_rows_operation(&sql, type, operation, key->properties, rows);
    return prepare_text(session, type, key, &sql, ret, err);
}

/* *ret is NULL, with DB_OK, when there is no memory for its text. */
static enum db_status prepare_chosen(struct store_session *session,
                                     const struct edm_entity_type *type,
                                     enum sql_operation operation, uint64_t properties,
                                     const struct sql_rows *rows, struct arena *arena,
                                     struct db_statement **ret)
{
    size_t chosen =
        rows->condition.len + rows->bounds.len + rows->keys.len + rows->after.len + rows->terms.len;
    struct text sql;

    *ret = NULL;
    text_init(&sql, arena, 1024 + chosen, SQL_TEXT_MAX + chosen);
    sql_rows_operation(&sql, type, operation, properties, rows);
    return sql.failed ? DB_OK : session->db->driver->prepare(session->db, text_slice(&sql), ret);
}

/* The words are ours and right; how many stand inside each other is not. An order that is refused
 * without the condition as well is the reason itself. */
static bool refuse_chosen(struct store_session *session, const struct edm_entity_type *type,
                          enum sql_operation operation, const struct sql_rows *rows,
                          struct arena *arena, struct error *err)
{
    struct sql_rows unfiltered = *rows;
    struct db_statement *statement = NULL;
    bool of_order = false;

    unfiltered.condition = SLICE_EMPTY;
    if (rows->keys.len > 0)
        of_order =
            prepare_chosen(session, type, operation, 0, &unfiltered, arena, &statement) != DB_OK;
    if (of_order)
        return error_set(err, ERROR_BAD_REQUEST, SLICE("$orderby"),
                         "Invalid orderby clause: The expression is nested too deeply.");
    if (statement)
        statement->driver->finalize(statement);
    else if (rows->keys.len > 0)
        return error_no_memory(err);
    return error_set(err, ERROR_BAD_REQUEST, SLICE("$filter"),
                     "Invalid filter clause: The expression is nested too deeply.");
}

bool session_statement(struct store_session *session, const struct edm_entity_type *type,
                       enum sql_operation operation, uint64_t properties, struct db_statement **ret,
                       struct error *err)
{
    struct statement_key key = { type, operation, properties };

    *ret = statements_find(&session->statements, &key);
    return *ret || prepare_operation(session, type, &key, ret, err);
}

/* What tells one statement from another beside the type and the properties, in one number. */
static uint32_t rows_operation_key(enum sql_operation operation, const struct sql_rows *rows)
{
    return operation | (uint32_t)rows->presence << 8 | (uint32_t)rows->contact << 16;
}

bool session_rows_statement(struct store_session *session, const struct edm_entity_type *type,
                            enum sql_operation operation, uint64_t properties,
                            const struct sql_rows *rows, struct arena *arena,
                            struct db_statement **ret, struct error *err)
{
    struct statement_key key = { type, rows_operation_key(operation, rows), properties };

    if (sql_rows_are_chosen(rows)) {
        enum db_status status =
            prepare_chosen(session, type, operation, properties, rows, arena, ret);

        if (status == DB_OTHER && (rows->index.len > 0 || rows->counted))
            return true;
        if (status == DB_OTHER)
            return refuse_chosen(session, type, operation, rows, arena, err);
        return status == DB_OK ? *ret || error_no_memory(err) : session_error(session, status, err);
    }
    *ret = statements_find(&session->statements, &key);
    return *ret || prepare_rows(session, type, operation, rows, &key, ret, err);
}

bool session_literal(struct store_session *session, const char *sql, struct db_statement **ret,
                     struct error *err)
{
    struct statement_key key = { sql, SQL_OPERATION_COUNT, 0 };

    *ret = statements_find(&session->statements, &key);
    return *ret || prepare(session, &key, slice_of(sql), ret, err);
}

bool session_run(struct store_session *session, const char *sql, struct error *err)
{
    struct db_statement *statement;
    enum db_status status;

    if (!session_literal(session, sql, &statement, err))
        return false;
    status = db_step(statement);
    db_reset(statement);
    return status == DB_DONE || session_error(session, status, err);
}

/* The first SELECT of every transaction. */
static bool read_state(struct store_session *session, int64_t *ret_limit_ms, struct error *err)
{
    struct db_statement *statement;
    enum db_status status;

    if (!session_literal(session, state_sql, &statement, err))
        return false;
    status = db_step(statement);
    if (status == DB_ROW) {
        session->registry_version = db_int(statement, 0);
        session->registry_changed = false;
        *ret_limit_ms = db_int(statement, 1);
    }
    db_reset(statement);
    return status == DB_ROW || session_error(session, status == DB_DONE ? DB_CORRUPT : status, err);
}

/* --- reading ---------------------------------------------------------------------------------- */

bool store_read_begin(struct store_session *session, struct error *err)
{
    struct store *store = session->store;
    uint64_t commits = atomic_load(&store->commits);
    enum db_status status;
    int64_t limit_ms;

    assert(session->state != SESSION_WRITES);
    if (session->state == SESSION_READS) {
        if (session->commits_seen == commits && !atomic_load(&store->readers_pause))
            return true;
        end_transaction(session);
    }
    status = session->db->driver->begin(session->db, DB_READS);
    if (status != DB_OK) {
        end_transaction(session); /* it may have begun all the same */
        return session_error(session, status, err);
    }
    if (!read_state(session, &limit_ms, err)) {
        end_transaction(session);
        return false;
    }
    session->commits_seen = commits;
    session->state = SESSION_READS;
    return true;
}

void store_read_end(struct store_session *session)
{
    if (session->state == SESSION_READS)
        end_transaction(session);
}

/* --- writing ---------------------------------------------------------------------------------- */

static bool refuse_failed(const struct store *store, struct error *err)
{
    return !store_has_failed(store) || db_error(DB_SYNC, err);
}

bool store_begin(struct store_session *session, struct error *err)
{
    enum db_status status;
    int64_t limit_ms;

    assert(session->kind == STORE_WRITES);
    end_transaction(session);
    if (!refuse_failed(session->store, err))
        return false;
    status = session->db->driver->begin(session->db, DB_WRITES);
    if (status != DB_OK) {
        end_transaction(session);
        return session_error(session, status, err);
    }
    if (!read_state(session, &limit_ms, err)) {
        end_transaction(session);
        return false;
    }
    entity_ids_resume(&session->ids, limit_ms);
    session->state = SESSION_WRITES;
    return true;
}

bool store_transaction_stands(const struct store_session *session)
{
    return session->state == SESSION_WRITES && session->db->driver->in_transaction(session->db);
}

/* The transaction cannot be trusted any more: it goes, and the session waits for its owner to
 * notice. */
static void lose_transaction(struct store_session *session)
{
    session->db->driver->rollback(session->db);
    session->in_operation = false;
}

bool store_operation_begin(struct store_session *session, struct error *err)
{
    assert(session->state == SESSION_WRITES && !session->in_operation);
    if (!session_check(session, false, err))
        return false;
    /* Whether the savepoint is there is not known now, and a later undo would find it. */
    if (!session_run(session, savepoint_sql, err)) {
        lose_transaction(session);
        return false;
    }
    session->limit_before = session->ids.limit_ms;
    session->in_operation = true;
    return true;
}

bool store_operation_keep(struct store_session *session, struct error *err)
{
    if (!session_check(session, true, err) || !session_run(session, release_sql, err))
        return false;
    session->in_operation = false;
    return true;
}

void store_operation_undo(struct store_session *session)
{
    if (!session->in_operation)
        return;
    session->in_operation = false;
    if (!store_transaction_stands(session))
        return;
    if (!session_run(session, undo_sql, NULL) || !session_run(session, release_sql, NULL))
        lose_transaction(session);
    /* A limit that this operation raised is the old one again. */
    entity_ids_resume(&session->ids, session->limit_before);
}

bool store_commit(struct store_session *session, struct error *err)
{
    enum db_status status;
    bool ok;

    assert(session->state == SESSION_WRITES && !session->in_operation);
    if (!session_check(session, false, err)) {
        end_transaction(session);
        return false;
    }
    status = session->db->driver->commit(session->db);
    atomic_fetch_add(&session->store->commits, 1);
    ok = status == DB_OK || session_error(session, status, err);
    end_transaction(session);
    return ok;
}

void store_rollback(struct store_session *session)
{
    end_transaction(session);
}
