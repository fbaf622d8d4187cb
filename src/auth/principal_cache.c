/* auth/principal_cache.c - what verified tokens said, found by the digest of the token.
 *
 * A chained hash and a list in order of use run through the same entries:
 *
 *     buckets[digest & mask] -> entry -> entry          (next_in_bucket)
 *     newest <-> entry <-> entry <-> oldest              (newer, older)
 *
 * A hit moves its entry to the front, a put into a full cache frees the one at the back. An entry
 * is one allocation: the struct, then the bytes that its principal's slices point to.
 *
 * The first eight bytes of the digest are the hash. They need no mixing and no seed: only tokens
 * with a valid signature get here, and a SHA-256 of those cannot be steered into one bucket.
 *
 * Bounds: the number of entries, and PRINCIPAL_CACHE_TEXT_BYTES_MAX for the text of one. A larger
 * principal is not kept; its tokens are verified each time.
 */
#include "auth/principal_cache.h"

#include <stdlib.h>
#include <string.h>

#include "auth/sha256.h"

struct entry {
    uint8_t digest[TOKEN_DIGEST_BYTES];
    struct entry *next_in_bucket;
    struct entry *newer, *older;
    struct principal who;
    char text[]; /* subject, app_id, app_name, user */
};

struct principal_cache {
    struct entry **buckets;
    size_t bucket_mask; /* their count, a power of two, less one */
    size_t limit;       /* entries */
    size_t count;
    struct entry *newest, *oldest;
};

_Static_assert(TOKEN_DIGEST_BYTES == SHA256_BYTES, "the key is a SHA-256");

struct principal_cache *principal_cache_create(size_t entries)
{
    struct principal_cache *cache = calloc(1, sizeof *cache);
    size_t bucket_count = 1;

    while (bucket_count < entries && bucket_count <= SIZE_MAX / 2)
        bucket_count *= 2;
    if (cache)
        cache->buckets = calloc(bucket_count, sizeof(struct entry *));
    if (!cache || !cache->buckets) {
        free(cache);
        return NULL;
    }
    cache->bucket_mask = bucket_count - 1;
    cache->limit = entries;
    return cache;
}

void principal_cache_destroy(struct principal_cache *cache)
{
    if (!cache)
        return;
    for (struct entry *entry = cache->newest, *older; entry; entry = older) {
        older = entry->older;
        free(entry);
    }
    free(cache->buckets);
    free(cache);
}

bool token_digest(struct slice token, uint8_t out[TOKEN_DIGEST_BYTES])
{
    return sha256_digest(token, out);
}

static struct entry **bucket_of(struct principal_cache *cache,
                                const uint8_t digest[TOKEN_DIGEST_BYTES])
{
    uint64_t hash;

    memcpy(&hash, digest, sizeof hash);
    return &cache->buckets[hash & cache->bucket_mask];
}

/* The link that points to the entry of `digest`, or to NULL at the end of its bucket. */
static struct entry **find_link(struct principal_cache *cache,
                                const uint8_t digest[TOKEN_DIGEST_BYTES])
{
    struct entry **link = bucket_of(cache, digest);

    while (*link && memcmp((*link)->digest, digest, TOKEN_DIGEST_BYTES) != 0)
        link = &(*link)->next_in_bucket;
    return link;
}

static void list_remove(struct principal_cache *cache, struct entry *entry)
{
    *(entry->newer ? &entry->newer->older : &cache->newest) = entry->older;
    *(entry->older ? &entry->older->newer : &cache->oldest) = entry->newer;
}

static void list_add_newest(struct principal_cache *cache, struct entry *entry)
{
    entry->newer = NULL;
    entry->older = cache->newest;
    *(cache->newest ? &cache->newest->newer : &cache->oldest) = entry;
    cache->newest = entry;
}

static void drop(struct principal_cache *cache, struct entry **link)
{
    struct entry *entry = *link;

    *link = entry->next_in_bucket;
    list_remove(cache, entry);
    cache->count--;
    free(entry);
}

const struct principal *principal_cache_find(struct principal_cache *cache,
                                             const uint8_t digest[TOKEN_DIGEST_BYTES])
{
    struct entry *entry = *find_link(cache, digest);

    if (!entry)
        return NULL;
    if (entry != cache->newest) {
        list_remove(cache, entry);
        list_add_newest(cache, entry);
    }
    return &entry->who;
}

/* Copies `s` to *at, moves *at behind it and returns the copy. */
static struct slice keep_text(char **at, struct slice s)
{
    struct slice kept = { *at, s.len };

    if (s.len)
        memcpy(*at, s.ptr, s.len);
    *at += s.len;
    return kept;
}

/* NULL: no memory, or more text than an entry may hold. */
static struct entry *make_entry(const uint8_t digest[TOKEN_DIGEST_BYTES],
                                const struct principal *who)
{
    size_t text_bytes = who->subject.len + who->app_id.len + who->app_name.len + who->user.len;
    struct entry *entry;
    char *at;

    if (text_bytes > PRINCIPAL_CACHE_TEXT_BYTES_MAX)
        return NULL;
    entry = malloc(sizeof *entry + text_bytes);
    if (!entry)
        return NULL;
    memcpy(entry->digest, digest, TOKEN_DIGEST_BYTES);
    at = entry->text;
    entry->who = *who;
    entry->who.subject = keep_text(&at, who->subject);
    entry->who.app_id = keep_text(&at, who->app_id);
    entry->who.app_name = keep_text(&at, who->app_name);
    entry->who.user = keep_text(&at, who->user);
    return entry;
}

void principal_cache_put(struct principal_cache *cache, const uint8_t digest[TOKEN_DIGEST_BYTES],
                         const struct principal *who)
{
    /* Made first: `who` may be what is about to be dropped. */
    struct entry *entry = cache->limit ? make_entry(digest, who) : NULL;
    struct entry **link;

    if (!entry)
        return;
    link = find_link(cache, digest);
    if (*link)
        drop(cache, link);
    else if (cache->count == cache->limit)
        drop(cache, find_link(cache, cache->oldest->digest));

    link = bucket_of(cache, digest);
    entry->next_in_bucket = *link;
    *link = entry;
    list_add_newest(cache, entry);
    cache->count++;
}
