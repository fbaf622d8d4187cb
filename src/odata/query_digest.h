/* odata/query_digest.h - which rows of a set are asked for, and in which order, in one number.
 *
 * A $skiptoken says where a list goes on, and that means something in that very list alone.
 * Must not know: what the options mean.
 */
#ifndef ODATA_QUERY_DIGEST_H
#define ODATA_QUERY_DIGEST_H

#include <stdint.h>

#include "odata/filter.h"

/* Of the decoded texts of the options; one without a pointer was not given. 0 when none was.
 * `compute` counts where it may be named, beside `filter` and `orderby`. */
uint64_t odata_query_digest(struct slice filter, struct slice orderby, struct slice search,
                            struct slice apply, struct slice compute,
                            const struct odata_alias *aliases, struct arena *arena);

#endif
