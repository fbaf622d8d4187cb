/* odata/filter_check.c - which operands an operator takes, and what comes of them.
 *
 * A quoted text is a text until it meets something else: beside an enumeration it must be a member
 * of it (by name or by number), beside a duration a duration. So a client that writes
 * state eq 'active' and one that writes state eq microsoft.graph.ndesConnectorState'active' get the
 * same tree. Beside a date, a number or a truth value it is one when it can be read as one, as
 * OData 4.01 asks; Graph refuses that, so it is marked. A day alone beside a date with a time is
 * that day's beginning, in UTC. Nothing else is changed into another type.
 *
 * Where the form alone counts, every node is the literal null, which fits everywhere; the functions
 * here that would look at more leave at once.
 *
 * The texts of refusals are those of the OData library behind Graph; the position at the end of
 * them is ours.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "odata/filter_check.h"

#include "base/arena.h"
#include "base/text.h"
#include "odata/beyond.h"
#include "odata/filter_literal.h"
#include "odata/quote.h"

#define TICKS_PER_DAY INT64_C(864000000000)

/* --- refusals -------------------------------------------------------------------------------- */

static struct slice option_of(const struct filter_builder *builder)
{
    return builder->option.len ? builder->option : SLICE("$filter");
}

/* "filter": without the '$'. */
static struct slice clause_of(const struct filter_builder *builder)
{
    return slice_sub(option_of(builder), 1, option_of(builder).len);
}

bool filter_syntax_error(struct filter_builder *builder, size_t position)
{
    return error_set(builder->err, ERROR_BAD_REQUEST, option_of(builder),
                     "Invalid %.*s clause: Syntax error at position %zu in '%.*s'.",
                     SLICE_ARG(clause_of(builder)), position,
                     SLICE_ARG(odata_quote(builder->source)));
}

bool filter_refuse(struct filter_builder *builder, size_t position, const char *format, ...)
{
    char message[400];
    va_list args;

    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return error_set(builder->err, ERROR_BAD_REQUEST, option_of(builder),
                     "Invalid %.*s clause: %s (at position %zu)", SLICE_ARG(clause_of(builder)),
                     message, position);
}

struct edm_filter *filter_not_offered(struct filter_builder *builder, size_t position,
                                      const char *what)
{
    if (builder->form_alone)
        return filter_node(builder, (struct edm_filter){ .type = EDM_FILTER_NULL }, position);
    filter_refuse(builder, position, "%s", what);
    return NULL;
}

static struct slice enum_name(struct filter_builder *builder, const struct edm_enum *enumeration)
{
    struct slice name;

    if (!arena_printf(builder->arena, &name, "%.*s.%.*s", SLICE_ARG(builder->model->namespace_name),
                      SLICE_ARG(enumeration->name)))
        return enumeration->name;
    return name;
}

struct slice filter_type_name(struct filter_builder *builder, const struct edm_filter *node)
{
    static const struct slice names[EDM_FILTER_TYPE_COUNT] = {
        [EDM_FILTER_NULL] = SLICE_INIT("<null>"),
        [EDM_FILTER_BOOLEAN] = SLICE_INIT("Edm.Boolean"),
        [EDM_FILTER_STRING] = SLICE_INIT("Edm.String"),
        [EDM_FILTER_INTEGER] = SLICE_INIT("Edm.Int64"),
        [EDM_FILTER_REAL] = SLICE_INIT("Edm.Double"),
        [EDM_FILTER_DATE_TIME] = SLICE_INIT("Edm.DateTimeOffset"),
        [EDM_FILTER_DATE] = SLICE_INIT("Edm.Date"),
        [EDM_FILTER_TIME] = SLICE_INIT("Edm.TimeOfDay"),
        [EDM_FILTER_DURATION] = SLICE_INIT("Edm.Duration"),
        [EDM_FILTER_GUID] = SLICE_INIT("Edm.Guid"),
        [EDM_FILTER_BINARY] = SLICE_INIT("Edm.Binary"),
        [EDM_FILTER_STRINGS] = SLICE_INIT("Collection(Edm.String)"),
    };

