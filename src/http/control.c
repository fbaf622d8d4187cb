/* http/control.c - the door of the control API: is it on, who may, which verb.
 *
 * Whoever gets through may empty the server, so the order of questions is part of the product, and
 * each is answered before the next is asked:
 *
 *     is it on           else the path is nobody's: Graph's 404 of an unknown version
 *     who asks           403: control_access.c
 *     which resource     404, then 405 with what is allowed
 *     which tenant       404
 *     which body         415, 400
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/control.h"
#include "http/coding.h"

#include <assert.h>

#include "base/arena.h"
#include "http/control_removal.h"
#include "odata/format.h"
#include "service/provision.h"
#include "service/upkeep.h"
#include "testbed/testbed.h"

#define BASE               SLICE("/_connectord")
#define TENANTS            SLICE("/tenants/")
#define SMALL_ANSWER_BYTES 4096

/* --- the table ------------------------------------------------------------------------------- */

const struct control_route control_routes[] = {
    { HTTP_GET, SLICE_INIT(""), CONTROL_OF_TENANT, CONTROL_NO_BODY, control_index },
    { HTTP_GET, SLICE_INIT("/openapi.json"), CONTROL_OF_SERVER, CONTROL_NO_BODY, control_openapi },
    { HTTP_GET, SLICE_INIT("/clock"), CONTROL_OF_TENANT, CONTROL_NO_BODY, control_clock_get },
    { HTTP_PUT, SLICE_INIT("/clock"), CONTROL_OF_TENANT, CONTROL_HAS_BODY, control_clock_put },
    { HTTP_GET, SLICE_INIT("/faults"), CONTROL_OF_TENANT, CONTROL_NO_BODY, control_faults_get },
    { HTTP_PUT, SLICE_INIT("/faults"), CONTROL_OF_TENANT, CONTROL_HAS_BODY, control_faults_put },
    { HTTP_DELETE, SLICE_INIT("/faults"), CONTROL_OF_TENANT, CONTROL_NO_BODY,
      control_faults_delete },
    { HTTP_GET, SLICE_INIT("/faults/personas"), CONTROL_OF_TENANT, CONTROL_NO_BODY,
      control_personas_get },
    { HTTP_GET, SLICE_INIT("/requests"), CONTROL_OF_TENANT, CONTROL_NO_BODY, control_requests_get },
    { HTTP_DELETE, SLICE_INIT("/requests"), CONTROL_OF_TENANT, CONTROL_NO_BODY,
      control_requests_delete },
    { HTTP_POST, SLICE_INIT("/requests/verify"), CONTROL_OF_TENANT, CONTROL_HAS_BODY,
      control_requests_verify },
    { HTTP_GET, SLICE_INIT("/policy"), CONTROL_OF_TENANT, CONTROL_NO_BODY, control_policy_get },
    { HTTP_PUT, SLICE_INIT("/policy"), CONTROL_OF_TENANT, CONTROL_HAS_BODY, control_policy_put },
    { HTTP_POST, SLICE_INIT("/reset"), CONTROL_OF_TENANT, CONTROL_MAY_HAVE_BODY, control_reset },
    { HTTP_POST, SLICE_INIT("/seed"), CONTROL_OF_TENANT, CONTROL_HAS_BODY, control_seed },
    { HTTP_GET, SLICE_INIT("/export"), CONTROL_OF_TENANT, CONTROL_NO_BODY, control_export },
    { HTTP_POST, SLICE_INIT("/token"), CONTROL_OF_TENANT, CONTROL_MAY_HAVE_BODY, control_token },
    { HTTP_POST, SLICE_INIT("/sandbox"), CONTROL_OF_SERVER, CONTROL_MAY_HAVE_BODY,
      control_sandbox_create },
    { HTTP_DELETE, SLICE_INIT(""), CONTROL_OF_NAMED_TENANT, CONTROL_NO_BODY,
      control_sandbox_delete },
};

const size_t control_route_count = COUNT_OF(control_routes);

static bool is_at(const struct control_route *route, const struct control *control,
                  struct slice path)
{
    bool scope_fits = route->scope == CONTROL_OF_TENANT ||
                      (route->scope == CONTROL_OF_NAMED_TENANT) == control->names_tenant;

    return scope_fits && slice_eq(route->path, path);
}

static const struct control_route *find_route(const struct control *control, struct slice path)
{
    enum http_method method = control->call->exchange->request.method;

    if (method == HTTP_HEAD)
        method = HTTP_GET;
    for (size_t i = 0; i < control_route_count; i++)
        if (control_routes[i].method == method && is_at(&control_routes[i], control, path))
            return &control_routes[i];
    return NULL;
}

static const char *method_names(enum http_method method)
{
    switch (method) {
    case HTTP_GET:
        return "GET, HEAD";
    case HTTP_PUT:
        return "PUT";
    case HTTP_POST:
        return "POST";
    default:
        return "DELETE";
    }
}

/* What may be done with the path; empty when it is none. */
static struct slice allowed_at(const struct control *control, struct slice path)
{
    struct text text;

