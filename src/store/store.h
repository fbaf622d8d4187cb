/* store/store.h - durable entities, per tenant, in an SQL database.
 *
 * What it promises
 *   - A group of writes is on disk when store_commit() returned true (WAL, synchronous=FULL).
 *   - A reader sees every write whose commit was counted before its read began.
 *   - Every entity function takes the tenant; no statement on an entity table is without it.
 *   - After a failed sync the store refuses writes until the process is started again.
 *
 * The schema is derived from the model (store/schema.h). The only floor that knows SQL.
 * Must not know: HTTP, URLs, tokens, any particular type.
 *
 * Threads: a store is shared; a session has one owner at a time. Exactly one session writes.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"
#include "base/uuid.h"
#include "edm/apply.h"
#include "edm/entity.h"
#include "edm/query.h"

struct arena;
struct repeatable;
struct store;
struct store_session;
struct db_fault_plan; /* store/db_fault.h */

struct store_options {
    const char *directory; /* holds connectord.db; with `in_memory` may be NULL */
    bool in_memory;        /* a private temporary folder, see store_seal(); synchronous off */
    /* What becomes of the indexes of properties that are queried often (store/indexes.h). AUTO: a
     * table of more than `unindexed_rows` has them. AS_THEY_ARE: they are neither changed nor used,
     * for whoever opens a store beside a server. */
    enum store_indexes {
        STORE_INDEXES_AS_THEY_ARE,
        STORE_INDEXES_OFF,
        STORE_INDEXES_ON,
        STORE_INDEXES_AUTO
    } indexes;
    uint64_t unindexed_rows;
    /* Of a text that a condition, an order or a group makes or reads, so that expressions inside
     * each other cannot take any amount of memory; 0: no bound. */
    size_t text_bytes;
    bool exact_strings;            /* as in struct edm_query: what the indexes are for */
    struct db_fault_plan *faults;  /* tests only; NULL in production */
    uint64_t (*unix_ms)(void);     /* tests only; NULL: the machine's clock (ids take real time) */
    struct repeatable *repeatable; /* NULL: ids take chance from the kernel and time from the
                                    * machine; else both come from here (base/repeatable.h) */
};

/* Opens or makes the database and brings its schema to the model's. `directory` must be held by
 * store_lock() when the server opens it; the CLI opens it beside a running server.
 * Errors: ERROR_CONFIGURATION (not a database, a newer store, by name), ERROR_IO. */
bool store_open(const struct edm_model *model, const struct store_options *options,
                struct store **ret, struct error *err) MUST_CHECK;
/* How many indexes opening it made and dropped. ERROR_NONE, or why it did neither: a store without
 * room for indexes, or that somebody else writes to just then, is opened without them. */
struct store_index_changes {
    size_t made, dropped;
    enum error_code failure;
};
struct store_index_changes store_index_changes(const struct store *store);
void store_close(struct store *store); /* every session is closed; NULL does nothing */

/* Holds DIR/lock for this process (a server), with its pid inside. Error: ERROR_CONFIGURATION
 * naming the pid of the one that has it. *ret_fd is closed to let go. */
bool store_lock(const char *directory, int *ret_fd, struct error *err) MUST_CHECK;

enum store_session_kind { STORE_READS, STORE_WRITES };
bool store_session_open(struct store *store, enum store_session_kind kind,
                        struct store_session **ret, struct error *err) MUST_CHECK;
void store_session_close(struct store_session *session); /* NULL does nothing */
/* Says that every session of the process is open. With `in_memory` the files lose their names now,
 * so that not even a crash leaves any behind, and no further session can be opened; else it does
 * nothing. Without this call their names go when the store is closed. */
void store_seal(struct store *store);

/* --- reading ------------------------------------------------------------------------------- */

/* Begins a read transaction, or keeps the open one while no commit was counted since it began and
 * readers need not pause. What it reads is fixed when this returns. */
bool store_read_begin(struct store_session *session, struct error *err) MUST_CHECK;
void store_read_end(struct store_session *session); /* no-op when none is open */
/* Commits counted so far (atomic; any thread). */
uint64_t store_commit_count(const struct store *store);
/* A statement of a reading session that still runs at `deadline_ms` (monotonic; 0: none) fails with
 * ERROR_BUSY. */
void store_session_set_deadline(struct store_session *session, uint64_t deadline_ms);

/* --- writing: one transaction for a group, a savepoint for each operation -------------------- */

/* Ends what was open. Errors: ERROR_BUSY (another process has been writing for seconds),
 * ERROR_STORE_FAILED. */
bool store_begin(struct store_session *session, struct error *err) MUST_CHECK;
/* True while the transaction stands: SQLite rolls back by itself on some errors, and an operation
 * that cannot be undone takes its group with it. Once it does not stand, everything but
 * store_rollback() and store_begin() fails. */
