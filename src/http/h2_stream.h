/* http/h2_stream.h - one exchange as a stream of HTTP/2: request coming in, answer going out.
 *
 * It lies in the exchange's arena, and so does all that it points to.
 * Must not know: frames, sockets, the states of a connection.
 * Threads: its loop's own; the exchange may be lent (http/message.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef HTTP_H2_STREAM_H
#define HTTP_H2_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <nghttp2/nghttp2.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"
#include "http/deadline.h"
#include "http/h2_fields.h"
#include "http/message.h"

struct arena_pool;
struct h2_session;

/* HEAD   its fields come in          READY      it waits for the handler's turn
 * BODY   its body comes in           HANDLING   the handler has the exchange
 *                                    ANSWERING  its answer goes out */
enum h2_stream_state {
    H2_STREAM_HEAD,
    H2_STREAM_BODY,
    H2_STREAM_READY,
    H2_STREAM_HANDLING,
    H2_STREAM_ANSWERING,
};

struct h2_stream {
    struct http_exchange exchange; /* first: the handler's pointer is ours */
    struct h2_session *session;
    struct h2_stream *next, *prev; /* of the session */
    struct h2_stream *next_ready;
    struct deadline deadline;
    int32_t id;
    uint8_t state;
    bool whole;    /* the client has sent all of it */
    bool gone;     /* no such stream any more: nothing can be sent */
    bool answered; /* the handler has called done before it returned */
    struct h2_fields fields;
    struct error refusal; /* ERROR_NONE: a request for the handler */
    char *body;
    size_t body_bytes, body_capacity, dropped_bytes;
    uint64_t body_since_ms; /* time of the loop */
    struct slice rest;      /* of the answer's body */
    bool break_off;         /* behind `rest` the stream is reset */
};

/* NULL: no memory. */
struct h2_stream *h2_stream_create(struct arena_pool *arenas, const struct http_limits *limits,
                                   struct h2_session *session, int32_t id);
void h2_stream_destroy(struct h2_stream *stream);

/* Takes a piece of the body. False past the limit, or of memory. */
bool h2_stream_take_body(struct h2_stream *stream, struct slice piece,
                         struct error *err) MUST_CHECK;
/* The request is complete: puts the body into it. */
void h2_stream_end_request(struct h2_stream *stream);

enum { H2_ANSWER_FIELDS_MAX = HTTP_RESPONSE_FIELDS_MAX + 3, H2_DIGITS_MAX = 20 };

/* Lays the response out: its fields, as the library wants them, and in `rest` its body. The fields
 * point into the exchange, to `date` and to `digits`. Returns how many there are. */
size_t h2_stream_lay_out(struct h2_stream *stream, struct slice date,
                         char digits[2 * H2_DIGITS_MAX], nghttp2_nv fields[H2_ANSWER_FIELDS_MAX]);

#endif
