/* odata/payload.h - entities and errors' data in OData's JSON, in both directions.
 *
 * Spec: OData JSON Format 4.01, and what Graph does where that leaves a choice. Properties are
 * written in the model's order, which is the reference pages'.
 */
#ifndef ODATA_PAYLOAD_H
#define ODATA_PAYLOAD_H

#include <stdbool.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"
#include "base/uuid.h"
#include "edm/apply.h"
#include "edm/entity.h"
#include "edm/query.h"
#include "odata/format.h"
#include "odata/profile.h"

struct arena;
struct json_writer;
struct text;

/* --- reading ------------------------------------------------------------------------------- */

/* The body of a create or update: an object of declared properties and annotations.
 * `key` is the entity's key for an update (an "id" in the body that differs is refused), empty for
 * a create (an "id" is ignored). "@odata.type" must name exactly this type, with or without '#';
 * other annotations are ignored. Read-only properties are ignored.
 * Errors: ERROR_EMPTY_PAYLOAD; ERROR_BAD_REQUEST (not JSON, not an object);
 * ERROR_MODEL_VALIDATION with the property as target. */
bool odata_read_entity(const struct edm_model *model, const struct edm_entity_type *type,
                       struct slice body, struct slice key, unsigned depth_limit,
                       struct arena *arena, struct edm_entity **ret, struct error *err) MUST_CHECK;

/* The body of a write to one property, {"value":...}: into an entity in which that is present.
 * Annotations are ignored. Errors as above; without "value" ERROR_BAD_REQUEST. */
bool odata_read_property(const struct edm_model *model, const struct edm_entity_type *type,
                         const struct edm_property *property, struct slice body,
                         unsigned depth_limit, struct arena *arena, struct edm_entity **ret,
                         struct error *err) MUST_CHECK;
/* The same of bare text, as odata_write_value() writes it; of a collection no text is right. */
bool odata_read_value(const struct edm_model *model, const struct edm_entity_type *type,
                      const struct edm_property *property, struct slice text, struct arena *arena,
                      struct edm_entity **ret, struct error *err) MUST_CHECK;
/* And of no value: null, if the property may be. */
bool odata_read_null(const struct edm_model *model, const struct edm_entity_type *type,
                     const struct edm_property *property, struct arena *arena,
                     struct edm_entity **ret, struct error *err) MUST_CHECK;

/* The parameters of an action, one value each in the order of action->parameters. Same errors; a
 * parameter that is required and missing or null is ERROR_BAD_REQUEST with its name as target. */
bool odata_read_parameters(const struct edm_model *model, const struct edm_action *action,
                           struct slice body, unsigned depth_limit, struct arena *arena,
                           struct edm_value **ret, struct error *err) MUST_CHECK;

/* --- writing ------------------------------------------------------------------------------- */

/* The items of a property that the singleton works out: called where they belong, in an open array.
 * Who writes them knows whether that went well. */
struct odata_items {
    void (*write)(void *context, const struct edm_singleton_property *property,
                  struct json_writer *writer);
    void *context;
};

/* What $compute made of the entities of a reply: of the i-th it is values[i * count] and on. */
struct odata_worked_out {
    const struct edm_computed *properties;
    size_t count;
    const struct edm_order_value *values; /* texts as they are */
};

/* What a reply is written for. At ODATA_NONE there is no control information but the count and the
 * nextLink; at ODATA_FULL there are the addresses and types of entities, the types of properties
 * that JSON does not tell, and the actions of an entity that is shown whole. */
struct odata_reply {
    const struct edm_model *model;
    const struct profile *profile;
    struct slice origin; /* "https://localhost:8443", no slash at its end */
    unsigned version;
    uint64_t select; /* properties to show */
    bool select_given;
    bool asked_for_all; /* by a GET without $select, which is where a profile may give a tip */
    enum odata_level level;
    uint64_t counted; /* collections whose numbers of items are written beside them */
    const struct odata_items *items; /* NULL: nothing is worked out */
    const struct odata_worked_out
        *computed;        /* NULL: there was no $compute, or none of it is shown */
    bool unknown_members; /* members behind a sentinel by their names, else the sentinel's */
    bool etags;           /* @odata.etag, but at ODATA_NONE */
    bool plain_names;     /* OData 4.01's: "@count" for "@odata.count" */
    bool ieee754;         /* numbers of 64 bits as strings, the count among them */
    const struct edm_health_view *health; /* what the states come from; NULL: what was written */
};

void odata_write_entity(const struct odata_reply *reply, const struct edm_entity *entity,
                        struct text *out);

/* `next_link` is the whole absolute URL, empty on the last page. */
void odata_write_page(const struct odata_reply *reply, const struct edm_entity_type *type,
                      const struct edm_page *page, struct slice next_link, struct text *out);

/* A page of a delta. `next_link` or `delta_link` is an absolute URL, the other empty. */
struct odata_delta_item {
    const struct edm_entity *entity; /* NULL: it was removed */
    struct slice id;
    bool deleted; /* of one removed: it is there no more; else it is no longer what was asked for */
    uint64_t shown; /* of an entity: these of the properties that the reply shows, and the key */
};
struct odata_delta_page {
    const struct odata_delta_item *items;
    size_t count;
    struct slice next_link, delta_link;
    bool lists; /* what there is, as an answer to who asked for the set itself */
};
void odata_write_delta(const struct odata_reply *reply, const struct edm_entity_type *type,
                       const struct odata_delta_page *page, struct text *out);

/* Groups of the type's entities. */
void odata_write_groups(const struct odata_reply *reply, const struct edm_entity_type *type,
                        const struct edm_groups *groups, struct text *out);

/* One property of `entity`, which is there and not null. */
void odata_write_property(const struct odata_reply *reply, const struct edm_entity *entity,
                          const struct edm_property *property, struct text *out);

/* The same as bare text, without quotes or escapes; not of a collection. */
void odata_write_value(const struct odata_reply *reply, const struct edm_entity *entity,
                       const struct edm_property *property, struct text *out);

/* The singleton itself; `reply->select` is a bit set into its own table of properties. */
void odata_write_singleton(const struct odata_reply *reply, struct uuid tenant, struct text *out);

/* One property of it, which is neither null nor worked out. */
void odata_write_singleton_value(const struct odata_reply *reply,
                                 const struct edm_singleton_property *property, struct uuid tenant,
                                 struct text *out);

/* One property of it, which is worked out. */
void odata_write_singleton_property(const struct odata_reply *reply,
                                    const struct edm_singleton_property *property,
                                    struct text *out);

/* What an action answers: a collection of a complex type. */
void odata_write_answer(const struct odata_reply *reply, const struct edm_rows *rows,
                        struct text *out);
/* The same values as items of an array that is open. */
void odata_write_rows(const struct odata_reply *reply, const struct edm_rows *rows,
                      struct json_writer *writer);
/* What a function answers: yes or no. */
void odata_write_boolean(const struct odata_reply *reply, bool value, struct text *out);

/* What a version has to begin with: the singleton. */
void odata_write_service(const struct odata_reply *reply, struct text *out);

/* "{origin}/{version}/{singleton}/{set}('{key}')", the key percent-encoded and its quotes doubled:
 * Location. */
void odata_write_entity_url(const struct odata_reply *reply, const struct edm_entity_type *type,
                            struct slice key, struct text *out);

/* "{origin}/{version}/{singleton}/{set}", behind which a nextLink puts '?' and its query. */
void odata_write_set_url(const struct odata_reply *reply, const struct edm_entity_type *type,
                         struct text *out);

#endif
