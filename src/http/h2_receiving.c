/* http/h2_receiving.c - what libnghttp2 tells while it reads: streams begin, fill up, and end.
 *
 * Nothing is handled here: a request that is complete, or refused, is queued, and the handlers run
 * when the library has returned (h2_session_work). What a request may be is h2_fields.c's to say;
 * this file counts, and cuts off who sends too much: fields on the wire and decompressed, and
 * frames without use (h2_patience.h).
 *
 * A stream that is refused before its head was looked at is reset with REFUSED_STREAM, which tells
 * the client that nothing was done. Whatever is wrong with a head or a body is answered.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>

#include "base/arena.h"
#include "http/h2_session_parts.h"

#define DECOMPRESSED_MOST 8 /* times head_bytes */
#define DROPPED_MOST      ((size_t)16 << 20)

/* --- the life of a stream -------------------------------------------------------------------- */

/* Each stream takes the first block of an arena, and a connection may have a hundred of them that
 * do not come on: those behind the first, which is a request as HTTP/1.1 has one, leave half of
 * the memory to others. */
static bool leaves_memory(const struct h2_session *session)
{
    const struct arena_ledger *memory = session->home->limits->memory;

    return session->streams == 0 || !memory ||
           arena_ledger_taken_bytes(memory) <= memory->limit_bytes / 2;
}

static void begin_stream(struct h2_session *session, int32_t id)
{
    const struct http_limits *limits = session->home->limits;
    struct h2_stream *stream = NULL;

    if (session->streams < limits->streams && !session->ending) {
        if (leaves_memory(session))
            stream = h2_stream_create(session->home->arenas, limits, session, id);
        if (!stream)
            connection_home_log_memory(session->home);
    }
    if (!stream) { /* not touched: it may be sent again, here or elsewhere */
        h2_session_reset(session, id, NGHTTP2_REFUSED_STREAM);
        return;
    }
    stream->exchange.connection = session;
    stream->exchange.done = h2_session_exchange_done;
    stream->exchange.request.secure = session->peer.secure;
    stream->exchange.request.from_loopback = session->peer.loopback;
    stream->exchange.request.from_proxy = session->peer.proxy;
    stream->next = session->first;
    if (session->first)
        session->first->prev = stream;
    session->first = stream;
    session->streams++;
    nghttp2_session_set_stream_user_data(session->library, id, stream);
}

/* Its fields are complete. */
static void end_head(struct h2_stream *stream)
{
    const struct http_limits *limits = stream->session->home->limits;
    struct error *err = &stream->refusal;

    if (err->code == ERROR_NONE && h2_fields_end(&stream->fields, err)) {
        if (stream->session->peer.surplus)
            error_set(err, ERROR_TOO_MANY_CONNECTIONS, SLICE_EMPTY,
                      "There are too many connections; try again in a moment.");
        else if (stream->fields.content_length >= 0 &&
                 (uint64_t)stream->fields.content_length > limits->body_bytes)
            error_set(err, ERROR_TOO_LARGE, SLICE_EMPTY, "The body is longer than %zu bytes.",
                      limits->body_bytes);
    }
    if (err->code != ERROR_NONE)
        h2_session_queue(stream);
}

/* RFC 9110 10.1.1, RFC 9113 8.1. */
static void send_continue(const struct h2_stream *stream)
{
    static const char name[] = ":status", value[] = "100";
    const nghttp2_nv status = {
        .name = (uint8_t *)(uintptr_t)name, /* only read */
        .namelen = sizeof name - 1,
        .value = (uint8_t *)(uintptr_t)value,
        .valuelen = sizeof value - 1,
    };

    nghttp2_submit_headers(stream->session->library, NGHTTP2_FLAG_NONE, stream->id, NULL, &status,
                           1, NULL);
}

static void begin_body(struct h2_stream *stream)
{
    stream->state = H2_STREAM_BODY;
    stream->body_since_ms = uv_now(stream->session->home->uv);
    h2_session_set_deadline(stream, DEADLINE_STREAM_BODY);
    if (stream->fields.expect_continue)
        send_continue(stream);
}

/* The client has sent all of it. */
static void end_stream(struct h2_stream *stream)
{
    stream->whole = true;
    if (stream->state > H2_STREAM_BODY) /* refused already */
        return;
    h2_stream_end_request(stream);
    h2_session_queue(stream);
}

/* --- what the library tells while it reads --------------------------------------------------- */

/* RFC 9113 5.1.1: ids only rise. The library passes over one that is too low, unless it remembers
 * that stream, be it closed; then it knows best. */
static void note_id(struct h2_session *session, nghttp2_session *library, int32_t id)
{
    if (id > session->highest_id)
        session->highest_id = id;
    else if (!nghttp2_session_find_stream(library, id))
        h2_session_break_off(session, NGHTTP2_PROTOCOL_ERROR);
}

/* One that crosses our goodbye the library passes over, and never says that it ended. */
static bool is_awaited(const struct h2_session *session, nghttp2_session *library, int32_t id)
{
    return !session->ending || nghttp2_session_get_stream_user_data(library, id);
}

