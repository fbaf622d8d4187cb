/* store/sql_order.c - keys as columns, and the condition for what lies behind a row.
 *
 * Behind (v1, v2, id) in an order by k1, k2, id is what fulfils one of
 *
 *     k1 behind v1
 *     k1 same as v1 and k2 behind v2
 *     k1 same as v1 and k2 same as v2 and id > id
 *
 * where "behind" and "same" know of null, which is lower than everything: upwards whatever is not
 * null lies behind a null, downwards nothing does. Written out, and not as a comparison of rows,
 * which has no answer where a null is in it, and which knows of one direction alone.
 *
 * SQL says nothing of where nulls stand, and engines differ, so each term says it; to SQLite these
 * are the words for what it does anyhow.
 *
 * The engine holds the keys of all rows that it sorts. So that a few long texts are not gigabytes,
 * their beginnings are the keys (to SQLite's substr() a NUL is an end as well).
 *
 * Values come back as the engine holds them: a whole number that passed 64 bits is a floating-point
 * one, as in a condition.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/sql_order.h"

#include "base/arena.h"
#include "store/db.h"
#include "store/sql_filter_writer.h"

static bool refuse_size(struct error *err)
{
    return error_set(err, ERROR_BAD_REQUEST, SLICE("$orderby"),
                     "Invalid orderby clause: The expression is too complex.");
}

static void put_name(struct text *out, size_t key)
{
    text_append(out, SLICE("k"));
    text_append_uint(out, key + 1);
}

/* --- columns --------------------------------------------------------------------------------- */

static void put_key(struct sql_writer *writer, const struct edm_filter *expression)
{
    bool is_text = expression->type == EDM_FILTER_STRING;

    sql_put(writer, is_text ? "substr(" : "");
    sql_put_comparable(writer, expression);
    if (is_text)
        text_printf(&writer->out, ", 1, %d)", SQL_ORDER_TEXT_MAX);
}

static bool write_columns(struct sql_writer *writer, struct slice *ret, struct error *err)
{
    const struct edm_query *query = writer->query;

    text_init(&writer->out, writer->arena, 256, SQL_FILTER_TEXT_MAX);
    for (size_t i = 0; i < query->order_count; i++) {
        sql_put(writer, ", ");
        put_key(writer, query->order[i].expression);
        sql_put(writer, " AS ");
        put_name(&writer->out, i);
    }
    /* What fails at the limit is long by then: a copy at most doubles it. */
    if (writer->no_memory || (writer->out.failed && writer->out.len < SQL_FILTER_TEXT_MAX / 4))
        return error_no_memory(err);
    if (writer->wrong_pattern)
        return error_set(err, ERROR_BAD_REQUEST, SLICE("$orderby"),
                         "Invalid orderby clause: The pattern of 'matchesPattern' is no regular "
                         "expression.");
    *ret = text_slice(&writer->out);
    return !writer->out.failed || refuse_size(err);
}

/* --- where it goes on ------------------------------------------------------------------------ */

static void put_order_value(struct sql_writer *writer, const struct edm_order_value *value)
{
    switch (value->kind) {
    case EDM_ORDER_TEXT:
        sql_put_text(writer, value->text);
        break;
    case EDM_ORDER_REAL:
        sql_put_real(writer, value->real);
        break;
    case EDM_ORDER_INTEGER:
    case EDM_ORDER_NULL:
        sql_put_integer(writer, value->integer);
        break;
    }
}

static void put_behind(struct sql_writer *writer, size_t key)
{
    const struct edm_order_value *value = &writer->query->after_values[key];
    bool descending = writer->query->order[key].descending;

    if (value->kind == EDM_ORDER_NULL) {
        if (descending) {
            sql_put(writer, "FALSE");
            return;
        }
        put_name(&writer->out, key);
        sql_put(writer, " IS NOT NULL");
        return;
    }
    sql_put(writer, descending ? "(" : "");
    put_name(&writer->out, key);
    sql_put(writer, descending ? " < " : " > ");
    put_order_value(writer, value);
    if (descending) {
        sql_put(writer, " OR ");
        put_name(&writer->out, key);
        sql_put(writer, " IS NULL)");
    }
}

