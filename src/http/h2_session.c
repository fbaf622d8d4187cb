/* http/h2_session.c - between libnghttp2 and the streams: what its callbacks do.
 *
 * The library calls back while it reads. Nothing is handled there: a request that is complete is
 * queued, and the handlers run when the library has returned (h2_session_work), because a handler
 * may do anything, such as end this very connection. It also means that a request which is reset in
 * the same breath is never handled.
 *
 * A loop has other connections, and one client may ask for a hundred pages in one packet: so what
 * is handled without a break is bounded by time, the least that is worth it.
 *
 * A stream lives until two have let go of it: the library, which says when the stream is closed,
 * and the handler. While it lives it counts, closed or not: a client that opens streams and resets
 * them has no more of them at work at a time than one that waits.
 *
 * What bounds a session: the number of streams; head_bytes for the fields of each, as they are on
 * the wire and as they are decompressed (eight times that, and the session ends: CVE-2024-28182 and
 * its kin); the stock of patience (h2_patience.h); the memory of the library (h2_memory.h); where
 * half of all memory is taken, one stream; and that nothing is read while there are bytes which the
 * client does not take.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>

#include "base/arena.h"
#include "http/h2_session_parts.h"
#include "http/work.h"

#define AT_ONCE_NS        UINT64_C(3000000)
#define STREAM_WINDOW     (256 * 1024)
#define CONNECTION_WINDOW (1024 * 1024)
#define HEAD_SLACK        ((size_t)32 * 1024) /* what is read at a time, and a frame */
#define MEMORY_BASE       ((size_t)512 * 1024)
#define MEMORY_OF_STREAM  ((size_t)16 * 1024)

struct h2_stream *h2_session_stream(struct h2_session *session, int32_t id)
{
    return nghttp2_session_get_stream_user_data(session->library, id);
}

void h2_session_set_deadline(struct h2_stream *stream, enum deadline_kind kind)
{
    deadline_set(&stream->session->home->deadlines, &stream->deadline, kind);
}

void h2_session_reset(struct h2_session *session, int32_t id, uint32_t code)
{
    nghttp2_submit_rst_stream(session->library, NGHTTP2_FLAG_NONE, id, code);
}

/* --- the ends of a session ------------------------------------------------------------------- */

void h2_session_break_off(struct h2_session *session, uint32_t code)
{
    if (session->broken)
        return;
    session->ending = session->broken = true;
    nghttp2_session_terminate_session(session->library, code);
}

void h2_session_break(struct h2_session *session, bool idle)
{
    h2_session_break_off(session, idle ? NGHTTP2_NO_ERROR : NGHTTP2_ENHANCE_YOUR_CALM);
}

void h2_session_end_now(struct h2_session *session)
{
    if (session->ending)
        return;
    session->ending = true;
    nghttp2_submit_goaway(session->library, NGHTTP2_FLAG_NONE,
                          nghttp2_session_get_last_proc_stream_id(session->library),
                          NGHTTP2_NO_ERROR, NULL, 0);
}

/* RFC 9113 6.8: what the client has sent before it knows is taken in and answered. It knows when it
 * has confirmed the ping behind the notice (h2_receiving.c), and nobody waits for that longer than
 * there are streams. */
void h2_session_end(struct h2_session *session)
{
    if (session->ending || session->leaving)
        return;
    session->leaving = true;
    if (session->streams == 0 || nghttp2_submit_shutdown_notice(session->library) != 0 ||
        nghttp2_submit_ping(session->library, NGHTTP2_FLAG_NONE, NULL) != 0)
        h2_session_end_now(session);
}

static void free_if_done(struct h2_session *session)
{
    struct h2_owner owner = session->owner;

    if (!session->closed || session->working || session->streams > 0)
        return;
    free(session);
    owner.freed(owner.context);
}

/* --- the life of a stream -------------------------------------------------------------------- */

void h2_session_destroy_stream(struct h2_stream *stream)
{
    struct h2_session *session = stream->session;

    h2_session_set_deadline(stream, DEADLINE_NONE);
    if (stream->next)
        stream->next->prev = stream->prev;
    if (stream->prev)
        stream->prev->next = stream->next;
    else
        session->first = stream->next;
    session->streams--;
    h2_stream_destroy(stream);
    if (session->leaving && session->streams == 0 && !session->closed)
        h2_session_end_now(session);
}

void h2_session_queue(struct h2_stream *stream)
{
    struct h2_session *session = stream->session;

    h2_session_set_deadline(stream, DEADLINE_NONE);
    stream->state = H2_STREAM_READY;
    *session->ready_end = stream;
    session->ready_end = &stream->next_ready;
}

