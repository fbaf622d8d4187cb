/* odata/openapi_paths.c - the paths of a version and what can be done there.
 *
 *     /{singleton}                                   get (openapi_singleton.c)
 *     /{singleton}/{property of its own}             get (the same)
 *     /{singleton}/{set}                             get, post
 *     /{singleton}/{set}/$count                      get
 *     /{singleton}/{set}/{action of the set}         post, of a function get
 *     /{singleton}/{set}/{key}                       get, patch, delete
 *     /{singleton}/{set}/{key}/{property}            get, and what writes it
 *     /{singleton}/{set}/{key}/{property}/$value     the same, but not of a collection
 *     /{singleton}/{set}/{key}/{action}              post
 *
 * HEAD goes wherever GET does and is not written out.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "odata/openapi_writing.h"

static struct slice singleton_name(const struct openapi *openapi)
{
    return openapi->model->singleton->name;
}

/* "deviceManagement.ListNdesConnectors" */
static void put_id(struct openapi *openapi, const char *verb, const struct edm_entity_type *type)
{
    openapi_printf(openapi, "operationId", "%.*s.%s%c%.*s", SLICE_ARG(singleton_name(openapi)),
                   verb, openapi_upper_first(type->set_name),
                   SLICE_ARG(openapi_behind_first(type->set_name)));
    openapi_tag(openapi, type->name);
}

/* --- of a set -------------------------------------------------------------------------------- */

static void begin_set_path(struct openapi *openapi, const struct edm_entity_type *type,
                           const char *behind)
{
    openapi_begin_named(openapi, "/%.*s/%.*s%s", SLICE_ARG(singleton_name(openapi)),
                        SLICE_ARG(type->set_name), behind);
    openapi_text(openapi, "description", type->set_doc);
}

static void write_list(struct openapi *openapi, const struct edm_entity_type *type)
{
    openapi_begin_operation(openapi, "get", "List", &type->permissions[EDM_LIST]);
    put_id(openapi, "List", type);
    openapi_query(openapi, ODATA_SET, true, type);
    openapi_begin(openapi, "responses");
    openapi_reply(openapi, "200", openapi_list_headers, type->name, "CollectionResponse");
    openapi_errors(openapi);
    openapi_end(openapi);
    openapi_raw(openapi, "x-ms-pageable",
                "{\"nextLinkName\":\"@odata.nextLink\",\"operationName\":\"listMore\","
                "\"itemName\":\"value\"}");
    openapi_end(openapi);
}

static void write_create(struct openapi *openapi, const struct edm_entity_type *type)
{
    openapi_begin_operation(openapi, "post", "Create", &type->permissions[EDM_CREATE]);
    put_id(openapi, "Create", type);
    openapi_query(openapi, ODATA_SET, false, type);
    openapi_body(openapi, type, "Create");
    openapi_begin(openapi, "responses");
    openapi_reply(openapi, "201", openapi_created_headers, type->name, "");
    openapi_no_content(openapi);
    openapi_errors(openapi);
    openapi_end(openapi);
    openapi_end(openapi);
}

static void put_number_reply(struct openapi *openapi)
{
    openapi_begin_reply(openapi, "200", "The number", openapi_common_headers, "text/plain");
    openapi_raw(openapi, "schema", "{\"type\":\"integer\",\"format\":\"int64\",\"minimum\":0}");
    openapi_end_reply(openapi);
}

static void write_count(struct openapi *openapi, const struct edm_entity_type *type)
{
    openapi_begin_operation(openapi, "get", "Get the number of the resource",
                            &type->permissions[EDM_LIST]);
    openapi_printf(openapi, "operationId", "%.*s.%.*s.GetCount", SLICE_ARG(singleton_name(openapi)),
                   SLICE_ARG(type->set_name));
    openapi_tag(openapi, type->name);
    openapi_query(openapi, ODATA_COUNT, true, type);
    openapi_begin(openapi, "responses");
    put_number_reply(openapi);
    openapi_errors(openapi);
    openapi_end(openapi);
    openapi_end(openapi);
}

static void write_delta(struct openapi *openapi, const struct edm_entity_type *type)
{
    openapi_begin_operation(openapi, "get", "Get the changes of", &type->permissions[EDM_LIST]);
    openapi_printf(openapi, "operationId", "%.*s.%.*s.delta", SLICE_ARG(singleton_name(openapi)),
                   SLICE_ARG(type->set_name));
    openapi_tag(openapi, type->name);
    openapi_query(openapi, ODATA_DELTA, true, type);
    openapi_begin(openapi, "responses");
    openapi_reply(openapi, "200", openapi_list_headers, type->name, "DeltaResponse");
    openapi_errors(openapi);
    openapi_end(openapi);
    openapi_raw(openapi, "x-ms-pageable",
                "{\"nextLinkName\":\"@odata.nextLink\",\"operationName\":\"listMore\","
                "\"itemName\":\"value\"}");
    openapi_end(openapi);
}

