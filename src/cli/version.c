/* cli/version.c - connectord version.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/commands.h"

static enum cli_exit run(struct cli *cli UNUSED)
{
    puts("connectord " CONNECTORD_VERSION);
    return CLI_OK;
}

static const char *const examples[] = { "connectord version", "connectord --version", NULL };

const struct cli_command command_version = {
    .name = "version",
    .summary = "Print the version.",
    .examples = examples,
    .run = run,
};
