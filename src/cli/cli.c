/* cli/cli.c - finds the command, reads its words and its settings, runs it, and says what failed.
 *
 * A command's name is one word or two. What is not known is answered with the nearest that is, and
 * exit code 2. Settings are loaded before the command runs, so that a wrong one stops every
 * command in the same words. At the end stdout is flushed and asked whether all went out: a disk
 * that is full makes no success.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/cli.h"

#include <errno.h>
#include <stdarg.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/text.h"
#include "cli/arguments.h"
#include "cli/control.h"
#include "cli/help.h"
#include "edm/date_time.h"
#include "model/graph_model.h"
#include "server/data.h"
#include "server/suggestion.h"
#include "store/store.h"

#define CLI_ARENA_BYTES  ((size_t)256 << 20) /* a list of every tenant must fit */
#define HELP_BYTES       65536
#define COMMAND_NAME_MAX 64

/* --- answers --------------------------------------------------------------------------------- */

static void say(const char *message)
{
    fprintf(stderr, "connectord: %s\n", message);
}

enum cli_exit cli_fail(const struct error *error)
{
    say(error->message);
    return error->code == ERROR_CONFIGURATION ? CLI_CONFIGURATION : CLI_FAILURE;
}

enum cli_exit cli_usage(const struct cli *cli, const char *format, ...)
{
    char message[600];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    say(message);
    fprintf(stderr, "See: connectord help%s%s\n", cli->command ? " " : "",
            cli->command ? cli->command->name : "");
    return CLI_USAGE;
}

enum cli_exit cli_print(const struct text *text)
{
    struct slice out = text_slice(text);

    if (text->failed) {
        say("the output is too long");
        return CLI_FAILURE;
    }
    fwrite(out.ptr, 1, out.len, stdout);
    return CLI_OK;
}

/* --- values ---------------------------------------------------------------------------------- */

bool cli_option(const struct cli *cli, const char *name, struct slice *ret_value)
{
    bool given = false;

    for (size_t i = 0; i < cli->arguments.option_count; i++) {
        const struct cli_given *option = &cli->arguments.options[i];

        if (strcmp(option->option->name, name) != 0)
            continue;
        given = true;
        if (ret_value)
            *ret_value = option->value;
    }
    return given;
}

bool cli_option_guid(const struct cli *cli, const char *name, struct uuid otherwise,
                     struct uuid *ret)
{
    struct slice value;

    if (!cli_option(cli, name, &value)) {
        *ret = otherwise;
        return true;
    }
    if (uuid_parse(value, ret))
        return true;
    cli_usage(cli, "--%s: expected a GUID, found '%.100s'", name, value.ptr);
    return false;
}

struct slice cli_variable(const struct cli *cli, enum run_variable variable)
{
    struct slice wanted = slice_of(run_variable_names[variable]), name, value;

    for (char *const *entry = cli->environment; entry && *entry; entry++) {
        if (slice_cut(slice_of(*entry), '=', &name, &value) && slice_eq(name, wanted))
            return value;
    }
    return SLICE_EMPTY;
}

void cli_append_time(struct text *out, int64_t ticks)
{
    struct edm_date_time at = { .ticks = ticks - ticks % CLOCK_TICKS_PER_SECOND };
    char formatted[EDM_DATE_TIME_TEXT_MAX];

    text_append(out, (struct slice){ formatted, edm_date_time_format(at, formatted) });
}

/* --- data ------------------------------------------------------------------------------------ */

bool cli_keys_folder(const struct cli *cli, const char **ret, struct error *err)
{
    struct data_paths paths;

    if (!data_paths_find(cli->settings, cli->arena, &paths, err))
        return false;
    if (!paths.keys)
        return error_set(err, ERROR_CONFIGURATION, SLICE("memory"),
                         "memory is set and data-dir is not: that server's keys die with it; give "
                         "both the same --data-dir");
    if (!data_make_folders(&paths, err))
        return false;
    *ret = paths.keys;
    return true;
}

bool cli_ca_file(const struct cli *cli, const char **ret, struct error *err)
{
    const struct setting *data_dir = setting_find(SLICE("data-dir"));
    struct slice path = cli_variable(cli, RUN_CA_FILE);
    struct data_paths paths;

    if (!cli_option(cli, "ca", &path) &&
        (path.len == 0 || settings_source(cli->settings, data_dir, NULL) == SETTING_FROM_FLAG)) {
        if (!data_paths_find(cli->settings, cli->arena, &paths, err))
            return false;
        if (!arena_printf(cli->arena, &path, "%s/ca.pem", paths.keys ? paths.keys : "."))
            return error_no_memory(err);
    }
    *ret = path.ptr;
    return true;
}

