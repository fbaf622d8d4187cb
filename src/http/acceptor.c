/* http/acceptor.c - listens, counts, and deals sockets out to the loops in turn.
 *
 * One loop accepts for all of them. With SO_REUSEPORT the kernel would deal the connections by
 * hash: two busy clients may share a loop while another sleeps, and a loop that is stuck keeps its
 * share. Accepting costs a few microseconds once in a connection's life; dealing in turn is fair.
 *
 * What every accepted socket must have is set on the listening one, from which Linux copies it:
 * TCP_NODELAY, since an answer leaves in one call and has nothing to wait for, and
 * TCP_USER_TIMEOUT, so that the kernel drops a client which reads nothing even when all that it
 * does not read is in the kernel's hands already.
 *
 * A turn accepts a bounded number, so that a flood of connections does not starve those there are.
 *
 * Out of descriptors: the listening socket would stay readable and the loop would spin. So one
 * descriptor is kept in reserve. It is closed, the connection accepted in its place and closed, and
 * the reserve opened again: the client learns at once that there is no room. When even that fails
 * accepting pauses for a moment.
 */
#include "http/engine.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <uv.h>

#include "base/log.h"
#include "http/address.h"
#include "http/caps.h"
#include "http/connection.h"
#include "http/network.h"
#include "loop/loop.h"

#define ACCEPTS_AT_ONCE 64
#define PAUSE_MS        100
#define LOG_FULL_MS     10000

struct listener {
    uv_poll_t poll;
    struct http_acceptor *acceptor;
    struct listener *next;
    struct tls_context *tls;
    int fd;
};

struct http_acceptor {
    struct connection_home **homes;
    size_t home_count, next_home;
    const struct http_limits *limits;
    struct http_caps *caps;
    struct listener *listeners;
    uv_timer_t pause;
    unsigned handles; /* open */
    int reserve_fd;
    uint64_t log_again_ms; /* when running out of descriptors may be logged again */
};

static struct connection_home *first_home(const struct http_acceptor *acceptor)
{
    return acceptor->homes[0];
}

/* --- accepting ------------------------------------------------------------------------------- */

static int open_reserve(void)
{
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static bool is_proxy(const struct http_acceptor *acceptor, const struct sockaddr_storage *peer)
{
    uint8_t address[16];

    return acceptor->limits->proxies && network_address_of(peer, address) &&
           network_set_has(acceptor->limits->proxies, address);
}

static void deal_out(struct http_acceptor *acceptor, struct listener *listener, int fd,
                     const struct sockaddr_storage *peer)
{
    struct connection_peer who = { .key = caps_key_of((const struct sockaddr *)peer),
                                   .loopback = address_is_loopback(peer),
                                   .proxy = is_proxy(acceptor, peer) };
    enum caps_verdict verdict = caps_enter(acceptor->caps, who.key);
    if (verdict == CAPS_SHUT) {
        close(fd);
        return;
    }

    who.surplus = verdict == CAPS_SURPLUS;
    size_t index = acceptor->next_home;
    acceptor->next_home = (index + 1) % acceptor->home_count;
    struct connection *connection =
        connection_create(acceptor->homes[index], fd, listener->tls, acceptor->caps, &who);
    if (!connection) {
        caps_leave(acceptor->caps, who.key);
        close(fd);
        return;
    }
    if (index == 0)
        connection_open(connection);
    else
        connection_post_open(connection);
}

static void log_full(struct http_acceptor *acceptor, int reason)
{
    struct connection_home *home = first_home(acceptor);
    uint64_t now_ms = uv_now(home->uv);

    if (!home->log || now_ms < acceptor->log_again_ms)
        return;
    acceptor->log_again_ms = now_ms + LOG_FULL_MS;
    log_begin(home->log, LOG_ERROR, "cannot_accept");
    log_text(home->log, "reason", slice_of(strerror(reason)));
    log_end(home->log);
}

static void watch_all(struct http_acceptor *acceptor);

static void on_pause_over(uv_timer_t *timer)
{
    struct http_acceptor *acceptor = timer->data;

    if (acceptor->reserve_fd < 0)
        acceptor->reserve_fd = open_reserve();
    watch_all(acceptor);
}

static void pause_accepting(struct http_acceptor *acceptor)
{
    for (struct listener *at = acceptor->listeners; at; at = at->next)
        uv_poll_stop(&at->poll);
    uv_timer_start(&acceptor->pause, on_pause_over, PAUSE_MS, 0);
}

/* Takes one connection off the queue and closes it. */
static void turn_away(struct http_acceptor *acceptor, struct listener *listener)
{
    if (acceptor->reserve_fd >= 0) {
        close(acceptor->reserve_fd);
        int fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0)
            close(fd);
        acceptor->reserve_fd = open_reserve();
    }
    if (acceptor->reserve_fd < 0)
        pause_accepting(acceptor);
}

