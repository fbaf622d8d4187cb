/* auth/signing_key.c - RS256 over OpenSSL's EVP, prepared so that a check looks nothing up.
 *
 * When a key is made or read, everything that does not depend on a message is done: the public
 * numbers as base64url, the thumbprint, and a context for checking that knows the key, the padding
 * (PKCS#1 v1.5) and the digest. A check copies that context, which is a handful of reference
 * counts, and runs on the SHA-256 of the message; EVP_DigestVerify() would search the providers
 * four times first. Signing is rare and a hundred times dearer, so it takes the plain way.
 *
 * The thumbprint of RFC 7638 hashes the required members in the order of their names, without
 * blanks: {"e":"...","kty":"RSA","n":"..."}.
 *
 * A failure leaves nothing in OpenSSL's error queue: SSL_get_error() on the same thread would take
 * it for its own.
 */
#include "auth/signing_key.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "auth/openssl.h"
#include "auth/sha256.h"
#include "base/arena.h"
#include "base/base64.h"
#include "base/text.h"
#include "json/writer.h"

#define MODULUS_BYTES_MAX (SIGNING_KEY_BITS_MAX / 8)
#define KEY_ID_LEN        43 /* 32 bytes as base64url */

struct number { /* a public number as base64url of its big-endian bytes */
    size_t len;
    char text[(MODULUS_BYTES_MAX + 2) / 3 * 4];
};

struct signing_key {
    EVP_PKEY *pkey;
    EVP_PKEY_CTX *verifier; /* template for signing_key_verify() */
    struct number modulus, exponent;
    char id[KEY_ID_LEN];
};

static bool read_number(EVP_PKEY *pkey, const char *name, struct number *ret)
{
    unsigned char bytes[MODULUS_BYTES_MAX];
    BIGNUM *number = NULL;
    struct text text;
    bool ok;

    ok = EVP_PKEY_get_bn_param(pkey, name, &number) && BN_num_bytes(number) <= MODULUS_BYTES_MAX;
    if (ok) {
        text_init_fixed(&text, ret->text, sizeof ret->text);
        base64url_append(&text, bytes, (size_t)BN_bn2bin(number, bytes));
        ret->len = text.len;
        ok = !text.failed;
    }
    BN_free(number);
    return ok;
}

static struct slice number_text(const struct number *number)
{
    return (struct slice){ number->text, number->len };
}

/* RFC 7638 section 3 */
static bool make_id(struct signing_key *key)
{
    char members[sizeof(struct number) + 64];
    uint8_t digest[SHA256_BYTES];
    struct text text;

    text_init_fixed(&text, members, sizeof members);
    text_printf(&text, "{\"e\":\"%.*s\",\"kty\":\"RSA\",\"n\":\"%.*s\"}",
                SLICE_ARG(number_text(&key->exponent)), SLICE_ARG(number_text(&key->modulus)));
    if (text.failed || !sha256_digest(text_slice(&text), digest))
        return false;

    text_init_fixed(&text, key->id, sizeof key->id);
    base64url_append(&text, digest, sizeof digest);
    return !text.failed && text.len == sizeof key->id;
}

static EVP_PKEY_CTX *make_verifier(EVP_PKEY *pkey)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);

    if (context && EVP_PKEY_verify_init(context) == 1 &&
        EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1 &&
        EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) == 1)
        return context;
    EVP_PKEY_CTX_free(context);
    return NULL;
}

/* Takes `pkey` over, also when it fails. */
static bool prepare(EVP_PKEY *pkey, struct signing_key **ret, struct error *err)
{
    struct signing_key *key = calloc(1, sizeof *key);

    if (!key) {
        EVP_PKEY_free(pkey);
        return error_no_memory(err);
    }
    key->pkey = pkey;
    key->verifier = make_verifier(pkey);
    if (!key->verifier || !read_number(pkey, OSSL_PKEY_PARAM_RSA_N, &key->modulus) ||
        !read_number(pkey, OSSL_PKEY_PARAM_RSA_E, &key->exponent) || !make_id(key)) {
        signing_key_destroy(key);
        return openssl_error(err, "prepare the signing key");
    }
    ERR_clear_error(); /* the library leaves some even when it found another way */
    *ret = key;
    return true;
}

bool signing_key_make(struct signing_key **ret, struct error *err)
{
    EVP_PKEY *pkey = EVP_RSA_gen(SIGNING_KEY_BITS_MIN);

    return pkey ? prepare(pkey, ret, err) : openssl_error(err, "make an RSA key");
}

