/* odata/filter_functions.c - the functions of $filter: a table of what each takes and gives.
 *
 * A name may have several rows, one for each list of arguments; null fits every argument.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "base/clock.h"
#include "base/text.h"
#include "odata/beyond.h"
#include "odata/filter.h"
#include "odata/filter_check.h"
#include "odata/quote.h"

enum {
    NONE = EDM_FILTER_TYPE_COUNT,
    BOOLEAN = EDM_FILTER_BOOLEAN,
    STRING = EDM_FILTER_STRING,
    INTEGER = EDM_FILTER_INTEGER,
    REAL = EDM_FILTER_REAL,
    DATE_TIME = EDM_FILTER_DATE_TIME,
    DATE = EDM_FILTER_DATE,
    TIME = EDM_FILTER_TIME,
    DURATION = EDM_FILTER_DURATION,
};

struct function {
    struct slice name;
    enum edm_filter_kind kind;
    uint8_t gives;
    uint8_t takes[FILTER_ARGUMENTS_MAX]; /* NONE behind the last */
    int64_t ticks;                       /* of a LITERAL */
};

static const struct function functions[] = {
    { SLICE_INIT("contains"), EDM_FILTER_CONTAINS, BOOLEAN, { STRING, STRING, NONE }, 0 },
    { SLICE_INIT("startswith"), EDM_FILTER_STARTSWITH, BOOLEAN, { STRING, STRING, NONE }, 0 },
    { SLICE_INIT("endswith"), EDM_FILTER_ENDSWITH, BOOLEAN, { STRING, STRING, NONE }, 0 },
    { SLICE_INIT("tolower"), EDM_FILTER_TOLOWER, STRING, { STRING, NONE, NONE }, 0 },
    { SLICE_INIT("toupper"), EDM_FILTER_TOUPPER, STRING, { STRING, NONE, NONE }, 0 },
    { SLICE_INIT("trim"), EDM_FILTER_TRIM, STRING, { STRING, NONE, NONE }, 0 },
    { SLICE_INIT("concat"), EDM_FILTER_CONCAT, STRING, { STRING, STRING, NONE }, 0 },
    { SLICE_INIT("length"), EDM_FILTER_LENGTH, INTEGER, { STRING, NONE, NONE }, 0 },
    { SLICE_INIT("indexof"), EDM_FILTER_INDEXOF, INTEGER, { STRING, STRING, NONE }, 0 },
    { SLICE_INIT("substring"), EDM_FILTER_SUBSTRING, STRING, { STRING, INTEGER, NONE }, 0 },
    { SLICE_INIT("substring"), EDM_FILTER_SUBSTRING, STRING, { STRING, INTEGER, INTEGER }, 0 },
    { SLICE_INIT("year"), EDM_FILTER_YEAR, INTEGER, { DATE_TIME, NONE, NONE }, 0 },
    { SLICE_INIT("year"), EDM_FILTER_YEAR, INTEGER, { DATE, NONE, NONE }, 0 },
    { SLICE_INIT("month"), EDM_FILTER_MONTH, INTEGER, { DATE_TIME, NONE, NONE }, 0 },
    { SLICE_INIT("month"), EDM_FILTER_MONTH, INTEGER, { DATE, NONE, NONE }, 0 },
    { SLICE_INIT("day"), EDM_FILTER_DAY, INTEGER, { DATE_TIME, NONE, NONE }, 0 },
    { SLICE_INIT("day"), EDM_FILTER_DAY, INTEGER, { DATE, NONE, NONE }, 0 },
    { SLICE_INIT("hour"), EDM_FILTER_HOUR, INTEGER, { DATE_TIME, NONE, NONE }, 0 },
    { SLICE_INIT("hour"), EDM_FILTER_HOUR, INTEGER, { TIME, NONE, NONE }, 0 },
    { SLICE_INIT("minute"), EDM_FILTER_MINUTE, INTEGER, { DATE_TIME, NONE, NONE }, 0 },
    { SLICE_INIT("minute"), EDM_FILTER_MINUTE, INTEGER, { TIME, NONE, NONE }, 0 },
    { SLICE_INIT("second"), EDM_FILTER_SECOND, INTEGER, { DATE_TIME, NONE, NONE }, 0 },
    { SLICE_INIT("second"), EDM_FILTER_SECOND, INTEGER, { TIME, NONE, NONE }, 0 },
    { SLICE_INIT("fractionalseconds"),
      EDM_FILTER_FRACTIONALSECONDS,
      REAL,
      { DATE_TIME, NONE, NONE },
      0 },
    { SLICE_INIT("fractionalseconds"),
      EDM_FILTER_FRACTIONALSECONDS,
      REAL,
      { TIME, NONE, NONE },
      0 },
    { SLICE_INIT("date"), EDM_FILTER_DATE_OF, DATE, { DATE_TIME, NONE, NONE }, 0 },
    { SLICE_INIT("time"), EDM_FILTER_TIME_OF, TIME, { DATE_TIME, NONE, NONE }, 0 },
    { SLICE_INIT("totaloffsetminutes"),
      EDM_FILTER_TOTALOFFSETMINUTES,
      INTEGER,
      { DATE_TIME, NONE, NONE },
      0 },
    { SLICE_INIT("totalseconds"), EDM_FILTER_TOTALSECONDS, REAL, { DURATION, NONE, NONE }, 0 },
    { SLICE_INIT("round"), EDM_FILTER_ROUND, REAL, { REAL, NONE, NONE }, 0 },
    { SLICE_INIT("round"), EDM_FILTER_ROUND, INTEGER, { INTEGER, NONE, NONE }, 0 },
    { SLICE_INIT("floor"), EDM_FILTER_FLOOR, REAL, { REAL, NONE, NONE }, 0 },
    { SLICE_INIT("floor"), EDM_FILTER_FLOOR, INTEGER, { INTEGER, NONE, NONE }, 0 },
    { SLICE_INIT("ceiling"), EDM_FILTER_CEILING, REAL, { REAL, NONE, NONE }, 0 },
    { SLICE_INIT("ceiling"), EDM_FILTER_CEILING, INTEGER, { INTEGER, NONE, NONE }, 0 },
    { SLICE_INIT("matchespattern"), EDM_FILTER_MATCHES, BOOLEAN, { STRING, STRING, NONE }, 0 },
    { SLICE_INIT("now"), EDM_FILTER_NOW, DATE_TIME, { NONE, NONE, NONE }, 0 },
    { SLICE_INIT("mindatetime"), EDM_FILTER_LITERAL, DATE_TIME, { NONE, NONE, NONE }, 0 },
    { SLICE_INIT("maxdatetime"),
      EDM_FILTER_LITERAL,
      DATE_TIME,
      { NONE, NONE, NONE },
      CLOCK_TICKS_MAX },
};

