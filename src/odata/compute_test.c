/* odata/compute_test.c - properties as they should be read, what a name of theirs stands for in the
 * other options, and what is refused.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "odata/compute.h"

#include "base/arena.h"
#include "base/text.h"
#include "edm/toy_model.h"
#include "odata/beyond.h"
#include "odata/options.h"

static const struct odata_alias alias = { .name = SLICE_INIT("@n"), .value = SLICE_INIT("%34") };
static const struct odata_filter_rules no_rules = { .later_members = false };
static const struct odata_path set_path = { .resource = ODATA_SET,
                                            .version = EDM_VERSION_BETA,
                                            .type = &toy_article };

static bool parse(const char *text, struct arena *arena, const struct odata_computed **ret,
                  uint32_t *beyond, struct error *err)
{
    return odata_compute_parse(&toy_model, &toy_article, slice_of(text), &alias, &no_rules, arena,
                               ret, beyond, err);
}

/* --- read ------------------------------------------------------------------------------------ */

/* "n:Int64,m:String" */
static void describe(const struct edm_computed *properties, size_t count, struct text *out)
{
    static const char *const types[EDM_FILTER_TYPE_COUNT] = {
        [EDM_FILTER_NULL] = "null",
        [EDM_FILTER_BOOLEAN] = "Boolean",
        [EDM_FILTER_STRING] = "String",
        [EDM_FILTER_INTEGER] = "Int64",
        [EDM_FILTER_REAL] = "Double",
        [EDM_FILTER_ENUM] = "Enum",
        [EDM_FILTER_DATE_TIME] = "DateTimeOffset",
        [EDM_FILTER_DATE] = "Date",
        [EDM_FILTER_TIME] = "TimeOfDay",
        [EDM_FILTER_DURATION] = "Duration",
        [EDM_FILTER_GUID] = "Guid",
        [EDM_FILTER_BINARY] = "Binary",
    };

    for (size_t i = 0; i < count; i++)
        text_printf(out, "%s%.*s:%s", i ? "," : "", SLICE_ARG(properties[i].name),
                    types[properties[i].expression->type]);
}

static const struct {
    const char *text, *properties;
} read_cases[] = {
    { "length(title) as n", "n:Int64" },
    { " length ( title )  AS  n , title As Name ", "n:Int64,Name:String" },
    { "stock add 1 as more,stock mul 1.5 as real,now() sub madeAt as age",
      "more:Int64,real:Double,age:Duration" },
    { "colour as c,madeAt as m,date(madeAt) as d,time(madeAt) as t,soldOut as s,null as z",
      "c:Enum,m:DateTimeOffset,d:Date,t:TimeOfDay,s:Boolean,z:null" },
    { "title eq 'x' and soldOut as both,labels/$count as tags,labels/any(l:l eq 'x') as has_x",
      "both:Boolean,tags:Int64,has_x:Boolean" },
    { "00000000-0000-0000-0000-000000000000 as g,binary'AAAA' as b", "g:Guid,b:Binary" },
    { "@n as four,@unknown as nothing", "four:Int64,nothing:null" },
    { "length(title) as n,n mul 2 as m,m gt n as more", "n:Int64,m:Int64,more:Boolean" },
    { "$it/title as a,toy.shop.article/title as b", "a:String,b:String" },
    { "1 as as,2 as desc,3 as _1", "as:Int64,desc:Int64,_1:Int64" },
};

static void test_read(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(read_cases); i++) {
        struct arena *arena = arena_create(NULL, 1 << 17);
        const struct odata_computed *computed;
        struct error err = { 0 };
        char memory[512];
        struct text text;

        text_init_fixed(&text, memory, sizeof memory);
        if (!parse(read_cases[i].text, arena, &computed, NULL, &err))
            fail_msg("case %zu: %s", i, err.message);
        describe(computed->properties, computed->count, &text);
        if (!slice_eq(text_slice(&text), slice_of(read_cases[i].properties)))
            fail_msg("case %zu: %.*s", i, SLICE_ARG(text_slice(&text)));
        arena_destroy(arena);
    }
}

static void test_beyond(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, 1 << 17);
    const struct odata_computed *computed;
    uint32_t beyond = 0;

    assert_true(parse("matchesPattern(title,'x') as m", arena, &computed, &beyond, NULL));
    assert_int_equal(beyond, BEYOND_BIT(BEYOND_MATCHES_PATTERN));
    arena_destroy(arena);
}

/* --- named ----------------------------------------------------------------------------------- */

