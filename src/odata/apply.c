/* odata/apply.c - turns the text of $apply into groupings.
 *
 *     apply     := step ("/" step)*
 *     step      := "identity" | "filter" "(" or ")" | aggregate
 *                | "groupby" "(" "(" path ("," path)* ")" ["," aggregate] ")"
 *     aggregate := "aggregate" "(" item ("," item)* ")"
 *     item      := ("$count" | or "with" method) "as" name
 *
 * "or" and "path" are those of filter_parse.c, which stop before a word that is no operator, so
 * that "with" and "as" are found where an expression ends. Behind a grouping the builder looks up
 * names in its shape.
 *
 * A filter is a condition on what stood before it: on the entities, or on the groups of the last
 * grouping. So no step is left that does not group.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "odata/apply.h"

#include "base/arena.h"
#include "odata/filter_literal.h"
#include "odata/filter_parse.h"
#include "odata/quote.h"
#include "odata/search.h"

struct apply {
    struct filter_parse parse;
    struct arena *arena;
    const struct edm_filter *filter;
    struct edm_grouping *groupings;
    size_t count;
};

/* --- names ----------------------------------------------------------------------------------- */

/* Of the transformations of Data Aggregation 4.0 those that are not offered. */
static const struct slice not_offered[] = {
    SLICE_INIT("ancestors"),   SLICE_INIT("addnested"),
    SLICE_INIT("bottomcount"), SLICE_INIT("bottompercent"),
    SLICE_INIT("bottomsum"),   SLICE_INIT("compute"),
    SLICE_INIT("concat"),      SLICE_INIT("customaggregate"),
    SLICE_INIT("descendants"), SLICE_INIT("expand"),
    SLICE_INIT("join"),        SLICE_INIT("nest"),
    SLICE_INIT("orderby"),     SLICE_INIT("outerjoin"),
    SLICE_INIT("search"),      SLICE_INIT("skip"),
    SLICE_INIT("top"),         SLICE_INIT("topcount"),
    SLICE_INIT("toppercent"),  SLICE_INIT("topsum"),
    SLICE_INIT("traverse"),
};

static bool refuse_step(struct apply *apply)
{
    const struct filter_token *token = &apply->parse.token;

    if (token->kind != FILTER_TOKEN_NAME)
        return filter_unexpected(&apply->parse) != NULL;
    for (size_t i = 0; i < COUNT_OF(not_offered); i++) {
        if (slice_eq_nocase(token->text, not_offered[i]))
            return filter_refuse(&apply->parse.builder, token->position,
                                 "The transformation '%.*s' is not supported.",
                                 SLICE_ARG(not_offered[i]));
    }
    return filter_refuse(&apply->parse.builder, token->position,
                         "An unknown transformation with name '%.*s' was found.",
                         SLICE_ARG(odata_quote(token->text)));
}

static bool shape_has(const struct edm_shape *shape, struct slice name)
{
    for (size_t i = 0; i < shape->count; i++) {
        if (slice_eq_nocase(shape->columns[i].name, name))
            return true;
    }
    return false;
}

/* Whether the rows that are grouped, or the groups as far as they are known, have the name. */
static bool is_taken(const struct apply *apply, const struct edm_grouping *grouping,
                     struct slice name)
{
    const struct filter_builder *builder = &apply->parse.builder;

    return shape_has(&grouping->shape, name) ||
           (builder->shape ? shape_has(builder->shape, name)
                           : edm_find_property_nocase(builder->type, name) >= 0);
}

bool odata_apply_is_name(struct slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';

        if (!letter && (i == 0 || c < '0' || c > '9'))
            return false;
    }
    return name.len > 0 && name.len <= ODATA_APPLY_NAME_MAX;
}

/* "as" name */
static bool parse_name(struct apply *apply, const struct edm_grouping *grouping, struct slice *ret)
{
    struct filter_parse *parse = &apply->parse;
    struct edm_filter value;

    if (!filter_take_word(parse, SLICE("as")))
        return filter_unexpected(parse) != NULL;
    if (parse->token.kind != FILTER_TOKEN_NAME || !odata_apply_is_name(parse->token.text))
        return filter_unexpected(parse) != NULL;
    if (is_taken(apply, grouping, parse->token.text))
        return filter_refuse(&parse->builder, parse->token.position,
                             "The name '%.*s' is that of a property, or was given before.",
                             SLICE_ARG(odata_quote(parse->token.text)));
    if (filter_literal_word(parse->token.text, &value))
        return filter_refuse(&parse->builder, parse->token.position,
                             "The name '%.*s' is that of a value.",
                             SLICE_ARG(odata_quote(parse->token.text)));
    *ret = filter_take(parse).text;
    return true;
}

/* --- groupings ------------------------------------------------------------------------------- */

