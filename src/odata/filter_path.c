/* odata/filter_path.c - names in $filter: properties, the items of any() and all(), collections.
 *
 *     path   := ["$it" "/"] name ["/" ("$count" | "any" "(" [lambda] ")" | "all" "(" lambda ")")]
 *     lambda := name ":" or
 *
 * The name that a lambda gives hides a property of that name, which "$it/" still reaches. Each
 * lambda has a number, so that two of the same name are still two.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "odata/filter_parse.h"
#include "odata/quote.h"

static struct edm_filter *property_node(struct filter_parse *parse, const struct filter_token *name)
{
    const struct edm_entity_type *type = parse->builder.type;
    static const enum edm_filter_type types[EDM_KIND_COUNT] = {
        [EDM_STRING] = EDM_FILTER_STRING, [EDM_BOOLEAN] = EDM_FILTER_BOOLEAN,
        [EDM_INT32] = EDM_FILTER_INTEGER, [EDM_INT64] = EDM_FILTER_INTEGER,
        [EDM_ENUM] = EDM_FILTER_ENUM,     [EDM_DATE_TIME_OFFSET] = EDM_FILTER_DATE_TIME,
    };
    int index = edm_find_property_nocase(type, name->text);

    if (index < 0) {
        filter_refuse(&parse->builder, name->position,
                      "Could not find a property named '%.*s' on type '%.*s.%.*s'.",
                      SLICE_ARG(odata_quote(name->text)),
                      SLICE_ARG(parse->builder.model->namespace_name), SLICE_ARG(type->name));
        return NULL;
    }

    const struct edm_property *property = &type->properties[index];
    return filter_node(
        &parse->builder,
        (struct edm_filter){
            .kind = EDM_FILTER_PROPERTY,
            .type = property->flags & EDM_COLLECTION ? EDM_FILTER_STRINGS : types[property->kind],
            .enumeration = property->enumeration,
            .property = (size_t)index,
        },
        name->position);
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

/* lambda := name ":" or */
static struct edm_filter *parse_lambda(struct filter_parse *parse, struct filter_variable *variable)
{
    struct edm_filter *condition;
    size_t position;

    if (parse->token.kind != FILTER_TOKEN_NAME)
        return filter_unexpected(parse);
    *variable = (struct filter_variable){ filter_take(parse).text, parse->variable_count++,
                                          parse->variables };
    if (!filter_expect_sign(parse, ':'))
        return NULL;
    parse->variables = variable;
    position = parse->token.position;
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

/* The rest of a path behind any or all. */
static struct edm_filter *parse_any_or_all(struct filter_parse *parse,
                                           struct edm_filter *collection, enum edm_filter_kind kind,
                                           size_t position)
{
    const struct edm_filter *arguments[2] = { collection, NULL };
    struct filter_variable variable = { .number = 0 };
    size_t count = 1;

    if (!filter_expect_sign(parse, '(') || !filter_enter(parse))
        return NULL;
    if (kind == EDM_FILTER_ALL || !filter_token_is_sign(&parse->token, ')')) {
        arguments[count++] = parse_lambda(parse, &variable);
        if (!arguments[1])
            return NULL;
    }
    filter_leave(parse);
    if (!filter_expect_sign(parse, ')'))
        return NULL;
    return filter_node_with(&parse->builder,
                            (struct edm_filter){ .kind = kind,
                                                 .type = EDM_FILTER_BOOLEAN,
                                                 .variable = variable.number },
                            arguments, count, position);
}

/* What may stand behind the slash that follows a collection. */
static struct edm_filter *parse_collection_part(struct filter_parse *parse,
                                                struct edm_filter *collection)
{
    const struct edm_filter *const arguments[] = { collection };
    size_t position = parse->token.position;

    if (filter_take_word(parse, SLICE("any")))
        return parse_any_or_all(parse, collection, EDM_FILTER_ANY, position);
    if (filter_take_word(parse, SLICE("all")))
        return parse_any_or_all(parse, collection, EDM_FILTER_ALL, position);
    if (filter_take_word(parse, SLICE("$count")))
        return filter_node_with(
            &parse->builder,
            (struct edm_filter){ .kind = EDM_FILTER_COUNT, .type = EDM_FILTER_INTEGER }, arguments,
            1, position);
    return filter_unexpected(parse);
}

/* path := ["$it" "/"] name ["/" ...] */
struct edm_filter *filter_parse_path(struct filter_parse *parse)
{
    struct filter_token name = filter_take(parse);
    const struct filter_variable *variable = find_variable(parse, name.text);
    struct edm_filter *node;

    if (slice_eq_nocase(name.text, SLICE("$it"))) {
        if (!filter_expect_sign(parse, '/'))
            return NULL;
        if (parse->token.kind != FILTER_TOKEN_NAME)
            return filter_unexpected(parse);
        name = filter_take(parse);
        variable = NULL;
    }
    if (variable)
        node = filter_node(&parse->builder,
                           (struct edm_filter){ .kind = EDM_FILTER_ITEM,
                                                .type = EDM_FILTER_STRING,
                                                .variable = variable->number },
                           name.position);
    else
        node = property_node(parse, &name);
    if (!node || !filter_token_is_sign(&parse->token, '/'))
        return node;
    if (node->type != EDM_FILTER_STRINGS)
        return filter_unexpected(parse);
    filter_take(parse);
    return parse_collection_part(parse, node);
}
