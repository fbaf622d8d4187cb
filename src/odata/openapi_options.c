/* odata/openapi_options.c - the query options as parameters.
 *
 * The table says how each option is described; whether it is offered is asked of odata/surface.h
 * for each resource. Those whose values are a set's properties are written where they are used, the
 * others once.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "odata/openapi_writing.h"

struct described {
    const char *option; /* "$top" */
    const char *name;   /* in components.parameters */
    const char *schema; /* NULL: names of properties */
    const char *doc;
    bool counts; /* has an effect on /$count */
};

static const struct described options[] = {
    { "$top", "top", "{\"type\":\"integer\",\"minimum\":0}", "Entities a page; more pages follow.",
      false },
    { "$skip", "skip", "{\"type\":\"integer\",\"minimum\":0}", "Leaves out the first n.", false },
    { "$search", "search", "{\"type\":\"string\",\"minLength\":1}", "Searches by phrases.", true },
    { "$filter", "filter", "{\"type\":\"string\",\"minLength\":1}",
      "Those for which the condition is true: OData URL Conventions 5.1.1.", true },
    { "$apply", "apply", "{\"type\":\"string\",\"minLength\":1}",
      "Filters, groups and aggregates: OData Data Aggregation 4.0. What is grouped has the "
      "properties "
      "that it is grouped by, and those that are worked out.",
      true },
    { "$compute", "compute", "{\"type\":\"string\",\"minLength\":1}",
      "Makes properties of others, which are shown and may be filtered and ordered by: OData URL "
      "Conventions 5.1.3.",
      true },
    { "$count", "count", "{\"type\":\"boolean\"}", "Counts those on all pages.", false },
    { "$orderby", NULL, NULL, "Order by property values.", false },
    { "$select", NULL, NULL, "These properties alone.", false },
    { "$skiptoken", "skiptoken", "{\"type\":\"string\",\"minLength\":1}",
      "Where a page begins; as a nextLink has it, and nowhere else from.", false },
    { "$deltatoken", "deltatoken", "{\"type\":\"string\"}",
      "Where a round begins: as a deltaLink has it, or 'latest'.", false },
    { "$format", "format",
      "{\"type\":\"string\","
      "\"pattern\":\"^(application/)?json(;odata\\\\.metadata=(none|minimal|full))?$\"}",
      "How much control information the reply has; instead of Accept.", false },
};

static void put_select(struct openapi *openapi, const struct edm_entity_type *type)
{
    const struct edm_singleton *singleton = openapi->model->singleton;

    for (size_t i = 0; type && i < type->property_count; i++)
        openapi_slice(openapi, NULL, type->properties[i].name);
    for (size_t i = 0; !type && i < singleton->property_count; i++)
        if (edm_singleton_property_is_in(&singleton->properties[i],
                                         openapi->about->surface.version))
            openapi_slice(openapi, NULL, singleton->properties[i].name);
}

static void put_orderby(struct openapi *openapi, const struct edm_entity_type *type)
{
    for (size_t i = 0; i < type->property_count; i++) {
        const struct edm_property *property = &type->properties[i];

        if (property->flags & EDM_COLLECTION)
            continue;
        openapi_slice(openapi, NULL, property->name);
        openapi_printf(openapi, NULL, "%.*s desc", SLICE_ARG(property->name));
    }
}

/* A list of names of properties, with commas between them. */
static void put_names(struct openapi *openapi, const struct described *option,
                      const struct edm_entity_type *type)
{
    bool selects = slice_eq(slice_of(option->option), SLICE("$select"));

    openapi_begin(openapi, NULL);
    openapi_text(openapi, "name", option->option);
    openapi_text(openapi, "in", "query");
    openapi_text(openapi, "description", option->doc);
    openapi_text(openapi, "style", "form");
    openapi_raw(openapi, "explode", "false");
    openapi_begin(openapi, "schema");
    openapi_text(openapi, "type", "array");
    openapi_raw(openapi, "minItems", "1");
    openapi_begin(openapi, "items");
    openapi_text(openapi, "type", "string");
    openapi_begin_list(openapi, "enum");
    if (selects)
        put_select(openapi, type);
    else
        put_orderby(openapi, type);
    openapi_end_list(openapi);
    openapi_end(openapi);
    openapi_end(openapi);
    openapi_end(openapi);
}

static bool is_offered(const struct openapi *openapi, const struct described *option,
                       enum odata_resource resource, bool is_read,
                       const struct edm_entity_type *type)
{
    const struct odata_surface *surface = &openapi->about->surface;

    if (resource == ODATA_COUNT && !option->counts)
        return false;
    /* Names of properties are those of what it is bound to, and no part of the answer. */
    if (resource == ODATA_ACTION && !option->schema)
        return false;
    return is_read ? odata_surface_has_option(surface, resource, type, option->option)
                   : odata_surface_has_option_of_write(surface, resource, type, option->option);
}

void openapi_options(struct openapi *openapi, enum odata_resource resource, bool is_read,
                     const struct edm_entity_type *type)
{
    for (size_t i = 0; i < COUNT_OF(options); i++) {
        if (!is_offered(openapi, &options[i], resource, is_read, type))
            continue;
        if (options[i].schema)
            openapi_ref(openapi, NULL, "parameters/%s", options[i].name);
        else
            put_names(openapi, &options[i], type);
    }
}

/* One that no set takes is not there. */
static bool is_offered_anywhere(struct openapi *openapi, const struct described *option)
{
    const struct edm_entity_type *type = NULL;

    while ((type = csdl_type_after(&openapi->walk, type)))
        if (is_offered(openapi, option, ODATA_SET, true, type) ||
            is_offered(openapi, option, ODATA_DELTA, true, type))
            return true;
    return false;
}

void openapi_parameters(struct openapi *openapi)
{
    for (size_t i = 0; i < COUNT_OF(options); i++) {
        if (!options[i].schema || !is_offered_anywhere(openapi, &options[i]))
            continue;
        openapi_begin(openapi, options[i].name);
        openapi_text(openapi, "name", options[i].option);
        openapi_text(openapi, "in", "query");
        openapi_text(openapi, "description", options[i].doc);
        openapi_raw(openapi, "schema", options[i].schema);
        openapi_end(openapi);
    }
}
