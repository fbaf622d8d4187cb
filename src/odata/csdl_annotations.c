/* odata/csdl_annotations.c - what each part of the schema means, and what may be asked of it.
 *
 * Spec: the OASIS vocabularies Org.OData.Core.V1, Org.OData.Capabilities.V1, of types that can
 * be grouped Org.OData.Aggregation.V1, and Org.OData.Repeatability.V1. A client that reads
 * them need not find out by a refusal what is offered; so each claim is one that odata/surface.h
 * answers for, and tests/test_capabilities.py asks for each whether it is kept. What no client asks
 * for, and what is as the vocabulary says it is when nothing is said, is left out.
 *
 * No conformance level is claimed: OData wants 501 for an option that is not offered, and Graph
 * answers 400.
 *
 * Sets are contained, so there is no entity set to be annotated: the claims are on the navigation
 * property, as in Graph's own document.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "odata/csdl_writing.h"

#include "base/compiler.h"
#include "base/text.h"
#include "odata/apply.h"

#define CORE         "Org.OData.Core.V1"
#define CAPABILITIES "Org.OData.Capabilities.V1"
#define AGGREGATION  "Org.OData.Aggregation.V1"
#define REPEATABLE   "Org.OData.Repeatability.V1"

/* What the OpenAPI document calls its scheme. */
#define SCHEME SLICE("oauth2")

const struct csdl_vocabulary csdl_vocabularies[] = {
    { CORE, "https://oasis-tcs.github.io/odata-vocabularies/vocabularies/" CORE },
    { CAPABILITIES, "https://oasis-tcs.github.io/odata-vocabularies/vocabularies/" CAPABILITIES },
    { AGGREGATION, "https://oasis-tcs.github.io/odata-vocabularies/vocabularies/" AGGREGATION },
    { REPEATABLE, "https://oasis-tcs.github.io/odata-vocabularies/vocabularies/" REPEATABLE },
};
const size_t csdl_vocabulary_count = COUNT_OF(csdl_vocabularies);

static void describe(struct csdl *csdl, const char *doc)
{
    csdl_put_string(csdl, CSDL_TERM, CORE ".Description", slice_of(doc));
}

/* --- operations --------------------------------------------------------------------------------
 */

/* Each name suffices, so each is a permission of its own. */
static void put_permissions(struct csdl *csdl, const struct edm_permission_list *permissions)
{
    csdl_begin_list(csdl, CSDL_PROPERTY, "Permissions");
    for (size_t i = 0; i < permissions->count; i++) {
        csdl_begin_record(csdl, CSDL_ITEM, NULL);
        csdl_put_string(csdl, CSDL_PROPERTY, "SchemeName", SCHEME);
        csdl_begin_list(csdl, CSDL_PROPERTY, "Scopes");
        csdl_begin_record(csdl, CSDL_ITEM, NULL);
        csdl_put_string(csdl, CSDL_PROPERTY, "Scope", permissions->names[i]);
        csdl_end_record(csdl, CSDL_ITEM);
        csdl_end_list(csdl, CSDL_PROPERTY);
        csdl_end_record(csdl, CSDL_ITEM);
    }
    csdl_end_list(csdl, CSDL_PROPERTY);
}

/* `able` ("Insertable") and, where it is, who may. */
static void put_operation(struct csdl *csdl, const struct edm_entity_type *type,
                          enum edm_operation operation, const char *able)
{
    bool offered = odata_surface_has_operation(csdl->surface, type, operation);

    csdl_put_bool(csdl, CSDL_PROPERTY, able, offered);
    if (offered)
        put_permissions(csdl, &type->permissions[operation]);
}

