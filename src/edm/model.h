/* edm/model.h - the vocabulary in which entity types are described, as constant tables.
 *
 * Spec: OData CSDL 4.01 (names, facets, enumerations, containment); what Graph adds is the version
 * surface and the permissions of each operation. The tables themselves are in model/, one file a
 * type; validation, JSON, SQL schema, permissions and addresses are derived from them, so nothing
 * outside model/ names a type.
 *
 * Must not know: any particular type, URL syntax, SQL.
 * Threads: a model is constant.
 */
#ifndef EDM_MODEL_H
#define EDM_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"

/* The surfaces of the API that something is part of; a bit each. */
enum edm_version { EDM_VERSION_V1 = 1u << 0, EDM_VERSION_BETA = 1u << 1 };
#define EDM_VERSIONS_ALL (EDM_VERSION_V1 | EDM_VERSION_BETA)

enum edm_kind {
    EDM_STRING,
    EDM_BOOLEAN,
    EDM_INT32,
    EDM_INT64,
    EDM_DATE_TIME_OFFSET,
    EDM_ENUM,
    EDM_COMPLEX, /* of an action's parameters only */
    EDM_KIND_COUNT
};

enum edm_property_flag {
    EDM_KEY = 1u << 0,        /* exactly one a type, of kind EDM_STRING, the first property */
    EDM_NULLABLE = 1u << 1,   /* null may be written and read */
    EDM_COLLECTION = 1u << 2, /* of EDM_STRING; never null, items never null */
    EDM_READ_ONLY = 1u << 3,  /* ignored in requests */
    /* Of parameters only: */
    EDM_REQUIRED = 1u << 4,    /* $metadata lets it be null, and it makes no sense: refused all the
                                * same    (ERROR_MODEL_VALIDATION). With EDM_NULLABLE */
    EDM_NOT_UNICODE = 1u << 5, /* $metadata says Unicode="false"; nothing follows from it */
};

struct edm_enum_member {
    struct slice name;
    int32_t value;
    const char *doc;
};

struct edm_enum {
    struct slice name; /* unqualified */
    const struct edm_enum_member *members;
    size_t member_count;
    const struct edm_enum_member *sentinel; /* evolvable: its "unknownFutureValue"; else NULL */
    const char *doc;
};

struct arena;
struct edm_entity;
struct edm_value;

struct edm_property {
    struct slice name;
    enum edm_kind kind;
    unsigned flags;                     /* of enum edm_property_flag */
    const struct edm_enum *enumeration; /* exactly where kind is EDM_ENUM */
    const struct edm_complex *complex;  /* exactly where kind is EDM_COMPLEX */
    /* In a view (edm_entity_type.view_of): the property that it shows; empty: of its own name. */
    struct slice viewed;
    /* People look for entities by it and order them by it, so that a store of many may keep an
     * index of it. A property of a type with rows of its own: a string, date or enumeration. */
    bool queried_often;
    /* What a create without this property stores. NULL: null where nullable; else "" for a string,
     * [] for a collection, false, 0, 0001-01-01T00:00:00Z, the member of value 0.
     * As in JSON: "\"x\"", "[\"0\"]", "true". */
    const char *default_json;
    const char *doc;
};

/* A type without a key, of what a parameter holds or an answer is made of. Its properties are no
 * collections and no complex ones again. */
struct edm_complex {
    struct slice name; /* unqualified */
    const struct edm_property *properties;
    size_t property_count;
    const char *doc;
};

/* Some values of a complex type: `count` rows of type->property_count values each. */
struct edm_rows {
    const struct edm_complex *type;
    struct edm_value *values;
    size_t count;
};

enum edm_operation { EDM_LIST, EDM_GET, EDM_CREATE, EDM_UPDATE, EDM_DELETE, EDM_OPERATION_COUNT };

/* Any one of the names suffices; least privileged first, as the reference lists them. */
struct edm_permission_list {
    const struct slice *names;
    size_t count;
};

/* What an action does to the entity it is bound to. */
struct edm_effect {
    struct slice property;
    enum edm_effect_kind { EDM_EFFECT_SET_NOW } kind; /* a DateTimeOffset becomes the clock's now */
};

/* What an action that answers is asked. */
struct edm_question {
    const struct edm_action *action;
    const struct edm_entity *entity;    /* that it is bound to, whole */
    const struct edm_value *parameters; /* one for each */
    int64_t now_ticks;
};

