/* odata/batch_read.h - the envelope of a JSON batch, taken apart.
 *
 * Spec: Graph's page on JSON batching, and OData JSON Format 4.01 section 19 where the page is
 * silent: names of methods count without regard to case, as ids do; a member that is null is one
 * that is not there; members that nobody knows are passed over. Graph's errors are kept to the
 * letter where they are known.
 *
 * An atomicity group becomes a change set, as odata/multipart_read.h reads them.
 *
 * Nothing is copied that can stay where it is: a body is a slice of the envelope.
 *
 * Must not know: HTTP (which fields and URLs make sense), what the parts ask for.
 */
#ifndef ODATA_BATCH_READ_H
#define ODATA_BATCH_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"

struct arena;

#define BATCH_PARTS_MOST 64 /* so that a set of parts is a uint64_t */

struct batch_field {
    struct slice name; /* as written */
    struct slice value;
};

struct batch_part {
    struct slice id;     /* as written, to be echoed */
    struct slice method; /* in capitals; letters alone */
    struct slice url;    /* as written; empty is possible */
    const struct batch_field *fields;
    size_t field_count;
    bool has_body;
    struct slice body;   /* JSON as it stands in the envelope, or what a text decodes to */
    uint64_t depends_on; /* bit i: the i-th part, which stands before this one */
    struct slice group;  /* "atomicityGroup", as written; empty: none, and in a multipart batch */
    unsigned set;        /* number of the change set that it is in, from 1; 0: none */
};

struct batch {
    struct batch_part *parts;
    size_t count; /* at least 1 */
    size_t
        set_count;   /* change sets; the parts of each stand side by side, and none of them reads */
    bool took_bytes; /* a body that should have been JSON was base64 text of it, and was taken */
};

struct batch_rules {
    size_t parts_max;    /* <= BATCH_PARTS_MOST */
    size_t fields_max;   /* of each part; one more may be added to them */
    unsigned json_depth; /* of the whole */
    bool takes_groups; /* else "atomicityGroup" is refused in the words of BEYOND_ATOMICITY_GROUP */
    bool takes_bytes;  /* a write's JSON may be base64 text, and then lack its Content-Type */
};

/* Reads `json`, which must outlive what is read. Errors: ERROR_BAD_REQUEST with the member at fault
 * as target; ERROR_TOO_LARGE past the arena's budget. */
bool batch_read(struct slice json, const struct batch_rules *rules, struct arena *arena,
                struct batch *ret, struct error *err) MUST_CHECK;

#endif