static void annotate_operations(struct csdl *csdl, const struct edm_entity_type *type)
{
    static const struct {
        const char *term, *able;
        enum edm_operation operation;
    } writes[] = {
        { CAPABILITIES ".InsertRestrictions", "Insertable", EDM_CREATE },
        { CAPABILITIES ".UpdateRestrictions", "Updatable", EDM_UPDATE },
        { CAPABILITIES ".DeleteRestrictions", "Deletable", EDM_DELETE },
    };

    csdl_begin_record(csdl, CSDL_TERM, CAPABILITIES ".ReadRestrictions");
    put_operation(csdl, type, EDM_LIST, "Readable");
    csdl_begin_record(csdl, CSDL_PROPERTY, "ReadByKeyRestrictions");
    put_operation(csdl, type, EDM_GET, "Readable");
    csdl_end_record(csdl, CSDL_PROPERTY);
    csdl_end_record(csdl, CSDL_TERM);
    for (size_t i = 0; i < COUNT_OF(writes); i++) {
        csdl_begin_record(csdl, CSDL_TERM, writes[i].term);
        put_operation(csdl, type, writes[i].operation, writes[i].able);
        if (writes[i].operation != EDM_CREATE) { /* of /$each, to which nobody can write */
            csdl_put_bool(csdl, CSDL_PROPERTY, "FilterSegmentSupported", false);
            csdl_put_bool(csdl, CSDL_PROPERTY, "TypecastSegmentSupported", false);
        }
        csdl_end_record(csdl, CSDL_TERM);
    }
}

/* --- options -----------------------------------------------------------------------------------
 */

/* Collections have no order. */
static void put_not_sortable(struct csdl *csdl, const struct edm_entity_type *type)
{
    csdl_begin_list(csdl, CSDL_PROPERTY, "NonSortableProperties");
    for (const struct edm_property *property = csdl_property_after(type, NULL); property;
         property = csdl_property_after(type, property)) {
        if (property->flags & EDM_COLLECTION)
            csdl_put_path(csdl, property->name);
    }
    csdl_end_list(csdl, CSDL_PROPERTY);
}

/* Options inside $select, for whoever has a collection that they could be about. */
static void put_selected_items(struct csdl *csdl, const struct edm_entity_type *type)
{
    static const char *const offered[] = { "Filterable", "Sortable", "TopSupported",
                                           "SkipSupported", "Countable" };
    static const char *const not_offered[] = { "Expandable", "Searchable", "ComputeSupported" };
    bool has_items = false;

    for (size_t i = 0; i < type->property_count; i++)
        has_items = has_items || (type->properties[i].flags & EDM_COLLECTION);
    has_items = has_items && odata_surface_goes_beyond(csdl->surface, BEYOND_SELECT_OPTIONS);
    for (size_t i = 0; i < COUNT_OF(offered); i++)
        csdl_put_bool(csdl, CSDL_PROPERTY, offered[i], has_items);
    for (size_t i = 0; i < COUNT_OF(not_offered); i++)
        csdl_put_bool(csdl, CSDL_PROPERTY, not_offered[i], false);
}

static void annotate_options(struct csdl *csdl, const struct edm_entity_type *type)
{
    static const struct {
        const char *term, *able; /* NULL: the term is the claim */
        const char *option;
    } options[] = {
        { CAPABILITIES ".FilterRestrictions", "Filterable", "$filter" },
        { CAPABILITIES ".SortRestrictions", "Sortable", "$orderby" },
        { CAPABILITIES ".SearchRestrictions", "Searchable", "$search" },
        { CAPABILITIES ".CountRestrictions", "Countable", "$count" },
        { CAPABILITIES ".ExpandRestrictions", "Expandable", "$expand" },
        { CAPABILITIES ".SelectSupport", "Supported", "$select" },
        { CAPABILITIES ".TopSupported", NULL, "$top" },
        { CAPABILITIES ".SkipSupported", NULL, "$skip" },
        { CAPABILITIES ".ComputeSupported", NULL, "$compute" },
    };

    for (size_t i = 0; i < COUNT_OF(options); i++) {
        bool offered = odata_surface_has_option(csdl->surface, ODATA_SET, type, options[i].option);

        if (!options[i].able) {
            csdl_put_bool(csdl, CSDL_TERM, options[i].term, offered);
            continue;
        }
        csdl_begin_record(csdl, CSDL_TERM, options[i].term);
        csdl_put_bool(csdl, CSDL_PROPERTY, options[i].able, offered);
        if (offered && slice_eq(slice_of(options[i].option), SLICE("$orderby")))
            put_not_sortable(csdl, type);
        if (offered && slice_eq(slice_of(options[i].option), SLICE("$select")))
            put_selected_items(csdl, type);
        csdl_end_record(csdl, CSDL_TERM);
    }
    csdl_put_bool(csdl, CSDL_TERM, CAPABILITIES ".IndexableByKey", true);
    csdl_begin_record(csdl, CSDL_TERM, CAPABILITIES ".ChangeTracking");
    csdl_put_bool(csdl, CSDL_PROPERTY, "Supported", odata_surface_has_delta(csdl->surface, type));
    csdl_end_record(csdl, CSDL_TERM);
}

