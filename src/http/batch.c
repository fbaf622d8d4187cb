/* http/batch.c - runs the parts of a batch, and answers when the last of them is answered.
 *
 * All happens on the loop of the batch's request. Whatever a part waits for is started in the order
 * of the parts as soon as it may be:
 *
 *     WAITING --- all that it depends on went well ---> RUNNING --- its exchange is done ---> DONE
 *        |                                                                                     ^
 *        +--- one of them failed: 424 ---------------------------------------------------------+
 *
 * so parts that depend on nothing run side by side, and their writes come to share a commit like
 * those of different clients. The answers stand in the order of the requests, whichever was ready
 * first: Graph promises no order, and one that is always the same is easier to test against. There
 * is no transaction: what succeeded stays.
 *
 * Reads that go to a reader thread take turns, one of a batch at a time: twenty of them are not to
 * push aside what other clients ask. Those that run on the loop itself, pages for one, hold up
 * everybody there: so after some milliseconds the batch lets the others have theirs (rest()).
 *
 * A part's answer stays in the part's arena until the end: see batch_answers.c.
 *
 * Whether the client is still there does not matter: the parts run to their end, and the
 * connection's own rules for an exchange that comes home late do the rest.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/batch.h"

#include "base/arena.h"
#include "http/batch_run.h"
#include "http/graph.h"

#define AT_ONCE_NS UINT64_C(3000000)

static void go_on(struct batch_run *run);

static struct part *part_of(struct call *call)
{
    return CONTAINER_OF(call->exchange, struct part, exchange);
}

/* --- reads in turn --------------------------------------------------------------------------- */

static bool send_read(struct part *part)
{
    struct dispatch *dispatch = part->call->loop->api->dispatch;

    if (!dispatch_read(dispatch, &part->call->job))
        return false;
    part->run->reading = part;
    return true;
}

bool batch_read_in_turn(struct call *call)
{
    struct part *part = part_of(call);
    struct batch_run *run = part->run;

    if (!run->reading)
        return send_read(part);
    part->next_read = NULL;
    *run->last_read = part;
    run->last_read = &part->next_read;
    return true;
}

void batch_read_is_home(struct call *call)
{
    struct batch_run *run = part_of(call)->run;

    if (run->reading != part_of(call))
        return; /* a write */
    run->reading = NULL;
    while (!run->reading && run->first_read) {
        struct part *part = run->first_read;
        run->first_read = part->next_read;
        if (!run->first_read)
            run->last_read = &run->first_read;
        if (!send_read(part))
            graph_fail(part->call, ERROR_BUSY, "The server is busy. Try again later.");
    }
}

/* --- parts ----------------------------------------------------------------------------------- */

static void part_is_done(struct part *part)
{
    struct batch_run *run = part->run;

    part->progress = DONE;
    run->left--;
    if (!run->starting)
        go_on(run);
}

static void exchange_done(struct http_exchange *exchange)
{
    part_is_done(CONTAINER_OF(exchange, struct part, exchange));
}

static void start_without_memory(struct part *part)
{
    part->exchange.response.status = http_status_of(ERROR_BUSY);
    part_is_done(part);
}

/* The call of a part; NULL: no memory for it. */
static struct call *begin_call(struct part *part)
{
    struct call *batch = part->run->call, *call;

    call = part->exchange.arena ? call_begin(batch->loop, &part->exchange) : NULL;
    if (!call)
        return NULL;
    part->call = call;
    call->who = batch->who;
    call->origin = batch->origin; /* what a proxy says of it stands in the batch's fields */
    call->issuer = batch->issuer;
    call->own_origin = batch->own_origin;
    if (!http_request_has(&part->exchange.request, SLICE("client-request-id"), NULL))
        call->client_request_id = batch->client_request_id;
    return call;
}

static void fail_dependency(struct part *part)
{
    struct call *call = begin_call(part);

    if (call)
        call_finish_message(call, 424, SLICE("FailedDependency"),
                            SLICE("The request was not executed because a request that it depends "
                                  "on has failed."));
    else
        start_without_memory(part);
}

static void start(struct part *part)
{
    struct call *batch = part->run->call, *call;
    enum batch_place place = BATCH_PLACE_RELATIVE;
    struct error error = { 0 };
    bool ok;

    part->exchange.arena = arena_create_beside(batch->arena);
    if (part->exchange.arena)
        ok = batch_part_request(batch, part->asked, &part->exchange, &place, &error);
    else
        ok = error_no_memory(&error);
    call = begin_call(part);
    if (!call)
        start_without_memory(part);
    else if (!ok)
        call_finish_error(call, &error);
    else if (place == BATCH_PLACE_RELATIVE ||
             graph_goes_beyond(call, BEYOND_BATCH_ABSOLUTE_URL) != BEYOND_REFUSED)
        graph_handle(call);
}

static void on_rested(struct loop_message *message)
{
    struct batch_run *run = CONTAINER_OF(message, struct batch_run, again);

    run->resting = false;
    run->call->loop->batches_resting--;
    go_on(run);
}

