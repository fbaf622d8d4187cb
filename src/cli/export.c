/* cli/export.c - connectord export and import: a tenant's entities to stdout, and back.
 *
 * An export is one state of the store, whatever a running server writes meanwhile. It can be cut
 * short by a full disk or a closed pipe; it is then no JSON, and import refuses it as a whole.
 * A server that was named is asked for its text, and handed it, within its limits for one body.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "service/export.h"
#include "base/clock.h"
#include "cli/commands.h"
#include "cli/control.h"
#include "cli/seed.h"
#include "model/graph_model.h"
#include "server/data.h"
#include "service/provision.h"
#include "store/store.h"

static const struct cli_option options[] = { CONTROL_OR_FOLDER_OPTIONS };

/* --- export ---------------------------------------------------------------------------------- */

struct export_job {
    struct uuid tenant;
    size_t count;
};

static bool print(void *context UNUSED, struct slice piece, struct error *err)
{
    return fwrite(piece.ptr, 1, piece.len, stdout) == piece.len ||
           error_set(err, ERROR_IO, SLICE_EMPTY, "cannot write to stdout");
}

static bool export_tenant(void *context, struct store_session *session, struct error *err)
{
    struct export_job *job = context;

    return service_export(session, &graph_model, job->tenant, print, NULL, &job->count, err);
}

/* The server's text is the same one. */
static enum cli_exit ask_export(const struct cli *cli)
{
    struct slice answer;
    enum cli_exit code = control_ask(cli, "GET", SLICE("/export"), SLICE_EMPTY, &answer);

    if (code == CLI_OK)
        fwrite(answer.ptr, 1, answer.len, stdout);
    return code;
}

static enum cli_exit run_export(struct cli *cli)
{
    struct export_job job = { .count = 0 };
    struct store *store = NULL;
    struct error error = { 0 };

    if (control_is_meant(cli))
        return ask_export(cli);
    if (!cli_option_guid(cli, "tenant", service_default_tenant(), &job.tenant))
        return CLI_USAGE;
    bool ok = cli_open_store(cli, true, &store, &error) &&
              data_read(store, export_tenant, &job, &error) && fflush(stdout) == 0;
    store_close(store);
    if (ok)
        fprintf(stderr, "%zu entities were exported.\n", job.count);
    else if (!ferror(stdout)) /* that is said at the end of every command */
        return cli_fail(&error);
    return ok ? CLI_OK : CLI_FAILURE;
}

static const char *const export_examples[] = {
    "connectord export >connectors.json",
    "connectord export --tenant 6b1f3c52-0000-4000-8000-000000000001 | gzip >connectors.json.gz",
    "connectord export | connectord import --data-dir /srv/copy -",
    NULL,
};

const struct cli_command command_export = {
    .name = "export",
    .summary = "Print a tenant's entities as a seed.",
    .examples = export_examples,
    .options = options,
    .option_count = COUNT_OF(options),
    .settings = command_data_settings,
    .notes = "Beside a running server too: it is one state of the store, whatever is written "
             "meanwhile. Ids, dates and order are kept, so that import restores the same state and "
             "an export of that is the same text.",
    .run = run_export,
};

/* --- import ---------------------------------------------------------------------------------- */

static bool import(struct cli *cli, struct store *store, struct uuid tenant, size_t *ret_count,
                   struct error *err)
{
    struct clock *clock = clock_create();

    if (!clock)
        return error_no_memory(err);
    bool ok = data_import(store, &graph_model, cli->arguments.operands[0], tenant,
                          clock_now_ticks(clock), ret_count, err);
    clock_destroy(clock);
    return ok;
}

static enum cli_exit ask_import(const struct cli *cli)
{
    struct error error = { 0 };
    struct slice seed;

    if (!control_read_json(cli, cli->arguments.operands[0], &seed, &error))
        return cli_fail(&error);
    return seed_send(cli, seed, "imported");
}

static enum cli_exit run_import(struct cli *cli)
{
    struct store *store = NULL;
    struct error error = { 0 };
    struct uuid tenant;
    size_t count = 0;

    if (control_is_meant(cli))
        return ask_import(cli);
    if (!cli_option_guid(cli, "tenant", service_default_tenant(), &tenant))
        return CLI_USAGE;
    if (!cli_open_store(cli, false, &store, &error))
        return cli_fail(&error);
    bool ok = import(cli, store, tenant, &count, &error);
    store_close(store);
    if (!ok) {
        cli_fail(&error);
        fprintf(stderr, "Nothing was imported.\n");
        return CLI_FAILURE;
    }
    fprintf(stderr, "%zu entities were imported.\n", count);
    return CLI_OK;
}

static const char *const import_examples[] = {
    "connectord import connectors.json",
    "zcat connectors.json.gz | connectord import -",
    NULL,
};

const struct cli_command command_import = {
    .name = "import",
    .summary = "Add the entities of an export to a tenant; all of them or none.",
    .operands = "FILE|-",
    .operands_min = 1,
    .operands_max = 1,
    .examples = import_examples,
    .options = options,
    .option_count = COUNT_OF(options),
    .settings = command_data_settings,
    .notes = "What is there stays; an id that is there already is an error that names it. A seed "
             "is imported as well. A server that runs on the folder sees the entities at its next "
             "request; its writes wait meanwhile.",
    .run = run_import,
};
