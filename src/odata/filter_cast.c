/* odata/filter_cast.c - cast and isof: types by their names.
 *
 *     cast := "cast" "(" [or ","] type ")"      isof := "isof" "(" [or ","] type ")"
 *     type := "Edm." name | namespace "." name | "Collection" "(" type ")"
 *
 * Without a value both are about the entity. It has no type but its own, so that a cast to that one
 * changes nothing (a path goes on behind it) and isof is known while the text is read.
 *
 * A cast that fails is null. What a literal becomes is worked out here; a text that is none can be
 * cast to nothing else, since no engine reads dates and durations as OData writes them.
 *
 * A whole number is of every type of whole numbers that holds it: the types of Graph's sets differ
 * in nothing but their range. Null is of no type.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "odata/filter_literal.h"
#include "odata/filter_parse.h"
#include "odata/quote.h"

struct target {
    struct slice name;
    enum edm_filter_type type;
    int64_t min, max; /* of whole numbers */
    const struct edm_enum *enumeration;
    bool is_entity;
};

static const struct target targets[] = {
    { SLICE_INIT("Edm.String"), EDM_FILTER_STRING, 0, 0, NULL, false },
    { SLICE_INIT("Edm.Boolean"), EDM_FILTER_BOOLEAN, 0, 0, NULL, false },
    { SLICE_INIT("Edm.Byte"), EDM_FILTER_INTEGER, 0, UINT8_MAX, NULL, false },
    { SLICE_INIT("Edm.SByte"), EDM_FILTER_INTEGER, INT8_MIN, INT8_MAX, NULL, false },
    { SLICE_INIT("Edm.Int16"), EDM_FILTER_INTEGER, INT16_MIN, INT16_MAX, NULL, false },
    { SLICE_INIT("Edm.Int32"), EDM_FILTER_INTEGER, INT32_MIN, INT32_MAX, NULL, false },
    { SLICE_INIT("Edm.Int64"), EDM_FILTER_INTEGER, INT64_MIN, INT64_MAX, NULL, false },
    { SLICE_INIT("Edm.Single"), EDM_FILTER_REAL, 0, 0, NULL, false },
    { SLICE_INIT("Edm.Double"), EDM_FILTER_REAL, 0, 0, NULL, false },
    { SLICE_INIT("Edm.Decimal"), EDM_FILTER_REAL, 0, 0, NULL, false },
    { SLICE_INIT("Edm.DateTimeOffset"), EDM_FILTER_DATE_TIME, 0, 0, NULL, false },
    { SLICE_INIT("Edm.Date"), EDM_FILTER_DATE, 0, 0, NULL, false },
    { SLICE_INIT("Edm.TimeOfDay"), EDM_FILTER_TIME, 0, 0, NULL, false },
    { SLICE_INIT("Edm.Duration"), EDM_FILTER_DURATION, 0, 0, NULL, false },
    { SLICE_INIT("Edm.Guid"), EDM_FILTER_GUID, 0, 0, NULL, false },
    { SLICE_INIT("Edm.Binary"), EDM_FILTER_BINARY, 0, 0, NULL, false },
};

/* --- types ----------------------------------------------------------------------------------- */

static bool find_enumeration(const struct edm_entity_type *type, struct slice name,
                             struct target *ret)
{
    for (size_t i = 0; i < type->property_count; i++) {
        const struct edm_enum *enumeration = type->properties[i].enumeration;

        if (!enumeration || !slice_eq_nocase(enumeration->name, name))
            continue;
        ret->type = EDM_FILTER_ENUM;
        ret->enumeration = enumeration;
        return true;
    }
    return false;
}

static bool find_target(const struct filter_parse *parse, struct slice text, struct target *ret)
{
    const struct filter_builder *builder = &parse->builder;
    struct slice name;

    *ret = (struct target){ .name = text };
    if (builder->form_alone)
        return true;
    for (size_t i = 0; i < COUNT_OF(targets); i++) {
        if (slice_eq_nocase(targets[i].name, text)) {
            *ret = targets[i];
            return true;
        }
    }
    name = filter_cut_namespace(builder, text);
    ret->is_entity = slice_eq_nocase(name, builder->type->name);
    return ret->is_entity || (name.len && find_enumeration(builder->type, name, ret)) ||
           edm_find_type(builder->model, name);
}

