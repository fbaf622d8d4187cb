/* auth/principal_cache.h - verified tokens, by SHA-256 of the token; a hit saves the signature
 * check.
 *
 * Bounded in entries and in the bytes of each; the least recently used leaves. Times are checked
 * again by the caller (jwt_check_times) on every hit.
 * Threads: one cache per loop, used by its thread alone.
 */
#ifndef AUTH_PRINCIPAL_CACHE_H
#define AUTH_PRINCIPAL_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/principal.h"
#include "base/compiler.h"

struct principal_cache;

#define TOKEN_DIGEST_BYTES             32
#define PRINCIPAL_CACHE_TEXT_BYTES_MAX 2048 /* all texts of one principal; more is not kept */

/* Keeps at most `entries`; 0 keeps none. NULL: no memory. */
struct principal_cache *principal_cache_create(size_t entries);
void principal_cache_destroy(struct principal_cache *cache); /* NULL does nothing */

/* SHA-256 of the token: the cache's key. Allocates nothing. False: the library failed. Any
 * thread. */
bool token_digest(struct slice token, uint8_t out[TOKEN_DIGEST_BYTES]) MUST_CHECK;

/* NULL when it is not there. Valid until the next call on this cache. */
const struct principal *principal_cache_find(struct principal_cache *cache,
                                             const uint8_t digest[TOKEN_DIGEST_BYTES]);
/* Copies `who`, slices and all, in place of what was there for `digest`. Failing to find memory
 * only means that it is not cached. */
void principal_cache_put(struct principal_cache *cache, const uint8_t digest[TOKEN_DIGEST_BYTES],
                         const struct principal *who);

#endif
