/* model/graph_model.h - the entity types that this product serves, as one constant model.
 *
 * A type is one file that defines `const struct edm_entity_type model_<name>` and one line in
 * types.def; docs/adding-an-entity-type.md walks through it.
 */
#ifndef MODEL_GRAPH_MODEL_H
#define MODEL_GRAPH_MODEL_H

#include "edm/model.h"

extern const struct edm_model graph_model;

/* The seed named "demo": JSON, keyed by set; see docs/seeds.md for the format. */
struct slice graph_model_demo_seed(void);

#endif