bool store_transaction_stands(const struct store_session *session);
bool store_operation_begin(struct store_session *session, struct error *err) MUST_CHECK;
/* False: the operation is still open, and must be undone. */
bool store_operation_keep(struct store_session *session, struct error *err) MUST_CHECK;
void store_operation_undo(struct store_session *session);
/* True: durable, and counted. Errors: ERROR_STORAGE_FULL (nothing was written; heals by itself),
 * ERROR_STORE_FAILED (a sync failed: unknown outcome, the store is now failed). No transaction is
 * open afterwards in any case. */
bool store_commit(struct store_session *session, struct error *err) MUST_CHECK;
void store_rollback(struct store_session *session);
/* Between groups: checkpoints the WAL when it is due. */
void store_maintain(struct store_session *session);
/* True after a failed sync (atomic; any thread): every write is refused with ERROR_STORE_FAILED. */
bool store_has_failed(const struct store *store);
/* True while readers must let go so that the WAL can shrink (design: past 64 MiB). */
bool store_readers_should_pause(const struct store *store);

/* --- entities ------------------------------------------------------------------------------ */

/* Error: ERROR_NOT_FOUND `Resource '{id}' does not exist.` with no target. `select` is a bit set,
 * of EDM_CREATED too; the entity's `present` says what was read. The key's value is filled in even
 * when not selected.
 */
bool store_entity_get(struct store_session *session, struct uuid tenant,
                      const struct edm_entity_type *type, struct slice key, uint64_t select,
                      struct arena *arena, struct edm_entity **ret, struct error *err) MUST_CHECK;
/* That error, for a row that is there and counts as gone. */
bool store_entity_not_found(struct slice key, struct error *err) COLD;
bool store_entity_list(struct store_session *session, struct uuid tenant,
                       const struct edm_query *query, struct arena *arena, struct edm_page *ret,
                       struct error *err) MUST_CHECK;
/* Of each key the entity, as a list of `query` would show it, in ret[i]; NULL where the list has
 * none, because it is not there or the filter leaves it out. No order, nothing skipped.
 * *ret_count: for how many keys; fewer than `count` when their text passed query->page_bytes. */
bool store_entities_pick(struct store_session *session, struct uuid tenant,
                         const struct edm_query *query, const struct slice *keys, size_t count,
                         struct arena *arena, struct edm_entity **ret, size_t *ret_count,
                         struct error *err) MUST_CHECK;
/* What query->computed comes to for each of the entities, in ret[i * query->computed_count]; texts
 * as they are. Where there is no row of such a key (any more) all are null. *ret_count: for how
 * many entities; fewer than `count` when their text, that of the entities too, passed
 * query->page_bytes.
 */
bool store_entities_compute(struct store_session *session, struct uuid tenant,
                            const struct edm_query *query, struct edm_entity *const *entities,
                            size_t count, struct arena *arena, struct edm_order_value *ret,
                            size_t *ret_count, struct error *err) MUST_CHECK;
/* Of the entities, which are of query->type, query->items of the collections that they have. */
bool store_pick_items(struct store_session *session, const struct edm_query *query,
                      struct edm_entity *const *entities, size_t count, struct arena *arena,
                      struct error *err) MUST_CHECK;
/* The groups that `apply`, of at least one grouping, makes of what `query` lets through. Of the
 * query count: `order` is by columns of the last shape; without one, and where it leaves two equal,
 * by the grouped properties. `page_size` groups at most, those behind `skip`. */
bool store_entity_groups(struct store_session *session, struct uuid tenant,
                         const struct edm_query *query, const struct edm_apply *apply,
                         struct arena *arena, struct edm_groups *ret, struct error *err) MUST_CHECK;
/* Gives the entity an id (UUIDv7 order, only rising, also over restarts) unless its key is present
 * (a seed), then ERROR_CONFLICT when it exists. Every property must be present. Sets version 1 and
 * `created`. */
bool store_entity_insert(struct store_session *session, struct uuid tenant,
                         struct edm_entity *entity, struct arena *arena,
                         struct error *err) MUST_CHECK;
/* Writes the properties of the bit set `changed` and raises the version, also in *entity. The
 * entity was read in this transaction; ERROR_NOT_FOUND when its row is no longer there in that
 * version. */
bool store_entity_update(struct store_session *session, struct uuid tenant,
                         struct edm_entity *entity, uint64_t changed, struct error *err) MUST_CHECK;
bool store_entity_delete(struct store_session *session, struct uuid tenant,
                         const struct edm_entity_type *type, struct slice key,
                         struct error *err) MUST_CHECK;
/* Deletes every entity of `type` in the tenant; *ret_count is how many there were. */
bool store_entity_delete_all(struct store_session *session, struct uuid tenant,
                             const struct edm_entity_type *type, int64_t *ret_count,
                             struct error *err) MUST_CHECK;
/* True in *ret when no entity table holds a row. */
bool store_is_empty(struct store_session *session, bool *ret, struct error *err) MUST_CHECK;

#endif
