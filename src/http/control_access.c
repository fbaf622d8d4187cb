/* http/control_access.c - who may use the control API.
 *
 *     is it for us       not from this machine, not for one of its names, not through a proxy
 *     does a page ask    a browser says for whom it asks, and only our own pages may
 *
 * The names matter as much as the addresses: a page that led its own name to 127.0.0.1 comes from a
 * loopback address too, but asks for its own name.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/control.h"

static bool is_own_origin(const struct token_rules *rules, struct slice origin)
{
    for (size_t i = 0; i < rules->origin_count; i++)
        if (slice_eq(rules->origins[i], origin))
            return true;
    return false;
}

/* A page of somebody else's, in a browser on this machine, can send requests here although it
 * cannot read the answers. "null" is an origin too, and nobody's. */
static bool is_foreign_page(const struct call *call)
{
    const struct http_request *request = &call->exchange->request;
    struct slice origin = http_request_field(request, SLICE("Origin"));
    size_t origins = 0;

    if (http_request_has(request, SLICE("Origin"), &origins) &&
        (origins > 1 || !is_own_origin(call->loop->api->rules, origin)))
        return true;
    return slice_eq_nocase(http_request_field(request, SLICE("Sec-Fetch-Site")),
                           SLICE("cross-site"));
}

/* A proxy on this machine asks from here in the name of whoever asked it, and by default for the
 * name it knows us by. These fields it adds, or its administrator was told to (RFC 9110 7.6.3, RFC
 * 7239). */
static bool came_by_proxy(const struct http_request *request)
{
    static const struct slice names[] = {
        SLICE_INIT("Forwarded"),          SLICE_INIT("Via"),
        SLICE_INIT("X-Forwarded-For"),    SLICE_INIT("X-Forwarded-Host"),
        SLICE_INIT("X-Forwarded-Proto"),  SLICE_INIT("X-Forwarded-Port"),
        SLICE_INIT("X-Forwarded-Prefix"), SLICE_INIT("X-Real-IP"),
    };

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (http_request_has(request, names[i], NULL))
            return true;
    }
    return false;
}

static bool is_near(const struct call *call)
{
    const struct http_request *request = &call->exchange->request;

    return request->from_loopback && call_asks_loopback(call) && !came_by_proxy(request);
}

/* "host:8080" without its port. */
static struct slice host_of(struct slice authority)
{
    size_t end = authority.len;

    while (end > 0 && authority.ptr[end - 1] >= '0' && authority.ptr[end - 1] <= '9')
        end--;
    return end > 0 && authority.ptr[end - 1] == ':' ? slice_sub(authority, 0, end - 1) : authority;
}

static bool is_address(struct slice host)
{
    for (size_t i = 0; i < host.len; i++)
        if (host.ptr[i] != '.' && (host.ptr[i] < '0' || host.ptr[i] > '9'))
            return slice_starts_with(host, SLICE("["));
    return host.len > 0;
}

/* A name that somebody else pointed at this server (DNS rebinding) makes his page one of the same
 * origin. An address cannot be such a name; the names that are ours were told to us. */
static bool asks_known_name(const struct call *call)
{
    const struct token_rules *rules = call->loop->api->rules;
    struct slice host = host_of(call->exchange->request.authority);

    if (is_address(host) || call_asks_loopback(call))
        return true;
    for (size_t i = 0; i < rules->origin_count; i++) {
        struct slice origin = rules->origins[i];
        size_t scheme = slice_starts_with(origin, SLICE("https://")) ? 8 : 7;

        if (slice_eq(host_of(slice_sub(origin, scheme, origin.len)), host))
            return true;
    }
    return false;
}

bool control_may_ask(const struct call *call, struct error *err)
{
    if (call->loop->api->control != API_CONTROL_ANY && !is_near(call))
        return error_set(err, ERROR_FORBIDDEN, SLICE_EMPTY,
                         "The control API answers requests from this machine, not through a proxy, "
                         "for one of its own names (localhost, 127.0.0.1, [::1]). 'control=any' "
                         "opens it to all.");
    if (!asks_known_name(call))
        return error_set(err, ERROR_FORBIDDEN, SLICE("Host"),
                         "The control API answers for names that the server knows. Add this one "
                         "with tls-name or public-url.");
    if (is_foreign_page(call))
        return error_set(err, ERROR_FORBIDDEN, SLICE("Origin"),
                         "The control API answers no requests of other origins' pages.");
    return true;
}