static void write_set(struct openapi *openapi, const struct edm_entity_type *type)
{
    const struct odata_surface *surface = &openapi->about->surface;

    begin_set_path(openapi, type, "");
    if (odata_surface_has_operation(surface, type, EDM_LIST))
        write_list(openapi, type);
    if (odata_surface_has_operation(surface, type, EDM_CREATE))
        write_create(openapi, type);
    openapi_end(openapi);
    if (odata_surface_has_operation(surface, type, EDM_LIST)) {
        begin_set_path(openapi, type, "/$count");
        write_count(openapi, type);
        openapi_end(openapi);
    }
    if (odata_surface_has_delta(surface, type)) {
        begin_set_path(openapi, type, "/delta");
        write_delta(openapi, type);
        openapi_end(openapi);
    }
}

/* --- of an entity ---------------------------------------------------------------------------- */

static void begin_entity_path(struct openapi *openapi, const struct edm_entity_type *type,
                              struct slice name, const char *behind)
{
    openapi_begin_named(openapi, "/%.*s/%.*s/{%.*s-id}%s%.*s%s", SLICE_ARG(singleton_name(openapi)),
                        SLICE_ARG(type->set_name), SLICE_ARG(type->name), name.len ? "/" : "",
                        SLICE_ARG(name), behind);
    openapi_begin_list(openapi, "parameters");
    openapi_begin(openapi, NULL);
    openapi_printf(openapi, "name", "%.*s-id", SLICE_ARG(type->name));
    openapi_text(openapi, "in", "path");
    openapi_true(openapi, "required");
    openapi_text(openapi, "description", type->properties[0].doc);
    openapi_raw(openapi, "schema", "{\"type\":\"string\",\"pattern\":\"^[^$]\"}");
    openapi_end(openapi);
    openapi_end_list(openapi);
}

static void write_get(struct openapi *openapi, const struct edm_entity_type *type)
{
    openapi_begin_operation(openapi, "get", "Get", &type->permissions[EDM_GET]);
    put_id(openapi, "Get", type);
    openapi_query(openapi, ODATA_ENTITY, true, type);
    openapi_begin(openapi, "responses");
    openapi_reply(openapi, "200", openapi_common_headers, type->name, "");
    openapi_errors(openapi);
    openapi_end(openapi);
    openapi_end(openapi);
}

static void write_update(struct openapi *openapi, const struct edm_entity_type *type)
{
    openapi_begin_operation(openapi, "patch", "Update", &type->permissions[EDM_UPDATE]);
    put_id(openapi, "Update", type);
    openapi_query(openapi, ODATA_ENTITY, false, type);
    openapi_body(openapi, type, "Update");
    openapi_begin(openapi, "responses");
    openapi_reply(openapi, "200", openapi_common_headers, type->name, "");
    openapi_reply(openapi, "201", openapi_created_headers, type->name, "");
    openapi_no_content(openapi);
    openapi_errors(openapi);
    openapi_end(openapi);
    openapi_end(openapi);
}

static void write_delete(struct openapi *openapi, const struct edm_entity_type *type)
{
    openapi_begin_operation(openapi, "delete", "Delete", &type->permissions[EDM_DELETE]);
    put_id(openapi, "Delete", type);
    openapi_no_query(openapi, ODATA_ENTITY, false);
    openapi_begin(openapi, "responses");
    openapi_no_content(openapi);
    openapi_errors(openapi);
    openapi_end(openapi);
    openapi_end(openapi);
}

static void write_entity(struct openapi *openapi, const struct edm_entity_type *type)
{
    static const struct {
        enum edm_operation operation;
        void (*write)(struct openapi *openapi, const struct edm_entity_type *type);
    } operations[] = {
        { EDM_GET, write_get },
        { EDM_UPDATE, write_update },
        { EDM_DELETE, write_delete },
    };

    begin_entity_path(openapi, type, SLICE_EMPTY, "");
    openapi_text(openapi, "description", type->doc);
    for (size_t i = 0; i < COUNT_OF(operations); i++)
        if (odata_surface_has_operation(&openapi->about->surface, type, operations[i].operation))
            operations[i].write(openapi, type);
    openapi_end(openapi);
}

/* --- of a property --------------------------------------------------------------------------- */

