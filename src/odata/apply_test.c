/* odata/apply_test.c - groupings as they should be read, and what is refused.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "odata/apply.h"

#include "base/arena.h"
#include "base/text.h"
#include "edm/toy_model.h"
#include "odata/beyond.h"
#include "odata/payload.h"

static bool parse(const char *text, struct arena *arena, const struct edm_filter **ret_filter,
                  const struct edm_apply **ret, uint32_t *beyond, struct error *err)
{
    const struct odata_alias alias = { .name = SLICE("@n"), .value = SLICE("%34") };
    const struct odata_filter_rules rules = { 0 };

    return odata_apply_parse(&toy_model, &toy_article, slice_of(text), &alias, &rules, arena,
                             ret_filter, ret, beyond, err);
}

/* --- read ------------------------------------------------------------------------------------ */

/* "title:String/n:Int64>": the columns of each grouping, with '>' where it has a condition. */
static void describe(const struct edm_apply *apply, struct text *out)
{
    static const char *const types[EDM_FILTER_TYPE_COUNT] = {
        [EDM_FILTER_BOOLEAN] = "Boolean",   [EDM_FILTER_STRING] = "String",
        [EDM_FILTER_INTEGER] = "Int64",     [EDM_FILTER_REAL] = "Double",
        [EDM_FILTER_ENUM] = "Enum",         [EDM_FILTER_DATE_TIME] = "DateTimeOffset",
        [EDM_FILTER_DATE] = "Date",         [EDM_FILTER_TIME] = "TimeOfDay",
        [EDM_FILTER_DURATION] = "Duration",
    };

    for (size_t i = 0; i < apply->count; i++) {
        const struct edm_grouping *grouping = &apply->groupings[i];

        text_append(out, i ? SLICE("/") : SLICE_EMPTY);
        assert_int_equal(grouping->shape.count, grouping->key_count + grouping->aggregate_count);
        for (size_t j = 0; j < grouping->shape.count; j++) {
            const struct edm_column *column = &grouping->shape.columns[j];

            assert_true((column->type == EDM_FILTER_ENUM) == (column->enumeration != NULL));
            text_printf(out, "%s%s%.*s:%s", j ? "," : "", j < grouping->key_count ? "=" : "",
                        SLICE_ARG(column->name), types[column->type]);
        }
        text_append(out, grouping->having ? SLICE(">") : SLICE_EMPTY);
    }
}

static const struct {
    const char *text;
    bool filters;
    const char *groupings;
} read_cases[] = {
    { "identity", false, "" },
    { "filter(title eq 'x')", true, "" },
    { "filter(soldOut)/filter(fragile)/identity", true, "" },
    { "groupby((title))", false, "=title:String" },
    { " GROUPBY ( ( Title , STOCK ) ) ", false, "=title:String,=stock:Int64" },
    { "groupby(($it/title))", false, "=title:String" },
    { "groupby((id))", false, "=id:String" },
    { "groupby((title),aggregate($count as n))", false, "=title:String,n:Int64" },
    { "aggregate($count as n)", false, "n:Int64" },
    { "aggregate($count as n,stock with sum as a,stock with average as b,grams with min as c,"
      "soldOut with countdistinct as d)",
      false, "n:Int64,a:Int64,b:Double,c:Int64,d:Int64" },
    { "aggregate(madeAt with max as a,colour with min as b,now() sub madeAt with average as c,"
      "date(madeAt) with min as d,time(madeAt) with max as e)",
      false, "a:DateTimeOffset,b:Enum,c:Duration,d:Date,e:TimeOfDay" },
    { "aggregate(stock mul 2.5 with sum as a,duration'P1D' with sum as b)", false,
      "a:Double,b:Duration" },
    { "aggregate(title with countdistinct as titles)", false, "titles:Int64" },
    { "groupby((title,colour),aggregate($count as n))/filter(n gt @n)/filter(title ne null)", false,
      "=title:String,=colour:Enum,n:Int64>" },
    { "filter(soldOut)/groupby((colour),aggregate($count as n))/groupby((n),aggregate($count as "
      "colours))",
      true, "=colour:Enum,n:Int64/=n:Int64,colours:Int64" },
    { "groupby((title))/aggregate($count as stock)", false, "=title:String/stock:Int64" },
    { "aggregate($count as with_as_sum,stock with sum as sum)", false,
      "with_as_sum:Int64,sum:Int64" },
};

