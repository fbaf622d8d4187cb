/* http/graph_property_writes.c - one property of an entity, written at its own address.
 *
 *     PUT, PATCH {id}/{property}          {"value":...}; a collection is replaced, so PUT only
 *     PUT        {id}/{property}/$value   the bare text
 *     DELETE     {id}/{property}[/$value] null
 *
 * Each is an update of the entity with that property given, and is run as one: what holds for a
 * PATCH of the entity (permission, conditions, size, what is built in) holds here because it is
 * that job. Two things differ. A read-only property in a PATCH is passed over, since it came with
 * what the client had been shown; whoever writes to its address means it, and is told (400). And
 * the answer is 204 unless the client would see what it wrote.
 *
 * All of it is beyond Graph. Where that is refused it is so before the permission is asked, as any
 * method that an address does not have.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/text.h"
#include "edm/entity.h"
#include "http/coding.h"
#include "http/graph.h"
#include "http/query_body.h"
#include "http/stale.h"

/* --- methods --------------------------------------------------------------------------------- */

static bool refuses(const struct call *call)
{
    const struct api *api = call->loop->api;

    return api->strict || api->profile->refuses_beyond_graph;
}

/* What is answered with more than an error. */
struct slice graph_property_methods(const struct call *call)
{
    unsigned flags = call->path.property->flags;
    bool null = flags & EDM_NULLABLE;

    if (refuses(call) || call->path.resource == ODATA_PROPERTY_COUNT ||
        (flags & (EDM_KEY | EDM_READ_ONLY)))
        return SLICE("GET, HEAD");
    if (call->path.resource == ODATA_VALUE || (flags & EDM_COLLECTION))
        return null ? SLICE("GET, HEAD, PUT, DELETE") : SLICE("GET, HEAD, PUT");
    return null ? SLICE("GET, HEAD, PUT, PATCH, DELETE") : SLICE("GET, HEAD, PUT, PATCH");
}

bool graph_check_property_method(struct call *call)
{
    enum http_method method = call->exchange->request.method;

    if (method == HTTP_GET || method == HTTP_HEAD)
        return true;
    /* What a part of a collection would be is not said. */
    if (method == HTTP_PATCH && (call->path.property->flags & EDM_COLLECTION)) {
        graph_refuse_method(call);
        return false;
    }
    if (refuses(call))
        call_add_field(call, SLICE("Allow"), graph_property_methods(call));
    return graph_goes_beyond(call, BEYOND_PROPERTY_WRITES) == BEYOND_GOES;
}

/* --- answers --------------------------------------------------------------------------------- */

static void show(struct call *call)
{
    struct odata_reply reply = graph_reply_of(call);
    struct text body;

    text_init(&body, call->arena, 256, call->loop->api->reply_bytes_max);
    if (call->path.resource == ODATA_VALUE)
        odata_write_value(&reply, call->entity, call->path.property, &body);
    else
        odata_write_property(&reply, call->entity, call->path.property, &body);
    if (body.failed) { /* which must not say that nothing was written (413) */
        graph_fail(call, ERROR_INTERNAL,
                   "The property was written, but not enough memory is left.");
        return;
    }
    if (call->path.resource == ODATA_PROPERTY) {
        call_finish_odata(call, 200, &body);
        return;
    }
    call_add_odata_version(call);
    call_finish_plain(call, 200, SLICE("text/plain;charset=utf-8"), text_slice(&body), false);
}

static void finish_write(struct call *call)
{
    size_t index = (size_t)(call->path.property - call->path.type->properties);

    stale_remember_change(call);
    graph_add_policy(call);
    conditions_add_etag(call);
    if (call->applied.answer == ODATA_RETURN_REPRESENTATION && !call->entity->values[index].is_null)
        show(call);
    else
        call_finish_no_content(call);
}

/* --- writes ---------------------------------------------------------------------------------- */

static bool check_writable(const struct call *call, struct error *err)
{
    const struct edm_property *property = call->path.property;

    return !(property->flags & (EDM_KEY | EDM_READ_ONLY)) ||
           error_set(err, ERROR_BAD_REQUEST, property->name,
                     "The property '%.*s' of type '%.*s' is read-only.", SLICE_ARG(property->name),
                     SLICE_ARG(call->path.type->name));
}

/* What was given is read, if `ok`; else `error` says why not. */
static void write_given(struct call *call, bool ok, struct error *error)
{
    if (!ok || (!call->applied.unknown_members &&
                !edm_entity_refuse_later(call->loop->api->model, call->given, error))) {
        call_finish_error(call, error);
        return;
    }
    edm_entity_drop_sentinels(call->given);
    graph_submit(call, true, graph_run_update, finish_write);
}

void graph_start_property_update(struct call *call)
{
    const struct api *api = call->loop->api;
    const struct odata_path *path = &call->path;
    struct error error = { 0 };

    if (!graph_check_body(call) || !graph_read_options(call, false))
        return;
    write_given(call,
                check_writable(call, &error) &&
                    odata_read_property(api->model, path->type, path->property,
                                        call->exchange->request.body, api->json_depth, call->arena,
                                        &call->given, &error),
                &error);
}

static bool check_text(struct call *call)
{
    const struct http_request *request = &call->exchange->request;
    struct error error = { 0 };

    if (!coding_read_body(call, call->loop->api->body_bytes_max, &error)) {
        call_finish_error(call, &error);
        return false;
    }
    if (request->body.len > 0 &&
        !query_body_is_plain_text(http_request_field(request, SLICE("Content-Type")))) {
        graph_fail(call, ERROR_BAD_REQUEST,
                   "Unable to read the text of the property. Please ensure Content-Type header is "
                   "set to 'text/plain', in UTF-8.");
        return false;
    }
    return true;
}

void graph_start_value_update(struct call *call)
{
    const struct odata_path *path = &call->path;
    struct error error = { 0 };

    if (!check_text(call) || !graph_read_options(call, false))
        return;
    write_given(call,
                check_writable(call, &error) &&
                    odata_read_value(call->loop->api->model, path->type, path->property,
                                     call->exchange->request.body, call->arena, &call->given,
                                     &error),
                &error);
}

void graph_start_property_removal(struct call *call)
{
    const struct odata_path *path = &call->path;
    struct error error = { 0 };

    if (!graph_read_options(call, false))
        return;
    write_given(call,
                check_writable(call, &error) &&
                    odata_read_null(call->loop->api->model, path->type, path->property, call->arena,
                                    &call->given, &error),
                &error);
}
