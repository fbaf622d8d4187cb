/* http/h2_fields.c - takes the fields of a request in and judges them.
 *
 * libnghttp2 checks most of what RFC 9113 demands and resets the stream of a request that is
 * malformed. This file does not lean on that: it is the one place that says what a request is, as
 * parser.c is for HTTP/1.1, so that no request gets in over one version that the other refuses.
 * What is found out here is answered, by a status and a sentence, where the library's reset says
 * nothing.
 *
 * Names and values are copied: the library's are gone when its callback returns. A field's two
 * parts lie behind each other in one allocation.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/h2_fields.h"

#include "base/arena.h"
#include "http/chars.h"
#include "http/parser.h"

#define FIELD_OVERHEAD 32 /* RFC 9113 6.5.2 */

void h2_fields_init(struct h2_fields *fields, struct http_request *request, struct arena *arena,
                    const struct http_limits *limits)
{
    *fields = (struct h2_fields){
        .arena = arena,
        .limits = limits,
        .request = request,
        .content_length = -1,
    };
}

static bool bad(struct error *err, struct slice target, const char *what)
{
    return error_set(err, ERROR_BAD_REQUEST, target, "%s", what);
}

/* --- one field ------------------------------------------------------------------------------- */

/* RFC 9113 8.2.1: a token without capital letters. */
static bool is_name(struct slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] >= 'A' && name.ptr[i] <= 'Z')
            return false;
    }
    return name.len > 0 && http_chars_are(name, HTTP_CHAR_TOKEN);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_value(struct slice value)
{
    if (value.len > 0 && (is_blank(value.ptr[0]) || is_blank(value.ptr[value.len - 1])))
        return false;
    return http_is_value(value);
}

static bool copy(struct h2_fields *fields, struct slice text, struct slice *ret, struct error *err)
{
    return arena_copy(fields->arena, text, ret) || error_no_memory(err);
}

static bool take_pseudo(struct h2_fields *fields, struct slice name, struct slice value,
                        struct error *err)
{
    const struct {
        struct slice name;
        struct slice *to;
    } known[] = {
        { SLICE(":method"), &fields->method },
        { SLICE(":scheme"), &fields->scheme },
        { SLICE(":authority"), &fields->authority },
        { SLICE(":path"), &fields->target },
    };

    if (fields->request->field_count > 0)
        return bad(err, SLICE_EMPTY, "A pseudo-header field stands behind other fields.");
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        if (!slice_eq(known[i].name, name))
            continue;
        if (known[i].to->ptr)
            return bad(err, known[i].name, "A pseudo-header field must come once only.");
        return copy(fields, value, known[i].to, err);
    }
    return bad(err, SLICE_EMPTY, "The request has an unknown pseudo-header field.");
}

/* RFC 9113 8.2.2. */
static bool is_of_connection(struct slice name, struct slice value)
{
    static const struct slice names[] = {
        SLICE_INIT("connection"),        SLICE_INIT("keep-alive"), SLICE_INIT("proxy-connection"),
        SLICE_INIT("transfer-encoding"), SLICE_INIT("upgrade"),
    };

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (slice_eq(names[i], name))
            return true;
    }
    return slice_eq(name, SLICE("te")) && !slice_eq_nocase(value, SLICE("trailers"));
}

static bool note_length(struct h2_fields *fields, struct slice value, struct error *err)
{
    uint64_t length;

    if (fields->content_lengths++ > 0)
        return bad(err, SLICE("Content-Length"), "A request must have one Content-Length only.");
    if (!slice_to_uint64(value, INT64_MAX, &length))
        return bad(err, SLICE("Content-Length"),
                   "Content-Length must be decimal digits and nothing else.");
    fields->content_length = (int64_t)length;
    return true;
}

static bool note_expect(struct h2_fields *fields, struct slice value, struct error *err)
{
    if (!slice_eq_nocase(value, SLICE("100-continue")))
        return error_set(err, ERROR_EXPECTATION_FAILED, SLICE("Expect"),
                         "The only expectation this server knows is 100-continue.");
    fields->expect_continue = true;
    return true;
}

/* Notes the field if it frames the message. */
static bool note_field(struct h2_fields *fields, const struct http_field *field, struct error *err)
{
    if (slice_eq(field->name, SLICE("host"))) {
        fields->host = field->value;
        fields->hosts++;
    } else if (slice_eq(field->name, SLICE("content-length"))) {
        return note_length(fields, field->value, err);
    } else if (slice_eq(field->name, SLICE("expect"))) {
        return note_expect(fields, field->value, err);
    }
    return true;
}

static struct http_field *new_field(struct h2_fields *fields, struct error *err)
{
    struct http_request *request = fields->request;
    size_t size = sizeof(struct http_field);

