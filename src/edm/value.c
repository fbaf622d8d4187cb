/* edm/value.c - JSON to value, value to JSON, and what a value is when nobody gave one.
 *
 * Reading goes by what the property wants, not by what the token is: one small function per kind
 * that takes its token or refuses it. Everything that can be asked before the kind matters (null,
 * an object or array where a plain value is due) is asked once, in front of them.
 *
 * Refusals carry the sentences of the OData library that Graph's back ends use, because scripts out
 * there match on them. They name types by the back end's namespace, as the service does. The
 * literal in them is what the client sent, so it is cut to a length that leaves room for the rest,
 * between characters; a string shows its decoded text.
 *
 * More is let in than the specification asks for where that library lets it in: an enumeration's
 * number in a string ("1"), an integer in a string. A bare number for an enumeration is refused,
 * and so is a string for a Boolean.
 *
 * A collection is kept as JSON text, written anew: one spelling for each value, so that equal
 * collections are equal bytes, and what the client put between the items is not kept.
 *
 * Defaults are JSON in the tables and go through the same reading, so that a table cannot hold a
 * default that a client could not have sent.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "edm/value.h"

#include <assert.h>

#include "base/arena.h"
#include "base/text.h"
#include "edm/complex_value.h"
#include "json/reader.h"
#include "json/writer.h"

/* edm_check() holds names and namespaces to 63 bytes each, so that both fit a message whose longest
 * form names the type twice, with the property. */
#define TYPE_NAME_MAX      160
#define LITERAL_SHOWN_MAX  160
#define DEFAULT_DEPTH      4
#define COLLECTION_RESERVE 64

static const struct slice kind_names[EDM_KIND_COUNT] = {
    [EDM_STRING] = SLICE_INIT("Edm.String"),
    [EDM_BOOLEAN] = SLICE_INIT("Edm.Boolean"),
    [EDM_INT32] = SLICE_INIT("Edm.Int32"),
    [EDM_INT64] = SLICE_INIT("Edm.Int64"),
    [EDM_DATE_TIME_OFFSET] = SLICE_INIT("Edm.DateTimeOffset"),
};

/* A value being read: what the functions below share. */
struct reading {
    const struct edm_model *model;
    const struct edm_property *property;
    struct json_reader *reader;
    struct arena *arena;
    struct error *err;
};

/* --- refusals ------------------------------------------------------------------------------ */

/* The type of one item, "Edm.String" or "<error namespace>.<enumeration or complex type>", built in
 * `memory`. */
static struct slice item_type_name(const struct edm_model *model,
                                   const struct edm_property *property, char memory[TYPE_NAME_MAX])
{
    if (property->kind != EDM_ENUM && property->kind != EDM_COMPLEX)
        return kind_names[property->kind];

    struct text name;
    text_init_fixed(&name, memory, TYPE_NAME_MAX);
    text_append(&name, model->error_namespace);
    text_append_char(&name, '.');
    text_append(&name, property->complex ? property->complex->name : property->enumeration->name);
    return text_slice(&name);
}

COLD static bool refuse_literal(const struct reading *reading, const struct json_token *token)
{
    char memory[TYPE_NAME_MAX];
    struct slice type = item_type_name(reading->model, reading->property, memory);
    struct slice whole = token->kind == JSON_STRING ? token->text : token->literal;
    struct slice shown = slice_utf8_prefix(whole, LITERAL_SHOWN_MAX);

    return error_set(reading->err, ERROR_MODEL_VALIDATION, reading->property->name,
                     "Cannot convert the literal '%.*s%s' to the expected type '%.*s'.",
                     SLICE_ARG(shown), shown.len < whole.len ? "..." : "", SLICE_ARG(type));
}

COLD static bool refuse_null(const struct reading *reading)
{
    char memory[TYPE_NAME_MAX];
    const struct edm_property *property = reading->property;
    struct slice item = item_type_name(reading->model, property, memory);
    bool collection = property->flags & EDM_COLLECTION;
    const char *before = collection ? "Collection(" : "", *after = collection ? ")" : "";

    return error_set(
        reading->err, ERROR_MODEL_VALIDATION, property->name,
        "A null value was found for the property named '%.*s', which has the expected "
        "type '%s%.*s%s[Nullable=False]'. The expected type '%s%.*s%s[Nullable=False]' "
        "does not allow null values.",
        SLICE_ARG(property->name), before, SLICE_ARG(item), after, before, SLICE_ARG(item), after);
}

