/* odata/csdl_json.c - writes the CSDL document of a model as JSON.
 *
 * Order and names are those of the XML (odata/csdl.c). Three things differ by the specification:
 * what is not said to be null cannot be, which XML has the other way round; a type that is not
 * named is Edm.String; and actions of one name stand together in a list. Of a collection $Nullable
 * would say that its items may be null, and they never are.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "odata/csdl_json.h"

#include "base/compiler.h"
#include "base/text.h"
#include "odata/csdl_writing.h"
#include "json/writer.h"

#define QUALIFIED_NAME_MAX 160

static void put_text(const struct csdl *csdl, const char *name, struct slice value)
{
    json_writer_plain_name(csdl->json, slice_of(name));
    json_writer_plain_string(csdl->json, value);
}

static void put_true(const struct csdl *csdl, const char *name)
{
    json_writer_plain_name(csdl->json, slice_of(name));
    json_writer_bool(csdl->json, true);
}

/* `member`: "{space}.{name}" */
static void put_qualified(const struct csdl *csdl, const char *member, struct slice space,
                          struct slice name)
{
    char memory[QUALIFIED_NAME_MAX];
    struct text text;

    text_init_fixed(&text, memory, sizeof memory);
    text_append(&text, space);
    text_append_char(&text, '.');
    text_append(&text, name);
    put_text(csdl, member, text_slice(&text));
}

static void put_by_alias(const struct csdl *csdl, const char *member, struct slice name)
{
    put_qualified(csdl, member, csdl->surface->model->alias, name);
}

static void begin_named(const struct csdl *csdl, struct slice name, const char *kind)
{
    json_writer_plain_name(csdl->json, name);
    json_writer_object_begin(csdl->json);
    put_text(csdl, "$Kind", slice_of(kind));
}

/* --- types -------------------------------------------------------------------------------------
 */

static void write_enum(const struct csdl *csdl, const struct edm_enum *enumeration)
{
    begin_named(csdl, enumeration->name, "EnumType");
    for (size_t i = 0; i < enumeration->member_count; i++) {
        json_writer_plain_name(csdl->json, enumeration->members[i].name);
        json_writer_int(csdl->json, enumeration->members[i].value);
    }
    json_writer_object_end(csdl->json);
}

static void write_facets(const struct csdl *csdl, const struct edm_property *property)
{
    if (property->flags & EDM_COLLECTION)
        put_true(csdl, "$Collection");
    if (property->kind == EDM_ENUM)
        put_by_alias(csdl, "$Type", property->enumeration->name);
    else if (property->kind == EDM_COMPLEX)
        put_by_alias(csdl, "$Type", property->complex->name);
    else if (property->kind != EDM_STRING)
        put_text(csdl, "$Type", csdl_kind_name(property->kind));
    if ((property->flags & EDM_NULLABLE) && !(property->flags & EDM_COLLECTION))
        put_true(csdl, "$Nullable");
    if (property->flags & EDM_NOT_UNICODE) {
        json_writer_plain_name(csdl->json, SLICE("$Unicode"));
        json_writer_bool(csdl->json, false);
    }
}

static void write_property(const struct csdl *csdl, const struct edm_property *property)
{
    json_writer_plain_name(csdl->json, property->name);
    json_writer_object_begin(csdl->json);
    write_facets(csdl, property);
    json_writer_object_end(csdl->json);
}

static void write_complex_type(const struct csdl *csdl, const struct edm_complex *complex)
{
    const struct edm_property *property = NULL;

    begin_named(csdl, complex->name, "ComplexType");
    while ((property = csdl_property_among(complex->properties, complex->property_count, property)))
        write_property(csdl, property);
    json_writer_object_end(csdl->json);
}

static void write_base_type(const struct csdl *csdl)
{
    begin_named(csdl, SLICE("entity"), "EntityType");
    put_true(csdl, "$Abstract");
    json_writer_plain_name(csdl->json, SLICE("$Key"));
    json_writer_array_begin(csdl->json);
    json_writer_plain_string(csdl->json, SLICE("id"));
    json_writer_array_end(csdl->json);
    json_writer_plain_name(csdl->json, SLICE("id"));
    json_writer_object_begin(csdl->json);
    json_writer_object_end(csdl->json);
    json_writer_object_end(csdl->json);
}

static void begin_entity_type(const struct csdl *csdl, struct slice name)
{
    begin_named(csdl, name, "EntityType");
    put_by_alias(csdl, "$BaseType", SLICE("entity"));
}

