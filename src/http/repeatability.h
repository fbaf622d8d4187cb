/* http/repeatability.h - writes that a client may send again. Private to the Graph surface.
 *
 * Spec: OASIS Repeatable Requests 1.0 (Committee Specification 01): Repeatability-Request-ID,
 * Repeatability-First-Sent, Repeatability-Result. What of it is offered is in
 * docs/repeatable-requests.md.
 *
 * A write with both fields is executed at most once for its tenant, caller and id. Who sends it
 * again is answered what was answered first, byte for byte.
 */
#ifndef HTTP_REPEATABILITY_H
#define HTTP_REPEATABILITY_H

#include <stdbool.h>

#include "base/compiler.h"
#include "http/message.h"

struct call;

#define REPEATABILITY_REQUEST_ID SLICE("Repeatability-Request-ID")
#define REPEATABILITY_FIRST_SENT SLICE("Repeatability-First-Sent")
#define REPEATABILITY_RESULT     SLICE("Repeatability-Result")

/* Whether the field is one of the two requests have. */
bool repeatability_is_field(const struct http_field *field);

/* Of a call that has such a field; its options and body were read. From here on its answers say
 * what became of that. False: the call was answered. */
bool repeatability_begin(struct call *call, bool is_read) MUST_CHECK;

/* The call's operation, call->run and call->next, becomes one that is executed at most once. */
void repeatability_wrap(struct call *call);

#endif
