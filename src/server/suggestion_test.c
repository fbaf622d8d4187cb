/* server/suggestion_test.c - which slips of the pen are understood.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "server/suggestion.h"

static const struct {
    const char *a, *b;
    size_t distance;
} distances[] = {
    { "", "", 0 },           { "serve", "serve", 0 },    { "serve", "SERVE", 0 },
    { "", "abc", 3 },        { "serv", "serve", 1 },     { "servve", "serve", 1 },
    { "sarve", "serve", 1 }, { "esrve", "serve", 1 }, /* a swap is one step */
    { "tokne", "token", 1 }, { "kitten", "sitting", 3 },
};

static void test_distance(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(distances); i++) {
        struct slice a = slice_of(distances[i].a), b = slice_of(distances[i].b);

        CHECK(suggestion_distance(a, b) == distances[i].distance, i);
        CHECK(suggestion_distance(b, a) == distances[i].distance, i);
    }
}

static void test_distance_of_long_texts(void **state UNUSED)
{
    char text[100];

    memset(text, 'a', sizeof text);
    assert_true(suggestion_distance((struct slice){ text, sizeof text }, SLICE("a")) == SIZE_MAX);
    assert_true(suggestion_distance((struct slice){ text, 64 }, (struct slice){ text, 64 }) == 0);
}

static const struct {
    const char *typed, *best;
} suggestions[] = {
    { "lisen", "listen" },
    { "listne-tls", "listen-tls" },
    { "prof", "profile" }, /* stopped too early */
    { "pr", "" },          /* begins too much */
    { "threads", "threads" },
    { "xyzzy", "" },
    { "", "" },
};

static void test_suggestions(void **state UNUSED)
{
    static const char *const names[] = { "listen", "listen-tls", "profile", "threads", "strict" };

    for (size_t i = 0; i < COUNT_OF(suggestions); i++) {
        struct suggestion suggestion = { .typed = slice_of(suggestions[i].typed) };

        for (size_t k = 0; k < COUNT_OF(names); k++)
            suggestion_try(&suggestion, slice_of(names[k]));
        CHECK(slice_eq(suggestion.best, slice_of(suggestions[i].best)), i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_distance),
        cmocka_unit_test(test_distance_of_long_texts),
        cmocka_unit_test(test_suggestions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