/* "deviceManagement.ndesConnectors.GetDisplayName", "...GetDisplayNameValue" */
static void begin_property(struct openapi *openapi, const struct edm_entity_type *type,
                           const struct edm_property *property, enum odata_resource resource)
{
    bool is_value = resource == ODATA_VALUE, is_count = resource == ODATA_PROPERTY_COUNT;

    begin_entity_path(openapi, type, property->name,
                      is_value   ? "/$value"
                      : is_count ? "/$count"
                                 : "");
    openapi_text(openapi, "description", property->doc);
    openapi_begin_operation(openapi, "get",
                            is_value   ? "Get the bare text"
                            : is_count ? "Get the number of items"
                                       : "Get the property",
                            &type->permissions[EDM_GET]);
    openapi_printf(openapi, "operationId", "%.*s.%.*s.Get%c%.*s%s",
                   SLICE_ARG(singleton_name(openapi)), SLICE_ARG(type->set_name),
                   openapi_upper_first(property->name),
                   SLICE_ARG(openapi_behind_first(property->name)),
                   is_value   ? "Value"
                   : is_count ? "Count"
                              : "");
    openapi_tag(openapi, type->name);
    openapi_query(openapi, resource, true, type);
    openapi_begin(openapi, "responses");
}

static void end_property(struct openapi *openapi, const struct edm_entity_type *type,
                         const struct edm_property *property, enum odata_resource resource)
{
    if ((property->flags & EDM_NULLABLE) && resource != ODATA_PROPERTY_COUNT)
        openapi_no_content(openapi);
    openapi_errors(openapi);
    openapi_end(openapi);
    openapi_end(openapi);
    if (resource != ODATA_PROPERTY_COUNT)
        openapi_property_writes(openapi, type, property, resource);
    openapi_end(openapi);
}

static void write_property(struct openapi *openapi, const struct edm_entity_type *type,
                           const struct edm_property *property)
{
    begin_property(openapi, type, property, ODATA_PROPERTY);
    openapi_property_reply(openapi, property, ODATA_PROPERTY);
    end_property(openapi, type, property, ODATA_PROPERTY);
}

static void write_value(struct openapi *openapi, const struct edm_entity_type *type,
                        const struct edm_property *property)
{
    begin_property(openapi, type, property, ODATA_VALUE);
    openapi_property_reply(openapi, property, ODATA_VALUE);
    end_property(openapi, type, property, ODATA_VALUE);
}

static void write_property_count(struct openapi *openapi, const struct edm_entity_type *type,
                                 const struct edm_property *property)
{
    begin_property(openapi, type, property, ODATA_PROPERTY_COUNT);
    put_number_reply(openapi);
    end_property(openapi, type, property, ODATA_PROPERTY_COUNT);
}

static void write_properties(struct openapi *openapi, const struct edm_entity_type *type)
{
    if (!odata_surface_has_operation(&openapi->about->surface, type, EDM_GET))
        return;
    for (size_t i = 0; i < type->property_count; i++) {
        write_property(openapi, type, &type->properties[i]);
        if (!(type->properties[i].flags & EDM_COLLECTION))
            write_value(openapi, type, &type->properties[i]);
        else if (odata_surface_goes_beyond(&openapi->about->surface, BEYOND_COLLECTION_COUNT))
            write_property_count(openapi, type, &type->properties[i]);
    }
}

/* --- of an action ---------------------------------------------------------------------------- */

static void put_parameters(struct openapi *openapi, const struct edm_action *action)
{
    if (action->parameter_count == 0)
        return;
    openapi_begin(openapi, "requestBody");
    openapi_true(openapi, "required");
    openapi_begin(openapi, "content");
    openapi_begin(openapi, "application/json");
    openapi_action_body(openapi, action);
    openapi_end(openapi);
    openapi_end(openapi);
    openapi_end(openapi);
}

static void put_boolean_reply(struct openapi *openapi)
{
    openapi_begin_reply(openapi, "200", "Success", openapi_common_headers, "application/json");
    openapi_raw(openapi, "schema",
                "{\"type\":\"object\",\"required\":[\"value\"],\"properties\":{"
                "\"@odata.context\":{\"type\":\"string\"},\"value\":{\"type\":\"boolean\"}}}");
    openapi_end_reply(openapi);
}

/* What is asked of the set as a whole. */
static void write_of_set(struct openapi *openapi, const struct edm_entity_type *type,
                         const struct edm_action *action)
{
    bool is_function = edm_is_function(action);

    openapi_begin_named(openapi, "/%.*s/%.*s/%.*s", SLICE_ARG(singleton_name(openapi)),
                        SLICE_ARG(type->set_name), SLICE_ARG(action->name));
    openapi_text(openapi, "description", action->doc);
    openapi_begin_operation(openapi, is_function ? "get" : "post",
                            is_function ? "Invoke function" : "Invoke action",
                            &action->permissions);
    openapi_printf(openapi, "operationId", "%.*s.%.*s.%.*s", SLICE_ARG(singleton_name(openapi)),
                   SLICE_ARG(type->set_name), SLICE_ARG(action->name));
    openapi_tag(openapi, is_function ? SLICE("Functions") : SLICE("Actions"));
    openapi_query(openapi, is_function ? ODATA_SET_FUNCTION : ODATA_SET_ACTION, is_function, type);
    put_parameters(openapi, action);
    openapi_begin(openapi, "responses");
    if (is_function)
        put_boolean_reply(openapi);
    else
        openapi_reply(openapi, "200", openapi_common_headers, type->name, "CollectionResponse");
    openapi_errors(openapi);
    openapi_end(openapi);
    openapi_end(openapi);
    openapi_end(openapi);
}