/* type, and the parenthesis behind it */
static bool parse_type(struct filter_parse *parse, struct target *ret)
{
    const struct filter_token name = parse->token;
    bool is_collection = filter_take_word(parse, SLICE("Collection"));

    if (is_collection && (!filter_expect_sign(parse, '(') || !parse_type(parse, ret)))
        return false;
    if (!is_collection) {
        if (name.kind != FILTER_TOKEN_NAME || slice_index(name.text, '.') == name.text.len)
            return filter_unexpected(parse);
        if (!find_target(parse, name.text, ret))
            return filter_refuse(&parse->builder, name.position,
                                 "The type '%.*s' is not known here.",
                                 SLICE_ARG(odata_quote(name.text)));
        filter_take(parse);
    }
    if (!filter_expect_sign(parse, ')'))
        return false;
    return !is_collection || parse->builder.form_alone ||
           filter_refuse(&parse->builder, name.position,
                         "Collections are not supported as types to cast to.");
}

/* Whether a type stands here with nothing before it: a qualified name that nothing continues. */
static bool stands_alone(struct filter_parse *parse)
{
    const struct filter_lexer lexer = parse->lexer;
    const struct filter_token name = parse->token;
    bool alone;

    if (filter_token_is_word(&name, SLICE("Collection")))
        return true;
    if (name.kind != FILTER_TOKEN_NAME || slice_index(name.text, '.') == name.text.len)
        return false;
    filter_take(parse);
    alone = filter_token_is_sign(&parse->token, ')');
    parse->lexer = lexer;
    parse->token = name;
    return alone;
}

/* [or ","] type ")"; *ret_value is NULL for the entity. */
static bool parse_arguments(struct filter_parse *parse, struct filter_operand *ret_value,
                            struct target *ret)
{
    *ret_value = (struct filter_operand){ .position = parse->token.position };
    if (!filter_enter(parse))
        return false;
    if (!stands_alone(parse)) {
        ret_value->node = filter_parse_or(parse);
        if (!ret_value->node || !filter_expect_sign(parse, ','))
            return false;
    }
    filter_leave(parse);
    return parse_type(parse, ret);
}

/* --- cast ------------------------------------------------------------------------------------ */

static struct edm_filter *literal(struct filter_parse *parse, struct edm_filter value,
                                  size_t position)
{
    value.kind = EDM_FILTER_LITERAL;
    return filter_node(&parse->builder, value, position);
}

/* A text as a value of another type; null when it is none. */
static struct edm_filter read_text(struct filter_parse *parse, struct slice text,
                                   const struct target *target)
{
    const struct edm_filter null = { .kind = EDM_FILTER_LITERAL, .type = EDM_FILTER_NULL };
    struct edm_filter value = { .kind = EDM_FILTER_LITERAL, .type = target->type };
    struct filter_builder builder = parse->builder;
    struct error ignored = { 0 };
    bool ok;

    builder.err = &ignored;
    switch (target->type) {
    case EDM_FILTER_ENUM:
        ok = filter_read_member(&builder, target->enumeration, text, 0, &value);
        break;
    case EDM_FILTER_DURATION:
        ok = filter_literal_duration(text, &value.integer);
        break;
    case EDM_FILTER_BINARY:
        value.text = text;
        ok = filter_literal_is_binary(text);
        break;
    case EDM_FILTER_BOOLEAN:
        ok = filter_literal_word(text, &value);
        break;
    default:
        ok = filter_literal_value(text, &value) || filter_literal_word(text, &value);
    }
    if (ok && value.type == EDM_FILTER_INTEGER && target->type == EDM_FILTER_REAL) {
        value.type = EDM_FILTER_REAL;
        value.real = (double)value.integer;
    }
    ok = ok && value.type == target->type &&
         (value.type != EDM_FILTER_INTEGER ||
          (value.integer >= target->min && value.integer <= target->max));
    return ok ? value : null;
}

/* Whether there is a way from one type to the other for values that are not known yet. */
static bool can_cast(enum edm_filter_type from, enum edm_filter_type to)
{
    switch (to) {
    case EDM_FILTER_STRING:
        return from != EDM_FILTER_STRINGS && from != EDM_FILTER_BINARY;
    case EDM_FILTER_INTEGER:
    case EDM_FILTER_REAL:
        return from == EDM_FILTER_INTEGER || from == EDM_FILTER_REAL;
    case EDM_FILTER_DATE_TIME:
        return from == EDM_FILTER_DATE;
    default:
        return false;
    }
}

