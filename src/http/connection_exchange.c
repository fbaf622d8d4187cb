/* http/connection_exchange.c - what a connection does with requests: takes them in, hands them to
 * the handler, sends the answers.
 *
 * The steps of the states from IDLE to SENDING; the machine that runs them is in connection.c. An
 * exchange may be answered before the handler returns, or later on the same loop; the connection
 * goes on in hand_over() or in exchange_done().
 */
#include "http/connection_machine.h"

#include <assert.h>

#include "base/arena.h"
#include "http/address.h"
#include "http/work.h"

static void exchange_done(struct http_exchange *exchange);

/* --- exchanges ------------------------------------------------------------------------------- */

static void describe_peer(struct connection *connection)
{
    struct http_request *request = &connection->work->exchange.request;

    request->secure = connection->transport.ssl;
    request->from_loopback = connection->loopback;
    request->from_proxy = connection->proxy;
}

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
    describe_peer(connection);
    return true;
}

/* The request cannot become one: has the handler say so. */
enum step connection_refuse(struct connection *connection, const struct error *err)
{
    const struct http_handler *handler = connection->home->handler;
    struct work *work = connection->work;
    struct error busy = { 0 };

    if (arena_is_starved(work->exchange.arena)) { /* the server lacks memory, not the limit room */
        error_set(&busy, ERROR_BUSY, SLICE_EMPTY, "The server is busy. Try again later.");
        err = &busy;
    }
    work_exchange_release_memory(&work->exchange);
    connection->in_handler = true;
    connection->answered = false;
    handler->refuse(handler->context, &work->exchange, err);
    assert(connection->answered);
    connection->in_handler = false;
    work->keep = false;
    work->refused = true;
    connection_move_to(connection, SENDING);
    return GO_ON;
}

/* An exchange whose connection has gone. */
static void bury(struct connection *connection)
{
    struct connection_home *home = connection->home;

    connection_drop_work(connection);
    connection_free_if_done(connection);
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
    work_exchange_release_memory(&connection->work->exchange);
    if (connection->work->exchange.request.authority.len == 0)
        name_authority(connection);
    connection_move_to(connection, HANDLING);
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
    connection_move_to(connection, SENDING);
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
        connection_move_to(connection, SENDING);
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
        return connection_close_and_wait(connection);
    connection->may_read = status == TRANSPORT_OK && more;
    return status == TRANSPORT_OK ? GO_ON : WAIT;
}

static struct slice received(const struct work *work)
{
    return (struct slice){ work->intake.block, work->intake.filled };
}

/* A client that knows what we speak starts with what HTTP/1.1 takes for an odd request. Asked only
 * of what is refused, so that others pay nothing for it. */
static bool is_http2(const struct connection *connection)
{
    return !connection->had_request && !connection->transport.ssl &&
           connection->home->limits->streams > 0 &&
           connection_is_http2_preface(received(connection->work));
}

/* Goes on by the phase that the request has reached. */
static enum step look_at(struct connection *connection, size_t bytes)
{
    struct work *work = connection->work;
    struct error err;

    enum intake_phase phase = intake_took(&work->intake, bytes, &work->exchange.request, &err);
    describe_peer(connection); /* the head was read over it */
    switch (phase) {
    case INTAKE_HEAD:
        return GO_ON;
    case INTAKE_BODY:
        if (connection->state == HEAD) {
            connection_move_to(connection, BODY);
            work->body_since_ms = uv_now(connection->home->uv);
            connection->had_request = true;
        }
        return GO_ON;
    case INTAKE_DONE:
        connection->had_request = true;
        return hand_over(connection);
    case INTAKE_FAILED:
        if (is_http2(connection))
            return connection_begin_http2(connection, received(work));
        break;
    }
    return connection_refuse(connection, &err);
}

/* --- steps ----------------------------------------------------------------------------------- */

