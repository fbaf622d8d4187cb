/* http/network.c - all addresses are made 128 bits wide, so that one comparison serves both kinds.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/network.h"

#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#define FOUR_AT 12 /* bytes of ::ffff:0:0/96 */

static const uint8_t mapped[FOUR_AT] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

static bool is_four(const uint8_t address[16])
{
    return memcmp(address, mapped, FOUR_AT) == 0;
}

bool network_parse_address(struct slice text, uint8_t ret[16])
{
    char buffer[INET6_ADDRSTRLEN]; /* inet_pton() wants a NUL behind the text */
    uint8_t address[16];

    if (text.len == 0 || text.len >= sizeof buffer || memchr(text.ptr, '\0', text.len))
        return false;
    memcpy(buffer, text.ptr, text.len);
    buffer[text.len] = '\0';
    memcpy(address, mapped, FOUR_AT);
    if (inet_pton(AF_INET, buffer, address + FOUR_AT) != 1 &&
        inet_pton(AF_INET6, buffer, address) != 1)
        return false;
    memcpy(ret, address, sizeof address);
    return true;
}

static bool bit_at(const uint8_t address[16], unsigned bit)
{
    return address[bit / 8] >> (7 - bit % 8) & 1;
}

bool network_parse(struct slice text, struct network *ret)
{
    struct slice address = text, prefix = SLICE_EMPTY;
    struct network network = { .bits = 128 };
    uint64_t bits;
    bool cut = slice_cut(text, '/', &address, &prefix);

    if (!network_parse_address(address, network.address))
        return false;
    if (cut) {
        /* What was written with colons is of 128 bits, be it one of IPv4. */
        unsigned base = slice_index(address, ':') == address.len ? FOUR_AT * 8 : 0;

        if (!slice_to_uint64(prefix, 128 - base, &bits))
            return false;
        network.bits = base + (unsigned)bits;
    }
    for (unsigned bit = network.bits; bit < 128; bit++) {
        if (bit_at(network.address, bit))
            return false;
    }
    *ret = network;
    return true;
}

bool network_address_of(const struct sockaddr_storage *peer, uint8_t ret[16])
{
    struct sockaddr_in four;
    struct sockaddr_in6 six;

    if (peer->ss_family == AF_INET6) {
        memcpy(&six, peer, sizeof six);
        memcpy(ret, &six.sin6_addr, 16);
        return true;
    }
    if (peer->ss_family != AF_INET)
        return false;
    memcpy(&four, peer, sizeof four);
    memcpy(ret, mapped, FOUR_AT);
    memcpy(ret + FOUR_AT, &four.sin_addr, 4);
    return true;
}

static bool contains(const struct network *network, const uint8_t address[16])
{
    unsigned bytes = network->bits / 8, rest = network->bits % 8;

    return memcmp(network->address, address, bytes) == 0 &&
           (rest == 0 || (network->address[bytes] ^ address[bytes]) >> (8 - rest) == 0);
}

bool network_set_has(const struct network_set *set, const uint8_t address[16])
{
    for (size_t i = 0; set && i < set->count; i++) {
        if (contains(&set->items[i], address))
            return true;
    }
    return false;
}

bool network_is_loopback(const uint8_t address[16])
{
    static const uint8_t one[16] = { [15] = 1 };

    return memcmp(address, one, sizeof one) == 0 || (is_four(address) && address[FOUR_AT] == 127);
}
