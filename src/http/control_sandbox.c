/* http/control_sandbox.c - a tenant for one test, and its end.
 *
 * What can be wrong with a sandbox is found before it is there: its body, its faults and its clock
 * on this loop, in a testbed under an id that nobody knows yet; its token is signed; and only then
 * one write makes tenant, policy and entities, or none of it. When that fails the testbed is
 * forgotten again. The answer is written before that write, too.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/arena.h"
#include "base/clock.h"
#include "base/repeatable.h"
#include "edm/date_time.h"
#include "http/control.h"
#include "http/control_sweep.h"
#include "service/sandbox.h"
#include "testbed/testbed.h"

#define LIFETIME_DEFAULT_TICKS (3600 * CLOCK_TICKS_PER_SECOND)
#define LIFETIME_MAX_TICKS     (24 * 3600 * CLOCK_TICKS_PER_SECOND)
#define TICKS_PER_MS           (CLOCK_TICKS_PER_SECOND / 1000)
#define NAME_BYTES_MAX         256

struct sandbox {
    struct control_value lifetime, seed, policy, faults, clock, name;
    int64_t lifetime_ticks;
    struct sandbox_request request;
    struct slice token;
    struct control_reply answer;
    size_t entities;
};

/* --- what is wanted -------------------------------------------------------------------------- */

static bool read_body(struct control *control, struct sandbox *sandbox, struct error *err)
{
    const struct control_member members[] = {
        { SLICE("lifetime"), CONTROL_DURATION, &sandbox->lifetime },
        { SLICE("seed"), CONTROL_OBJECT_OR_TEXT, &sandbox->seed },
        { SLICE("policy"), CONTROL_OBJECT, &sandbox->policy },
        { SLICE("faults"), CONTROL_OBJECT, &sandbox->faults },
        { SLICE("clock"), CONTROL_OBJECT, &sandbox->clock },
        { SLICE("name"), CONTROL_TEXT, &sandbox->name },
    };

    return control_read(control->call, control->body, members, COUNT_OF(members), err);
}

static bool check_values(struct sandbox *sandbox, struct error *err)
{
    const struct control_value *seed = &sandbox->seed;

    sandbox->lifetime_ticks =
        sandbox->lifetime.given ? sandbox->lifetime.ticks : LIFETIME_DEFAULT_TICKS;
    if (sandbox->lifetime_ticks < TICKS_PER_MS || sandbox->lifetime_ticks > LIFETIME_MAX_TICKS)
        return error_set(err, ERROR_BAD_REQUEST, SLICE("lifetime"),
                         "'lifetime': expected more than nothing, and 24h at most.");
    if (seed->given && !seed->is_object && !slice_eq(seed->text, SLICE("demo")))
        return error_set(err, ERROR_BAD_REQUEST, SLICE("seed"),
                         "'seed': expected \"demo\" or a seed, found \"%.*s\".",
                         SLICE_ARG(slice_utf8_prefix(seed->text, 60)));
    if (sandbox->name.text.len > NAME_BYTES_MAX)
        return error_set(err, ERROR_BAD_REQUEST, SLICE("name"),
                         "'name': expected %d bytes at most.", NAME_BYTES_MAX);
    return true;
}

static struct uuid new_tenant(const struct api *api)
{
    struct uuid chance =
        api->repeatable ? repeatable_uuid(api->repeatable, REPEATABLE_SANDBOXES) : uuid_random();

    return service_sandbox_id(chance);
}

/* The testbed of the tenant to be, with its faults and its clock. */
static bool make_testbed(struct control *control, const struct sandbox *sandbox, struct error *err)
{
    struct call *call = control->call;
    const struct api *api = call->loop->api;

    control->tenant = new_tenant(api);
    control->testbed = testbeds_hold(api->testbeds, control->tenant);
    if (!control->testbed)
        return error_no_memory(err);
    control->makes_tenant = true;
    return (!sandbox->faults.given ||
            control_faults_apply(control->testbed, sandbox->faults.text, err)) &&
           (!sandbox->clock.given ||
            control_clock_apply(call, control->testbed, sandbox->clock.text, err));
}

