/* server/origins.c - multiplies listeners by the names they are called by.
 *
 * A listener on 127.0.0.1 is reached as localhost, 127.0.0.1 and, through a hosts file, by every
 * name of the certificate; one on all interfaces by the same and by addresses nobody told us, for
 * which
 * --public-url and --tls-name are there. A name is combined with the ports of all listeners, since
 * a list that is too long costs nothing and one that is too short refuses good tokens.
 *
 * The list is built once and searched for each new token; a few dozen entries at most.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "server/origins.h"

#include <inttypes.h>
#include <netinet/in.h>

#include "base/arena.h"
#include "server/endpoint.h"

#define ORIGINS_MAX      1024
#define LOCALHOST_SUFFIX SLICE(".localhost")

static const struct slice loopback_names[] = {
    SLICE_INIT("localhost"),
    SLICE_INIT("127.0.0.1"),
    SLICE_INIT("::1"),
};

struct origin_parts {
    bool secure;
    struct slice host; /* an IPv6 address without brackets */
    uint16_t port;
};

static uint16_t default_port(bool secure)
{
    return secure ? 443 : 80;
}

static bool is_host_byte(char c, bool ipv6)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           (ipv6 ? c == ':' : c == '-' || c == '_');
}

/* host[:port], with brackets around an IPv6 address. */
static bool parse_authority(struct slice authority, struct origin_parts *parts)
{
    struct slice host, port;
    uint64_t number;
    bool ipv6 = slice_starts_with(authority, SLICE("["));

    if (ipv6) {
        if (!slice_cut(slice_sub(authority, 1, authority.len), ']', &host, &port) ||
            (port.len && port.ptr[0] != ':'))
            return false;
        port = slice_sub(port, 1, port.len);
        if (slice_ends_with(authority, SLICE(":")))
            return false;
    } else if (!slice_cut(authority, ':', &host, &port)) {
        host = authority;
        port = SLICE_EMPTY;
    } else if (port.len == 0) {
        return false;
    }
    if (port.len) {
        if (!slice_to_uint64(port, UINT16_MAX, &number) || number == 0)
            return false;
        parts->port = (uint16_t)number;
    }
    for (size_t i = 0; i < host.len; i++) {
        if (!is_host_byte(host.ptr[i], ipv6))
            return false;
    }
    parts->host = host;
    return host.len > 0;
}

static bool parse_origin(struct slice url, struct origin_parts *ret)
{
    struct slice rest = url;

    if (slice_starts_with_nocase(url, SLICE("https://"))) {
        ret->secure = true;
        rest = slice_sub(url, 8, url.len);
    } else if (slice_starts_with_nocase(url, SLICE("http://"))) {
        ret->secure = false;
        rest = slice_sub(url, 7, url.len);
    } else {
        return false;
    }
    if (slice_ends_with(rest, SLICE("/")))
        rest.len--;
    ret->port = default_port(ret->secure);
    return parse_authority(rest, ret);
}

bool origin_is_valid(struct slice url)
{
    struct origin_parts parts;

    return parse_origin(url, &parts);
}

bool origin_is_loopback(struct slice url)
{
    struct origin_parts parts;
    struct endpoint endpoint;
    char host_port[INET6_ADDRSTRLEN + 8];

    if (!parse_origin(url, &parts))
        return false;
    if (slice_eq_nocase(parts.host, SLICE("localhost")) ||
        (parts.host.len > LOCALHOST_SUFFIX.len &&
         slice_eq_nocase(
             slice_sub(parts.host, parts.host.len - LOCALHOST_SUFFIX.len, parts.host.len),
             LOCALHOST_SUFFIX)))
        return true;
    bool ipv6 = slice_index(parts.host, ':') < parts.host.len;
    int len = snprintf(host_port, sizeof host_port, "%s%.*s%s:0", ipv6 ? "[" : "",
                       SLICE_ARG(parts.host), ipv6 ? "]" : "");
    return len > 0 && (size_t)len < sizeof host_port &&
           endpoint_parse((struct slice){ host_port, (size_t)len }, &endpoint) &&
           endpoint.reach == ENDPOINT_LOOPBACK;
}

/* --- writing --------------------------------------------------------------------------------- */

static bool write_origin(const struct origin_parts *parts, bool with_port, struct arena *arena,
                         struct slice *ret, struct error *err)
{
    bool ipv6 = slice_index(parts->host, ':') < parts->host.len;
    char port[8] = "";
    char *lower;

    if (with_port)
        snprintf(port, sizeof port, ":%" PRIu16, parts->port);
    size_t len = parts->host.len + 24;
    lower = arena_alloc(arena, len);
    if (!lower)
        return error_no_memory(err);
    int written = snprintf(lower, len, "%s://%s%.*s%s%s", parts->secure ? "https" : "http",
                           ipv6 ? "[" : "", SLICE_ARG(parts->host), ipv6 ? "]" : "", port);
    for (int i = 0; i < written; i++) {
        if (lower[i] >= 'A' && lower[i] <= 'Z')
            lower[i] = (char)(lower[i] - 'A' + 'a');
    }
    *ret = (struct slice){ lower, (size_t)written };
    return true;
}

