/* edm/complex_value.c - the members of a complex value, one by one.
 *
 * The same rules as for the body of an entity (odata/payload_read.c), on a smaller scale: what is
 * not declared is refused, what has a '@' in its name is an annotation. What differs is the value
 * that is not there. An entity's has a default; here a member that may not be null has to be sent,
 * since a question that leaves out its beginning cannot be answered. A sentinel is refused, as in
 * any parameter.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "edm/complex_value.h"

#include "base/arena.h"
#include "json/reader.h"

#define SHOWN_MAX 160 /* bytes of a name that a message repeats */

struct reading {
    const struct edm_model *model;
    const struct edm_complex *type;
    struct json_reader *reader;
    struct arena *arena;
    struct edm_value *members;
    uint64_t given; /* bit i: member i was */
    struct error *err;
};

static bool cut_prefix(struct slice *s, struct slice prefix)
{
    if (!slice_starts_with(*s, prefix))
        return false;
    *s = slice_sub(*s, prefix.len, s->len);
    return true;
}

static bool read_type(struct reading *reading)
{
    struct json_token token;
    struct slice name;

    if (!json_reader_next(reading->reader, &token, reading->err))
        return false;
    name = token.kind == JSON_STRING ? token.text : SLICE_EMPTY;
    cut_prefix(&name, SLICE("#"));
    if ((cut_prefix(&name, reading->model->namespace_name) ||
         cut_prefix(&name, reading->model->alias)) &&
        cut_prefix(&name, SLICE(".")) && slice_eq(name, reading->type->name))
        return true;
    return error_set(reading->err, ERROR_MODEL_VALIDATION, SLICE("@odata.type"),
                     "The type of the value is not the expected type '%.*s.%.*s'.",
                     SLICE_ARG(reading->model->error_namespace), SLICE_ARG(reading->type->name));
}

static bool read_member(struct reading *reading, struct slice name)
{
    int index = edm_find_complex_property(reading->type, name);
    struct json_token token;

    if (index >= 0) {
        reading->given |= UINT64_C(1) << index;
        const struct edm_property *property = &reading->type->properties[index];
        struct edm_value *value = &reading->members[index];
        return json_reader_next(reading->reader, &token, reading->err) &&
               edm_value_read(reading->model, property, reading->reader, &token, reading->arena,
                              value, reading->err) &&
               edm_value_refuse_sentinel(reading->model, property, value, reading->err);
    }
    if (slice_eq(name, SLICE("@odata.type")) || slice_eq(name, SLICE("@type")))
        return read_type(reading);
    if (slice_index(name, '@') < name.len)
        return json_reader_skip(reading->reader, NULL, reading->err);
    return error_set(reading->err, ERROR_MODEL_VALIDATION, name,
                     "The property '%.*s' does not exist on type '%.*s.%.*s'. Make sure to only "
                     "use property names that are defined by the type.",
                     SLICE_ARG(slice_utf8_prefix(name, SHOWN_MAX)),
                     SLICE_ARG(reading->model->error_namespace), SLICE_ARG(reading->type->name));
}

/* What was left out is null where it may be. */
static bool fill_members(struct reading *reading)
{
    for (size_t i = 0; i < reading->type->property_count; i++) {
        const struct edm_property *property = &reading->type->properties[i];

        if (reading->given >> i & 1)
            continue;
        if (!(property->flags & EDM_NULLABLE))
            return error_set(reading->err, ERROR_MODEL_VALIDATION, property->name,
                             "The property '%.*s' of the type '%.*s.%.*s' is required and missing "
                             "from the request payload.",
                             SLICE_ARG(property->name), SLICE_ARG(reading->model->error_namespace),
                             SLICE_ARG(reading->type->name));
        reading->members[i] = (struct edm_value){ .is_null = true };
    }
    return true;
}

bool complex_value_read(const struct edm_model *model, const struct edm_complex *type,
                        struct json_reader *reader, struct arena *arena, struct edm_value *ret,
                        struct error *err)
{
    struct reading reading = {
        .model = model,
        .type = type,
        .reader = reader,
        .arena = arena,
        .members = arena_new_array(arena, type->property_count, struct edm_value),
        .err = err,
    };
    struct json_token token;

    if (!reading.members)
        return error_no_memory(err);
    for (;;) {
        if (!json_reader_next(reader, &token, err))
            return false;
        if (token.kind == JSON_OBJECT_END)
            break;
        if (!read_member(&reading, token.text))
            return false;
    }
    if (!fill_members(&reading))
        return false;
    *ret = (struct edm_value){ .members = reading.members };
    return true;
}
