/* testbed/past.h - what entities were before their last writes, for reads that are to be stale.
 *
 * Only kept while a rule asks for it. A write is remembered with what was there before it, as the
 * text of one JSON object; readers ask for the state before all writes of the last so many
 * milliseconds. What is older than the longest that may be asked for is forgotten, and the oldest
 * go when there are too many, their texts too long, or the ledger full.
 *
 * Must not know: entities (it keeps texts), the store.
 * Threads: any; one lock inside.
 */
#ifndef TESTBED_PAST_H
#define TESTBED_PAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/slice.h"

struct arena;
struct arena_ledger;
struct past;

#define PAST_WINDOW_MS_MAX UINT64_C(3600000)  /* an hour: the longest that may be asked for */
#define PAST_BYTES_MAX     ((size_t)32 << 20) /* of one tenant's texts */

/* NULL: no memory. */
struct past *past_create(size_t entries_max);
void past_destroy(struct past *past); /* NULL does nothing */
/* From now on what is kept is charged to `ledger`, which outlives it. Before the first note. */
void past_charge_to(struct past *past, struct arena_ledger *ledger);

/* `set` and `key` name the entity. `before` is its JSON text, empty when it did not exist. */
void past_add(struct past *past, struct slice set, struct slice key, struct slice before,
              uint64_t now_ms);
void past_clear(struct past *past);

struct past_entry {
    struct slice key;
    struct slice before; /* empty: it did not exist */
};

/* A range of keys, and how much of it is wanted at once. Zeroed: everything. */
struct past_range {
    struct slice after; /* only keys behind it; empty: from the first */
    struct slice last;  /* up to it; empty: to the end */
    bool created;       /* only what did not exist */
    size_t bytes_max;   /* the list ends behind the entry that passes so many of `before`; 0: not */
};

/* Each entity of `set` that was written less than `window_ms` ago, as it was before the first of
 * those writes; each once, in the order of keys (bytes). In the arena. *ret_more: there are others
 * in the range, behind the last. False: no memory. */
bool past_list(struct past *past, struct slice set, uint64_t now_ms, uint64_t window_ms,
               const struct past_range *range, struct arena *arena, struct past_entry **ret,
               size_t *ret_count, bool *ret_more) MUST_CHECK;
/* The one of `key`. False: it was not written within the window (or memory ran out). */
bool past_find(struct past *past, struct slice set, struct slice key, uint64_t now_ms,
               uint64_t window_ms, struct arena *arena, struct slice *ret_before) MUST_CHECK;

#endif
