/* store/changes.h - the log of which entities changed, for sets that somebody follows.
 *
 * A set that nobody follows has no log and costs its writers one comparison (changes_note()). A
 * watch begins one: from its transaction on, each write of that tenant and type adds a row in the
 * operation that writes, so that there is never a change without its row or a row without its
 * change. What a watch and its rows cost ends with it.
 *
 * Sequence numbers are those of the store's ids (entity_ids.h): they rise over restarts, over steps
 * of the machine's clock and between processes, and the milliseconds in them say how old a row is.
 * One session writes at a time, so commits have the order of their numbers: who has read up to a
 * number has missed nothing below it. With an engine that lets transactions write side by side
 * (PostgreSQL) that would have to be made: by a lock that each logging transaction holds from
 * taking its number until its commit, or by reading only up to the oldest number still open.
 *
 * A row says which properties were written, and not how: a reader looks at the entity as it is. A
 * made or deleted entity has all bits. They count in the order of the model's properties, so a
 * watch also keeps a digest of that order: under another one it does not count.
 *
 * Of a view the log is that of the type behind it. Functions that write need an open operation
 * (store.h); the others an open transaction.
 */
#ifndef STORE_CHANGES_H
#define STORE_CHANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"
#include "base/uuid.h"

struct arena;
struct edm_entity_type;
struct store_session;

/* --- writing --------------------------------------------------------------------------------- */

/* Begins a watch, or notes that it is in use. */
bool changes_watch(struct store_session *session, struct uuid tenant,
                   const struct edm_entity_type *type, struct error *err) MUST_CHECK;
/* The entity `id` of the stored type was written in this operation; `changed` is a bit set. */
bool changes_note(struct store_session *session, struct uuid tenant,
                  const struct edm_entity_type *type, struct slice id, uint64_t changed,
                  struct error *err) MUST_CHECK;
/* Every entity of the stored type is about to be deleted. */
bool changes_note_all(struct store_session *session, struct uuid tenant,
                      const struct edm_entity_type *type, struct error *err) MUST_CHECK;
/* The tenant's watches and all that was logged: it is about to end. */
bool changes_forget(struct store_session *session, struct uuid tenant,
                    struct error *err) MUST_CHECK;

/* Every row of the stored type up to the number. */
bool changes_delete(struct store_session *session, const struct uuid *tenant, struct slice type,
                    int64_t until, struct error *err) MUST_CHECK;

/* --- reading --------------------------------------------------------------------------------- */

/* How far back the log of a set goes: rows above `since` are all there, up to `last`. False in
 * *ret_found: nobody watches it. */
struct changes_extent {
    int64_t since;
    int64_t last;         /* of the newest row; `since` when there is none */
    int64_t used_unix_ms; /* when changes_watch() was last called */
    int64_t now_unix_ms;  /* by the same clock */
};
bool changes_extent(struct store_session *session, struct uuid tenant,
                    const struct edm_entity_type *type, struct changes_extent *ret, bool *ret_found,
                    struct error *err) MUST_CHECK;

/* Above all rows that were written before `unix_ms`, and below those that were later. */
int64_t changes_sequence_at(int64_t unix_ms);

/* Rows above `since` and up to `until`, behind the row `after_sequence`, `after_id`. */
struct changes_range {
    int64_t since, until;
    int64_t after_sequence; /* `since` at the beginning */
    struct slice after_id;  /* empty at the beginning */
};

struct change {
    int64_t sequence;
    struct slice id;
    uint64_t changed; /* by all rows of the range that have this id; 0: a later one tells of it */
};

/* Some rows on end of a range. */
struct changes_stretch {
    struct change *rows;
    size_t count;
    bool ends;     /* the range has none behind them */
    size_t looked; /* rows of the log that were read for it */
};

/* At most `max` rows in their order, and fewer where some of them sum up very many: what one call
 * reads is bounded, however often an entity was written. Of an entity with tens of thousands of
 * rows all properties count as changed. */
bool changes_list(struct store_session *session, struct uuid tenant,
                  const struct edm_entity_type *type, const struct changes_range *range, size_t max,
                  struct arena *arena, struct changes_stretch *ret, struct error *err) MUST_CHECK;

/* --- upkeep ---------------------------------------------------------------------------------- */

struct changes_bounds {
    int64_t keep_ms; /* a watch that was not used for that long ends; rows of that age go */
    size_t rows_max; /* of each watched set */
};

/* What is past the bounds of one watch. */
struct changes_excess {
    struct uuid tenant;
    struct slice type;
    bool ends;            /* the watch itself goes */
    int64_t used_unix_ms; /* as it was then: one that was used since stays */
    int64_t until;        /* rows up to it go */
};

/* In the arena. It may look at every row of the log: for a reader's thread. */
bool changes_find_excess(struct store_session *session, const struct changes_bounds *bounds,
                         struct arena *arena, struct changes_excess **ret, size_t *ret_count,
                         struct error *err) MUST_CHECK;
/* Deletes some thousand rows of it. *ret_more: call it again, in an operation of its own. */
bool changes_trim(struct store_session *session, const struct changes_excess *excess,
                  bool *ret_more, struct error *err) MUST_CHECK;

#endif
