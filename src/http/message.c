/* http/message.c - looking up what came, adding what goes out, and the texts of statuses.
 *
 * Fields are looked up by walking the array: a request has some ten of them, the comparison of
 * lengths throws out nearly all, and an index would cost more to build than it saves.
 */
#include "http/message.h"

#include <assert.h>

#include "http/chars.h"

static const struct http_field *find(const struct http_request *request, struct slice name,
                                     size_t from)
{
    for (size_t i = from; i < request->field_count; i++) {
        const struct http_field *field = &request->fields[i];
        if (field->name.len == name.len && slice_eq_nocase(field->name, name))
            return field;
    }
    return NULL;
}

struct slice http_request_field(const struct http_request *request, struct slice name)
{
    const struct http_field *field = find(request, name, 0);

    return field ? field->value : SLICE_EMPTY;
}

bool http_request_has(const struct http_request *request, struct slice name, size_t *ret_count)
{
    size_t count = 0;

    for (const struct http_field *field = find(request, name, 0); field;
         field = find(request, name, (size_t)(field - request->fields) + 1))
        count++;
    if (ret_count)
        *ret_count = count;
    return count > 0;
}

void http_response_add(struct http_response *response, struct slice name, struct slice value)
{
    assert(response->field_count < HTTP_RESPONSE_FIELDS_MAX);
    assert(name.len > 0 && http_chars_are(name, HTTP_CHAR_TOKEN));
    assert(http_is_value(value));
    response->fields[response->field_count++] = (struct http_field){ name, value };
}

/* RFC 9110 15, RFC 6585, RFC 4918 (507, 424). */
static const struct {
    int status;
    struct slice reason;
} reasons[] = {
    { 200, SLICE_INIT("OK") },
    { 201, SLICE_INIT("Created") },
    { 202, SLICE_INIT("Accepted") },
    { 204, SLICE_INIT("No Content") },
    { 206, SLICE_INIT("Partial Content") },
    { 301, SLICE_INIT("Moved Permanently") },
    { 302, SLICE_INIT("Found") },
    { 303, SLICE_INIT("See Other") },
    { 304, SLICE_INIT("Not Modified") },
    { 307, SLICE_INIT("Temporary Redirect") },
    { 308, SLICE_INIT("Permanent Redirect") },
    { 400, SLICE_INIT("Bad Request") },
    { 401, SLICE_INIT("Unauthorized") },
    { 403, SLICE_INIT("Forbidden") },
    { 404, SLICE_INIT("Not Found") },
    { 405, SLICE_INIT("Method Not Allowed") },
    { 406, SLICE_INIT("Not Acceptable") },
    { 408, SLICE_INIT("Request Timeout") },
    { 409, SLICE_INIT("Conflict") },
    { 410, SLICE_INIT("Gone") },
    { 411, SLICE_INIT("Length Required") },
    { 412, SLICE_INIT("Precondition Failed") },
    { 413, SLICE_INIT("Content Too Large") },
    { 414, SLICE_INIT("URI Too Long") },
    { 415, SLICE_INIT("Unsupported Media Type") },
    { 417, SLICE_INIT("Expectation Failed") },
    { 421, SLICE_INIT("Misdirected Request") },
    { 422, SLICE_INIT("Unprocessable Content") },
    { 424, SLICE_INIT("Failed Dependency") },
    { 428, SLICE_INIT("Precondition Required") },
    { 429, SLICE_INIT("Too Many Requests") },
    { 431, SLICE_INIT("Request Header Fields Too Large") },
    { 500, SLICE_INIT("Internal Server Error") },
    { 501, SLICE_INIT("Not Implemented") },
    { 502, SLICE_INIT("Bad Gateway") },
    { 503, SLICE_INIT("Service Unavailable") },
    { 504, SLICE_INIT("Gateway Timeout") },
    { 505, SLICE_INIT("HTTP Version Not Supported") },
    { 507, SLICE_INIT("Insufficient Storage") },
};

struct slice http_reason(int status)
{
    for (size_t i = 0; i < COUNT_OF(reasons); i++) {
        if (reasons[i].status == status)
            return reasons[i].reason;
    }
    return SLICE_EMPTY;
}