    if (request->field_count == fields->limits->fields) {
        error_set(err, ERROR_HEAD_TOO_LARGE, SLICE_EMPTY,
                  "The request has more than %zu header fields.", fields->limits->fields);
        return NULL;
    }
    if (request->field_count == fields->field_room) {
        size_t room = fields->field_room ? fields->field_room * 2 : 16;
        struct http_field *grown =
            arena_grow(fields->arena, request->fields, fields->field_room * size, room * size);
        if (!grown) {
            error_no_memory(err);
            return NULL;
        }
        request->fields = grown;
        fields->field_room = room;
    }
    return &request->fields[request->field_count++];
}

static bool take_field(struct h2_fields *fields, struct slice name, struct slice value,
                       struct error *err)
{
    if (!is_name(name))
        return bad(err, SLICE_EMPTY, "A header field has no valid name.");
    if (!is_value(value))
        return bad(err, SLICE_EMPTY,
                   "A header field holds a control character, or a blank at an end.");
    if (is_of_connection(name, value))
        return bad(err, SLICE_EMPTY,
                   "A header field is about a connection, which HTTP/2 does not allow.");

    char *text = arena_alloc(fields->arena, name.len + value.len);
    struct http_field *field = text ? new_field(fields, err) : NULL;
    if (!text)
        return error_no_memory(err);
    if (!field)
        return false;
    memcpy(text, name.ptr, name.len);
    if (value.len > 0)
        memcpy(text + name.len, value.ptr, value.len);
    *field = (struct http_field){ { text, name.len }, { text + name.len, value.len } };
    return note_field(fields, field, err);
}

static bool too_large(const struct h2_fields *fields, struct slice name, struct error *err)
{
    bool target = slice_eq(name, SLICE(":path"));

    return error_set(err, target ? ERROR_URI_TOO_LONG : ERROR_HEAD_TOO_LARGE, SLICE_EMPTY,
                     target ? "The request target is longer than %zu bytes."
                            : "The request's fields are longer than %zu bytes.",
                     fields->limits->head_bytes);
}

bool h2_fields_take(struct h2_fields *fields, struct slice name, struct slice value,
                    struct error *err)
{
    fields->bytes += name.len + value.len + FIELD_OVERHEAD;
    if (fields->failed)
        return true;
    bool ok = fields->bytes > fields->limits->head_bytes ? too_large(fields, name, err)
              : name.len > 0 && name.ptr[0] == ':'       ? take_pseudo(fields, name, value, err)
                                                         : take_field(fields, name, value, err);
    fields->failed = !ok;
    return ok;
}

/* --- the whole ------------------------------------------------------------------------------- */

static bool judge_method(struct h2_fields *fields, struct error *err)
{
    struct http_request *request = fields->request;

    if (fields->method.len == 0 || !http_chars_are(fields->method, HTTP_CHAR_TOKEN))
        return bad(err, SLICE(":method"), "The request has no valid method.");
    if (slice_eq(fields->method, SLICE("CONNECT")))
        return bad(err, SLICE_EMPTY, "This server is no proxy: CONNECT is refused.");
    request->method_text = fields->method;
    request->method = http_method_of(fields->method);
    return true;
}

/* A proxy that ends TLS in front of us may say https over a plain connection. */
static bool judge_scheme(const struct h2_fields *fields, struct error *err)
{
    if (slice_eq_nocase(fields->scheme, SLICE("https")) ||
        slice_eq_nocase(fields->scheme, SLICE("http")))
        return true;
    return bad(err, SLICE(":scheme"), "The scheme must be http or https.");
}

static bool judge_target(struct h2_fields *fields, struct error *err)
{
    struct http_request *request = fields->request;

    if (slice_eq(fields->target, SLICE("*")) && request->method == HTTP_OPTIONS) {
        request->path = fields->target;
        return true;
    }
    if (!slice_starts_with(fields->target, SLICE("/")))
        return bad(err, SLICE(":path"), "The request target must be a path.");
    if (!http_chars_are(fields->target, HTTP_CHAR_TARGET))
        return bad(err, SLICE(":path"), "The request target holds a character that it must not.");

    size_t path_len = slice_index(fields->target, '?');
    request->path = slice_sub(fields->target, 0, path_len);
    request->query = slice_sub(fields->target, path_len + 1, fields->target.len);
    return true;
}

static bool judge_authority(struct h2_fields *fields, struct error *err)
{
    struct slice authority = fields->authority.len ? fields->authority : fields->host;

    if (fields->hosts > 1 || (fields->hosts == 0 && !fields->authority.ptr))
        return bad(err, SLICE("Host"), "A request must name its host, and once.");
    if (fields->hosts == 1 && fields->authority.len &&
        !slice_eq_nocase(fields->host, fields->authority))
        return bad(err, SLICE("Host"), "Host and :authority must be the same.");
    if (!http_is_authority(authority))
        return bad(err, SLICE(":authority"), "The authority must be a host and perhaps a port.");
    return http_lower_case(fields->arena, authority, &fields->request->authority) ||
           error_no_memory(err);
}

bool h2_fields_end(struct h2_fields *fields, struct error *err)
{
    fields->failed = !(judge_method(fields, err) && judge_scheme(fields, err) &&
                       judge_target(fields, err) && judge_authority(fields, err));
    return !fields->failed;
}
