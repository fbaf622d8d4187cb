/* odata/openapi_schemas.c - the model as JSON Schema.
 *
 * A type has three schemas: what replies show, what a create takes, what an update takes. Replies
 * may lack any property ($select) and have others some day, so nothing is required of them and
 * nothing excluded. Bodies are held to: a property that is not declared is refused, control
 * information ("@odata.type", "name@odata.type") is not.
 *
 * A complex type has one schema for what answers show and one for what a parameter takes, which is
 * held to in the same way; and there what may not be null has to be sent, since it has no default.
 *
 * An enumeration's sentinel stands for members that came later. It is among the values of replies;
 * a create and an action refuse it, an update passes over it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/text.h"
#include "odata/openapi_writing.h"

#define DESCRIPTION_BYTES_MAX 4096

/* --- properties ------------------------------------------------------------------------------ */

static const char *const suffixes[] = {
    [OPENAPI_READ] = "",
    [OPENAPI_CREATE] = "Create",
    [OPENAPI_UPDATE] = "Update",
    [OPENAPI_PARAMETER] = "Parameter",
};

/* A parameter that $metadata lets be null may be one that has to be sent all the same. */
static bool takes_null(const struct edm_property *property)
{
    return (property->flags & EDM_NULLABLE) && !(property->flags & EDM_REQUIRED);
}

/* `type`, or that and null. */
static void put_type(struct openapi *openapi, const struct edm_property *property, const char *type)
{
    if (!takes_null(property)) {
        openapi_text(openapi, "type", type);
        return;
    }
    openapi_begin_list(openapi, "type");
    openapi_text(openapi, NULL, type);
    openapi_text(openapi, NULL, "null");
    openapi_end_list(openapi);
}

static void put_ref(struct openapi *openapi, struct slice name, const char *suffix)
{
    openapi_printf(openapi, "$ref", "#/components/schemas/%.*s.%.*s%s",
                   SLICE_ARG(openapi->model->namespace_name), SLICE_ARG(name), suffix);
}

/* A type with a schema of its own, or that and null. */
static void put_named(struct openapi *openapi, const struct edm_property *property,
                      struct slice name, const char *suffix)
{
    if (!takes_null(property)) {
        put_ref(openapi, name, suffix);
        return;
    }
    openapi_begin_list(openapi, "anyOf");
    openapi_begin(openapi, NULL);
    put_ref(openapi, name, suffix);
    openapi_end(openapi);
    openapi_raw(openapi, NULL, "{\"type\":\"null\"}");
    openapi_end_list(openapi);
}

static void put_enum(struct openapi *openapi, const struct edm_property *property,
                     enum openapi_form form)
{
    const struct edm_enum *enumeration = property->enumeration;

    put_named(openapi, property, enumeration->name, "");
    if ((form == OPENAPI_CREATE || form == OPENAPI_PARAMETER) && enumeration->sentinel) {
        openapi_begin(openapi, "not");
        openapi_slice(openapi, "const", enumeration->sentinel->name);
        openapi_end(openapi);
    }
}

/* The type of what is no collection. */
static void put_kind(struct openapi *openapi, const struct edm_property *property,
                     enum openapi_form form)
{
    switch (property->kind) {
    case EDM_STRING:
        put_type(openapi, property, "string");
        break;
    case EDM_BOOLEAN:
        put_type(openapi, property, "boolean");
        break;
    case EDM_INT32:
        put_type(openapi, property, "integer");
        openapi_text(openapi, "format", "int32");
        openapi_raw(openapi, "minimum", "-2147483648");
        openapi_raw(openapi, "maximum", "2147483647");
        break;
    case EDM_INT64:
        put_type(openapi, property, "integer");
        openapi_text(openapi, "format", "int64");
        break;
    case EDM_DATE_TIME_OFFSET:
        put_type(openapi, property, "string");
        openapi_text(openapi, "format", "date-time");
        break;
    case EDM_ENUM:
        put_enum(openapi, property, form);
        break;
    case EDM_COMPLEX:
        put_named(openapi, property, property->complex->name, suffixes[form]);
        break;
    case EDM_KIND_COUNT:
        break;
    }
}

