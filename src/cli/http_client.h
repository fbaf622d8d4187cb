/* cli/http_client.h - one request to a server, and its answer, over a connection of its own.
 *
 * HTTP/1.1 over TCP or TLS. TLS is verified, against the one CA that is named and nothing else: the
 * servers that these commands ask have a development CA, and the system's list knows none of them.
 * Must not know: what is asked for.
 * Threads: waits.
 */
#ifndef CLI_HTTP_CLIENT_H
#define CLI_HTTP_CLIENT_H

#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"
#include "cli/target.h"

struct arena;

#define HTTP_CLIENT_BODY_BYTES_MAX ((size_t)64 << 20)

struct http_client_request {
    const char *user_agent;
    const struct target *target; /* the server; its path counts for nothing */
    const char *method;
    struct slice path;   /* of the request, with the query; encoded as it is sent */
    const char *ca_file; /* PEM; of a secure target */
    bool has_body;
    struct slice body; /* JSON */
    uint64_t timeout_s;
};

struct http_client_reply {
    unsigned status;
    struct slice line; /* "HTTP/1.1 200 OK" */
    struct slice body;
};

/* Each step (connecting to one address, the handshake and the sending, the answer as a whole) may
 * take as long as the timeout. The reply is in the arena. Any status is a success.
 * Errors: ERROR_IO, saying what the server or the network did; ERROR_CONFIGURATION when the CA
 * cannot be read; ERROR_TOO_LARGE. */
bool http_client_ask(const struct http_client_request *request, struct arena *arena,
                     struct http_client_reply *ret, struct error *err) MUST_CHECK;

#endif
