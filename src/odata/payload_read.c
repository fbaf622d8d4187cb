/* odata/payload_read.c - the body of a create, an update or an action, read member by member.
 *
 * One pass over the JSON, nothing built in between: a member is looked up in the model and its
 * value goes straight into its place in the entity. The kinds of member, in the order they are told
 * apart:
 *
 *     the key                   must be text; of a create dropped, of an update compared
 *     a read-only property      passed over, as OData asks
 *     a property                read by its kind (edm/value.h)
 *     "@odata.type", "@type"    must name the type that is written; all types here are final, so
 *                               "derived from it" cannot happen
 *     any other name with '@'   an annotation of the object or of a property: passed over
 *     a name that begins '#'    an action that a reply at odata.metadata=full told of: passed over
 *     anything else             refused: the types are closed
 *
 * Since it is one pass, the first mistake from the left is the one reported, and a body that breaks
 * off behind a wrong value is reported for the value.
 *
 * What the JSON reader says about a malformed body (what it expected, and where) is replaced by
 * Graph's one sentence for it, which scripts know. Only running out of memory keeps its own error.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "odata/payload.h"

#include "base/arena.h"
#include "odata/quote.h"
#include "json/reader.h"

/* A body being read, and what it is read into. */
struct body {
    const struct edm_model *model;
    struct json_reader reader;
    struct arena *arena;
    struct slice key;                  /* of the entity that is updated; empty for a create */
    struct edm_entity *entity;         /* a create or update; else NULL */
    const struct edm_property *single; /* the only one that is written; NULL: any */
    const struct edm_action *action;   /* its parameters; else NULL */
    struct edm_value *values;          /* one for each parameter */
    uint64_t given;                    /* bit i: parameter i was given */
    struct error *err;
};

/* Reads the value of member `name`; the reader stands before it. */
typedef bool member_reader(struct body *body, struct slice name);

/* --- JSON ------------------------------------------------------------------------------------ */

static bool unreadable(struct body *body, struct slice target)
{
    return error_set(body->err, ERROR_BAD_REQUEST, target,
                     "Unable to read JSON request payload. Please ensure Content-Type header is "
                     "set and payload is of valid JSON format.");
}

/* Passes `why` up, in Graph's words where the JSON is at fault. Its target stays: the reader sets
 * one for a name that occurs twice. */
static bool reader_failed(struct body *body, const struct error *why)
{
    if (why->code == ERROR_BAD_REQUEST)
        return unreadable(body, slice_of(why->target));
    if (body->err)
        *body->err = *why;
    return false;
}

static bool next_token(struct body *body, struct json_token *ret)
{
    struct error why = { 0 };

    return json_reader_next(&body->reader, ret, &why) || reader_failed(body, &why);
}

static bool skip_value(struct body *body)
{
    struct error why = { 0 };

    return json_reader_skip(&body->reader, NULL, &why) || reader_failed(body, &why);
}

static bool finish(struct body *body)
{
    struct error why = { 0 };

    return json_reader_finish(&body->reader, &why) || reader_failed(body, &why);
}

static bool read_value(struct body *body, const struct edm_property *property,
                       const struct json_token *token, struct edm_value *ret)
{
    struct error why = { 0 };

    return edm_value_read(body->model, property, &body->reader, token, body->arena, ret, &why) ||
           reader_failed(body, &why);
}

static bool is_blank(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (c != ' ' && c != '\t' && c != '\r' && c != '\n')
            return false;
    }
    return true;
}

/* --- the type -------------------------------------------------------------------------------- */

static bool cut_prefix(struct slice *s, struct slice prefix)
{
    if (!slice_starts_with(*s, prefix))
        return false;
    *s = slice_sub(*s, prefix.len, s->len);
    return true;
}

/* The type of the model that `name` means: the namespace or its alias, a dot, the type's name. */
static const struct edm_entity_type *resolve_type(const struct edm_model *model, struct slice name)
{
    if (!cut_prefix(&name, model->namespace_name) && !cut_prefix(&name, model->alias))
        return NULL;
    return cut_prefix(&name, SLICE(".")) ? edm_find_type(model, name) : NULL;
}