/* Items are never null, also where the list may be. */
static void put_collection(struct openapi *openapi, const struct edm_property *property,
                           enum openapi_form form)
{
    struct edm_property item = *property;

    item.flags &= ~(unsigned)(EDM_COLLECTION | EDM_NULLABLE);
    put_type(openapi, property, "array");
    openapi_begin(openapi, "items");
    put_kind(openapi, &item, form);
    openapi_end(openapi);
}

void openapi_property_schema(struct openapi *openapi, const char *name,
                             const struct edm_property *property, enum openapi_form form)
{
    if (name)
        openapi_begin(openapi, name);
    else
        openapi_begin_named(openapi, "%.*s", SLICE_ARG(property->name));
    if (property->flags & EDM_COLLECTION)
        put_collection(openapi, property, form);
    else
        put_kind(openapi, property, form);
    openapi_text(openapi, "description", property->doc);
    if (property->flags & EDM_READ_ONLY)
        openapi_true(openapi, "readOnly");
    if (form == OPENAPI_CREATE && property->default_json)
        openapi_raw(openapi, "default", property->default_json);
    openapi_end(openapi);
}

/* --- types ----------------------------------------------------------------------------------- */

static void begin_type(struct openapi *openapi, struct slice name, const char *suffix,
                       const char *doc)
{
    openapi_begin_named(openapi, "%.*s.%.*s%s", SLICE_ARG(openapi->model->namespace_name),
                        SLICE_ARG(name), suffix);
    openapi_text(openapi, "type", "object");
    openapi_text(openapi, "description", doc);
}

/* What is sent and names its type must name this one, by either name of the namespace. */
static void put_type_names(struct openapi *openapi, struct slice type)
{
    static const char *const members[] = { "@odata.type", "@type" };
    const struct slice spaces[] = { openapi->model->namespace_name, openapi->model->alias };

    for (size_t i = 0; i < COUNT_OF(members); i++) {
        openapi_begin(openapi, members[i]);
        openapi_begin_list(openapi, "enum");
        for (size_t j = 0; j < COUNT_OF(spaces); j++) {
            openapi_printf(openapi, NULL, "#%.*s.%.*s", SLICE_ARG(spaces[j]), SLICE_ARG(type));
            openapi_printf(openapi, NULL, "%.*s.%.*s", SLICE_ARG(spaces[j]), SLICE_ARG(type));
        }
        openapi_end_list(openapi);
        openapi_end(openapi);
    }
}

static void write_type(struct openapi *openapi, const struct edm_entity_type *type,
                       enum openapi_form form)
{
    begin_type(openapi, type->name, suffixes[form], type->doc);
    openapi_begin(openapi, "properties");
    if (form == OPENAPI_READ)
        openapi_raw(openapi, "@odata.type", "{\"type\":\"string\"}");
    else
        put_type_names(openapi, type->name);
    for (size_t i = 0; i < type->property_count; i++)
        openapi_property_schema(openapi, NULL, &type->properties[i], form);
    openapi_end(openapi);
    if (form != OPENAPI_READ) {
        openapi_raw(openapi, "patternProperties", "{\"@\":true,\"^#\":true}");
        openapi_raw(openapi, "additionalProperties", "false");
    }
    openapi_end(openapi);
}