/* --- the whole ---------------------------------------------------------------------------------
 */

static void annotate_set(struct csdl *csdl, const struct edm_entity_type *type)
{
    csdl_begin_target(csdl, csdl->surface->model->singleton->name, type->set_name);
    describe(csdl, type->set_doc);
    annotate_operations(csdl, type);
    annotate_options(csdl, type);
    csdl_end_target(csdl);
}

static void annotate_property(struct csdl *csdl, struct slice owner,
                              const struct edm_property *property)
{
    csdl_begin_target(csdl, owner, property->name);
    describe(csdl, property->doc);
    if (property->flags & EDM_READ_ONLY) {
        csdl_put_bool(csdl, CSDL_TERM, CORE ".Computed", true);
        csdl_put_member(csdl, CSDL_TERM, CORE ".Permissions", CORE ".Permission", "Read");
    }
    csdl_end_target(csdl);
}

/* The vocabulary has no claim for what does not take $apply. */
static void annotate_apply(struct csdl *csdl, const struct edm_entity_type *type)
{
    struct slice transformation;

    if (!odata_surface_has_option(csdl->surface, ODATA_SET, type, "$apply"))
        return;
    csdl_begin_record(csdl, CSDL_TERM, AGGREGATION ".ApplySupported");
    csdl_begin_list(csdl, CSDL_PROPERTY, "Transformations");
    for (size_t i = 0; (transformation = odata_apply_transformation(i)).len > 0; i++)
        csdl_put_string(csdl, CSDL_ITEM, NULL, transformation);
    csdl_end_list(csdl, CSDL_PROPERTY);
    csdl_put_member(csdl, CSDL_PROPERTY, "Rollup", AGGREGATION ".RollupType", "None");
    csdl_end_record(csdl, CSDL_TERM);
}

static void annotate_type(struct csdl *csdl, const struct edm_entity_type *type)
{
    csdl_begin_target(csdl, type->name, SLICE_EMPTY);
    describe(csdl, type->doc);
    annotate_apply(csdl, type);
    csdl_end_target(csdl);
    for (const struct edm_property *property = csdl_property_after(type, NULL); property;
         property = csdl_property_after(type, property))
        annotate_property(csdl, type->name, property);
}

static void annotate_complex(struct csdl *csdl, const struct edm_complex *complex)
{
    const struct edm_property *property = NULL;

    csdl_begin_target(csdl, complex->name, SLICE_EMPTY);
    describe(csdl, complex->doc);
    csdl_end_target(csdl);
    while ((property = csdl_property_among(complex->properties, complex->property_count, property)))
        annotate_property(csdl, complex->name, property);
}

static void annotate_enum(struct csdl *csdl, const struct edm_enum *enumeration)
{
    csdl_begin_target(csdl, enumeration->name, SLICE_EMPTY);
    describe(csdl, enumeration->doc);
    csdl_end_target(csdl);
    for (size_t i = 0; i < enumeration->member_count; i++) {
        csdl_begin_target(csdl, enumeration->name, enumeration->members[i].name);
        describe(csdl, enumeration->members[i].doc);
        csdl_end_target(csdl);
    }
}

