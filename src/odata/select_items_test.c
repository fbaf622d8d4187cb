/* odata/select_items_test.c - options behind a collection of the toy shop's articles: what each
 * leaves, and how each mistake is told.
 */
#include "odata/select_items.h"

#include "base/arena.h"
#include "base/test.h"
#include "edm/toy_model.h"
#include "odata/beyond.h"

static const struct odata_filter_rules rules;
static const struct odata_alias aliases[] = {
    { SLICE_INIT("@a"), SLICE_INIT("%27a%3B%29%27"), &aliases[1] },
    { SLICE_INIT("@order"), SLICE_INIT("length($this)"), NULL },
};

static bool parse(const char *text, struct arena *arena, struct edm_items **ret, uint32_t *beyond,
                  struct error *err)
{
    return odata_select_items_parse(&toy_model, &toy_article, TOY_ARTICLE_LABELS, slice_of(text),
                                    aliases, &rules, arena, ret, beyond, err);
}

/* --- what is read ---------------------------------------------------------------------------- */

static const struct {
    const char *text;
    enum edm_filter_kind filter; /* EDM_FILTER_LITERAL: there is none */
    size_t keys;
    bool descending; /* the first of them */
    int64_t skip, top;
    bool count;
} cases[] = {
    { "$top=3", 0, 0, false, 0, 3, false },
    { "top=3", 0, 0, false, 0, 3, false },
    { " $TOP = 0 ", 0, 0, false, 0, 0, false },
    { "$top=9223372036854775807", 0, 0, false, 0, INT64_MAX, false },
    { "$skip=2;$top=1", 0, 0, false, 2, 1, false },
    { "$count=true", 0, 0, false, 0, EDM_ITEMS_ALL, true },
    { "$count=FALSE;", 0, 0, false, 0, EDM_ITEMS_ALL, false },
    { "$filter=$this ne 'a;b)'", EDM_FILTER_NE, 0, false, 0, EDM_ITEMS_ALL, false },
    { "$filter=$this eq @a;$top=1", EDM_FILTER_EQ, 0, false, 0, 1, false },
    { "$filter=contains($this,'a') and $this in ['a;',\"b;\"]", EDM_FILTER_AND, 0, false, 0,
      EDM_ITEMS_ALL, false },
    { "$filter=now() gt 2024-01-01T00:00:00Z", EDM_FILTER_GT, 0, false, 0, EDM_ITEMS_ALL, false },
    { "$orderby=$this desc", 0, 1, true, 0, EDM_ITEMS_ALL, false },
    { "$orderby=length($this),$this desc", 0, 2, false, 0, EDM_ITEMS_ALL, false },
    { "$orderby=@order;$count=true", 0, 1, false, 0, EDM_ITEMS_ALL, true },
};

static void test_read(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena *arena = arena_create(NULL, 1 << 20);
        struct error err = { 0 };
        struct edm_items *items = NULL;
        uint32_t beyond = 0;

        CHECK(parse(cases[i].text, arena, &items, &beyond, &err), i);
        CHECK(items->property == TOY_ARTICLE_LABELS && !items->next, i);
        CHECK(items->filter ? items->filter->kind == cases[i].filter : cases[i].filter == 0, i);
        CHECK(items->order_count == cases[i].keys, i);
        CHECK(!items->order || items->order[0].descending == cases[i].descending, i);
        CHECK(items->skip == cases[i].skip && items->top == cases[i].top, i);
        CHECK(items->count == cases[i].count, i);
        CHECK(beyond == BEYOND_BIT(BEYOND_SELECT_OPTIONS), i);
        arena_destroy(arena);
    }
}

/* The items of a condition inside are told from the item. */
static void test_variables(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, 1 << 20);
    const struct edm_filter *matches;
    struct edm_items *items;
    uint32_t beyond = 0;

    assert_true(parse("$filter=matchesPattern($this,'a')", arena, &items, &beyond, NULL));
    matches = items->filter;
    assert_int_equal(matches->arguments[0]->kind, EDM_FILTER_ITEM);
    assert_int_equal(matches->arguments[0]->variable, 0);
    assert_int_equal(beyond,
                     BEYOND_BIT(BEYOND_SELECT_OPTIONS) | BEYOND_BIT(BEYOND_MATCHES_PATTERN));
    arena_destroy(arena);
}

/* --- what is refused ------------------------------------------------------------------------- */

#define NOT_SUPPORTED(name) "The option '" name "' is not supported behind a collection."
#define NO_NUMBER(value)    "The value '" value "' is not a non-negative integer."
#define OF_ENTITY                                                                                  \
    "The property 'title' of the entity is not supported in the options of a collection. (at "     \
    "position 0)"
