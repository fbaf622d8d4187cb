/* odata/multipart_write.h - the answers of a multipart batch, put together.
 *
 * Spec: as odata/multipart_read.h. What stands in the batch by itself is an application/http part
 * there; the answers of one change set stand in a multipart/mixed of their own.
 */
#ifndef ODATA_MULTIPART_WRITE_H
#define ODATA_MULTIPART_WRITE_H

#include <stddef.h>

#include "base/slice.h"
#include "odata/batch_write.h"

struct text;

/* The whole body onto `out`. The answers of a change set stand side by side and have its number;
 * that of one that failed has none. `name` is part of every boundary: of letters, digits and
 * hyphens, and in no body behind the words "--batchresponse_" or "--changesetresponse_". */
void multipart_write(const struct batch_answer *answers, size_t count, struct slice name,
                     struct text *out);

/* The boundary of the whole, for its Content-Type. */
#define MULTIPART_BOUNDARY_PREFIX "batchresponse_"

/* As many bytes as one answer takes at most, its change set's frame included. */
size_t multipart_answer_bytes(const struct batch_answer *answer, struct slice name);
/* What the envelope takes beside its answers. */
size_t multipart_envelope_bytes(struct slice name);

#endif
