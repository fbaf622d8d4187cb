/* server/endpoint.h - HOST:PORT of a listener: taken apart, and who can reach it.
 *
 * Spec: RFC 3986 section 3.2 (authority; an IPv6 address stands in brackets). Hosts are addresses,
 * "localhost" or "*": nothing here ever asks a name server.
 * Must not know: sockets.
 */
#ifndef SERVER_ENDPOINT_H
#define SERVER_ENDPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/slice.h"

enum endpoint_reach {
    ENDPOINT_LOOPBACK, /* this machine alone: localhost, 127.0.0.0/8, ::1 */
    ENDPOINT_ANY,      /* every interface: *, 0.0.0.0, :: */
    ENDPOINT_ONE       /* one interface */
};

struct endpoint {
    struct slice host; /* without brackets; a slice of what was parsed */
    uint16_t port;
    bool ipv6;
    enum endpoint_reach reach;
};

/* "127.0.0.1:8080", "[::1]:0", "localhost:8080", "*:80". */
bool endpoint_parse(struct slice text, struct endpoint *ret) MUST_CHECK;

#endif
