/* auth/certificate.h - the development CA and the server certificate it signs.
 *
 * In `directory` (made 0700 when missing): ca.pem (the CA's certificate and key, P-256, ten years)
 * and server.pem (the server's, P-256, 821 days, which is within the 825 that Apple's clients
 * allow). Both 0600. Made when missing; the server certificate is made again when it lacks a wanted
 * name, was not signed by this CA, or expires within 30 days, the CA only when it expires within 30
 * days.
 *
 * Whoever trusts the CA trusts whoever holds its key, for every name: it has no name constraints.
 * Names are added by --tls-name later, and a constraint would then cost every client a new CA to
 * trust. What guards it instead: each folder has a CA of its own, its key never leaves ca.pem
 * (`ca export` and /ca.pem give the certificate alone), and pathlen 0 lets it sign no further CA.
 *
 * Spec: RFC 5280; CA/Browser Forum BR 7.1 for what clients expect of a server certificate.
 * Must not know: TLS.
 * Threads: call from one thread at a time; files are written aside and renamed.
 */
#ifndef AUTH_CERTIFICATE_H
#define AUTH_CERTIFICATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"

struct arena;

struct certificate {
    struct slice ca_pem;          /* the CA's certificate alone */
    struct slice certificate_pem; /* the server's, then the CA's */
    struct slice key_pem;         /* the server's private key */
};

/* Names: DNS names ("*.example.org" too) or IP addresses; localhost, 127.0.0.1 and ::1 are always
 * in it. `directory` NULL: in memory. Uses the machine's time, not the product clock: TLS peers do.
 * Errors: ERROR_CONFIGURATION, target "tls-name" for a name that is neither; with the path for a
 * file that is not ours to read or that holds something else. A damaged ca.pem is never replaced,
 * since clients trust it. */
bool certificate_ensure(const char *directory, const struct slice *names, size_t name_count,
                        struct arena *arena, struct certificate *ret, struct error *err) MUST_CHECK;

/* The same at another time; for tests. */
bool certificate_ensure_at(const char *directory, const struct slice *names, size_t name_count,
                           int64_t now_unix_s, struct arena *arena, struct certificate *ret,
                           struct error *err) MUST_CHECK;

/* Only the CA's certificate, made if missing (connectord ca export). */
bool certificate_ensure_ca(const char *directory, struct arena *arena, struct slice *ret_ca_pem,
                           struct error *err) MUST_CHECK;

#endif
