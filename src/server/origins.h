/* server/origins.h - every scheme://host[:port] that this server answers for.
 *
 * Spec: RFC 6454 section 6.2 (serialisation: lower case, a default port left out). An "iss" or
 * "aud" of a token names one of them, and people write default ports or leave them out: where the
 * port is the scheme's default both spellings are in the list.
 *
 * ORIGIN_OF_TOKENS is always among them. A token made by the command line carries it as its issuer,
 * so that it is accepted whatever the running server listens on, which the command line cannot see.
 * That gives nothing away: what a token is trusted for is its signature by the key in the data
 * folder, and each folder has its own.
 *
 * Must not know: tokens, sockets.
 */
#ifndef SERVER_ORIGINS_H
#define SERVER_ORIGINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"
#include "server/settings.h"

struct arena;

#define ORIGIN_OF_TOKENS "https://localhost:8443" /* of the listener that stands by default */

struct origin_listener {
    struct slice host_port; /* as set: checked by endpoint_parse() */
    uint16_t port;          /* as bound */
    bool secure;
};

/* http(s)://host[:port], a slash behind it at most. */
bool origin_is_valid(struct slice url);

/* Of a valid one: whether it names this machine alone: localhost, *.localhost (RFC 6761),
 * 127.0.0.0/8, ::1. */
bool origin_is_loopback(struct slice url);

/* What the command line's tokens carry: the first public URL, else ORIGIN_OF_TOKENS. */
bool origin_for_tokens(struct setting_list public_urls, struct arena *arena, struct slice *ret,
                       struct error *err) MUST_CHECK;

/* The public URLs, ORIGIN_OF_TOKENS, then for each listener what it is called: its address; every
 * loopback spelling if this machine reaches it so; every one of `names` (the certificate's). No
 * origin twice. */
bool origins_build(const struct origin_listener *listeners, size_t listener_count,
                   struct setting_list names, struct setting_list public_urls, struct arena *arena,
                   struct setting_list *ret, struct error *err) MUST_CHECK;

/* Its scheme, host as set and port as bound: "http://0.0.0.0:8080". */
bool origin_as_bound(const struct origin_listener *listener, struct arena *arena, struct slice *ret,
                     struct error *err) MUST_CHECK;

/* The URL to show for a listener: its own address, localhost for one on every interface. */
bool origin_of_listener(const struct origin_listener *listener, struct arena *arena,
                        struct slice *ret, struct error *err) MUST_CHECK;

#endif