static void write_page(struct openapi *openapi, const struct edm_entity_type *type)
{
    begin_type(openapi, type->name, "CollectionResponse", type->set_doc);
    openapi_raw(openapi, "required", "[\"value\"]");
    openapi_begin(openapi, "properties");
    openapi_raw(openapi, "@odata.context", "{\"type\":\"string\"}");
    openapi_raw(openapi, "@odata.count",
                "{\"type\":\"integer\",\"format\":\"int64\",\"minimum\":0,\"description\":"
                "\"How many there are on all pages, where $count=true asked for it.\"}");
    openapi_raw(openapi, "@odata.nextLink",
                "{\"type\":\"string\",\"description\":"
                "\"Where the next page is; not there on the last one.\"}");
    if (odata_surface_has_delta(&openapi->about->surface, type))
        openapi_raw(
            openapi, "@odata.deltaLink",
            "{\"type\":\"string\",\"description\":"
            "\"On the last page, where odata.track-changes was preferred: what changes from "
            "now on.\"}");
    openapi_begin(openapi, "value");
    openapi_text(openapi, "type", "array");
    openapi_ref(openapi, "items", "schemas/%.*s.%.*s", SLICE_ARG(openapi->model->namespace_name),
                SLICE_ARG(type->name));
    openapi_end(openapi);
    openapi_end(openapi);
    openapi_end(openapi);
}

/* The members that have to be sent, and no others than those that are declared. */
static void put_strictness(struct openapi *openapi, const struct edm_property *properties,
                           size_t count)
{
    openapi_begin_list(openapi, "required");
    for (size_t i = 0; i < count; i++)
        if (!takes_null(&properties[i]))
            openapi_slice(openapi, NULL, properties[i].name);
    openapi_end_list(openapi);
    openapi_raw(openapi, "patternProperties", "{\"@\":true}");
    openapi_raw(openapi, "additionalProperties", "false");
}

/* An entity, or what is left of one: OData JSON Format 4.01, 15.3. */
static void put_delta_items(struct openapi *openapi, const struct edm_entity_type *type)
{
    openapi_begin(openapi, "items");
    openapi_begin_list(openapi, "allOf");
    openapi_ref(openapi, NULL, "schemas/%.*s.%.*s", SLICE_ARG(openapi->model->namespace_name),
                SLICE_ARG(type->name));
    openapi_end_list(openapi);
    openapi_begin(openapi, "properties");
    openapi_raw(openapi, "@removed",
                "{\"type\":\"object\",\"required\":[\"reason\"],\"properties\":{\"reason\":{"
                "\"type\":\"string\",\"enum\":[\"changed\",\"deleted\"]}}}");
    openapi_end(openapi);
    openapi_end(openapi);
}

static void write_delta(struct openapi *openapi, const struct edm_entity_type *type)
{
    begin_type(openapi, type->name, "DeltaResponse", type->set_doc);
    openapi_raw(openapi, "required", "[\"value\"]");
    openapi_begin(openapi, "properties");
    openapi_raw(openapi, "@odata.context", "{\"type\":\"string\"}");
    openapi_raw(openapi, "@odata.nextLink",
                "{\"type\":\"string\",\"description\":"
                "\"Where the next page is; not there on the last one of a round.\"}");
    openapi_raw(openapi, "@odata.deltaLink",
                "{\"type\":\"string\",\"description\":"
                "\"Where the next round begins; on the last page of a round.\"}");
    openapi_begin(openapi, "value");
    openapi_text(openapi, "type", "array");
    put_delta_items(openapi, type);
    openapi_end(openapi);
    openapi_end(openapi);
    openapi_end(openapi);
}

static void write_complex(struct openapi *openapi, const struct edm_complex *complex,
                          enum openapi_form form)
{
    const struct edm_property *property = NULL;

    begin_type(openapi, complex->name, suffixes[form], complex->doc);
    openapi_begin(openapi, "properties");
    if (form == OPENAPI_READ)
        openapi_raw(openapi, "@odata.type", "{\"type\":\"string\"}");
    else
        put_type_names(openapi, complex->name);
    while ((property = csdl_property_among(complex->properties, complex->property_count, property)))
        openapi_property_schema(openapi, NULL, property, form);
    openapi_end(openapi);
    if (form == OPENAPI_PARAMETER)
        put_strictness(openapi, complex->properties, complex->property_count);
    openapi_end(openapi);
}

