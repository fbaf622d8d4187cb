/* store/session.h - what the store's own files know of a store and its sessions.
 *
 * Not for other floors: they have store.h.
 */
#ifndef STORE_SESSION_H
#define STORE_SESSION_H

#include <stdatomic.h>

#include "store/db.h"
#include "store/entity_ids.h"
#include "store/indexes.h"
#include "store/known_tenants.h"
#include "store/sql.h"
#include "store/statements.h"
#include "store/store.h"

struct store {
    const struct edm_model *model;
    struct db_source *source;
    struct db *anchor; /* the first connection; open as long as the store, so that closing a session
                        * is never closing the last one, at which SQLite checkpoints */
    struct indexes indexes; /* constant */
    size_t text_bytes;      /* see store.h */
    uint64_t (*unix_ms)(void);
    struct repeatable *repeatable; /* NULL: ids are chance; see store.h */
    atomic_uint_fast64_t commits;
    atomic_bool failed;        /* a sync failed, as far as a session noticed */
    atomic_bool readers_pause; /* set by the writer while it wants to restart the log */
};

#define WATCHED_PLACE_BITS 6

/* Which sets have a log, as known at one version of the registry (watches.c). */
struct watched {     /* zeros: nothing is known */
    int64_t none_at; /* one more than the version at which there was no watch at all; 0: none */
    int64_t version; /* of `places` */
    struct watched_place {
        struct uuid tenant;
        const struct edm_entity_type *type; /* NULL: free */
        bool watched;
    } places[1 << WATCHED_PLACE_BITS];
};

enum session_state { SESSION_IDLE, SESSION_READS, SESSION_WRITES };

struct store_session {
    struct store *store;
    struct db *db;
    enum store_session_kind kind;
    enum session_state state;
    bool in_operation;
    bool too_long;            /* a statement ended with DB_TOO_LONG since session_limit_texts() */
    uint64_t commits_seen;    /* store->commits before the read transaction began */
    int64_t registry_version; /* as read when the transaction began */
    bool registry_changed;    /* in this transaction, perhaps in an operation that was undone */
    int64_t limit_before;     /* ids.limit_ms when the operation began */
    uint64_t log_bytes;       /* at the last look of store_maintain() */
    uint64_t checkpointed_at; /* log_bytes at the last checkpoint; 0 since the log began anew */
    struct entity_ids ids;
    struct known_tenants known_tenants;
    struct watched watched;
    struct statements statements;
};

/* The statement for an operation on a type, or for a literal SQL text (kept by its address). */
bool session_statement(struct store_session *session, const struct edm_entity_type *type,
                       enum sql_operation operation, uint64_t properties, struct db_statement **ret,
                       struct error *err) MUST_CHECK;
/* The same for a list or a count of some of the rows (sql_rows_operation()). One whose text
 * is the client's to choose (sql_rows_are_chosen()) is not kept: the caller finalizes it. Its text
 * is made in `arena`. *ret is NULL where the engine refuses one that names an index or counts: the
 * same without either tells whether that was the reason. */
bool session_rows_statement(struct store_session *session, const struct edm_entity_type *type,
                            enum sql_operation operation, uint64_t properties,
                            const struct sql_rows *rows, struct arena *arena,
                            struct db_statement **ret, struct error *err) MUST_CHECK;
bool session_literal(struct store_session *session, const char *sql, struct db_statement **ret,
                     struct error *err) MUST_CHECK;

/* Runs a literal without parameters or rows. */
bool session_run(struct store_session *session, const char *sql, struct error *err) MUST_CHECK;

/* Refuses when no transaction stands; `operation`: when none is open to write in. */
bool session_check(const struct store_session *session, bool operation,
                   struct error *err) MUST_CHECK;

/* From here on texts are bound by store_options.text_bytes, or no longer. */
void session_limit_texts(struct store_session *session, bool limited);
/* What that came to, in place of whatever *err says: `clause` ("filter") of the option `target` has
 * an expression that makes a text too long. */
bool session_refuse_long(const struct store_session *session, const char *target,
                         const char *clause, struct error *err) COLD;

/* A new id with its sequence number, which only rises (entity_ids.h). For writes. */
bool session_make_id(struct store_session *session, struct uuid *ret, int64_t *ret_sequence,
                     struct error *err) MUST_CHECK;

/* Fills *err with what the failure `status` means and takes note of a failed sync; false. */
bool session_error(struct store_session *session, enum db_status status, struct error *err) COLD;

#endif