/* --- handling -------------------------------------------------------------------------------- */

/* The handler is through with it. */
static void take_home(struct h2_stream *stream)
{
    stream->session->lent--;
    if (stream->gone)
        h2_session_destroy_stream(stream);
    else
        h2_sending_answer(stream);
}

void h2_session_exchange_done(struct http_exchange *exchange)
{
    struct h2_stream *stream = (struct h2_stream *)exchange; /* its first member */
    struct h2_session *session = stream->session;

    if (session->in_handler == stream) {
        stream->answered = true; /* handle() goes on when the handler returns */
        return;
    }
    take_home(stream);
    if (session->closed)
        free_if_done(session);
    else if (!session->working)
        session->owner.wake(session->owner.context);
}

static void handle(struct h2_stream *stream)
{
    struct h2_session *session = stream->session;
    const struct http_handler *handler = session->home->handler;
    struct error *refusal = &stream->refusal;

    if (refusal->code != ERROR_NONE && arena_is_starved(stream->exchange.arena))
        error_set(refusal, ERROR_BUSY, SLICE_EMPTY, "The server is busy. Try again later.");
    work_exchange_release_memory(&stream->exchange);
    stream->state = H2_STREAM_HANDLING;
    session->lent++;
    session->in_handler = stream;
    if (refusal->code != ERROR_NONE)
        handler->refuse(handler->context, &stream->exchange, refusal);
    else
        handler->handle(handler->context, &stream->exchange);
    session->in_handler = NULL;
    if (stream->answered)
        take_home(stream);
}

static struct h2_stream *take_ready(struct h2_session *session)
{
    struct h2_stream *stream = session->ready;

    session->ready = stream->next_ready;
    if (!session->ready)
        session->ready_end = &session->ready;
    return stream;
}

bool h2_session_work(struct h2_session *session)
{
    uint64_t until_ns = 0; /* one alone is not timed */
    bool more;

    session->working = true;
    while (session->ready && (until_ns == 0 || uv_hrtime() < until_ns)) {
        struct h2_stream *stream = take_ready(session);
        if (until_ns == 0 && session->ready)
            until_ns = uv_hrtime() + AT_ONCE_NS;
        if (stream->gone)
            h2_session_destroy_stream(stream);
        else if (session->broken)
            stream->state = H2_STREAM_ANSWERING; /* it waits for the end like the others */
        else
            handle(stream);
    }
    session->working = false;
    more = session->ready != NULL;
    free_if_done(session);
    return more;
}

/* --- deadlines ------------------------------------------------------------------------------- */

/* Whether the body has come at the least rate so far. */
static bool body_keeps_pace(const struct h2_stream *stream)
{
    const struct connection_home *home = stream->session->home;
    uint64_t elapsed_ms = uv_now(home->uv) - stream->body_since_ms;

    return stream->body_bytes * 1000 >= home->limits->body_bytes_per_s * elapsed_ms;
}

void h2_session_stream_expired(struct deadline *deadline, enum deadline_kind kind)
{
    struct h2_stream *stream = CONTAINER_OF(deadline, struct h2_stream, deadline);
    struct h2_session *session = stream->session;

    if (kind == DEADLINE_STREAM_REPLY) {
        h2_session_reset(session, stream->id, NGHTTP2_CANCEL);
    } else if (kind == DEADLINE_STREAM_LINGER) {
        h2_session_reset(session, stream->id, NGHTTP2_NO_ERROR);
    } else if (body_keeps_pace(stream)) {
        h2_session_set_deadline(stream, kind); /* looked at again after another such while */
        return;
    } else {
        error_set(&stream->refusal, ERROR_REQUEST_TIMEOUT, SLICE_EMPTY,
                  "The request's body comes too slowly.");
        h2_session_queue(stream);
    }
    session->owner.wake(session->owner.context);
}

enum deadline_kind h2_session_deadline(struct h2_session *session, bool *ret_anew)
{
    *ret_anew = session->head_is_new;
    session->head_is_new = false;
    if (!session->settled || session->head_open)
        return DEADLINE_HEAD;
    return session->streams == 0 ? DEADLINE_IDLE : DEADLINE_NONE;
}

/* --- bytes ----------------------------------------------------------------------------------- */

bool h2_session_take(struct h2_session *session, struct slice bytes)
{
    ssize_t taken =
        nghttp2_session_mem_recv(session->library, (const uint8_t *)bytes.ptr, bytes.len);

    if (taken < 0)
        return false;
    if (session->head_open) {
        session->head_bytes += bytes.len;
        if (session->head_bytes > session->home->limits->head_bytes + HEAD_SLACK)
            h2_session_break_off(session, NGHTTP2_ENHANCE_YOUR_CALM);
    }
    return true;
}

