/* odata/filter_path.c - names in $filter: properties, the items of any() and all(), collections.
 *
 *     path    := ("$it" | "$this" | type | name) tail
 *     tail    := ("/" segment)*
 *     segment := name | type | "any" "(" [lambda] ")" | "all" "(" lambda ")"
 *              | "$count" ["(" "$filter" "=" or ")"] | "$filter" "(" or ")"
 *              | name "(" ... ")" | "@" annotation ["#" name]
 *     lambda  := name ":" or
 *
 * A path is walked from the left, with what it stands for so far in hand: the entity, a value, or a
 * collection, perhaps one with a condition on its items. Where the form alone counts
 * (filter_check.h) a segment fits whatever it stands behind.
 *
 * The name that a lambda gives hides a property of that name, which "$it/" still reaches. Inside
 * "$count($filter=...)" an item is "$this", and no property has a name without "$it/". Each of
 * these conditions has a number, so that two of the same name are still two.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "edm/apply.h"
#include "odata/compute.h"
#include "odata/filter_parse.h"
#include "odata/quote.h"

/* What a path stands for up to some slash. */
struct place {
    struct edm_filter *node;            /* NULL: the entity */
    const struct edm_filter *condition; /* of a collection, perhaps */
    size_t variable;                    /* the condition's */
};

static bool form_alone(const struct filter_parse *parse)
{
    return parse->builder.form_alone;
}

static bool is_collection(const struct filter_parse *parse, const struct place *place)
{
    return form_alone(parse) || (place->node && place->node->type == EDM_FILTER_STRINGS);
}

static bool not_offered(struct filter_parse *parse, size_t position, const char *what,
                        struct place *ret)
{
    ret->node = filter_not_offered(&parse->builder, position, what);
    return ret->node;
}

/* --- names ----------------------------------------------------------------------------------- */

static bool no_property(struct filter_parse *parse, const struct filter_token *name,
                        struct slice type_name)
{
    return filter_refuse(&parse->builder, name->position,
                         "Could not find a property named '%.*s' on type '%.*s'.",
                         SLICE_ARG(odata_quote(name->text)), SLICE_ARG(type_name));
}

static bool no_entity_property(struct filter_parse *parse, const struct filter_token *name)
{
    return filter_refuse(&parse->builder, name->position,
                         "Could not find a property named '%.*s' on type '%.*s.%.*s'.",
                         SLICE_ARG(odata_quote(name->text)),
                         SLICE_ARG(parse->builder.model->namespace_name),
                         SLICE_ARG(parse->builder.type->name));
}

/* A column of what $apply made. */
static struct edm_filter *column_node(struct filter_parse *parse, const struct filter_token *name)
{
    const struct edm_shape *shape = parse->builder.shape;

    for (size_t i = 0; i < shape->count; i++) {
        const struct edm_column *column = &shape->columns[i];

        if (slice_eq_nocase(column->name, name->text))
            return filter_node(&parse->builder,
                               (struct edm_filter){ .kind = EDM_FILTER_PROPERTY,
                                                    .type = column->type,
                                                    .enumeration = column->enumeration,
                                                    .property = i },
                               name->position);
    }
    filter_refuse(&parse->builder, name->position,
                  "Could not find a property named '%.*s' in what $apply makes.",
                  SLICE_ARG(odata_quote(name->text)));
    return NULL;
}

/* A name that no property has: what $compute calls so, if anything. */
static struct edm_filter *computed_node(struct filter_parse *parse, const struct filter_token *name)
{
    int index = odata_computed_find(parse->builder.computed, name->text);

    if (index >= 0)
        return odata_computed_node(&parse->builder, (size_t)index, name->position);
    no_entity_property(parse, name);
    return NULL;
}

static struct edm_filter *property_node(struct filter_parse *parse, const struct filter_token *name)
{
    const struct edm_entity_type *type = parse->builder.type;
    static const enum edm_filter_type types[EDM_KIND_COUNT] = {
        [EDM_STRING] = EDM_FILTER_STRING, [EDM_BOOLEAN] = EDM_FILTER_BOOLEAN,
        [EDM_INT32] = EDM_FILTER_INTEGER, [EDM_INT64] = EDM_FILTER_INTEGER,
        [EDM_ENUM] = EDM_FILTER_ENUM,     [EDM_DATE_TIME_OFFSET] = EDM_FILTER_DATE_TIME,
    };
    struct edm_filter node = { .kind = EDM_FILTER_PROPERTY };

