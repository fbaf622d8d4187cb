/* testbed/testbed.c - the tenants' testbeds: found by tenant, counted, forgotten.
 *
 * Each request holds its tenant's testbed from beginning to end, so finding it is on the way of
 * everybody: a hash table and a list in the order of use, behind one lock that is held for a few
 * dozen instructions. Letting go takes no lock: a testbed counts its holders, the table is one of
 * them, and the last to go frees it. So a tenant can be forgotten under the feet of its
 * requests: they keep what they hold, and the next to ask gets a new one.
 *
 * Two things make room, both by a walk over the list from the least recently used on. When there
 * are too many testbeds those go in which nothing is: no holder, no moved clock, no rule, no entry.
 * When the ledger is nearly full journals go too, entries and all, until a quarter of it is free;
 * of a testbed in which something is set only the journal, since a moved clock or a rule is a
 * tester's word and stays until it is taken back. So there is room for what comes next, and one
 * tenant is not refused for what others did long ago. The count of holders only rises under the
 * lock, so one that the walk finds alone in the table stays alone. A walk that found too little is
 * not repeated before as many uses as it has looked at testbeds: it costs each use a step.
 *
 * A tenant whose journal went must not hear later that nothing happened: where it stood is kept in
 * testbed/remnants.h.
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

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/repeatable.h"
#include "testbed/remnants.h"

#define CHAINS_MIN  ((size_t)16)
#define CHAINS_MAX  ((size_t)1 << 16)
#define CHAINS_EACH ((size_t)8) /* for a testbed of the limit: their journals may keep more */

/* The fixed part of one: its structs, its locks, what malloc keeps of each. */
#define TESTBED_BYTES ((size_t)1024)

struct link {
    struct link *previous, *next;
};

struct testbed {
    struct arena_ledger *ledger;
    struct link used;     /* in testbeds->used */
    struct testbed *next; /* in its chain */
    struct testbed *shed; /* the next one whose journal is about to go */
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
    struct arena_ledger ledger;
    struct testbed_limits limits;

    uint64_t seed;
    uint64_t chain_key;
    size_t chain_mask;    /* their number less one; a power of two */
    pthread_mutex_t lock; /* guards all below */
    struct link used;     /* a ring; the last used one stands behind it */
    size_t count;
    size_t rests_from_counting; /* for so many uses; see make_room() */
    size_t rests_from_memory;
    struct remnants *remnants; /* of the journals that went */
    struct testbed *chains[];
};

/* --- one testbed ----------------------------------------------------------------------------- */

static void destroy(struct testbed *testbed)
{
    clock_destroy(testbed->own);
    faults_destroy(testbed->faults);
    journal_destroy(testbed->journal);
    past_destroy(testbed->past);
    pthread_mutex_destroy(&testbed->clock_lock);
    arena_ledger_give_back(testbed->ledger, TESTBED_BYTES);
    free(testbed);
}

/* What is there already, whether there is room for it or not. */
static void charge_anyway(struct arena_ledger *ledger, size_t bytes)
{
    bool ok = arena_ledger_take(ledger, bytes, SIZE_MAX);

    assert(ok);
    (void)ok;
}

static void charge_parts(struct testbed *testbed)
{
    faults_charge_to(testbed->faults, testbed->ledger);
    past_charge_to(testbed->past, testbed->ledger);
    if (testbed->journal)
        journal_charge_to(testbed->journal, testbed->ledger);
}

/* With one holder, the table. NULL: no memory. The ledger does not refuse it: where there is none a
 * request would go without its fault. */
static struct testbed *create(struct testbeds *testbeds, struct uuid tenant)
{
    const struct testbed_limits *limits = &testbeds->limits;
    struct testbed *testbed = calloc(1, sizeof *testbed);

    if (!testbed)
        return NULL;
    testbed->ledger = &testbeds->ledger;
    charge_anyway(testbed->ledger, TESTBED_BYTES);
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
    charge_parts(testbed);
    return testbed;
}

void testbed_release(struct testbed *testbed)
{
    /* Acquire and release: what others did with it is done before it is freed. */
    if (testbed && atomic_fetch_sub_explicit(&testbed->holders, 1, memory_order_acq_rel) == 1)
        destroy(testbed);
}

static bool is_held(const struct testbed *testbed)
{
    /* Acquire: whoever let go has set before what he wanted to set. */
    return atomic_load_explicit(&testbed->holders, memory_order_acquire) > 1;
}

/* Of one that nobody holds. */
static bool is_set(const struct testbed *testbed)
{
    return atomic_load_explicit(&testbed->moved, memory_order_relaxed) ||
           !faults_are_none(testbed->faults);
}

