/* cli/help.c - lays out help: examples first, then usage, options, settings.
 *
 * Two columns: names on the left, explanations wrapped on the right. A name too long for its column
 * pushes the explanation to the next line.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/help.h"

#include "base/text.h"
#include "cli/arguments.h"

#define INDENT     2
#define LEFT_WIDTH 34
#define PROGRAM    "connectord"

static void pad(struct text *out, size_t columns)
{
    while (columns-- > 0)
        text_append_char(out, ' ');
}

/* `words` in lines that begin at `column`; the cursor stands at `at`. */
static void wrap(struct text *out, struct slice words, size_t column, size_t at)
{
    bool first = true;

    while (words.len) {
        size_t len = slice_index(words, ' ');

        if (!first && at + 1 + len > HELP_COLUMNS) {
            text_append_char(out, '\n');
            pad(out, column);
            at = column;
        } else if (!first) {
            text_append_char(out, ' ');
            at++;
        }
        text_append(out, slice_sub(words, 0, len));
        at += len;
        first = false;
        words = len < words.len ? slice_sub(words, len + 1, words.len) : SLICE_EMPTY;
    }
    text_append_char(out, '\n');
}

static void row(struct text *out, struct slice left, struct slice right)
{
    size_t column = INDENT + LEFT_WIDTH;

    pad(out, INDENT);
    text_append(out, left);
    if (left.len + 1 > LEFT_WIDTH) {
        text_append_char(out, '\n');
        pad(out, column);
    } else {
        pad(out, LEFT_WIDTH - left.len);
    }
    wrap(out, right, column, column);
}

/* --- settings -------------------------------------------------------------------------------- */

static void append_choices(struct text *out, const struct setting *setting)
{
    for (unsigned i = 0; setting->choices[i]; i++)
        text_printf(out, "%s%s", i ? "|" : "", setting->choices[i]);
}

/* "--tls-name NAME", "--hsts off|on|auto", "--no-auth[=off|on|any]". */
static void append_flag(struct text *out, const struct setting *setting)
{
    text_printf(out, "--%s", setting->name);
    if (setting->bare)
        text_printf(out, "[=");
    else
        text_append_char(out, ' ');
    if (setting->choices)
        append_choices(out, setting);
    else
        text_append(out, slice_of(setting->value_name));
    if (setting->bare)
        text_append_char(out, ']');
}

/* In words, the command's own before the table's. */
static const char *default_of(const struct cli_command *command, const struct setting *setting)
{
    for (size_t i = 0; i < command->default_count; i++) {
        const struct setting_default *own = &command->defaults[i];

        if (strcmp(own->name, setting->name) == 0)
            return own->doc ? own->doc : own->text;
    }
    return setting->default_doc ? setting->default_doc : setting->default_text;
}

static void append_setting(struct text *out, const struct cli_command *command,
                           const struct setting *setting)
{
    const char *fallback = default_of(command, setting);
    char left_memory[128], right_memory[512];
    struct text left, right;

    text_init_fixed(&left, left_memory, sizeof left_memory);
    text_init_fixed(&right, right_memory, sizeof right_memory);
    append_flag(&left, setting);
    text_printf(&right, "%s%s", setting->doc, setting->repeatable ? " Repeatable." : "");
    if (fallback)
        text_printf(&right, " [%s%s%s]", fallback, setting->unit ? " " : "",
                    setting->unit ? setting->unit : "");
    row(out, text_slice(&left), text_slice(&right));
}

/* A command that takes all of them gets a heading for each group, another one heading in all. */
static void append_settings(struct text *out, const struct cli_command *command)
{
    int headed = -1;

    for (size_t i = 0; i < settings_table_count; i++) {
        const struct setting *setting = &settings_table[i];

        if (!arguments_take_setting(command, setting))
            continue;
        if (command->all_settings && headed != (int)setting->group)
            text_printf(out, "\n%s\n", setting_group_text(setting->group));
        else if (headed < 0)
            text_append(out, SLICE("\nSettings\n"));
        headed = (int)setting->group;
        append_setting(out, command, setting);
    }
}

static void append_settings_note(struct text *out)
{
    text_append_char(out, '\n');
    wrap(out,
         SLICE("Defaults stand in brackets. Every setting can also be a variable (--data-dir is "
               "CONNECTORD_DATA_DIR; values of a repeatable one are separated by commas) or a line "
               "of the file that --config names (data-dir = ...). A flag outranks the environment, "
               "the environment outranks the file."),
         0, 0);
}

