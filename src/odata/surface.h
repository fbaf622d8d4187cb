/* odata/surface.h - what may be asked of a version's sets, for the documents that tell of it.
 *
 * $metadata and the OpenAPI document claim what is offered. So that a claim cannot outlive what it
 * tells of, each is answered by whatever decides about requests: the table of options
 * (odata/options.c), the functions of $filter (odata/filter_functions.c), the path resolver, the
 * model's operations, and the rows of what goes beyond Graph, where these are refused.
 *
 * Threads: constant.
 */
#ifndef ODATA_SURFACE_H
#define ODATA_SURFACE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"
#include "edm/model.h"
#include "odata/beyond.h"
#include "odata/path.h"

struct odata_surface {
    const struct edm_model *model;
    unsigned version;    /* enum edm_version */
    bool refuses_beyond; /* what Graph does not offer is refused: strict, or by the profile */
};

/* Whether a read of `resource` takes the option `name` ("$top"). `type` is the set's; NULL for the
 * singleton. And whether a write to it does. */
bool odata_surface_has_option(const struct odata_surface *surface, enum odata_resource resource,
                              const struct edm_entity_type *type, const char *name);
bool odata_surface_has_option_of_write(const struct odata_surface *surface,
                                       enum odata_resource resource,
                                       const struct edm_entity_type *type, const char *name);

/* Whether the operation is one of the type's and not refused to everybody. */
bool odata_surface_has_operation(const struct odata_surface *surface,
                                 const struct edm_entity_type *type, enum edm_operation operation);

/* Whether the set tells what changed in it. */
bool odata_surface_has_delta(const struct odata_surface *surface,
                             const struct edm_entity_type *type);

/* Whether there is something at `path`, which stands behind the version ("/$batch") and has nothing
 * in it to decode. */
bool odata_surface_has_path(const struct odata_surface *surface, const char *path);

/* Whether what goes beyond Graph by `row` is served. */
bool odata_surface_goes_beyond(const struct odata_surface *surface, enum beyond row);

/* The words of $filter, operators and functions, each once; empty behind the last. */
struct slice odata_surface_filter_word(size_t index);

/* Whether such a word is taken, and not refused as beyond Graph. */
bool odata_surface_has_filter_word(const struct odata_surface *surface, struct slice word);

#endif
