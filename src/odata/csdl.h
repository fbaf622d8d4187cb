/* odata/csdl.h - the model as the service tells it: $metadata.
 *
 * Spec: OData CSDL XML 4.01; names, namespace and form as in Graph's own document, so that what was
 * generated from the one fits the other.
 */
#ifndef ODATA_CSDL_H
#define ODATA_CSDL_H

#include "odata/surface.h"

struct text;

/* What the surface has, one whole document. */
void csdl_write(const struct odata_surface *surface, struct text *out);

#endif
