/* cli/sandbox.c - connectord sandbox and reset: a tenant for one test, and a tenant as it began.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/arena.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/control.h"
#include "json/writer.h"

#define KEEP_BYTES 4096

/* --- reset ----------------------------------------------------------------------------------- */

/* The words of a list with commas; what is empty is left out. */
static void write_words(struct json_writer *writer, struct slice list)
{
    struct slice word, rest = list;

    while (rest.len) {
        if (!slice_cut(rest, ',', &word, &rest)) {
            word = rest;
            rest = SLICE_EMPTY;
        }
        word = slice_trim(word);
        if (word.len)
            json_writer_string(writer, word);
    }
}

/* --keep may be given several times, each with several words. */
static enum cli_exit run_reset(struct cli *cli)
{
    struct json_writer writer;
    struct text body;

    text_init(&body, cli->arena, 0, KEEP_BYTES);
    json_writer_init(&writer, &body);
    json_writer_object_begin(&writer);
    json_writer_plain_name(&writer, SLICE("keep"));
    json_writer_array_begin(&writer);
    for (size_t i = 0; i < cli->arguments.option_count; i++) {
        const struct cli_given *given = &cli->arguments.options[i];

        if (strcmp(given->option->name, "keep") == 0)
            write_words(&writer, given->value);
    }
    json_writer_array_end(&writer);
    json_writer_object_end(&writer);
    if (body.failed)
        return cli_usage(cli, "--keep: that is too long");
    if (!cli_option(cli, "keep", NULL))
        return control_print(cli, "POST", SLICE("/reset"), SLICE("{}"));
    return control_print(cli, "POST", SLICE("/reset"), text_slice(&body));
}

/* --- add ------------------------------------------------------------------------------------- */

static void write_text(const struct cli *cli, struct json_writer *writer, const char *name)
{
    struct slice value;

    if (!cli_option(cli, name, &value))
        return;
    json_writer_plain_name(writer, slice_of(name));
    json_writer_string(writer, value);
}

/* An option that names a file is the member that the file holds. */
static bool write_file(const struct cli *cli, struct json_writer *writer, const char *name,
                       struct error *err)
{
    struct slice file, json;

    if (!cli_option(cli, name, &file))
        return true;
    if (!control_read_json(cli, file, &json, err))
        return false;
    json_writer_plain_name(writer, slice_of(name));
    json_writer_raw(writer, json);
    return true;
}

static bool write_seed(const struct cli *cli, struct json_writer *writer, struct error *err)
{
    struct slice seed;

    if (!cli_option(cli, "seed", &seed) || !slice_eq(seed, SLICE("demo")))
        return write_file(cli, writer, "seed", err);
    json_writer_plain_name(writer, SLICE("seed"));
    json_writer_plain_string(writer, seed);
    return true;
}

static enum cli_exit run_add(struct cli *cli)
{
    struct error error = { .code = ERROR_NONE };
    struct json_writer writer;
    struct text body;

    text_init(&body, cli->arena, 0, CONTROL_BODY_BYTES_MAX);
    json_writer_init(&writer, &body);
    json_writer_object_begin(&writer);
    write_text(cli, &writer, "lifetime");
    write_text(cli, &writer, "name");
    if (!write_seed(cli, &writer, &error) || !write_file(cli, &writer, "policy", &error))
        return cli_fail(&error);
    json_writer_object_end(&writer);
    if (body.failed) {
        error_set(&error, ERROR_TOO_LARGE, SLICE_EMPTY, "the files are too large for one request");
        return cli_fail(&error);
    }
    return control_print(cli, "POST", SLICE("/sandbox"), text_slice(&body));
}

static enum cli_exit run_remove(struct cli *cli)
{
    char text[UUID_TEXT_LEN];
    struct uuid tenant;
    struct slice path;

    if (!uuid_parse(cli->arguments.operands[0], &tenant))
        return cli_usage(cli, "expected a tenant's GUID, found '%.100s'",
                         cli->arguments.operands[0].ptr);
    uuid_format(tenant, text);
    if (!arena_printf(cli->arena, &path, "/tenants/%.*s", UUID_TEXT_LEN, text))
        return CLI_FAILURE;
    return control_print(cli, "DELETE", path, SLICE_EMPTY);
}

static const char *const reset_examples[] = {
    "connectord reset",
    "connectord reset --keep policy,clock",
    NULL,
};
static const char *const add_examples[] = {
    "connectord sandbox add --seed demo --lifetime 10m",
    "connectord sandbox add --seed connectors.json --policy policy.json --name 'checkout test'",
    NULL,
};
static const char *const remove_examples[] = {
    "connectord sandbox remove 6b1f3c52-0000-4000-8000-000000000001", NULL
};

static const struct cli_option reset_options[] = {
    { "keep", "A,B", "What stays as it is: policy, faults, clock, requests." },
    CONTROL_OPTIONS,
};
static const struct cli_option add_options[] = {
    { "lifetime", "DURATION", "How long it lasts, in real time; 24h at most. [1h]" },
    { "seed", "FILE|demo", "What is in it. [nothing]" },
    { "policy", "FILE", "Its policies, as PUT /policy takes them. [all off]" },
    { "name", "TEXT", "A name for people to read." },
    CONTROL_SERVER_OPTIONS,
};
static const struct cli_option remove_options[] = { CONTROL_SERVER_OPTIONS };

const struct cli_command command_reset = {
    .name = "reset",
    .summary = "Put a tenant back to its start.",
    .examples = reset_examples,
    .options = reset_options,
    .option_count = COUNT_OF(reset_options),
    .settings = control_settings,
    .notes = "The entities of the seed that it began with, the server's time, no faults, no "
             "requests, no policy. Keys, tokens and clients stay good.",
    .run = run_reset,
};

const struct cli_command command_sandbox_add = {
    .name = "sandbox add",
    .summary = "Make a tenant for one test and print it, with a token, as JSON.",
    .examples = add_examples,
    .options = add_options,
    .option_count = COUNT_OF(add_options),
    .settings = control_settings,
    .notes = "What it prints as \"control\" can be the --url of clock, faults, requests, policy "
             "and reset. A file may be - once, for stdin.",
    .run = run_add,
};

const struct cli_command command_sandbox_remove = {
    .name = "sandbox remove",
    .summary = "End a sandbox before its time.",
    .operands = "GUID",
    .operands_min = 1,
    .operands_max = 1,
    .examples = remove_examples,
    .options = remove_options,
    .option_count = COUNT_OF(remove_options),
    .settings = control_settings,
    .run = run_remove,
};
