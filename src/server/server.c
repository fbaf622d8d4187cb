/* server/server.c - runs a server and takes it down, in the reverse of the order it was built in.
 *
 * All that can fail has happened when server_create() returns (server_build.c); server_run() starts
 * the loops, the first one on its own thread.
 *
 * The end is a conversation: a signal arrives on the first loop, which stops accepting and tells
 * every loop; each lets its connections finish and reports back; when the last one has, the
 * dispatch runs what is queued for connections that died, and the loops end. Only then is memory
 * given back, so no callback meets something that is gone.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "server/server.h"

#include <malloc.h>
#include <signal.h>
#include <unistd.h>

#include "auth/issuer.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/repeatable.h"
#include "http/control_sweep.h"
#include "server/announce.h"
#include "server/server_parts.h"
#include "server/service_manager.h"
#include "service/dispatch.h"
#include "store/store.h"
#include "testbed/testbed.h"

#define SERVER_ARENA_BYTES ((size_t)16 << 20)
#define SIGNAL_ECHO_MS     1000

/* --- signals and the end --------------------------------------------------------------------- */

static void close_signals(struct server *server)
{
    for (size_t i = 0; i < server->signal_count; i++)
        uv_close((uv_handle_t *)&server->signals[i], NULL);
    server->signal_count = 0;
}

/* On the first loop, once no connection is left. The dispatch may still hold requests whose
 * connection died: they come home before the loops end. */
static void finish(struct server *server)
{
    close_signals(server);
    control_sweep_stop(server->sweep);
    dispatch_stop(server->dispatch);
    for (size_t i = 0; i < server->loop_count; i++)
        loop_stop(server->loops[i].loop);
}

static void on_drained_message(struct loop_message *message)
{
    struct server_loop *server_loop = CONTAINER_OF(message, struct server_loop, drained);

    if (--server_loop->server->running == 0)
        finish(server_loop->server);
}

static void on_drained(void *context)
{
    struct server_loop *server_loop = context;

    loop_post(server_loop->server->loops[0].loop, &server_loop->drained);
}

static void on_stop_message(struct loop_message *message)
{
    struct server_loop *server_loop = CONTAINER_OF(message, struct server_loop, stop);
    uint64_t drain_ms = server_loop->server->settings->limits.drain_s * MS_PER_S;

    http_engine_stop(server_loop->engine, clock_monotonic_ms() + drain_ms, on_drained, server_loop);
}

static void begin_stop(struct server *server, int signal_number)
{
    log_begin(server_log(server), LOG_INFO, "stopping");
    log_int(server_log(server), "signal", signal_number);
    log_end(server_log(server));
    service_manager_stopping();
    http_acceptor_stop(server->acceptor);
    server->running = server->loop_count;
    for (size_t i = 0; i < server->loop_count; i++)
        loop_post(server->loops[i].loop, &server->loops[i].stop);
}

/* timeout(1) sends its signal to the process and to its group, which is twice. */
static bool is_echo(const struct server *server, int signal_number)
{
    return signal_number == SIGTERM &&
           clock_monotonic_ms() - server->stopping_since_ms < SIGNAL_ECHO_MS;
}

/* The first signal asks, a later one does not. Nothing that was answered is lost by it: an answer
 * is given behind its commit. */
static void on_signal(uv_signal_t *handle, int signal_number)
{
    struct server *server = handle->data;

    if (server->stopping) {
        if (is_echo(server, signal_number))
            return;
        log_begin(server_log(server), LOG_WARNING, "cut_short");
        log_int(server_log(server), "signal", signal_number);
        log_end(server_log(server));
        log_flush(server_log(server));
        _exit(1);
    }
    server->stopping = true;
    server->stopping_since_ms = clock_monotonic_ms();
    begin_stop(server, signal_number);
}

static void ignore_signals(void)
{
    signal(SIGPIPE, SIG_IGN); /* a peer that went away is an error code */
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is a full disk */
    signal(SIGHUP, SIG_IGN);  /* closing a terminal does not end a server; nothing is reloaded */
}

static bool watch_signals(struct server *server, struct error *err)
{
    static const int numbers[SIGNAL_COUNT] = {
        [SIGNAL_TERMINATE] = SIGTERM, [SIGNAL_INTERRUPT] = SIGINT
    };
    struct uv_loop_s *uv = loop_uv(server->loops[0].loop);

    for (size_t i = 0; i < SIGNAL_COUNT; i++) {
        uv_signal_t *handle = &server->signals[i];
        int status = uv_signal_init(uv, handle);

        if (status == 0) {
            server->signal_count++;
            handle->data = server;
            status = uv_signal_start(handle, on_signal, numbers[i]);
        }
        if (status != 0)
            return error_set(err, ERROR_IO, SLICE_EMPTY, "cannot watch for signals: %s",
                             uv_strerror(status));
    }
    return true;
}