/* A grouping while it is read; what it holds has room for all that there may be. */
struct draft {
    struct edm_grouping *grouping;
    struct edm_column *columns;
    const struct edm_filter **keys;
    struct edm_aggregate *aggregates;
};

static bool draft_begin(struct apply *apply, struct draft *ret)
{
    struct draft draft = {
        .grouping = &apply->groupings[apply->count],
        .columns = arena_new_array(apply->arena, 2 * ODATA_APPLY_AGGREGATES_MAX, struct edm_column),
        .keys =
            arena_new_array(apply->arena, ODATA_APPLY_AGGREGATES_MAX, const struct edm_filter *),
        .aggregates =
            arena_new_array(apply->arena, ODATA_APPLY_AGGREGATES_MAX, struct edm_aggregate),
    };

    if (!draft.columns || !draft.keys || !draft.aggregates)
        return error_no_memory(apply->parse.builder.err);
    *draft.grouping = (struct edm_grouping){ .keys = draft.keys,
                                             .aggregates = draft.aggregates,
                                             .shape = { .columns = draft.columns } };
    *ret = draft;
    return true;
}

static void draft_end(struct apply *apply, const struct draft *draft)
{
    apply->parse.builder.shape = &draft->grouping->shape;
    apply->count++;
}

static void add_column(struct draft *draft, struct slice name, enum edm_filter_type type,
                       const struct edm_enum *enumeration)
{
    draft->columns[draft->grouping->shape.count++] = (struct edm_column){ name, type, enumeration };
}

static bool refuse_many(struct apply *apply, const char *what)
{
    return filter_refuse(&apply->parse.builder, apply->parse.token.position, "There may be %d %s.",
                         ODATA_APPLY_AGGREGATES_MAX, what);
}

/* --- aggregate ------------------------------------------------------------------------------- */

static const struct {
    struct slice word;
    enum edm_aggregate_method method;
} methods[] = {
    { SLICE_INIT("sum"), EDM_AGGREGATE_SUM },
    { SLICE_INIT("min"), EDM_AGGREGATE_MIN },
    { SLICE_INIT("max"), EDM_AGGREGATE_MAX },
    { SLICE_INIT("average"), EDM_AGGREGATE_AVERAGE },
    { SLICE_INIT("countdistinct"), EDM_AGGREGATE_COUNT_DISTINCT },
};

static bool parse_method(struct apply *apply, enum edm_aggregate_method *ret)
{
    struct filter_parse *parse = &apply->parse;

    for (size_t i = 0; i < COUNT_OF(methods); i++) {
        if (filter_take_word(parse, methods[i].word)) {
            *ret = methods[i].method;
            return true;
        }
    }
    if (parse->token.kind != FILTER_TOKEN_NAME)
        return filter_unexpected(parse) != NULL;
    return filter_refuse(&parse->builder, parse->token.position,
                         "An unknown aggregation method with name '%.*s' was found.",
                         SLICE_ARG(odata_quote(parse->token.text)));
}

/* What the method makes of values of a type; EDM_FILTER_NULL: it takes none of them. */
static enum edm_filter_type result_type(enum edm_aggregate_method method, enum edm_filter_type type)
{
    bool is_number = type == EDM_FILTER_INTEGER || type == EDM_FILTER_REAL;
    bool has_order = is_number || type == EDM_FILTER_ENUM || type == EDM_FILTER_DATE_TIME ||
                     type == EDM_FILTER_DATE || type == EDM_FILTER_TIME ||
                     type == EDM_FILTER_DURATION;

    switch (method) {
    case EDM_AGGREGATE_SUM:
        return is_number || type == EDM_FILTER_DURATION ? type : EDM_FILTER_NULL;
    case EDM_AGGREGATE_AVERAGE:
        return is_number                     ? EDM_FILTER_REAL
               : type == EDM_FILTER_DURATION ? EDM_FILTER_DURATION
                                             : EDM_FILTER_NULL;
    case EDM_AGGREGATE_MIN:
    case EDM_AGGREGATE_MAX:
        return has_order ? type : EDM_FILTER_NULL;
    case EDM_AGGREGATE_COUNT_DISTINCT:
        return type == EDM_FILTER_STRINGS || type == EDM_FILTER_NULL ? EDM_FILTER_NULL
                                                                     : EDM_FILTER_INTEGER;
    case EDM_AGGREGATE_COUNT:
    case EDM_AGGREGATE_METHOD_COUNT:
        break;
    }
    return EDM_FILTER_INTEGER;
}

