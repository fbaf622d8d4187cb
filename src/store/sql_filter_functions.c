/* store/sql_filter_functions.c - the functions on texts and dates, as SQL.
 *
 * Positions count from 1 in SQL and from 0 here; both count from the end below 0.
 *
 * A date is its instant. The parts of a date are those of its wall clock: each property has the
 * offset in a column beside it, a literal has its own, a sum that of its first operand.
 *
 * Limits: SQLite's length() and substr() take a NUL for the end of a text.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/pattern.h"
#include "store/sql_filter_writer.h"

#define TICKS_PER_MINUTE INT64_C(600000000)
#define POSITION_MAX     (INT64_C(1) << 28) /* of a text: engines count in 32 bits, or less */

/* A function of the dialect over the arguments of `node`. */
static void put_call(struct sql_writer *writer, const char *function, const char *form,
                     const struct edm_filter *node)
{
    sql_put(writer, function);
    sql_put_form(writer, form, node);
}

/* --- texts ----------------------------------------------------------------------------------- */

/* Whether one text has another, without a copy in lower case of either. */
static void put_test(struct sql_writer *writer, const char *function, const struct edm_filter *node)
{
    put_call(writer, function, writer->query->exact_strings ? "($, $, 1)" : "($, $, 0)", node);
}

void sql_put_contains(struct sql_writer *writer, const struct edm_filter *node)
{
    sql_put(writer, "(");
    put_test(writer, writer->dialect->contains, node);
    sql_put(writer, " = 1)");
}

void sql_put_starts_with(struct sql_writer *writer, const struct edm_filter *node)
{
    sql_put(writer, "(");
    put_test(writer, writer->dialect->begins, node);
    sql_put(writer, " = 1)");
}

void sql_put_index_of(struct sql_writer *writer, const struct edm_filter *node)
{
    sql_put(writer, "(");
    put_call(writer, writer->dialect->find, "(~, ~) - 1)", node);
}

void sql_put_ends_with(struct sql_writer *writer, const struct edm_filter *node)
{
    sql_put(writer, "(");
    put_test(writer, writer->dialect->ends, node);
    sql_put(writer, " = 1)");
}

void sql_put_lower(struct sql_writer *writer, const struct edm_filter *node)
{
    put_call(writer, writer->dialect->lower, "($)", node);
}

void sql_put_upper(struct sql_writer *writer, const struct edm_filter *node)
{
    put_call(writer, writer->dialect->upper, "($)", node);
}

void sql_put_trim(struct sql_writer *writer, const struct edm_filter *node)
{
    put_call(writer, writer->dialect->trim, "($, ", node);
    sql_put_text(writer, SLICE(" \t\n\v\f\r"));
    sql_put(writer, ")");
}

static bool is_integer_literal(const struct edm_filter *node)
{
    return node->kind == EDM_FILTER_LITERAL && node->type == EDM_FILTER_INTEGER;
}

static int64_t clamp(int64_t value, int64_t min)
{
    return value < min ? min : value > POSITION_MAX ? POSITION_MAX : value;
}

/* A whole number between `min` and POSITION_MAX. */
static void put_clamped(struct sql_writer *writer, const struct edm_filter *node, int64_t min)
{
    sql_put(writer, writer->dialect->least);
    sql_put(writer, "(");
    sql_put(writer, writer->dialect->greatest);
    sql_put(writer, "(");
    sql_put_node(writer, node);
    text_printf(&writer->out, ", %lld), %lld)", (long long)min, (long long)POSITION_MAX);
}

static void put_start(struct sql_writer *writer, const struct edm_filter *node)
{
    size_t from, len;

    if (is_integer_literal(node)) {
        int64_t start = clamp(node->integer, -POSITION_MAX);

        sql_put_integer(writer, start < 0 ? start : start + 1);
        return;
    }
    sql_put(writer, "CASE WHEN ");
    from = writer->out.len;
    put_clamped(writer, node, -POSITION_MAX);
    len = sql_written(writer, from);
    sql_put(writer, " < 0 THEN ");
    sql_put_again(writer, from, len);
    sql_put(writer, " ELSE ");
    sql_put_again(writer, from, len);
    sql_put(writer, " + 1 END");
}

