/* cli/faults.c - connectord faults: failures on demand, by rules of one's own or ready-made ones.
 *
 * A file goes to the server as it is, and what the options say behind it, on a line of its own: so
 * a line of the file is a line of what the server reads, and what it says of a later line is about
 * the options.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/text.h"
#include "cli/commands.h"
#include "cli/control.h"
#include "json/number.h"
#include "json/reader.h"
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

/* "persona":["flaky","eventual"],"retryAfter":1} - what stands behind the file. */
static void write_options(const struct cli *cli, struct slice retry_after, struct text *out)
{
    struct json_writer writer;

    text_append(out, SLICE("\"persona\":"));
    json_writer_init(&writer, out);
    json_writer_array_begin(&writer);
    for (size_t i = 0; i < cli->arguments.option_count; i++) {
        if (slice_eq(slice_of(cli->arguments.options[i].option->name), SLICE("persona")))
            json_writer_string(&writer, cli->arguments.options[i].value);
    }
    json_writer_array_end(&writer);
    if (retry_after.len) {
        text_append(out, SLICE(",\"retryAfter\":"));
        text_append(out, retry_after);
    }
    text_append_char(out, '}');
}

/* An object's text without its last brace; *ret_any: it has members. False: it is none. */
static bool open_object(struct slice text, struct arena *arena, struct slice *ret, bool *ret_any)
{
    struct json_reader reader;
    struct json_token token;

    if (!json_is_valid(text, arena, JSON_DEPTH_DEFAULT))
        return false;
    json_reader_init(&reader, text, arena, JSON_DEPTH_DEFAULT);
    if (!json_reader_next(&reader, &token, NULL) || token.kind != JSON_OBJECT_BEGIN ||
        !json_reader_next(&reader, &token, NULL))
        return false;
    *ret_any = token.kind != JSON_OBJECT_END;
    while (text.ptr[text.len - 1] != '}')
        text.len--;
    *ret = slice_sub(text, 0, text.len - 1);
    return true;
}

static unsigned count_lines(struct slice text)
{
    unsigned lines = 1;

    for (size_t i = 0; i < text.len; i++)
        lines += text.ptr[i] == '\n';
    return lines;
}

/* The server names the line and column of its body; said of the file, or of the options. */
static enum cli_exit explain(const struct error *refusal, const char *file, unsigned file_lines)
{
    static const struct slice start = SLICE_INIT("faults, line ");
    struct slice message = slice_of(refusal->message), number, rest;
    uint64_t line;
    struct error said;

    if (!slice_starts_with(message, start) ||
        !slice_cut(slice_sub(message, start.len, message.len), ',', &number, &rest) ||
        !slice_to_uint64(number, UINT32_MAX, &line))
        return cli_fail(refusal);
    if (line <= file_lines)
        error_set(&said, refusal->code, SLICE_EMPTY, "%s: line %.*s,%.*s", file, SLICE_ARG(number),
                  SLICE_ARG(rest));
    else
        error_set(&said, refusal->code, SLICE_EMPTY, "--persona:%s",
                  rest.ptr + slice_index(rest, ':') + 1);
    return cli_fail(&said);
}

/* The body, and how many lines of it are the file's. */
static bool make_body(const struct cli *cli, bool has_options, struct slice retry_after,
                      struct text *body, unsigned *ret_file_lines, struct error *err)
{
    struct slice file = SLICE_EMPTY, open = SLICE("{");
    bool has_file = cli->arguments.operand_count > 0, any = false;

    if (has_file && !control_read_text(cli, cli->arguments.operands[0], &file, err))
        return false;
    *ret_file_lines = has_file ? count_lines(file) : 0;
    /* What is no object the server refuses by line and column: as it is, then. */
    if (has_file && (!has_options || !open_object(file, cli->arena, &open, &any))) {
        text_append(body, file.len ? file : SLICE(" "));
        return true;
    }
    if (has_file)
        *ret_file_lines = count_lines(open);
    text_append(body, open);
    text_append(body, any ? SLICE("\n,") : SLICE("\n"));
    write_options(cli, retry_after, body);
    return true;
}

static enum cli_exit run_set(struct cli *cli)
{
    bool has_persona = cli_option(cli, "persona", NULL);
    struct slice word, answer, retry_after = SLICE_EMPTY;
    struct error error = { .code = ERROR_NONE };
    const char *file = "";
    unsigned file_lines;
    enum cli_exit code;
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
    if (!make_body(cli, has_persona, retry_after, &body, &file_lines, &error))
        return cli_fail(&error);
    if (body.failed)
        return cli_usage(cli, "that is too long");
    if (cli->arguments.operand_count > 0)
        file = strcmp(cli->arguments.operands[0].ptr, "-") == 0 ? "stdin"
                                                                : cli->arguments.operands[0].ptr;
    code = control_try(cli, "PUT", SLICE("/faults"), text_slice(&body), &answer, &error);
    if (code == CLI_OK)
        control_print_line(answer);
    return error.code == ERROR_NONE ? code : explain(&error, file, file_lines);
}

static const char *const show_examples[] = { "connectord faults", NULL };
static const char *const set_examples[] = {
    "connectord faults set --persona intune-throttled --retry-after 1",
    "connectord faults set rules.json",
    "connectord faults set --persona flaky --persona eventual",
    "echo '{\"rules\":[{\"answer\":{\"error\":\"500.intune\"}}]}' | connectord faults set -",
    NULL,
};
static const char *const clear_examples[] = { "connectord faults clear", NULL };
static const char *const personas_examples[] = { "connectord faults personas", NULL };

static const struct cli_option options[] = { CONTROL_OPTIONS };
static const struct cli_option set_options[] = {
    { "persona", "NAME",
      "Ready-made rules, behind those of the file if there is one. May be given several times." },
    { "retry-after", "N|none", "Seconds that the personas' answers tell to wait. [their own]" },
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
