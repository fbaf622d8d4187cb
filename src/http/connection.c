/* http/connection.c - the life of a connection, as a machine of ten states.
 *
 *     HANDSHAKE  TLS is being agreed on
 *     IDLE       between requests; holds no arena and no buffer
 *     HEAD       the first byte of a request came, its head is not complete
 *     BODY       the head is complete, the body is not
 *     HANDLING   the handler has the exchange
 *     SENDING    the answer is on its way
 *     LINGER     all is said; what the client still sends is dropped for a moment
 *     HTTP_2     many requests at a time, see connection_http2.c
 *     CLOSED     the socket is gone; waits for its handle, and for an exchange that is out
 *
 * (The tenth, NEW, is before the loop has it.) The moves that are allowed are a table. Each state
 * has a step function, which does what can be done and says whether to go on or to wait for the
 * socket; connection_run() steps until it must wait, then sees to what is watched and to the
 * deadline. So everything a request needs happens in one callback when the bytes are there, and a
 * hundred pipelined requests make a loop and not a recursion. The steps that deal with requests are
 * in connection_exchange.c.
 *
 * One exchange at a time: the request behind it waits in the arena of the one being answered
 * (intake.rest) or in the socket, whose buffer filling up is what slows the client down.
 *
 * Watching costs system calls in libuv (changing what is watched is two), so the socket is watched
 * for reading all the time, and changed only when it must be: reading is given up when bytes come
 * although we are busy, writing is added when the socket is full.
 *
 * Whoever closes while the client may still be sending first ends its own side and then drops what
 * comes (LINGER): closing a socket with unread bytes in it makes the kernel send a reset, and the
 * reset would overtake the answer.
 *
 * Lifetimes: the struct is freed when its handle was closed, no exchange of it is out with the
 * handler, and no message of it is in a mailbox; whichever is last. An exchange that comes home to
 * a connection which is CLOSED takes its arena with it and nothing is sent.
 */
#include "http/connection_machine.h"

#include <assert.h>
#include <stdlib.h>

#include "http/h2_session.h"
#include "http/tls.h"
#include "http/work.h"
#include "loop/loop.h"

#define STEPS_AT_ONCE    256 /* of one connection, before others have their turn */
#define LINGER_BYTES_MAX ((size_t)16 << 20)

#define TO(state) (1u << (state))

static const unsigned allowed_moves[STATES] = {
    [NEW] = TO(HANDSHAKE) | TO(IDLE) | TO(CLOSED),
    [HANDSHAKE] = TO(IDLE) | TO(HTTP_2) | TO(CLOSED),
    /* SENDING: one too many is told so; LINGER: so is one that there is no memory for */
    [IDLE] = TO(HEAD) | TO(SENDING) | TO(LINGER) | TO(CLOSED),
    [HEAD] = TO(BODY) | TO(HANDLING) | TO(SENDING) | TO(HTTP_2) | TO(CLOSED),
    [BODY] = TO(HANDLING) | TO(SENDING) | TO(CLOSED),
    [HANDLING] = TO(SENDING) | TO(CLOSED),
    [SENDING] = TO(IDLE) | TO(HEAD) | TO(LINGER) | TO(CLOSED),
    [LINGER] = TO(CLOSED),
    [HTTP_2] = TO(LINGER) | TO(CLOSED),
    [CLOSED] = 0,
};

static const enum deadline_kind deadline_of[STATES] = {
    [HANDSHAKE] = DEADLINE_HEAD, [IDLE] = DEADLINE_IDLE,     [HEAD] = DEADLINE_HEAD,
    [BODY] = DEADLINE_BODY,      [SENDING] = DEADLINE_REPLY, [LINGER] = DEADLINE_LINGER,
};

static void on_poll(uv_poll_t *handle, int status, int events);

void connection_move_to(struct connection *connection, enum state state)
{
    assert(allowed_moves[connection->state] & TO(state));
    connection->state = (uint8_t)state;
}

void connection_set_deadline(struct connection *connection, enum deadline_kind kind)
{
    deadline_set(&connection->home->deadlines, &connection->deadline, kind);
}

/* --- coming and going ------------------------------------------------------------------------ */

void connection_free_if_done(struct connection *connection)
{
    if (connection->state != CLOSED || connection->handle_open || connection->work ||
        connection->http2 || connection->posted)
        return;
    if (connection->is_ghost)
        connection->home->ghosts--;
    free(connection);
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct connection *connection = handle->data;
    struct connection_home *home = connection->home;

    connection->handle_open = false;
    atomic_fetch_sub_explicit(&home->count, 1, memory_order_relaxed);
    connection->is_ghost = true;
    home->ghosts++;
    connection_free_if_done(connection);
    home->left(home);
}

static void enlist(struct connection *connection)
{
    struct connection_home *home = connection->home;

    connection->next = home->first;
    if (home->first)
        home->first->prev = connection;
    home->first = connection;
    atomic_fetch_add_explicit(&home->count, 1, memory_order_relaxed);
}

