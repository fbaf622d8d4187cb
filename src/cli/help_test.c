/* cli/help_test.c - every text that the program can print of itself fits a terminal, and the rows
 * of the commands hold together.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "base/text.h"
#include "cli/arguments.h"
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
    for (size_t i = 0; i < cli_command_count; i++) {
        struct slice group, name;

        if (!slice_cut(slice_of(cli_commands[i]->name), ' ', &group, &name))
            continue;
        text_init_fixed(&text, memory, sizeof memory);
        help_group(&text, group);
        check_columns(&text, cli_commands[i]->name);
    }
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

static bool hides_setting(const struct cli_command *row, const char *option)
{
    const struct setting *setting = setting_find(slice_of(option));

    return setting && arguments_take_setting(row, setting);
}

/* Needs no operand, and is the only one of its group. */
static bool stands_alone(const struct cli_command *row)
{
    struct slice group, head, name;
    size_t count = 0;

    if (!slice_cut(slice_of(row->name), ' ', &group, &name))
        return false;
    for (size_t i = 0; i < cli_command_count; i++) {
        if (cli_commands[i]->stands_for_group &&
            slice_cut(slice_of(cli_commands[i]->name), ' ', &head, &name))
            count += slice_eq(head, group);
    }
    return count == 1 && row->operands_min == 0;
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
            CHECK(!hides_setting(row, row->options[k].name), i);
        for (size_t k = 0; k < i; k++)
            CHECK(strcmp(cli_commands[k]->name, row->name) != 0, i);
        CHECK(!row->stands_for_group || stands_alone(row), i);
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

/* What is in `text` from the first `wanted` on; empty when it is nowhere. */
static struct slice from(struct slice text, const char *wanted)
{
    const char *at = memmem(text.ptr, text.len, wanted, strlen(wanted));

    return at ? slice_sub(text, (size_t)(at - text.ptr), text.len) : SLICE_EMPTY;
}

/* The manual names every setting with its default. Tests run at the top of the repository. */
static void test_manual(void **state UNUSED)
{
    FILE *file = fopen("docs/man/connectord.1", "re");
    char wanted[400];

    assert_non_null(file);
    struct slice manual = { memory, fread(memory, 1, sizeof memory, file) };
    fclose(file);
    for (size_t i = 0; i < settings_table_count; i++) {
        const struct setting *row = &settings_table[i];

        snprintf(wanted, sizeof wanted, "\n.It Fl -%s ", row->name);
        struct slice item = from(manual, wanted);
        CHECK(item.len, i);
        item.len -= from(slice_sub(item, 1, item.len), "\n.It ").len;
        if (row->default_doc) /* prose there may be marked up, or broken into lines */
            continue;
        snprintf(wanted, sizeof wanted, "efault: %s%s%s", row->default_text, row->unit ? " " : "",
                 row->unit ? row->unit : "");
        CHECK(from(item, wanted).len, i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns), cmocka_unit_test(test_examples_first),
        cmocka_unit_test(test_rows),    cmocka_unit_test(test_serve_names_all),
        cmocka_unit_test(test_manual),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
