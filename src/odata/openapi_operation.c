/* odata/openapi_operation.c - the parts that operations are made of: who may, what may be asked,
 * what is sent, what comes back. What the errors of an operation are is the same for all: Graph's
 * envelope.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "odata/openapi_writing.h"

#define NAMESPACE_OF(openapi) SLICE_ARG((openapi)->model->namespace_name)

/* `permission` empty: a token will do, whatever is in it. */
static void put_requirement(struct openapi *openapi, const char *scheme, struct slice permission)
{
    openapi_begin(openapi, NULL);
    openapi_begin_list(openapi, scheme);
    if (permission.len > 0)
        openapi_slice(openapi, NULL, permission);
    openapi_end_list(openapi);
    openapi_end(openapi);
}

/* Any one of the permissions suffices, by either way to a token. */
static void put_security(struct openapi *openapi, const struct edm_permission_list *permissions)
{
    static const char *const schemes[] = { "oauth2", "bearer" };

    openapi_begin_list(openapi, "security");
    for (size_t i = openapi->about->token_url.len > 0 ? 0 : 1; i < COUNT_OF(schemes); i++) {
        for (size_t j = 0; permissions && j < permissions->count; j++)
            put_requirement(openapi, schemes[i], permissions->names[j]);
        if (!permissions)
            put_requirement(openapi, schemes[i], SLICE_EMPTY);
    }
    if (openapi->about->anonymous)
        openapi_raw(openapi, NULL, "{}");
    openapi_end_list(openapi);
}

void openapi_begin_operation(struct openapi *openapi, const char *method, const char *summary,
                             const struct edm_permission_list *permissions)
{
    openapi_begin(openapi, method);
    openapi_text(openapi, "summary", summary);
    put_security(openapi, permissions);
}

void openapi_tag(struct openapi *openapi, struct slice name)
{
    openapi_begin_list(openapi, "tags");
    openapi_printf(openapi, NULL, "%.*s.%.*s", SLICE_ARG(openapi->model->singleton->name),
                   SLICE_ARG(name));
    openapi_end_list(openapi);
}

void openapi_query(struct openapi *openapi, enum odata_resource resource, bool is_read,
                   const struct edm_entity_type *type)
{
    const struct openapi_use use = { resource, .is_read = is_read, .is_answered = true };

    openapi_begin_list(openapi, "parameters");
    openapi_options(openapi, resource, is_read, type);
    openapi_fields(openapi, &use);
    openapi_end_list(openapi);
}

void openapi_no_query(struct openapi *openapi, enum odata_resource resource, bool is_answered)
{
    const struct openapi_use use = { resource, .is_read = false, .is_answered = is_answered };

    openapi_begin_list(openapi, "parameters");
    openapi_fields(openapi, &use);
    openapi_end_list(openapi);
}

void openapi_body(struct openapi *openapi, const struct edm_entity_type *type, const char *suffix)
{
    openapi_begin(openapi, "requestBody");
    openapi_true(openapi, "required");
    openapi_begin(openapi, "content");
    openapi_begin(openapi, "application/json");
    openapi_ref(openapi, "schema", "schemas/%.*s.%.*s%s", NAMESPACE_OF(openapi),
                SLICE_ARG(type->name), suffix);
    openapi_end(openapi);
    openapi_end(openapi);
    openapi_end(openapi);
}

const char openapi_common_headers[] =
    "{\"request-id\":{\"$ref\":\"#/components/headers/request-id\"},"
    "\"client-request-id\":{\"$ref\":\"#/components/headers/client-request-id\"}}";
const char openapi_created_headers[] =
    "{\"request-id\":{\"$ref\":\"#/components/headers/request-id\"},"
    "\"client-request-id\":{\"$ref\":\"#/components/headers/client-request-id\"},"
    "\"Location\":{\"required\":true,\"schema\":{\"type\":\"string\",\"format\":\"uri\"},"
    "\"description\":\"Where the new entity is.\"}}";
const char openapi_list_headers[] =
    "{\"request-id\":{\"$ref\":\"#/components/headers/request-id\"},"
    "\"client-request-id\":{\"$ref\":\"#/components/headers/client-request-id\"},"
    "\"Preference-Applied\":{\"schema\":{\"type\":\"string\"},"
    "\"description\":\"What came of Prefer.\"}}";

void openapi_begin_reply(struct openapi *openapi, const char *status, const char *doc,
                         const char *headers, const char *media)
{
    openapi_begin(openapi, status);
    openapi_text(openapi, "description", doc);
    openapi_raw(openapi, "headers", headers);
    openapi_begin(openapi, "content");
    openapi_begin(openapi, media);
}

void openapi_end_reply(struct openapi *openapi)
{
    openapi_end(openapi);
    openapi_end(openapi);
    openapi_end(openapi);
}

void openapi_reply(struct openapi *openapi, const char *status, const char *headers,
                   struct slice name, const char *suffix)
{
    openapi_begin_reply(openapi, status, "Success", headers, "application/json");
    openapi_ref(openapi, "schema", "schemas/%.*s.%.*s%s", NAMESPACE_OF(openapi), SLICE_ARG(name),
                suffix);
    openapi_end_reply(openapi);
}

void openapi_no_content(struct openapi *openapi)
{
    openapi_raw(openapi, "204", "{\"$ref\":\"#/components/responses/noContent\"}");
}

void openapi_errors(struct openapi *openapi)
{
    openapi_raw(openapi, "429", "{\"$ref\":\"#/components/responses/again\"}");
    openapi_raw(openapi, "503", "{\"$ref\":\"#/components/responses/again\"}");
    openapi_raw(openapi, "4XX", "{\"$ref\":\"#/components/responses/error\"}");
    openapi_raw(openapi, "5XX", "{\"$ref\":\"#/components/responses/error\"}");
}

void openapi_items_reply(struct openapi *openapi, const struct edm_complex *item)
{
    openapi_begin_reply(openapi, "200", "Success", openapi_common_headers, "application/json");
    openapi_items_schema(openapi, item);
    openapi_end_reply(openapi);
}
