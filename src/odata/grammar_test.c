/* odata/grammar_test.c - our own cases of the OData grammar: tests/data/grammar.txt.
 *
 * A section "[rule]" for each rule that is checked, and under it a line for each case: '+' in front
 * of what follows the rule, '?' of what follows it and uses what is not offered, '*' of what
 * follows it, offered or not, '-' of what does not follow it. Every rule has cases of both sorts,
 * so that what is covered can be read off.
 */
#include <stdio.h>

#include "base/test.h"
#include "edm/toy_model.h"
#include "odata/grammar_rules_test.h"

#define PAGE_MAX  65536
#define RULES_MAX 128

static size_t find_rule(struct slice name)
{
    for (size_t i = 0; grammar_rule(i).len; i++) {
        if (slice_eq(grammar_rule(i), name))
            return i;
    }
    fail_msg("tests/data/grammar.txt: no rule is called %.*s", SLICE_ARG(name));
    return 0;
}

static bool agrees(char mark, enum grammar_verdict got)
{
    switch (mark) {
    case '+':
        return got == GRAMMAR_FOLLOWS;
    case '?':
        return got == GRAMMAR_NAMED;
    case '*':
        return got == GRAMMAR_FOLLOWS || got == GRAMMAR_NAMED;
    case '-':
        return got == GRAMMAR_WRONG;
    default:
        return false;
    }
}

/* Prints what does not agree, so that one run shows all of it. */
static bool check_line(struct slice rule, struct slice line, bool seen[2])
{
    struct error err;
    enum grammar_verdict got = grammar_check(&toy_model, rule, slice_sub(line, 2, line.len), &err);

    seen[line.ptr[0] == '-'] = true;
    if (agrees(line.ptr[0], got))
        return true;
    print_error("%.*s: %.*s: %s\n", SLICE_ARG(rule), SLICE_ARG(line),
                got == GRAMMAR_FOLLOWS ? "taken" : err.message);
    return false;
}

static void test_own_cases(void **state UNUSED)
{
    static char memory[PAGE_MAX];
    static bool seen[RULES_MAX][2];
    struct slice rest = { memory, 0 }, line, rule = SLICE_EMPTY;
    bool ok = true;
    FILE *file = fopen("tests/data/grammar.txt", "re");

    assert_non_null(file);
    rest.len = fread(memory, 1, sizeof memory, file);
    fclose(file);
    assert_true(rest.len < sizeof memory);
    while (slice_cut(rest, '\n', &line, &rest)) {
        if (line.len == 0 || line.ptr[0] == '#')
            continue;
        if (line.ptr[0] == '[' && line.ptr[line.len - 1] == ']')
            rule = slice_sub(line, 1, line.len - 2);
        else
            ok = check_line(rule, line, seen[find_rule(rule)]) && ok;
    }
    for (size_t i = 0; grammar_rule(i).len; i++) {
        if (!seen[i][0] || !seen[i][1])
            fail_msg("%.*s has no case that is %s", SLICE_ARG(grammar_rule(i)),
                     seen[i][0] ? "wrong" : "right");
    }
    assert_true(ok);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_own_cases) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