static bool check_type(struct body *body, struct slice name, const struct edm_entity_type *wanted)
{
    const struct slice target = SLICE("@odata.type");
    const struct edm_model *model = body->model;

    cut_prefix(&name, SLICE("#"));
    const struct edm_entity_type *found = resolve_type(model, name);
    if (!found)
        return error_set(body->err, ERROR_MODEL_VALIDATION, target,
                         "A type named '%.*s' could not be resolved by the model. When a model is "
                         "available, each type name must resolve to a valid type.",
                         SLICE_ARG(odata_quote(name)));
    if (found != wanted)
        return error_set(body->err, ERROR_MODEL_VALIDATION, target,
                         "An entry with type '%.*s.%.*s' was found, but it is not assignable to "
                         "the expected type '%.*s.%.*s'. The type specified in the entry must be "
                         "equal to either the expected type or a derived type.",
                         SLICE_ARG(model->error_namespace), SLICE_ARG(found->name),
                         SLICE_ARG(model->error_namespace), SLICE_ARG(wanted->name));
    return true;
}

/* Reads the value of "@odata.type". */
static bool read_type(struct body *body)
{
    struct json_token token;

    if (!next_token(body, &token))
        return false;
    if (token.kind != JSON_STRING)
        return error_set(body->err, ERROR_MODEL_VALIDATION, SLICE("@odata.type"),
                         "Cannot convert the literal '%.*s' to the expected type 'Edm.String'.",
                         SLICE_ARG(odata_quote(token.literal)));
    return check_type(body, token.text, body->entity->type);
}

/* --- an entity ------------------------------------------------------------------------------- */

static bool same_key(struct slice a, struct slice b)
{
    struct uuid a_id, b_id;

    if (uuid_parse(a, &a_id) && uuid_parse(b, &b_id))
        return uuid_eq(a_id, b_id);
    return slice_eq(a, b);
}

/* Text is asked for even where it is dropped: a number there is a mistake worth telling. */
static bool read_key(struct body *body, const struct edm_property *property)
{
    struct json_token token;
    struct edm_value value;

    if (!next_token(body, &token) || !read_value(body, property, &token, &value))
        return false;
    if (body->key.len == 0 || same_key(value.text, body->key))
        return true;
    return error_set(body->err, ERROR_BAD_REQUEST, property->name,
                     "The property '%.*s' in the payload does not match the key of the resource "
                     "in the URI.",
                     SLICE_ARG(property->name));
}

static bool read_property(struct body *body, size_t index)
{
    const struct edm_property *property = &body->entity->type->properties[index];
    struct json_token token;

    if (property->flags & EDM_KEY)
        return read_key(body, property);
    if (property->flags & EDM_READ_ONLY)
        return skip_value(body);
    if (!next_token(body, &token) ||
        !read_value(body, property, &token, &body->entity->values[index]))
        return false;
    edm_entity_mark(body->entity, index);
    return true;
}

static bool read_entity_member(struct body *body, struct slice name)
{
    const struct edm_entity_type *type = body->entity->type;

    int index = edm_find_property(type, name);
    if (index >= 0)
        return read_property(body, (size_t)index);
    if (slice_eq(name, SLICE("@odata.type")) || slice_eq(name, SLICE("@type")))
        return read_type(body);
    if (slice_index(name, '@') < name.len || slice_starts_with(name, SLICE("#")))
        return skip_value(body);
    return error_set(body->err, ERROR_MODEL_VALIDATION, name,
                     "The property '%.*s' does not exist on type '%.*s.%.*s'. Make sure to only "
                     "use property names that are defined by the type.",
                     SLICE_ARG(odata_quote(name)), SLICE_ARG(body->model->error_namespace),
                     SLICE_ARG(type->name));
}

/* --- one property ---------------------------------------------------------------------------- */

