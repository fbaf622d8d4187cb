/* base/uuid.h - 128-bit ids (RFC 9562): parsing, printing, and two ways to make them. */
#ifndef BASE_UUID_H
#define BASE_UUID_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/compiler.h"
#include "base/slice.h"

#define UUID_TEXT_LEN 36

struct uuid {
    uint8_t bytes[16]; /* in the order in which they are printed */
};

static inline bool uuid_eq(struct uuid a, struct uuid b)
{
    return memcmp(a.bytes, b.bytes, sizeof a.bytes) == 0;
}

/* Exactly 8-4-4-4-12 hex digits, any case, no braces. */
bool uuid_parse(struct slice text, struct uuid *ret) MUST_CHECK;

/* Writes UUID_TEXT_LEN lower-case bytes, no NUL. */
void uuid_format(struct uuid id, char out[UUID_TEXT_LEN]);

/* Version 4 from the kernel's generator, buffered per thread. Never fails: the kernel's generator
 * cannot once the machine has started. Thread-safe. */
struct uuid uuid_random(void);

/* Version 4 made from bits that the caller drew (the version and the variant take six of them). */
struct uuid uuid_v4(uint64_t high, uint64_t low);

/* Version 7 made from 48 bits of Unix milliseconds and a 74-bit tail; see store/entity_ids.h for
 * who guarantees that they only rise. */
struct uuid uuid_v7(uint64_t unix_ms, uint16_t rand_a_12bits, uint64_t rand_b_62bits);

/* Bytes from the kernel's random generator, for keys and secrets. Thread-safe. */
void random_bytes(void *out, size_t len);

#endif
