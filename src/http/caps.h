/* http/caps.h - how many connections there are, in total and from one address.
 *
 * Counted before a connection is given to its loop and until it has gone, for all loops together.
 * Past a cap there is a small surplus that is answered 503; past that, a socket is closed unread.
 *
 * Threads: any; one lock. It is taken twice in a connection's life.
 */
#ifndef HTTP_CAPS_H
#define HTTP_CAPS_H

#include <stddef.h>
#include <stdint.h>

struct http_caps;
struct sockaddr;

/* An IPv4 address, be it written as IPv6, or the first 64 bits of an IPv6 address: what one holder
 * of addresses can be expected to have at least. Zeros: any other family. */
struct caps_key {
    uint64_t prefix;
    uint32_t family;
};

struct caps_key caps_key_of(const struct sockaddr *address);

enum caps_verdict {
    CAPS_WELCOME,
    CAPS_SURPLUS, /* refuse politely */
    CAPS_SHUT     /* close at once; it was not counted */
};

/* NULL: no memory. */
struct http_caps *caps_create(size_t total, size_t per_address);

/* Counts one more from `key`. Unless SHUT, caps_leave() must follow. */
enum caps_verdict caps_enter(struct http_caps *caps, struct caps_key key);
void caps_leave(struct http_caps *caps, struct caps_key key);

/* The creator's share; the memory goes when the last connection has left. NULL does nothing. */
void caps_release(struct http_caps *caps);

#endif