/* Answers from what it is given and from nothing else; rows and texts lie in the arena. Errors:
 * those of a request that is at fault, ERROR_TOO_LARGE past the arena's budget. */
typedef bool edm_answer(const struct edm_question *question, struct arena *arena,
                        struct edm_rows *ret, struct error *err);

/* What is asked of a set as a whole, and answered without a change. */
enum edm_of_set {
    EDM_OF_ENTITY,    /* nothing: the action is bound to one entity */
    EDM_SET_BY_KEYS,  /* those of its entities whose keys are the items of the one parameter */
    EDM_SET_HAS_MADE, /* a function, read by GET: whether any of them is not built in */
};

struct edm_action {
    struct slice name;
    unsigned versions;
    enum edm_of_set of_set; /* with no result, answer or effects: it says what is answered */
    /* EDM_NULLABLE as for properties; not nullable: required. A collection may be nullable here:
     * then it may be left out. */
    const struct edm_property *parameters;
    size_t parameter_count;
    /* An action either has effects and answers nothing, or answers and changes nothing: then both
     * of these are there, and it is answered with a collection of `result`. */
    const struct edm_complex *result;
    edm_answer *answer;
    const struct edm_effect *effects;
    size_t effect_count;
    struct edm_permission_list permissions;
    const char *doc;
};

#define EDM_PROPERTIES_MAX    63 /* a set of properties is a uint64_t, EDM_CREATED its last bit */
#define EDM_HEALTH_STAGES_MAX 4

/* How silence shows in an entity, once a policy is on (edm/health.h). */
struct edm_health {
    struct slice contact; /* DateTimeOffset: when it was last heard of */
    struct slice state;   /* enumeration, not a collection */
    struct slice healthy; /* member while it is not silent */
    const struct edm_health_stage {
        struct slice member;
        int64_t after_s; /* default; each longer than the one before */
    } * stages;
    size_t stage_count;
    int64_t remove_after_s; /* default; 0: never */
    bool documented;        /* the durations are published; else we chose them */
    const char *source;
};

/* What the live service's own messages say is behind a set. Text in them, an address that nothing
 * is ever sent to. */
struct edm_back_end {
    struct slice address;     /* "https://host/service", no slash at its end */
    struct slice api_version; /* the back end's own, "2023-10-14" */
};

/* Properties in the order in which the reference pages show them; the key first. */
struct edm_entity_type {
    struct slice name;     /* unqualified, e.g. "ndesConnector" */
    struct slice set_name; /* the containing navigation property of its singleton */
    unsigned versions;     /* surfaces on which the set exists */
    /* A view: its entities are those of another type of the singleton, seen through other
     * properties (edm_property.viewed), each of which is one of that type's. It has no rows, no
     * health and no defaults of its own, and is in no seed and no export. NULL: no view. */
    const struct edm_entity_type *view_of;
    const struct edm_property *properties;
    size_t property_count;
    /* Entities that every tenant has, that nobody made, and that can be neither changed nor
     * deleted: property_count values each, the key first. Not of a view. */
    const struct edm_value *built_in;
    size_t built_in_count;
    const struct edm_action *actions;
    size_t action_count;
    struct edm_permission_list permissions[EDM_OPERATION_COUNT];
    unsigned beyond_graph; /* bits 1u << enum edm_operation: what the reference offers and the live
                            * service refuses */
    const struct edm_health *health;     /* NULL: silence means nothing to it */
    const struct edm_back_end *back_end; /* NULL: its singleton's */
    const char *doc;
    const char *set_doc;
};

/* A collection that is worked out when it is read: for each entity of some types a date of it, and
 * what the age of that date says. A date of 0001-01-01T00:00:00Z, or none, has no age. */
struct edm_ageing {
    const struct edm_complex *item;
    struct slice source_name, key, state, date; /* the item's properties, in any order */
    const struct edm_ageing_source {
        const struct edm_entity_type *type;
        struct slice date;
        struct slice member; /* of the enumeration of `source_name` */
    } * sources;
    size_t source_count;
    const struct edm_ageing_stage { /* of the enumeration of `state`; the first one after 0 */
        struct slice member;
        int64_t after_s; /* at least that old; each longer than the one before */
    } * stages;
    size_t stage_count;
    struct slice ageless;
    const char *source; /* where the durations come from */
};

