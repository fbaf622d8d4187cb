/* http/connection.c - the life of a connection, as a machine of nine states.
 *
 *     HANDSHAKE  TLS is being agreed on
 *     IDLE       between requests; holds no arena and no buffer
 *     HEAD       the first byte of a request came, its head is not complete
 *     BODY       the head is complete, the body is not
 *     HANDLING   the handler has the exchange
 *     SENDING    the answer is on its way
 *     LINGER     all is said; what the client still sends is dropped for a moment
 *     CLOSED     the socket is gone; waits for its handle, and for an exchange that is out
 *
 * (The ninth, NEW, is before the loop has it.) The moves that are allowed are a table. Each state
 * has a step function, which does what can be done and says whether to go on or to wait for the
 * socket; connection_run() steps until it must wait, then sees to what is watched and to the
 * deadline. So everything a request needs happens in one callback when the bytes are there, and a
 * hundred pipelined requests make a loop and not a recursion.
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
#include "http/connection.h"

#include <assert.h>
#include <stdlib.h>

#include "base/arena.h"
#include "http/address.h"
#include "http/tls.h"
#include "http/transport.h"
#include "http/work.h"
#include "loop/loop.h"

#define STEPS_AT_ONCE    256 /* of one connection, before others have their turn */
#define LINGER_BYTES_MAX ((size_t)16 << 20)

enum state { NEW, HANDSHAKE, IDLE, HEAD, BODY, HANDLING, SENDING, LINGER, CLOSED, STATES };

#define TO(state) (1u << (state))

static const unsigned allowed_moves[STATES] = {
    [NEW] = TO(HANDSHAKE) | TO(IDLE) | TO(CLOSED),
    [HANDSHAKE] = TO(IDLE) | TO(CLOSED),
    /* SENDING: one too many is told so; LINGER: so is one that there is no memory for */
    [IDLE] = TO(HEAD) | TO(SENDING) | TO(LINGER) | TO(CLOSED),
    [HEAD] = TO(BODY) | TO(HANDLING) | TO(SENDING) | TO(CLOSED),
    [BODY] = TO(HANDLING) | TO(SENDING) | TO(CLOSED),
    [HANDLING] = TO(SENDING) | TO(CLOSED),
    [SENDING] = TO(IDLE) | TO(HEAD) | TO(LINGER) | TO(CLOSED),
    [LINGER] = TO(CLOSED),
    [CLOSED] = 0,
};

static const enum deadline_kind deadline_of[STATES] = {
    [HANDSHAKE] = DEADLINE_HEAD, [IDLE] = DEADLINE_IDLE,     [HEAD] = DEADLINE_HEAD,
    [BODY] = DEADLINE_BODY,      [SENDING] = DEADLINE_REPLY, [LINGER] = DEADLINE_LINGER,
};

struct connection {
    uv_poll_t poll;
    struct connection_home *home;
    struct connection *next, *prev;
    struct work *work; /* NULL in NEW, HANDSHAKE, IDLE, LINGER */
    struct transport transport;
    struct deadline deadline;
    struct loop_message message; /* for coming to the loop, and for coming back to it */
    struct http_caps *caps;
    struct caps_key key;
    size_t discarded;
    uint8_t state;
    uint8_t watched; /* UV_READABLE, UV_WRITABLE */
    bool surplus;    /* one too many: answered 503 */
    bool may_read;   /* there may be bytes to read without waiting */
    bool in_handler; /* the handler was called and has not returned */
    bool answered;   /* ... and has called done before it did */
    bool handle_open;
    bool posted;   /* message is in the mailbox */
    bool is_ghost; /* counted as one */
    bool had_request;
};

enum step { GO_ON, WAIT };

static void connection_run(struct connection *connection);
static void exchange_done(struct http_exchange *exchange);
static void on_poll(uv_poll_t *handle, int status, int events);

static void move_to(struct connection *connection, enum state state)
{
    assert(allowed_moves[connection->state] & TO(state));
    connection->state = (uint8_t)state;
}

