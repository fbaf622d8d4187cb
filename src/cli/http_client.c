/* cli/http_client.c - connects, asks, and reads the answer to its end.
 *
 * The addresses of a name are tried one after the other. The connection is closed behind the
 * answer, and the request says so, since a command has one question. A deadline stands over each
 * step as a whole, so that a server which sends a byte now and then does not hold a health check.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/http_client.h"

#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/text.h"
#include "cli/http_reply.h"

#define HEAD_BYTES_MAX 16384
#define RECEIVE_BYTES  65536
#define SEND_BYTES_MAX 65536
#define NO_ANSWER      "no answer in time"

struct connection {
    const struct http_client_request *request;
    uint64_t deadline_ms; /* of the step, monotonic */
    int fd;
    SSL_CTX *context;
    SSL *ssl;
};

/* --- time ------------------------------------------------------------------------------------ */

static void begin_step(struct connection *connection)
{
    connection->deadline_ms = clock_monotonic_ms() + connection->request->timeout_s * 1000;
}

/* What the next call may take; false when the step's time is up. */
static bool arm(const struct connection *connection)
{
    uint64_t now_ms = clock_monotonic_ms();

    if (now_ms >= connection->deadline_ms)
        return false;
    uint64_t left_ms = connection->deadline_ms - now_ms;
    const struct timeval left = { .tv_sec = (time_t)(left_ms / 1000),
                                  .tv_usec = (suseconds_t)(left_ms % 1000 * 1000) };

    return setsockopt(connection->fd, SOL_SOCKET, SO_RCVTIMEO, &left, sizeof left) == 0 &&
           setsockopt(connection->fd, SOL_SOCKET, SO_SNDTIMEO, &left, sizeof left) == 0;
}

/* --- TCP ------------------------------------------------------------------------------------- */

static bool connect_one(struct connection *connection, const struct addrinfo *address)
{
    connection->fd = socket(address->ai_family, address->ai_socktype | SOCK_CLOEXEC, 0);
    if (connection->fd < 0)
        return false;
    begin_step(connection);
    errno = 0;
    if (arm(connection) && connect(connection->fd, address->ai_addr, address->ai_addrlen) == 0)
        return true;
    int why = errno;
    close(connection->fd);
    connection->fd = -1;
    errno = why;
    return false;
}

static bool open_connection(struct connection *connection, struct error *err)
{
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
    const struct target *target = connection->request->target;
    struct addrinfo *addresses = NULL;
    int status = getaddrinfo(target->host.ptr, target->port.ptr, &hints, &addresses);

    if (status != 0)
        return error_set(err, ERROR_IO, SLICE_EMPTY, "cannot find '%s': %s", target->host.ptr,
                         gai_strerror(status));
    for (struct addrinfo *at = addresses; at && connection->fd < 0; at = at->ai_next) {
        if (!connect_one(connection, at))
            error_set(err, ERROR_IO, SLICE_EMPTY, "cannot connect to %s, port %s: %s",
                      target->host.ptr, target->port.ptr,
                      errno == EINPROGRESS || errno == 0 ? NO_ANSWER : strerror(errno));
    }
    freeaddrinfo(addresses);
    return connection->fd >= 0;
}

/* --- TLS ------------------------------------------------------------------------------------- */

static bool tls_failed(struct connection *connection, const char *what, struct error *err)
{
    long verified = connection->ssl ? SSL_get_verify_result(connection->ssl) : X509_V_OK;
    const char *reason = verified != X509_V_OK ? X509_verify_cert_error_string(verified)
                                               : ERR_reason_error_string(ERR_peek_error());

    error_set(err, ERROR_IO, SLICE_EMPTY, "%s: %s", what, reason ? reason : NO_ANSWER);
    ERR_clear_error();
    return false;
}

/* The file may hold the CA's key too, which is skipped. */
static bool load_ca(struct connection *connection, struct error *err)
{
    const char *file = connection->request->ca_file;

    if (SSL_CTX_load_verify_file(connection->context, file) == 1)
        return true;
    ERR_clear_error();
    return error_set(err, ERROR_CONFIGURATION, SLICE("ca"),
                     "cannot read a CA's certificate from '%s'; name it with --ca", file);
}

/* SSL_set_tlsext_host_name() is a macro that casts const away. */
static bool set_server_name(SSL *ssl, const char *name)
{
    return SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                    (void *)(uintptr_t)name) == 1;
}

static bool open_tls(struct connection *connection, struct error *err)
{
    const char *host = connection->request->target->host.ptr;

    connection->context = SSL_CTX_new(TLS_client_method());
    if (!connection->context)
        return tls_failed(connection, "cannot begin TLS", err);
    SSL_CTX_set_verify(connection->context, SSL_VERIFY_PEER, NULL);
    if (!load_ca(connection, err))
        return false;
    connection->ssl = SSL_new(connection->context);
    if (!connection->ssl || SSL_set_fd(connection->ssl, connection->fd) != 1)
        return tls_failed(connection, "cannot begin TLS", err);

    X509_VERIFY_PARAM *expected = SSL_get0_param(connection->ssl);
    if (X509_VERIFY_PARAM_set1_ip_asc(expected, host) != 1 &&
        (SSL_set1_host(connection->ssl, host) != 1 || !set_server_name(connection->ssl, host)))
        return tls_failed(connection, "cannot begin TLS", err);
    ERR_clear_error();
    if (!arm(connection) || SSL_connect(connection->ssl) != 1)
        return tls_failed(connection, "cannot trust the server", err);
    return true;
}