    text_init(&text, control->call->arena, 32, 64);
    for (size_t i = 0; i < control_route_count; i++) {
        if (!is_at(&control_routes[i], control, path))
            continue;
        if (text.len)
            text_append(&text, SLICE(", "));
        text_append(&text, slice_of(method_names(control_routes[i].method)));
    }
    return text_slice(&text);
}

/* --- is it on -------------------------------------------------------------------------------- */

static bool is_on(const struct api *api)
{
    return api->testbeds && api->rules->builtin && api->control != API_CONTROL_OFF;
}

/* --- which tenant, which resource ------------------------------------------------------------ */

static bool refuse_path(struct slice path, struct error *err)
{
    return error_set(err, ERROR_NOT_FOUND, SLICE_EMPTY,
                     "The control API has no '%.*s'. GET /_connectord lists what it has.",
                     SLICE_ARG(slice_utf8_prefix(path, 200)));
}

static bool refuse_tenant(struct slice tenant, struct error *err)
{
    return error_set(err, ERROR_NOT_FOUND, SLICE("tenant"), "There is no tenant '%.*s'.",
                     SLICE_ARG(slice_utf8_prefix(tenant, 100)));
}

/* The tenant out of the address; *path is what is left of it. */
static bool read_tenant(struct control *control, struct slice *path, struct error *err)
{
    struct slice rest, id;
    size_t end;

    control->tenant = service_default_tenant();
    if (slice_starts_with(*path, TENANTS)) {
        rest = slice_sub(*path, TENANTS.len, path->len);
        end = slice_index(rest, '/');
        id = slice_sub(rest, 0, end);
        if (!uuid_parse(id, &control->tenant))
            return refuse_tenant(id, err);
        control->names_tenant = true;
        *path = slice_sub(rest, end, rest.len);
    }
    if (slice_eq(*path, SLICE("/")))
        *path = SLICE_EMPTY;
    return true;
}

static bool check_tenant(struct control *control, struct error *err)
{
    struct api_loop *loop = control->call->loop;
    struct store_session *session;
    enum tenant_state state;
    char id[UUID_TEXT_LEN];

    if (!service_session_begin(loop->session, &session, err) ||
        !service_tenant_state(loop->session, control->tenant, &state, err))
        return false;
    if (state == TENANT_UNKNOWN) {
        uuid_format(control->tenant, id);
        return refuse_tenant((struct slice){ id, UUID_TEXT_LEN }, err);
    }
    control->testbed = testbeds_hold(loop->api->testbeds, control->tenant);
    return control->testbed || error_no_memory(err);
}

static bool refuse_type(const char *message, struct error *err)
{
    return error_set(err, ERROR_UNSUPPORTED_MEDIA_TYPE, SLICE_EMPTY, "%s", message);
}

/* A page's form cannot send this type, so it is insisted on. */
static bool check_body(struct control *control, enum control_body wanted, struct error *err)
{
    const struct http_request *request = &control->call->exchange->request;
    struct slice type = http_request_field(request, SLICE("Content-Type"));

    control->body = SLICE("{}");
    if (wanted == CONTROL_NO_BODY)
        return true;
    if (!coding_read_body(control->call, control->call->loop->api->body_bytes_max, err))
        return false;
    if (request->body.len == 0)
        return wanted == CONTROL_MAY_HAVE_BODY ||
               error_set(err, ERROR_EMPTY_PAYLOAD, SLICE_EMPTY,
                         "Expected a JSON object, found no body.");
    control->body = request->body;
    return odata_is_media_type(type, SLICE("application/json")) ||
           refuse_type("Expected the Content-Type application/json.", err);
}

static bool prepare(struct control *control, struct slice path, const struct control_route **ret,
                    struct error *err)
{
    const struct control_route *route;
    struct slice allowed;

    if (!read_tenant(control, &path, err))
        return false;
    route = find_route(control, path);
    if (!route) {
        allowed = allowed_at(control, path);
        if (allowed.len == 0)
            return refuse_path(path, err);
        call_add_field(control->call, SLICE("Allow"), allowed);
        return error_set(err, ERROR_METHOD_NOT_ALLOWED, SLICE_EMPTY,
                         "Specified HTTP method is not allowed for the request target.");
    }
    *ret = route;
    return (route->scope == CONTROL_OF_SERVER || check_tenant(control, err)) &&
           check_body(control, route->body, err);
}

static void start(struct call *call, struct slice path)
{
    struct control *control = arena_new(call->arena, struct control);
    const struct control_route *route = NULL;
    struct error error = { 0 };

    if (!control) {
        error_no_memory(&error);
        call_finish_error(call, &error);
        return;
    }
    control->call = call;
    if (prepare(control, path, &route, &error))
        route->start(control);
    else
        control_fail(control, &error);
}

bool control_handle(struct call *call)
{
    struct slice path = call->exchange->request.path, rest;
    struct error error = { 0 };

    if (!is_on(call->loop->api) || !slice_starts_with(path, BASE))
        return false;
    rest = slice_sub(path, BASE.len, path.len);
    if (rest.len > 0 && rest.ptr[0] != '/')
        return false;
    if (control_may_ask(call, &error))
        start(call, rest);
    else
        call_finish_error(call, &error);
    return true;
}

