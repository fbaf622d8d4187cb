/* base/repeatable.c - numbers that follow from a seed, its streams and their counts.
 *
 * There is no state to advance but a count: the n-th number of a stream is computed from the seed,
 * the stream and n. So a draw can be had again without the draws before it, streams cannot
 * disturb each other, and threads share nothing but an atomic count for each stream.
 *
 * The mixing is that of SplitMix64 (G. Steele, D. Lea, C. Flood: Fast Splittable Pseudorandom
 * Number Generators, OOPSLA 2014; its constants are D. Stafford's "variant 13"): counts in steps of
 * the golden ratio, put through a bijection in which each bit of the input moves about half of
 * those of the output. The seed goes through it first: seeds that lie close together would
 * otherwise give the same numbers, shifted. Texts become numbers by FNV-1a (Fowler, Noll, Vo).
 *
 * Limits: whoever sees some numbers can compute the others. This is for tests to have them again.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/repeatable.h"

#include <stdatomic.h>
#include <stdlib.h>

#define GOLDEN_RATIO UINT64_C(0x9e3779b97f4a7c15) /* its fraction times 2^64, made odd */
#define FNV_BASIS    UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME    UINT64_C(0x100000001b3)

struct repeatable {
    uint64_t seed;
    uint64_t stream_seeds[REPEATABLE_STREAM_COUNT];
    _Atomic uint64_t counts[REPEATABLE_STREAM_COUNT];
};

static uint64_t mix(uint64_t bits)
{
    bits = (bits ^ bits >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    bits = (bits ^ bits >> 27) * UINT64_C(0x94d049bb133111eb);
    return bits ^ bits >> 31;
}

static uint64_t hash(struct slice text)
{
    uint64_t value = FNV_BASIS;

    for (size_t i = 0; i < text.len; i++)
        value = (value ^ (unsigned char)text.ptr[i]) * FNV_PRIME;
    return value;
}

uint64_t repeatable_draw(uint64_t seed, uint64_t count)
{
    return mix(mix(seed) + (count + 1) * GOLDEN_RATIO);
}

struct repeatable *repeatable_create(struct slice seed)
{
    struct repeatable *repeatable = malloc(sizeof *repeatable);

    if (!repeatable)
        return NULL;
    repeatable->seed = hash(seed);
    for (size_t i = 0; i < REPEATABLE_STREAM_COUNT; i++) {
        repeatable->stream_seeds[i] = repeatable_draw(repeatable->seed, i);
        atomic_init(&repeatable->counts[i], 0);
    }
    return repeatable;
}

void repeatable_destroy(struct repeatable *repeatable)
{
    free(repeatable);
}

/* The first of `many` counts that are the caller's alone. Relaxed: a count guards nothing else. */
static uint64_t take(struct repeatable *repeatable, enum repeatable_stream stream, uint64_t many)
{
    return atomic_fetch_add_explicit(&repeatable->counts[stream], many, memory_order_relaxed);
}

uint64_t repeatable_next(struct repeatable *repeatable, enum repeatable_stream stream)
{
    return repeatable_draw(repeatable->stream_seeds[stream], take(repeatable, stream, 1));
}

struct uuid repeatable_uuid(struct repeatable *repeatable, enum repeatable_stream stream)
{
    uint64_t seed = repeatable->stream_seeds[stream];
    uint64_t count = take(repeatable, stream, 2);

    return uuid_v4(repeatable_draw(seed, count), repeatable_draw(seed, count + 1));
}

void repeatable_bytes(const struct repeatable *repeatable, struct slice purpose, void *out,
                      size_t len)
{
    uint64_t seed = repeatable_draw(repeatable->seed, hash(purpose)), bits = 0;
    uint8_t *bytes = out;

    /* Taken from the low end, so that they are the same on every machine. */
    for (size_t i = 0; i < len; i++, bits >>= 8) {
        if (i % sizeof bits == 0)
            bits = repeatable_draw(seed, i / sizeof bits);
        bytes[i] = (uint8_t)bits;
    }
}
