/* odata/csdl.c - writes the CSDL document of a model.
 *
 * The document has Graph's form: one schema; an abstract type "entity" with the key, from which all
 * others derive; the singleton's type, whose navigation properties contain the sets; enumerations,
 * actions, functions, the container; and at the end annotations (odata/csdl_annotations.c). Names
 * within a group are in alphabetical order, as there, which spares whoever compares the two the
 * noise.
 *
 * The tables are in the order of the reference pages, and an enumeration may serve two properties.
 * So each group is walked by "the first name behind the last one": sorted and without doubles, with
 * no list to be kept. That is quadratic, over a few dozen names.
 *
 * Of what the singleton shows of itself only that is declared which is worked out: Graph gives its
 * other properties types of which nothing else is served here.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "odata/csdl.h"

#include "base/text.h"
#include "odata/csdl_writing.h"

/* --- what is written, in its order -------------------------------------------------------------
 */

/* Whether `name` is behind `last` (NULL: the start) and before `best` (NULL: none yet). */
static bool is_next(struct slice name, const struct slice *last, const struct slice *best)
{
    return (!last || slice_compare(name, *last) > 0) && (!best || slice_compare(name, *best) < 0);
}

const struct edm_entity_type *csdl_type_after(const struct csdl *csdl,
                                              const struct edm_entity_type *last)
{
    const struct edm_singleton *singleton = csdl->surface->model->singleton;
    const struct edm_entity_type *best = NULL;

    for (size_t i = 0; i < singleton->type_count; i++) {
        const struct edm_entity_type *type = singleton->types[i];
        if ((type->versions & csdl->surface->version) &&
            is_next(type->name, last ? &last->name : NULL, best ? &best->name : NULL))
            best = type;
    }
    return best;
}

const struct edm_property *csdl_property_among(const struct edm_property *properties, size_t count,
                                               const struct edm_property *last)
{
    const struct edm_property *best = NULL;

    for (size_t i = 0; i < count; i++) {
        const struct edm_property *property = &properties[i];
        if (is_next(property->name, last ? &last->name : NULL, best ? &best->name : NULL))
            best = property;
    }
    return best;
}

/* Of all but the key, which is that of the base type. */
const struct edm_property *csdl_property_after(const struct edm_entity_type *type,
                                               const struct edm_property *last)
{
    return csdl_property_among(type->properties + 1, type->property_count - 1, last);
}

/* The better one of `best` and the first of `properties`' enumerations behind `last`. */
static const struct edm_enum *enum_among(const struct edm_property *properties, size_t count,
                                         const struct edm_enum *last, const struct edm_enum *best)
{
    for (size_t i = 0; i < count; i++) {
        const struct edm_enum *enumeration = properties[i].enumeration;
        if (enumeration &&
            is_next(enumeration->name, last ? &last->name : NULL, best ? &best->name : NULL))
            best = enumeration;
    }
    return best;
}

/* The n-th complex type of the version's actions and of what the singleton works out. */
static const struct edm_complex *complex_at(const struct csdl *csdl, size_t n)
{
    const struct edm_singleton *singleton = csdl->surface->model->singleton;
    const struct edm_complex *complex;

    for (const struct edm_entity_type *type = csdl_type_after(csdl, NULL); type;
         type = csdl_type_after(csdl, type)) {
        for (size_t i = 0; i < type->action_count; i++) {
            if (!(type->actions[i].versions & csdl->surface->version))
                continue;
            for (size_t j = 0; (complex = edm_complex_used(&type->actions[i], j)); j++)
                if (n-- == 0)
                    return complex;
        }
    }
    for (size_t i = 0; i < singleton->property_count; i++) {
        const struct edm_singleton_property *property = &singleton->properties[i];
        if (property->ageing && edm_singleton_property_is_in(property, csdl->surface->version) &&
            n-- == 0)
            return property->ageing->item;
    }
    return NULL;
}

