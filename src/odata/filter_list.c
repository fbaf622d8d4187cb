/* odata/filter_list.c - several values: what stands behind `in`, hassubset, arrays and objects.
 *
 *     list   := "(" [item ("," item)*] ")" | "[" [item ("," item)*] "]"
 *             | "(" path ")" | path | alias
 *     item   := value | string | string of JSON
 *     array  := "[" [or ("," or)*] "]"
 *     object := "{" [string ":" or ("," string ":" or)*] "}"
 *
 * An array or an object as an operand is not offered, and refused as soon as it is seen; only where
 * the form alone counts is it read to its end.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/arena.h"
#include "odata/filter_literal.h"
#include "odata/filter_parse.h"

static struct edm_filter *refuse_json(struct filter_parse *parse);

/* --- items ----------------------------------------------------------------------------------- */

/* A value, or a string of JSON. */
static bool read_item(struct filter_parse *parse, struct edm_filter *ret, bool *ret_found)
{
    struct slice text;

    if (parse->token.kind != FILTER_TOKEN_JSON)
        return filter_read_value(parse, ret, ret_found);
    if (!filter_literal_json(filter_take(parse).text, parse->builder.arena, &text))
        return error_no_memory(parse->builder.err);
    *ret =
        (struct edm_filter){ .kind = EDM_FILTER_LITERAL, .type = EDM_FILTER_STRING, .text = text };
    *ret_found = true;
    return true;
}

/* Collections are of texts, whatever stands beside them. */
static bool is_text(struct filter_parse *parse, struct filter_operand item)
{
    return parse->builder.form_alone || item.node->type == EDM_FILTER_STRING ||
           item.node->type == EDM_FILTER_NULL ||
           filter_refuse(&parse->builder, item.position, "An array may have no items but texts.");
}

static struct edm_filter *parse_item(struct filter_parse *parse, const struct edm_filter *subject)
{
    struct filter_operand item = { NULL, parse->token.position };
    struct edm_filter value;
    bool found;

    if (!read_item(parse, &value, &found))
        return NULL;
    if (!found)
        return filter_token_is_sign(&parse->token, '[') || filter_token_is_sign(&parse->token, '{')
                   ? refuse_json(parse)
               : parse->builder.form_alone && parse->json_depth ? filter_parse_or(parse)
                                                                : filter_unexpected(parse);
    item.node = arena_new(parse->builder.arena, struct edm_filter);
    if (!item.node) {
        error_no_memory(parse->builder.err);
        return NULL;
    }
    *item.node = value;
    if (!subject)
        return is_text(parse, item) ? item.node : NULL;
    return filter_fit_item(&parse->builder, subject, item) ? item.node : NULL;
}

/* [item ("," item)*] `end`, behind arguments[0]. The items have to fit `subject`; NULL: be texts.
 */
static bool parse_items(struct filter_parse *parse, const struct edm_filter *subject, char end,
                        const struct edm_filter **arguments, size_t *ret_count)
{
    size_t count = 1;

    while (!filter_token_is_sign(&parse->token, end)) {
        if (count > 1 && !filter_expect_sign(parse, ','))
            return false;
        if (count == 1 + ODATA_FILTER_LIST_MAX)
            return filter_refuse(&parse->builder, parse->token.position,
                                 "A list may have %d items.", ODATA_FILTER_LIST_MAX);
        arguments[count] = parse_item(parse, subject);
        if (!arguments[count++])
            return false;
    }
    filter_take(parse);
    *ret_count = count;
    return true;
}

/* --- in -------------------------------------------------------------------------------------- */

/* Any item of the collection that equals what is on the left. */
static struct edm_filter *in_collection(struct filter_parse *parse, struct filter_operand subject,
                                        struct filter_operand collection, size_t position)
{
    size_t variable = parse->builder.variable_count++;
    const struct edm_filter *arguments[2] = { collection.node, NULL };
    struct edm_filter *item;

    if (collection.node->type != EDM_FILTER_STRINGS && !parse->builder.form_alone) {
        filter_refuse(&parse->builder, collection.position,
                      "The right operand of the operator 'in' must be a collection.");
        return NULL;
    }
    item =
        filter_node(&parse->builder,
                    (struct edm_filter){
                        .kind = EDM_FILTER_ITEM, .type = EDM_FILTER_STRING, .variable = variable },
                    collection.position);
    if (!item)
        return NULL;
    arguments[1] = filter_binary(&parse->builder, EDM_FILTER_EQ, subject,
                                 (struct filter_operand){ item, collection.position }, position);
    if (!arguments[1])
        return NULL;
    return filter_node_with(&parse->builder,
                            (struct edm_filter){ .kind = EDM_FILTER_ANY,
                                                 .type = EDM_FILTER_BOOLEAN,
                                                 .variable = variable },
                            arguments, 2, position);
}

static struct edm_filter *parse_in_collection(struct filter_parse *parse,
                                              struct filter_operand subject, size_t position)
{
    struct filter_operand collection = { .position = parse->token.position };

    collection.node = filter_parse_path(parse);
    return collection.node ? in_collection(parse, subject, collection, position) : NULL;
}

/* A name that is no value: the parentheses hold a collection. */
static bool holds_collection(const struct filter_parse *parse)
{
    struct edm_filter value;

    return parse->token.kind == FILTER_TOKEN_NAME &&
           !filter_literal_word(parse->token.text, &value);
}