static void test_read(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(read_cases); i++) {
        struct arena *arena = arena_create(NULL, 1 << 17);
        const struct edm_filter *filter;
        const struct edm_apply *apply;
        struct error err = { 0 };
        char memory[512];
        struct text text;

        text_init_fixed(&text, memory, sizeof memory);
        if (!parse(read_cases[i].text, arena, &filter, &apply, NULL, &err))
            fail_msg("case %zu: %s", i, err.message);
        CHECK((filter != NULL) == read_cases[i].filters, i);
        describe(apply, &text);
        if (!slice_eq(text_slice(&text), slice_of(read_cases[i].groupings)))
            fail_msg("case %zu: %.*s", i, SLICE_ARG(text_slice(&text)));
        arena_destroy(arena);
    }
}

static void test_transformations(void **state UNUSED)
{
    size_t count = 0;

    while (odata_apply_transformation(count).len > 0)
        count++;
    assert_int_equal(count, 4);
}

static void test_beyond(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, 1 << 17);
    const struct edm_filter *filter;
    const struct edm_apply *apply;
    uint32_t beyond = 0;

    assert_true(parse("filter(matchesPattern(title,'x'))", arena, &filter, &apply, &beyond, NULL));
    assert_int_equal(beyond, BEYOND_BIT(BEYOND_MATCHES_PATTERN));
    arena_destroy(arena);
}

/* A $filter beside it is a condition on the last groups, beside the one that is there. */
static void test_condition(void **state UNUSED)
{
    const struct edm_filter more = { .kind = EDM_FILTER_LITERAL, .type = EDM_FILTER_BOOLEAN };
    struct arena *arena = arena_create(NULL, 1 << 17);
    const struct edm_filter *filter;
    const struct edm_apply *apply, *both;

    assert_true(parse("groupby((title))/filter(title eq 'x')/groupby((title))", arena, &filter,
                      &apply, NULL, NULL));
    assert_true(odata_apply_add_condition(apply, &more, arena, &both, NULL));
    assert_ptr_equal(both->groupings[1].having, &more);
    assert_null(apply->groupings[1].having);
    assert_true(odata_apply_add_condition(both, &more, arena, &apply, NULL));
    assert_int_equal(apply->groupings[1].having->kind, EDM_FILTER_AND);
    arena_destroy(arena);
}

/* --- refused --------------------------------------------------------------------------------- */

#define TEN_CHARS "abcdefghij"
#define NAME_120                                                                                   \
    TEN_CHARS TEN_CHARS TEN_CHARS TEN_CHARS TEN_CHARS TEN_CHARS TEN_CHARS TEN_CHARS TEN_CHARS      \
        TEN_CHARS TEN_CHARS TEN_CHARS
#define FOUR(a) "$count as " a "1,$count as " a "2,$count as " a "3,$count as " a "4,"

