/* cli/health.c - connectord health: asks a server whether it is well, for health checks.
 *
 * One GET; its status alone is looked at. Without a URL the server is the one that the settings
 * describe, so that the same environment serves both in a container.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/commands.h"
#include "cli/http_client.h"

#define TIMEOUT_S_DEFAULT 5
#define TIMEOUT_S_MAX     3600

static bool check(const struct cli *cli, const struct target *target, uint64_t timeout_s,
                  struct error *err)
{
    struct http_client_request request = { .user_agent = "connectord-health",
                                           .target = target,
                                           .method = "GET",
                                           .path = target->path,
                                           .timeout_s = timeout_s };
    struct http_client_reply reply;

    if (request.path.len == 0 || slice_eq(request.path, SLICE("/")))
        request.path = SLICE("/health");
    if ((target->secure && !cli_ca_file(cli, &request.ca_file, err)) ||
        !http_client_ask(&request, cli->arena, &reply, err))
        return false;
    return reply.status == 200 || error_set(err, ERROR_IO, SLICE_EMPTY, "it answered '%.*s'",
                                            SLICE_ARG(slice_utf8_prefix(reply.line, 100)));
}

static enum cli_exit run(struct cli *cli)
{
    uint64_t timeout_s = TIMEOUT_S_DEFAULT;
    struct slice url, timeout;
    struct error error = { 0 };
    struct target target;

    if (cli_option(cli, "timeout-s", &timeout) &&
        (!slice_to_uint64(timeout, TIMEOUT_S_MAX, &timeout_s) || timeout_s == 0))
        return cli_usage(cli, "--timeout-s: expected 1 to %d, found '%.100s'", TIMEOUT_S_MAX,
                         timeout.ptr);
    if (cli->arguments.operand_count)
        url = cli->arguments.operands[0];
    else if (!target_of_settings(cli->settings, cli->arena, &url, &error))
        return cli_usage(cli, "%s", error.message);
    if (!target_parse(url, cli->arena, &target, &error))
        return cli_usage(cli, "%s", error.message);
    if (!check(cli, &target, timeout_s, &error)) {
        cli_fail(&error);
        return CLI_FAILURE; /* whatever the reason: a health check knows two answers */
    }
    puts("ok");
    return CLI_OK;
}

static const char *const examples[] = {
    "connectord health",
    "connectord health http://127.0.0.1:9000",
    "connectord health https://localhost:8443 --ca ca.pem",
    NULL,
};

static const struct cli_option options[] = {
    { "ca", "FILE", "CA to verify HTTPS with (PEM). [CONNECTORD_CA_FILE, else the data folder's]" },
    { "timeout-s", "N", "Seconds to wait for each step. [5]" },
};

static const char *const settings[] = { "listen", "listen-tls", "data-dir", "config", NULL };

const struct cli_command command_health = {
    .name = "health",
    .summary = "Ask a server whether it is well: exit 0 or 1.",
    .operands = "[URL]",
    .operands_max = 1,
    .examples = examples,
    .options = options,
    .option_count = COUNT_OF(options),
    .settings = settings,
    .notes = "Without a URL it asks the first listener of the settings, http://127.0.0.1:8080 by "
             "default. A URL without a path means /health.",
    .run = run,
};
