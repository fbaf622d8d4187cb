/* auth/certificate_names.h - what a server certificate is for: its subject's alternative names.
 *
 * Spec: RFC 5280 section 4.2.1.6.
 * Must not know: keys, files.
 */
#ifndef AUTH_CERTIFICATE_NAMES_H
#define AUTH_CERTIFICATE_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/x509.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"

struct arena;

/* One name as a certificate holds it. */
struct alt_name {
    struct slice dns; /* empty: it is an address */
    uint8_t address[16];
    size_t address_len;
};

/* The names always in it, then the wanted ones; a name that is there twice does no harm.
 * Errors: ERROR_CONFIGURATION, target "tls-name". */
bool certificate_names_parse(const struct slice *names, size_t count, struct arena *arena,
                             struct alt_name **ret, size_t *ret_count,
                             struct error *err) MUST_CHECK;
/* Whether the certificate has them all. */
bool certificate_names_are_in(const X509 *certificate, const struct alt_name *names, size_t count);
/* False: no memory. */
bool certificate_names_add(X509 *certificate, const struct alt_name *names,
                           size_t count) MUST_CHECK;

#endif