/* The length is cut from what follows the start, so that a start before the text's costs none. */
void sql_put_substring(struct sql_writer *writer, const struct edm_filter *node)
{
    const struct edm_filter *length = node->count == 3 ? node->arguments[2] : NULL;

    sql_put_form(writer, length ? "substr(substr($, " : "substr($, ", node);
    put_start(writer, node->arguments[1]);
    sql_put(writer, ")");
    if (!length)
        return;
    sql_put(writer, ", 1, ");
    if (is_integer_literal(length))
        sql_put_integer(writer, clamp(length->integer, 0));
    else
        put_clamped(writer, length, 0);
    sql_put(writer, ")");
}

/* Whether the case of letters counts is the query's to say, as for every comparison. */
void sql_put_matches(struct sql_writer *writer, const struct edm_filter *node)
{
    const struct edm_filter *pattern = node->arguments[1];

    if (pattern->kind == EDM_FILTER_LITERAL && pattern->type == EDM_FILTER_STRING &&
        !pattern_is_right(pattern->text))
        writer->wrong_pattern = true;
    put_call(writer, writer->dialect->matches,
             writer->query->exact_strings ? "($, $, 1)" : "($, $, 0)", node);
}

/* --- numbers --------------------------------------------------------------------------------- */

void sql_put_round(struct sql_writer *writer, const struct edm_filter *node)
{
    put_call(writer,
             node->kind == EDM_FILTER_ROUND   ? writer->dialect->round
             : node->kind == EDM_FILTER_FLOOR ? writer->dialect->floor
                                              : writer->dialect->ceiling,
             "($)", node);
}

void sql_put_modulo(struct sql_writer *writer, const struct edm_filter *node)
{
    if (node->type == EDM_FILTER_REAL)
        put_call(writer, writer->dialect->modulo, "($, nullif($, 0))", node);
    else
        sql_put_form(writer, "($ % nullif($, 0))", node);
}

/* --- casts ----------------------------------------------------------------------------------- */

/* A member's name; of one past the sentinel the sentinel's, for whoever does not know it; the
 * number where there is no member. */
static void put_member_name(struct sql_writer *writer, const struct edm_filter *of)
{
    const struct edm_enum *enumeration = of->enumeration;
    const struct edm_enum_member *sentinel = enumeration->sentinel;
    size_t from, len;

    sql_put(writer, "CASE WHEN ");
    from = writer->out.len;
    sql_put_node(writer, of);
    len = sql_written(writer, from);
    sql_put(writer, " IS NULL THEN NULL");
    if (sentinel && !writer->query->later_members) {
        sql_put(writer, " WHEN ");
        sql_put_again(writer, from, len);
        text_printf(&writer->out, " >= %d THEN '%.*s'", sentinel->value, SLICE_ARG(sentinel->name));
    }
    for (size_t i = 0; i < enumeration->member_count; i++) {
        sql_put(writer, " WHEN ");
        sql_put_again(writer, from, len);
        text_printf(&writer->out, " = %d THEN '%.*s'", enumeration->members[i].value,
                    SLICE_ARG(enumeration->members[i].name));
    }
    sql_put(writer, " ELSE CAST(");
    sql_put_again(writer, from, len);
    sql_put(writer, " AS TEXT) END");
}

static void put_offset(struct sql_writer *writer, const struct edm_filter *node);

static void put_as_text(struct sql_writer *writer, const struct edm_filter *node)
{
    const struct edm_filter *of = node->arguments[0];
    size_t from, len;

    if (of->type == EDM_FILTER_ENUM) {
        put_member_name(writer, of);
    } else if (of->type == EDM_FILTER_BOOLEAN) {
        sql_put(writer, "CASE WHEN ");
        from = writer->out.len;
        sql_put_condition(writer, of);
        len = sql_written(writer, from);
        sql_put(writer, " THEN 'true' WHEN NOT ");
        sql_put_again(writer, from, len);
        sql_put(writer, " THEN 'false' END");
    } else {
        text_printf(&writer->out, "%s(%d, ", writer->dialect->printed, (int)of->type);
        sql_put_node(writer, of);
        sql_put(writer, ", ");
        if (of->type == EDM_FILTER_DATE_TIME)
            put_offset(writer, of);
        else
            sql_put(writer, "0");
        sql_put(writer, ")");
    }
}

