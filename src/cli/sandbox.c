/* cli/sandbox.c - connectord sandbox and reset: a tenant for one test, and a tenant as it began.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/arena.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/control.h"
#include "cli/sandbox_faults.h"
#include "json/reader.h"
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

/* A time is kept from running on: a test that names one wants to meet it. */
static void write_clock(const struct cli *cli, struct json_writer *writer)
{
    struct slice time;

    if (!cli_option(cli, "clock", &time))
        return;
    json_writer_plain_name(writer, SLICE("clock"));
    json_writer_object_begin(writer);
    json_writer_plain_name(writer, SLICE("set"));
    json_writer_string(writer, time);
    json_writer_plain_name(writer, SLICE("freeze"));
    json_writer_bool(writer, true);
    json_writer_object_end(writer);
}

/* One word of a POSIX shell, whatever a server may have sent: it is going to be evaluated. */
static void append_quoted(struct text *out, struct slice word)
{
    text_append_char(out, '\'');
    for (size_t i = 0; i < word.len; i++) {
        if (word.ptr[i] == '\'')
            text_append(out, SLICE("'\\''"));
        else
            text_append_char(out, word.ptr[i]);
    }
    text_append_char(out, '\'');
}

static const struct exported {
    enum run_variable variable;
    struct slice member;
} exports[] = {
    { RUN_URL, SLICE_INIT("graph") },
    { RUN_TENANT_ID, SLICE_INIT("tenant") },
    { RUN_TOKEN, SLICE_INIT("access_token") },
};

static enum cli_exit print_exports(const struct cli *cli, struct slice answer)
{
    struct text out;

    text_init(&out, cli->arena, 4096, CONTROL_BODY_BYTES_MAX);
    for (size_t i = 0; i < COUNT_OF(exports); i++) {
        struct json_token value;

        if (!control_member(answer, exports[i].member, cli->arena, &value) ||
            value.kind != JSON_STRING) {
            fprintf(stderr, "connectord: the answer holds no %.*s\n", SLICE_ARG(exports[i].member));
            return CLI_FAILURE;
        }
        text_printf(&out, "export %s=", run_variable_names[exports[i].variable]);
        append_quoted(&out, value.text);
        text_append_char(&out, '\n');
    }
    return cli_print(&out);
}

static enum cli_exit send(const struct cli *cli, struct slice body)
{
    struct slice answer;
    enum cli_exit code = control_ask(cli, "POST", SLICE("/sandbox"), body, &answer);

    if (code != CLI_OK)
        return code;
    if (cli_option(cli, "env", NULL))
        return print_exports(cli, answer);
    control_print_line(answer);
    return CLI_OK;
}

static enum cli_exit run_add(struct cli *cli)
{
    enum cli_exit code;
    struct error error = { .code = ERROR_NONE };
    struct json_writer writer;
    struct text body;

    text_init(&body, cli->arena, 0, CONTROL_BODY_BYTES_MAX);
    json_writer_init(&writer, &body);
    json_writer_object_begin(&writer);
    write_text(cli, &writer, "lifetime");
    write_text(cli, &writer, "name");
    write_clock(cli, &writer);
    if (!write_seed(cli, &writer, &error) || !write_file(cli, &writer, "policy", &error))
        return cli_fail(&error);
    code = sandbox_faults_write(cli, &writer);
    if (code != CLI_OK)
        return code;
    json_writer_object_end(&writer);
    if (body.failed) {
        error_set(&error, ERROR_TOO_LARGE, SLICE_EMPTY, "the files are too large for one request");
        return cli_fail(&error);
    }
    return send(cli, text_slice(&body));
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
    "eval \"$(connectord sandbox add --clock 2024-06-01T12:00:00Z --persona flaky --env)\"",
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
    { "clock", "TIME", "Its clock stands still at this time. [the server's time]" },
    { "faults", "FILE", "Its rules, as PUT /faults takes them. [none]" },
    { "persona", "NAME", "Ready-made rules, behind those of the file. Repeatable." },
    { "name", "TEXT", "A name for people to read." },
    { "env", NULL, "Print lines for a shell: export CONNECTORD_URL=..., _TENANT_ID, _TOKEN." },
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
    .notes =
        "What it prints as \"control\" can be the --url of clock, faults, requests, policy "
        "and reset. What --env prints is found by them, and by seed, export, import and token, "
        "in the environment. A file may be - once, for stdin.",
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
