/* http/control_clock.c - a tenant's time: shown, set, moved, stopped, given back.
 *
 * What one body says is worked out from one look at the clock and then set at once, so that
 * nobody reads a time between two of its members. Two bodies that move one tenant's clock at the
 * same moment are not added up: the one that is set last counts.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/clock.h"
#include "edm/date_time.h"
#include "http/control.h"
#include "testbed/testbed.h"

struct change {
    struct control_value set, advance, freeze, resume;
};

/* --- what it shows --------------------------------------------------------------------------- */

/* `changed`: it answers a PUT. */
static void show(struct control *control, bool changed)
{
    struct testbed_clock clock = testbed_clock_get(control->testbed);
    struct control_reply reply;
    struct json_writer *writer = control_reply_begin(&reply, control);
    char date[EDM_DATE_TIME_TEXT_MAX];
    size_t len = edm_date_time_format((struct edm_date_time){ .ticks = clock.now_ticks }, date);

    json_writer_object_begin(writer);
    json_writer_plain_name(writer, SLICE("now"));
    json_writer_plain_string(writer, (struct slice){ date, len });
    json_writer_plain_name(writer, SLICE("frozen"));
    json_writer_bool(writer, clock.frozen);
    json_writer_plain_name(writer, SLICE("moved"));
    json_writer_bool(writer, clock.moved);
    if (changed) {
        json_writer_plain_name(writer, SLICE("removed"));
        json_writer_int(writer, (int64_t)control->removed);
    }
    json_writer_object_end(writer);
    control_finish(control, 200, &reply);
}

void control_clock_get(struct control *control)
{
    show(control, false);
}

/* --- PUT ------------------------------------------------------------------------------------- */

static bool read_change(struct call *call, struct slice json, struct change *change,
                        struct error *err)
{
    const struct control_member members[] = {
        { SLICE("set"), CONTROL_TEXT, &change->set },
        { SLICE("advance"), CONTROL_DURATION, &change->advance },
        { SLICE("freeze"), CONTROL_TRUTH, &change->freeze },
        { SLICE("resume"), CONTROL_TRUTH, &change->resume },
    };
    bool moves;

    if (!control_read(call, json, members, COUNT_OF(members), err))
        return false;
    moves = change->set.given || change->advance.given || change->freeze.given;
    if (!moves && !change->resume.given)
        return error_set(err, ERROR_BAD_REQUEST, SLICE_EMPTY,
                         "Expected one of set, advance, freeze, resume.");
    if (change->resume.given && (moves || !change->resume.truth))
        return error_set(err, ERROR_BAD_REQUEST, SLICE("resume"),
                         "'resume' is true and stands alone.");
    return true;
}

static bool find_ticks(const struct change *change, int64_t now_ticks, int64_t *ret,
                       struct error *err)
{
    struct edm_date_time date = { .ticks = now_ticks };

    if (change->set.given && !edm_date_time_parse(change->set.text, &date))
        return error_set(err, ERROR_BAD_REQUEST, SLICE("set"),
                         "'set': expected a date such as 2024-06-01T12:00:00Z, found '%.*s'.",
                         SLICE_ARG(slice_utf8_prefix(change->set.text, 60)));
    date.ticks += change->advance.ticks; /* both are far from INT64_MAX (base/duration.h) */
    if (date.ticks < 0 || date.ticks > CLOCK_TICKS_MAX)
        return error_set(err, ERROR_BAD_REQUEST, SLICE("advance"),
                         "'advance' leads out of the years 1 to 9999.");
    *ret = date.ticks;
    return true;
}

bool control_clock_apply(struct call *call, struct testbed *testbed, struct slice json,
                         struct error *err)
{
    struct testbed_clock clock = testbed_clock_get(testbed);
    struct change change = { 0 };
    int64_t ticks = 0;

    if (!read_change(call, json, &change, err) ||
        !find_ticks(&change, clock.now_ticks, &ticks, err))
        return false;
    if (change.resume.given)
        testbed_clock_resume(testbed);
    else if (clock.moved || change.set.given || change.advance.given || change.freeze.truth)
        testbed_clock_set(testbed, ticks, change.freeze.given ? change.freeze.truth : clock.frozen);
    return true; /* one that follows the server's and is not to be frozen follows it still */
}

static void after_put(struct control *control)
{
    show(control, true);
}

void control_clock_put(struct control *control)
{
    struct error error = { 0 };

    if (!control_clock_apply(control->call, control->testbed, control->body, &error)) {
        control_fail(control, &error);
        return;
    }
    control->done = "The clock was set";
    control_remove_then(control, after_put);
}
