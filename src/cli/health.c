/* cli/health.c - connectord health: asks a server whether it is well, for health checks.
 *
 * One GET over a connection that is closed behind it; the status line alone is looked at. Without a
 * URL the server is the one that the settings describe, so that the same environment serves both
 * in a container. HTTPS is verified against the data folder's CA or the one named.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/arena.h"
#include "cli/commands.h"
#include "server/data.h"
#include "server/endpoint.h"

#define TIMEOUT_S_DEFAULT 5
#define TIMEOUT_S_MAX     3600
#define CA_BYTES_MAX      ((size_t)1 << 20)
#define ANSWER_BYTES      512 /* the status line is at its front */

struct target {
    bool secure;
    struct slice host; /* without brackets; ends in NUL */
    struct slice port;
    struct slice path;
};

struct check {
    struct cli *cli;
    struct target target;
    time_t timeout_s;
    int fd;
    SSL_CTX *context;
    SSL *ssl;
};

/* --- where --------------------------------------------------------------------------------- */

/* The first listener of the settings; plain HTTP before HTTPS, since it needs less to be right. */
static bool default_url(struct cli *cli, struct slice *ret, struct error *err)
{
    const struct settings *settings = cli->settings;
    bool plain = settings->listen.count > 0;
    struct endpoint endpoint;

    if (!endpoint_parse(plain ? settings->listen.items[0] : settings->listen_tls.items[0],
                        &endpoint) ||
        endpoint.port == 0)
        return error_set(err, ERROR_BAD_REQUEST, SLICE("listen"),
                         "expected a URL: the settings leave the port to the server");
    struct slice host = endpoint.reach != ENDPOINT_ANY ? endpoint.host
                        : endpoint.ipv6                ? SLICE("::1")
                                                       : SLICE("127.0.0.1");
    return arena_printf(cli->arena, ret, "%s://%s%.*s%s:%" PRIu16, plain ? "http" : "https",
                        endpoint.ipv6 ? "[" : "", SLICE_ARG(host), endpoint.ipv6 ? "]" : "",
                        endpoint.port) ||
           error_no_memory(err);
}

static bool split_authority(struct slice authority, struct target *target)
{
    struct slice rest = SLICE_EMPTY;

    if (slice_starts_with(authority, SLICE("["))) {
        if (!slice_cut(slice_sub(authority, 1, authority.len), ']', &target->host, &rest))
            return false;
        if (rest.len && rest.ptr[0] != ':')
            return false;
        rest = slice_sub(rest, 1, rest.len);
    } else if (!slice_cut(authority, ':', &target->host, &rest)) {
        target->host = authority;
    }
    target->port = rest.len ? rest : target->secure ? SLICE("443") : SLICE("80");
    return target->host.len > 0;
}

static bool parse_url(struct slice url, struct arena *arena, struct target *ret, struct error *err)
{
    struct slice rest = url, authority, path;
    uint64_t port;

    ret->secure = slice_starts_with_nocase(url, SLICE("https://"));
    if (ret->secure)
        rest = slice_sub(url, 8, url.len);
    else if (slice_starts_with_nocase(url, SLICE("http://")))
        rest = slice_sub(url, 7, url.len);
    else
        rest = SLICE_EMPTY;
    if (!slice_cut(rest, '/', &authority, &path)) {
        authority = rest;
        path = SLICE_EMPTY;
    }
    bool blank = false; /* would end the request line */
    for (size_t i = 0; i < rest.len; i++)
        blank = blank || (unsigned char)rest.ptr[i] <= ' ';
    if (blank || !split_authority(authority, ret) ||
        !slice_to_uint64(ret->port, UINT16_MAX, &port) ||
        !arena_copy(arena, ret->host, &ret->host) || !arena_copy(arena, ret->port, &ret->port))
        return error_set(err, ERROR_BAD_REQUEST, SLICE_EMPTY,
                         "expected a URL such as http://127.0.0.1:8080/health, found '%.*s'",
                         SLICE_ARG(slice_sub(url, 0, 100)));
    ret->path = path.len ? (struct slice){ path.ptr - 1, path.len + 1 } : SLICE("/health");
    return true;
}

/* --- the connection ---------------------------------------------------------------------- */

