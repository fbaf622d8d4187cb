/* cli/policy.c - connectord policy: when silence becomes a state.
 *
 * Policies stand in the data folder, and are changed there as tenants are: beside a running server,
 * which sees it with its next request, or without one. A server whose data is in memory has no
 * folder to reach; it is asked over HTTP, and so is every server that was named by a URL
 * (cli/control.h). Which folder it was is said, since the answer looks the same.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/clock.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/control.h"
#include "model/graph_model.h"
#include "server/data.h"
#include "service/health.h"
#include "store/registry.h"
#include "store/store.h"
#include "json/writer.h"

#define OUTPUT_BYTES_MAX ((size_t)16 << 20)
#define BODY_BYTES       8192

struct policy_job {
    struct cli *cli;
    struct uuid tenant;
    struct slice change; /* empty: none */
    struct text out;
};

/* --- in the data folder ---------------------------------------------------------------------- */

static bool show(void *context, struct store_session *session, struct error *err)
{
    struct policy_job *job = context;
    struct registry_tenant tenant;
    struct json_writer writer;

    json_writer_init(&writer, &job->out);
    return registry_tenant_get(session, job->tenant, job->cli->arena, &tenant, err) &&
           service_health_write(session, &graph_model, job->tenant, job->cli->arena, &writer, err);
}

static bool change(void *context, struct store_session *session, struct error *err)
{
    struct policy_job *job = context;
    struct registry_tenant tenant;
    int64_t now_ticks =
        CLOCK_UNIX_EPOCH_TICKS + (int64_t)clock_machine_unix_ms() * (CLOCK_TICKS_PER_SECOND / 1000);

    return registry_tenant_get(session, job->tenant, job->cli->arena, &tenant, err) &&
           service_health_put(session, &graph_model, job->tenant, job->change, now_ticks,
                              job->cli->arena, err);
}

static enum cli_exit work(struct policy_job *job)
{
    struct store *store = NULL;
    struct error error = { .code = ERROR_NONE };

    text_init(&job->out, job->cli->arena, 4096, OUTPUT_BYTES_MAX);
    bool ok = cli_open_store(job->cli, true, &store, &error);
    if (ok)
        fprintf(stderr, "connectord: policy of the data folder '%.*s'\n",
                SLICE_ARG(job->cli->settings->data_dir));
    ok = ok && (job->change.len == 0 || data_write(store, change, job, &error)) &&
         data_read(store, show, job, &error);
    store_close(store);
    if (!ok)
        return cli_fail(&error);
    text_append_char(&job->out, '\n');
    return cli_print(&job->out);
}

static enum cli_exit ask_or_work(struct cli *cli, struct slice body)
{
    struct policy_job job = { .cli = cli, .change = body };

    if (control_is_meant(cli))
        return control_print(cli, body.len ? "PUT" : "GET", SLICE("/policy"), body);
    if (!cli_option_guid(cli, "tenant", service_default_tenant(), &job.tenant))
        return CLI_USAGE;
    return work(&job);
}

/* --- commands -------------------------------------------------------------------------------- */

static enum cli_exit run_show(struct cli *cli)
{
    return ask_or_work(cli, SLICE_EMPTY);
}

static bool read_switch(struct slice word, bool *ret)
{
    *ret = slice_eq_nocase(word, SLICE("on"));
    return *ret || slice_eq_nocase(word, SLICE("off"));
}

/* "error=2h"; never is null. False when it is none of that. */
static bool write_stage(struct json_writer *writer, struct slice word)
{
    struct slice name, duration;

    if (!slice_cut(word, '=', &name, &duration) || name.len == 0 || duration.len == 0)
        return false;
    json_writer_name(writer, name);
    if (slice_eq_nocase(duration, SLICE("never")))
        json_writer_null(writer);
    else
        json_writer_string(writer, duration);
    return true;
}

static enum cli_exit run_set(struct cli *cli)
{
    const struct slice *words = cli->arguments.operands;
    struct json_writer writer;
    struct text body;
    bool on;

    if (!read_switch(words[1], &on))
        return cli_usage(cli, "expected on or off, found '%.100s'", words[1].ptr);
    text_init(&body, cli->arena, 256, BODY_BYTES);
    json_writer_init(&writer, &body);
    json_writer_object_begin(&writer);
    json_writer_name(&writer, words[0]);
    json_writer_object_begin(&writer);
    json_writer_plain_name(&writer, SLICE("on"));
    json_writer_bool(&writer, on);
    for (size_t i = 2; i < cli->arguments.operand_count; i++) {
        if (!write_stage(&writer, words[i]))
            return cli_usage(cli,
                             "expected a stage and how long, such as inactive=5d, found "
                             "'%.100s'",
                             words[i].ptr);
    }
    json_writer_object_end(&writer);
    json_writer_object_end(&writer);
    if (body.failed)
        return cli_usage(cli, "that is too long");
    return ask_or_work(cli, text_slice(&body));
}

static const char *const show_examples[] = {
    "connectord policy",
    "connectord policy show --tenant 6b1f3c52-0000-4000-8000-000000000001",
    NULL,
};
static const char *const set_examples[] = {
    "connectord policy set domainJoinConnectors on",
    "connectord policy set ndesConnectors on inactive=2h remove=never",
    "connectord policy set domainJoinConnectors off",
    NULL,
};

static const struct cli_option options[] = { CONTROL_OR_FOLDER_OPTIONS };

const struct cli_command command_policy_show = {
    .name = "policy show",
    .stands_for_group = true,
    .summary = "Print a tenant's policies and removals, as JSON.",
    .examples = show_examples,
    .options = options,
    .option_count = COUNT_OF(options),
    .settings = command_data_settings,
    .run = run_show,
};

const struct cli_command command_policy_set = {
    .name = "policy set",
    .summary = "Say when silence becomes a state; prints all policies.",
    .operands = "SET on|off [STAGE=DURATION|never ...]",
    .operands_min = 2,
    .operands_max = 16,
    .examples = set_examples,
    .options = options,
    .option_count = COUNT_OF(options),
    .settings = command_data_settings,
    .notes = "A stage that is not named stays as it is, one that is never is left out; remove is "
             "a stage too, after which the connector is gone. What is not said with --data-dir is "
             "said to the server that CONNECTORD_URL names, where there is one.",
    .run = run_set,
};