static bool refuse_type(struct apply *apply, const struct edm_aggregate *aggregate, size_t position)
{
    struct filter_builder *builder = &apply->parse.builder;
    struct slice word = SLICE_EMPTY;

    for (size_t i = 0; i < COUNT_OF(methods); i++)
        word = methods[i].method == aggregate->method ? methods[i].word : word;
    if (aggregate->expression->type == EDM_FILTER_STRINGS)
        return filter_refuse(builder, position, "A collection cannot be aggregated with '%.*s'.",
                             SLICE_ARG(word));
    return filter_refuse(builder, position,
                         "Values of type '%.*s' cannot be aggregated with "
                         "'%.*s'.",
                         SLICE_ARG(filter_type_name(builder, aggregate->expression)),
                         SLICE_ARG(word));
}

/* or "with" method; or "$count" */
static bool parse_aggregate(struct apply *apply, struct edm_aggregate *ret,
                            struct edm_column *ret_column)
{
    struct filter_parse *parse = &apply->parse;
    size_t position = parse->token.position;
    struct edm_column column = { .type = EDM_FILTER_INTEGER };

    *ret = (struct edm_aggregate){ .method = EDM_AGGREGATE_COUNT };
    if (!filter_take_word(parse, SLICE("$count"))) {
        ret->expression = filter_parse_or(parse);
        if (!ret->expression)
            return false;
        if (!filter_take_word(parse, SLICE("with")))
            return filter_unexpected(parse) != NULL;
        if (!parse_method(apply, &ret->method))
            return false;
        column.type = result_type(ret->method, ret->expression->type);
        if (column.type == EDM_FILTER_NULL)
            return refuse_type(apply, ret, position);
        if (column.type == EDM_FILTER_ENUM)
            column.enumeration = ret->expression->enumeration;
    }
    *ret_column = column;
    return true;
}

/* "(" item ("," item)* ")", behind the word. */
static bool parse_aggregates(struct apply *apply, struct draft *draft)
{
    struct edm_grouping *grouping = draft->grouping;

    if (!filter_expect_sign(&apply->parse, '('))
        return false;
    do {
        struct edm_column column = { .type = EDM_FILTER_NULL };

        if (grouping->aggregate_count == ODATA_APPLY_AGGREGATES_MAX)
            return refuse_many(apply, "values in 'aggregate'");
        if (!parse_aggregate(apply, &draft->aggregates[grouping->aggregate_count], &column) ||
            !parse_name(apply, grouping, &column.name))
            return false;
        add_column(draft, column.name, column.type, column.enumeration);
        grouping->aggregate_count++;
    } while (filter_take_sign(&apply->parse, ','));
    return filter_expect_sign(&apply->parse, ')');
}

static bool parse_aggregate_step(struct apply *apply)
{
    struct draft draft;

    if (!draft_begin(apply, &draft) || !parse_aggregates(apply, &draft))
        return false;
    draft_end(apply, &draft);
    return true;
}

/* --- groupby --------------------------------------------------------------------------------- */

static bool parse_key(struct apply *apply, struct draft *draft)
{
    struct filter_parse *parse = &apply->parse;
    struct filter_builder *builder = &parse->builder;
    struct edm_grouping *grouping = draft->grouping;
    size_t position = parse->token.position;
    const struct edm_filter *key;
    struct slice name;

    if (parse->token.kind != FILTER_TOKEN_NAME)
        return filter_unexpected(parse) != NULL;
    key = filter_parse_path(parse);
    if (!key)
        return false;
    if (key->kind != EDM_FILTER_PROPERTY || key->type == EDM_FILTER_STRINGS)
        return filter_refuse(builder, position,
                             "Only properties with a single value can be grouped by.");
    name = builder->shape ? builder->shape->columns[key->property].name
                          : builder->type->properties[key->property].name;
    if (shape_has(&grouping->shape, name))
        return filter_refuse(builder, position, "The property '%.*s' is grouped by twice.",
                             SLICE_ARG(name));
    draft->keys[grouping->key_count++] = key;
    add_column(draft, name, key->type, key->enumeration);
    return true;
}

/* "(" path ("," path)* ")" */
static bool parse_keys(struct apply *apply, struct draft *draft)
{
    if (!filter_expect_sign(&apply->parse, '('))
        return false;
    do {
        if (draft->grouping->key_count == ODATA_APPLY_AGGREGATES_MAX)
            return refuse_many(apply, "properties in 'groupby'");
        if (!parse_key(apply, draft))
            return false;
    } while (filter_take_sign(&apply->parse, ','));
    return filter_expect_sign(&apply->parse, ')');
}

static bool parse_groupby(struct apply *apply)
{
    struct filter_parse *parse = &apply->parse;
    struct draft draft;

    if (!draft_begin(apply, &draft) || !filter_expect_sign(parse, '(') ||
        !parse_keys(apply, &draft))
        return false;
    if (filter_take_sign(parse, ',')) {
        if (!filter_token_is_word(&parse->token, SLICE("aggregate")))
            return filter_refuse(&parse->builder, parse->token.position,
                                 "In 'groupby' only 'aggregate' is supported.");
        filter_take(parse);
        if (!parse_aggregates(apply, &draft))
            return false;
    }
    draft_end(apply, &draft);
    return filter_expect_sign(parse, ')');
}

