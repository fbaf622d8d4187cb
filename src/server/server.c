/* server/server.c - builds the server in order, runs it, takes it down in reverse.
 *
 * Order, and why:
 *   lock       before anything is touched: a second server on the folder must not get further
 *   keys       the issuer's and the certificate's, read by a thread of their own, since to parse
 *              them takes as long as all the rest; a key that is missing is made by yet another
 *   store      opened, provisioned and seeded
 *   dispatch   the writer's and the readers' threads
 *   loops      each with its log, its handlers and its engine; none runs yet
 *   listeners  bound last, since from then on the kernel takes connections; only now are the ports
 *              known, and with them the origins that tokens may name
 * All that can fail has then happened, and server_run() starts the loops, the first one on its own
 * thread.
 *
 * The end is a conversation: a signal arrives on the first loop, which stops accepting and tells
 * every loop; each lets its connections finish and reports back; when the last one has, the
 * dispatch runs what is queued for connections that died, and the loops end. Only then is memory
 * given back, so no callback meets something that is gone.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "server/server.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <uv.h>

#include "auth/issuer.h"
#include "auth/jwt.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "http/api.h"
#include "http/engine.h"
#include "loop/loop.h"
#include "model/graph_model.h"
#include "server/announce.h"
#include "server/data.h"
#include "server/origins.h"
#include "server/service_manager.h"
#include "server/tls_identity.h"
#include "service/authorisation.h"
#include "service/dispatch.h"
#include "service/provision.h"
#include "store/registry.h"
#include "store/store.h"

#define SERVER_ARENA_BYTES ((size_t)16 << 20)
#define LISTENERS_MAX      128
#define OTHER_FILES        64 /* descriptors that are no connections: the store's, loops', logs' */
#define MS_PER_S           1000
#define SIGNAL_ECHO_MS     1000

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
    struct arena_ledger memory; /* of all requests */

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

/* --- limits of the process ------------------------------------------------------------------- */

/* As many files as the system allows, since each connection is one. */
static uint64_t raise_file_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return UINT64_MAX;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0 && getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return UINT64_MAX;
    return limit.rlim_cur == RLIM_INFINITY ? UINT64_MAX : limit.rlim_cur;
}

static void set_http_limits(struct server *server)
{
    const struct settings *settings = server->settings;
    uint64_t files = raise_file_limit();
    uint64_t connections = settings->limits.connections;

    if (files < UINT64_MAX && connections + OTHER_FILES > files)
        connections = files > 2 * OTHER_FILES ? files - OTHER_FILES : OTHER_FILES;
    arena_ledger_init(&server->memory, (size_t)settings->limits.memory_bytes);
    server->http_limits = (struct http_limits){
        .head_bytes = settings->limits.head_bytes,
        .fields = settings->limits.fields,
        .body_bytes = settings->limits.body_bytes,
        .request_arena_bytes = settings->limits.request_bytes,
        .memory = &server->memory,
        .head_ms = settings->limits.head_s * MS_PER_S,
        .body_grace_ms = settings->limits.body_grace_s * MS_PER_S,
        .body_bytes_per_s = settings->limits.body_bytes_per_s,
        .reply_ms = settings->limits.reply_s * MS_PER_S,
        .idle_ms = settings->limits.idle_s * MS_PER_S,
        .connections = connections,
        .connections_per_address = settings->limits.connections_per_address,
    };
}

/* --- data ------------------------------------------------------------------------------------ */

/* The store reports a folder in use as one of configuration, but nothing has to be configured. */
static bool lock_data(struct server *server, struct error *err)
{
    struct error why = { 0 };

    if (!server->paths.folder)
        return true;
    if (store_lock(server->paths.folder, &server->lock_fd, &why))
        return true;
    if (why.code == ERROR_CONFIGURATION)
        why.code = ERROR_CONFLICT;
    *err = why;
    return false;
}

static bool read_seal_key(void *context, struct store_session *session, struct error *err)
{
    struct server *server = context;
    _Static_assert(API_SEAL_KEY_BYTES == REGISTRY_SEAL_BYTES, "the same key");

    return registry_seal_key(session, server->api.seal_key, err);
}