    if (parse->builder.shape)
        return column_node(parse, name);
    if (!form_alone(parse)) {
        int index = edm_find_property_nocase(type, name->text);

        if (index < 0)
            return computed_node(parse, name);
        const struct edm_property *property = &type->properties[index];
        node.type = property->flags & EDM_COLLECTION ? EDM_FILTER_STRINGS : types[property->kind];
        node.enumeration = property->enumeration;
        node.property = (size_t)index;
    }
    return filter_node(&parse->builder, node, name->position);
}

static const struct filter_variable *find_variable(const struct filter_parse *parse,
                                                   struct slice name)
{
    for (const struct filter_variable *variable = parse->variables; variable;
         variable = variable->outer) {
        if (slice_eq(variable->name, name))
            return variable;
    }
    return NULL;
}

static bool is_qualified(struct slice name)
{
    return slice_index(name, '.') < name.len;
}

/* A type's name as a segment: the entity's own changes nothing. */
static bool cast_segment(struct filter_parse *parse, const struct filter_token *name,
                         struct place *place)
{
    const struct edm_entity_type *type = parse->builder.type;

    if (form_alone(parse))
        return true;
    if (!place->node &&
        slice_eq_nocase(filter_cut_namespace(&parse->builder, name->text), type->name))
        return true;
    return filter_refuse(
        &parse->builder, name->position,
        "Encountered invalid type cast. '%.*s' is not assignable from '%.*s'.",
        SLICE_ARG(odata_quote(name->text)),
        SLICE_ARG(place->node ? filter_type_name(&parse->builder, place->node) : type->name));
}

/* A name behind a slash. */
static bool member_segment(struct filter_parse *parse, const struct filter_token *name,
                           struct place *place)
{
    if (is_qualified(name->text))
        return cast_segment(parse, name, place);
    if (!place->node || form_alone(parse)) {
        place->node = property_node(parse, name);
        return place->node;
    }
    if (place->node->type == EDM_FILTER_STRINGS)
        return filter_refuse(&parse->builder, name->position,
                             "The parent value for a property access of a property '%.*s' is not a "
                             "single value. Property access can only be applied to a single value.",
                             SLICE_ARG(odata_quote(name->text)));
    return no_property(parse, name, filter_type_name(&parse->builder, place->node));
}

/* --- conditions on items --------------------------------------------------------------------- */

/* Reads a condition in which `variable` is the item. */
static struct edm_filter *parse_condition(struct filter_parse *parse,
                                          struct filter_variable *variable)
{
    size_t position = parse->token.position;
    struct edm_filter *condition;

    parse->variables = variable;
    condition = filter_parse_or(parse);
    parse->variables = variable->outer;
    if (condition && !filter_is_condition(condition)) {
        filter_refuse(&parse->builder, position,
                      "The expression of '%.*s' does not evaluate to a single boolean value.",
                      SLICE_ARG(odata_quote(variable->name)));
        return NULL;
    }
    return condition;
}

/* lambda := name ":" or */
static struct edm_filter *parse_lambda(struct filter_parse *parse, struct filter_variable *variable)
{
    if (parse->token.kind != FILTER_TOKEN_NAME)
        return filter_unexpected(parse);
    *variable = (struct filter_variable){ .name = filter_take(parse).text,
                                          .number = parse->builder.variable_count++,
                                          .outer = parse->variables };
    return filter_expect_sign(parse, ':') ? parse_condition(parse, variable) : NULL;
}

/* any and all, taken. */
static bool any_or_all(struct filter_parse *parse, enum edm_filter_kind kind, size_t position,
                       struct place *place)
{
    const struct edm_filter *arguments[2] = { place->node, NULL };
    struct filter_variable variable = { .number = 0 };
    size_t count = 1;