static void delist(struct connection *connection)
{
    if (connection->next)
        connection->next->prev = connection->prev;
    if (connection->prev)
        connection->prev->next = connection->next;
    else
        connection->home->first = connection->next;
    connection->next = connection->prev = NULL;
}

void connection_drop_work(struct connection *connection)
{
    work_destroy(connection->work);
    connection->work = NULL;
}

/* Whether the exchange is somebody else's at the moment. */
static bool is_lent(const struct connection *connection)
{
    return connection->state == HANDLING;
}

void connection_close(struct connection *connection, bool reset)
{
    bool lent = is_lent(connection);

    connection_move_to(connection, CLOSED);
    connection_set_deadline(connection, DEADLINE_NONE);
    if (connection->handle_open) {
        delist(connection);
        uv_close((uv_handle_t *)&connection->poll, on_handle_closed);
    }
    transport_close(&connection->transport, reset);
    caps_leave(connection->caps, connection->key);
    if (!lent) /* else it is freed when it comes home */
        connection_drop_work(connection);
    connection_http2_close(connection);
    connection_free_if_done(connection); /* at once only if it never had a handle */
}

enum step connection_close_and_wait(struct connection *connection)
{
    connection_close(connection, false);
    return WAIT;
}

/* --- steps ----------------------------------------------------------------------------------- */

static enum step step_handshake(struct connection *connection)
{
    switch (transport_handshake(&connection->transport)) {
    case TRANSPORT_OK:
        if (transport_speaks_http2(&connection->transport))
            return connection_begin_http2(connection, SLICE_EMPTY);
        connection_move_to(connection, IDLE);
        return GO_ON;
    case TRANSPORT_AGAIN:
        return WAIT;
    case TRANSPORT_END:
        break;
    }
    connection_home_log_handshake(connection->home, slice_of(transport_reason()));
    return connection_close_and_wait(connection);
}

static enum step step_handling(struct connection *connection)
{
    (void)connection;
    return WAIT;
}

static enum step step_linger(struct connection *connection)
{
    size_t bytes = 0;

    switch (transport_discard(&connection->transport, &bytes)) {
    case TRANSPORT_OK:
        connection->discarded += bytes;
        return connection->discarded > LINGER_BYTES_MAX ? connection_close_and_wait(connection)
                                                        : GO_ON;
    case TRANSPORT_AGAIN:
        return WAIT;
    case TRANSPORT_END:
        break;
    }
    return connection_close_and_wait(connection);
}

/* Nobody steps a connection that has not come yet or has gone. */
static enum step step_never(struct connection *connection)
{
    (void)connection;
    assert(false);
    return WAIT;
}

static enum step (*const steps[STATES])(struct connection *) = {
    [NEW] = step_never,
    [HANDSHAKE] = step_handshake,
    [IDLE] = connection_step_idle,
    [HEAD] = connection_step_head,
    [BODY] = connection_step_body,
    [HANDLING] = step_handling,
    [SENDING] = connection_step_sending,
    [LINGER] = step_linger,
    [HTTP_2] = connection_step_http2,
    [CLOSED] = step_never,
};

/* --- waiting --------------------------------------------------------------------------------- */

void connection_watch(struct connection *connection, int events)
{
    if (connection->watched == events)
        return;
    connection->watched = (uint8_t)events;
    if (events)
        uv_poll_start(&connection->poll, events, on_poll);
    else
        uv_poll_stop(&connection->poll);
}

static void watch_by_state(struct connection *connection)
{
    switch ((enum state)connection->state) {
    case HANDLING:
        connection_watch(connection, connection->watched & UV_READABLE);
        break;
    case SENDING:
        connection_watch(connection, (connection->watched & UV_READABLE) | UV_WRITABLE);
        break;
    default:
        connection_watch(connection,
                         UV_READABLE | (connection->transport.wants_write ? UV_WRITABLE : 0));
        break;
    }
}

static void limit_by_state(struct connection *connection)
{
    enum deadline_kind kind = deadline_of[connection->state];

    /* Over TLS the first request is due as long after the accept as over TCP after its first
     * byte: a handshake and silence are no way to stay longer. */
    if (connection->state == IDLE && connection->transport.ssl && !connection->had_request)
        kind = DEADLINE_HEAD;
    if (connection->deadline.kind != kind)
        connection_set_deadline(connection, kind);
}

static void come_back(struct loop_message *message)
{
    struct connection *connection = CONTAINER_OF(message, struct connection, message);
    struct connection_home *home = connection->home;

    connection->posted = false;
    if (connection->state == CLOSED) {
        connection_free_if_done(connection);
        home->left(home);
    } else {
        connection_run(connection);
    }
}

void connection_run_later(struct connection *connection)
{
    if (connection->posted)
        return;
    connection->posted = true;
    connection->message.run = come_back;
    loop_post(connection->home->loop, &connection->message);
}

/* It has had its share of this turn. The socket will say that there is more to read, or room to
 * write; of what OpenSSL has read ahead the socket knows nothing. */
