/* http/graph.c - a request on the Graph surface, from its path to its answer.
 *
 * The order of checks is part of the product (a caller without permission must not learn what
 * exists) and is the order of the functions in this file and those behind it (graph_options.c,
 * graph_reads.c, graph_writes.c):
 *
 *     preflight (204), version (404), documents that are open to all, token (401), a fault that a
 *     tester asked for, path (400), method (405), permission (403), licence (400), beyond Graph
 *     (403, when strict or by the profile), Content-Encoding (415), OData's version (400), body and
 *     options (400), Accept (406), existence (404), conditions (412)
 *
 * Reads by key and pages by key run here on the loop. Writes go to the writer, and what may look at
 * every row (a count, a list with a filter) or works out what the client chose ($compute) goes to a
 * reader thread; the call then continues in `next` when the job came home. Only this floor has such
 * continuations; what runs elsewhere is one straight function.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/graph.h"

#include <assert.h>

#include "base/arena.h"
#include "http/back_end.h"
#include "http/batch.h"
#include "http/cors.h"
#include "http/effects.h"
#include "http/method_override.h"
#include "http/repeatability.h"
#include "http/wishes.h"
#include "service/health.h"

#define ENTITY_FRAME_BYTES 8192 /* names, dates and numbers of the largest type, its context */
#define JSON_GROWTH        6    /* a control character of one byte is written as \u001f */

void graph_fail(struct call *call, enum error_code code, const char *message)
{
    struct error error = { 0 };

    error_set(&error, code, SLICE_EMPTY, "%s", message);
    call_finish_error(call, &error);
}

/* --- method ---------------------------------------------------------------------------------- */

struct graph_route {
    enum odata_resource resource;
    enum http_method method;
    enum edm_operation operation; /* whose permissions count; not for the singleton and actions */
    void (*start)(struct call *call);
};

static const struct graph_route routes[] = {
    { ODATA_ENTITY, HTTP_GET, EDM_GET, graph_start_get },
    { ODATA_SET, HTTP_GET, EDM_LIST, graph_start_list },
    { ODATA_SET, HTTP_POST, EDM_CREATE, graph_start_create },
    { ODATA_ENTITY, HTTP_PATCH, EDM_UPDATE, graph_start_update },
    { ODATA_ENTITY, HTTP_DELETE, EDM_DELETE, graph_start_delete },
    { ODATA_ACTION, HTTP_POST, EDM_UPDATE, graph_start_action },
    { ODATA_SINGLETON, HTTP_GET, EDM_GET, graph_start_singleton },
    { ODATA_ENTITY, HTTP_HEAD, EDM_GET, graph_start_get },
    { ODATA_SET, HTTP_HEAD, EDM_LIST, graph_start_list },
    { ODATA_COUNT, HTTP_GET, EDM_LIST, graph_start_count },
    { ODATA_COUNT, HTTP_HEAD, EDM_LIST, graph_start_count },
    { ODATA_DELTA, HTTP_GET, EDM_LIST, graph_start_delta },
    { ODATA_DELTA, HTTP_HEAD, EDM_LIST, graph_start_delta },
    { ODATA_SET_ACTION, HTTP_POST, EDM_LIST, graph_start_set_action },
    { ODATA_SET_FUNCTION, HTTP_GET, EDM_LIST, graph_start_set_function },
    { ODATA_SET_FUNCTION, HTTP_HEAD, EDM_LIST, graph_start_set_function },
    { ODATA_SINGLETON, HTTP_HEAD, EDM_GET, graph_start_singleton },
    { ODATA_PROPERTY, HTTP_GET, EDM_GET, graph_start_property },
    { ODATA_PROPERTY, HTTP_HEAD, EDM_GET, graph_start_property },
    { ODATA_VALUE, HTTP_GET, EDM_GET, graph_start_property },
    { ODATA_VALUE, HTTP_HEAD, EDM_GET, graph_start_property },
    { ODATA_PROPERTY_COUNT, HTTP_GET, EDM_GET, graph_start_property },
    { ODATA_PROPERTY_COUNT, HTTP_HEAD, EDM_GET, graph_start_property },
    { ODATA_PROPERTY, HTTP_PUT, EDM_UPDATE, graph_start_property_update },
    { ODATA_PROPERTY, HTTP_PATCH, EDM_UPDATE, graph_start_property_update },
    { ODATA_PROPERTY, HTTP_DELETE, EDM_UPDATE, graph_start_property_removal },
    { ODATA_VALUE, HTTP_PUT, EDM_UPDATE, graph_start_value_update },
    { ODATA_VALUE, HTTP_DELETE, EDM_UPDATE, graph_start_property_removal },
    { ODATA_BATCH, HTTP_POST, EDM_UPDATE, graph_start_batch },
    { ODATA_SINGLETON_PROPERTY, HTTP_GET, EDM_GET, graph_start_singleton_property },
    { ODATA_SINGLETON_PROPERTY, HTTP_HEAD, EDM_GET, graph_start_singleton_property },
};