COLD static bool refuse_null_item(const struct reading *reading)
{
    return error_set(reading->err, ERROR_MODEL_VALIDATION, reading->property->name,
                     "A null value was detected in the items of a collection property value; "
                     "non-nullable instances of collection types do not support null values as "
                     "items.");
}

COLD static bool refuse_shape(const struct reading *reading, const struct json_token *token,
                              const char *expected)
{
    const char *found = token->kind == JSON_OBJECT_BEGIN  ? "StartObject"
                        : token->kind == JSON_ARRAY_BEGIN ? "StartArray"
                                                          : "PrimitiveValue";

    return error_set(reading->err, ERROR_MODEL_VALIDATION, reading->property->name,
                     "An unexpected '%s' node was found when reading from the JSON reader. A '%s' "
                     "node was expected.",
                     found, expected);
}

/* --- reading, a function per kind ---------------------------------------------------------- */

static bool is_container(const struct json_token *token)
{
    return token->kind == JSON_OBJECT_BEGIN || token->kind == JSON_ARRAY_BEGIN;
}

static bool read_string(const struct reading *reading, const struct json_token *token,
                        struct edm_value *ret)
{
    if (token->kind != JSON_STRING)
        return refuse_literal(reading, token);
    *ret = (struct edm_value){ .text = token->text };
    return true;
}

static bool read_boolean(const struct reading *reading, const struct json_token *token,
                         struct edm_value *ret)
{
    if (token->kind != JSON_TRUE && token->kind != JSON_FALSE)
        return refuse_literal(reading, token);
    *ret = (struct edm_value){ .boolean = token->kind == JSON_TRUE };
    return true;
}

static bool read_integer(const struct reading *reading, const struct json_token *token,
                         struct edm_value *ret)
{
    int64_t integer;
    bool ok = token->kind == JSON_NUMBER   ? json_number_to_int64(token->literal, &integer)
              : token->kind == JSON_STRING ? slice_to_int64(token->text, &integer)
                                           : false;

    if (ok && reading->property->kind == EDM_INT32)
        ok = integer >= INT32_MIN && integer <= INT32_MAX;
    if (!ok)
        return refuse_literal(reading, token);
    *ret = (struct edm_value){ .integer = integer };
    return true;
}

static bool read_date_time(const struct reading *reading, const struct json_token *token,
                           struct edm_value *ret)
{
    struct edm_date_time at;

    if (token->kind != JSON_STRING || !edm_date_time_parse(token->text, &at))
        return refuse_literal(reading, token);
    *ret = (struct edm_value){ .at = at };
    return true;
}

static bool read_enum(const struct reading *reading, const struct json_token *token,
                      struct edm_value *ret)
{
    const struct edm_enum *enumeration = reading->property->enumeration;
    const struct edm_enum_member *member = NULL;
    int64_t number;

    if (token->kind == JSON_STRING) {
        member = edm_find_member(enumeration, token->text);
        if (!member && slice_to_int64(token->text, &number))
            member = edm_find_member_by_value(enumeration, number);
    }
    if (!member)
        return refuse_literal(reading, token);
    *ret = (struct edm_value){ .integer = member->value };
    return true;
}

static bool read_item(const struct reading *reading, const struct json_token *token,
                      struct edm_value *ret)
{
    switch (reading->property->kind) {
    case EDM_STRING:
        return read_string(reading, token, ret);
    case EDM_BOOLEAN:
        return read_boolean(reading, token, ret);
    case EDM_INT32:
    case EDM_INT64:
        return read_integer(reading, token, ret);
    case EDM_DATE_TIME_OFFSET:
        return read_date_time(reading, token, ret);
    case EDM_ENUM:
        return read_enum(reading, token, ret);
    case EDM_COMPLEX:
    case EDM_KIND_COUNT:
        break;
    }
    assert(false && "a kind that edm_check() refuses");
    return false;
}

