/* auth/certificate.c - a CA for one folder, and the certificate it signs for this server.
 *
 * Clients of the token service insist on https, and on a certificate for the name that they asked
 * for. So a fresh folder gets both halves of one: a CA to be trusted once (ca.pem), and under it a
 * server certificate (server.pem) that can be made again, for more names or more days, without
 * anybody having to trust anew. That is also why the CA is reused as long as it lives, and why a
 * damaged ca.pem is an error while a server.pem that does not suit is simply replaced.
 *
 *     ca.pem       linked into place: of servers that start together one makes it, all use it
 *     server.pem   renamed into place: the last one wins, and any of them would do
 *
 * P-256: every TLS client has it, and making both keys takes less than a millisecond, so the first
 * start is not delayed. Serial numbers are 127 random bits (two folders' CAs are never confused,
 * nor is a new certificate with the old), and the CA's name carries a few digits of its key's
 * hash, so that a trust store's list tells them apart. Certificates begin a day in the past, for
 * clients whose clock is behind.
 */
#include "auth/certificate.h"

#include <limits.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "auth/certificate_names.h"
#include "auth/key_file.h"
#include "auth/openssl.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/text.h"
#include "base/uuid.h"

#define CA_FILE           "ca.pem"
#define SERVER_FILE       "server.pem"
#define CA_DAYS           3650
#define SERVER_DAYS       820
#define BACKDATED_DAYS    1
#define RENEW_BEFORE_DAYS 30
#define DAY_S             86400

/* A certificate with its private key. */
struct identity {
    X509 *certificate;
    EVP_PKEY *key;
};

static void identity_release(struct identity *identity)
{
    X509_free(identity->certificate);
    EVP_PKEY_free(identity->key);
    *identity = (struct identity){ NULL, NULL };
}

/* -- making certificates ----------------------------------------------------------------------- */

static bool set_random_serial(X509 *certificate)
{
    unsigned char bytes[16];
    BIGNUM *number;
    bool ok;

    random_bytes(bytes, sizeof bytes);
    bytes[0] = (unsigned char)((bytes[0] & 0x7f) | 0x40); /* positive, and of one length */
    number = BN_bin2bn(bytes, sizeof bytes, NULL);
    ok = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
    BN_free(number);
    return ok;
}

static bool set_validity(X509 *certificate, int64_t now_unix_s, int days)
{
    time_t now = (time_t)now_unix_s;

    return X509_time_adj_ex(X509_getm_notBefore(certificate), -BACKDATED_DAYS, 0, &now) &&
           X509_time_adj_ex(X509_getm_notAfter(certificate), days, 0, &now);
}

static bool set_common_name(X509 *certificate, const char *name)
{
    return X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                                      (const unsigned char *)name, -1, -1, 0);
}

static bool add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509_EXTENSION *extension;
    bool ok;

    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    ok = extension && X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    return ok;
}

struct extension {
    int nid;
    const char *value;
};

/* In this order: the authority's key id is copied from its subject's key id. */
static const struct extension ca_extensions[] = {
    { NID_basic_constraints, "critical,CA:TRUE,pathlen:0" },
    { NID_key_usage, "critical,keyCertSign,cRLSign" },
    { NID_subject_key_identifier, "hash" },
    { NID_authority_key_identifier, "keyid:always" },
};

static const struct extension server_extensions[] = {
    { NID_basic_constraints, "critical,CA:FALSE" },
    { NID_key_usage, "critical,digitalSignature" },
    { NID_ext_key_usage, "serverAuth" },
    { NID_subject_key_identifier, "hash" },
    { NID_authority_key_identifier, "keyid:always" },
};

static bool add_extensions(X509 *certificate, X509 *issuer, const struct extension *extensions,
                           size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!add_extension(certificate, issuer, extensions[i].nid, extensions[i].value))
            return false;
    }
    return true;
}

/* A certificate without extensions for a new key; false leaves *ret empty. */
static bool begin_identity(int64_t now_unix_s, int days, struct identity *ret)
{
    struct identity made = { .certificate = X509_new(), .key = EVP_EC_gen("P-256") };

    if (made.certificate && made.key && X509_set_version(made.certificate, X509_VERSION_3) &&
        set_random_serial(made.certificate) && set_validity(made.certificate, now_unix_s, days) &&
        X509_set_pubkey(made.certificate, made.key)) {
        *ret = made;
        return true;
    }
    identity_release(&made);
    return false;
}

