/* odata/batch_write.h - the answers of a JSON batch, put together.
 *
 * Spec: as odata/batch_read.h. A body that is JSON stands there as JSON, any other as base64 text,
 * and none as null.
 */
#ifndef ODATA_BATCH_WRITE_H
#define ODATA_BATCH_WRITE_H

#include <stddef.h>

#include "base/slice.h"
#include "odata/batch_read.h"

struct text;

enum batch_body {
    BATCH_BODY_NONE,
    BATCH_BODY_JSON, /* one whole JSON value */
    BATCH_BODY_BYTES,
};

struct batch_answer {
    struct slice id;
    struct slice group;  /* "atomicityGroup" of the request; empty: none */
    unsigned set;        /* of a multipart batch: as the request's, if the whole set was executed */
    struct slice reason; /* of a multipart batch: a phrase for the status */
    int status;
    const struct batch_field *fields; /* those of one name are joined */
    size_t field_count;
    enum batch_body kind;
    struct slice body;
};

/* {"responses":[...]} in the order of `answers`, onto `out`. */
void batch_write(const struct batch_answer *answers, size_t count, struct text *out);

/* As many bytes as one answer takes at most, what stands between two answers included. */
size_t batch_answer_bytes(const struct batch_answer *answer);
/* What the envelope takes beside its answers. */
#define BATCH_ENVELOPE_BYTES (sizeof "{\"responses\":[]}")

#endif
