/* json/name_set.h - the names seen so far in one object, to find a repeated one.
 *
 * Names are compared as decoded text, byte for byte. A set can be emptied and used for the next
 * object; the memory it has grown to is kept, so that a long array of objects needs the memory of
 * its largest object and not of all together.
 *
 * Must not know: literals, tokens.
 * Threads: a set and a key have one owner.
 */
#ifndef JSON_NAME_SET_H
#define JSON_NAME_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/slice.h"

struct arena;

/* The secret that keeps clients from choosing names that collide. One serves any number of sets; it
 * is drawn when a set first needs it. Start it as {0}. */
struct json_name_key {
    uint64_t words[2];
    bool drawn;
};

struct json_name_entry;
struct json_name_slot;

/* Fields are private. Start it as {0}. */
struct json_name_set {
    struct json_name_entry *names;
    uint32_t count, names_capacity;
    struct json_name_slot *slots; /* in use only once the set is large */
    uint32_t slot_count, slots_capacity;
};

enum json_name_added {
    JSON_NAME_ADDED,
    JSON_NAME_REPEATED,  /* the set already holds it */
    JSON_NAME_NO_MEMORY, /* past the arena's budget, or 4 GiB long */
};

/* Adds `name`, whose bytes must outlive the set. */
enum json_name_added json_name_set_add(struct json_name_set *set, struct json_name_key *key,
                                       struct arena *arena, struct slice name) MUST_CHECK;

/* Empties the set. Costs the same however large it was. */
void json_name_set_clear(struct json_name_set *set);

/* SipHash-2-4 of `bytes` (Aumasson and Bernstein, 2012). */
uint64_t json_name_hash(const uint64_t key[2], struct slice bytes);

#endif
