/* store/sql_filter.c - walks a condition and writes it down, each node in parentheses of its own.
 *
 * Most kinds of node are a form in a table, the others a function; those of texts and dates are in
 * sql_filter_functions.c, those of collections in sql_filter_items.c.
 *
 * What null does (edm/filter.h) is mostly what it does in SQL. The exceptions are written out:
 * eq and ne are IS [NOT] DISTINCT FROM, and an order with a null, which SQL leaves open, is
 * coalesced to false.
 *
 * Texts are compared as their lower-case forms, by byte, unless the query wants them as they are.
 * A literal is turned to lower case here, so that of `name eq 'x'` only the name is worked on for
 * each row; NOCASE would do the same but stops at a NUL.
 *
 * Where the SQL needs an expression twice (a position in a text that may be negative, a date that
 * may have left the calendar), the text that was just written is copied, parameters and all. That
 * doubles at each level, so the text has a limit.
 *
 * SQLite's parser has room for a hundred words that wait for their end. Clients make long chains of
 * "or" in loops, so chains are written without inner parentheses; what is nested too deeply all the
 * same the engine refuses (session.c).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/sql_filter.h"

#include "base/arena.h"
#include "edm/health.h"
#include "store/db.h"
#include "store/sql.h"
#include "store/sql_filter_writer.h"

#define VALUES_PER_NODE 4 /* at most, of a node that is no state */

/* How a kind is written: by a function, or by a form that sql_put_form() understands. */
struct rule {
    sql_writer_function *put;
    const char *form;
};
static const struct rule rules[EDM_FILTER_KIND_COUNT];

static void put_form(struct sql_writer *writer, struct slice form, const struct edm_filter *node);

/* --- words ----------------------------------------------------------------------------------- */

void sql_put(struct sql_writer *writer, const char *words)
{
    text_append(&writer->out, slice_of(words));
}

static void put_value(struct sql_writer *writer, struct sql_value value)
{
    struct sql_filter *filter = writer->filter;

    text_append_char(&writer->out, '?');
    text_append_uint(&writer->out, writer->first + filter->count);
    filter->values[filter->count++] = value;
}

void sql_put_integer(struct sql_writer *writer, int64_t value)
{
    put_value(writer, (struct sql_value){ .kind = SQL_INTEGER, .integer = value });
}

void sql_put_real(struct sql_writer *writer, double value)
{
    put_value(writer, (struct sql_value){ .kind = SQL_REAL, .real = value });
}

void sql_put_text(struct sql_writer *writer, struct slice value)
{
    put_value(writer, (struct sql_value){ .kind = SQL_TEXT, .text = value });
}

size_t sql_written(const struct sql_writer *writer, size_t from)
{
    return writer->out.len - from;
}

/* The text may move while it grows, so that the bytes are found again. */
void sql_put_again(struct sql_writer *writer, size_t from, size_t len)
{
    char *to = text_reserve(&writer->out, len);

    if (!to)
        return;
    memcpy(to, writer->out.ptr + from, len);
    writer->out.len += len;
}

/* --- leaves ---------------------------------------------------------------------------------- */

void sql_put_column(struct sql_writer *writer, const char *prefix, size_t property)
{
    if (writer->stage) {
        text_printf(&writer->out, "g%u_%zu", writer->stage, property);
        return;
    }
    sql_put(writer, prefix);
    text_append(&writer->out, edm_stored_name(&writer->query->type->properties[property]));
    sql_put(writer, "\"");
}

/* The state by the view: see edm/health.h. */
static void put_state(struct sql_writer *writer, const struct edm_health_view *view)
{
    sql_put(writer, "CASE WHEN coalesce(");
    sql_put_column(writer, "\"p_", view->contact);
    sql_put(writer, ", 0) = 0 THEN ");
    sql_put_integer(writer, view->never_state);
    for (size_t i = 0; i < view->point_count; i++) {
        sql_put(writer, " WHEN ");
        sql_put_column(writer, "\"p_", view->contact);
        sql_put(writer, " <= ");
        sql_put_integer(writer, view->points[i].silent_since_ticks);
        sql_put(writer, " THEN ");
        sql_put_integer(writer, view->points[i].state);
    }
    sql_put(writer, " ELSE ");
    sql_put_integer(writer, view->healthy);
    sql_put(writer, " END");
}

static bool is_viewed(const struct sql_writer *writer, const struct edm_filter *node)
{
    const struct edm_health_view *view = writer->query->health;

    return node->kind == EDM_FILTER_PROPERTY && view && view->type == writer->query->type &&
           view->state == node->property;
}

