/* edm/view.h - entities of a view as entities of the type behind it, and back.
 *
 * For a type that is no view each of these gives back what it is handed, without a copy.
 * Must not know: what is stored how.
 */
#ifndef EDM_VIEW_H
#define EDM_VIEW_H

#include <stdint.h>

#include "edm/entity.h"

struct arena;

/* The properties of the stored type that `select`, a bit set of the type's, shows, and EDM_CREATED.
 */
uint64_t edm_view_select(const struct edm_entity_type *type, uint64_t select);

/* `stored`, which is of the stored type, as an entity of `type`: what it has of what the type
 * shows. Values are shared. NULL: no memory. */
struct edm_entity *edm_view_show(const struct edm_entity_type *type, struct edm_entity *stored,
                                 struct arena *arena);

/* An entity or a change of any type as one of its stored type. Values are shared. NULL: no memory.
 */
const struct edm_entity *edm_view_stored(const struct edm_entity *entity, struct arena *arena);

#endif
