/* auth/principal_cache.c - what verified tokens said, found by the token.
 *
 * A chained hash and a list in order of use run through the same entries:
 *
 *     buckets[hash of the token] -> entry -> entry      (next_in_bucket)
 *     newest <-> entry <-> entry <-> oldest              (newer, older)
 *
 * A hit moves its entry to the front, a put into a full cache frees the one at the back. An entry
 * is one allocation: the struct, then the bytes that its token and its principal's slices point to.
 *
 * Every request looks here, so a token is kept whole and compared whole: a digest of it for a key
 * would cost half of what a small request costs in all. What is compared takes as long for a token
 * that is nearly right as for one that is wrong from its first byte on, since whoever could time
 * the difference could guess a token byte by byte. It leaves memory no sooner than its entry, and
 * is wiped then.
 *
 * The hash is made of the token's last eight characters. They are the end of its signature, so they
 * differ from token to token and nobody chooses them: only tokens with a valid signature get here.
 *
 * Bounds: the number of entries, and PRINCIPAL_CACHE_TEXT_BYTES_MAX for the text of one. A larger
 * token or principal is not kept; its tokens are verified each time.
 */
#include "auth/principal_cache.h"

#include <stdlib.h>
#include <string.h>

struct entry {
    struct slice token;
    struct entry *next_in_bucket;
    struct entry *newer, *older;
    struct principal who;
    size_t text_bytes;
    char text[]; /* token, subject, app_id, app_name, user */
};

struct principal_cache {
    struct entry **buckets;
    size_t bucket_mask; /* their count, a power of two, less one */
    size_t limit;       /* entries */
    size_t count;
    struct entry *newest, *oldest;
};

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

static void entry_free(struct entry *entry)
{
    explicit_bzero(entry->text, entry->text_bytes);
    free(entry);
}

void principal_cache_destroy(struct principal_cache *cache)
{
    if (!cache)
        return;
    for (struct entry *entry = cache->newest, *older; entry; entry = older) {
        older = entry->older;
        entry_free(entry);
    }
    free(cache->buckets);
    free(cache);
}

static uint64_t load_eight(const char *from)
{
    uint64_t eight;

    memcpy(&eight, from, sizeof eight);
    return eight;
}

/* Letters and digits share their upper bits, so the product's upper half mixes them. */
static struct entry **bucket_of(struct principal_cache *cache, struct slice token)
{
    uint64_t end = token.len < 8 ? token.len : load_eight(token.ptr + token.len - 8);

    return &cache->buckets[(end * UINT64_C(0x9e3779b97f4a7c15) >> 32) & cache->bucket_mask];
}

/* In a time that depends on the lengths alone. */
static bool is_same(struct slice a, struct slice b)
{
    uint64_t differences = 0;
    size_t at = 0;

    if (a.len != b.len)
        return false;
    for (; a.len - at >= 8; at += 8)
        differences |= load_eight(a.ptr + at) ^ load_eight(b.ptr + at);
    for (; at < a.len; at++)
        differences |= (uint64_t)(unsigned char)(a.ptr[at] ^ b.ptr[at]);
    return differences == 0;
}

/* The link that points to the entry of `token`, or to NULL at the end of its bucket. */
static struct entry **find_link(struct principal_cache *cache, struct slice token)
{
    struct entry **link = bucket_of(cache, token);

    while (*link && !is_same((*link)->token, token))
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
    entry_free(entry);
}

const struct principal *principal_cache_find(struct principal_cache *cache, struct slice token)
{
    struct entry *entry = *find_link(cache, token);

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
static struct entry *make_entry(struct slice token, const struct principal *who)
{
    size_t text_bytes =
        token.len + who->subject.len + who->app_id.len + who->app_name.len + who->user.len;
    struct entry *entry;
    char *at;

    if (text_bytes > PRINCIPAL_CACHE_TEXT_BYTES_MAX)
        return NULL;
    entry = malloc(sizeof *entry + text_bytes);
    if (!entry)
        return NULL;
    entry->text_bytes = text_bytes;
    at = entry->text;
    entry->token = keep_text(&at, token);
    entry->who = *who;
    entry->who.subject = keep_text(&at, who->subject);
    entry->who.app_id = keep_text(&at, who->app_id);
    entry->who.app_name = keep_text(&at, who->app_name);
    entry->who.user = keep_text(&at, who->user);
    return entry;
}

void principal_cache_put(struct principal_cache *cache, struct slice token,
                         const struct principal *who)
{
    /* Made first: `who` may be what is about to be dropped. */
    struct entry *entry = cache->limit ? make_entry(token, who) : NULL;
    struct entry **link;

    if (!entry)
        return;
    link = find_link(cache, token);
    if (*link)
        drop(cache, link);
    else if (cache->count == cache->limit)
        drop(cache, find_link(cache, cache->oldest->token));

    link = bucket_of(cache, token);
    entry->next_in_bucket = *link;
    *link = entry;
    list_add_newest(cache, entry);
    cache->count++;
}
