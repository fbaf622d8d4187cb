/* http/api.c - the door: every request comes in here and is shown to who answers it.
 *
 * Four kinds of resources share one address space. What is the server's own (/health, /ca.pem), the
 * token issuer's and the control API's have fixed shapes and are looked for first; everything else
 * is Graph's, whose first segment is a version, and an unknown one is Graph's 404.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/api.h"

#include <stdlib.h>

#include "auth/principal_cache.h"
#include "base/arena.h"
#include "base/log.h"
#include "base/repeatable.h"
#include "http/call.h"
#include "http/forwarded.h"
#include "loop/loop.h"

#define CLIENT_REQUEST_ID_MAX 128

/* The head, an error's body, and over TLS a small body once more, behind its head; an origin stands
 * in the head and in the body, in an entity's with each of its addresses. */
#define ANSWER_BYTES   ((size_t)32 * 1024)
#define ANSWER_ORIGINS 8

/* --- a call's beginning ---------------------------------------------------------------------- */

/* Printable ASCII of a sane length is echoed; anything else is treated as not sent. */
static struct slice echoed_id(const struct http_request *request)
{
    struct slice id = http_request_field(request, SLICE("client-request-id"));

    if (id.len > CLIENT_REQUEST_ID_MAX)
        return SLICE_EMPTY;
    for (size_t i = 0; i < id.len; i++)
        if (id.ptr[i] < ' ' || id.ptr[i] > '~')
            return SLICE_EMPTY;
    return id;
}

/* Behind a proxy that ends TLS a request comes in plain for what its client calls https: so an
 * origin of ours with https counts for it, where there is none without. */
static bool find_origin(struct call *call)
{
    const struct token_rules *rules = call->loop->api->rules;
    const struct http_request *request = &call->exchange->request;
    struct slice authority = request->authority, behind_proxy = SLICE_EMPTY;

    for (size_t i = 0; i < rules->origin_count; i++) {
        struct slice origin = rules->origins[i];
        bool secure = slice_starts_with(origin, SLICE("https:"));

        if (origin.len != authority.len + (secure ? 8 : 7) || !slice_ends_with(origin, authority))
            continue;
        if (secure == request->secure) {
            call->origin = origin;
            call->own_origin = true;
            return true;
        }
        if (secure)
            behind_proxy = origin;
    }
    call->origin = behind_proxy;
    call->own_origin = behind_proxy.len > 0;
    return call->own_origin ||
           arena_printf(call->arena, &call->origin, "%s://%.*s", request->secure ? "https" : "http",
                        SLICE_ARG(authority));
}

/* Puts what a trusted proxy says of the client in the place of what is known of the proxy. */
static bool look_past_proxy(struct call *call, struct slice *ret_prefix)
{
    struct http_request *request = &call->exchange->request;
    struct forwarded said;

    if (!forwarded_read(request, call->loop->api->trusted_proxies, call->arena, &said))
        return false;
    if (said.client_told)
        request->from_loopback = said.client_known && network_is_loopback(said.client);
    if (said.scheme != FORWARDED_NO_SCHEME)
        request->secure = said.scheme == FORWARDED_HTTPS;
    if (said.authority.len)
        request->authority = said.authority;
    *ret_prefix = said.prefix;
    return true;
}

/* A host that a proxy names and we do not know stands in addresses, as one does that a client asks
 * for; like that one it is no origin of ours, so that no token comes of it. */
static bool find_origins(struct call *call)
{
    struct slice prefix = SLICE_EMPTY;

    if (call->exchange->request.from_proxy && !look_past_proxy(call, &prefix))
        return false;
    if (!find_origin(call))
        return false;
    call->issuer = call->origin;
    return prefix.len == 0 || arena_printf(call->arena, &call->origin, "%.*s%.*s",
                                           SLICE_ARG(call->issuer), SLICE_ARG(prefix));
}

bool call_keep_memory(struct call *call, size_t body_bytes)
{
    return arena_set_aside(call->arena,
                           ANSWER_BYTES + ANSWER_ORIGINS * call->origin.len + body_bytes);
}

/* Health checks come when they like: they must not move the ids of what a test asks. */
static struct uuid make_request_id(const struct api *api, const struct http_request *request)
{
    return api->repeatable && !slice_eq(request->path, SLICE("/health"))
               ? repeatable_uuid(api->repeatable, REPEATABLE_REQUEST_IDS)
               : uuid_random();
}

struct call *call_begin(struct api_loop *loop, struct http_exchange *exchange)
{
    struct call *call = arena_new(exchange->arena, struct call);
    const struct http_request *request = &exchange->request;

    if (!call)
        return NULL;
    call->exchange = exchange;
    call->loop = loop;
    call->arena = exchange->arena;
    uuid_format(make_request_id(loop->api, request), call->request_id);
    call->client_request_id = echoed_id(request);
    if (call->client_request_id.len == 0)
        call->client_request_id = (struct slice){ call->request_id, UUID_TEXT_LEN };
    return find_origins(call) && call_keep_memory(call, 0) ? call : NULL;
}

