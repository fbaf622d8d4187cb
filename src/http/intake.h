/* http/intake.h - collects the bytes of one request: head, then body.
 *
 * Knows no sockets: it says where the next bytes go and is told how many came. They are read
 * straight into the request's arena and stay where they were read; the request's slices point at
 * them.
 *
 * Must not know: sockets, TLS, deadlines.
 */
#ifndef HTTP_INTAKE_H
#define HTTP_INTAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"
#include "http/engine.h"
#include "http/message.h"
#include "http/parser.h"

enum intake_phase { INTAKE_HEAD, INTAKE_BODY, INTAKE_DONE, INTAKE_FAILED };

struct intake {
    struct arena *arena;
    const struct http_limits *limits;
    enum intake_phase phase;
    struct http_framing framing; /* once the head is complete */
    struct http_chunked chunked;
    char *block;       /* where bytes are read to */
    size_t capacity;   /* of block */
    size_t filled;     /* bytes of block in use: as read, or behind the head the decoded body */
    size_t start;      /* of the head, or of the body, in block */
    size_t scanned;    /* of the head, from start */
    struct slice rest; /* what came behind the request */
};

/* What an arena must be able to hold beside request_arena_bytes. */
size_t intake_budget_bytes(const struct http_limits *limits);

/* `carried` came behind the request before; it is copied. False: no memory. */
bool intake_init(struct intake *intake, struct arena *arena, const struct http_limits *limits,
                 struct slice carried) MUST_CHECK;

/* Where the next bytes go and how many are wanted, at least one. */
bool intake_room(struct intake *intake, char **ret_at, size_t *ret_bytes,
                 struct error *err) MUST_CHECK;

/* `bytes` were written there (0 right after intake_init(): looks at what was carried). Fills
 * *request when the head is complete, its body when all is. Returns the phase reached. */
enum intake_phase intake_took(struct intake *intake, size_t bytes, struct http_request *request,
                              struct error *err) MUST_CHECK;

/* Bytes of the body that came so far. */
size_t intake_body_bytes(const struct intake *intake);

#endif
