/* server/server_parts.h - what a server is made of. Private to server.c, which runs and ends it,
 * and server_build.c, which puts it together.
 */
#ifndef SERVER_SERVER_PARTS_H
#define SERVER_SERVER_PARTS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "auth/jwt.h"
#include "base/arena.h"
#include "base/compiler.h"
#include "base/error.h"
#include "http/api.h"
#include "http/engine.h"
#include "http/network.h"
#include "loop/loop.h"
#include "server/data.h"
#include "server/origins.h"
#include "server/settings.h"
#include "server/tls_identity.h"
#include "service/authorisation.h"

#define LISTENERS_MAX 128
#define MS_PER_S      1000

struct server_loop {
    struct server *server;
    struct loop *loop;
    struct log *log;
    struct api_loop *api_loop;
    struct http_handler handler;
    struct http_engine *engine;
    struct loop_message stop;    /* to this loop */
    struct loop_message drained; /* from it, to the first */
};

enum server_signal { SIGNAL_TERMINATE, SIGNAL_INTERRUPT, SIGNAL_COUNT };

struct server {
    const struct settings *settings;
    struct arena *arena; /* dies with the server */
    struct clock *clock;
    struct repeatable *repeatable; /* NULL unless deterministic */
    struct slice seed;             /* from malloc: what a reset goes back to */
    struct testbeds *testbeds;     /* NULL unless the control API is there */

    struct data_paths paths;
    int lock_fd; /* -1: not held */
    int keys_fd; /* the same, of a folder that has keys alone */
    struct store *store;
    size_t seeded; /* entities */
    struct dispatch *dispatch;

    struct issuer *issuer; /* this and what follows is the keys' thread's until it is joined */
    struct tls_identity identity;
    struct tls_context *tls;
    struct arena *keys_arena;
    bool keys_open;
    struct error keys_error; /* why not */
    pthread_t keys_thread;
    bool keys_thread_runs;

    struct authorisation authorisation;
    struct token_rules rules;
    struct api api;
    struct http_limits http_limits;
    struct network_set proxies; /* trusted ones */
    struct arena_ledger memory; /* of all requests */

    struct control_sweep *sweep;
    struct server_loop *loops;
    size_t loop_count; /* made */
    struct http_acceptor *acceptor;
    struct origin_listener listeners[LISTENERS_MAX];
    size_t listener_count;
    struct setting_list urls;
    struct setting_list bound; /* the listeners, in words */

    uv_signal_t signals[SIGNAL_COUNT];
    size_t signal_count; /* open */
    size_t running;      /* loops that have not drained */
    bool stopping;
    uint64_t stopping_since_ms;
};

/* Opens everything in order, up to the listeners. What was opened before a failure is
 * server_destroy()'s to close. */
bool server_open_parts(struct server *server, struct error *err) MUST_CHECK;

/* Waits for the thread that reads and makes the keys. */
void server_join_keys(struct server *server);

/* server_api.c: two steps of it. Testbeds without the control API could be neither set nor asked,
 * and are not made. */
bool server_open_testbeds(struct server *server, struct error *err) MUST_CHECK;
bool server_prepare_api(struct server *server, struct error *err) MUST_CHECK;

static inline struct log *server_log(struct server *server)
{
    return server->loops[0].log;
}

#endif
