/* odata/preferences.h - what a client would like, where it can live without.
 *
 * Spec: RFC 7240 (Prefer), OData 4.01 part 1 section 8.2.8 (the preferences, with and without
 * "odata."), Graph's guidelines on upserts (create-if-missing) and evolvable enumerations
 * (include-unknown-enum-members). Any other preference is passed over.
 *
 * Must not know: where a preference has an effect, status codes, header names.
 */
#ifndef ODATA_PREFERENCES_H
#define ODATA_PREFERENCES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct text;

/* What a write is answered with. */
enum odata_return { ODATA_RETURN_UNSAID, ODATA_RETURN_MINIMAL, ODATA_RETURN_REPRESENTATION };

/* All zero before the first field. */
struct odata_preferences {
    uint32_t max_page_size; /* 0: none, or one that makes no sense; cut at 4294967295 */
    enum odata_return answer;
    bool unknown_members; /* include-unknown-enum-members */
    bool create_if_missing;
    bool track_changes;
    uint8_t seen; /* private */
};

/* Takes in the value of one Prefer field. Of equal preferences the first counts, whether it makes
 * sense or not; what cannot be read is passed over. */
void odata_preferences_add(struct odata_preferences *preferences, struct slice field);

/* Appends the preferences of `applied`, separated by commas, as Preference-Applied has them:
 * "return=minimal, include-unknown-enum-members". Nothing when there are none. */
void odata_preferences_write(const struct odata_preferences *applied, struct text *out);

#endif
