/* odata/filter_parse.c - turns the text of $filter into a typed condition.
 *
 * Grammar (OData 4.01 part 2, 5.1.1.14, operator precedence), loosest first:
 *
 *     or       := and ("or" and)*
 *     and      := equality ("and" equality)*
 *     equality := relation (("eq" | "ne") relation)*
 *     relation := sum (("gt" | "ge" | "lt" | "le") sum)*
 *     sum      := product (("add" | "sub") product)*
 *     product  := unary (("mul" | "div" | "divby" | "mod") unary)*
 *     unary    := ("not" | "-") unary | member
 *     member   := primary ("has" primary | "in" list)*                    list: filter_list.c
 *     primary  := "(" or ")" | value | string | alias | path | call tail  path, tail: filter_path.c
 *     call     := name "(" [or ("," or)*] ")"                  cast and isof: filter_cast.c
 *
 * The first six are one function over a table, since they differ in words alone. Note what follows
 * from the order: "not" binds tighter than "eq", so that not (a eq b) needs its parentheses, and
 * "in" tighter than "not".
 *
 * Types are checked here and not while writing SQL: only here do we still hold the byte position
 * that the error message must name. An alias is read in the place where it stands, as its own text
 * with its own positions, and so fits in as what it was written there.
 *
 * Limits: odata/filter.h. Whatever nests, in the text or by an alias, goes through filter_enter().
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "odata/filter_parse.h"

#include "base/arena.h"
#include "odata/compute.h"
#include "odata/filter_literal.h"
#include "odata/percent.h"
#include "odata/quote.h"

static struct edm_filter *parse_level(struct filter_parse *parse, unsigned level);

struct edm_filter *filter_parse_or(struct filter_parse *parse)
{
    return parse_level(parse, 0);
}

/* --- tokens ---------------------------------------------------------------------------------- */

struct filter_token filter_take(struct filter_parse *parse)
{
    struct filter_token token = parse->token;

    parse->token = filter_lex(&parse->lexer);
    return token;
}

bool filter_take_sign(struct filter_parse *parse, char sign)
{
    if (!filter_token_is_sign(&parse->token, sign))
        return false;
    filter_take(parse);
    return true;
}

bool filter_take_word(struct filter_parse *parse, struct slice word)
{
    if (!filter_token_is_word(&parse->token, word))
        return false;
    filter_take(parse);
    return true;
}

/* Refuses what stands here. */
struct edm_filter *filter_unexpected(struct filter_parse *parse)
{
    filter_syntax_error(&parse->builder, parse->token.position);
    return NULL;
}

bool filter_expect_sign(struct filter_parse *parse, char sign)
{
    return filter_take_sign(parse, sign) || filter_unexpected(parse);
}

bool filter_enter(struct filter_parse *parse)
{
    return ++parse->depth <= ODATA_FILTER_DEPTH_MAX ||
           filter_refuse(&parse->builder, parse->token.position,
                         "Recursion depth exceeded allowed limit.");
}

void filter_leave(struct filter_parse *parse)
{
    parse->depth--;
}

/* --- aliases --------------------------------------------------------------------------------- */

static const struct odata_alias *find_alias(const struct filter_parse *parse, struct slice name)
{
    for (const struct odata_alias *alias = parse->aliases; alias; alias = alias->next) {
        if (slice_eq(alias->name, name))
            return alias;
    }
    return NULL;
}

bool filter_begin_alias(struct filter_parse *parse, struct filter_interrupted *ret)
{
    const struct odata_alias *alias = find_alias(parse, parse->token.text);
    struct slice text = SLICE("null");

    if (!filter_enter(parse))
        return false;
    filter_take(parse);
    if (alias &&
        !odata_percent_decode(alias->value, true, parse->builder.arena, &text, parse->builder.err))
        return false;
    *ret = (struct filter_interrupted){ parse->lexer, parse->token, parse->builder.source };
    parse->builder.source = text;
    parse->lexer = (struct filter_lexer){ .source = text };
    filter_take(parse);
    return true;
}

bool filter_end_alias(struct filter_parse *parse, const struct filter_interrupted *interrupted)
{
    if (parse->token.kind != FILTER_TOKEN_END) {
        filter_unexpected(parse);
        return false;
    }
    filter_leave(parse);
    parse->lexer = interrupted->lexer;
    parse->token = interrupted->token;
    parse->builder.source = interrupted->source;
    return true;
}

