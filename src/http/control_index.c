/* http/control_index.c - what there is: for people as a list, for programs as OpenAPI.
 *
 * The list is made from the table of routes. The document is written by hand, since what it says of
 * bodies stands nowhere else; a test holds it against the table.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "http/control.h"
#include "http/embedded_control_openapi.h"

/* The origin that stands in the document, in place of the one that is asked. */
#define DOCUMENT_ORIGIN SLICE("http://127.0.0.1:8080")

static const char *method_text(enum http_method method)
{
    switch (method) {
    case HTTP_GET:
        return "GET";
    case HTTP_PUT:
        return "PUT";
    case HTTP_POST:
        return "POST";
    default:
        return "DELETE";
    }
}

static void write_address(struct json_writer *writer, const struct control *control,
                          const struct control_route *route, struct slice base)
{
    struct text text;

    text_init(&text, control->call->arena, base.len + route->path.len, 65536);
    text_append(&text, base);
    text_append(&text, route->path);
    json_writer_object_begin(writer);
    json_writer_plain_name(writer, SLICE("method"));
    json_writer_plain_string(writer, slice_of(method_text(route->method)));
    json_writer_plain_name(writer, SLICE("url"));
    json_writer_string(writer, text_slice(&text));
    json_writer_object_end(writer);
}

static void write_addresses(struct json_writer *writer, const struct control *control,
                            struct slice server, struct slice tenant)
{
    json_writer_plain_name(writer, SLICE("addresses"));
    json_writer_array_begin(writer);
    for (size_t i = 0; i < control_route_count; i++) {
        const struct control_route *route = &control_routes[i];

        if (route->scope != CONTROL_OF_NAMED_TENANT || control->names_tenant)
            write_address(writer, control, route,
                          route->scope == CONTROL_OF_SERVER ? server : tenant);
    }
    json_writer_array_end(writer);
}

void control_index(struct control *control)
{
    struct control_reply reply;
    struct json_writer *writer = control_reply_begin(&reply, control);
    struct slice server, tenant;
    char id[UUID_TEXT_LEN];
    struct error error = { 0 };

    if (!control_address(control, control->tenant, false, &server) ||
        !control_address(control, control->tenant, control->names_tenant, &tenant)) {
        error_no_memory(&error);
        control_fail(control, &error);
        return;
    }
    uuid_format(control->tenant, id);
    json_writer_object_begin(writer);
    json_writer_plain_name(writer, SLICE("tenant"));
    json_writer_plain_string(writer, (struct slice){ id, UUID_TEXT_LEN });
    json_writer_plain_name(writer, SLICE("version"));
    json_writer_string(writer, SLICE(CONNECTORD_VERSION));
    write_addresses(writer, control, server, tenant);
    json_writer_object_end(writer);
    control_finish(control, 200, &reply);
}

void control_openapi(struct control *control)
{
    struct slice rest = embedded_control_openapi;
    struct control_reply reply;

    control_reply_begin(&reply, control);
    while (rest.len > 0) {
        const char *at = memmem(rest.ptr, rest.len, DOCUMENT_ORIGIN.ptr, DOCUMENT_ORIGIN.len);
        size_t before = at ? (size_t)(at - rest.ptr) : rest.len;

        text_append(&reply.text, slice_sub(rest, 0, before));
        rest = slice_sub(rest, before + (at ? DOCUMENT_ORIGIN.len : 0), rest.len);
        if (at)
            json_append_escaped(&reply.text, control->call->origin);
    }
    control_finish(control, 200, &reply);
}