/* The next bytes of the library that are not ours; none where data went straight to the buffer. */
static bool hold(struct h2_session *session)
{
    const uint8_t *bytes;
    ssize_t len = nghttp2_session_mem_send(session->library, &bytes);

    if (len < 0)
        return false;
    session->held = (struct slice){ (const char *)bytes, (size_t)len };
    return true;
}

bool h2_session_give(struct h2_session *session, char *to, size_t room, size_t *ret_bytes)
{
    session->out.to = to;
    session->out.room = room;
    session->out.used = 0;
    while (session->out.used < room) {
        if (session->held.len == 0 && !hold(session))
            return false;
        if (session->held.len == 0)
            break;
        struct slice piece = slice_sub(session->held, 0, room - session->out.used);
        h2_sending_put(session, piece.ptr, piece.len);
        session->held = slice_sub(session->held, piece.len, session->held.len);
    }
    *ret_bytes = session->out.used;
    return true;
}

bool h2_session_is_over(const struct h2_session *session)
{
    return session->held.len == 0 && !nghttp2_session_want_read(session->library) &&
           !nghttp2_session_want_write(session->library);
}

bool h2_session_is_busy(const struct h2_session *session)
{
    return session->lent > 0;
}

bool h2_session_is_idle(const struct h2_session *session)
{
    return session->streams == 0;
}

/* --- life ------------------------------------------------------------------------------------ */

static bool make_callbacks(nghttp2_session_callbacks **ret)
{
    nghttp2_session_callbacks *made;

    if (nghttp2_session_callbacks_new(&made) != 0)
        return false;
    h2_receiving_set_callbacks(made);
    h2_sending_set_callbacks(made);
    *ret = made;
    return true;
}

static bool make_library(struct h2_session *session, nghttp2_session_callbacks *callbacks)
{
    nghttp2_mem memory = h2_memory_functions(&session->memory);
    nghttp2_option *option;
    int status;

    if (nghttp2_option_new(&option) != 0)
        return false;
    nghttp2_option_set_no_auto_window_update(option, 1);
    status = nghttp2_session_server_new3(&session->library, callbacks, session, option, &memory);
    nghttp2_option_del(option);
    return status == 0;
}

static bool send_settings(struct h2_session *session)
{
    const struct http_limits *limits = session->home->limits;
    const nghttp2_settings_entry settings[] = {
        { NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, (uint32_t)limits->streams },
        { NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, STREAM_WINDOW },
        { NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, (uint32_t)limits->head_bytes },
    };

    return nghttp2_submit_settings(session->library, NGHTTP2_FLAG_NONE, settings,
                                   COUNT_OF(settings)) == 0 &&
           nghttp2_session_set_local_window_size(session->library, NGHTTP2_FLAG_NONE, 0,
                                                 CONNECTION_WINDOW) == 0;
}

static void free_library(struct h2_session *session)
{
    nghttp2_session_del(session->library);
    session->library = NULL;
    h2_memory_release(&session->memory);
}

struct h2_session *h2_session_create(struct connection_home *home, struct h2_peer peer,
                                     struct h2_owner owner)
{
    struct h2_session *session = calloc(1, sizeof *session);
    nghttp2_session_callbacks *callbacks = NULL;

    if (!session || !make_callbacks(&callbacks)) {
        free(session);
        return NULL;
    }
    session->home = home;
    session->peer = peer;
    session->owner = owner;
    session->ready_end = &session->ready;
    session->memory.ledger = home->limits->memory;
    session->memory.limit_bytes = MEMORY_BASE + home->limits->streams * MEMORY_OF_STREAM;
    h2_patience_init(&session->patience, uv_now(home->uv));
    bool made = make_library(session, callbacks) && send_settings(session);
    session->memory.established = made;
    nghttp2_session_callbacks_del(callbacks);
    if (made)
        return session;
    free_library(session);
    free(session);
    return NULL;
}

void h2_session_close(struct h2_session *session)
{
    session->closed = true;
    free_library(session);
    session->ready = NULL;
    session->ready_end = &session->ready;
    for (struct h2_stream *at = session->first, *next; at; at = next) {
        next = at->next;
        h2_session_set_deadline(at, DEADLINE_NONE);
        at->gone = true;
        if (at->state != H2_STREAM_HANDLING)
            h2_session_destroy_stream(at);
    }
    free_if_done(session);
}
