/* http/reply.c - where results become statuses, fields and bodies.
 *
 * The only file that knows which status an error code becomes. Fields are those of a real Graph
 * reply (request-id, client-request-id, x-ms-ags-diagnostic, OData-Version on success), errors
 * stand in Graph's envelope:
 *
 *     {"error":{"code":…,"message":…,"target":…,
 *               "innerError":{"date":…,"request-id":…,"client-request-id":…}}}
 *
 * with "target" left out where none is known, and the message repeated in innerError for a
 * ModelValidationFailure, as Intune does. Where the profile has Intune's back ends tell an error
 * (http/back_end.c), the message is theirs and there is no target.
 *
 * Each end first gives back the memory that was set aside for it (call_keep_memory()). All of them
 * leave by finish(), where the tenant's testbed has its last word (http/effects.c).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "edm/date_time.h"
#include "http/back_end.h"
#include "http/coding.h"
#include "http/cors.h"
#include "http/effects.h"
#include "json/writer.h"

#define ERROR_BODY_BYTES_MAX 8192

static const struct {
    enum error_code code;
    int status;
} statuses[] = {
    { ERROR_BAD_REQUEST, 400 },
    { ERROR_MODEL_VALIDATION, 400 },
    { ERROR_EMPTY_PAYLOAD, 400 },
    { ERROR_EXPAND_NOT_SUPPORTED, 400 },
    { ERROR_UNAUTHORIZED, 401 },
    { ERROR_FORBIDDEN, 403 },
    { ERROR_NOT_FOUND, 404 },
    { ERROR_METHOD_NOT_ALLOWED, 405 },
    { ERROR_NOT_ACCEPTABLE, 406 },
    { ERROR_REQUEST_TIMEOUT, 408 },
    { ERROR_CONFLICT, 409 },
    { ERROR_RESYNC_REQUIRED, 410 },
    { ERROR_LENGTH_REQUIRED, 411 },
    { ERROR_PRECONDITION_FAILED, 412 },
    { ERROR_TOO_LARGE, 413 },
    { ERROR_URI_TOO_LONG, 414 },
    { ERROR_UNSUPPORTED_MEDIA_TYPE, 415 },
    { ERROR_EXPECTATION_FAILED, 417 },
    { ERROR_HEAD_TOO_LARGE, 431 },
    { ERROR_INTERNAL, 500 },
    { ERROR_NOT_IMPLEMENTED, 501 },
    { ERROR_TOO_MANY_CONNECTIONS, 503 },
    { ERROR_BUSY, 503 },
    { ERROR_STORE_FAILED, 503 },
    { ERROR_VERSION_NOT_SUPPORTED, 505 },
    { ERROR_STORAGE_FULL, 507 },
};

int http_status_of(enum error_code code)
{
    for (size_t i = 0; i < COUNT_OF(statuses); i++)
        if (statuses[i].code == code)
            return statuses[i].status;
    return 500;
}

void call_add_field(struct call *call, struct slice name, struct slice value)
{
    http_response_add(&call->exchange->response, name, value);
}

void call_add_odata_version(struct call *call)
{
    call_add_field(call, SLICE("OData-Version"), call->odata_401 ? SLICE("4.01") : SLICE("4.0"));
}

/* --- fields ---------------------------------------------------------------------------------- */

/* RFC 6797: only over TLS. Sent for a loopback name it would break a developer's other servers. */
static bool sends_hsts(const struct call *call)
{
    const struct http_request *request = &call->exchange->request;

    switch (call->loop->api->hsts) {
    case API_HSTS_OFF:
        return false;
    case API_HSTS_ON:
        return request->secure;
    case API_HSTS_AUTO:
        return request->secure && !call_asks_loopback(call);
    }
    return false;
}

static void add_common_fields(struct call *call)
{
    if (call->exchange->part) /* the batch's answer has them */
        return;
    call_add_field(call, SLICE("request-id"), (struct slice){ call->request_id, UUID_TEXT_LEN });
    call_add_field(call, SLICE("client-request-id"), call->client_request_id);
    call_add_field(call, SLICE("x-ms-ags-diagnostic"),
                   SLICE("{\"ServerInfo\":{\"DataCenter\":\"connectord\",\"Slice\":\"E\","
                         "\"Ring\":\"1\",\"ScaleUnit\":\"000\",\"RoleInstance\":\"connectord\"}}"));
    if (sends_hsts(call))
        call_add_field(call, SLICE("Strict-Transport-Security"), SLICE("max-age=31536000"));
    cors_add_fields(call);
}