const struct edm_enum *csdl_enum_after(const struct csdl *csdl, const struct edm_enum *last)
{
    const struct edm_enum *best = NULL;
    const struct edm_complex *complex;

    for (const struct edm_entity_type *type = csdl_type_after(csdl, NULL); type;
         type = csdl_type_after(csdl, type)) {
        best = enum_among(type->properties, type->property_count, last, best);
        for (size_t i = 0; i < type->action_count; i++) {
            const struct edm_action *action = &type->actions[i];
            if (action->versions & csdl->surface->version)
                best = enum_among(action->parameters, action->parameter_count, last, best);
        }
    }
    for (size_t n = 0; (complex = complex_at(csdl, n)); n++)
        best = enum_among(complex->properties, complex->property_count, last, best);
    return best;
}

const struct edm_complex *csdl_complex_after(const struct csdl *csdl,
                                             const struct edm_complex *last)
{
    const struct edm_complex *best = NULL, *complex;

    for (size_t n = 0; (complex = complex_at(csdl, n)); n++)
        if (is_next(complex->name, last ? &last->name : NULL, best ? &best->name : NULL))
            best = complex;
    return best;
}

/* Of what the singleton works out. */
const struct edm_singleton_property *
csdl_worked_out_after(const struct csdl *csdl, const struct edm_singleton_property *last)
{
    const struct edm_singleton *singleton = csdl->surface->model->singleton;
    const struct edm_singleton_property *best = NULL;

    for (size_t i = 0; i < singleton->property_count; i++) {
        const struct edm_singleton_property *property = &singleton->properties[i];
        if (property->ageing && edm_singleton_property_is_in(property, csdl->surface->version) &&
            is_next(property->name, last ? &last->name : NULL, best ? &best->name : NULL))
            best = property;
    }
    return best;
}

/* --- XML ---------------------------------------------------------------------------------------
 */

static void add(const struct csdl *csdl, const char *markup)
{
    text_append(csdl->out, slice_of(markup));
}

static void add_slice(const struct csdl *csdl, struct slice name)
{
    text_append(csdl->out, name);
}

void csdl_append_escaped(struct text *out, struct slice value)
{
    for (size_t i = 0; i < value.len; i++) {
        switch (value.ptr[i]) {
        case '&':
            text_append(out, SLICE("&amp;"));
            break;
        case '<':
            text_append(out, SLICE("&lt;"));
            break;
        case '>':
            text_append(out, SLICE("&gt;"));
            break;
        case '"':
            text_append(out, SLICE("&quot;"));
            break;
        default:
            text_append_char(out, value.ptr[i]);
        }
    }
}

/* "graph.ndesConnector" */
static void add_by_alias(const struct csdl *csdl, struct slice name)
{
    add_slice(csdl, csdl->surface->model->alias);
    add(csdl, ".");
    add_slice(csdl, name);
}

/* --- types -------------------------------------------------------------------------------------
 */

struct slice csdl_kind_name(enum edm_kind kind)
{
    switch (kind) {
    case EDM_STRING:
        return SLICE("Edm.String");
    case EDM_BOOLEAN:
        return SLICE("Edm.Boolean");
    case EDM_INT32:
        return SLICE("Edm.Int32");
    case EDM_INT64:
        return SLICE("Edm.Int64");
    case EDM_DATE_TIME_OFFSET:
        return SLICE("Edm.DateTimeOffset");
    case EDM_ENUM:
    case EDM_COMPLEX:
    case EDM_KIND_COUNT:
        break;
    }
    return SLICE_EMPTY;
}

/* The attributes behind the name. A collection is never null by itself, and Nullable would speak of
 * its items: left out, as by Graph. */
static void write_facets(const struct csdl *csdl, const struct edm_property *property)
{
    bool collection = property->flags & EDM_COLLECTION;

    add(csdl, collection ? "\" Type=\"Collection(" : "\" Type=\"");
    if (property->kind == EDM_ENUM)
        add_by_alias(csdl, property->enumeration->name);
    else if (property->kind == EDM_COMPLEX)
        add_by_alias(csdl, property->complex->name);
    else
        add_slice(csdl, csdl_kind_name(property->kind));
    add(csdl, collection ? ")\"" : "\"");
    if (!collection && !(property->flags & EDM_NULLABLE))
        add(csdl, " Nullable=\"false\"");
    if (property->flags & EDM_NOT_UNICODE)
        add(csdl, " Unicode=\"false\"");
    add(csdl, " />\n");
}

