/* http/cors.h - Graph's resources for pages of other origins. Private to http/'s handlers.
 *
 * Spec: the Fetch standard, "CORS protocol". Graph alone: the token issuer and the control API are
 * for no page of another origin, since a token or the control of the server is theirs to give.
 */
#ifndef HTTP_CORS_H
#define HTTP_CORS_H

#include <stdbool.h>

struct call;

/* Notes for whom the call's answer may be read, and answers a preflight: true then. */
bool cors_handle(struct call *call);

/* The fields of the call's answer, whatever it is. */
void cors_add_fields(struct call *call);

#endif
