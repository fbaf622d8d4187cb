/* odata/csdl_json.h - the same as odata/csdl.h in JSON, which OData 4.01 added.
 *
 * Spec: OData CSDL JSON 4.01. What the two documents declare is the same; a test compares them.
 */
#ifndef ODATA_CSDL_JSON_H
#define ODATA_CSDL_JSON_H

#include "odata/surface.h"

struct text;

/* What the surface has, one whole document. */
void csdl_write_json(const struct odata_surface *surface, struct text *out);

#endif
