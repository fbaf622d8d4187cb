/* http/query_body.h - query options that come in the body of a POST.
 *
 * Spec: OData URL Conventions 4.01, 4.17: the body is text/plain, and is the query part of a URL;
 * options there and in the URL are processed together.
 *
 * Must not know: what the options mean.
 */
#ifndef HTTP_QUERY_BODY_H
#define HTTP_QUERY_BODY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"

struct arena;

/* Whether a Content-Type is "text/plain", in UTF-8 if it says. */
bool query_body_is_plain_text(struct slice content_type);

/* The options of `query`, as a URL has them, and behind them those of `body`. What may not stand in
 * a URL is percent-encoded, blanks and line ends around the body are passed over: so the whole can
 * go into a link.
 * Error: ERROR_TOO_LARGE when it is longer than `bytes_max`, or no memory is left. */
bool query_body_join(struct slice query, struct slice body, size_t bytes_max, struct arena *arena,
                     struct slice *ret, struct error *err) MUST_CHECK;

#endif
