/* store/known_tenants.c - direct-mapped: a tenant has one place, found from its id.
 *
 * Two tenants that share a place cost each other a look-up by key and nothing else.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/known_tenants.h"

#include <string.h>

#define PLACE_BITS 6

_Static_assert(KNOWN_TENANTS_PLACES == 1 << PLACE_BITS, "a place for each hash");

static struct known_tenant *place_of(struct known_tenants *known, const struct uuid *id)
{
    uint64_t halves[2];

    memcpy(halves, id->bytes, sizeof halves);
    return &known->places[(halves[0] ^ halves[1]) * UINT64_C(0x9e3779b97f4a7c15) >>
                          (64 - PLACE_BITS)];
}

bool known_tenants_find(struct known_tenants *known, int64_t version, struct uuid id)
{
    const struct known_tenant *place = place_of(known, &id);

    if (known->version == version)
        return place->filled && uuid_eq(place->id, id);
    *known = (struct known_tenants){ .version = version };
    return false;
}

void known_tenants_keep(struct known_tenants *known, struct uuid id)
{
    *place_of(known, &id) = (struct known_tenant){ .id = id, .filled = true };
}
