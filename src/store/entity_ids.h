/* store/entity_ids.h - ids of new entities: version 7 UUIDs (RFC 9562 5.7) that only rise.
 *
 * They rise over restarts, over steps of the machine's clock, and between processes that write to
 * one store in turns. Time and chance are arguments, the limit that must be kept on disk is the
 * caller's to read and write (session.c).
 *
 * Must not know: SQL, entities.
 * Threads: as the session that owns it.
 */
#ifndef STORE_ENTITY_IDS_H
#define STORE_ENTITY_IDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/uuid.h"

struct entity_ids {
    int64_t last;     /* sequence of the last id made: milliseconds << 12 | counter */
    int64_t limit_ms; /* on disk: ids of this millisecond and later may not be made yet */
};

/* Takes note of the limit that is on disk, as read in the transaction that will make ids. A limit
 * that these ids did not write themselves means that somebody else used all up to it. */
void entity_ids_resume(struct entity_ids *ids, int64_t limit_on_disk_ms);

/* The limit that must be written, in this transaction, before the next id is made at `unix_ms`; 0
 * when the one on disk will do. entity_ids_raise() then says that it was written. */
int64_t entity_ids_wanted_limit(const struct entity_ids *ids, uint64_t unix_ms);
void entity_ids_raise(struct entity_ids *ids, int64_t limit_ms);

/* The next id and its sequence number, which rises just as the ids do. No limit may be wanted.
 * `chance`, a version 4 UUID, is where the id's random part is taken from. */
struct uuid entity_ids_next(struct entity_ids *ids, uint64_t unix_ms, struct uuid chance,
                            int64_t *ret_sequence);

#endif