static void set_deadline(struct connection *connection, enum deadline_kind kind)
{
    deadline_set(&connection->home->deadlines, &connection->deadline, kind);
}

/* --- coming and going ------------------------------------------------------------------------ */

static void free_if_done(struct connection *connection)
{
    if (connection->state != CLOSED || connection->handle_open || connection->work ||
        connection->posted)
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
    free_if_done(connection);
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

static void drop_work(struct connection *connection)
{
    work_destroy(connection->work);
    connection->work = NULL;
}

/* Whether the exchange is somebody else's at the moment. */
static bool is_lent(const struct connection *connection)
{
    return connection->state == HANDLING;
}

static void close_connection(struct connection *connection, bool reset)
{
    bool lent = is_lent(connection);

    move_to(connection, CLOSED);
    set_deadline(connection, DEADLINE_NONE);
    if (connection->handle_open) {
        delist(connection);
        uv_close((uv_handle_t *)&connection->poll, on_handle_closed);
    }
    transport_close(&connection->transport, reset);
    caps_leave(connection->caps, connection->key);
    if (!lent) /* else it is freed when it comes home */
        drop_work(connection);
    free_if_done(connection); /* at once only if it never had a handle */
}

static enum step close_and_wait(struct connection *connection)
{
    close_connection(connection, false);
    return WAIT;
}

/* --- exchanges ------------------------------------------------------------------------------- */

/* The exchange of a new request, whose first bytes are `carried`. False: no memory. */
static bool begin_work(struct connection *connection, struct slice carried)
{
    struct connection_home *home = connection->home;
    struct work *before = connection->work, *work;

    work = work_create(home->arenas, home->limits, carried); /* carried by the one before */
    work_destroy(before);
    connection->work = work;
    if (!work)
        return false;
    work->exchange.connection = connection;
    work->exchange.done = exchange_done;
    work->exchange.request.secure = connection->transport.ssl;
    return true;
}

/* The request cannot become one: has the handler say so. */
static enum step refuse(struct connection *connection, const struct error *err)
{
    const struct http_handler *handler = connection->home->handler;
    struct work *work = connection->work;
    struct error busy = { 0 };

    if (arena_is_starved(work->exchange.arena)) { /* the server lacks memory, not the limit room */
        error_set(&busy, ERROR_BUSY, SLICE_EMPTY, "The server is busy. Try again later.");
        err = &busy;
    }
    work_release_memory(work);
    connection->in_handler = true;
    connection->answered = false;
    handler->refuse(handler->context, &work->exchange, err);
    assert(connection->answered);
    connection->in_handler = false;
    work->keep = false;
    work->refused = true;
    move_to(connection, SENDING);
    return GO_ON;
}

/* An exchange whose connection has gone. */
static void bury(struct connection *connection)
{
    struct connection_home *home = connection->home;

    drop_work(connection);
    free_if_done(connection);
    home->left(home);
}

/* HTTP/1.0 knows no Host. What sends none are mostly probes of load balancers, which a 400 would
 * have take the server out of service; so it was asked for by the address it was reached at. */
static void name_authority(struct connection *connection)
{
    struct http_request *request = &connection->work->exchange.request;
    char text[ADDRESS_TEXT_MAX];
    struct sockaddr_storage address = { 0 };
    socklen_t len = sizeof address;

    if (getsockname(connection->transport.fd, (struct sockaddr *)&address, &len) < 0)
        return;
    struct slice authority = { text, address_format(&address, text) };
    if (!arena_copy(connection->work->exchange.arena, authority, &request->authority))
        request->authority = SLICE_EMPTY;
}

static enum step hand_over(struct connection *connection)
{
    const struct http_handler *handler = connection->home->handler;

    connection->work->keep = connection->work->intake.framing.keep_alive;
    work_release_memory(connection->work);
    if (connection->work->exchange.request.authority.len == 0)
        name_authority(connection);
    move_to(connection, HANDLING);
    connection->in_handler = true;
    connection->answered = false;
    handler->handle(handler->context, &connection->work->exchange);
    connection->in_handler = false;
    if (!connection->answered)
        return WAIT;
    if (connection->state == CLOSED) { /* cut by the handler itself */
        bury(connection);
        return WAIT;
    }
    move_to(connection, SENDING);
    return GO_ON;
}

static void exchange_done(struct http_exchange *exchange)
{
    struct connection *connection = exchange->connection;

    if (connection->in_handler) {
        connection->answered = true; /* hand_over() goes on when the handler returns */
    } else if (connection->state == CLOSED) {
        bury(connection);
    } else {
        move_to(connection, SENDING);
        connection_run(connection);
    }
}

/* --- reading --------------------------------------------------------------------------------- */

/* Reads once. GO_ON: *ret_bytes came. */
static enum step read_once(struct connection *connection, char *to, size_t room, size_t *ret_bytes)
{
    bool more = false;

    if (!connection->may_read)
        return WAIT;
    enum transport_status status =
        transport_read(&connection->transport, to, room, ret_bytes, &more);
    if (status == TRANSPORT_END)
        return close_and_wait(connection);
    connection->may_read = status == TRANSPORT_OK && more;
    return status == TRANSPORT_OK ? GO_ON : WAIT;
}

/* Goes on by the phase that the request has reached. */
static enum step look_at(struct connection *connection, size_t bytes)
{
    struct work *work = connection->work;
    struct error err;

    enum intake_phase phase = intake_took(&work->intake, bytes, &work->exchange.request, &err);
    work->exchange.request.secure = connection->transport.ssl;
    switch (phase) {
    case INTAKE_HEAD:
        return GO_ON;
    case INTAKE_BODY:
        if (connection->state == HEAD) {
            move_to(connection, BODY);
            work->body_since_ms = uv_now(connection->home->uv);
            connection->had_request = true;
        }
        return GO_ON;
    case INTAKE_DONE:
        connection->had_request = true;
        return hand_over(connection);
    case INTAKE_FAILED:
        break;
    }
    return refuse(connection, &err);
}

/* --- steps ----------------------------------------------------------------------------------- */

static enum step step_handshake(struct connection *connection)
{
    switch (transport_handshake(&connection->transport)) {
    case TRANSPORT_OK:
        move_to(connection, IDLE);
        return GO_ON;
    case TRANSPORT_AGAIN:
        return WAIT;
    case TRANSPORT_END:
        break;
    }
    connection_home_log_handshake(connection->home, slice_of(transport_reason()));
    return close_and_wait(connection);
}

static enum step start_linger(struct connection *connection)
{
    drop_work(connection);
    move_to(connection, LINGER);
    transport_end_writing(&connection->transport);
    return GO_ON;
}

/* Not even an exchange can be made. A client without room for so short an answer is not told. */
static enum step refuse_without_memory(struct connection *connection)
{
    struct iovec answer = work_busy_answer();

    connection_home_log_memory(connection->home);
    if (transport_write(&connection->transport, &answer, 1) != TRANSPORT_OK)
        return close_and_wait(connection);
    return start_linger(connection);
}

static enum step refuse_surplus(struct connection *connection)
{
    struct error err = { 0 };

    if (!begin_work(connection, SLICE_EMPTY))
        return refuse_without_memory(connection);
    error_set(&err, ERROR_TOO_MANY_CONNECTIONS, SLICE_EMPTY,
              "There are too many connections; try again in a moment.");
    return refuse(connection, &err);
}

static enum step step_idle(struct connection *connection)
{
    char *to;
    size_t room, bytes;
    struct error err;

    if (connection->surplus)
        return refuse_surplus(connection);
    if (!connection->may_read)
        return WAIT;
    if (!begin_work(connection, SLICE_EMPTY) ||
        !intake_room(&connection->work->intake, &to, &room, &err))
        return refuse_without_memory(connection);
    if (read_once(connection, to, room, &bytes) == WAIT) {
        if (connection->state != CLOSED)
            drop_work(connection); /* nothing came after all */
        return WAIT;
    }
    move_to(connection, HEAD);
    return look_at(connection, bytes);
}

static enum step step_receive(struct connection *connection)
{
    char *to;
    size_t room, bytes;
    struct error err;

    if (!intake_room(&connection->work->intake, &to, &room, &err))
        return refuse(connection, &err);
    return read_once(connection, to, room, &bytes) == GO_ON ? look_at(connection, bytes) : WAIT;
}

/* RFC 9110 10.1.1. A client without room for 25 bytes has not read an answer for long. */
static enum step send_continue(struct connection *connection)
{
    static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
    struct iovec piece = { (void *)(uintptr_t)text, sizeof text - 1 };

    connection->work->intake.framing.expect_continue = false;
    if (transport_write(&connection->transport, &piece, 1) != TRANSPORT_OK)
        return close_and_wait(connection);
    return WAIT;
}

static enum step step_body(struct connection *connection)
{
    enum step step = step_receive(connection);

    /* Asked for only when nothing of it is there: many clients do not wait. */
    if (step == WAIT && connection->state == BODY &&
        connection->work->intake.framing.expect_continue &&
        intake_body_bytes(&connection->work->intake) == 0)
        return send_continue(connection);
    return step;
}

static enum step step_handling(struct connection *connection)
{
    (void)connection;
    return WAIT;
}

/* --- answering ------------------------------------------------------------------------------- */

/* The answer has left. */
static enum step next_request(struct connection *connection)
{
    struct work *work = connection->work;

    set_deadline(connection, DEADLINE_NONE); /* the next one starts its own */
    if (!work->keep) {
        bool client_is_through =
            !work->intake.framing.keep_alive && work->intake.rest.len == 0 && !connection->may_read;
        return work->refused || !client_is_through ? start_linger(connection)
                                                   : close_and_wait(connection);
    }
    if (work->intake.rest.len == 0) {
        drop_work(connection);
        move_to(connection, IDLE);
        /* What is in the socket will be announced, after others had their turn. */
        connection->may_read = transport_has_pending(&connection->transport);
        return connection->may_read ? GO_ON : WAIT;
    }
    if (!begin_work(connection, work->intake.rest))
        return refuse_without_memory(connection);
    move_to(connection, HEAD);
    return look_at(connection, 0);
}

static enum step step_sending(struct connection *connection)
{
    struct work *work = connection->work;

    if (work->piece_count == 0) {
        if (work->exchange.response.close || connection->home->stopping)
            work->keep = false;
        if (arena_is_starved(work->exchange.arena))
            connection_home_log_memory(connection->home);
        work_lay_out(work, connection_home_date_line(connection->home));
    }
    switch (transport_write(&connection->transport, work->pieces, work->piece_count)) {
    case TRANSPORT_OK:
        return next_request(connection);
    case TRANSPORT_AGAIN:
        return WAIT;
    case TRANSPORT_END:
        break;
    }
    return close_and_wait(connection);
}

static enum step step_linger(struct connection *connection)
{
    size_t bytes = 0;

    switch (transport_discard(&connection->transport, &bytes)) {
    case TRANSPORT_OK:
        connection->discarded += bytes;
        return connection->discarded > LINGER_BYTES_MAX ? close_and_wait(connection) : GO_ON;
    case TRANSPORT_AGAIN:
        return WAIT;
    case TRANSPORT_END:
        break;
    }
    return close_and_wait(connection);
}

/* Nobody steps a connection that has not come yet or has gone. */
static enum step step_never(struct connection *connection)
{
    (void)connection;
    assert(false);
    return WAIT;
}

static enum step (*const steps[STATES])(struct connection *) = {
    [NEW] = step_never,       [HANDSHAKE] = step_handshake, [IDLE] = step_idle,
    [HEAD] = step_receive,    [BODY] = step_body,           [HANDLING] = step_handling,
    [SENDING] = step_sending, [LINGER] = step_linger,       [CLOSED] = step_never,
};

/* --- waiting --------------------------------------------------------------------------------- */

static void watch(struct connection *connection, int events)
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
        watch(connection, connection->watched & UV_READABLE);
        break;
    case SENDING:
        watch(connection, (connection->watched & UV_READABLE) | UV_WRITABLE);
        break;
    default:
        watch(connection, UV_READABLE | (connection->transport.wants_write ? UV_WRITABLE : 0));
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
        set_deadline(connection, kind);
}

