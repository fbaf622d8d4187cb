/* odata/orderby_test.c - keys as they should be read, and what is refused.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "odata/orderby.h"

#include "base/arena.h"
#include "base/text.h"
#include "edm/toy_model.h"

static bool parse(const char *text, const struct odata_alias *aliases, struct arena *arena,
                  const struct edm_order_key **ret, size_t *ret_count, struct error *err)
{
    const struct odata_filter_rules rules = { 0 };

    return odata_orderby_parse(&toy_model, &toy_article, slice_of(text), aliases, &rules, arena,
                               ret, ret_count, NULL, err);
}

#define PROPERTY EDM_FILTER_PROPERTY

static const struct {
    const char *text;
    size_t count;
    struct {
        enum edm_filter_kind kind;
        enum edm_filter_type type;
        bool descending;
    } keys[4];
} read_cases[] = {
    { "title", 1, { { PROPERTY, EDM_FILTER_STRING, false } } },
    { "  TITLE  ", 1, { { PROPERTY, EDM_FILTER_STRING, false } } },
    { "title asc", 1, { { PROPERTY, EDM_FILTER_STRING, false } } },
    { "title DESC", 1, { { PROPERTY, EDM_FILTER_STRING, true } } },
    { "$it/title desc", 1, { { PROPERTY, EDM_FILTER_STRING, true } } },
    { "id", 1, { { PROPERTY, EDM_FILTER_STRING, false } } },
    { "stock desc,colour,madeAt Asc , soldOut desc",
      4,
      { { PROPERTY, EDM_FILTER_INTEGER, true },
        { PROPERTY, EDM_FILTER_ENUM, false },
        { PROPERTY, EDM_FILTER_DATE_TIME, false },
        { PROPERTY, EDM_FILTER_BOOLEAN, true } } },
    { "title,title desc", /* of no use, and no mistake */
      2,
      { { PROPERTY, EDM_FILTER_STRING, false }, { PROPERTY, EDM_FILTER_STRING, true } } },
    { "length(title) desc,stock mul -1",
      2,
      { { EDM_FILTER_LENGTH, EDM_FILTER_INTEGER, true },
        { EDM_FILTER_MUL, EDM_FILTER_INTEGER, false } } },
    { "concat(title,',desc') desc", 1, { { EDM_FILTER_CONCAT, EDM_FILTER_STRING, true } } },
    { "now() sub madeAt", 1, { { EDM_FILTER_SUB, EDM_FILTER_DURATION, false } } },
    { "contains(title,'x') or soldOut desc", 1, { { EDM_FILTER_OR, EDM_FILTER_BOOLEAN, true } } },
    { "labels/$count desc", 1, { { EDM_FILTER_COUNT, EDM_FILTER_INTEGER, true } } },
    { "labels/any(l:l eq 'a')", 1, { { EDM_FILTER_ANY, EDM_FILTER_BOOLEAN, false } } },
    { "@key desc", 1, { { PROPERTY, EDM_FILTER_INTEGER, true } } },
    { "null", 1, { { EDM_FILTER_LITERAL, EDM_FILTER_NULL, false } } },
    { "1", 1, { { EDM_FILTER_LITERAL, EDM_FILTER_INTEGER, false } } },
};

static void test_read(void **state UNUSED)
{
    const struct odata_alias key = { .name = SLICE("@key"), .value = SLICE("st%6Fck") };

    for (size_t i = 0; i < COUNT_OF(read_cases); i++) {
        struct arena *arena = arena_create(NULL, 1 << 16);
        const struct edm_order_key *keys;
        struct error err = { 0 };
        size_t count;

        if (!parse(read_cases[i].text, &key, arena, &keys, &count, &err))
            fail_msg("case %zu: %s", i, err.message);
        CHECK(count == read_cases[i].count, i);
        for (size_t j = 0; j < count; j++) {
            CHECK(keys[j].expression->kind == read_cases[i].keys[j].kind, i);
            CHECK(keys[j].expression->type == read_cases[i].keys[j].type, i);
            CHECK(keys[j].descending == read_cases[i].keys[j].descending, i);
        }
        arena_destroy(arena);
    }
}

