/* odata/orderby.c - turns the text of $orderby into keys.
 *
 *     orderby := key ("," key)*
 *     key     := or ["asc" | "desc"]
 *
 * "or" is that of filter_parse.c, which stops before a word that is no operator: what stands behind
 * an expression is therefore a direction, a comma, or a mistake.
 *
 * The words of refusals are those of the OData library behind Graph.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "odata/orderby.h"

#include "base/arena.h"
#include "odata/compute.h"
#include "odata/filter_parse.h"

static bool parse_key(struct filter_parse *parse, struct edm_order_key *ret)
{
    size_t position = parse->token.position;
    const struct edm_filter *expression = filter_parse_or(parse);

    if (!expression)
        return false;
    if (expression->type == EDM_FILTER_STRINGS)
        return filter_refuse(
            &parse->builder, position,
            "The $orderby expression must evaluate to a single value of primitive type.");
    ret->expression = expression;
    ret->descending =
        !filter_take_word(parse, SLICE("asc")) && filter_take_word(parse, SLICE("desc"));
    return true;
}

static bool refuse_count(struct filter_parse *parse)
{
    return filter_refuse(&parse->builder, parse->token.position,
                         "The number of clauses in $orderby query option exceeded the maximum "
                         "number allowed. The maximum number of $orderby clauses allowed is %d.",
                         ODATA_ORDER_KEYS_MAX);
}

bool filter_parse_keys(struct filter_parse *parse, const struct edm_order_key **ret,
                       size_t *ret_count)
{
    struct edm_order_key *keys =
        arena_new_array(parse->builder.arena, ODATA_ORDER_KEYS_MAX, struct edm_order_key);
    size_t count = 0;

    if (!keys)
        return error_no_memory(parse->builder.err);
    do {
        if (count == ODATA_ORDER_KEYS_MAX)
            return refuse_count(parse);
        if (!parse_key(parse, &keys[count++]))
            return false;
    } while (filter_take_sign(parse, ','));
    if (parse->token.kind != FILTER_TOKEN_END)
        return filter_syntax_error(&parse->builder, parse->token.position);
    *ret = keys;
    *ret_count = count;
    return true;
}

bool odata_orderby_parse(const struct edm_model *model, const struct edm_entity_type *type,
                         struct slice text, const struct odata_alias *aliases,
                         const struct odata_filter_rules *rules, struct arena *arena,
                         const struct edm_order_key **ret, size_t *ret_count, uint32_t *beyond,
                         struct error *err)
{
    struct filter_parse parse = {
        .builder = { .model = model,
                     .type = type,
                     .arena = arena,
                     .option = SLICE("$orderby"),
                     .source = text,
                     .later_members = rules->later_members,
                     .shape = rules->shape,
                     .computed = rules->computed,
                     .variable_count = odata_computed_variables(rules->computed),
                     .err = err },
        .lexer = { .source = text },
        .aliases = aliases,
    };

    filter_take(&parse);
    if (!filter_parse_keys(&parse, ret, ret_count))
        return false;
    if (beyond)
        *beyond |= parse.builder.beyond;
    return true;
}
