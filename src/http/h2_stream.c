/* http/h2_stream.c - makes the exchange of a stream, collects its body, lays out its answer.
 *
 * The body is copied, once: it comes in frames, with others' frames between them, through a buffer
 * that is used again at once. It grows as intake.c grows that of HTTP/1.1, by what has arrived and
 * a quarter more, whatever was announced, and the client's window opens only as bytes are taken.
 *
 * The answer is not copied: frames are filled from where the handler built it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/h2_stream.h"

#include <assert.h>

#include "base/arena.h"
#include "http/work.h"

#define BODY_BLOCK ((size_t)16 * 1024)

struct h2_stream *h2_stream_create(struct arena_pool *arenas, const struct http_limits *limits,
                                   struct h2_session *session, int32_t id)
{
    struct http_exchange *exchange = work_exchange_create(arenas, limits, sizeof(struct h2_stream));
    struct h2_stream *stream = (struct h2_stream *)exchange; /* its first member */

    if (!stream)
        return NULL;
    arena_set_modest(exchange->arena, true);
    stream->session = session;
    stream->next = stream->prev = stream->next_ready = NULL;
    stream->deadline = (struct deadline){ 0 };
    stream->id = id;
    stream->state = H2_STREAM_HEAD;
    stream->whole = stream->gone = stream->answered = stream->break_off = false;
    h2_fields_init(&stream->fields, &exchange->request, exchange->arena, limits);
    stream->refusal.code = ERROR_NONE;
    stream->body = NULL;
    stream->body_bytes = stream->body_capacity = stream->dropped_bytes = 0;
    stream->body_since_ms = 0;
    stream->rest = SLICE_EMPTY;
    return stream;
}

void h2_stream_destroy(struct h2_stream *stream)
{
    assert(stream->deadline.kind == DEADLINE_NONE);
    arena_destroy(stream->exchange.arena); /* the stream goes with it */
}

/* --- the body -------------------------------------------------------------------------------- */

/* What the body may come to be. */
static size_t most_of_body(const struct h2_stream *stream)
{
    int64_t announced = stream->fields.content_length; /* checked against the limit */

    return announced >= 0 ? (size_t)announced : stream->fields.limits->body_bytes;
}

/* Makes room for `bytes` of body in all. */
static bool grow_body(struct h2_stream *stream, size_t bytes)
{
    struct arena *arena = stream->exchange.arena;
    size_t most = most_of_body(stream), step = stream->body_capacity / 4;
    size_t capacity = stream->body_capacity + (step > BODY_BLOCK ? step : BODY_BLOCK);

    if (capacity > most)
        capacity = most;
    if (capacity < bytes)
        capacity = bytes;
    char *body = stream->body ? arena_grow(arena, stream->body, stream->body_capacity, capacity)
                              : arena_alloc_alone(arena, capacity);
    if (!body)
        return false;
    stream->body = body;
    stream->body_capacity = capacity;
    return true;
}

bool h2_stream_take_body(struct h2_stream *stream, struct slice piece, struct error *err)
{
    size_t bytes = stream->body_bytes + piece.len;

    if (bytes > stream->fields.limits->body_bytes)
        return error_set(err, ERROR_TOO_LARGE, SLICE_EMPTY, "The body is longer than %zu bytes.",
                         stream->fields.limits->body_bytes);
    if (bytes > stream->body_capacity && !grow_body(stream, bytes))
        return error_no_memory(err);
    if (piece.len > 0)
        memcpy(stream->body + stream->body_bytes, piece.ptr, piece.len);
    stream->body_bytes = bytes;
    return true;
}

void h2_stream_end_request(struct h2_stream *stream)
{
    struct http_request *request = &stream->exchange.request;

    request->body = (struct slice){ stream->body, stream->body_bytes };
    /* A last frame without bytes announces nothing: many clients send one behind any request. */
    request->has_body = stream->body_bytes > 0 || stream->fields.content_length >= 0;
}

/* --- the answer ------------------------------------------------------------------------------ */

static nghttp2_nv field_of(struct slice name, struct slice value)
{
    return (nghttp2_nv){
        .name = (uint8_t *)(uintptr_t)name.ptr, /* only read */
        .namelen = name.len,
        .value = (uint8_t *)(uintptr_t)value.ptr,
        .valuelen = value.len,
        .flags = NGHTTP2_NV_FLAG_NONE,
    };
}

/* Writes `value` so that it ends where `digits` does. */
static struct slice decimal(size_t value, char digits[H2_DIGITS_MAX])
{
    size_t at = H2_DIGITS_MAX;

    do
        digits[--at] = (char)('0' + value % 10);
    while (value /= 10);
    return (struct slice){ digits + at, H2_DIGITS_MAX - at };
}

size_t h2_stream_lay_out(struct h2_stream *stream, struct slice date,
                         char digits[2 * H2_DIGITS_MAX], nghttp2_nv fields[H2_ANSWER_FIELDS_MAX])
{
    const struct http_response *response = &stream->exchange.response;
    bool has_length = response->status != 204 && response->status != 304; /* RFC 9110 8.6 */
    struct slice status = decimal((size_t)response->status, digits + H2_DIGITS_MAX);
    size_t count = 0;

    fields[count++] = field_of(SLICE(":status"), status);
    for (size_t i = 0; i < response->field_count; i++)
        fields[count++] = field_of(response->fields[i].name, response->fields[i].value);
    fields[count++] = field_of(SLICE("date"), date);
    if (has_length)
        fields[count++] = field_of(SLICE("content-length"), decimal(response->body.len, digits));

    stream->rest =
        has_length && stream->exchange.request.method != HTTP_HEAD ? response->body : SLICE_EMPTY;
    stream->break_off = response->fate == HTTP_FATE_TRUNCATED;
    if (stream->break_off) /* the length that was announced stands */
        stream->rest = slice_sub(stream->rest, 0, stream->rest.len / 2);
    return count;
}