static bool connect_one(struct check *check, const struct addrinfo *address)
{
    const struct timeval timeout = { .tv_sec = check->timeout_s };

    check->fd = socket(address->ai_family, address->ai_socktype | SOCK_CLOEXEC, 0);
    if (check->fd < 0)
        return false;
    setsockopt(check->fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    setsockopt(check->fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout); /* connect() too */
    if (connect(check->fd, address->ai_addr, address->ai_addrlen) == 0)
        return true;
    int why = errno;
    close(check->fd);
    check->fd = -1;
    errno = why;
    return false;
}

static bool open_connection(struct check *check, struct error *err)
{
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
    struct addrinfo *addresses = NULL;
    int status = getaddrinfo(check->target.host.ptr, check->target.port.ptr, &hints, &addresses);

    if (status != 0)
        return error_set(err, ERROR_IO, SLICE_EMPTY, "cannot find '%s': %s", check->target.host.ptr,
                         gai_strerror(status));
    for (struct addrinfo *at = addresses; at && check->fd < 0; at = at->ai_next) {
        if (!connect_one(check, at))
            error_set(err, ERROR_IO, SLICE_EMPTY, "cannot connect to %s, port %s: %s",
                      check->target.host.ptr, check->target.port.ptr,
                      errno == EINPROGRESS ? "no answer in time" : strerror(errno));
    }
    freeaddrinfo(addresses);
    return check->fd >= 0;
}

static bool tls_failed(struct check *check, const char *what, struct error *err)
{
    long verified = check->ssl ? SSL_get_verify_result(check->ssl) : X509_V_OK;
    const char *reason = verified != X509_V_OK ? X509_verify_cert_error_string(verified)
                                               : ERR_reason_error_string(ERR_peek_error());

    error_set(err, ERROR_IO, SLICE_EMPTY, "%s: %s", what, reason ? reason : "no answer in time");
    ERR_clear_error();
    return false;
}

/* The CA of --ca, else that of the data folder; its file holds the key too, which is skipped. */
static bool load_ca(struct check *check, struct error *err)
{
    struct cli *cli = check->cli;
    struct slice path;

    if (!cli_option(cli, "ca", &path)) {
        struct data_paths paths;

        if (!data_paths_find(cli->settings, cli->arena, &paths, err))
            return false;
        if (!arena_printf(cli->arena, &path, "%s/ca.pem", paths.keys ? paths.keys : "."))
            return error_no_memory(err);
    }
    if (SSL_CTX_load_verify_file(check->context, path.ptr) != 1) {
        ERR_clear_error();
        return error_set(err, ERROR_CONFIGURATION, SLICE("ca"),
                         "cannot read a CA's certificate from '%s'; name it with --ca", path.ptr);
    }
    return true;
}

/* SSL_set_tlsext_host_name() is a macro that casts const away. */
static bool set_server_name(SSL *ssl, const char *name)
{
    return SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                    (void *)(uintptr_t)name) == 1;
}

static bool open_tls(struct check *check, struct error *err)
{
    check->context = SSL_CTX_new(TLS_client_method());
    if (!check->context)
        return tls_failed(check, "cannot begin TLS", err);
    SSL_CTX_set_verify(check->context, SSL_VERIFY_PEER, NULL);
    if (!load_ca(check, err))
        return false;
    check->ssl = SSL_new(check->context);
    if (!check->ssl || SSL_set_fd(check->ssl, check->fd) != 1)
        return tls_failed(check, "cannot begin TLS", err);

    const char *host = check->target.host.ptr;
    X509_VERIFY_PARAM *expected = SSL_get0_param(check->ssl);
    if (X509_VERIFY_PARAM_set1_ip_asc(expected, host) != 1 &&
        (SSL_set1_host(check->ssl, host) != 1 || !set_server_name(check->ssl, host)))
        return tls_failed(check, "cannot begin TLS", err);
    ERR_clear_error();
    if (SSL_connect(check->ssl) != 1)
        return tls_failed(check, "cannot trust the server", err);
    return true;
}

/* --- question and answer -------------------------------------------------------------------- */

static ssize_t send_some(struct check *check, const char *bytes, size_t len)
{
    return check->ssl ? SSL_write(check->ssl, bytes, (int)len)
                      : send(check->fd, bytes, len, MSG_NOSIGNAL);
}

static ssize_t receive_some(struct check *check, char *bytes, size_t len)
{
    return check->ssl ? SSL_read(check->ssl, bytes, (int)len) : recv(check->fd, bytes, len, 0);
}

