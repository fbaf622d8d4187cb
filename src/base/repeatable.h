/* base/repeatable.h - chance that can be had again: numbers drawn from a seed.
 *
 * A server that was told to be deterministic takes its ids and draws from here, and nothing that
 * must be hard to guess: keys and secrets stay random_bytes()'s.
 *
 * Each stream counts for itself, so that what one of them draws moves no other.
 * Threads: any; two threads that draw from one stream at once get numbers in no certain order.
 */
#ifndef BASE_REPEATABLE_H
#define BASE_REPEATABLE_H

#include <stdint.h>

#include "base/slice.h"
#include "base/uuid.h"

enum repeatable_stream {
    REPEATABLE_REQUEST_IDS,
    REPEATABLE_ENTITY_IDS,
    REPEATABLE_TOKENS,
    REPEATABLE_SANDBOXES,
    REPEATABLE_STREAM_COUNT
};

/* 2024-01-01T00:00:00Z: when whoever repeats says that it is. */
#define REPEATABLE_UNIX_MS UINT64_C(1704067200000)

struct repeatable;

/* NULL: no memory. */
struct repeatable *repeatable_create(struct slice seed);
void repeatable_destroy(struct repeatable *repeatable); /* NULL does nothing */

uint64_t repeatable_next(struct repeatable *repeatable, enum repeatable_stream stream);
/* Version 4, as uuid_random(). */
struct uuid repeatable_uuid(struct repeatable *repeatable, enum repeatable_stream stream);
/* `len` bytes for one purpose, always the same ones. */
void repeatable_bytes(const struct repeatable *repeatable, struct slice purpose, void *out,
                      size_t len);

/* The number that belongs to `seed`, a purpose and a count: for draws that keep their own count. */
uint64_t repeatable_draw(uint64_t seed, uint64_t count);

#endif
