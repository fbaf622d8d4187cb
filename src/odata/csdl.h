/* odata/csdl.h - the model as the service tells it: $metadata.
 *
 * Spec: OData CSDL XML 4.01; names, namespace and form as in Graph's own document, so that what was
 * generated from the one fits the other.
 */
#ifndef ODATA_CSDL_H
#define ODATA_CSDL_H

#include "edm/model.h"

struct text;

/* What `version` (enum edm_version) has of `model`, one whole document. */
void csdl_write(const struct edm_model *model, unsigned version, struct text *out);

#endif
