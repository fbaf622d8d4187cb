/* http/control_requests.c - what was asked: shown, counted, forgotten.
 *
 * A question to a journal that is not kept is refused and not answered with nothing: "exactly 0"
 * would be true of it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/control.h"
#include "odata/percent.h"
#include "testbed/testbed.h"

#define PARAMETERS_MAX 32

/* NULL: there is none, and the request was answered. */
static struct journal *journal_of(struct control *control)
{
    struct journal *journal = testbed_journal(control->testbed);
    struct error error = { 0 };

    if (journal)
        return journal;
    error_set(&error, ERROR_CONFLICT, SLICE_EMPTY,
              "This server keeps no journal of requests (limit-journal=0).");
    control_fail(control, &error);
    return NULL;
}

static bool is_in(struct slice name, const struct slice *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (slice_eq(names[i], name))
            return true;
    return false;
}

/* name=value&...; each once, none of another name. */
static bool read_filter(struct call *call, struct journal_filter *filter, struct error *err)
{
    struct slice query = call->exchange->request.query, names[PARAMETERS_MAX];
    size_t count = 0;

    while (query.len > 0) {
        struct slice pair = query, name, value = SLICE("");

        if (!slice_cut(query, '&', &pair, &query))
            query = SLICE_EMPTY;
        if (pair.len == 0)
            continue;
        name = pair;
        slice_cut(pair, '=', &name, &value);
        if (!odata_percent_decode(name, true, call->arena, &name, err) ||
            !odata_percent_decode(value, true, call->arena, &value, err))
            return false;
        if (count == PARAMETERS_MAX || is_in(name, names, count))
            return error_set(err, ERROR_BAD_REQUEST, name, "'%.*s' was given more than once.",
                             SLICE_ARG(slice_utf8_prefix(name, 60)));
        names[count++] = name;
        if (!journal_filter_set(filter, name, value, err))
            return false;
    }
    return true;
}

void control_requests_get(struct control *control)
{
    struct journal *journal = journal_of(control);
    struct journal_filter filter = { 0 };
    struct control_reply reply;
    struct error error = { 0 };

    if (!journal)
        return;
    if (!read_filter(control->call, &filter, &error)) {
        control_fail(control, &error);
        return;
    }
    bool written =
        journal_write(journal, &filter, control->call->arena, control_reply_begin(&reply, control));
    if (written && !reply.text.failed) {
        control_finish(control, 200, &reply);
        return;
    }
    error_set(&error, ERROR_TOO_LARGE, SLICE("top"),
              "The answer is larger than this server sends. Ask for fewer with 'top' or 'since'.");
    control_fail(control, &error);
}

void control_requests_delete(struct control *control)
{
    struct journal *journal = journal_of(control);

    if (!journal)
        return;
    journal_clear(journal);
    control_finish_no_content(control);
}

/* Why what might be true is not verified. */
static void write_doubt(struct json_writer *writer, uint64_t lost)
{
    json_writer_plain_name(writer, SLICE("lost"));
    json_writer_int(writer, (int64_t)lost);
    json_writer_plain_name(writer, SLICE("reason"));
    json_writer_plain_string(writer,
                             SLICE("Requests were lost from the journal that may have matched. "
                                   "Begin with an empty one (DELETE requests), ask behind a later "
                                   "'since', or keep more (limit-journal, limit-testbed-bytes)."));
}

void control_requests_verify(struct control *control)
{
    struct journal *journal = journal_of(control);
    struct journal_verdict verdict;
    struct control_reply reply;
    struct json_writer *writer;
    struct error error = { 0 };

    if (!journal)
        return;
    if (!journal_verify(journal, control->body, control->call->arena, &verdict, &error)) {
        control_fail(control, &error);
        return;
    }
    writer = control_reply_begin(&reply, control);
    json_writer_object_begin(writer);
    json_writer_plain_name(writer, SLICE("verified"));
    json_writer_bool(writer, verdict.verified);
    json_writer_plain_name(writer, SLICE("count"));
    json_writer_int(writer, (int64_t)verdict.count);
    if (verdict.lost > 0)
        write_doubt(writer, verdict.lost);
    json_writer_object_end(writer);
    control_finish(control, 200, &reply);
}
