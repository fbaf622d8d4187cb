/* cli/http_reply.c - reads one answer: its head as a whole, its body as it comes.
 *
 * The head is gathered until its empty line, then looked through once for what says where the body
 * ends (RFC 9112 6.3). A body of a known length or in chunks that stops early is a failure,
 * whatever it looks like: half a list is no list. Only a body that nothing measures may end with
 * the connection.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/http_reply.h"

#include "base/arena.h"
#include "http/chars.h"

#define BODY_RESERVE_BYTES_MAX ((size_t)1 << 20) /* what a length that lies may cost */
#define CHUNKS_BYTES           4096              /* decoded at a time */
#define TOO_LARGE              "the answer is too large"

bool http_reply_init(struct http_reply *reply, struct arena *arena, size_t body_bytes_max,
                     struct error *err)
{
    *reply = (struct http_reply){ .head = arena_alloc(arena, HTTP_REPLY_HEAD_BYTES_MAX),
                                  .body_bytes_max = body_bytes_max };
    if (!reply->head)
        return error_no_memory(err);
    text_init(&reply->text, arena, 0, body_bytes_max);
    return true;
}

static COLD enum http_parse fail(struct http_reply *reply, struct error *err, const char *why)
{
    reply->phase = HTTP_REPLY_BROKEN;
    error_set(err, ERROR_IO, SLICE_EMPTY, "%s", why);
    return HTTP_PARSE_FAILED;
}

static enum http_parse whole(struct http_reply *reply)
{
    reply->phase = HTTP_REPLY_WHOLE;
    reply->body = text_slice(&reply->text);
    return HTTP_PARSE_DONE;
}

/* --- the head -------------------------------------------------------------------------------- */

/* What the fields say about the body. */
struct framing {
    bool chunked, counted;
    uint64_t length;
};

static bool all_are(struct slice text, enum http_char kind)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!http_char_is(text.ptr[i], kind))
            return false;
    }
    return true;
}

/* "HTTP/1.1 200 OK"; some leave the blank behind the status out with the words. */
static bool read_line(struct http_reply *reply)
{
    struct slice line = reply->line;
    uint64_t status;

    if (line.len < 12 || !all_are(line, HTTP_CHAR_VALUE)) /* it is printed, to a terminal perhaps */
        return false;
    if (!slice_starts_with(line, SLICE("HTTP/1.1 ")) &&
        !slice_starts_with(line, SLICE("HTTP/1.0 ")))
        return false;
    if (!slice_to_uint64(slice_sub(line, 9, 3), 999, &status) || status < 100 ||
        (line.len > 12 && line.ptr[12] != ' '))
        return false;
    reply->status = (unsigned)status;
    return true;
}

static bool read_field(struct slice line, struct framing *framing)
{
    struct slice name, value;

    if (!slice_cut(line, ':', &name, &value) || name.len == 0 || !all_are(name, HTTP_CHAR_TOKEN) ||
        !all_are(value, HTTP_CHAR_VALUE))
        return false;
    value = slice_trim(value);
    if (slice_eq_nocase(name, SLICE("content-length"))) {
        if (framing->counted || !slice_to_uint64(value, UINT64_MAX, &framing->length))
            return false;
        framing->counted = true;
    } else if (slice_eq_nocase(name, SLICE("transfer-encoding"))) {
        if (framing->chunked || !slice_eq_nocase(value, SLICE("chunked")))
            return false;
        framing->chunked = true;
    }
    return true;
}

/* The next line, without its CR LF, off the front of *head. A head holds no CR or LF elsewhere. */
static struct slice next_line(struct slice *head)
{
    size_t len = slice_index(*head, '\r');
    struct slice line = slice_sub(*head, 0, len);

    *head = slice_sub(*head, len + 2, head->len);
    return line;
}

static bool read_head(struct http_reply *reply, struct slice head, struct framing *framing)
{
    reply->line = next_line(&head);
    if (!read_line(reply))
        return false;
    while (head.len > 2) {
        if (!read_field(next_line(&head), framing))
            return false;
    }
    return !(framing->chunked && framing->counted);
}

static enum http_parse begin_body(struct http_reply *reply, const struct framing *framing,
                                  struct error *err)
{
    if (reply->status == 101)
        return fail(reply, err, "the server changed the protocol, which nobody asked for");
    if (reply->status < 200) {
        reply->head_len = reply->scanned = 0;
        return HTTP_PARSE_MORE;
    }
    if (reply->status == 204 || reply->status == 304)
        return whole(reply);
    if (framing->chunked) {
        http_chunked_init(&reply->chunked);
        reply->phase = HTTP_REPLY_CHUNKED;
        return HTTP_PARSE_MORE;
    }
    if (!framing->counted) {
        reply->phase = HTTP_REPLY_TO_END;
        return HTTP_PARSE_MORE;
    }
    if (framing->length > reply->body_bytes_max)
        return fail(reply, err, TOO_LARGE);
    reply->left = framing->length;
    reply->phase = HTTP_REPLY_COUNTED;
    if (reply->left <= BODY_RESERVE_BYTES_MAX)
        text_reserve(&reply->text, (size_t)reply->left);
    return reply->left ? HTTP_PARSE_MORE : whole(reply);
}

