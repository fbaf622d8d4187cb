/* http/response_write.h - the bytes of an answer: status line, fields, body.
 *
 * Spec: RFC 9112 4 (status line), 6.3 (which answers have a body), RFC 9110 6.6.1 (Date).
 */
#ifndef HTTP_RESPONSE_WRITE_H
#define HTTP_RESPONSE_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sys/uio.h>

#include "base/compiler.h"
#include "base/slice.h"
#include "http/message.h"

struct arena;

#define HTTP_DATE_LINE_LEN 37 /* "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n" */

/* Writes HTTP_DATE_LINE_LEN bytes, no NUL. */
void http_date_line(int64_t unix_s, char out[HTTP_DATE_LINE_LEN]);

enum http_persistence {
    HTTP_PERSISTENCE_DEFAULT,    /* HTTP/1.1 that goes on: nothing to say */
    HTTP_PERSISTENCE_KEEP_ALIVE, /* HTTP/1.0 that goes on */
    HTTP_PERSISTENCE_CLOSE
};

struct response_frame {
    const char *date_line; /* HTTP_DATE_LINE_LEN bytes */
    enum http_persistence persistence;
    bool no_body_bytes; /* the request was HEAD */
    bool one_piece;     /* head and body behind each other, if the body is small */
};

/* Lays the answer out in `arena` as up to two pieces; *ret_count how many. False: no memory. */
bool response_write(const struct http_response *response, const struct response_frame *frame,
                    struct arena *arena, struct iovec ret_pieces[2],
                    unsigned *ret_count) MUST_CHECK;

#endif