/* --- question and answer --------------------------------------------------------------------- */

static bool send_all(struct connection *connection, struct slice rest, struct error *err)
{
    while (rest.len) {
        size_t len = rest.len < SEND_BYTES_MAX ? rest.len : SEND_BYTES_MAX;
        ssize_t sent = -1;

        if (arm(connection))
            sent = connection->ssl ? SSL_write(connection->ssl, rest.ptr, (int)len)
                                   : send(connection->fd, rest.ptr, len, MSG_NOSIGNAL);
        if (sent <= 0)
            return error_set(err, ERROR_IO, SLICE_EMPTY, "the connection broke");
        rest = slice_sub(rest, (size_t)sent, rest.len);
    }
    return true;
}

static bool ask(struct connection *connection, struct error *err)
{
    const struct http_client_request *request = connection->request;
    char memory[HEAD_BYTES_MAX];
    struct text head;

    text_init_fixed(&head, memory, sizeof memory);
    text_printf(&head, "%s %.*s HTTP/1.1\r\nHost: ", request->method, SLICE_ARG(request->path));
    target_append_authority(&head, request->target);
    text_printf(&head, "\r\nUser-Agent: %s\r\nAccept: */*\r\nConnection: close\r\n",
                request->user_agent);
    if (request->has_body)
        text_printf(&head, "Content-Type: application/json\r\nContent-Length: %zu\r\n",
                    request->body.len);
    text_append(&head, SLICE("\r\n"));
    if (head.failed)
        return error_set(err, ERROR_TOO_LARGE, SLICE_EMPTY, "the request is too long");
    if (!send_all(connection, text_slice(&head), err))
        return false;
    /* A server may refuse a body before it has read it: its answer says why, the break does not. */
    if (request->has_body && !send_all(connection, request->body, NULL))
        shutdown(connection->fd, SHUT_WR);
    return true;
}

enum received { RECEIVED_SOME, RECEIVED_END, RECEIVED_NOTHING };

static enum received receive(struct connection *connection, char *bytes, struct slice *ret)
{
    ssize_t got = -1;
    bool ended = false;

    errno = 0;
    if (arm(connection)) {
        got = connection->ssl ? SSL_read(connection->ssl, bytes, RECEIVE_BYTES)
                              : recv(connection->fd, bytes, RECEIVE_BYTES, 0);
        ended = got <= 0 &&
                (connection->ssl ? SSL_get_error(connection->ssl, (int)got) == SSL_ERROR_ZERO_RETURN
                                 : got == 0);
    }
    *ret = (struct slice){ bytes, got > 0 ? (size_t)got : 0 };
    return got > 0 ? RECEIVED_SOME : ended ? RECEIVED_END : RECEIVED_NOTHING;
}

static bool read_reply(struct connection *connection, struct arena *arena, struct http_reply *reply,
                       struct error *err)
{
    char *bytes = arena_alloc(arena, RECEIVE_BYTES);
    enum http_parse result = HTTP_PARSE_MORE;

    if (!bytes)
        return error_no_memory(err);
    if (!http_reply_init(reply, arena, HTTP_CLIENT_BODY_BYTES_MAX, err))
        return false;
    while (result == HTTP_PARSE_MORE) {
        struct slice piece;

        switch (receive(connection, bytes, &piece)) {
        case RECEIVED_SOME:
            result = http_reply_take(reply, piece, err);
            break;
        case RECEIVED_END:
            result = http_reply_end(reply, err);
            break;
        case RECEIVED_NOTHING:
            return error_set(err, ERROR_IO, SLICE_EMPTY, "%s",
                             errno == EAGAIN || clock_monotonic_ms() >= connection->deadline_ms
                                 ? NO_ANSWER
                                 : "the connection broke");
        }
    }
    return result == HTTP_PARSE_DONE;
}

static bool exchange(struct connection *connection, struct arena *arena, struct http_reply *reply,
                     struct error *err)
{
    if (!open_connection(connection, err))
        return false;
    begin_step(connection);
    if (connection->request->target->secure && !open_tls(connection, err))
        return false;
    if (!ask(connection, err))
        return false;
    begin_step(connection);
    return read_reply(connection, arena, reply, err);
}

bool http_client_ask(const struct http_client_request *request, struct arena *arena,
                     struct http_client_reply *ret, struct error *err)
{
    struct connection connection = { .request = request, .fd = -1 };
    struct http_reply reply;

    signal(SIGPIPE, SIG_IGN); /* OpenSSL writes without MSG_NOSIGNAL */
    bool ok = exchange(&connection, arena, &reply, err);
    SSL_free(connection.ssl);
    SSL_CTX_free(connection.context);
    if (connection.fd >= 0)
        close(connection.fd);
    if (!ok)
        return false;
    *ret = (struct http_client_reply){ .status = reply.status,
                                       .line = reply.line,
                                       .body = reply.body };
    return true;
}
