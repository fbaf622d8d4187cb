/* testbed/remnants.h - where the journals stood that are gone.
 *
 * A journal whose memory was needed is forgotten with all its entries, and the tenant gets a new
 * one when it is asked for again. That must go on counting where the old one stood, and must not
 * claim that nothing was lost.
 *
 * Must not know: why journals go.
 * Threads: the caller's lock.
 */
#ifndef TESTBED_REMNANTS_H
#define TESTBED_REMNANTS_H

#include <stdint.h>

#include "base/uuid.h"
#include "testbed/journal.h"

struct remnants;

/* One number of a number and a tenant, the same on every machine. */
uint64_t tenant_draw(uint64_t seed, struct uuid tenant);

/* NULL: no memory. */
struct remnants *remnants_create(uint64_t seed);
void remnants_destroy(struct remnants *remnants); /* NULL does nothing */

/* The tenant's journal is about to go. */
void remnants_leave(struct remnants *remnants, struct uuid tenant,
                    const struct journal_standing *standing);
/* Makes the tenant's new journal go on where its last one stood. `journal` may be NULL. */
void remnants_take_up(const struct remnants *remnants, struct uuid tenant, struct journal *journal);

#endif
