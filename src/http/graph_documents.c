/* http/graph_documents.c - what the service says of itself: the service document of a version, and
 * its $metadata.
 *
 * They hold nothing of any tenant, and Graph shows them without a token; so they are answered
 * before it is looked at, and no rule of a tenant's testbed can meet them.
 *
 * The CSDL document is made anew for each request: it takes a few microseconds, and what is not
 * kept cannot be wrong.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/text.h"
#include "http/graph.h"
#include "odata/csdl.h"
#include "odata/csdl_json.h"

#define CSDL_REPLY_BYTES 65536 /* room to begin with */

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
