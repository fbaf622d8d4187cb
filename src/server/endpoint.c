/* server/endpoint.c - takes HOST:PORT apart.
 *
 * The port is what stands behind the last colon, so that an IPv6 address without brackets, which
 * could be read in two ways, is refused for want of brackets and not guessed at. Addresses are
 * read by inet_pton(), which is as strict as one could wish: no octal, no missing parts.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "server/endpoint.h"

#include <arpa/inet.h>
#include <netinet/in.h>

static bool split(struct slice text, struct endpoint *endpoint)
{
    struct slice host = SLICE_EMPTY, port = text, tail;
    uint64_t number;

    while (slice_cut(port, ':', &host, &tail))
        port = tail;
    if (port.len == text.len || !slice_to_uint64(port, UINT16_MAX, &number))
        return false;
    endpoint->port = (uint16_t)number;
    endpoint->host = slice_sub(text, 0, text.len - port.len - 1);
    if (endpoint->host.len < 2 || endpoint->host.ptr[0] != '[')
        return slice_index(endpoint->host, ':') == endpoint->host.len;
    if (!slice_ends_with(endpoint->host, SLICE("]")))
        return false;
    endpoint->host = slice_sub(endpoint->host, 1, endpoint->host.len - 2);
    endpoint->ipv6 = true;
    return true;
}

static bool classify_ipv6(const char *host, struct endpoint *endpoint)
{
    struct in6_addr parsed;

    if (inet_pton(AF_INET6, host, &parsed) != 1)
        return false;
    endpoint->reach = IN6_IS_ADDR_LOOPBACK(&parsed)      ? ENDPOINT_LOOPBACK
                      : IN6_IS_ADDR_UNSPECIFIED(&parsed) ? ENDPOINT_ANY
                                                         : ENDPOINT_ONE;
    return true;
}

static bool classify_ipv4(const char *host, struct endpoint *endpoint)
{
    struct in_addr parsed;

    if (inet_pton(AF_INET, host, &parsed) != 1)
        return false;
    uint32_t number = ntohl(parsed.s_addr);
    endpoint->reach = number >> 24 == 127 ? ENDPOINT_LOOPBACK
                      : number == 0       ? ENDPOINT_ANY
                                          : ENDPOINT_ONE;
    return true;
}

bool endpoint_parse(struct slice text, struct endpoint *ret)
{
    struct endpoint endpoint = { .reach = ENDPOINT_LOOPBACK };
    char host[INET6_ADDRSTRLEN];

    if (!split(text, &endpoint) || endpoint.host.len == 0 || endpoint.host.len >= sizeof host)
        return false;
    memcpy(host, endpoint.host.ptr, endpoint.host.len);
    host[endpoint.host.len] = 0;

    if (endpoint.ipv6 ? !classify_ipv6(host, &endpoint) : !classify_ipv4(host, &endpoint)) {
        if (endpoint.ipv6)
            return false;
        if (slice_eq(endpoint.host, SLICE("*")))
            endpoint.reach = ENDPOINT_ANY;
        else if (!slice_eq_nocase(endpoint.host, SLICE("localhost")))
            return false;
    }
    *ret = endpoint;
    return true;
}
