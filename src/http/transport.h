/* http/transport.h - a non-blocking socket, plain or with TLS on it, seen as one thing.
 *
 * Must not know: HTTP, the event loop.
 * Threads: one owner.
 */
#ifndef HTTP_TRANSPORT_H
#define HTTP_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>

#include <sys/uio.h>

#include "base/compiler.h"

struct ssl_st;

struct transport {
    struct ssl_st *ssl; /* NULL: plain */
    int fd;
    bool wants_write; /* the last call that could not go on waits for the socket to take bytes */
    bool established; /* the handshake is done; plain from the start */
};

enum transport_status {
    TRANSPORT_OK,
    TRANSPORT_AGAIN, /* wait for the socket */
    TRANSPORT_END    /* the peer is gone or broke the protocol */
};

/* Takes both over. */
void transport_init(struct transport *transport, int fd, struct ssl_st *ssl);

/* Goes on with the handshake; OK when it is done. */
enum transport_status transport_handshake(struct transport *transport) MUST_CHECK;

/* Whether the handshake ended in HTTP/2 (ALPN h2). */
bool transport_speaks_http2(const struct transport *transport);

/* One read of up to `room` bytes. END also when the peer has closed its side. *ret_more: worth
 * another read at once, without waiting for the socket. */
enum transport_status transport_read(struct transport *transport, void *to, size_t room,
                                     size_t *ret_bytes, bool *ret_more) MUST_CHECK;

/* Writes as much as goes; moves the pieces on past what was written. OK when all was. */
enum transport_status transport_write(struct transport *transport, struct iovec *pieces,
                                      unsigned count) MUST_CHECK;

/* Bytes that came already and that the socket will not announce again. */
bool transport_has_pending(const struct transport *transport);

/* Tells the peer that no more will come. */
void transport_end_writing(struct transport *transport);

/* The same as a network that breaks: without a goodbye inside TLS, then and later. */
void transport_break_off(struct transport *transport);

/* Reads and drops, past TLS; *ret_bytes how much. END when the peer is through. */
enum transport_status transport_discard(struct transport *transport, size_t *ret_bytes) MUST_CHECK;

/* `reset`: throws away what the peer has not taken. */
void transport_close(struct transport *transport, bool reset);

/* Why TLS failed, "" when it did not; from the last call that returned END. */
const char *transport_reason(void);

#endif