/* --- the steps ------------------------------------------------------------------------------- */

static bool parse_filter(struct apply *apply)
{
    struct filter_parse *parse = &apply->parse;
    const struct edm_filter **into =
        apply->count ? &apply->groupings[apply->count - 1].having : &apply->filter;
    const struct edm_filter *condition;
    size_t position;

    if (!filter_expect_sign(parse, '('))
        return false;
    position = parse->token.position;
    condition = filter_parse_or(parse);
    if (!condition || !filter_expect_sign(parse, ')'))
        return false;
    if (!filter_is_condition(condition))
        return filter_refuse(&parse->builder, position,
                             "The expression of 'filter' must evaluate to a single boolean value.");
    return odata_search_join(*into, condition, apply->arena, into, parse->builder.err);
}

static bool parse_identity(struct apply *apply UNUSED)
{
    return true;
}

/* A word, and what reads what stands behind it. */
static const struct {
    struct slice word;
    bool (*parse)(struct apply *apply);
} transformations[] = {
    { SLICE_INIT("aggregate"), parse_aggregate_step },
    { SLICE_INIT("filter"), parse_filter },
    { SLICE_INIT("groupby"), parse_groupby },
    { SLICE_INIT("identity"), parse_identity },
};

static bool parse_step(struct apply *apply)
{
    struct filter_parse *parse = &apply->parse;

    for (size_t i = 0; i < COUNT_OF(transformations); i++) {
        if (filter_take_word(parse, transformations[i].word))
            return transformations[i].parse(apply);
    }
    return refuse_step(apply);
}

struct slice odata_apply_transformation(size_t index)
{
    return index < COUNT_OF(transformations) ? transformations[index].word : SLICE_EMPTY;
}

static bool parse_steps(struct apply *apply)
{
    struct filter_parse *parse = &apply->parse;
    size_t steps = 0;

    filter_take(parse);
    do {
        if (steps++ == ODATA_APPLY_TRANSFORMATIONS_MAX)
            return filter_refuse(&parse->builder, parse->token.position,
                                 "There may be %d transformations.",
                                 ODATA_APPLY_TRANSFORMATIONS_MAX);
        if (!parse_step(apply))
            return false;
    } while (filter_take_sign(parse, '/'));
    return parse->token.kind == FILTER_TOKEN_END ||
           filter_syntax_error(&parse->builder, parse->token.position);
}

static bool finish(const struct apply *from, const struct edm_apply **ret, struct error *err)
{
    struct edm_apply *apply = arena_new(from->arena, struct edm_apply);

    if (!apply)
        return error_no_memory(err);
    *apply = (struct edm_apply){ from->groupings, from->count };
    *ret = apply;
    return true;
}

bool odata_apply_parse(const struct edm_model *model, const struct edm_entity_type *type,
                       struct slice text, const struct odata_alias *aliases,
                       const struct odata_filter_rules *rules, struct arena *arena,
                       const struct edm_filter **ret_filter, const struct edm_apply **ret,
                       uint32_t *beyond, struct error *err)
{
    struct apply apply = {
        .parse = { .builder = { .model = model,
                                .type = type,
                                .arena = arena,
                                .option = SLICE("$apply"),
                                .source = text,
                                .later_members = rules->later_members,
                                .err = err },
                   .lexer = { .source = text },
                   .aliases = aliases },
        .arena = arena,
        .groupings = arena_new_array(arena, ODATA_APPLY_TRANSFORMATIONS_MAX, struct edm_grouping),
    };

    if (!apply.groupings)
        return error_no_memory(err);
    if (!parse_steps(&apply) || !finish(&apply, ret, err))
        return false;
    *ret_filter = apply.filter;
    if (beyond)
        *beyond |= apply.parse.builder.beyond;
    return true;
}

bool odata_apply_add_condition(const struct edm_apply *apply, const struct edm_filter *condition,
                               struct arena *arena, const struct edm_apply **ret, struct error *err)
{
    struct apply made = { .arena = arena,
                          .groupings = arena_new_array(arena, apply->count, struct edm_grouping),
                          .count = apply->count };
    struct edm_grouping *last;

    if (!made.groupings)
        return error_no_memory(err);
    for (size_t i = 0; i < apply->count; i++)
        made.groupings[i] = apply->groupings[i];
    last = &made.groupings[apply->count - 1];
    return odata_search_join(last->having, condition, arena, &last->having, err) &&
           finish(&made, ret, err);
}