enum step connection_linger(struct connection *connection)
{
    connection_drop_work(connection);
    connection_http2_close(connection);
    connection_move_to(connection, LINGER);
    transport_end_writing(&connection->transport);
    return GO_ON;
}

/* Half of the answer has left, and no more will. What the client still sends is dropped as ever:
 * a reset would take from it what it has not read. */
static enum step break_off(struct connection *connection)
{
    connection_drop_work(connection);
    connection_move_to(connection, LINGER);
    transport_break_off(&connection->transport);
    return GO_ON;
}

/* Not even an exchange can be made. A client without room for so short an answer is not told. */
static enum step refuse_without_memory(struct connection *connection)
{
    struct iovec answer = work_busy_answer();

    connection_home_log_memory(connection->home);
    if (transport_write(&connection->transport, &answer, 1) != TRANSPORT_OK)
        return connection_close_and_wait(connection);
    return connection_linger(connection);
}

static enum step refuse_surplus(struct connection *connection)
{
    struct error err = { 0 };

    if (!begin_work(connection, SLICE_EMPTY))
        return refuse_without_memory(connection);
    error_set(&err, ERROR_TOO_MANY_CONNECTIONS, SLICE_EMPTY,
              "There are too many connections; try again in a moment.");
    return connection_refuse(connection, &err);
}

enum step connection_step_idle(struct connection *connection)
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
            connection_drop_work(connection); /* nothing came after all */
        return WAIT;
    }
    connection_move_to(connection, HEAD);
    return look_at(connection, bytes);
}

enum step connection_step_head(struct connection *connection)
{
    char *to;
    size_t room, bytes;
    struct error err;

    if (!intake_room(&connection->work->intake, &to, &room, &err))
        return connection_refuse(connection, &err);
    return read_once(connection, to, room, &bytes) == GO_ON ? look_at(connection, bytes) : WAIT;
}

/* RFC 9110 10.1.1. A client without room for 25 bytes has not read an answer for long. */
static enum step send_continue(struct connection *connection)
{
    static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
    struct iovec piece = { (void *)(uintptr_t)text, sizeof text - 1 };

    connection->work->intake.framing.expect_continue = false;
    if (transport_write(&connection->transport, &piece, 1) != TRANSPORT_OK)
        return connection_close_and_wait(connection);
    return WAIT;
}

enum step connection_step_body(struct connection *connection)
{
    enum step step = connection_step_head(connection);

    /* Asked for only when nothing of it is there: many clients do not wait. */
    if (step == WAIT && connection->state == BODY &&
        connection->work->intake.framing.expect_continue &&
        intake_body_bytes(&connection->work->intake) == 0)
        return send_continue(connection);
    return step;
}

/* --- answering ------------------------------------------------------------------------------- */

/* The answer has left. */
static enum step next_request(struct connection *connection)
{
    struct work *work = connection->work;

    connection_set_deadline(connection, DEADLINE_NONE); /* the next one starts its own */
    if (work->exchange.response.fate == HTTP_FATE_TRUNCATED)
        return break_off(connection);
    if (!work->keep) {
        bool client_is_through =
            !work->intake.framing.keep_alive && work->intake.rest.len == 0 && !connection->may_read;
        return work->refused || !client_is_through ? connection_linger(connection)
                                                   : connection_close_and_wait(connection);
    }
    if (work->intake.rest.len == 0) {
        connection_drop_work(connection);
        connection_move_to(connection, IDLE);
        /* What is in the socket will be announced, after others had their turn. */
        connection->may_read = transport_has_pending(&connection->transport);
        return connection->may_read ? GO_ON : WAIT;
    }
    if (!begin_work(connection, work->intake.rest))
        return refuse_without_memory(connection);
    connection_move_to(connection, HEAD);
    return look_at(connection, 0);
}

enum step connection_step_sending(struct connection *connection)
{
    struct work *work = connection->work;

    if (work->exchange.response.fate == HTTP_FATE_RESET) {
        connection_close(connection, true);
        return WAIT;
    }
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
    return connection_close_and_wait(connection);
}
