/* http/connection_home.h - what the connections of one loop share.
 *
 * Must not know: the states of a connection, how sockets are accepted.
 * Threads: its loop's own, but for the two counters.
 */
#ifndef HTTP_CONNECTION_HOME_H
#define HTTP_CONNECTION_HOME_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "base/slice.h"
#include "http/deadline.h"
#include "http/engine.h"
#include "http/message.h"
#include "http/response_write.h"

struct arena_pool;
struct connection;

/* The engine owns it. */
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
    uint64_t log_memory_ms;   /* when a lack of memory may be */
    char date_line[HTTP_DATE_LINE_LEN];
    void (*left)(struct connection_home *home); /* a socket, or something lent out, has gone */
};

/* The engine's. */
struct connection_home *http_engine_home(struct http_engine *engine);

/* The Date of an answer that leaves now: HTTP_DATE_LINE_LEN bytes, made once a second. */
const char *connection_home_date_line(struct connection_home *home);

/* Logs why a handshake failed, at most once a second: a client that does not trust us tries again
 * and again. Nothing for one that just went away ("" as its reason). */
void connection_home_log_handshake(struct connection_home *home, struct slice reason);

/* Logs that requests are told 503 for want of memory, at most every ten seconds: that is when there
 * are many. */
void connection_home_log_memory(struct connection_home *home);

/* True when nothing of any connection is left. */
bool connection_home_is_empty(const struct connection_home *home);

#endif
