/* json/number.h - number literals: where they end, and which are whole.
 *
 * Spec: RFC 8259 section 6. A number is kept as written: no range, no rounding, until somebody asks
 * for a type.
 * Must not know: tokens, types of the data model.
 * Threads: every function here is pure.
 */
#ifndef JSON_NUMBER_H
#define JSON_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/slice.h"
#include "json/scan.h"

/* Looks over the number that begins at `from` (a '-' or a digit). */
struct json_scan json_number_scan(const char *from, const char *limit) MUST_CHECK;

/* A JSON number that is an integer in int64's range: "12", "-3", "1.0" and "1e2" too. */
bool json_number_to_int64(struct slice literal, int64_t *ret) MUST_CHECK;

#endif
