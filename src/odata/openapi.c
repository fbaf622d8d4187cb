/* odata/openapi.c - the OpenAPI document as a whole: what it is about, where, and what its
 * operations share.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "odata/openapi.h"

#include "base/text.h"
#include "odata/openapi_writing.h"

/* --- security -------------------------------------------------------------------------------- */

/* Whether one of the first `count` of `lists` has the name. */
static bool is_named(const struct edm_permission_list *const *lists, size_t count,
                     struct slice name)
{
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < lists[i]->count; j++)
            if (slice_eq(lists[i]->names[j], name))
                return true;
    return false;
}

/* Every list of permissions of the version into `lists`; how many there are. */
static size_t all_lists(const struct openapi *openapi, const struct edm_permission_list **lists,
                        size_t room)
{
    const struct edm_entity_type *type = NULL;
    size_t count = 0;

    lists[count++] = &openapi->model->singleton->read_permissions;
    while ((type = csdl_type_after(&openapi->walk, type))) {
        for (size_t i = 0; i < EDM_OPERATION_COUNT && count < room; i++)
            lists[count++] = &type->permissions[i];
        for (size_t i = 0; i < type->action_count && count < room; i++)
            lists[count++] = &type->actions[i].permissions;
    }
    return count;
}

/* Each permission once, as the scopes of a flow. */
static void write_scopes(struct openapi *openapi)
{
    const struct edm_permission_list *lists[256];
    size_t count = all_lists(openapi, lists, COUNT_OF(lists));

    openapi_begin(openapi, "scopes");
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < lists[i]->count; j++) {
            if (is_named(lists, i, lists[i]->names[j]))
                continue;
            json_writer_plain_name(openapi->json, lists[i]->names[j]);
            json_writer_string(openapi->json, SLICE_EMPTY);
        }
    }
    openapi_end(openapi);
}

static void write_security(struct openapi *openapi)
{
    openapi_begin(openapi, "securitySchemes");
    if (openapi->about->token_url.len > 0) {
        openapi_begin(openapi, "oauth2");
        openapi_text(openapi, "type", "oauth2");
        openapi_text(openapi, "description",
                     "Client credentials of the built-in issuer. Ask for the scope "
                     "https://graph.microsoft.com/.default; the token has the application's "
                     "permissions.");
        openapi_begin(openapi, "flows");
        openapi_begin(openapi, "clientCredentials");
        openapi_slice(openapi, "tokenUrl", openapi->about->token_url);
        write_scopes(openapi);
        openapi_end(openapi);
        openapi_end(openapi);
        openapi_end(openapi);
    }
    openapi_raw(openapi, "bearer",
                "{\"type\":\"http\",\"scheme\":\"bearer\",\"bearerFormat\":\"JWT\","
                "\"description\":\"A token with one of the permissions named, among its roles or "
                "its scopes.\"}");
    openapi_end(openapi);
}

/* --- what operations share ------------------------------------------------------------------- */

static const char headers[] =
    "{\"request-id\":{\"description\":\"The request's id at this server.\","
    "\"schema\":{\"type\":\"string\",\"format\":\"uuid\"}},"
    "\"client-request-id\":{\"description\":\"The id that the request came with, else its own.\","
    "\"schema\":{\"type\":\"string\"}},"
    "\"Retry-After\":{\"description\":\"Seconds to wait.\",\"schema\":{\"type\":\"string\"}}}";

#define COMMON_HEADERS                                                                             \
    "\"request-id\":{\"$ref\":\"#/components/headers/request-id\"},"                               \
    "\"client-request-id\":{\"$ref\":\"#/components/headers/client-request-id\"}"

#define ERROR_CONTENT                                                                              \
    "\"content\":{\"application/json\":{\"schema\":{\"$ref\":"                                     \
    "\"#/components/schemas/" OPENAPI_ERROR_SCHEMA "\"}}}"

static const char responses[] =
    "{\"noContent\":{\"description\":\"Success\",\"headers\":{" COMMON_HEADERS "}},"
    "\"error\":{\"description\":\"Refused, or failed\",\"headers\":{" COMMON_HEADERS
    "}," ERROR_CONTENT "},"
    "\"again\":{\"description\":\"To be tried again later\",\"headers\":{" COMMON_HEADERS
    ",\"Retry-After\":{\"$ref\":\"#/components/headers/Retry-After\"}}," ERROR_CONTENT "}}";

static void write_components(struct openapi *openapi)
{
    openapi_begin(openapi, "components");
    openapi_begin(openapi, "schemas");
    openapi_schemas(openapi);
    openapi_end(openapi);
    openapi_raw(openapi, "responses", responses);
    openapi_begin(openapi, "parameters");
    openapi_parameters(openapi);
    openapi_field_parameters(openapi);
    openapi_end(openapi);
    openapi_raw(openapi, "headers", headers);
    write_security(openapi);
    openapi_end(openapi);
}

/* --- the document ---------------------------------------------------------------------------- */

static void write_info(struct openapi *openapi)
{
    openapi_begin(openapi, "info");
    openapi_printf(openapi, "title", "%.*s of %.*s", SLICE_ARG(openapi->model->singleton->name),
                   SLICE_ARG(openapi->model->namespace_name));
    openapi_slice(openapi, "version", edm_version_text(openapi->about->surface.version));
    openapi_text(openapi, "description", openapi->model->singleton->doc);
    openapi_end(openapi);
    openapi_begin_list(openapi, "servers");
    openapi_begin(openapi, NULL);
    openapi_slice(openapi, "url", openapi->about->server_url);
    openapi_end(openapi);
    openapi_end_list(openapi);
}

static void write_tags(struct openapi *openapi)
{
    static const char *const operations[] = { "Actions", "Functions" };
    struct slice singleton = openapi->model->singleton->name;
    const struct edm_entity_type *type = NULL;

    openapi_begin_list(openapi, "tags");
    openapi_begin(openapi, NULL);
    openapi_printf(openapi, "name", "%.*s.%.*s", SLICE_ARG(singleton), SLICE_ARG(singleton));
    openapi_end(openapi);
    while ((type = csdl_type_after(&openapi->walk, type))) {
        openapi_begin(openapi, NULL);
        openapi_printf(openapi, "name", "%.*s.%.*s", SLICE_ARG(singleton), SLICE_ARG(type->name));
        openapi_text(openapi, "description", type->doc);
        openapi_end(openapi);
    }
    for (size_t i = 0; i < COUNT_OF(operations); i++) {
        openapi_begin(openapi, NULL);
        openapi_printf(openapi, "name", "%.*s.%s", SLICE_ARG(singleton), operations[i]);
        openapi_end(openapi);
    }
    openapi_end_list(openapi);
}

void odata_write_openapi(const struct odata_openapi *about, struct text *out)
{
    struct json_writer writer;
    struct openapi openapi = { .about = about,
                               .model = about->surface.model,
                               .json = &writer,
                               .walk = { .surface = &about->surface } };

    json_writer_init(&writer, out);
    openapi_begin(&openapi, NULL);
    openapi_text(&openapi, "openapi", "3.1.1");
    write_info(&openapi);
    write_tags(&openapi);
    openapi_begin(&openapi, "paths");
    openapi_paths(&openapi);
    openapi_end(&openapi);
    write_components(&openapi);
    openapi_end(&openapi);
}
