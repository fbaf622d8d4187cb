/* http/protocol_version.h - the request's fields that say how much of OData it counts on.
 *
 * Spec: OData 4.01 part 1, 8.1.5 (OData-Version), 8.2.7 (OData-MaxVersion), 8.2.4 (Isolation).
 * Answers are of version 4.0 whatever is admitted besides, as Graph's are; where the server was
 * told to, they are of 4.01 for who admits that.
 */
#ifndef HTTP_PROTOCOL_VERSION_H
#define HTTP_PROTOCOL_VERSION_H

#include <stdbool.h>

#include "base/compiler.h"
#include "base/error.h"
#include "http/message.h"

/* `has_body`: the request has one that is going to be read, which OData-Version is about.
 * Errors: ERROR_BAD_REQUEST when no answer, or not this body, is of a version that would do;
 * ERROR_PRECONDITION_FAILED for an isolation level, since there is none. The target is the field
 * as the specification spells it.
 */
bool protocol_version_check(const struct http_request *request, bool has_body,
                            struct error *err) MUST_CHECK;

/* Whether the request has an OData-MaxVersion, and each that it has is 4.01 or higher. */
bool protocol_version_admits_401(const struct http_request *request);

#endif
