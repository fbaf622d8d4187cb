/* model/types.h - declares `const struct edm_entity_type model_<name>` for each line of types.def.
 *
 * Only model/ includes it; everyone else sees the types through graph_model.
 */
#ifndef MODEL_TYPES_H
#define MODEL_TYPES_H

#include "edm/model.h"

#define MODEL_TYPE(name) extern const struct edm_entity_type model_##name;
#include "model/types.def"
#undef MODEL_TYPE

#endif