/* *piece is left with what stands behind the head. */
static enum http_parse take_head(struct http_reply *reply, struct slice *piece, struct error *err)
{
    size_t before = reply->head_len, room = HTTP_REPLY_HEAD_BYTES_MAX - before, len = 0;
    struct slice part = slice_sub(*piece, 0, room);
    struct framing framing = { .chunked = false };

    memcpy(reply->head + before, part.ptr, part.len);
    reply->head_len += part.len;
    struct slice head = { reply->head, reply->head_len };
    switch (http_head_find(head, HTTP_REPLY_HEAD_BYTES_MAX, &reply->scanned, &len, NULL)) {
    case HTTP_PARSE_MORE:
        *piece = SLICE_EMPTY;
        return HTTP_PARSE_MORE;
    case HTTP_PARSE_DONE:
        *piece = slice_sub(*piece, len - before, piece->len);
        if (read_head(reply, slice_sub(head, 0, len), &framing))
            return begin_body(reply, &framing, err);
        break;
    case HTTP_PARSE_FAILED:
        break;
    }
    return fail(reply, err, "the answer is not HTTP/1.1");
}

/* --- the body -------------------------------------------------------------------------------- */

static enum http_parse take_counted(struct http_reply *reply, struct slice *piece,
                                    struct error *err)
{
    struct slice part =
        slice_sub(*piece, 0, reply->left < piece->len ? (size_t)reply->left : piece->len);

    *piece = SLICE_EMPTY;
    text_append(&reply->text, part);
    if (reply->text.failed)
        return fail(reply, err, TOO_LARGE);
    reply->left -= part.len;
    return reply->left ? HTTP_PARSE_MORE : whole(reply);
}

static enum http_parse take_chunks(struct http_reply *reply, struct slice *piece, struct error *err)
{
    char decoded[CHUNKS_BYTES];
    struct slice part = slice_sub(*piece, 0, sizeof decoded), data = { decoded, 0 };
    struct error why = { .code = ERROR_NONE };
    size_t taken = 0;
    enum http_parse result = http_chunked_decode(&reply->chunked, part, reply->body_bytes_max,
                                                 decoded, &data.len, &taken, &why);

    if (result == HTTP_PARSE_FAILED)
        return fail(reply, err,
                    why.code == ERROR_TOO_LARGE ? TOO_LARGE : "the answer's chunks are malformed");
    *piece = slice_sub(*piece, taken, piece->len);
    text_append(&reply->text, data);
    if (reply->text.failed)
        return fail(reply, err, TOO_LARGE);
    return result == HTTP_PARSE_DONE ? whole(reply) : HTTP_PARSE_MORE;
}

static enum http_parse take_rest(struct http_reply *reply, struct slice *piece, struct error *err)
{
    text_append(&reply->text, *piece);
    *piece = SLICE_EMPTY;
    return reply->text.failed ? fail(reply, err, TOO_LARGE) : HTTP_PARSE_MORE;
}

static enum http_parse take_some(struct http_reply *reply, struct slice *piece, struct error *err)
{
    switch (reply->phase) {
    case HTTP_REPLY_HEAD:
        return take_head(reply, piece, err);
    case HTTP_REPLY_COUNTED:
        return take_counted(reply, piece, err);
    case HTTP_REPLY_CHUNKED:
        return take_chunks(reply, piece, err);
    case HTTP_REPLY_TO_END:
        return take_rest(reply, piece, err);
    case HTTP_REPLY_WHOLE:
        return HTTP_PARSE_DONE;
    case HTTP_REPLY_BROKEN:
        break;
    }
    return fail(reply, err, "the answer is broken");
}

enum http_parse http_reply_take(struct http_reply *reply, struct slice piece, struct error *err)
{
    enum http_parse result = HTTP_PARSE_MORE;

    while (piece.len && result == HTTP_PARSE_MORE)
        result = take_some(reply, &piece, err);
    return result;
}

enum http_parse http_reply_end(struct http_reply *reply, struct error *err)
{
    switch (reply->phase) {
    case HTTP_REPLY_TO_END:
        return whole(reply);
    case HTTP_REPLY_WHOLE:
        return HTTP_PARSE_DONE;
    case HTTP_REPLY_HEAD:
        return fail(reply, err,
                    reply->head_len ? "the connection ended within the answer"
                                    : "the connection ended without an answer");
    case HTTP_REPLY_COUNTED:
    case HTTP_REPLY_CHUNKED:
    case HTTP_REPLY_BROKEN:
        break;
    }
    return fail(reply, err, "the connection ended within the answer");
}
