/* auth/openssl.h - what OpenSSL leaves to those who call it: its error queue and its passphrases.
 *
 * The queue of errors belongs to the thread, and SSL_get_error() reads it too. So whoever lets a
 * call of the library fail empties the queue before returning, with openssl_error() or
 * ERR_clear_error().
 */
#ifndef AUTH_OPENSSL_H
#define AUTH_OPENSSL_H

#include <stdbool.h>

#include "base/compiler.h"
#include "base/error.h"

/* ERROR_INTERNAL "cannot <what>: <the library's first reason>"; empties the queue; returns false.
 */
bool openssl_error(struct error *err, const char *what) COLD;

/* A pem_password_cb that has none: without one the library would ask the terminal. */
int openssl_no_passphrase(char *buffer, int size, int writing, void *context);

#endif