static void write_enum(const struct csdl *csdl, const struct edm_enum *enumeration)
{
    add(csdl, "      <EnumType Name=\"");
    add_slice(csdl, enumeration->name);
    add(csdl, "\">\n");
    for (size_t i = 0; i < enumeration->member_count; i++) {
        add(csdl, "        <Member Name=\"");
        add_slice(csdl, enumeration->members[i].name);
        add(csdl, "\" Value=\"");
        text_append_int(csdl->out, enumeration->members[i].value);
        add(csdl, "\" />\n");
    }
    add(csdl, "      </EnumType>\n");
}

static void write_property(const struct csdl *csdl, const struct edm_property *property)
{
    add(csdl, "        <Property Name=\"");
    add_slice(csdl, property->name);
    write_facets(csdl, property);
}

static void write_complex_type(const struct csdl *csdl, const struct edm_complex *complex)
{
    const struct edm_property *property = NULL;

    add(csdl, "      <ComplexType Name=\"");
    add_slice(csdl, complex->name);
    add(csdl, "\">\n");
    while ((property = csdl_property_among(complex->properties, complex->property_count, property)))
        write_property(csdl, property);
    add(csdl, "      </ComplexType>\n");
}

/* Every key is called "id" and is a string: Graph's rule for all its types. */
static void write_base_type(const struct csdl *csdl)
{
    add(csdl, "      <EntityType Name=\"entity\" Abstract=\"true\">\n"
              "        <Key>\n"
              "          <PropertyRef Name=\"id\" />\n"
              "        </Key>\n"
              "        <Property Name=\"id\" Type=\"Edm.String\" Nullable=\"false\" />\n"
              "      </EntityType>\n");
}

static void begin_entity_type(const struct csdl *csdl, struct slice name)
{
    add(csdl, "      <EntityType Name=\"");
    add_slice(csdl, name);
    add(csdl, "\" BaseType=\"");
    add_by_alias(csdl, SLICE("entity"));
    add(csdl, "\">\n");
}

static void write_singleton_type(const struct csdl *csdl)
{
    const struct edm_singleton_property *property = NULL;

    begin_entity_type(csdl, csdl->surface->model->singleton->name);
    while ((property = csdl_worked_out_after(csdl, property))) {
        add(csdl, "        <Property Name=\"");
        add_slice(csdl, property->name);
        add(csdl, "\" Type=\"Collection(");
        add_by_alias(csdl, property->ageing->item->name);
        add(csdl, ")\" />\n");
    }
    for (const struct edm_entity_type *type = csdl_type_after(csdl, NULL); type;
         type = csdl_type_after(csdl, type)) {
        add(csdl, "        <NavigationProperty Name=\"");
        add_slice(csdl, type->set_name);
        add(csdl, "\" Type=\"Collection(");
        add_by_alias(csdl, type->name);
        add(csdl, ")\" ContainsTarget=\"true\" />\n");
    }
    add(csdl, "      </EntityType>\n");
}

static void write_entity_type(const struct csdl *csdl, const struct edm_entity_type *type)
{
    begin_entity_type(csdl, type->name);
    for (const struct edm_property *property = csdl_property_after(type, NULL); property;
         property = csdl_property_after(type, property))
        write_property(csdl, property);
    add(csdl, "      </EntityType>\n");
}

static void write_action(const struct csdl *csdl, const struct edm_entity_type *type,
                         const struct edm_action *action)
{
    const char *element = edm_is_function(action) ? "Function" : "Action";

    text_printf(csdl->out, "      <%s Name=\"%.*s", element, SLICE_ARG(action->name));
    add(csdl, "\" IsBound=\"true\">\n        <Parameter Name=\"bindingParameter\" Type=\"");
    add(csdl, action->of_set ? "Collection(" : "");
    add_by_alias(csdl, type->name);
    add(csdl, action->of_set ? ")\" />\n" : "\" />\n");
    for (size_t i = 0; i < action->parameter_count; i++) {
        add(csdl, "        <Parameter Name=\"");
        add_slice(csdl, action->parameters[i].name);
        write_facets(csdl, &action->parameters[i]);
    }
    if (action->result || action->of_set == EDM_SET_BY_KEYS) {
        add(csdl, "        <ReturnType Type=\"Collection(");
        add_by_alias(csdl, action->result ? action->result->name : type->name);
        add(csdl, ")\" />\n");
    }
    if (action->of_set == EDM_SET_HAS_MADE)
        add(csdl, "        <ReturnType Type=\"Edm.Boolean\" Nullable=\"false\" />\n");
    text_printf(csdl->out, "      </%s>\n", element);
}

