/* auth/sha256.c - SHA-256 without a detour, HMAC by way of a template.
 *
 * Every token that is verified costs one digest of it. Measured on a token of 1,148 bytes, with
 * OpenSSL 3.0:
 *     SHA256(), EVP_Digest()               1.1 us   searches the providers, three allocations
 *     a context kept and started again     0.80 us  one allocation: starting drops the old state
 *     SHA256_Init(), _Update(), _Final()   0.71 us  none, and no context to keep per thread
 * The last is the one used here, although OpenSSL 3 calls it deprecated (it prefers algorithms that
 * a provider can take the place of). Should it go away one day, the second is the way out.
 *
 * HMAC is rarer (a client's secret, a $skiptoken), so it goes through EVP: the algorithm is fetched
 * once for the process, under pthread_once, and each call copies a context that knows its digest
 * already. What is kept is a handle of the library, written once and only read after.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "auth/sha256.h"

#include <assert.h>
#include <pthread.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

_Static_assert(SHA256_BYTES == SHA256_DIGEST_LENGTH, "one length under two names");

bool sha256_digest(struct slice message, uint8_t out[SHA256_BYTES])
{
    SHA256_CTX state;

    return SHA256_Init(&state) && SHA256_Update(&state, message.ptr, message.len) &&
           SHA256_Final(out, &state);
}

static EVP_MAC_CTX *hmac_template; /* has a digest and no key; NULL: the library could not */
static pthread_once_t hmac_once = PTHREAD_ONCE_INIT;

static void make_hmac_template(void)
{
    char digest[] = "SHA256"; /* OSSL_PARAM takes it without const */
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *template = hmac ? EVP_MAC_CTX_new(hmac) : NULL;

    EVP_MAC_free(hmac); /* the context holds a reference */
    if (template && !EVP_MAC_CTX_set_params(template, params)) {
        EVP_MAC_CTX_free(template);
        template = NULL;
    }
    hmac_template = template;
}

bool sha256_hmac(struct slice key, const struct slice *parts, size_t part_count,
                 uint8_t out[SHA256_BYTES])
{
    const unsigned char *key_bytes = (const unsigned char *)key.ptr;
    EVP_MAC_CTX *context;
    bool ok;

    assert(key.len > 0);
    pthread_once(&hmac_once, make_hmac_template);
    context = hmac_template ? EVP_MAC_CTX_dup(hmac_template) : NULL;
    ok = context && EVP_MAC_init(context, key_bytes, key.len, NULL);
    for (size_t i = 0; ok && i < part_count; i++)
        ok = EVP_MAC_update(context, (const unsigned char *)parts[i].ptr, parts[i].len);
    ok = ok && EVP_MAC_final(context, out, NULL, SHA256_BYTES);

    EVP_MAC_CTX_free(context);
    if (!ok)
        ERR_clear_error();
    return ok;
}
