/* http/repeatability.c - at most once: what was answered is kept with what was written.
 *
 * The operation of a repeatable write is wrapped in one that first asks, in the same transaction,
 * whether it was executed already. If not it runs, and its answer is made there and then, on the
 * writer's thread, and kept in the same operation.
 *
 * What is kept is the answer itself and not what it could be made from. An entity's values would
 * need a form of their own on disk that every later model can read, and would be shown by the
 * policy, the profile and the version of the day on which they are asked for again. Bytes are what
 * the client would have had. The price is some microseconds of the writer's time for each write
 * that asks for this, and none for any other.
 *
 * The answer is made by whoever makes it otherwise (`next`), on a copy of the call whose exchange
 * leads nowhere. To be a part of a batch is what that copy is told: then the fields that belong to
 * the connection and to this very request are left out, and nothing is coded. It has no testbed:
 * what a write leaves behind there is left when it is on disk. And it has no log, which is the
 * loop's: an error that it ends in has a status and no more.
 *
 * Only what was executed is kept. A refusal changed nothing, and the same request may be right the
 * next time.
 *
 * In a change set each part is wrapped for itself, and the set's savepoint holds all of them. What
 * a later part refers to is the key that was kept.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/repeatability.h"

#include <assert.h>

#include "auth/principal.h"
#include "auth/sha256.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/text.h"
#include "edm/entity.h"
#include "http/fixdate.h"
#include "http/graph.h"
#include "http/stale.h"
#include "service/repeats.h"

#define ID_BYTES_MAX     128
#define FIELDS_BYTES_MAX 8192
#define DIGEST_PARTS     5 /* of a digest, at most */

static_assert(SERVICE_REPEAT_DIGEST_BYTES == SHA256_BYTES, "digests are SHA-256");

struct repeatability {
    struct service_repeat repeat;
    struct slice key; /* of the entity, as the path has it */
    size_t result;    /* where Repeatability-Result is among the answer's fields */
    bool (*run)(struct dispatch_job *job, struct store_session *session, struct error *err);
    void (*next)(struct call *call);
    struct service_answer answer;
    bool repeated; /* the answer is an earlier one */
};

/* --- fields ---------------------------------------------------------------------------------- */

bool repeatability_is_field(const struct http_field *field)
{
    return slice_eq_nocase(field->name, REPEATABILITY_REQUEST_ID) ||
           slice_eq_nocase(field->name, REPEATABILITY_FIRST_SENT);
}

/* The value of the one field of that name. */
static bool read_one(const struct call *call, struct slice name, struct slice *ret,
                     struct error *err)
{
    const struct http_request *request = &call->exchange->request;
    size_t count = 0;

    *ret = http_request_field(request, name);
    if (http_request_has(request, name, &count) && count == 1)
        return true;
    return error_set(err, ERROR_BAD_REQUEST, name,
                     "A repeatable request has the headers Repeatability-Request-ID and "
                     "Repeatability-First-Sent, each once.");
}

static bool check_id(struct slice id, struct error *err)
{
    bool ok = id.len > 0 && id.len <= ID_BYTES_MAX;

    for (size_t i = 0; ok && i < id.len; i++)
        ok = id.ptr[i] > ' ' && id.ptr[i] < 0x7f;
    return ok || error_set(err, ERROR_BAD_REQUEST, REPEATABILITY_REQUEST_ID,
                           "The Repeatability-Request-ID has to be of 1 to %d visible ASCII "
                           "characters; a GUID is best.",
                           ID_BYTES_MAX);
}

static bool refuse_time(struct error *err, const char *why) COLD;
static bool refuse_time(struct error *err, const char *why)
{
    return error_set(err, ERROR_PRECONDITION_FAILED, REPEATABILITY_FIRST_SENT,
                     "Repeatability-First-Sent is %s, so it cannot be told whether the request "
                     "was executed before.",
                     why);
}

/* By the server's clock, which stands in the Date of its answers: a client's clock does not move
 * with a tenant's. Where it stands still there is nothing to compare with. */
