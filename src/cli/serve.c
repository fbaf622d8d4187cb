/* cli/serve.c - connectord serve: builds the server, runs it, and says hello when it is ready.
 *
 * From here on stderr is the server's log, one JSON object a line. A start that fails is told there
 * as well, in one more line, so that whoever reads the log finds the reason in it. At a terminal
 * somebody has just typed the command: he is told as by any other, in a sentence.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/welcome.h"
#include "server/server.h"

#define WELCOME_BYTES 16384

struct serving {
    struct cli *cli;
    struct server *server;
};

static void say_hello(void *context)
{
    struct serving *serving = context;
    const struct settings *settings = serving->cli->settings;
    const struct welcome welcome = { .program = serving->cli->program,
                                     .settings = settings,
                                     .urls = server_urls(serving->server) };
    struct text text;

    if (settings->hello == SETTING_OFF ||
        (settings->hello == SETTING_AUTO && !isatty(STDOUT_FILENO)))
        return;
    text_init(&text, serving->cli->arena, WELCOME_BYTES, WELCOME_BYTES);
    welcome_write(&text, &welcome);
    cli_print(&text);
    fflush(stdout);
}

static enum cli_exit tell_failure(const struct error *error)
{
    if (isatty(STDERR_FILENO))
        return cli_fail(error);

    struct clock *clock = clock_create();
    struct log *log = clock ? log_create(STDERR_FILENO, clock, LOG_ERROR) : NULL;

    if (log) {
        log_begin(log, LOG_ERROR, "start_failed");
        if (error->target[0])
            log_text(log, "target", slice_of(error->target));
        log_text(log, "reason", slice_of(error->message));
        log_end(log);
    }
    log_destroy(log);
    clock_destroy(clock);
    return error->code == ERROR_CONFIGURATION ? CLI_CONFIGURATION : CLI_FAILURE;
}

static enum cli_exit run(struct cli *cli)
{
    struct serving serving = { .cli = cli };
    struct error error = { 0 };

    if (!server_create(cli->settings, &serving.server, &error))
        return tell_failure(&error);
    bool ok = server_run(serving.server, say_hello, &serving, &error);
    server_destroy(serving.server);
    return ok ? CLI_OK : tell_failure(&error);
}

static const char *const examples[] = {
    "connectord serve --seed demo",
    "connectord serve --memory --listen 127.0.0.1:0",
    "connectord serve --profile live --data-dir /var/lib/connectord",
    "CONNECTORD_LISTEN=127.0.0.1:9000 connectord serve --no-auth",
    NULL,
};

const struct cli_command command_serve = {
    .name = "serve",
    .summary = "Run the server.",
    .examples = examples,
    .all_settings = true,
    .notes =
        "Logs one JSON object a line to stderr; \"event\":\"ready\" says where it listens, and "
        "GET /health answers 200 from then on. SIGTERM and SIGINT end it when what is in "
        "flight is finished.",
    .run = run,
};