static const struct {
    const char *text, *message; /* behind "Invalid apply clause: " */
} refused_cases[] = {
    { "", "Syntax error at position 0 in ''." },
    { "/", "Syntax error at position 0 in '/'." },
    { "identity/", "Syntax error at position 9 in 'identity/'." },
    { "identity()", "Syntax error at position 8 in 'identity()'." },
    { "filter", "Syntax error at position 6 in 'filter'." },
    { "filter()", "Syntax error at position 7 in 'filter()'." },
    { "filter(soldOut", "Syntax error at position 14 in 'filter(soldOut'." },
    { "filter(stock)",
      "The expression of 'filter' must evaluate to a single boolean value. (at position 7)" },
    { "groupby((title),aggregate($count as n)",
      "Syntax error at position 38 in 'groupby((title),aggregate($count as n)'." },
    { "groupby(())", "Syntax error at position 9 in 'groupby(())'." },
    { "groupby((1))", "Syntax error at position 9 in 'groupby((1))'." },
    { "groupby((labels))",
      "Only properties with a single value can be grouped by. (at position 9)" },
    { "groupby((labels/$count))",
      "Only properties with a single value can be grouped by. (at position 9)" },
    { "groupby((title,Title))", "The property 'title' is grouped by twice. (at position 15)" },
    { "groupby((title),identity)", "In 'groupby' only 'aggregate' is supported. (at position 16)" },
    { "topcount(1,stock)", "The transformation 'topcount' is not supported. (at position 0)" },
    { "identity/Compute(1 as x)",
      "The transformation 'compute' is not supported. (at position 9)" },
    { "group((title))", "An unknown transformation with name 'group' was found. (at position 0)" },
    { "aggregate()", "Syntax error at position 10 in 'aggregate()'." },
    { "aggregate(stock)", "Syntax error at position 15 in 'aggregate(stock)'." },
    { "aggregate(stock as x)", "Syntax error at position 16 in 'aggregate(stock as x)'." },
    { "aggregate(stock with sum)", "Syntax error at position 24 in 'aggregate(stock with sum)'." },
    { "aggregate(stock with sum as 1)",
      "Syntax error at position 28 in 'aggregate(stock with sum as 1)'." },
    { "aggregate(stock with sum as a.b)",
      "Syntax error at position 28 in 'aggregate(stock with sum as a.b)'." },
    { "aggregate(stock with sum as $a)",
      "Syntax error at position 28 in 'aggregate(stock with sum as $a)'." },
    { "aggregate(stock with 1 as a)",
      "Syntax error at position 21 in 'aggregate(stock with 1 as a)'." },
    { "aggregate(stock with my.own as a)",
      "An unknown aggregation method with name 'my.own' was found. (at position 21)" },
    { "aggregate(stock with sum as a from title with max)",
      "Syntax error at position 30 in 'aggregate(stock with sum as a from title with max)'." },
    { "aggregate(title with sum as x)",
      "Values of type 'Edm.String' cannot be aggregated with 'sum'. (at position 10)" },
    { "aggregate(madeAt with average as x)",
      "Values of type 'Edm.DateTimeOffset' cannot be aggregated with 'average'. (at position 10)" },
    { "aggregate(soldOut with max as x)",
      "Values of type 'Edm.Boolean' cannot be aggregated with 'max'. (at position 10)" },
    { "aggregate(null with countdistinct as x)",
      "Values of type '<null>' cannot be aggregated with 'countdistinct'. (at position 10)" },
    { "aggregate(labels with countdistinct as x)",
      "A collection cannot be aggregated with 'countdistinct'. (at position 10)" },
    { "aggregate($count as Title)",
      "The name 'Title' is that of a property, or was given before. (at position 20)" },
    { "aggregate($count as n,$count as N)",
      "The name 'N' is that of a property, or was given before. (at position 32)" },
    { "aggregate($count as null)", "The name 'null' is that of a value. (at position 20)" },
    { "aggregate($count as n)/filter(title eq 'x')",
      "Could not find a property named 'title' in what $apply makes. (at position 30)" },
    { "aggregate($count as n)/aggregate($count as n)",
      "The name 'n' is that of a property, or was given before. (at position 43)" },
    { "identity/identity/identity/identity/identity/identity/identity/identity/identity",
      "There may be 8 transformations. (at position 72)" },
    { "aggregate(" FOUR("a") FOUR("b") FOUR("c") FOUR("d") "$count as e1)",
      "There may be 16 values in 'aggregate'. (at position 218)" },
    { "aggregate($count as " NAME_120 "ABCDEFGHI)", NULL },
};

static void test_refused(void **state UNUSED)
{
    const struct slice prefix = SLICE("Invalid apply clause: ");

    for (size_t i = 0; i < COUNT_OF(refused_cases); i++) {
        struct arena *arena = arena_create(NULL, 1 << 17);
        const struct edm_filter *filter;
        const struct edm_apply *apply;
        struct error err = { 0 };

        CHECK(!parse(refused_cases[i].text, arena, &filter, &apply, NULL, &err), i);
        CHECK(err.code == ERROR_BAD_REQUEST && strcmp(err.target, "$apply") == 0, i);
        CHECK(slice_starts_with(slice_of(err.message), prefix), i);
        if (refused_cases[i].message && strcmp(err.message + prefix.len, refused_cases[i].message))
            fail_msg("case %zu: %s", i, err.message);
        arena_destroy(arena);
    }
}

static void test_no_memory(void **state UNUSED)
{
    bool ok = false;

    for (size_t budget = 64; budget < 1 << 17 && !ok; budget += 256) {
        struct arena *arena = arena_create(NULL, budget);
        const struct edm_filter *filter;
        const struct edm_apply *apply;
        struct error err = { 0 };

        if (!arena)
            continue;
        ok = parse("filter(soldOut)/groupby((title),aggregate($count as n))/filter(n gt 2)", arena,
                   &filter, &apply, NULL, &err);
        CHECK(ok || err.code == ERROR_TOO_LARGE, budget);
        arena_destroy(arena);
    }
    assert_true(ok);
}

/* --- written --------------------------------------------------------------------------------- */

