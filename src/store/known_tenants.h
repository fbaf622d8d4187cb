/* store/known_tenants.h - the tenants that a session has seen in the registry, at one version of
 * it.
 *
 * Every create asks whether its tenant is there; nearly always the answer is the last one's.
 *
 * What is kept was true of a version that was committed, and holds for each transaction that begins
 * at that version. What a transaction sees after it changed the registry itself is not to be kept:
 * it may be undone, and its version's number given to something else (registry.c asks the session).
 *
 * Threads: as its session.
 */
#ifndef STORE_KNOWN_TENANTS_H
#define STORE_KNOWN_TENANTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/uuid.h"

#define KNOWN_TENANTS_PLACES 64 /* a power of two */

struct known_tenants { /* zeros: none */
    int64_t version;
    struct known_tenant {
        struct uuid id;
        bool filled;
    } places[KNOWN_TENANTS_PLACES];
};

/* Whether the tenant was kept at `version`; those of another are forgotten. */
bool known_tenants_find(struct known_tenants *known, int64_t version, struct uuid id);
/* Keeps it at the version that was last asked for, and pushes out who was in its place. */
void known_tenants_keep(struct known_tenants *known, struct uuid id);

#endif