static void write_action(struct openapi *openapi, const struct edm_entity_type *type,
                         const struct edm_action *action)
{
    begin_entity_path(openapi, type, action->name, "");
    openapi_text(openapi, "description", action->doc);
    openapi_begin_operation(openapi, "post", "Invoke action", &action->permissions);
    openapi_printf(openapi, "operationId", "%.*s.%.*s.%.*s.%.*s",
                   SLICE_ARG(singleton_name(openapi)), SLICE_ARG(type->set_name),
                   SLICE_ARG(type->name), SLICE_ARG(action->name));
    openapi_tag(openapi, SLICE("Actions"));
    if (action->result)
        openapi_query(openapi, ODATA_ACTION, false, type);
    else
        openapi_no_query(openapi, ODATA_ACTION, false);
    put_parameters(openapi, action);
    openapi_begin(openapi, "responses");
    if (action->result)
        openapi_items_reply(openapi, action->result);
    else
        openapi_no_content(openapi);
    openapi_errors(openapi);
    openapi_end(openapi);
    openapi_end(openapi);
    openapi_end(openapi);
}

/* --- the whole ------------------------------------------------------------------------------- */

/* JSON batching, where the resolver knows its address. Whoever may use a part may send it. */
static void write_batch(struct openapi *openapi)
{
    static const char requests[] =
        "{\"type\":\"object\",\"required\":[\"requests\"],\"properties\":{\"requests\":{"
        "\"type\":\"array\",\"minItems\":1,\"items\":{\"type\":\"object\","
        "\"required\":[\"id\",\"method\",\"url\"],\"properties\":{"
        "\"id\":{\"type\":\"string\"},\"method\":{\"type\":\"string\"},"
        "\"url\":{\"type\":\"string\"},"
        "\"headers\":{\"type\":[\"object\",\"null\"],"
        "\"additionalProperties\":{\"type\":[\"string\",\"null\"]}},"
        "\"body\":{\"description\":\"Beside a Content-Type among the headers.\"},"
        "\"dependsOn\":{\"type\":[\"array\",\"null\"],\"items\":{\"type\":\"string\"}},"
        "\"atomicityGroup\":{\"type\":\"null\"},\"if\":{\"type\":\"null\"}}}}}}";
    static const char responses[] =
        "{\"type\":\"object\",\"required\":[\"responses\"],\"properties\":{\"responses\":{"
        "\"type\":\"array\",\"items\":{\"type\":\"object\",\"required\":[\"id\",\"status\"],"
        "\"properties\":{\"id\":{\"type\":\"string\"},\"status\":{\"type\":\"integer\"},"
        "\"headers\":{\"type\":\"object\"},\"body\":true}}}}}";

    if (!odata_surface_has_path(&openapi->about->surface, "/$batch"))
        return;
    openapi_begin(openapi, "/$batch");
    openapi_begin_operation(openapi, "post", "Several requests in one", NULL);
    openapi_text(openapi, "operationId", "batch");
    openapi_no_query(openapi, ODATA_BATCH, false);
    openapi_begin(openapi, "requestBody");
    openapi_true(openapi, "required");
    openapi_begin(openapi, "content");
    openapi_begin(openapi, "application/json");
    openapi_raw(openapi, "schema", requests);
    openapi_end(openapi);
    openapi_end(openapi);
    openapi_end(openapi);
    openapi_begin(openapi, "responses");
    openapi_begin_reply(openapi, "200", "A response for each", openapi_common_headers,
                        "application/json");
    openapi_raw(openapi, "schema", responses);
    openapi_end_reply(openapi);
    openapi_errors(openapi);
    openapi_end(openapi);
    openapi_end(openapi);
    openapi_end(openapi);
}

void openapi_paths(struct openapi *openapi)
{
    const struct edm_entity_type *type = NULL;

    openapi_singleton(openapi);
    while ((type = csdl_type_after(&openapi->walk, type))) {
        write_set(openapi, type);
        write_entity(openapi, type);
        write_properties(openapi, type);
        for (size_t i = 0; i < type->action_count; i++)
            if (type->actions[i].versions & openapi->about->surface.version)
                (type->actions[i].of_set ? write_of_set : write_action)(openapi, type,
                                                                        &type->actions[i]);
    }
    write_batch(openapi);
}
