/* http/tls.c - a server's certificate and key, and the rules of its handshakes.
 *
 * One context serves every loop: OpenSSL counts its references atomically, and nothing in it is
 * changed after it was made. Resumption is by ticket alone, so that there is no session cache to
 * lock. A session keeps no buffers while it is idle (SSL_MODE_RELEASE_BUFFERS), and reads as much
 * as the socket has at once: one system call for a record instead of two.
 *
 * ALPN: h2 is chosen where the context speaks it and it is offered, else http/1.1. A client that
 * offers only something else is answered without ALPN rather than refused: old clients offer odd
 * lists and speak HTTP/1.1 all the same.
 */
#include "http/tls.h"

#include <limits.h>
#include <stdlib.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "http/engine.h"

struct tls_context {
    SSL_CTX *ssl;
    bool http2; /* offered */
};

static bool fail(struct error *err, const char *what)
{
    char reason[120] = "no reason given";
    unsigned long code = ERR_peek_last_error();

    if (code)
        ERR_error_string_n(code, reason, sizeof reason);
    ERR_clear_error();
    return error_set(err, ERROR_CONFIGURATION, SLICE("tls"), "%s: %s", what, reason);
}

/* Never asks on the terminal: an encrypted key is an error here. */
static int no_passphrase(char *buffer, int size, int writing, void *context)
{
    (void)buffer, (void)size, (void)writing, (void)context;
    return -1;
}

static bool use_key(SSL_CTX *ssl, struct slice pem, struct error *err)
{
    BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL) : NULL;
    bool ok = key && SSL_CTX_use_PrivateKey(ssl, key) == 1 && SSL_CTX_check_private_key(ssl) == 1;

    EVP_PKEY_free(key);
    BIO_free(bio);
    return ok || fail(err, "the TLS key cannot be used with the certificate");
}

/* What follows the server's own certificate. */
static bool use_chain(SSL_CTX *ssl, BIO *bio)
{
    X509 *above;

    while ((above = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL)) != NULL) {
        if (SSL_CTX_add0_chain_cert(ssl, above) != 1) {
            X509_free(above);
            return false;
        }
    }
    bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    return at_end;
}

static bool use_certificate(SSL_CTX *ssl, struct slice pem, struct error *err)
{
    BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    X509 *own = bio ? PEM_read_bio_X509_AUX(bio, NULL, no_passphrase, NULL) : NULL;
    bool ok = own && SSL_CTX_use_certificate(ssl, own) == 1 && use_chain(ssl, bio);

    X509_free(own);
    BIO_free(bio);
    return ok || fail(err, "the TLS certificate cannot be used");
}

/* Looks for `protocol` among those offered, each a byte of length and its name. */
static bool choose(struct slice protocol, struct slice offered, const unsigned char **ret,
                   unsigned char *ret_len)
{
    for (size_t at = 0; at < offered.len; at += 1 + (unsigned char)offered.ptr[at]) {
        size_t len = (unsigned char)offered.ptr[at];
        if (slice_eq(slice_sub(offered, at + 1, len), protocol)) {
            *ret = (const unsigned char *)offered.ptr + at + 1; /* lives as long as the handshake */
            *ret_len = (unsigned char)len;
            return true;
        }
    }
    return false;
}

static int choose_protocol(SSL *ssl, const unsigned char **ret, unsigned char *ret_len,
                           const unsigned char *names, unsigned names_len, void *argument)
{
    const struct tls_context *context = argument;
    struct slice offered = { (const char *)names, names_len };

    (void)ssl;
    if ((context->http2 && choose(SLICE("h2"), offered, ret, ret_len)) ||
        choose(SLICE("http/1.1"), offered, ret, ret_len))
        return SSL_TLSEXT_ERR_OK;
    return SSL_TLSEXT_ERR_NOACK;
}

static void set_rules(struct tls_context *context)
{
    SSL_CTX *ssl = context->ssl;

    SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION);
    SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_IGNORE_UNEXPECTED_EOF |
                                 SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                              SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(ssl, 1);
    SSL_CTX_set_read_ahead(ssl, 1);
    SSL_CTX_set_alpn_select_cb(ssl, choose_protocol, context);
}

bool tls_context_create(struct slice certificate_pem, struct slice key_pem,
                        struct tls_context **ret, struct error *err)
{
    struct tls_context *context = calloc(1, sizeof *context);

    if (!context || certificate_pem.len > INT_MAX || key_pem.len > INT_MAX) {
        free(context);
        return error_no_memory(err);
    }
    context->ssl = SSL_CTX_new(TLS_server_method());
    if (!context->ssl) {
        fail(err, "cannot make a TLS context");
        goto failed;
    }
    set_rules(context);
    if (!use_certificate(context->ssl, certificate_pem, err) ||
        !use_key(context->ssl, key_pem, err))
        goto failed;
    *ret = context;
    return true;
failed:
    tls_context_destroy(context);
    return false;
}

void tls_context_offer_http2(struct tls_context *context)
{
    context->http2 = true;
}

void tls_context_destroy(struct tls_context *context)
{
    if (!context)
        return;
    SSL_CTX_free(context->ssl); /* sessions that are still open hold a reference */
    free(context);
}

struct ssl_st *tls_context_session(struct tls_context *context, int fd)
{
    SSL *ssl = SSL_new(context->ssl);

    if (ssl && SSL_set_fd(ssl, fd) != 1) {
        SSL_free(ssl);
        ssl = NULL;
    }
    if (ssl)
        SSL_set_accept_state(ssl);
    else
        ERR_clear_error();
    return ssl;
}