/* "connectord development CA 1f2e3d4c" */
static bool set_ca_name(X509 *certificate)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned hash_len = 0;
    char name[64];

    if (!X509_pubkey_digest(certificate, EVP_sha256(), hash, &hash_len))
        return false;
    snprintf(name, sizeof name, "connectord development CA %02x%02x%02x%02x", hash[0], hash[1],
             hash[2], hash[3]);
    return set_common_name(certificate, name) &&
           X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
}

static bool make_ca(int64_t now_unix_s, struct identity *ret, struct error *err)
{
    struct identity ca = { NULL, NULL };

    if (!begin_identity(now_unix_s, CA_DAYS, &ca) || !set_ca_name(ca.certificate) ||
        !add_extensions(ca.certificate, ca.certificate, ca_extensions, COUNT_OF(ca_extensions)) ||
        !X509_sign(ca.certificate, ca.key, EVP_sha256())) {
        identity_release(&ca);
        return openssl_error(err, "make the CA certificate");
    }
    *ret = ca;
    return true;
}

/* A certificate that outlives its CA would promise what it cannot keep. */
static bool end_with(X509 *certificate, const X509 *ca)
{
    return ASN1_TIME_compare(X509_get0_notAfter(certificate), X509_get0_notAfter(ca)) <= 0 ||
           X509_set1_notAfter(certificate, X509_get0_notAfter(ca));
}

static bool make_server(const struct identity *ca, const struct alt_name *names, size_t count,
                        int64_t now_unix_s, struct identity *ret, struct error *err)
{
    struct identity server = { NULL, NULL };

    if (!begin_identity(now_unix_s, SERVER_DAYS, &server) ||
        !end_with(server.certificate, ca->certificate) ||
        !set_common_name(server.certificate, "connectord") ||
        !X509_set_issuer_name(server.certificate, X509_get_subject_name(ca->certificate)) ||
        !add_extensions(server.certificate, ca->certificate, server_extensions,
                        COUNT_OF(server_extensions)) ||
        !certificate_names_add(server.certificate, names, count) ||
        !X509_sign(server.certificate, ca->key, EVP_sha256())) {
        identity_release(&server);
        return openssl_error(err, "make the server certificate");
    }
    *ret = server;
    return true;
}

/* -- PEM and files ----------------------------------------------------------------------------- */

enum pem_part { PEM_CERTIFICATE = 1, PEM_KEY = 2 };

/* Appends the parts asked for. */
static bool write_pem(const struct identity *identity, unsigned parts, struct text *out,
                      struct error *err)
{
    BIO *bio = BIO_new(BIO_s_mem()); /* clears its memory when freed */
    char *bytes = NULL;
    long len;
    bool ok = false;

    if (!bio || ((parts & PEM_CERTIFICATE) && !PEM_write_bio_X509(bio, identity->certificate)) ||
        ((parts & PEM_KEY) &&
         !PEM_write_bio_PKCS8PrivateKey(bio, identity->key, NULL, NULL, 0, NULL, NULL))) {
        openssl_error(err, "write a certificate");
        goto out;
    }
    len = BIO_get_mem_data(bio, &bytes);
    text_append(out, (struct slice){ bytes, (size_t)len });
    ok = !out->failed || error_no_memory(err);
out:
    BIO_free(bio);
    return ok;
}

/* True when `pem` holds a certificate and the private key that belongs to it. */
static bool parse_pem(struct slice pem, struct identity *ret)
{
    BIO *bio = pem.len <= INT_MAX ? BIO_new_mem_buf(pem.ptr, (int)pem.len) : NULL;
    struct identity found = { NULL, NULL };
    bool ok;

    if (bio)
        found.certificate = PEM_read_bio_X509(bio, NULL, openssl_no_passphrase, NULL);
    if (bio && BIO_reset(bio) >= 0) /* the two may stand in either order */
        found.key = PEM_read_bio_PrivateKey(bio, NULL, openssl_no_passphrase, NULL);
    ok =
        found.certificate && found.key && X509_check_private_key(found.certificate, found.key) == 1;
    if (ok)
        *ret = found;
    else
        identity_release(&found);
    BIO_free(bio);
    ERR_clear_error();
    return ok;
}