static void come_back(struct loop_message *message)
{
    struct connection *connection = CONTAINER_OF(message, struct connection, message);
    struct connection_home *home = connection->home;

    connection->posted = false;
    if (connection->state == CLOSED) {
        free_if_done(connection);
        home->left(home);
    } else {
        connection_run(connection);
    }
}

/* It has had its share of this turn. The socket will say that there is more to read, or room to
 * write; of what OpenSSL has read ahead the socket knows nothing. */
static void yield(struct connection *connection)
{
    if (!transport_has_pending(&connection->transport) || connection->posted)
        return;
    connection->posted = true;
    connection->message.run = come_back;
    loop_post(connection->home->loop, &connection->message);
}

static void connection_run(struct connection *connection)
{
    int budget = STEPS_AT_ONCE;
    enum step step;

    do
        step = steps[connection->state](connection);
    while (step == GO_ON && --budget > 0);
    if (connection->state == CLOSED)
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
        close_connection(connection, true);
        return;
    }
    if ((events & UV_READABLE) || connection->transport.wants_write)
        connection->may_read = true;
    if (is_lent(connection) || (connection->state == SENDING && !(events & UV_WRITABLE)))
        watch(connection, connection->watched & ~UV_READABLE); /* the next request can wait */
    else
        connection_run(connection);
}

