/* server/address.h - HOST:PORT of a listener: taken apart, and who can reach it.
 *
 * Spec: RFC 3986 section 3.2 (authority; an IPv6 address stands in brackets). Hosts are addresses,
 * "localhost" or "*": nothing here ever asks a name server.
 * Must not know: sockets.
 */
#ifndef SERVER_ADDRESS_H
#define SERVER_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/slice.h"

enum address_reach {
    ADDRESS_LOOPBACK, /* this machine alone: localhost, 127.0.0.0/8, ::1 */
    ADDRESS_ANY,      /* every interface: *, 0.0.0.0, :: */
    ADDRESS_ONE       /* one interface */
};

struct address {
    struct slice host; /* without brackets; a slice of what was parsed */
    uint16_t port;
    bool ipv6;
    enum address_reach reach;
};

/* "127.0.0.1:8080", "[::1]:0", "localhost:8080", "*:80". */
bool address_parse(struct slice text, struct address *ret) MUST_CHECK;

#endif
