/* testbed/testbed.h - what a tester has in hand of each tenant: its clock, its faults, its journal.
 *
 * All of it lives in the memory of one server and is gone with it; what lasts (entities, policies,
 * sandboxes) is the store's. A tenant's testbed is made when it is first asked for and stays while
 * somebody holds it, something is set in it, or its journal has entries. Of those with none of it
 * the ones used longest ago go when there are too many.
 *
 * All memory of all testbeds is charged to one ledger. When that is nearly full the journals used
 * longest ago are lost. What went is remembered of each tenant as far as its next journal needs it
 * to go on counting, and to say that requests were lost.
 *
 * Must not know: HTTP connections, SQL, where tenants come from.
 * Threads: any. A testbed's clock is read without a lock; its faults and its journal have one lock
 * each.
 */
#ifndef TESTBED_TESTBED_H
#define TESTBED_TESTBED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/uuid.h"
#include "testbed/faults.h"
#include "testbed/journal.h"
#include "testbed/past.h"

struct clock;
struct testbed;
struct testbeds;

struct testbed_limits {
    size_t testbeds;         /* kept at once; more only while there is something in them */
    size_t bytes;            /* of all together; 0: without limit */
    size_t journal_requests; /* of each tenant; 0: no journals */
    size_t fault_rules;      /* of each tenant */
    size_t past_entities;    /* of each tenant: what stale reads remember */
};

/* `base` is the server's clock, which a tenant follows until its own is moved; it outlives this.
 * `seed` is what draws of faults are made from. NULL: no memory. */
struct testbeds *testbeds_create(const struct clock *base, const struct testbed_limits *limits,
                                 uint64_t seed);
/* Nobody holds one any more. NULL does nothing. */
void testbeds_destroy(struct testbeds *testbeds);

/* The tenant's, held until it is released. NULL: no memory. */
struct testbed *testbeds_hold(struct testbeds *testbeds, struct uuid tenant);
/* The same of a tenant that has one; else NULL. Does not count as a use. */
struct testbed *testbeds_find(struct testbeds *testbeds, struct uuid tenant);
void testbed_release(struct testbed *testbed); /* NULL does nothing */
/* Forgets the tenant: whoever holds its testbed keeps it, the next to ask gets a new one. */
void testbeds_forget(struct testbeds *testbeds, struct uuid tenant);
/* How many there are now, and what all of them take. */
size_t testbeds_count(struct testbeds *testbeds);
size_t testbeds_bytes(const struct testbeds *testbeds);

/* --- its parts ----------------------------------------------------------------------------- */

struct faults *testbed_faults(struct testbed *testbed);
struct journal *testbed_journal(struct testbed *testbed); /* NULL: journals are off */
struct past *testbed_past(struct testbed *testbed);

/* --- its clock ----------------------------------------------------------------------------- */

int64_t testbed_now_ticks(const struct testbed *testbed);

struct testbed_clock {
    int64_t now_ticks;
    bool moved; /* it does not follow the server's clock */
    bool frozen;
};

struct testbed_clock testbed_clock_get(struct testbed *testbed);
/* Goes on from `ticks`, or stays there when `frozen`. Clamped to the years 1 to 9999. */
void testbed_clock_set(struct testbed *testbed, int64_t ticks, bool frozen);
/* Follows the server's clock again. */
void testbed_clock_resume(struct testbed *testbed);

#endif
