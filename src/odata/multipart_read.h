/* odata/multipart_read.h - the envelope of a multipart batch, taken apart.
 *
 * Spec: OData 4.01 part 1 section 11.7.7 (and 4.0 part 1, 11.7), RFC 2046 section 5.1. It becomes
 * the same struct batch as a JSON batch: the id of a part is its Content-ID, as written and perhaps
 * empty or not the only one of its kind; the parts of a change set have its number.
 *
 * Lines may end in LF alone, as some clients write them. Nothing is copied: a body is a slice of
 * the envelope, and ends before the line of the next boundary, whatever a Content-Length says.
 *
 * Must not know: HTTP (which fields and URLs make sense), what the parts ask for.
 */
#ifndef ODATA_MULTIPART_READ_H
#define ODATA_MULTIPART_READ_H

#include <stdbool.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"
#include "odata/batch_read.h"

struct arena;

/* Whether a Content-Type is multipart/mixed, with whatever parameters. */
bool multipart_is_mixed(struct slice content_type);

/* Reads `body`, whose Content-Type is `content_type`; both must outlive what is read. Of the rules
 * parts_max and fields_max count: a change set has as many parts as requests. Errors:
 * ERROR_BAD_REQUEST, ERROR_TOO_LARGE past the arena's budget. */
bool multipart_read(struct slice body, struct slice content_type, const struct batch_rules *rules,
                    struct arena *arena, struct batch *ret, struct error *err) MUST_CHECK;

#endif