enum file_state { FILE_MISSING, FILE_UNUSABLE, FILE_READ };

static bool read_identity(const char *directory, const char *name, enum file_state *ret_state,
                          struct identity *ret, struct error *err)
{
    char memory[KEY_FILE_ROOM_BYTES];
    struct text pem;
    bool found = false, ok;

    text_init_fixed(&pem, memory, sizeof memory);
    ok = key_file_read(directory, name, &pem, &found, err);
    if (ok && !found)
        *ret_state = FILE_MISSING;
    else if (ok)
        *ret_state = parse_pem(text_slice(&pem), ret) ? FILE_READ : FILE_UNUSABLE;
    OPENSSL_cleanse(memory, sizeof memory);
    return ok;
}

/* Makes the file, or with `replace` takes the place of the old one. */
static bool write_identity(const char *directory, const char *name, const struct identity *identity,
                           bool replace, bool *ret_made, struct error *err)
{
    char memory[KEY_FILE_BYTES_MAX];
    struct text pem;
    bool ok;

    text_init_fixed(&pem, memory, sizeof memory);
    ok = write_pem(identity, PEM_CERTIFICATE | PEM_KEY, &pem, err);
    if (ok && replace) {
        ok = key_file_replace(directory, name, text_slice(&pem), err);
        *ret_made = ok;
    } else if (ok) {
        ok = key_file_create(directory, name, text_slice(&pem), ret_made, err);
    }
    OPENSSL_cleanse(memory, sizeof memory);
    return ok;
}

static bool has_begun(const X509 *certificate, int64_t now_unix_s)
{
    time_t now = (time_t)now_unix_s;

    return X509_cmp_time(X509_get0_notBefore(certificate), &now) < 0;
}

static bool ends_soon(const X509 *certificate, int64_t now_unix_s)
{
    time_t soon = (time_t)(now_unix_s + (int64_t)RENEW_BEFORE_DAYS * DAY_S);

    return X509_cmp_time(X509_get0_notAfter(certificate), &soon) < 0;
}

/* -- the CA ------------------------------------------------------------------------------------ */

static bool read_ca(const char *directory, enum file_state *ret_state, struct identity *ret,
                    struct error *err)
{
    if (!read_identity(directory, CA_FILE, ret_state, ret, err))
        return false;
    if (*ret_state == FILE_UNUSABLE ||
        (*ret_state == FILE_READ && X509_check_ca(ret->certificate) != 1)) {
        if (*ret_state == FILE_READ)
            identity_release(ret);
        return key_file_error(err, ERROR_CONFIGURATION, directory, CA_FILE,
                              "expected a CA certificate and its private key in PEM; clients may "
                              "trust it, so it is not replaced: restore it, or remove it");
    }
    return true;
}

/* Makes a CA and ends with the one that is on disk. */
static bool make_ca_file(const char *directory, bool replace, int64_t now_unix_s,
                         struct identity *ret, struct error *err)
{
    struct identity ca = { NULL, NULL };
    enum file_state state = FILE_READ;
    bool made = false;
    bool ok = key_file_prepare_directory(directory, err) && make_ca(now_unix_s, &ca, err) &&
              write_identity(directory, CA_FILE, &ca, replace, &made, err);

    if (ok && !made) {
        identity_release(&ca);
        ok = read_ca(directory, &state, &ca, err);
        if (ok && state == FILE_MISSING)
            ok = key_file_error(err, ERROR_IO, directory, CA_FILE, "it came and went");
    }
    if (ok)
        *ret = ca;
    else
        identity_release(&ca);
    return ok;
}

static bool ensure_ca(const char *directory, int64_t now_unix_s, struct identity *ret,
                      struct error *err)
{
    enum file_state state = FILE_MISSING;

