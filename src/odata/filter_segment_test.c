#include "odata/filter_segment.h"

#include "base/arena.h"
#include "base/test.h"
#include "edm/toy_model.h"
#include "odata/beyond.h"

/* --- where it ends --------------------------------------------------------------------------- */

static const struct {
    const char *path;
    const char *condition; /* NULL: there is no such segment */
    const char *rest;
} take_cases[] = {
    { "/$filter(a)", "a", "" },
    { "/$filter(a)/$count", "a", "/$count" },
    { "/$filter(a)/", "a", "/" },
    { "/$filter()", "", "" },
    { "/$Filter(@f)/$filter(b)", "@f", "/$filter(b)" },
    { "/%24filter%28a%29", "a", "" },
    { "/$filter(a%20eq%20(b))", "a%20eq%20(b)", "" },
    { "/$filter(f(a,')'))/x", "f(a,')')", "/x" },
    { "/$filter(a eq %27)%27)", "a eq %27)%27", "" },
    { "/$filter(a eq ')%27)", "a eq ')%27", "" },
    { "/$filter(a eq 'it''s)')", "a eq 'it''s)'", "" },
    { "/$filter(a in [\")\\\")\"])", "a in [\")\\\")\"]", "" },
    { "/$filter(a in [%22)%5C%22)%22])", "a in [%22)%5C%22)%22]", "" },
    { "/$filter(labels/any(l:l eq '/'))/$count", "labels/any(l:l eq '/')", "/$count" },
    { "/$filter(a%2Fb)", "a%2Fb", "" },
    { "/$filter(a%zz)", "a%zz", "" }, /* refused where it is decoded */
    { "/$filter(%)", "%", "" },

    { "", NULL, NULL },
    { "/", NULL, NULL },
    { "$filter(a)", NULL, NULL },
    { "%2F$filter(a)", NULL, NULL },
    { "/$filter", NULL, NULL },
    { "/$filter(", NULL, NULL },
    { "/$filters(a)", NULL, NULL },
    { "/filter(a)", NULL, NULL },
    { "/$filter(a", NULL, NULL },
    { "/$filter(a))", NULL, NULL },
    { "/$filter(a)b", NULL, NULL },
    { "/$filter(a)(id='x')", NULL, NULL },
    { "/$filter(a)%2F$count", NULL, NULL },
    { "/$filter((a)", NULL, NULL },
    { "/$filter(a eq ')", NULL, NULL },
    { "/$filter(a eq \")", NULL, NULL },
    { "/$filter(a eq \"\\\")", NULL, NULL },
    { "/$count/$filter(a)", NULL, NULL },
};

static void test_take(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(take_cases); i++) {
        struct slice path = slice_of(take_cases[i].path), rest = path, condition = SLICE("?");
        bool ok = odata_filter_segment_take(&rest, &condition);

        CHECK(ok == (take_cases[i].condition != NULL), i);
        CHECK(slice_eq(condition, ok ? slice_of(take_cases[i].condition) : SLICE("?")), i);
        CHECK(slice_eq(rest, ok ? slice_of(take_cases[i].rest) : path), i);
    }
}

/* --- what it says ---------------------------------------------------------------------------- */

static const struct {
    const char *segments;
    const char *alias;   /* value of @f; NULL: there is none */
    size_t joined;       /* conditions to the one that there was */
    const char *message; /* NULL: they are right */
} read_cases[] = {
    { "", NULL, 0, NULL },
    { "/$filter(stock gt 5)", NULL, 1, NULL },
    { "/$filter(stock%20gt%205)/$filter(title%20eq%20'a%2Fb')", NULL, 2, NULL },
    { "/$filter(true)/$filter(true)/$filter(true)/$filter(true)", NULL, 4, NULL },
    { "/$filter(labels/any(l:l eq '/'))", NULL, 1, NULL },
    { "/$filter(@f)", "stock%20gt%205", 1, NULL },
    { "/$filter(title eq @f)/$filter(@f ne title)", "'x'", 2, NULL },

    { "/$filter()", NULL, 0, "Invalid filter clause: " },
    { "/$filter(stock)", NULL, 0,
      "Invalid filter clause: The $filter expression must evaluate to a single boolean value." },
    { "/$filter(@f)", "stock", 0,
      "Invalid filter clause: The $filter expression must evaluate to a single boolean value." },
    { "/$filter(true)/$filter(nothing eq 1)", NULL, 0,
      "Invalid filter clause: Could not find a property named 'nothing' on type "
      "'toy.shop.article'." },
    { "/$filter(title+eq+'a')", NULL, 0, "Invalid filter clause: Syntax error" }, /* no query */
    { "/$filter(title eq '%zz')", NULL, 0,
      "The request URI is not valid: '%' in 'title eq '%zz'' is not followed by two hexadecimal "
      "digits." },
    { "/$filter(true)/$filter(true)/$filter(true)/$filter(true)/$filter(true)", NULL, 0,
      "A path may have 4 segments with a $filter." },
};

static size_t count_joined(const struct edm_filter *filter)
{
    size_t count = 0;

    for (; filter->kind == EDM_FILTER_AND; filter = filter->arguments[0])
        count++;
    return count;
}

static void test_read(void **state UNUSED)
{
    const struct odata_filter_rules rules = { .later_members = false };

    for (size_t i = 0; i < COUNT_OF(read_cases); i++) {
        struct arena *arena = arena_create(NULL, 1u << 20);
        const struct odata_alias alias = {
            .name = SLICE("@f"),
            .value = slice_of(read_cases[i].alias ? read_cases[i].alias : ""),
        };
        const struct edm_filter *filter;
        struct error err = { 0 };
        uint32_t beyond = 0;

        assert_true(odata_filter_parse(&toy_model, &toy_article, SLICE("title eq 'before'"), NULL,
                                       &rules, arena, &filter, NULL, NULL));
        bool ok = odata_filter_segments_read(
            &toy_model, &toy_article, slice_of(read_cases[i].segments),
            read_cases[i].alias ? &alias : NULL, &rules, arena, &filter, &beyond, &err);

        CHECK(ok == !read_cases[i].message && beyond == 0, i);
        if (ok)
            CHECK(count_joined(filter) == read_cases[i].joined, i);
        else
            CHECK(err.code == ERROR_BAD_REQUEST &&
                      slice_starts_with(slice_of(err.message), slice_of(read_cases[i].message)),
                  i);
        arena_destroy(arena);
    }
}

/* Without another condition, and with rows of what is beyond Graph. */
static void test_alone(void **state UNUSED)
{
    const struct odata_filter_rules rules = { .later_members = false };
    struct arena *arena = arena_create(NULL, 1u << 20);
    const struct edm_filter *filter = NULL;
    uint32_t beyond = 0;

    assert_true(odata_filter_segments_read(&toy_model, &toy_article,
                                           SLICE("/$filter(matchesPattern(title,'a'))"), NULL,
                                           &rules, arena, &filter, &beyond, NULL));
    assert_non_null(filter);
    assert_int_equal(filter->kind, EDM_FILTER_MATCHES);
    assert_int_equal(beyond, BEYOND_BIT(BEYOND_MATCHES_PATTERN));
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_take),
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