/* Two conditions that are the same but for the numbers of their variables. */
static bool is_same(const struct edm_filter *a, const struct edm_filter *b)
{
    bool is_text = a->type == EDM_FILTER_STRING;

    if (a->kind != b->kind || a->type != b->type || a->enumeration != b->enumeration ||
        a->count != b->count)
        return false;
    if (a->kind == EDM_FILTER_LITERAL &&
        !(is_text ? slice_eq(a->text, b->text) : a->integer == b->integer))
        return false;
    if (a->kind == EDM_FILTER_PROPERTY && a->property != b->property)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (!is_same(a->arguments[i], b->arguments[i]))
            return false;
    return true;
}

/* A condition with names, and without. */
static const struct {
    const char *compute, *named, *written_out;
} named_cases[] = {
    { "length(title) as n", "n gt 2", "length(title) gt 2" },
    { "length(title) as n", "$it/N add n eq 4", "length(title) add length(title) eq 4" },
    { "stock as a,a mul 2 as b,a add b as c", "c lt b",
      "stock add (stock mul 2) lt (stock mul 2)" },
    { "soldOut as s", "not s", "not soldOut" },
    { "'red' as r", "colour eq r", "colour eq 'red'" },
    { "'P1D' as d", "now() sub madeAt gt d and title eq d",
      "now() sub madeAt gt 'P1D' and title eq 'P1D'" },
    { "@n as n", "stock eq n", "stock eq 4" },
    { "title as t", "labels/any(t:t eq 'x') and t eq 'y'",
      "labels/any(t:t eq 'x') and title eq 'y'" },
    { "labels/any(l:l eq 'x') as x", "notes/any(l:l eq 'y' and x)",
      "notes/any(l:l eq 'y' and labels/any(l:l eq 'x'))" },
    { "title as t", "labels/$count($filter=$this eq $it/t) gt 1",
      "labels/$count($filter=$this eq $it/title) gt 1" },
};

static const struct edm_filter *read_filter(const char *text, const struct odata_computed *computed,
                                            struct arena *arena, size_t index)
{
    const struct odata_filter_rules rules = { .computed = computed };
    const struct edm_filter *filter;
    struct error err = { 0 };

    if (!odata_filter_parse(&toy_model, &toy_article, slice_of(text), &alias, &rules, arena,
                            &filter, NULL, &err))
        fail_msg("case %zu: %s", index, err.message);
    return filter;
}

static void test_named(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(named_cases); i++) {
        struct arena *arena = arena_create(NULL, 1 << 17);
        const struct odata_computed *computed;

        assert_true(parse(named_cases[i].compute, arena, &computed, NULL, NULL));
        CHECK(is_same(read_filter(named_cases[i].named, computed, arena, i),
                      read_filter(named_cases[i].written_out, NULL, arena, i)),
              i);
        arena_destroy(arena);
    }
}

/* The item of the outer any() is not that of the one that the name stands for. */
static void test_variables(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, 1 << 17);
    const struct odata_computed *computed;
    const struct edm_filter *outer, *inner;

    assert_true(parse("labels/any(l:l eq 'x') as x", arena, &computed, NULL, NULL));
    assert_int_equal(computed->variables, 1);
    outer = read_filter("notes/any(l:x)", computed, arena, 0);
    inner = outer->arguments[1];
    assert_int_equal(outer->kind, EDM_FILTER_ANY);
    assert_int_equal(inner->kind, EDM_FILTER_ANY);
    assert_int_not_equal(outer->variable, inner->variable);
    arena_destroy(arena);
}

/* --- the options together -------------------------------------------------------------------- */

#define FAILED_SELECT "Parsing OData Select and Expand failed: "

static const struct {
    const char *query;
    const char *shown;    /* of $compute */
    const char *selected; /* the number of properties of the type, or the message */
} option_cases[] = {
    { "$compute=length(title) as n", "n:Int64", "all" },
    { "$compute=1 as n,2 as m&$select=*", "n:Int64,m:Int64", "all" },
    { "$select=*,m&$compute=1 as n,2 as m", "n:Int64,m:Int64", "all" },
    { "$select=m,title&compute=1 as n,2 as m", "m:Int64", "1" },
    { "$compute=1 as n,2 as m&$select=M,N", "n:Int64,m:Int64", "0" },
    { "$compute=1 as n&$select=title,code", "", "2" },
    { "$orderby=n desc,title&$filter=n gt 2&$compute=length(title) as n&$select=id", "", "1" },
    { "$compute=1 as n&$select=n,foo", NULL,
      FAILED_SELECT "Could not find a property named 'foo' on type 'toy.shop.article'." },
    { "$select=n&$compute=x", NULL,
      "Invalid compute clause: Could not find a property named 'x' on type 'toy.shop.article'. (at "
      "position 0)" },
    { "$filter=m gt 2&$compute=1 as n", NULL,
      "Invalid filter clause: Could not find a property named 'm' on type 'toy.shop.article'. (at "
      "position 0)" },
    { "$orderby=n/x&$compute=1 as n", NULL,
      "Invalid orderby clause: Could not find a property named 'x' on type 'Edm.Int64'. (at "
      "position 2)" },
    { "$compute=1 as n&$apply=identity", NULL,
      "The query option '$compute' is not supported with $apply." },
};

