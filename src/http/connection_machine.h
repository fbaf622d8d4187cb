/* http/connection_machine.h - what the files of a connection share: its states, and the moves
 * between them. Private to connection.c, connection_exchange.c and connection_http2.c.
 */
#ifndef HTTP_CONNECTION_MACHINE_H
#define HTTP_CONNECTION_MACHINE_H

#include "base/compiler.h"
#include "http/connection.h"
#include "http/transport.h"
#include "loop/loop.h"

struct connection_http2;
struct work;

/* From HTTP_2 on nothing is watched and no deadline set by connection_run(). */
enum state { NEW, HANDSHAKE, IDLE, HEAD, BODY, HANDLING, SENDING, LINGER, HTTP_2, CLOSED, STATES };

struct connection {
    uv_poll_t poll;
    struct connection_home *home;
    struct connection *next, *prev;
    struct work *work;              /* NULL in NEW, HANDSHAKE, IDLE, LINGER, HTTP_2 */
    struct connection_http2 *http2; /* in HTTP_2, and behind it while an exchange is lent */
    struct transport transport;
    struct deadline deadline;
    struct loop_message message; /* for coming to the loop, and for coming back to it */
    struct http_caps *caps;
    struct caps_key key;
    size_t discarded;
    uint8_t state;
    uint8_t watched; /* UV_READABLE, UV_WRITABLE */
    bool surplus;    /* one too many: answered 503 */
    bool loopback;   /* the peer is of this machine */
    bool proxy;      /* it is a trusted proxy */
    bool may_read;   /* there may be bytes to read without waiting */
    bool in_handler; /* the handler was called and has not returned */
    bool answered;   /* ... and has called done before it did */
    bool handle_open;
    bool posted;   /* message is in the mailbox */
    bool is_ghost; /* counted as one */
    bool had_request;
};

enum step { GO_ON, WAIT };

/* --- connection.c -------------------------------------------------------------------------- */

/* Only a move that the machine's table allows. */
void connection_move_to(struct connection *connection, enum state state);
void connection_set_deadline(struct connection *connection, enum deadline_kind kind);
void connection_drop_work(struct connection *connection);

/* Ends it now; `reset`: what the peer has not taken is thrown away. It may be freed behind this,
 * unless its exchange is lent. */
void connection_close(struct connection *connection, bool reset);
enum step connection_close_and_wait(struct connection *connection);
/* Frees what is CLOSED and waits for nothing any more. */
void connection_free_if_done(struct connection *connection);

/* Steps until it must wait. */
void connection_run(struct connection *connection);
/* Runs it again after others had their turn; it need not be told by the socket. */
void connection_run_later(struct connection *connection);
/* Changes what the socket is watched for: UV_READABLE, UV_WRITABLE. */
void connection_watch(struct connection *connection, int events);

/* --- connection_exchange.c ----------------------------------------------------------------- */

enum step connection_step_idle(struct connection *connection);
enum step connection_step_head(struct connection *connection);
enum step connection_step_body(struct connection *connection);
enum step connection_step_sending(struct connection *connection);

/* All is said: ends its own side, and drops for a moment what still comes. */
enum step connection_linger(struct connection *connection);

/* The request cannot become one: has the handler say so. */
enum step connection_refuse(struct connection *connection, const struct error *err);

/* --- connection_http2.c -------------------------------------------------------------------- */

/* Goes on as HTTP/2; `carried`, which may lie in its work, came already. */
enum step connection_begin_http2(struct connection *connection, struct slice carried);
/* Whether these first bytes of a connection are those of HTTP/2 (RFC 9113 3.4), or begin as they
 * do. */
bool connection_is_http2_preface(struct slice bytes);

enum step connection_step_http2(struct connection *connection);
void connection_http2_expired(struct connection *connection, enum deadline_kind kind);
void connection_http2_wind_down(struct connection *connection);
/* The socket has gone. */
void connection_http2_close(struct connection *connection);

#endif