static struct edm_filter *parse_in_list(struct filter_parse *parse, struct filter_operand subject,
                                        size_t position)
{
    const struct edm_filter *arguments[1 + ODATA_FILTER_LIST_MAX] = { subject.node };
    char end = filter_token_is_sign(&parse->token, '[') ? ']' : ')';
    struct edm_filter *node = NULL;
    size_t count;

    if (!filter_expect_sign(parse, end == ']' ? '[' : '('))
        return NULL;
    if (end == ')' && holds_collection(parse)) {
        node = parse_in_collection(parse, subject, position);
        return node && filter_expect_sign(parse, ')') ? node : NULL;
    }
    parse->json_depth += end == ']';
    if (parse_items(parse, subject.node, end, arguments, &count))
        node = filter_node_with(
            &parse->builder,
            (struct edm_filter){ .kind = EDM_FILTER_IN, .type = EDM_FILTER_BOOLEAN }, arguments,
            count, position);
    parse->json_depth -= end == ']';
    return node;
}

struct edm_filter *filter_parse_in(struct filter_parse *parse, struct filter_operand subject,
                                   size_t position)
{
    struct filter_interrupted interrupted;
    struct edm_filter *node;

    if (parse->token.kind == FILTER_TOKEN_NAME)
        return parse_in_collection(parse, subject, position);
    if (parse->token.kind != FILTER_TOKEN_ALIAS)
        return parse_in_list(parse, subject, position);
    if (!filter_begin_alias(parse, &interrupted))
        return NULL;
    node = filter_parse_in(parse, subject, position);
    return node && filter_end_alias(parse, &interrupted) ? node : NULL;
}

/* --- hassubset ------------------------------------------------------------------------------- */

/* "[" ... "]", here or in an alias. */
static struct edm_filter *parse_subset_items(struct filter_parse *parse,
                                             const struct edm_filter *collection, size_t position)
{
    const struct edm_filter *arguments[1 + ODATA_FILTER_LIST_MAX] = { collection };
    struct filter_interrupted interrupted;
    struct edm_filter *node;
    size_t count;

    if (parse->token.kind == FILTER_TOKEN_ALIAS) {
        if (!filter_begin_alias(parse, &interrupted))
            return NULL;
        node = parse_subset_items(parse, collection, position);
        return node && filter_end_alias(parse, &interrupted) ? node : NULL;
    }
    if (!filter_token_is_sign(&parse->token, '['))
        return filter_not_offered(&parse->builder, parse->token.position,
                                  "The second argument of 'hassubset' must be an array of values.");
    filter_take(parse);
    if (!parse_items(parse, NULL, ']', arguments, &count))
        return NULL;
    return filter_node_with(&parse->builder,
                            (struct edm_filter){ .kind = EDM_FILTER_SUBSET,
                                                 .type = EDM_FILTER_BOOLEAN,
                                                 .variable = parse->builder.variable_count++ },
                            arguments, count, position);
}

/* or "," array ")" */
struct edm_filter *filter_parse_subset(struct filter_parse *parse, const struct filter_token *name)
{
    size_t position = parse->token.position;
    struct edm_filter *collection = filter_parse_or(parse), *node;

    if (!collection || !filter_expect_sign(parse, ','))
        return NULL;
    if (collection->kind == EDM_FILTER_LITERAL || collection->type != EDM_FILTER_STRINGS) {
        filter_refuse(&parse->builder, position,
                      "The first argument of 'hassubset' must be a collection.");
        return NULL;
    }
    node = parse_subset_items(parse, collection, name->position);
    return node && filter_expect_sign(parse, ')') ? node : NULL;
}

/* --- arrays and objects ---------------------------------------------------------------------- */

/* [string ":"] or */
static bool parse_element(struct filter_parse *parse, char end)
{
    struct edm_filter value;
    bool found;

    if (end == '}') {
        if (parse->token.kind != FILTER_TOKEN_JSON)
            return filter_unexpected(parse);
        filter_take(parse);
        if (!filter_expect_sign(parse, ':'))
            return false;
    }
    if (parse->token.kind == FILTER_TOKEN_JSON)
        return read_item(parse, &value, &found);
    return filter_parse_or(parse);
}

static struct edm_filter *refuse_json(struct filter_parse *parse)
{
    const struct filter_token open = parse->token;
    char end = filter_token_is_sign(&open, '[') ? ']' : '}';
    struct edm_filter *node =
        filter_not_offered(&parse->builder, open.position,
                           end == ']' ? "An array is not supported here as an operand."
                                      : "An object is not supported as an operand.");
    bool first = true;

    if (!node || !filter_enter(parse))
        return NULL;
    filter_take(parse);
    while (!filter_token_is_sign(&parse->token, end)) {
        if (!first && !filter_expect_sign(parse, ','))
            return NULL;
        if (!parse_element(parse, end))
            return NULL;
        first = false;
    }
    filter_take(parse);
    filter_leave(parse);
    return node;
}

struct edm_filter *filter_parse_json(struct filter_parse *parse)
{
    const struct edm_filter *arguments[1 + ODATA_FILTER_LIST_MAX];
    size_t position = parse->token.position, count;

    if (parse->builder.form_alone || !filter_token_is_sign(&parse->token, '['))
        return refuse_json(parse);
    filter_take(parse);
    if (!parse_items(parse, NULL, ']', arguments, &count))
        return NULL;
    return filter_node_with(
        &parse->builder,
        (struct edm_filter){ .kind = EDM_FILTER_LITERAL, .type = EDM_FILTER_STRINGS },
        arguments + 1, count - 1, position);
}
