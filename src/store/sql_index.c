/* store/sql_index.c - names and columns of indexes, and what a condition says of them.
 *
 * A condition bounds a property where it cannot be true without the bound: at its root, and in what
 * "and" joins there. Each such comparison is written again over the expression of the index:
 *
 *     eq                   the same value
 *     gt, ge / lt, le      from there on / up to there; the value itself is left to the condition
 *     in                   one of these
 *     startswith(p, 'ab')  from 'ab' on, and below 'ac'
 *
 * Of texts the index has the beginning in lower case. A beginning is where the text is, or in the
 * same place as another's: cutting never turns an order round, so that neither does a bound on what
 * was cut leave out a row that the condition lets through. A NUL, which ends a text for substr(),
 * is the least of all bytes: the same holds.
 *
 * The bytes of UTF-8 never reach 255, so that the last byte of a text can be raised by one for the
 * first text that no longer begins with it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/sql_index.h"

#include "base/arena.h"
#include "edm/health.h"
#include "store/sql.h"
#include "store/sql_filter_writer.h"
#include "store/sql_order.h"

/* --- names and columns ----------------------------------------------------------------------- */

static void put(struct text *out, const char *words)
{
    text_append(out, slice_of(words));
}

void sql_index_name(struct text *out, const struct edm_entity_type *type, size_t property)
{
    put(out, SQL_INDEX_PREFIX);
    text_append(out, type->name);
    text_append_char(out, '.');
    text_append(out, type->properties[property].name);
}

/* As sql_order.c writes a key. */
static void put_expression(struct text *out, const struct dialect *dialect,
                           const struct edm_entity_type *type, size_t property, bool exact)
{
    const struct edm_property *of = &type->properties[property];

    if (of->kind == EDM_STRING && exact)
        text_printf(out, "substr(\"p_%.*s\", 1, %d)", SLICE_ARG(of->name), SQL_ORDER_TEXT_MAX);
    else if (of->kind == EDM_STRING)
        text_printf(out, "substr(%s(\"p_%.*s\"), 1, %d)", dialect->lower, SLICE_ARG(of->name),
                    SQL_ORDER_TEXT_MAX);
    else
        text_printf(out, "\"p_%.*s\"", SLICE_ARG(of->name));
}

void sql_index_layout(struct text *out, const struct dialect *dialect,
                      const struct edm_entity_type *type, size_t property, bool exact)
{
    put(out, "tenant, ");
    put_expression(out, dialect, type, property, exact);
    put(out, ", id");
}

void sql_create_index(struct text *out, const struct dialect *dialect,
                      const struct edm_entity_type *type, size_t property, bool exact)
{
    put(out, "CREATE INDEX \"");
    sql_index_name(out, type, property);
    put(out, "\" ON \"");
    sql_table_name(out, type);
    put(out, "\" (");
    sql_index_layout(out, dialect, type, property, exact);
    put(out, ")");
}

/* --- what a condition says ------------------------------------------------------------------- */

struct bounds_writer {
    struct sql_writer sql;
    const struct edm_entity_type *type; /* the stored one */
    size_t property;                    /* of it */
    bool equal, whole;
};

/* The stored type's property that `node` is, or is the lower-case form of where that is what is
 * compared anyhow; -1. */
static int property_of(const struct edm_query *query, const struct edm_filter *node)
{
    if (node->kind == EDM_FILTER_TOLOWER && !query->exact_strings)
        node = node->arguments[0];
    if (node->kind != EDM_FILTER_PROPERTY || (query->health && query->health->type == query->type &&
                                              query->health->state == node->property))
        return -1;
    return edm_find_property(edm_stored_type(query->type),
                             edm_stored_name(&query->type->properties[node->property]));
}

/* The same for every row. */
static bool is_constant(const struct edm_filter *node)
{
    if (node->kind == EDM_FILTER_PROPERTY || node->kind == EDM_FILTER_ITEM)
        return false;
    for (size_t i = 0; i < node->count; i++) {
        if (!is_constant(node->arguments[i]))
            return false;
    }
    return true;
}

static bool is_sentinel(const struct edm_filter *node)
{
    return node->type == EDM_FILTER_ENUM && node->enumeration->sentinel &&
           node->integer == node->enumeration->sentinel->value;
}

/* A value that the property can be compared with in the index. */
static bool is_bound(const struct edm_filter *property, const struct edm_filter *value)
{
    return is_constant(value) &&
           (value->type == property->type || value->type == EDM_FILTER_NULL) &&
           (value->kind == EDM_FILTER_LITERAL ? !is_sentinel(value)
                                              : value->type != EDM_FILTER_ENUM);
}

