/* http/graph_documents.c - what the service says of itself: the service document of a version, its
 * $metadata, and its OpenAPI document.
 *
 * They hold nothing of any tenant, and Graph shows them without a token; so they are answered
 * before it is looked at, and no rule of a tenant's testbed can meet them.
 *
 * They are made anew for each request: that takes less than sending them does, and what is not kept
 * cannot be wrong.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/arena.h"
#include "base/text.h"
#include "http/graph.h"
#include "odata/csdl.h"
#include "odata/csdl_json.h"
#include "odata/openapi.h"

/* Room to begin with. */
#define CSDL_REPLY_BYTES    65536
#define OPENAPI_REPLY_BYTES 131072

#define OPENAPI_PATH "/openapi.json"

static struct odata_surface surface_of(const struct call *call)
{
    const struct api *api = call->loop->api;

    return (struct odata_surface){ .model = api->model,
                                   .version = call->path.version,
                                   .refuses_beyond =
                                       api->strict || api->profile->refuses_beyond_graph };
}

static void finish_service(struct call *call)
{
    struct odata_reply reply;
    struct text body;

    if (!graph_read_options(call, true))
        return;
    reply = graph_reply_of(call);
    text_init(&body, call->arena, 256, call->loop->api->reply_bytes_max);
    odata_write_service(&reply, &body);
    call_finish_odata(call, 200, &body);
}

/* Whether CSDL is wanted as JSON: by $format, or by an Accept that prefers it, of a client that
 * says that it knows OData 4.01, which brought it. To others Accept means nothing here: SDKs send
 * their usual one, for JSON, and read the XML all the same. */
static bool wants_json(const struct call *call)
{
    const struct http_request *request = &call->exchange->request;
    struct slice most = slice_trim(http_request_field(request, SLICE("OData-MaxVersion")));

    if (call->options.xml_given || call->options.level_given)
        return call->options.level_given;
    return slice_eq(most, SLICE("4.01")) &&
           odata_accept_wants_json(http_request_field(request, SLICE("Accept")));
}

static void finish_document(struct call *call, struct slice type, const struct text *body,
                            bool cacheable)
{
    struct error error = { 0 };

    if (!body->failed) {
        call_finish_plain(call, 200, type, text_slice(body), cacheable);
        return;
    }
    error_no_memory(&error);
    call_finish_error(call, &error);
}

static void finish_csdl(struct call *call)
{
    const struct odata_surface surface = surface_of(call);
    struct text body;

    if (!graph_read_options(call, true))
        return;
    text_init(&body, call->arena, CSDL_REPLY_BYTES, call->loop->api->reply_bytes_max);
    if (wants_json(call) && graph_goes_beyond(call, BEYOND_CSDL_JSON) == BEYOND_GOES) {
        csdl_write_json(&surface, &body);
        call_add_field(call, SLICE("OData-Version"), SLICE("4.01"));
        finish_document(call, SLICE("application/json"), &body, false);
        return;
    }
    csdl_write(&surface, &body);
    call_add_field(call, SLICE("OData-Version"), SLICE("4.0"));
    finish_document(call, SLICE("application/xml"), &body, false);
}

/* The issuer signs for its own origins alone. */
static struct slice token_url(const struct call *call)
{
    const struct api *api = call->loop->api;
    char tenant[UUID_TEXT_LEN];
    struct slice url;

    uuid_format(api->seed_tenant, tenant);
    if (!api->rules->builtin || !call->own_origin ||
        !arena_printf(call->arena, &url, "%.*s/%.*s/oauth2/v2.0/token", SLICE_ARG(call->origin),
                      (int)sizeof tenant, tenant))
        return SLICE_EMPTY;
    return url;
}

static void finish_openapi(struct call *call)
{
    struct odata_openapi about = {
        .surface = surface_of(call),
        .token_url = token_url(call),
        .anonymous = call->loop->api->allow_anonymous != API_ANONYMOUS_OFF,
    };
    struct error error = { 0 };
    struct text body;

    if (!graph_read_options(call, true))
        return;
    if (!arena_printf(call->arena, &about.server_url, "%.*s/%.*s", SLICE_ARG(call->origin),
                      SLICE_ARG(edm_version_text(call->path.version)))) {
        error_no_memory(&error);
        call_finish_error(call, &error);
        return;
    }
    text_init(&body, call->arena, OPENAPI_REPLY_BYTES, call->loop->api->reply_bytes_max);
    odata_write_openapi(&about, &body);
    call_add_field(call, SLICE("Cache-Control"), SLICE("max-age=300"));
    /* Kept from a request without Origin it would lack what a page of another origin needs. */
    if (!call->from_page)
        call_add_field(call, SLICE("Vary"), SLICE("Origin"));
    finish_document(call, SLICE("application/json"), &body, true);
}

/* As a path it is not there: where what goes beyond Graph is refused, it is a segment that nobody
 * knows, and the call goes on to be told so. */
static bool handle_openapi(struct call *call, unsigned version)
{
    enum http_method method = call->exchange->request.method;

    if (graph_goes_beyond(call, BEYOND_OPENAPI) != BEYOND_GOES)
        return false;
    call->path = (struct odata_path){ .resource = ODATA_CSDL, .version = version };
    if (method != HTTP_GET && method != HTTP_HEAD)
        graph_refuse_method(call);
    else
        finish_openapi(call);
    return true;
}

/* Whether `rest` begins as one of them does, or may once it is decoded: what all other requests
 * have to pay. */
static bool may_be_document(struct slice rest)
{
    return rest.len < 2 || rest.ptr[1] == '$' || rest.ptr[1] == '%';
}

bool graph_document_handle(struct call *call, unsigned version, struct slice rest)
{
    enum http_method method = call->exchange->request.method;
    struct odata_path path;

    if (rest.len == sizeof OPENAPI_PATH - 1 && slice_eq_nocase(rest, SLICE(OPENAPI_PATH)))
        return handle_openapi(call, version);
    if (!may_be_document(rest) ||
        !odata_path_parse(call->loop->api->model, version, rest, call->arena, &path, NULL) ||
        (path.resource != ODATA_SERVICE && path.resource != ODATA_CSDL))
        return false;
    call->path = path;
    if (method != HTTP_GET && method != HTTP_HEAD)
        graph_refuse_method(call);
    else if (path.resource == ODATA_SERVICE)
        finish_service(call);
    else
        finish_csdl(call);
    return true;
}
