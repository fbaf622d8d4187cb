/* odata/filter_rig_test.c - see filter_rig_test.h. */
#include "odata/filter_rig_test.h"

#include "base/arena.h"
#include "base/test.h"
#include "base/text.h"
#include "edm/toy_model.h"

static const char *const kind_names[EDM_FILTER_KIND_COUNT] = {
    [EDM_FILTER_OR] = "or",
    [EDM_FILTER_AND] = "and",
    [EDM_FILTER_NOT] = "not",
    [EDM_FILTER_EQ] = "eq",
    [EDM_FILTER_NE] = "ne",
    [EDM_FILTER_GT] = "gt",
    [EDM_FILTER_GE] = "ge",
    [EDM_FILTER_LT] = "lt",
    [EDM_FILTER_LE] = "le",
    [EDM_FILTER_IN] = "in",
    [EDM_FILTER_HAS] = "has",
    [EDM_FILTER_ADD] = "add",
    [EDM_FILTER_SUB] = "sub",
    [EDM_FILTER_MUL] = "mul",
    [EDM_FILTER_DIV] = "div",
    [EDM_FILTER_DIVBY] = "divby",
    [EDM_FILTER_MOD] = "mod",
    [EDM_FILTER_NEGATE] = "negate",
    [EDM_FILTER_CONTAINS] = "contains",
    [EDM_FILTER_STARTSWITH] = "startswith",
    [EDM_FILTER_ENDSWITH] = "endswith",
    [EDM_FILTER_TOLOWER] = "tolower",
    [EDM_FILTER_TOUPPER] = "toupper",
    [EDM_FILTER_TRIM] = "trim",
    [EDM_FILTER_CONCAT] = "concat",
    [EDM_FILTER_LENGTH] = "length",
    [EDM_FILTER_INDEXOF] = "indexof",
    [EDM_FILTER_SUBSTRING] = "substring",
    [EDM_FILTER_YEAR] = "year",
    [EDM_FILTER_MONTH] = "month",
    [EDM_FILTER_DAY] = "day",
    [EDM_FILTER_HOUR] = "hour",
    [EDM_FILTER_MINUTE] = "minute",
    [EDM_FILTER_SECOND] = "second",
    [EDM_FILTER_FRACTIONALSECONDS] = "fractionalseconds",
    [EDM_FILTER_DATE_OF] = "date",
    [EDM_FILTER_TIME_OF] = "time",
    [EDM_FILTER_TOTALOFFSETMINUTES] = "totaloffsetminutes",
    [EDM_FILTER_TOTALSECONDS] = "totalseconds",
    [EDM_FILTER_ANY] = "any",
    [EDM_FILTER_ALL] = "all",
    [EDM_FILTER_COUNT] = "count",
    [EDM_FILTER_ROUND] = "round",
    [EDM_FILTER_FLOOR] = "floor",
    [EDM_FILTER_CEILING] = "ceiling",
    [EDM_FILTER_CAST] = "cast",
    [EDM_FILTER_MATCHES] = "matches",
    [EDM_FILTER_SUBSET] = "subset",
};

static void print_literal(struct text *out, const struct edm_filter *filter)
{
    switch (filter->type) {
    case EDM_FILTER_NULL:
        text_printf(out, "null");
        break;
    case EDM_FILTER_BOOLEAN:
        text_printf(out, "%s", filter->integer ? "true" : "false");
        break;
    case EDM_FILTER_STRING:
        text_printf(out, "'%.*s'", SLICE_ARG(filter->text));
        break;
    case EDM_FILTER_BINARY:
        text_printf(out, "binary:%.*s", SLICE_ARG(filter->text));
        break;
    case EDM_FILTER_GUID:
        text_printf(out, "guid:%.*s", SLICE_ARG(filter->text));
        break;
    case EDM_FILTER_REAL:
        text_printf(out, "real:%g", filter->real);
        break;
    case EDM_FILTER_DATE_TIME:
        text_printf(out, "at:%lld/%d", (long long)filter->at.ticks, filter->at.offset_minutes);
        break;
    default:
        text_printf(out, "%s%lld",
                    filter->type == EDM_FILTER_ENUM       ? "enum:"
                    : filter->type == EDM_FILTER_DATE     ? "date:"
                    : filter->type == EDM_FILTER_TIME     ? "time:"
                    : filter->type == EDM_FILTER_DURATION ? "duration:"
                                                          : "",
                    (long long)filter->integer);
    }
}

void filter_print(struct text *out, const struct edm_filter *filter)
{
    switch (filter->kind) {
    case EDM_FILTER_LITERAL:
        if (filter->type != EDM_FILTER_STRINGS) {
            print_literal(out, filter);
            return;
        }
        text_printf(out, "[");
        for (size_t i = 0; i < filter->count; i++) {
            text_printf(out, i ? " " : "");
            print_literal(out, filter->arguments[i]);
        }
        text_printf(out, "]");
        return;
    case EDM_FILTER_NOW:
        text_printf(out, "now");
        return;
    case EDM_FILTER_PROPERTY:
        text_append(out, toy_article.properties[filter->property].name);
        return;
    case EDM_FILTER_ITEM:
        text_printf(out, "$%zu", filter->variable);
        return;
    default:
        break;
    }
    text_printf(out, "(%s", kind_names[filter->kind]);
    if (filter->variable && (filter->kind == EDM_FILTER_EQ || filter->kind == EDM_FILTER_NE))
        text_printf(out, "$%zu", filter->variable);
    if (filter->kind >= EDM_FILTER_ANY && filter->kind <= EDM_FILTER_COUNT && filter->count == 2)
        text_printf(out, "$%zu", filter->variable);
    for (size_t i = 0; i < filter->count; i++) {
        text_append_char(out, ' ');
        filter_print(out, filter->arguments[i]);
    }
    text_append_char(out, ')');
}

/* In the order in which they were given. */
static const struct odata_alias aliases[] = {
    { SLICE_INIT("@name"), SLICE_INIT("'it''s'"), &aliases[1] },
    { SLICE_INIT("@sum"), SLICE_INIT("stock%20add+1"), &aliases[2] },
    { SLICE_INIT("@list"), SLICE_INIT("('a','b')"), &aliases[3] },
    { SLICE_INIT("@other"), SLICE_INIT("@list"), &aliases[4] },
    { SLICE_INIT("@circle"), SLICE_INIT("@circle"), &aliases[5] },
    { SLICE_INIT("@wrong"), SLICE_INIT("a%20b"), &aliases[6] },
    { SLICE_INIT("@empty"), SLICE_INIT(""), &aliases[7] },
    { SLICE_INIT("@twice"), SLICE_INIT("1"), &aliases[8] },
    { SLICE_INIT("@twice"), SLICE_INIT("2"), &aliases[9] },
    { SLICE_INIT("@bad"), SLICE_INIT("%4"), &aliases[10] },
    { SLICE_INIT("@member"), SLICE_INIT("'Large'"), &aliases[11] },
    { SLICE_INIT("@json"), SLICE_INIT("[%22a%22,%22b%22]"), NULL },
};

const struct odata_filter_rules filter_rules;

bool filter_parse_with_aliases(const char *text, struct arena *arena, const struct edm_filter **ret,
                               struct error *err)
{
    return odata_filter_parse(&toy_model, &toy_article, slice_of(text), aliases, &filter_rules,
                              arena, ret, NULL, err);
}

struct arena *filter_new_arena(void)
{
    struct arena *arena = arena_create(NULL, 4u << 20);

    assert_non_null(arena);
    return arena;
}
