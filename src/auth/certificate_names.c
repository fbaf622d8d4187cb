/* auth/certificate_names.c - DNS names and addresses, checked and put into a certificate as binary.
 *
 * Never through OpenSSL's "DNS:a,IP:b" notation, where a name with a comma would be two names.
 */
#include "auth/certificate_names.h"

#include <arpa/inet.h>
#include <stdio.h>

#include <openssl/x509v3.h>

#include "base/arena.h"

#define NAMES_MAX        32 /* of the longest still fit a file of KEY_FILE_BYTES_MAX */
#define DNS_NAME_LEN_MAX 253

static const struct slice names_always[] = { SLICE_INIT("localhost"), SLICE_INIT("127.0.0.1"),
                                             SLICE_INIT("::1") };

static bool is_label(struct slice label)
{
    if (label.len == 0 || label.len > 63 || label.ptr[0] == '-' || label.ptr[label.len - 1] == '-')
        return false;
    for (size_t i = 0; i < label.len; i++) {
        char c = label.ptr[i];

        /* '_' is no letter of a host name, but container networks use it in theirs. */
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '-' || c == '_'))
            return false;
    }
    return true;
}

static bool is_dns_name(struct slice name)
{
    struct slice label, rest = name;
    uint64_t number;

    if (name.len > DNS_NAME_LEN_MAX)
        return false;
    if (slice_starts_with(rest, SLICE("*.")))
        rest = slice_sub(rest, 2, rest.len);
    while (slice_cut(rest, '.', &label, &rest)) {
        if (!is_label(label))
            return false;
    }
    /* A last label of digits alone is an address that was mistyped (RFC 1123 section 2.1). */
    return is_label(rest) && !slice_to_uint64(rest, UINT64_MAX, &number);
}

static bool parse_name(struct slice name, struct alt_name *ret)
{
    char text[INET6_ADDRSTRLEN];

    *ret = (struct alt_name){ .address_len = 0 };
    if (name.len < sizeof text && slice_index(name, '\0') == name.len) {
        snprintf(text, sizeof text, "%.*s", SLICE_ARG(name));
        if (inet_pton(AF_INET, text, ret->address) == 1)
            ret->address_len = 4;
        else if (inet_pton(AF_INET6, text, ret->address) == 1)
            ret->address_len = 16;
    }
    if (ret->address_len == 0)
        ret->dns = name;
    return ret->address_len || is_dns_name(name);
}

bool certificate_names_parse(const struct slice *names, size_t count, struct arena *arena,
                             struct alt_name **ret, size_t *ret_count, struct error *err)
{
    struct alt_name *parsed;
    size_t always = COUNT_OF(names_always);

    if (count > NAMES_MAX)
        return error_set(err, ERROR_CONFIGURATION, SLICE("tls-name"),
                         "expected at most %d names, found %zu", NAMES_MAX, count);
    parsed = arena_new_array(arena, always + count, struct alt_name);
    if (!parsed)
        return error_no_memory(err);
    for (size_t i = 0; i < always + count; i++) {
        struct slice name = i < always ? names_always[i] : names[i - always];

        if (!parse_name(name, &parsed[i]))
            return error_set(err, ERROR_CONFIGURATION, SLICE("tls-name"),
                             "expected a DNS name or an IP address, found '%.*s'",
                             SLICE_ARG(slice_utf8_prefix(name, 64)));
    }
    *ret = parsed;
    *ret_count = always + count;
    return true;
}

static bool has_name(const GENERAL_NAMES *in_certificate, const struct alt_name *name)
{
    for (int i = 0; i < sk_GENERAL_NAME_num(in_certificate); i++) {
        const GENERAL_NAME *found = sk_GENERAL_NAME_value(in_certificate, i);
        const ASN1_STRING *value;
        struct slice bytes;

        if (found->type != (name->address_len ? GEN_IPADD : GEN_DNS))
            continue;
        value = name->address_len ? found->d.iPAddress : found->d.dNSName;
        bytes = (struct slice){ (const char *)ASN1_STRING_get0_data(value),
                                (size_t)ASN1_STRING_length(value) };
        if (name->address_len
                ? slice_eq(bytes, (struct slice){ (const char *)name->address, name->address_len })
                : slice_eq_nocase(bytes, name->dns))
            return true;
    }
    return false;
}

bool certificate_names_are_in(const X509 *certificate, const struct alt_name *names, size_t count)
{
    GENERAL_NAMES *found = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    bool all = found != NULL;

    for (size_t i = 0; all && i < count; i++)
        all = has_name(found, &names[i]);
    GENERAL_NAMES_free(found);
    return all;
}

/* NULL: no memory. */
static GENERAL_NAME *make_general_name(const struct alt_name *name)
{
    GENERAL_NAME *general = GENERAL_NAME_new();
    ASN1_STRING *value = name->address_len ? ASN1_OCTET_STRING_new() : ASN1_IA5STRING_new();
    bool ok = general && value &&
              (name->address_len ? ASN1_STRING_set(value, name->address, (int)name->address_len)
                                 : ASN1_STRING_set(value, name->dns.ptr, (int)name->dns.len));

    if (!ok) {
        ASN1_STRING_free(value);
        GENERAL_NAME_free(general);
        return NULL;
    }
    GENERAL_NAME_set0_value(general, name->address_len ? GEN_IPADD : GEN_DNS, value);
    return general;
}

bool certificate_names_add(X509 *certificate, const struct alt_name *names, size_t count)
{
    GENERAL_NAMES *all = GENERAL_NAMES_new();
    bool ok = all != NULL;

    for (size_t i = 0; ok && i < count; i++) {
        GENERAL_NAME *name = make_general_name(&names[i]);

        ok = name && sk_GENERAL_NAME_push(all, name) > 0;
        if (!ok)
            GENERAL_NAME_free(name);
    }
    ok = ok && X509_add1_ext_i2d(certificate, NID_subject_alt_name, all, 0, 0) == 1;
    GENERAL_NAMES_free(all);
    return ok;
}
