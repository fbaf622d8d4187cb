/* http/parser.c - finds the end of a head, then takes the head apart.
 *
 * Finding is done as bytes come in: many at a time, stopping at controls only, of which a proper
 * head has two a line. Every byte is looked at once however the network cuts the head, and a
 * bare CR, bare LF or NUL ends the matter right there.
 *
 * Taking apart is one pass over the whole head. Since a head that gets here ends in CR LF CR LF,
 * and no class of characters contains CR or LF, the loops need no bounds: each stops at the line's
 * end at the latest. What frames the message (Host, Content-Length, Transfer-Encoding, Connection,
 * Expect) is noted in passing and judged at the end, when all of it is known; the judgement is one
 * function, so that the rules against smuggling stand in one place.
 *
 * Nothing is copied but an authority with capital letters in it. The array of fields starts with
 * room for 16, which is enough for nearly every client, and grows in place.
 *
 * Limits: the target is passed on as it came; decoding it is the business of whoever knows what the
 * path means.
 */
#include "http/parser.h"

#include "base/arena.h"
#include "http/chars.h"

#define HOST_BYTES_MAX 255 /* of a name: RFC 1035 2.3.4 */

/* --- the end of a head ----------------------------------------------------------------------- */

/* Whether [at, end), which starts with a CR, starts like "\r\n\r\n" or like "\r\n" and a line. */
enum line_end { LINE_END, LINE_END_OF_HEAD, LINE_END_UNKNOWN, LINE_END_WRONG };

static enum line_end line_end_at(const char *at, const char *end)
{
    if (end - at < 2)
        return LINE_END_UNKNOWN;
    if (at[1] != '\n')
        return LINE_END_WRONG;
    if (end - at < 3)
        return LINE_END_UNKNOWN;
    if (at[2] != '\r')
        return LINE_END;
    if (end - at < 4)
        return LINE_END_UNKNOWN;
    return at[3] == '\n' ? LINE_END_OF_HEAD : LINE_END_WRONG;
}

static enum http_parse stray_control(size_t at, struct error *err)
{
    error_set(err, ERROR_BAD_REQUEST, SLICE_EMPTY,
              "A bare CR, bare LF or NUL stands at byte %zu of the request's head.", at);
    return HTTP_PARSE_FAILED;
}

static enum http_parse head_too_large(struct slice seen, struct error *err)
{
    if (slice_index(seen, '\n') == seen.len)
        error_set(err, ERROR_URI_TOO_LONG, SLICE_EMPTY,
                  "The request line is longer than %zu bytes.", seen.len);
    else
        error_set(err, ERROR_HEAD_TOO_LARGE, SLICE_EMPTY,
                  "The request's head is longer than %zu bytes.", seen.len);
    return HTTP_PARSE_FAILED;
}

enum http_parse http_head_find(struct slice input, size_t head_bytes_max, size_t *scanned,
                               size_t *ret_head_len, struct error *err)
{
    struct slice seen = slice_sub(input, 0, head_bytes_max);

    if (seen.len == 0) /* there may not even be a pointer */
        return head_bytes_max > 0 ? HTTP_PARSE_MORE : head_too_large(seen, err);
    const char *end = seen.ptr + seen.len;
    const char *at = seen.ptr + *scanned;

    for (;;) {
        at = http_skip_value(at, end);
        if (at == end)
            break;
        if (*at == '\n' || *at == '\0')
            return stray_control((size_t)(at - seen.ptr), err);
        if (*at != '\r') {
            at++; /* any other control is http_head_parse()'s to judge */
            continue;
        }
        enum line_end kind = line_end_at(at, end);
        if (kind == LINE_END_WRONG)
            return stray_control((size_t)(at - seen.ptr), err);
        if (kind == LINE_END_UNKNOWN)
            break;
        if (kind == LINE_END_OF_HEAD) {
            *ret_head_len = (size_t)(at - seen.ptr) + 4;
            return HTTP_PARSE_DONE;
        }
        at += 2;
    }
    *scanned = (size_t)(at - seen.ptr);
    return input.len < head_bytes_max ? HTTP_PARSE_MORE : head_too_large(seen, err);
}

/* --- what is noted while the head is taken apart ---------------------------------------------- */

struct head {
    const char *at;  /* next byte to read */
    const char *end; /* behind the last CR LF; a CR or LF stops every loop before */
    struct arena *arena;
    struct http_request request;
    size_t field_room;
    struct slice target_authority; /* of an absolute target */
    struct slice host;
    struct slice content_length;
    struct slice transfer_encoding;
    unsigned hosts, content_lengths, transfer_encodings;
    bool connection_close, connection_keep_alive, expect_continue;
};

