/* auth/secret.c - secrets of clients, and the seal on what we hand out.
 *
 * A client's secret is 256 random bits that we chose, so nothing is gained by a slow password hash:
 * there is no dictionary of such values, and a token endpoint that burns 100 ms a try is a way to
 * stop the server. What is kept is a salt and HMAC-SHA-256(salt, secret); the salt only keeps equal
 * secrets (the default client's in every fresh folder) from looking equal.
 *
 * The seal is a MAC cut to 128 bits. `purpose` keeps apart what one key seals, so that a value
 * sealed for one use is not valid for another; a NUL ends it, which no purpose may hold.
 *
 * Digests and seals are compared in constant time: how long an answer takes must not tell how much
 * of a guess was right.
 */
#include "auth/secret.h"

#include <assert.h>
#include <string.h>

#include <openssl/crypto.h>

#include "auth/sha256.h"
#include "base/base64.h"
#include "base/text.h"
#include "base/uuid.h"

#define SALT_BYTES 16

void secret_make(char out[SECRET_TEXT_LEN])
{
    uint8_t bits[32];
    struct text text;

    random_bytes(bits, sizeof bits);
    text_init_fixed(&text, out, SECRET_TEXT_LEN);
    base64url_append(&text, bits, sizeof bits);
    assert(!text.failed && text.len == SECRET_TEXT_LEN);
    OPENSSL_cleanse(bits, sizeof bits);
}

static bool salted_digest(const uint8_t salt[SALT_BYTES], struct slice secret,
                          uint8_t out[SHA256_BYTES])
{
    return sha256_hmac((struct slice){ (const char *)salt, SALT_BYTES }, &secret, 1, out);
}

bool secret_digest(struct slice secret, uint8_t out[SECRET_DIGEST_BYTES])
{
    random_bytes(out, SALT_BYTES);
    return salted_digest(out, secret, out + SALT_BYTES);
}

bool secret_matches(struct slice secret, const uint8_t digest[SECRET_DIGEST_BYTES])
{
    uint8_t found[SHA256_BYTES];

    return salted_digest(digest, secret, found) &&
           CRYPTO_memcmp(found, digest + SALT_BYTES, sizeof found) == 0;
}

bool seal_make(const uint8_t key[SEAL_KEY_BYTES], struct slice purpose, struct slice payload,
               uint8_t out[SEAL_BYTES])
{
    const struct slice parts[] = { purpose, { "", 1 }, payload };
    uint8_t mac[SHA256_BYTES];

    assert(slice_index(purpose, '\0') == purpose.len);
    if (!sha256_hmac((struct slice){ (const char *)key, SEAL_KEY_BYTES }, parts, COUNT_OF(parts),
                     mac))
        return false;
    memcpy(out, mac, SEAL_BYTES);
    return true;
}

bool seal_matches(const uint8_t key[SEAL_KEY_BYTES], struct slice purpose, struct slice payload,
                  struct slice seal)
{
    uint8_t expected[SEAL_BYTES];

    return seal.len == SEAL_BYTES && seal_make(key, purpose, payload, expected) &&
           CRYPTO_memcmp(expected, seal.ptr, SEAL_BYTES) == 0;
}