bool control_address(const struct control *control, struct uuid tenant, bool named,
                     struct slice *ret)
{
    struct call *call = control->call;
    char id[UUID_TEXT_LEN];

    uuid_format(tenant, id);
    return arena_printf(call->arena, ret, "%.*s%.*s%.*s%.*s", SLICE_ARG(call->origin),
                        SLICE_ARG(BASE), named ? (int)TENANTS.len : 0, TENANTS.ptr,
                        named ? UUID_TEXT_LEN : 0, id);
}

/* --- ends ------------------------------------------------------------------------------------ */

struct json_writer *control_reply_begin(struct control_reply *reply, struct control *control)
{
    text_init(&reply->text, control->call->arena, 1024, control->call->loop->api->reply_bytes_max);
    json_writer_init(&reply->writer, &reply->text);
    return &reply->writer;
}

/* The exchange, and all of this with it, may be gone once the call is finished. */
static struct call *let_go(struct control *control)
{
    testbed_release(control->testbed);
    control->testbed = NULL;
    return control->call;
}

void control_finish(struct control *control, int status, const struct control_reply *reply)
{
    struct error error = { 0 };

    if (reply->text.failed) {
        error_set(&error, ERROR_TOO_LARGE, SLICE_EMPTY,
                  "The answer is larger than this server sends (limit-reply-bytes), or found no "
                  "memory.");
        control_fail(control, &error);
        return;
    }
    call_finish_plain(let_go(control), status, SLICE("application/json"), text_slice(&reply->text),
                      false);
}

void control_finish_no_content(struct control *control)
{
    call_finish_no_content(let_go(control));
}

void control_fail(struct control *control, const struct error *error)
{
    struct error after = { 0 };

    if (control->done) {
        error_set(&after, ERROR_INTERNAL, slice_of(error->target), "%s, but then: %s",
                  control->done, error->message);
        error = &after;
    }
    if (control->makes_tenant)
        testbeds_forget(control->call->loop->api->testbeds, control->tenant);
    call_finish_error(let_go(control), error);
}

/* --- work on another thread ------------------------------------------------------------------ */

static bool run_job(struct dispatch_job *job, struct store_session *session, struct error *err)
{
    struct control *control = CONTAINER_OF(job, struct control, job);

    return control->run(control, session, err);
}

static void job_done(struct dispatch_job *job)
{
    struct control *control = CONTAINER_OF(job, struct control, job);
    bool less = call_keep_memory(control->call, 0); /* the body is made now */

    assert(less);
    (void)less;
    if (job->ok)
        control->next(control);
    else
        control_fail(control, &job->error);
}

static bool push(struct dispatch *dispatch, enum control_place place, struct dispatch_job *job)
{
    switch (place) {
    case CONTROL_WRITER:
        return dispatch_write(dispatch, job);
    case CONTROL_READER:
        return dispatch_read(dispatch, job);
    case CONTROL_SHORT_READER:
        return dispatch_short_read(dispatch, job);
    }
    return false;
}

void control_submit(struct control *control, enum control_place place,
                    bool (*run)(struct control *, struct store_session *, struct error *),
                    void (*next)(struct control *))
{
    struct api_loop *loop = control->call->loop;
    struct error error = { 0 };

    if (place == CONTROL_WRITER && !call_keep_memory(control->call, SMALL_ANSWER_BYTES)) {
        error_no_memory(&error);
        control_fail(control, &error);
        return;
    }
    control->run = run;
    control->next = next;
    control->job = (struct dispatch_job){ .home = loop->loop, .run = run_job, .done = job_done };
    if (!push(loop->api->dispatch, place, &control->job)) {
        error_set(&error, ERROR_BUSY, SLICE_EMPTY, "The server is busy. Try again later.");
        control_fail(control, &error);
    }
}

/* --- removals -------------------------------------------------------------------------------- */

static void removed(struct control_removal *removal, const struct error *why)
{
    struct control *control = removal->context;

    control->removed = removal->total;
    if (why)
        control_fail(control, why);
    else
        control->next(control);
}

void control_remove_then(struct control *control, void (*next)(struct control *))
{
    struct api_loop *loop = control->call->loop;
    struct control_removal *removal;
    struct store_session *session;
    struct error error = { 0 };
    bool removes;

    if (!service_session_begin(loop->session, &session, &error) ||
        !service_tenant_removes(loop->session, loop->api->model, control->tenant, &removes,
                                &error)) {
        control_fail(control, &error);
        return;
    }
    if (!removes) {
        next(control);
        return;
    }
    removal = arena_new(control->call->arena, struct control_removal);
    if (!removal) {
        error_no_memory(&error);
        control_fail(control, &error);
        return;
    }
    *removal = (struct control_removal){ .api = loop->api,
                                         .loop = loop->loop,
                                         .log = loop->log,
                                         .tenant = control->tenant,
                                         .now_ticks = testbed_now_ticks(control->testbed),
                                         .context = control,
                                         .finished = removed };
    control->next = next;
    control_removal_start(removal);
}
