/* http/oauth.h - what the files of the built-in token issuer share. Private to http/'s handlers.
 *
 * Spec: RFC 6749 sections 2.3.1, 4.4 and 5, in the shapes that MSAL and azure-identity know of
 * Entra ID.
 */
#ifndef HTTP_OAUTH_H
#define HTTP_OAUTH_H

#include "base/compiler.h"
#include "base/slice.h"
#include "base/uuid.h"

struct call;

#define OAUTH_DOCUMENT_BYTES_MAX 16384

extern const struct slice oauth_json_type;

struct oauth_error {
    int status;
    const char *error;
    int code; /* AADSTS number */
};

/* Ends the call in the token service's own shape of error, and logs it. `client_id` is for the log;
 * empty when it is not known. */
void oauth_finish_error(struct call *call, struct slice client_id, const struct oauth_error *error,
                        const char *message) COLD;

/* POST /{tenant}/oauth2/v2.0/token: checks the client and answers with a token, later on this loop.
 */
void oauth_grant_handle(struct call *call, struct uuid tenant);

#endif
