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

#define CSDL_REPLY_BYTES 16384 /* room to begin with */

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

/* Accept is not asked: SDKs send their usual one, for JSON, and read the XML all the same. */
static void finish_csdl(struct call *call)
{
    struct error error = { 0 };
    struct text body;

    if (!graph_read_options(call, true))
        return;
    text_init(&body, call->arena, CSDL_REPLY_BYTES, call->loop->api->reply_bytes_max);
    csdl_write(call->loop->api->model, call->path.version, &body);
    if (body.failed) {
        error_no_memory(&error);
        call_finish_error(call, &error);
        return;
    }
    call_add_field(call, SLICE("OData-Version"), SLICE("4.0"));
    call_finish_plain(call, 200, SLICE("application/xml"), text_slice(&body), false);
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
