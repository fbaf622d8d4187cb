/* auth/jwt.h - checks a bearer token and says who is calling.
 *
 * Spec: RFC 7519 (claims), RFC 7515 (compact form), RFC 8725 (what to refuse): the algorithm is
 * fixed by the key and never taken from the token; every claim that is relied upon is checked for
 * type; a repeated claim refuses the token; "crit" is refused.
 * Must not know: HTTP (the caller took the token out of its header), storage.
 */
#ifndef AUTH_JWT_H
#define AUTH_JWT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/permission.h"
#include "auth/principal.h"
#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"

struct arena;
struct issuer;

#define JWT_CLOCK_SKEW_S 300 /* seconds by which exp and nbf may be missed */

/* What a token is measured against; constant while tokens are checked. */
struct token_rules {
    const struct issuer *builtin; /* NULL: the built-in issuer is off */
    const struct slice *origins;  /* "https://localhost:8443", ...: this server's own */
    size_t origin_count;
    const struct slice *audiences; /* accepted besides the origins: Graph's URLs and app id */
    size_t audience_count;
    const struct permission_table *permissions;
    size_t token_bytes_max;
};

/* The audiences that a Graph token carries, every cloud's URL and the application id. A trailing
 * slash on a URL is accepted by jwt_verify() itself. */
extern const struct slice jwt_graph_audiences[];
extern const size_t jwt_graph_audience_count;

/* Verifies `token` and reads its claims into *ret_who (slices in `arena`).
 * Accepted: RS256 by the built-in issuer's key; "iss" is "{origin}/{tid}/v2.0" for an origin of
 * ours; "aud" one of the audiences or origins, with or without a slash at its end; "exp" present;
 * "tid" a GUID that is not the personal accounts' tenant; "scp" (delegated) or "roles" (app-only:
 * no scp, idtyp not "user"). A user's roles never stand in for a scope.
 *
 * now_unix_s  an argument, so that the tests own the clock.
 * Errors      ERROR_UNAUTHORIZED with Graph's message (empty, not well formed, audience, expired,
 *             other); ERROR_FORBIDDEN for personal accounts. Never quotes the token.
 *             *ret_cause (may be NULL) gets a short reason for the log, e.g. "aud_foreign"; a
 *             static string.
 */
bool jwt_verify(const struct token_rules *rules, struct slice token, int64_t now_unix_s,
                struct arena *arena, struct principal *ret_who, const char **ret_cause,
                struct error *err) MUST_CHECK;

/* Checks again what time changes, for a principal from a cache. */
bool jwt_check_times(const struct principal *who, int64_t now_unix_s, struct error *err) MUST_CHECK;

#endif