static struct edm_filter *cast_node(struct filter_parse *parse, struct edm_filter *value,
                                    const struct target *target, size_t position)
{
    const struct edm_filter *arguments[3] = { value };
    struct edm_filter bound = { .type = EDM_FILTER_INTEGER, .integer = target->min };

    if (target->type == EDM_FILTER_INTEGER) {
        arguments[1] = literal(parse, bound, position);
        bound.integer = target->max;
        arguments[2] = literal(parse, bound, position);
        if (!arguments[1] || !arguments[2])
            return NULL;
    }
    return filter_node_with(&parse->builder,
                            (struct edm_filter){ .kind = EDM_FILTER_CAST, .type = target->type },
                            arguments, target->type == EDM_FILTER_INTEGER ? 3 : 1, position);
}

/* A value to another type than its own, or to whole numbers of another range. */
static struct edm_filter *cast_value(struct filter_parse *parse, struct filter_operand value,
                                     const struct target *target, size_t position)
{
    struct edm_filter *node = value.node;
    bool is_literal = node->kind == EDM_FILTER_LITERAL;

    if (node->type == EDM_FILTER_NULL ||
        (node->type == target->type && node->type != EDM_FILTER_INTEGER &&
         node->enumeration == target->enumeration))
        return node;
    if (is_literal && node->type == EDM_FILTER_STRING)
        return literal(parse, read_text(parse, node->text, target), position);
    if (is_literal && node->type == EDM_FILTER_GUID && target->type == EDM_FILTER_STRING) {
        node->type = EDM_FILTER_STRING;
        return node;
    }
    if (!target->is_entity && can_cast(node->type, target->type))
        return cast_node(parse, node, target, position);
    filter_refuse(&parse->builder, value.position, "A cast from '%.*s' to '%.*s' is not supported.",
                  SLICE_ARG(filter_type_name(&parse->builder, node)),
                  SLICE_ARG(odata_quote(target->name)));
    return NULL;
}

struct edm_filter *filter_parse_cast(struct filter_parse *parse, const struct filter_token *name)
{
    struct filter_operand value;
    struct target target;

    if (!parse_arguments(parse, &value, &target))
        return NULL;
    if (parse->builder.form_alone)
        return filter_node(&parse->builder, (struct edm_filter){ 0 }, name->position);
    if (value.node)
        return cast_value(parse, value, &target, name->position);
    if (target.is_entity)
        return filter_parse_tail(parse, NULL);
    filter_refuse(&parse->builder, value.position,
                  "Encountered invalid type cast. '%.*s' is not assignable from '%.*s.%.*s'.",
                  SLICE_ARG(odata_quote(target.name)),
                  SLICE_ARG(parse->builder.model->namespace_name),
                  SLICE_ARG(parse->builder.type->name));
    return NULL;
}

/* --- isof ------------------------------------------------------------------------------------ */

static struct edm_filter *compare(struct filter_parse *parse, enum edm_filter_kind kind,
                                  struct edm_filter *value, struct edm_filter other,
                                  size_t position)
{
    struct edm_filter *right = literal(parse, other, position);

    return right ? filter_binary(&parse->builder, kind, (struct filter_operand){ value, position },
                                 (struct filter_operand){ right, position }, position)
                 : NULL;
}

/* value ge min and value le max */
static struct edm_filter *is_within(struct filter_parse *parse, struct edm_filter *value,
                                    const struct target *target, size_t position)
{
    struct edm_filter bound = { .type = EDM_FILTER_INTEGER, .integer = target->min };
    struct edm_filter *left = compare(parse, EDM_FILTER_GE, value, bound, position), *right;

    bound.integer = target->max;
    right = left ? compare(parse, EDM_FILTER_LE, value, bound, position) : NULL;
    return right ? filter_binary(&parse->builder, EDM_FILTER_AND,
                                 (struct filter_operand){ left, position },
                                 (struct filter_operand){ right, position }, position)
                 : NULL;
}

struct edm_filter *filter_parse_isof(struct filter_parse *parse, const struct filter_token *name)
{
    const struct edm_filter null = { .type = EDM_FILTER_NULL };
    struct edm_filter known = { .type = EDM_FILTER_BOOLEAN };
    struct filter_operand value;
    struct target target;

    if (!parse_arguments(parse, &value, &target))
        return NULL;
    if (parse->builder.form_alone || !value.node) {
        known.integer = target.is_entity;
        return literal(parse, known, name->position);
    }
    if (target.is_entity || value.node->type != target.type ||
        value.node->enumeration != target.enumeration)
        return literal(parse, known, name->position);
    if (target.type == EDM_FILTER_INTEGER)
        return is_within(parse, value.node, &target, name->position);
    return compare(parse, EDM_FILTER_NE, value.node, null, name->position);
}
