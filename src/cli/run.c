/* cli/run.c - connectord run: a server for as long as a command runs, which is told where it is.
 *
 * Three processes. The one that was called stays between the other two and never has a thread, so
 * that it may fork and start programs as it likes:
 *
 *     caller ... connectord run ... the server   forked, in a process group of its own
 *                          +....... the command  spawned, in the caller's group
 *
 * In this order: the server is forked; when it is ready it writes into a pipe what the command has
 * to know (cli/handover.h), and closes it; the command is started; its end ends the server.
 *
 * Signals. A key at the terminal (Ctrl+C) reaches the whole foreground group, hence the command by
 * itself, and the server not at all: it has to outlive the command. One that a process sent came to
 * us alone and is passed on. The kernel says which it was (si_code). Until the command runs they do
 * to us what they do to any program, and the server, which asked to be told when its parent dies,
 * follows.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "cli/commands.h"
#include "cli/handover.h"
#include "server/data.h"
#include "server/server.h"
#include "service/provision.h"
#include "store/directory.h"
#include "store/store.h"

/* What shells answer, and with them every program that runs others. */
#define EXIT_CANNOT_RUN 126
#define EXIT_NOT_FOUND  127
#define EXIT_SIGNAL     128

struct running {
    struct cli *cli;
    struct handover handover;
    char ca_folder[PATH_MAX]; /* empty: none was made */
    const char *ca_file;      /* NULL: none */
    pid_t server;
    pid_t command;
    bool server_ended; /* before it was told to */
    int status;        /* of the command, as waitpid() gives it */
};

/* --- the server's process -------------------------------------------------------------------- */

struct serving {
    struct cli *cli;
    struct server *server;
    int pipe;
};

static void hand_over(void *context)
{
    struct serving *serving = context;
    struct handover handover;
    struct error error = { 0 };

    if (!handover_make(serving->server, serving->cli->settings, serving->cli->arena, &handover,
                       &error) ||
        !handover_write(&handover, serving->pipe, &error)) {
        cli_fail(&error);
        raise(SIGTERM);
    }
    close(serving->pipe);
    serving->pipe = -1;
}

/* Apart from the command: its input and output are not ours, nor are the terminal's signals. */
static void stand_apart(pid_t parent)
{
    int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);

    setpgid(0, 0);
    signal(SIGTTOU, SIG_IGN); /* a warning that is printed to the terminal stops nobody */
    if (nowhere >= 0) {
        dup2(nowhere, STDIN_FILENO);
        dup2(nowhere, STDOUT_FILENO);
        close(nowhere);
    }
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) /* it died before we had asked */
        _exit(CLI_FAILURE);
}

static enum cli_exit serve(struct cli *cli, int pipe)
{
    struct serving serving = { .cli = cli, .pipe = pipe };
    struct error error = { 0 };

    if (!server_create(cli->settings, &serving.server, &error))
        return cli_fail(&error);
    bool ok = server_run(serving.server, hand_over, &serving, &error);
    server_destroy(serving.server);
    return ok ? CLI_OK : cli_fail(&error);
}

/* --- what the command is told ---------------------------------------------------------------- */

static bool ask_client(void *context, struct store_session *session, struct error *err)
{
    struct running *running = context;
    bool works = false;

    if (!service_default_client_works(session, running->cli->arena, &works, err))
        return false;
    return works || error_set(err, ERROR_NOT_FOUND, SLICE_EMPTY, "the default client is gone");
}

/* In a folder of the operator's the published secret may have been changed, or removed. */
static bool default_client_works(struct running *running)
{
    struct store *store = NULL;

    if (!running->cli->settings->issuer_on)
        return false;
    if (running->cli->settings->memory == SETTING_ON)
        return true;
    bool works = cli_open_store(running->cli, true, &store, NULL) &&
                 data_read(store, ask_client, running, NULL);
    store_close(store);
    return works;
}

static bool write_file(const char *path, struct slice content)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && write(fd, content.ptr, content.len) == (ssize_t)content.len;

    if (fd >= 0 && close(fd) != 0)
        ok = false;
    return ok;
}

static bool write_ca(struct running *running, struct error *err)
{
    struct slice pem = running->handover.items[HANDOVER_CA_PEM], path;

    if (pem.len == 0)
        return true;
    if (!directory_make_private(running->ca_folder, sizeof running->ca_folder, err)) {
        running->ca_folder[0] = 0;
        return false;
    }
    if (!arena_printf(running->cli->arena, &path, "%s/ca.pem", running->ca_folder))
        return error_no_memory(err);
    running->ca_file = path.ptr;
    return write_file(running->ca_file, pem) ||
           error_set(err, ERROR_IO, SLICE_EMPTY, "cannot write '%s': %s", running->ca_file,
                     strerror(errno));
}

static void remove_ca(struct running *running)
{
    if (running->ca_file)
        unlink(running->ca_file);
    if (running->ca_folder[0])
        rmdir(running->ca_folder);
}

/* --- the command's process ------------------------------------------------------------------- */

/* All that would end us before the server and the folder are gone, and SIGCHLD. */
static sigset_t watched_signals(void)
{
    static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGCHLD };
    sigset_t set;

    sigemptyset(&set);
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        sigaddset(&set, numbers[i]);
    return set;
}

/* 0, or why it cannot be run. */
static int spawn(struct running *running, char *const *environment, const sigset_t *mask)
{
    char *const *words = running->cli->arguments.words;
    posix_spawnattr_t attributes;
    int status = posix_spawnattr_init(&attributes);

    if (status != 0)
        return status;
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setsigmask(&attributes, mask);
    status = posix_spawnp(&running->command, words[0], NULL, &attributes, words, environment);
    posix_spawnattr_destroy(&attributes);
    return status;
}