static bool read_options(const char *query, struct arena *arena, struct odata_options *ret,
                         struct error *err)
{
    uint32_t beyond = 0;

    return odata_options_parse(&toy_model, &profile_documented, &set_path, true, slice_of(query), 0,
                               &no_rules, arena, ret, err) &&
           odata_compute_options(&toy_model, &set_path, &no_rules, arena, ret, &beyond, err);
}

static void check_selected(const struct edm_query *query, const char *selected, size_t index)
{
    size_t count = (size_t)__builtin_popcountll(query->select);

    CHECK(query->select_given == (strcmp(selected, "all") != 0), index);
    CHECK(query->select_given ? (size_t)(selected[0] - '0') == count
                              : count == TOY_ARTICLE_PROPERTY_COUNT,
          index);
}

static void test_options(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(option_cases); i++) {
        struct arena *arena = arena_create(NULL, 1 << 17);
        struct odata_options options;
        struct error err = { 0 };
        char memory[512];
        struct text text;

        text_init_fixed(&text, memory, sizeof memory);
        if (!read_options(option_cases[i].query, arena, &options, &err)) {
            if (option_cases[i].shown || strcmp(err.message, option_cases[i].selected))
                fail_msg("case %zu: %s", i, err.message);
            CHECK(err.code == ERROR_BAD_REQUEST, i);
        } else {
            CHECK(option_cases[i].shown != NULL, i);
            describe(options.query.computed, options.query.computed_count, &text);
            CHECK(slice_eq(text_slice(&text), slice_of(option_cases[i].shown)), i);
            CHECK(options.beyond == BEYOND_BIT(BEYOND_COMPUTE), i);
            check_selected(&options.query, option_cases[i].selected, i);
            CHECK(err.code == ERROR_NONE, i);
        }
        arena_destroy(arena);
    }
}

/* A mistake in $select that nothing behind it mends is told before what stands behind it; and what
 * is named comes into the query. */
static void test_order_and_filter(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, 1 << 17);
    struct odata_options options;
    struct error err = { 0 };

    assert_false(read_options("$select=n&$top=x", arena, &options, &err));
    assert_string_equal(err.target, "$select");
    assert_true(read_options("$orderby=n desc&$filter=n gt 2&$compute=length(title) as n", arena,
                             &options, &err));
    assert_int_equal(options.query.order_count, 1);
    assert_int_equal(options.query.order[0].expression->kind, EDM_FILTER_LENGTH);
    assert_true(options.query.order[0].descending);
    assert_int_equal(options.query.filter->kind, EDM_FILTER_GT);
    arena_destroy(arena);
}

/* What is shown may change from page to page, what is filtered or ordered by may not. */
static void test_digest(void **state UNUSED)
{
    static const struct {
        const char *a, *b;
        bool same;
    } cases[] = {
        { "$compute=1 as n", "", true },
        { "$compute=1 as n", "$compute=2 as n", true },
        { "$compute=1 as n&$filter=n gt 0", "$compute=2 as n&$filter=n gt 0", false },
        { "$compute=1 as n&$orderby=n", "$compute=2 as n&$orderby=n", false },
        { "$compute=1 as n&$orderby=n", "$orderby=n&$compute=1%20as+n", true },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena *arena = arena_create(NULL, 1 << 17);
        struct odata_options a, b;

        CHECK(odata_options_parse(&toy_model, &profile_documented, &set_path, true,
                                  slice_of(cases[i].a), 0, &no_rules, arena, &a, NULL) &&
                  odata_options_parse(&toy_model, &profile_documented, &set_path, true,
                                      slice_of(cases[i].b), 0, &no_rules, arena, &b, NULL),
              i);
        CHECK((a.digest == b.digest) == cases[i].same, i);
        arena_destroy(arena);
    }
}

/* --- refused --------------------------------------------------------------------------------- */

#define TEN_CHARS "abcdefghij"
#define NAME_120                                                                                   \
    TEN_CHARS TEN_CHARS TEN_CHARS TEN_CHARS TEN_CHARS TEN_CHARS TEN_CHARS TEN_CHARS TEN_CHARS      \
        TEN_CHARS TEN_CHARS TEN_CHARS
#define FOUR(a) "1 as " a "1,1 as " a "2,1 as " a "3,1 as " a "4,"