/* An action is told from others of its name by the type that it is bound to. */
static void annotate_action(struct csdl *csdl, const struct edm_entity_type *type,
                            const struct edm_action *action)
{
    char memory[320];
    struct text name;

    text_init_fixed(&name, memory, sizeof memory);
    text_printf(&name, action->of_set ? "%.*s(Collection(%.*s.%.*s))" : "%.*s(%.*s.%.*s)",
                SLICE_ARG(action->name), SLICE_ARG(csdl->surface->model->namespace_name),
                SLICE_ARG(type->name));
    csdl_begin_target(csdl, text_slice(&name), SLICE_EMPTY);
    describe(csdl, action->doc);
    csdl_begin_record(csdl, CSDL_TERM, CAPABILITIES ".OperationRestrictions");
    put_permissions(csdl, &action->permissions);
    csdl_end_record(csdl, CSDL_TERM);
    if (edm_only_answers(action) && !edm_is_function(action) &&
        odata_surface_goes_beyond(csdl->surface, BEYOND_REPEATABILITY))
        csdl_put_bool(csdl, CSDL_TERM, REPEATABLE ".Supported", false);
    csdl_end_target(csdl);
}

/* Multipart batches have change sets and references; JSON ones have them by rows of their own,
 * which are refused or not together with those. */
static void annotate_batch(struct csdl *csdl)
{
    bool multipart = odata_surface_goes_beyond(csdl->surface, BEYOND_BATCH_MULTIPART);
    const struct {
        const char *able;
        bool value;
    } facts[] = {
        { "Supported", odata_surface_has_path(csdl->surface, "/$batch") },
        { "ContinueOnErrorSupported", multipart },
        { "ReferencesInRequestBodiesSupported", false },
        { "ReferencesAcrossChangeSetsSupported", multipart },
        { "EtagReferencesSupported", false },
        { "RequestDependencyConditionsSupported", false },
    };

    csdl_begin_record(csdl, CSDL_TERM, CAPABILITIES ".BatchSupport");
    for (size_t i = 0; i < COUNT_OF(facts); i++)
        csdl_put_bool(csdl, CSDL_PROPERTY, facts[i].able, facts[i].value);
    csdl_begin_list(csdl, CSDL_PROPERTY, "SupportedFormats");
    csdl_put_string(csdl, CSDL_ITEM, NULL, SLICE("application/json"));
    if (multipart)
        csdl_put_string(csdl, CSDL_ITEM, NULL, SLICE("multipart/mixed"));
    csdl_end_list(csdl, CSDL_PROPERTY);
    csdl_end_record(csdl, CSDL_TERM);
}

static void annotate_container(struct csdl *csdl)
{
    static const struct {
        const char *term;
        bool value;
    } facts[] = {
        { CORE ".ConventionalIDs", true },
        { CORE ".DereferenceableIDs", true },
        { CAPABILITIES ".KeyAsSegmentSupported", true },
        { CAPABILITIES ".AsynchronousRequestsSupported", false },
        { CAPABILITIES ".CrossJoinSupported", false },
    };
    static const struct slice formats[] = {
        SLICE_INIT("application/json;odata.metadata=minimal"),
        SLICE_INIT("application/json;odata.metadata=full"),
        SLICE_INIT("application/json;odata.metadata=none"),
    };
    struct slice word;

    csdl_begin_target(csdl, SLICE(CSDL_CONTAINER), SLICE_EMPTY);
    csdl_put_string(csdl, CSDL_TERM, CORE ".ODataVersions", SLICE("4.0"));
    for (size_t i = 0; i < COUNT_OF(facts); i++)
        csdl_put_bool(csdl, CSDL_TERM, facts[i].term, facts[i].value);
    csdl_put_bool(csdl, CSDL_TERM, CAPABILITIES ".QuerySegmentSupported",
                  odata_surface_goes_beyond(csdl->surface, BEYOND_QUERY_IN_BODY));
    csdl_put_bool(csdl, CSDL_TERM, CAPABILITIES ".BatchSupported",
                  odata_surface_has_path(csdl->surface, "/$batch"));
    annotate_batch(csdl);
    if (odata_surface_goes_beyond(csdl->surface, BEYOND_REPEATABILITY))
        csdl_put_bool(csdl, CSDL_TERM, REPEATABLE ".Supported", true);
    csdl_begin_list(csdl, CSDL_TERM, CAPABILITIES ".SupportedFormats");
    for (size_t i = 0; i < COUNT_OF(formats); i++)
        csdl_put_string(csdl, CSDL_ITEM, NULL, formats[i]);
    csdl_end_list(csdl, CSDL_TERM);
    csdl_begin_list(csdl, CSDL_TERM, CAPABILITIES ".FilterFunctions");
    for (size_t i = 0; word = odata_surface_filter_word(i), word.len > 0; i++)
        if (odata_surface_has_filter_word(csdl->surface, word))
            csdl_put_string(csdl, CSDL_ITEM, NULL, word);
    csdl_end_list(csdl, CSDL_TERM);
    csdl_end_target(csdl);
}