/* "token", "clock [show]". */
static void append_name(struct text *out, const struct cli_command *command)
{
    struct slice group, name;

    if (command->stands_for_group && slice_cut(slice_of(command->name), ' ', &group, &name))
        text_printf(out, "%.*s [%.*s]", SLICE_ARG(group), SLICE_ARG(name));
    else
        text_append(out, slice_of(command->name));
}

/* --- a command ------------------------------------------------------------------------------- */

static void append_examples(struct text *out, const struct cli_command *command)
{
    text_append(out, SLICE("\nExamples\n"));
    for (const char *const *example = command->examples; *example; example++) {
        pad(out, INDENT);
        text_printf(out, "%s\n", *example);
    }
}

static void append_usage(struct text *out, const struct cli_command *command)
{
    bool any = command->option_count > 0 || command->settings || command->all_settings;

    text_append(out, SLICE("\nUsage\n  " PROGRAM " "));
    append_name(out, command);
    text_printf(out, "%s%s%s\n", any ? " [options]" : "", command->operands ? " " : "",
                command->operands ? command->operands : "");
}

static void append_options(struct text *out, const struct cli_command *command)
{
    text_append(out, SLICE("\nOptions\n"));
    for (size_t i = 0; i < command->option_count; i++) {
        const struct cli_option *option = &command->options[i];
        char left_memory[128];
        struct text left;

        text_init_fixed(&left, left_memory, sizeof left_memory);
        text_printf(&left, "--%s%s%s", option->name, option->value_name ? " " : "",
                    option->value_name ? option->value_name : "");
        row(out, text_slice(&left), slice_of(option->doc));
    }
    row(out, SLICE("-h, --help"), SLICE("Print this help."));
}

void help_command(struct text *out, const struct cli_command *command)
{
    text_printf(out, "%s %s - %s\n", PROGRAM, command->name, command->summary);
    append_examples(out, command);
    append_usage(out, command);
    append_options(out, command);
    append_settings(out, command);
    if (command->all_settings)
        append_settings_note(out);
    if (command->notes) {
        text_append_char(out, '\n');
        wrap(out, slice_of(command->notes), 0, 0);
    }
}

/* --- lists of commands ----------------------------------------------------------------------- */

static bool in_group(const struct cli_command *command, struct slice group)
{
    struct slice head, tail;

    return slice_cut(slice_of(command->name), ' ', &head, &tail) && slice_eq(head, group);
}

static void append_command(struct text *out, const struct cli_command *command)
{
    char left_memory[128];
    struct text left;

    text_init_fixed(&left, left_memory, sizeof left_memory);
    append_name(&left, command);
    text_printf(&left, "%s%s", command->operands ? " " : "",
                command->operands ? command->operands : "");
    row(out, text_slice(&left), slice_of(command->summary));
}

void help_group(struct text *out, struct slice group)
{
    text_printf(out, "%s %.*s - one of these\n\nCommands\n", PROGRAM, SLICE_ARG(group));
    for (size_t i = 0; i < cli_command_count; i++) {
        if (in_group(cli_commands[i], group))
            append_command(out, cli_commands[i]);
    }
    text_printf(out, "\n%s help %.*s COMMAND says more.\n", PROGRAM, SLICE_ARG(group));
}

void help_overview(struct text *out)
{
    text_append(out, SLICE(PROGRAM " - a server that speaks the Microsoft Graph API for Intune's "
                                   "on-premises connectors\n"
                                   "\nExamples\n"
                                   "  " PROGRAM " serve --seed demo    # on 127.0.0.1:8080 and "
                                   ":8443, with demo data\n"
                                   "  TOKEN=$(" PROGRAM " token)       # for the header "
                                   "\"Authorization: Bearer $TOKEN\"\n"
                                   "\nCommands\n"));
    for (size_t i = 0; i < cli_command_count; i++)
        append_command(out, cli_commands[i]);
    text_append(out, SLICE("\n" PROGRAM " help COMMAND, or COMMAND --help, says more; so does "
                           "man connectord.\n"
                           "Exit codes: 0 ok, 1 failure, 2 usage, 78 bad configuration.\n"
                           "Not affiliated with Microsoft.\n"));
}
