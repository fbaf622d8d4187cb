/* edm/date_time.h - Edm.DateTimeOffset: parsing and printing.
 *
 * Spec: OData ABNF dateTimeOffsetValue; resolution is 100 ns, finer digits are cut. Years 0001 to
 * 9999. The offset a value was written with is kept beside its instant.
 */
#ifndef EDM_DATE_TIME_H
#define EDM_DATE_TIME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/slice.h"

struct text;

#define EDM_OFFSET_MINUTES_MAX 840 /* either way; 14 hours */

struct edm_date_time {
    int64_t ticks;          /* of 100 ns, UTC, since 0001-01-01T00:00:00Z */
    int16_t offset_minutes; /* of the wall clock it was written in */
};

#define EDM_DATE_TIME_TEXT_MAX 33 /* "9999-12-31T23:59:59.9999999+14:00" */

/* yyyy-mm-ddThh:mm[:ss[.fraction of 1-12 digits]](Z|+hh:mm|-hh:mm), valid in the calendar, its UTC
 * instant within years 0001-9999. 'T' and 'Z' may be lower case. */
bool edm_date_time_parse(struct slice s, struct edm_date_time *ret) MUST_CHECK;

/* Writes at most EDM_DATE_TIME_TEXT_MAX bytes, returns how many: the fraction without trailing
 * zeros, none when zero; 'Z' for offset 0. */
size_t edm_date_time_format(struct edm_date_time value, char *out);

#endif
