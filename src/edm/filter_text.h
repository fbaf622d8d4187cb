/* edm/filter_text.h - a value of a condition as the text that it has in JSON.
 *
 * Spec: OData ABNF 4.01: dateTimeOffsetValue, dateValue, timeOfDayValue, durationValue,
 * doubleValue, int64Value. For casts to Edm.String.
 */
#ifndef EDM_FILTER_TEXT_H
#define EDM_FILTER_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "edm/filter.h"

#define EDM_FILTER_TEXT_MAX 48

/* A value that is held as a whole number: INTEGER, DATE_TIME (with its offset), DATE, TIME,
 * DURATION. Writes at most EDM_FILTER_TEXT_MAX bytes, returns how many; 0 for one that is no date
 * between the years 1 and 9999, and for every other type. */
size_t edm_filter_text(enum edm_filter_type type, int64_t value, int offset_minutes, char *out);

/* Digits enough to read the same number again; "INF", "-INF", "NaN". */
size_t edm_filter_real_text(double value, char *out);

#endif
