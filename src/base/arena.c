/* base/arena.c - a pointer that is bumped through a few blocks, and one call that frees them all.
 *
 * An arena lives at the start of its own first block, so that creating one from a pool that has a
 * block at hand costs no malloc, and neither does anything that fits the rest of that block:
 *
 *     first block   [ struct block | struct arena | allocation | allocation | free ...      ]
 *     next block    [ struct block | allocation | allocation | free ...                     ]
 *     own block     [ struct block | one large allocation ]
 *
 * Each next block is twice the size of the one
 * before (up to 1 MiB), so that a request of n bytes makes about log n calls of malloc. An
 * allocation of more than half a next block gets a block of its own, and filling the current block
 * goes on afterwards. The bytes left at the end of a block when the next one is opened are lost;
 * the halving rule bounds that loss.
 *
 * The last allocation may grow where it stands: text being built is nearly always the last one. In
 * a block of its own it grows with realloc(), which moves page tables and not bytes once it is big.
 *
 * The budget counts what was handed out, rounded up to 16 bytes, not what malloc was asked for:
 * whether a request fits must depend on the request, not on the block size of the day. For the same
 * reason the last allocation pays only for what it grew by, even when it had to move.
 *
 * The ledger is charged where malloc is called, so that a request which fits its pooled first block
 * touches nothing that threads share. What was set aside and is given back is a promise that a full
 * ledger does not break: such memory is charged all the same and may push what is taken past the
 * limit. That is bounded, since it is used for answers, each in proportion to a request that was
 * charged for before.
 *
 * Under AddressSanitizer everything not handed out is poisoned, a red zone stands between
 * neighbours, and a pool's idle blocks are poisoned too: overruns and uses after arena_destroy()
 * are found as if each object came from malloc. The red zones are not charged to the budget.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/arena.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_POISONS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_POISONS 1
#endif
#endif

#ifdef ARENA_POISONS
#include <sanitizer/asan_interface.h>
#define POISON(at, bytes)   ASAN_POISON_MEMORY_REGION((at), (bytes))
#define UNPOISON(at, bytes) ASAN_UNPOISON_MEMORY_REGION((at), (bytes))
#define RED_ZONE            ALIGNMENT
#else
#define POISON(at, bytes)   ((void)(at), (void)(bytes))
#define UNPOISON(at, bytes) ((void)(at), (void)(bytes))
#define RED_ZONE            ((size_t)0)
#endif

#define ALIGNMENT ((size_t)16)
#define LARGEST_ALLOCATION                                                                         \
    ((size_t)PTRDIFF_MAX / 2) /* so that rounding and headers cannot wrap                          \
                               */
#define DEFAULT_BLOCK_BYTES ((size_t)4096)
#define LARGEST_NEXT_BLOCK  ((size_t)1 << 20)

struct block {
    struct block *next;
    size_t bytes; /* with this header */
};

struct arena {
    char *at;          /* first free byte of the block being filled */
    char *end;         /* the byte past that block */
    char *last;        /* the youngest allocation; NULL when there is none */
    size_t last_bytes; /* rounded */
    size_t used_bytes;
    size_t budget_bytes; /* less what is set aside */
    size_t aside_bytes;
    size_t
        promised_bytes; /* given back from what was set aside: the ledger's limit is no obstacle */
    size_t next_block_bytes;
    struct block *blocks; /* the one being filled first, the one that holds this struct last */
    struct block *own;    /* blocks of one large allocation, the youngest first */
    struct arena_pool *pool;
    bool modest;
    bool starved;
};

struct arena_pool {
    size_t block_bytes;
    size_t keep;
    size_t idle;
    size_t lent; /* arenas alive */
    struct block *blocks;
    struct arena_ledger *ledger; /* may be NULL */
};

#ifdef CONNECTORD_FAULTS
static _Thread_local uint64_t successes_left = UINT64_MAX;
static _Thread_local bool fault_fired;

