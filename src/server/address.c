/* server/address.c - takes HOST:PORT apart.
 *
 * The port is what stands behind the last colon, so that an IPv6 address without brackets, which
 * could be read in two ways, is refused for want of brackets and not guessed at. Addresses are
 * read by inet_pton(), which is as strict as one could wish: no octal, no missing parts.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "server/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

static bool split(struct slice text, struct address *address)
{
    struct slice host = SLICE_EMPTY, port = text, tail;
    uint64_t number;

    while (slice_cut(port, ':', &host, &tail))
        port = tail;
    if (port.len == text.len || !slice_to_uint64(port, UINT16_MAX, &number))
        return false;
    address->port = (uint16_t)number;
    address->host = slice_sub(text, 0, text.len - port.len - 1);
    if (address->host.len < 2 || address->host.ptr[0] != '[')
        return slice_index(address->host, ':') == address->host.len;
    if (!slice_ends_with(address->host, SLICE("]")))
        return false;
    address->host = slice_sub(address->host, 1, address->host.len - 2);
    address->ipv6 = true;
    return true;
}

static bool classify_ipv6(const char *host, struct address *address)
{
    struct in6_addr parsed;

    if (inet_pton(AF_INET6, host, &parsed) != 1)
        return false;
    address->reach = IN6_IS_ADDR_LOOPBACK(&parsed)      ? ADDRESS_LOOPBACK
                     : IN6_IS_ADDR_UNSPECIFIED(&parsed) ? ADDRESS_ANY
                                                        : ADDRESS_ONE;
    return true;
}

static bool classify_ipv4(const char *host, struct address *address)
{
    struct in_addr parsed;

    if (inet_pton(AF_INET, host, &parsed) != 1)
        return false;
    uint32_t number = ntohl(parsed.s_addr);
    address->reach = number >> 24 == 127 ? ADDRESS_LOOPBACK
                     : number == 0       ? ADDRESS_ANY
                                         : ADDRESS_ONE;
    return true;
}

bool address_parse(struct slice text, struct address *ret)
{
    struct address address = { .reach = ADDRESS_LOOPBACK };
    char host[INET6_ADDRSTRLEN];

    if (!split(text, &address) || address.host.len == 0 || address.host.len >= sizeof host)
        return false;
    memcpy(host, address.host.ptr, address.host.len);
    host[address.host.len] = 0;

    if (address.ipv6 ? !classify_ipv6(host, &address) : !classify_ipv4(host, &address)) {
        if (address.ipv6)
            return false;
        if (slice_eq(address.host, SLICE("*")))
            address.reach = ADDRESS_ANY;
        else if (!slice_eq_nocase(address.host, SLICE("localhost")))
            return false;
    }
    *ret = address;
    return true;
}
