/* cli/config.c - connectord config: what the settings are, and whether they go together.
 *
 * `show` prints lines that a settings file may hold, so that its output can be kept as one. Most
 * of the check is settings_load(), which has run when a command gets here; what is left is whether
 * the files that are named can be used. A seed is not parsed, since it may be an export of
 * gigabytes.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/commands.h"
#include "server/suggestion.h"
#include "server/tls_identity.h"
#include "json/writer.h"

#define OUTPUT_BYTES_MAX 262144
#define ORIGIN_COLUMN    44

/* --- check ----------------------------------------------------------------------------------- */

static void warn_unknown(struct slice variable)
{
    struct suggestion suggestion = { .typed = variable };
    char names[64][SETTING_SPELLING_MAX];

    for (size_t i = 0; i < settings_table_count && i < COUNT_OF(names); i++) {
        setting_environment_name(&settings_table[i], names[i]);
        suggestion_try(&suggestion, slice_of(names[i]));
    }
    fprintf(stderr, "connectord: warning: %.*s in the environment names no setting%s%.*s%s\n",
            SLICE_ARG(variable), suggestion.best.len ? "; did you mean " : "",
            SLICE_ARG(suggestion.best), suggestion.best.len ? "?" : "");
}

static bool check_seed(struct slice seed, struct error *err)
{
    if (seed.len == 0 || slice_eq(seed, SLICE("demo")) || access(seed.ptr, R_OK) == 0)
        return true;
    return error_set(err, ERROR_CONFIGURATION, SLICE("seed"), "seed: cannot read '%s': %s",
                     seed.ptr, strerror(errno));
}

static enum cli_exit run_check(struct cli *cli)
{
    struct error error = { 0 };

    for (size_t i = 0; i < cli->settings->unknown_environment.count; i++)
        warn_unknown(cli->settings->unknown_environment.items[i]);
    if (!tls_identity_check(cli->settings, cli->arena, &error) ||
        !check_seed(cli->settings->seed, &error))
        return cli_fail(&error);
    fprintf(stderr, "The settings are in order.\n");
    return CLI_OK;
}

/* --- show ------------------------------------------------------------------------------------ */

static void append_line(struct text *out, const struct setting *setting, struct slice value,
                        struct slice place, bool origin)
{
    size_t start = out->len;
    /* A file cannot name another one. */
    bool comment = slice_eq(slice_of(setting->name), SLICE("config"));

    text_printf(out, "%s%s = %.*s", comment ? "; " : "", setting->name, SLICE_ARG(value));
    if (origin) {
        do
            text_append_char(out, ' ');
        while (!out->failed && out->len - start < ORIGIN_COLUMN);
        text_printf(out, "; %.*s", SLICE_ARG(place));
    }
    text_append_char(out, '\n');
}

static void show_lines(struct cli *cli, struct text *out)
{
    bool origin = cli_option(cli, "origin", NULL);

    for (size_t i = 0; i < settings_table_count; i++) {
        const struct setting *setting = &settings_table[i];
        struct setting_list values = settings_values(cli->settings, setting);
        struct slice place;

        settings_source(cli->settings, setting, &place);
        if (values.count == 0)
            text_printf(out, "; %s is not set\n", setting->name);
        for (size_t k = 0; k < values.count; k++)
            append_line(out, setting, values.items[k], place, origin);
    }
}

static void append_value(struct json_writer *writer, const struct setting *setting,
                         struct slice value)
{
    if (setting->kind == SETTING_NUMBER)
        json_writer_raw(writer, value); /* digits alone: it was checked */
    else
        json_writer_string(writer, value);
}

static void append_values(struct json_writer *writer, const struct setting *setting,
                          struct setting_list values)
{
    if (!setting->repeatable && values.count == 0)
        json_writer_null(writer);
    else if (!setting->repeatable)
        append_value(writer, setting, values.items[0]);
    if (!setting->repeatable)
        return;
    json_writer_array_begin(writer);
    for (size_t i = 0; i < values.count; i++)
        append_value(writer, setting, values.items[i]);
    json_writer_array_end(writer);
}

static void show_json(struct cli *cli, struct text *out)
{
    bool origin = cli_option(cli, "origin", NULL);
    struct json_writer writer;

    json_writer_init(&writer, out);
    json_writer_object_begin(&writer);
    for (size_t i = 0; i < settings_table_count; i++) {
        const struct setting *setting = &settings_table[i];
        struct slice place;

        settings_source(cli->settings, setting, &place);
        json_writer_plain_name(&writer, slice_of(setting->name));
        if (origin) {
            json_writer_object_begin(&writer);
            json_writer_plain_name(&writer, SLICE("value"));
        }
        append_values(&writer, setting, settings_values(cli->settings, setting));
        if (origin) {
            json_writer_plain_name(&writer, SLICE("origin"));
            json_writer_string(&writer, place);
            json_writer_object_end(&writer);
        }
    }
    json_writer_object_end(&writer);
    text_append_char(out, '\n');
}

static enum cli_exit run_show(struct cli *cli)
{
    struct text out;

    text_init(&out, cli->arena, 8192, OUTPUT_BYTES_MAX);
    if (cli_option(cli, "json", NULL))
        show_json(cli, &out);
    else
        show_lines(cli, &out);
    return cli_print(&out);
}

static const char *const check_examples[] = {
    "connectord config check --config /etc/connectord/connectord.conf", NULL
};
static const char *const show_examples[] = {
    "connectord config show --origin",
    "connectord config show --listen '*:8080' >connectord.conf",
    NULL,
};

static const struct cli_option show_options[] = {
    { "origin", NULL, "Say where each value comes from." },
    { "json", NULL, "Print JSON." },
};

const struct cli_command command_config_check = {
    .name = "config check",
    .summary = "Check the settings and the files that they name; exit 0, or 78.",
    .examples = check_examples,
    .all_settings = true,
    .run = run_check,
};

const struct cli_command command_config_show = {
    .name = "config show",
    .summary = "Print every setting.",
    .examples = show_examples,
    .options = show_options,
    .option_count = COUNT_OF(show_options),
    .all_settings = true,
    .run = run_show,
};