void arena_fail_after(uint64_t successes)
{
    successes_left = successes;
    fault_fired = false;
}

bool arena_fault_fired(void)
{
    return fault_fired;
}

static bool fault_is_due(void)
{
    if (successes_left == UINT64_MAX)
        return false;
    if (successes_left > 0) {
        successes_left--;
        return false;
    }
    successes_left = UINT64_MAX;
    fault_fired = true;
    return true;
}
#else
static inline bool fault_is_due(void)
{
    return false;
}
#endif

/* Nothing takes 16 bytes too: were two allocations at one address, arena_grow() could not tell
 * which of them is the last. */
static size_t round_up(size_t bytes)
{
    return bytes ? (bytes + ALIGNMENT - 1) & ~(ALIGNMENT - 1) : ALIGNMENT;
}

#define BLOCK_HEADER ((sizeof(struct block) + ALIGNMENT - 1) & ~(ALIGNMENT - 1))
#define ARENA_HEADER ((sizeof(struct arena) + ALIGNMENT - 1) & ~(ALIGNMENT - 1))

static_assert(_Alignof(max_align_t) <= 16, "malloc's blocks are aligned for every type, to 16");
static_assert(BLOCK_HEADER + ARENA_HEADER < 512, "the smallest pool block keeps room to spare");

static char *block_memory(struct block *block)
{
    return (char *)block + BLOCK_HEADER;
}

/* --- the ledger ------------------------------------------------------------------------------ */

#define WITHOUT_LIMIT SIZE_MAX

void arena_ledger_init(struct arena_ledger *ledger, size_t limit_bytes)
{
    atomic_init(&ledger->taken_bytes, 0);
    ledger->limit_bytes = limit_bytes;
}

size_t arena_ledger_taken_bytes(const struct arena_ledger *ledger)
{
    return atomic_load_explicit(&ledger->taken_bytes, memory_order_relaxed);
}

/* A count and no lock: it guards no memory, so nothing needs to be ordered by it. */
bool arena_ledger_take(struct arena_ledger *ledger, size_t bytes, size_t ceiling)
{
    if (!ledger)
        return true;

    size_t taken = atomic_load_explicit(&ledger->taken_bytes, memory_order_relaxed);
    do {
        if (taken > ceiling || bytes > ceiling - taken)
            return false;
    } while (!atomic_compare_exchange_weak_explicit(&ledger->taken_bytes, &taken, taken + bytes,
                                                    memory_order_relaxed, memory_order_relaxed));
    return true;
}

void arena_ledger_give_back(struct arena_ledger *ledger, size_t bytes)
{
    if (ledger)
        atomic_fetch_sub_explicit(&ledger->taken_bytes, bytes, memory_order_relaxed);
}

static size_t ceiling_of_first_blocks(const struct arena_ledger *ledger)
{
    return ledger ? ledger->limit_bytes : WITHOUT_LIMIT;
}

static struct arena_ledger *ledger_of(const struct arena *arena)
{
    return arena->pool ? arena->pool->ledger : NULL;
}

static size_t ceiling_of_further_blocks(const struct arena *arena)
{
    const struct arena_ledger *ledger = ledger_of(arena);

    if (!ledger)
        return WITHOUT_LIMIT;
    return arena->modest ? ledger->limit_bytes / 2 : ledger->limit_bytes - ledger->limit_bytes / 4;
}

/* --- blocks ---------------------------------------------------------------------------------- */

/* A block whose memory, but for the header, is poisoned. */
static struct block *block_create(struct arena_ledger *ledger, size_t bytes, size_t ceiling)
{
    if (!arena_ledger_take(ledger, bytes, ceiling))
        return NULL;

    struct block *block = malloc(bytes);
    if (!block) {
        arena_ledger_give_back(ledger, bytes);
        return NULL;
    }
    block->bytes = bytes;
    block->next = NULL;
    POISON(block_memory(block), bytes - BLOCK_HEADER);
    return block;
}

