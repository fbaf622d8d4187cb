/* odata/select_items.c - reads options behind a collection, each by its row in a table.
 *
 *     options := option (";" option)*
 *     option  := ["$"] name "=" value
 *
 * Expressions are those of $filter and $orderby, read by the same rules with "$this" around them.
 * What an expression says of an item it says of nothing else: the entity's own properties are not
 * to be had there, since the items are worked on when the entity has been read.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "odata/select_items.h"

#include "base/arena.h"
#include "odata/beyond.h"
#include "odata/brackets.h"
#include "odata/filter_parse.h"
#include "odata/quote.h"

struct reading {
    const struct edm_model *model;
    const struct edm_entity_type *type;
    const struct odata_alias *aliases;
    const struct odata_filter_rules *rules;
    struct arena *arena;
    struct edm_items *items;
    unsigned seen; /* bit i: options[i] was given */
    uint32_t beyond;
    struct error *err;
};

#define TARGET  SLICE("$select")
#define INVALID "Invalid select clause: "

/* --- expressions ----------------------------------------------------------------------------- */

static const struct edm_filter *property_in(const struct edm_filter *node)
{
    const struct edm_filter *found = node->kind == EDM_FILTER_PROPERTY ? node : NULL;

    for (size_t i = 0; i < node->count && !found; i++)
        found = property_in(node->arguments[i]);
    return found;
}

static bool refuse_properties(struct filter_parse *parse, const struct edm_filter *expression)
{
    const struct edm_filter *found = property_in(expression);

    return !found ||
           filter_refuse(&parse->builder, 0,
                         "The property '%.*s' of the entity is not supported in the options of a "
                         "collection.",
                         SLICE_ARG(parse->builder.type->properties[found->property].name));
}

/* What is read is put into reading->items. */
typedef bool expression_reader(struct filter_parse *parse, struct reading *reading);

static bool read_condition(struct filter_parse *parse, struct reading *reading)
{
    const struct edm_filter *condition = filter_parse_or(parse);

    if (!condition)
        return false;
    if (parse->token.kind != FILTER_TOKEN_END)
        return filter_syntax_error(&parse->builder, parse->token.position);
    if (!filter_is_condition(condition))
        return filter_refuse(&parse->builder, 0,
                             "The $filter expression must evaluate to a single boolean value.");
    reading->items->filter = condition;
    return refuse_properties(parse, condition);
}

static bool read_keys(struct filter_parse *parse, struct reading *reading)
{
    struct edm_items *items = reading->items;

    if (!filter_parse_keys(parse, &items->order, &items->order_count))
        return false;
    for (size_t i = 0; i < items->order_count; i++)
        if (!refuse_properties(parse, items->order[i].expression))
            return false;
    return true;
}

/* Reads `text` with "$this" for an item, which is the variable 0. */
static bool read_expression(struct reading *reading, struct slice text, expression_reader *read)
{
    const struct filter_variable item = { .name = SLICE("$this"), .alone = true };
    struct filter_parse parse = {
        .builder = { .model = reading->model,
                     .type = reading->type,
                     .arena = reading->arena,
                     .option = TARGET,
                     .source = text,
                     .variable_count = 1,
                     .later_members = reading->rules->later_members,
                     .err = reading->err },
        .lexer = { .source = text },
        .aliases = reading->aliases,
        .variables = &item,
    };

    filter_take(&parse);
    if (!read(&parse, reading))
        return false;
    reading->beyond |= parse.builder.beyond;
    return true;
}

/* --- options --------------------------------------------------------------------------------- */

static bool read_filter(struct reading *reading, struct slice value)
{
    return read_expression(reading, value, read_condition);
}

static bool read_orderby(struct reading *reading, struct slice value)
{
    return read_expression(reading, value, read_keys);
}

static bool read_number(struct reading *reading, struct slice value, int64_t *ret)
{
    uint64_t number;

    if (!slice_to_uint64(slice_trim(value), INT64_MAX, &number))
        return error_set(reading->err, ERROR_BAD_REQUEST, TARGET,
                         INVALID "The value '%.*s' is not a non-negative integer.",
                         SLICE_ARG(odata_quote(value)));
    *ret = (int64_t)number;
    return true;
}

static bool read_top(struct reading *reading, struct slice value)
{
    return read_number(reading, value, &reading->items->top);
}