static void annotate_singleton(struct csdl *csdl)
{
    const struct edm_singleton *singleton = csdl->surface->model->singleton;

    csdl_begin_target(csdl, SLICE(CSDL_CONTAINER), singleton->name);
    describe(csdl, singleton->doc);
    csdl_begin_record(csdl, CSDL_TERM, CAPABILITIES ".ReadRestrictions");
    csdl_put_bool(csdl, CSDL_PROPERTY, "Readable", true);
    put_permissions(csdl, &singleton->read_permissions);
    csdl_end_record(csdl, CSDL_TERM);
    csdl_begin_record(csdl, CSDL_TERM, CAPABILITIES ".UpdateRestrictions");
    csdl_put_bool(csdl, CSDL_PROPERTY, "Updatable", false);
    csdl_end_record(csdl, CSDL_TERM);
    csdl_end_target(csdl);
}

/* What is worked out is nobody's to write. */
static void annotate_worked_out(struct csdl *csdl, const struct edm_singleton_property *property)
{
    csdl_begin_target(csdl, csdl->surface->model->singleton->name, property->name);
    describe(csdl, property->doc);
    csdl_put_bool(csdl, CSDL_TERM, CORE ".Computed", true);
    csdl_put_member(csdl, CSDL_TERM, CORE ".Permissions", CORE ".Permission", "Read");
    csdl_end_target(csdl);
}

void csdl_annotate_schema(struct csdl *csdl)
{
    csdl_put_bool(csdl, CSDL_TERM, CORE ".DefaultNamespace", true);
}

void csdl_annotate_all(struct csdl *csdl)
{
    const struct edm_entity_type *type = NULL;
    const struct edm_enum *enumeration = NULL;
    const struct edm_complex *complex = NULL;
    const struct edm_singleton_property *property = NULL;

    annotate_container(csdl);
    annotate_singleton(csdl);
    csdl_begin_target(csdl, SLICE("entity"), SLICE("id"));
    csdl_put_bool(csdl, CSDL_TERM, CORE ".Computed", true);
    csdl_end_target(csdl);
    while ((property = csdl_worked_out_after(csdl, property)))
        annotate_worked_out(csdl, property);
    while ((type = csdl_type_after(csdl, type)))
        annotate_set(csdl, type);
    while ((type = csdl_type_after(csdl, type)))
        annotate_type(csdl, type);
    while ((complex = csdl_complex_after(csdl, complex)))
        annotate_complex(csdl, complex);
    while ((enumeration = csdl_enum_after(csdl, enumeration)))
        annotate_enum(csdl, enumeration);
    while ((type = csdl_type_after(csdl, type))) {
        for (size_t i = 0; i < type->action_count; i++)
            if (type->actions[i].versions & csdl->surface->version)
                annotate_action(csdl, type, &type->actions[i]);
    }
}