static bool bad(struct error *err, struct slice target, const char *what)
{
    return error_set(err, ERROR_BAD_REQUEST, target, "%s", what);
}

/* The longest run of `kind` from where we are. */
static struct slice take_run(struct head *head, enum http_char kind)
{
    const char *start = head->at;

    while (http_char_is(*head->at, kind))
        head->at++;
    return (struct slice){ start, (size_t)(head->at - start) };
}

static bool take_line_end(struct head *head)
{
    if (head->at[0] != '\r' || head->at[1] != '\n')
        return false;
    head->at += 2;
    return true;
}

/* --- the request line ------------------------------------------------------------------------ */

static const struct {
    struct slice text;
    enum http_method method;
} methods[] = {
    { SLICE_INIT("GET"), HTTP_GET },         { SLICE_INIT("POST"), HTTP_POST },
    { SLICE_INIT("PATCH"), HTTP_PATCH },     { SLICE_INIT("DELETE"), HTTP_DELETE },
    { SLICE_INIT("HEAD"), HTTP_HEAD },       { SLICE_INIT("PUT"), HTTP_PUT },
    { SLICE_INIT("OPTIONS"), HTTP_OPTIONS },
};

enum http_method http_method_of(struct slice text)
{
    for (size_t i = 0; i < COUNT_OF(methods); i++) {
        if (slice_eq(methods[i].text, text))
            return methods[i].method;
    }
    return HTTP_OTHER;
}

static bool is_port(struct slice text)
{
    uint64_t port;

    return text.len <= 5 && slice_to_uint64(text, 65535, &port);
}

/* The length of the host that `text` starts with: a name, an IPv4 address or an IPv6 literal. */
static size_t host_len(struct slice text)
{
    size_t len = 0;

    if (text.len > 0 && text.ptr[0] == '[') {
        for (len = 1; len < text.len; len++) {
            char c = text.ptr[len];
            if (!http_char_is(c, HTTP_CHAR_HEX) && c != ':' && c != '.')
                break;
        }
        return len > 2 && len < text.len && text.ptr[len] == ']' ? len + 1 : 0;
    }
    while (len < text.len && http_char_is(text.ptr[len], HTTP_CHAR_HOST))
        len++;
    return len;
}

bool http_is_authority(struct slice text)
{
    size_t len = host_len(text);

    if (len == 0 || len > HOST_BYTES_MAX)
        return false;
    if (len == text.len)
        return true;
    return text.ptr[len] == ':' && is_port(slice_sub(text, len + 1, text.len));
}

/* "http://authority/path": leaves "/path" in *target. */
static bool take_absolute(struct head *head, struct slice *target, struct error *err)
{
    struct slice rest;

    if (slice_starts_with_nocase(*target, SLICE("http://")))
        rest = slice_sub(*target, 7, target->len);
    else if (slice_starts_with_nocase(*target, SLICE("https://")))
        rest = slice_sub(*target, 8, target->len);
    else
        return bad(err, SLICE_EMPTY, "The request target must be a path or an http(s) URL.");

    size_t len = host_len(rest);
    while (len < rest.len && rest.ptr[len] != '/' && rest.ptr[len] != '?')
        len++;
    head->target_authority = slice_sub(rest, 0, len);
    if (!http_is_authority(head->target_authority))
        return bad(err, SLICE_EMPTY, "The request target names no valid host.");
    *target = (struct slice){ rest.ptr + len, rest.len - len };
    return true;
}

static bool take_target(struct head *head, struct error *err)
{
    struct http_request *request = &head->request;
    struct slice target = take_run(head, HTTP_CHAR_TARGET);

    if (slice_eq(target, SLICE("*")) && request->method == HTTP_OPTIONS) {
        request->path = target;
        return true;
    }
    if (!slice_starts_with(target, SLICE("/")) && !take_absolute(head, &target, err))
        return false;

    size_t path_len = slice_index(target, '?');
    request->path = path_len ? slice_sub(target, 0, path_len) : SLICE("/");
    request->query = slice_sub(target, path_len + 1, target.len);
    return true;
}

