/* http/coding.c - decides which answers are compressed, and where that is done.
 *
 * An answer may be compressed when it is text of gzip-from bytes or more; it then says that it
 * varies by Accept-Encoding, whether this client wanted it so or not. Below that size an answer has
 * paid one comparison.
 *
 * What is compressed in up to two milliseconds is compressed here on the loop, which is less than a
 * page of that size took to be read and written. The cost of more is not to be borne by the loop's
 * other connections: it is done on a reader's thread, and the call goes on when it comes home.
 *
 * The memory for it is the request's. The head that is still to be made has its part set aside
 * meanwhile, so that compressing can only fail by itself.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/coding.h"

#include <assert.h>

#include "base/arena.h"
#include "http/accept_encoding.h"
#include "http/gzip.h"

#define ON_LOOP_BYTES_MAX ((size_t)512 * 1024)
#define FIELDS_ADDED      3 /* two here, and x-connectord-fault */

struct coding_job {
    struct dispatch_job job;
    struct call *call;
    struct slice coded;
    bool ok;
    void (*next)(struct call *call);
};

/* --- answers --------------------------------------------------------------------------------- */

static bool is_text(const struct http_response *response)
{
    static const struct slice types[] = {
        SLICE_INIT("application/json"),
        SLICE_INIT("application/xml"),
        SLICE_INIT("text/"),
    };

    for (size_t i = 0; i < response->field_count; i++) {
        if (!slice_eq(response->fields[i].name, SLICE("Content-Type")))
            continue;
        for (size_t j = 0; j < COUNT_OF(types); j++) {
            if (slice_starts_with(response->fields[i].value, types[j]))
                return true;
        }
    }
    return false;
}

static bool has_body(int status)
{
    return status != 204 && status != 304;
}

static bool may_be_coded(const struct call *call)
{
    const struct http_response *response = &call->exchange->response;

    return !call->exchange->part && has_body(response->status) &&
           response->field_count + FIELDS_ADDED <= HTTP_RESPONSE_FIELDS_MAX && is_text(response);
}

/* Adds to the Vary that is there: two fields would be one list, but not every cache knows. */
static bool add_vary(struct call *call)
{
    struct http_response *response = &call->exchange->response;

    for (size_t i = 0; i < response->field_count; i++) {
        struct http_field *field = &response->fields[i];

        if (slice_eq(field->name, SLICE("Vary")))
            return arena_printf(call->arena, &field->value, "%.*s, Accept-Encoding",
                                SLICE_ARG(field->value));
    }
    call_add_field(call, SLICE("Vary"), SLICE("Accept-Encoding"));
    return true;
}

static bool compress(struct call *call, struct gzip *gzip, struct slice *ret)
{
    bool ok = call_keep_memory(call, 0) &&
              gzip_compress(gzip, call->exchange->response.body, call->arena, ret);
    bool less = arena_set_aside(call->arena, 0);

    assert(less);
    (void)less;
    return ok;
}

static void use_coded(struct call *call, struct slice coded)
{
    call_add_field(call, SLICE("Content-Encoding"), SLICE("gzip"));
    call->exchange->response.body = coded;
}

/* A compressor of its own costs far less than what it is going to do. */
static bool run_job(struct dispatch_job *job, struct store_session *session UNUSED,
                    struct error *err UNUSED)
{
    struct coding_job *coding = CONTAINER_OF(job, struct coding_job, job);
    struct gzip gzip = { 0 };

    coding->ok = compress(coding->call, &gzip, &coding->coded);
    gzip_release(&gzip);
    return true;
}

/* However the job ended: one that was not run leaves the body as it is. */
static void job_done(struct dispatch_job *job)
{
    struct coding_job *coding = CONTAINER_OF(job, struct coding_job, job);

    if (job->ok && coding->ok)
        use_coded(coding->call, coding->coded);
    coding->next(coding->call);
}

static bool submit(struct call *call, void (*next)(struct call *))
{
    struct coding_job *coding = arena_new(call->arena, struct coding_job);

    if (!coding)
        return false;
    coding->call = call;
    coding->next = next;
    coding->job =
        (struct dispatch_job){ .home = call->loop->loop, .run = run_job, .done = job_done };
    return dispatch_read(call->loop->api->dispatch, &coding->job);
}

static void compress_then(struct call *call, void (*next)(struct call *))
{
    struct slice coded;

    if (call->exchange->response.body.len > ON_LOOP_BYTES_MAX) {
        if (!submit(call, next))
            next(call);
        return;
    }
    if (compress(call, &call->loop->gzip, &coded))
        use_coded(call, coded);
    next(call);
}

/* RFC 9110 15.4.5: a 304 says what the answer that it stands for depends on. How long that would be
 * nobody has found out, so it may say more than need be. */
static bool stands_for_coded(const struct call *call)
{
    return call->exchange->response.status == 304 && !call->exchange->part &&
           call->loop->api->gzip_from_bytes < SIZE_MAX &&
           call->exchange->response.field_count < HTTP_RESPONSE_FIELDS_MAX;
}

void coding_then(struct call *call, void (*next)(struct call *))
{
    if (stands_for_coded(call))
        (void)add_vary(call); /* without memory the field stays as it is */
    if (call->exchange->response.body.len < call->loop->api->gzip_from_bytes ||
        !may_be_coded(call) || !add_vary(call) ||
        !accept_encoding_prefers_gzip(&call->exchange->request))
        next(call);
    else
        compress_then(call, next);
}

/* --- bodies ---------------------------------------------------------------------------------- */

/* The body of a part stands in a text that may itself have come compressed: twenty that inflate to
 * the limit each would be one small request. */
static bool takes_gzip(const struct call *call)
{
    return call->loop->api->gzip_from_bytes < SIZE_MAX && !call->exchange->part;
}

/* RFC 9110 15.5.16: says what would do, so that clients send it again plain. */
static bool refuse_coding(struct call *call, struct error *err)
{
    bool gzip = takes_gzip(call);

    call_add_field(call, SLICE("Accept-Encoding"), gzip ? SLICE("gzip") : SLICE("identity"));
    return error_set(
        err, ERROR_UNSUPPORTED_MEDIA_TYPE, SLICE_EMPTY,
        "The Content-Encoding of the request is not supported. Send the body without one%s.",
        gzip ? ", or with gzip" : "");
}

static bool is_gzip(struct slice coding)
{
    return slice_eq_nocase(coding, SLICE("gzip")) || slice_eq_nocase(coding, SLICE("x-gzip"));
}

bool coding_read_body(struct call *call, size_t limit_bytes, struct error *err)
{
    struct http_request *request = &call->exchange->request;
    struct slice coding = http_request_field(request, SLICE("Content-Encoding"));
    size_t fields = 0;

    if (!http_request_has(request, SLICE("Content-Encoding"), &fields) ||
        (fields == 1 && (coding.len == 0 || slice_eq_nocase(coding, SLICE("identity")))))
        return true;
    if (fields > 1 || !is_gzip(coding) || !takes_gzip(call))
        return refuse_coding(call, err);
    if (request->body.len == 0)
        return true; /* nothing was compressed; what is missing is said where it is missed */
    return gzip_decompress(&call->loop->gzip, request->body, limit_bytes, call->arena,
                           &request->body, err);
}
