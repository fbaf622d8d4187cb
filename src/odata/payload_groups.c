/* odata/payload_groups.c - what $apply made, as the rows of a collection.
 *
 * Spec: OData Data Aggregation 4.0, section 6.4 (context URL), OData JSON Format 4.01 section 7.1.
 * A group is no entity: it has no id, no type of its own, and the properties that the groups are
 * made of and no others, which the context lists.
 *
 * Dates are in UTC, since dates of one instant are of one group. A number that is none of JSON's
 * (INF) is a text, as the format has it; a date outside of the calendar is null.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/text.h"
#include "edm/filter_text.h"
#include "edm/value.h"
#include "odata/payload_writing.h"
#include "json/writer.h"

/* The type of a column that JSON does not tell; empty for the others. An enumeration's is of the
 * model's namespace. */
static struct slice type_name(const struct edm_column *column)
{
    switch (column->type) {
    case EDM_FILTER_INTEGER:
        return SLICE("Int64");
    case EDM_FILTER_REAL:
        return SLICE("Double");
    case EDM_FILTER_DATE_TIME:
        return SLICE("DateTimeOffset");
    case EDM_FILTER_DATE:
        return SLICE("Date");
    case EDM_FILTER_TIME:
        return SLICE("TimeOfDay");
    case EDM_FILTER_DURATION:
        return SLICE("Duration");
    case EDM_FILTER_GUID:
        return SLICE("Guid");
    case EDM_FILTER_BINARY:
        return SLICE("Binary");
    case EDM_FILTER_ENUM:
        return column->enumeration->name;
    default:
        return SLICE_EMPTY;
    }
}

/* "state@odata.type":"#microsoft.graph.ndesConnectorState"; the value stands behind it, not null.
 */
static void write_type(const struct odata_reply *reply, const struct edm_column *column,
                       const struct edm_order_value *value, struct json_writer *writer)
{
    /* A whole number that passed 64 bits goes on as one with a fraction. */
    struct slice type = value->kind == EDM_ORDER_REAL ? SLICE("Double") : type_name(column);
    char memory[256]; /* a name has 128 bytes at most */
    struct text name;

    if (type.len == 0)
        return;
    text_init_fixed(&name, memory, sizeof memory);
    text_append(&name, column->name);
    text_append(&name, PAYLOAD_CONTROL(reply, "type"));
    json_writer_plain_name(writer, text_slice(&name));
    /* OData JSON 4.01 section 4.6.3: what is built in has no '#' any more. */
    json_writer_raw(writer, reply->plain_names && column->type != EDM_FILTER_ENUM ? SLICE("\"")
                                                                                  : SLICE("\"#"));
    if (column->type == EDM_FILTER_ENUM) {
        text_append(writer->out, reply->model->namespace_name);
        text_append_char(writer->out, '.');
    }
    text_append(writer->out, type);
    text_append_char(writer->out, '"');
}

static void write_real(double value, struct json_writer *writer)
{
    char memory[EDM_FILTER_TEXT_MAX];
    struct slice text = { memory, edm_filter_real_text(value, memory) };
    char last = text.ptr[text.len - 1];

    if (last >= '0' && last <= '9')
        json_writer_raw(writer, text);
    else
        json_writer_plain_string(writer, text);
}

static void write_int(const struct odata_reply *reply, int64_t value, struct json_writer *writer)
{
    if (reply->ieee754)
        json_writer_int_string(writer, value);
    else
        json_writer_int(writer, value);
}

static void write_whole(const struct odata_reply *reply, const struct edm_column *column,
                        int64_t value, struct json_writer *writer)
{
    const struct edm_property member = { .kind = EDM_ENUM, .enumeration = column->enumeration };
    char memory[EDM_FILTER_TEXT_MAX];
    struct slice text = { memory, 0 };

    switch (column->type) {
    case EDM_FILTER_BOOLEAN:
        json_writer_bool(writer, value != 0);
        return;
    case EDM_FILTER_ENUM:
        edm_value_write(&member, &(const struct edm_value){ .integer = value }, payload_form(reply),
                        writer);
        return;
    case EDM_FILTER_DATE_TIME:
    case EDM_FILTER_DATE:
    case EDM_FILTER_TIME:
    case EDM_FILTER_DURATION:
        text.len = edm_filter_text(column->type, value, 0, memory);
        if (text.len)
            json_writer_plain_string(writer, text);
        else
            json_writer_null(writer);
        return;
    default:
        write_int(reply, value, writer);
    }
}

/* A duration, say, that passed 64 bits is none any more. */
static bool is_number(const struct edm_column *column)
{
    return column->type == EDM_FILTER_INTEGER || column->type == EDM_FILTER_REAL;
}

void payload_write_column(const struct odata_reply *reply, const struct edm_column *column,
                          const struct edm_order_value *value, struct json_writer *writer)
{
    bool is_null =
        value->kind == EDM_ORDER_NULL || (value->kind == EDM_ORDER_REAL && !is_number(column));

    if (!is_null && reply->level == ODATA_FULL)
        write_type(reply, column, value, writer);
    json_writer_plain_name(writer, column->name);
    if (is_null)
        json_writer_null(writer);
    else if (value->kind == EDM_ORDER_TEXT)
        json_writer_string(writer, value->text);
    else if (value->kind == EDM_ORDER_REAL)
        write_real(value->real, writer);
    else
        write_whole(reply, column, value->integer, writer);
}

/* "{origin}/{version}/$metadata#deviceManagement/ndesConnectors(state,count)" */
static void write_context(const struct odata_reply *reply, const struct edm_entity_type *type,
                          const struct edm_shape *shape, struct json_writer *writer)
{
    payload_begin_context(reply, writer);
    text_append_char(writer->out, '/');
    text_append(writer->out, type->set_name);
    for (size_t i = 0; i < shape->count; i++) {
        text_append_char(writer->out, i ? ',' : '(');
        text_append(writer->out, shape->columns[i].name);
    }
    text_append_char(writer->out, ')');
    payload_end_url(writer);
}

void odata_write_groups(const struct odata_reply *reply, const struct edm_entity_type *type,
                        const struct edm_groups *groups, struct text *out)
{
    const struct edm_shape *shape = groups->shape;
    struct json_writer writer;

    json_writer_init(&writer, out);
    json_writer_object_begin(&writer);
    if (reply->level != ODATA_NONE)
        write_context(reply, type, shape, &writer);
    if (groups->total_count >= 0) {
        json_writer_plain_name(&writer, PAYLOAD_CONTROL(reply, "count"));
        write_int(reply, groups->total_count, &writer);
    }
    json_writer_plain_name(&writer, SLICE("value"));
    json_writer_array_begin(&writer);
    for (size_t i = 0; i < groups->count; i++) {
        json_writer_object_begin(&writer);
        for (size_t j = 0; j < shape->count; j++)
            payload_write_column(reply, &shape->columns[j], &groups->values[i * shape->count + j],
                                 &writer);
        json_writer_object_end(&writer);
    }
    json_writer_array_end(&writer);
    json_writer_object_end(&writer);
}