bool call_is_loopback_name(struct slice authority)
{
    struct slice host = authority;

    if (slice_starts_with(authority, SLICE("[::1]")))
        return true;
    host = slice_sub(authority, 0, slice_index(authority, ':'));
    if (slice_eq(host, SLICE("localhost")) || slice_ends_with(host, SLICE(".localhost")))
        return true;
    /* 127.0.0.0/8 as digits: "127.0.0.1.example.com" is somebody else's. */
    for (size_t i = 0; i < host.len; i++)
        if (host.ptr[i] != '.' && (host.ptr[i] < '0' || host.ptr[i] > '9'))
            return false;
    return slice_starts_with(host, SLICE("127."));
}

bool call_asks_loopback(const struct call *call)
{
    return call_is_loopback_name(call->exchange->request.authority);
}

/* The arena could not even hold the call: an answer made of constants. */
static void finish_without_memory(struct http_exchange *exchange)
{
    exchange->response.status = http_status_of(ERROR_INTERNAL);
    exchange->response.body = SLICE_EMPTY;
    exchange->response.close = true;
    http_exchange_done(exchange);
}

/* --- the server's own resources -------------------------------------------------------------- */

static bool is_read(const struct http_request *request)
{
    return request->method == HTTP_GET || request->method == HTTP_HEAD;
}

static bool refuse_method(struct call *call)
{
    struct error error = { 0 };

    call_add_field(call, SLICE("Allow"), SLICE("GET, HEAD"));
    error_set(&error, ERROR_METHOD_NOT_ALLOWED, SLICE_EMPTY,
              "Specified HTTP method is not allowed for the request target.");
    call_finish_error(call, &error);
    return true;
}

static void finish_health(struct call *call)
{
    if (dispatch_store_has_failed(call->loop->api->dispatch))
        call_finish_plain(call, 503, SLICE("application/json"),
                          SLICE("{\"status\":\"failed\",\"reason\":\"the store could not be "
                                "synced; restart the server\"}\n"),
                          false);
    else
        call_finish_plain(call, 200, SLICE("application/json"), SLICE("{\"status\":\"ok\"}\n"),
                          false);
}

static bool server_resource_handle(struct call *call)
{
    const struct http_request *request = &call->exchange->request;
    const struct api *api = call->loop->api;
    bool health = slice_eq(request->path, SLICE("/health"));
    bool ca = api->ca_pem.len > 0 && slice_eq(request->path, SLICE("/ca.pem"));

    if (!health && !ca)
        return false;
    if (!is_read(request))
        return refuse_method(call);
    if (health)
        finish_health(call);
    else
        call_finish_plain(call, 200, SLICE("application/x-pem-file"), api->ca_pem, true);
    return true;
}

/* --- the handler ----------------------------------------------------------------------------- */

static void handle(void *context, struct http_exchange *exchange)
{
    struct call *call = call_begin(context, exchange);

    if (!call)
        finish_without_memory(exchange);
    else if (!server_resource_handle(call) && !oauth_handle(call) && !control_handle(call))
        graph_handle(call);
}

static void refuse(void *context, struct http_exchange *exchange, const struct error *error)
{
    struct call *call = call_begin(context, exchange);

    exchange->response.close = true;
    if (call)
        call_finish_error(call, error);
    else
        finish_without_memory(exchange);
}

struct http_handler api_loop_handler(struct api_loop *api_loop)
{
    const struct api *api = api_loop->api;

    return (struct http_handler){ .context = api_loop,
                                  .date = api->repeatable ? api->clock : NULL,
                                  .handle = handle,
                                  .refuse = refuse };
}

/* --- life ------------------------------------------------------------------------------------ */

bool api_loop_create(const struct api *api, struct loop *loop, struct log *log,
                     struct api_loop **ret, struct error *err)
{
    struct api_loop *api_loop = calloc(1, sizeof *api_loop);

    if (!api_loop)
        return error_no_memory(err);
    *api_loop = (struct api_loop){ .api = api, .loop = loop, .log = log };
    api_loop->principals = principal_cache_create(api->principal_cache_entries);
    if (!api_loop->principals) {
        error_no_memory(err);
        goto fail;
    }
    if (!service_session_create(api->store, &api_loop->session, err))
        goto fail;
    *ret = api_loop;
    return true;
fail:
    api_loop_destroy(api_loop);
    return false;
}

void api_loop_destroy(struct api_loop *api_loop)
{
    if (!api_loop)
        return;
    delays_end(&api_loop->delays, api_loop->loop);
    while (api_loop->batches_resting)
        loop_settle(api_loop->loop);
    service_session_destroy(api_loop->session);
    principal_cache_destroy(api_loop->principals);
    gzip_release(&api_loop->gzip);
    free(api_loop);
}

void api_loop_before_sleep(struct api_loop *api_loop)
{
    service_session_end(api_loop->session);
}