static const struct graph_route *find_route(enum odata_resource resource, enum http_method method)
{
    for (size_t i = 0; i < COUNT_OF(routes); i++)
        if (routes[i].resource == resource && routes[i].method == method)
            return &routes[i];
    return NULL;
}

COLD void graph_refuse_method(struct call *call)
{
    static const struct slice allowed[] = {
        [ODATA_SINGLETON] = SLICE_INIT("GET, HEAD"),
        [ODATA_SET] = SLICE_INIT("GET, HEAD, POST"),
        [ODATA_COUNT] = SLICE_INIT("GET, HEAD"),
        [ODATA_DELTA] = SLICE_INIT("GET, HEAD"),
        [ODATA_ENTITY] = SLICE_INIT("GET, HEAD, PATCH, DELETE"),
        [ODATA_ACTION] = SLICE_INIT("POST"),
        [ODATA_SET_ACTION] = SLICE_INIT("POST"),
        [ODATA_SET_FUNCTION] = SLICE_INIT("GET, HEAD"),
        [ODATA_SINGLETON_PROPERTY] = SLICE_INIT("GET, HEAD"),
        [ODATA_SERVICE] = SLICE_INIT("GET, HEAD"),
        [ODATA_CSDL] = SLICE_INIT("GET, HEAD"),
        [ODATA_BATCH] = SLICE_INIT("POST"),
    };
    const struct odata_path_beyond *beyond = call->path.beyond;

    call_add_field(call, SLICE("Allow"),
                   beyond && beyond->options_in_body ? SLICE("POST")
                   : beyond && beyond->filters.len   ? SLICE("GET, HEAD")
                   : call->path.property             ? graph_property_methods(call)
                                                     : allowed[call->path.resource]);
    graph_fail(call, ERROR_METHOD_NOT_ALLOWED,
               "Specified HTTP method is not allowed for the request target.");
}

/* --- permission ------------------------------------------------------------------------------ */

static bool authorise(const struct call *call, const struct graph_route *route, struct error *err)
{
    const struct authorisation *authorisation = call->loop->api->authorisation;

    switch (route->resource) {
    case ODATA_SINGLETON:
    case ODATA_SINGLETON_PROPERTY:
        return authorise_singleton(authorisation, call->who, err);
    case ODATA_ACTION:
    case ODATA_SET_ACTION:
    case ODATA_SET_FUNCTION:
        return authorise_action(authorisation, call->who, call->path.type, call->path.action, err);
    case ODATA_SET:
    case ODATA_COUNT:
    case ODATA_DELTA:
    case ODATA_ENTITY:
    case ODATA_PROPERTY:
    case ODATA_VALUE:
    case ODATA_PROPERTY_COUNT:
        break;
    case ODATA_SERVICE: /* open to all, and answered before: graph_documents.c */
    case ODATA_CSDL:
    case ODATA_BATCH: /* each of its parts asks for itself */
        return true;
    }
    return authorise_operation(authorisation, call->who, call->path.type, route->operation, err);
}

/* --- jobs: work on another thread, and the way back ------------------------------------------- */

struct call *graph_call_of(struct dispatch_job *job)
{
    return CONTAINER_OF(job, struct call, job);
}

static bool run_job(struct dispatch_job *job, struct store_session *session, struct error *err)
{
    struct call *call = graph_call_of(job);

    call->ran = call->run(job, session, err);
    return call->ran;
}

/* Of a write that ran and whose commit failed in its sync nobody knows: it counts as done. */
static bool is_executed(const struct call *call)
{
    const struct dispatch_job *job = &call->job;

    return call->begun && call->ran && (job->ok || job->error.code == ERROR_STORE_FAILED);
}

