/* cli/seed.c - connectord seed: loads entities into the data folder, beside a running server.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/clock.h"
#include "cli/commands.h"
#include "model/graph_model.h"
#include "server/data.h"
#include "service/provision.h"
#include "store/store.h"

static enum cli_exit run(struct cli *cli)
{
    struct slice name = cli->arguments.operands[0];
    struct clock *clock = clock_create();
    struct store *store = NULL;
    struct error error = { 0 };
    struct uuid tenant;
    size_t count = 0;
    bool ok = false;

    if (!cli_option_guid(cli, "tenant", service_default_tenant(), &tenant)) {
        clock_destroy(clock);
        return CLI_USAGE;
    }
    if (!clock)
        error_no_memory(&error);
    else
        ok = cli_open_store(cli, false, &store, &error) &&
             data_seed(store, &graph_model, name, tenant, clock_now_ticks(clock), false, &count,
                       &error);
    store_close(store);
    clock_destroy(clock);
    if (!ok) {
        enum cli_exit code = cli_fail(&error);

        /* A mistake in the seed is no mistake in the configuration. */
        return strcmp(error.target, "seed") == 0 ? CLI_FAILURE : code;
    }
    fprintf(stderr, count == 1 ? "1 entity was added.\n" : "%zu entities were added.\n", count);
    return CLI_OK;
}

static const char *const examples[] = { "connectord seed demo", "connectord seed connectors.json",
                                        NULL };

static const struct cli_option options[] = {
    { "tenant", "GUID", "The tenant that they belong to. [" SERVICE_DEFAULT_TENANT "]" },
};

const struct cli_command command_seed = {
    .name = "seed",
    .summary = "Load entities from a file, or the demo's; all of them or none.",
    .operands = "FILE|demo|-",
    .operands_min = 1,
    .operands_max = 1,
    .examples = examples,
    .options = options,
    .option_count = COUNT_OF(options),
    .settings = command_data_settings,
    .run = run,
};
