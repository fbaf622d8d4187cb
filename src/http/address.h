/* http/address.h - "host:port" as the command line writes it.
 *
 * Names are not looked up: localhost and * are all that is known.
 */
#ifndef HTTP_ADDRESS_H
#define HTTP_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

#include <sys/socket.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"

enum address_kind {
    ADDRESS_LITERAL,
    ADDRESS_LOCALHOST, /* 127.0.0.1, and ::1 where there is one */
    ADDRESS_ANY        /* *: IPv6 and IPv4 by one socket, or IPv4 alone */
};

struct address {
    enum address_kind kind;
    uint16_t port;
    struct sockaddr_storage literal; /* with the port; of ADDRESS_LITERAL */
};

/* Errors: ERROR_CONFIGURATION naming the text and what was expected. */
bool address_parse(struct slice host_port, struct address *ret, struct error *err) MUST_CHECK;

/* Socket addresses of a kind that address_parse() names without spelling it out. */
struct sockaddr_storage address_four(uint32_t host_order, uint16_t port);
struct sockaddr_storage address_six(bool loopback, uint16_t port);

/* "127.0.0.1:80" or "[::1]:80", into ADDRESS_TEXT_MAX bytes; returns how many. An IPv4 address that
 * came in on an IPv6 socket is written as what it is. 0: of another family. */
#define ADDRESS_TEXT_MAX 64
size_t address_format(const struct sockaddr_storage *address, char out[ADDRESS_TEXT_MAX]);

/* True for 127.0.0.0/8, be it written as IPv6, and for ::1. */
bool address_is_loopback(const struct sockaddr_storage *address);

socklen_t address_len(const struct sockaddr_storage *address);
uint16_t address_port(const struct sockaddr_storage *address);

#endif