    if (!directory)
        return make_ca(now_unix_s, ret, err);
    if (!read_ca(directory, &state, ret, err))
        return false;
    /* One that has not begun stays: a machine that starts with its clock in the past must not throw
     * away what clients trust. */
    if (state == FILE_READ && !ends_soon(ret->certificate, now_unix_s))
        return true;
    if (state == FILE_READ)
        identity_release(ret);
    return make_ca_file(directory, state == FILE_READ, now_unix_s, ret, err);
}

/* -- the server's certificate ------------------------------------------------------------------ */

/* Signed by this CA and not only by one of its name. */
static bool is_signed_by(X509 *certificate, const struct identity *ca)
{
    bool ok = X509_check_issued(ca->certificate, certificate) == X509_V_OK &&
              X509_verify(certificate, ca->key) == 1;

    ERR_clear_error();
    return ok;
}

static bool ensure_server(const char *directory, const struct identity *ca,
                          const struct alt_name *names, size_t count, int64_t now_unix_s,
                          struct identity *ret, struct error *err)
{
    enum file_state state = FILE_MISSING;
    bool made;

    if (directory && !read_identity(directory, SERVER_FILE, &state, ret, err))
        return false;
    if (state == FILE_READ) {
        if (is_signed_by(ret->certificate, ca) && has_begun(ret->certificate, now_unix_s) &&
            !ends_soon(ret->certificate, now_unix_s) &&
            certificate_names_are_in(ret->certificate, names, count))
            return true;
        identity_release(ret);
    }
    if (!make_server(ca, names, count, now_unix_s, ret, err))
        return false;
    return !directory || write_identity(directory, SERVER_FILE, ret, true, &made, err);
}

/* -- what the header promises ------------------------------------------------------------------ */

/* The parts of `first`, then those of `second` (may be NULL), in arena memory. */
static bool pem_in_arena(const struct identity *first, const struct identity *second,
                         unsigned parts, struct arena *arena, struct slice *ret, struct error *err)
{
    struct text pem;

    text_init(&pem, arena, 0, KEY_FILE_BYTES_MAX);
    if (!write_pem(first, parts, &pem, err) || (second && !write_pem(second, parts, &pem, err)))
        return false;
    *ret = text_slice(&pem);
    return true;
}

bool certificate_ensure_at(const char *directory, const struct slice *names, size_t name_count,
                           int64_t now_unix_s, struct arena *arena, struct certificate *ret,
                           struct error *err)
{
    struct identity ca = { NULL, NULL }, server = { NULL, NULL };
    struct alt_name *parsed = NULL;
    struct certificate certificate;
    size_t count = 0;
    bool ok;

    ok = certificate_names_parse(names, name_count, arena, &parsed, &count, err) &&
         ensure_ca(directory, now_unix_s, &ca, err) &&
         ensure_server(directory, &ca, parsed, count, now_unix_s, &server, err) &&
         pem_in_arena(&ca, NULL, PEM_CERTIFICATE, arena, &certificate.ca_pem, err) &&
         pem_in_arena(&server, &ca, PEM_CERTIFICATE, arena, &certificate.certificate_pem, err) &&
         pem_in_arena(&server, NULL, PEM_KEY, arena, &certificate.key_pem, err);
    if (ok)
        *ret = certificate;
    identity_release(&server);
    identity_release(&ca);
    ERR_clear_error(); /* the library leaves some even when it found another way */
    return ok;
}

static int64_t machine_now_unix_s(void)
{
    return (int64_t)(clock_machine_unix_ms() / 1000);
}

bool certificate_ensure(const char *directory, const struct slice *names, size_t name_count,
                        struct arena *arena, struct certificate *ret, struct error *err)
{
    return certificate_ensure_at(directory, names, name_count, machine_now_unix_s(), arena, ret,
                                 err);
}

bool certificate_ensure_ca(const char *directory, struct arena *arena, struct slice *ret_ca_pem,
                           struct error *err)
{
    struct identity ca = { NULL, NULL };
    bool ok = ensure_ca(directory, machine_now_unix_s(), &ca, err) &&
              pem_in_arena(&ca, NULL, PEM_CERTIFICATE, arena, ret_ca_pem, err);

    identity_release(&ca);
    ERR_clear_error();
    return ok;
}
