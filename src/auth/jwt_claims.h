/* auth/jwt_claims.h - what a token says, once its signature was found good.
 *
 * Spec: RFC 7519 section 4 (claims), RFC 9068 (a JWT as an access token), Entra's claims of access
 * tokens (tid, oid, idtyp, scp, roles).
 * Must not know: keys, signatures, the compact form.
 */
#ifndef AUTH_JWT_CLAIMS_H
#define AUTH_JWT_CLAIMS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"

struct arena;
struct principal;
struct token_rules;

#define JWT_JSON_DEPTH 16 /* a Graph token nests twice */

/* Reads `payload`, a JSON text, into *ret_who (slices of the payload or in `arena`); everything
 * that jwt_verify() says about claims is decided here. Errors and *ret_cause as there. */
bool jwt_claims_read(const struct token_rules *rules, struct slice payload, int64_t now_unix_s,
                     struct arena *arena, struct principal *ret_who, const char **ret_cause,
                     struct error *err) MUST_CHECK;

#endif
