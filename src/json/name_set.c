/* json/name_set.c - a row of names, and an index over it once the row is long.
 *
 * Nearly every object has a handful of names. Up to LINEAR_NAMES the set is only a row, and a new
 * name is compared with each before it: lengths differ mostly, so that few bytes are looked at.
 *
 * Past that, a table of slots (open addressing, linear probing, at most half full) finds a name by
 * its hash. A client chooses the names, and could choose a hundred thousand that fall into one slot
 * of any hash it can compute, at a quadratic price for us; so the hash is SipHash under a key drawn
 * for each reader. A sorted tree would need no key but costs a cache miss a level, and comparing
 * long names with a common beginning at each.
 *
 * A growing table is rebuilt from the row, which keeps the hashes. A slot holds the hash too: in a
 * table past the caches it is what stands in the slot that must tell two names apart, since each
 * look at the row or at the name itself is a wait for memory.
 *
 * Clearing only sets the counts back. The table is cleared when the next object grows past
 * LINEAR_NAMES, and then only the part that it starts with: otherwise one large object followed by
 * many of seventeen names would clear the large table each time.
 */
#include "json/name_set.h"

#include "base/arena.h"
#include "base/uuid.h"
#include "json/scan.h"

#define LINEAR_NAMES  16
#define FIRST_NAMES   16
#define FIRST_SLOTS   64
#define LARGEST_COUNT (UINT32_MAX / 4) /* so that twice the slots still count in 32 bits */

struct json_name_entry {
    const char *ptr;
    uint32_t len;
    uint32_t hash; /* only once there are slots */
};

struct json_name_slot {
    uint32_t hash;
    uint32_t place; /* in the row, counted from 1; 0 when the slot is free */
};

static uint64_t rotate_left(uint64_t word, unsigned bits)
{
    return word << bits | word >> (64 - bits);
}

struct sip {
    uint64_t v0, v1, v2, v3;
};

static inline void sip_round(struct sip *s)
{
    s->v0 += s->v1;
    s->v2 += s->v3;
    s->v1 = rotate_left(s->v1, 13) ^ s->v0;
    s->v3 = rotate_left(s->v3, 16) ^ s->v2;
    s->v0 = rotate_left(s->v0, 32);

    s->v2 += s->v1;
    s->v0 += s->v3;
    s->v1 = rotate_left(s->v1, 17) ^ s->v2;
    s->v3 = rotate_left(s->v3, 21) ^ s->v0;
    s->v2 = rotate_left(s->v2, 32);
}

static inline void sip_absorb(struct sip *s, uint64_t word)
{
    s->v3 ^= word;
    sip_round(s);
    sip_round(s);
    s->v0 ^= word;
}

/* The last word of the message: what is left over of it, and its length modulo 256 on top. */
static uint64_t sip_last_word(struct slice rest, size_t whole_len)
{
    uint64_t word = (uint64_t)whole_len << 56;

    for (size_t i = 0; i < rest.len; i++)
        word |= (uint64_t)(unsigned char)rest.ptr[i] << (8 * i);
    return word;
}

