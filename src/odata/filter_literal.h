/* odata/filter_literal.h - values as they stand in a URL.
 *
 * Spec: OData ABNF 4.01, primitiveLiteral. Not for others than filter_*.c.
 * Must not know: what a value is compared with.
 */
#ifndef ODATA_FILTER_LITERAL_H
#define ODATA_FILTER_LITERAL_H

#include <stdbool.h>

#include "base/compiler.h"
#include "edm/filter.h"

struct arena;

/* Fills in type and value of a word that begins like a value: a whole number, one with a fraction
 * or an exponent, a date with or without a time, a time, a GUID. False: it is none of them, or past
 * what 64 bits hold. */
bool filter_literal_value(struct slice text, struct edm_filter *ret) MUST_CHECK;

/* What it has the form of, be it past what can be held: the 30th of February, a number of a
 * thousand digits, a year before 1. EDM_FILTER_NULL for none. */
enum edm_filter_type filter_literal_form(struct slice text) MUST_CHECK;

/* null, true, false, INF, NaN; false for any other word. */
bool filter_literal_word(struct slice text, struct edm_filter *ret) MUST_CHECK;

/* The inside of a quoted string, its doubled quotes made one; false: no memory. */
bool filter_literal_string(struct slice quoted, struct arena *arena, struct slice *ret) MUST_CHECK;

/* The text of a string of JSON, whose form is right; false: no memory. */
bool filter_literal_json(struct slice literal, struct arena *arena, struct slice *ret) MUST_CHECK;

/* Members of an enumeration between commas, by name or by number: Graph's have one at a time, which
 * is looked up whole. */
bool filter_literal_is_enum_value(struct slice text) MUST_CHECK;

/* base64url, with or without the signs at its end that fill it up. */
bool filter_literal_is_binary(struct slice text) MUST_CHECK;

/* [-]P[nD][T[nH][nM][n[.n]S]] into ticks. */
bool filter_literal_duration(struct slice text, int64_t *ret_ticks) MUST_CHECK;

#endif