static void put_property(struct sql_writer *writer, const struct edm_filter *node)
{
    if (writer->stage) {
        sql_put_column(writer, "", node->property);
    } else if (is_viewed(writer, node)) {
        put_state(writer, writer->query->health);
    } else if (node->property == 0) { /* items of a collection have an id too */
        sql_put(writer, "\"");
        sql_table_name(&writer->out, writer->query->type);
        sql_put(writer, "\".id");
    } else {
        sql_put_column(writer, "\"p_", node->property);
    }
}

static void put_literal(struct sql_writer *writer, const struct edm_filter *node)
{
    switch (node->type) {
    case EDM_FILTER_NULL:
        put_value(writer, (struct sql_value){ .kind = SQL_NULL });
        break;
    case EDM_FILTER_STRING:
    case EDM_FILTER_GUID:
    case EDM_FILTER_BINARY:
        sql_put_text(writer, node->text);
        break;
    case EDM_FILTER_STRINGS:
        sql_put_items_literal(writer, node);
        break;
    case EDM_FILTER_REAL:
        sql_put_real(writer, node->real);
        break;
    case EDM_FILTER_DATE_TIME:
        sql_put_integer(writer, node->at.ticks);
        break;
    default:
        sql_put_integer(writer, node->integer);
    }
}

static void put_now(struct sql_writer *writer, const struct edm_filter *node UNUSED)
{
    sql_put_integer(writer, writer->query->now_ticks);
}

/* --- conditions and comparisons -------------------------------------------------------------- */

void sql_put_condition(struct sql_writer *writer, const struct edm_filter *node)
{
    bool is_number = node->kind <= EDM_FILTER_ITEM;

    sql_put(writer, is_number ? "(" : "");
    sql_put_node(writer, node);
    sql_put(writer, is_number ? " <> 0)" : "");
}

