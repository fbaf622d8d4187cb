/* store/entity_ids.c - a counter that the clock pushes forward and nothing pushes back.
 *
 * The top 60 bits of a version 7 UUID (48 of milliseconds, 12 that RFC 9562 6.2 allows to be a
 * counter) are one number here, the sequence. The next one is the clock's, or the last plus one
 * when the clock stands, went back, or more than 4,096 ids were made in its millisecond. The other
 * 62 bits are random, so that an id tells nobody its neighbour's.
 *
 * To rise over restarts without a write per insert, a limit is kept on disk: no id at or past it
 * was made. It is raised 1,024 ms at a time, in the transaction of the insert that needs it, and a
 * start begins at the limit. So ids may run about a second ahead of the clock after a restart,
 * which is no harm: nobody may read a time out of them.
 *
 * A limit that was raised in a transaction that then failed is still the old one on disk. The
 * caller resumes with what it reads there at the start of each transaction; that skips ids and
 * repeats none.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/entity_ids.h"

#include <assert.h>

#define COUNTER_BITS  12
#define LIMIT_STEP_MS 1024

static int64_t next_sequence(const struct entity_ids *ids, uint64_t unix_ms)
{
    int64_t now = (int64_t)(unix_ms << COUNTER_BITS);

    return now > ids->last ? now : ids->last + 1;
}

void entity_ids_resume(struct entity_ids *ids, int64_t limit_on_disk_ms)
{
    int64_t used = (limit_on_disk_ms << COUNTER_BITS) - 1;

    if (limit_on_disk_ms == ids->limit_ms)
        return;
    ids->limit_ms = limit_on_disk_ms;
    if (used > ids->last)
        ids->last = used;
}

int64_t entity_ids_wanted_limit(const struct entity_ids *ids, uint64_t unix_ms)
{
    int64_t next_ms = next_sequence(ids, unix_ms) >> COUNTER_BITS;

    return next_ms < ids->limit_ms ? 0 : next_ms + LIMIT_STEP_MS;
}

void entity_ids_raise(struct entity_ids *ids, int64_t limit_ms)
{
    assert(limit_ms > ids->limit_ms);
    ids->limit_ms = limit_ms;
}

struct uuid entity_ids_next(struct entity_ids *ids, uint64_t unix_ms, struct uuid chance,
                            int64_t *ret_sequence)
{
    uint64_t tail = 0;
    int64_t sequence = next_sequence(ids, unix_ms);

    assert(sequence >> COUNTER_BITS < ids->limit_ms);
    /* Bytes 6 and 8 hold its version and variant, which are no chance. */
    memcpy(&tail, chance.bytes, 6);
    memcpy((uint8_t *)&tail + 6, chance.bytes + 9, 2);
    ids->last = sequence;
    *ret_sequence = sequence;
    return uuid_v7((uint64_t)sequence >> COUNTER_BITS, (uint16_t)(sequence & 0xfff),
                   tail & (UINT64_MAX >> 2));
}