    if (!is_collection(parse, place))
        return filter_refuse(&parse->builder, position,
                             "Any/All may only be used following a collection.");
    if (place->condition)
        return not_offered(parse, position, "Any/All is not supported behind '$filter'.", place);
    if (!filter_expect_sign(parse, '(') || !filter_enter(parse))
        return false;
    if (kind == EDM_FILTER_ALL || !filter_token_is_sign(&parse->token, ')')) {
        arguments[count++] = parse_lambda(parse, &variable);
        if (!arguments[1])
            return false;
    }
    filter_leave(parse);
    if (!filter_expect_sign(parse, ')'))
        return false;
    place->node = filter_node_with(&parse->builder,
                                   (struct edm_filter){ .kind = kind,
                                                        .type = EDM_FILTER_BOOLEAN,
                                                        .variable = variable.number },
                                   arguments, count, position);
    return place->node;
}

/* "(" was taken; the items are "$this" up to ")". */
static bool item_condition(struct filter_parse *parse, struct place *place)
{
    struct filter_variable variable = { .name = SLICE("$this"),
                                        .number = parse->builder.variable_count++,
                                        .alone = true,
                                        .outer = parse->variables };

    if (!filter_enter(parse))
        return false;
    place->condition = parse_condition(parse, &variable);
    place->variable = variable.number;
    filter_leave(parse);
    return place->condition;
}

/* The options in the parentheses behind $count. */
static bool count_options(struct filter_parse *parse, struct place *place)
{
    const struct filter_token option = parse->token;

    if (place->condition &&
        !not_offered(parse, option.position, "A second condition on a collection is not supported.",
                     place))
        return false;
    if (!filter_take_word(parse, SLICE("$filter")) && !filter_take_word(parse, SLICE("filter"))) {
        if (option.kind == FILTER_TOKEN_NAME && option.text.ptr[0] == '$')
            return filter_refuse(&parse->builder, option.position,
                                 "Query option '%.*s' is not supported behind '$count'.",
                                 SLICE_ARG(odata_quote(option.text)));
        return filter_unexpected(parse);
    }
    return filter_expect_sign(parse, '=') && item_condition(parse, place) &&
           filter_expect_sign(parse, ')');
}

/* $count, taken. */
static bool count_segment(struct filter_parse *parse, size_t position, struct place *place)
{
    const struct edm_filter *arguments[2] = { place->node };

    if (!is_collection(parse, place))
        return filter_refuse(&parse->builder, position,
                             "'$count' may only be used following a collection.");
    if (filter_take_sign(parse, '(') && !count_options(parse, place))
        return false;
    arguments[1] = place->condition;
    place->node = filter_node_with(&parse->builder,
                                   (struct edm_filter){ .kind = EDM_FILTER_COUNT,
                                                        .type = EDM_FILTER_INTEGER,
                                                        .variable = place->variable },
                                   arguments, place->condition ? 2 : 1, position);
    place->condition = NULL;
    return place->node;
}

/* $filter, taken. */
static bool filter_segment(struct filter_parse *parse, size_t position, struct place *place)
{
    if (!is_collection(parse, place))
        return filter_refuse(&parse->builder, position,
                             "'$filter' may only be used following a collection.");
    if (place->condition)
        return not_offered(parse, position, "A second condition on a collection is not supported.",
                           place);
    if (!filter_expect_sign(parse, '(') || !item_condition(parse, place) ||
        !filter_expect_sign(parse, ')'))
        return false;
    if (form_alone(parse)) {
        place->condition = NULL;
        return true;
    }
    return filter_token_is_sign(&parse->token, '/') ||
           filter_refuse(&parse->builder, position,
                         "A collection behind '$filter' is supported only with '/$count'.");
}

/* --- the walk -------------------------------------------------------------------------------- */

/* "@" annotation ["#" name], here or behind a slash. */
static bool annotation_segment(struct filter_parse *parse, struct place *place)
{
    if (!not_offered(parse, parse->token.position, "Annotations are not supported in $filter.",
                     place))
        return false;
    filter_take(parse);
    if (!filter_take_sign(parse, '#'))
        return true;
    return parse->token.kind == FILTER_TOKEN_NAME ? filter_take(parse).text.len > 0
                                                  : filter_unexpected(parse) != NULL;
}