static bool read_single_member(struct body *body, struct slice name)
{
    if (slice_eq(name, SLICE("value")))
        return read_property(body, (size_t)(body->single - body->entity->type->properties));
    if (slice_index(name, '@') < name.len)
        return skip_value(body);
    return error_set(body->err, ERROR_MODEL_VALIDATION, name,
                     "The property '%.*s' stands where only 'value' and annotations may: the body "
                     "is that of the property '%.*s'.",
                     SLICE_ARG(odata_quote(name)), SLICE_ARG(body->single->name));
}

/* --- parameters ------------------------------------------------------------------------------ */

static const struct edm_property *find_parameter(const struct edm_action *action, struct slice name)
{
    for (size_t i = 0; i < action->parameter_count; i++) {
        if (slice_eq(action->parameters[i].name, name))
            return &action->parameters[i];
    }
    return NULL;
}

/* $metadata lets it be null, and nothing could be done with that. */
static bool required(struct body *body, const struct edm_property *parameter)
{
    return error_set(body->err, ERROR_MODEL_VALIDATION, parameter->name,
                     "The parameter '%.*s' of the operation '%.*s' is required.",
                     SLICE_ARG(parameter->name), SLICE_ARG(body->action->name));
}

static bool read_parameter(struct body *body, const struct edm_property *parameter)
{
    size_t index = (size_t)(parameter - body->action->parameters);
    struct edm_value *value = &body->values[index];
    struct json_token token;

    if (!next_token(body, &token))
        return false;
    if (token.kind == JSON_NULL && (parameter->flags & EDM_REQUIRED))
        return required(body, parameter);
    if (token.kind == JSON_NULL && !(parameter->flags & EDM_NULLABLE))
        return error_set(body->err, ERROR_BAD_REQUEST, parameter->name,
                         "The parameter '%.*s' of the operation '%.*s' does not allow null "
                         "values.",
                         SLICE_ARG(parameter->name), SLICE_ARG(body->action->name));
    body->given |= UINT64_C(1) << index;
    return read_value(body, parameter, &token, value) &&
           edm_value_refuse_sentinel(body->model, parameter, value, body->err);
}

static bool read_action_member(struct body *body, struct slice name)
{
    const struct edm_property *parameter = find_parameter(body->action, name);

    if (parameter)
        return read_parameter(body, parameter);
    if (slice_index(name, '@') < name.len)
        return skip_value(body);
    return error_set(body->err, ERROR_MODEL_VALIDATION, name,
                     "The parameter '%.*s' in the request payload is not a valid parameter for "
                     "the operation '%.*s'.",
                     SLICE_ARG(odata_quote(name)), SLICE_ARG(body->action->name));
}

/* A parameter left out is null where it may be. */
static bool fill_parameters(struct body *body)
{
    const struct edm_action *action = body->action;

    for (size_t i = 0; i < action->parameter_count; i++) {
        if (body->given >> i & 1)
            continue;
        if (action->parameters[i].flags & EDM_REQUIRED)
            return required(body, &action->parameters[i]);
        if (!(action->parameters[i].flags & EDM_NULLABLE))
            return error_set(body->err, ERROR_BAD_REQUEST, action->parameters[i].name,
                             "One or more parameters of the operation '%.*s' are missing from "
                             "the request payload. The missing parameters are: %.*s.",
                             SLICE_ARG(action->name), SLICE_ARG(action->parameters[i].name));
        body->values[i] = (struct edm_value){ .is_null = true };
    }
    return true;
}

/* --- a body ---------------------------------------------------------------------------------- */

/* Reads `text`, one object, a member at a time. */
static bool read_body(struct body *body, struct slice text, unsigned depth_limit,
                      member_reader *read_member)
{
    struct json_token token;

    /* RFC 8259 8.1 lets a reader ignore a byte order mark; .NET's writers like to send one. */
    if (slice_starts_with(text, SLICE("\xEF\xBB\xBF")))
        text = slice_sub(text, 3, text.len);
    if (is_blank(text))
        return error_set(body->err, ERROR_EMPTY_PAYLOAD, SLICE_EMPTY,
                         "Empty Payload. JSON content expected.");
    json_reader_init(&body->reader, text, body->arena, depth_limit);
    if (!next_token(body, &token))
        return false;
    if (token.kind != JSON_OBJECT_BEGIN)
        return unreadable(body, SLICE_EMPTY);
    while (next_token(body, &token)) {
        if (token.kind == JSON_OBJECT_END)
            return finish(body);
        if (!read_member(body, token.text))
            return false;
    }
    return false;
}

