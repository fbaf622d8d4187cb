/* odata/openapi_writing.h - what the writers of the OpenAPI document share. Private to
 * odata/openapi*.c.
 *
 * Members are written by name; a name of NULL is an item of a list. Formatted names must hold
 * nothing that JSON escapes: they are made of the model's names.
 */
#ifndef ODATA_OPENAPI_WRITING_H
#define ODATA_OPENAPI_WRITING_H

#include "base/compiler.h"
#include "odata/csdl_writing.h"
#include "odata/openapi.h"
#include "json/writer.h"

/* The state of one odata_write_openapi(). */
struct openapi {
    const struct odata_openapi *about;
    const struct edm_model *model;
    struct json_writer *json;
    struct csdl walk; /* for csdl_type_after() and its like */
};

/* "NdesConnectors": a name's first letter in upper case, and the rest behind it. */
static inline char openapi_upper_first(struct slice name)
{
    return (char)(name.ptr[0] >= 'a' && name.ptr[0] <= 'z' ? name.ptr[0] - 'a' + 'A' : name.ptr[0]);
}

static inline struct slice openapi_behind_first(struct slice name)
{
    return slice_sub(name, 1, name.len);
}

#define OPENAPI_ERROR_SCHEMA "ODataErrors.ODataError"

/* --- openapi_value.c: values ------------------------------------------------------------------
 */

void openapi_begin(struct openapi *openapi, const char *name); /* an object */
void openapi_begin_named(struct openapi *openapi, const char *format, ...) PRINTF_LIKE(2, 3);
void openapi_end(struct openapi *openapi);
void openapi_begin_list(struct openapi *openapi, const char *name);
void openapi_end_list(struct openapi *openapi);

void openapi_text(struct openapi *openapi, const char *name, const char *value);
void openapi_slice(struct openapi *openapi, const char *name, struct slice value);
void openapi_printf(struct openapi *openapi, const char *name, const char *format, ...)
    PRINTF_LIKE(3, 4);
void openapi_true(struct openapi *openapi, const char *name);
/* `json` is one value. */
void openapi_raw(struct openapi *openapi, const char *name, const char *json);

/* {"$ref":"#/components/..."} */
void openapi_ref(struct openapi *openapi, const char *name, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* --- openapi_schemas.c ------------------------------------------------------------------------
 */

enum openapi_form {
    OPENAPI_READ,     /* as replies have it */
    OPENAPI_CREATE,   /* the body of a create */
    OPENAPI_UPDATE,   /* the body of an update */
    OPENAPI_PARAMETER /* an action's, and what is in it */
};

void openapi_property_schema(struct openapi *openapi, const char *name,
                             const struct edm_property *property, enum openapi_form form);
/* "schema": of an action's body. */
void openapi_action_body(struct openapi *openapi, const struct edm_action *action);
/* "schema": of a reply that is a collection of complex values. */
void openapi_items_schema(struct openapi *openapi, const struct edm_complex *item);
/* The members of components.schemas. */
void openapi_schemas(struct openapi *openapi);

/* --- openapi_options.c ------------------------------------------------------------------------
 */

/* The items of an operation's parameters; `type` is NULL for the singleton. Of an action: those
 * that what it answers takes. */
void openapi_options(struct openapi *openapi, enum odata_resource resource, bool is_read,
                     const struct edm_entity_type *type);
/* Some of the members of components.parameters. */
void openapi_parameters(struct openapi *openapi);

/* --- openapi_fields.c -------------------------------------------------------------------------
 */

struct openapi_use {
    enum odata_resource resource;
    bool is_read;
    bool is_answered;   /* with a body: no delete */
    bool shows_members; /* of enumerations; of a property of the singleton */
};

/* The request's fields: some of the items of an operation's parameters, and of the members of
 * components.parameters. */
void openapi_fields(struct openapi *openapi, const struct openapi_use *use);
void openapi_field_parameters(struct openapi *openapi);

/* --- openapi_operation.c ----------------------------------------------------------------------
 */

/* Fields of replies, for openapi_reply() and openapi_begin_reply(). */
extern const char openapi_common_headers[], openapi_created_headers[], openapi_list_headers[];

/* An operation up to its security; openapi_end() closes it. `permissions` is NULL where a token
 * needs none of them. */
void openapi_begin_operation(struct openapi *openapi, const char *method, const char *summary,
                             const struct edm_permission_list *permissions);
void openapi_tag(struct openapi *openapi, struct slice name);
/* "parameters": options and fields; or fields alone, where no option has an effect. */
void openapi_query(struct openapi *openapi, enum odata_resource resource, bool is_read,
                   const struct edm_entity_type *type);
void openapi_no_query(struct openapi *openapi, enum odata_resource resource, bool is_answered);
/* "requestBody": the type's schema with that suffix. */
void openapi_body(struct openapi *openapi, const struct edm_entity_type *type, const char *suffix);
/* A reply up to its schema; openapi_end_reply() closes it. */
void openapi_begin_reply(struct openapi *openapi, const char *status, const char *doc,
                         const char *headers, const char *media);
void openapi_end_reply(struct openapi *openapi);
/* A reply with the named schema. */
void openapi_reply(struct openapi *openapi, const char *status, const char *headers,
                   struct slice name, const char *suffix);
void openapi_no_content(struct openapi *openapi);
/* The reply 200 that is a collection of `item`. */
void openapi_items_reply(struct openapi *openapi, const struct edm_complex *item);
void openapi_errors(struct openapi *openapi);

/* --- openapi_property_writes.c ----------------------------------------------------------------
 */

/* The reply 200 to who reads `property`, or writes it and would see it. */
void openapi_property_reply(struct openapi *openapi, const struct edm_property *property,
                            enum odata_resource resource);
/* The operations that write `property`, at its address or at that of its value. */
void openapi_property_writes(struct openapi *openapi, const struct edm_entity_type *type,
                             const struct edm_property *property, enum odata_resource resource);

/* --- openapi_singleton.c ----------------------------------------------------------------------
 */

/* The members of paths that are the singleton's own. */
void openapi_singleton(struct openapi *openapi);

/* --- openapi_paths.c --------------------------------------------------------------------------
 */

/* The members of paths. */
void openapi_paths(struct openapi *openapi);

#endif