bool cli_key_is_missing(const struct cli *cli, const char *keys, const char *file)
{
    const struct data_paths paths = { .folder = cli->settings->data_dir.ptr, .keys = keys };
    struct slice key, store;

    return arena_printf(cli->arena, &key, "%s/%s", keys, file) &&
           arena_printf(cli->arena, &store, "%s/connectord.db", paths.folder) &&
           access(key.ptr, F_OK) != 0 && access(store.ptr, F_OK) != 0 &&
           data_check_reach(&paths, NULL);
}

void cli_say_key_was_made(const struct cli *cli)
{
    fprintf(stderr,
            "connectord: warning: made a new key in '%.*s'; a server on another folder has "
            "another one\n",
            SLICE_ARG(cli->settings->data_dir));
}

static bool check_store(const struct data_paths *paths, struct arena *arena, struct error *err)
{
    struct slice path;

    if (!arena_printf(arena, &path, "%s/connectord.db", paths->folder))
        return error_no_memory(err);
    if (access(path.ptr, F_OK) == 0)
        return true;
    if (errno == ENOENT)
        return error_set(err, ERROR_NOT_FOUND, SLICE("data-dir"),
                         "there is no data in '%s'; connectord serve makes it", paths->folder);
    return error_set(err, ERROR_CONFIGURATION, SLICE("data-dir"), "cannot use the folder '%s': %s",
                     paths->folder, strerror(errno));
}

bool cli_open_store(const struct cli *cli, bool must_exist, struct store **ret, struct error *err)
{
    int64_t now_ticks =
        CLOCK_UNIX_EPOCH_TICKS + (int64_t)clock_machine_unix_ms() * (CLOCK_TICKS_PER_SECOND / 1000);
    struct data_paths paths;

    if (!data_paths_find(cli->settings, cli->arena, &paths, err))
        return false;
    if (!paths.folder)
        return error_set(err, ERROR_CONFIGURATION, SLICE("memory"),
                         "memory is set: that server's data is out of reach of this command");
    if (!data_check_reach(&paths, err) || (must_exist && !check_store(&paths, cli->arena, err)))
        return false;
    return data_make_folders(&paths, err) &&
           data_open(&paths, &graph_model, now_ticks, NULL, ret, err);
}

/* --- finding the command --------------------------------------------------------------------- */

static const struct cli_command *find_command(struct slice name)
{
    for (size_t i = 0; i < cli_command_count; i++) {
        if (slice_eq(slice_of(cli_commands[i]->name), name))
            return cli_commands[i];
    }
    return NULL;
}

static bool is_group(struct slice word)
{
    struct slice head, tail;

    for (size_t i = 0; i < cli_command_count; i++) {
        if (slice_cut(slice_of(cli_commands[i]->name), ' ', &head, &tail) && slice_eq(head, word))
            return true;
    }
    return false;
}

/* The command that a group's name alone means; NULL: there is none. */
static const struct cli_command *find_for_group(struct slice group)
{
    struct slice head, tail;

    for (size_t i = 0; i < cli_command_count; i++) {
        if (cli_commands[i]->stands_for_group &&
            slice_cut(slice_of(cli_commands[i]->name), ' ', &head, &tail) && slice_eq(head, group))
            return cli_commands[i];
    }
    return NULL;
}

/* Some groups show and some list, which nobody keeps apart. */
static bool is_show(const char *word)
{
    return strcmp(word, "show") == 0 || strcmp(word, "list") == 0;
}

/* A command of one word or two; *ret_words is how many. NULL when there is none. */
static const struct cli_command *find_by_words(int argc, char *const *argv, int *ret_words)
{
    char both[COMMAND_NAME_MAX];
    const struct cli_command *found = NULL;

    if (argc >= 2) {
        snprintf(both, sizeof both, "%.30s %.30s", argv[0], argv[1]);
        found = find_command(slice_of(both));
        if (!found && is_show(argv[1]))
            found = find_for_group(slice_of(argv[0]));
        *ret_words = 2;
    }
    if (!found && argc >= 1) {
        found = find_command(slice_of(argv[0]));
        *ret_words = 1;
    }
    return found;
}

/* Said in other words, which no spelling is near to. */
static const struct cli_command *find_meant(struct slice typed)
{
    for (size_t i = 0; i < cli_command_count; i++) {
        for (const char *const *word = cli_commands[i]->meant_by; word && *word; word++) {
            if (slice_eq(slice_of(*word), typed))
                return cli_commands[i];
        }
    }
    return NULL;
}

static enum cli_exit unknown_command(const struct cli *cli, int argc, char *const *argv)
{
    bool group = is_group(slice_of(argv[0]));
    const struct cli_command *meant;
    struct suggestion suggestion;
    char typed[COMMAND_NAME_MAX];

