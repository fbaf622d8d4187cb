/* http/h2_patience.h - how much work without a request behind it a connection may cause.
 *
 * Every frame of HTTP/2 costs its receiver something, and most of them ask for nothing: settings,
 * pings, priorities, windows that open by a byte, streams that are reset as soon as they are open
 * (CVE-2023-44487), frames without content. A connection has a stock of points; such frames take
 * from it, the stock fills up by time, and what is of use (answers, bodies) gives something back.
 * Who has used it up is cut off.
 *
 * Must not know: sessions, streams, sockets.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef HTTP_H2_PATIENCE_H
#define HTTP_H2_PATIENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct h2_patience {
    int64_t points; /* left */
    uint64_t since_ms;
};

void h2_patience_init(struct h2_patience *patience, uint64_t now_ms);

/* A frame came, of a type, with these flags, and a payload of `len`. False: enough is enough. */
bool h2_patience_takes(struct h2_patience *patience, uint64_t now_ms, uint8_t type, uint8_t flags,
                       size_t len);

/* A frame of an answer went out: `ends` the answer, or carries `len` bytes of it. */
void h2_patience_thanks(struct h2_patience *patience, bool ends, size_t len);

#endif