/* A singleton that contains entity sets; its own properties are read-only facts. */
struct edm_singleton_property {
    struct slice name;
    enum edm_singleton_value {
        EDM_SINGLETON_NAME,
        EDM_SINGLETON_NULL,
        EDM_SINGLETON_TENANT,
        EDM_SINGLETON_AGEING, /* shown where it is asked for by name only, and declared */
    } value;
    unsigned versions;               /* 0: those of the singleton */
    const struct edm_ageing *ageing; /* exactly where value is EDM_SINGLETON_AGEING */
    const char *doc;                 /* the same */
};

struct edm_singleton {
    struct slice name; /* also its type's name and first path segment */
    unsigned versions;
    const struct edm_singleton_property *properties;
    size_t property_count;
    struct edm_permission_list read_permissions;
    struct edm_back_end back_end;
    const struct edm_entity_type *const *types; /* of the sets that it contains */
    size_t type_count;
    const char *doc;
};

struct edm_model {
    struct slice namespace_name;  /* "microsoft.graph" */
    struct slice alias;           /* "graph" */
    struct slice error_namespace; /* the back end's, which shows in validation messages */
    const struct edm_singleton *singleton;
};

/* Checks the tables against the rules above (one key, unique names, enumeration exactly where the
 * kind says so, defaults that parse, effects on dates, a permission for each operation, a doc for
 * each row, a health whose stages ascend, back ends that no text has to escape). Names are a letter
 * and letters or digits, 63 bytes at most: what is derived from them (columns, addresses, messages)
 * quotes and measures nothing again. Error: ERROR_INTERNAL naming the type and property. Run over
 * every model in the tests. */
bool edm_check(const struct edm_model *model, struct error *err) MUST_CHECK;

/* Look-ups; NULL or -1 when there is none. Names of sets and actions match without regard to the
 * case of ASCII letters, names of properties and members exactly. */
const struct edm_entity_type *edm_find_set(const struct edm_model *model, struct slice set_name,
                                           unsigned version);
const struct edm_entity_type *edm_find_type(const struct edm_model *model, struct slice name);
const struct edm_action *edm_find_action(const struct edm_entity_type *type, struct slice name,
                                         unsigned version);
int edm_find_property(const struct edm_entity_type *type, struct slice name);
int edm_find_property_nocase(const struct edm_entity_type *type, struct slice name);
const struct edm_enum_member *edm_find_member(const struct edm_enum *enumeration,
                                              struct slice name);
const struct edm_enum_member *edm_find_member_by_value(const struct edm_enum *enumeration,
                                                       int64_t value);

/* "v1.0", "beta"; empty for none. And back, without regard to case; 0 when unknown. */
struct slice edm_version_text(unsigned version);
unsigned edm_version_parse(struct slice text);

/* Functions are read by GET and have no body; the others are actions. */
static inline bool edm_is_function(const struct edm_action *action)
{
    return action->of_set == EDM_SET_HAS_MADE;
}

/* Whether it is answered and changes nothing. */
static inline bool edm_only_answers(const struct edm_action *action)
{
    return action->answer || action->of_set;
}

/* "list", "get", "create", "update", "delete". */
struct slice edm_operation_text(enum edm_operation operation);

int edm_find_complex_property(const struct edm_complex *complex, struct slice name);
/* The n-th complex type of an action: those of its parameters, then its result. NULL past the last.
 */
const struct edm_complex *edm_complex_used(const struct edm_action *action, size_t n);
/* True for the key of one of the type's built-in entities. */
bool edm_is_built_in(const struct edm_entity_type *type, struct slice key);

/* Index of the singleton's property called so without regard to case, in that version; -1. */
int edm_find_singleton_property(const struct edm_singleton *singleton, struct slice name,
                                unsigned version);

static inline bool edm_singleton_property_is_in(const struct edm_singleton_property *property,
                                                unsigned version)
{
    return property->versions == 0 || (property->versions & version);
}

/* Whose rows the type's entities are: its own, or those of the type that it is a view of. */
static inline const struct edm_entity_type *edm_stored_type(const struct edm_entity_type *type)
{
    return type->view_of ? type->view_of : type;
}

/* What a property is called there. */
static inline struct slice edm_stored_name(const struct edm_property *property)
{
    return property->viewed.len ? property->viewed : property->name;
}

/* Bit set of all properties of the type. */
static inline uint64_t edm_all_properties(const struct edm_entity_type *type)
{
    return type->property_count == 64 ? UINT64_MAX : (UINT64_C(1) << type->property_count) - 1;
}

#endif
