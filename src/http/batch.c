/* http/batch.c - runs the parts of a batch, JSON or multipart, and answers when the last of them is
 * answered.
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
 * first: Graph promises no order, and one that is always the same is easier to test against. What
 * succeeded stays, but for change sets (batch_set.c).
 *
 * Those of a multipart batch run one behind another, as OData has it, and the first that fails ends
 * the batch, unless the client prefers to go on. Graph's JSON batches go on in any case.
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

#include <assert.h>

#include "base/arena.h"
#include "http/batch_run.h"
#include "http/graph.h"
#include "odata/field_list.h"
#include "odata/multipart_read.h"
#include "odata/multipart_write.h"

#define AT_ONCE_NS UINT64_C(3000000)

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
        batch_go_on(run);
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

static void finish_dependent(struct call *call)
{
    call_finish_message(call, 424, SLICE("FailedDependency"),
                        SLICE("The request was not executed because a request that it depends on "
                              "has failed."));
}

static void fail_dependency(struct part *part)
{
    struct call *call = begin_call(part);

    part->felled = true;
    if (call)
        finish_dependent(call);
    else
        start_without_memory(part);
}

/* What a JSON batch has of OData's and Graph's has not. False: the part was answered. */
static bool is_served(struct part *part, enum batch_place place)
{
    if (part->run->boundary.len > 0)
        return true;
    return (place == BATCH_PLACE_RELATIVE ||
            graph_goes_beyond(part->call, BEYOND_BATCH_ABSOLUTE_URL) != BEYOND_REFUSED) &&
           (!part->refers ||
            graph_goes_beyond(part->call, BEYOND_BATCH_REFERENCE) != BEYOND_REFUSED);
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
    else if (part->refers && batch_part_failed(part->refers))
        finish_dependent(call);
    else if (is_served(part, place))
        graph_handle(call);
}

