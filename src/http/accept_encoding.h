/* http/accept_encoding.h - whether a client would rather have an answer compressed.
 *
 * Spec: RFC 9110 12.5.3 (Accept-Encoding), 12.4.2 (quality values), 8.4.1.3 (x-gzip).
 * Must not know: how anything is compressed.
 */
#ifndef HTTP_ACCEPT_ENCODING_H
#define HTTP_ACCEPT_ENCODING_H

#include <stdbool.h>

#include "http/message.h"

/* True when gzip is admitted, by name or by "*", at a quality above that of identity. An identity
 * that is not named counts less than anything that is admitted. A field that cannot be read in a
 * place counts there as not sent; of a coding that is named twice the last word stands. */
bool accept_encoding_prefers_gzip(const struct http_request *request);

#endif
