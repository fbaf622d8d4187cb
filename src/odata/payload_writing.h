/* odata/payload_writing.h - what the writers of replies share. Private to odata/payload_*.c. */
#ifndef ODATA_PAYLOAD_WRITING_H
#define ODATA_PAYLOAD_WRITING_H

#include "odata/payload.h"

struct json_writer;
struct edm_column;
struct edm_order_value;

/* Room for "\"#{namespace}.{name}\"" and for "{name}@odata.navigationLink": edm_check() holds a
 * namespace and a name to 63 bytes each. */
#define PAYLOAD_NAME_MAX 160

/* Control information by its name: "@odata.count", which OData 4.01 calls "@count". `name` is a
 * literal. */
#define PAYLOAD_CONTROL(reply, name)                                                               \
    ((reply)->plain_names ? SLICE("@" name) : SLICE("@odata." name))

/* Also its type's name, and "#{name}" its context. */
struct slice payload_singleton_name(const struct odata_reply *reply);

/* The member `name` and its value up to what only the caller knows: "{origin}/{version}" and
 * `end_of_root` behind it. payload_end_url() closes it. */
void payload_begin_url(const struct odata_reply *reply, struct slice name, const char *end_of_root,
                       struct json_writer *writer);
void payload_end_url(struct json_writer *writer);
/* The context's name and its value up to "#{singleton}". */
void payload_begin_context(const struct odata_reply *reply, struct json_writer *writer);

/* "{singleton}/{set}": the address below the version. */
void payload_append_set_path(const struct odata_reply *reply, const struct edm_entity_type *type,
                             struct text *out);
/* "('{key}')", percent-encoded, quotes doubled. */
void payload_append_key(struct slice key, struct text *out);

/* The value of "@odata.type" for the type `name`, in quotes; empty where level or profile leave it
 * out. It lies in `memory`. */
struct slice payload_type_value(const struct odata_reply *reply, struct slice name,
                                char memory[PAYLOAD_NAME_MAX]);
/* Whether JSON does not tell the property's type: it is no string and no Boolean. */
bool payload_is_typed(const struct edm_property *property);
/* "state@odata.type":"#microsoft.graph.ndesConnectorState" for the member `prefix`. */
void payload_write_property_type(const struct odata_reply *reply, struct slice prefix,
                                 const struct edm_property *property, struct json_writer *writer);
/* How values are written in the reply: bits of enum edm_form. */
unsigned payload_form(const struct odata_reply *reply);
/* A property that the singleton works out, as the member `name`. */
void payload_write_items(const struct odata_reply *reply, struct slice name,
                         const struct edm_singleton_property *property, struct json_writer *writer);
/* A value that is no property's, as the member column->name; with its type where everything is
 * told. */
void payload_write_column(const struct odata_reply *reply, const struct edm_column *column,
                          const struct edm_order_value *value, struct json_writer *writer);
/* What reply->computed says of the entity number `row`. */
void payload_write_computed(const struct odata_reply *reply, size_t row,
                            struct json_writer *writer);
/* The member, unless it is empty. */
void payload_write_type(const struct odata_reply *reply, struct slice value,
                        struct json_writer *writer);

#endif
