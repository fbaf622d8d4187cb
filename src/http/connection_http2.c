/* http/connection_http2.c - a connection that speaks HTTP/2: between its socket and its session.
 *
 * One state of the machine in connection.c. The session (h2_session.h) makes exchanges of what is
 * read here and says what is to be written; this file moves the bytes, and decides what the
 * connection waits for.
 *
 * What is to be written is collected in a buffer on the stack, so that an answer's head and body,
 * and the answers to all that came in one read, leave in one system call and one TLS record. Only
 * when the socket is full what did not fit is kept, in memory of the loop's pool, and until it has
 * left nothing is read: a client that does not listen is not listened to. So an idle connection
 * holds no buffer here either, only what the session must remember.
 *
 * An answer that comes later may come in company, since one commit answers many requests: when
 * others are under way it is sent after the loop has seen to its other messages.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>

#include "base/arena.h"
#include "http/connection_machine.h"
#include "http/h2_session.h"

#define BUFFER_BYTES   15360 /* what is kept of it fits the first block of an arena */
#define READS_AT_ONCE  4     /* before others have their turn */
#define WRITES_AT_ONCE 64    /* likewise */

struct connection_http2 {
    struct h2_session *session;
    struct arena *unsent_arena; /* NULL: all that was given has been sent */
    struct iovec unsent;
};

bool connection_is_http2_preface(struct slice bytes)
{
    static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    struct slice all = { preface, sizeof preface - 1 };

    return bytes.len > 0 &&
           slice_starts_with(slice_sub(bytes, 0, all.len), slice_sub(all, 0, bytes.len));
}

/* --- writing --------------------------------------------------------------------------------- */

static void forget_unsent(struct connection_http2 *http2)
{
    arena_destroy(http2->unsent_arena);
    http2->unsent_arena = NULL;
}

static bool keep_unsent(struct connection *connection, struct iovec rest)
{
    struct connection_http2 *http2 = connection->http2;
    struct arena *arena = arena_create(connection->home->arenas, BUFFER_BYTES);
    char *copy = arena ? arena_alloc(arena, rest.iov_len) : NULL;

    if (!copy) {
        arena_destroy(arena);
        return false;
    }
    memcpy(copy, rest.iov_base, rest.iov_len);
    http2->unsent_arena = arena;
    http2->unsent = (struct iovec){ copy, rest.iov_len };
    return true;
}

/* Writes what was kept. */
static enum transport_status write_unsent(struct connection *connection)
{
    struct connection_http2 *http2 = connection->http2;

    if (!http2->unsent_arena)
        return TRANSPORT_OK;
    enum transport_status status = transport_write(&connection->transport, &http2->unsent, 1);
    if (status == TRANSPORT_OK) {
        forget_unsent(http2);
        connection_set_deadline(connection, DEADLINE_NONE); /* what is next starts its own */
    }
    return status;
}

/* Writes all that the session has to say, or what the socket takes. *ret_more: it has had its share
 * of this turn, and may have more to say. */
static enum transport_status write_all(struct connection *connection, bool *ret_more)
{
    char buffer[BUFFER_BYTES];
    enum transport_status status = write_unsent(connection);
    int writes = 0;

    *ret_more = false;
    while (status == TRANSPORT_OK) {
        struct iovec piece = { buffer, 0 };
        if (writes++ == WRITES_AT_ONCE) {
            *ret_more = true;
            return TRANSPORT_OK;
        }
        if (!h2_session_give(connection->http2->session, buffer, sizeof buffer, &piece.iov_len))
            return TRANSPORT_END;
        if (piece.iov_len == 0)
            return TRANSPORT_OK;
        status = transport_write(&connection->transport, &piece, 1);
        if (status == TRANSPORT_AGAIN && !keep_unsent(connection, piece))
            return TRANSPORT_END;
    }
    return status;
}

/* --- reading --------------------------------------------------------------------------------- */

/* Reads once and has it worked on, as h2_session_work() does. False: the connection is to be
 * closed.
 */
static bool read_once(struct connection *connection, bool *ret_more)
{
    struct h2_session *session = connection->http2->session;
    char buffer[BUFFER_BYTES];
    size_t bytes = 0;
    bool more = false;
    enum transport_status status =
        transport_read(&connection->transport, buffer, sizeof buffer, &bytes, &more);

    *ret_more = false;
    connection->may_read = status == TRANSPORT_OK && more;
    if (status != TRANSPORT_OK)
        return status == TRANSPORT_AGAIN;
    if (!h2_session_take(session, (struct slice){ buffer, bytes }))
        return false;
    *ret_more = h2_session_work(session);
    return true;
}

