/* http/caps.c - a table of addresses with open addressing, under one lock.
 *
 * The table is made once, with at least two slots for every connection that can be, so that it
 * neither grows nor fills: counting cannot fail. A slot whose count fell to zero is closed by
 * moving later entries of its run up, which leaves no tombstones behind. Memory that is never
 * touched is never there, so a server with few clients pays for few pages.
 *
 * Whoever owns a large IPv6 network chooses the keys; the hash is mixed with random numbers so that
 * nobody can choose them to fall into one run.
 *
 * The surplus is an eighth of a cap, between 8 and 256: enough to tell real clients what is wrong,
 * too little to be worth an attack.
 */
#include "http/caps.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/uuid.h"

struct slot {
    struct caps_key key;
    uint32_t count; /* 0: free */
};

struct http_caps {
    pthread_mutex_t lock; /* guards all that changes: inside, released and the slots */
    size_t inside;
    bool released;
    size_t total, total_shut; /* from how many on: surplus, shut */
    size_t per_address, per_address_shut;
    uint64_t seed[2];
    size_t mask; /* slots - 1, a power of two less one */
    struct slot slots[];
};

struct caps_key caps_key_of(const struct sockaddr *address)
{
    struct sockaddr_in six_as_four;
    struct caps_key key = { 0, 0 };

    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 six;
        memcpy(&six, address, sizeof six);
        if (!IN6_IS_ADDR_V4MAPPED(&six.sin6_addr)) {
            key.family = AF_INET6;
            memcpy(&key.prefix, six.sin6_addr.s6_addr, 8);
            return key;
        }
        memcpy(&six_as_four.sin_addr, six.sin6_addr.s6_addr + 12, 4);
    } else if (address->sa_family == AF_INET) {
        memcpy(&six_as_four, address, sizeof six_as_four);
    } else {
        return key;
    }
    key.family = AF_INET;
    key.prefix = six_as_four.sin_addr.s_addr;
    return key;
}

static size_t surplus(size_t cap)
{
    size_t eighth = cap / 8;

    return eighth < 8 ? 8 : eighth > 256 ? 256 : eighth;
}

struct http_caps *caps_create(size_t total, size_t per_address)
{
    size_t slots = 64;

    while (slots < 2 * (total + surplus(total)))
        slots *= 2;
    struct http_caps *caps = calloc(1, sizeof *caps + slots * sizeof caps->slots[0]);
    if (!caps)
        return NULL;
    pthread_mutex_init(&caps->lock, NULL);
    caps->total = total;
    caps->total_shut = total + surplus(total);
    caps->per_address = per_address;
    caps->per_address_shut = per_address + surplus(per_address);
    caps->mask = slots - 1;
    random_bytes(caps->seed, sizeof caps->seed);
    return caps;
}

static void destroy(struct http_caps *caps)
{
    pthread_mutex_destroy(&caps->lock);
    free(caps);
}

/* Multiplied by secret odd numbers and folded, twice: every bit of the key reaches every bit used.
 */
static size_t home_of(const struct http_caps *caps, struct caps_key key)
{
    uint64_t a = key.prefix ^ caps->seed[0];
    uint64_t b = (caps->seed[1] ^ (uint64_t)key.family << 32) | 1;

    for (int round = 0; round < 2; round++) {
        a ^= a >> 32;
        a *= b;
        a ^= a >> 29;
        a *= UINT64_C(0x9e3779b97f4a7c15);
    }
    return (size_t)(a ^ a >> 32) & caps->mask;
}

/* Where the key is, or the free slot where it would go. There always is one. */
static size_t find(const struct http_caps *caps, struct caps_key key)
{
    size_t at = home_of(caps, key);

    while (caps->slots[at].count > 0 &&
           (caps->slots[at].key.prefix != key.prefix || caps->slots[at].key.family != key.family))
        at = (at + 1) & caps->mask;
    return at;
}

/* Frees slot `hole`, moving up what would no longer be found behind it. */
static void close_hole(struct http_caps *caps, size_t hole)
{
    for (size_t at = (hole + 1) & caps->mask; caps->slots[at].count > 0;
         at = (at + 1) & caps->mask) {
        size_t home = home_of(caps, caps->slots[at].key);
        /* It may move if its home is not behind the hole, counted round the table. */
        if (((at - home) & caps->mask) >= ((at - hole) & caps->mask)) {
            caps->slots[hole] = caps->slots[at];
            hole = at;
        }
    }
    caps->slots[hole].count = 0;
}

static enum caps_verdict enter(struct http_caps *caps, struct caps_key key)
{
    if (caps->inside >= caps->total_shut)
        return CAPS_SHUT;

    struct slot *slot = &caps->slots[find(caps, key)];
    if (slot->count >= caps->per_address_shut)
        return CAPS_SHUT;
    if (slot->count == 0)
        slot->key = key;
    slot->count++;
    caps->inside++;
    return caps->inside > caps->total || slot->count > caps->per_address ? CAPS_SURPLUS
                                                                         : CAPS_WELCOME;
}

enum caps_verdict caps_enter(struct http_caps *caps, struct caps_key key)
{
    pthread_mutex_lock(&caps->lock);
    enum caps_verdict verdict = enter(caps, key);
    pthread_mutex_unlock(&caps->lock);
    return verdict;
}

void caps_leave(struct http_caps *caps, struct caps_key key)
{
    pthread_mutex_lock(&caps->lock);
    size_t at = find(caps, key);
    assert(caps->slots[at].count > 0 && caps->inside > 0);
    if (--caps->slots[at].count == 0)
        close_hole(caps, at);
    bool last = --caps->inside == 0 && caps->released;
    pthread_mutex_unlock(&caps->lock);
    if (last)
        destroy(caps);
}

void caps_release(struct http_caps *caps)
{
    if (!caps)
        return;
    pthread_mutex_lock(&caps->lock);
    caps->released = true;
    bool last = caps->inside == 0;
    pthread_mutex_unlock(&caps->lock);
    if (last)
        destroy(caps);
}