static bool read_sent(const struct call *call, struct slice sent, int64_t keep_ms,
                      int64_t *ret_unix_s, struct error *err)
{
    const struct clock *clock = call->loop->api->clock;
    int64_t now_s = clock_now_unix_s(clock);

    if (!http_fixdate_read(sent, ret_unix_s))
        return error_set(err, ERROR_BAD_REQUEST, REPEATABILITY_FIRST_SENT,
                         "Repeatability-First-Sent has to be a date like 'Sun, 06 Nov 1994 "
                         "08:49:37 GMT'.");
    if (clock_is_stopped(clock)) {
        *ret_unix_s = (int64_t)(clock_machine_unix_ms() / 1000);
        return true;
    }
    if (*ret_unix_s > now_s + SERVICE_REPEAT_AHEAD_S)
        return refuse_time(err, "in the future");
    return *ret_unix_s >= now_s - keep_ms / 1000 || refuse_time(err, "too long ago");
}

/* --- who asks, and what ---------------------------------------------------------------------- */

/* No two lists of texts are one text here: their lengths come first. */
static bool digest(const struct slice *texts, size_t count, uint8_t out[SHA256_BYTES],
                   struct error *err)
{
    uint64_t lengths[DIGEST_PARTS];
    struct slice parts[DIGEST_PARTS + 1];

    assert(count <= DIGEST_PARTS);
    parts[0] = (struct slice){ (const char *)lengths, count * sizeof lengths[0] };
    for (size_t i = 0; i < count; i++) {
        lengths[i] = texts[i].len;
        parts[i + 1] = texts[i];
    }
    return sha256_hmac(SLICE("repeatable request"), parts, count + 1, out) ||
           error_set(err, ERROR_INTERNAL, SLICE_EMPTY, "a digest could not be made");
}

/* `key` is empty unless it says more than the path does. */
static bool digest_request(const struct http_request *request, struct slice key,
                           uint8_t out[SHA256_BYTES], struct error *err)
{
    const struct slice asked[] = { request->method_text, request->path, request->query,
                                   request->body, key };

    return digest(asked, COUNT_OF(asked), out, err);
}

static bool fill_in(const struct call *call, struct slice id, struct service_repeat *repeat,
                    struct error *err)
{
    const struct slice caller[] = { { (const char *)call->who->caller, PRINCIPAL_CALLER_BYTES },
                                    id };

    repeat->tenant = call->who->tenant;
    repeat->now_ticks = call_now_ticks(call);
    return digest(caller, COUNT_OF(caller), repeat->key, err) &&
           digest_request(&call->exchange->request, SLICE_EMPTY, repeat->request, err);
}

static bool read_fields(struct call *call, struct service_repeat *repeat, struct error *err)
{
    struct slice id, sent;

    repeat->keep_ms = call->loop->api->repeat_keep_ms;
    if (!read_one(call, REPEATABILITY_REQUEST_ID, &id, err) ||
        !read_one(call, REPEATABILITY_FIRST_SENT, &sent, err) || !check_id(id, err) ||
        !read_sent(call, sent, repeat->keep_ms, &repeat->sent_unix_s, err))
        return false;
    if (call->path.resource == ODATA_BATCH)
        return error_set(err, ERROR_NOT_IMPLEMENTED, REPEATABILITY_REQUEST_ID,
                         "A batch cannot be made repeatable as a whole. Its requests can: each by "
                         "its own headers.");
    return fill_in(call, id, repeat, err);
}

static void tell(struct call *call, struct slice result)
{
    call->exchange->response.fields[call->repeatability->result].value = result;
}

/* What changes nothing can be sent as often as one likes. */
static bool changes_nothing(const struct call *call, bool is_read)
{
    return is_read || (call->path.action && edm_only_answers(call->path.action));
}

bool repeatability_begin(struct call *call, bool is_read)
{
    struct error error = { 0 };

    if (changes_nothing(call, is_read) ||
        graph_goes_beyond(call, BEYOND_REPEATABILITY) != BEYOND_GOES)
        return true;
    call->repeatability = arena_new(call->arena, struct repeatability);
    if (!call->repeatability) {
        error_no_memory(&error);
        call_finish_error(call, &error);
        return false;
    }
    call->repeatability->result = call->exchange->response.field_count;
    call_add_field(call, REPEATABILITY_RESULT, SLICE("accepted"));
    if (read_fields(call, &call->repeatability->repeat, &error))
        return true;
    tell(call, SLICE("rejected"));
    call_finish_error(call, &error);
    return false;
}

/* --- the answer ------------------------------------------------------------------------------ */

static void lead_nowhere(struct http_exchange *exchange UNUSED)
{
}

