/* http/chunked.c - takes the chunks off a body: a state for every byte of RFC 9112 7.1.
 *
 *     chunked-body := chunk* "0"+ [ext] CRLF (name ":" value CRLF)* CRLF
 *     chunk        := size [ext] CRLF data CRLF
 *     ext          := ";" anything printable
 *
 * The lines are read byte by byte, the data by one memmove for each piece. Since a state depends on
 * the bytes before and on nothing else, it does not matter how the network cut them.
 *
 * Stricter than the RFC where readers are known to differ, for that difference is what smuggles: no
 * blank before the extension, no bare LF anywhere, no more than 16 digits in a size, and a trailer
 * that looks like a field (a request line in its place is refused rather than skipped). Extensions
 * and trailer are dropped; together they may take 16 KiB in a message, lest one-byte chunks with
 * long extensions make us read gigabytes for a body of kilobytes.
 */
#include "http/parser.h"

#include "http/chars.h"

#define DIGITS_MAX 16
#define EXTRA_MAX  (16 * 1024)

enum state {
    SIZE,
    EXTENSION,
    SIZE_LF,
    DATA,
    DATA_CR,
    DATA_LF,
    TRAILER, /* at the start of a trailer field, or of the last CRLF */
    TRAILER_NAME,
    TRAILER_VALUE,
    TRAILER_LF,
    END_LF,
    END
};

void http_chunked_init(struct http_chunked *chunked)
{
    *chunked = (struct http_chunked){ .state = SIZE };
}

static bool malformed(struct error *err, const char *what)
{
    return error_set(err, ERROR_BAD_REQUEST, SLICE("Transfer-Encoding"), "%s", what);
}

static unsigned hex_value(char c)
{
    return c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a') + 10;
}

static bool size_byte(struct http_chunked *chunked, char c, struct error *err)
{
    if (http_char_is(c, HTTP_CHAR_HEX)) {
        if (chunked->digits == DIGITS_MAX)
            return malformed(err, "A chunk size has too many digits.");
        chunked->digits++;
        chunked->left = chunked->left << 4 | hex_value(c);
        return true;
    }
    if (chunked->digits == 0 || (c != ';' && c != '\r'))
        return malformed(err, "A chunk size must be hexadecimal digits and nothing else.");
    chunked->state = c == ';' ? EXTENSION : SIZE_LF;
    return true;
}

static bool size_end(struct http_chunked *chunked, uint64_t body_bytes_max, struct error *err)
{
    if (chunked->left > body_bytes_max - chunked->total)
        return error_set(err, ERROR_TOO_LARGE, SLICE_EMPTY, "The body is longer than %llu bytes.",
                         (unsigned long long)body_bytes_max);
    chunked->state = chunked->left ? DATA : TRAILER;
    return true;
}

/* One byte that belongs to an extension or a trailer field. */
static bool extra_byte(struct http_chunked *chunked, bool allowed, struct error *err)
{
    if (!allowed)
        return malformed(err, "A chunk extension or trailer field is malformed.");
    if (++chunked->extra > EXTRA_MAX)
        return malformed(err, "Chunk extensions and trailer fields are too long.");
    return true;
}

static bool expect(struct http_chunked *chunked, char c, char wanted, enum state next,
                   struct error *err)
{
    if (c != wanted)
        return malformed(err, "A chunk, its size or a trailer field must end with CR LF.");
    chunked->state = (uint8_t)next;
    return true;
}

/* One byte outside the data. */
static bool line_byte(struct http_chunked *chunked, char c, uint64_t body_bytes_max,
                      struct error *err)
{
    switch ((enum state)chunked->state) {
    case SIZE:
        return size_byte(chunked, c, err);
    case EXTENSION:
        if (c == '\r')
            return expect(chunked, c, '\r', SIZE_LF, err);
        return extra_byte(chunked, http_char_is(c, HTTP_CHAR_VALUE), err);
    case SIZE_LF:
        return expect(chunked, c, '\n', DATA, err) && size_end(chunked, body_bytes_max, err);
    case DATA_CR:
        return expect(chunked, c, '\r', DATA_LF, err);
    case DATA_LF:
        chunked->digits = 0;
        return expect(chunked, c, '\n', SIZE, err);
    case TRAILER:
        if (c == '\r')
            return expect(chunked, c, '\r', END_LF, err);
        chunked->state = TRAILER_NAME;
        return extra_byte(chunked, http_char_is(c, HTTP_CHAR_TOKEN), err);
    case TRAILER_NAME:
        if (c == ':')
            chunked->state = TRAILER_VALUE;
        return extra_byte(chunked, c == ':' || http_char_is(c, HTTP_CHAR_TOKEN), err);
    case TRAILER_VALUE:
        if (c == '\r')
            return expect(chunked, c, '\r', TRAILER_LF, err);
        return extra_byte(chunked, http_char_is(c, HTTP_CHAR_VALUE), err);
    case TRAILER_LF:
        return expect(chunked, c, '\n', TRAILER, err);
    case END_LF:
        return expect(chunked, c, '\n', END, err);
    case DATA:
    case END:
        break;
    }
    return malformed(err, "The body has ended already.");
}

/* Moves what there is of the chunk's data; returns how much. */
static size_t take_data(struct http_chunked *chunked, const char *from, size_t len, char *out)
{
    size_t take = chunked->left < len ? (size_t)chunked->left : len;

    if (out != from)
        memmove(out, from, take);
    chunked->left -= take;
    chunked->total += take;
    if (chunked->left == 0)
        chunked->state = DATA_CR;
    return take;
}

enum http_parse http_chunked_decode(struct http_chunked *chunked, struct slice input,
                                    uint64_t body_bytes_max, char *out, size_t *ret_decoded,
                                    size_t *ret_taken, struct error *err)
{
    size_t at = 0, decoded = 0;

    while (at < input.len && chunked->state != END) {
        if (chunked->state == DATA) {
            size_t moved = take_data(chunked, input.ptr + at, input.len - at, out + decoded);
            at += moved;
            decoded += moved;
        } else if (!line_byte(chunked, input.ptr[at++], body_bytes_max, err)) {
            return HTTP_PARSE_FAILED;
        }
    }
    *ret_decoded = decoded;
    *ret_taken = at;
    return chunked->state == END ? HTTP_PARSE_DONE : HTTP_PARSE_MORE;
}