static bool is_parameter_of(const struct edm_action *action, const struct edm_complex *complex)
{
    for (size_t i = 0; i < action->parameter_count; i++)
        if (action->parameters[i].complex == complex)
            return true;
    return false;
}

/* Whether an answer of the version shows the type, or an action of it takes it. */
static bool is_used(const struct openapi *openapi, const struct edm_complex *complex,
                    enum openapi_form form)
{
    const struct edm_singleton_property *property = NULL;
    const struct edm_entity_type *type = NULL;

    while ((type = csdl_type_after(&openapi->walk, type))) {
        for (size_t i = 0; i < type->action_count; i++) {
            const struct edm_action *action = &type->actions[i];

            if ((action->versions & openapi->about->surface.version) &&
                (form == OPENAPI_PARAMETER ? is_parameter_of(action, complex)
                                           : action->result == complex))
                return true;
        }
    }
    while ((property = csdl_worked_out_after(&openapi->walk, property)))
        if (form == OPENAPI_READ && property->ageing->item == complex)
            return true;
    return false;
}

static void write_complexes(struct openapi *openapi)
{
    static const enum openapi_form forms[] = { OPENAPI_READ, OPENAPI_PARAMETER };
    const struct edm_complex *complex = NULL;

    while ((complex = csdl_complex_after(&openapi->walk, complex)))
        for (size_t i = 0; i < COUNT_OF(forms); i++)
            if (is_used(openapi, complex, forms[i]))
                write_complex(openapi, complex, forms[i]);
}

static void put_items(struct openapi *openapi, const struct edm_complex *item)
{
    openapi_text(openapi, "type", "array");
    openapi_ref(openapi, "items", "schemas/%.*s.%.*s", SLICE_ARG(openapi->model->namespace_name),
                SLICE_ARG(item->name));
}

void openapi_items_schema(struct openapi *openapi, const struct edm_complex *item)
{
    openapi_begin(openapi, "schema");
    openapi_text(openapi, "type", "object");
    openapi_raw(openapi, "required", "[\"value\"]");
    openapi_begin(openapi, "properties");
    openapi_raw(openapi, "@odata.context", "{\"type\":\"string\"}");
    openapi_begin(openapi, "value");
    put_items(openapi, item);
    openapi_end(openapi);
    openapi_end(openapi);
    openapi_end(openapi);
}

static void write_singleton_property(struct openapi *openapi,
                                     const struct edm_singleton_property *property)
{
    openapi_begin_named(openapi, "%.*s", SLICE_ARG(property->name));
    put_items(openapi, property->ageing->item);
    openapi_text(openapi, "description", property->doc);
    openapi_true(openapi, "readOnly");
    openapi_end(openapi);
}

/* Its own facts; an id of a tenant is one. What is worked out is there where it is selected. */
static void write_singleton(struct openapi *openapi)
{
    static const char *const schemas[] = {
        [EDM_SINGLETON_NAME] = "{\"type\":\"string\",\"readOnly\":true}",
        [EDM_SINGLETON_NULL] = "{\"type\":\"null\",\"readOnly\":true}",
        [EDM_SINGLETON_TENANT] = "{\"type\":\"string\",\"format\":\"uuid\",\"readOnly\":true}",
    };
    const struct edm_singleton *singleton = openapi->model->singleton;

    begin_type(openapi, singleton->name, "", singleton->doc);
    openapi_begin(openapi, "properties");
    openapi_raw(openapi, "@odata.context", "{\"type\":\"string\"}");
    openapi_raw(openapi, "@odata.type", "{\"type\":\"string\"}");
    for (size_t i = 0; i < singleton->property_count; i++) {
        const struct edm_singleton_property *property = &singleton->properties[i];

        if (!edm_singleton_property_is_in(property, openapi->about->surface.version))
            continue;
        if (property->ageing) {
            write_singleton_property(openapi, property);
            continue;
        }
        json_writer_plain_name(openapi->json, property->name);
        openapi_raw(openapi, NULL, schemas[property->value]);
    }
    openapi_end(openapi);
    openapi_end(openapi);
}

