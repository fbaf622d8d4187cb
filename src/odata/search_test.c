/* odata/search_test.c - searches as conditions, written out, and what is refused.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "odata/search.h"

#include "base/arena.h"
#include "base/text.h"
#include "edm/toy_model.h"

/* Whether the node is what one word becomes: a chain of "contains(text, word) eq true". */
static const struct edm_filter *word_of(const struct edm_filter *node)
{
    while (node->kind == EDM_FILTER_OR && node->arguments[1]->kind == EDM_FILTER_EQ)
        node = node->arguments[1];
    if (node->kind != EDM_FILTER_EQ)
        return NULL;
    return node->arguments[0]->arguments[1];
}

/* "((a AND b) OR NOT c)" */
static void write(const struct edm_filter *node, struct text *out)
{
    const struct edm_filter *word = word_of(node);

    if (word) {
        text_printf(out, "[%.*s]", SLICE_ARG(word->text));
        return;
    }
    text_append(out, SLICE("("));
    if (node->kind == EDM_FILTER_NOT)
        text_append(out, SLICE("NOT "));
    write(node->arguments[0], out);
    if (node->kind != EDM_FILTER_NOT) {
        text_append(out, node->kind == EDM_FILTER_OR ? SLICE(" OR ") : SLICE(" AND "));
        write(node->arguments[1], out);
    }
    text_append(out, SLICE(")"));
}

static const struct {
    const char *text, *want;
} read_cases[] = {
    { "a", "[a]" },
    { "  a\t", "[a]" },
    { "a b", "([a] AND [b])" },
    { "a AND b", "([a] AND [b])" },
    { "a b c", "(([a] AND [b]) AND [c])" },
    { "a OR b", "([a] OR [b])" },
    { "a OR b c OR d", "(([a] OR ([b] AND [c])) OR [d])" },
    { "NOT a b", "((NOT [a]) AND [b])" },
    { "a NOT b", "([a] AND (NOT [b]))" },
    { "NOT NOT a", "(NOT (NOT [a]))" },
    { "(a OR b) c", "(([a] OR [b]) AND [c])" },
    { "( a )", "[a]" },
    { "NOT (a b)", "(NOT ([a] AND [b]))" },
    { "\"a b\"", "[a b]" },
    { "\"a \\\"b\\\" \\\\\" c", "([a \"b\" \\] AND [c])" },
    { "\"AND\"", "[AND]" },
    { "and or Not nOT", "((([and] AND [or]) AND [Not]) AND [nOT])" },
    { "ANDY NOTE ORB", "(([ANDY] AND [NOTE]) AND [ORB])" },
    { "caf\xC3\xA9,x-1.2@y!", "[caf\xC3\xA9,x-1.2@y!]" },
    { "it's 100%", "([it's] AND [100%])" },
};

static void test_read(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(read_cases); i++) {
        struct arena *arena = arena_create(NULL, 1 << 20);
        const struct edm_filter *got;
        struct error err = { 0 };
        char memory[512];
        struct text text;

        if (!odata_search_parse(&toy_article, slice_of(read_cases[i].text), arena, &got, &err))
            fail_msg("case %zu: %s", i, err.message);
        text_init_fixed(&text, memory, sizeof memory);
        write(got, &text);
        if (!slice_eq(text_slice(&text), slice_of(read_cases[i].want)))
            fail_msg("case %zu: %.*s", i, SLICE_ARG(text_slice(&text)));
        arena_destroy(arena);
    }
}

/* Neither the key nor a collection, and nothing that is no text. */
static void test_properties(void **state UNUSED)
{
    static const size_t want[] = { TOY_ARTICLE_SERIAL, TOY_ARTICLE_ORIGIN, TOY_ARTICLE_CODE,
                                   TOY_ARTICLE_TITLE };
    struct arena *arena = arena_create(NULL, 1 << 20);
    const struct edm_filter *node, *one;

    assert_true(odata_search_parse(&toy_article, SLICE("a"), arena, &node, NULL));
    for (size_t i = 0; i < COUNT_OF(want); i++) {
        bool last = i + 1 == COUNT_OF(want);

        assert_int_equal(node->kind, last ? EDM_FILTER_EQ : EDM_FILTER_OR);
        one = last ? node : node->arguments[1];
        assert_int_equal(one->kind, EDM_FILTER_EQ);
        assert_int_equal(one->arguments[1]->integer, 1);
        assert_int_equal(one->arguments[0]->kind, EDM_FILTER_CONTAINS);
        assert_int_equal(one->arguments[0]->arguments[0]->property, want[i]);
        node = node->arguments[0];
    }
    arena_destroy(arena);
}

