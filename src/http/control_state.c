/* http/control_state.c - a tenant's entities as a whole: back to the start, in, out.
 *
 * A reset has two halves, the store's and the testbed's. The store's goes first, by the time that
 * will hold afterwards, since a seed's dates may be relative to it; when it fails the testbed is as
 * it was.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/arena.h"
#include "base/clock.h"
#include "http/control.h"
#include "service/export.h"
#include "service/provision.h"
#include "service/sandbox.h"
#include "testbed/testbed.h"

/* --- an answer that counts ------------------------------------------------------------------- */

static void finish_count(struct control *control, size_t entities)
{
    struct control_reply reply;
    struct json_writer *writer = control_reply_begin(&reply, control);

    json_writer_object_begin(writer);
    json_writer_plain_name(writer, SLICE("entities"));
    json_writer_int(writer, (int64_t)entities);
    json_writer_object_end(writer);
    control_finish(control, 200, &reply);
}

/* --- reset ----------------------------------------------------------------------------------- */

enum reset_part { RESET_POLICY, RESET_FAULTS, RESET_CLOCK, RESET_REQUESTS, RESET_PART_COUNT };

static const struct slice part_names[] = {
    [RESET_POLICY] = SLICE_INIT("policy"),
    [RESET_FAULTS] = SLICE_INIT("faults"),
    [RESET_CLOCK] = SLICE_INIT("clock"),
    [RESET_REQUESTS] = SLICE_INIT("requests"),
};

struct reset {
    bool keep[RESET_PART_COUNT];
    int64_t now_ticks;
    size_t entities;
};

static bool read_keep(const struct control_value *keep, struct reset *reset, struct error *err)
{
    for (size_t i = 0; i < keep->text_count; i++) {
        size_t part = 0;

        while (part < RESET_PART_COUNT && !slice_eq(part_names[part], keep->texts[i]))
            part++;
        if (part == RESET_PART_COUNT)
            return error_set(err, ERROR_BAD_REQUEST, SLICE("keep"),
                             "'keep': expected policy, faults, clock or requests, found '%.*s'.",
                             SLICE_ARG(slice_utf8_prefix(keep->texts[i], 60)));
        reset->keep[part] = true;
    }
    return true;
}

static bool run_reset(struct control *control, struct store_session *session, struct error *err)
{
    const struct api *api = control->call->loop->api;
    struct reset *reset = control->state;
    struct slice seed = uuid_eq(control->tenant, api->seed_tenant) ? api->seed : SLICE_EMPTY;

    return service_reset(session, api->model, control->tenant, seed, reset->keep[RESET_POLICY],
                         reset->now_ticks, control->call->arena, &reset->entities, err);
}

static void after_reset(struct control *control)
{
    const struct reset *reset = control->state;
    struct testbed *testbed = control->testbed;
    struct journal *journal = testbed_journal(testbed);

    if (!reset->keep[RESET_CLOCK])
        testbed_clock_resume(testbed);
    if (!reset->keep[RESET_FAULTS])
        faults_clear(testbed_faults(testbed));
    if (!reset->keep[RESET_REQUESTS] && journal)
        journal_clear(journal);
    past_clear(testbed_past(testbed)); /* of entities that are gone, whatever is kept */
    control->done = "The tenant was reset";
    finish_count(control, reset->entities);
}

void control_reset(struct control *control)
{
    struct call *call = control->call;
    struct reset *reset = arena_new(call->arena, struct reset);
    struct control_value keep = { 0 };
    const struct control_member members[] = { { SLICE("keep"), CONTROL_TEXTS, &keep } };
    struct error error = { 0 };

    if (!reset)
        error_no_memory(&error);
    if (!reset || !control_read(call, control->body, members, COUNT_OF(members), &error) ||
        !read_keep(&keep, reset, &error)) {
        control_fail(control, &error);
        return;
    }
    reset->now_ticks = reset->keep[RESET_CLOCK] ? testbed_now_ticks(control->testbed)
                                                : clock_now_ticks(call->loop->api->clock);
    control->state = reset;
    control_submit(control, CONTROL_WRITER, run_reset, after_reset);
}

/* --- seed ------------------------------------------------------------------------------------ */

static bool run_seed(struct control *control, struct store_session *session, struct error *err)
{
    return service_seed(session, control->call->loop->api->model, control->tenant, control->body,
                        testbed_now_ticks(control->testbed), control->state, err);
}

static void after_seed(struct control *control)
{
    const size_t *entities = control->state;

    control->done = "The seed was added";
    finish_count(control, *entities);
}

void control_seed(struct control *control)
{
    struct error error = { 0 };

    control->state = arena_new(control->call->arena, size_t);
    if (control->state) {
        control_submit(control, CONTROL_WRITER, run_seed, after_seed);
        return;
    }
    error_no_memory(&error);
    control_fail(control, &error);
}

/* --- export ---------------------------------------------------------------------------------- */

static bool take_piece(void *context, struct slice piece, struct error *err)
{
    struct text *text = context;

    text_append(text, piece);
    return !text->failed ||
           error_set(err, ERROR_TOO_LARGE, SLICE_EMPTY,
                     "The export is larger than this server sends (limit-reply-bytes). "
                     "'connectord export --data-dir' has no such limit.");
}

static bool run_export(struct control *control, struct store_session *session, struct error *err)
{
    struct control_reply *reply = control->state;
    size_t count;

    return service_export(session, control->call->loop->api->model, control->tenant, take_piece,
                          &reply->text, &count, err);
}

static void after_export(struct control *control)
{
    control_finish(control, 200, control->state);
}

void control_export(struct control *control)
{
    struct control_reply *reply = arena_new(control->call->arena, struct control_reply);
    struct error error = { 0 };

    control->state = reply;
    if (reply) {
        control_reply_begin(reply, control);
        control_submit(control, CONTROL_READER, run_export, after_export);
        return;
    }
    error_no_memory(&error);
    control_fail(control, &error);
}
