/* http/method_override.c - one walk over the fields of a POST.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/method_override.h"

static const struct {
    struct slice text;
    enum http_method method;
    struct slice name;
} methods[] = {
    { SLICE_INIT("PATCH"), HTTP_PATCH, SLICE_INIT("PATCH") },
    { SLICE_INIT("MERGE"), HTTP_PATCH, SLICE_INIT("PATCH") },
    { SLICE_INIT("DELETE"), HTTP_DELETE, SLICE_INIT("DELETE") },
    { SLICE_INIT("PUT"), HTTP_PUT, SLICE_INIT("PUT") },
    { SLICE_INIT("POST"), HTTP_POST, SLICE_INIT("POST") },
};

static bool names_method(const struct http_field *field)
{
    return (field->name.ptr[0] == 'X' || field->name.ptr[0] == 'x') &&
           (slice_eq_nocase(field->name, SLICE("X-HTTP-Method")) ||
            slice_eq_nocase(field->name, SLICE("X-HTTP-Method-Override")));
}

static void take(struct http_request *request, struct slice text, bool first)
{
    enum http_method method = HTTP_OTHER;
    struct slice name = request->method_text; /* of what is unknown: as it was sent */

    for (size_t i = 0; i < COUNT_OF(methods); i++) {
        if (slice_eq_nocase(methods[i].text, text)) {
            method = methods[i].method;
            name = methods[i].name;
        }
    }
    if (!first && method != request->method)
        method = HTTP_OTHER;
    request->method = method;
    request->method_text = name;
}

void method_override(struct http_request *request)
{
    bool first = true;

    if (request->method != HTTP_POST)
        return;
    for (size_t i = 0; i < request->field_count; i++) {
        if (names_method(&request->fields[i])) {
            take(request, request->fields[i].value, first);
            first = false;
        }
    }
}
