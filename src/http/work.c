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

struct work *work_create(struct arena_pool *arenas, const struct http_limits *limits,
                         struct slice carried)
{
    size_t budget_bytes = limits->request_arena_bytes + intake_budget_bytes(limits) + TELLING_BYTES;
    struct arena *arena = arena_create(arenas, budget_bytes);
    struct work *work = arena ? arena_alloc(arena, sizeof *work) : NULL;

    if (!work || !arena_set_aside(arena, TELLING_BYTES) ||
        !intake_init(&work->intake, arena, limits, carried)) {
        arena_destroy(arena);
        return NULL;
    }
    arena_set_modest(arena, true);
    work->exchange.request = (struct http_request){ 0 };
    work->exchange.response.status = 0;
    work->exchange.response.field_count = 0;
    work->exchange.response.body = SLICE_EMPTY;
    work->exchange.response.close = false;
    work->exchange.response.fate = HTTP_FATE_SENT;
    work->exchange.arena = arena;
    work->exchange.connection = NULL;
    work->exchange.done = NULL;
    work->exchange.handler_state = NULL;
    work->exchange.part = false;
    work->body_since_ms = 0;
    work->piece_count = 0;
    work->keep = false;
    work->refused = false;
    return work;
}

void work_release_memory(struct work *work)
{
    bool less = arena_set_aside(work->exchange.arena, 0);

    assert(less);
    (void)less;
    arena_set_modest(work->exchange.arena, false);
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
