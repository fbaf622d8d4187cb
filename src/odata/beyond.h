/* odata/beyond.h - what connectord serves and Graph does not, one row each.
 *
 * What goes green here must not fail there unannounced. So a request that uses one of these is
 * answered with the row's id in x-connectord-beyond-graph, and is refused where the server is
 * strict or its profile is that of the live service: in the words that Graph has for it, or by
 * behaving as though it had not been asked, where Graph passes over what it does not know (a
 * preference, a condition in a header). docs/profiles.md holds the table, row for row; the test
 * compares them.
 *
 * Operations of entity types that only the live service refuses are rows as well, and the model's
 * (edm_entity_type.beyond_graph).
 *
 * Adding one: a member of enum beyond, its row in beyond.c, its line in docs/profiles.md, and
 * where the request is found to use it a bit in odata_options.beyond, in odata_path_beyond.rows or
 * a call of graph_goes_beyond() (http/graph.h).
 */
#ifndef ODATA_BEYOND_H
#define ODATA_BEYOND_H

#include <stdint.h>

#include "base/error.h"

enum beyond {
    BEYOND_SEARCH,
    BEYOND_BATCH_ABSOLUTE_URL,
    BEYOND_BATCH_BYTES,
    BEYOND_BATCH_MULTIPART,
    BEYOND_ATOMICITY_GROUP,
    BEYOND_BATCH_REFERENCE,
    BEYOND_CSDL_JSON,
    BEYOND_OPENAPI,
    BEYOND_MATCHES_PATTERN,
    BEYOND_QUOTED_VALUES,
    BEYOND_COLLECTION_COMPARE,
    BEYOND_SELECT_OPTIONS,
    BEYOND_RETURN_MINIMAL,
    BEYOND_CONDITIONS,
    BEYOND_ETAGS,
    BEYOND_UPSERT,
    BEYOND_DELTA,
    BEYOND_PROPERTY_WRITES,
    BEYOND_APPLY,
    BEYOND_COMPUTE,
    BEYOND_ODATA_401,
    BEYOND_REPEATABILITY,
    BEYOND_KEY_ALIAS,
    BEYOND_COLLECTION_COUNT,
    BEYOND_QUERY_IN_BODY,
    BEYOND_FILTER_SEGMENT,
    BEYOND_COUNT
};

/* A set of rows: bit 1u << enum beyond. */
#define BEYOND_BIT(row) (UINT32_C(1) << (row))

struct beyond_row {
    const char *id;          /* "search": of letters, digits and hyphens */
    const char *what;        /* what is offered, one line */
    const char *graph;       /* what Graph does instead, one line */
    const char *source;      /* where that is known from */
    enum error_code refusal; /* ERROR_NONE: Graph passes over it */
    const char *target;      /* of the refusal; "" for none */
    const char *message;     /* of the refusal */
};

extern const struct beyond_row beyond_rows[BEYOND_COUNT];

#endif
