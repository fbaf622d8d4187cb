/* auth/principal_cache.h - what verified tokens said; a hit saves the signature check.
 *
 * Bounded in entries and in the bytes of each; the least recently used leaves. Times are checked
 * again by the caller (jwt_check_times) on every hit. Tokens are compared in constant time.
 * Threads: one cache per loop, used by its thread alone.
 */
#ifndef AUTH_PRINCIPAL_CACHE_H
#define AUTH_PRINCIPAL_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/principal.h"

struct principal_cache;

#define PRINCIPAL_CACHE_TEXT_BYTES_MAX 18432 /* a token and what it said; more is not kept */

/* Keeps at most `entries`; 0 keeps none. NULL: no memory. */
struct principal_cache *principal_cache_create(size_t entries);
void principal_cache_destroy(struct principal_cache *cache); /* NULL does nothing */

/* NULL when it is not there. Valid until the next call on this cache. */
const struct principal *principal_cache_find(struct principal_cache *cache, struct slice token);
/* Copies `token` and `who`, slices and all, in place of what was there for `token`, which was
 * verified. Failing to find memory only means that it is not cached. */
void principal_cache_put(struct principal_cache *cache, struct slice token,
                         const struct principal *who);

#endif
