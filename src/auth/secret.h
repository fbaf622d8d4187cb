/* auth/secret.h - secrets of clients: made, kept as a digest, compared in constant time; and the
 * seal that keeps what we hand to clients (a $skiptoken) from being forged. */
#ifndef AUTH_SECRET_H
#define AUTH_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/slice.h"

struct text;

#define SECRET_DIGEST_BYTES 48 /* 16 of salt, 32 of HMAC-SHA-256(salt, secret) */
#define SECRET_TEXT_LEN     43 /* 256 random bits as base64url */
#define SEAL_KEY_BYTES      32
#define SEAL_BYTES          16

/* A new secret with 256 bits of entropy, so that a fast digest is enough to keep it. */
void secret_make(char out[SECRET_TEXT_LEN]);
bool secret_digest(struct slice secret, uint8_t out[SECRET_DIGEST_BYTES]) MUST_CHECK;
bool secret_matches(struct slice secret, const uint8_t digest[SECRET_DIGEST_BYTES]);

/* The first SEAL_BYTES of HMAC-SHA-256(key, purpose 0x00 payload). False: out of memory. */
bool seal_make(const uint8_t key[SEAL_KEY_BYTES], struct slice purpose, struct slice payload,
               uint8_t out[SEAL_BYTES]) MUST_CHECK;
bool seal_matches(const uint8_t key[SEAL_KEY_BYTES], struct slice purpose, struct slice payload,
                  struct slice seal);

#endif