static bool ask(struct check *check, struct error *err)
{
    const struct target *target = &check->target;
    bool ipv6 = slice_index(target->host, ':') < target->host.len;
    struct slice request;

    if (!arena_printf(check->cli->arena, &request,
                      "GET %.*s HTTP/1.1\r\nHost: %s%.*s%s:%.*s\r\nUser-Agent: "
                      "connectord-health\r\nAccept: */*\r\nConnection: close\r\n\r\n",
                      SLICE_ARG(target->path), ipv6 ? "[" : "", SLICE_ARG(target->host),
                      ipv6 ? "]" : "", SLICE_ARG(target->port)))
        return error_no_memory(err);
    while (request.len) {
        ssize_t sent = send_some(check, request.ptr, request.len);
        if (sent <= 0)
            return error_set(err, ERROR_IO, SLICE_EMPTY, "the connection broke");
        request = slice_sub(request, (size_t)sent, request.len);
    }
    return true;
}

/* *ret_line is the answer's first line. */
static bool read_status(struct check *check, char answer[ANSWER_BYTES], struct slice *ret_line,
                        struct error *err)
{
    size_t len = 0;
    struct slice rest;

    for (;;) {
        ssize_t got = receive_some(check, answer + len, ANSWER_BYTES - len);
        if (got <= 0 || len + (size_t)got == ANSWER_BYTES)
            len += got > 0 ? (size_t)got : 0;
        else
            len += (size_t)got;
        if (slice_cut((struct slice){ answer, len }, '\r', ret_line, &rest))
            return true;
        if (got <= 0 || len == ANSWER_BYTES)
            return error_set(err, ERROR_IO, SLICE_EMPTY,
                             "no answer in %jd seconds, or none that is HTTP",
                             (intmax_t)check->timeout_s);
    }
}

static bool is_well(struct check *check, struct error *err)
{
    char answer[ANSWER_BYTES];
    struct slice line;

    if (!ask(check, err) || !read_status(check, answer, &line, err))
        return false;
    if (slice_starts_with(line, SLICE("HTTP/1.1 200 ")))
        return true;
    return error_set(err, ERROR_IO, SLICE_EMPTY, "it answered '%.*s'",
                     SLICE_ARG(slice_utf8_prefix(line, 100)));
}

static enum cli_exit run_check(struct check *check)
{
    struct error error = { 0 };

    signal(SIGPIPE, SIG_IGN);
    bool ok = open_connection(check, &error) &&
              (!check->target.secure || open_tls(check, &error)) && is_well(check, &error);
    SSL_free(check->ssl);
    SSL_CTX_free(check->context);
    if (check->fd >= 0)
        close(check->fd);
    if (!ok) {
        fprintf(stderr, "connectord: %s\n", error.message);
        return CLI_FAILURE; /* whatever the reason: a health check knows two answers */
    }
    puts("ok");
    return CLI_OK;
}

static enum cli_exit run(struct cli *cli)
{
    struct check check = { .cli = cli, .timeout_s = TIMEOUT_S_DEFAULT, .fd = -1 };
    struct slice url, timeout;
    struct error error = { 0 };
    uint64_t seconds;

    if (cli_option(cli, "timeout-s", &timeout)) {
        if (!slice_to_uint64(timeout, TIMEOUT_S_MAX, &seconds) || seconds == 0)
            return cli_usage(cli, "--timeout-s: expected 1 to %d, found '%.100s'", TIMEOUT_S_MAX,
                             timeout.ptr);
        check.timeout_s = (time_t)seconds;
    }
    if (cli->arguments.operand_count)
        url = cli->arguments.operands[0];
    else if (!default_url(cli, &url, &error))
        return cli_usage(cli, "%s", error.message);
    if (!parse_url(url, cli->arena, &check.target, &error))
        return cli_usage(cli, "%s", error.message);
    return run_check(&check);
}

static const char *const examples[] = {
    "connectord health",
    "connectord health http://127.0.0.1:9000",
    "connectord health https://localhost:8443 --ca ca.pem",
    NULL,
};

static const struct cli_option options[] = {
    { "ca", "FILE", "CA to verify HTTPS with (PEM). [the data folder's development CA]" },
    { "timeout-s", "N", "Seconds to wait for each step. [5]" },
};

static const char *const settings[] = { "listen", "listen-tls", "data-dir", "config", NULL };

const struct cli_command command_health = {
    .name = "health",
    .summary = "Ask a server whether it is well: exit 0 or 1.",
    .operands = "[URL]",
    .operands_max = 1,
    .examples = examples,
    .options = options,
    .option_count = COUNT_OF(options),
    .settings = settings,
    .notes = "Without a URL it asks the first listener of the settings, http://127.0.0.1:8080 by "
             "default. A URL without a path means /health.",
    .run = run,
};