/* Copies the items up to the array's end to `writer`. */
static bool copy_items(const struct reading *reading, struct json_writer *writer)
{
    for (;;) {
        struct json_token token;
        struct edm_value item;

        if (!json_reader_next(reading->reader, &token, reading->err))
            return false;
        if (token.kind == JSON_ARRAY_END)
            return true;
        if (token.kind == JSON_NULL)
            return refuse_null_item(reading);
        if (is_container(&token))
            return refuse_shape(reading, &token, "PrimitiveValue");
        if (!read_item(reading, &token, &item))
            return false;
        json_writer_string(writer, item.text);
    }
}

static bool read_collection(const struct reading *reading, const struct json_token *token,
                            struct edm_value *ret)
{
    if (token->kind != JSON_ARRAY_BEGIN)
        return refuse_shape(reading, token, "StartArray");

    struct text text;
    struct json_writer writer;
    text_init(&text, reading->arena, COLLECTION_RESERVE, SIZE_MAX);
    json_writer_init(&writer, &text);
    json_writer_array_begin(&writer);
    if (!copy_items(reading, &writer))
        return false;
    json_writer_array_end(&writer);
    if (text.failed)
        return error_no_memory(reading->err);
    *ret = (struct edm_value){ .text = text_slice(&text) };
    return true;
}

bool edm_value_read(const struct edm_model *model, const struct edm_property *property,
                    struct json_reader *reader, const struct json_token *token, struct arena *arena,
                    struct edm_value *ret, struct error *err)
{
    const struct reading reading = { model, property, reader, arena, err };

    if (token->kind == JSON_NULL) {
        if (!(property->flags & EDM_NULLABLE))
            return refuse_null(&reading);
        *ret = (struct edm_value){ .is_null = true };
        return true;
    }
    if (property->flags & EDM_COLLECTION)
        return read_collection(&reading, token, ret);
    if (property->kind == EDM_COMPLEX)
        return token->kind == JSON_OBJECT_BEGIN
                   ? complex_value_read(model, property->complex, reader, arena, ret, err)
                   : refuse_shape(&reading, token, "StartObject");
    if (is_container(token))
        return refuse_shape(&reading, token, "PrimitiveValue");
    return read_item(&reading, token, ret);
}

/* --- writing ------------------------------------------------------------------------------- */

static void write_date_time(struct edm_date_time at, bool utc, struct json_writer *writer)
{
    char memory[EDM_DATE_TIME_TEXT_MAX];

    if (utc)
        at.offset_minutes = 0;
    json_writer_plain_string(writer, (struct slice){ memory, edm_date_time_format(at, memory) });
}

static bool is_later(const struct edm_enum *enumeration, int64_t value)
{
    return enumeration->sentinel && value > enumeration->sentinel->value;
}

static void write_enum(const struct edm_enum *enumeration, int64_t value, unsigned form,
                       struct json_writer *writer)
{
    const struct edm_enum_member *member = (form & EDM_MASKED) && is_later(enumeration, value)
                                               ? enumeration->sentinel
                                               : edm_find_member_by_value(enumeration, value);
    if (member) {
        json_writer_plain_string(writer, member->name);
        return;
    }

    char memory[24];
    struct text digits;
    text_init_fixed(&digits, memory, sizeof memory);
    text_append_int(&digits, value);
    json_writer_plain_string(writer, text_slice(&digits));
}

void edm_value_write(const struct edm_property *property, const struct edm_value *value,
                     unsigned form, struct json_writer *writer)
{
    if (value->is_null) {
        json_writer_null(writer);
        return;
    }
    if (property->flags & EDM_COLLECTION) {
        json_writer_raw(writer, value->text);
        return;
    }
    switch (property->kind) {
    case EDM_STRING:
        json_writer_string(writer, value->text);
        return;
    case EDM_BOOLEAN:
        json_writer_bool(writer, value->boolean);
        return;
    case EDM_INT64:
        if (form & EDM_LONG_TEXT) {
            json_writer_int_string(writer, value->integer);
            return;
        }
        json_writer_int(writer, value->integer);
        return;
    case EDM_INT32:
        json_writer_int(writer, value->integer);
        return;
    case EDM_DATE_TIME_OFFSET:
        write_date_time(value->at, form & EDM_UTC, writer);
        return;
    case EDM_ENUM:
        write_enum(property->enumeration, value->integer, form, writer);
        return;
    case EDM_COMPLEX:
    case EDM_KIND_COUNT:
        break;
    }
    assert(false && "a kind that edm_check() refuses");
}

