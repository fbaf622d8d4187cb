/* http/response_write.c - lays out an answer: counts its head, takes that much memory, fills it.
 *
 * The head is made in one allocation of the exact size, since counting a dozen lengths is cheaper
 * than growing, and what is counted cannot overflow. The body stays where the handler built it and
 * leaves by the same system call; only for TLS, where a call makes a record, a small one is copied
 * behind the head.
 */
#include "http/response_write.h"

#include <assert.h>
#include <stdio.h>
#include <time.h>

#include "base/arena.h"

#define ONE_PIECE_MOST 16384 /* what a TLS record holds */
#define LENGTH_DIGITS  20

static const struct slice persistence_lines[] = {
    [HTTP_PERSISTENCE_DEFAULT] = SLICE_INIT("\r\n"),
    [HTTP_PERSISTENCE_KEEP_ALIVE] = SLICE_INIT("Connection: keep-alive\r\n\r\n"),
    [HTTP_PERSISTENCE_CLOSE] = SLICE_INIT("Connection: close\r\n\r\n"),
};

void http_date_line(int64_t unix_s, char out[HTTP_DATE_LINE_LEN])
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t seconds = unix_s;
    struct tm tm;
    char line[96];

    if (!gmtime_r(&seconds, &tm))
        tm = (struct tm){ .tm_mday = 1, .tm_year = 70, .tm_wday = 4 };
    int len = snprintf(line, sizeof line, "Date: %.3s, %02d %.3s %04d %02d:%02d:%02d GMT\r\n",
                       days + (size_t)tm.tm_wday * 3, tm.tm_mday, months + (size_t)tm.tm_mon * 3,
                       tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
    assert(len == HTTP_DATE_LINE_LEN);
    memcpy(out, line, HTTP_DATE_LINE_LEN);
}

static char *put(char *at, struct slice s)
{
    if (s.len)
        memcpy(at, s.ptr, s.len);
    return at + s.len;
}

/* Writes `value` so that it ends where `digits` does. */
static struct slice decimal(size_t value, char digits[LENGTH_DIGITS])
{
    size_t at = LENGTH_DIGITS;

    do
        digits[--at] = (char)('0' + value % 10);
    while (value /= 10);
    return (struct slice){ digits + at, LENGTH_DIGITS - at };
}

/* RFC 9110 8.6: no Content-Length with 204; with 304 it would be that of the answer to GET. */
static bool has_length(int status)
{
    return status != 204 && status != 304;
}

static char *put_status_line(char *at, int status, struct slice reason)
{
    at = put(at, SLICE("HTTP/1.1 "));
    *at++ = (char)('0' + status / 100);
    *at++ = (char)('0' + status / 10 % 10);
    *at++ = (char)('0' + status % 10);
    *at++ = ' ';
    at = put(at, reason);
    return put(at, SLICE("\r\n"));
}

static char *put_fields(char *at, const struct http_response *response)
{
    for (size_t i = 0; i < response->field_count; i++) {
        at = put(at, response->fields[i].name);
        at = put(at, SLICE(": "));
        at = put(at, response->fields[i].value);
        at = put(at, SLICE("\r\n"));
    }
    return at;
}

static size_t fields_len(const struct http_response *response)
{
    size_t len = 0;

    for (size_t i = 0; i < response->field_count; i++)
        len += response->fields[i].name.len + response->fields[i].value.len + 4;
    return len;
}

bool response_write(const struct http_response *response, const struct response_frame *frame,
                    struct arena *arena, struct iovec ret_pieces[2], unsigned *ret_count)
{
    assert(response->status >= 200 && response->status <= 599);

    char digits[LENGTH_DIGITS];
    struct slice reason = http_reason(response->status);
    struct slice length = SLICE_EMPTY, length_name = SLICE_EMPTY;
    struct slice ending = persistence_lines[frame->persistence];
    struct slice body = response->body;

    if (has_length(response->status)) {
        length = decimal(response->body.len, digits);
        length_name = SLICE("\r\nContent-Length: ");
    }
    if (!has_length(response->status) || frame->no_body_bytes)
        body = SLICE_EMPTY;
    if (response->fate == HTTP_FATE_TRUNCATED)
        body = slice_sub(body, 0, body.len / 2); /* the length that was announced stands */

    size_t head_len = sizeof "HTTP/1.1 200 \r\n" - 1 + reason.len + fields_len(response) +
                      HTTP_DATE_LINE_LEN - 2 + length_name.len + length.len + 2 + ending.len;
    bool one_piece = frame->one_piece && body.len > 0 && head_len + body.len <= ONE_PIECE_MOST;
    char *head = arena_alloc(arena, head_len + (one_piece ? body.len : 0));
    if (!head)
        return false;

    char *at = put_status_line(head, response->status, reason);
    at = put_fields(at, response);
    at = put(at, (struct slice){ frame->date_line, HTTP_DATE_LINE_LEN - 2 });
    at = put(at, length_name);
    at = put(at, length);
    at = put(at, SLICE("\r\n"));
    at = put(at, ending);
    assert((size_t)(at - head) == head_len);
    if (one_piece)
        at = put(at, body);

    ret_pieces[0] = (struct iovec){ head, (size_t)(at - head) };
    /* What is sent is not written to; sendmsg() asks for a pointer to non-const all the same. */
    ret_pieces[1] = (struct iovec){ (void *)(uintptr_t)body.ptr, body.len };
    *ret_count = body.len > 0 && !one_piece ? 2 : 1;
    return true;
}
