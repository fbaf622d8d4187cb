/* http/engine.c - what the connections of one loop have in common, and how they end together.
 *
 * Stopping: idle connections are closed, a request that has begun is still answered (with
 * "Connection: close"), and when the last handle is gone and the last exchange has come home the
 * engine closes its own timers and says so. At the deadline sockets are cut. An exchange that is
 * lent out then still belongs to whoever has it: the engine waits for sockets at most that long,
 * but not for exchanges, and one that comes home after http_engine_destroy() finds the memory it
 * needs, because the engine is freed by the last of them.
 */
#include "http/engine.h"

#include <assert.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "http/connection.h"
#include "loop/loop.h"

#define ARENA_BLOCK ((size_t)16 * 1024)
#define ARENAS_KEPT 64 /* a megabyte a loop */
#define LINGER_MS   2000

enum phase { RUNNING, STOPPING, CUT, CLOSING, CLOSED };

struct http_engine {
    struct connection_home home;
    uv_timer_t stop_timer;
    enum phase phase;
    unsigned handles; /* of our own that are open */
    bool abandoned;   /* destroyed but for exchanges that are out */
    void (*drained)(void *context);
    void *drained_context;
};

static struct http_engine *engine_of(struct connection_home *home)
{
    return CONTAINER_OF(home, struct http_engine, home);
}

static void on_left(struct connection_home *home);

static void init_deadlines(struct http_engine *engine)
{
    const struct http_limits *limits = engine->home.limits;
    const uint64_t after_ms[DEADLINE_KINDS] = {
        [DEADLINE_HEAD] = limits->head_ms,
        [DEADLINE_BODY] = limits->body_grace_ms,
        [DEADLINE_REPLY] = limits->reply_ms,
        [DEADLINE_IDLE] = limits->idle_ms,
        [DEADLINE_LINGER] = LINGER_MS,
        [DEADLINE_STREAM_BODY] = limits->body_grace_ms,
        [DEADLINE_STREAM_REPLY] = limits->reply_ms,
        [DEADLINE_STREAM_LINGER] = LINGER_MS,
    };

    deadlines_init(&engine->home.deadlines, engine->home.uv, after_ms, connection_expired);
    uv_timer_init(engine->home.uv, &engine->stop_timer);
    engine->stop_timer.data = engine;
    engine->handles = 2;
}

bool http_engine_create(struct loop *loop, const struct http_limits *limits,
                        const struct http_handler *handler, struct log *log,
                        struct http_engine **ret, struct error *err)
{
    struct http_engine *engine = calloc(1, sizeof *engine);
    struct arena_pool *arenas = arena_pool_create(ARENA_BLOCK, ARENAS_KEPT);

    if (!engine || !arenas) {
        free(engine);
        arena_pool_destroy(arenas);
        return error_no_memory(err);
    }
    assert(limits->fields <= HTTP_FIELDS_MAX);
    arena_pool_charge_to(arenas, limits->memory);
    engine->home = (struct connection_home){
        .loop = loop,
        .uv = loop_uv(loop),
        .limits = limits,
        .handler = handler,
        .log = log,
        .arenas = arenas,
        .left = on_left,
    };
    init_deadlines(engine);
    *ret = engine;
    return true;
}

static void engine_free(struct http_engine *engine)
{
    arena_pool_destroy(engine->home.arenas);
    free(engine);
}

/* --- stopping -------------------------------------------------------------------------------- */

static void own_handle_closed(struct http_engine *engine)
{
    if (--engine->handles > 0)
        return;
    engine->phase = CLOSED;
    if (engine->drained)
        engine->drained(engine->drained_context);
}

static void on_stop_timer_closed(uv_handle_t *handle)
{
    own_handle_closed(handle->data);
}

static void on_deadlines_closed(uv_handle_t *handle)
{
    struct deadlines *deadlines = handle->data;

    own_handle_closed(CONTAINER_OF(deadlines, struct http_engine, home.deadlines));
}

static void close_own_handles(struct http_engine *engine)
{
    engine->phase = CLOSING;
    uv_close((uv_handle_t *)&engine->home.deadlines.timer, on_deadlines_closed);
    uv_close((uv_handle_t *)&engine->stop_timer, on_stop_timer_closed);
}

/* Goes on with stopping when nothing is left to wait for. */
static void close_if_empty(struct http_engine *engine)
{
    bool sockets_gone = http_engine_connection_count(engine) == 0;

    if ((engine->phase == STOPPING && connection_home_is_empty(&engine->home)) ||
        (engine->phase == CUT && sockets_gone))
        close_own_handles(engine);
}

static void on_left(struct connection_home *home)
{
    struct http_engine *engine = engine_of(home);

    if (!engine->abandoned)
        close_if_empty(engine);
    else if (connection_home_is_empty(home))
        engine_free(engine);
}

static void cut_all(struct http_engine *engine)
{
    for (struct connection *at = engine->home.first, *next; at; at = next) {
        next = connection_next(at);
        connection_cut(at);
    }
}

static void on_stop_timer(uv_timer_t *timer)
{
    struct http_engine *engine = timer->data;

    if (engine->phase != STOPPING)
        return;
    engine->phase = CUT;
    cut_all(engine);
    close_if_empty(engine);
}

void http_engine_stop(struct http_engine *engine, uint64_t deadline_ms,
                      void (*drained)(void *context), void *context)
{
    uint64_t now_ms = clock_monotonic_ms();

    assert(engine->phase == RUNNING);
    engine->phase = STOPPING;
    engine->home.stopping = true;
    engine->drained = drained;
    engine->drained_context = context;
    for (struct connection *at = engine->home.first, *next; at; at = next) {
        next = connection_next(at);
        connection_wind_down(at);
    }
    uv_update_time(engine->home.uv);
    uv_timer_start(&engine->stop_timer, on_stop_timer,
                   deadline_ms > now_ms ? deadline_ms - now_ms : 0, 0);
    close_if_empty(engine);
}

void http_engine_destroy(struct http_engine *engine)
{
    if (!engine)
        return;
    if (engine->phase != CLOSED) { /* never stopped, or its loop ended before it had drained */
        engine->home.stopping = true;
        engine->drained = NULL;
        cut_all(engine);
        if (engine->phase != CLOSING)
            close_own_handles(engine);
        while (engine->phase != CLOSED)
            loop_settle(engine->home.loop);
    }
    if (connection_home_is_empty(&engine->home))
        engine_free(engine);
    else
        engine->abandoned = true;
}

/* --- the rest -------------------------------------------------------------------------------- */

size_t http_engine_connection_count(const struct http_engine *engine)
{
    return atomic_load_explicit(&engine->home.count, memory_order_relaxed);
}

struct connection_home *http_engine_home(struct http_engine *engine)
{
    return &engine->home;
}
