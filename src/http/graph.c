/* http/graph.c - a request on the Graph surface, from its path to its answer.
 *
 * The order of checks is part of the product (a caller without permission must not learn what
 * exists) and is the order of the functions in this file:
 *
 *     version (404), token (401), path (400), method (405), permission (403), licence (400),
 *     beyond Graph (403, when strict), Content-Encoding (415), body and options (400),
 *     existence (404)
 *
 * Reads by key and pages by key run here on the loop. Writes go to the writer, and a list that also
 * counts goes to a reader thread; the call then continues in `next` when the job came home. Only
 * this floor has such continuations; what runs elsewhere is one straight function.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>

#include "auth/secret.h"
#include "base/arena.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/text.h"
#include "edm/entity.h"
#include "http/call.h"
#include "odata/payload.h"
#include "odata/skiptoken.h"
#include "service/operations.h"

#define ENTITY_REPLY_BYTES     1024 /* room to begin with; most entities need less */
#define ROW_REPLY_BYTES        448
#define ENTITY_FRAME_BYTES     8192 /* names, dates and numbers of the largest type, its context */
#define JSON_GROWTH            6    /* a control character of one byte is written as \u001f */
#define SKIPTOKEN_SEAL_PURPOSE SLICE("skiptoken")

static void fail(struct call *call, enum error_code code, const char *message)
{
    struct error error = { 0 };

    error_set(&error, code, SLICE_EMPTY, "%s", message);
    call_finish_error(call, &error);
}

/* --- method ---------------------------------------------------------------------------------- */

static void start_singleton(struct call *call);
static void start_list(struct call *call);
static void start_create(struct call *call);
static void start_get(struct call *call);
static void start_update(struct call *call);
static void start_delete(struct call *call);
static void start_action(struct call *call);

struct graph_route {
    enum odata_resource resource;
    enum http_method method;
    enum edm_operation operation; /* whose permissions count; not for the singleton and actions */
    void (*start)(struct call *call);
};

static const struct graph_route routes[] = {
    { ODATA_ENTITY, HTTP_GET, EDM_GET, start_get },
    { ODATA_SET, HTTP_GET, EDM_LIST, start_list },
    { ODATA_SET, HTTP_POST, EDM_CREATE, start_create },
    { ODATA_ENTITY, HTTP_PATCH, EDM_UPDATE, start_update },
    { ODATA_ENTITY, HTTP_DELETE, EDM_DELETE, start_delete },
    { ODATA_ACTION, HTTP_POST, EDM_UPDATE, start_action },
    { ODATA_SINGLETON, HTTP_GET, EDM_GET, start_singleton },
    { ODATA_ENTITY, HTTP_HEAD, EDM_GET, start_get },
    { ODATA_SET, HTTP_HEAD, EDM_LIST, start_list },
    { ODATA_SINGLETON, HTTP_HEAD, EDM_GET, start_singleton },
};

static const struct graph_route *find_route(enum odata_resource resource, enum http_method method)
{
    for (size_t i = 0; i < COUNT_OF(routes); i++)
        if (routes[i].resource == resource && routes[i].method == method)
            return &routes[i];
    return NULL;
}

static COLD void refuse_method(struct call *call)
{
    static const struct slice allowed[] = {
        [ODATA_SINGLETON] = SLICE_INIT("GET, HEAD"),
        [ODATA_SET] = SLICE_INIT("GET, HEAD, POST"),
        [ODATA_ENTITY] = SLICE_INIT("GET, HEAD, PATCH, DELETE"),
        [ODATA_ACTION] = SLICE_INIT("POST"),
    };

    call_add_field(call, SLICE("Allow"), allowed[call->path.resource]);
    fail(call, ERROR_METHOD_NOT_ALLOWED,
         "Specified HTTP method is not allowed for the request target.");
}

/* --- permission ------------------------------------------------------------------------------ */

static bool authorise(const struct call *call, const struct graph_route *route, struct error *err)
{
    const struct authorisation *authorisation = call->loop->api->authorisation;

    switch (route->resource) {
    case ODATA_SINGLETON:
        return authorise_singleton(authorisation, call->who, err);
    case ODATA_ACTION:
        return authorise_action(authorisation, call->who, call->path.type, call->path.action, err);
    case ODATA_SET:
    case ODATA_ENTITY:
        break;
    }
    return authorise_operation(authorisation, call->who, call->path.type, route->operation, err);
}