static EVP_PKEY *parse_pem(struct slice pem)
{
    BIO *bio = pem.len <= INT32_MAX ? BIO_new_mem_buf(pem.ptr, (int)pem.len) : NULL;
    EVP_PKEY *pkey = bio ? PEM_read_bio_PrivateKey(bio, NULL, openssl_no_passphrase, NULL) : NULL;

    BIO_free(bio);
    ERR_clear_error();
    return pkey;
}

bool signing_key_from_pem(struct slice pem, struct signing_key **ret, struct error *err)
{
    EVP_PKEY *pkey = parse_pem(pem);
    int bits;

    if (!pkey)
        return error_set(err, ERROR_CONFIGURATION, SLICE_EMPTY,
                         "expected an unencrypted private key in PEM");
    bits = EVP_PKEY_get_bits(pkey);
    if (EVP_PKEY_is_a(pkey, "RSA") && bits >= SIGNING_KEY_BITS_MIN && bits <= SIGNING_KEY_BITS_MAX)
        return prepare(pkey, ret, err);

    error_set(err, ERROR_CONFIGURATION, SLICE_EMPTY,
              "expected an RSA key of %d to %d bits, found %s of %d", SIGNING_KEY_BITS_MIN,
              SIGNING_KEY_BITS_MAX, EVP_PKEY_get0_type_name(pkey), bits);
    EVP_PKEY_free(pkey);
    return false;
}

bool signing_key_to_pem(const struct signing_key *key, struct text *out, struct error *err)
{
    BIO *bio = BIO_new(BIO_s_mem()); /* clears its memory when freed */
    char *bytes = NULL;
    long len;
    bool ok = false;

    if (!bio || !PEM_write_bio_PKCS8PrivateKey(bio, key->pkey, NULL, NULL, 0, NULL, NULL)) {
        openssl_error(err, "write the signing key");
        goto out;
    }
    len = BIO_get_mem_data(bio, &bytes);
    text_append(out, (struct slice){ bytes, (size_t)len });
    ok = !out->failed || error_no_memory(err);
out:
    BIO_free(bio);
    return ok;
}

void signing_key_destroy(struct signing_key *key)
{
    if (!key)
        return;
    EVP_PKEY_CTX_free(key->verifier);
    EVP_PKEY_free(key->pkey);
    free(key);
}

struct evp_pkey_st *signing_key_pkey(const struct signing_key *key)
{
    return key->pkey;
}

struct slice signing_key_id(const struct signing_key *key)
{
    return (struct slice){ key->id, sizeof key->id };
}

bool signing_key_sign(const struct signing_key *key, struct slice message, struct arena *arena,
                      struct slice *ret_signature, struct error *err)
{
    size_t len = (size_t)EVP_PKEY_get_size(key->pkey);
    unsigned char *signature = arena_alloc(arena, len);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool ok = false;

    if (!signature || !context) {
        error_no_memory(err);
        goto out;
    }
    /* PKCS#1 v1.5 is the padding that an RSA key has by default */
    if (EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key->pkey) != 1 ||
        EVP_DigestSign(context, signature, &len, (const unsigned char *)message.ptr, message.len) !=
            1) {
        openssl_error(err, "sign");
        goto out;
    }
    *ret_signature = (struct slice){ (const char *)signature, len };
    ok = true;
out:
    EVP_MD_CTX_free(context);
    return ok;
}

bool signing_key_verify(const struct signing_key *key, struct slice message, struct slice signature)
{
    uint8_t digest[SHA256_BYTES];
    EVP_PKEY_CTX *context;
    bool ok;

    if (signature.len != (size_t)EVP_PKEY_get_size(key->pkey) || !sha256_digest(message, digest))
        return false;
    context = EVP_PKEY_CTX_dup(key->verifier);
    ok = context && EVP_PKEY_verify(context, (const unsigned char *)signature.ptr, signature.len,
                                    digest, sizeof digest) == 1;
    EVP_PKEY_CTX_free(context);
    if (!ok)
        ERR_clear_error();
    return ok;
}

void signing_key_write_jwk(const struct signing_key *key, struct json_writer *writer)
{
    json_writer_object_begin(writer);
    json_writer_plain_name(writer, SLICE("kty"));
    json_writer_string(writer, SLICE("RSA"));
    json_writer_plain_name(writer, SLICE("use"));
    json_writer_string(writer, SLICE("sig"));
    json_writer_plain_name(writer, SLICE("kid"));
    json_writer_string(writer, signing_key_id(key));
    json_writer_plain_name(writer, SLICE("alg"));
    json_writer_string(writer, SLICE("RS256"));
    json_writer_plain_name(writer, SLICE("n"));
    json_writer_string(writer, number_text(&key->modulus));
    json_writer_plain_name(writer, SLICE("e"));
    json_writer_string(writer, number_text(&key->exponent));
    json_writer_object_end(writer);
}
