/* base/error.h - errors are values: a function that can fail returns bool and fills this struct.
 *
 * The first failure wins and callers pass it up unchanged. Lower floors never log; whoever answers
 * the error logs it, once. Only http/ knows which status a code becomes.
 * Message: what was wrong with *this* input, never how we look inside, never a secret.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdbool.h>

#include "base/compiler.h"
#include "base/slice.h"

/* name, Graph's error.code (../docs/errors.md lists when each is used) */
#define ERROR_CODES(X)                                                                             \
    X(BAD_REQUEST, "BadRequest")                                                                   \
    X(MODEL_VALIDATION, "ModelValidationFailure")                                                  \
    X(EMPTY_PAYLOAD, "BadRequest")                                                                 \
    X(EXPAND_NOT_SUPPORTED, "ExpandNotSupported")                                                  \
    X(UNAUTHORIZED, "InvalidAuthenticationToken")                                                  \
    X(FORBIDDEN, "Forbidden")                                                                      \
    X(NOT_FOUND, "ResourceNotFound")                                                               \
    X(METHOD_NOT_ALLOWED, "Request_BadRequest")                                                    \
    X(NOT_ACCEPTABLE, "NotAcceptable")                                                             \
    X(REQUEST_TIMEOUT, "RequestTimeout")                                                           \
    X(RESYNC_REQUIRED, "resyncRequired")                                                           \
    X(CONFLICT, "Conflict")                                                                        \
    X(LENGTH_REQUIRED, "LengthRequired")                                                           \
    X(PRECONDITION_FAILED, "PreconditionFailed")                                                   \
    X(TOO_LARGE, "RequestEntityTooLarge")                                                          \
    X(URI_TOO_LONG, "UriTooLong")                                                                  \
    X(UNSUPPORTED_MEDIA_TYPE, "UnsupportedMediaType")                                              \
    X(EXPECTATION_FAILED, "ExpectationFailed")                                                     \
    X(HEAD_TOO_LARGE, "RequestHeaderFieldsTooLarge")                                               \
    X(TOO_MANY_CONNECTIONS, "ServiceUnavailable")                                                  \
    X(BUSY, "ServiceUnavailable")                                                                  \
    X(STORE_FAILED, "ServiceUnavailable")                                                          \
    X(NOT_IMPLEMENTED, "NotImplemented")                                                           \
    X(VERSION_NOT_SUPPORTED, "HttpVersionNotSupported")                                            \
    X(STORAGE_FULL, "InsufficientStorage")                                                         \
    X(INTERNAL, "InternalServerError")                                                             \
    X(CONFIGURATION, "Configuration")                                                              \
    X(IO, "InputOutput")

#define X(name, text) ERROR_##name,
enum error_code { ERROR_NONE, ERROR_CODES(X) };
#undef X

struct error {
    enum error_code code; /* ERROR_NONE until something failed */
    char target[64];      /* property or query option at fault; "" when none. Copied, cut to fit */
    char message[512];    /* UTF-8, NUL-terminated, cut on a character boundary; the longest one
                           * lists the ten permissions that open the singleton */
};

/* Fills *err and returns false, so that callers can write `return error_set(...)`. `err` may be
 * NULL when the caller does not care why. */
bool error_set(struct error *err, enum error_code code, struct slice target, const char *format,
               ...) PRINTF_LIKE(4, 5) COLD;

/* Graph's error.code for `code`, e.g. "BadRequest". */
struct slice error_code_text(enum error_code code);

/* The usual "past the arena's budget" failure: ERROR_TOO_LARGE. */
bool error_no_memory(struct error *err) COLD;

#endif