/* --- items ----------------------------------------------------------------------------------- */

bool edm_value_items(const struct edm_value *value, struct arena *arena, struct slice **ret,
                     size_t *ret_count, struct error *err)
{
    size_t room = 1, count = 0;
    struct json_reader reader;
    struct json_token token;
    struct slice *items;

    for (size_t i = 0; i < value->text.len; i++)
        room += value->text.ptr[i] == ',';
    items = arena_new_array(arena, room, struct slice);
    if (!items)
        return error_no_memory(err);
    json_reader_init(&reader, value->text, arena, DEFAULT_DEPTH);
    do {
        if (!json_reader_next(&reader, &token, err))
            return false;
        if (token.kind == JSON_STRING)
            items[count++] = token.text;
    } while (token.kind != JSON_ARRAY_END);
    *ret = items;
    *ret_count = count;
    return true;
}

/* --- defaults and sentinels ---------------------------------------------------------------- */

/* All bits zero is "", false, 0, 0001-01-01T00:00:00Z and the member of value 0. */
static struct edm_value default_of_kind(const struct edm_property *property)
{
    if (property->flags & EDM_COLLECTION)
        return (struct edm_value){ .text = SLICE_INIT("[]") };
    if (property->kind == EDM_STRING && !(property->flags & EDM_NULLABLE))
        return (struct edm_value){ .text = SLICE_INIT("") };
    return (struct edm_value){ .is_null = property->flags & EDM_NULLABLE };
}

bool edm_value_read_default(const struct edm_model *model, const struct edm_property *property,
                            struct arena *arena, struct edm_value *ret, struct error *err)
{
    struct json_reader reader;
    struct json_token token;

    json_reader_init(&reader, slice_of(property->default_json), arena, DEFAULT_DEPTH);
    return json_reader_next(&reader, &token, err) &&
           edm_value_read(model, property, &reader, &token, arena, ret, err) &&
           json_reader_finish(&reader, err);
}

bool edm_value_default(const struct edm_model *model, const struct edm_property *property,
                       struct arena *arena, struct edm_value *ret, struct error *err)
{
    if (!property->default_json) {
        *ret = default_of_kind(property);
        return true;
    }
    if (property->flags & EDM_COLLECTION) { /* its value is its JSON text, and spelled like this */
        *ret = (struct edm_value){ .text = slice_of(property->default_json) };
        return true;
    }
    return edm_value_read_default(model, property, arena, ret, err);
}

bool edm_value_is_sentinel(const struct edm_property *property, const struct edm_value *value)
{
    return property->kind == EDM_ENUM && property->enumeration->sentinel && !value->is_null &&
           value->integer == property->enumeration->sentinel->value;
}

bool edm_value_refuse_sentinel(const struct edm_model *model, const struct edm_property *property,
                               const struct edm_value *value, struct error *err)
{
    if (!edm_value_is_sentinel(property, value))
        return true;

    char memory[TYPE_NAME_MAX];
    struct slice type = item_type_name(model, property, memory);
    return error_set(err, ERROR_MODEL_VALIDATION, property->name,
                     "The member '%.*s' of '%.*s' stands for members that a client does not know "
                     "yet; it cannot be written.",
                     SLICE_ARG(property->enumeration->sentinel->name), SLICE_ARG(type));
}

bool edm_value_is_later(const struct edm_property *property, const struct edm_value *value)
{
    return property->kind == EDM_ENUM && !value->is_null &&
           is_later(property->enumeration, value->integer);
}

bool edm_value_refuse_later(const struct edm_model *model, const struct edm_property *property,
                            const struct edm_value *value, struct error *err)
{
    if (!edm_value_is_later(property, value))
        return true;

    char memory[TYPE_NAME_MAX];
    struct slice type = item_type_name(model, property, memory);
    const struct edm_enum_member *member =
        edm_find_member_by_value(property->enumeration, value->integer);
    return error_set(err, ERROR_MODEL_VALIDATION, property->name,
                     "The member '%.*s' of '%.*s' came behind '%.*s'; it can be written with "
                     "'Prefer: include-unknown-enum-members'.",
                     SLICE_ARG(member ? member->name : SLICE_EMPTY), SLICE_ARG(type),
                     SLICE_ARG(property->enumeration->sentinel->name));
}