/* The actions, or the functions. */
static void write_actions(const struct csdl *csdl, const struct edm_entity_type *type,
                          bool functions)
{
    for (size_t i = 0; i < type->action_count; i++) {
        const struct edm_action *action = &type->actions[i];

        if ((action->versions & csdl->surface->version) && edm_is_function(action) == functions)
            write_action(csdl, type, action);
    }
}

/* What a set tells of its changes, bound to the set as a whole. */
static void write_delta(const struct csdl *csdl, const struct edm_entity_type *type)
{
    if (!odata_surface_has_delta(csdl->surface, type))
        return;
    add(csdl, "      <Function Name=\"delta\" IsBound=\"true\">\n"
              "        <Parameter Name=\"bindingParameter\" Type=\"Collection(");
    add_by_alias(csdl, type->name);
    add(csdl, ")\" />\n        <ReturnType Type=\"Collection(");
    add_by_alias(csdl, type->name);
    add(csdl, ")\" />\n      </Function>\n");
}

static void write_container(const struct csdl *csdl)
{
    struct slice name = csdl->surface->model->singleton->name;

    add(csdl, "      <EntityContainer Name=\"" CSDL_CONTAINER "\">\n        <Singleton Name=\"");
    add_slice(csdl, name);
    add(csdl, "\" Type=\"");
    add_slice(csdl, csdl->surface->model->namespace_name);
    add(csdl, ".");
    add_slice(csdl, name);
    add(csdl, "\" />\n      </EntityContainer>\n");
}

/* --- the document ------------------------------------------------------------------------------
 */

static void write_schema(struct csdl *csdl)
{
    const struct edm_entity_type *type = NULL;
    const struct edm_complex *complex = NULL;
    const struct edm_enum *enumeration = NULL;

    while ((enumeration = csdl_enum_after(csdl, enumeration)))
        write_enum(csdl, enumeration);
    while ((complex = csdl_complex_after(csdl, complex)))
        write_complex_type(csdl, complex);
    write_base_type(csdl);
    write_singleton_type(csdl);
    while ((type = csdl_type_after(csdl, type)))
        write_entity_type(csdl, type);
    while ((type = csdl_type_after(csdl, type)))
        write_actions(csdl, type, false);
    while ((type = csdl_type_after(csdl, type)))
        write_actions(csdl, type, true);
    while ((type = csdl_type_after(csdl, type)))
        write_delta(csdl, type);
    write_container(csdl);
    csdl_annotate_schema(csdl);
    csdl_annotate_all(csdl);
}

/* Where the terms of the annotations are defined. */
static void write_references(const struct csdl *csdl)
{
    for (size_t i = 0; i < csdl_vocabulary_count; i++) {
        add(csdl, "  <edmx:Reference Uri=\"");
        add(csdl, csdl_vocabularies[i].uri);
        add(csdl, ".xml\">\n    <edmx:Include Namespace=\"");
        add(csdl, csdl_vocabularies[i].name);
        add(csdl, "\" />\n  </edmx:Reference>\n");
    }
}

void csdl_write(const struct odata_surface *surface, struct text *out)
{
    struct csdl csdl = { .surface = surface, .out = out };

    add(&csdl, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
               "<edmx:Edmx Version=\"4.0\" "
               "xmlns:edmx=\"http://docs.oasis-open.org/odata/ns/edmx\">\n");
    write_references(&csdl);
    add(&csdl, "  <edmx:DataServices>\n"
               "    <Schema Namespace=\"");
    add_slice(&csdl, surface->model->namespace_name);
    add(&csdl, "\" Alias=\"");
    add_slice(&csdl, surface->model->alias);
    add(&csdl, "\" xmlns=\"http://docs.oasis-open.org/odata/ns/edm\">\n");
    write_schema(&csdl);
    add(&csdl, "    </Schema>\n  </edmx:DataServices>\n</edmx:Edmx>\n");
}
