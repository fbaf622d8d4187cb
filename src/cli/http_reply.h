/* cli/http_reply.h - what a server answers, taken piece by piece as the network cuts it.
 *
 * Spec: RFC 9112 sections 4 and 6.3 (where an answer ends), HTTP/1.1 and 1.0. As strict as what
 * reads requests (http/parser.h) in what may be told about the body: two lengths, a length with
 * chunks, or a coding other than "chunked" are refused. Interim answers (1xx) are passed over.
 * Must not know: sockets, what is in a body.
 * Threads: a reply has one owner.
 */
#ifndef CLI_HTTP_REPLY_H
#define CLI_HTTP_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"
#include "base/text.h"
#include "http/parser.h"

struct arena;

#define HTTP_REPLY_HEAD_BYTES_MAX 65536

enum http_reply_phase {
    HTTP_REPLY_HEAD,
    HTTP_REPLY_COUNTED, /* a body of a known length */
    HTTP_REPLY_CHUNKED,
    HTTP_REPLY_TO_END, /* a body that the connection's end ends */
    HTTP_REPLY_WHOLE,
    HTTP_REPLY_BROKEN
};

struct http_reply {
    /* Good from HTTP_PARSE_DONE on; in the arena. */
    unsigned status;
    struct slice line; /* "HTTP/1.1 200 OK" */
    struct slice body; /* without chunks */

    /* Private. */
    enum http_reply_phase phase;
    char *head;
    size_t head_len, scanned;
    struct text text; /* the body so far */
    size_t body_bytes_max;
    uint64_t left; /* of a counted body */
    struct http_chunked chunked;
};

/* For an answer to GET, POST and whatever else has a body in its answer: not to HEAD. */
bool http_reply_init(struct http_reply *reply, struct arena *arena, size_t body_bytes_max,
                     struct error *err) MUST_CHECK;

/* Takes what came next; it need not outlive the call. What stands behind the answer is ignored.
 * Error: ERROR_IO, and every later call fails too. */
enum http_parse http_reply_take(struct http_reply *reply, struct slice piece,
                                struct error *err) MUST_CHECK;

/* The connection ended in good order: DONE or FAILED. */
enum http_parse http_reply_end(struct http_reply *reply, struct error *err) MUST_CHECK;

#endif
