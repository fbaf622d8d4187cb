/* http/forwarded.c - makes hops of the fields, walks them from the right, and reads the one that
 * counts.
 *
 *     Forwarded        = hop *("," hop)     hop   = [pair] *(";" [pair])
 *     pair             = token "=" value    value = token / quoted-string
 *     X-Forwarded-For  = address *("," address)
 *
 * Several fields of a name are one list. Of X-Forwarded-Host, -Proto and -Port, the element counts
 * that stands as far from the right as the hop does in X-Forwarded-For, and where there are fewer
 * the leftmost: most proxies write one value for all.
 *
 * A Forwarded that breaks the grammar anywhere says nothing at all, since nobody knows then which
 * of its hops is whose.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/forwarded.h"

#include <stdio.h>

#include "base/arena.h"
#include "http/chars.h"
#include "http/parser.h"

#define HOPS_MAX         32 /* more proxies than anybody has in a row */
#define PREFIX_BYTES_MAX 256

struct hop {
    struct slice client, scheme, host, port;
};

struct hops {
    struct hop items[HOPS_MAX];
    size_t count;
};

/* --- Forwarded ------------------------------------------------------------------------------- */

struct scan {
    const char *at, *end;
};

static void skip_blanks(struct scan *scan)
{
    while (scan->at < scan->end && (*scan->at == ' ' || *scan->at == '\t'))
        scan->at++;
}

static bool take(struct scan *scan, char c)
{
    if (scan->at == scan->end || *scan->at != c)
        return false;
    scan->at++;
    return true;
}

static struct slice take_token(struct scan *scan)
{
    const char *from = scan->at;

    while (scan->at < scan->end && http_char_is(*scan->at, HTTP_CHAR_TOKEN))
        scan->at++;
    return (struct slice){ from, (size_t)(scan->at - from) };
}

/* What is escaped stays so: no address, host or scheme has anything to escape. */
static bool take_quoted(struct scan *scan, struct slice *ret)
{
    const char *from = scan->at;

    while (scan->at < scan->end && *scan->at != '"')
        scan->at += *scan->at == '\\' && scan->at + 1 < scan->end ? 2 : 1;
    *ret = (struct slice){ from, (size_t)(scan->at - from) };
    return take(scan, '"');
}

/* Ports and brackets want quotes, which many forget. */
static bool take_value(struct scan *scan, struct slice *ret)
{
    if (take(scan, '"'))
        return take_quoted(scan, ret);
    const char *from = scan->at;
    while (scan->at < scan->end && (http_char_is(*scan->at, HTTP_CHAR_TOKEN) || *scan->at == ':' ||
                                    *scan->at == '[' || *scan->at == ']'))
        scan->at++;
    *ret = (struct slice){ from, (size_t)(scan->at - from) };
    return ret->len > 0;
}

/* False: not a pair, or a parameter that the hop has already (RFC 7239 4). */
static bool take_pair(struct scan *scan, struct hop *hop)
{
    struct slice name = take_token(scan), value, *to = NULL;

    if (name.len == 0 || !take(scan, '=') || !take_value(scan, &value))
        return false;
    if (slice_eq_nocase(name, SLICE("for")))
        to = &hop->client;
    else if (slice_eq_nocase(name, SLICE("proto")))
        to = &hop->scheme;
    else if (slice_eq_nocase(name, SLICE("host")))
        to = &hop->host;
    if (!to)
        return true;
    if (to->ptr)
        return false;
    *to = value;
    return true;
}

static bool take_hop(struct scan *scan, struct hops *hops)
{
    struct hop hop = { 0 };
    bool any = false;

    for (;;) {
        skip_blanks(scan);
        if (scan->at < scan->end && *scan->at != ';' && *scan->at != ',') {
            if (!take_pair(scan, &hop))
                return false;
            any = true;
            skip_blanks(scan);
        }
        if (!take(scan, ';'))
            break;
    }
    if (!any)
        return true; /* RFC 9110 5.6.1.2: empty elements of a list do not count */
    if (hops->count == HOPS_MAX)
        return false;
    hops->items[hops->count++] = hop;
    return true;
}

