/* odata/openapi_singleton.c - the singleton's path, and those of its own properties.
 *
 * Its properties can be read one by one like those of an entity, but have no /$value: what is there
 * is a text that needs none, nothing, or a collection.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "odata/openapi_writing.h"

static void write_singleton(struct openapi *openapi)
{
    const struct edm_singleton *singleton = openapi->model->singleton;

    openapi_begin_named(openapi, "/%.*s", SLICE_ARG(singleton->name));
    openapi_text(openapi, "description", singleton->doc);
    openapi_begin_operation(openapi, "get", "Get", &singleton->read_permissions);
    openapi_printf(openapi, "operationId", "%.*s.%.*s.Get%c%.*s", SLICE_ARG(singleton->name),
                   SLICE_ARG(singleton->name), openapi_upper_first(singleton->name),
                   SLICE_ARG(openapi_behind_first(singleton->name)));
    openapi_tag(openapi, singleton->name);
    openapi_query(openapi, ODATA_SINGLETON, true, NULL);
    openapi_begin(openapi, "responses");
    openapi_reply(openapi, "200", openapi_common_headers, singleton->name, "");
    openapi_errors(openapi);
    openapi_end(openapi);
    openapi_end(openapi);
    openapi_end(openapi);
}

static void put_fact_reply(struct openapi *openapi, const struct edm_singleton_property *property)
{
    if (property->value == EDM_SINGLETON_NULL) {
        openapi_no_content(openapi);
        return;
    }
    openapi_begin_reply(openapi, "200", "Success", openapi_common_headers, "application/json");
    openapi_raw(openapi, "schema",
                "{\"type\":\"object\",\"required\":[\"value\"],\"properties\":{"
                "\"@odata.context\":{\"type\":\"string\"},\"value\":{\"type\":\"string\"}}}");
    openapi_end_reply(openapi);
}

static void put_property_query(struct openapi *openapi,
                               const struct edm_singleton_property *property)
{
    const struct openapi_use use = { ODATA_SINGLETON_PROPERTY, .is_read = true, .is_answered = true,
                                     .shows_members = property->ageing };

    openapi_begin_list(openapi, "parameters");
    openapi_options(openapi, ODATA_SINGLETON_PROPERTY, true, NULL);
    openapi_fields(openapi, &use);
    openapi_end_list(openapi);
}

/* A property of the singleton: one of its own facts, or what it works out. */
static void write_singleton_property(struct openapi *openapi,
                                     const struct edm_singleton_property *property)
{
    const struct edm_singleton *singleton = openapi->model->singleton;

    openapi_begin_named(openapi, "/%.*s/%.*s", SLICE_ARG(singleton->name),
                        SLICE_ARG(property->name));
    if (property->doc)
        openapi_text(openapi, "description", property->doc);
    openapi_begin_operation(openapi, "get", "Get", &singleton->read_permissions);
    openapi_printf(openapi, "operationId", "%.*s.Get%c%.*s", SLICE_ARG(singleton->name),
                   openapi_upper_first(property->name),
                   SLICE_ARG(openapi_behind_first(property->name)));
    openapi_tag(openapi, singleton->name);
    put_property_query(openapi, property);
    openapi_begin(openapi, "responses");
    if (property->ageing)
        openapi_items_reply(openapi, property->ageing->item);
    else
        put_fact_reply(openapi, property);
    openapi_errors(openapi);
    openapi_end(openapi);
    openapi_end(openapi);
    openapi_end(openapi);
}

void openapi_singleton(struct openapi *openapi)
{
    const struct edm_singleton *singleton = openapi->model->singleton;

    write_singleton(openapi);
    for (size_t i = 0; i < singleton->property_count; i++)
        if (edm_singleton_property_is_in(&singleton->properties[i],
                                         openapi->about->surface.version))
            write_singleton_property(openapi, &singleton->properties[i]);
}
