/* auth/jwt_refusal.c - the list of refusals as a table, and the one place that reads it. */
#include "auth/jwt_refusal.h"

static const struct {
    const char *cause;
    enum error_code code;
    const char *message;
} refusals[] = {
#define X(name, cause_text, error, text)                                                           \
    [JWT_REFUSE_##name] = { .cause = cause_text, .code = ERROR_##error, .message = text },
    JWT_REFUSALS(X)
#undef X
};

bool jwt_refuse(enum jwt_refusal why, const char **ret_cause, struct error *err)
{
    if (ret_cause)
        *ret_cause = refusals[why].cause;
    return error_set(err, refusals[why].code, SLICE_EMPTY, "%s", refusals[why].message);
}
