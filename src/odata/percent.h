/* odata/percent.h - percent-encoding, of paths and of query strings.
 *
 * Spec: RFC 3986 section 2.1; '+' for a space as HTML's forms have it.
 * Must not know: what the text is part of.
 */
#ifndef ODATA_PERCENT_H
#define ODATA_PERCENT_H

#include <stdbool.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"

struct arena;

/* Undoes percent-encoding once; `plus_is_space` for query strings. Error: ERROR_BAD_REQUEST on a
 * '%' without two hex digits, an encoded NUL, or bytes that are not UTF-8. No copy when there is
 * nothing to undo. */
bool odata_percent_decode(struct slice s, bool plus_is_space, struct arena *arena,
                          struct slice *ret, struct error *err) MUST_CHECK;

/* The same without any check of what comes out: writes at most s.len bytes to `out`. False when a
 * '%' is not followed by two hex digits. */
bool odata_percent_decode_into(struct slice s, bool plus_is_space, char *out,
                               size_t *ret_len) MUST_CHECK;

/* The byte that the three bytes from the '%' at `at` on stand for, or -1 when they are no
 * percent-encoding. */
int odata_percent_byte(struct slice s, size_t at);

#endif