static bool read_forwarded(struct slice value, struct hops *hops)
{
    struct scan scan = { .at = value.ptr };

    if (value.len == 0) /* a slice of nothing may have no address */
        return true;
    scan.end = value.ptr + value.len;
    do {
        if (!take_hop(&scan, hops))
            return false;
    } while (take(&scan, ','));
    return scan.at == scan.end;
}

/* --- X-Forwarded ----------------------------------------------------------------------------- */

struct list {
    struct slice items[HOPS_MAX];
    size_t count;
};

static bool add_items(struct list *list, struct slice text)
{
    while (text.len > 0) {
        struct slice item = text;

        if (!slice_cut(text, ',', &item, &text))
            text = SLICE_EMPTY;
        item = slice_trim(item);
        if (item.len == 0)
            continue;
        if (list->count == HOPS_MAX)
            return false;
        list->items[list->count++] = item;
    }
    return true;
}

/* A list that is too long is none. */
static struct list list_of(const struct http_request *request, struct slice name)
{
    struct list list = { .count = 0 };

    for (size_t i = 0; i < request->field_count; i++) {
        if (slice_eq_nocase(request->fields[i].name, name) &&
            !add_items(&list, request->fields[i].value))
            return (struct list){ .count = 0 };
    }
    return list;
}

/* The element that stands `from_right` places before the last one. */
static struct slice item_at(const struct list *list, size_t from_right)
{
    if (list->count == 0)
        return SLICE_EMPTY;
    return list->items[from_right < list->count ? list->count - 1 - from_right : 0];
}

static void read_x_forwarded(const struct http_request *request, struct hops *hops)
{
    struct list clients = list_of(request, SLICE("X-Forwarded-For"));
    struct list hosts = list_of(request, SLICE("X-Forwarded-Host"));
    struct list schemes = list_of(request, SLICE("X-Forwarded-Proto"));
    struct list ports = list_of(request, SLICE("X-Forwarded-Port"));

    hops->count = clients.count ? clients.count : 1;
    for (size_t i = 0; i < hops->count; i++) {
        size_t from_right = hops->count - 1 - i;

        hops->items[i] = (struct hop){ .client = item_at(&clients, from_right),
                                       .scheme = item_at(&schemes, from_right),
                                       .host = item_at(&hosts, from_right),
                                       .port = item_at(&ports, from_right) };
    }
}

/* --- the hop that counts --------------------------------------------------------------------- */

static bool is_port(struct slice text)
{
    uint64_t port;

    return slice_to_uint64(text, UINT16_MAX, &port);
}

/* An address as hops write it: of IPv6 in brackets or bare, each but the bare one with a port or
 * without. "unknown" and "_names" are none. */
static bool read_client(struct slice text, uint8_t ret[16])
{
    struct slice address = text, port;
    size_t colon = slice_index(text, ':');

    if (slice_starts_with(text, SLICE("["))) {
        if (!slice_cut(slice_sub(text, 1, text.len), ']', &address, &port) ||
            slice_index(address, ':') == address.len)
            return false;
        if (port.len && (port.ptr[0] != ':' || !is_port(slice_sub(port, 1, port.len))))
            return false;
    } else if (colon < text.len &&
               slice_index(slice_sub(text, colon + 1, text.len), ':') == text.len - colon - 1) {
        address = slice_sub(text, 0, colon);
        if (!is_port(slice_sub(text, colon + 1, text.len)))
            return false;
    }
    return network_parse_address(address, ret);
}

static const struct hop *find_hop(const struct hops *hops, const struct network_set *trusted)
{
    size_t at = hops->count;
    uint8_t client[16];

    if (at == 0)
        return NULL;
    while (--at > 0 && read_client(hops->items[at].client, client) &&
           network_set_has(trusted, client))
        ;
    return &hops->items[at];
}

/* --- what it says ---------------------------------------------------------------------------- */

