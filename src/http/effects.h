/* http/effects.h - what a tenant's testbed does with a request. Private to http/'s handlers.
 *
 * Where an API has no testbeds nothing here is reached: a call that nobody watches has began_us 0.
 */
#ifndef HTTP_EFFECTS_H
#define HTTP_EFFECTS_H

#include <stdbool.h>

#include "base/compiler.h"
#include "base/slice.h"
#include "http/call.h"

/* A request of Graph's has come: its answer will be in a journal. */
void effects_watch(struct call *call);

/* It has a principal: holds the tenant's testbed and draws its faults. `rest` is the path behind
 * the version. False: a fault kept it from being executed and answered it. */
bool effects_meet(struct call *call, struct slice rest) MUST_CHECK;

/* The answer of a watched call is made: puts a fault's in its place, journals it, lets the testbed
 * go and the exchange be done, later when a fault holds it back. */
void effects_finish(struct call *call);

/* The time of windows and of what is stale: the machine's, or where the server repeats itself the
 * tenant's. */
uint64_t effects_now_ms(const struct call *call);

/* How the reading of pages and entities is to be disturbed. */
static inline enum fault_read effects_read(const struct call *call)
{
    return call->fault ? call->fault->read : FAULT_READ_NONE;
}

#endif
