/* cli/sandbox_faults.c - puts a file's rules and those of personas one behind the other.
 *
 * The API takes one persona behind the rules of a body. Where several are asked for, the rules of
 * all but the last are copied from what the server lists, and stand as if the file had held them.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/sandbox_faults.h"

#include "cli/control.h"
#include "json/reader.h"
#include "json/writer.h"

struct rules {
    const struct cli *cli;
    struct json_writer *writer;
    struct slice file, json;     /* --faults, and what is in it; empty: none */
    struct slice last, personas; /* the last --persona; what the server lists, once it was asked */
    size_t persona_count;
};

/* The elements of a JSON array; false when it is none. */
static bool copy_elements(struct json_writer *writer, struct slice array, struct arena *arena)
{
    struct json_reader reader;
    struct json_token token;
    struct slice element;

    json_reader_init(&reader, array, arena, JSON_DEPTH_DEFAULT);
    if (!json_reader_next(&reader, &token, NULL) || token.kind != JSON_ARRAY_BEGIN)
        return false;
    while (json_reader_skip(&reader, &element, NULL))
        json_writer_raw(writer, element);
    return true;
}

/* The member `wanted` of an object, as written. */
static bool find_literal(struct slice json, struct slice wanted, struct arena *arena,
                         struct slice *ret)
{
    struct json_reader reader;
    struct json_token token;

    json_reader_init(&reader, json, arena, JSON_DEPTH_DEFAULT);
    if (!json_reader_next(&reader, &token, NULL) || token.kind != JSON_OBJECT_BEGIN)
        return false;
    while (json_reader_next(&reader, &token, NULL) && token.kind == JSON_NAME) {
        bool found = slice_eq(token.text, wanted);

        if (!json_reader_skip(&reader, ret, NULL))
            return false;
        if (found)
            return true;
    }
    return false;
}

static bool copy_persona(struct rules *rules, struct slice name, struct error *err)
{
    struct arena *arena = rules->cli->arena;
    struct json_reader reader;
    struct json_token token;
    struct slice list, persona, literal;

    if (find_literal(rules->personas, SLICE("personas"), arena, &list)) {
        json_reader_init(&reader, list, arena, JSON_DEPTH_DEFAULT);
        if (!json_reader_next(&reader, &token, err) || token.kind != JSON_ARRAY_BEGIN)
            list = SLICE_EMPTY;
        while (list.len && json_reader_skip(&reader, &persona, NULL)) {
            if (control_member(persona, SLICE("name"), arena, &token) &&
                slice_eq(token.text, name) &&
                find_literal(persona, SLICE("rules"), arena, &literal))
                return copy_elements(rules->writer, literal, arena) || error_no_memory(err);
        }
    }
    return error_set(err, ERROR_BAD_REQUEST, SLICE("persona"),
                     "there is no persona '%.100s'; connectord faults personas lists them",
                     name.ptr);
}

/* The file's members, its rules followed by those of all personas but the last. */
static bool write_merged(struct rules *rules, struct error *err)
{
    const struct cli_arguments *arguments = &rules->cli->arguments;
    struct slice literal;
    size_t left = rules->persona_count - 1;

    json_writer_plain_name(rules->writer, SLICE("rules"));
    json_writer_array_begin(rules->writer);
    if (rules->json.len &&
        (!find_literal(rules->json, SLICE("rules"), rules->cli->arena, &literal) ||
         !copy_elements(rules->writer, literal, rules->cli->arena)))
        return error_set(err, ERROR_BAD_REQUEST, SLICE_EMPTY,
                         "%s: expected {\"rules\":[...]} beside several personas", rules->file.ptr);
    for (size_t i = 0; i < arguments->option_count && left > 0; i++) {
        const struct cli_given *given = &arguments->options[i];

        if (strcmp(given->option->name, "persona") != 0)
            continue;
        if (!copy_persona(rules, given->value, err))
            return false;
        left--;
    }
    json_writer_array_end(rules->writer);
    return true;
}

static bool write_member(struct rules *rules, struct error *err)
{
    struct json_writer *writer = rules->writer;

    json_writer_plain_name(writer, SLICE("faults"));
    json_writer_object_begin(writer);
    if (rules->persona_count > 1) {
        if (!write_merged(rules, err))
            return false;
    } else if (rules->json.len &&
               !control_copy_members(writer, rules->file, rules->json, rules->cli->arena, err)) {
        return false;
    }
    if (rules->persona_count) {
        json_writer_plain_name(writer, SLICE("persona"));
        json_writer_string(writer, rules->last);
    }
    json_writer_object_end(writer);
    return true;
}

enum cli_exit sandbox_faults_write(const struct cli *cli, struct json_writer *writer)
{
    struct rules rules = { .cli = cli, .writer = writer };
    struct error error = { .code = ERROR_NONE };

    for (size_t i = 0; i < cli->arguments.option_count; i++) {
        if (strcmp(cli->arguments.options[i].option->name, "persona") == 0) {
            rules.last = cli->arguments.options[i].value;
            rules.persona_count++;
        }
    }
    if (cli_option(cli, "faults", &rules.file) &&
        !control_read_json(cli, rules.file, &rules.json, &error))
        return cli_fail(&error);
    if (rules.json.len == 0 && rules.persona_count == 0)
        return CLI_OK;
    if (rules.persona_count > 1) {
        enum cli_exit code =
            control_ask(cli, "GET", SLICE("/faults/personas"), SLICE_EMPTY, &rules.personas);

        if (code != CLI_OK)
            return code;
    }
    return write_member(&rules, &error) ? CLI_OK : cli_fail(&error);
}