#define SYNTAX(at, text)     "Invalid orderby clause: Syntax error at position " at " in '" text "'."
#define REFUSED(message, at) "Invalid orderby clause: " message " (at position " at ")"
#define ONE_VALUE            "The $orderby expression must evaluate to a single value of primitive type."
#define TOO_MANY                                                                                   \
    "The number of clauses in $orderby query option exceeded the maximum number allowed. The "     \
    "maximum number of $orderby clauses allowed is 8."

static const struct {
    const char *text, *message;
} refused_cases[] = {
    { "", SYNTAX("0", "") },
    { " ", SYNTAX("1", " ") },
    { "desc", REFUSED("Could not find a property named 'desc' on type 'toy.shop.article'.", "0") },
    { "stock,foo desc",
      REFUSED("Could not find a property named 'foo' on type 'toy.shop.article'.", "6") },
    { "title,", SYNTAX("6", "title,") },
    { ",title", SYNTAX("0", ",title") },
    { "title desc asc", SYNTAX("11", "title desc asc") },
    { "title asc asc", SYNTAX("10", "title asc asc") },
    { "title descending", SYNTAX("6", "title descending") },
    { "title;stock", SYNTAX("5", "title;stock") },
    { "title)", SYNTAX("5", "title)") },
    { "(title", SYNTAX("6", "(title") },
    { "title/x", REFUSED("Could not find a property named 'x' on type 'Edm.String'.", "6") },
    { "labels", REFUSED(ONE_VALUE, "0") },
    { "stock, labels desc", REFUSED(ONE_VALUE, "7") },
    { "length(stock)", NULL },
    { "id,id,id,id,id,id,id,id,id", REFUSED(TOO_MANY, "24") },
};

static void test_refused(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(refused_cases); i++) {
        struct arena *arena = arena_create(NULL, 1 << 16);
        const struct edm_order_key *keys = NULL;
        struct error err = { 0 };
        size_t count = 77;

        CHECK(!parse(refused_cases[i].text, NULL, arena, &keys, &count, &err), i);
        CHECK(err.code == ERROR_BAD_REQUEST && !keys && count == 77, i);
        CHECK(slice_eq(slice_of(err.target), SLICE("$orderby")), i);
        CHECK(slice_starts_with(slice_of(err.message), SLICE("Invalid orderby clause: ")), i);
        if (refused_cases[i].message &&
            !slice_eq(slice_of(err.message), slice_of(refused_cases[i].message)))
            fail_msg("case %zu: %s", i, err.message);
        arena_destroy(arena);
    }
}

static void test_keys_max(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, 1 << 16);
    const struct edm_order_key *keys;
    size_t count;

    assert_true(parse("id,id,id,id,id,id,id,id", NULL, arena, &keys, &count, NULL));
    assert_int_equal(count, ODATA_ORDER_KEYS_MAX);
    arena_destroy(arena);
}

/* The keys together have the size of a filter. */
static void test_nodes_max(void **state UNUSED)
{
    char memory[2048];
    struct text text;
    struct arena *arena = arena_create(NULL, 1 << 20);
    const struct edm_order_key *keys;
    struct error err = { 0 };
    size_t count;

    text_init_fixed(&text, memory, sizeof memory);
    for (size_t i = 0; i < 101; i++)
        text_printf(&text, "%s1", i == 0 ? "" : i == 50 ? "," : " add ");
    text_append_char(&text, '\0');
    assert_false(text.failed);
    assert_true(parse(memory, NULL, arena, &keys, &count, NULL)); /* 200 */
    text.len--;
    text_printf(&text, ",1");
    text_append_char(&text, '\0');
    assert_false(parse(memory, NULL, arena, &keys, &count, &err));
    assert_true(slice_starts_with(
        slice_of(err.message),
        SLICE("Invalid orderby clause: The node count limit of '200' has been exceeded.")));
    arena_destroy(arena);
}

static void test_no_memory(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, 16);
    const struct edm_order_key *keys;
    struct error err = { 0 };
    size_t count;

    assert_false(parse("title", NULL, arena, &keys, &count, &err));
    assert_int_equal(err.code, ERROR_TOO_LARGE);
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),      cmocka_unit_test(test_refused),
        cmocka_unit_test(test_keys_max),  cmocka_unit_test(test_nodes_max),
        cmocka_unit_test(test_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
