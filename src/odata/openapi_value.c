/* odata/openapi_value.c - the members and items that an OpenAPI document is made of.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "odata/openapi_writing.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"

#define NAME_BYTES_MAX 512 /* the longest path: six names of 63 bytes, and what is between them */

/* What did not fit its memory must not be sent: the document fails as a whole. */
PRINTF_LIKE(3, 0)
static struct slice format_into(struct openapi *openapi, char memory[NAME_BYTES_MAX],
                                const char *format, va_list arguments)
{
    int len = vsnprintf(memory, NAME_BYTES_MAX, format, arguments);

    if (len < 0 || len >= NAME_BYTES_MAX) {
        openapi->json->out->failed = true;
        return SLICE_EMPTY;
    }
    return (struct slice){ memory, (size_t)len };
}

static void put_name(struct openapi *openapi, const char *name)
{
    if (name)
        json_writer_plain_name(openapi->json, slice_of(name));
}

void openapi_begin(struct openapi *openapi, const char *name)
{
    put_name(openapi, name);
    json_writer_object_begin(openapi->json);
}

void openapi_begin_named(struct openapi *openapi, const char *format, ...)
{
    char memory[NAME_BYTES_MAX];
    va_list arguments;

    va_start(arguments, format);
    json_writer_plain_name(openapi->json, format_into(openapi, memory, format, arguments));
    va_end(arguments);
    json_writer_object_begin(openapi->json);
}

void openapi_end(struct openapi *openapi)
{
    json_writer_object_end(openapi->json);
}

void openapi_begin_list(struct openapi *openapi, const char *name)
{
    put_name(openapi, name);
    json_writer_array_begin(openapi->json);
}

void openapi_end_list(struct openapi *openapi)
{
    json_writer_array_end(openapi->json);
}

void openapi_text(struct openapi *openapi, const char *name, const char *value)
{
    openapi_slice(openapi, name, slice_of(value));
}

void openapi_slice(struct openapi *openapi, const char *name, struct slice value)
{
    put_name(openapi, name);
    json_writer_string(openapi->json, value);
}

void openapi_printf(struct openapi *openapi, const char *name, const char *format, ...)
{
    char memory[NAME_BYTES_MAX];
    va_list arguments;

    put_name(openapi, name);
    va_start(arguments, format);
    json_writer_string(openapi->json, format_into(openapi, memory, format, arguments));
    va_end(arguments);
}

void openapi_true(struct openapi *openapi, const char *name)
{
    put_name(openapi, name);
    json_writer_bool(openapi->json, true);
}

void openapi_raw(struct openapi *openapi, const char *name, const char *json)
{
    put_name(openapi, name);
    json_writer_raw(openapi->json, slice_of(json));
}

void openapi_ref(struct openapi *openapi, const char *name, const char *format, ...)
{
    char memory[NAME_BYTES_MAX];
    va_list arguments;
    struct slice behind;

    va_start(arguments, format);
    behind = format_into(openapi, memory, format, arguments);
    va_end(arguments);
    openapi_begin(openapi, name);
    openapi_printf(openapi, "$ref", "#/components/%.*s", SLICE_ARG(behind));
    openapi_end(openapi);
}