static void block_destroy(struct arena_ledger *ledger, struct block *block)
{
    arena_ledger_give_back(ledger, block->bytes);
    UNPOISON(block, block->bytes);
    free(block);
}

struct arena_pool *arena_pool_create(size_t block_bytes, size_t keep)
{
    assert(block_bytes >= 1024 && block_bytes <= LARGEST_ALLOCATION);

    struct arena_pool *pool = calloc(1, sizeof *pool);
    if (!pool)
        return NULL;
    pool->block_bytes = round_up(block_bytes);
    pool->keep = keep;
    return pool;
}

void arena_pool_charge_to(struct arena_pool *pool, struct arena_ledger *ledger)
{
    assert(pool->lent == 0 && pool->idle == 0);
    pool->ledger = ledger;
}

void arena_pool_destroy(struct arena_pool *pool)
{
    if (!pool)
        return;
    assert(pool->lent == 0); /* an arena would come home to nowhere */
    while (pool->blocks) {
        struct block *block = pool->blocks;
        pool->blocks = block->next;
        block_destroy(pool->ledger, block);
    }
    free(pool);
}

static struct block *pool_take(struct arena_pool *pool)
{
    struct block *block = pool->blocks;

    if (block) {
        pool->blocks = block->next;
        pool->idle--;
    } else {
        block =
            block_create(pool->ledger, pool->block_bytes, ceiling_of_first_blocks(pool->ledger));
    }
    if (block)
        pool->lent++;
    return block;
}

static void pool_give_back(struct arena_pool *pool, struct block *block)
{
    pool->lent--;
    if (pool->idle >= pool->keep) {
        block_destroy(pool->ledger, block);
        return;
    }
    POISON(block_memory(block), block->bytes - BLOCK_HEADER);
    block->next = pool->blocks;
    pool->blocks = block;
    pool->idle++;
}

struct arena *arena_create(struct arena_pool *pool, size_t budget_bytes)
{
    if (fault_is_due())
        return NULL;

    struct block *block =
        pool ? pool_take(pool) : block_create(NULL, DEFAULT_BLOCK_BYTES, WITHOUT_LIMIT);
    if (!block)
        return NULL;
    block->next = NULL;

    struct arena *arena = (struct arena *)(void *)block_memory(block);
    UNPOISON(arena, sizeof *arena);
    *arena = (struct arena){
        .at = block_memory(block) + ARENA_HEADER + RED_ZONE,
        .end = (char *)block + block->bytes,
        .budget_bytes = budget_bytes,
        .next_block_bytes = block->bytes * 2,
        .blocks = block,
        .pool = pool,
    };
    return arena;
}

struct arena *arena_create_beside(const struct arena *arena)
{
    return arena_create(arena->pool, arena->budget_bytes + arena->aside_bytes);
}

void arena_destroy(struct arena *arena)
{
    if (!arena)
        return;

    struct arena_ledger *ledger = ledger_of(arena);
    for (struct block *block = arena->own, *next; block; block = next) {
        next = block->next;
        block_destroy(ledger, block);
    }
    /* The block that holds the arena itself is the last of its list. */
    struct arena_pool *pool = arena->pool;
    struct block *block = arena->blocks;
    while (block->next) {
        struct block *next = block->next;
        block_destroy(ledger, block);
        block = next;
    }
    if (pool)
        pool_give_back(pool, block);
    else
        block_destroy(ledger, block);
}

/* A further block of the arena's. */
static struct block *open_block(struct arena *arena, size_t bytes)
{
    struct block *block = block_create(ledger_of(arena), bytes, ceiling_of_further_blocks(arena));

    if (!block)
        arena->starved = true;
    return block;
}

/* The ways to take `bytes`, a multiple of ALIGNMENT. */

static char *take_front(struct arena *arena, size_t bytes)
{
    char *taken = arena->at;

    arena->at += bytes + RED_ZONE;
    return taken;
}