/* True when the command is among those that ended. */
static bool reap(struct running *running)
{
    bool ended = false;
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (pid == running->command) {
            running->status = status;
            ended = true;
        } else if (pid == running->server) {
            running->server_ended = true;
            fprintf(stderr, "connectord: the server has ended before the command\n");
        }
    }
    return ended;
}

static void await_command(struct running *running, const sigset_t *watched)
{
    for (;;) {
        siginfo_t info;
        int number = sigwaitinfo(watched, &info);

        if (number == SIGCHLD && reap(running))
            return;
        if (number > 0 && number != SIGCHLD && info.si_code <= 0) /* a process sent it */
            kill(running->command, number);
    }
}

static enum cli_exit exit_of(const struct running *running)
{
    int code = WIFSIGNALED(running->status) ? EXIT_SIGNAL + WTERMSIG(running->status)
                                            : WEXITSTATUS(running->status);

    /* A command that passed although its server died has tested nothing. */
    return code == 0 && running->server_ended ? CLI_FAILURE : (enum cli_exit)code;
}

static enum cli_exit run_command(struct running *running, const sigset_t *watched,
                                 const sigset_t *mask)
{
    struct error error = { 0 };
    char **environment;

    if (!write_ca(running, &error) ||
        !handover_environment(&running->handover, running->cli->environment, running->ca_file,
                              default_client_works(running), running->cli->arena, &environment,
                              &error))
        return cli_fail(&error);
    int why = spawn(running, environment, mask);
    if (why != 0) {
        fprintf(stderr, "connectord: cannot run '%s': %s\n", running->cli->arguments.words[0],
                strerror(why));
        return (enum cli_exit)(why == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN);
    }
    await_command(running, watched);
    return exit_of(running);
}

/* How the server ended that was never ready; it has said why. */
static enum cli_exit await_failure(pid_t server)
{
    int status = 0;

    while (waitpid(server, &status, 0) < 0 && errno == EINTR)
        ;
    if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
        return (enum cli_exit)WEXITSTATUS(status);
    fprintf(stderr, "connectord: the server ended before it was ready\n");
    return CLI_FAILURE;
}

/* False: it did not end well. */
static bool stop_server(pid_t server)
{
    int status = 0;

    kill(server, SIGTERM);
    while (waitpid(server, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static enum cli_exit run_beside(struct running *running)
{
    sigset_t watched = watched_signals(), mask;
    enum cli_exit code;

    sigprocmask(SIG_BLOCK, &watched, &mask);
    code = run_command(running, &watched, &mask);
    if (!running->server_ended && !stop_server(running->server) && code == CLI_OK)
        code = CLI_FAILURE;
    remove_ca(running);
    return code;
}

/* --- the command line ------------------------------------------------------------------------ */

/* Only the flag makes a test write into a folder: a variable that is set for another server does
 * not. */
static void settle_memory(struct settings *settings)
{
    const struct setting *memory = setting_find(SLICE("memory"));
    const struct setting *data_dir = setting_find(SLICE("data-dir"));

    if (settings_source(settings, memory, NULL) == SETTING_FROM_DEFAULT &&
        settings_source(settings, data_dir, NULL) == SETTING_FROM_FLAG)
        settings->memory = SETTING_OFF;
}

static enum cli_exit run(struct cli *cli)
{
    struct running running = { .cli = cli };
    pid_t self = getpid();
    int ends[2];

    settle_memory(cli->settings);
    signal(SIGCHLD, SIG_DFL); /* who ignores it is not told how a child ended */
    if (pipe2(ends, O_CLOEXEC) != 0 || (running.server = fork()) < 0) {
        fprintf(stderr, "connectord: cannot start a process: %s\n", strerror(errno));
        return CLI_FAILURE;
    }
    if (running.server == 0) {
        close(ends[0]);
        stand_apart(self);
        return serve(cli, ends[1]);
    }
    close(ends[1]);
    bool ready = handover_read(ends[0], cli->arena, &running.handover);
    close(ends[0]);
    return ready ? run_beside(&running) : await_failure(running.server);
}

static const char *const examples[] = {
    "connectord run -- node test.mjs",
    "connectord run --seed demo -- sh -c 'curl -s $CONNECTORD_URL/health'",
    "connectord run --profile live --strict -- dotnet test",
    NULL,
};

static const struct setting_default defaults[] = {
    { "memory", "on", "on, unless --data-dir is given as a flag" },
    { "listen", "127.0.0.1:0", "a free port of 127.0.0.1 when neither is set" },
    { "listen-tls", "127.0.0.1:0", "a free port of 127.0.0.1 when neither is set" },
    { "log-level", "warning", NULL },
    { "limit-drain-s", "1", NULL },
};

const struct cli_command command_run = {
    .name = "run",
    .summary = "Run a command with a server of its own.",
    .operands = "[--] COMMAND [ARG...]",
    .operands_min = 1,
    .operands_max = CLI_EVERY_WORD,
    .examples = examples,
    .all_settings = true,
    .defaults = defaults,
    .default_count = COUNT_OF(defaults),
    .notes =
        "The command finds in its environment: CONNECTORD_URL and CONNECTORD_URL_TLS (where the "
        "server listens), CONNECTORD_TOKEN (as connectord token prints it), CONNECTORD_TENANT_ID, "
        "CONNECTORD_CLIENT_ID and CONNECTORD_CLIENT_SECRET (the default tenant and client), "
        "CONNECTORD_CA_FILE and NODE_EXTRA_CA_CERTS (the development CA, a file that goes with the "
        "server). What there is none of is not set. The server starts before the command and ends "
        "behind it. Exits as the command did: its code, 128 and the number of the signal that "
        "ended it, 127 when there is no such command, 126 when it cannot be run.",
    .run = run,
};
