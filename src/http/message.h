/* http/message.h - the seam between a protocol (HTTP/1.1, HTTP/2) and what answers it.
 *
 * A connection makes an http_exchange for each request, gives it to the handler, and sends the
 * response when the handler calls http_exchange_done(): in the same call, or later on the same
 * loop. Handlers know no sockets; connections know no resources.
 *
 * Memory: all of it is the exchange's arena, which lives from the first byte of the head to the
 * last byte of the answer.
 * Threads: an exchange belongs to its loop. It may be lent to another thread as a whole (with its
 * arena); the loop then leaves it alone until it comes home.
 */
#ifndef HTTP_MESSAGE_H
#define HTTP_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"

struct arena;
struct clock;

enum http_method {
    HTTP_GET,
    HTTP_HEAD,
    HTTP_POST,
    HTTP_PUT,
    HTTP_PATCH,
    HTTP_DELETE,
    HTTP_OPTIONS,
    HTTP_OTHER /* see method_text */
};

struct http_field {
    struct slice name;  /* as sent */
    struct slice value; /* without blanks around it */
};

#define HTTP_FIELDS_MAX 64

struct http_request {
    enum http_method method;
    struct slice method_text;
    struct slice path;      /* still percent-encoded, starts with '/' ("*" for OPTIONS *) */
    struct slice query;     /* behind '?', still encoded; empty when there is none */
    struct slice authority; /* host[:port] of the absolute target, else of Host, else where it came
                             * in; lower-cased */
    bool secure;            /* came over TLS */
    bool from_proxy;        /* the peer is a trusted proxy (http/forwarded.h) */
    bool from_loopback;     /* the address of the peer, or of the client that a trusted proxy names,
                             * is this machine's, 127.0.0.0/8 or ::1 */
    bool http_1_0;
    struct http_field *fields;
    size_t field_count;
    struct slice body; /* complete, decoded from chunks */
    bool has_body;     /* a body was announced, be it of no bytes */
};

/* The value of the first field of that name (any case); empty when absent. */
struct slice http_request_field(const struct http_request *request, struct slice name);
/* True when there is such a field; *ret_count (may be NULL) is how many. */
bool http_request_has(const struct http_request *request, struct slice name, size_t *ret_count);

#define HTTP_RESPONSE_FIELDS_MAX 32

/* What becomes of an answer: failures on demand end connections as a bad network does. */
enum http_fate {
    HTTP_FATE_SENT,
    HTTP_FATE_TRUNCATED, /* the whole head, half of the body, then the connection ends */
    HTTP_FATE_RESET,     /* nothing is sent: the peer sees its connection reset */
    /* Where HTTP/2 has a stream, it is the stream that ends, by RST_STREAM. */
};

/* What the handler fills in. Content-Length, Date and Connection are the connection's business. */
struct http_response {
    int status; /* 200...599 */
    struct http_field fields[HTTP_RESPONSE_FIELDS_MAX];
    size_t field_count;
    struct slice body; /* for HEAD too: its length is announced, its bytes are not sent */
    bool close;        /* close the connection behind this answer; HTTP/2: take no more requests */
    enum http_fate fate;
};

/* Adds a field; name and value must live as long as the arena. Values hold no CR, LF or NUL
 * (asserted: what comes from outside is checked before it gets here). */
void http_response_add(struct http_response *response, struct slice name, struct slice value);

struct http_exchange {
    struct http_request request;
    struct http_response response;
    struct arena *arena;
    void *connection;                     /* the protocol's own */
    void (*done)(struct http_exchange *); /* the protocol's own; see http_exchange_done() */
    void *handler_state;                  /* the handler's own, in the arena */
    bool part; /* of a batch: its answer becomes a member of another one, and is never coded */
};

/* The answer is complete: send it. Exactly once per exchange, on its loop. The exchange must not be
 * touched afterwards. */
static inline void http_exchange_done(struct http_exchange *exchange)
{
    exchange->done(exchange);
}

/* What answers requests; one per loop. */
struct http_handler {
    void *context;
    const struct clock *date; /* what the Date of answers says; NULL: the machine's time */
    /* A request whose head and body were read. */
    void (*handle)(void *context, struct http_exchange *exchange);
    /* A request that never became one (framing, limits, timeouts): fills exchange->response with
     * the error and calls http_exchange_done() before it returns. Called once; the connection, or
     * the stream of HTTP/2, is closed behind it. The request is filled in only if its head was
     * whole. */
    void (*refuse)(void *context, struct http_exchange *exchange, const struct error *error);
};

/* The reason phrase for a status; "" when unknown. */
struct slice http_reason(int status);

#endif