static bool seed_data(struct server *server, struct error *err)
{
    const struct settings *settings = server->settings;

    return settings->seed.len == 0 ||
           data_seed(server->store, &graph_model, settings->seed, service_default_tenant(),
                     clock_now_ticks(server->clock), true, &server->seeded, err);
}

static bool open_folders(struct server *server, struct error *err)
{
    if (!data_paths_find(server->settings, server->arena, &server->paths, err) ||
        !data_make_folders(&server->paths, err) || !lock_data(server, err))
        return false;
    data_hold_keys(&server->paths, &server->keys_fd);
    return true;
}

static bool open_store(struct server *server, struct error *err)
{
    return data_open(&server->paths, &graph_model, clock_now_ticks(server->clock), &server->store,
                     err) &&
           data_read(server->store, read_seal_key, server, err) && seed_data(server, err);
}

/* --- who may ask ----------------------------------------------------------------------------- */

static bool ask_default_client(void *context, struct store_session *session, struct error *err)
{
    struct server *server = context;
    bool works;

    if (!service_default_client_works(session, server->arena, &works, err))
        return false;
    if (!works)
        return true;
    return error_set(err, ERROR_CONFIGURATION, SLICE("allow-default-client"),
                     "a listener or a public URL can be reached from other machines and the "
                     "client " SERVICE_DEFAULT_CLIENT
                     " has the secret that everyone can read in the "
                     "manual; remove it (connectord client remove), change its secret "
                     "(connectord client add --app " SERVICE_DEFAULT_CLIENT "), set "
                     "builtin-issuer=off, or allow-default-client if that is meant");
}

static bool check_default_client(struct server *server, struct error *err)
{
    const struct settings *settings = server->settings;

    return !settings->exposed || !settings->issuer_on ||
           settings->allow_default_client == SETTING_ON ||
           data_read(server->store, ask_default_client, server, err);
}

static bool open_issuer(struct server *server, struct error *err)
{
    return !server->settings->issuer_on || issuer_open(server->paths.keys, &server->issuer, err);
}

static bool open_tls(struct server *server, struct error *err)
{
    if (server->settings->listen_tls.count == 0)
        return true;
    return tls_identity_load(server->settings, server->paths.keys, server->keys_arena,
                             &server->identity, err) &&
           tls_identity_context(server->settings, &server->identity, &server->tls, err);
}

static void *open_keys(void *context)
{
    struct server *server = context;

    server->keys_open =
        open_issuer(server, &server->keys_error) && open_tls(server, &server->keys_error);
    return NULL;
}

static bool begin_keys(struct server *server, struct error *err)
{
    int status = pthread_create(&server->keys_thread, NULL, open_keys, server);

    server->keys_thread_runs = status == 0;
    return status == 0 ||
           error_set(err, ERROR_IO, SLICE_EMPTY, "cannot start a thread: %s", strerror(status));
}

static void join_keys(struct server *server)
{
    if (server->keys_thread_runs)
        pthread_join(server->keys_thread, NULL);
    server->keys_thread_runs = false;
}

static bool await_keys(struct server *server, struct error *err)
{
    join_keys(server);
    if (!server->keys_open)
        *err = server->keys_error;
    return server->keys_open;
}

/* --- what answers ---------------------------------------------------------------------------- */

static bool open_dispatch(struct server *server, struct error *err)
{
    const struct settings *settings = server->settings;
    const struct dispatch_limits limits = {
        .queue = settings->limits.write_queue,
        .group = settings->limits.write_group,
        .readers = (unsigned)settings->reader_threads,
        .read_deadline_ms = settings->limits.read_s * MS_PER_S,
    };

    return dispatch_create(server->store, &limits, &server->dispatch, err);
}

static enum api_anonymous anonymous_of(const struct settings *settings)
{
    switch (settings->no_auth) {
    case SETTING_OFF:
        return API_ANONYMOUS_OFF;
    case SETTING_ON:
        return API_ANONYMOUS_OWN_ORIGIN;
    default:
        return API_ANONYMOUS_ANY;
    }
}