static void job_done(struct dispatch_job *job)
{
    struct call *call = graph_call_of(job);
    bool less = call_keep_memory(call, 0); /* the body is made now */

    assert(less);
    (void)less;
    call->executed = is_executed(call);
    if (call->exchange->part)
        batch_read_is_home(call);
    if (job->ok)
        call->next(call);
    else
        call_finish_error(call, &job->error);
}

/* What is on disk must be told as done, so the memory for the largest entity's reply is set aside
 * before a write begins: afterwards it is too late to say that there is none. */
static bool keep_memory_for_entity(struct call *call)
{
    return call_keep_memory(call, JSON_GROWTH * call->loop->api->entity_bytes + ENTITY_FRAME_BYTES);
}

/* Those of a change set are queued together, when all of them are there; what prepares one is not
 * of the set. */
static bool send_write(struct call *call)
{
    return (call->exchange->part && call->begun && batch_hold_write(call)) ||
           dispatch_write(call->loop->api->dispatch, &call->job);
}

void graph_submit(struct call *call, bool is_write,
                  bool (*run)(struct dispatch_job *, struct store_session *, struct error *),
                  void (*next)(struct call *))
{
    struct dispatch *dispatch = call->loop->api->dispatch;
    struct error error = { 0 };

    if (is_write && !keep_memory_for_entity(call)) {
        error_no_memory(&error);
        call_finish_error(call, &error);
        return;
    }
    call->run = run;
    call->ran = false;
    call->next = next;
    if (is_write && call->repeatability && call->begun)
        repeatability_wrap(call);
    call->job = (struct dispatch_job){ .home = call->loop->loop, .run = run_job, .done = job_done };
    if (!(is_write               ? send_write(call)
          : call->exchange->part ? batch_read_in_turn(call)
                                 : dispatch_read(dispatch, &call->job)))
        graph_fail(call, ERROR_BUSY, "The server is busy. Try again later.");
}

/* --- beyond Graph ---------------------------------------------------------------------------- */

/* One field, as a list: the rows that a request uses are up to the client, and there is room for so
 * many fields. Without memory a row is missing in it. */
static void tell_beyond(struct call *call, struct slice row)
{
    const struct slice name = SLICE("x-connectord-beyond-graph");
    struct http_response *response = &call->exchange->response;

    for (size_t i = 0; i < response->field_count; i++) {
        struct slice *value = &response->fields[i].value;

        if (slice_eq(response->fields[i].name, name)) {
            bool told =
                arena_printf(call->arena, value, "%.*s, %.*s", SLICE_ARG(*value), SLICE_ARG(row));
            (void)told;
            return;
        }
    }
    call_add_field(call, name, row);
}

/* What Graph refuses is served visibly, or not at all: what goes green here must not fail there
 * unannounced. False: the call was answered. */
static bool check_beyond_graph(struct call *call, const struct graph_route *route)
{
    const struct edm_entity_type *type = call->path.type;
    struct slice operation = edm_operation_text(route->operation), row;
    struct error error = { 0 };

    if (!type || call->path.action || !(type->beyond_graph >> route->operation & 1))
        return true;
    if (call->loop->api->profile->refuses_beyond_graph) {
        back_end_refuse(call);
        return false;
    }
    if (call->loop->api->strict)
        error_set(&error, ERROR_FORBIDDEN, SLICE_EMPTY,
                  "Graph refuses '%.*s' on '%.*s', and this server was told to be as strict.",
                  SLICE_ARG(operation), SLICE_ARG(type->set_name));
    else if (!arena_printf(call->arena, &row, "%.*s-%.*s", SLICE_ARG(type->set_name),
                           SLICE_ARG(operation)))
        error_no_memory(&error);
    if (error.code != ERROR_NONE) {
        call_finish_error(call, &error);
        return false;
    }
    tell_beyond(call, row);
    return true;
}

enum graph_beyond graph_goes_beyond(struct call *call, enum beyond row)
{
    const struct api *api = call->loop->api;
    const struct beyond_row *it = &beyond_rows[row];
    bool refuses = api->strict || api->profile->refuses_beyond_graph;
    struct error error = { 0 };

