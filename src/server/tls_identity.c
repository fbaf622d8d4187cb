/* server/tls_identity.c - loads or makes the certificate, and reads whom it names.
 *
 * The names matter beyond TLS: they are origins of this server (server/origins.h), so that a token
 * asked for at https://connectord.example.com is accepted without naming that host once more in a
 * setting. A wildcard stands for hosts we cannot list; public-url is there for them.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "server/tls_identity.h"

#include <arpa/inet.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/arena.h"
#include "http/engine.h"
#include "server/data.h"

#define PEM_BYTES_MAX   ((size_t)1 << 20)
#define NAMES_MAX       128
#define PATH_QUOTED_MAX 100

/* A host or address as text in `arena`; empty when it is neither, or a wildcard. */
static struct slice name_text(const GENERAL_NAME *general, struct arena *arena)
{
    char address[INET6_ADDRSTRLEN];
    struct slice raw, ret = SLICE_EMPTY;

    if (general->type == GEN_DNS) {
        raw = (struct slice){ (const char *)ASN1_STRING_get0_data(general->d.dNSName),
                              (size_t)ASN1_STRING_length(general->d.dNSName) };
        if (slice_starts_with(raw, SLICE("*")) || !slice_is_utf8(raw))
            return SLICE_EMPTY;
    } else if (general->type == GEN_IPADD) {
        int len = ASN1_STRING_length(general->d.iPAddress);
        if ((len != 4 && len != 16) ||
            !inet_ntop(len == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(general->d.iPAddress),
                       address, sizeof address))
            return SLICE_EMPTY;
        raw = slice_of(address);
    } else {
        return SLICE_EMPTY;
    }
    return arena_copy(arena, raw, &ret) ? ret : SLICE_EMPTY;
}

static void collect_names(const GENERAL_NAMES *generals, struct arena *arena,
                          struct setting_list *names)
{
    for (int i = 0; i < sk_GENERAL_NAME_num(generals) && names->count < NAMES_MAX; i++) {
        struct slice text = name_text(sk_GENERAL_NAME_value(generals, i), arena);
        if (text.len)
            names->items[names->count++] = text;
    }
}

/* The subject alternative names of the first certificate (RFC 5280 section 4.2.1.6). A certificate
 * that cannot be read is left to tls_context_create() to refuse, which says why. */
static bool read_names(struct slice pem, struct arena *arena, struct setting_list *ret,
                       struct error *err)
{
    BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    X509 *certificate = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
    GENERAL_NAMES *generals =
        certificate ? X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL) : NULL;
    struct setting_list names = { arena_new_array(arena, NAMES_MAX, struct slice), 0 };

    if (generals && names.items)
        collect_names(generals, arena, &names);
    GENERAL_NAMES_free(generals);
    X509_free(certificate);
    BIO_free(bio);
    ERR_clear_error();
    if (!names.items)
        return error_no_memory(err);
    *ret = names;
    return true;
}

bool tls_identity_load(const struct settings *settings, const char *keys, struct arena *arena,
                       struct tls_identity *ret, struct error *err)
{
    *ret = (struct tls_identity){ 0 };
    if (settings->tls_cert.len == 0) {
        ret->names = settings->tls_names;
        return certificate_ensure(keys, settings->tls_names.items, settings->tls_names.count, arena,
                                  &ret->certificate, err);
    }
    return data_read_file(settings->tls_cert, PEM_BYTES_MAX, arena,
                          &ret->certificate.certificate_pem, err) &&
           data_read_file(settings->tls_key, PEM_BYTES_MAX, arena, &ret->certificate.key_pem,
                          err) &&
           read_names(ret->certificate.certificate_pem, arena, &ret->names, err);
}

bool tls_identity_context(const struct settings *settings, const struct tls_identity *identity,
                          struct tls_context **ret, struct error *err)
{
    const struct certificate *certificate = &identity->certificate;
    struct error why = { 0 };

    if (tls_context_create(certificate->certificate_pem, certificate->key_pem, ret, &why)) {
        if (settings->http2)
            tls_context_offer_http2(*ret);
        return true;
    }
    if (why.code != ERROR_CONFIGURATION || settings->tls_cert.len == 0) {
        if (err)
            *err = why;
        return false;
    }
    return error_set(err, why.code, slice_of(why.target), "tls-cert '%.*s', tls-key '%.*s': %s",
                     SLICE_ARG(slice_utf8_prefix(settings->tls_cert, PATH_QUOTED_MAX)),
                     SLICE_ARG(slice_utf8_prefix(settings->tls_key, PATH_QUOTED_MAX)), why.message);
}

bool tls_identity_check(const struct settings *settings, struct arena *arena, struct error *err)
{
    struct tls_identity identity;
    struct tls_context *context = NULL;

    if (settings->tls_cert.len == 0)
        return true;
    bool ok = tls_identity_load(settings, NULL, arena, &identity, err) &&
              tls_identity_context(settings, &identity, &context, err);
    tls_context_destroy(context);
    return ok;
}