/* False: no more for now. */
static bool accept_one(struct http_acceptor *acceptor, struct listener *listener)
{
    struct sockaddr_storage peer = { 0 };
    socklen_t len = sizeof peer;
    int fd = accept4(listener->fd, (struct sockaddr *)&peer, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd >= 0) {
        deal_out(acceptor, listener, fd, &peer);
        return true;
    }
    switch (errno) {
    case EAGAIN:
        return false;
    case EMFILE:
    case ENFILE:
        log_full(acceptor, errno);
        turn_away(acceptor, listener);
        return acceptor->reserve_fd >= 0;
    case ENOBUFS:
    case ENOMEM:
        log_full(acceptor, errno);
        pause_accepting(acceptor);
        return false;
    default: /* errors of the one connection, see accept(2) */
        return true;
    }
}

static void on_listener(uv_poll_t *handle, int status, int events)
{
    struct listener *listener = handle->data;

    (void)status, (void)events;
    for (int i = 0; i < ACCEPTS_AT_ONCE; i++) {
        if (!accept_one(listener->acceptor, listener))
            break;
    }
}

static void watch_all(struct http_acceptor *acceptor)
{
    for (struct listener *at = acceptor->listeners; at; at = at->next)
        uv_poll_start(&at->poll, UV_READABLE, on_listener);
}

/* --- listening ------------------------------------------------------------------------------- */

/* Returns the descriptor, or -1 with errno set. */
static int open_socket(const struct sockaddr_storage *address, bool only_six, unsigned timeout_ms)
{
    const int on = 1, six = only_six;
    int fd = socket(address->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
        (address->ss_family == AF_INET6 &&
         setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &six, sizeof six) < 0) ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof timeout_ms) < 0 ||
        bind(fd, (const struct sockaddr *)address, address_len(address)) < 0 ||
        listen(fd, SOMAXCONN) < 0) {
        int reason = errno;
        close(fd);
        errno = reason;
        return -1;
    }
    return fd;
}

/* A port that is taken and an address that is not there yet may mend themselves: no wrong setting.
 */
static bool cannot_listen(struct slice host_port, int reason, struct error *err)
{
    bool passing = reason == EADDRINUSE || reason == EADDRNOTAVAIL;

    return error_set(err, passing ? ERROR_IO : ERROR_CONFIGURATION, SLICE("listen"),
                     "cannot listen on '%.*s': %s", SLICE_ARG(slice_sub(host_port, 0, 100)),
                     strerror(reason));
}

/* Takes `fd` over, also when it fails. */
static int add_listener(struct http_acceptor *acceptor, int fd, struct tls_context *tls)
{
    struct listener *listener = calloc(1, sizeof *listener);
    int status = listener ? uv_poll_init(first_home(acceptor)->uv, &listener->poll, fd) : UV_ENOMEM;

    if (status < 0) {
        free(listener);
        close(fd);
        return -status;
    }
    listener->poll.data = listener;
    listener->acceptor = acceptor;
    listener->tls = tls;
    listener->fd = fd;
    listener->next = acceptor->listeners;
    acceptor->listeners = listener;
    acceptor->handles++;
    return 0;
}

static int listen_on(struct http_acceptor *acceptor, const struct sockaddr_storage *address,
                     bool only_six, struct tls_context *tls, uint16_t *ret_port)
{
    uint64_t reply_ms = acceptor->limits->reply_ms;
    struct sockaddr_storage bound = { 0 };
    socklen_t len = sizeof bound;
    int fd = open_socket(address, only_six, reply_ms < INT32_MAX ? (unsigned)reply_ms : 0);

    if (fd < 0)
        return errno;
    getsockname(fd, (struct sockaddr *)&bound, &len);
    int reason = add_listener(acceptor, fd, tls);
    if (reason == 0)
        *ret_port = address_port(&bound);
    return reason;
}

/* Clients that try ::1 first find us there too, if it exists and the port is free. */
static int listen_on_localhost(struct http_acceptor *acceptor, uint16_t port,
                               struct tls_context *tls, uint16_t *ret_port)
{
    struct sockaddr_storage four = address_four(INADDR_LOOPBACK, port);
    int reason = listen_on(acceptor, &four, false, tls, ret_port);

