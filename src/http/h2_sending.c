/* http/h2_sending.c - answers on their way out: fields, frames of data, the ends of streams.
 *
 * libnghttp2 says which stream's turn it is and how much its windows let through. The bytes go
 * straight from the answer to the buffer that the connection sends from, one copy in all: the
 * library's own buffer is passed by (NGHTTP2_DATA_FLAG_NO_COPY). A frame is made as long as there
 * is room for, so that a buffer leaves full.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/arena.h"
#include "http/h2_session_parts.h"

#define FRAME_HEAD  9    /* RFC 9113 4.1 */
#define PIECE_LEAST 1024 /* of a body: less room than this is left free */

/* --- what it tells while it writes ----------------------------------------------------------- */

/* How much a frame of data may hold. */
static ssize_t length_of_data(nghttp2_session *library, uint8_t type, int32_t id,
                              int32_t connection_window, int32_t stream_window,
                              uint32_t frame_bytes_max, void *context)
{
    const struct h2_session *session = context;
    size_t room = session->out.room - session->out.used;

    (void)library, (void)type, (void)id, (void)connection_window, (void)stream_window;
    (void)frame_bytes_max; /* the library keeps to the least of all */
    if (room < FRAME_HEAD + PIECE_LEAST)
        room = session->out.room; /* of the next buffer */
    return (ssize_t)(room - FRAME_HEAD);
}

static ssize_t read_body(nghttp2_session *library, int32_t id, uint8_t *to, size_t len,
                         uint32_t *flags, nghttp2_data_source *source, void *context)
{
    const struct h2_stream *stream = source->ptr;

    (void)library, (void)id, (void)to, (void)context;
    if (stream->rest.len == 0 && stream->break_off)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE; /* the stream is reset */
    if (len > stream->rest.len)
        len = stream->rest.len;
    *flags = NGHTTP2_DATA_FLAG_NO_COPY;
    if (len == stream->rest.len && !stream->break_off)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)len;
}

void h2_sending_put(struct h2_session *session, const void *bytes, size_t len)
{
    if (len > 0)
        memcpy(session->out.to + session->out.used, bytes, len);
    session->out.used += len;
}

static int send_data(nghttp2_session *library, nghttp2_frame *frame, const uint8_t *head,
                     size_t len, nghttp2_data_source *source, void *context)
{
    struct h2_session *session = context;
    struct h2_stream *stream = source->ptr;

    (void)library, (void)frame;
    if (session->out.room - session->out.used < FRAME_HEAD + len)
        return NGHTTP2_ERR_WOULDBLOCK; /* the next buffer's */
    h2_sending_put(session, head, FRAME_HEAD);
    h2_sending_put(session, stream->rest.ptr, len);
    stream->rest = slice_sub(stream->rest, len, stream->rest.len);
    return 0;
}

/* RFC 9113 8.1: an answer may be complete before its request, the rest of which is not wanted. The
 * client gets a moment to see that by itself: some take a reset for the loss of the answer. */
static int on_sent(nghttp2_session *library, const nghttp2_frame *frame, void *context)
{
    struct h2_session *session = context;
    struct h2_stream *stream = h2_session_stream(session, frame->hd.stream_id);
    bool ends = frame->hd.flags & NGHTTP2_FLAG_END_STREAM;

    if (frame->hd.type != NGHTTP2_DATA && frame->hd.type != NGHTTP2_HEADERS)
        return 0;
    h2_patience_thanks(&session->patience, ends,
                       frame->hd.type == NGHTTP2_DATA ? frame->hd.length : 0);
    if (stream && ends &&
        nghttp2_session_get_stream_remote_close(library, frame->hd.stream_id) == 0)
        h2_session_set_deadline(stream, DEADLINE_STREAM_LINGER);
    return 0;
}

/* An answer whose fields are more than the library sends. */
static int on_not_sent(nghttp2_session *library, const nghttp2_frame *frame, int code,
                       void *context)
{
    (void)library, (void)code;
    if (frame->hd.type == NGHTTP2_HEADERS && h2_session_stream(context, frame->hd.stream_id))
        h2_session_reset(context, frame->hd.stream_id, NGHTTP2_INTERNAL_ERROR);
    return 0;
}

/* --- answers --------------------------------------------------------------------------------- */

void h2_sending_answer(struct h2_stream *stream)
{
    struct h2_session *session = stream->session;
    const char *date_line = connection_home_date_line(session->home);
    struct slice date = { date_line + 6, HTTP_DATE_LINE_LEN - 8 }; /* between "Date: " and CR LF */
    nghttp2_nv fields[H2_ANSWER_FIELDS_MAX];
    nghttp2_data_provider body = { .source.ptr = stream, .read_callback = read_body };
    char digits[2 * H2_DIGITS_MAX];

    stream->state = H2_STREAM_ANSWERING;
    if (arena_is_starved(stream->exchange.arena))
        connection_home_log_memory(session->home);
    bool last = stream->exchange.response.close && stream->refusal.code == ERROR_NONE;
    if (last || session->peer.surplus)
        h2_session_end_now(session);
    else if (session->home->stopping)
        h2_session_end(session);
    h2_session_set_deadline(stream, DEADLINE_STREAM_REPLY);
    if (stream->exchange.response.fate == HTTP_FATE_RESET) {
        h2_session_reset(session, stream->id, NGHTTP2_INTERNAL_ERROR);
        return;
    }
    size_t count = h2_stream_lay_out(stream, date, digits, fields);
    bool has_body = stream->rest.len > 0 || stream->break_off;
    if (nghttp2_submit_response(session->library, stream->id, fields, count,
                                has_body ? &body : NULL) != 0)
        h2_session_break_off(session, NGHTTP2_INTERNAL_ERROR);
}

void h2_sending_set_callbacks(nghttp2_session_callbacks *callbacks)
{
    nghttp2_session_callbacks_set_data_source_read_length_callback(callbacks, length_of_data);
    nghttp2_session_callbacks_set_send_data_callback(callbacks, send_data);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_sent);
    nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks, on_not_sent);
}
