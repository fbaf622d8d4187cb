/* odata/openapi_fields.c - the fields of requests that have an effect, as parameters.
 *
 * Accept, Authorization and Content-Type are none: OpenAPI says with media types and security what
 * they are for, and ignores parameters of these names.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "odata/openapi_writing.h"

struct described {
    const char *field;     /* "Prefer" */
    const char *component; /* in components.parameters */
    const char *schema, *doc;
    bool (*counts)(enum odata_resource resource, bool is_read);
};

static bool everywhere(enum odata_resource resource UNUSED, bool is_read UNUSED)
{
    return true;
}

static bool on_lists(enum odata_resource resource, bool is_read)
{
    return resource == ODATA_SET && is_read;
}

static const struct described fields[] = {
    { "client-request-id", "client-request-id", "{\"type\":\"string\",\"maxLength\":128}",
      "An id of the client's own, which the reply repeats.", everywhere },
    { "Prefer", "prefer", "{\"type\":\"string\"}",
      "Wishes, with commas between them. odata.maxpagesize=n: entities a page; the smaller of this "
      "and $top counts.",
      on_lists },
};

void openapi_fields(struct openapi *openapi, enum odata_resource resource, bool is_read)
{
    for (size_t i = 0; i < COUNT_OF(fields); i++)
        if (fields[i].counts(resource, is_read))
            openapi_ref(openapi, NULL, "parameters/%s", fields[i].component);
}

void openapi_field_parameters(struct openapi *openapi)
{
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        openapi_begin(openapi, fields[i].component);
        openapi_text(openapi, "name", fields[i].field);
        openapi_text(openapi, "in", "header");
        openapi_text(openapi, "description", fields[i].doc);
        openapi_raw(openapi, "schema", fields[i].schema);
        openapi_end(openapi);
    }
}
