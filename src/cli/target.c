/* cli/target.c - takes URLs of servers apart.
 *
 * What is let through goes into a request line and a Host field as it is, so that nothing may stand
 * in it that would end either.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/target.h"

#include <inttypes.h>

#include "base/arena.h"
#include "base/text.h"
#include "http/chars.h"
#include "server/endpoint.h"
#include "server/settings.h"

static bool all_are(struct slice text, enum http_char kind)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!http_char_is(text.ptr[i], kind))
            return false;
    }
    return true;
}

/* RFC 3986 3.2.2: what stands in brackets is an address, with a zone perhaps. */
static bool is_ipv6(struct slice host)
{
    for (size_t i = 0; i < host.len; i++) {
        if (host.ptr[i] != ':' && !http_char_is(host.ptr[i], HTTP_CHAR_TOKEN))
            return false;
    }
    return host.len > 0;
}

static bool split_authority(struct slice authority, struct target *target)
{
    struct slice rest = SLICE_EMPTY;
    uint64_t port;
    bool ok;

    if (slice_starts_with(authority, SLICE("["))) {
        if (!slice_cut(slice_sub(authority, 1, authority.len), ']', &target->host, &rest) ||
            (rest.len && rest.ptr[0] != ':'))
            return false;
        rest = slice_sub(rest, 1, rest.len);
        ok = is_ipv6(target->host);
    } else {
        if (!slice_cut(authority, ':', &target->host, &rest))
            target->host = authority;
        ok = target->host.len > 0 && all_are(target->host, HTTP_CHAR_HOST);
    }
    target->port = rest.len ? rest : target->secure ? SLICE("443") : SLICE("80");
    return ok && slice_to_uint64(target->port, UINT16_MAX, &port) && port > 0;
}

/* Without a fragment, which is the reader's business and never sent. */
static bool split(struct slice url, struct target *ret)
{
    struct slice rest, authority, path, head, fragment;

    ret->secure = slice_starts_with_nocase(url, SLICE("https://"));
    if (!ret->secure && !slice_starts_with_nocase(url, SLICE("http://")))
        return false;
    rest = slice_sub(url, ret->secure ? 8 : 7, url.len);
    if (slice_cut(rest, '#', &head, &fragment))
        rest = head;
    if (slice_cut(rest, '/', &authority, &path)) {
        ret->path = (struct slice){ path.ptr - 1, path.len + 1 };
    } else {
        authority = rest;
        ret->path = SLICE_EMPTY;
    }
    return all_are(ret->path, HTTP_CHAR_TARGET) && split_authority(authority, ret);
}

bool target_parse(struct slice url, struct arena *arena, struct target *ret, struct error *err)
{
    struct target target = { .secure = false };

    if (!split(url, &target))
        return error_set(err, ERROR_BAD_REQUEST, SLICE_EMPTY,
                         "expected a URL such as http://127.0.0.1:8080, found '%.*s'",
                         SLICE_ARG(slice_utf8_prefix(url, 100)));
    if (!arena_copy(arena, target.host, &target.host) ||
        !arena_copy(arena, target.port, &target.port) ||
        !arena_copy(arena, target.path, &target.path))
        return error_no_memory(err);
    *ret = target;
    return true;
}

bool target_of_settings(const struct settings *settings, struct arena *arena, struct slice *ret,
                        struct error *err)
{
    bool plain = settings->listen.count > 0;
    struct endpoint endpoint;

    if (!endpoint_parse(plain ? settings->listen.items[0] : settings->listen_tls.items[0],
                        &endpoint) ||
        endpoint.port == 0)
        return error_set(err, ERROR_BAD_REQUEST, SLICE("listen"),
                         "expected a URL: the settings leave the port to the server");
    struct slice host = endpoint.reach != ENDPOINT_ANY ? endpoint.host
                        : endpoint.ipv6                ? SLICE("::1")
                                                       : SLICE("127.0.0.1");
    return arena_printf(arena, ret, "%s://%s%.*s%s:%" PRIu16, plain ? "http" : "https",
                        endpoint.ipv6 ? "[" : "", SLICE_ARG(host), endpoint.ipv6 ? "]" : "",
                        endpoint.port) ||
           error_no_memory(err);
}

void target_append_authority(struct text *out, const struct target *target)
{
    bool ipv6 = slice_index(target->host, ':') < target->host.len;

    text_printf(out, "%s%.*s%s:%.*s", ipv6 ? "[" : "", SLICE_ARG(target->host), ipv6 ? "]" : "",
                SLICE_ARG(target->port));
}