/* Goes on behind what else has come to the loop. Some part is WAITING, so the run cannot end
 * before. */
static void rest(struct batch_run *run)
{
    struct api_loop *loop = run->call->loop;

    run->resting = true;
    loop->batches_resting++;
    run->again.run = on_rested;
    loop_post(loop->loop, &run->again);
}

static bool has_failed(const struct part *part)
{
    const struct http_response *response = &part->exchange.response;

    return response->status >= 400 || response->fate != HTTP_FATE_SENT;
}

/* WAITING: not yet. RUNNING: it may. DONE: never, one of them failed. */
static enum progress dependencies_of(const struct part *part)
{
    const struct batch_run *run = part->run;
    enum progress progress = RUNNING;

    for (size_t i = 0; i < run->batch.count; i++) {
        if (!(part->asked->depends_on >> i & 1))
            continue;
        if (run->parts[i].progress != DONE)
            progress = WAITING;
        else if (has_failed(&run->parts[i]))
            return DONE;
    }
    return progress;
}

/* A server that repeats itself runs the parts one after another: ids and dates come in an order. */
static bool must_wait(const struct batch_run *run)
{
    if (!run->call->loop->api->repeatable)
        return false;
    for (size_t i = 0; i < run->batch.count; i++) {
        if (run->parts[i].progress == RUNNING)
            return true;
    }
    return false;
}

/* Starts what may be started. A part stands behind all it depends on, so one walk over them finds
 * also those whose turn comes by it. */
static void start_parts(struct batch_run *run)
{
    uint64_t until_ns = uv_hrtime() + AT_ONCE_NS;

    for (size_t i = 0; i < run->batch.count; i++) {
        struct part *part = &run->parts[i];
        enum progress may = part->progress == WAITING ? dependencies_of(part) : WAITING;

        if (may == WAITING)
            continue;
        if (must_wait(run))
            return;
        if (uv_hrtime() > until_ns && !run->call->loop->delays.ended) {
            rest(run);
            return;
        }
        part->progress = RUNNING;
        if (may == RUNNING) {
            start(part);
        } else {
            part->exchange.arena = arena_create_beside(run->call->arena);
            fail_dependency(part);
        }
    }
}

static void go_on(struct batch_run *run)
{
    run->starting = true;
    if (!run->resting)
        start_parts(run);
    run->starting = false;
    if (run->left == 0)
        batch_answer(run);
}

/* --- the batch ------------------------------------------------------------------------------- */

static bool read_batch(struct call *call, struct batch *ret, struct error *err)
{
    struct batch_rules rules = { .parts_max = call->loop->api->batch_parts,
                                 .fields_max = HTTP_FIELDS_MAX - 1,
                                 .json_depth = call->loop->api->json_depth,
                                 .takes_bytes = true };
    struct slice body = call->exchange->request.body;

    if (!batch_read(body, &rules, call->arena, ret, err))
        return false;
    if (ret->took_bytes && graph_goes_beyond(call, BEYOND_BATCH_BYTES) != BEYOND_GOES) {
        rules.takes_bytes = false;
        if (!batch_read(body, &rules, call->arena, ret, err))
            return false;
    }
    for (size_t i = 0; i < ret->count; i++) {
        if (!batch_part_check_fields(&ret->parts[i], err))
            return false;
    }
    return true;
}

static struct batch_run *make_run(struct call *call, struct error *err)
{
    struct batch_run *run = arena_new(call->arena, struct batch_run);

    if (!run) {
        error_no_memory(err);
        return NULL;
    }
    if (!read_batch(call, &run->batch, err))
        return NULL;
    run->call = call;
    run->last_read = &run->first_read;
    run->left = run->batch.count;
    run->parts = arena_new_array(call->arena, run->batch.count, struct part);
    struct batch_field *fields = arena_new_array(
        call->arena, run->batch.count * HTTP_RESPONSE_FIELDS_MAX, struct batch_field);
    if (!run->parts || !fields || !batch_keep_memory(run)) {
        error_no_memory(err);
        return NULL;
    }
    for (size_t i = 0; i < run->batch.count; i++) {
        run->parts[i].exchange.done = exchange_done;
        run->parts[i].exchange.part = true;
        run->parts[i].run = run;
        run->parts[i].asked = &run->batch.parts[i];
        run->parts[i].fields = fields + i * HTTP_RESPONSE_FIELDS_MAX;
    }
    return run;
}

void graph_start_batch(struct call *call)
{
    struct batch_run *run;
    struct error error = { 0 };

    if (call->exchange->part) {
        graph_fail(call, ERROR_BAD_REQUEST, "A batch cannot be a request of a batch.");
        return;
    }
    if (!graph_check_body(call) || !graph_read_options(call, false))
        return;
    run = make_run(call, &error);
    if (run)
        go_on(run);
    else
        call_finish_error(call, &error);
}
