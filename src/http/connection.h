/* http/connection.h - one HTTP/1.1 connection, from the accepted socket to its end.
 *
 * Spec: RFC 9112. Must not know: how sockets are accepted and dealt out, what requests mean.
 *
 * Threads: connection_create() any; everything else on the loop of its home.
 */
#ifndef HTTP_CONNECTION_H
#define HTTP_CONNECTION_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "base/compiler.h"
#include "http/caps.h"
#include "http/deadline.h"
#include "http/engine.h"
#include "http/message.h"
#include "http/response_write.h"

struct arena_pool;
struct connection;

/* What the connections of one loop share; the engine owns it. */
struct connection_home {
    struct loop *loop;
    uv_loop_t *uv;
    const struct http_limits *limits;
    const struct http_handler *handler;
    struct log *log; /* may be NULL */
    struct arena_pool *arenas;
    struct deadlines deadlines;
    struct connection *first; /* every connection whose socket is open */
    atomic_size_t count;      /* how many; changed on the loop, read anywhere */
    atomic_size_t coming;     /* those still in the mailbox */
    size_t ghosts;            /* their sockets are gone, but something of them is lent out */
    bool stopping;            /* no request after the one that is being worked on */
    uint64_t date_until_ms;   /* time of the loop */
    uint64_t log_again_ms;    /* when a failed handshake may be logged again */
    char date_line[HTTP_DATE_LINE_LEN];
    void (*left)(struct connection_home *home); /* a socket, or something lent out, has gone */
};

/* For the accepted socket `fd`, which has been counted by `caps`; it leaves them at its end.
 * `surplus`: it is to be told that there are too many. NULL: no memory, everything is the caller's
 * still. */
struct connection *connection_create(struct connection_home *home, int fd, struct tls_context *tls,
                                     struct http_caps *caps, struct caps_key key, bool surplus);

/* Starts to serve it: at once, or from another thread by way of the loop's mailbox. */
void connection_open(struct connection *connection);
void connection_post_open(struct connection *connection);

/* The loop is about to stop: closes it if nothing is under way, else after the answer. */
void connection_wind_down(struct connection *connection);
/* Closes it whatever is under way. */
void connection_cut(struct connection *connection);

/* What home->deadlines calls. */
void connection_expired(struct deadline *deadline, enum deadline_kind kind);

struct connection *connection_next(const struct connection *connection);

/* True when nothing of any connection is left. */
bool connection_home_is_empty(const struct connection_home *home);

struct connection_home *http_engine_home(struct http_engine *engine);

#endif
