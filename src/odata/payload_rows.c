/* odata/payload_rows.c - values of complex types: what actions answer, and what the singleton works
 * out when it is asked.
 *
 * How they say their type is a matter of level and profile, as with entities. The reference's
 * examples write it without the '#' that the specification asks for: so does the profile that
 * follows them, at the level of the examples.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/text.h"
#include "edm/value.h"
#include "odata/payload_writing.h"
#include "json/writer.h"

/* "\"microsoft.graph.keyLongValuePair\"", with '#' where everything is told; or nothing. */
static struct slice row_type_value(const struct odata_reply *reply, const struct edm_complex *type,
                                   char memory[PAYLOAD_NAME_MAX])
{
    struct slice value = payload_type_value(reply, type->name, memory);

    if (value.len == 0 || reply->level == ODATA_FULL)
        return value;
    memory[1] = '"'; /* in place of the '#' behind the quote */
    return slice_sub(value, 1, value.len);
}

static void write_row(const struct odata_reply *reply, const struct edm_complex *type,
                      const struct edm_value *values, struct slice type_value,
                      struct json_writer *writer)
{
    json_writer_object_begin(writer);
    payload_write_type(reply, type_value, writer);
    for (size_t i = 0; i < type->property_count; i++) {
        const struct edm_property *property = &type->properties[i];

        if (reply->level == ODATA_FULL && payload_is_typed(property) && !values[i].is_null)
            payload_write_property_type(reply, property->name, property, writer);
        json_writer_plain_name(writer, property->name);
        edm_value_write(property, &values[i], payload_form(reply), writer);
    }
    json_writer_object_end(writer);
}

void odata_write_rows(const struct odata_reply *reply, const struct edm_rows *rows,
                      struct json_writer *writer)
{
    char memory[PAYLOAD_NAME_MAX];
    struct slice type_value = row_type_value(reply, rows->type, memory);

    for (size_t i = 0; i < rows->count; i++)
        write_row(reply, rows->type, &rows->values[i * rows->type->property_count], type_value,
                  writer);
}

static void append_collection(const struct odata_reply *reply, const struct edm_complex *type,
                              struct text *out)
{
    text_append(out, SLICE("Collection("));
    text_append(out, reply->model->namespace_name);
    text_append_char(out, '.');
    text_append(out, type->name);
    text_append_char(out, ')');
}

void odata_write_answer(const struct odata_reply *reply, const struct edm_rows *rows,
                        struct text *out)
{
    struct json_writer writer;

    json_writer_init(&writer, out);
    json_writer_object_begin(&writer);
    if (reply->level != ODATA_NONE) {
        payload_begin_url(reply, PAYLOAD_CONTROL(reply, "context"), "/$metadata#", &writer);
        append_collection(reply, rows->type, out);
        payload_end_url(&writer);
    }
    json_writer_plain_name(&writer, SLICE("value"));
    json_writer_array_begin(&writer);
    odata_write_rows(reply, rows, &writer);
    json_writer_array_end(&writer);
    json_writer_object_end(&writer);
}

void odata_write_boolean(const struct odata_reply *reply, bool value, struct text *out)
{
    struct json_writer writer;

    json_writer_init(&writer, out);
    json_writer_object_begin(&writer);
    if (reply->level != ODATA_NONE) {
        payload_begin_url(reply, PAYLOAD_CONTROL(reply, "context"), "/$metadata#Edm.Boolean",
                          &writer);
        payload_end_url(&writer);
    }
    json_writer_plain_name(&writer, SLICE("value"));
    json_writer_bool(&writer, value);
    json_writer_object_end(&writer);
}

void payload_write_items(const struct odata_reply *reply, struct slice name,
                         const struct edm_singleton_property *property, struct json_writer *writer)
{
    struct slice prefix = slice_eq(name, property->name) ? name : SLICE_EMPTY;
    char memory[PAYLOAD_NAME_MAX];
    struct text type_name;

    if (reply->level == ODATA_FULL) {
        text_init_fixed(&type_name, memory, sizeof memory);
        text_append(&type_name, prefix);
        text_append(&type_name, PAYLOAD_CONTROL(reply, "type"));
        json_writer_plain_name(writer, text_slice(&type_name));
        json_writer_raw(writer, SLICE("\"#"));
        append_collection(reply, property->ageing->item, writer->out);
        text_append_char(writer->out, '"');
    }
    json_writer_plain_name(writer, name);
    json_writer_array_begin(writer);
    if (reply->items)
        reply->items->write(reply->items->context, property, writer);
    json_writer_array_end(writer);
}

void odata_write_singleton_property(const struct odata_reply *reply,
                                    const struct edm_singleton_property *property, struct text *out)
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
    payload_write_items(reply, SLICE("value"), property, &writer);
    json_writer_object_end(&writer);
}
