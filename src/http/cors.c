/* http/cors.c - says to browsers which pages may read what Graph's resources answer.
 *
 * A token is in no cookie, so a page can only use one that it was given; with tokens required every
 * page may read every answer, as with Graph ("*").
 *
 * Where a request without a token counts as somebody's, it is the browser's place on the network
 * that gives the right, and any page of the world could use it. There only our own origins and
 * pages of this machine are let in, by name.
 *
 * A preflight is answered before the version, the token and the path are looked at: a browser shows
 * its page nothing of a preflight that failed, and the request itself says better what is wrong.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/cors.h"

#include "base/slice.h"
#include "http/call.h"
#include "http/chars.h"

#define ASKED_HEADERS_MAX 1024

static bool is_own(const struct token_rules *rules, struct slice origin)
{
    for (size_t i = 0; i < rules->origin_count; i++)
        if (slice_eq(rules->origins[i], origin))
            return true;
    return false;
}

/* Whether a page of this machine says so: "http://localhost:5173". */
static bool is_local(struct slice origin)
{
    if (slice_starts_with(origin, SLICE("https://")))
        return call_is_loopback_name(slice_sub(origin, 8, origin.len));
    return slice_starts_with(origin, SLICE("http://")) &&
           call_is_loopback_name(slice_sub(origin, 7, origin.len));
}

/* For Access-Control-Allow-Origin; empty: the page must not read the answer. */
static struct slice allowed_origin(const struct call *call)
{
    const struct api *api = call->loop->api;
    const struct http_request *request = &call->exchange->request;
    struct slice origin = http_request_field(request, SLICE("Origin"));
    size_t count;

    if (api->allow_anonymous == API_ANONYMOUS_OFF)
        return SLICE("*");
    if (!http_request_has(request, SLICE("Origin"), &count) || count > 1 ||
        !(is_own(api->rules, origin) || is_local(origin)))
        return SLICE_EMPTY;
    return origin;
}

/* --- preflights ------------------------------------------------------------------------------ */

/* What is echoed has to be a list of names. */
static bool is_list_of_names(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] != ',' && text.ptr[i] != ' ' && !http_char_is(text.ptr[i], HTTP_CHAR_TOKEN))
            return false;
    return text.len > 0 && text.len <= ASKED_HEADERS_MAX;
}

static void answer_preflight(struct call *call)
{
    struct slice headers =
        http_request_field(&call->exchange->request, SLICE("Access-Control-Request-Headers"));
    struct error error = { 0 };

    if (call->allow_origin.len == 0) {
        error_set(
            &error, ERROR_FORBIDDEN, SLICE("Origin"),
            "Where requests need no token, only pages of this machine and of the server's own "
            "origins may send them from a browser.");
        call_finish_error(call, &error);
        return;
    }
    call_add_field(call, SLICE("Access-Control-Allow-Methods"),
                   SLICE("GET, HEAD, POST, PUT, PATCH, DELETE"));
    if (is_list_of_names(headers))
        call_add_field(call, SLICE("Access-Control-Allow-Headers"), headers);
    call_add_field(call, SLICE("Access-Control-Max-Age"), SLICE("3600"));
    call_finish_no_content(call);
}

bool cors_handle(struct call *call)
{
    const struct http_request *request = &call->exchange->request;

    if (!http_request_has(request, SLICE("Origin"), NULL))
        return false;
    call->from_page = true;
    call->allow_origin = allowed_origin(call);
    if (request->method != HTTP_OPTIONS ||
        !http_request_has(request, SLICE("Access-Control-Request-Method"), NULL))
        return false;
    answer_preflight(call);
    return true;
}

/* --- answers --------------------------------------------------------------------------------- */

void cors_add_fields(struct call *call)
{
    if (!call->from_page)
        return;
    if (call->loop->api->allow_anonymous != API_ANONYMOUS_OFF)
        call_add_field(call, SLICE("Vary"), SLICE("Origin"));
    if (call->allow_origin.len == 0)
        return;
    call_add_field(call, SLICE("Access-Control-Allow-Origin"), call->allow_origin);
    call_add_field(call, SLICE("Access-Control-Expose-Headers"),
                   SLICE("ETag, Location, OData-EntityId, OData-Version, Preference-Applied, "
                         "Repeatability-Result, Retry-After, WWW-Authenticate, client-request-id, "
                         "request-id, x-ms-ags-diagnostic, "
                         "x-connectord-beyond-graph, x-connectord-fault, x-connectord-policy"));
}
