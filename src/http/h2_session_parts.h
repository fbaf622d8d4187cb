/* http/h2_session_parts.h - what the files of a session share. Private to h2_session.c,
 * h2_receiving.c and h2_sending.c.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef HTTP_H2_SESSION_PARTS_H
#define HTTP_H2_SESSION_PARTS_H

#include "http/h2_memory.h"
#include "http/h2_patience.h"
#include "http/h2_session.h"
#include "http/h2_stream.h"

struct h2_session {
    nghttp2_session *library;
    struct h2_memory memory;
    struct connection_home *home;
    struct h2_peer peer;
    struct h2_owner owner;
    struct h2_patience patience;
    struct h2_stream *first; /* of all that there are */
    size_t streams, lent;    /* how many; of them with the handler */
    struct h2_stream *ready, **ready_end;
    struct h2_stream *in_handler;
    struct slice held; /* bytes of a frame that had no room; the library's */
    struct {
        char *to;
        size_t room, used;
    } out;              /* while h2_session_give() runs */
    int32_t highest_id; /* of a stream that was opened */
    size_t head_bytes;  /* of the head that comes in, on the wire */
    bool head_open;     /* a head has begun and not ended */
    bool head_is_new;   /* one has begun since somebody asked */
    bool settled;       /* the client's settings came */
    bool leaving;       /* the client was told that it will end */
    bool ending;        /* and behind which stream */
    bool broken;        /* ... and that nothing goes on */
    bool working;       /* handlers run */
    bool closed;
};

/* --- h2_session.c ---------------------------------------------------------------------------- */

struct h2_stream *h2_session_stream(struct h2_session *session, int32_t id);
void h2_session_reset(struct h2_session *session, int32_t id, uint32_t code);
/* The connection ends, with a code (RFC 9113 7). */
void h2_session_break_off(struct h2_session *session, uint32_t code);
/* It ends as h2_session_end() ends it, without notice: what is not here yet is not taken in. */
void h2_session_end_now(struct h2_session *session);

void h2_session_set_deadline(struct h2_stream *stream, enum deadline_kind kind);
void h2_session_destroy_stream(struct h2_stream *stream);
/* It waits for the handler's turn: as a request, or as one that is refused. */
void h2_session_queue(struct h2_stream *stream);
/* What every exchange's `done` is. */
void h2_session_exchange_done(struct http_exchange *exchange);

/* --- h2_receiving.c, h2_sending.c ------------------------------------------------------------ */

void h2_receiving_set_callbacks(nghttp2_session_callbacks *callbacks);
void h2_sending_set_callbacks(nghttp2_session_callbacks *callbacks);

/* The stream's response is filled in: it goes out. */
void h2_sending_answer(struct h2_stream *stream);
/* Copies bytes to where h2_session_give() collects them; there is room. */
void h2_sending_put(struct h2_session *session, const void *bytes, size_t len);

#endif