static enum forwarded_scheme read_scheme(struct slice text)
{
    if (slice_eq_nocase(text, SLICE("https")))
        return FORWARDED_HTTPS;
    return slice_eq_nocase(text, SLICE("http")) ? FORWARDED_HTTP : FORWARDED_NO_SCHEME;
}

static bool has_port(struct slice authority)
{
    size_t end = authority.len;

    while (end > 0 && authority.ptr[end - 1] >= '0' && authority.ptr[end - 1] <= '9')
        end--;
    return end > 0 && authority.ptr[end - 1] == ':' && !slice_ends_with(authority, SLICE("]"));
}

/* The port goes to whatever host the client asked: the hop's, or the request's own. */
static bool read_authority(const struct http_request *request, const struct hop *hop,
                           enum forwarded_scheme scheme, struct arena *arena, struct slice *ret)
{
    struct slice host = hop->host;
    uint64_t port = 0;

    *ret = SLICE_EMPTY;
    if (!http_is_authority(host))
        host = SLICE_EMPTY;
    if (!slice_to_uint64(hop->port, UINT16_MAX, &port) ||
        has_port(host.len ? host : request->authority) ||
        (scheme == FORWARDED_HTTPS && port == 443) || (scheme == FORWARDED_HTTP && port == 80))
        port = 0;
    if (port == 0)
        return host.len == 0 || http_lower_case(arena, host, ret);
    if (host.len == 0)
        host = request->authority;
    return (host.len == 0) ||
           (arena_printf(arena, &host, "%.*s:%u", SLICE_ARG(host), (unsigned)port) &&
            http_lower_case(arena, host, ret));
}

/* "/a/b": segments of unreserved characters, none of them empty or dots alone. */
static bool is_prefix(struct slice text)
{
    size_t dots = 0, len = 0;

    if (text.len < 2 || text.len > PREFIX_BYTES_MAX || text.ptr[0] != '/')
        return false;
    for (size_t i = 1; i <= text.len; i++) {
        char c = i < text.len ? text.ptr[i] : '/';

        if (c == '/') {
            if (len == 0 || (dots == len && len <= 2))
                return false;
            dots = len = 0;
            continue;
        }
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '-' || c == '.' || c == '_' || c == '~'))
            return false;
        dots += c == '.';
        len++;
    }
    return true;
}

static struct slice read_prefix(const struct http_request *request)
{
    struct slice prefix = http_request_field(request, SLICE("X-Forwarded-Prefix"));
    size_t fields;

    if (!http_request_has(request, SLICE("X-Forwarded-Prefix"), &fields) || fields > 1)
        return SLICE_EMPTY;
    if (slice_ends_with(prefix, SLICE("/")))
        prefix.len--;
    return is_prefix(prefix) ? prefix : SLICE_EMPTY;
}

static void read_hops(const struct http_request *request, struct hops *hops, bool *ret_any)
{
    bool given = false, ok = true;

    hops->count = 0;
    for (size_t i = 0; i < request->field_count && ok; i++) {
        if (slice_eq_nocase(request->fields[i].name, SLICE("Forwarded"))) {
            given = true;
            ok = read_forwarded(request->fields[i].value, hops);
        }
    }
    if (!given)
        read_x_forwarded(request, hops);
    else if (!ok)
        hops->count = 0;
    *ret_any = given || http_request_has(request, SLICE("X-Forwarded-For"), NULL);
}

bool forwarded_read(const struct http_request *request, const struct network_set *trusted,
                    struct arena *arena, struct forwarded *ret)
{
    struct forwarded forwarded = { 0 };
    struct hops hops;

    read_hops(request, &hops, &forwarded.client_told);
    const struct hop *hop = find_hop(&hops, trusted);
    if (hop) {
        forwarded.client_known = read_client(hop->client, forwarded.client);
        forwarded.scheme = read_scheme(hop->scheme);
        if (!read_authority(request, hop, forwarded.scheme, arena, &forwarded.authority))
            return false;
    }
    forwarded.prefix = read_prefix(request);
    *ret = forwarded;
    return true;
}
