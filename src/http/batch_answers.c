/* http/batch_answers.c - makes one answer of those of a batch's parts.
 *
 * They stay in the parts' arenas until the last is there: then the size of the whole is known and
 * its memory is taken at once. What would make it too large (limit-reply-bytes) gives way, from the
 * last part on: a read is told 413, a write, which was executed, keeps its status and loses its
 * body. Memory for so small an answer of every part was set aside before the first was started, so
 * that what is on disk can be told as done.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>

#include "base/arena.h"
#include "base/text.h"
#include "http/batch_run.h"
#include "http/graph.h"
#include "odata/multipart_write.h"
#include "json/reader.h"

#define SMALL_ANSWER_BYTES ((size_t)4096) /* of a part whose body gave way, beside id and URLs */

/* Nobody could even be told why: the body of an answer that is made of constants. */
#define BUSY_BODY                                                                                  \
    SLICE("{\"error\":{\"code\":\"ServiceUnavailable\","                                           \
          "\"message\":\"The server is busy. Try again later.\"}}")
#define TOO_LARGE_BODY                                                                             \
    SLICE("{\"error\":{\"code\":\"RequestEntityTooLarge\","                                        \
          "\"message\":\"The reply of the batch is larger than this server sends. Send this "      \
          "request by itself, or in a smaller batch.\"}}")
#define FELLED_BODY                                                                                \
    SLICE("{\"error\":{\"code\":\"FailedDependency\",\"message\":\"" BATCH_GROUP_FAILED "\"}}")

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
    part->answer.reason = http_reason(status);
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

/* Of a set one of whose parts has failed: the one that did by itself. NULL: none has. */
static struct part *failed_of(const struct batch_set *set)
{
    struct part *failed = NULL;

    for (size_t i = 0; i < set->count; i++) {
        struct part *part = &set->run->parts[set->first + i];

        if (batch_part_failed(part) && (!failed || (failed->felled && !part->felled)))
            failed = part;
    }
    return failed;
}

/* What the batch shows of the part's answer. */
static void take_answer(struct part *part)
{
    const struct http_response *response = &part->exchange.response;

    part->answer.id = part->asked->id;
    part->answer.group = part->asked->group;
    part->answer.reason = http_reason(response->status);
    if (!part->call) {
        answer_with_constants(part, http_status_of(ERROR_BUSY), BUSY_BODY);
        return;
    }
    if (part->set && !batch_part_failed(part) && failed_of(part->set)) {
        answer_with_constants(part, 424, FELLED_BODY);
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

/* --- which parts are shown -------------------------------------------------------------------- */

struct shown {
    struct part *parts[BATCH_PARTS_MOST];
    size_t count;
};

/* In a multipart batch a set that failed has one answer, and behind the end there is none. */
static bool is_shown(struct part *part)
{
    struct part *failed;

    if (part->skipped)
        return false;
    if (!part->run->boundary.len || !part->set)
        return true;
    failed = failed_of(part->set);
    part->answer.set = failed ? 0 : part->asked->set;
    return !failed || failed == part;
}

static void choose_shown(struct batch_run *run, struct shown *ret)
{
    ret->count = 0;
    for (size_t i = 0; i < run->batch.count; i++) {
        if (is_shown(&run->parts[i]))
            ret->parts[ret->count++] = &run->parts[i];
    }
}

/* --- how large they are ----------------------------------------------------------------------- */

static size_t answer_bytes(const struct part *part)
{
    const struct batch_run *run = part->run;

    return run->boundary.len ? multipart_answer_bytes(&part->answer, run->boundary)
                             : batch_answer_bytes(&part->answer);
}

/* Something has to give way. */
static void give_way(struct part *part)
{
    if (part->answer.kind == BATCH_BODY_NONE || part->answer.body.len < SMALL_ANSWER_BYTES / 4)
        return;
    if (is_read(part))
        answer_with_constants(part, http_status_of(ERROR_TOO_LARGE), TOO_LARGE_BODY);
    else
        part->answer.kind = BATCH_BODY_NONE;
}

/* Has those that do not fit give way, the last first; returns what all of them take. */
static size_t fit(const struct batch_run *run, const struct shown *shown, size_t limit)
{
    size_t total =
        run->boundary.len ? multipart_envelope_bytes(run->boundary) : BATCH_ENVELOPE_BYTES;

    for (size_t i = 0; i < shown->count; i++)
        total += answer_bytes(shown->parts[i]);
    for (size_t i = shown->count; i-- > 0 && total > limit;) {
        total -= answer_bytes(shown->parts[i]);
        give_way(shown->parts[i]);
        total += answer_bytes(shown->parts[i]);
    }
    return total;
}

static void write_answers(struct batch_run *run, const struct shown *shown, size_t bytes,
                          struct text *out)
{
    struct batch_answer answers[BATCH_PARTS_MOST];

    for (size_t i = 0; i < shown->count; i++)
        answers[i] = shown->parts[i]->answer;
    text_init(out, run->call->arena, bytes, bytes);
    if (run->boundary.len)
        multipart_write(answers, shown->count, run->boundary, out);
    else
        batch_write(answers, shown->count, out);
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

void batch_answer(struct batch_run *run)
{
    struct call *call = run->call;
    struct shown shown;
    struct text body;

    choose_shown(run, &shown);
    for (size_t i = 0; i < shown.count; i++)
        take_answer(shown.parts[i]);
    write_answers(run, &shown, fit(run, &shown, call->loop->api->reply_bytes_max), &body);
    if (body.failed) { /* for want of memory: now of that which was set aside */
        bool less = call_keep_memory(call, 0);
        assert(less);
        (void)less;
        write_answers(run, &shown, fit(run, &shown, 0), &body);
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
    if (run->boundary.len)
        call_add_field(call, SLICE("OData-Version"), SLICE("4.0"));
    call_finish_plain(call, 200, run->content_type, text_slice(&body), true);
}

bool batch_keep_memory(struct batch_run *run)
{
    size_t bytes = BATCH_ENVELOPE_BYTES;

    for (size_t i = 0; i < run->batch.count; i++)
        bytes += SMALL_ANSWER_BYTES + 6 * (run->batch.parts[i].id.len +
                                           run->batch.parts[i].group.len + run->call->origin.len);
    return call_keep_memory(run->call, bytes);
}
