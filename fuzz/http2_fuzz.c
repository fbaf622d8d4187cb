/* fuzz/http2_fuzz.c - a connection of HTTP/2 as the network sends it: bytes into a session, with a
 * handler that answers some requests at once, some later and some never.
 *
 * The first byte says what the client does beside sending: which exchanges stay out, whether bytes
 * are taken as they come, whether the session is closed under them. The second seeds where the
 * input is cut. Unless its lowest bit is set the preface and a frame of settings are put before the
 * input, so that the fuzzer need not find them. Whatever comes, every stream and every byte of
 * memory is given back.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "http/h2_session.h"

enum { HELD_MAX = 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct bench {
    uv_loop_t loop;
    struct arena_ledger ledger;
    struct http_limits limits;
    struct http_handler handler;
    struct connection_home home;
    struct h2_session *session;
    struct http_exchange *held[HELD_MAX];
    size_t held_count;
    uint8_t ways;
    bool freed;
};

static void require(bool condition)
{
    if (!condition)
        abort();
}

/* What every request that is taken promises to whoever reads it. */
static void check_request(const struct bench *bench, const struct http_request *request)
{
    require(request->method_text.len > 0 && request->authority.len > 0);
    require(request->path.len > 0);
    require(request->path.ptr[0] == '/' || slice_eq(request->path, SLICE("*")));
    require(slice_index(request->path, '?') == request->path.len);
    require(request->field_count <= bench->limits.fields);
    require(request->body.len <= bench->limits.body_bytes);
    for (size_t i = 0; i < request->field_count; i++) {
        struct slice value = request->fields[i].value;
        require(request->fields[i].name.len > 0);
        require(slice_index(value, '\r') == value.len && slice_index(value, '\n') == value.len &&
                slice_index(value, '\0') == value.len);
    }
}

static void handle(void *context, struct http_exchange *exchange)
{
    struct bench *bench = context;
    const struct http_request *request = &exchange->request;

    check_request(bench, request);
    exchange->response.status = request->method == HTTP_DELETE ? 204 : 200;
    exchange->response.body = request->body.len ? request->body : request->path;
    exchange->response.close = request->method == HTTP_PATCH;
    exchange->response.fate = request->method == HTTP_PUT       ? HTTP_FATE_TRUNCATED
                              : request->method == HTTP_OPTIONS ? HTTP_FATE_RESET
                                                                : HTTP_FATE_SENT;
    if ((bench->ways & 1) && bench->held_count < HELD_MAX)
        bench->held[bench->held_count++] = exchange;
    else
        http_exchange_done(exchange);
}

static void refuse(void *context, struct http_exchange *exchange, const struct error *error)
{
    (void)context;
    require(error->code != ERROR_NONE);
    exchange->response.status = 400;
    http_exchange_done(exchange);
}

static void on_wake(void *context)
{
    (void)context;
}

static void on_freed(void *context)
{
    struct bench *bench = context;

    bench->freed = true;
}

static void bench_open(struct bench *bench)
{
    static const uint64_t after_ms[DEADLINE_KINDS] = { 0 };

    require(uv_loop_init(&bench->loop) == 0);
    arena_ledger_init(&bench->ledger, (size_t)1 << 20);
    bench->limits = (struct http_limits){
        .head_bytes = 1024,
        .fields = 16,
        .body_bytes = 20000,
        .request_arena_bytes = 65536,
        .memory = &bench->ledger,
        .streams = 8,
    };
    bench->handler = (struct http_handler){ .context = bench, .handle = handle, .refuse = refuse };
    bench->home = (struct connection_home){
        .uv = &bench->loop,
        .limits = &bench->limits,
        .handler = &bench->handler,
        .arenas = arena_pool_create(16384, 2),
    };
    require(bench->home.arenas);
    arena_pool_charge_to(bench->home.arenas, &bench->ledger);
    deadlines_init(&bench->home.deadlines, &bench->loop, after_ms, h2_session_stream_expired);
    bench->session = h2_session_create(&bench->home, (struct h2_peer){ 0 },
                                       (struct h2_owner){ bench, on_wake, on_freed });
    require(bench->session);
}

static void bench_close(struct bench *bench)
{
    if (bench->session)
        h2_session_close(bench->session);
    for (size_t i = 0; i < bench->held_count; i++)
        http_exchange_done(bench->held[i]);
    require(bench->freed);
    uv_close((uv_handle_t *)&bench->home.deadlines.timer, NULL);
    uv_run(&bench->loop, UV_RUN_DEFAULT);
    require(uv_loop_close(&bench->loop) == 0);
    arena_pool_destroy(bench->home.arenas);
    require(arena_ledger_taken_bytes(&bench->ledger) == 0);
}

/* False: the session has said that nothing goes on. */
static bool feed(struct bench *bench, struct slice bytes)
{
    bool anew;

    if (!h2_session_take(bench->session, bytes))
        return false;
    while (h2_session_work(bench->session))
        ;
    h2_session_deadline(bench->session, &anew);
    for (size_t len = 1; len > 0 && !(bench->ways & 2);) {
        char out[H2_GIVE_LEAST];
        if (!h2_session_give(bench->session, out, sizeof out, &len))
            return false;
        require(len <= sizeof out);
    }
    if ((bench->ways & 4) && bench->held_count > 0)
        http_exchange_done(bench->held[--bench->held_count]);
    return !h2_session_is_over(bench->session);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char opening[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0";
    struct bench bench = { 0 };

    if (size < 2)
        return 0;
    struct slice input = { (const char *)data + 2, size - 2 };
    uint32_t seed = data[1];

    bench.ways = data[0];
    bench_open(&bench);
    bool on = (data[1] & 1) || feed(&bench, (struct slice){ opening, sizeof opening });
    while (on && input.len > 0) {
        seed = seed * 1664525u + 1013904223u;
        size_t piece = data[1] < 2 ? input.len : 1 + (seed >> 16) % 100;
        on = feed(&bench, slice_sub(input, 0, piece));
        input = slice_sub(input, piece, input.len);
    }
    if (bench.ways & 8)
        h2_session_end(bench.session);
    bench_close(&bench);
    return 0;
}