    return node->type == EDM_FILTER_ENUM ? enum_name(builder, node->enumeration)
                                         : names[node->type];
}

static bool refuse_operands(struct filter_builder *builder, enum edm_filter_kind kind,
                            const struct edm_filter *left, const struct edm_filter *right,
                            size_t position)
{
    static const char *const names[EDM_FILTER_KIND_COUNT] = {
        [EDM_FILTER_OR] = "Or",          [EDM_FILTER_AND] = "And",
        [EDM_FILTER_EQ] = "Equal",       [EDM_FILTER_NE] = "NotEqual",
        [EDM_FILTER_GT] = "GreaterThan", [EDM_FILTER_GE] = "GreaterThanOrEqual",
        [EDM_FILTER_LT] = "LessThan",    [EDM_FILTER_LE] = "LessThanOrEqual",
        [EDM_FILTER_IN] = "In",          [EDM_FILTER_HAS] = "Has",
        [EDM_FILTER_ADD] = "Add",        [EDM_FILTER_SUB] = "Subtract",
        [EDM_FILTER_MUL] = "Multiply",   [EDM_FILTER_DIV] = "Divide",
        [EDM_FILTER_DIVBY] = "DivideBy", [EDM_FILTER_MOD] = "Modulo",
    };

    return filter_refuse(builder, position,
                         "A binary operator with incompatible types was detected. Found operand "
                         "types '%.*s' and '%.*s' for operator kind '%s'.",
                         SLICE_ARG(filter_type_name(builder, left)),
                         SLICE_ARG(filter_type_name(builder, right)), names[kind]);
}

/* --- nodes ----------------------------------------------------------------------------------- */

struct edm_filter *filter_node_with(struct filter_builder *builder, struct edm_filter node,
                                    const struct edm_filter *const *arguments, size_t count,
                                    size_t position)
{
    struct edm_filter *copy = arena_new(builder->arena, struct edm_filter);

    if (++builder->nodes > ODATA_FILTER_NODES_MAX) {
        filter_refuse(builder, position, "The node count limit of '%d' has been exceeded.",
                      ODATA_FILTER_NODES_MAX);
        return NULL;
    }
    if (builder->form_alone) {
        node = (struct edm_filter){ .kind = EDM_FILTER_LITERAL, .type = EDM_FILTER_NULL };
        count = 0;
    }
    node.count = count;
    if (count)
        node.arguments = arena_new_array(builder->arena, count, const struct edm_filter *);
    if (!copy || (count && !node.arguments)) {
        error_no_memory(builder->err);
        return NULL;
    }
    if (count)
        memcpy(node.arguments, arguments, count * sizeof(struct edm_filter *));
    *copy = node;
    return copy;
}

struct edm_filter *filter_node(struct filter_builder *builder, struct edm_filter node,
                               size_t position)
{
    return filter_node_with(builder, node, NULL, 0, position);
}

/* --- enumerations ---------------------------------------------------------------------------- */

static const struct edm_enum_member *find_member_nocase(const struct edm_enum *enumeration,
                                                        struct slice name)
{
    for (size_t i = 0; i < enumeration->member_count; i++) {
        if (slice_eq_nocase(enumeration->members[i].name, name))
            return &enumeration->members[i];
    }
    return NULL;
}

/* Whoever does not know the members past the sentinel cannot ask for them, by name or by number. */
static bool is_hidden(const struct filter_builder *builder, const struct edm_enum *enumeration,
                      int64_t number)
{
    return enumeration->sentinel && !builder->later_members &&
           number > enumeration->sentinel->value && edm_find_member_by_value(enumeration, number);
}

static bool refuse_member(struct filter_builder *builder, struct slice text, size_t position)
{
    return filter_refuse(builder, position,
                         "The string '%.*s' is not a valid enumeration type constant.",
                         SLICE_ARG(odata_quote(text)));
}

