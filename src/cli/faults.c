/* cli/faults.c - connectord faults: failures on demand, by rules of one's own or ready-made ones.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/text.h"
#include "cli/commands.h"
#include "cli/control.h"
#include "json/number.h"
#include "json/writer.h"

static enum cli_exit run_show(struct cli *cli)
{
    return control_print(cli, "GET", SLICE("/faults"), SLICE_EMPTY);
}

static enum cli_exit run_clear(struct cli *cli)
{
    return control_print(cli, "DELETE", SLICE("/faults"), SLICE_EMPTY);
}

static enum cli_exit run_personas(struct cli *cli)
{
    return control_print(cli, "GET", SLICE("/faults/personas"), SLICE_EMPTY);
}

/* --- set ------------------------------------------------------------------------------------- */

/* Seconds, kept as they were written; "none" is null. */
static bool read_retry_after(struct slice word, struct slice *ret)
{
    struct json_scan scan;

    *ret = slice_eq_nocase(word, SLICE("none")) ? SLICE("null") : word;
    if (ret->ptr != word.ptr)
        return true;
    if (word.len == 0 || word.ptr[0] < '0' || word.ptr[0] > '9')
        return false;
    scan = json_number_scan(word.ptr, word.ptr + word.len);
    return scan.problem == JSON_NO_PROBLEM && scan.at == word.ptr + word.len;
}

static bool write_file(const struct cli *cli, struct json_writer *writer, struct error *err)
{
    struct slice name, json;

    if (cli->arguments.operand_count == 0)
        return true;
    name = cli->arguments.operands[0];
    return control_read_json(cli, name, &json, err) &&
           control_copy_members(writer, name, json, cli->arena, err);
}

static enum cli_exit run_set(struct cli *cli)
{
    struct slice persona, word, retry_after = SLICE_EMPTY;
    bool has_persona = cli_option(cli, "persona", &persona);
    struct error error = { .code = ERROR_NONE };
    struct json_writer writer;
    struct text body;

    if (!has_persona && cli->arguments.operand_count == 0)
        return cli_usage(cli, "expected FILE, - or --persona NAME");
    if (cli_option(cli, "retry-after", &word)) {
        if (!has_persona)
            return cli_usage(cli, "--retry-after belongs to --persona; rules have their own");
        if (!read_retry_after(word, &retry_after))
            return cli_usage(cli, "--retry-after: expected seconds or none, found '%.100s'",
                             word.ptr);
    }
    text_init(&body, cli->arena, 0, CONTROL_BODY_BYTES_MAX);
    json_writer_init(&writer, &body);
    json_writer_object_begin(&writer);
    if (!write_file(cli, &writer, &error))
        return cli_fail(&error);
    if (has_persona) {
        json_writer_plain_name(&writer, SLICE("persona"));
        json_writer_string(&writer, persona);
    }
    if (retry_after.len) {
        json_writer_plain_name(&writer, SLICE("retryAfter"));
        json_writer_raw(&writer, retry_after);
    }
    json_writer_object_end(&writer);
    if (body.failed)
        return cli_usage(cli, "that is too long");
    return control_print(cli, "PUT", SLICE("/faults"), text_slice(&body));
}

static const char *const show_examples[] = { "connectord faults", NULL };
static const char *const set_examples[] = {
    "connectord faults set --persona intune-throttled --retry-after 1",
    "connectord faults set rules.json",
    "echo '{\"rules\":[{\"answer\":{\"error\":\"500.intune\"}}]}' | connectord faults set -",
    NULL,
};
static const char *const clear_examples[] = { "connectord faults clear", NULL };
static const char *const personas_examples[] = { "connectord faults personas", NULL };

static const struct cli_option options[] = { CONTROL_OPTIONS };
static const struct cli_option set_options[] = {
    { "persona", "NAME", "Ready-made rules, behind those of the file if there is one." },
    { "retry-after", "N|none", "Seconds that the persona's answers tell to wait. [its own]" },
    CONTROL_OPTIONS,
};

const struct cli_command command_faults_show = {
    .name = "faults show",
    .stands_for_group = true,
    .summary = "Print a tenant's rules and what they did, as JSON.",
    .examples = show_examples,
    .options = options,
    .option_count = COUNT_OF(options),
    .settings = control_settings,
    .run = run_show,
};

const struct cli_command command_faults_set = {
    .name = "faults set",
    .summary = "Replace a tenant's rules: from a file, by a persona, or both.",
    .operands = "[FILE|-]",
    .operands_max = 1,
    .examples = set_examples,
    .options = set_options,
    .option_count = COUNT_OF(set_options),
    .settings = control_settings,
    .notes = "A file holds {\"rules\":[...]}, as docs/control.md describes; connectord faults "
             "personas lists what is ready-made.",
    .run = run_set,
};

const struct cli_command command_faults_clear = {
    .name = "faults clear",
    .summary = "Remove a tenant's rules.",
    .examples = clear_examples,
    .options = options,
    .option_count = COUNT_OF(options),
    .settings = control_settings,
    .run = run_clear,
};

const struct cli_command command_faults_personas = {
    .name = "faults personas",
    .summary = "List the ready-made rules and errors, with their sources, as JSON.",
    .examples = personas_examples,
    .options = options,
    .option_count = COUNT_OF(options),
    .settings = control_settings,
    .run = run_personas,
};