/* "HTTP/1.1" or "HTTP/1.0", CR LF. */
static bool take_version(struct head *head, struct error *err)
{
    struct slice version = take_run(head, HTTP_CHAR_TARGET);

    if (!take_line_end(head))
        return bad(err, SLICE_EMPTY, "The request line does not end behind its version.");
    if (slice_eq(version, SLICE("HTTP/1.1")))
        return true;
    if (slice_eq(version, SLICE("HTTP/1.0"))) {
        head->request.http_1_0 = true;
        return true;
    }
    if (version.len == 8 && slice_starts_with(version, SLICE("HTTP/")) && version.ptr[6] == '.' &&
        version.ptr[5] >= '0' && version.ptr[5] <= '9' && version.ptr[7] >= '0' &&
        version.ptr[7] <= '9')
        return error_set(err, ERROR_VERSION_NOT_SUPPORTED, SLICE_EMPTY,
                         "This server speaks HTTP/1.1 and HTTP/1.0.");
    return bad(err, SLICE_EMPTY, "The request line has no valid HTTP version.");
}

static bool take_blank(struct head *head)
{
    if (*head->at != ' ')
        return false;
    head->at++;
    return true;
}

static bool take_request_line(struct head *head, struct error *err)
{
    struct http_request *request = &head->request;

    request->method_text = take_run(head, HTTP_CHAR_TOKEN);
    if (request->method_text.len == 0 || !take_blank(head))
        return bad(err, SLICE_EMPTY, "The request line has no valid method.");
    request->method = http_method_of(request->method_text);
    if (slice_eq(request->method_text, SLICE("CONNECT")))
        return bad(err, SLICE_EMPTY, "This server is no proxy: CONNECT is refused.");
    if (!take_target(head, err))
        return false;
    if (!take_blank(head))
        return bad(err, SLICE_EMPTY, "The request target holds a character that it must not.");
    return take_version(head, err);
}

/* --- fields ---------------------------------------------------------------------------------- */

/* Up to the first byte that may not stand in a value. */
static struct slice take_value(struct head *head)
{
    const char *start = head->at;

    head->at = http_skip_value(start, head->end);
    return slice_trim((struct slice){ start, (size_t)(head->at - start) });
}

static void note_connection(struct head *head, struct slice value)
{
    while (value.len > 0) {
        size_t comma = slice_index(value, ',');
        struct slice option = slice_trim(slice_sub(value, 0, comma));

        if (slice_eq_nocase(option, SLICE("close")))
            head->connection_close = true;
        else if (slice_eq_nocase(option, SLICE("keep-alive")))
            head->connection_keep_alive = true;
        value = slice_sub(value, comma + 1, value.len);
    }
}

static bool note_expect(struct head *head, struct slice value, struct error *err)
{
    if (!slice_eq_nocase(value, SLICE("100-continue")))
        return error_set(err, ERROR_EXPECTATION_FAILED, SLICE("Expect"),
                         "The only expectation this server knows is 100-continue.");
    head->expect_continue = true;
    return true;
}

/* Notes the field if it frames the message. The length tells nearly all others apart. */
static bool note_field(struct head *head, const struct http_field *field, struct error *err)
{
    switch (field->name.len) {
    case 4:
        if (slice_eq_nocase(field->name, SLICE("host"))) {
            head->host = field->value;
            head->hosts++;
        }
        return true;
    case 6:
        if (slice_eq_nocase(field->name, SLICE("expect")))
            return note_expect(head, field->value, err);
        return true;
    case 10:
        if (slice_eq_nocase(field->name, SLICE("connection")))
            note_connection(head, field->value);
        return true;
    case 14:
        if (slice_eq_nocase(field->name, SLICE("content-length"))) {
            head->content_length = field->value;
            head->content_lengths++;
        }
        return true;
    case 17:
        if (slice_eq_nocase(field->name, SLICE("transfer-encoding"))) {
            head->transfer_encoding = field->value;
            head->transfer_encodings++;
        }
        return true;
    default:
        return true;
    }
}

static struct http_field *new_field(struct head *head, size_t fields_max, struct error *err)
{
    struct http_request *request = &head->request;

    if (request->field_count == fields_max) {
        error_set(err, ERROR_HEAD_TOO_LARGE, SLICE_EMPTY,
                  "The request has more than %zu header fields.", fields_max);
        return NULL;
    }
    if (request->field_count == head->field_room) {
        size_t size = sizeof(struct http_field);
        size_t room = head->field_room ? head->field_room * 2 : 16;
        struct http_field *grown =
            arena_grow(head->arena, request->fields, head->field_room * size, room * size);
        if (!grown) {
            error_no_memory(err);
            return NULL;
        }
        request->fields = grown;
        head->field_room = room;
    }
    return &request->fields[request->field_count++];
}

