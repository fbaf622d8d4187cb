/* cli/seed.c - connectord seed: loads entities into the data folder, beside a running server, or
 * hands them to a server that was named.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/seed.h"

#include <inttypes.h>

#include "base/clock.h"
#include "cli/commands.h"
#include "cli/control.h"
#include "model/graph_model.h"
#include "server/data.h"
#include "service/provision.h"
#include "store/store.h"
#include "json/reader.h"

static void say_count(int64_t count, const char *done)
{
    fprintf(stderr, "%" PRId64 " %s %s.\n", count, count == 1 ? "entity was" : "entities were",
            done);
}

/* --- at a server ----------------------------------------------------------------------------- */

enum cli_exit seed_send(const struct cli *cli, struct slice seed, const char *done)
{
    struct json_token count;
    struct slice answer;
    int64_t number = 0;
    enum cli_exit code = control_ask(cli, "POST", SLICE("/seed"), seed, &answer);

    if (code == CLI_OK && control_member(answer, SLICE("entities"), cli->arena, &count) &&
        json_number_to_int64(count.literal, &number))
        say_count(number, done);
    return code;
}

static enum cli_exit ask(const struct cli *cli, struct slice name)
{
    struct slice seed = graph_model_demo_seed();
    struct error error = { 0 };

    if (!slice_eq(name, SLICE("demo")) && !control_read_json(cli, name, &seed, &error))
        return cli_fail(&error);
    return seed_send(cli, seed, "added");
}

/* --- in the data folder ---------------------------------------------------------------------- */

static enum cli_exit work(struct cli *cli, struct slice name)
{
    struct clock *clock;
    struct store *store = NULL;
    struct error error = { 0 };
    struct uuid tenant;
    size_t count = 0;
    bool ok = false;

    if (!cli_option_guid(cli, "tenant", service_default_tenant(), &tenant))
        return CLI_USAGE;
    clock = clock_create();
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
    say_count((int64_t)count, "added");
    return CLI_OK;
}

static enum cli_exit run(struct cli *cli)
{
    struct slice name = cli->arguments.operands[0];

    return control_is_meant(cli) ? ask(cli, name) : work(cli, name);
}

static const char *const examples[] = { "connectord seed demo", "connectord seed connectors.json",
                                        NULL };

static const struct cli_option options[] = { CONTROL_OR_FOLDER_OPTIONS };

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