static void put_same(struct sql_writer *writer, size_t key)
{
    const struct edm_order_value *value = &writer->query->after_values[key];

    put_name(&writer->out, key);
    if (value->kind == EDM_ORDER_NULL) {
        sql_put(writer, " IS NULL");
        return;
    }
    sql_put(writer, " = ");
    put_order_value(writer, value);
}

static bool write_after(struct sql_writer *writer, unsigned key, struct slice *ret,
                        struct error *err)
{
    size_t count = writer->query->order_count;

    text_init(&writer->out, writer->arena, 256, SQL_FILTER_TEXT_MAX);
    sql_put(writer, "(");
    for (size_t i = 0; i <= count; i++) {
        sql_put(writer, i ? " OR (" : "(");
        for (size_t j = 0; j < i; j++) {
            put_same(writer, j);
            sql_put(writer, " AND ");
        }
        if (i < count) {
            put_behind(writer, i);
        } else {
            sql_put(writer, "id > ?");
            text_append_uint(&writer->out, key);
        }
        sql_put(writer, ")");
    }
    sql_put(writer, ")");
    *ret = text_slice(&writer->out);
    return !writer->out.failed || error_no_memory(err);
}

/* --- the order ------------------------------------------------------------------------------- */

static bool write_terms(const struct edm_query *query, struct arena *arena, struct slice *ret,
                        struct error *err)
{
    struct text out;

    text_init(&out, arena, 64, SQL_FILTER_TEXT_MAX);
    for (size_t i = 0; i < query->order_count; i++) {
        put_name(&out, i);
        text_append(&out, query->order[i].descending ? SLICE(" DESC NULLS LAST, ")
                                                     : SLICE(" NULLS FIRST, "));
    }
    *ret = text_slice(&out);
    return !out.failed || error_no_memory(err);
}

static size_t values_max(const struct sql_writer *writer)
{
    const struct edm_query *query = writer->query;
    size_t count = (query->order_count + 1) * (query->order_count + 1); /* of the continuation */

    for (size_t i = 0; i < query->order_count; i++)
        count += sql_values_max(writer, query->order[i].expression);
    return count;
}

bool sql_order_write(const struct dialect *dialect, const struct edm_query *query, unsigned first,
                     unsigned key, struct arena *arena, struct sql_order *ret, struct error *err)
{
    struct sql_writer writer = {
        .dialect = dialect, .query = query, .arena = arena, .filter = &ret->values, .first = first
    };

    *ret = (struct sql_order){ .values.count = 0 };
    ret->values.values = arena_new_array(arena, values_max(&writer), struct sql_value);
    if (!ret->values.values)
        return error_no_memory(err);
    if (!write_columns(&writer, &ret->columns, err) || !write_terms(query, arena, &ret->terms, err))
        return false;
    return query->after.len == 0 || write_after(&writer, key, &ret->after, err);
}

/* --- reading --------------------------------------------------------------------------------- */

bool sql_value_read(struct db_statement *statement, int column, struct arena *arena,
                    struct edm_order_value *ret, struct error *err)
{
    switch (db_kind_of(statement, column)) {
    case DB_KIND_INTEGER:
        ret->kind = EDM_ORDER_INTEGER;
        ret->integer = db_int(statement, column);
        return true;
    case DB_KIND_REAL:
        ret->kind = EDM_ORDER_REAL;
        ret->real = db_real(statement, column);
        return true;
    case DB_KIND_TEXT:
        ret->kind = EDM_ORDER_TEXT;
        return db_text_copy(statement, column, arena, &ret->text, err);
    case DB_KIND_NULL:
        ret->kind = EDM_ORDER_NULL;
        return true;
    case DB_KIND_BYTES:
        break;
    }
    return db_error(DB_CORRUPT, err); /* no property is kept as bytes */
}

bool sql_order_read(const struct edm_query *query, struct db_statement *statement, int column,
                    struct arena *arena, const struct edm_order_value **ret, struct error *err)
{
    struct edm_order_value *values =
        arena_new_array(arena, query->order_count, struct edm_order_value);

    if (!values)
        return error_no_memory(err);
    for (size_t i = 0; i < query->order_count; i++) {
        values[i] = (struct edm_order_value){ .kind = EDM_ORDER_NULL };
        if (!sql_value_read(statement, column + (int)i, arena, &values[i], err))
            return false;
    }
    *ret = values;
    return true;
}