static void write_singleton_type(const struct csdl *csdl)
{
    const struct edm_entity_type *type = NULL;
    const struct edm_singleton_property *property = NULL;

    begin_entity_type(csdl, csdl->surface->model->singleton->name);
    while ((property = csdl_worked_out_after(csdl, property))) {
        json_writer_plain_name(csdl->json, property->name);
        json_writer_object_begin(csdl->json);
        put_true(csdl, "$Collection");
        put_by_alias(csdl, "$Type", property->ageing->item->name);
        json_writer_object_end(csdl->json);
    }
    while ((type = csdl_type_after(csdl, type))) {
        begin_named(csdl, type->set_name, "NavigationProperty");
        put_true(csdl, "$Collection");
        put_by_alias(csdl, "$Type", type->name);
        put_true(csdl, "$ContainsTarget");
        json_writer_object_end(csdl->json);
    }
    json_writer_object_end(csdl->json);
}

static void write_entity_type(const struct csdl *csdl, const struct edm_entity_type *type)
{
    const struct edm_property *property = NULL;

    begin_entity_type(csdl, type->name);
    while ((property = csdl_property_after(type, property)))
        write_property(csdl, property);
    json_writer_object_end(csdl->json);
}

static void put_collection(const struct csdl *csdl, struct slice name)
{
    put_true(csdl, "$Collection");
    put_by_alias(csdl, "$Type", name);
}

/* --- actions -----------------------------------------------------------------------------------
 */

static void put_return_type(const struct csdl *csdl, const struct edm_entity_type *type,
                            const struct edm_action *action)
{
    if (!action->result && !action->of_set)
        return;
    json_writer_plain_name(csdl->json, SLICE("$ReturnType"));
    json_writer_object_begin(csdl->json);
    if (action->of_set == EDM_SET_HAS_MADE)
        put_text(csdl, "$Type", SLICE("Edm.Boolean"));
    else
        put_collection(csdl, action->result ? action->result->name : type->name);
    json_writer_object_end(csdl->json);
}

static void write_action(const struct csdl *csdl, const struct edm_entity_type *type,
                         const struct edm_action *action)
{
    json_writer_object_begin(csdl->json);
    put_text(csdl, "$Kind", edm_is_function(action) ? SLICE("Function") : SLICE("Action"));
    put_true(csdl, "$IsBound");
    json_writer_plain_name(csdl->json, SLICE("$Parameter"));
    json_writer_array_begin(csdl->json);
    json_writer_object_begin(csdl->json);
    put_text(csdl, "$Name", SLICE("bindingParameter"));
    if (action->of_set) {
        put_collection(csdl, type->name);
    } else {
        put_by_alias(csdl, "$Type", type->name);
        put_true(csdl, "$Nullable");
    }
    json_writer_object_end(csdl->json);
    for (size_t i = 0; i < action->parameter_count; i++) {
        json_writer_object_begin(csdl->json);
        put_text(csdl, "$Name", action->parameters[i].name);
        write_facets(csdl, &action->parameters[i]);
        json_writer_object_end(csdl->json);
    }
    json_writer_array_end(csdl->json);
    put_return_type(csdl, type, action);
    json_writer_object_end(csdl->json);
}

/* The type's own action of that name; NULL for none. */
static const struct edm_action *action_of(const struct csdl *csdl,
                                          const struct edm_entity_type *type, struct slice name)
{
    return edm_find_action(type, name, csdl->surface->version);
}

/* Whether `action` is the first of its name. */
static bool is_first(const struct csdl *csdl, const struct edm_entity_type *type,
                     const struct edm_action *action)
{
    const struct edm_entity_type *other = NULL;

    while ((other = csdl_type_after(csdl, other)) && other != type)
        if (action_of(csdl, other, action->name))
            return false;
    return true;
}

static void write_overloads(const struct csdl *csdl, const struct edm_entity_type *first,
                            struct slice name)
{
    const struct edm_action *action;

    json_writer_plain_name(csdl->json, name);
    json_writer_array_begin(csdl->json);
    for (const struct edm_entity_type *type = first; type; type = csdl_type_after(csdl, type))
        if ((action = action_of(csdl, type, name)))
            write_action(csdl, type, action);
    json_writer_array_end(csdl->json);
}

static void write_actions(const struct csdl *csdl, const struct edm_entity_type *type)
{
    for (size_t i = 0; i < type->action_count; i++) {
        const struct edm_action *action = &type->actions[i];

        if ((action->versions & csdl->surface->version) && is_first(csdl, type, action))
            write_overloads(csdl, type, action->name);
    }
}

/* --- functions --------------------------------------------------------------------------------
 */