/* --- life ------------------------------------------------------------------------------------ */

bool server_create(const struct settings *settings, struct server **ret, struct error *err)
{
    struct server *server = calloc(1, sizeof *server);

    if (!server)
        return error_no_memory(err);
#ifdef M_ARENA_MAX
    /* The allocator would keep one heap a thread, most of each never used. */
    mallopt(M_ARENA_MAX, 2);
#endif
    server->settings = settings;
    server->lock_fd = -1;
    server->keys_fd = -1;
    server->arena = arena_create(NULL, SERVER_ARENA_BYTES);
    server->keys_arena = arena_create(NULL, SERVER_ARENA_BYTES);
    server->clock = clock_create();
    if (!server->arena || !server->keys_arena || !server->clock) {
        error_no_memory(err);
        goto fail;
    }
    ignore_signals();
    if (!server_open_parts(server, err) || !watch_signals(server, err))
        goto fail;
    *ret = server;
    return true;
fail:
    server_destroy(server);
    return false;
}

/* Starts all loops but the first. When one fails those before it are stopped again. */
static bool start_loops(struct server *server, struct error *err)
{
    for (size_t i = 1; i < server->loop_count; i++) {
        server->loops[i].stop.run = on_stop_message;
        server->loops[i].drained.run = on_drained_message;
        if (!loop_start(server->loops[i].loop, err)) {
            while (--i > 0) {
                loop_stop(server->loops[i].loop);
                loop_join(server->loops[i].loop);
            }
            return false;
        }
    }
    server->loops[0].stop.run = on_stop_message;
    server->loops[0].drained.run = on_drained_message;
    return true;
}

bool server_run(struct server *server, void (*ready)(void *context), void *context,
                struct error *err)
{
    struct announcement announcement = {
        .log = server_log(server),
        .settings = server->settings,
        .model = server->api.model,
        .data_dir = slice_of(server->paths.folder),
        .profile = server->api.profile,
        .urls = server->urls,
        .listeners = server->bound,
        .seeded = server->seeded,
        .connections = server->http_limits.connections,
    };

    announcement.indexes = store_index_changes(server->store);
    announce_start(&announcement);
    if (!http_acceptor_start(server->acceptor, err) || !start_loops(server, err))
        return false;
    announce_ready(&announcement);
    service_manager_ready();
    if (ready)
        ready(context);
    loop_run(server->loops[0].loop);
    for (size_t i = 1; i < server->loop_count; i++)
        loop_join(server->loops[i].loop);

    log_begin(server_log(server), LOG_INFO, "stopped");
    log_end(server_log(server));
    log_flush(server_log(server));
    return true;
}

/* Handles are closed by their owners, then the loop lets the closing callbacks run. */
static void close_loops(struct server *server)
{
    close_signals(server);
    http_acceptor_destroy(server->acceptor);
    for (size_t i = 0; i < server->loop_count; i++) {
        if (server->loops[i].loop)
            loop_settle(server->loops[i].loop);
        http_engine_destroy(server->loops[i].engine);
        if (server->loops[i].loop)
            loop_settle(server->loops[i].loop);
        api_loop_destroy(server->loops[i].api_loop);
        server->loops[i].api_loop = NULL;
        loop_destroy(server->loops[i].loop);
        log_destroy(server->loops[i].log);
    }
}

void server_destroy(struct server *server)
{
    if (!server)
        return;
    server_join_keys(server);
    control_sweep_stop(server->sweep);
    dispatch_stop(server->dispatch);
    close_loops(server);
    control_sweep_destroy(server->sweep);
    dispatch_destroy(server->dispatch); /* what came home until now may have pushed again */
    tls_context_destroy(server->tls);
    issuer_close(server->issuer);
    store_close(server->store);
    if (server->lock_fd >= 0)
        close(server->lock_fd);
    if (server->keys_fd >= 0)
        close(server->keys_fd);
    testbeds_destroy(server->testbeds);
    repeatable_destroy(server->repeatable);
    clock_destroy(server->clock);
    free((void *)(uintptr_t)server->seed.ptr);
    arena_destroy(server->keys_arena);
    arena_destroy(server->arena);
    free(server);
}

struct setting_list server_urls(const struct server *server)
{
    return server->urls;
}

const struct issuer *server_issuer(const struct server *server)
{
    return server->issuer;
}

struct slice server_ca_pem(const struct server *server)
{
    return server->identity.certificate.ca_pem;
}