static const struct {
    const char *text, *message; /* behind "Invalid compute clause: " */
} refused_cases[] = {
    { "", "Syntax error at position 0 in ''." },
    { ",", "Syntax error at position 0 in ','." },
    { "title", "Syntax error at position 5 in 'title'." },
    { "title as", "Syntax error at position 8 in 'title as'." },
    { "title as 1", "Syntax error at position 9 in 'title as 1'." },
    { "title as 'n'", "Syntax error at position 9 in 'title as 'n''." },
    { "title as my.n", "Syntax error at position 9 in 'title as my.n'." },
    { "title as $n", "Syntax error at position 9 in 'title as $n'." },
    { "title as n,", "Syntax error at position 11 in 'title as n,'." },
    { "title as n asc", "Syntax error at position 11 in 'title as n asc'." },
    { "(title as n)", "Syntax error at position 7 in '(title as n)'." },
    { "nobody as n",
      "Could not find a property named 'nobody' on type 'toy.shop.article'. (at position 0)" },
    { "n as n", "Could not find a property named 'n' on type 'toy.shop.article'. (at position 0)" },
    { "m as n,1 as m",
      "Could not find a property named 'm' on type 'toy.shop.article'. (at position 0)" },
    { "labels as n",
      "A computed property must be a single value, not a collection. (at position 0)" },
    { "1 as Title",
      "The name 'Title' is that of a property, or was given before. (at position 5)" },
    { "1 as n,2 as N",
      "The name 'N' is that of a property, or was given before. (at position 12)" },
    { "1 as null", "The name 'null' is that of a value. (at position 5)" },
    { "1 as FALSE", "The name 'FALSE' is that of a value. (at position 5)" },
    { "1 as INF", "The name 'INF' is that of a value. (at position 5)" },
    { "1 as NaN", "The name 'NaN' is that of a value. (at position 5)" },
    { FOUR("a") FOUR("b") FOUR("c") FOUR("d") "1 as e1",
      "There may be 16 computed properties. (at position 128)" },
    { "1 as " NAME_120 "ABCDEFGHI", NULL },
    /* No chain of names grows beyond a filter's size. */
    { "stock add stock as a,a add a as b,b add b as c,c add c as d,d add d as e,e add e as f,"
      "f add f as g",
      "The node count limit of '200' has been exceeded. (at position 79)" },
};

static void test_refused(void **state UNUSED)
{
    const struct slice prefix = SLICE("Invalid compute clause: ");

    for (size_t i = 0; i < COUNT_OF(refused_cases); i++) {
        struct arena *arena = arena_create(NULL, 1 << 17);
        const struct odata_computed *computed;
        struct error err = { 0 };

        CHECK(!parse(refused_cases[i].text, arena, &computed, NULL, &err), i);
        CHECK(err.code == ERROR_BAD_REQUEST && strcmp(err.target, "$compute") == 0, i);
        CHECK(slice_starts_with(slice_of(err.message), prefix), i);
        if (refused_cases[i].message && strcmp(err.message + prefix.len, refused_cases[i].message))
            fail_msg("case %zu: %s", i, err.message);
        arena_destroy(arena);
    }
}

/* Where it is named it costs what it would cost there. */
static void test_named_too_often(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, 1 << 18);
    const struct odata_computed *computed;
    struct odata_filter_rules rules = no_rules;
    const struct edm_filter *filter;
    struct error err = { 0 };

    assert_true(parse("stock add stock as a,a add a as b,b add b as c,c add c as d", arena,
                      &computed, NULL, &err));
    rules.computed = computed;
    assert_true(odata_filter_parse(&toy_model, &toy_article, SLICE("d gt d and d lt 9 and d ne 8"),
                                   NULL, &rules, arena, &filter, NULL, &err));
    assert_false(odata_filter_parse(&toy_model, &toy_article,
                                    SLICE("d gt d and d gt d and d gt d and d gt d"), NULL, &rules,
                                    arena, &filter, NULL, &err));
    assert_string_equal(err.target, "$filter");
    arena_destroy(arena);
}

static void test_no_memory(void **state UNUSED)
{
    bool ok = false;

    for (size_t budget = 64; budget < 1 << 17 && !ok; budget += 256) {
        struct arena *arena = arena_create(NULL, budget);
        struct odata_options options;
        struct error err = { 0 };

        if (!arena)
            continue;
        ok = read_options("$compute=length(title) as n&$filter=n gt 2&$orderby=n&$select=n", arena,
                          &options, &err);
        CHECK(ok || err.code == ERROR_TOO_LARGE, budget);
        arena_destroy(arena);
    }
    assert_true(ok);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_beyond),
        cmocka_unit_test(test_named),
        cmocka_unit_test(test_variables),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_order_and_filter),
        cmocka_unit_test(test_digest),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_named_too_often),
        cmocka_unit_test(test_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