static void put_lower_literal(struct sql_writer *writer, struct slice value)
{
    char *lower = arena_alloc(writer->arena, value.len);

    if (!lower) {
        writer->no_memory = true;
        return;
    }
    for (size_t i = 0; i < value.len; i++) {
        char c = value.ptr[i];

        lower[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
    }
    sql_put_text(writer, (struct slice){ lower, value.len });
}

void sql_put_comparable(struct sql_writer *writer, const struct edm_filter *node)
{
    bool is_text = node->type == EDM_FILTER_GUID ||
                   (node->type == EDM_FILTER_STRING && !writer->query->exact_strings);

    if (node->type == EDM_FILTER_BOOLEAN) {
        sql_put_condition(writer, node);
    } else if (is_text && node->kind == EDM_FILTER_LITERAL) {
        put_lower_literal(writer, node->text);
    } else if (is_text && node->kind == EDM_FILTER_ITEM) {
        sql_put_lower_item(writer, node);
    } else if (is_text && node->kind != EDM_FILTER_TOLOWER) {
        sql_put(writer, writer->dialect->lower);
        sql_put(writer, "(");
        sql_put_node(writer, node);
        sql_put(writer, ")");
    } else {
        sql_put_node(writer, node);
    }
}

/* Whether an argument needs no parentheses of its own: engines read from the left, and of these
 * the order does not matter, or is that one. */
static bool continues(enum edm_filter_kind kind, enum edm_filter_kind argument, size_t index)
{
    switch (argument) {
    case EDM_FILTER_OR:
    case EDM_FILTER_AND:
    case EDM_FILTER_CONCAT:
        return kind == argument;
    case EDM_FILTER_ADD:
    case EDM_FILTER_SUB:
        return index == 0 && (kind == EDM_FILTER_ADD || kind == EDM_FILTER_SUB);
    case EDM_FILTER_MUL:
        return index == 0 && kind == EDM_FILTER_MUL;
    default:
        return false;
    }
}

static void put_argument(struct sql_writer *writer, char how, const struct edm_filter *node,
                         size_t index)
{
    const struct edm_filter *argument = node->arguments[index];

    if (continues(node->kind, argument->kind, index)) {
        struct slice form = slice_of(rules[argument->kind].form);

        put_form(writer, slice_sub(form, 1, form.len - 2), argument);
    } else if (how == '~') {
        sql_put_comparable(writer, argument);
    } else if (how == '!') {
        sql_put_condition(writer, argument);
    } else {
        sql_put_node(writer, argument);
    }
}

static void put_form(struct sql_writer *writer, struct slice form, const struct edm_filter *node)
{
    size_t argument = 0;

    for (size_t i = 0; i < form.len; i++) {
        char c = form.ptr[i];

        if (c == '$' || c == '~' || c == '!')
            put_argument(writer, c, node, argument++);
        else
            text_append_char(&writer->out, c);
    }
}

void sql_put_form(struct sql_writer *writer, const char *form, const struct edm_filter *node)
{
    put_form(writer, slice_of(form), node);
}

/* Whether it stands for all members past it as well. */
static bool is_sentinel(const struct sql_writer *writer, const struct edm_filter *node)
{
    return node->kind == EDM_FILTER_LITERAL && node->type == EDM_FILTER_ENUM &&
           !writer->query->later_members && node->enumeration->sentinel &&
           node->integer == node->enumeration->sentinel->value;
}

/* EQ and NE. */
static void put_equality(struct sql_writer *writer, const struct edm_filter *node)
{
    bool first = is_sentinel(writer, node->arguments[0]);
    bool equal = node->kind == EDM_FILTER_EQ;

    if (node->arguments[0]->type == EDM_FILTER_STRINGS ||
        node->arguments[1]->type == EDM_FILTER_STRINGS) {
        sql_put_same_items(writer, node);
        return;
    }
    if (first || is_sentinel(writer, node->arguments[1]))
        sql_put_form(writer,
                     first   ? equal ? "coalesce($ <= $, FALSE)" : "(NOT coalesce($ <= $, FALSE))"
                     : equal ? "coalesce($ >= $, FALSE)"
                             : "(NOT coalesce($ >= $, FALSE))",
                     node);
    else
        sql_put_form(writer, equal ? "(~ IS NOT DISTINCT FROM ~)" : "(~ IS DISTINCT FROM ~)", node);
}

/* Null equals null: where it is in the list it is asked for apart, and so is a sentinel. */
static void put_in(struct sql_writer *writer, const struct edm_filter *node)
{
    size_t from, len;
    const struct edm_filter *sentinel = NULL;
    bool null = false;

    if (node->count == 1) {
        sql_put(writer, "FALSE");
        return;
    }
    sql_put(writer, "(coalesce(");
    from = writer->out.len;
    sql_put_comparable(writer, node->arguments[0]);
    len = sql_written(writer, from);
    for (size_t i = 1; i < node->count; i++) {
        sql_put(writer, i == 1 ? " IN (" : ", ");
        sql_put_comparable(writer, node->arguments[i]);
        null = null || node->arguments[i]->type == EDM_FILTER_NULL;
        sentinel = is_sentinel(writer, node->arguments[i]) ? node->arguments[i] : sentinel;
    }
    sql_put(writer, "), FALSE)");
    if (sentinel) {
        sql_put(writer, " OR coalesce(");
        sql_put_again(writer, from, len);
        sql_put(writer, " >= ");
        sql_put_node(writer, sentinel);
        sql_put(writer, ", FALSE)");
    }
    if (null) {
        sql_put(writer, " OR ");
        sql_put_again(writer, from, len);
        sql_put(writer, " IS NULL");
    }
    sql_put(writer, ")");
}

static void put_has(struct sql_writer *writer, const struct edm_filter *node)
{
    sql_put_form(writer, "(($ & $) = ", node);
    sql_put_node(writer, node->arguments[1]);
    sql_put(writer, ")");
}

/* --- all ------------------------------------------------------------------------------------- */

static const struct rule rules[EDM_FILTER_KIND_COUNT] = {
    [EDM_FILTER_LITERAL] = { put_literal, NULL },
    [EDM_FILTER_NOW] = { put_now, NULL },
    [EDM_FILTER_PROPERTY] = { put_property, NULL },
    [EDM_FILTER_ITEM] = { sql_put_item, NULL },
    [EDM_FILTER_OR] = { NULL, "(! OR !)" },
    [EDM_FILTER_AND] = { NULL, "(! AND !)" },
    [EDM_FILTER_NOT] = { NULL, "(NOT !)" },
    [EDM_FILTER_EQ] = { put_equality, NULL },
    [EDM_FILTER_NE] = { put_equality, NULL },
    [EDM_FILTER_GT] = { NULL, "coalesce(~ > ~, FALSE)" },
    [EDM_FILTER_GE] = { NULL, "coalesce(~ >= ~, FALSE)" },
    [EDM_FILTER_LT] = { NULL, "coalesce(~ < ~, FALSE)" },
    [EDM_FILTER_LE] = { NULL, "coalesce(~ <= ~, FALSE)" },
    [EDM_FILTER_IN] = { put_in, NULL },
    [EDM_FILTER_HAS] = { put_has, NULL },
    [EDM_FILTER_ADD] = { NULL, "($ + $)" },
    [EDM_FILTER_SUB] = { NULL, "($ - $)" },
    [EDM_FILTER_MUL] = { NULL, "($ * $)" },
    [EDM_FILTER_DIV] = { NULL, "($ / nullif($, 0))" },
    [EDM_FILTER_DIVBY] = { NULL, "(CAST($ AS DOUBLE PRECISION) / nullif($, 0))" },
    [EDM_FILTER_MOD] = { sql_put_modulo, NULL },
    [EDM_FILTER_NEGATE] = { NULL, "(-$)" },
    [EDM_FILTER_CONTAINS] = { sql_put_contains, NULL },
    [EDM_FILTER_STARTSWITH] = { sql_put_starts_with, NULL },
    [EDM_FILTER_ENDSWITH] = { sql_put_ends_with, NULL },
    [EDM_FILTER_TOLOWER] = { sql_put_lower, NULL },
    [EDM_FILTER_TOUPPER] = { sql_put_upper, NULL },
    [EDM_FILTER_TRIM] = { sql_put_trim, NULL },
    [EDM_FILTER_CONCAT] = { NULL, "($ || $)" },
    [EDM_FILTER_LENGTH] = { NULL, "length($)" },
    [EDM_FILTER_INDEXOF] = { sql_put_index_of, NULL },
    [EDM_FILTER_SUBSTRING] = { sql_put_substring, NULL },
    [EDM_FILTER_YEAR] = { sql_put_calendar, NULL },
    [EDM_FILTER_MONTH] = { sql_put_calendar, NULL },
    [EDM_FILTER_DAY] = { sql_put_calendar, NULL },
    [EDM_FILTER_HOUR] = { sql_put_wall_part, NULL },
    [EDM_FILTER_MINUTE] = { sql_put_wall_part, NULL },
    [EDM_FILTER_SECOND] = { sql_put_wall_part, NULL },
    [EDM_FILTER_FRACTIONALSECONDS] = { sql_put_wall_part, NULL },
    [EDM_FILTER_DATE_OF] = { sql_put_wall_part, NULL },
    [EDM_FILTER_TIME_OF] = { sql_put_wall_part, NULL },
    [EDM_FILTER_TOTALOFFSETMINUTES] = { sql_put_offset_minutes, NULL },
    [EDM_FILTER_TOTALSECONDS] = { NULL, "($ / 10000000.0)" },
    [EDM_FILTER_ROUND] = { sql_put_round, NULL },
    [EDM_FILTER_FLOOR] = { sql_put_round, NULL },
    [EDM_FILTER_CEILING] = { sql_put_round, NULL },
    [EDM_FILTER_CAST] = { sql_put_cast, NULL },
    [EDM_FILTER_MATCHES] = { sql_put_matches, NULL },
    [EDM_FILTER_ANY] = { sql_put_any_or_all, NULL },
    [EDM_FILTER_ALL] = { sql_put_any_or_all, NULL },
    [EDM_FILTER_COUNT] = { sql_put_count, NULL },
    [EDM_FILTER_SUBSET] = { sql_put_subset, NULL },
};

void sql_put_node(struct sql_writer *writer, const struct edm_filter *node)
{
    const struct rule *rule = &rules[node->kind];

    if (rule->put)
        rule->put(writer, node);
    else
        sql_put_form(writer, rule->form, node);
}

size_t sql_values_max(const struct sql_writer *writer, const struct edm_filter *node)
{
    size_t count = is_viewed(writer, node) ? 2 * EDM_HEALTH_STAGES_MAX + 2 : VALUES_PER_NODE;

    for (size_t i = 0; i < node->count; i++)
        count += sql_values_max(writer, node->arguments[i]);
    return count;
}

bool sql_filter_write(const struct dialect *dialect, const struct edm_query *query, unsigned first,
                      struct arena *arena, struct sql_filter *ret, struct error *err)
{
    struct sql_writer writer = {
        .dialect = dialect, .query = query, .arena = arena, .filter = ret, .first = first
    };

    *ret = (struct sql_filter){ .count = 0 };
    ret->values = arena_new_array(arena, sql_values_max(&writer, query->filter), struct sql_value);
    if (!ret->values)
        return error_no_memory(err);
    text_init(&writer.out, arena, 512, SQL_FILTER_TEXT_MAX);
    sql_put_condition(&writer, query->filter);
    /* What fails at the limit is long by then: a copy at most doubles it. */
    if (writer.no_memory || (writer.out.failed && writer.out.len < SQL_FILTER_TEXT_MAX / 4))
        return error_no_memory(err);
    if (writer.wrong_pattern)
        return error_set(err, ERROR_BAD_REQUEST, SLICE("$filter"),
                         "Invalid filter clause: The pattern of 'matchesPattern' is no regular "
                         "expression.");
    if (writer.out.failed)
        return error_set(err, ERROR_BAD_REQUEST, SLICE("$filter"),
                         "Invalid filter clause: The expression is too complex.");
    ret->condition = text_slice(&writer.out);
    return true;
}

void sql_filter_bind(struct db_params *params, const struct sql_filter *filter)
{
    for (size_t i = 0; i < filter->count; i++) {
        const struct sql_value *value = &filter->values[i];

        switch (value->kind) {
        case SQL_NULL:
            db_params_null(params);
            break;
        case SQL_INTEGER:
            db_params_int(params, value->integer);
            break;
        case SQL_REAL:
            db_params_real(params, value->real);
            break;
        case SQL_TEXT:
            db_params_text(params, value->text);
            break;
        }
    }
}
