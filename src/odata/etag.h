/* odata/etag.h - entity tags: what an entity is called in one state, and whether a list names it.
 *
 * Spec: RFC 9110 8.8.3 (entity tags), 8.8.3.2 (weak comparison), 13.1.1 and 13.1.2 (lists of them);
 * OData 4.01 part 1 sections 8.2.4, 8.2.5 and 8.3.1.
 *
 * Must not know: header names, status codes.
 */
#ifndef ODATA_ETAG_H
#define ODATA_ETAG_H

#include <stdbool.h>

#include "base/slice.h"
#include "edm/entity.h"

struct edm_health_view;

#define ODATA_ETAG_MAX 96

/* The tag of an entity that was read with EDM_CREATED, in `memory`: W/"7210391023812608.3", and
 * with `health` (NULL: none), if it is of the entity's own type, the state that it shows behind it.
 * Empty: it was not read so. */
struct slice odata_etag(const struct edm_entity *entity, const struct edm_health_view *health,
                        char memory[ODATA_ETAG_MAX]);

/* Whether `field` is a list of tags; it may be an empty one. */
bool odata_etag_is_list(struct slice field);

/* Whether the list `field` names `etag`, be either of them weak. What is no tag names nothing. */
bool odata_etag_is_listed(struct slice etag, struct slice field);

#endif