#define NO_PROPERTY(name)                                                                          \
    "Could not find a property named '" name "' on type 'Edm.String'. (at position 0)"

static const struct {
    const char *text, *message;
} refused[] = {
    { "", NOT_SUPPORTED("") },
    { ";$top=1", NOT_SUPPORTED("") },
    { "$top=1;;", NOT_SUPPORTED("") },
    { "$search=a", NOT_SUPPORTED("$search") },
    { "$select=a", NOT_SUPPORTED("$select") },
    { "$expand=*", NOT_SUPPORTED("$expand") },
    { "$compute=1 as a", NOT_SUPPORTED("$compute") },
    { "$levels=1", NOT_SUPPORTED("$levels") },
    { "a", NOT_SUPPORTED("a") },
    { "$top", NO_NUMBER("") },
    { "$top=-1", NO_NUMBER("-1") },
    { "$skip=x", NO_NUMBER("x") },
    { "$top=9223372036854775808", NO_NUMBER("9223372036854775808") },
    { "$count=1", "The value '1' is neither 'true' nor 'false'." },
    { "$top=1;TOP=2", "The option 'TOP' was specified more than once." },
    { "$filter=", "Syntax error at position 0 in ''." },
    { "$filter=$this eq 'a' x", "Syntax error at position 13 in '$this eq 'a' x'." },
    { "$filter=$this",
      "The $filter expression must evaluate to a single boolean value. (at position 0)" },
    { "$filter=title eq 'a'", NO_PROPERTY("title") },
    { "$filter=$it/title eq $this", OF_ENTITY },
    { "$filter=not ($this eq 'a' or contains($it/title,$this))", OF_ENTITY },
    { "$orderby=$it/title", OF_ENTITY },
    { "$orderby=title", NO_PROPERTY("title") },
    { "$orderby=", "Syntax error at position 0 in ''." },
};

static void test_refused(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        struct arena *arena = arena_create(NULL, 1 << 20);
        struct error err = { 0 };
        struct edm_items *items = NULL;
        uint32_t beyond = 0;

        CHECK(!parse(refused[i].text, arena, &items, &beyond, &err), i);
        CHECK(!items && beyond == 0, i);
        CHECK(err.code == ERROR_BAD_REQUEST && strcmp(err.target, "$select") == 0, i);
        CHECK(slice_starts_with(slice_of(err.message), SLICE("Invalid select clause: ")), i);
        CHECK(strcmp(err.message + strlen("Invalid select clause: "), refused[i].message) == 0, i);
        arena_destroy(arena);
    }
}

/* Where they are refused anyhow it is not told what is wrong with them. */
static void test_unread(void **state UNUSED)
{
    const struct odata_filter_rules strict = { .refuses_beyond = true };
    const struct odata_selection selection = {
        .items = { { .property = TOY_ARTICLE_LABELS, .options = SLICE("$top=x") } }, .item_count = 1
    };
    const struct odata_path path = { .resource = ODATA_SET, .type = &toy_article };
    const struct odata_selection none = { .star = true };
    struct arena *arena = arena_create(NULL, 1 << 16);
    struct edm_query query = { .type = &toy_article };
    struct error err = { 0 };
    uint32_t beyond = 0;

    assert_true(odata_select_items_read(&toy_model, &path, true, &none, NULL, &strict, arena,
                                        &query, &beyond, &err));
    assert_int_equal(beyond, 0);
    for (size_t is_read = 0; is_read < 2; is_read++) {
        beyond = 0;
        assert_true(odata_select_items_read(&toy_model, &path, is_read, &selection, NULL, &strict,
                                            arena, &query, &beyond, &err));
        assert_int_equal(beyond, BEYOND_BIT(BEYOND_SELECT_OPTIONS));
        assert_null(query.items);
        assert_false(odata_select_items_read(&toy_model, &path, is_read, &selection, NULL, &rules,
                                             arena, &query, &beyond, &err));
    }
    arena_destroy(arena);
}

static void test_no_memory(void **state UNUSED)
{
    bool ok = false;

    for (size_t budget = 0; !ok; budget += 64) {
        struct arena *arena = arena_create(NULL, budget);
        struct error err = { 0 };
        struct edm_items *items;
        uint32_t beyond = 0;

        ok = parse("$filter=contains($this,'a');$orderby=$this", arena, &items, &beyond, &err);
        assert_true(ok || err.code == ERROR_TOO_LARGE);
        arena_destroy(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_read),
                                        cmocka_unit_test(test_variables),
                                        cmocka_unit_test(test_refused),
                                        cmocka_unit_test(test_unread),
                                        cmocka_unit_test(test_no_memory) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
