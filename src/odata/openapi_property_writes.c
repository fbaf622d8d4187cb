/* odata/openapi_property_writes.c - what writes a property at its own address, and the reply that
 * shows it, to its readers too.
 *
 *     put, patch    the value, in {"value":...}; not PATCH of a collection
 *     put           at $value: the bare text
 *     delete        null, where that may be
 *
 * Nothing where it is refused, and nothing of what is read-only. Who writes a value is shown it
 * if he asks for that.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "odata/openapi_writing.h"

void openapi_property_reply(struct openapi *openapi, const struct edm_property *property,
                            enum odata_resource resource)
{
    if (resource == ODATA_VALUE) {
        openapi_begin_reply(openapi, "200", "The text; null is a 204", openapi_common_headers,
                            "text/plain");
        openapi_raw(openapi, "schema", "{\"type\":\"string\"}");
        openapi_end_reply(openapi);
        return;
    }
    openapi_begin_reply(openapi, "200", "The property; null is a 204", openapi_common_headers,
                        "application/json");
    openapi_begin(openapi, "schema");
    openapi_text(openapi, "type", "object");
    openapi_raw(openapi, "required", "[\"value\"]");
    openapi_begin(openapi, "properties");
    openapi_raw(openapi, "@odata.context", "{\"type\":\"string\"}");
    openapi_property_schema(openapi, "value", property, OPENAPI_READ);
    openapi_end(openapi);
    openapi_end(openapi);
    openapi_end_reply(openapi);
}

/* A write being told of. */
struct property_write {
    const struct edm_entity_type *type;
    const struct edm_property *property;
    bool is_value;   /* of its bare text */
    bool is_removal; /* by null, which nobody is shown */
};

static enum odata_resource resource_of(const struct property_write *write)
{
    return write->is_value ? ODATA_VALUE : ODATA_PROPERTY;
}

static void begin_write(struct openapi *openapi, const struct property_write *write,
                        const char *method, const char *verb)
{
    struct slice name = write->property->name;

    openapi_begin_operation(openapi, method, write->is_value ? "Write the bare text" : "Write",
                            &write->type->permissions[EDM_UPDATE]);
    openapi_printf(openapi, "operationId", "%.*s.%.*s.%s-%.*s%s",
                   SLICE_ARG(openapi->model->singleton->name), SLICE_ARG(write->type->set_name),
                   verb, SLICE_ARG(name), write->is_value ? "-Value" : "");
    openapi_tag(openapi, write->type->name);
    openapi_no_query(openapi, resource_of(write), !write->is_removal);
}

static void end_write(struct openapi *openapi, const struct property_write *write)
{
    openapi_begin(openapi, "responses");
    if (!write->is_removal)
        openapi_property_reply(openapi, write->property, resource_of(write));
    openapi_no_content(openapi);
    openapi_errors(openapi);
    openapi_end(openapi);
    openapi_end(openapi);
}

static void put_value_schema(struct openapi *openapi, const struct edm_property *property)
{
    openapi_begin(openapi, "schema");
    openapi_text(openapi, "type", "object");
    openapi_raw(openapi, "required", "[\"value\"]");
    openapi_begin(openapi, "properties");
    openapi_property_schema(openapi, "value", property, OPENAPI_UPDATE);
    openapi_end(openapi);
    openapi_raw(openapi, "patternProperties", "{\"@\":true}");
    openapi_raw(openapi, "additionalProperties", "false");
    openapi_end(openapi);
}

static void write_update(struct openapi *openapi, const struct property_write *write,
                         const char *method, const char *verb)
{
    begin_write(openapi, write, method, verb);
    openapi_begin(openapi, "requestBody");
    openapi_true(openapi, "required");
    openapi_begin(openapi, "content");
    openapi_begin(openapi, write->is_value ? "text/plain" : "application/json");
    if (write->is_value)
        openapi_raw(openapi, "schema", "{\"type\":\"string\"}");
    else
        put_value_schema(openapi, write->property);
    openapi_end(openapi);
    openapi_end(openapi);
    openapi_end(openapi);
    end_write(openapi, write);
}

void openapi_property_writes(struct openapi *openapi, const struct edm_entity_type *type,
                             const struct edm_property *property, enum odata_resource resource)
{
    const struct odata_surface *surface = &openapi->about->surface;
    struct property_write write = { type, property, .is_value = resource == ODATA_VALUE };

    if (surface->refuses_beyond || (property->flags & (EDM_KEY | EDM_READ_ONLY)) ||
        !odata_surface_has_operation(surface, type, EDM_UPDATE))
        return;
    write_update(openapi, &write, "put", "Replace");
    if (!write.is_value && !(property->flags & EDM_COLLECTION))
        write_update(openapi, &write, "patch", "Update");
    if (property->flags & EDM_NULLABLE) {
        write.is_removal = true;
        begin_write(openapi, &write, "delete", "Remove");
        end_write(openapi, &write);
    }
}
