/* auth/signing_key.h - one RSA key that signs tokens with RS256, and checks them.
 *
 * Spec: RFC 7518 section 3.3 (RS256), RFC 7517 (JSON Web Key), RFC 7638 (thumbprint),
 * RFC 8725 section 3.1: the algorithm belongs to the key. No caller can ask for another one.
 * Must not know: files, threads, what a token says.
 *
 * Threads: constant once made; sign and verify from any thread.
 */
#ifndef AUTH_SIGNING_KEY_H
#define AUTH_SIGNING_KEY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"

struct arena;
struct evp_pkey_st;
struct json_writer;
struct signing_key;
struct text;

#define SIGNING_KEY_BITS_MIN 2048
#define SIGNING_KEY_BITS_MAX 8192 /* beyond, one check takes as long as hundreds */

/* A new key of SIGNING_KEY_BITS_MIN bits; takes up to half a second. */
bool signing_key_make(struct signing_key **ret, struct error *err) MUST_CHECK;
/* From an unencrypted PEM private key. ERROR_CONFIGURATION when it is not RSA of a size above. */
bool signing_key_from_pem(struct slice pem, struct signing_key **ret, struct error *err) MUST_CHECK;
/* Appends the key as PKCS#8 PEM. */
bool signing_key_to_pem(const struct signing_key *key, struct text *out,
                        struct error *err) MUST_CHECK;
void signing_key_destroy(struct signing_key *key); /* NULL does nothing */

struct evp_pkey_st *signing_key_pkey(const struct signing_key *key);
/* base64url of the SHA-256 thumbprint; lives as long as the key. */
struct slice signing_key_id(const struct signing_key *key);

bool signing_key_sign(const struct signing_key *key, struct slice message, struct arena *arena,
                      struct slice *ret_signature, struct error *err) MUST_CHECK;
bool signing_key_verify(const struct signing_key *key, struct slice message,
                        struct slice signature) MUST_CHECK;

/* The public key as one JSON Web Key: kty, use, kid, alg, n, e. */
void signing_key_write_jwk(const struct signing_key *key, struct json_writer *writer);

#endif
