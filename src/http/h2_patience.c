/* http/h2_patience.c - the stock of points, and what each frame costs.
 *
 * The numbers: well-behaved clients send two windows for each frame of data that they get (httpcore
 * does), a ping a second or so (gRPC), a reset for each request that somebody navigated away from,
 * and settings once or twice. The stock lasts for 500 resets or 250 settings in a row; what time
 * brings back is a fraction of what a connection can send.
 *
 * A frame of data thanks for windows only if it carries something: a client that opens its window
 * byte by byte gets its answer in crumbs, each of which costs us as much as a full frame.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/h2_patience.h"

#include <nghttp2/nghttp2.h>

#define STOCK        2048
#define POINTS_PER_S 256
#define CRUMB_BYTES  1024
#define ANSWER_GIVES 8
#define FRAME_GIVES  4

static int cost_of(uint8_t type, uint8_t flags, size_t len)
{
    switch (type) {
    case NGHTTP2_DATA:
        return len == 0 && !(flags & NGHTTP2_FLAG_END_STREAM) ? 4 : 0;
    case NGHTTP2_HEADERS:
        return 2; /* given back with its answer */
    case NGHTTP2_SETTINGS:
        return flags & NGHTTP2_FLAG_ACK ? 1 : 8;
    case NGHTTP2_RST_STREAM:
    case NGHTTP2_CONTINUATION:
        return 4;
    case NGHTTP2_PING:
        return 2;
    default: /* windows, priorities, goodbyes, what nobody knows */
        return 1;
    }
}

void h2_patience_init(struct h2_patience *patience, uint64_t now_ms)
{
    *patience = (struct h2_patience){ .points = STOCK, .since_ms = now_ms };
}

static void give(struct h2_patience *patience, int64_t points)
{
    patience->points += points;
    if (patience->points > STOCK)
        patience->points = STOCK;
}

bool h2_patience_takes(struct h2_patience *patience, uint64_t now_ms, uint8_t type, uint8_t flags,
                       size_t len)
{
    uint64_t elapsed_ms = now_ms - patience->since_ms;

    if (elapsed_ms >= 100) { /* in steps that make whole points */
        uint64_t filling_ms = STOCK * UINT64_C(1000) / POINTS_PER_S;
        uint64_t counted_ms = elapsed_ms < filling_ms ? elapsed_ms : filling_ms;
        give(patience, (int64_t)(counted_ms * POINTS_PER_S / 1000));
        patience->since_ms = now_ms;
    }
    patience->points -= cost_of(type, flags, len);
    return patience->points >= 0;
}

void h2_patience_thanks(struct h2_patience *patience, bool ends, size_t len)
{
    if (ends)
        give(patience, ANSWER_GIVES);
    else if (len >= CRUMB_BYTES)
        give(patience, FRAME_GIVES);
}
