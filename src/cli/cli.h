/* cli/cli.h - the frame of the command line: commands as rows, and what each is handed.
 *
 * A command is one row of a table: its name, help, options, the settings it takes as flags, and a
 * function. Parsing, help, suggestions and exit codes are made from the rows in one place.
 *
 * Data goes to stdout, talk to stderr.
 * Must not know: sockets, SQL.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"
#include "base/uuid.h"
#include "server/settings.h"

struct arena;
struct cli;
struct store;
struct text;

enum cli_exit { CLI_OK = 0, CLI_FAILURE = 1, CLI_USAGE = 2, CLI_CONFIGURATION = 78 };

struct cli_option {
    const char *name;       /* without the dashes */
    const char *value_name; /* NULL: takes no value */
    const char *doc;
};

/* As `operands_max`: the first operand and all words behind it belong to another program. */
#define CLI_EVERY_WORD SIZE_MAX

struct cli_command {
    const char *name; /* "token", "tenant add" */
    const char *summary;
    const char *operands; /* as in usage, "GUID on|off"; NULL: none */
    size_t operands_min, operands_max;
    const char *const *examples; /* NULL-terminated; behind the program's name */
    const struct cli_option *options;
    size_t option_count;
    const char *const *settings; /* NULL-terminated names; NULL: none */
    bool all_settings;
    bool stands_for_group;       /* "clock show": meant by "clock" alone as well */
    const char *const *meant_by; /* other words for it, to suggest it; may be NULL */
    const char *folder_alone; /* what it works on, "registry", which no server hands out; or NULL */
    const struct setting_default *defaults; /* in place of the settings' own */
    size_t default_count;
    const char *notes; /* paragraphs behind the options; may be NULL */
    enum cli_exit (*run)(struct cli *cli);
};

/* In the order in which they are shown. */
extern const struct cli_command *const cli_commands[];
extern const size_t cli_command_count;

struct cli_given {
    const struct cli_option *option;
    struct slice value; /* ends in NUL */
};

#define CLI_GIVEN_MAX 256

/* What stands on the command line behind the command's name. */
struct cli_arguments {
    struct cli_given options[CLI_GIVEN_MAX];
    size_t option_count;
    struct setting_flag flags[CLI_GIVEN_MAX];
    size_t flag_count;
    struct slice operands[CLI_GIVEN_MAX];
    size_t operand_count;
    char *const *words; /* with CLI_EVERY_WORD: the operands, in place of the above; else NULL */
    bool help;          /* -h or --help: nothing else counts */
};

struct cli {
    const char *program; /* as it was called, "build/connectord" */
    char *const *environment;
    struct arena *arena;
    const struct cli_command *command;
    struct cli_arguments arguments;
    struct settings *settings; /* NULL for a command that takes none */
};

/* The whole program. `environment` as environ(7). */
int cli_main(int argc, char *const *argv, char *const *environment);

/* True when the option was given; *ret_value (may be NULL) is the last value. */
bool cli_option(const struct cli *cli, const char *name, struct slice *ret_value);

/* --- answers --------------------------------------------------------------------------------- */

/* Each says on stderr what is wrong and returns the exit code for it. */
enum cli_exit cli_fail(const struct error *error);
enum cli_exit cli_usage(const struct cli *cli, const char *format, ...) PRINTF_LIKE(2, 3);

/* Writes `text` to stdout; what did not fit its memory is an error. */
enum cli_exit cli_print(const struct text *text);

/* --- values ---------------------------------------------------------------------------------- */

/* The option as a GUID, `otherwise` when it was not given; false when it is none (and that was
 * said). */
bool cli_option_guid(const struct cli *cli, const char *name, struct uuid otherwise,
                     struct uuid *ret) MUST_CHECK;

/* What connectord run tells its commands; empty when this is none of them. Ends in NUL. */
struct slice cli_variable(const struct cli *cli, enum run_variable variable);

/* "2026-07-31T12:00:00Z" appended. */
void cli_append_time(struct text *out, int64_t ticks);

/* --- data ------------------------------------------------------------------------------------ */

/* The folder's keys. Error: ERROR_CONFIGURATION when the settings say that there is none. */
bool cli_keys_folder(const struct cli *cli, const char **ret, struct error *err) MUST_CHECK;

/* The CA to verify a server with: of --ca, else of connectord run unless --data-dir names a folder,
 * else the data folder's. Error: as cli_keys_folder(), but it makes nothing. */
bool cli_ca_file(const struct cli *cli, const char **ret, struct error *err) MUST_CHECK;

/* Whether `file` is missing there and no server makes it, which takes a while; and what to say when
 * it was made, since a folder whose name was mistyped gets a key that no server has. */
bool cli_key_is_missing(const struct cli *cli, const char *keys, const char *file);
void cli_say_key_was_made(const struct cli *cli);

/* Opens the data folder's store, beside a server that may be running. `must_exist`: a folder
 * without one is an error, so that a mistyped path makes no new one. */
bool cli_open_store(const struct cli *cli, bool must_exist, struct store **ret,
                    struct error *err) MUST_CHECK;

#endif
