/* http/stale.h - reads that do not see the last writes yet. Private to the Graph surface.
 *
 * While a rule of the tenant's reads stale, each write leaves behind what was there before it
 * (testbed/past.h); a read that such a rule hit is answered from that.
 */
#ifndef HTTP_STALE_H
#define HTTP_STALE_H

#include <stdbool.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"

struct call;
struct edm_query;
struct store_session;

/* In a write's operation, before it changes the entity of the path: reads what is there into
 * call->before, if somebody will want it. ERROR_NOT_FOUND as the write itself would say. */
bool stale_note(struct call *call, struct store_session *session, struct error *err) MUST_CHECK;
/* The write is done: remembers what stale_note() found, or that there was nothing (a create). */
void stale_remember_change(struct call *call);
void stale_remember_create(struct call *call);

/* As service_get(), of the past. */
bool stale_get(struct call *call, struct store_session *session, struct error *err) MUST_CHECK;
/* Makes the page that was just read for `query` (call->page) into one of the past: what was created
 * lately goes, what was changed is as it was, what was deleted is back. call->page_end is where the
 * next page starts. */
bool stale_list(struct call *call, struct store_session *session, const struct edm_query *query,
                struct error *err) MUST_CHECK;

#endif