static void yield(struct connection *connection)
{
    if (transport_has_pending(&connection->transport))
        connection_run_later(connection);
}

void connection_run(struct connection *connection)
{
    int budget = STEPS_AT_ONCE;
    enum step step;

    do
        step = steps[connection->state](connection);
    while (step == GO_ON && --budget > 0);
    if (connection->state >= HTTP_2)
        return;
    if (step == GO_ON)
        yield(connection);
    watch_by_state(connection);
    limit_by_state(connection);
}

static void on_poll(uv_poll_t *handle, int status, int events)
{
    struct connection *connection = handle->data;

    if (status < 0) { /* reset by the client */
        connection_close(connection, true);
        return;
    }
    if ((events & UV_READABLE) || connection->transport.wants_write)
        connection->may_read = true;
    if (is_lent(connection) || (connection->state == SENDING && !(events & UV_WRITABLE)))
        connection_watch(connection,
                         connection->watched & ~UV_READABLE); /* the next request can wait */
    else
        connection_run(connection);
}

/* --- deadlines ------------------------------------------------------------------------------- */

static void time_out(struct connection *connection, const char *what)
{
    struct error err = { 0 };

    error_set(&err, ERROR_REQUEST_TIMEOUT, SLICE_EMPTY, "%s", what);
    connection_refuse(connection, &err);
    connection_run(connection);
}

/* Whether the body has come at the least rate so far. */
static bool body_keeps_pace(const struct connection *connection)
{
    const struct work *work = connection->work;
    uint64_t elapsed_ms = uv_now(connection->home->uv) - work->body_since_ms;

    return intake_body_bytes(&work->intake) * 1000 >=
           connection->home->limits->body_bytes_per_s * elapsed_ms;
}

void connection_expired(struct deadline *deadline, enum deadline_kind kind)
{
    struct connection *connection = CONTAINER_OF(deadline, struct connection, deadline);

    if (kind >= DEADLINE_STREAM_BODY) {
        h2_session_stream_expired(deadline, kind);
        return;
    }
    switch ((enum state)connection->state) {
    case HTTP_2:
        connection_http2_expired(connection, kind);
        break;
    case HEAD:
        time_out(connection, "The request's head did not come in time.");
        break;
    case BODY:
        if (body_keeps_pace(connection))
            connection_set_deadline(connection,
                                    kind); /* looked at again after another such while */
        else
            time_out(connection, "The request's body comes too slowly.");
        break;
    default: /* reset only where there is something that the client does not take */
        connection_close(connection, connection->state == SENDING);
        break;
    }
}

/* --- what the header promises ---------------------------------------------------------------- */

struct connection *connection_create(struct connection_home *home, int fd, struct tls_context *tls,
                                     struct http_caps *caps, const struct connection_peer *peer)
{
    struct connection *connection = calloc(1, sizeof *connection);
    struct ssl_st *ssl = tls && connection ? tls_context_session(tls, fd) : NULL;

    if (!connection || (tls && !ssl)) {
        free(connection);
        return NULL;
    }
    connection->home = home;
    connection->caps = caps;
    connection->key = peer->key;
    connection->loopback = peer->loopback;
    connection->proxy = peer->proxy;
    connection->surplus = peer->surplus;
    transport_init(&connection->transport, fd, ssl);
    return connection;
}

void connection_open(struct connection *connection)
{
    struct connection_home *home = connection->home;

    if (home->stopping || uv_poll_init(home->uv, &connection->poll, connection->transport.fd) < 0) {
        connection_close(connection, false);
        home->left(home);
        return;
    }
    connection->poll.data = connection;
    connection->handle_open = true;
    enlist(connection);
    connection_move_to(connection, connection->transport.ssl ? HANDSHAKE : IDLE);
    connection->may_read = true; /* the first bytes are usually here before we are */
    connection_run(connection);
}

static void open_here(struct loop_message *message)
{
    struct connection *connection = CONTAINER_OF(message, struct connection, message);

    connection->posted = false;
    atomic_fetch_sub_explicit(&connection->home->coming, 1, memory_order_relaxed);
    connection_open(connection);
}

void connection_post_open(struct connection *connection)
{
    connection->posted = true;
    connection->message.run = open_here;
    atomic_fetch_add_explicit(&connection->home->coming, 1, memory_order_relaxed);
    loop_post(connection->home->loop, &connection->message);
}

void connection_wind_down(struct connection *connection)
{
    if (connection->state == IDLE) { /* a request that is here already is answered */
        connection->may_read = true;
        connection_run(connection);
    }
    if (connection->state == IDLE || connection->state == HANDSHAKE)
        connection_close(connection, false);
    else if (connection->state == HTTP_2)
        connection_http2_wind_down(connection);
}

void connection_cut(struct connection *connection)
{
    if (connection->state != CLOSED)
        connection_close(connection, true);
}

struct connection *connection_next(const struct connection *connection)
{
    return connection->next;
}
