/* base/arena.h - memory that dies together: one arena per request.
 *
 * Nobody frees single objects. An arena has a byte budget; past it every allocation returns NULL
 * and the request fails with an error, the process does not.
 *
 * The first block comes from an arena_pool (one per loop, so that a request on the hot path calls
 * no malloc); further blocks come from malloc and go back to it. Memory is 16-byte aligned and not
 * cleared unless said so.
 *
 * A budget bounds one request, an arena_ledger all of them together: every block of the pools that
 * share it is charged there. What is nearly full is kept for what is small: first blocks are given
 * up to the ledger's limit, further ones up to three quarters of it, those of a modest arena up to
 * half.
 *
 * Threads: an arena has one owner at a time and may be handed from thread to thread. A pool belongs
 * to one thread: create and destroy the arenas of a pool there. A ledger is everybody's.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/slice.h"

struct arena;
struct arena_pool;

struct arena_ledger {
    atomic_size_t taken_bytes;
    size_t limit_bytes;
};

void arena_ledger_init(struct arena_ledger *ledger, size_t limit_bytes);
size_t arena_ledger_taken_bytes(const struct arena_ledger *ledger);
/* For memory beside arenas that has a ledger of its kind. Takes `bytes`, unless more than `ceiling`
 * would be taken then: false. SIZE_MAX takes them in any case. NULL: there is room always. */
bool arena_ledger_take(struct arena_ledger *ledger, size_t bytes, size_t ceiling) MUST_CHECK;
void arena_ledger_give_back(struct arena_ledger *ledger, size_t bytes);

/* A pool that keeps at most `keep` first blocks of `block_bytes` (>= 1024) for reuse. NULL: no
 * memory. */
struct arena_pool *arena_pool_create(size_t block_bytes, size_t keep);
/* From now on the pool's blocks, and those of its arenas, are charged to `ledger`, which outlives
 * it. Before the first arena. NULL: to nobody. */
void arena_pool_charge_to(struct arena_pool *pool, struct arena_ledger *ledger);
/* Every arena of the pool must have been destroyed before. NULL does nothing. */
void arena_pool_destroy(struct arena_pool *pool);

/* A new arena of at most `budget_bytes`. `pool` may be NULL (then a 4 KiB block from malloc). NULL:
 * no memory, or none left in the pool's ledger. */
struct arena *arena_create(struct arena_pool *pool, size_t budget_bytes);
/* Another one with the pool and the budget of `arena`. NULL: as above. */
struct arena *arena_create_beside(const struct arena *arena);
void arena_destroy(struct arena *arena); /* NULL does nothing */

/* `bytes` of uncleared memory, or NULL past the budget. arena_alloc(a, 0) is not NULL. */
void *arena_alloc(struct arena *arena, size_t bytes);
/* The same in a block of its own: while it is the arena's last, arena_grow() takes no more than it
 * grows by, however often, and leaves no old copies behind. */
void *arena_alloc_alone(struct arena *arena, size_t bytes);
/* Cleared memory for `count` objects of `size` bytes; NULL on overflow too. */
void *arena_calloc(struct arena *arena, size_t count, size_t size);
/* Grows an allocation to `new_bytes`, in place where it was the arena's last and there is room; the
 * old bytes are kept, the new ones are not cleared. NULL past the budget: the old one still stands.
 * `old` may be NULL; growing to less returns it as it is. */
void *arena_grow(struct arena *arena, void *old, size_t old_bytes, size_t new_bytes);

#define arena_new(arena, type)              ((type *)arena_calloc((arena), 1, sizeof(type)))
#define arena_new_array(arena, count, type) ((type *)arena_calloc((arena), (count), sizeof(type)))

/* Copies `s` into *ret (followed by a NUL that is not part of it). */
bool arena_copy(struct arena *arena, struct slice s, struct slice *ret) MUST_CHECK;
/* Formatted text in *ret. */
bool arena_printf(struct arena *arena, struct slice *ret, const char *format, ...)
    PRINTF_LIKE(3, 4) MUST_CHECK;

/* Sets the last `bytes` of the budget aside, in place of what was set aside before: no allocation
 * gets them until they are given back with 0. False, and nothing is changed, when more than that is
 * taken already. It is how the end of a request is sure of its memory, whatever comes before, and
 * whatever others do: as many bytes as are given back can be had although the ledger is full. */
bool arena_set_aside(struct arena *arena, size_t bytes) MUST_CHECK;

/* A modest arena leaves half of the ledger to others. Every arena begins without modesty. */
void arena_set_modest(struct arena *arena, bool modest);
/* Whether the arena was refused memory by the ledger, or by malloc: the same request may well have
 * all it needs a moment later. */
bool arena_is_starved(const struct arena *arena);

/* Bytes taken from the budget so far: what was asked for, each allocation rounded up to 16 bytes.
 */
size_t arena_used_bytes(const struct arena *arena);

#ifdef CONNECTORD_FAULTS
/* For tests: of the next calls on this thread that may run out of memory (arena_create, alloc,
 * calloc, grow, copy, printf) `successes` go through and the one after fails; then all is as
 * before. UINT64_MAX: none fails. So a scenario meets every failure once:
 *
 *     for (uint64_t n = 0; ; n++) {
 *         arena_fail_after(n);
 *         run the scenario: it must succeed or fail in good order
 *         if (!arena_fault_fired())
 *             break;
 *     }
 */
void arena_fail_after(uint64_t successes);
bool arena_fault_fired(void); /* since arena_fail_after() */
#endif

#endif
