/* odata/path.h - the resource path of a URL, resolved against the model.
 *
 * Spec: OData URL Conventions 4.01 sections 4.1-4.5: entity sets contained in a singleton, keys as
 * a segment, in parentheses, and by name; bound actions, bare and qualified. Segments match without
 * regard to the case of ASCII letters, as Graph's do; percent-encoding is undone once, after the
 * path was split at its slashes.
 *
 * What is in an address and not in Graph's is noted beside what the address means: whether it is
 * served is not decided here.
 *
 * Must not know: HTTP methods' status codes, tokens.
 */
#ifndef ODATA_PATH_H
#define ODATA_PATH_H

#include <stdbool.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"
#include "edm/model.h"
#include "odata/beyond.h"

struct arena;

enum odata_resource {
    ODATA_SINGLETON,          /* /beta/deviceManagement */
    ODATA_SET,                /* /beta/deviceManagement/ndesConnectors */
    ODATA_ENTITY,             /* .../{id}, ('{id}'), (id='{id}') */
    ODATA_ACTION,             /* .../{id}/sync, .../{id}/microsoft.graph.sync */
    ODATA_SET_ACTION,         /* /beta/deviceManagement/roleScopeTags/getRoleScopeTagsById */
    ODATA_SET_FUNCTION,       /* /beta/deviceManagement/roleScopeTags/hasCustomRoleScopeTag */
    ODATA_COUNT,              /* /beta/deviceManagement/ndesConnectors/$count: how many there are */
    ODATA_DELTA,              /* /beta/deviceManagement/ndesConnectors/delta: what changed */
    ODATA_PROPERTY,           /* .../{id}/displayName */
    ODATA_VALUE,              /* .../{id}/displayName/$value: its bare text; not of a collection */
    ODATA_PROPERTY_COUNT,     /* .../{id}/roleScopeTagIds/$count: of a collection, how many items */
    ODATA_SINGLETON_PROPERTY, /* /beta/deviceManagement/connectorStatus */
    ODATA_SERVICE,            /* /beta: the service document */
    ODATA_CSDL,               /* /beta/$metadata */
    ODATA_BATCH,              /* /beta/$batch */
};

/* What goes beyond Graph in an address. */
struct odata_path_beyond {
    uint32_t rows;          /* of odata/beyond.h: BEYOND_BIT() each */
    struct slice segment;   /* the first that does, decoded: what Graph stops at */
    struct slice filters;   /* "/$filter(...)", one or more, encoded (odata/filter_segment.h) */
    bool options_in_body;   /* "$query" stands at its end, which is cut off */
    struct slice key_alias; /* "@k", which stands for the key (odata/key.h); empty: nothing does */
};

struct odata_path {
    enum odata_resource resource;
    unsigned version;                   /* enum edm_version */
    const struct edm_entity_type *type; /* NULL for the singleton and above */
    struct slice key;                   /* decoded; a GUID in lower case. Of ODATA_DELTA: how the
                                         * function was called, which is a key to who has none.
                                         * Empty where an alias stands for it */
    const struct edm_action *action;    /* or function */
    const struct odata_path_beyond *beyond; /* NULL: nothing does; then nothing is open either */
    const struct edm_property *property;    /* of a property, its value or count; else NULL */
    const struct edm_singleton_property *singleton_property; /* of the singleton's; else NULL */
};

/* Only the first segment: which version `path` (it starts with '/') asks for, and what follows it
 * (starts with '/' or is empty). Error: ERROR_NOT_FOUND `Invalid version: xyz`. */
bool odata_path_version(struct slice path, unsigned *ret_version, struct slice *ret_rest,
                        struct error *err) MUST_CHECK;

/* The rest of the path. Errors: ERROR_BAD_REQUEST `Resource not found for the segment 'x'.` with
 * the segment as target; bad percent-encoding; a malformed key. */
bool odata_path_parse(const struct edm_model *model, unsigned version, struct slice rest,
                      struct arena *arena, struct odata_path *ret, struct error *err) MUST_CHECK;

/* The error that Graph has for the first segment in `path` that goes beyond it. Returns false. */
bool odata_path_refuse_beyond(const struct odata_path *path, struct error *err);

#endif
