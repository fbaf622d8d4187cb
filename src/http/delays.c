/* http/delays.c - a timer for each answer that is held back, and a list of them for the end.
 *
 * An answer goes out when its timer is closed and not when it fires, because the timer lies in the
 * memory that goes with the answer. The connection may have died meanwhile: it has then left the
 * exchange behind and takes it back all the same.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/delays.h"

#include "loop/loop.h"

static void on_closed(uv_handle_t *handle)
{
    struct delay *delay = handle->data;

    if (delay->next)
        delay->next->prev = delay->prev;
    if (delay->prev)
        delay->prev->next = delay->next;
    else
        delay->delays->first = delay->next;
    http_exchange_done(delay->exchange);
}

static void let_go(struct delay *delay)
{
    if (!uv_is_closing((uv_handle_t *)&delay->timer))
        uv_close((uv_handle_t *)&delay->timer, on_closed);
}

static void on_timer(uv_timer_t *timer)
{
    let_go(timer->data);
}

void delay_start(struct delays *delays, struct loop *loop, struct delay *delay,
                 struct http_exchange *exchange, uint32_t ms)
{
    uv_loop_t *uv = loop_uv(loop);

    if (delays->ended) { /* what followed from one that was let go: the next part of a batch */
        http_exchange_done(exchange);
        return;
    }
    *delay = (struct delay){ .exchange = exchange, .delays = delays, .next = delays->first };
    if (delays->first)
        delays->first->prev = delay;
    delays->first = delay;
    uv_timer_init(uv, &delay->timer);
    delay->timer.data = delay;
    uv_update_time(uv);
    /* One more: the loop's time has lost the fraction of its millisecond. */
    uv_timer_start(&delay->timer, on_timer, (uint64_t)ms + 1, 0);
}

void delays_end(struct delays *delays, struct loop *loop)
{
    delays->ended = true;
    for (struct delay *at = delays->first; at; at = at->next)
        let_go(at);
    while (delays->first)
        loop_settle(loop);
}
