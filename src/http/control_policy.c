/* http/control_policy.c - when silence becomes a state: shown and changed.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/control.h"
#include "service/health.h"
#include "testbed/testbed.h"

/* `changed`: it answers a PUT. */
static void show(struct control *control, bool changed)
{
    struct call *call = control->call;
    struct control_reply reply;
    struct json_writer *writer = control_reply_begin(&reply, control);
    struct store_session *session;
    struct error error = { 0 };

    if (!service_session_begin(call->loop->session, &session, &error) ||
        !service_health_write(session, call->loop->api->model, control->tenant, call->arena, writer,
                              &error)) {
        control_fail(control, &error);
        return;
    }
    if (changed && !reply.text.failed) {
        reply.text.len--; /* one more member goes before the brace that ends the object */
        text_printf(&reply.text, ",\"removed\":%zu}", control->removed);
    }
    control_finish(control, 200, &reply);
}

void control_policy_get(struct control *control)
{
    show(control, false);
}

static bool run_put(struct control *control, struct store_session *session, struct error *err)
{
    return service_health_put(session, control->call->loop->api->model, control->tenant,
                              control->body, testbed_now_ticks(control->testbed),
                              control->call->arena, err);
}

static void show_changed(struct control *control)
{
    show(control, true);
}

static void after_put(struct control *control)
{
    control->done = "The policy was changed";
    control_remove_then(control, show_changed);
}

void control_policy_put(struct control *control)
{
    control_submit(control, CONTROL_WRITER, run_put, after_put);
}