bool filter_read_member(struct filter_builder *builder, const struct edm_enum *enumeration,
                        struct slice text, size_t position, struct edm_filter *ret)
{
    const struct edm_enum_member *member = find_member_nocase(enumeration, text);
    int64_t number = member ? member->value : 0;

    if ((!member && !slice_to_int64(text, &number)) || is_hidden(builder, enumeration, number))
        return refuse_member(builder, text, position);
    ret->type = EDM_FILTER_ENUM;
    ret->enumeration = enumeration;
    ret->integer = number;
    return true;
}

struct slice filter_cut_namespace(const struct filter_builder *builder, struct slice name)
{
    const struct slice prefixes[] = { builder->model->namespace_name, builder->model->alias };

    for (size_t i = 0; i < COUNT_OF(prefixes); i++) {
        if (slice_starts_with_nocase(name, prefixes[i]) && name.len > prefixes[i].len &&
            name.ptr[prefixes[i].len] == '.')
            return slice_sub(name, prefixes[i].len + 1, name.len);
    }
    return SLICE_EMPTY;
}

static bool read_number(struct filter_builder *builder, const struct edm_enum *enumeration,
                        size_t position, struct edm_filter *node)
{
    char memory[24];
    struct text digits;

    if (is_hidden(builder, enumeration, node->integer)) {
        text_init_fixed(&digits, memory, sizeof memory);
        text_append_int(&digits, node->integer);
        return refuse_member(builder, text_slice(&digits), position);
    }
    node->type = EDM_FILTER_ENUM;
    node->enumeration = enumeration;
    return true;
}

bool filter_enum_literal(struct filter_builder *builder, struct slice prefix, struct slice text,
                         size_t position, struct edm_filter *ret)
{
    struct slice name;

    ret->kind = EDM_FILTER_LITERAL;
    if (builder->form_alone)
        return slice_starts_with(prefix, SLICE("geo")) || filter_literal_is_enum_value(text) ||
               filter_syntax_error(builder, position);
    name = filter_cut_namespace(builder, prefix);
    for (size_t i = 0; i < builder->type->property_count && name.len; i++) {
        const struct edm_enum *enumeration = builder->type->properties[i].enumeration;

        if (enumeration && slice_eq_nocase(enumeration->name, name))
            return filter_read_member(builder, enumeration, text, position, ret);
    }
    return filter_refuse(builder, position, "The type '%.*s' of the literal is not known here.",
                         SLICE_ARG(odata_quote(prefix)));
}

/* --- comparing ------------------------------------------------------------------------------- */

static bool is_number(const struct edm_filter *node)
{
    return node->type == EDM_FILTER_INTEGER || node->type == EDM_FILTER_REAL;
}

static bool is_null(const struct edm_filter *node)
{
    return node->type == EDM_FILTER_NULL;
}

/* Reads a text as the value that stands on the other side; where it is none it stays a text, which
 * does not fit. */
static void adapt_text(struct filter_builder *builder, struct edm_filter *node,
                       const struct edm_filter *other)
{
    struct edm_filter value = { .kind = EDM_FILTER_LITERAL };
    bool is_word = other->type == EDM_FILTER_BOOLEAN;
    struct slice text = node->text;

    if (other->type == EDM_FILTER_DURATION) {
        if (filter_literal_duration(text, &value.integer)) {
            node->type = EDM_FILTER_DURATION;
            node->integer = value.integer;
        }
        return;
    }
    if (!(is_word ? filter_literal_word(text, &value) : filter_literal_value(text, &value)))
        return;
    if (value.type == EDM_FILTER_DATE && other->type == EDM_FILTER_DATE_TIME) {
        value.type = EDM_FILTER_DATE_TIME;
        value.at = (struct edm_date_time){ .ticks = value.integer * TICKS_PER_DAY };
    }
    if (value.type != other->type && !(is_number(&value) && is_number(other)))
        return;
    *node = value;
    builder->beyond |= BEYOND_BIT(BEYOND_QUOTED_VALUES);
}

/* Changes a literal into what stands on the other side, where there is a way. False: it should have
 * been a member of an enumeration, and is none. */