/* One for each set, bound to it as a whole. */
static void write_delta(const struct csdl *csdl, const struct edm_entity_type *type)
{
    json_writer_object_begin(csdl->json);
    put_text(csdl, "$Kind", SLICE("Function"));
    put_true(csdl, "$IsBound");
    json_writer_plain_name(csdl->json, SLICE("$Parameter"));
    json_writer_array_begin(csdl->json);
    json_writer_object_begin(csdl->json);
    put_text(csdl, "$Name", SLICE("bindingParameter"));
    put_collection(csdl, type->name);
    json_writer_object_end(csdl->json);
    json_writer_array_end(csdl->json);
    json_writer_plain_name(csdl->json, SLICE("$ReturnType"));
    json_writer_object_begin(csdl->json);
    put_collection(csdl, type->name);
    json_writer_object_end(csdl->json);
    json_writer_object_end(csdl->json);
}

static void write_deltas(const struct csdl *csdl)
{
    const struct edm_entity_type *type = NULL;
    bool any = false;

    while ((type = csdl_type_after(csdl, type)) && !any)
        any = odata_surface_has_delta(csdl->surface, type);
    if (!any)
        return;
    json_writer_plain_name(csdl->json, SLICE("delta"));
    json_writer_array_begin(csdl->json);
    for (type = csdl_type_after(csdl, NULL); type; type = csdl_type_after(csdl, type))
        if (odata_surface_has_delta(csdl->surface, type))
            write_delta(csdl, type);
    json_writer_array_end(csdl->json);
}

/* --- the document ------------------------------------------------------------------------------
 */

static void write_references(const struct csdl *csdl)
{
    json_writer_plain_name(csdl->json, SLICE("$Reference"));
    json_writer_object_begin(csdl->json);
    for (size_t i = 0; i < csdl_vocabulary_count; i++) {
        char memory[QUALIFIED_NAME_MAX];
        struct text uri;

        text_init_fixed(&uri, memory, sizeof memory);
        text_append(&uri, slice_of(csdl_vocabularies[i].uri));
        text_append(&uri, SLICE(".json"));
        json_writer_plain_name(csdl->json, text_slice(&uri));
        json_writer_object_begin(csdl->json);
        json_writer_plain_name(csdl->json, SLICE("$Include"));
        json_writer_array_begin(csdl->json);
        json_writer_object_begin(csdl->json);
        put_text(csdl, "$Namespace", slice_of(csdl_vocabularies[i].name));
        json_writer_object_end(csdl->json);
        json_writer_array_end(csdl->json);
        json_writer_object_end(csdl->json);
    }
    json_writer_object_end(csdl->json);
}

static void write_container(const struct csdl *csdl)
{
    const struct edm_model *model = csdl->surface->model;

    begin_named(csdl, SLICE(CSDL_CONTAINER), "EntityContainer");
    json_writer_plain_name(csdl->json, model->singleton->name);
    json_writer_object_begin(csdl->json);
    put_qualified(csdl, "$Type", model->namespace_name, model->singleton->name);
    json_writer_object_end(csdl->json);
    json_writer_object_end(csdl->json);
}

static void write_schema(struct csdl *csdl)
{
    const struct edm_entity_type *type = NULL;
    const struct edm_enum *enumeration = NULL;
    const struct edm_complex *complex = NULL;

    put_text(csdl, "$Alias", csdl->surface->model->alias);
    csdl_annotate_schema(csdl);
    while ((enumeration = csdl_enum_after(csdl, enumeration)))
        write_enum(csdl, enumeration);
    while ((complex = csdl_complex_after(csdl, complex)))
        write_complex_type(csdl, complex);
    write_base_type(csdl);
    write_singleton_type(csdl);
    while ((type = csdl_type_after(csdl, type)))
        write_entity_type(csdl, type);
    while ((type = csdl_type_after(csdl, type)))
        write_actions(csdl, type);
    write_deltas(csdl);
    write_container(csdl);
    json_writer_plain_name(csdl->json, SLICE("$Annotations"));
    json_writer_object_begin(csdl->json);
    csdl_annotate_all(csdl);
    json_writer_object_end(csdl->json);
}

void csdl_write_json(const struct odata_surface *surface, struct text *out)
{
    struct json_writer writer;
    struct csdl csdl = { .surface = surface, .out = out, .json = &writer };

    json_writer_init(&writer, out);
    json_writer_object_begin(&writer);
    put_text(&csdl, "$Version", SLICE("4.01"));
    put_qualified(&csdl, "$EntityContainer", surface->model->namespace_name, SLICE(CSDL_CONTAINER));
    write_references(&csdl);
    json_writer_plain_name(&writer, surface->model->namespace_name);
    json_writer_object_begin(&writer);
    write_schema(&csdl);
    json_writer_object_end(&writer);
    json_writer_object_end(&writer);
}
