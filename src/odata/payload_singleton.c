/* odata/payload_singleton.c - the singleton, and the service document, which names it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/text.h"
#include "odata/payload_writing.h"
#include "json/writer.h"

/* --- the singleton --------------------------------------------------------------------------- */

static void write_singleton_value(enum edm_singleton_value value, const struct odata_reply *reply,
                                  struct uuid tenant, struct json_writer *writer)
{
    char text[UUID_TEXT_LEN];

    switch (value) {
    case EDM_SINGLETON_NAME:
        json_writer_string(writer, payload_singleton_name(reply));
        return;
    case EDM_SINGLETON_NULL:
        json_writer_null(writer);
        return;
    case EDM_SINGLETON_TENANT:
        uuid_format(tenant, text);
        json_writer_string(writer, (struct slice){ text, sizeof text });
        return;
    case EDM_SINGLETON_AGEING:
        return;
    }
}

/* What is worked out is shown to who asks for it by name. */
static bool shows(const struct odata_reply *reply, size_t property)
{
    const struct edm_singleton_property *it = &reply->model->singleton->properties[property];

    if (!edm_singleton_property_is_in(it, reply->version))
        return false;
    return reply->select_given ? reply->select >> property & 1 : it->value != EDM_SINGLETON_AGEING;
}

/* "#deviceManagement" or "#deviceManagement(id)": a singleton's context has no "/$entity". */
static void write_singleton_context(const struct odata_reply *reply, struct json_writer *writer)
{
    const struct edm_singleton *singleton = reply->model->singleton;
    char before = '(';

    if (reply->level == ODATA_NONE)
        return;
    payload_begin_context(reply, writer);
    for (size_t i = 0; reply->select_given && i < singleton->property_count; i++) {
        if (!shows(reply, i))
            continue;
        text_append_char(writer->out, before);
        text_append(writer->out, singleton->properties[i].name);
        before = ',';
    }
    if (reply->select_given)
        text_append_char(writer->out, ')');
    payload_end_url(writer);
}

static void write_singleton_links(const struct odata_reply *reply, struct json_writer *writer)
{
    payload_begin_url(reply, PAYLOAD_CONTROL(reply, "id"), "/", writer);
    text_append(writer->out, payload_singleton_name(reply));
    payload_end_url(writer);
    json_writer_plain_name(writer, PAYLOAD_CONTROL(reply, "editLink"));
    json_writer_plain_string(writer, payload_singleton_name(reply));
}

/* Where the sets are, when the singleton is shown whole. */
static void write_navigation_links(const struct odata_reply *reply, struct json_writer *writer)
{
    const struct edm_singleton *singleton = reply->model->singleton;

    for (size_t i = 0; !reply->select_given && i < singleton->type_count; i++) {
        const struct edm_entity_type *type = singleton->types[i];
        char memory[PAYLOAD_NAME_MAX];
        struct text name;

        if (!(type->versions & reply->version))
            continue;
        text_init_fixed(&name, memory, sizeof memory);
        text_append(&name, type->set_name);
        text_append(&name, PAYLOAD_CONTROL(reply, "navigationLink"));
        payload_begin_url(reply, text_slice(&name), "/", writer);
        payload_append_set_path(reply, type, writer->out);
        payload_end_url(writer);
    }
}

void odata_write_singleton(const struct odata_reply *reply, struct uuid tenant, struct text *out)
{
    const struct edm_singleton *singleton = reply->model->singleton;
    struct json_writer writer;
    char memory[PAYLOAD_NAME_MAX];

    json_writer_init(&writer, out);
    json_writer_object_begin(&writer);
    write_singleton_context(reply, &writer);
    payload_write_type(reply, payload_type_value(reply, singleton->name, memory), &writer);
    if (reply->level == ODATA_FULL)
        write_singleton_links(reply, &writer);
    for (size_t i = 0; i < singleton->property_count; i++) {
        const struct edm_singleton_property *property = &singleton->properties[i];

        if (!shows(reply, i))
            continue;
        if (property->value == EDM_SINGLETON_AGEING) {
            payload_write_items(reply, property->name, property, &writer);
            continue;
        }
        json_writer_plain_name(&writer, property->name);
        write_singleton_value(property->value, reply, tenant, &writer);
    }
    if (reply->level == ODATA_FULL)
        write_navigation_links(reply, &writer);
    json_writer_object_end(&writer);
}

void odata_write_singleton_value(const struct odata_reply *reply,
                                 const struct edm_singleton_property *property, struct uuid tenant,
                                 struct text *out)
{
    struct json_writer writer;

    json_writer_init(&writer, out);
    json_writer_object_begin(&writer);
    if (reply->level != ODATA_NONE) {
        payload_begin_context(reply, &writer);
        text_append_char(out, '/');
        text_append(out, property->name);
        payload_end_url(&writer);
    }
    json_writer_plain_name(&writer, SLICE("value"));
    write_singleton_value(property->value, reply, tenant, &writer);
    json_writer_object_end(&writer);
}

/* --- the service document -------------------------------------------------------------------- */

void odata_write_service(const struct odata_reply *reply, struct text *out)
{
    struct json_writer writer;

    json_writer_init(&writer, out);
    json_writer_object_begin(&writer);
    if (reply->level != ODATA_NONE) {
        payload_begin_url(reply, PAYLOAD_CONTROL(reply, "context"), "/$metadata", &writer);
        payload_end_url(&writer);
    }
    json_writer_plain_name(&writer, SLICE("value"));
    json_writer_array_begin(&writer);
    json_writer_object_begin(&writer);
    json_writer_plain_name(&writer, SLICE("name"));
    json_writer_plain_string(&writer, payload_singleton_name(reply));
    json_writer_plain_name(&writer, SLICE("kind"));
    json_writer_plain_string(&writer, SLICE("Singleton"));
    json_writer_plain_name(&writer, SLICE("url"));
    json_writer_plain_string(&writer, payload_singleton_name(reply));
    json_writer_object_end(&writer);
    json_writer_array_end(&writer);
    json_writer_object_end(&writer);
}
