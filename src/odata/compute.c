/* odata/compute.c - turns the text of $compute into properties.
 *
 *     compute := item ("," item)*
 *     item    := or "as" name
 *
 * "or" is that of filter_parse.c, which stops before a word that is no operator: so "as" is found
 * where an expression ends.
 *
 * A name is looked up behind those of the type's properties (filter_path.c), and there is none that
 * is both. Of the expression that stands in for it the top is copied, since what it is compared
 * with may change a literal (filter_check.c); what is below is shared, which nobody changes any
 * more.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "odata/compute.h"

#include "base/arena.h"
#include "odata/apply.h"
#include "odata/filter_literal.h"
#include "odata/filter_parse.h"
#include "odata/options.h"
#include "odata/orderby.h"
#include "odata/quote.h"
#include "odata/select.h"
#include "odata/select_items.h"

struct compute {
    struct filter_parse parse;
    struct edm_computed *properties; /* room for all that there may be */
    struct odata_computed *computed; /* those that were read */
};

/* --- names ----------------------------------------------------------------------------------- */

int odata_computed_find(const struct odata_computed *computed, struct slice name)
{
    for (size_t i = 0; computed && i < computed->count; i++) {
        if (slice_eq_nocase(computed->properties[i].name, name))
            return (int)i;
    }
    return -1;
}

/* No more than a filter's limit, which the expression kept to when it was read. */
static size_t count_nodes(const struct edm_filter *node)
{
    size_t count = 1;

    for (size_t i = 0; i < node->count; i++)
        count += count_nodes(node->arguments[i]);
    return count;
}

struct edm_filter *odata_computed_node(struct filter_builder *builder, size_t index,
                                       size_t position)
{
    const struct edm_filter *expression = builder->computed->properties[index].expression;

    builder->nodes += count_nodes(expression) - 1;
    return filter_node_with(builder, *expression, expression->arguments, expression->count,
                            position);
}

/* "as" name */
static bool parse_name(struct compute *compute, struct slice *ret)
{
    struct filter_parse *parse = &compute->parse;
    struct edm_filter value;
    struct slice name;

    if (!filter_take_word(parse, SLICE("as")))
        return filter_unexpected(parse) != NULL;
    name = parse->token.text;
    if (parse->token.kind != FILTER_TOKEN_NAME || !odata_apply_is_name(name))
        return filter_unexpected(parse) != NULL;
    if (edm_find_property_nocase(parse->builder.type, name) >= 0 ||
        odata_computed_find(compute->computed, name) >= 0)
        return filter_refuse(&parse->builder, parse->token.position,
                             "The name '%.*s' is that of a property, or was given before.",
                             SLICE_ARG(odata_quote(name)));
    if (filter_literal_word(name, &value))
        return filter_refuse(&parse->builder, parse->token.position,
                             "The name '%.*s' is that of a value.", SLICE_ARG(odata_quote(name)));
    *ret = filter_take(parse).text;
    return true;
}

/* --- the properties -------------------------------------------------------------------------- */

static bool parse_item(struct compute *compute)
{
    struct filter_parse *parse = &compute->parse;
    struct edm_computed *into = &compute->properties[compute->computed->count];
    size_t position = parse->token.position;

    if (compute->computed->count == ODATA_COMPUTED_MAX)
        return filter_refuse(&parse->builder, position, "There may be %d computed properties.",
                             ODATA_COMPUTED_MAX);
    into->expression = filter_parse_or(parse);
    if (!into->expression)
        return false;
    if (into->expression->type == EDM_FILTER_STRINGS)
        return filter_refuse(&parse->builder, position,
                             "A computed property must be a single value, not a collection.");
    if (!parse_name(compute, &into->name))
        return false;
    compute->computed->count++;
    return true;
}

bool odata_compute_parse(const struct edm_model *model, const struct edm_entity_type *type,
                         struct slice text, const struct odata_alias *aliases,
                         const struct odata_filter_rules *rules, struct arena *arena,
                         const struct odata_computed **ret, uint32_t *beyond, struct error *err)
{
    struct compute compute = {
        .parse = { .builder = { .model = model,
                                .type = type,
                                .arena = arena,
                                .option = SLICE("$compute"),
                                .source = text,
                                .later_members = rules->later_members,
                                .err = err },
                   .lexer = { .source = text },
                   .aliases = aliases },
        .properties = arena_new_array(arena, ODATA_COMPUTED_MAX, struct edm_computed),
        .computed = arena_new(arena, struct odata_computed),
    };
    struct filter_parse *parse = &compute.parse;

    if (!compute.properties || !compute.computed)
        return error_no_memory(err);
    *compute.computed = (struct odata_computed){ .properties = compute.properties };
    parse->builder.computed = compute.computed;
    filter_take(parse);
    do {
        if (!parse_item(&compute))
            return false;
    } while (filter_take_sign(parse, ','));
    if (parse->token.kind != FILTER_TOKEN_END)
        return filter_syntax_error(&parse->builder, parse->token.position);
    compute.computed->variables = parse->builder.variable_count;
    *ret = compute.computed;
    if (beyond)
        *beyond |= parse->builder.beyond;
    return true;
}

/* --- what may name them ---------------------------------------------------------------------- */

/* Those that are shown, in their order. */
static bool choose(const struct odata_computed *computed, uint32_t chosen, struct arena *arena,
                   struct edm_query *query, struct error *err)
{
    struct edm_computed *shown = arena_new_array(arena, computed->count, struct edm_computed);
    size_t count = 0;

    if (!shown)
        return error_no_memory(err);
    for (size_t i = 0; i < computed->count; i++) {
        if (chosen >> i & 1)
            shown[count++] = computed->properties[i];
    }
    query->computed = shown;
    query->computed_count = count;
    return true;
}

/* Without $select, and with a star in it, all are shown. */
static bool read_select(const struct edm_model *model, const struct odata_path *path,
                        const struct odata_filter_rules *rules, struct arena *arena,
                        struct odata_options *options, uint32_t *beyond, struct error *err)
{
    const struct odata_computed *computed = rules->computed;
    struct edm_query *query = &options->query;
    struct odata_selection selection = { .star = true };

    if (options->select.ptr &&
        (!odata_select_parse(model, path, computed, options->select, &selection, err) ||
         !odata_select_items_read(model, path, true, &selection, options->aliases, rules, arena,
                                  query, beyond, err)))
        return false;
    query->select_given = !selection.star;
    query->select = selection.star ? odata_select_all(model, path) : selection.properties;
    return choose(computed, selection.star ? UINT32_MAX : selection.computed, arena, query, err);
}

bool odata_compute_options(const struct edm_model *model, const struct odata_path *path,
                           const struct odata_filter_rules *rules, struct arena *arena,
                           struct odata_options *options, uint32_t *beyond, struct error *err)
{
    struct odata_filter_rules with_names = *rules;
    struct edm_query *query = &options->query;

    if (options->apply.ptr)
        return error_set(err, ERROR_BAD_REQUEST, SLICE("$compute"),
                         "The query option '$compute' is not supported with $apply.");
    if (!odata_compute_parse(model, path->type, options->compute, options->aliases, rules, arena,
                             &with_names.computed, beyond, err) ||
        !read_select(model, path, &with_names, arena, options, beyond, err))
        return false;
    if (options->filter.ptr &&
        !odata_filter_parse(model, path->type, options->filter, options->aliases, &with_names,
                            arena, &query->filter, beyond, err))
        return false;
    return !options->orderby.ptr ||
           odata_orderby_parse(model, path->type, options->orderby, options->aliases, &with_names,
                               arena, &query->order, &query->order_count, beyond, err);
}
