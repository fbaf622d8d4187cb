/* auth/jwt_refusal.h - every reason to refuse a token, with its word for the log and Graph's text.
 *
 * The texts are few on purpose, and Graph's own: who presents a bad token learns that it is bad,
 * and the log says why.
 */
#ifndef AUTH_JWT_REFUSAL_H
#define AUTH_JWT_REFUSAL_H

#include <stdbool.h>

#include "base/compiler.h"
#include "base/error.h"

/* name, cause for the log, code, message */
#define JWT_REFUSALS(X)                                                                            \
    X(EMPTY, "empty", UNAUTHORIZED, "Access token is empty.")                                      \
    X(OVERSIZE, "oversize", UNAUTHORIZED, JWT_MALFORMED_TEXT)                                      \
    X(PARTS, "not_three_parts", UNAUTHORIZED, JWT_MALFORMED_TEXT)                                  \
    X(BASE64, "not_base64url", UNAUTHORIZED, JWT_MALFORMED_TEXT)                                   \
    X(HEADER_JSON, "header_not_json", UNAUTHORIZED, JWT_MALFORMED_TEXT)                            \
    X(HEADER_TYPE, "header_member_type", UNAUTHORIZED, JWT_MALFORMED_TEXT)                         \
    X(ALG, "alg_not_rs256", UNAUTHORIZED, JWT_INVALID_TEXT)                                        \
    X(CRIT, "crit_present", UNAUTHORIZED, JWT_INVALID_TEXT)                                        \
    X(TYP, "typ_foreign", UNAUTHORIZED, JWT_INVALID_TEXT)                                          \
    X(NO_ISSUER, "no_issuer_configured", UNAUTHORIZED, JWT_INVALID_TEXT)                           \
    X(KID, "kid_foreign", UNAUTHORIZED, JWT_INVALID_TEXT)                                          \
    X(SIGNATURE, "signature", UNAUTHORIZED, JWT_INVALID_TEXT)                                      \
    X(CLAIMS_JSON, "claims_not_json", UNAUTHORIZED, JWT_MALFORMED_TEXT)                            \
    X(CLAIM_TYPE, "claim_type", UNAUTHORIZED, JWT_INVALID_TEXT)                                    \
    X(CLAIM_TEXT, "claim_control_character", UNAUTHORIZED, JWT_INVALID_TEXT)                       \
    X(TID_MISSING, "tid_missing", UNAUTHORIZED, JWT_INVALID_TEXT)                                  \
    X(TID_FORM, "tid_not_guid", UNAUTHORIZED, JWT_INVALID_TEXT)                                    \
    X(ISS_MISSING, "iss_missing", UNAUTHORIZED, JWT_INVALID_TEXT)                                  \
    X(ISS_FOREIGN, "iss_foreign", UNAUTHORIZED, JWT_INVALID_TEXT)                                  \
    X(AUD_MISSING, "aud_missing", UNAUTHORIZED, JWT_AUDIENCE_TEXT)                                 \
    X(AUD_FOREIGN, "aud_foreign", UNAUTHORIZED, JWT_AUDIENCE_TEXT)                                 \
    X(EXP_MISSING, "exp_missing", UNAUTHORIZED, JWT_INVALID_TEXT)                                  \
    X(EXPIRED, "expired", UNAUTHORIZED, "Lifetime validation failed, the token is expired.")       \
    X(NOT_YET, "not_yet_valid", UNAUTHORIZED, "Access token has expired or is not yet valid.")     \
    X(SUBJECT, "oid_and_sub_missing", UNAUTHORIZED, JWT_INVALID_TEXT)                              \
    X(IDTYP, "idtyp_unknown", UNAUTHORIZED, JWT_INVALID_TEXT)                                      \
    X(APP_WITH_SCP, "idtyp_app_with_scp", UNAUTHORIZED, JWT_INVALID_TEXT)                          \
    X(PERSONAL, "personal_account", FORBIDDEN,                                                     \
      "Personal Microsoft accounts are not supported for this resource.")

#define JWT_MALFORMED_TEXT "CompactToken parsing failed with error code: 80049217"
#define JWT_INVALID_TEXT   "Access token validation failure."
#define JWT_AUDIENCE_TEXT  "Access token validation failure. Invalid audience."

#define X(name, cause, code, message) JWT_REFUSE_##name,
enum jwt_refusal { JWT_REFUSALS(X) };
#undef X

/* Fills *err and *ret_cause (either may be NULL) and returns false. */
bool jwt_refuse(enum jwt_refusal why, const char **ret_cause, struct error *err) COLD;

#endif
