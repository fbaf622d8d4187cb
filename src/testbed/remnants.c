/* testbed/remnants.c - a table of fixed size, by a hash of the tenant.
 *
 * There may be any number of tenants, and what is kept of those that went must have an end. When
 * two of them have one place it is kept the worse of both: each is told of losses that may have
 * been the other's, none is told that there were none. A tenant that never went, and whose hash is
 * another one, is told nothing. The hash is the same on every run, so that a server that repeats
 * itself does so here too.
 *
 * Limits: 1.5 MiB, of which the system gives the pages that were written to.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "testbed/remnants.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "base/repeatable.h"

#define PLACES ((size_t)1 << 16)
#define SHARED UINT64_C(1)

struct remnant {
    uint64_t who; /* a hash of the tenant; 0: of none; SHARED: of several */
    uint64_t began, last;
};

struct remnants {
    uint64_t seed;
    struct remnant places[PLACES];
};

static uint64_t tenant_half(struct uuid tenant, size_t from)
{
    uint64_t half;

    memcpy(&half, tenant.bytes + from, sizeof half);
    return be64toh(half);
}

uint64_t tenant_draw(uint64_t seed, struct uuid tenant)
{
    return repeatable_draw(repeatable_draw(seed, tenant_half(tenant, 0)), tenant_half(tenant, 8));
}

struct remnants *remnants_create(uint64_t seed)
{
    struct remnants *remnants = calloc(1, sizeof *remnants);

    if (remnants)
        remnants->seed = seed;
    return remnants;
}

void remnants_destroy(struct remnants *remnants)
{
    free(remnants);
}

/* Never 0, nor SHARED. */
static uint64_t hash_of(const struct remnants *remnants, struct uuid tenant)
{
    return tenant_draw(remnants->seed, tenant) | 2;
}

static size_t place_of(uint64_t who)
{
    return (size_t)(who / 4 % PLACES);
}

void remnants_leave(struct remnants *remnants, struct uuid tenant,
                    const struct journal_standing *standing)
{
    struct remnant remnant = { hash_of(remnants, tenant), standing->began, standing->last };
    struct remnant *place = &remnants->places[place_of(remnant.who)];

    if (standing->last == 0)
        return;
    if (place->who != 0 && place->who != remnant.who) {
        remnant.who = SHARED;
        remnant.began = place->began < remnant.began ? place->began : remnant.began;
        remnant.last = place->last > remnant.last ? place->last : remnant.last;
    }
    *place = remnant;
}

void remnants_take_up(const struct remnants *remnants, struct uuid tenant, struct journal *journal)
{
    uint64_t who = hash_of(remnants, tenant);
    const struct remnant *place = &remnants->places[place_of(who)];

    if (journal && (place->who == who || place->who == SHARED))
        journal_go_on(journal, place->began, place->last);
}
