/* http/parser.h - HTTP/1.1 messages, strictly: heads and chunked bodies.
 *
 * Spec: RFC 9112 (message format), RFC 9110 (fields). A module of its own: bytes in, structs out,
 * no sockets. Where RFC 9112 lets a recipient be lenient this one is not, because leniency is what
 * request smuggling is made of. Refused: two Content-Lengths (even equal ones), Content-Length with
 * Transfer-Encoding, any coding but one final "chunked", chunked in HTTP/1.0, blank before a colon,
 * obs-fold, bare CR or LF, NUL and other controls in values, a sign or blank in a length, HTTP/1.1
 * without exactly one Host, an authority that is not host[:port], or whose host is longer than 255
 * bytes.
 */
#ifndef HTTP_PARSER_H
#define HTTP_PARSER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"
#include "http/message.h"

struct arena;

enum http_parse { HTTP_PARSE_DONE, HTTP_PARSE_MORE, HTTP_PARSE_FAILED };

/* What the head says about the body and the connection. */
struct http_framing {
    bool chunked;
    int64_t content_length; /* bytes; -1 when none was given */
    bool keep_alive;
    bool expect_continue;
};

/* Looks for the end of a head in `input`, from *scanned (bytes known not to end it; the caller
 * starts with 0 and keeps it between calls). DONE: *ret_head_len bytes are the head, its last
 * CR LF CR LF included. Leading empty lines (RFC 9112 2.2) are the caller's to drop before. FAILED
 * as soon as a bare CR, LF, or NUL is seen, or when `head_bytes_max` came without the end:
 * ERROR_BAD_REQUEST, ERROR_HEAD_TOO_LARGE, ERROR_URI_TOO_LONG. */
enum http_parse http_head_find(struct slice input, size_t head_bytes_max, size_t *scanned,
                               size_t *ret_head_len, struct error *err) MUST_CHECK;

/* Parses a whole head. Slices point into `head`; the fields array is in `arena`.
 * Errors: ERROR_BAD_REQUEST, ERROR_HEAD_TOO_LARGE (too many fields), ERROR_TOO_LARGE (memory),
 * ERROR_VERSION_NOT_SUPPORTED, ERROR_EXPECTATION_FAILED. `secure` and the body are the caller's to
 * set. */
bool http_head_parse(struct slice head, size_t fields_max, struct arena *arena,
                     struct http_request *ret, struct http_framing *ret_framing,
                     struct error *err) MUST_CHECK;

/* --- rules that heads of other versions, and fields, share -------------------------------------
 */

enum http_method http_method_of(struct slice text); /* HTTP_OTHER when unknown */
/* host[:port], the host a name, an IPv4 address or [IPv6], of 255 bytes at most. */
bool http_is_authority(struct slice text);
/* Its ASCII letters in lower case; `text` itself when there is nothing to do. False: no memory. */
bool http_lower_case(struct arena *arena, struct slice text, struct slice *ret) MUST_CHECK;

/* Chunked bodies (chunked.c): fed piecewise, decoded in place. */
struct http_chunked { /* private but for total */
    uint64_t left;    /* bytes of the chunk that are still to come */
    uint64_t total;   /* decoded bytes so far */
    uint32_t extra;   /* bytes of extensions and trailer fields so far */
    uint8_t digits;   /* of the size being read */
    uint8_t state;
};

void http_chunked_init(struct http_chunked *chunked);

/* Takes bytes from `input`; decoded bytes are written over the front of `out` (which may be the
 * same memory: never more than was taken). MORE: all of `input` was taken. DONE: the last chunk and
 * trailer (ignored, bounded) were read and *ret_taken says where the next message starts.
 * Errors: ERROR_BAD_REQUEST; ERROR_TOO_LARGE past `body_bytes_max`. */
enum http_parse http_chunked_decode(struct http_chunked *chunked, struct slice input,
                                    uint64_t body_bytes_max, char *out, size_t *ret_decoded,
                                    size_t *ret_taken, struct error *err) MUST_CHECK;

#endif
