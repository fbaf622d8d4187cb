/* auth/token_forge.h - tokens for tests and fuzzers: any header and claims under a real signature.
 *
 * Not part of the product.
 */
#ifndef AUTH_TOKEN_FORGE_H
#define AUTH_TOKEN_FORGE_H

#include <stdint.h>

#include "auth/jwt.h"
#include "auth/permission.h"
#include "base/slice.h"

struct arena;
struct issuer;

#define FORGE_ORIGIN  "https://localhost:8443"
#define FORGE_ORIGIN2 "http://127.0.0.1:8080"
#define FORGE_TENANT  "00000000-0000-4000-8000-000000000001"
#define FORGE_NOW     INT64_C(1800000000)

/* What forged tokens are measured against: two origins, Graph's audiences, three permissions. */
struct forge {
    struct slice origins[2];
    struct permission_table permissions;
    struct token_rules rules; /* builtin: the issuer given */
};

void forge_init(struct forge *forge, const struct issuer *issuer);

/* {"typ":"JWT","alg":"RS256","kid":...} */
struct slice forge_header(const struct issuer *issuer, struct arena *arena);

/* base64url(header) "." base64url(claims) */
struct slice forge_message(struct slice header, struct slice claims, struct arena *arena);
/* message "." base64url(signature) */
struct slice forge_join(struct slice message, struct slice signature, struct arena *arena);
/* The whole token, signed by the issuer's key whatever the header says. */
struct slice forge_token(const struct issuer *issuer, struct slice header, struct slice claims,
                         struct arena *arena);

#endif
