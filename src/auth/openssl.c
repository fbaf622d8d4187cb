/* auth/openssl.c - the library's own reasons, made an error of ours. */
#include "auth/openssl.h"

#include <openssl/err.h>

bool openssl_error(struct error *err, const char *what)
{
    unsigned long code = ERR_get_error(); /* the first one is the cause, later ones its echo */
    const char *reason = code ? ERR_reason_error_string(code) : NULL;

    ERR_clear_error();
    return error_set(err, ERROR_INTERNAL, SLICE_EMPTY, "cannot %s: %s", what,
                     reason ? reason : "unknown reason");
}

int openssl_no_passphrase(char *buffer UNUSED, int size UNUSED, int writing UNUSED,
                          void *context UNUSED)
{
    return -1;
}