static bool adapt(struct filter_builder *builder, struct filter_operand literal,
                  const struct edm_filter *other)
{
    struct edm_filter *node = literal.node;

    if (node->kind != EDM_FILTER_LITERAL)
        return true;
    if (node->type == EDM_FILTER_STRING && other->type == EDM_FILTER_ENUM)
        return filter_read_member(builder, other->enumeration, node->text, literal.position, node);
    if (node->type == EDM_FILTER_INTEGER && other->type == EDM_FILTER_ENUM)
        return read_number(builder, other->enumeration, literal.position, node);
    if (node->type == EDM_FILTER_DATE && other->type == EDM_FILTER_DATE_TIME) {
        node->type = EDM_FILTER_DATE_TIME;
        node->at = (struct edm_date_time){ .ticks = node->integer * TICKS_PER_DAY };
    } else if (node->type == EDM_FILTER_STRING && other->type != EDM_FILTER_STRING) {
        adapt_text(builder, node, other);
    }
    return true;
}

static bool can_compare(const struct edm_filter *left, const struct edm_filter *right)
{
    if (left->type == EDM_FILTER_STRINGS || right->type == EDM_FILTER_STRINGS)
        return false;
    if (is_null(left) || is_null(right) || (is_number(left) && is_number(right)))
        return true;
    return left->type == right->type && left->enumeration == right->enumeration;
}

bool filter_fit_item(struct filter_builder *builder, const struct edm_filter *subject,
                     struct filter_operand item)
{
    if (builder->form_alone)
        return true;
    if (!adapt(builder, item, subject))
        return false;
    return can_compare(subject, item.node) ||
           refuse_operands(builder, EDM_FILTER_IN, subject, item.node, item.position);
}

/* HAS takes a member on its right. */
static bool can_have(const struct edm_filter *left, const struct edm_filter *right)
{
    return left->type == EDM_FILTER_ENUM && right->type == EDM_FILTER_ENUM &&
           left->enumeration == right->enumeration && right->kind == EDM_FILTER_LITERAL;
}

/* --- arithmetic ------------------------------------------------------------------------------ */

/* What comes of it; EDM_FILTER_TYPE_COUNT when it cannot be. */
static enum edm_filter_type number_type(enum edm_filter_kind kind, enum edm_filter_type left,
                                        enum edm_filter_type right)
{
    bool is_whole = left == EDM_FILTER_INTEGER && right == EDM_FILTER_INTEGER;

    return is_whole && kind != EDM_FILTER_DIVBY ? EDM_FILTER_INTEGER : EDM_FILTER_REAL;
}

static enum edm_filter_type sum_type(enum edm_filter_kind kind, enum edm_filter_type left,
                                     enum edm_filter_type right)
{
    if (right == EDM_FILTER_DURATION &&
        (left == EDM_FILTER_DURATION || left == EDM_FILTER_DATE_TIME))
        return left;
    if (kind == EDM_FILTER_SUB && left == EDM_FILTER_DATE_TIME && right == left)
        return EDM_FILTER_DURATION;
    return EDM_FILTER_TYPE_COUNT;
}

static enum edm_filter_type arithmetic_type(enum edm_filter_kind kind,
                                            const struct edm_filter *left,
                                            const struct edm_filter *right)
{
    bool is_sum = kind == EDM_FILTER_ADD || kind == EDM_FILTER_SUB;

    if (is_null(left) && is_null(right))
        return EDM_FILTER_NULL;
    /* null stands for whatever would fit */
    if (is_null(left) || is_null(right)) {
        const struct edm_filter *known = is_null(left) ? right : left;

        if (is_number(known))
            return number_type(kind, known->type, known->type);
        return is_sum && (known->type == EDM_FILTER_DURATION || known->type == EDM_FILTER_DATE_TIME)
                   ? known->type
                   : EDM_FILTER_TYPE_COUNT;
    }
    if (is_number(left) && is_number(right))
        return number_type(kind, left->type, right->type);
    return is_sum ? sum_type(kind, left->type, right->type) : EDM_FILTER_TYPE_COUNT;
}