    snprintf(typed, sizeof typed, "%.30s%s%.30s", argv[0], group && argc > 1 ? " " : "",
             group && argc > 1 ? argv[1] : "");
    suggestion = (struct suggestion){ .typed = slice_of(typed) };
    for (size_t i = 0; i < cli_command_count; i++) {
        struct slice name = slice_of(cli_commands[i]->name), head, tail;

        suggestion_try(&suggestion, name);
        if (slice_cut(name, ' ', &head, &tail))
            suggestion_try(&suggestion, head);
    }
    meant = find_meant(slice_of(typed));
    if (meant)
        suggestion.best = slice_of(meant->name);
    return cli_usage(cli, "there is no command '%s'%s%.*s%s", typed,
                     suggestion.best.len ? "; did you mean '" : "", SLICE_ARG(suggestion.best),
                     suggestion.best.len ? "'?" : "");
}

/* --- help ------------------------------------------------------------------------------------ */

static enum cli_exit print_help(struct cli *cli, int argc, char *const *argv)
{
    int words;
    const struct cli_command *command = find_by_words(argc, argv, &words);
    struct text text;

    text_init(&text, cli->arena, HELP_BYTES, HELP_BYTES);
    if (argc == 0)
        help_overview(&text);
    else if (command)
        help_command(&text, command);
    else if (is_group(slice_of(argv[0])))
        help_group(&text, slice_of(argv[0]));
    else
        return unknown_command(cli, argc, argv);
    return cli_print(&text);
}

/* Nothing was asked for: the same text, as talk, since a script did not mean that. */
static enum cli_exit complain_with_help(struct cli *cli, struct slice group)
{
    struct text text;

    text_init(&text, cli->arena, HELP_BYTES, HELP_BYTES);
    if (group.len)
        help_group(&text, group);
    else
        help_overview(&text);
    fwrite(text.ptr, 1, text.len, stderr);
    return CLI_USAGE;
}

static bool is_help(const char *word)
{
    return strcmp(word, "help") == 0 || strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

/* --- running --------------------------------------------------------------------------------- */

static enum cli_exit run(struct cli *cli, int argc, char *const *argv)
{
    const struct cli_command *command = cli->command;
    struct error error = { 0 };

    if (!arguments_read(command, argc, argv, &cli->arguments, &error))
        return cli_usage(cli, "%s", error.message);
    if (cli->arguments.help) {
        struct text text;

        text_init(&text, cli->arena, HELP_BYTES, HELP_BYTES);
        help_command(&text, command);
        return cli_print(&text);
    }
    if (command->settings || command->all_settings) {
        const struct settings_input input = { .defaults = command->defaults,
                                              .default_count = command->default_count,
                                              .flags = cli->arguments.flags,
                                              .flag_count = cli->arguments.flag_count,
                                              .environment = cli->environment };

        if (!settings_load(&input, cli->arena, &cli->settings, &error))
            return error.code == ERROR_BAD_REQUEST ? cli_usage(cli, "%s", error.message)
                                                   : cli_fail(&error);
    }
    if (command->folder_alone && control_is_meant(cli))
        return cli_usage(cli,
                         "%s names a server whose %s this command cannot reach; unset it, or give "
                         "the folder by --data-dir",
                         run_variable_names[cli_variable(cli, RUN_URL).len ? RUN_URL : RUN_URL_TLS],
                         command->folder_alone);
    return command->run(cli);
}

/* `argv` is behind the program's name. */
static enum cli_exit run_words(struct cli *cli, int argc, char *const *argv)
{
    int words;

    if (argc == 0)
        return complain_with_help(cli, SLICE_EMPTY);
    if (is_help(argv[0]))
        return print_help(cli, argc - 1, argv + 1);
    if (strcmp(argv[0], "--version") == 0)
        cli->command = find_command(SLICE("version"));
    else
        cli->command = find_by_words(argc, argv, &words);
    if (cli->command)
        return strcmp(argv[0], "--version") == 0 ? run(cli, 0, NULL)
                                                 : run(cli, argc - words, argv + words);
    if (argc > 1 && is_group(slice_of(argv[0])) && is_help(argv[1]))
        return print_help(cli, 1, argv);
    if (argc == 1 || argv[1][0] == '-')
        cli->command = find_for_group(slice_of(argv[0]));
    if (cli->command)
        return run(cli, argc - 1, argv + 1);
    if (argc == 1 && is_group(slice_of(argv[0])))
        return complain_with_help(cli, slice_of(argv[0]));
    return unknown_command(cli, argc, argv);
}

int cli_main(int argc, char *const *argv, char *const *environment)
{
    struct cli cli = { .program = argc > 0 ? argv[0] : "connectord",
                       .environment = environment,
                       .arena = arena_create(NULL, CLI_ARENA_BYTES) };
    enum cli_exit code = CLI_FAILURE;

    if (!cli.arena)
        say("no memory");
    else
        code = run_words(&cli, argc > 0 ? argc - 1 : 0, argv + 1);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "connectord: cannot write to stdout: %s\n", strerror(errno));
        code = code == CLI_OK ? CLI_FAILURE : code;
    }
    arena_destroy(cli.arena);
    return (int)code;
}