static enum api_hsts hsts_of(const struct settings *settings)
{
    switch (settings->hsts) {
    case SETTING_ON:
        return API_HSTS_ON;
    case SETTING_OFF:
        return API_HSTS_OFF;
    default:
        return API_HSTS_AUTO;
    }
}

static struct slice value_of(const struct settings *settings, struct slice name)
{
    struct setting_list values = settings_values(settings, setting_find(name));

    return values.count ? values.items[0] : SLICE_EMPTY;
}

static struct principal anonymous_caller(const struct server *server)
{
    return (struct principal){
        .tenant = service_default_tenant(),
        .subject = SLICE("anonymous"),
        .app_name = SLICE("anonymous"),
        .permissions = server->authorisation.read_write,
        .builtin = true,
        .expires_unix_s = INT64_MAX,
    };
}

static bool prepare_api(struct server *server, struct error *err)
{
    const struct settings *settings = server->settings;
    struct api *api = &server->api;

    if (!authorisation_init(&server->authorisation, &graph_model, err))
        return false;
    server->rules = (struct token_rules){
        .builtin = server->issuer,
        .audiences = jwt_graph_audiences,
        .audience_count = jwt_graph_audience_count,
        .permissions = &server->authorisation.permissions,
        .token_bytes_max = settings->limits.token_bytes,
    };
    api->model = &graph_model;
    api->profile = profile_find(value_of(settings, SLICE("profile")));
    api->authorisation = &server->authorisation;
    api->rules = &server->rules;
    api->clock = server->clock;
    api->store = server->store;
    api->dispatch = server->dispatch;
    api->ca_pem = server->identity.certificate.ca_pem;
    api->allow_anonymous = anonymous_of(settings);
    api->anonymous = anonymous_caller(server);
    api->strict = settings->strict == SETTING_ON;
    api->hsts = hsts_of(settings);
    api->token_lifetime_s = (int64_t)settings->token_lifetime_s;
    api->json_depth = (unsigned)settings->limits.json_depth;
    api->reply_bytes_max = settings->limits.reply_bytes;
    api->page_bytes = settings->limits.page_bytes;
    api->entity_bytes = settings->limits.entity_bytes;
    api->principal_cache_entries = settings->limits.token_cache;
    return true;
}

/* --- loops ----------------------------------------------------------------------------------- */

static void before_sleep(void *context)
{
    struct server_loop *server_loop = context;

    if (server_loop->api_loop)
        api_loop_before_sleep(server_loop->api_loop);
    log_flush(server_loop->log);
}

static bool open_loop(struct server *server, unsigned index, struct error *err)
{
    struct server_loop *server_loop = &server->loops[index];
    const struct loop_hooks hooks = { .context = server_loop, .before_sleep = before_sleep };

    server_loop->server = server;
    server->loop_count++;
    server_loop->log =
        log_create(STDERR_FILENO, server->clock, (enum log_level)server->settings->log_level);
    if (!server_loop->log)
        return error_no_memory(err);
    if (!loop_create(index, &hooks, &server_loop->loop, err) ||
        !api_loop_create(&server->api, server_loop->loop, server_loop->log, &server_loop->api_loop,
                         err))
        return false;
    server_loop->handler = api_loop_handler(server_loop->api_loop);
    return http_engine_create(server_loop->loop, &server->http_limits, &server_loop->handler,
                              server_loop->log, &server_loop->engine, err);
}

static bool open_loops(struct server *server, struct error *err)
{
    size_t count = (size_t)server->settings->threads;

    server->loops = arena_new_array(server->arena, count, struct server_loop);
    if (!server->loops)
        return error_no_memory(err);
    for (unsigned i = 0; i < count; i++) {
        if (!open_loop(server, i, err))
            return false;
    }
    return true;
}

static struct log *main_log(struct server *server)
{
    return server->loops[0].log;
}