/* One line each. */
static struct slice fields_text(const struct http_response *response, struct arena *arena,
                                bool *ret_ok)
{
    struct text text;

    text_init(&text, arena, 512, FIELDS_BYTES_MAX);
    for (size_t i = 0; i < response->field_count; i++) {
        text_append(&text, response->fields[i].name);
        text_append_char(&text, ':');
        text_append(&text, response->fields[i].value);
        text_append_char(&text, '\n');
    }
    *ret_ok = !text.failed;
    return text_slice(&text);
}

static void add_fields(struct call *call, struct slice text)
{
    struct slice line, name, value;

    while (slice_cut(text, '\n', &line, &text))
        if (slice_cut(line, ':', &name, &value))
            call_add_field(call, name, value);
}

static bool is_create(const struct call *call)
{
    return call->path.resource == ODATA_SET;
}

/* On the writer's thread, behind the operation. The memory that was set aside for the answer is
 * what it is made of; what any answer needs besides stays aside, since the end of the call must not
 * depend on how this went. */
static bool make_answer(struct call *call, struct service_answer *ret, struct error *err)
{
    struct api_loop nobodys = { .api = call->loop->api };
    struct http_exchange exchange = *call->exchange;
    struct call copy = *call;
    bool less = call_keep_memory(call, 0), ok;

    assert(less);
    exchange.response = (struct http_response){ .status = 0 };
    exchange.part = true;
    exchange.done = lead_nowhere;
    copy.exchange = &exchange;
    copy.loop = &nobodys;
    copy.began_us = 0;
    copy.testbed = NULL;
    copy.before = NULL;
    call->repeatability->next(&copy);
    less = call_keep_memory(call, 0); /* which the copy's end gave back, and took nothing of */
    assert(less);
    (void)less;
    ret->status = exchange.response.status;
    ret->body = exchange.response.body;
    ret->id = is_create(call) ? call->entity->values[0].text : SLICE_EMPTY;
    ret->fields = fields_text(&exchange.response, call->arena, &ok);
    return (ok && ret->status < 400) || error_no_memory(err);
}

/* Whoever refers to what was made finds its key, which is all that is known of it now. */
static bool recall_entity(struct call *call, struct slice id, struct error *err)
{
    if (id.len == 0)
        return true;
    call->entity = edm_entity_create(call->path.type, call->arena);
    if (!call->entity)
        return error_no_memory(err);
    call->entity->values[0] = (struct edm_value){ .text = id };
    return true;
}

static bool refuse(struct call *call, enum service_repeat_state state, struct error *err)
{
    tell(call, SLICE("rejected"));
    if (state == REPEAT_FORGOTTEN)
        return refuse_time(err, "too long ago");
    return error_set(err, ERROR_BAD_REQUEST, REPEATABILITY_REQUEST_ID,
                     "Another request was sent with this Repeatability-Request-ID before: with "
                     "another method, address or body.");
}

/* --- the operation --------------------------------------------------------------------------- */

/* Whose entity another request of its change set has made just now is about that one: its path has
 * a key that only stood for it (http/batch_reference.c). */
static bool take_key(struct call *call, struct error *err)
{
    struct repeatability *it = call->repeatability;

    return call->path.key.ptr == it->key.ptr ||
           digest_request(&call->exchange->request, call->path.key, it->repeat.request, err);
}

/* On the writer's thread; may be called twice. */
static bool run_once(struct dispatch_job *job, struct store_session *session, struct error *err)
{
    struct call *call = graph_call_of(job);
    struct repeatability *it = call->repeatability;
    enum service_repeat_state state;

    tell(call, SLICE("accepted"));
    if (!take_key(call, err) ||
        !service_repeat_find(session, &it->repeat, call->arena, &state, &it->answer, err))
        return false;
    it->repeated = state == REPEAT_SAME;
    if (it->repeated)
        return recall_entity(call, it->answer.id, err);
    if (state != REPEAT_NEW)
        return refuse(call, state, err);
    return it->run(job, session, err) && make_answer(call, &it->answer, err) &&
           service_repeat_keep(session, &it->repeat, &it->answer, err);
}

static void finish(struct call *call)
{
    const struct repeatability *it = call->repeatability;

    if (it->repeated)
        call->executed = false;
    else if (is_create(call) || call->created)
        stale_remember_create(call);
    else
        stale_remember_change(call);
    add_fields(call, it->answer.fields);
    call_finish_made(call, it->answer.status, it->answer.body);
}

void repeatability_wrap(struct call *call)
{
    call->repeatability->key = call->path.key;
    call->repeatability->run = call->run;
    call->repeatability->next = call->next;
    call->run = run_once;
    call->next = finish;
}