/* An alias, or an annotation: that one has a namespace, or goes on behind its name. */
static struct edm_filter *parse_alias(struct filter_parse *parse)
{
    const struct filter_lexer lexer = parse->lexer;
    const struct filter_token name = filter_take(parse);
    bool is_annotation = slice_index(name.text, '.') < name.text.len ||
                         filter_token_is_sign(&parse->token, '/') ||
                         filter_token_is_sign(&parse->token, '#');
    struct filter_interrupted interrupted;
    struct edm_filter *node;

    parse->lexer = lexer;
    parse->token = name;
    if (is_annotation)
        return filter_parse_annotation(parse);
    if (!filter_begin_alias(parse, &interrupted))
        return NULL;
    node = filter_parse_or(parse);
    return node && filter_end_alias(parse, &interrupted) ? node : NULL;
}

/* --- values ---------------------------------------------------------------------------------- */

/* name'text': a duration, bytes, or a member of an enumeration. */
static bool read_prefixed(struct filter_parse *parse, const struct filter_token *token,
                          struct slice text, struct edm_filter *ret)
{
    if (slice_eq_nocase(token->text, SLICE("binary"))) {
        ret->type = EDM_FILTER_BINARY;
        return filter_literal_is_binary(text) ||
               filter_refuse(&parse->builder, token->position, "The text '%.*s' is not base64url.",
                             SLICE_ARG(odata_quote(text)));
    }
    if (!slice_eq_nocase(token->text, SLICE("duration")))
        return filter_enum_literal(&parse->builder, token->text, text, token->position, ret);
    ret->type = EDM_FILTER_DURATION;
    return filter_literal_duration(text, &ret->integer) ||
           filter_refuse(&parse->builder, token->position,
                         "The text '%.*s' is not a duration such as 'P1DT2H'.",
                         SLICE_ARG(odata_quote(text)));
}

/* What has the form of a value and is none that can be held is called that. */
static bool refuse_value(struct filter_parse *parse, const struct filter_token *token)
{
    if (filter_literal_form(token->text) == EDM_FILTER_NULL)
        return filter_syntax_error(&parse->builder, token->position);
    return parse->builder.form_alone ||
           filter_refuse(&parse->builder, token->position, "The value '%.*s' is out of range.",
                         SLICE_ARG(odata_quote(token->text)));
}

bool filter_read_value(struct filter_parse *parse, struct edm_filter *ret, bool *ret_found)
{
    const struct filter_token token = parse->token;
    struct slice text;

    *ret = (struct edm_filter){ .kind = EDM_FILTER_LITERAL, .type = EDM_FILTER_STRING };
    *ret_found = true;
    switch (token.kind) {
    case FILTER_TOKEN_VALUE:
        if (!filter_literal_value(token.text, ret) && !refuse_value(parse, &token))
            return false;
        break;
    case FILTER_TOKEN_STRING:
    case FILTER_TOKEN_PREFIXED:
        if (!filter_literal_string(token.quoted, parse->builder.arena, &text))
            return error_no_memory(parse->builder.err);
        ret->text = text;
        if (token.kind == FILTER_TOKEN_PREFIXED && !read_prefixed(parse, &token, text, ret))
            return false;
        break;
    case FILTER_TOKEN_NAME:
        *ret_found = filter_literal_word(token.text, ret);
        break;
    default:
        *ret_found = false;
    }
    if (*ret_found)
        filter_take(parse);
    return true;
}

/* --- functions ------------------------------------------------------------------------------- */

/* One argument. Where the form alone counts it may have a name, or be two with a colon between. */
static struct edm_filter *parse_argument(struct filter_parse *parse)
{
    struct edm_filter *node = filter_parse_or(parse);

    if (!parse->builder.form_alone || !node)
        return node;
    return filter_take_sign(parse, '=') || filter_take_sign(parse, ':') ? filter_parse_or(parse)
                                                                        : node;
}

struct edm_filter *filter_parse_call(struct filter_parse *parse, const struct filter_token *name)
{
    bool form_alone = parse->builder.form_alone;
    struct edm_filter *arguments[FILTER_ARGUMENTS_MAX], *node;
    size_t count = 0;