/* --- listeners ------------------------------------------------------------------------------- */

static bool listen_on(struct server *server, struct setting_list addresses, struct tls_context *tls,
                      struct error *err)
{
    for (size_t i = 0; i < addresses.count; i++) {
        struct origin_listener listener = { .host_port = addresses.items[i], .secure = tls };

        if (server->listener_count == LISTENERS_MAX)
            return error_set(err, ERROR_CONFIGURATION, SLICE("listen"),
                             "listen: expected at most %d addresses", LISTENERS_MAX);
        if (!http_acceptor_listen(server->acceptor, listener.host_port, tls, &listener.port, err))
            return false;
        server->listeners[server->listener_count++] = listener;
    }
    return true;
}

static bool open_listeners(struct server *server, struct error *err)
{
    struct http_engine *engines[64];

    for (size_t i = 0; i < server->loop_count; i++)
        engines[i] = server->loops[i].engine;
    return http_acceptor_create(engines, server->loop_count, &server->http_limits,
                                &server->acceptor, err) &&
           listen_on(server, server->settings->listen, NULL, err) &&
           listen_on(server, server->settings->listen_tls, server->tls, err);
}

/* Also what the ready event says. */
static bool name_origins(struct server *server, struct error *err)
{
    struct setting_list origins;

    server->urls.items = arena_new_array(server->arena, server->listener_count, struct slice);
    server->bound.items = arena_new_array(server->arena, server->listener_count, struct slice);
    if (!server->urls.items || !server->bound.items)
        return error_no_memory(err);
    for (size_t i = 0; i < server->listener_count; i++) {
        const struct origin_listener *listener = &server->listeners[i];

        if (!origin_of_listener(listener, server->arena, &server->urls.items[server->urls.count++],
                                err) ||
            !origin_as_bound(listener, server->arena, &server->bound.items[server->bound.count++],
                             err))
            return false;
    }
    if (!origins_build(server->listeners, server->listener_count, server->identity.names,
                       server->settings->public_urls, server->arena, &origins, err))
        return false;
    server->rules.origins = origins.items;
    server->rules.origin_count = origins.count;
    return true;
}

/* Every session is open: the files of a store in memory need no names any more. */
static bool seal_store(struct server *server, struct error *err UNUSED)
{
    store_seal(server->store);
    return true;
}

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
    log_begin(main_log(server), LOG_INFO, "stopping");
    log_int(main_log(server), "signal", signal_number);
    log_end(main_log(server));
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
        log_begin(main_log(server), LOG_WARNING, "cut_short");
        log_int(main_log(server), "signal", signal_number);
        log_end(main_log(server));
        log_flush(main_log(server));
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

static bool open_all(struct server *server, struct error *err)
{
    static bool (*const steps[])(struct server *, struct error *) = {
        open_folders, begin_keys, open_store, check_default_client, open_dispatch, await_keys,
        prepare_api,  open_loops, seal_store, open_listeners,       name_origins,  watch_signals,
    };

    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        if (!steps[i](server, err))
            return false;
    }
    return true;
}

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
    set_http_limits(server);
    if (!open_all(server, err))
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
    const struct announcement announcement = {
        .log = main_log(server),
        .settings = server->settings,
        .model = server->api.model,
        .data_dir = slice_of(server->paths.folder),
        .profile = server->api.profile->name,
        .urls = server->urls,
        .listeners = server->bound,
        .seeded = server->seeded,
        .connections = server->http_limits.connections,
    };

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

    log_begin(main_log(server), LOG_INFO, "stopped");
    log_end(main_log(server));
    log_flush(main_log(server));
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
    join_keys(server);
    dispatch_stop(server->dispatch);
    close_loops(server);
    dispatch_destroy(server->dispatch); /* what came home until now may have pushed again */
    tls_context_destroy(server->tls);
    issuer_close(server->issuer);
    store_close(server->store);
    if (server->lock_fd >= 0)
        close(server->lock_fd);
    if (server->keys_fd >= 0)
        close(server->keys_fd);
    clock_destroy(server->clock);
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