/* --- deadlines ------------------------------------------------------------------------------- */

static void time_out(struct connection *connection, const char *what)
{
    struct error err = { 0 };

    error_set(&err, ERROR_REQUEST_TIMEOUT, SLICE_EMPTY, "%s", what);
    refuse(connection, &err);
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

    switch ((enum state)connection->state) {
    case HEAD:
        time_out(connection, "The request's head did not come in time.");
        break;
    case BODY:
        if (body_keeps_pace(connection))
            set_deadline(connection, kind); /* looked at again after another such while */
        else
            time_out(connection, "The request's body comes too slowly.");
        break;
    default: /* reset only where there is something that the client does not take */
        close_connection(connection, connection->state == SENDING);
        break;
    }
}

/* --- what the header promises ---------------------------------------------------------------- */

struct connection *connection_create(struct connection_home *home, int fd, struct tls_context *tls,
                                     struct http_caps *caps, struct caps_key key, bool surplus)
{
    struct connection *connection = calloc(1, sizeof *connection);
    struct ssl_st *ssl = tls && connection ? tls_context_session(tls, fd) : NULL;

    if (!connection || (tls && !ssl)) {
        free(connection);
        return NULL;
    }
    connection->home = home;
    connection->caps = caps;
    connection->key = key;
    connection->surplus = surplus;
    transport_init(&connection->transport, fd, ssl);
    return connection;
}

void connection_open(struct connection *connection)
{
    struct connection_home *home = connection->home;

    if (home->stopping || uv_poll_init(home->uv, &connection->poll, connection->transport.fd) < 0) {
        close_connection(connection, false);
        home->left(home);
        return;
    }
    connection->poll.data = connection;
    connection->handle_open = true;
    enlist(connection);
    move_to(connection, connection->transport.ssl ? HANDSHAKE : IDLE);
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
        close_connection(connection, false);
}

void connection_cut(struct connection *connection)
{
    if (connection->state != CLOSED)
        close_connection(connection, true);
}

struct connection *connection_next(const struct connection *connection)
{
    return connection->next;
}