static void put_index(struct bounds_writer *writer)
{
    struct sql_writer *sql = &writer->sql;

    sql_put(sql, sql->out.len ? " AND " : "");
    put_expression(&sql->out, sql->dialect, writer->type, writer->property,
                   sql->query->exact_strings);
}

static void put_value(struct bounds_writer *writer, const struct edm_filter *value)
{
    struct sql_writer *sql = &writer->sql;
    bool is_text = value->type == EDM_FILTER_STRING;

    sql_put(sql, is_text ? "substr(" : "");
    sql_put_comparable(sql, value);
    if (is_text)
        text_printf(&sql->out, ", 1, %d)", SQL_ORDER_TEXT_MAX);
}

static bool put_comparison(struct bounds_writer *writer, const struct edm_filter *node)
{
    static const char *const signs[EDM_FILTER_KIND_COUNT][2] = {
        [EDM_FILTER_EQ] = { " IS NOT DISTINCT FROM ", " IS NOT DISTINCT FROM " },
        [EDM_FILTER_GT] = { " >= ", " <= " },
        [EDM_FILTER_GE] = { " >= ", " <= " },
        [EDM_FILTER_LT] = { " <= ", " >= " },
        [EDM_FILTER_LE] = { " <= ", " >= " },
    };
    int first = property_of(writer->sql.query, node->arguments[0]);
    int second = property_of(writer->sql.query, node->arguments[1]);
    size_t at = first == (int)writer->property ? 0 : 1;

    if ((at == 0 ? first : second) != (int)writer->property ||
        !is_bound(node->arguments[at], node->arguments[1 - at]))
        return false;
    put_index(writer);
    sql_put(&writer->sql, signs[node->kind][at]);
    put_value(writer, node->arguments[1 - at]);
    writer->equal = writer->equal || node->kind == EDM_FILTER_EQ;
    return true;
}

static bool put_in(struct bounds_writer *writer, const struct edm_filter *node)
{
    if (node->count < 2 ||
        property_of(writer->sql.query, node->arguments[0]) != (int)writer->property)
        return false;
    for (size_t i = 1; i < node->count; i++) {
        if (!is_bound(node->arguments[0], node->arguments[i]) ||
            node->arguments[i]->type == EDM_FILTER_NULL) /* null equals null here */
            return false;
    }
    put_index(writer);
    for (size_t i = 1; i < node->count; i++) {
        sql_put(&writer->sql, i == 1 ? " IN (" : ", ");
        put_value(writer, node->arguments[i]);
    }
    sql_put(&writer->sql, ")");
    return true;
}

static bool put_starts_with(struct bounds_writer *writer, const struct edm_filter *node)
{
    const struct edm_filter *start = node->arguments[1];
    struct sql_writer *sql = &writer->sql;
    char *past;

    if (property_of(sql->query, node->arguments[0]) != (int)writer->property ||
        start->kind != EDM_FILTER_LITERAL || start->type != EDM_FILTER_STRING ||
        start->text.len == 0 || start->text.len > SQL_ORDER_TEXT_MAX ||
        slice_index(start->text, '\0') < start->text.len)
        return false;
    put_index(writer);
    sql_put(sql, " >= ");
    sql_put_comparable(sql, start);
    put_index(writer);
    sql_put(sql, " < ");
    past = arena_alloc(sql->arena, start->text.len);
    if (!past) {
        sql->no_memory = true;
        return true;
    }
    for (size_t i = 0; i < start->text.len; i++) {
        char c = start->text.ptr[i];

        past[i] = !sql->query->exact_strings && c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
    }
    past[start->text.len - 1]++;
    sql_put_text(sql, (struct slice){ past, start->text.len });
    return true;
}

static void put_bounds(struct bounds_writer *writer, const struct edm_filter *node)
{
    bool put = false;

    switch (node->kind) {
    case EDM_FILTER_AND:
        put_bounds(writer, node->arguments[0]);
        put_bounds(writer, node->arguments[1]);
        return;
    case EDM_FILTER_EQ:
    case EDM_FILTER_GT:
    case EDM_FILTER_GE:
    case EDM_FILTER_LT:
    case EDM_FILTER_LE:
        put = put_comparison(writer, node);
        break;
    case EDM_FILTER_IN:
        put = put_in(writer, node);
        break;
    case EDM_FILTER_STARTSWITH:
        put = put_starts_with(writer, node);
        break;
    default:
        break;
    }
    writer->whole = writer->whole && put;
}

/* --- all ------------------------------------------------------------------------------------- */

