/* http/work.h - one exchange as its connection sees it: request coming in, answer going out.
 *
 * It lies in the exchange's arena, and so do the bytes that were read and those to be sent.
 * Must not know: sockets, deadlines, the states of a connection.
 */
#ifndef HTTP_WORK_H
#define HTTP_WORK_H

#include <stdbool.h>
#include <stdint.h>

#include <sys/uio.h>

#include "base/compiler.h"
#include "base/slice.h"
#include "http/intake.h"
#include "http/message.h"

struct arena_pool;

/* An exchange at the front of `bytes` in an arena of its own, ready to take a request in; a little
 * memory is set aside to tell its handler with what is wrong with it. NULL: no memory. */
struct http_exchange *work_exchange_create(struct arena_pool *arenas,
                                           const struct http_limits *limits, size_t bytes);
/* Before the handler has it: all that its arena has is the handler's. */
void work_exchange_release_memory(struct http_exchange *exchange);

struct work {
    struct http_exchange exchange; /* first: the handler's pointer is ours */
    struct intake intake;
    uint64_t body_since_ms; /* time of the loop */
    struct iovec pieces[2];
    unsigned piece_count; /* 0: the answer is not laid out yet */
    bool keep;            /* the connection may go on behind it */
    bool refused;         /* the client may be sending still */
};

/* For a new request, whose first bytes are `carried`. Until it is told to somebody its arena is
 * modest, and memory to tell it with is set aside. NULL: no memory. */
struct work *work_create(struct arena_pool *arenas, const struct http_limits *limits,
                         struct slice carried);
void work_destroy(struct work *work); /* NULL does nothing */

/* The answer of who has no memory for a work: constant, 503. */
struct iovec work_busy_answer(void);

/* Makes pieces of the response that the handler has filled in. Never fails: where memory ends, an
 * empty 500 goes out and `keep` is cleared. */
void work_lay_out(struct work *work, const char *date_line);

#endif
