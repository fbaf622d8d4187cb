/* http/network.h - blocks of addresses, such as 10.0.0.0/8 or 2001:db8::/32.
 *
 * Spec: RFC 4632 3.1, RFC 4291 2.3. An IPv4 address that is written as IPv6 (::ffff:10.0.0.1) is in
 * the blocks that the IPv4 address is in.
 * Threads: a set is constant once it is filled.
 */
#ifndef HTTP_NETWORK_H
#define HTTP_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sys/socket.h>

#include "base/compiler.h"
#include "base/slice.h"

struct network {
    uint8_t address[16]; /* IPv4 as ::ffff:a.b.c.d */
    unsigned bits;       /* of these 128 */
};

struct network_set {
    const struct network *items;
    size_t count;
};

/* ADDRESS or ADDRESS/PREFIX; bits behind the prefix must be 0, since who sets some of them meant
 * something else. */
bool network_parse(struct slice text, struct network *ret) MUST_CHECK;

/* An address alone, IPv6 without brackets. */
bool network_parse_address(struct slice text, uint8_t ret[16]) MUST_CHECK;
/* False: it is of another family. */
bool network_address_of(const struct sockaddr_storage *peer, uint8_t ret[16]) MUST_CHECK;

/* NULL: a set without any. */
bool network_set_has(const struct network_set *set, const uint8_t address[16]);
/* 127.0.0.0/8 or ::1. */
bool network_is_loopback(const uint8_t address[16]);

#endif
