/* http/coding.h - content codings: answers compressed for who asks for it, bodies inflated.
 *
 * Spec: RFC 9110 8.4 (Content-Encoding), 12.5.3 (Accept-Encoding), 12.5.5 (Vary).
 *
 * Only an answer that leaves by itself is coded, and only the body of a request that came by itself
 * may be: those of a batch's parts are members of others, and stay as they are.
 * Threads: the loop of the call.
 */
#ifndef HTTP_CODING_H
#define HTTP_CODING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "http/call.h"

/* The answer is complete, its status and its fields: codes its body if that is wanted and worth it,
 * and goes on in `next`, at once or when a large one comes home from another thread. Without memory
 * for it the body stays as it is. */
void coding_then(struct call *call, void (*next)(struct call *call));

/* Puts the plain body in the place of one that was compressed with gzip.
 * Errors: ERROR_UNSUPPORTED_MEDIA_TYPE for any other coding, several, or one of a part (the field
 * that says what would do is then added); ERROR_BAD_REQUEST, ERROR_TOO_LARGE as gzip_decompress()
 * has them. */
bool coding_read_body(struct call *call, size_t limit_bytes, struct error *err) MUST_CHECK;

#endif
