/* auth/sha256.c - OpenSSL's SHA-256, looked up once for the process.
 *
 * SHA256() and EVP_Digest() in OpenSSL 3 search the providers by name and allocate a context at
 * every call, which costs more than hashing a token does. So the algorithm is fetched once, and
 * each thread keeps one context that is only started again. The old SHA256_Init() needs neither,
 * but is deprecated.
 *
 * What is kept here for the whole process is written once, under pthread_once, and only read
 * after: a handle of the library, not state of ours. The context hangs on a pthread key and not on
 * a _Thread_local variable because a key has a destructor.
 *
 * HMAC is rarer (a secret, a $skiptoken), so its context is copied from a template that knows the
 * digest already.
 */
#include "auth/sha256.h"

#include <assert.h>
#include <pthread.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>

static struct {
    EVP_MD *sha256;        /* NULL: the library could not give it */
    EVP_MAC_CTX *hmac;     /* template, has a digest and no key */
    pthread_key_t context; /* the thread's EVP_MD_CTX */
} shared;
static pthread_once_t shared_once = PTHREAD_ONCE_INIT;

static void free_context(void *context)
{
    EVP_MD_CTX_free(context);
}

static EVP_MAC_CTX *make_hmac_template(void)
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
    return template;
}

static void open_shared(void)
{
    if (pthread_key_create(&shared.context, free_context) != 0)
        return;
    shared.sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    shared.hmac = make_hmac_template();
}

/* This thread's context, made at its first call. */
static EVP_MD_CTX *thread_context(void)
{
    EVP_MD_CTX *context;

    pthread_once(&shared_once, open_shared);
    if (!shared.sha256)
        return NULL;
    context = pthread_getspecific(shared.context);
    if (context)
        return context;

    context = EVP_MD_CTX_new();
    if (!context || !EVP_DigestInit_ex2(context, shared.sha256, NULL) ||
        pthread_setspecific(shared.context, context) != 0) {
        EVP_MD_CTX_free(context);
        return NULL;
    }
    return context;
}

bool sha256_digest(struct slice message, uint8_t out[SHA256_BYTES])
{
    EVP_MD_CTX *context = thread_context();

    /* Without naming the digest again the context keeps its memory. */
    if (context && EVP_DigestInit_ex2(context, NULL, NULL) &&
        EVP_DigestUpdate(context, message.ptr, message.len) &&
        EVP_DigestFinal_ex(context, out, NULL))
        return true;
    ERR_clear_error();
    return false;
}

bool sha256_hmac(struct slice key, const struct slice *parts, size_t part_count,
                 uint8_t out[SHA256_BYTES])
{
    const unsigned char *key_bytes = (const unsigned char *)key.ptr;
    EVP_MAC_CTX *context;
    bool ok;

    assert(key.len > 0);
    pthread_once(&shared_once, open_shared);
    context = shared.hmac ? EVP_MAC_CTX_dup(shared.hmac) : NULL;
    ok = context && EVP_MAC_init(context, key_bytes, key.len, NULL);
    for (size_t i = 0; ok && i < part_count; i++)
        ok = EVP_MAC_update(context, (const unsigned char *)parts[i].ptr, parts[i].len);
    ok = ok && EVP_MAC_final(context, out, NULL, SHA256_BYTES);

    EVP_MAC_CTX_free(context);
    if (!ok)
        ERR_clear_error();
    return ok;
}
