/* http/h2_session.h - one connection of HTTP/2: bytes in, exchanges, bytes out.
 *
 * Spec: RFC 9113, RFC 7541; frames and header compression are libnghttp2's. A session knows no
 * socket: it is given what came and asked for what is to be sent, by http/connection_http2.c, by
 * tests and by the fuzzer alike.
 *
 * Must not know: sockets, TLS, what requests mean.
 * Threads: its loop's own.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef HTTP_H2_SESSION_H
#define HTTP_H2_SESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/slice.h"
#include "http/connection_home.h"
#include "http/deadline.h"

struct h2_session;

struct h2_peer {
    bool secure;   /* comes over TLS */
    bool loopback; /* is of this machine */
    bool proxy;    /* is one whose Forwarded fields count */
    bool surplus;  /* one connection too many: its first request is answered 503, then it ends */
};

struct h2_owner {
    void *context;
    /* There may be something to send. Not called inside h2_session_take(), _work() and _give(). */
    void (*wake)(void *context);
    /* The session is freed; behind h2_session_close(), in it or later. */
    void (*freed)(void *context);
};

/* NULL: no memory. Its settings wait to be sent. */
struct h2_session *h2_session_create(struct connection_home *home, struct h2_peer peer,
                                     struct h2_owner owner);

/* Takes what came, the client's preface first. Requests that are complete wait for
 * h2_session_work(). False: nothing sensible can be sent any more; close the connection. */
bool h2_session_take(struct h2_session *session, struct slice bytes) MUST_CHECK;

/* Calls the handler for what waits for it, for a few milliseconds; whether some of it still waits,
 * for the next call. The session may be freed behind this; then it is false. */
bool h2_session_work(struct h2_session *session);

/* Writes up to `room` (at least H2_GIVE_LEAST) bytes that are to be sent; *ret_bytes 0: there are
 * none now. False as above. */
enum { H2_GIVE_LEAST = 4096 };
bool h2_session_give(struct h2_session *session, char *to, size_t room,
                     size_t *ret_bytes) MUST_CHECK;

/* All is said and sent: close the connection. */
bool h2_session_is_over(const struct h2_session *session);
/* Handlers have exchanges of it. */
bool h2_session_is_busy(const struct h2_session *session);
/* No request is in it, and none is lent out. */
bool h2_session_is_idle(const struct h2_session *session);

/* What the connection waits for; NONE while only its streams have deadlines. *ret_anew: what it
 * waits for began since this was last asked. */
enum deadline_kind h2_session_deadline(struct h2_session *session, bool *ret_anew);

/* Tells the client that it ends: first that it should ask no more here, then, when it knows, which
 * request was the last one that was taken. Those go on. */
void h2_session_end(struct h2_session *session);
/* Tells it that this is the end: because it took too long, or (`idle`) had nothing to ask. */
void h2_session_break(struct h2_session *session, bool idle);

/* What home->deadlines calls for DEADLINE_STREAM_BODY and behind it. */
void h2_session_stream_expired(struct deadline *deadline, enum deadline_kind kind);

/* The connection has gone: drops everything but what is lent out, which is freed as it comes home.
 */
void h2_session_close(struct h2_session *session);

#endif
