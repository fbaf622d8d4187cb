/* odata/csdl_writing.h - what the writers of CSDL share: the walks over the model in the document's
 * order, and annotations, which have one content and two spellings. Private to odata/csdl*.c;
 * odata/openapi*.c walk with them, too.
 *
 * An annotation is a value, and values nest: a record has properties, a list has items. The slot
 * says what a value is in, since XML writes it differently in each.
 */
#ifndef ODATA_CSDL_WRITING_H
#define ODATA_CSDL_WRITING_H

#include "odata/surface.h"

struct json_writer;
struct text;

/* The state of one csdl_write() or csdl_write_json(). */
struct csdl {
    const struct odata_surface *surface;
    struct text *out;         /* XML */
    struct json_writer *json; /* NULL: it is XML that is written */
    unsigned depth;           /* of annotations and values inside each other, for XML */
};

/* --- csdl.c: alphabetical, without doubles; NULL begins, NULL ends -----------------------------
 */

const struct edm_entity_type *csdl_type_after(const struct csdl *csdl,
                                              const struct edm_entity_type *last);
/* All but the key, which is the base type's. */
const struct edm_property *csdl_property_after(const struct edm_entity_type *type,
                                               const struct edm_property *last);
const struct edm_property *csdl_property_among(const struct edm_property *properties, size_t count,
                                               const struct edm_property *last);
/* Those of the version's actions and of what the singleton works out. */
const struct edm_complex *csdl_complex_after(const struct csdl *csdl,
                                             const struct edm_complex *last);
/* What the singleton works out. */
const struct edm_singleton_property *
csdl_worked_out_after(const struct csdl *csdl, const struct edm_singleton_property *last);
const struct edm_enum *csdl_enum_after(const struct csdl *csdl, const struct edm_enum *last);

/* "Edm.Int32"; empty for an enumeration. */
struct slice csdl_kind_name(enum edm_kind kind);

/* The inside of an XML attribute or element. */
void csdl_append_escaped(struct text *out, struct slice value);

/* --- csdl_value.c ------------------------------------------------------------------------------
 */

enum csdl_slot {
    CSDL_TERM,     /* an annotation: `name` is its term */
    CSDL_PROPERTY, /* of a record: `name` is the property */
    CSDL_ITEM      /* of a list: `name` is NULL */
};

void csdl_put_bool(struct csdl *csdl, enum csdl_slot slot, const char *name, bool value);
void csdl_put_string(struct csdl *csdl, enum csdl_slot slot, const char *name, struct slice value);
/* A property's name, as an item. */
void csdl_put_path(struct csdl *csdl, struct slice value);
/* `type` is qualified. */
void csdl_put_member(struct csdl *csdl, enum csdl_slot slot, const char *name, const char *type,
                     const char *member);
void csdl_begin_record(struct csdl *csdl, enum csdl_slot slot, const char *name);
void csdl_end_record(struct csdl *csdl, enum csdl_slot slot);
void csdl_begin_list(struct csdl *csdl, enum csdl_slot slot, const char *name);
void csdl_end_list(struct csdl *csdl, enum csdl_slot slot);

/* What follows is about {namespace}.{owner}, "/{part}" of it where `part` is not empty. */
void csdl_begin_target(struct csdl *csdl, struct slice owner, struct slice part);
void csdl_end_target(struct csdl *csdl);

/* --- csdl_annotations.c ------------------------------------------------------------------------
 */

/* The vocabularies that the annotations are of. */
struct csdl_vocabulary {
    const char *name; /* "Org.OData.Core.V1" */
    const char *uri;  /* without ".xml" or ".json" */
};

extern const struct csdl_vocabulary csdl_vocabularies[];
extern const size_t csdl_vocabulary_count;

/* Of the schema itself. */
void csdl_annotate_schema(struct csdl *csdl);
/* Of all that it declares, each in a target of its own. */
void csdl_annotate_all(struct csdl *csdl);

#define CSDL_CONTAINER "GraphService"

#endif
