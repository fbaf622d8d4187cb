/* odata/openapi.h - a version of the Graph surface as an OpenAPI document.
 *
 * Spec: OpenAPI 3.1.1, JSON Schema 2020-12. Names of operations, schemas, parameters and tags are
 * built as in the files that Microsoft publishes in the repository msgraph-metadata, so that a
 * client generated from the one resembles a client generated from the other.
 *
 * All of it follows from the model and from odata/surface.h: a new entity type is described by
 * being in the tables.
 *
 * Must not know: any particular type, HTTP beyond what the document says of it.
 */
#ifndef ODATA_OPENAPI_H
#define ODATA_OPENAPI_H

#include <stdbool.h>

#include "base/slice.h"
#include "odata/surface.h"

struct text;

struct odata_openapi {
    struct odata_surface surface;
    struct slice server_url; /* "https://localhost:8443/beta" */
    struct slice token_url;  /* of the built-in issuer; empty: tokens come from elsewhere */
    bool anonymous;          /* a request needs no token */
};

/* One whole document. */
void odata_write_openapi(const struct odata_openapi *about, struct text *out);

#endif
