/* cli/arguments_test.c - how words become options, settings and operands.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "cli/arguments.h"
#include "cli/commands.h"

#define WORDS_MAX 8

static const struct cli_option options[] = {
    { "ttl", "SECONDS", "." },
    { "json", NULL, "." },
};
static const char *const settings[] = { "data-dir", "memory", NULL };
static const struct cli_command command = {
    .name = "test",
    .operands = "FILE",
    .operands_min = 1,
    .operands_max = 2,
    .options = options,
    .option_count = COUNT_OF(options),
    .settings = settings,
};

static void test_words(void **state UNUSED)
{
    static char *words[] = { "--ttl",     "-60",        "first",      "--json", "--memory",
                             "--ttl=5=6", "--data-dir", "--odd-name", "--",     "--second" };
    struct cli_arguments arguments = { 0 };
    struct error error;

    if (!arguments_read(&command, COUNT_OF(words), words, &arguments, &error))
        fail_msg("%s", error.message);
    assert_int_equal(arguments.option_count, 3);
    assert_true(slice_eq(arguments.options[0].value, SLICE("-60")));
    assert_ptr_equal(arguments.options[1].option, &options[1]);
    assert_true(slice_eq(arguments.options[2].value, SLICE("5=6")));
    assert_int_equal(arguments.flag_count, 2);
    assert_true(slice_eq(arguments.flags[0].value, SLICE("on"))); /* the next word is its own */
    assert_true(slice_eq(arguments.flags[1].value, SLICE("--odd-name")));
    assert_int_equal(arguments.operand_count, 2);
    assert_true(slice_eq(arguments.operands[0], SLICE("first")));
    assert_true(slice_eq(arguments.operands[1], SLICE("--second")));
}

/* What is no flag although it begins with a dash. */
static void test_operands(void **state UNUSED)
{
    static char *words[] = { "-5d", "-", "--json" };
    struct cli_arguments arguments = { 0 };
    struct error error;

    assert_true(arguments_read(&command, COUNT_OF(words), words, &arguments, &error));
    assert_int_equal(arguments.operand_count, 2);
    assert_true(slice_eq(arguments.operands[0], SLICE("-5d")));
    assert_true(slice_eq(arguments.operands[1], SLICE("-")));
    assert_int_equal(arguments.option_count, 1);
}

static const struct cli_command runner = {
    .name = "runner",
    .operands = "COMMAND",
    .operands_min = 1,
    .operands_max = CLI_EVERY_WORD,
    .options = options,
    .option_count = COUNT_OF(options),
};

/* Which word is the first of another program's; -1: refused. */
static const struct {
    char *words[WORDS_MAX];
    int first;
} programs[] = {
    { { "node", "--ttl", "x" }, 0 },     { { "--json", "node", "--", "-h" }, 1 },
    { { "--json", "--", "--node" }, 2 }, { { "--ttl=--", "-" }, 1 }, /* a value, then an operand */
    { { "--ttl", "--", "node" }, -1 },   { { NULL }, -1 },
    { { "--json", "--" }, -1 },
};

static void test_words_of_another_program(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(programs); i++) {
        struct cli_arguments arguments = { 0 };
        struct error error = { 0 };
        int count = 0;

        while (programs[i].words[count])
            count++;
        bool ok = arguments_read(&runner, count, programs[i].words, &arguments, &error);
        CHECK(ok == (programs[i].first >= 0), i);
        CHECK(!ok || arguments.words == programs[i].words + programs[i].first, i);
        CHECK(arguments.operand_count == 0 && !arguments.help, i);
    }
}

static const struct {
    char *words[WORDS_MAX];
    const char *message; /* part of it */
} refusals[] = {
    { { NULL }, "expected FILE" },
    { { "a", "b", "c" }, "'c' is one argument too many" },
    { { "a", "--ttl" }, "--ttl: expected a value: --ttl SECONDS" },
    { { "a", "--ttl", "--", "b" }, "--ttl: expected a value: --ttl SECONDS" },
    { { "a", "--data-dir", "--" }, "--data-dir: expected a value" },
    { { "a", "--json=x" }, "--json takes no value" },
    { { "a", "--tll", "1" }, "there is no flag '--tll'; did you mean '--ttl'?" },
    { { "a", "--data-dri", "x" }, "did you mean '--data-dir'?" },
    { { "a", "--zzzzzz" }, "there is no flag '--zzzzzz'" },
    { { "a", "--listen", "x" }, "there is no flag '--listen'" }, /* a setting of other commands */
    { { "a", "-x" }, "there is no flag '-x'; flags are written --name" },
};

static void test_refusals(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(refusals); i++) {
        struct cli_arguments arguments = { 0 };
        struct error error = { 0 };
        int count = 0;

        while (refusals[i].words[count])
            count++;
        CHECK(!arguments_read(&command, count, refusals[i].words, &arguments, &error), i);
        CHECK(error.code == ERROR_BAD_REQUEST, i);
        if (!strstr(error.message, refusals[i].message))
            fail_msg("case %zu: %s", i, error.message);
    }
}

static void test_help_needs_nothing_else(void **state UNUSED)
{
    static char *words[] = { "--help" };
    struct cli_arguments arguments = { 0 };

    assert_true(arguments_read(&command, 1, words, &arguments, NULL));
    assert_true(arguments.help);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_operands),
        cmocka_unit_test(test_words_of_another_program),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_help_needs_nothing_else),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