/* --- operators ------------------------------------------------------------------------------- */

static bool is_arithmetic(enum edm_filter_kind kind)
{
    return kind >= EDM_FILTER_ADD && kind <= EDM_FILTER_MOD;
}

/* Beside a date or a duration a text can only be meant for a duration. */
static void adapt_durations(struct edm_filter *left, struct edm_filter *right)
{
    bool is_time = left->type == EDM_FILTER_DATE_TIME || left->type == EDM_FILTER_DURATION;
    int64_t ticks;

    if (is_time && right->kind == EDM_FILTER_LITERAL && right->type == EDM_FILTER_STRING &&
        filter_literal_duration(right->text, &ticks)) {
        right->type = EDM_FILTER_DURATION;
        right->integer = ticks;
    }
}

/* A collection is the same as another one, or is not; it comes before or behind none. */
static bool compares_collections(enum edm_filter_kind kind, const struct edm_filter *left,
                                 const struct edm_filter *right)
{
    bool is_left = left->type == EDM_FILTER_STRINGS, is_right = right->type == EDM_FILTER_STRINGS;

    return (kind == EDM_FILTER_EQ || kind == EDM_FILTER_NE) && (is_left || is_right) &&
           (is_left || is_null(left)) && (is_right || is_null(right));
}

/* The type of what comes of an operator; EDM_FILTER_TYPE_COUNT when the operands do not fit. */
static enum edm_filter_type binary_type(enum edm_filter_kind kind, const struct edm_filter *left,
                                        const struct edm_filter *right)
{
    bool fits;

    if (is_arithmetic(kind))
        return arithmetic_type(kind, left, right);
    if (compares_collections(kind, left, right))
        return EDM_FILTER_BOOLEAN;
    if (kind == EDM_FILTER_AND || kind == EDM_FILTER_OR)
        fits = filter_is_condition(left) && filter_is_condition(right);
    else if (kind == EDM_FILTER_HAS)
        fits = can_have(left, right);
    else
        fits = can_compare(left, right);
    return fits ? EDM_FILTER_BOOLEAN : EDM_FILTER_TYPE_COUNT;
}

struct edm_filter *filter_binary(struct filter_builder *builder, enum edm_filter_kind kind,
                                 struct filter_operand left, struct filter_operand right,
                                 size_t position)
{
    const struct edm_filter *const arguments[] = { left.node, right.node };
    struct edm_filter node = { .kind = kind };

    if (builder->form_alone)
        return filter_node(builder, node, position);
    if (is_arithmetic(kind))
        adapt_durations(left.node, right.node);
    else if (!adapt(builder, left, right.node) || !adapt(builder, right, left.node))
        return NULL;
    if (compares_collections(kind, left.node, right.node)) {
        node.variable = builder->variable_count++;
        builder->beyond |= BEYOND_BIT(BEYOND_COLLECTION_COMPARE);
    }
    node.type = binary_type(kind, left.node, right.node);
    if (node.type == EDM_FILTER_TYPE_COUNT) {
        refuse_operands(builder, kind, left.node, right.node, position);
        return NULL;
    }
    return filter_node_with(builder, node, arguments, 2, position);
}

struct edm_filter *filter_unary(struct filter_builder *builder, enum edm_filter_kind kind,
                                struct edm_filter *operand, size_t position)
{
    const struct edm_filter *const arguments[] = { operand };
    struct edm_filter node = { .kind = kind, .type = operand->type };
    bool fits = kind == EDM_FILTER_NOT ? filter_is_condition(operand)
                                       : is_number(operand) || is_null(operand) ||
                                             operand->type == EDM_FILTER_DURATION;

    if (!fits) {
        filter_refuse(builder, position,
                      "A unary operator with an incompatible type was detected. Found operand type "
                      "'%.*s' for operator kind '%s'.",
                      SLICE_ARG(filter_type_name(builder, operand)),
                      kind == EDM_FILTER_NOT ? "Not" : "Negate");
        return NULL;
    }
    return filter_node_with(builder, node, arguments, 1, position);
}