static size_t takes_count(const struct function *function)
{
    size_t count = 0;

    while (count < FILTER_ARGUMENTS_MAX && function->takes[count] != NONE)
        count++;
    return count;
}

static bool takes(const struct function *function, struct edm_filter *const *arguments,
                  size_t count)
{
    if (count != takes_count(function))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (arguments[i]->type != EDM_FILTER_NULL &&
            (unsigned)arguments[i]->type != function->takes[i])
            return false;
    }
    return true;
}

static void put_signature(struct filter_builder *builder, const struct function *function,
                          struct text *out)
{
    text_append(out, function->name);
    text_append_char(out, '(');
    for (size_t i = 0; i < takes_count(function); i++) {
        const struct edm_filter argument = { .type = (enum edm_filter_type)function->takes[i] };

        text_append(out, i ? SLICE(", ") : SLICE_EMPTY);
        text_append(out, filter_type_name(builder, &argument));
    }
    text_append_char(out, ')');
}

static void refuse_arguments(struct filter_builder *builder, struct slice name, size_t position)
{
    char memory[200];
    struct text list;

    text_init_fixed(&list, memory, sizeof memory);
    for (size_t i = 0; i < COUNT_OF(functions); i++) {
        if (!slice_eq_nocase(functions[i].name, name))
            continue;
        text_append(&list, list.len ? SLICE("; ") : SLICE_EMPTY);
        put_signature(builder, &functions[i], &list);
    }
    filter_refuse(builder, position,
                  "No function signature for the function with name '%.*s' matches the specified "
                  "arguments. The function signatures considered are: %.*s.",
                  SLICE_ARG(name), SLICE_ARG(text_slice(&list)));
}

struct edm_filter *filter_function(struct filter_builder *builder, struct slice name,
                                   struct edm_filter *const *arguments, size_t count,
                                   size_t position)
{
    const struct edm_filter *copies[FILTER_ARGUMENTS_MAX] = { NULL };

    for (size_t i = 0; i < count; i++)
        copies[i] = arguments[i];
    for (size_t i = 0; i < COUNT_OF(functions); i++) {
        const struct function *function = &functions[i];
        struct edm_filter node = { .kind = function->kind,
                                   .type = (enum edm_filter_type)function->gives };

        if (!slice_eq_nocase(function->name, name) || !takes(function, arguments, count))
            continue;
        node.at.ticks = function->ticks;
        if (function->kind == EDM_FILTER_MATCHES)
            builder->beyond |= BEYOND_BIT(BEYOND_MATCHES_PATTERN);
        return filter_node_with(builder, node, copies, count, position);
    }
    refuse_arguments(builder, name, position);
    return NULL;
}

bool filter_function_is_known(struct slice name)
{
    for (size_t i = 0; i < COUNT_OF(functions); i++) {
        if (slice_eq_nocase(functions[i].name, name))
            return true;
    }
    return false;
}

struct edm_filter *filter_unknown_function(struct filter_builder *builder, struct slice name,
                                           size_t position)
{
    filter_refuse(builder, position, "An unknown function with name '%.*s' was found.",
                  SLICE_ARG(odata_quote(name)));
    return NULL;
}

/* Rows of one name stand side by side. */
struct slice odata_filter_function(size_t index)
{
    for (size_t i = 0; i < COUNT_OF(functions); i++) {
        if (i > 0 && slice_eq(functions[i].name, functions[i - 1].name))
            continue;
        if (index-- == 0)
            return functions[i].name;
    }
    return SLICE_EMPTY;
}