    if (reason == 0) {
        struct sockaddr_storage six = address_six(true, *ret_port);
        uint16_t same;
        listen_on(acceptor, &six, true, tls, &same);
    }
    return reason;
}

static int listen_on_any(struct http_acceptor *acceptor, uint16_t port, struct tls_context *tls,
                         uint16_t *ret_port)
{
    struct sockaddr_storage both = address_six(false, port);
    int reason = listen_on(acceptor, &both, false, tls, ret_port);

    if (reason == EAFNOSUPPORT || reason == EADDRNOTAVAIL) { /* a machine without IPv6 */
        struct sockaddr_storage four = address_four(INADDR_ANY, port);
        reason = listen_on(acceptor, &four, false, tls, ret_port);
    }
    return reason;
}

bool http_acceptor_listen(struct http_acceptor *acceptor, struct slice host_port,
                          struct tls_context *tls, uint16_t *ret_port, struct error *err)
{
    struct address address;
    int reason = EINVAL;

    if (!address_parse(host_port, &address, err))
        return false;
    switch (address.kind) {
    case ADDRESS_LITERAL:
        reason = listen_on(acceptor, &address.literal, true, tls, ret_port);
        break;
    case ADDRESS_LOCALHOST:
        reason = listen_on_localhost(acceptor, address.port, tls, ret_port);
        break;
    case ADDRESS_ANY:
        reason = listen_on_any(acceptor, address.port, tls, ret_port);
        break;
    }
    return reason == 0 || cannot_listen(host_port, reason, err);
}

/* --- life ------------------------------------------------------------------------------------ */

bool http_acceptor_create(struct http_engine *const *engines, size_t engine_count,
                          const struct http_limits *limits, struct http_acceptor **ret,
                          struct error *err)
{
    struct http_acceptor *acceptor = calloc(1, sizeof *acceptor);

    assert(engine_count > 0);
    if (!acceptor)
        return error_no_memory(err);
    acceptor->reserve_fd = -1;
    acceptor->limits = limits;
    acceptor->home_count = engine_count;
    acceptor->homes = calloc(engine_count, sizeof *acceptor->homes);
    acceptor->caps = caps_create(limits->connections, limits->connections_per_address);
    if (!acceptor->homes || !acceptor->caps) {
        caps_release(acceptor->caps);
        free(acceptor->homes);
        free(acceptor);
        return error_no_memory(err);
    }
    for (size_t i = 0; i < engine_count; i++)
        acceptor->homes[i] = http_engine_home(engines[i]);
    uv_timer_init(first_home(acceptor)->uv, &acceptor->pause);
    acceptor->pause.data = acceptor;
    acceptor->handles = 1;
    *ret = acceptor;
    return true;
}

bool http_acceptor_start(struct http_acceptor *acceptor, struct error *err)
{
    acceptor->reserve_fd = open_reserve();
    if (acceptor->reserve_fd < 0)
        return error_set(err, ERROR_IO, SLICE_EMPTY, "cannot open /dev/null: %s", strerror(errno));
    watch_all(acceptor);
    return true;
}

static void on_listener_closed(uv_handle_t *handle)
{
    struct listener *listener = handle->data;

    listener->acceptor->handles--;
}

static void on_pause_closed(uv_handle_t *handle)
{
    struct http_acceptor *acceptor = handle->data;

    acceptor->handles--;
}

void http_acceptor_stop(struct http_acceptor *acceptor)
{
    if (uv_is_closing((uv_handle_t *)&acceptor->pause))
        return;
    uv_close((uv_handle_t *)&acceptor->pause, on_pause_closed);
    for (struct listener *at = acceptor->listeners; at; at = at->next) {
        uv_close((uv_handle_t *)&at->poll, on_listener_closed);
        close(at->fd);
    }
}

void http_acceptor_destroy(struct http_acceptor *acceptor)
{
    if (!acceptor)
        return;
    if (acceptor->handles > 0) {
        http_acceptor_stop(acceptor);
        while (acceptor->handles > 0)
            loop_settle(first_home(acceptor)->loop);
    }
    for (struct listener *at = acceptor->listeners, *next; at; at = next) {
        next = at->next;
        free(at);
    }
    if (acceptor->reserve_fd >= 0)
        close(acceptor->reserve_fd);
    caps_release(acceptor->caps);
    free(acceptor->homes);
    free(acceptor);
}