static char *add_own_block(struct arena *arena, struct block *block)
{
    if (!block)
        return NULL;
    block->next = arena->own;
    arena->own = block;
    return block_memory(block);
}

static char *take_own_block(struct arena *arena, size_t bytes)
{
    return add_own_block(arena, open_block(arena, BLOCK_HEADER + bytes));
}

/* What is left of a promise serves `charge` bytes of the budget, wherever they come to lie. */
static bool use_promise(struct arena *arena, size_t charge)
{
    if (charge > arena->promised_bytes)
        return false;
    arena->promised_bytes -= charge;
    return true;
}

static char *take_promised(struct arena *arena, size_t bytes, size_t charge)
{
    if (!use_promise(arena, charge))
        return NULL;
    return add_own_block(arena,
                         block_create(ledger_of(arena), BLOCK_HEADER + bytes, WITHOUT_LIMIT));
}

static char *take_next_block(struct arena *arena, size_t bytes)
{
    struct block *block = open_block(arena, arena->next_block_bytes);

    if (!block)
        return NULL;
    block->next = arena->blocks;
    arena->blocks = block;
    arena->at = block_memory(block);
    arena->end = (char *)block + block->bytes;
    if (arena->next_block_bytes < LARGEST_NEXT_BLOCK)
        arena->next_block_bytes *= 2;
    return take_front(arena, bytes);
}

static void *note_last(struct arena *arena, char *taken, size_t bytes, size_t charge)
{
    UNPOISON(taken, bytes);
    arena->last = taken;
    arena->last_bytes = round_up(bytes);
    arena->used_bytes += charge;
    return taken;
}

/* Makes `bytes` the last allocation, and charges `charge` for it. */
static void *take(struct arena *arena, size_t bytes, size_t charge)
{
    size_t rounded = round_up(bytes);
    char *taken;

    if (rounded + RED_ZONE <= (size_t)(arena->end - arena->at))
        taken = take_front(arena, rounded);
    else if (rounded > arena->next_block_bytes / 2)
        taken = take_own_block(arena, rounded);
    else
        taken = take_next_block(arena, rounded);
    if (!taken)
        taken = take_promised(arena, rounded, charge);
    return taken ? note_last(arena, taken, bytes, charge) : NULL;
}

static bool affords(const struct arena *arena, size_t charge)
{
    return charge <= arena->budget_bytes - arena->used_bytes;
}

static void *alloc(struct arena *arena, size_t bytes)
{
    if (bytes > LARGEST_ALLOCATION || !affords(arena, round_up(bytes)))
        return NULL;
    return take(arena, bytes, round_up(bytes));
}

void *arena_alloc(struct arena *arena, size_t bytes)
{
    return fault_is_due() ? NULL : alloc(arena, bytes);
}

void *arena_alloc_alone(struct arena *arena, size_t bytes)
{
    if (fault_is_due() || bytes > LARGEST_ALLOCATION || !affords(arena, round_up(bytes)))
        return NULL;

    char *taken = take_own_block(arena, round_up(bytes));
    return taken ? note_last(arena, taken, bytes, round_up(bytes)) : NULL;
}

void *arena_calloc(struct arena *arena, size_t count, size_t size)
{
    size_t bytes;

    if (__builtin_mul_overflow(count, size, &bytes))
        return NULL;
    void *memory = arena_alloc(arena, bytes);
    return memory ? memset(memory, 0, bytes) : NULL;
}

/* Has the ledger let a block grow by `bytes`; `charge` of them are the budget's. */
static bool take_growth(struct arena *arena, size_t bytes, size_t charge)
{
    struct arena_ledger *ledger = ledger_of(arena);

    if (arena_ledger_take(ledger, bytes, ceiling_of_further_blocks(arena)))
        return true;
    arena->starved = true;
    return use_promise(arena, charge) && arena_ledger_take(ledger, bytes, WITHOUT_LIMIT);
}

