/* testbed/testbed.c - the tenants' testbeds: found by tenant, counted, forgotten.
 *
 * Each request holds its tenant's testbed from beginning to end, so finding it is on the way of
 * everybody: a hash table and a list in the order of use, behind one lock that is held for a few
 * dozen instructions. Letting go takes no lock: a testbed counts its holders, the table is one of
 * them, and the last to go frees it. So a tenant can be forgotten under the feet of its
 * requests: they keep what they hold, and the next to ask gets a new one.
 *
 * When a new testbed makes one too many, the list is walked from the least recently used on, and
 * those go that nobody holds and in which nothing is set; their journals go with them. A
 * moved clock or a rule is a tester's word and stays until it is taken back. The count of holders
 * only rises under the lock, so one that the walk finds alone in the table stays alone.
 *
 * The clock: while it follows the server's, a flag says so, and reading the time reads that one.
 * The testbed's own is set before the flag is raised; a reader sees the flag and then the time that
 * was set, or one that was set before. Who asks for all of it takes a lock with those who set, to
 * be told what belongs together.
 *
 * Limits: the table has a fixed number of chains, fit for the limit; with far more testbeds that
 * something is set in, the chains grow. Which tenant is in which chain depends on a random number,
 * so that nobody can choose tenants for one chain.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "testbed/testbed.h"

#include <endian.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/repeatable.h"

#define CHAINS_MIN ((size_t)16)
#define CHAINS_MAX ((size_t)1 << 16)

struct link {
    struct link *previous, *next;
};

struct testbed {
    struct link used;     /* in testbeds->used */
    struct testbed *next; /* in its chain */
    struct uuid tenant;
    atomic_size_t holders; /* the table is one; rises only under the table's lock */
    const struct clock *base;
    struct clock *own;
    atomic_bool moved;          /* `own` counts */
    pthread_mutex_t clock_lock; /* setters and those who ask for all of it */
    struct faults *faults;
    struct journal *journal; /* NULL: off */
    struct past *past;
};

struct testbeds {
    const struct clock *base;
    struct testbed_limits limits;
    uint64_t seed;
    uint64_t chain_key;
    size_t chain_mask;    /* their number less one; a power of two */
    pthread_mutex_t lock; /* guards all below */
    struct link used;     /* a ring; the last used one stands behind it */
    size_t count;
    struct testbed *chains[];
};

/* --- one testbed ----------------------------------------------------------------------------- */

static uint64_t tenant_half(struct uuid tenant, size_t from)
{
    uint64_t half;

    memcpy(&half, tenant.bytes + from, sizeof half);
    return be64toh(half); /* draws are the same on every machine */
}

/* One number of a number and a tenant. */
static uint64_t tenant_draw(uint64_t seed, struct uuid tenant)
{
    return repeatable_draw(repeatable_draw(seed, tenant_half(tenant, 0)), tenant_half(tenant, 8));
}

static void destroy(struct testbed *testbed)
{
    clock_destroy(testbed->own);
    faults_destroy(testbed->faults);
    journal_destroy(testbed->journal);
    past_destroy(testbed->past);
    pthread_mutex_destroy(&testbed->clock_lock);
    free(testbed);
}

/* With one holder, the table. NULL: no memory. */
static struct testbed *create(const struct testbeds *testbeds, struct uuid tenant)
{
    const struct testbed_limits *limits = &testbeds->limits;
    struct testbed *testbed = calloc(1, sizeof *testbed);

    if (!testbed)
        return NULL;
    pthread_mutex_init(&testbed->clock_lock, NULL); /* cannot fail on Linux by default */
    atomic_init(&testbed->holders, 1);
    atomic_init(&testbed->moved, false);
    testbed->tenant = tenant;
    testbed->base = testbeds->base;
    testbed->own = clock_create();
    testbed->faults = faults_create(limits->fault_rules, tenant_draw(testbeds->seed, tenant));
    testbed->past = past_create(limits->past_entities);
    if (limits->journal_requests > 0)
        testbed->journal = journal_create(limits->journal_requests);
    if (!testbed->own || !testbed->faults || !testbed->past ||
        (limits->journal_requests > 0 && !testbed->journal)) {
        destroy(testbed);
        return NULL;
    }
    return testbed;
}