static bool read_skip(struct reading *reading, struct slice value)
{
    return read_number(reading, value, &reading->items->skip);
}

static bool read_count(struct reading *reading, struct slice value)
{
    struct slice word = slice_trim(value);

    reading->items->count = slice_eq_nocase(word, SLICE("true"));
    return reading->items->count || slice_eq_nocase(word, SLICE("false")) ||
           error_set(reading->err, ERROR_BAD_REQUEST, TARGET,
                     INVALID "The value '%.*s' is neither 'true' nor 'false'.",
                     SLICE_ARG(odata_quote(value)));
}

static const struct {
    struct slice name;
    bool (*read)(struct reading *reading, struct slice value);
} options[] = {
    { SLICE_INIT("filter"), read_filter }, { SLICE_INIT("orderby"), read_orderby },
    { SLICE_INIT("top"), read_top },       { SLICE_INIT("skip"), read_skip },
    { SLICE_INIT("count"), read_count },
};

static bool read_option(struct reading *reading, struct slice option)
{
    struct slice name = option, value = SLICE_EMPTY, plain;

    slice_cut(option, '=', &name, &value);
    name = slice_trim(name);
    plain = slice_starts_with(name, SLICE("$")) ? slice_sub(name, 1, name.len) : name;
    for (size_t i = 0; i < COUNT_OF(options); i++) {
        if (!slice_eq_nocase(plain, options[i].name))
            continue;
        if (reading->seen & 1u << i)
            return error_set(reading->err, ERROR_BAD_REQUEST, TARGET,
                             INVALID "The option '%.*s' was specified more than once.",
                             SLICE_ARG(odata_quote(name)));
        reading->seen |= 1u << i;
        return options[i].read(reading, value);
    }
    return error_set(reading->err, ERROR_BAD_REQUEST, TARGET,
                     INVALID "The option '%.*s' is not supported behind a collection.",
                     SLICE_ARG(odata_quote(name)));
}

/* --- the options together -------------------------------------------------------------------- */

bool odata_select_items_parse(const struct edm_model *model, const struct edm_entity_type *type,
                              size_t property, struct slice text, const struct odata_alias *aliases,
                              const struct odata_filter_rules *rules, struct arena *arena,
                              struct edm_items **ret, uint32_t *beyond, struct error *err)
{
    struct reading reading = { .model = model,
                               .type = type,
                               .aliases = aliases,
                               .rules = rules,
                               .arena = arena,
                               .items = arena_new(arena, struct edm_items),
                               .beyond = BEYOND_BIT(BEYOND_SELECT_OPTIONS),
                               .err = err };

    if (!reading.items)
        return error_no_memory(err);
    *reading.items = (struct edm_items){ .property = property, .top = EDM_ITEMS_ALL };
    do {
        size_t len = odata_length_before(text, ';');

        if (!read_option(&reading, slice_sub(text, 0, len)))
            return false;
        text = slice_sub(text, len + 1, text.len);
    } while (text.len > 0);
    *ret = reading.items;
    *beyond |= reading.beyond;
    return true;
}

bool odata_select_items_read(const struct edm_model *model, const struct odata_path *path,
                             bool is_read, const struct odata_selection *selection,
                             const struct odata_alias *aliases,
                             const struct odata_filter_rules *rules, struct arena *arena,
                             struct edm_query *query, uint32_t *beyond, struct error *err)
{
    bool reads_entities =
        is_read && (path->resource == ODATA_SET || path->resource == ODATA_COUNT ||
                    path->resource == ODATA_ENTITY);

    if (selection->item_count == 0)
        return true;
    *beyond |= BEYOND_BIT(BEYOND_SELECT_OPTIONS);
    if (rules->refuses_beyond)
        return true;
    if (!reads_entities)
        return error_set(err, ERROR_BAD_REQUEST, TARGET,
                         INVALID "Options inside it are for reads of entities.");
    for (size_t i = selection->item_count; i-- > 0;) {
        const struct odata_selected_items *selected = &selection->items[i];
        struct edm_items *items;

        if (!odata_select_items_parse(model, path->type, selected->property, selected->options,
                                      aliases, rules, arena, &items, beyond, err))
            return false;
        items->next = query->items;
        query->items = items;
    }
    return true;
}
