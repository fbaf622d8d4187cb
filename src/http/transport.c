/* http/transport.c - reading and writing, with and without TLS.
 *
 * Plain: recv() and sendmsg(), head and body in one call. A read that fills less than its room has
 * emptied the socket, so the call that would only say EAGAIN is never made.
 *
 * TLS: OpenSSL reads ahead of the record, so bytes may wait inside it that the socket knows nothing
 * of; ret_more and transport_has_pending() tell. One piece is written per call; whoever wants head
 * and body in one record hands them over as one piece. OpenSSL keeps its errors in a queue of the
 * thread, in which somebody else's leftovers would turn "come back later" into "broken": it is
 * emptied before each call that may look at it.
 *
 * OpenSSL writes with write(): the loop has SIGPIPE blocked.
 */
#include "http/transport.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include <netinet/in.h>
#include <sys/socket.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

void transport_init(struct transport *transport, int fd, struct ssl_st *ssl)
{
    *transport = (struct transport){ .ssl = ssl, .fd = fd, .established = !ssl };
}

static void forget_errors(void)
{
    if (ERR_peek_error())
        ERR_clear_error();
}

static enum transport_status tls_status(struct transport *transport, int result)
{
    switch (SSL_get_error(transport->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        return TRANSPORT_AGAIN;
    case SSL_ERROR_WANT_WRITE:
        transport->wants_write = true;
        return TRANSPORT_AGAIN;
    default:
        return TRANSPORT_END;
    }
}

enum transport_status transport_handshake(struct transport *transport)
{
    if (transport->established)
        return TRANSPORT_OK;
    forget_errors();
    transport->wants_write = false;

    int result = SSL_do_handshake(transport->ssl);
    if (result == 1) {
        transport->established = true;
        return TRANSPORT_OK;
    }
    return tls_status(transport, result);
}

bool transport_speaks_http2(const struct transport *transport)
{
    const unsigned char *protocol = NULL;
    unsigned len = 0;

    if (transport->ssl)
        SSL_get0_alpn_selected(transport->ssl, &protocol, &len);
    return len == 2 && memcmp(protocol, "h2", 2) == 0;
}

static enum transport_status socket_status(void)
{
    return errno == EAGAIN || errno == EINTR ? TRANSPORT_AGAIN : TRANSPORT_END;
}

static enum transport_status tls_read(struct transport *transport, void *to, size_t room,
                                      size_t *ret_bytes, bool *ret_more)
{
    forget_errors();
    transport->wants_write = false;

    int result = SSL_read_ex(transport->ssl, to, room, ret_bytes);
    if (result != 1)
        return tls_status(transport, result);
    *ret_more = SSL_has_pending(transport->ssl);
    return TRANSPORT_OK;
}

enum transport_status transport_read(struct transport *transport, void *to, size_t room,
                                     size_t *ret_bytes, bool *ret_more)
{
    if (transport->ssl)
        return tls_read(transport, to, room, ret_bytes, ret_more);

    ssize_t bytes = recv(transport->fd, to, room, 0);
    if (bytes < 0)
        return socket_status();
    if (bytes == 0)
        return TRANSPORT_END;
    *ret_bytes = (size_t)bytes;
    *ret_more = (size_t)bytes == room;
    return TRANSPORT_OK;
}

/* --- writing --------------------------------------------------------------------------------- */

static void advance(struct iovec *pieces, unsigned count, size_t bytes)
{
    for (unsigned i = 0; i < count && bytes > 0; i++) {
        size_t step = bytes < pieces[i].iov_len ? bytes : pieces[i].iov_len;
        pieces[i].iov_base = (char *)pieces[i].iov_base + step;
        pieces[i].iov_len -= step;
        bytes -= step;
    }
}

static enum transport_status tls_write(struct transport *transport, struct iovec *pieces,
                                       unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        while (pieces[i].iov_len > 0) {
            size_t bytes;
            forget_errors();
            int result =
                SSL_write_ex(transport->ssl, pieces[i].iov_base, pieces[i].iov_len, &bytes);
            if (result != 1)
                return tls_status(transport, result);
            advance(&pieces[i], 1, bytes);
        }
    }
    return TRANSPORT_OK;
}

enum transport_status transport_write(struct transport *transport, struct iovec *pieces,
                                      unsigned count)
{
    transport->wants_write = false;
    if (transport->ssl)
        return tls_write(transport, pieces, count);

    for (;;) {
        while (count > 0 && pieces[0].iov_len == 0) {
            pieces++;
            count--;
        }
        if (count == 0)
            return TRANSPORT_OK;
        struct msghdr message = { .msg_iov = pieces, .msg_iovlen = count };
        ssize_t bytes = sendmsg(transport->fd, &message, MSG_NOSIGNAL);
        if (bytes < 0)
            return socket_status();
        advance(pieces, count, (size_t)bytes);
    }
}

/* --- the end --------------------------------------------------------------------------------- */

bool transport_has_pending(const struct transport *transport)
{
    return transport->ssl && transport->established && SSL_has_pending(transport->ssl);
}

void transport_end_writing(struct transport *transport)
{
    if (transport->ssl && transport->established) {
        forget_errors();
        SSL_shutdown(transport->ssl); /* the answer to it is not waited for */
    }
    shutdown(transport->fd, SHUT_WR);
}

void transport_break_off(struct transport *transport)
{
    if (transport->ssl)
        SSL_set_quiet_shutdown(transport->ssl, 1);
    shutdown(transport->fd, SHUT_WR);
}

enum transport_status transport_discard(struct transport *transport, size_t *ret_bytes)
{
    char scratch[16 * 1024];
    ssize_t bytes = recv(transport->fd, scratch, sizeof scratch, 0);

    if (bytes < 0)
        return socket_status();
    *ret_bytes = (size_t)bytes;
    return bytes == 0 ? TRANSPORT_END : TRANSPORT_OK;
}

void transport_close(struct transport *transport, bool reset)
{
    if (transport->ssl) {
        forget_errors();
        if (transport->established && !reset)
            SSL_shutdown(transport->ssl); /* does nothing the second time */
        SSL_free(transport->ssl);
        forget_errors();
    }
    if (reset)
        setsockopt(transport->fd, SOL_SOCKET, SO_LINGER,
                   &(struct linger){ .l_onoff = 1, .l_linger = 0 }, sizeof(struct linger));
    close(transport->fd);
    *transport = (struct transport){ .fd = -1 };
}

const char *transport_reason(void)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());

    return reason ? reason : "";
}
