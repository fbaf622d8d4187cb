/* cli/sandbox_faults.c - the rules that a sandbox begins with: a file's, and those of personas.
 *
 * The file's members are sent on as they are written, with the personas beside them; whether they
 * make sense the server says.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/sandbox_faults.h"

#include "cli/control.h"
#include "json/reader.h"
#include "json/writer.h"

static bool copy_members(struct json_writer *writer, struct slice file, struct slice json,
                         struct arena *arena, struct error *err)
{
    struct json_reader reader;
    struct json_token token;
    struct slice literal;

    json_reader_init(&reader, json, arena, JSON_DEPTH_DEFAULT);
    if (!json_reader_next(&reader, &token, err))
        return false;
    if (token.kind != JSON_OBJECT_BEGIN)
        return error_set(err, ERROR_BAD_REQUEST, SLICE_EMPTY, "%s: expected a JSON object, {...}",
                         file.ptr);
    while (json_reader_next(&reader, &token, err)) {
        if (token.kind != JSON_NAME)
            return true;
        json_writer_name(writer, token.text);
        if (!json_reader_skip(&reader, &literal, err))
            return false;
        json_writer_raw(writer, literal);
    }
    return false;
}

static void write_personas(const struct cli_arguments *arguments, struct json_writer *writer)
{
    json_writer_plain_name(writer, SLICE("persona"));
    json_writer_array_begin(writer);
    for (size_t i = 0; i < arguments->option_count; i++) {
        if (strcmp(arguments->options[i].option->name, "persona") == 0)
            json_writer_string(writer, arguments->options[i].value);
    }
    json_writer_array_end(writer);
}

enum cli_exit sandbox_faults_write(const struct cli *cli, struct json_writer *writer)
{
    bool has_personas = cli_option(cli, "persona", NULL);
    struct slice file, json = SLICE_EMPTY;
    struct error error = { .code = ERROR_NONE };

    if (cli_option(cli, "faults", &file) && !control_read_json(cli, file, &json, &error))
        return cli_fail(&error);
    if (json.len == 0 && !has_personas)
        return CLI_OK;
    json_writer_plain_name(writer, SLICE("faults"));
    json_writer_object_begin(writer);
    if (json.len && !copy_members(writer, file, json, cli->arena, &error))
        return cli_fail(&error);
    if (has_personas)
        write_personas(&cli->arguments, writer);
    json_writer_object_end(writer);
    return CLI_OK;
}
