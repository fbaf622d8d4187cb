/* http/wishes.h - what a request's fields ask for beside its URL and body: preferences and
 * conditions. Private to the Graph surface.
 *
 * A request without such fields pays one walk over the names of those that it has.
 */
#ifndef HTTP_WISHES_H
#define HTTP_WISHES_H

#include <stdbool.h>

#include "base/compiler.h"

struct call;

/* Takes in Prefer, If-Match and If-None-Match: call->preferences, call->conditions, and the size of
 * a page; and whether there are fields of repeatable requests: call->repeatable. Before the options
 * are read. False: there is nothing to settle. */
bool wishes_read(struct call *call, bool is_read);
/* Decides what of it is heeded: call->applied, and call->conditions without those that are passed
 * over. When the options are read. False: the call was answered. */
bool wishes_settle(struct call *call, bool is_read) MUST_CHECK;
/* Preference-Applied, with what was heeded. Before the end of an answer that is no error. */
void wishes_tell(struct call *call);

#endif
