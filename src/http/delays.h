/* http/delays.h - answers that are held back for a while.
 *
 * A delay lies in the exchange's arena. It belongs to the loop from delay_start() until the answer
 * is let go; the exchange must not be touched meanwhile.
 *
 * Threads: the loop's own.
 */
#ifndef HTTP_DELAYS_H
#define HTTP_DELAYS_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "http/message.h"

struct loop;

struct delay {
    uv_timer_t timer;
    struct http_exchange *exchange;
    struct delays *delays;
    struct delay *next, *prev;
};

struct delays { /* of one loop; zeros to start with */
    struct delay *first;
    bool ended; /* nothing is held back any more */
};

/* Calls http_exchange_done() in `ms` milliseconds. */
void delay_start(struct delays *delays, struct loop *loop, struct delay *delay,
                 struct http_exchange *exchange, uint32_t ms);

/* Lets all of them go, on a loop that does not run any more. */
void delays_end(struct delays *delays, struct loop *loop);

#endif