static int on_begin_frame(nghttp2_session *library, const nghttp2_frame_hd *head, void *context)
{
    struct h2_session *session = context;

    if (head->type == NGHTTP2_HEADERS) {
        session->head_open = session->head_is_new = is_awaited(session, library, head->stream_id);
        session->head_bytes = 0;
        note_id(session, library, head->stream_id);
    } else if (head->type != NGHTTP2_CONTINUATION) {
        session->head_open = false;
    }
    if (!h2_patience_takes(&session->patience, uv_now(session->home->uv), head->type, head->flags,
                           head->length))
        h2_session_break_off(session, NGHTTP2_ENHANCE_YOUR_CALM);
    return 0;
}

static int on_begin_headers(nghttp2_session *library, const nghttp2_frame *frame, void *context)
{
    (void)library;
    if (frame->headers.cat == NGHTTP2_HCAT_REQUEST)
        begin_stream(context, frame->hd.stream_id);
    return 0;
}

/* Fields behind a body count, and are dropped. */
static int on_header(nghttp2_session *library, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags,
                     void *context)
{
    struct h2_session *session = context;
    struct h2_stream *stream = h2_session_stream(session, frame->hd.stream_id);
    struct slice name_slice = { (const char *)name, name_len };
    struct slice value_slice = { (const char *)value, value_len };

    (void)library, (void)flags;
    if (!stream)
        return 0;
    if (frame->headers.cat != NGHTTP2_HCAT_REQUEST)
        stream->fields.bytes += name_len + value_len;
    else if (!h2_fields_take(&stream->fields, name_slice, value_slice, &stream->refusal))
        assert(stream->refusal.code != ERROR_NONE);
    if (stream->fields.bytes / DECOMPRESSED_MOST > session->home->limits->head_bytes)
        h2_session_break_off(session, NGHTTP2_ENHANCE_YOUR_CALM);
    return 0;
}

/* A field that the library would drop. What is not understood is refused, and told so. */
static int on_invalid_header(nghttp2_session *library, const nghttp2_frame *frame,
                             const uint8_t *name, size_t name_len, const uint8_t *value,
                             size_t value_len, uint8_t flags, void *context)
{
    struct h2_stream *stream = h2_session_stream(context, frame->hd.stream_id);

    on_header(library, frame, name, name_len, value, value_len, flags, context);
    if (stream && frame->headers.cat == NGHTTP2_HCAT_REQUEST && stream->refusal.code == ERROR_NONE)
        error_set(&stream->refusal, ERROR_BAD_REQUEST, SLICE_EMPTY,
                  "The request has an invalid header field.");
    return 0;
}

static int on_frame(nghttp2_session *library, const nghttp2_frame *frame, void *context)
{
    struct h2_session *session = context;
    bool ends = frame->hd.flags & NGHTTP2_FLAG_END_STREAM;
    struct h2_stream *stream;

    (void)library;
    if (frame->hd.type == NGHTTP2_SETTINGS)
        session->settled = true;
    if (frame->hd.type == NGHTTP2_PING && (frame->hd.flags & NGHTTP2_FLAG_ACK) && session->leaving)
        h2_session_end_now(session);
    if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA)
        return 0;
    if (frame->hd.type == NGHTTP2_HEADERS)
        session->head_open = false;
    stream = h2_session_stream(session, frame->hd.stream_id);
    if (!stream)
        return 0;
    if (stream->state == H2_STREAM_HEAD) {
        stream->whole = ends;
        end_head(stream);
        if (stream->state == H2_STREAM_HEAD && !ends)
            begin_body(stream);
    }
    if (ends)
        end_stream(stream);
    return 0;
}

static int on_invalid_frame(nghttp2_session *library, const nghttp2_frame *frame, int code,
                            void *context)
{
    struct h2_session *session = context;

    (void)library, (void)frame, (void)code;
    session->head_open = false;
    return 0;
}

/* A piece of a body: takes it, or drops it. Whether more of it may come. */
static bool take_data(struct h2_stream *stream, struct slice piece)
{
    if (stream->state != H2_STREAM_BODY) {
        stream->dropped_bytes += piece.len;
        return stream->dropped_bytes <= DROPPED_MOST;
    }
    if (!h2_stream_take_body(stream, piece, &stream->refusal))
        h2_session_queue(stream);
    return true;
}

/* What was taken opens the windows again. So does what is dropped behind an early answer, for as
 * much as HTTP/1.1 drops: some clients read no answer before they are through. */
static int on_data(nghttp2_session *library, uint8_t flags, int32_t id, const uint8_t *data,
                   size_t len, void *context)
{
    struct h2_stream *stream = h2_session_stream(context, id);
    bool goes_on = stream && take_data(stream, (struct slice){ (const char *)data, len });
    int status = goes_on ? nghttp2_session_consume(library, id, len)
                         : nghttp2_session_consume_connection(library, len);

    (void)flags;
    return nghttp2_is_fatal(status) ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
}

static int on_stream_closed(nghttp2_session *library, int32_t id, uint32_t code, void *context)
{
    struct h2_stream *stream = h2_session_stream(context, id);

    (void)library, (void)code;
    if (!stream)
        return 0;
    nghttp2_session_set_stream_user_data(library, id, NULL);
    h2_session_set_deadline(stream, DEADLINE_NONE);
    stream->gone = true;
    if (stream->state != H2_STREAM_READY && stream->state != H2_STREAM_HANDLING)
        h2_session_destroy_stream(stream);
    return 0;
}

void h2_receiving_set_callbacks(nghttp2_session_callbacks *callbacks)
{
    nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, on_begin_frame);
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_invalid_header_callback(callbacks, on_invalid_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks, on_invalid_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_closed);
}
