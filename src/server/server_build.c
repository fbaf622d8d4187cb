/* server/server_build.c - puts a server together, in order.
 *
 *   lock       before anything is touched: a second server on the folder must not get further
 *   keys       the issuer's and the certificate's, read by a thread of their own, since to parse
 *              them takes as long as all the rest; a key that is missing is made by yet another
 *   store      opened, provisioned and seeded
 *   dispatch   the writer's and the readers' threads
 *   loops      each with its log, its handlers and its engine; none runs yet
 *   listeners  bound last, since from then on the kernel takes connections; only now are the ports
 *              known, and with them the origins that tokens may name
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "server/server_parts.h"

#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include "auth/issuer.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/repeatable.h"
#include "http/control_sweep.h"
#include "model/graph_model.h"
#include "service/dispatch.h"
#include "service/provision.h"
#include "store/registry.h"
#include "store/store.h"

#define OTHER_FILES 64 /* descriptors that are no connections: the store's, loops', logs' */

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
        .streams = settings->http2 ? settings->limits.streams : 0,
        .connections = connections,
        .connections_per_address = settings->limits.connections_per_address,
    };
}

/* The settings were checked: each is a network. */
static bool set_proxies(struct server *server, struct error *err)
{
    const struct setting_list *texts = &server->settings->trusted_proxies;
    struct network *networks;

    if (texts->count == 0)
        return true;
    networks = arena_new_array(server->arena, texts->count, struct network);
    if (!networks)
        return error_no_memory(err);
    for (size_t i = 0; i < texts->count; i++) {
        if (network_parse(texts->items[i], &networks[server->proxies.count]))
            server->proxies.count++;
    }
    server->proxies.items = networks;
    server->http_limits.proxies = server->api.trusted_proxies = &server->proxies;
    return true;
}

/* --- what repeats ---------------------------------------------------------------------------- */

/* What a deterministic server calls now. */
#define STANDSTILL_TICKS                                                                           \
    (CLOCK_UNIX_EPOCH_TICKS + (int64_t)REPEATABLE_UNIX_MS / MS_PER_S * CLOCK_TICKS_PER_SECOND)

static bool stop_time(struct server *server, struct error *err)
{
    if (server->settings->deterministic.len == 0)
        return true;
    server->repeatable = repeatable_create(server->settings->deterministic);
    if (!server->repeatable)
        return error_no_memory(err);
    clock_freeze_at(server->clock, STANDSTILL_TICKS);
    return true;
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

/* Links to next pages bear a seal: where they are to repeat, the store's own key will not do. */
static bool read_seal_key(void *context, struct store_session *session, struct error *err)
{
    struct server *server = context;
    _Static_assert(API_SEAL_KEY_BYTES == REGISTRY_SEAL_BYTES, "the same key");

    if (server->repeatable) {
        repeatable_bytes(server->repeatable, SLICE("seal"), server->api.seal_key,
                         API_SEAL_KEY_BYTES);
        return true;
    }
    return registry_seal_key(session, server->api.seal_key, err);
}

static bool seed_data(struct server *server, struct error *err)
{
    const struct settings *settings = server->settings;

    if (settings->seed.len && settings->control_reach != CONTROL_OFF &&
        !data_copy_seed(settings->seed, &server->seed, err))
        return false;
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

#define QUERY_TEXT_LEAST (1u << 20)

/* Of a query: an entity's text a few times over, and never less than an order's keys take. */
static size_t text_bytes(const struct settings *settings)
{
    size_t bytes = 4 * (size_t)settings->limits.entity_bytes;

    return bytes > QUERY_TEXT_LEAST ? bytes : QUERY_TEXT_LEAST;
}

static bool open_store(struct server *server, struct error *err)
{
    static const enum store_indexes indexes[] = { [SETTING_OFF] = STORE_INDEXES_OFF,
                                                  [SETTING_ON] = STORE_INDEXES_ON,
                                                  [SETTING_AUTO] = STORE_INDEXES_AUTO };
    const struct settings *settings = server->settings;
    const struct store_options wishes = {
        .repeatable = server->repeatable,
        .indexes = indexes[settings->query_indexes],
        .unindexed_rows = settings->limits.unindexed_rows,
        .text_bytes = text_bytes(settings),
        .exact_strings = settings->string_comparison == SETTING_STRINGS_EXACT,
    };

    return data_open(&server->paths, &graph_model, clock_now_ticks(server->clock), &wishes,
                     &server->store, err) &&
           data_read(server->store, read_seal_key, server, err) && seed_data(server, err);
}

/* --- who may ask ----------------------------------------------------------------------------- */

#define REACHED                                                                                    \
    "other machines can reach this server, and everyone can read the secret of the "               \
    "client " SERVICE_DEFAULT_CLIENT " in the manual; "
#define MEANT "set builtin-issuer=off, or allow-default-client if that is meant"

/* Data in memory are out of the commands' reach. */
static bool refuse_default_client(const char *folder, struct error *err)
{
    const struct slice setting = SLICE("allow-default-client");

    if (!folder)
        return error_set(err, ERROR_CONFIGURATION, setting, "%s", REACHED MEANT);
    return error_set(err, ERROR_CONFIGURATION, setting,
                     REACHED
                     "remove it (connectord client remove " SERVICE_DEFAULT_CLIENT
                     "), change its secret (connectord client add --app " SERVICE_DEFAULT_CLIENT
                     "), both with --data-dir '%.120s', " MEANT,
                     folder);
}

static bool ask_default_client(void *context, struct store_session *session, struct error *err)
{
    struct server *server = context;
    bool works;

    if (!service_default_client_works(session, server->arena, &works, err))
        return false;
    if (!works)
        return true;
    return refuse_default_client(server->paths.folder, err);
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

void server_join_keys(struct server *server)
{
    if (server->keys_thread_runs)
        pthread_join(server->keys_thread, NULL);
    server->keys_thread_runs = false;
}

static bool await_keys(struct server *server, struct error *err)
{
    server_join_keys(server);
    if (!server->keys_open)
        *err = server->keys_error;
    return server->keys_open;
}

/* --- dispatch -------------------------------------------------------------------------------- */

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

/* --- what comes due -------------------------------------------------------------------------- */

/* Sandboxes that end, and connectors that a policy removes: on the first loop. */
static bool open_sweep(struct server *server, struct error *err)
{
    if (!control_sweep_create(&server->api, server->loops[0].loop, server_log(server),
                              &server->sweep, err))
        return false;
    server->api.sweep = server->sweep;
    return true;
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

/* --- all of it ------------------------------------------------------------------------------ */

bool server_open_parts(struct server *server, struct error *err)
{
    static bool (*const steps[])(struct server *, struct error *) = {
        set_proxies, stop_time,          server_open_testbeds, open_folders,
        begin_keys,  open_store,         check_default_client, open_dispatch,
        await_keys,  server_prepare_api, open_loops,           open_sweep,
        seal_store,  open_listeners,     name_origins,
    };

    set_http_limits(server);
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        if (!steps[i](server, err))
            return false;
    }
    return true;
}
