/* cli/arguments.c - one pass over the words, each looked up in the command's row.
 *
 * A word that could be an option's value is taken as one whatever it begins with, so that
 * "--ttl -60" means what it says. Only "--" is none: before another program's words it would vanish
 * in "run --deterministic -- test", and what was forgotten would be made up.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/arguments.h"

#include "server/suggestion.h"

struct reading {
    const struct cli_command *command;
    char *const *words;
    int left;
    struct cli_arguments *arguments;
    struct error *err;
};

bool arguments_take_setting(const struct cli_command *command, const struct setting *setting)
{
    if (command->all_settings)
        return true;
    for (const char *const *name = command->settings; name && *name; name++) {
        if (slice_eq(slice_of(*name), slice_of(setting->name)))
            return true;
    }
    return false;
}

static const struct cli_option *find_option(const struct cli_command *command, struct slice name)
{
    for (size_t i = 0; i < command->option_count; i++) {
        if (slice_eq(slice_of(command->options[i].name), name))
            return &command->options[i];
    }
    return NULL;
}

static COLD bool unknown_flag(struct reading *reading, struct slice name)
{
    const struct cli_command *command = reading->command;
    struct suggestion suggestion = { .typed = name };

    for (size_t i = 0; i < command->option_count; i++)
        suggestion_try(&suggestion, slice_of(command->options[i].name));
    for (size_t i = 0; i < settings_table_count; i++) {
        if (arguments_take_setting(command, &settings_table[i]))
            suggestion_try(&suggestion, slice_of(settings_table[i].name));
    }
    suggestion_try(&suggestion, SLICE("help"));
    return error_set(reading->err, ERROR_BAD_REQUEST, name, "there is no flag '--%.*s'%s%.*s%s",
                     SLICE_ARG(slice_sub(name, 0, 100)),
                     suggestion.best.len ? "; did you mean '--" : "", SLICE_ARG(suggestion.best),
                     suggestion.best.len ? "'?" : "");
}

static bool full(struct reading *reading)
{
    const struct cli_arguments *arguments = reading->arguments;

    if (arguments->option_count + arguments->flag_count + arguments->operand_count < CLI_GIVEN_MAX)
        return false;
    error_set(reading->err, ERROR_BAD_REQUEST, SLICE_EMPTY, "expected at most %d arguments",
              CLI_GIVEN_MAX);
    return true;
}

/* The value behind '=', else the next word. */
static bool take_value(struct reading *reading, struct slice name, const char *value_name,
                       const char *attached, struct slice *ret)
{
    if (attached) {
        *ret = slice_of(attached);
        return true;
    }
    if (reading->left == 0 || strcmp(*reading->words, "--") == 0)
        return error_set(reading->err, ERROR_BAD_REQUEST, name,
                         "--%.*s: expected a value: --%.*s %s", SLICE_ARG(name), SLICE_ARG(name),
                         value_name);
    *ret = slice_of(*reading->words++);
    reading->left--;
    return true;
}

static bool take_setting(struct reading *reading, const struct setting *setting,
                         const char *attached)
{
    struct slice name = slice_of(setting->name), value;

    if (setting->bare && !attached)
        value = slice_of(setting->bare);
    else if (!take_value(reading, name, setting->value_name ? setting->value_name : "VALUE",
                         attached, &value))
        return false;
    reading->arguments->flags[reading->arguments->flag_count++] =
        (struct setting_flag){ .setting = setting, .value = value };
    return true;
}

static bool take_option(struct reading *reading, const struct cli_option *option,
                        const char *attached)
{
    struct slice name = slice_of(option->name), value = SLICE_EMPTY;

    if (!option->value_name && attached)
        return error_set(reading->err, ERROR_BAD_REQUEST, name, "--%s takes no value",
                         option->name);
    if (option->value_name && !take_value(reading, name, option->value_name, attached, &value))
        return false;
    reading->arguments->options[reading->arguments->option_count++] =
        (struct cli_given){ .option = option, .value = value };
    return true;
}

/* `word` is behind the dashes. */
static bool take_flag(struct reading *reading, const char *word)
{
    const char *equals = strchr(word, '=');
    struct slice name = slice_sub(slice_of(word), 0, equals ? (size_t)(equals - word) : SIZE_MAX);
    const char *attached = equals ? equals + 1 : NULL;
    const struct cli_option *option = find_option(reading->command, name);
    const struct setting *setting = setting_find(name);

    if (slice_eq(name, SLICE("help"))) {
        reading->arguments->help = true;
        return true;
    }
    if (option)
        return take_option(reading, option, attached);
    if (setting && arguments_take_setting(reading->command, setting))
        return take_setting(reading, setting, attached);
    return unknown_flag(reading, name);
}

static bool take_operand(struct reading *reading, const char *word)
{
    const struct cli_command *command = reading->command;

    if (reading->arguments->operand_count == command->operands_max)
        return error_set(reading->err, ERROR_BAD_REQUEST, SLICE_EMPTY, "'%.100s' is one %s", word,
                         command->operands_max ? "argument too many"
                                               : "this command has no use for");
    reading->arguments->operands[reading->arguments->operand_count++] = slice_of(word);
    return true;
}

/* No flag begins with a digit: "-5d" is a duration, and a number may be negative. */
static bool is_operand(const char *word)
{
    return word[0] != '-' || word[1] == 0 || (word[1] >= '0' && word[1] <= '9');
}

/* True when the words from here on are another program's. */
static bool ends_ours(const struct cli_command *command, const char *word, bool options_end)
{
    return command->operands_max == CLI_EVERY_WORD &&
           (options_end || word[0] != '-' || word[1] == 0);
}

static bool lacks_operands(const struct cli_command *command, const struct cli_arguments *arguments)
{
    return command->operands_max == CLI_EVERY_WORD
               ? !arguments->words
               : arguments->operand_count < command->operands_min;
}

bool arguments_read(const struct cli_command *command, int argc, char *const *argv,
                    struct cli_arguments *ret, struct error *err)
{
    struct reading reading = {
        .command = command, .words = argv, .left = argc, .arguments = ret, .err = err
    };
    bool options_end = false;

    while (reading.left > 0) {
        const char *word = *reading.words;

        if (ends_ours(command, word, options_end)) {
            ret->words = reading.words;
            break;
        }
        reading.words++;
        reading.left--;
        if (full(&reading))
            return false;
        if (options_end || is_operand(word)) {
            if (!take_operand(&reading, word))
                return false;
        } else if (strcmp(word, "--") == 0) {
            options_end = true;
        } else if (strcmp(word, "-h") == 0) {
            ret->help = true;
        } else if (word[1] != '-') {
            return error_set(err, ERROR_BAD_REQUEST, SLICE_EMPTY,
                             "there is no flag '%.100s'; flags are written --name", word);
        } else if (!take_flag(&reading, word + 2)) {
            return false;
        }
    }
    if (!ret->help && lacks_operands(command, ret))
        return error_set(err, ERROR_BAD_REQUEST, SLICE_EMPTY, "expected %s", command->operands);
    return true;
}
