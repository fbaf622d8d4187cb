/* auth/sha256.h - SHA-256 and HMAC-SHA-256, with nothing looked up per call.
 *
 * Spec: FIPS 180-4, RFC 2104.
 * Threads: any thread.
 */
#ifndef AUTH_SHA256_H
#define AUTH_SHA256_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/slice.h"

#define SHA256_BYTES 32

/* Allocates nothing. False: the library failed. */
bool sha256_digest(struct slice message, uint8_t out[SHA256_BYTES]) MUST_CHECK;

/* HMAC over the parts one after another; `key` is not empty. False: the library failed. */
bool sha256_hmac(struct slice key, const struct slice *parts, size_t part_count,
                 uint8_t out[SHA256_BYTES]) MUST_CHECK;

#endif