uint64_t json_name_hash(const uint64_t key[2], struct slice bytes)
{
    /* The constants spell "somepseudorandomlygeneratedbytes"; any asymmetric ones would do. */
    struct sip s = {
        key[0] ^ UINT64_C(0x736f6d6570736575),
        key[1] ^ UINT64_C(0x646f72616e646f6d),
        key[0] ^ UINT64_C(0x6c7967656e657261),
        key[1] ^ UINT64_C(0x7465646279746573),
    };
    size_t at = 0;

    for (; bytes.len - at >= 8; at += 8)
        sip_absorb(&s, json_load_eight(bytes.ptr + at));
    struct slice rest = { bytes.len == at ? NULL : bytes.ptr + at, bytes.len - at };
    sip_absorb(&s, sip_last_word(rest, bytes.len));

    s.v2 ^= 0xFF;
    for (int i = 0; i < 4; i++)
        sip_round(&s);
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

static bool entry_is(const struct json_name_entry *entry, struct slice name)
{
    return slice_eq((struct slice){ entry->ptr, entry->len }, name);
}

static bool row_holds(const struct json_name_set *set, struct slice name)
{
    for (uint32_t i = 0; i < set->count; i++) {
        if (entry_is(&set->names[i], name))
            return true;
    }
    return false;
}

static uint32_t hash_of(const struct json_name_key *key, struct slice name)
{
    return (uint32_t)json_name_hash(key->words, name);
}

/* The slot that holds `name`, or the free one where it belongs. */
static struct json_name_slot *find_slot(const struct json_name_set *set, uint32_t hash,
                                        struct slice name)
{
    uint32_t mask = set->slot_count - 1;

    for (uint32_t at = hash & mask;; at = (at + 1) & mask) {
        struct json_name_slot *slot = &set->slots[at];
        if (!slot->place || (slot->hash == hash && entry_is(&set->names[slot->place - 1], name)))
            return slot;
    }
}

static struct json_name_slot *find_free_slot(const struct json_name_set *set, uint32_t hash)
{
    uint32_t mask = set->slot_count - 1;
    uint32_t at = hash & mask;

    while (set->slots[at].place)
        at = (at + 1) & mask;
    return &set->slots[at];
}

static bool grow_names(struct json_name_set *set, struct arena *arena)
{
    uint32_t capacity = set->names_capacity ? set->names_capacity * 2 : FIRST_NAMES;
    struct json_name_entry *names = arena_grow(
        arena, set->names, set->names_capacity * sizeof *names, capacity * sizeof *names);

    if (!names)
        return false;
    set->names = names;
    set->names_capacity = capacity;
    return true;
}

/* Makes `slot_count` free slots. */
static bool make_slots(struct json_name_set *set, struct arena *arena, uint32_t slot_count)
{
    if (slot_count > set->slots_capacity) {
        struct json_name_slot *slots = arena_alloc(arena, slot_count * sizeof *slots);
        if (!slots)
            return false;
        set->slots = slots;
        set->slots_capacity = slot_count;
    }
    memset(set->slots, 0, slot_count * sizeof *set->slots);
    set->slot_count = slot_count;
    return true;
}

/* Enters the whole row, all of whose names differ, into free slots. */
static void fill_slots(struct json_name_set *set)
{
    for (uint32_t i = 0; i < set->count; i++) {
        uint32_t hash = set->names[i].hash;
        *find_free_slot(set, hash) = (struct json_name_slot){ hash, i + 1 };
    }
}

/* The row has become long: gives its names their hashes, and slots. */
static bool start_slots(struct json_name_set *set, struct json_name_key *key, struct arena *arena)
{
    if (!make_slots(set, arena, FIRST_SLOTS))
        return false;
    if (!key->drawn) {
        random_bytes(key->words, sizeof key->words);
        key->drawn = true;
    }
    for (uint32_t i = 0; i < set->count; i++) {
        struct json_name_entry *entry = &set->names[i];
        entry->hash = hash_of(key, (struct slice){ entry->ptr, entry->len });
    }
    fill_slots(set);
    return true;
}

/* Sees to it that one more name leaves half of the slots free. */
static bool ready_slots(struct json_name_set *set, struct json_name_key *key, struct arena *arena)
{
    if (set->slot_count == 0)
        return start_slots(set, key, arena);
    if (set->count < set->slot_count / 2)
        return true;
    if (set->count >= LARGEST_COUNT || !make_slots(set, arena, set->slot_count * 2))
        return false;
    fill_slots(set);
    return true;
}

/* Adds `name`, which the row does not hold. */
static bool append_name(struct json_name_set *set, struct arena *arena, struct slice name,
                        uint32_t hash)
{
    if (set->count == set->names_capacity && !grow_names(set, arena))
        return false;
    set->names[set->count++] = (struct json_name_entry){ name.ptr, (uint32_t)name.len, hash };
    return true;
}

static enum json_name_added add_to_row(struct json_name_set *set, struct arena *arena,
                                       struct slice name)
{
    if (row_holds(set, name))
        return JSON_NAME_REPEATED;
    return append_name(set, arena, name, 0) ? JSON_NAME_ADDED : JSON_NAME_NO_MEMORY;
}

static enum json_name_added add_to_slots(struct json_name_set *set, struct json_name_key *key,
                                         struct arena *arena, struct slice name)
{
    if (!ready_slots(set, key, arena))
        return JSON_NAME_NO_MEMORY;

    uint32_t hash = hash_of(key, name);
    struct json_name_slot *slot = find_slot(set, hash, name);
    if (slot->place)
        return JSON_NAME_REPEATED;
    if (!append_name(set, arena, name, hash))
        return JSON_NAME_NO_MEMORY;
    *slot = (struct json_name_slot){ hash, set->count };
    return JSON_NAME_ADDED;
}

enum json_name_added json_name_set_add(struct json_name_set *set, struct json_name_key *key,
                                       struct arena *arena, struct slice name)
{
    if (name.len > UINT32_MAX)
        return JSON_NAME_NO_MEMORY;
    if (set->count < LINEAR_NAMES)
        return add_to_row(set, arena, name);
    return add_to_slots(set, key, arena, name);
}

void json_name_set_clear(struct json_name_set *set)
{
    set->count = 0;
    set->slot_count = 0;
}