/* The last allocation stands in a block of its own: lets realloc() do it. */
static void *grow_own_block(struct arena *arena, size_t new_bytes, size_t charge)
{
    struct block *block = arena->own;
    size_t block_bytes = BLOCK_HEADER + round_up(new_bytes);
    size_t growth = block_bytes - block->bytes;

    if (!take_growth(arena, growth, charge))
        return NULL;
    UNPOISON(block, block->bytes);
    block = realloc(block, block_bytes);
    if (!block) { /* the old one stands, unpoisoned to its end: a detail of a dying request */
        arena_ledger_give_back(ledger_of(arena), growth);
        arena->starved = true;
        return NULL;
    }
    block->bytes = block_bytes;
    POISON(block_memory(block) + new_bytes, round_up(new_bytes) - new_bytes);
    arena->own = block;
    arena->last = block_memory(block);
    arena->last_bytes = round_up(new_bytes);
    arena->used_bytes += charge;
    return arena->last;
}

static void *grow_last(struct arena *arena, size_t old_bytes, size_t new_bytes)
{
    char *old = arena->last;
    size_t rounded = round_up(new_bytes);
    size_t charge = rounded > arena->last_bytes ? rounded - arena->last_bytes : 0;

    if (!affords(arena, charge))
        return NULL;
    if (arena->own && old == block_memory(arena->own)) {
        if (charge > 0)
            return grow_own_block(arena, new_bytes, charge);
        UNPOISON(old, new_bytes); /* the rounding had room */
        return old;
    }
    if (rounded + RED_ZONE <= (size_t)(arena->end - old)) {
        arena->at = old; /* taken again from where it starts */
        return take(arena, new_bytes, charge);
    }
    char *moved = take(arena, new_bytes, charge);
    if (moved)
        memcpy(moved, old, old_bytes);
    return moved;
}

void *arena_grow(struct arena *arena, void *old, size_t old_bytes, size_t new_bytes)
{
    if (fault_is_due())
        return NULL;
    if (!old)
        return alloc(arena, new_bytes);
    if (new_bytes <= old_bytes)
        return old;
    if (new_bytes > LARGEST_ALLOCATION)
        return NULL;
    if (old == arena->last)
        return grow_last(arena, old_bytes, new_bytes);

    void *moved = alloc(arena, new_bytes);
    if (moved)
        memcpy(moved, old, old_bytes);
    return moved;
}

bool arena_copy(struct arena *arena, struct slice s, struct slice *ret)
{
    char *copy = s.len < LARGEST_ALLOCATION ? arena_alloc(arena, s.len + 1) : NULL;

    if (!copy)
        return false;
    if (s.len)
        memcpy(copy, s.ptr, s.len);
    copy[s.len] = '\0';
    *ret = (struct slice){ copy, s.len };
    return true;
}

bool arena_printf(struct arena *arena, struct slice *ret, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0)
        return false;

    char *to = arena_alloc(arena, (size_t)len + 1);
    if (!to)
        return false;
    va_start(args, format);
    vsnprintf(to, (size_t)len + 1, format, args);
    va_end(args);
    *ret = (struct slice){ to, (size_t)len };
    return true;
}

bool arena_set_aside(struct arena *arena, size_t bytes)
{
    size_t whole = arena->budget_bytes + arena->aside_bytes;

    if (bytes > whole - arena->used_bytes)
        return false;
    if (bytes < arena->aside_bytes)
        arena->promised_bytes += arena->aside_bytes - bytes;
    else if (arena->promised_bytes > bytes - arena->aside_bytes)
        arena->promised_bytes -= bytes - arena->aside_bytes;
    else
        arena->promised_bytes = 0;
    arena->aside_bytes = bytes;
    arena->budget_bytes = whole - bytes;
    return true;
}

void arena_set_modest(struct arena *arena, bool modest)
{
    arena->modest = modest;
}

bool arena_is_starved(const struct arena *arena)
{
    return arena->starved;
}

size_t arena_used_bytes(const struct arena *arena)
{
    return arena->used_bytes;
}
