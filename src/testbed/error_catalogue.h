/* testbed/error_catalogue.h - error bodies of the real service, by name.
 *
 * Each row is a body that the reference shows or that was captured from the live service; the
 * source is said. What changes from request to request (ids, the date, the address) is filled in.
 *
 * Threads: constant.
 */
#ifndef TESTBED_ERROR_CATALOGUE_H
#define TESTBED_ERROR_CATALOGUE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct text;

struct catalogue_error {
    struct slice name; /* "429.intune" */
    int status;
    const char *code;
    const char *message; /* ${client-request-id} and ${path} are filled in */
    enum catalogue_shape {
        CATALOGUE_PLAIN,            /* code, message, innerError */
        CATALOGUE_MESSAGE_REPEATED, /* innerError says the message again */
        CATALOGUE_DETAILS,          /* an empty "details" behind the message */
        CATALOGUE_INNER_STATUS,     /* innerError has code, message and status of its own */
    } shape;
    const char *source;
};

extern const struct catalogue_error error_catalogue[];
extern const size_t error_catalogue_count;

/* NULL when there is none. */
const struct catalogue_error *error_catalogue_find(struct slice name);

struct catalogue_facts {
    struct slice date; /* "2024-01-21T15:57:55" */
    struct slice request_id, client_request_id;
    struct slice path; /* as the back end's messages show it: "deviceManagement/ndesConnectors" */
};

/* Writes the whole body. It is JSON whatever the facts hold: in a message, which may be JSON
 * itself, bytes that an address cannot hold are percent-encoded. */
void error_catalogue_write(const struct catalogue_error *error, const struct catalogue_facts *facts,
                           struct text *out);

#endif
