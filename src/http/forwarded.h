/* http/forwarded.h - what proxies say of the request that they pass on.
 *
 * Spec: RFC 7239 (Forwarded); the older X-Forwarded-For, -Host, -Proto, -Port and -Prefix are
 * nobody's specification and are read as most proxies write them.
 *
 * Whoever can reach the server can send these fields. So they are read only when the peer is a
 * trusted proxy, and of what they list only what trusted proxies have added: from the right, past
 * every hop whose client is a trusted proxy itself, to the first whose client is not. What that hop
 * says counts; what stands left of it the client may have made up.
 *
 * Where Forwarded is sent the X-Forwarded fields are not looked at, but for -Prefix, which it has
 * no word for. What cannot be read counts as not said.
 */
#ifndef HTTP_FORWARDED_H
#define HTTP_FORWARDED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/slice.h"
#include "http/message.h"
#include "http/network.h"

struct arena;

enum forwarded_scheme { FORWARDED_NO_SCHEME, FORWARDED_HTTP, FORWARDED_HTTPS };

struct forwarded {
    bool client_told;             /* something was said of the client, be it that it is unknown */
    bool client_known;            /* its address was */
    uint8_t client[16];           /* as network_parse_address() writes it */
    enum forwarded_scheme scheme; /* of what the client sent */
    struct slice authority; /* host[:port] that the client asked, lower case; empty: not said */
    struct slice prefix;    /* of the path, "/graph": what the proxy has cut off; or empty */
};

/* Reads the fields of a request whose peer is trusted. Slices live in `arena`, or in the request.
 * False: no memory. */
bool forwarded_read(const struct http_request *request, const struct network_set *trusted,
                    struct arena *arena, struct forwarded *ret) MUST_CHECK;

#endif
