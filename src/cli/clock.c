/* cli/clock.c - connectord clock: what time it is for a tenant, and five days later.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/text.h"
#include "cli/commands.h"
#include "cli/control.h"
#include "edm/date_time.h"
#include "json/writer.h"

#define BODY_BYTES 1024

/* Members that are empty, or false, are left out. */
static enum cli_exit put(const struct cli *cli, struct slice set, struct slice advance, bool freeze)
{
    struct json_writer writer;
    struct text body;

    text_init(&body, cli->arena, 0, BODY_BYTES);
    json_writer_init(&writer, &body);
    json_writer_object_begin(&writer);
    if (set.len) {
        json_writer_plain_name(&writer, SLICE("set"));
        json_writer_string(&writer, set);
    }
    if (advance.len) {
        json_writer_plain_name(&writer, SLICE("advance"));
        json_writer_string(&writer, advance);
    }
    if (freeze) {
        json_writer_plain_name(&writer, SLICE("freeze"));
        json_writer_bool(&writer, true);
    }
    json_writer_object_end(&writer);
    if (body.failed)
        return cli_usage(cli, "that is too long");
    return control_print(cli, "PUT", SLICE("/clock"), text_slice(&body));
}

/* The operand, which may be missing; false when it is no time (and that was said). */
static bool read_time(const struct cli *cli, struct slice *ret)
{
    struct edm_date_time unused;

    *ret = SLICE_EMPTY;
    if (cli->arguments.operand_count == 0)
        return true;
    *ret = cli->arguments.operands[0];
    if (edm_date_time_parse(*ret, &unused))
        return true;
    cli_usage(cli, "expected a time such as 2024-06-01T12:00:00Z, found '%.100s'", ret->ptr);
    return false;
}

static enum cli_exit run_show(struct cli *cli)
{
    return control_print(cli, "GET", SLICE("/clock"), SLICE_EMPTY);
}

static enum cli_exit run_freeze(struct cli *cli)
{
    struct slice time;

    return read_time(cli, &time) ? put(cli, time, SLICE_EMPTY, true) : CLI_USAGE;
}

static enum cli_exit run_set(struct cli *cli)
{
    struct slice time;

    return read_time(cli, &time) ? put(cli, time, SLICE_EMPTY, false) : CLI_USAGE;
}

static enum cli_exit run_advance(struct cli *cli)
{
    if (cli->arguments.operands[0].len == 0)
        return cli_usage(cli, "expected a duration such as 5d, found nothing");
    return put(cli, SLICE_EMPTY, cli->arguments.operands[0], false);
}

static enum cli_exit run_resume(struct cli *cli)
{
    return control_print(cli, "PUT", SLICE("/clock"), SLICE("{\"resume\":true}"));
}

static enum cli_exit run_run(struct cli *cli)
{
    return control_print(cli, "PUT", SLICE("/clock"), SLICE("{\"freeze\":false}"));
}

static const char *const show_examples[] = { "connectord clock", NULL };
static const char *const freeze_examples[] = {
    "connectord clock freeze",
    "connectord clock freeze 2024-06-01T12:00:00Z",
    NULL,
};
static const char *const set_examples[] = { "connectord clock set 2024-06-01T12:00:00Z", NULL };
static const char *const advance_examples[] = {
    "connectord clock advance 5d",
    "connectord clock advance 1d12h",
    "connectord clock advance -30m    # back",
    NULL,
};
static const char *const run_examples[] = { "connectord clock run", NULL };
static const char *const run_meant_by[] = { "clock thaw",     "clock unfreeze", "clock start",
                                            "clock continue", "clock go",       NULL };
static const char *const resume_examples[] = { "connectord clock resume", NULL };

static const struct cli_option options[] = { CONTROL_OPTIONS };

const struct cli_command command_clock_show = {
    .name = "clock show",
    .stands_for_group = true,
    .summary = "Print a tenant's time, as JSON.",
    .examples = show_examples,
    .options = options,
    .option_count = COUNT_OF(options),
    .settings = control_settings,
    .run = run_show,
};

const struct cli_command command_clock_freeze = {
    .name = "clock freeze",
    .summary = "Stop a tenant's clock, where it is or at a time.",
    .operands = "[TIME]",
    .operands_max = 1,
    .examples = freeze_examples,
    .options = options,
    .option_count = COUNT_OF(options),
    .settings = control_settings,
    .notes = "connectord clock run lets it run on from there, connectord clock resume with the "
             "server's time.",
    .run = run_freeze,
};

const struct cli_command command_clock_set = {
    .name = "clock set",
    .summary = "Set a tenant's clock; one that is frozen stays so.",
    .operands = "TIME",
    .operands_min = 1,
    .operands_max = 1,
    .examples = set_examples,
    .options = options,
    .option_count = COUNT_OF(options),
    .settings = control_settings,
    .run = run_set,
};

const struct cli_command command_clock_advance = {
    .name = "clock advance",
    .summary = "Move a tenant's clock forwards, or with - backwards.",
    .operands = "DURATION",
    .operands_min = 1,
    .operands_max = 1,
    .examples = advance_examples,
    .options = options,
    .option_count = COUNT_OF(options),
    .settings = control_settings,
    .notes = "Durations are numbers with d, h, m, s or ms, or several of them. What a policy "
             "removes by then is gone when the command ends.",
    .run = run_advance,
};

const struct cli_command command_clock_run = {
    .name = "clock run",
    .summary = "Let a tenant's clock run on from where it is.",
    .examples = run_examples,
    .options = options,
    .option_count = COUNT_OF(options),
    .settings = control_settings,
    .meant_by = run_meant_by,
    .run = run_run,
};

const struct cli_command command_clock_resume = {
    .name = "clock resume",
    .summary = "Give a tenant the server's time again.",
    .examples = resume_examples,
    .options = options,
    .option_count = COUNT_OF(options),
    .settings = control_settings,
    .run = run_resume,
};