    /* The live profile has no field that the live service does not have. */
    if (!api->profile->refuses_beyond_graph && (!refuses || it->refusal != ERROR_NONE))
        tell_beyond(call, slice_of(it->id));
    if (!refuses)
        return BEYOND_GOES;
    if (it->refusal == ERROR_NONE)
        return BEYOND_IGNORED;
    error_set(&error, it->refusal, slice_of(it->target), "%s", it->message);
    call_finish_error(call, &error);
    return BEYOND_REFUSED;
}

/* --- licence --------------------------------------------------------------------------------- */

/* What the tenant's policy makes of silence, for a type that has one. */
static bool find_health(struct call *call, struct error *err)
{
    const struct edm_entity_type *type = call->path.type ? edm_stored_type(call->path.type) : NULL;
    struct service_session *service = call->loop->session;
    const struct edm_health_policy *policy;
    struct store_session *session;

    if (!type || !type->health)
        return true;
    if (!service_session_begin(service, &session, err) ||
        !service_health_view(service, call->who->tenant, type, call_now_ticks(call), call->arena,
                             &call->health, err))
        return false;
    return !call->health ||
           (service_health_policy(service, call->who->tenant, type, &policy, err) &&
            (service_health_describe(type, policy, call->arena, &call->policy) ||
             error_no_memory(err)));
}

static void start_operation(struct call *call)
{
    const struct graph_route *route =
        find_route(call->path.resource, call->exchange->request.method);
    struct error error = { 0 };

    call->begun = true;
    if (!find_health(call, &error))
        call_finish_error(call, &error);
    else if (check_beyond_graph(call, route) &&
             (!call->path.beyond || graph_complete_address(call)))
        route->start(call);
}

void graph_add_policy(struct call *call)
{
    if (call->policy.len)
        call_add_field(call, SLICE("x-connectord-policy"), call->policy);
    if (call->preferences.seen)
        wishes_tell(call);
}

static bool run_ensure_tenant(struct dispatch_job *job, struct store_session *session,
                              struct error *err)
{
    struct call *call = graph_call_of(job);

    return service_tenant_ensure(session, call->who->tenant, call_now_ticks(call), call->arena,
                                 err);
}

/* A tenant that nobody has heard of is made for a token of the built-in issuer, and only for one.
 */
static void check_licence(struct call *call)
{
    struct store_session *session;
    enum tenant_state state;
    struct error error = { 0 };

    if (!service_session_begin(call->loop->session, &session, &error) ||
        !service_tenant_state(call->loop->session, call->who->tenant, &state, &error))
        call_finish_error(call, &error);
    else if (state == TENANT_LICENSED)
        start_operation(call);
    else if (state == TENANT_UNKNOWN && call->who->builtin)
        graph_submit(call, true, run_ensure_tenant, start_operation);
    else
        graph_fail(call, ERROR_BAD_REQUEST, "Request not applicable to target tenant.");
}

/* Who is calling is known, and no fault came in between. */
static void check_request(struct call *call, unsigned version, struct slice rest)
{
    const struct graph_route *route;
    struct error error = { 0 };

    if (!odata_path_parse(call->loop->api->model, version, rest, call->arena, &call->path,
                          &error)) {
        call_finish_error(call, &error);
        return;
    }
    if (call->path.beyond && !graph_check_address(call))
        return;
    graph_forget_delta(call);
    route = find_route(call->path.resource, call->exchange->request.method);
    if (!route)
        graph_refuse_method(call);
    else if (call->path.property && !graph_check_property_method(call))
        return;
    else if (!authorise(call, route, &error))
        call_finish_error(call, &error);
    else if (call->path.resource == ODATA_BATCH)
        graph_start_batch(call); /* needs no licence, its parts do */
    else
        check_licence(call);
}

void graph_handle(struct call *call)
{
    struct slice rest;
    unsigned version;
    struct error error = { 0 };

    if (!call->exchange->part && cors_handle(call))
        return;
    method_override(&call->exchange->request);
    effects_watch(call);
    if (!odata_path_version(call->exchange->request.path, &version, &rest, &error)) {
        call_finish_error(call, &error);
        return;
    }
    if (graph_document_handle(call, version, rest))
        return;
    if (!call->who && !call_authenticate(call, &error))
        call_finish_error(call, &error);
    else if (!call->began_us || effects_meet(call, rest))
        check_request(call, version, rest);
}