static void fill_request(struct control *control, struct sandbox *sandbox)
{
    const struct api *api = control->call->loop->api;
    struct slice seed = sandbox->seed.is_object ? sandbox->seed.text : api->demo_seed;

    sandbox->request = (struct sandbox_request){
        .tenant = control->tenant,
        .name = sandbox->name.text,
        .seed = sandbox->seed.given ? seed : SLICE_EMPTY,
        .policy = sandbox->policy.text,
        .now_ticks = testbed_now_ticks(control->testbed),
        .sandboxes_max = (int64_t)api->sandboxes_max,
    };
}

/* --- making it ------------------------------------------------------------------------------- */

static void write_member(struct json_writer *writer, struct slice name, struct slice value)
{
    json_writer_plain_name(writer, name);
    json_writer_string(writer, value);
}

/* The answer, whole: nothing that can fail is left to do once the sandbox is there. Dates that are
 * shown are the server's, also where its clock stands still. */
static bool write_answer(struct control *control, struct sandbox *sandbox, struct error *err)
{
    int64_t ticks = clock_now_ticks(control->call->loop->api->clock) + sandbox->lifetime_ticks;
    struct edm_date_time end = { .ticks = ticks - ticks % TICKS_PER_MS };
    struct json_writer *writer = control_reply_begin(&sandbox->answer, control);
    char id[UUID_TEXT_LEN], date[EDM_DATE_TIME_TEXT_MAX];
    struct slice address;

    if (!control_address(control, control->tenant, true, &address))
        return error_no_memory(err);
    uuid_format(control->tenant, id);
    json_writer_object_begin(writer);
    write_member(writer, SLICE("tenant"), (struct slice){ id, UUID_TEXT_LEN });
    write_member(writer, SLICE("access_token"), sandbox->token);
    write_member(writer, SLICE("expires"), (struct slice){ date, edm_date_time_format(end, date) });
    write_member(writer, SLICE("graph"), control->call->origin);
    write_member(writer, SLICE("control"), address);
    json_writer_object_end(writer);
    return !sandbox->answer.text.failed || error_no_memory(err);
}

static bool run_create(struct control *control, struct store_session *session, struct error *err)
{
    const struct api *api = control->call->loop->api;
    struct sandbox *sandbox = control->state;

    return service_sandbox_create(session, api->model, &sandbox->request, control->call->arena,
                                  &sandbox->entities, err);
}

static void after_create(struct control *control)
{
    const struct sandbox *sandbox = control->state;

    control->makes_tenant = false;
    control_sweep_note(control->call->loop->api->sweep, sandbox->request.expires_unix_ms);
    control_finish(control, 201, &sandbox->answer);
}

static int64_t lifetime_s(const struct sandbox *sandbox)
{
    return (sandbox->lifetime_ticks + CLOCK_TICKS_PER_SECOND - 1) / CLOCK_TICKS_PER_SECOND;
}

static bool run_sign(struct control *control, struct store_session *session UNUSED,
                     struct error *err)
{
    struct sandbox *sandbox = control->state;

    return control_sign(control->call, control->tenant, lifetime_s(sandbox), &sandbox->token, err);
}

static void after_sign(struct control *control)
{
    struct sandbox *sandbox = control->state;
    struct error error = { 0 };

    sandbox->request.expires_unix_ms =
        (int64_t)clock_machine_unix_ms() + sandbox->lifetime_ticks / TICKS_PER_MS;
    if (write_answer(control, sandbox, &error))
        control_submit(control, CONTROL_WRITER, run_create, after_create);
    else
        control_fail(control, &error);
}

void control_sandbox_create(struct control *control)
{
    struct sandbox *sandbox = arena_new(control->call->arena, struct sandbox);
    struct error error = { 0 };

    if (!sandbox)
        error_no_memory(&error);
    if (!sandbox || !read_body(control, sandbox, &error) || !check_values(sandbox, &error) ||
        !make_testbed(control, sandbox, &error)) {
        control_fail(control, &error);
        return;
    }
    fill_request(control, sandbox);
    control->state = sandbox;
    control_submit(control, CONTROL_SHORT_READER, run_sign, after_sign);
}

/* --- its end --------------------------------------------------------------------------------- */

static bool run_delete(struct control *control, struct store_session *session, struct error *err)
{
    return service_sandbox_delete(session, control->call->loop->api->model, control->tenant,
                                  control->call->arena, err);
}

static void after_delete(struct control *control)
{
    testbeds_forget(control->call->loop->api->testbeds, control->tenant);
    control_finish_no_content(control);
}

void control_sandbox_delete(struct control *control)
{
    control_submit(control, CONTROL_WRITER, run_delete, after_delete);
}
