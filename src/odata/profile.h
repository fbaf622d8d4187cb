/* odata/profile.h - how the documented and the live service differ, one row a difference.
 *
 * The reference pages and the live service do not agree. What a reply looks like is chosen by a
 * profile: a record of decided values. Code asks the record, never which profile it is, and
 * profile_rows is the table that start-up text is made from. docs/profiles.md holds both tables,
 * row for row; the test compares them.
 */
#ifndef ODATA_PROFILE_H
#define ODATA_PROFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct profile {
    struct slice name;
    bool dates_in_utc;         /* else with the offset they were written with */
    bool type_at_minimal;      /* @odata.type in entities at odata.metadata=minimal */
    bool back_end_messages;    /* what Intune's back ends answer is told in their own JSON */
    bool refuses_beyond_graph; /* edm_entity_type.beyond_graph: 403, be the server strict or not */
    bool tips;                 /* @microsoft.graph.tips on a GET without $select, if minimal */
    size_t page_size_default;  /* rows of a list page when the client does not say */
};

struct profile_row {
    const char *id;         /* "dates-utc" */
    const char *documented; /* what each does, one line */
    const char *live;
    const char *source; /* where that is known from */
};

/* Where the live service was seen to differ from its pages and both profiles do the same: what is
 * right without harm in either, and what would be a trap if it were imitated. */
struct profile_agreement {
    const char *id;
    const char *seen; /* at the live service */
    const char *here; /* in both profiles */
    const char *source;
};

extern const struct profile profile_documented;
extern const struct profile profile_live;
extern const struct profile_row profile_rows[];
extern const size_t profile_row_count;
extern const struct profile_agreement profile_agreements[];
extern const size_t profile_agreement_count;

/* "documented" or "live"; NULL for anything else. */
const struct profile *profile_find(struct slice name);

#endif