void testbed_release(struct testbed *testbed)
{
    /* Acquire and release: what others did with it is done before it is freed. */
    if (testbed && atomic_fetch_sub_explicit(&testbed->holders, 1, memory_order_acq_rel) == 1)
        destroy(testbed);
}

static bool is_forgettable(const struct testbed *testbed)
{
    /* Acquire: whoever let go has set before what he wanted to set. */
    return atomic_load_explicit(&testbed->holders, memory_order_acquire) == 1 &&
           !atomic_load_explicit(&testbed->moved, memory_order_relaxed) &&
           faults_are_none(testbed->faults);
}

/* --- the table; its lock is held ------------------------------------------------------------- */

static void link_behind(struct link *head, struct link *link)
{
    link->previous = head;
    link->next = head->next;
    head->next->previous = link;
    head->next = link;
}

static void unlink_from(struct link *link)
{
    link->previous->next = link->next;
    link->next->previous = link->previous;
}

/* Where the pointer to the tenant's testbed stands, or would. */
static struct testbed **place_of(struct testbeds *testbeds, struct uuid tenant)
{
    size_t chain = (size_t)tenant_draw(testbeds->chain_key, tenant) & testbeds->chain_mask;
    struct testbed **place = &testbeds->chains[chain];

    while (*place && !uuid_eq((*place)->tenant, tenant))
        place = &(*place)->next;
    return place;
}

static struct testbed *take_out(struct testbeds *testbeds, struct testbed **place)
{
    struct testbed *testbed = *place;

    *place = testbed->next;
    unlink_from(&testbed->used);
    testbeds->count--;
    return testbed;
}

static void put_in(struct testbeds *testbeds, struct testbed *testbed)
{
    struct testbed **place = place_of(testbeds, testbed->tenant);

    testbed->next = *place;
    *place = testbed;
    link_behind(&testbeds->used, &testbed->used);
    testbeds->count++;
}

/* Makes room for one more, as far as it can. What is taken out is chained to *forgotten. */
static void take_out_unused(struct testbeds *testbeds, struct testbed **forgotten)
{
    struct link *link = testbeds->used.previous;

    while (link != &testbeds->used && testbeds->count >= testbeds->limits.testbeds) {
        struct testbed *testbed = CONTAINER_OF(link, struct testbed, used);
        link = link->previous;
        if (!is_forgettable(testbed))
            continue;
        take_out(testbeds, place_of(testbeds, testbed->tenant));
        testbed->next = *forgotten;
        *forgotten = testbed;
    }
}

static struct testbed *find_or_make(struct testbeds *testbeds, struct uuid tenant,
                                    struct testbed **forgotten)
{
    struct testbed *testbed = *place_of(testbeds, tenant);

    if (!testbed) {
        take_out_unused(testbeds, forgotten);
        testbed = create(testbeds, tenant);
        if (testbed)
            put_in(testbeds, testbed);
    } else if (testbeds->used.next != &testbed->used) {
        unlink_from(&testbed->used);
        link_behind(&testbeds->used, &testbed->used);
    }
    return testbed;
}

/* --- what the header promises ---------------------------------------------------------------- */

static size_t chains_for(size_t testbeds)
{
    size_t chains = CHAINS_MIN;

    while (chains < testbeds && chains < CHAINS_MAX)
        chains *= 2;
    return chains;
}