#define SYNTAX(at, text) "Invalid search clause: Syntax error at position " at " in '" text "'."

static const struct {
    const char *text, *message;
} refused_cases[] = {
    { "", SYNTAX("0", "") },
    { "  ", SYNTAX("2", "  ") },
    { "AND", SYNTAX("0", "AND") },
    { "a AND", SYNTAX("5", "a AND") },
    { "a AND AND b", SYNTAX("6", "a AND AND b") },
    { "OR a", SYNTAX("0", "OR a") },
    { "a OR", SYNTAX("4", "a OR") },
    { "a OR AND b", SYNTAX("5", "a OR AND b") },
    { "NOT", SYNTAX("3", "NOT") },
    { "a NOT", SYNTAX("5", "a NOT") },
    { "(a", SYNTAX("2", "(a") },
    { "()", SYNTAX("1", "()") },
    { "a)", SYNTAX("1", "a)") },
    { "(a)(b)", SYNTAX("3", "(a)(b)") },
    { "NOT(a)", SYNTAX("3", "NOT(a)") },
    { "a AND(b)", SYNTAX("5", "a AND(b)") },
    { "(a)AND b", SYNTAX("3", "(a)AND b") },
    { "a\"b\"", SYNTAX("1", "a\"b\"") },
    { "\"a\"b", SYNTAX("3", "\"a\"b") },
    { "\"a", SYNTAX("0", "\"a") },
    { "x \"\"", SYNTAX("2", "x \"\"") },
    { "\"a\\\"", SYNTAX("0", "\"a\\\"") },
    { "a a a a a a a a a a a",
      "Invalid search clause: A search may have 10 words and phrases. (at position 20)" },
    { "(((((((((a)))))))))",
      "Invalid search clause: A search may have 8 groups inside each other. (at position 8)" },
};

static void test_refused(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(refused_cases); i++) {
        struct arena *arena = arena_create(NULL, 1 << 20);
        const struct edm_filter *got = NULL;
        struct error err = { 0 };

        CHECK(!odata_search_parse(&toy_article, slice_of(refused_cases[i].text), arena, &got, &err),
              i);
        CHECK(!got && err.code == ERROR_BAD_REQUEST, i);
        CHECK(slice_eq(slice_of(err.target), SLICE("$search")), i);
        if (!slice_eq(slice_of(err.message), slice_of(refused_cases[i].message)))
            fail_msg("case %zu: %s", i, err.message);
        arena_destroy(arena);
    }
}

static void test_join(void **state UNUSED)
{
    const struct edm_filter a = { .kind = EDM_FILTER_PROPERTY, .type = EDM_FILTER_BOOLEAN }, b = a;
    struct arena *arena = arena_create(NULL, 1 << 16);
    const struct edm_filter *got;

    assert_true(odata_search_join(&a, NULL, arena, &got, NULL) && got == &a);
    assert_true(odata_search_join(NULL, &b, arena, &got, NULL) && got == &b);
    assert_true(odata_search_join(NULL, NULL, arena, &got, NULL) && got == NULL);
    assert_true(odata_search_join(&a, &b, arena, &got, NULL));
    assert_true(got->kind == EDM_FILTER_AND && got->arguments[0] == &a && got->arguments[1] == &b);
    arena_destroy(arena);
}

/* However little memory there is, it is an error or a condition. */
static void test_no_memory(void **state UNUSED)
{
    for (size_t budget = 16; budget < 4096; budget += 16) {
        struct arena *arena = arena_create(NULL, budget);
        const struct edm_filter *got = NULL;
        struct error err = { 0 };
        bool ok =
            odata_search_parse(&toy_article, SLICE("a OR \"b c\" NOT (d)"), arena, &got, &err);

        CHECK(ok ? got != NULL : err.code == ERROR_TOO_LARGE, budget);
        arena_destroy(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),      cmocka_unit_test(test_properties),
        cmocka_unit_test(test_refused),   cmocka_unit_test(test_join),
        cmocka_unit_test(test_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
