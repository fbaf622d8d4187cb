/* odata/query_links.h - what of a request's query string the links in its answer carry on.
 *
 * Spec: OData 4.01 part 1, 11.2.6.7 (next links), 11.3 (delta links).
 * A query string is still encoded here, without its '?'.
 * Must not know: what the options' values mean.
 */
#ifndef ODATA_QUERY_LINKS_H
#define ODATA_QUERY_LINKS_H

#include <stdbool.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"

struct arena;

/* The options of a query string as they were sent, without tokens and what is not OData's: what a
 * delta's token remembers. */
bool odata_query_to_remember(struct slice query, struct arena *arena, struct slice *ret,
                             struct error *err) MUST_CHECK;

/* Whether a delta may begin with these options: all of OData's among them are such that it takes
 * (odata/option_table.h). */
bool odata_query_goes_with_delta(struct slice query, struct arena *arena);

/* The query string of the next page: the options as they were sent (still encoded), without
 * $skiptoken and $skip, and with `skiptoken` (plain base64url text) behind them. */
bool odata_next_query(struct slice query, struct slice skiptoken, struct arena *arena,
                      struct slice *ret, struct error *err) MUST_CHECK;

#endif