void sql_put_cast(struct sql_writer *writer, const struct edm_filter *node)
{
    switch (node->type) {
    case EDM_FILTER_STRING:
        put_as_text(writer, node);
        break;
    case EDM_FILTER_INTEGER:
        put_call(writer, writer->dialect->whole, "($, $, $)", node);
        break;
    case EDM_FILTER_REAL:
        sql_put_form(writer, "CAST($ AS DOUBLE PRECISION)", node);
        break;
    default: /* the beginning of a day */
        sql_put_form(writer, "($ * 864000000000)", node);
    }
}

/* --- dates ----------------------------------------------------------------------------------- */

/* Minutes by which the wall clock of a date is ahead of UTC. */
static void put_offset(struct sql_writer *writer, const struct edm_filter *node)
{
    while (node->kind == EDM_FILTER_ADD || node->kind == EDM_FILTER_SUB)
        node = node->arguments[0];
    if (node->kind == EDM_FILTER_PROPERTY && !writer->stage) /* of groups dates are in UTC */
        sql_put_column(writer, "\"o_", node->property);
    else if (node->kind == EDM_FILTER_LITERAL && node->type == EDM_FILTER_DATE_TIME)
        sql_put_integer(writer, node->at.offset_minutes);
    else
        sql_put(writer, "0");
}

/* Ticks of the wall clock; of a time of day its own. */
static void put_wall(struct sql_writer *writer, const struct edm_filter *node)
{
    if (node->type == EDM_FILTER_TIME) {
        sql_put_node(writer, node);
        return;
    }
    sql_put(writer, "(");
    sql_put_node(writer, node);
    sql_put(writer, " + ");
    put_offset(writer, node);
    text_printf(&writer->out, " * %lld)", (long long)TICKS_PER_MINUTE);
}

/* Seconds since 1970 of the wall clock, or of a day's beginning. */
static void put_seconds(struct sql_writer *writer, const struct edm_filter *date)
{
    sql_put(writer, "(");
    if (date->type == EDM_FILTER_DATE)
        sql_put_node(writer, date);
    else
        put_wall(writer, date);
    sql_put(writer, date->type == EDM_FILTER_DATE ? " * 86400" : " / 10000000");
    sql_put(writer, " - 62135596800)");
}

/* Year, month and day are the engine's to tell, within the years that there are. */
void sql_put_calendar(struct sql_writer *writer, const struct edm_filter *node)
{
    const char *const *form = writer->dialect->calendar[node->kind - EDM_FILTER_YEAR];
    size_t from, len;

    sql_put(writer, "CASE WHEN ");
    from = writer->out.len;
    put_seconds(writer, node->arguments[0]);
    len = sql_written(writer, from);
    sql_put(writer, " BETWEEN -62135596800 AND 253402300799 THEN ");
    sql_put(writer, form[0]);
    sql_put_again(writer, from, len);
    sql_put(writer, form[1]);
    sql_put(writer, " END");
}

/* What is a division of ticks. */
void sql_put_wall_part(struct sql_writer *writer, const struct edm_filter *node)
{
    static const char *const divisions[EDM_FILTER_KIND_COUNT] = {
        [EDM_FILTER_HOUR] = " / 36000000000 % 24)",
        [EDM_FILTER_MINUTE] = " / 600000000 % 60)",
        [EDM_FILTER_SECOND] = " / 10000000 % 60)",
        [EDM_FILTER_FRACTIONALSECONDS] = " % 10000000 / 10000000.0)",
        [EDM_FILTER_DATE_OF] = " / 864000000000)",
        [EDM_FILTER_TIME_OF] = " % 864000000000)",
    };

    sql_put(writer, "(");
    put_wall(writer, node->arguments[0]);
    sql_put(writer, divisions[node->kind]);
}

/* Null where the date is. */
void sql_put_offset_minutes(struct sql_writer *writer, const struct edm_filter *node)
{
    sql_put_form(writer, "(0 * $ + ", node);
    put_offset(writer, node->arguments[0]);
    sql_put(writer, ")");
}
