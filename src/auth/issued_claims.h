/* auth/issued_claims.h - the claims of a token that the built-in issuer makes. Private to it.
 *
 * Spec: RFC 7519 section 4, and the names that Entra's tokens for Graph have.
 * Must not know: keys.
 */
#ifndef AUTH_ISSUED_CLAIMS_H
#define AUTH_ISSUED_CLAIMS_H

#include "auth/issuer.h"

#define ISSUED_TOKEN_BYTES_MAX 65536 /* what is accepted has its own limit */

/* The claims as JSON. Errors: ERROR_BAD_REQUEST as issuer_sign(). */
bool issued_claims(const struct token_request *request, struct arena *arena, struct slice *ret,
                   struct error *err) MUST_CHECK;

#endif