/* --- the step -------------------------------------------------------------------------------- */

/* Sees to what the connection waits for. */
static enum step wait_for_more(struct connection *connection)
{
    struct connection_http2 *http2 = connection->http2;
    bool anew, unsent = http2->unsent_arena;
    enum deadline_kind kind = h2_session_deadline(http2->session, &anew);

    if (unsent) {
        kind = DEADLINE_REPLY;
        anew = false;
    }
    if (anew || connection->deadline.kind != kind)
        connection_set_deadline(connection, kind);
    if (unsent && !connection->transport.ssl)
        connection_watch(connection, UV_WRITABLE);
    else /* inside TLS what is written may wait for what is read */
        connection_watch(connection, connection->transport.wants_write ? UV_WRITABLE : UV_READABLE);
    return WAIT;
}

/* It was cut by a handler, or is to be closed now. */
static enum step close_it(struct connection *connection)
{
    if (connection->state != CLOSED)
        connection_close(connection, false);
    return WAIT;
}

enum step connection_step_http2(struct connection *connection)
{
    struct connection_http2 *http2 = connection->http2;
    /* What waits since the last turn, or was refused by a deadline. */
    bool more_work = h2_session_work(http2->session), more_to_write;

    for (int reads = 0;; reads++) {
        if (connection->state == CLOSED || write_all(connection, &more_to_write) == TRANSPORT_END)
            return close_it(connection);
        if (!http2->unsent_arena && h2_session_is_over(http2->session))
            return connection_linger(connection);
        if (more_work || more_to_write || (connection->may_read && reads == READS_AT_ONCE)) {
            connection_run_later(connection);
            break;
        }
        if (http2->unsent_arena || !connection->may_read)
            break;
        if (!read_once(connection, &more_work))
            return close_it(connection);
    }
    return wait_for_more(connection);
}

/* --- beginning ------------------------------------------------------------------------------- */

static void on_wake(void *context)
{
    struct connection *connection = context;

    if (h2_session_is_busy(connection->http2->session))
        connection_run_later(connection);
    else
        connection_run(connection);
}

static void on_session_freed(void *context)
{
    struct connection *connection = context;
    struct connection_home *home = connection->home;
    bool closed = connection->state == CLOSED;

    free(connection->http2);
    connection->http2 = NULL;
    if (!closed)
        return;
    connection_free_if_done(connection);
    home->left(home);
}

enum step connection_begin_http2(struct connection *connection, struct slice carried)
{
    const struct h2_peer peer = {
        .secure = connection->transport.ssl,
        .loopback = connection->loopback,
        .proxy = connection->proxy,
        .surplus = connection->surplus,
    };
    const struct h2_owner owner = { connection, on_wake, on_session_freed };
    struct connection_http2 *http2 = calloc(1, sizeof *http2);

    if (http2)
        http2->session = h2_session_create(connection->home, peer, owner);
    if (!http2 || !http2->session) {
        free(http2);
        connection_home_log_memory(connection->home);
        return connection_close_and_wait(connection);
    }
    connection->http2 = http2;
    connection_move_to(connection, HTTP_2);
    bool ok = carried.len == 0 || h2_session_take(http2->session, carried);
    connection_drop_work(connection);
    if (connection->home->stopping)
        h2_session_end(http2->session);
    return ok ? GO_ON : close_it(connection);
}

/* --- the end --------------------------------------------------------------------------------- */

void connection_http2_expired(struct connection *connection, enum deadline_kind kind)
{
    struct connection_http2 *http2 = connection->http2;

    if (http2->unsent_arena) { /* what the client does not take is thrown away */
        connection_close(connection, true);
        return;
    }
    h2_session_break(http2->session, kind == DEADLINE_IDLE);
    connection_run(connection);
}

/* A request that is here already is answered. */
void connection_http2_wind_down(struct connection *connection)
{
    bool more;

    connection->may_read = true;
    connection_run(connection);
    if (connection->state != HTTP_2)
        return;
    h2_session_end(connection->http2->session);
    if (h2_session_is_idle(connection->http2->session) &&
        write_all(connection, &more) != TRANSPORT_AGAIN && !more)
        connection_close(connection, false);
    else
        connection_run(connection);
}

void connection_http2_close(struct connection *connection)
{
    struct connection_http2 *http2 = connection->http2;

    if (!http2 || !http2->session)
        return;
    struct h2_session *session = http2->session;
    http2->session = NULL;
    forget_unsent(http2);
    h2_session_close(session); /* may free `http2` */
}
