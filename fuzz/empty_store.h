/* fuzz/empty_store.h - Graph's model over a store without rows, for targets whose options it runs.
 *
 * It is opened before the first input, with every index, and never closed.
 */
#ifndef FUZZ_EMPTY_STORE_H
#define FUZZ_EMPTY_STORE_H

#include "edm/filter.h"
#include "edm/health.h"

struct store_session;

extern struct store_session *empty_store; /* reads */

/* A view of the first date and the first enumeration that the type has; NULL where it has none. */
const struct edm_health_view *first_view(const struct edm_entity_type *type,
                                         struct edm_health_view *memory);
/* The view of the type's default policy, switched on; NULL where it has none. */
const struct edm_health_view *default_view(const struct edm_entity_type *type,
                                           struct edm_health_view *memory);

/* How many levels the tree has. */
size_t filter_depth(const struct edm_filter *node);

#endif
