/* http/connection.h - one HTTP connection, from the accepted socket to its end.
 *
 * Spec: RFC 9112, RFC 9113. Must not know: how sockets are accepted and dealt out, what requests
 * mean.
 *
 * Threads: connection_create() any; everything else on the loop of its home.
 */
#ifndef HTTP_CONNECTION_H
#define HTTP_CONNECTION_H

#include <stdbool.h>

#include "http/caps.h"
#include "http/connection_home.h"
#include "http/deadline.h"
#include "http/engine.h"

struct connection;

/* Who has connected. */
struct connection_peer {
    struct caps_key key;
    bool loopback; /* it is of this machine */
    bool proxy;    /* it is a trusted proxy */
    bool surplus;  /* it is to be told that there are too many */
};

/* For the accepted socket `fd`, which has been counted by `caps`; it leaves them at its end.
 * NULL: no memory, everything is the caller's still. */
struct connection *connection_create(struct connection_home *home, int fd, struct tls_context *tls,
                                     struct http_caps *caps, const struct connection_peer *peer);

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

#endif