static bool begin(struct bounds_writer *writer, const struct dialect *dialect,
                  const struct edm_query *query, size_t property, unsigned first, size_t values_max,
                  struct arena *arena, struct sql_filter *into)
{
    *writer = (struct bounds_writer){
        .sql = { .dialect = dialect,
                 .query = query,
                 .arena = arena,
                 .filter = into,
                 .first = first },
        .type = edm_stored_type(query->type),
        .property = property,
        .whole = true,
    };
    *into = (struct sql_filter){ .count = 0 };
    text_init(&writer->sql.out, arena, 256, SQL_FILTER_TEXT_MAX);
    into->values = arena_new_array(arena, values_max + 1, struct sql_value);
    return into->values;
}

static bool end(struct bounds_writer *writer, struct error *err)
{
    if (writer->sql.no_memory || writer->sql.out.failed)
        return error_no_memory(err);
    writer->sql.filter->condition = text_slice(&writer->sql.out);
    return true;
}

/* Twice the filter's: startswith writes its text twice. */
bool sql_index_bounds(const struct dialect *dialect, const struct edm_query *query, size_t property,
                      unsigned first, struct arena *arena, struct sql_bounds *ret,
                      struct error *err)
{
    struct bounds_writer writer = { .sql = { .query = query } };
    size_t values = query->filter ? 2 * sql_values_max(&writer.sql, query->filter) : 0;

    *ret = (struct sql_bounds){ .equal = false };
    if (!begin(&writer, dialect, query, property, first, values, arena, &ret->filter))
        return error_no_memory(err);
    if (query->filter)
        put_bounds(&writer, query->filter);
    ret->equal = writer.equal;
    ret->whole = writer.whole;
    return end(&writer, err);
}

int sql_index_of_order(const struct edm_query *query)
{
    const struct edm_order_key *key = query->order;
    int property = query->order_count ? property_of(query, key->expression) : -1;

    /* Of an enumeration so many rows are equal that sorting them is sorting all. */
    if (property < 0 ||
        (key->expression->type == EDM_FILTER_ENUM && (query->order_count > 1 || key->descending)))
        return -1;
    return property;
}

void sql_index_order(struct text *out, const struct dialect *dialect, const struct edm_query *query,
                     size_t property)
{
    put(out, " ORDER BY ");
    put_expression(out, dialect, edm_stored_type(query->type), property, query->exact_strings);
    put(out, query->order[0].descending ? " DESC" : "");
}

void sql_index_null(struct text *out, const struct dialect *dialect, const struct edm_query *query,
                    size_t property)
{
    put_expression(out, dialect, edm_stored_type(query->type), property, query->exact_strings);
    put(out, " IS NULL");
}

static void put_order_value(struct sql_writer *sql, const struct edm_order_value *value)
{
    if (value->kind == EDM_ORDER_TEXT)
        sql_put_text(sql, value->text);
    else if (value->kind == EDM_ORDER_REAL)
        sql_put_real(sql, value->real);
    else
        sql_put_integer(sql, value->integer);
}

/* Upwards the nulls come first: behind one are the others, and all that is no null. Downwards they
 * come last. */
bool sql_index_continues(const struct edm_query *query, bool no_null)
{
    bool descending = query->order[0].descending;

    return query->after.len == 0 ||
           (query->after_values->kind == EDM_ORDER_NULL ? descending : !descending || no_null);
}

bool sql_index_after(const struct dialect *dialect, const struct edm_query *query, size_t property,
                     unsigned first, struct arena *arena, struct sql_bounds *bounds,
                     struct error *err)
{
    const struct edm_order_value *value = query->after_values;
    bool descending = query->order[0].descending, is_null = value->kind == EDM_ORDER_NULL;
    struct bounds_writer writer;
    struct sql_filter after, *into = &bounds->filter;
    struct sql_value *values;

    if (!begin(&writer, dialect, query, property, first + (unsigned)into->count, 1, arena, &after))
        return error_no_memory(err);
    text_append(&writer.sql.out, into->condition);
    put_index(&writer);
    if (is_null) {
        sql_put(&writer.sql, " IS NULL");
    } else {
        sql_put(&writer.sql, descending ? " <= " : " >= ");
        put_order_value(&writer.sql, value);
    }
    if (!end(&writer, err))
        return false;
    values = arena_new_array(arena, into->count + 1, struct sql_value);
    if (!values)
        return error_no_memory(err);
    for (size_t i = 0; i < into->count; i++)
        values[i] = into->values[i];
    values[into->count] = after.values[0];
    *into = (struct sql_filter){ after.condition, values, into->count + after.count };
    return true;
}