    if (!filter_enter(parse))
        return NULL;
    while (!filter_token_is_sign(&parse->token, ')')) {
        if ((count == FILTER_ARGUMENTS_MAX && !form_alone) ||
            (count > 0 && !filter_expect_sign(parse, ',')))
            return filter_unexpected(parse);
        node = parse_argument(parse);
        if (!node)
            return NULL;
        arguments[count < FILTER_ARGUMENTS_MAX ? count : 0] = node;
        count++;
    }
    filter_leave(parse);
    filter_take(parse);
    return form_alone
               ? filter_node(&parse->builder, (struct edm_filter){ 0 }, name->position)
               : filter_function(&parse->builder, name->text, arguments, count, name->position);
}

/* A function by its name, which was taken with the parenthesis behind it. */
static struct edm_filter *parse_function(struct filter_parse *parse,
                                         const struct filter_token *name)
{
    /* these follow a collection alone */
    if (slice_eq_nocase(name->text, SLICE("any")) || slice_eq_nocase(name->text, SLICE("all")))
        return filter_unexpected(parse);
    if (slice_eq_nocase(name->text, SLICE("cast")))
        return filter_parse_cast(parse, name);
    if (slice_eq_nocase(name->text, SLICE("isof")))
        return filter_parse_isof(parse, name);
    if (parse->builder.form_alone)
        return filter_parse_call(parse, name);
    if (slice_eq_nocase(name->text, SLICE("hassubset")))
        return filter_parse_subset(parse, name);
    return filter_function_is_known(name->text)
               ? filter_parse_call(parse, name)
               : filter_unknown_function(&parse->builder, name->text, name->position);
}

/* --- the grammar ----------------------------------------------------------------------------- */

/* "(" or ")" */
static struct edm_filter *parse_group(struct filter_parse *parse)
{
    struct edm_filter *node;

    filter_take(parse);
    if (!filter_enter(parse))
        return NULL;
    node = filter_parse_or(parse);
    filter_leave(parse);
    return node && filter_expect_sign(parse, ')') ? node : NULL;
}

/* A function or a path: which of them shows behind the name. */
static struct edm_filter *parse_name(struct filter_parse *parse)
{
    const struct filter_lexer lexer = parse->lexer;
    const struct filter_token name = filter_take(parse);

    if (filter_take_sign(parse, '(')) {
        struct edm_filter *node = parse_function(parse, &name);

        return node ? filter_parse_tail(parse, node) : NULL;
    }
    parse->lexer = lexer;
    parse->token = name;
    return filter_parse_path(parse);
}

static struct edm_filter *parse_primary(struct filter_parse *parse)
{
    size_t position = parse->token.position;
    struct edm_filter value;
    bool found;

    if (filter_token_is_sign(&parse->token, '('))
        return parse_group(parse);
    if (parse->token.kind == FILTER_TOKEN_ALIAS)
        return parse_alias(parse);
    if (filter_token_is_sign(&parse->token, '[') || filter_token_is_sign(&parse->token, '{'))
        return filter_parse_json(parse);
    if (!filter_read_value(parse, &value, &found))
        return NULL;
    if (found)
        return filter_node(&parse->builder, value, position);
    return parse->token.kind == FILTER_TOKEN_NAME ? parse_name(parse) : filter_unexpected(parse);
}

/* member := primary ("has" primary | "in" list)* */
static struct edm_filter *parse_member(struct filter_parse *parse)
{
    struct filter_operand left = { .position = parse->token.position };

    left.node = parse_primary(parse);
    while (left.node) {
        size_t position = parse->token.position;

        if (filter_take_word(parse, SLICE("has"))) {
            struct filter_operand right = { .position = parse->token.position };

            right.node = parse_primary(parse);
            left.node = right.node
                            ? filter_binary(&parse->builder, EDM_FILTER_HAS, left, right, position)
                            : NULL;
        } else if (filter_take_word(parse, SLICE("in"))) {
            left.node = filter_parse_in(parse, left, position);
        } else {
            break;
        }
    }
    return left.node;
}

/* unary := ("not" | "-") unary | member */
static struct edm_filter *parse_unary(struct filter_parse *parse)
{
    size_t position = parse->token.position;
    enum edm_filter_kind kind = EDM_FILTER_NEGATE;
    struct edm_filter *operand;

    if (filter_take_word(parse, SLICE("not")))
        kind = EDM_FILTER_NOT;
    else if (!filter_take_sign(parse, '-'))
        return parse_member(parse);
    if (!filter_enter(parse))
        return NULL;
    operand = parse_unary(parse);
    filter_leave(parse);
    return operand ? filter_unary(&parse->builder, kind, operand, position) : NULL;
}