static void on_rested(struct loop_message *message)
{
    struct batch_run *run = CONTAINER_OF(message, struct batch_run, again);

    run->resting = false;
    run->call->loop->batches_resting--;
    batch_go_on(run);
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

/* All that a set depends on comes before the first of its parts, which are started in turn. */
static uint64_t dependencies_of(const struct part *part)
{
    uint64_t parts = part->set ? part->set->depends_on : part->asked->depends_on;
    size_t index = (size_t)(part - part->run->parts);

    return part->set && index > part->set->first ? parts | UINT64_C(1) << (index - 1) : parts;
}

/* WAITING: not yet. RUNNING: it may start. DONE: never, one that it depends on failed. */
static enum progress outlook_of(const struct part *part)
{
    const struct batch_run *run = part->run;
    uint64_t dependencies = dependencies_of(part);
    enum progress progress = RUNNING;

    for (size_t i = 0; i < run->batch.count; i++) {
        const struct part *other = &run->parts[i];

        if (!(dependencies >> i & 1) || (other->progress == HELD && other->set == part->set))
            continue;
        if (other->progress != DONE)
            progress = WAITING;
        else if (batch_part_failed(other))
            return DONE;
    }
    return progress;
}

/* A server that repeats itself runs the parts one after another: ids and dates come in an order. */
static bool must_wait(const struct part *part)
{
    const struct batch_run *run = part->run;

    for (size_t i = 0; run->in_turn && i < run->batch.count; i++) {
        const struct part *other = &run->parts[i];

        if (other->progress == RUNNING || (other->progress == HELD && other->set != part->set))
            return true;
    }
    return false;
}

/* One failed before it, and not one of its own set, in whose failure it has its share. */
static bool is_behind_the_end(const struct part *part)
{
    const struct batch_run *run = part->run;

    for (size_t i = 0; run->stops && i < run->batch.count; i++) {
        const struct part *other = &run->parts[i];

        if (other->progress == DONE && !other->skipped && batch_part_failed(other) &&
            (!other->set || other->set != part->set))
            return true;
    }
    return false;
}

static void skip(struct part *part)
{
    part->skipped = true;
    part->progress = DONE;
    part->run->left--;
}

/* Starts what may be started. A part stands behind all it depends on, so one walk over them finds
 * also those whose turn comes by it. */
static void start_parts(struct batch_run *run)
{
    uint64_t until_ns = uv_hrtime() + AT_ONCE_NS;

    for (size_t i = 0; i < run->batch.count; i++) {
        struct part *part = &run->parts[i];
        enum progress may = part->progress == WAITING ? outlook_of(part) : WAITING;

        if (may == WAITING)
            continue;
        if (must_wait(part))
            return;
        if (is_behind_the_end(part)) {
            skip(part);
            continue;
        }
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

void batch_go_on(struct batch_run *run)
{
    run->starting = true;
    do {
        if (!run->resting)
            start_parts(run);
    } while (batch_settle_sets(run));
    run->starting = false;
    if (run->left == 0)
        batch_answer(run);
}

/* --- what is asked ---------------------------------------------------------------------------- */

bool batch_is_multipart(const struct call *call)
{
    return multipart_is_mixed(http_request_field(&call->exchange->request, SLICE("Content-Type")));
}

/* RFC 7240 2, OData 4.01 part 1, 8.2.8.3: with and without "odata.", and without a value it is
 * true. */
static bool prefers_to_continue(struct slice preferences)
{
    while (preferences.len > 0) {
        struct slice preference = field_list_take(',', &preferences);
        struct slice value = field_list_take(';', &preference);
        struct slice name = field_list_take('=', &value);

        if (slice_eq_nocase(name, SLICE("odata.continue-on-error")) ||
            slice_eq_nocase(name, SLICE("continue-on-error")))
            return !slice_eq_nocase(value, SLICE("false")) &&
                   !slice_eq_nocase(value, SLICE("\"false\""));
    }
    return false;
}

static bool continues_on_error(struct call *call)
{
    const struct http_request *request = &call->exchange->request;

    for (size_t i = 0; i < request->field_count; i++) {
        if (!slice_eq_nocase(request->fields[i].name, SLICE("Prefer")) ||
            !prefers_to_continue(request->fields[i].value))
            continue;
        call_add_field(call, SLICE("Preference-Applied"), SLICE("odata.continue-on-error"));
        return true;
    }
    return false;
}

/* --- the batch ------------------------------------------------------------------------------- */

static bool read_json(struct call *call, struct batch_rules rules, struct batch *ret,
                      struct error *err)
{
    struct slice body = call->exchange->request.body;
    const struct api *api = call->loop->api;

    rules.takes_groups = !api->strict && !api->profile->refuses_beyond_graph;
    rules.takes_bytes = true;
    if (!batch_read(body, &rules, call->arena, ret, err))
        return false;
    if (ret->took_bytes && graph_goes_beyond(call, BEYOND_BATCH_BYTES) != BEYOND_GOES) {
        rules.takes_bytes = false;
        if (!batch_read(body, &rules, call->arena, ret, err))
            return false;
    }
    return true;
}

static bool read_batch(struct call *call, struct batch *ret, struct error *err)
{
    const struct http_request *request = &call->exchange->request;
    const struct batch_rules rules = { .parts_max = call->loop->api->batch_parts,
                                       .fields_max = HTTP_FIELDS_MAX - 1,
                                       .json_depth = call->loop->api->json_depth };

    if (!(batch_is_multipart(call)
              ? multipart_read(request->body, http_request_field(request, SLICE("Content-Type")),
                               &rules, call->arena, ret, err)
              : read_json(call, rules, ret, err)))
        return false;
    for (size_t i = 0; i < ret->count; i++) {
        if (!batch_part_check_fields(&ret->parts[i], err))
            return false;
    }
    return true;
}

/* Nobody who writes a body knows the request's id before. */
static bool name_boundary(struct batch_run *run)
{
    struct call *call = run->call;

    run->content_type = SLICE("application/json");
    if (!batch_is_multipart(call))
        return true;
    run->boundary = (struct slice){ call->request_id, UUID_TEXT_LEN };
    return arena_printf(call->arena, &run->content_type,
                        "multipart/mixed; boundary=" MULTIPART_BOUNDARY_PREFIX "%.*s",
                        SLICE_ARG(run->boundary));
}

/* False: the call was answered. */
static bool check_body(struct call *call)
{
    if (!batch_is_multipart(call))
        return graph_check_body(call);
    return graph_check_encoding(call) &&
           graph_goes_beyond(call, BEYOND_BATCH_MULTIPART) != BEYOND_REFUSED;
}

/* The batch was refused. A strict server names the row of the member at fault, if it has one. */
static void fail(struct call *call, const struct error *error)
{
    bool by_group = slice_eq(slice_of(error->target), SLICE("atomicityGroup"));

    if (!by_group || graph_goes_beyond(call, BEYOND_ATOMICITY_GROUP) != BEYOND_REFUSED)
        call_finish_error(call, error);
}

static void tell_of_groups(struct call *call, const struct batch *batch)
{
    if (batch->set_count && !batch_is_multipart(call)) {
        enum graph_beyond goes = graph_goes_beyond(call, BEYOND_ATOMICITY_GROUP);
        assert(goes == BEYOND_GOES); /* where it is refused none was read */
        (void)goes;
    }
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
    tell_of_groups(call, &run->batch);
    run->call = call;
    run->last_read = &run->first_read;
    run->left = run->batch.count;
    run->parts = arena_new_array(call->arena, run->batch.count, struct part);
    struct batch_field *fields = arena_new_array(
        call->arena, run->batch.count * HTTP_RESPONSE_FIELDS_MAX, struct batch_field);
    if (!run->parts || !fields || !batch_make_sets(run) || !name_boundary(run) ||
        !batch_keep_memory(run)) {
        error_no_memory(err);
        return NULL;
    }
    run->in_turn = run->boundary.len > 0 || call->loop->api->repeatable;
    run->stops = run->boundary.len > 0 && !continues_on_error(call);
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
    if (!check_body(call) || !graph_read_options(call, false))
        return;
    run = make_run(call, &error);
    if (!run)
        fail(call, &error);
    else
        batch_go_on(run);
}
