/* odata/profile.h - how the documented and the live service differ, one row a difference.
 *
 * The reference pages and the live service do not agree. What a reply looks like is chosen by a
 * profile: a record of decided values. Code asks the record, never which profile it is, and
 * profile_rows is the table that documentation and start-up text are made from.
 */
#ifndef ODATA_PROFILE_H
#define ODATA_PROFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct profile {
    struct slice name;
    bool dates_in_utc;        /* else with the offset they were written with */
    bool type_at_minimal;     /* @odata.type in entities at odata.metadata=minimal */
    bool tips;                /* @microsoft.graph.tips on a GET without $select */
    size_t page_size_default; /* rows of a list page when the client does not say */
};

struct profile_row {
    const char *id;         /* "dates-utc" */
    const char *documented; /* what each does, one line */
    const char *live;
    const char *source; /* where that is known from */
};

extern const struct profile profile_documented;
extern const struct profile profile_live;
extern const struct profile_row profile_rows[];
extern const size_t profile_row_count;

/* "documented" or "live"; NULL for anything else. */
const struct profile *profile_find(struct slice name);

#endif