static const struct binary_operator {
    unsigned level; /* the higher binds tighter */
    struct slice word;
    enum edm_filter_kind kind;
} operators[] = {
    { 0, SLICE_INIT("or"), EDM_FILTER_OR },       { 1, SLICE_INIT("and"), EDM_FILTER_AND },
    { 2, SLICE_INIT("eq"), EDM_FILTER_EQ },       { 2, SLICE_INIT("ne"), EDM_FILTER_NE },
    { 3, SLICE_INIT("gt"), EDM_FILTER_GT },       { 3, SLICE_INIT("ge"), EDM_FILTER_GE },
    { 3, SLICE_INIT("lt"), EDM_FILTER_LT },       { 3, SLICE_INIT("le"), EDM_FILTER_LE },
    { 4, SLICE_INIT("add"), EDM_FILTER_ADD },     { 4, SLICE_INIT("sub"), EDM_FILTER_SUB },
    { 5, SLICE_INIT("mul"), EDM_FILTER_MUL },     { 5, SLICE_INIT("div"), EDM_FILTER_DIV },
    { 5, SLICE_INIT("divby"), EDM_FILTER_DIVBY }, { 5, SLICE_INIT("mod"), EDM_FILTER_MOD },
};
#define LEVELS 6

size_t odata_filter_operator_count(void)
{
    return COUNT_OF(operators);
}

struct slice odata_filter_operator(size_t index)
{
    return index < COUNT_OF(operators) ? operators[index].word : SLICE_EMPTY;
}

/* The operator of this level that stands here, taken; NULL for none. */
static const struct binary_operator *take_operator(struct filter_parse *parse, unsigned level)
{
    for (size_t i = 0; i < COUNT_OF(operators); i++) {
        if (operators[i].level == level && filter_take_word(parse, operators[i].word))
            return &operators[i];
    }
    return NULL;
}

/* or, and, equality, relation, sum, product: operand (operator operand)* */
static struct edm_filter *parse_level(struct filter_parse *parse, unsigned level)
{
    struct filter_operand left = { .position = parse->token.position };

    if (level == LEVELS)
        return parse_unary(parse);
    left.node = parse_level(parse, level + 1);
    while (left.node) {
        size_t position = parse->token.position;
        const struct binary_operator *operator= take_operator(parse, level);
        struct filter_operand right = { .position = parse->token.position };

        if (!operator)
            break;
        right.node = parse_level(parse, level + 1);
        if (!right.node)
            return NULL;
        left.node = filter_binary(&parse->builder, operator->kind, left, right, position);
    }
    return left.node;
}

bool odata_filter_parse(const struct edm_model *model, const struct edm_entity_type *type,
                        struct slice text, const struct odata_alias *aliases,
                        const struct odata_filter_rules *rules, struct arena *arena,
                        const struct edm_filter **ret, uint32_t *beyond, struct error *err)
{
    struct filter_parse parse = {
        .builder = { .model = model,
                     .type = type,
                     .arena = arena,
                     .source = text,
                     .later_members = rules->later_members,
                     .shape = rules->shape,
                     .computed = rules->computed,
                     .variable_count = odata_computed_variables(rules->computed),
                     .err = err },
        .lexer = { .source = text },
        .aliases = aliases,
    };
    struct edm_filter *node;

    filter_take(&parse);
    node = filter_parse_or(&parse);
    if (!node)
        return false;
    if (parse.token.kind != FILTER_TOKEN_END)
        return filter_syntax_error(&parse.builder, parse.token.position);
    if (!filter_is_condition(node))
        return filter_refuse(&parse.builder, 0,
                             "The $filter expression must evaluate to a single boolean value.");
    *ret = node;
    if (beyond)
        *beyond |= parse.builder.beyond;
    return true;
}

bool odata_filter_check_form(struct slice text, struct arena *arena, struct error *err)
{
    struct filter_parse parse = {
        .builder = { .arena = arena, .source = text, .form_alone = true, .err = err },
        .lexer = { .source = text },
    };

    filter_take(&parse);
    if (!filter_parse_or(&parse))
        return false;
    return parse.token.kind == FILTER_TOKEN_END ||
           filter_syntax_error(&parse.builder, parse.token.position);
}