static struct journal_standing standing_of(const struct testbed *testbed)
{
    return testbed->journal ? journal_standing(testbed->journal) : (struct journal_standing){ 0 };
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

/* What a walk is to bring, and what it found. */
struct walk {
    size_t testbeds, bytes;    /* that have to go; 0: enough went */
    size_t looked_at;          /* testbeds */
    struct testbed *forgotten; /* by `next`; taken out */
    struct testbed *shed;      /* by `shed`; held, their journals are to go */
};

static size_t less(size_t from, size_t what)
{
    return from > what ? from - what : 0;
}

static void forget(struct testbeds *testbeds, struct testbed *testbed,
                   const struct journal_standing *standing, struct walk *walk)
{
    remnants_leave(testbeds->remnants, testbed->tenant, standing);
    take_out(testbeds, place_of(testbeds, testbed->tenant));
    testbed->next = walk->forgotten;
    walk->forgotten = testbed;
    walk->testbeds = less(walk->testbeds, 1);
    walk->bytes = less(walk->bytes, TESTBED_BYTES + standing->bytes);
}

static void shed(struct testbed *testbed, const struct journal_standing *standing,
                 struct walk *walk)
{
    atomic_fetch_add_explicit(&testbed->holders, 1, memory_order_relaxed);
    testbed->shed = walk->shed;
    walk->shed = testbed;
    walk->bytes = less(walk->bytes, standing->bytes);
}

/* Nobody holds it. */
static void consider(struct testbeds *testbeds, struct testbed *testbed, struct walk *walk)
{
    const struct journal_standing standing = standing_of(testbed);

    if (!is_set(testbed) && (walk->bytes > 0 || standing.count == 0))
        forget(testbeds, testbed, &standing, walk);
    else if (walk->bytes > 0 && standing.count > 0)
        shed(testbed, &standing, walk);
}

/* How many have to go before `more` are made. */
static size_t too_many(const struct testbeds *testbeds, size_t more)
{
    return more > 0 ? less(testbeds->count + more, testbeds->limits.testbeds) : 0;
}

static size_t too_many_bytes(const struct testbeds *testbeds)
{
    size_t limit = testbeds->ledger.limit_bytes;
    size_t taken = arena_ledger_taken_bytes(&testbeds->ledger);

    return taken > limit - limit / 8 ? taken - (limit - limit / 4) : 0;
}

/* Nothing while there is a rest, which this was a step of. */
static size_t unless_resting(size_t goal, size_t *rest)
{
    if (*rest == 0)
        return goal;
    --*rest;
    return 0;
}

/* Makes room, as far as it can. */
static void make_room(struct testbeds *testbeds, size_t more, struct walk *walk)
{
    walk->testbeds = unless_resting(too_many(testbeds, more), &testbeds->rests_from_counting);
    walk->bytes = unless_resting(too_many_bytes(testbeds), &testbeds->rests_from_memory);
    for (struct link *link = testbeds->used.previous;
         link != &testbeds->used && (walk->testbeds > 0 || walk->bytes > 0);) {
        struct testbed *testbed = CONTAINER_OF(link, struct testbed, used);
        link = link->previous;
        walk->looked_at++;
        if (!is_held(testbed))
            consider(testbeds, testbed, walk);
    }
    if (walk->testbeds > 0)
        testbeds->rests_from_counting = walk->looked_at;
    if (walk->bytes > 0)
        testbeds->rests_from_memory = walk->looked_at;
}

static struct testbed *held(struct testbed *testbed)
{
    if (testbed)
        atomic_fetch_add_explicit(&testbed->holders, 1, memory_order_relaxed);
    return testbed;
}

static struct testbed *make(struct testbeds *testbeds, struct uuid tenant, struct walk *walk)
{
    make_room(testbeds, 1, walk);
    struct testbed *testbed = held(create(testbeds, tenant));
    if (testbed) {
        remnants_take_up(testbeds->remnants, tenant, testbed->journal);
        put_in(testbeds, testbed);
    }
    return testbed;
}

static void use(struct testbeds *testbeds, struct testbed *testbed)
{
    if (testbeds->used.next == &testbed->used)
        return;
    unlink_from(&testbed->used);
    link_behind(&testbeds->used, &testbed->used);
}

static struct testbed *hold_or_make(struct testbeds *testbeds, struct uuid tenant,
                                    struct walk *walk)
{
    struct testbed *testbed = held(*place_of(testbeds, tenant));

    if (!testbed)
        return make(testbeds, tenant, walk);
    use(testbeds, testbed);
    make_room(testbeds, 0, walk); /* behind holding it: what is held does not go */
    return testbed;
}

/* --- what the header promises ---------------------------------------------------------------- */

static size_t chains_for(size_t testbeds)
{
    size_t chains = CHAINS_MIN;

    while (chains / CHAINS_EACH < testbeds && chains < CHAINS_MAX)
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
    testbeds->remnants = remnants_create(seed);
    if (!testbeds->remnants) {
        free(testbeds);
        return NULL;
    }
    testbeds->base = base;
    testbeds->limits = *limits;
    arena_ledger_init(&testbeds->ledger, limits->bytes ? limits->bytes : SIZE_MAX);
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
    remnants_destroy(testbeds->remnants);
    free(testbeds);
}

/* Their journals may have thousands of blocks: nobody waits at the lock while they are freed. */
static void finish_walk(struct walk *walk)
{
    while (walk->forgotten) {
        struct testbed *testbed = walk->forgotten;
        walk->forgotten = testbed->next;
        testbed_release(testbed);
    }
    while (walk->shed) {
        struct testbed *testbed = walk->shed;
        walk->shed = testbed->shed;
        journal_shed(testbed->journal);
        testbed_release(testbed);
    }
}

struct testbed *testbeds_hold(struct testbeds *testbeds, struct uuid tenant)
{
    struct walk walk = { 0 };

    pthread_mutex_lock(&testbeds->lock);
    struct testbed *testbed = hold_or_make(testbeds, tenant, &walk);
    pthread_mutex_unlock(&testbeds->lock);
    finish_walk(&walk);
    return testbed;
}

struct testbed *testbeds_find(struct testbeds *testbeds, struct uuid tenant)
{
    pthread_mutex_lock(&testbeds->lock);
    struct testbed *testbed = held(*place_of(testbeds, tenant));
    pthread_mutex_unlock(&testbeds->lock);
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

size_t testbeds_bytes(const struct testbeds *testbeds)
{
    return arena_ledger_taken_bytes(&testbeds->ledger);
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
