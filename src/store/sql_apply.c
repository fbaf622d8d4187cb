/* store/sql_apply.c - each grouping a SELECT around the one before it.
 *
 *     SELECT * FROM (
 *         SELECT g1_0 AS g2_0, count(*) AS g2_1 FROM (
 *             SELECT "p_state" AS g1_0, max(length("p_displayName")) AS g1_1
 *             FROM "entity_ndesConnector" WHERE tenant = ?1 AND ...
 *             GROUP BY 1
 *         ) AS r WHERE (g1_1 > ?2) GROUP BY 1
 *     ) AS r WHERE ... ORDER BY ...
 *
 * Column j behind the i-th grouping is called gi_j, so that the names that a client chose stand
 * nowhere in the text. Groups are named by the number of their columns (GROUP BY 1, 2), which
 * writes an expression, and its parameters, once.
 *
 * A column of an enumeration has been cut at the sentinel when it is grouped by or aggregated,
 * where the client does not know what is behind that: else it would be shown two groups of one
 * name.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/sql_apply.h"

#include "base/arena.h"
#include "store/sql_filter_writer.h"

struct groups_writer {
    struct sql_writer sql;
    const struct edm_apply *apply;
    const struct sql_rows *rows;
};

/* --- columns --------------------------------------------------------------------------------- */

static void put_column_name(struct sql_writer *writer, size_t stage, size_t column)
{
    text_printf(&writer->out, "g%zu_%zu", stage, column);
}

/* An expression as it is grouped and looked at: see above. */
static void put_value(struct sql_writer *writer, const struct edm_filter *node)
{
    const struct edm_enum_member *sentinel =
        node->type == EDM_FILTER_ENUM && !writer->query->later_members ? node->enumeration->sentinel
                                                                       : NULL;

    if (sentinel) {
        sql_put(writer, writer->dialect->least);
        sql_put(writer, "(");
        sql_put_node(writer, node);
        sql_put(writer, ", ");
        sql_put_integer(writer, sentinel->value);
        sql_put(writer, ")");
    } else if (node->type == EDM_FILTER_BOOLEAN && node->kind != EDM_FILTER_PROPERTY) {
        sql_put_condition(writer, node);
    } else {
        sql_put_node(writer, node);
    }
}

static void put_aggregate(struct sql_writer *writer, const struct edm_aggregate *aggregate)
{
    bool is_duration = aggregate->expression && aggregate->expression->type == EDM_FILTER_DURATION;
    const char *begin = "", *end = ")";

    switch (aggregate->method) {
    case EDM_AGGREGATE_SUM:
        sql_put(writer, writer->dialect->sum);
        begin = "(";
        break;
    case EDM_AGGREGATE_MIN:
        begin = "min(";
        break;
    case EDM_AGGREGATE_MAX:
        begin = "max(";
        break;
    case EDM_AGGREGATE_AVERAGE:
        begin = is_duration ? "CAST(avg(" : "avg(";
        end = is_duration ? ") AS BIGINT)" : ")";
        break;
    case EDM_AGGREGATE_COUNT_DISTINCT:
        begin = "count(DISTINCT ";
        break;
    case EDM_AGGREGATE_COUNT:
    case EDM_AGGREGATE_METHOD_COUNT:
        sql_put(writer, "count(*)");
        return;
    }
    sql_put(writer, begin);
    put_value(writer, aggregate->expression);
    sql_put(writer, end);
}

/* "SELECT {key} AS g1_0, {aggregate} AS g1_1" */
static void put_columns(struct groups_writer *writer, size_t index)
{
    const struct edm_grouping *grouping = &writer->apply->groupings[index];
    struct sql_writer *sql = &writer->sql;

    sql->stage = (unsigned)index;
    sql_put(sql, "SELECT ");
    for (size_t i = 0; i < grouping->shape.count; i++) {
        sql_put(sql, i ? ", " : "");
        if (i < grouping->key_count)
            put_value(sql, grouping->keys[i]);
        else
            put_aggregate(sql, &grouping->aggregates[i - grouping->key_count]);
        sql_put(sql, " AS ");
        put_column_name(sql, index + 1, i);
    }
}

/* --- groupings ------------------------------------------------------------------------------- */

static void put_group_by(struct sql_writer *sql, const struct edm_grouping *grouping)
{
    for (size_t i = 0; i < grouping->key_count; i++) {
        sql_put(sql, i ? ", " : " GROUP BY ");
        text_append_uint(&sql->out, i + 1);
    }
}

/* The set's rows. */
static void put_source(struct groups_writer *writer)
{
    struct sql_writer *sql = &writer->sql;

    sql_rows_source(&sql->out, sql->query->type, writer->rows);
    if (!sql->query->filter)
        return;
    sql->stage = 0;
    sql_put(sql, " AND ");
    sql_put_condition(sql, sql->query->filter);
}

static void put_groups(struct groups_writer *writer, size_t index);

