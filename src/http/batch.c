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
 * A part's answer stays in the part's arena until the end, when the size of the whole is known and
 * its memory is taken at once. What would make it too large (limit-reply-bytes) gives way: a read
 * is told 413, a write, which was executed, keeps its status and loses its body. Memory for so
 * small an answer of every part was set aside before the first was started.
 *
 * Whether the client is still there does not matter: the parts run to their end, and the
 * connection's own rules for an exchange that comes home late do the rest.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/batch.h"

#include <assert.h>

#include "base/arena.h"
#include "base/text.h"
#include "http/graph.h"
#include "odata/batch_write.h"
#include "json/reader.h"

#define SMALL_ANSWER_BYTES ((size_t)2048) /* of a part whose body gave way, beside id and URLs */
#define AT_ONCE_NS         UINT64_C(3000000)

enum progress { WAITING, RUNNING, DONE };

struct part {
    struct http_exchange exchange; /* its arena: NULL when there was no memory for it */
    struct batch_run *run;
    const struct batch_part *asked;
    struct call *call; /* NULL likewise */
    struct part *next_read;
    struct batch_answer answer; /* once all are done */
    struct batch_field *fields;
    enum progress progress;
};

struct batch_run {
    struct call *call; /* of the batch */
    struct batch batch;
    struct part *parts;
    struct part *reading;                 /* its read is out */
    struct part *first_read, **last_read; /* wait for their turn */
    size_t left;                          /* parts that are not DONE */
    bool starting;                        /* further up the stack */
    bool resting;                         /* `again` is in the mailbox: nothing is started */
    struct loop_message again;
};

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

/* --- answers --------------------------------------------------------------------------------- */

/* Nobody could even be told why: the body of an answer that is made of constants. */
#define BUSY_BODY                                                                                  \
    SLICE("{\"error\":{\"code\":\"ServiceUnavailable\","                                           \
          "\"message\":\"The server is busy. Try again later.\"}}")
#define TOO_LARGE_BODY                                                                             \
    SLICE("{\"error\":{\"code\":\"RequestEntityTooLarge\","                                        \
          "\"message\":\"The reply of the batch is larger than this server sends. Send this "      \
          "request by itself, or in a smaller batch.\"}}")

static bool has_failed(const struct part *part)
{
    const struct http_response *response = &part->exchange.response;

    return response->status >= 400 || response->fate != HTTP_FATE_SENT;
}

static bool is_read(const struct part *part)
{
    enum http_method method = part->exchange.request.method;

    return method == HTTP_GET || method == HTTP_HEAD;
}

static const struct batch_field json_field = { SLICE_INIT("Content-Type"),
                                               SLICE_INIT("application/json") };

static void answer_with_constants(struct part *part, int status, struct slice body)
{
    part->answer.status = status;
    part->answer.fields = &json_field;
    part->answer.field_count = 1;
    part->answer.kind = BATCH_BODY_JSON;
    part->answer.body = body;
}

static enum batch_body kind_of_body(const struct part *part)
{
    const struct http_response *response = &part->exchange.response;
    struct slice type = SLICE_EMPTY;

    if (response->body.len == 0 || part->exchange.request.method == HTTP_HEAD)
        return BATCH_BODY_NONE;
    for (size_t i = 0; i < response->field_count; i++) {
        if (slice_eq(response->fields[i].name, SLICE("Content-Type")))
            type = response->fields[i].value;
    }
    if (!slice_starts_with(type, SLICE("application/json")))
        return BATCH_BODY_BYTES;
    /* What a tester's rule says may be anything; all other JSON is our own. */
    if (part->call->answered_by_fault &&
        !json_is_valid(response->body, part->run->call->arena, JSON_DEPTH_DEFAULT))
        return BATCH_BODY_BYTES;
    return BATCH_BODY_JSON;
}

/* What the batch shows of the part's answer. */
static void take_answer(struct part *part)
{
    const struct http_response *response = &part->exchange.response;

    part->answer.id = part->asked->id;
    if (!part->call) {
        answer_with_constants(part, http_status_of(ERROR_BUSY), BUSY_BODY);
        return;
    }
    for (size_t i = 0; i < response->field_count; i++)
        part->fields[i] =
            (struct batch_field){ response->fields[i].name, response->fields[i].value };
    part->answer.status = response->status;
    part->answer.fields = part->fields;
    part->answer.field_count = response->field_count;
    part->answer.kind = kind_of_body(part);
    part->answer.body = response->body;
}

/* Something has to give way. */
static void give_way(struct part *part)
{
    if (part->answer.kind == BATCH_BODY_NONE || part->answer.body.len < SMALL_ANSWER_BYTES / 2)
        return;
    if (is_read(part))
        answer_with_constants(part, http_status_of(ERROR_TOO_LARGE), TOO_LARGE_BODY);
    else
        part->answer.kind = BATCH_BODY_NONE;
}

/* Has those that do not fit give way, the last first; returns what all of them take. */
static size_t fit(struct batch_run *run, size_t limit)
{
    size_t total = BATCH_ENVELOPE_BYTES;

    for (size_t i = 0; i < run->batch.count; i++)
        total += batch_answer_bytes(&run->parts[i].answer);
    for (size_t i = run->batch.count; i-- > 0 && total > limit;) {
        total -= batch_answer_bytes(&run->parts[i].answer);
        give_way(&run->parts[i]);
        total += batch_answer_bytes(&run->parts[i].answer);
    }
    return total;
}

static void write_answers(struct batch_run *run, struct batch_answer *answers, size_t bytes,
                          struct text *out)
{
    for (size_t i = 0; i < run->batch.count; i++)
        answers[i] = run->parts[i].answer;
    text_init(out, run->call->arena, bytes, bytes);
    batch_write(answers, run->batch.count, out);
}

/* The connection of the batch ends as that of a part was to end. */
static void share_fate(struct batch_run *run)
{
    struct http_response *response = &run->call->exchange->response;

    for (size_t i = 0; i < run->batch.count; i++) {
        if (run->parts[i].exchange.response.fate > response->fate)
            response->fate = run->parts[i].exchange.response.fate;
    }
}

static void finish(struct batch_run *run)
{
    struct call *call = run->call;
    struct batch_answer answers[BATCH_PARTS_MOST];
    struct text body;

    for (size_t i = 0; i < run->batch.count; i++)
        take_answer(&run->parts[i]);
    write_answers(run, answers, fit(run, call->loop->api->reply_bytes_max), &body);
    if (body.failed) { /* for want of memory: now of that which was set aside */
        bool less = call_keep_memory(call, 0);
        assert(less);
        (void)less;
        write_answers(run, answers, fit(run, 0), &body);
    }
    share_fate(run);
    for (size_t i = 0; i < run->batch.count; i++)
        arena_destroy(run->parts[i].exchange.arena);
    call->executed = true;
    if (body.failed) {
        graph_fail(call, ERROR_INTERNAL, "The batch was executed, but not enough memory is left.");
        return;
    }
    call_add_field(call, SLICE("Cache-Control"), SLICE("no-cache"));
    call_finish_plain(call, 200, SLICE("application/json"), text_slice(&body), true);
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
        finish(run);
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

/* For the smallest answer there can be of every part. */
static bool keep_memory(struct batch_run *run)
{
    size_t bytes = BATCH_ENVELOPE_BYTES;

    for (size_t i = 0; i < run->batch.count; i++)
        bytes += SMALL_ANSWER_BYTES + 6 * (run->batch.parts[i].id.len + run->call->origin.len);
    return call_keep_memory(run->call, bytes);
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
    if (!run->parts || !fields || !keep_memory(run)) {
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
