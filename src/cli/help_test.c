/* cli/help_test.c - every text that the program can print of itself fits a terminal, and the rows
 * of the commands hold together.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "base/text.h"
#include "cli/commands.h"
#include "cli/help.h"

static char memory[65536];

static void check_columns(const struct text *text, const char *name)
{
    struct slice line, rest = text_slice(text);

    assert_false(text->failed);
    assert_true(slice_is_utf8(rest));
    while (slice_cut(rest, '\n', &line, &rest)) {
        if (line.len > HELP_COLUMNS)
            fail_msg("help of %s: %.*s", name, SLICE_ARG(line));
        if (line.len && line.ptr[line.len - 1] == ' ')
            fail_msg("help of %s: blank at the end of: %.*s", name, SLICE_ARG(line));
    }
    assert_int_equal(rest.len, 0); /* ends in a line break */
}

static void test_columns(void **state UNUSED)
{
    struct text text;

    for (size_t i = 0; i < cli_command_count; i++) {
        text_init_fixed(&text, memory, sizeof memory);
        help_command(&text, cli_commands[i]);
        check_columns(&text, cli_commands[i]->name);
    }
    text_init_fixed(&text, memory, sizeof memory);
    help_overview(&text);
    check_columns(&text, "all");
    text_init_fixed(&text, memory, sizeof memory);
    help_group(&text, SLICE("tenant"));
    check_columns(&text, "tenant");
}

/* Examples before usage, and each begins with the program or a variable. */
static void test_examples_first(void **state UNUSED)
{
    for (size_t i = 0; i < cli_command_count; i++) {
        struct text text;

        CHECK(cli_commands[i]->examples && cli_commands[i]->examples[0], i);
        text_init_fixed(&text, memory, sizeof memory);
        help_command(&text, cli_commands[i]);
        text_append_char(&text, 0);
        CHECK(strstr(memory, "\nExamples\n") < strstr(memory, "\nUsage\n"), i);
    }
}

static void test_rows(void **state UNUSED)
{
    for (size_t i = 0; i < cli_command_count; i++) {
        const struct cli_command *row = cli_commands[i];

        CHECK(row->run, i);
        CHECK(row->summary[strlen(row->summary) - 1] == '.', i);
        CHECK((row->operands_max > 0) == (row->operands != NULL), i);
        CHECK(row->operands_min <= row->operands_max, i);
        for (const char *const *name = row->settings; name && *name; name++)
            CHECK(setting_find(slice_of(*name)), i);
        for (size_t k = 0; k < row->option_count; k++) /* an option hides no setting */
            CHECK(!setting_find(slice_of(row->options[k].name)), i);
        for (size_t k = 0; k < i; k++)
            CHECK(strcmp(cli_commands[k]->name, row->name) != 0, i);
    }
}

/* serve names every setting. */
static void test_serve_names_all(void **state UNUSED)
{
    struct text text;

    text_init_fixed(&text, memory, sizeof memory);
    help_command(&text, &command_serve);
    text_append_char(&text, 0);
    for (size_t i = 0; i < settings_table_count; i++) {
        char flag[80];

        snprintf(flag, sizeof flag, "  --%s", settings_table[i].name);
        CHECK(strstr(memory, flag), i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_examples_first),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_serve_names_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
