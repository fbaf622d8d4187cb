/* auth/issuer.h - the built-in token issuer: its RSA key, the tokens it signs, its public keys.
 *
 * The key is `DIR/issuer.pem` (PKCS#8, RS256, 2048 bits, mode 0600), made when it is missing;
 * processes that race to make it end with one key (written aside, then linked). Making it takes up
 * to half a second, so it is done by a thread of its own: issuer_open() returns at once, and the
 * first caller that needs the key waits for it.
 *
 * Must not know: HTTP, storage of clients.
 * Threads: after issuer_open() every function may be called from any thread.
 */
#ifndef AUTH_ISSUER_H
#define AUTH_ISSUER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"
#include "base/uuid.h"

struct arena;
struct text;
struct issuer;
struct evp_pkey_st;

/* `directory` NULL: a key that lives in memory only; else it is made (0700) when missing. An
 * existing key is read at once (errors: ERROR_CONFIGURATION with the path: unreadable, not RSA,
 * under 2048 bits, its group or others may read it). */
bool issuer_open(const char *directory, struct issuer **ret, struct error *err) MUST_CHECK;
void issuer_close(struct issuer *issuer); /* waits for the making thread; NULL does nothing */

/* The key, its id ("kid": base64url of the SHA-256 thumbprint, RFC 7638); wait if it is being made.
 * NULL and an empty slice when making it failed. */
struct evp_pkey_st *issuer_key(const struct issuer *issuer);
struct slice issuer_key_id(const struct issuer *issuer);

/* True when `signature` is this issuer's RS256 over `message`. Waits as issuer_key() does. */
bool issuer_verify(const struct issuer *issuer, struct slice message,
                   struct slice signature) MUST_CHECK;

struct token_request {
    struct slice origin;   /* "https://localhost:8443": iss becomes {origin}/{tenant}/v2.0 */
    struct slice audience; /* aud */
    struct uuid tenant;
    struct slice app_id;
    struct slice app_name;
    struct slice user;               /* empty: app-only */
    const struct slice *permissions; /* roles when app-only, scp when there is a user */
    size_t permission_count;
    int64_t now_unix_s;
    struct uuid token_id; /* "uti"; all zeros: a random one */
    int64_t lifetime_s;   /* zero or negative: refused as expired at once, without the skew */
};

/* A signed compact JWT with the claims of a Graph token (aud, iss, iat, nbf, exp, tid, oid, sub,
 * appid, azp, app_displayname, idtyp, roles | scp, upn, ver, uti). "oid" is derived from tenant and
 * app or user, so that it is the same in every token and on every machine.
 * Errors: ERROR_BAD_REQUEST for a permission that is no scope-token (RFC 6749 section 3.3), or a
 * time out of range; what making the key failed with. */
bool issuer_sign(const struct issuer *issuer, const struct token_request *request,
                 struct arena *arena, struct slice *ret_token, struct error *err) MUST_CHECK;

/* The JSON Web Key Set (RFC 7517) with the public key, as in Entra's: kty, use, kid, alg, n, e. */
bool issuer_write_keys(const struct issuer *issuer, struct text *out, struct error *err) MUST_CHECK;

#endif