static void use_kept_memory(struct call *call)
{
    bool ok = arena_set_aside(call->arena, 0);

    assert(ok);
    (void)ok;
}

static void leave(struct call *call)
{
    http_exchange_done(call->exchange);
}

static void finish(struct call *call, int status, struct slice body)
{
    call->exchange->response.status = status;
    call->exchange->response.body = body;
    if (call->began_us)
        effects_finish(call);
    else
        coding_then(call, leave);
}

/* --- ends ------------------------------------------------------------------------------------ */

#define ODATA_JSON(prefix, level, ieee754)                                                         \
    SLICE_INIT("application/json;" prefix "metadata=" level ";" prefix                             \
               "streaming=true;IEEE754Compatible=" ieee754 ";charset=utf-8")
#define ODATA_JSONS(level)                                                                         \
    {                                                                                              \
        { ODATA_JSON("odata.", level, "false"), ODATA_JSON("odata.", level, "true") },             \
        {                                                                                          \
            ODATA_JSON("", level, "false"), ODATA_JSON("", level, "true")                          \
        }                                                                                          \
    }

/* By level, then whether of OData 4.01, then whether with long numbers as strings. */
static const struct slice odata_content_types[ODATA_LEVEL_COUNT][2][2] = {
    [ODATA_MINIMAL] = ODATA_JSONS("minimal"),
    [ODATA_NONE] = ODATA_JSONS("none"),
    [ODATA_FULL] = ODATA_JSONS("full"),
};

void call_finish_odata(struct call *call, int status, const struct text *body)
{
    if (body->failed) {
        struct error error = { 0 };
        error_set(
            &error, ERROR_TOO_LARGE, SLICE_EMPTY,
            "The reply is larger than this server sends. Ask for fewer rows with $top, or for "
            "fewer properties with $select.");
        call_finish_error(call, &error);
        return;
    }
    use_kept_memory(call);
    call_add_field(call, SLICE("Content-Type"),
                   odata_content_types[call->level][call->odata_401][call->ieee754]);
    call_add_odata_version(call);
    call_add_field(call, SLICE("Cache-Control"), SLICE("no-cache"));
    add_common_fields(call);
    finish(call, status, text_slice(body));
}

void call_finish_not_modified(struct call *call)
{
    use_kept_memory(call);
    call_add_odata_version(call);
    call_add_field(call, SLICE("Cache-Control"), SLICE("no-cache"));
    add_common_fields(call);
    finish(call, 304, SLICE_EMPTY);
}

void call_finish_no_content(struct call *call)
{
    use_kept_memory(call);
    call_add_odata_version(call);
    add_common_fields(call);
    finish(call, 204, SLICE_EMPTY);
}

void call_finish_plain(struct call *call, int status, struct slice content_type, struct slice body,
                       bool cacheable)
{
    use_kept_memory(call);
    call_add_field(call, SLICE("Content-Type"), content_type);
    if (!cacheable)
        call_add_field(call, SLICE("Cache-Control"), SLICE("no-store"));
    add_common_fields(call);
    finish(call, status, body);
}

void call_finish_made(struct call *call, int status, struct slice body)
{
    use_kept_memory(call);
    add_common_fields(call);
    finish(call, status, body);
}

struct slice call_error_date(const struct call *call, char memory[EDM_DATE_TIME_TEXT_MAX])
{
    int64_t now = call_now_ticks(call);
    struct edm_date_time at = { .ticks = now - now % CLOCK_TICKS_PER_SECOND };
    size_t len = edm_date_time_format(at, memory);

    return (struct slice){ memory, len - 1 }; /* all but the Z */
}

/* What a client is told of an error. */
struct told {
    struct slice code, message, target; /* target: empty when there is none */
    bool again;                         /* the message stands in innerError, too */
};