struct testbeds *testbeds_create(const struct clock *base, const struct testbed_limits *limits,
                                 uint64_t seed)
{
    size_t chains = chains_for(limits->testbeds);
    struct testbeds *testbeds = calloc(1, sizeof *testbeds + chains * sizeof testbeds->chains[0]);

    if (!testbeds)
        return NULL;
    testbeds->base = base;
    testbeds->limits = *limits;
    testbeds->seed = seed;
    random_bytes(&testbeds->chain_key, sizeof testbeds->chain_key);
    testbeds->chain_mask = chains - 1;
    testbeds->used.previous = testbeds->used.next = &testbeds->used;
    pthread_mutex_init(&testbeds->lock, NULL); /* cannot fail on Linux by default */
    return testbeds;
}

void testbeds_destroy(struct testbeds *testbeds)
{
    if (!testbeds)
        return;
    for (struct link *link = testbeds->used.next; link != &testbeds->used;) {
        struct testbed *testbed = CONTAINER_OF(link, struct testbed, used);
        link = link->next;
        testbed_release(testbed);
    }
    pthread_mutex_destroy(&testbeds->lock);
    free(testbeds);
}

struct testbed *testbeds_hold(struct testbeds *testbeds, struct uuid tenant)
{
    struct testbed *forgotten = NULL;

    pthread_mutex_lock(&testbeds->lock);
    struct testbed *testbed = find_or_make(testbeds, tenant, &forgotten);
    if (testbed)
        atomic_fetch_add_explicit(&testbed->holders, 1, memory_order_relaxed);
    pthread_mutex_unlock(&testbeds->lock);

    /* Their journals may have thousands of blocks: nobody waits at the lock while they are freed.
     */
    while (forgotten) {
        struct testbed *next = forgotten->next;
        testbed_release(forgotten);
        forgotten = next;
    }
    return testbed;
}

void testbeds_forget(struct testbeds *testbeds, struct uuid tenant)
{
    pthread_mutex_lock(&testbeds->lock);
    struct testbed **place = place_of(testbeds, tenant);
    struct testbed *forgotten = *place ? take_out(testbeds, place) : NULL;
    pthread_mutex_unlock(&testbeds->lock);
    testbed_release(forgotten);
}

size_t testbeds_count(struct testbeds *testbeds)
{
    pthread_mutex_lock(&testbeds->lock);
    size_t count = testbeds->count;
    pthread_mutex_unlock(&testbeds->lock);
    return count;
}

struct faults *testbed_faults(struct testbed *testbed)
{
    return testbed->faults;
}

struct journal *testbed_journal(struct testbed *testbed)
{
    return testbed->journal;
}

struct past *testbed_past(struct testbed *testbed)
{
    return testbed->past;
}

/* --- the clock ------------------------------------------------------------------------------- */

int64_t testbed_now_ticks(const struct testbed *testbed)
{
    /* Acquire: with the flag comes the time that was set before it was raised. */
    bool moved = atomic_load_explicit(&testbed->moved, memory_order_acquire);

    return clock_now_ticks(moved ? testbed->own : testbed->base);
}

struct testbed_clock testbed_clock_get(struct testbed *testbed)
{
    struct testbed_clock clock;

    pthread_mutex_lock(&testbed->clock_lock);
    clock.now_ticks = testbed_now_ticks(testbed);
    clock.moved = atomic_load_explicit(&testbed->moved, memory_order_relaxed);
    clock.frozen = clock_is_stopped(clock.moved ? testbed->own : testbed->base);
    pthread_mutex_unlock(&testbed->clock_lock);
    return clock;
}

void testbed_clock_set(struct testbed *testbed, int64_t ticks, bool frozen)
{
    pthread_mutex_lock(&testbed->clock_lock);
    if (frozen)
        clock_freeze_at(testbed->own, ticks);
    else
        clock_run_from(testbed->own, ticks);
    atomic_store_explicit(&testbed->moved, true, memory_order_release);
    pthread_mutex_unlock(&testbed->clock_lock);
}

void testbed_clock_resume(struct testbed *testbed)
{
    pthread_mutex_lock(&testbed->clock_lock);
    atomic_store_explicit(&testbed->moved, false, memory_order_release);
    pthread_mutex_unlock(&testbed->clock_lock);
}
