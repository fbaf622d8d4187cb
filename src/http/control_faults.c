/* http/control_faults.c - a tenant's rules of failure: shown, replaced, dropped.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/control.h"
#include "testbed/testbed.h"

/* What was remembered for stale reads is not what a later rule should see. */
static void forget_past(struct testbed *testbed)
{
    if (!faults_read_stale(testbed_faults(testbed)))
        past_clear(testbed_past(testbed));
}

bool control_faults_apply(struct testbed *testbed, struct slice json, struct error *err)
{
    if (!faults_put(testbed_faults(testbed), json, err))
        return false;
    forget_past(testbed);
    return true;
}

void control_faults_get(struct control *control)
{
    struct control_reply reply;
    struct json_writer *writer = control_reply_begin(&reply, control);
    struct error error = { 0 };

    if (faults_write(testbed_faults(control->testbed), control->call->arena, writer)) {
        control_finish(control, 200, &reply);
        return;
    }
    error_no_memory(&error);
    control_fail(control, &error);
}

void control_faults_put(struct control *control)
{
    struct error error = { 0 };

    if (!control_faults_apply(control->testbed, control->body, &error)) {
        control_fail(control, &error);
        return;
    }
    control->done = "The rules were replaced";
    control_faults_get(control);
}

void control_faults_delete(struct control *control)
{
    faults_clear(testbed_faults(control->testbed));
    forget_past(control->testbed);
    control_finish_no_content(control);
}

void control_personas_get(struct control *control)
{
    struct control_reply reply;

    fault_personas_write(control_reply_begin(&reply, control));
    control_finish(control, 200, &reply);
}
