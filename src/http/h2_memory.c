/* http/h2_memory.c - malloc with a count, charged to the ledger in steps of 16 KiB.
 *
 * A ledger is shared by all threads, and the library allocates several times a request: charged one
 * by one, allocations would contend for it. So it is charged by blocks, as arenas are, and a
 * session that comes and goes around a step keeps the step.
 *
 * A new session leaves half of the ledger to requests. Once it is there it gets what there is, as
 * the first blocks of arenas do: the little that an answer needs here decides over all that was
 * done for it, and for the others on that connection.
 *
 * What is allocated is counted by what malloc says it gave (malloc_usable_size), which needs no
 * header in front of each piece.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/h2_memory.h"

#include <assert.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/arena.h"

#define STEP_BYTES ((size_t)16 * 1024)

/* Makes room for `more` bytes beside those in use. */
static bool charge(struct h2_memory *memory, size_t more)
{
    if (memory->used_bytes > memory->limit_bytes || more > memory->limit_bytes - memory->used_bytes)
        return false;
    size_t needed = memory->used_bytes + more;
    if (needed <= memory->charged_bytes)
        return true;

    size_t bytes = (needed - memory->charged_bytes + STEP_BYTES - 1) / STEP_BYTES * STEP_BYTES;
    size_t ceiling = memory->ledger ? memory->ledger->limit_bytes : SIZE_MAX;
    if (!memory->established)
        ceiling /= 2;
    if (!arena_ledger_take(memory->ledger, bytes, ceiling))
        return false;
    memory->charged_bytes += bytes;
    return true;
}

/* What is charged and two steps above what is needed goes back; one step stays. */
static void discharge(struct h2_memory *memory)
{
    size_t spare = (memory->charged_bytes - memory->used_bytes) / STEP_BYTES;

    if (spare < 3)
        return;
    memory->charged_bytes -= (spare - 1) * STEP_BYTES;
    arena_ledger_give_back(memory->ledger, (spare - 1) * STEP_BYTES);
}

/* Counts the piece that took the place of one of `before` bytes. */
static void *count(struct h2_memory *memory, size_t before, void *piece)
{
    if (!piece)
        return NULL;
    memory->used_bytes = memory->used_bytes - before + malloc_usable_size(piece);
    /* It may have got more than it asked for: the ledger learns of it, be it full or not. */
    if (memory->used_bytes > memory->charged_bytes &&
        arena_ledger_take(memory->ledger, STEP_BYTES, SIZE_MAX))
        memory->charged_bytes += STEP_BYTES;
    return piece;
}

static void *take(size_t bytes, void *user_data)
{
    struct h2_memory *memory = user_data;

    return charge(memory, bytes) ? count(memory, 0, malloc(bytes)) : NULL;
}

static void *take_cleared(size_t number, size_t bytes, void *user_data)
{
    struct h2_memory *memory = user_data;

    if (bytes > 0 && number > memory->limit_bytes / bytes)
        return NULL;
    return charge(memory, number * bytes) ? count(memory, 0, calloc(number, bytes)) : NULL;
}

static void *take_grown(void *piece, size_t bytes, void *user_data)
{
    struct h2_memory *memory = user_data;
    size_t before = piece ? malloc_usable_size(piece) : 0;

    if (bytes > before && !charge(memory, bytes - before))
        return NULL;
    return count(memory, before, realloc(piece, bytes));
}

static void give_back(void *piece, void *user_data)
{
    struct h2_memory *memory = user_data;

    if (!piece)
        return;
    memory->used_bytes -= malloc_usable_size(piece);
    free(piece);
    discharge(memory);
}

nghttp2_mem h2_memory_functions(struct h2_memory *memory)
{
    return (nghttp2_mem){
        .mem_user_data = memory,
        .malloc = take,
        .free = give_back,
        .calloc = take_cleared,
        .realloc = take_grown,
    };
}

void h2_memory_release(struct h2_memory *memory)
{
    assert(memory->used_bytes == 0);
    arena_ledger_give_back(memory->ledger, memory->charged_bytes);
    memory->charged_bytes = 0;
}