/* As RFC 6454 writes it. */
static bool write_short(const struct origin_parts *parts, struct arena *arena, struct slice *ret,
                        struct error *err)
{
    return write_origin(parts, parts->port != default_port(parts->secure), arena, ret, err);
}

/* --- the list -------------------------------------------------------------------------------- */

struct building {
    struct arena *arena;
    struct setting_list list;
    struct error *err;
};

static bool add_text(struct building *building, struct slice origin)
{
    struct setting_list *list = &building->list;

    for (size_t i = 0; i < list->count; i++) {
        if (slice_eq(list->items[i], origin))
            return true;
    }
    if (list->count == ORIGINS_MAX)
        return error_set(building->err, ERROR_CONFIGURATION, SLICE("tls-name"),
                         "tls-name: listeners and names make more than %d addresses", ORIGINS_MAX);
    list->items[list->count++] = origin;
    return true;
}

static bool add(struct building *building, bool secure, struct slice host, uint16_t port)
{
    struct origin_parts parts = { .secure = secure, .host = host, .port = port };
    struct slice text;

    if (!write_short(&parts, building->arena, &text, building->err) || !add_text(building, text))
        return false;
    if (port != default_port(secure))
        return true;
    return write_origin(&parts, true, building->arena, &text, building->err) &&
           add_text(building, text);
}

static bool add_url(struct building *building, struct slice url)
{
    struct origin_parts parts;

    return !parse_origin(url, &parts) || add(building, parts.secure, parts.host, parts.port);
}

static bool add_listener(struct building *building, const struct origin_listener *listener,
                         struct setting_list names)
{
    struct endpoint endpoint;

    if (!endpoint_parse(listener->host_port, &endpoint))
        return error_set(building->err, ERROR_CONFIGURATION, SLICE("listen"),
                         "expected HOST:PORT, found '%.*s'", SLICE_ARG(listener->host_port));
    if (endpoint.reach != ENDPOINT_ANY &&
        !add(building, listener->secure, endpoint.host, listener->port))
        return false;
    for (size_t i = 0; endpoint.reach != ENDPOINT_ONE && i < COUNT_OF(loopback_names); i++) {
        if (!add(building, listener->secure, loopback_names[i], listener->port))
            return false;
    }
    for (size_t i = 0; i < names.count; i++) {
        if (!add(building, listener->secure, names.items[i], listener->port))
            return false;
    }
    return true;
}

bool origins_build(const struct origin_listener *listeners, size_t listener_count,
                   struct setting_list names, struct setting_list public_urls, struct arena *arena,
                   struct setting_list *ret, struct error *err)
{
    struct building building = { .arena = arena, .err = err };

    building.list.items = arena_new_array(arena, ORIGINS_MAX, struct slice);
    if (!building.list.items)
        return error_no_memory(err);
    for (size_t i = 0; i < public_urls.count; i++) {
        if (!add_url(&building, public_urls.items[i]))
            return false;
    }
    if (!add_url(&building, SLICE(ORIGIN_OF_TOKENS)))
        return false;
    for (size_t i = 0; i < listener_count; i++) {
        if (!add_listener(&building, &listeners[i], names))
            return false;
    }
    *ret = building.list;
    return true;
}

bool origin_for_tokens(struct setting_list public_urls, struct arena *arena, struct slice *ret,
                       struct error *err)
{
    struct origin_parts parts;

    if (public_urls.count == 0 || !parse_origin(public_urls.items[0], &parts)) {
        *ret = SLICE(ORIGIN_OF_TOKENS);
        return true;
    }
    return write_short(&parts, arena, ret, err);
}

bool origin_of_listener(const struct origin_listener *listener, struct arena *arena,
                        struct slice *ret, struct error *err)
{
    struct endpoint endpoint;

    if (!endpoint_parse(listener->host_port, &endpoint))
        return error_set(err, ERROR_CONFIGURATION, SLICE("listen"),
                         "expected HOST:PORT, found '%.*s'", SLICE_ARG(listener->host_port));
    struct origin_parts parts = {
        .secure = listener->secure,
        .host = endpoint.reach == ENDPOINT_ANY ? SLICE("localhost") : endpoint.host,
        .port = listener->port,
    };
    return write_short(&parts, arena, ret, err);
}

bool origin_as_bound(const struct origin_listener *listener, struct arena *arena, struct slice *ret,
                     struct error *err)
{
    struct slice host = listener->host_port; /* "[::]:0": what stands before the last colon */

    while (host.len && host.ptr[host.len - 1] != ':')
        host.len--;
    return arena_printf(arena, ret, "%s://%.*s%" PRIu16, listener->secure ? "https" : "http",
                        SLICE_ARG(host), listener->port) ||
           error_no_memory(err);
}
