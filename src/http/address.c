/* http/address.c - splits host:port, and says what can be reached from elsewhere.
 *
 * The port is what stands behind the last colon, and an IPv6 address must stand in brackets: else
 * "::1:80" could mean two things. IPv6 zones (%eth0) are refused, since they are names.
 *
 * An address counts as loopback only if it is written so plainly (127.0.0.0/8, ::1, localhost);
 * whatever one must think about counts as reachable.
 */
#include "http/address.h"

#include <stdio.h>
#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "http/engine.h"

static bool refuse(struct slice host_port, const char *what, struct error *err)
{
    return error_set(err, ERROR_CONFIGURATION, SLICE("listen"),
                     "cannot listen on '%.*s': %s (expected an address such as 127.0.0.1:8080, "
                     "[::1]:8080, localhost:8080 or *:8080)",
                     SLICE_ARG(slice_sub(host_port, 0, 100)), what);
}

/* inet_pton() wants a NUL behind the text. */
static bool parse_literal(int family, struct slice text, void *ret)
{
    char buffer[INET6_ADDRSTRLEN];

    if (text.len == 0 || text.len >= sizeof buffer)
        return false;
    memcpy(buffer, text.ptr, text.len);
    buffer[text.len] = '\0';
    return inet_pton(family, buffer, ret) == 1;
}

struct sockaddr_storage address_four(uint32_t host_order, uint16_t port)
{
    struct sockaddr_storage storage = { 0 };
    const struct sockaddr_in four = { .sin_family = AF_INET,
                                      .sin_port = htons(port),
                                      .sin_addr.s_addr = htonl(host_order) };

    memcpy(&storage, &four, sizeof four);
    return storage;
}

static struct sockaddr_storage six_of(struct in6_addr host, uint16_t port)
{
    struct sockaddr_storage storage = { 0 };
    const struct sockaddr_in6 six = { .sin6_family = AF_INET6,
                                      .sin6_port = htons(port),
                                      .sin6_addr = host };

    memcpy(&storage, &six, sizeof six);
    return storage;
}

struct sockaddr_storage address_six(bool loopback, uint16_t port)
{
    return six_of(loopback ? in6addr_loopback : in6addr_any, port);
}

static bool parse_host(struct slice host, uint16_t port, struct address *ret)
{
    struct in_addr four;
    struct in6_addr six;

    *ret = (struct address){ .kind = ADDRESS_LITERAL, .port = port };
    if (slice_eq(host, SLICE("*"))) {
        ret->kind = ADDRESS_ANY;
        return true;
    }
    if (slice_eq_nocase(host, SLICE("localhost"))) {
        ret->kind = ADDRESS_LOCALHOST;
        return true;
    }
    if (parse_literal(AF_INET, host, &four)) {
        ret->literal = address_four(ntohl(four.s_addr), port);
        return true;
    }
    if (host.len < 2 || host.ptr[0] != '[' || host.ptr[host.len - 1] != ']' ||
        !parse_literal(AF_INET6, slice_sub(host, 1, host.len - 2), &six))
        return false;
    ret->literal = six_of(six, port);
    return true;
}

bool address_parse(struct slice host_port, struct address *ret, struct error *err)
{
    size_t colon = host_port.len;
    uint64_t port;

    while (colon > 0 && host_port.ptr[colon - 1] != ':')
        colon--;
    if (colon == 0)
        return refuse(host_port, "there is no port", err);
    if (!slice_to_uint64(slice_sub(host_port, colon, host_port.len), UINT16_MAX, &port))
        return refuse(host_port, "the port is not a number up to 65535", err);
    if (!parse_host(slice_sub(host_port, 0, colon - 1), (uint16_t)port, ret))
        return refuse(host_port, "this is no address", err);
    return true;
}

static size_t format_six(const struct sockaddr_storage *address, char out[ADDRESS_TEXT_MAX])
{
    char text[INET6_ADDRSTRLEN];
    struct sockaddr_in6 six;

    memcpy(&six, address, sizeof six);
    if (IN6_IS_ADDR_V4MAPPED(&six.sin6_addr)) {
        uint32_t four;
        memcpy(&four, six.sin6_addr.s6_addr + 12, sizeof four);
        struct sockaddr_storage mapped = address_four(ntohl(four), ntohs(six.sin6_port));
        return address_format(&mapped, out);
    }
    if (!inet_ntop(AF_INET6, &six.sin6_addr, text, sizeof text))
        return 0;
    return (size_t)snprintf(out, ADDRESS_TEXT_MAX, "[%s]:%u", text, ntohs(six.sin6_port));
}

size_t address_format(const struct sockaddr_storage *address, char out[ADDRESS_TEXT_MAX])
{
    char text[INET_ADDRSTRLEN];
    struct sockaddr_in four;

    if (address->ss_family == AF_INET6)
        return format_six(address, out);
    memcpy(&four, address, sizeof four);
    if (address->ss_family != AF_INET || !inet_ntop(AF_INET, &four.sin_addr, text, sizeof text))
        return 0;
    return (size_t)snprintf(out, ADDRESS_TEXT_MAX, "%s:%u", text, ntohs(four.sin_port));
}

socklen_t address_len(const struct sockaddr_storage *address)
{
    return address->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                          : sizeof(struct sockaddr_in);
}

uint16_t address_port(const struct sockaddr_storage *address)
{
    struct sockaddr_in four;
    struct sockaddr_in6 six;

    if (address->ss_family == AF_INET6) {
        memcpy(&six, address, sizeof six);
        return ntohs(six.sin6_port);
    }
    memcpy(&four, address, sizeof four);
    return ntohs(four.sin_port);
}

static bool is_loopback(const struct sockaddr_storage *address, bool mapped_too)
{
    struct sockaddr_in four;
    struct sockaddr_in6 six;

    if (address->ss_family == AF_INET6) {
        memcpy(&six, address, sizeof six);
        return IN6_IS_ADDR_LOOPBACK(&six.sin6_addr) ||
               (mapped_too && IN6_IS_ADDR_V4MAPPED(&six.sin6_addr) &&
                six.sin6_addr.s6_addr[12] == 127);
    }
    memcpy(&four, address, sizeof four);
    return address->ss_family == AF_INET && ntohl(four.sin_addr.s_addr) >> 24 == 127;
}

bool address_is_loopback(const struct sockaddr_storage *address)
{
    return is_loopback(address, true);
}

bool http_address_is_loopback(struct slice host_port)
{
    struct address address;

    if (!address_parse(host_port, &address, NULL))
        return false;
    if (address.kind != ADDRESS_LITERAL)
        return address.kind == ADDRESS_LOCALHOST;
    return is_loopback(&address.literal, false);
}
