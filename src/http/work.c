/* http/work.c - makes the exchange of a request, and lays out its answer.
 *
 * The struct is 1 KiB, most of it the response's fields, which have a count: clearing them for each
 * request would cost as much as parsing it.
 *
 * While bytes come in nobody knows who sends them. So what they are read to leaves half of the
 * memory there is for all requests to those that are being answered, and a request that gets no
 * more of it can still be refused properly: a little was set aside to tell the handler with.
 */
#include "http/work.h"

#include <assert.h>

#include "base/arena.h"
#include "http/response_write.h"

#define TELLING_BYTES ((size_t)8 * 1024) /* a handler's own beginnings */

struct http_exchange *work_exchange_create(struct arena_pool *arenas,
                                           const struct http_limits *limits, size_t bytes)
{
    size_t budget_bytes = limits->request_arena_bytes + intake_budget_bytes(limits) + TELLING_BYTES;
    struct arena *arena = arena_create(arenas, budget_bytes);
    struct http_exchange *exchange = arena ? arena_alloc(arena, bytes) : NULL;

    if (!exchange || !arena_set_aside(arena, TELLING_BYTES)) {
        arena_destroy(arena);
        return NULL;
    }
    exchange->request = (struct http_request){ 0 };
    exchange->response.status = 0;
    exchange->response.field_count = 0;
    exchange->response.body = SLICE_EMPTY;
    exchange->response.close = false;
    exchange->response.fate = HTTP_FATE_SENT;
    exchange->arena = arena;
    exchange->connection = NULL;
    exchange->done = NULL;
    exchange->handler_state = NULL;
    exchange->part = false;
    return exchange;
}

struct work *work_create(struct arena_pool *arenas, const struct http_limits *limits,
                         struct slice carried)
{
    struct http_exchange *exchange = work_exchange_create(arenas, limits, sizeof(struct work));
    struct work *work = (struct work *)exchange; /* its first member */

    if (!work)
        return NULL;
    if (!intake_init(&work->intake, exchange->arena, limits, carried)) {
        arena_destroy(exchange->arena);
        return NULL;
    }
    arena_set_modest(exchange->arena, true);
    work->body_since_ms = 0;
    work->piece_count = 0;
    work->keep = false;
    work->refused = false;
    return work;
}

void work_exchange_release_memory(struct http_exchange *exchange)
{
    bool less = arena_set_aside(exchange->arena, 0);

    assert(less);
    (void)less;
    arena_set_modest(exchange->arena, false);
}

struct iovec work_busy_answer(void)
{
    static const char text[] = "HTTP/1.1 503 Service Unavailable\r\n"
                               "Retry-After: 1\r\n"
                               "Content-Length: 0\r\n"
                               "Connection: close\r\n\r\n";

    return (struct iovec){ (void *)(uintptr_t)text, sizeof text - 1 };
}

void work_destroy(struct work *work)
{
    if (work)
        arena_destroy(work->exchange.arena); /* the work goes with it */
}

/* What the handler built has used the arena up to the last byte. */
static void lay_out_last_resort(struct work *work)
{
    static const char text[] = "HTTP/1.1 500 Internal Server Error\r\n"
                               "Content-Length: 0\r\n"
                               "Connection: close\r\n\r\n";

    work->keep = false;
    work->pieces[0] = (struct iovec){ (void *)(uintptr_t)text, sizeof text - 1 };
    work->piece_count = 1;
}

void work_lay_out(struct work *work, const char *date_line)
{
    const struct http_request *request = &work->exchange.request;
    const struct response_frame frame = {
        .date_line = date_line,
        .persistence = !work->keep         ? HTTP_PERSISTENCE_CLOSE
                       : request->http_1_0 ? HTTP_PERSISTENCE_KEEP_ALIVE
                                           : HTTP_PERSISTENCE_DEFAULT,
        .no_body_bytes = request->method == HTTP_HEAD,
        .one_piece = request->secure,
    };

    if (!response_write(&work->exchange.response, &frame, work->exchange.arena, work->pieces,
                        &work->piece_count))
        lay_out_last_resort(work);
}