bool odata_read_entity(const struct edm_model *model, const struct edm_entity_type *type,
                       struct slice body, struct slice key, unsigned depth_limit,
                       struct arena *arena, struct edm_entity **ret, struct error *err)
{
    struct body reading = {
        .model = model,
        .arena = arena,
        .key = key,
        .entity = edm_entity_create(type, arena),
        .err = err,
    };

    if (!reading.entity)
        return error_no_memory(err);
    if (!read_body(&reading, body, depth_limit, read_entity_member))
        return false;
    *ret = reading.entity;
    return true;
}

bool odata_read_property(const struct edm_model *model, const struct edm_entity_type *type,
                         const struct edm_property *property, struct slice body,
                         unsigned depth_limit, struct arena *arena, struct edm_entity **ret,
                         struct error *err)
{
    struct body reading = {
        .model = model,
        .arena = arena,
        .entity = edm_entity_create(type, arena),
        .single = property,
        .err = err,
    };

    if (!reading.entity)
        return error_no_memory(err);
    if (!read_body(&reading, body, depth_limit, read_single_member))
        return false;
    if (!edm_entity_has(reading.entity, (size_t)(property - type->properties)))
        return error_set(err, ERROR_BAD_REQUEST, SLICE("value"),
                         "The body has no 'value', which is what the property '%.*s' becomes.",
                         SLICE_ARG(property->name));
    *ret = reading.entity;
    return true;
}

/* As though `token` had been the value's in JSON. */
static bool read_token(const struct edm_model *model, const struct edm_entity_type *type,
                       const struct edm_property *property, const struct json_token *token,
                       struct arena *arena, struct edm_entity **ret, struct error *err)
{
    struct edm_entity *entity = edm_entity_create(type, arena);
    size_t index = (size_t)(property - type->properties);

    if (!entity)
        return error_no_memory(err);
    if (!edm_value_read(model, property, NULL, token, arena, &entity->values[index], err))
        return false;
    edm_entity_mark(entity, index);
    *ret = entity;
    return true;
}

bool odata_read_value(const struct edm_model *model, const struct edm_entity_type *type,
                      const struct edm_property *property, struct slice text, struct arena *arena,
                      struct edm_entity **ret, struct error *err)
{
    struct json_token token = { .kind = JSON_STRING, .text = text, .literal = text };

    if (!slice_is_utf8(text))
        return error_set(err, ERROR_BAD_REQUEST, property->name,
                         "The text of the property '%.*s' is not UTF-8.",
                         SLICE_ARG(property->name));
    if (property->kind == EDM_BOOLEAN && slice_eq_nocase(text, SLICE("true")))
        token.kind = JSON_TRUE;
    else if (property->kind == EDM_BOOLEAN && slice_eq_nocase(text, SLICE("false")))
        token.kind = JSON_FALSE;
    return read_token(model, type, property, &token, arena, ret, err);
}

bool odata_read_null(const struct edm_model *model, const struct edm_entity_type *type,
                     const struct edm_property *property, struct arena *arena,
                     struct edm_entity **ret, struct error *err)
{
    const struct json_token token = { .kind = JSON_NULL };

    return read_token(model, type, property, &token, arena, ret, err);
}

bool odata_read_parameters(const struct edm_model *model, const struct edm_action *action,
                           struct slice body, unsigned depth_limit, struct arena *arena,
                           struct edm_value **ret, struct error *err)
{
    struct body reading = {
        .model = model,
        .arena = arena,
        .action = action,
        .values = arena_new_array(arena, action->parameter_count, struct edm_value),
        .err = err,
    };

    if (!reading.values)
        return error_no_memory(err);
    if (!read_body(&reading, body, depth_limit, read_action_member) || !fill_parameters(&reading))
        return false;
    *ret = reading.values;
    return true;
}