/* The groups of a grouping, and its condition on them. */
static void put_groups_having(struct groups_writer *writer, size_t index)
{
    const struct edm_grouping *grouping = &writer->apply->groupings[index];
    struct sql_writer *sql = &writer->sql;

    sql_put(sql, " FROM (");
    put_groups(writer, index);
    sql_put(sql, ") AS r");
    if (!grouping->having)
        return;
    sql->stage = (unsigned)index + 1;
    sql_put(sql, " WHERE ");
    sql_put_condition(sql, grouping->having);
}

static void put_groups(struct groups_writer *writer, size_t index)
{
    put_columns(writer, index);
    if (index == 0)
        put_source(writer);
    else
        put_groups_having(writer, index - 1);
    put_group_by(&writer->sql, &writer->apply->groupings[index]);
}

/* --- the order ------------------------------------------------------------------------------- */

static void put_term(struct sql_writer *sql, const struct edm_filter *expression, bool descending,
                     bool is_first)
{
    sql_put(sql, is_first ? " ORDER BY " : ", ");
    sql_put_comparable(sql, expression);
    sql_put(sql, descending ? " DESC NULLS LAST" : " NULLS FIRST");
}

/* What was asked for, then the grouped properties: texts as they compare, then as they are. */
static void put_order(struct groups_writer *writer)
{
    const struct edm_grouping *last = &writer->apply->groupings[writer->apply->count - 1];
    struct sql_writer *sql = &writer->sql;
    size_t asked = sql->query->order_count;

    sql->stage = (unsigned)writer->apply->count;
    for (size_t i = 0; i < asked; i++)
        put_term(sql, sql->query->order[i].expression, sql->query->order[i].descending, i == 0);
    for (size_t i = 0; i < last->key_count; i++) {
        const struct edm_column *column = &last->shape.columns[i];

        put_term(sql,
                 &(const struct edm_filter){ .kind = EDM_FILTER_PROPERTY,
                                             .type = column->type,
                                             .enumeration = column->enumeration,
                                             .property = i },
                 false, asked == 0 && i == 0);
        if (column->type == EDM_FILTER_STRING) {
            sql_put(sql, ", ");
            put_column_name(sql, sql->stage, i);
        }
    }
}

/* --- all ------------------------------------------------------------------------------------- */

static size_t values_max(const struct sql_writer *sql, const struct edm_apply *apply)
{
    const struct edm_query *query = sql->query;
    size_t count = query->filter ? sql_values_max(sql, query->filter) : 0;

    for (size_t i = 0; i < query->order_count; i++)
        count += sql_values_max(sql, query->order[i].expression);
    for (size_t i = 0; i < apply->count; i++) {
        const struct edm_grouping *grouping = &apply->groupings[i];

        count += grouping->shape.count; /* sentinels */
        count += grouping->having ? sql_values_max(sql, grouping->having) : 0;
        for (size_t j = 0; j < grouping->key_count; j++)
            count += sql_values_max(sql, grouping->keys[j]);
        for (size_t j = 0; j < grouping->aggregate_count; j++)
            if (grouping->aggregates[j].expression)
                count += sql_values_max(sql, grouping->aggregates[j].expression);
    }
    return count;
}

static bool end_text(struct sql_writer *sql, struct slice *ret, struct error *err)
{
    /* What fails at the limit is long by then: a copy at most doubles it. */
    if (sql->no_memory || (sql->out.failed && sql->out.len < SQL_FILTER_TEXT_MAX / 4))
        return error_no_memory(err);
    if (sql->wrong_pattern)
        return error_set(err, ERROR_BAD_REQUEST, SLICE("$apply"),
                         "Invalid apply clause: The pattern of 'matchesPattern' is no regular "
                         "expression.");
    if (sql->out.failed)
        return error_set(err, ERROR_BAD_REQUEST, SLICE("$apply"),
                         "Invalid apply clause: The expression is too complex.");
    *ret = text_slice(&sql->out);
    return true;
}

bool sql_apply_write(const struct dialect *dialect, const struct edm_query *query,
                     const struct edm_apply *apply, const struct sql_rows *rows, unsigned first,
                     struct arena *arena, struct sql_apply *ret, struct error *err)
{
    struct groups_writer writer = {
        .sql = { .dialect = dialect,
                 .query = query,
                 .arena = arena,
                 .filter = &ret->values,
                 .first = first },
        .apply = apply,
        .rows = rows,
    };
    struct sql_writer *sql = &writer.sql;

    *ret = (struct sql_apply){ .group_values = 0 };
    ret->values.values = arena_new_array(arena, values_max(sql, apply) + 1, struct sql_value);
    if (!ret->values.values)
        return error_no_memory(err);
    text_init(&sql->out, arena, 512, SQL_FILTER_TEXT_MAX);
    sql_put(sql, "SELECT *");
    put_groups_having(&writer, apply->count - 1);
    if (!end_text(sql, &ret->groups, err))
        return false;
    ret->group_values = ret->values.count;
    text_init(&sql->out, arena, 256, SQL_FILTER_TEXT_MAX);
    put_order(&writer);
    return end_text(sql, &ret->order, err);
}