/* --- enumerations ---------------------------------------------------------------------------- */

/* What each member means is told in the description, where tools show it. */
static void describe_enum(struct openapi *openapi, const struct edm_enum *enumeration)
{
    char memory[DESCRIPTION_BYTES_MAX];
    struct text text;

    text_init_fixed(&text, memory, sizeof memory);
    text_append(&text, slice_of(enumeration->doc));
    for (size_t i = 0; i < enumeration->member_count; i++) {
        text_append(&text, SLICE("\n- "));
        text_append(&text, enumeration->members[i].name);
        text_append(&text, SLICE(": "));
        text_append(&text, slice_of(enumeration->members[i].doc));
    }
    if (enumeration->sentinel) {
        text_append(&text, SLICE("\n\nMembers may be added; to be read, not sent: "));
        text_append(&text, enumeration->sentinel->name);
    }
    openapi_slice(openapi, "description",
                  text.failed ? slice_of(enumeration->doc) : text_slice(&text));
}

static void write_enum(struct openapi *openapi, const struct edm_enum *enumeration)
{
    openapi_begin_named(openapi, "%.*s.%.*s", SLICE_ARG(openapi->model->namespace_name),
                        SLICE_ARG(enumeration->name));
    openapi_text(openapi, "type", "string");
    describe_enum(openapi, enumeration);
    openapi_begin_list(openapi, "enum");
    for (size_t i = 0; i < enumeration->member_count; i++)
        openapi_slice(openapi, NULL, enumeration->members[i].name);
    openapi_end_list(openapi);
    openapi_end(openapi);
}

/* --- actions --------------------------------------------------------------------------------- */

void openapi_action_body(struct openapi *openapi, const struct edm_action *action)
{
    openapi_begin(openapi, "schema");
    openapi_text(openapi, "type", "object");
    openapi_begin(openapi, "properties");
    for (size_t i = 0; i < action->parameter_count; i++)
        openapi_property_schema(openapi, NULL, &action->parameters[i], OPENAPI_PARAMETER);
    openapi_end(openapi);
    put_strictness(openapi, action->parameters, action->parameter_count);
    openapi_end(openapi);
}

/* --- errors ---------------------------------------------------------------------------------- */

/* The names of Microsoft's files, and what replies have. */
static const char errors[] =
    "{\"type\":\"object\",\"required\":[\"error\"],\"properties\":{\"error\":{"
    "\"type\":\"object\",\"required\":[\"code\",\"message\",\"innerError\"],\"properties\":{"
    "\"code\":{\"type\":\"string\"},\"message\":{\"type\":\"string\"},"
    "\"target\":{\"type\":\"string\"},"
    "\"details\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}},"
    "\"innerError\":{\"type\":\"object\",\"properties\":{"
    "\"date\":{\"type\":\"string\",\"description\":\"UTC, without a zone.\"},"
    "\"request-id\":{\"type\":\"string\"},\"client-request-id\":{\"type\":\"string\"}}}}}}}";

void openapi_schemas(struct openapi *openapi)
{
    const struct edm_entity_type *type = NULL;
    const struct edm_enum *enumeration = NULL;

    write_singleton(openapi);
    while ((type = csdl_type_after(&openapi->walk, type))) {
        write_type(openapi, type, OPENAPI_READ);
        if (odata_surface_has_operation(&openapi->about->surface, type, EDM_CREATE))
            write_type(openapi, type, OPENAPI_CREATE);
        if (odata_surface_has_operation(&openapi->about->surface, type, EDM_UPDATE))
            write_type(openapi, type, OPENAPI_UPDATE);
        write_page(openapi, type);
        if (odata_surface_has_delta(&openapi->about->surface, type))
            write_delta(openapi, type);
    }
    write_complexes(openapi);
    while ((enumeration = csdl_enum_after(&openapi->walk, enumeration)))
        write_enum(openapi, enumeration);
    openapi_raw(openapi, OPENAPI_ERROR_SCHEMA, errors);
}