/* --- jobs: work on another thread, and the way back ------------------------------------------- */

static void job_done(struct dispatch_job *job)
{
    struct call *call = CONTAINER_OF(job, struct call, job);
    bool less = call_keep_memory(call, 0); /* the body is made now */

    assert(less);
    (void)less;
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

static void submit(struct call *call, bool is_write,
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
    call->next = next;
    call->job = (struct dispatch_job){ .home = call->loop->loop, .run = run, .done = job_done };
    if (!(is_write ? dispatch_write(dispatch, &call->job) : dispatch_read(dispatch, &call->job)))
        fail(call, ERROR_BUSY, "The server is busy. Try again later.");
}

static struct call *call_of(struct dispatch_job *job)
{
    return CONTAINER_OF(job, struct call, job);
}

/* --- licence --------------------------------------------------------------------------------- */

/* What Graph refuses is served visibly, or not at all: what goes green here must not fail there
 * unannounced. False: the call was answered. */
static bool check_beyond_graph(struct call *call, const struct graph_route *route)
{
    const struct edm_entity_type *type = call->path.type;
    struct slice operation = edm_operation_text(route->operation), row;
    struct error error = { 0 };

    if (!type || call->path.action || !(type->beyond_graph >> route->operation & 1))
        return true;
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
    call_add_field(call, SLICE("x-connectord-beyond-graph"), row);
    return true;
}

static void start_operation(struct call *call)
{
    const struct graph_route *route =
        find_route(call->path.resource, call->exchange->request.method);

    if (check_beyond_graph(call, route))
        route->start(call);
}

static bool run_ensure_tenant(struct dispatch_job *job, struct store_session *session,
                              struct error *err)
{
    struct call *call = call_of(job);

    return service_tenant_ensure(session, call->who->tenant,
                                 clock_now_ticks(call->loop->api->clock), call->arena, err);
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
        submit(call, true, run_ensure_tenant, start_operation);
    else
        fail(call, ERROR_BAD_REQUEST, "Request not applicable to target tenant.");
}

void graph_handle(struct call *call)
{
    const struct http_request *request = &call->exchange->request;
    const struct graph_route *route;
    struct slice rest;
    unsigned version;
    struct error error = { 0 };

    if (!odata_path_version(request->path, &version, &rest, &error) ||
        !call_authenticate(call, &error) ||
        !odata_path_parse(call->loop->api->model, version, rest, call->arena, &call->path,
                          &error)) {
        call_finish_error(call, &error);
        return;
    }
    route = find_route(call->path.resource, request->method);
    if (!route)
        refuse_method(call);
    else if (!authorise(call, route, &error))
        call_finish_error(call, &error);
    else
        check_licence(call);
}

/* --- options --------------------------------------------------------------------------------- */

/* The value of a preference (RFC 7240 2: name [= value] [; parameters]) called maxpagesize, with or
 * without "odata."; 0 when it is another or makes no sense. */
static uint64_t page_size_of(struct slice preference)
{
    struct slice name, value, parameters;
    uint64_t size;

    slice_cut(preference, ';', &preference, &parameters);
    if (!slice_cut(preference, '=', &name, &value))
        return 0;
    name = slice_trim(name);
    value = slice_trim(value);
    if (value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"')
        value = slice_sub(value, 1, value.len - 2);
    if (!slice_eq_nocase(name, SLICE("odata.maxpagesize")) &&
        !slice_eq_nocase(name, SLICE("maxpagesize")))
        return 0;
    return slice_to_uint64(value, UINT32_MAX, &size) ? size : 0;
}

static uint64_t page_size_in(struct slice preferences)
{
    uint64_t size = 0;

    while (preferences.len > 0 && !size) {
        struct slice preference = preferences;

        if (!slice_cut(preferences, ',', &preference, &preferences))
            preferences = SLICE_EMPTY;
        size = page_size_of(preference);
    }
    return size;
}

/* The page size that the request prefers, cut at the largest there is; 0 for none. Preferences may
 * stand in several fields, and of equal ones the first counts. */
static uint16_t preferred_page_size(const struct http_request *request)
{
    uint64_t size = 0;

    for (size_t i = 0; i < request->field_count && !size; i++) {
        if (slice_eq_nocase(request->fields[i].name, SLICE("Prefer")))
            size = page_size_in(request->fields[i].value);
    }
    return size < ODATA_PAGE_SIZE_MAX ? (uint16_t)size : ODATA_PAGE_SIZE_MAX;
}

/* Answers the call and returns false when the options are wrong. */
static bool read_options(struct call *call, bool is_read)
{
    const struct api *api = call->loop->api;
    const struct http_request *request = &call->exchange->request;
    struct slice applied;
    struct error error = { 0 };

    if (is_read && call->path.resource == ODATA_SET)
        call->max_page_size = preferred_page_size(request);
    if (!odata_options_parse(api->model, api->profile, &call->path, is_read, request->query,
                             call->max_page_size, call->arena, &call->options, &error)) {
        call_finish_error(call, &error);
        return false;
    }
    if (call->max_page_size &&
        arena_printf(call->arena, &applied, "odata.maxpagesize=%u", call->max_page_size))
        call_add_field(call, SLICE("Preference-Applied"), applied);
    return true;
}

static struct odata_reply reply_of(const struct call *call)
{
    return (struct odata_reply){ .model = call->loop->api->model,
                                 .profile = call->loop->api->profile,
                                 .origin = call->origin,
                                 .version = call->path.version,
                                 .select = call->options.query.select,
                                 .select_given = call->options.query.select_given };
}

static void finish_entity(struct call *call)
{
    struct odata_reply reply = reply_of(call);
    struct text body;

    text_init(&body, call->arena, ENTITY_REPLY_BYTES, call->loop->api->reply_bytes_max);
    odata_write_entity(&reply, call->entity, &body);
    call_finish_odata(call, 200, &body);
}

/* --- reads ----------------------------------------------------------------------------------- */

static void start_singleton(struct call *call)
{
    struct odata_reply reply;
    struct text body;

    if (!read_options(call, true))
        return;
    reply = reply_of(call);
    text_init(&body, call->arena, ENTITY_REPLY_BYTES, call->loop->api->reply_bytes_max);
    odata_write_singleton(&reply, call->who->tenant, &body);
    call_finish_odata(call, 200, &body);
}

static void start_get(struct call *call)
{
    struct store_session *session;
    struct error error = { 0 };

    if (!read_options(call, true))
        return;
    if (!service_session_begin(call->loop->session, &session, &error) ||
        !service_get(session, call->who->tenant, &call->options.query, call->path.key, call->arena,
                     &call->entity, &error))
        call_finish_error(call, &error);
    else
        finish_entity(call);
}

/* Splits the seal from a $skiptoken, checks it, and starts the page behind the key inside. */
static bool open_skiptoken(struct call *call, struct error *err)
{
    struct edm_query *query = &call->options.query;
    struct slice sealed, payload, seal;
    struct skiptoken token;

    if (call->options.skiptoken.len == 0)
        return true;
    if (!base64url_decode(call->arena, call->options.skiptoken, &sealed) || sealed.len < SEAL_BYTES)
        return skiptoken_refuse(err);
    payload = slice_sub(sealed, 0, sealed.len - SEAL_BYTES);
    seal = slice_sub(sealed, sealed.len - SEAL_BYTES, SEAL_BYTES);
    if (!seal_matches(call->loop->api->seal_key, SKIPTOKEN_SEAL_PURPOSE, payload, seal))
        return skiptoken_refuse(err);
    if (!skiptoken_decode(payload, call->path.type, call->who->tenant, &token, err))
        return false;
    query->after = token.last_key;
    if (!call->max_page_size && token.max_page_size) {
        call->max_page_size = token.max_page_size;
        if (!call->options.top_given || query->page_size > token.max_page_size)
            query->page_size = token.max_page_size;
    }
    return true;
}

static bool make_skiptoken(struct call *call, struct slice last_key, struct slice *ret,
                           struct error *err)
{
    const struct skiptoken token = { .last_key = last_key, .max_page_size = call->max_page_size };
    uint8_t seal[SEAL_BYTES];
    struct slice payload;
    struct text sealed, text;

    if (!skiptoken_encode(&token, call->path.type, call->who->tenant, call->arena, &payload, err))
        return false;
    if (!seal_make(call->loop->api->seal_key, SKIPTOKEN_SEAL_PURPOSE, payload, seal))
        return error_set(err, ERROR_INTERNAL, SLICE_EMPTY, "cannot seal a $skiptoken");
    text_init(&sealed, call->arena, payload.len + SEAL_BYTES, payload.len + SEAL_BYTES);
    text_append(&sealed, payload);
    text_append(&sealed, (struct slice){ (const char *)seal, SEAL_BYTES });
    text_init(&text, call->arena, 2 * sealed.len, 2 * sealed.len + 4);
    base64url_append(&text, sealed.ptr, sealed.len);
    if (sealed.failed || text.failed)
        return error_no_memory(err);
    *ret = text_slice(&text);
    return true;
}

/* The absolute URL of the next page: the same options, the request's own origin. */
static bool make_next_link(struct call *call, const struct odata_reply *reply, struct slice *ret,
                           struct error *err)
{
    const struct edm_entity *last = call->page.entities[call->page.count - 1];
    struct slice token, query;
    struct text link;

    if (!make_skiptoken(call, last->values[0].text, &token, err) ||
        !odata_next_query(call->exchange->request.query, token, call->arena, &query, err))
        return false;
    text_init(&link, call->arena, 256 + query.len, 1024 + call->origin.len + query.len);
    odata_write_set_url(reply, call->path.type, &link);
    text_append_char(&link, '?');
    text_append(&link, query);
    if (link.failed)
        return error_no_memory(err);
    *ret = text_slice(&link);
    return true;
}

static void finish_list(struct call *call)
{
    struct odata_reply reply = reply_of(call);
    struct slice next_link = SLICE_EMPTY;
    struct text body;
    struct error error = { 0 };

    if (call->page.more && call->page.count > 0 &&
        !make_next_link(call, &reply, &next_link, &error)) {
        call_finish_error(call, &error);
        return;
    }
    text_init(&body, call->arena, 512 + call->page.count * ROW_REPLY_BYTES,
              call->loop->api->reply_bytes_max);
    odata_write_page(&reply, call->path.type, &call->page, next_link, &body);
    call_finish_odata(call, 200, &body);
}

static bool run_list(struct dispatch_job *job, struct store_session *session, struct error *err)
{
    struct call *call = call_of(job);
    struct edm_query query = call->options.query;

    query.select |= 1; /* the key, for the nextLink */
    return service_list(session, call->who->tenant, &query, call->arena, &call->page, err);
}

static void start_list(struct call *call)
{
    struct store_session *session;
    struct error error = { 0 };

    if (!read_options(call, true))
        return;
    call->options.query.page_bytes = call->loop->api->page_bytes;
    if (!open_skiptoken(call, &error))
        call_finish_error(call, &error);
    else if (call->options.query.count)
        submit(call, false, run_list, finish_list);
    else if (!service_session_begin(call->loop->session, &session, &error) ||
             !run_list(&call->job, session, &error))
        call_finish_error(call, &error);
    else
        finish_list(call);
}

/* --- bodies ---------------------------------------------------------------------------------- */

static bool is_json_type(struct slice content_type)
{
    struct slice type = content_type, parameters;

    slice_cut(content_type, ';', &type, &parameters);
    return slice_eq_nocase(slice_trim(type), SLICE("application/json"));
}

/* Answers the call and returns false when the body cannot be read at all. */
static bool check_body(struct call *call)
{
    const struct http_request *request = &call->exchange->request;
    struct slice encoding = http_request_field(request, SLICE("Content-Encoding"));
    size_t encodings = 0;

    http_request_has(request, SLICE("Content-Encoding"), &encodings);
    if (encodings > 1 || (encoding.len > 0 && !slice_eq_nocase(encoding, SLICE("identity")))) {
        /* RFC 9110 15.5.16: says what would do, so that kiota's clients send it again plain. */
        call_add_field(call, SLICE("Accept-Encoding"), SLICE("identity"));
        fail(call, ERROR_UNSUPPORTED_MEDIA_TYPE,
             "The Content-Encoding of the request is not supported. Send the body without one.");
        return false;
    }
    if (request->body.len > 0 &&
        !is_json_type(http_request_field(request, SLICE("Content-Type")))) {
        fail(call, ERROR_BAD_REQUEST,
             "Unable to read JSON request payload. Please ensure Content-Type header is set and "
             "payload is of valid JSON format.");
        return false;
    }
    return true;
}

static bool read_given(struct call *call, struct slice key)
{
    const struct api *api = call->loop->api;
    struct error error = { 0 };

    if (!check_body(call) || !read_options(call, false))
        return false;
    if (odata_read_entity(api->model, call->path.type, call->exchange->request.body, key,
                          api->json_depth, call->arena, &call->given, &error))
        return true;
    call_finish_error(call, &error);
    return false;
}

/* --- writes ---------------------------------------------------------------------------------- */

static bool run_create(struct dispatch_job *job, struct store_session *session, struct error *err)
{
    struct call *call = call_of(job);
    const struct api *api = call->loop->api;

    return service_create(session, api->model, call->who->tenant, call->given, api->entity_bytes,
                          call->options.query.health, clock_now_ticks(api->clock), call->arena,
                          &call->entity, err);
}

/* Where memory ends all the same the answer must not say that nothing was written (413). */
static void finish_written(struct call *call, int status, const struct text *location)
{
    struct odata_reply reply = reply_of(call);
    struct text body;

    text_init(&body, call->arena, ENTITY_REPLY_BYTES, call->loop->api->reply_bytes_max);
    odata_write_entity(&reply, call->entity, &body);
    if (body.failed || (location && location->failed)) {
        fail(call, ERROR_INTERNAL, "The resource was written, but not enough memory is left.");
        return;
    }
    if (location)
        call_add_field(call, SLICE("Location"), text_slice(location));
    call_finish_odata(call, status, &body);
}

static void finish_create(struct call *call)
{
    struct odata_reply reply = reply_of(call);
    struct text location;

    text_init(&location, call->arena, 256, 1024 + call->origin.len);
    odata_write_entity_url(&reply, call->path.type, call->entity->values[0].text, &location);
    finish_written(call, 201, &location);
}

static void start_create(struct call *call)
{
    struct error error = { 0 };

    if (!read_given(call, SLICE_EMPTY))
        return;
    if (!edm_entity_refuse_sentinels(call->loop->api->model, call->given, &error))
        call_finish_error(call, &error);
    else
        submit(call, true, run_create, finish_create);
}

static bool run_update(struct dispatch_job *job, struct store_session *session, struct error *err)
{
    struct call *call = call_of(job);

    return service_update(session, call->who->tenant, call->path.key, call->given,
                          call->loop->api->entity_bytes, call->options.query.health, call->arena,
                          &call->entity, err);
}

static void finish_update(struct call *call)
{
    finish_written(call, 200, NULL);
}

static void start_update(struct call *call)
{
    if (!read_given(call, call->path.key))
        return;
    edm_entity_drop_sentinels(call->given);
    submit(call, true, run_update, finish_update);
}

static bool run_delete(struct dispatch_job *job, struct store_session *session, struct error *err)
{
    struct call *call = call_of(job);

    return service_delete(session, call->who->tenant, call->path.type, call->path.key,
                          call->options.query.health, call->arena, err);
}

static void start_delete(struct call *call)
{
    if (read_options(call, false))
        submit(call, true, run_delete, call_finish_no_content);
}

static bool run_action(struct dispatch_job *job, struct store_session *session, struct error *err)
{
    struct call *call = call_of(job);

    return service_invoke(session, call->who->tenant, call->path.type, call->path.action,
                          call->path.key, clock_now_ticks(call->loop->api->clock),
                          call->options.query.health, call->arena, err);
}

static void start_action(struct call *call)
{
    const struct api *api = call->loop->api;
    struct edm_value *parameters; /* validated here; no action so far reads them */
    struct error error = { 0 };

    if (!check_body(call) || !read_options(call, false))
        return;
    if (!odata_read_parameters(api->model, call->path.action, call->exchange->request.body,
                               api->json_depth, call->arena, &parameters, &error))
        call_finish_error(call, &error);
    else
        submit(call, true, run_action, call_finish_no_content);
}
