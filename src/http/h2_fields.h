/* http/h2_fields.h - the fields of an HTTP/2 request, one by one, into a struct http_request.
 *
 * Spec: RFC 9113 8.2 (fields), 8.3 (pseudo-header fields). As strict as parser.h is with HTTP/1.1,
 * by the same limits and the same rules for targets and authorities. Refused besides: fields that
 * are about a connection, capital letters in names, a pseudo-header field twice, unknown, or behind
 * others, a Host that says something else than :authority.
 *
 * Must not know: frames, streams, header compression.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef HTTP_H2_FIELDS_H
#define HTTP_H2_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"
#include "http/engine.h"
#include "http/message.h"

struct arena;

struct h2_fields { /* private but for the last three */
    struct arena *arena;
    const struct http_limits *limits;
    struct http_request *request;
    size_t field_room;
    struct slice method, scheme, authority, target, host;
    unsigned hosts, content_lengths;
    bool failed;
    size_t bytes;           /* of all fields so far, counted as RFC 9113 6.5.2 does */
    int64_t content_length; /* -1 when none was given */
    bool expect_continue;
};

/* Fills *request, which is cleared already; its slices will lie in `arena`. */
void h2_fields_init(struct h2_fields *fields, struct http_request *request, struct arena *arena,
                    const struct http_limits *limits);

/* The next field; copied. False: the request cannot become one, and *err says why. What comes
 * behind a failure is counted and dropped: true.
 * Errors: ERROR_BAD_REQUEST, ERROR_HEAD_TOO_LARGE, ERROR_URI_TOO_LONG, ERROR_TOO_LARGE (memory),
 * ERROR_EXPECTATION_FAILED. */
bool h2_fields_take(struct h2_fields *fields, struct slice name, struct slice value,
                    struct error *err) MUST_CHECK;

/* That was all of them: judges what only the whole can tell. `secure`, the body and has_body are
 * the caller's to set. */
bool h2_fields_end(struct h2_fields *fields, struct error *err) MUST_CHECK;

#endif