static bool bad_name(const struct head *head, struct slice name, struct error *err)
{
    char next = *head->at;

    if (next == ' ' || next == '\t')
        return bad(err, SLICE_EMPTY,
                   name.len ? "A header field has a blank before its colon."
                            : "A header field is folded or starts with a blank.");
    return bad(err, SLICE_EMPTY, "A header field has no valid name.");
}

static bool take_field(struct head *head, size_t fields_max, struct error *err)
{
    struct slice name = take_run(head, HTTP_CHAR_TOKEN);

    if (name.len == 0 || *head->at != ':')
        return bad_name(head, name, err);
    head->at++;
    struct slice value = take_value(head);
    if (!take_line_end(head))
        return bad(err, name, "A header field holds a control character.");

    struct http_field *field = new_field(head, fields_max, err);
    if (!field)
        return false;
    *field = (struct http_field){ name, value };
    return note_field(head, field, err);
}

/* --- the judgement --------------------------------------------------------------------------- */

/* RFC 9112 6.1 and 6.3, with every choice it leaves taken on the side of refusing. */
static bool judge_framing(const struct head *head, struct http_framing *framing, struct error *err)
{
    uint64_t length;

    *framing = (struct http_framing){ .content_length = -1 };
    if (head->content_lengths > 0 && head->transfer_encodings > 0)
        return bad(err, SLICE("Content-Length"),
                   "A request must not have both Content-Length and Transfer-Encoding.");
    if (head->content_lengths > 1)
        return bad(err, SLICE("Content-Length"), "A request must have one Content-Length only.");
    if (head->transfer_encodings > 0) {
        if (head->request.http_1_0)
            return bad(err, SLICE("Transfer-Encoding"), "HTTP/1.0 knows no Transfer-Encoding.");
        if (head->transfer_encodings > 1 ||
            !slice_eq_nocase(head->transfer_encoding, SLICE("chunked")))
            return bad(err, SLICE("Transfer-Encoding"),
                       "The only transfer coding this server takes is one \"chunked\".");
        framing->chunked = true;
    }
    if (head->content_lengths == 1) {
        if (!slice_to_uint64(head->content_length, INT64_MAX, &length))
            return bad(err, SLICE("Content-Length"),
                       "Content-Length must be decimal digits and nothing else.");
        framing->content_length = (int64_t)length;
    }
    framing->keep_alive =
        !head->connection_close && (!head->request.http_1_0 || head->connection_keep_alive);
    framing->expect_continue = head->expect_continue && !head->request.http_1_0;
    return true;
}

bool http_lower_case(struct arena *arena, struct slice text, struct slice *ret)
{
    size_t i = 0;

    while (i < text.len && !(text.ptr[i] >= 'A' && text.ptr[i] <= 'Z'))
        i++;
    if (i == text.len) {
        *ret = text;
        return true;
    }
    char *lower = arena_alloc(arena, text.len);
    if (!lower)
        return false;
    for (i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        lower[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
    }
    *ret = (struct slice){ lower, text.len };
    return true;
}

/* RFC 9112 3.2: exactly one Host in HTTP/1.1, be the target absolute or not. */
static bool judge_host(struct head *head, struct error *err)
{
    if (head->hosts > 1 || (head->hosts == 0 && !head->request.http_1_0))
        return bad(err, SLICE("Host"), "An HTTP/1.1 request must have exactly one Host.");
    if (head->hosts == 1 && !http_is_authority(head->host))
        return bad(err, SLICE("Host"), "Host must be a host and perhaps a port.");

    struct slice authority = head->target_authority.len ? head->target_authority : head->host;
    if (!http_lower_case(head->arena, authority, &head->request.authority))
        return error_no_memory(err);
    return true;
}

bool http_head_parse(struct slice text, size_t fields_max, struct arena *arena,
                     struct http_request *ret, struct http_framing *ret_framing, struct error *err)
{
    struct head head = { .at = text.ptr, .end = text.ptr + text.len, .arena = arena };
    struct http_framing framing;

    if (!slice_ends_with(text, SLICE("\r\n\r\n")))
        return bad(err, SLICE_EMPTY, "The request's head does not end in an empty line.");
    if (!take_request_line(&head, err))
        return false;
    while (head.at[0] != '\r') {
        if (!take_field(&head, fields_max, err))
            return false;
    }
    if (!take_line_end(&head) || head.at != head.end)
        return bad(err, SLICE_EMPTY, "The request's head holds a bare CR or ends too early.");
    if (!judge_host(&head, err) || !judge_framing(&head, &framing, err))
        return false;
    head.request.has_body = framing.chunked || framing.content_length >= 0;
    *ret = head.request;
    *ret_framing = framing;
    return true;
}
