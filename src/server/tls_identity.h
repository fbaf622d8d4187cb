/* server/tls_identity.h - the certificate that the HTTPS listeners show, and the names in it.
 *
 * The operator's own (tls-cert, tls-key), else one signed by the development CA.
 * Must not know: connections.
 */
#ifndef SERVER_TLS_IDENTITY_H
#define SERVER_TLS_IDENTITY_H

#include "auth/certificate.h"
#include "base/compiler.h"
#include "base/error.h"
#include "server/settings.h"

struct arena;
struct tls_context; /* http/engine.h */

struct tls_identity {
    struct certificate certificate; /* ca_pem is empty for the operator's own */
    struct setting_list names;      /* hosts that it is for, wildcards left out */
};

/* `keys` is the folder of the development CA, NULL for one in memory.
 * Errors: ERROR_CONFIGURATION naming the setting or file. */
bool tls_identity_load(const struct settings *settings, const char *keys, struct arena *arena,
                       struct tls_identity *ret, struct error *err) MUST_CHECK;

/* What connections need of it. Error: ERROR_CONFIGURATION naming the operator's files. */
bool tls_identity_context(const struct settings *settings, const struct tls_identity *identity,
                          struct tls_context **ret, struct error *err) MUST_CHECK;

/* Whether the operator's certificate and key are there and belong together; true when none are
 * set. Errors: as above. */
bool tls_identity_check(const struct settings *settings, struct arena *arena,
                        struct error *err) MUST_CHECK;

#endif