/* What stands behind a slash. */
static bool parse_segment(struct filter_parse *parse, struct place *place)
{
    const struct filter_token token = parse->token;

    if (token.kind == FILTER_TOKEN_ALIAS)
        return annotation_segment(parse, place);
    if (filter_take_word(parse, SLICE("any")))
        return any_or_all(parse, EDM_FILTER_ANY, token.position, place);
    if (filter_take_word(parse, SLICE("all")))
        return any_or_all(parse, EDM_FILTER_ALL, token.position, place);
    if (filter_take_word(parse, SLICE("$count")))
        return count_segment(parse, token.position, place);
    if (filter_take_word(parse, SLICE("$filter")))
        return filter_segment(parse, token.position, place);
    if (token.kind != FILTER_TOKEN_NAME || token.text.ptr[0] == '$')
        return filter_unexpected(parse);
    filter_take(parse);
    if (!filter_take_sign(parse, '('))
        return member_segment(parse, &token, place);
    if (!form_alone(parse))
        return filter_unknown_function(&parse->builder, token.text, token.position);
    place->node = filter_parse_call(parse, &token);
    return place->node;
}

static struct edm_filter *walk(struct filter_parse *parse, struct place *place, size_t position)
{
    while (filter_take_sign(parse, '/') ||
           (form_alone(parse) && filter_token_is_sign(&parse->token, '('))) {
        if (filter_token_is_sign(&parse->token, '(')) { /* a key */
            const struct filter_token nameless = filter_take(parse);

            if (!filter_parse_call(parse, &nameless))
                return NULL;
        } else if (!parse_segment(parse, place)) {
            return NULL;
        }
    }
    if (!place->node)
        filter_refuse(&parse->builder, position,
                      "The entity itself is not supported as an operand; name a property of it.");
    return place->node;
}

struct edm_filter *filter_parse_tail(struct filter_parse *parse, struct edm_filter *node)
{
    struct place place = { .node = node };

    return walk(parse, &place, parse->token.position);
}

/* $it, $this and $root. */
static bool parse_dollar(struct filter_parse *parse, const struct filter_token *name,
                         struct place *place)
{
    bool is_root = slice_eq_nocase(name->text, SLICE("$root"));

    if (!is_root && !slice_eq_nocase(name->text, SLICE("$it")) &&
        !slice_eq_nocase(name->text, SLICE("$this")))
        return filter_syntax_error(&parse->builder, name->position);
    if (is_root && !filter_token_is_sign(&parse->token, '/'))
        return filter_unexpected(parse);
    if (is_root)
        return not_offered(parse, name->position, "'$root' is not supported in $filter.", place);
    if (form_alone(parse))
        place->node = filter_node(&parse->builder, (struct edm_filter){ 0 }, name->position);
    return !form_alone(parse) || place->node;
}

/* A property, or the entity's own type. */
static bool parse_first(struct filter_parse *parse, const struct filter_token *name,
                        struct place *place)
{
    if (is_qualified(name->text)) {
        if (!filter_token_is_sign(&parse->token, '/'))
            return form_alone(parse) ? filter_unexpected(parse) != NULL
                                     : no_entity_property(parse, name);
        return cast_segment(parse, name, place);
    }
    if (parse->variables && parse->variables->alone && !form_alone(parse))
        return no_property(parse, name, SLICE("Edm.String"));
    place->node = property_node(parse, name);
    return place->node;
}

/* path := ("$it" | "$this" | type | name) tail */
struct edm_filter *filter_parse_path(struct filter_parse *parse)
{
    struct filter_token name = filter_take(parse);
    const struct filter_variable *variable = find_variable(parse, name.text);
    struct place place = { .node = NULL };
    bool ok;

    if (variable) {
        place.node = filter_node(&parse->builder,
                                 (struct edm_filter){ .kind = EDM_FILTER_ITEM,
                                                      .type = EDM_FILTER_STRING,
                                                      .variable = variable->number },
                                 name.position);
        ok = place.node;
    } else if (name.text.ptr[0] == '$') {
        ok = parse_dollar(parse, &name, &place);
    } else {
        ok = parse_first(parse, &name, &place);
    }
    return ok ? walk(parse, &place, name.position) : NULL;
}

struct edm_filter *filter_parse_annotation(struct filter_parse *parse)
{
    struct place place = { .node = NULL };

    return annotation_segment(parse, &place) ? walk(parse, &place, 0) : NULL;
}