static void write_error(struct call *call, const struct told *told, struct text *out)
{
    struct json_writer writer;
    char date[EDM_DATE_TIME_TEXT_MAX];

    json_writer_init(&writer, out);
    json_writer_object_begin(&writer);
    json_writer_plain_name(&writer, SLICE("error"));
    json_writer_object_begin(&writer);
    json_writer_plain_name(&writer, SLICE("code"));
    json_writer_string(&writer, told->code);
    json_writer_plain_name(&writer, SLICE("message"));
    json_writer_string(&writer, told->message);
    if (told->target.len) {
        json_writer_plain_name(&writer, SLICE("target"));
        json_writer_string(&writer, told->target);
    }
    json_writer_plain_name(&writer, SLICE("innerError"));
    json_writer_object_begin(&writer);
    if (told->again) {
        json_writer_plain_name(&writer, SLICE("message"));
        json_writer_string(&writer, told->message);
    }
    json_writer_plain_name(&writer, SLICE("date"));
    json_writer_string(&writer, call_error_date(call, date));
    json_writer_plain_name(&writer, SLICE("request-id"));
    json_writer_string(&writer, (struct slice){ call->request_id, UUID_TEXT_LEN });
    json_writer_plain_name(&writer, SLICE("client-request-id"));
    json_writer_string(&writer, call->client_request_id);
    json_writer_object_end(&writer);
    json_writer_object_end(&writer);
    json_writer_object_end(&writer);
}

static void log_failure(struct call *call, int status, const struct error *error)
{
    struct log *log = call->loop->log;

    log_begin(log, status == 500 ? LOG_ERROR : LOG_WARNING, "request_failed");
    log_int(log, "status", status);
    log_text(log, "request_id", (struct slice){ call->request_id, UUID_TEXT_LEN });
    log_text(log, "method", call->exchange->request.method_text);
    log_text(log, "path", call->exchange->request.path);
    log_text(log, "message", slice_of(error->message));
    log_end(log);
}

/* What others cause is not ours to mend, and must not fill the log; a lack of memory the
 * connections log. */
static bool is_ours_to_mend(const struct call *call, enum error_code code)
{
    return http_status_of(code) >= 500 && code != ERROR_TOO_MANY_CONNECTIONS &&
           code != ERROR_NOT_IMPLEMENTED && code != ERROR_VERSION_NOT_SUPPORTED &&
           !(code == ERROR_BUSY && arena_is_starved(call->arena));
}

/* Where memory ran short whatever failed may have failed for that, and nothing was executed: what
 * fails behind a write is a 500. */
static bool is_for_want_of_memory(const struct call *call, enum error_code code)
{
    return arena_is_starved(call->arena) && http_status_of(code) < 500;
}

static void finish_told(struct call *call, int status, const struct told *told)
{
    struct text body;

    text_init(&body, call->arena, 1024, ERROR_BODY_BYTES_MAX);
    write_error(call, told, &body);
    call_finish_error_body(call, status, text_slice(&body));
}

void call_finish_error(struct call *call, const struct error *error)
{
    struct error busy = { 0 };

    if (!call->loop->log) { /* a copy's, of which nobody is told: http/repeatability.c */
        call->exchange->response.status = http_status_of(error->code);
        return;
    }
    if (is_for_want_of_memory(call, error->code)) {
        error_set(&busy, ERROR_BUSY, SLICE_EMPTY, "The server is busy. Try again later.");
        error = &busy;
    }
    int status = http_status_of(error->code);
    struct told told = { .code = error_code_text(error->code),
                         .again = error->code == ERROR_MODEL_VALIDATION };

    use_kept_memory(call);
    told.message = back_end_message(call, error);
    if (told.message.len == 0) {
        told.message = slice_of(error->message);
        told.target = slice_of(error->target);
    }
    if (is_ours_to_mend(call, error->code))
        log_failure(call, status, error);
    /* Busy passes by itself; a failed store does not, so no client is told when to come back. */
    if (error->code == ERROR_BUSY || error->code == ERROR_TOO_MANY_CONNECTIONS)
        call_add_field(call, SLICE("Retry-After"), SLICE("1"));
    finish_told(call, status, &told);
}

void call_finish_message(struct call *call, int status, struct slice code, struct slice message)
{
    const struct told told = { .code = code, .message = message };

    use_kept_memory(call);
    finish_told(call, status, &told);
}

void call_finish_error_body(struct call *call, int status, struct slice body)
{
    use_kept_memory(call);
    if (body.len)
        call_add_field(call, SLICE("Content-Type"), SLICE("application/json"));
    call_add_field(call, SLICE("Cache-Control"), SLICE("no-cache"));
    add_common_fields(call);
    finish(call, status, body);
}