static const struct edm_column columns[] = {
    { SLICE_INIT("title"), EDM_FILTER_STRING, NULL },
    { SLICE_INIT("soldOut"), EDM_FILTER_BOOLEAN, NULL },
    { SLICE_INIT("n"), EDM_FILTER_INTEGER, NULL },
    { SLICE_INIT("average"), EDM_FILTER_REAL, NULL },
    { SLICE_INIT("last"), EDM_FILTER_DATE_TIME, NULL },
    { SLICE_INIT("age"), EDM_FILTER_DURATION, NULL },
};
static const struct edm_shape shape = { columns, COUNT_OF(columns) };

static const struct edm_order_value values[] = {
    { .kind = EDM_ORDER_TEXT, .text = SLICE_INIT("a\"b") },
    { .kind = EDM_ORDER_INTEGER, .integer = 1 },
    { .kind = EDM_ORDER_REAL, .real = 1e19 },
    { .kind = EDM_ORDER_REAL, .real = 0.1 },
    { .kind = EDM_ORDER_INTEGER, .integer = 36000000000 },
    { .kind = EDM_ORDER_INTEGER, .integer = 15000000 },
    { .kind = EDM_ORDER_NULL },
    { .kind = EDM_ORDER_NULL },
    { .kind = EDM_ORDER_INTEGER, .integer = INT64_MIN },
    { .kind = EDM_ORDER_REAL, .real = -1.0 / 0.0 },
    { .kind = EDM_ORDER_INTEGER, .integer = -1 }, /* before year 1 */
    { .kind = EDM_ORDER_REAL, .real = 1e30 },     /* no duration any more */
};

#define CONTEXT                                                                                    \
    "\"@odata.context\":\"https://localhost/beta/$metadata#shopFloor/"                             \
    "articles(title,soldOut,n,average,"                                                            \
    "last,age)\","
#define SECOND "\"average\":\"-INF\",\"last\":null,\"age\":null}"

static const struct {
    enum odata_level level;
    const char *json;
} written_cases[] = {
    { ODATA_NONE,
      "{\"@odata.count\":7,\"value\":[{\"title\":\"a\\\"b\",\"soldOut\":true,\"n\":1e+19,"
      "\"average\":0.1,\"last\":\"0001-01-01T01:00:00Z\",\"age\":\"PT1.5S\"},"
      "{\"title\":null,\"soldOut\":null,\"n\":-9223372036854775808," SECOND "]}" },
    { ODATA_MINIMAL,
      "{" CONTEXT
      "\"@odata.count\":7,\"value\":[{\"title\":\"a\\\"b\",\"soldOut\":true,\"n\":1e+19,"
      "\"average\":0.1,\"last\":\"0001-01-01T01:00:00Z\",\"age\":\"PT1.5S\"},"
      "{\"title\":null,\"soldOut\":null,\"n\":-9223372036854775808," SECOND "]}" },
    { ODATA_FULL,
      "{" CONTEXT "\"@odata.count\":7,\"value\":[{\"title\":\"a\\\"b\",\"soldOut\":true,"
      "\"n@odata.type\":\"#Double\",\"n\":1e+19,"
      "\"average@odata.type\":\"#Double\",\"average\":0.1,"
      "\"last@odata.type\":\"#DateTimeOffset\",\"last\":\"0001-01-01T01:00:00Z\","
      "\"age@odata.type\":\"#Duration\",\"age\":\"PT1.5S\"},"
      "{\"title\":null,\"soldOut\":null,\"n@odata.type\":\"#Int64\",\"n\":-9223372036854775808,"
      "\"average@odata.type\":\"#Double\",\"average\":\"-INF\","
      "\"last@odata.type\":\"#DateTimeOffset\",\"last\":null,\"age\":null}]}" },
};

static void test_written(void **state UNUSED)
{
    const struct edm_groups groups = { &shape, values, 2, false, 7 };

    for (size_t i = 0; i < COUNT_OF(written_cases); i++) {
        const struct odata_reply reply = { .model = &toy_model,
                                           .profile = &profile_documented,
                                           .origin = SLICE("https://localhost"),
                                           .version = EDM_VERSION_BETA,
                                           .level = written_cases[i].level };
        struct arena *arena = arena_create(NULL, 1 << 16);
        struct text out;

        text_init(&out, arena, 64, 1 << 14);
        odata_write_groups(&reply, &toy_article, &groups, &out);
        if (!slice_eq(text_slice(&out), slice_of(written_cases[i].json)))
            fail_msg("case %zu: %.*s", i, SLICE_ARG(text_slice(&out)));
        arena_destroy(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_beyond),
        cmocka_unit_test(test_condition),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_written),
        cmocka_unit_test(test_transformations),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
