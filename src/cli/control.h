/* cli/control.h - asks the control API of a running server, for the commands that speak it.
 *
 * Spec: docs/control.md. The server is that of --url, else of connectord run's variables, else the
 * first listener of the settings. A URL may also be an address of the control API, as a sandbox is
 * told its own.
 * Must not know: sockets, what the API's bodies mean.
 */
#ifndef CLI_CONTROL_H
#define CLI_CONTROL_H

#include <stdbool.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"
#include "cli/cli.h"
#include "service/provision.h"

struct arena;

/* Of every command that asks, in its rows. */
#define CONTROL_SERVER_OPTIONS                                                                     \
    { "url", "URL", "The server. [CONNECTORD_URL, else the first listener of the settings]" },     \
    {                                                                                              \
        "ca", "FILE",                                                                              \
            "CA to verify HTTPS with (PEM). [CONNECTORD_CA_FILE, else the data folder's]"          \
    }
#define CONTROL_OPTIONS                                                                            \
    { "tenant", "GUID", "The tenant. [" SERVICE_DEFAULT_TENANT "]" }, CONTROL_SERVER_OPTIONS

extern const char *const control_settings[];

#define CONTROL_BODY_BYTES_MAX ((size_t)64 << 20)

/* Asks about the tenant of --tenant, if the command has that option. `path` is as in
 * docs/control.md, "/clock"; `body` a JSON text, or empty for none. *ret is the body of an answer
 * that says success: a JSON text, or empty. What went wrong was said: the exit code is for it. */
enum cli_exit control_ask(const struct cli *cli, const char *method, struct slice path,
                          struct slice body, struct slice *ret) MUST_CHECK;
/* The same, but what the server refused is not said: it is in *ret_refusal, whose code is
 * ERROR_NONE when something else went wrong, which was. */
enum cli_exit control_try(const struct cli *cli, const char *method, struct slice path,
                          struct slice body, struct slice *ret,
                          struct error *ret_refusal) MUST_CHECK;
/* As control_ask(), and prints what was answered as a line. */
enum cli_exit control_print(const struct cli *cli, const char *method, struct slice path,
                            struct slice body) MUST_CHECK;
/* A line of `json`; nothing when it is empty. */
void control_print_line(struct slice json);

/* Whether the server was named, by --url or by connectord run. */
bool control_is_named(const struct cli *cli);

/* The whole of a file, or of stdin for "-". */
bool control_read_text(const struct cli *cli, struct slice name, struct slice *ret,
                       struct error *err) MUST_CHECK;
/* The same, which has to be one JSON text. */
bool control_read_json(const struct cli *cli, struct slice name, struct slice *ret,
                       struct error *err) MUST_CHECK;

/* --- for its tests --------------------------------------------------------------------------- */

/* error.message of Graph's envelope, fit for a terminal; false when `body` is none. */
bool control_error_message(struct slice body, struct arena *arena, struct slice *ret) MUST_CHECK;

/* Where the API stands for a tenant (empty: the server's default), given the path of a URL: "" and
 * "/" are the server, else it is an address of the API. Error: ERROR_BAD_REQUEST. */
bool control_base(struct slice url_path, struct slice tenant, struct arena *arena,
                  struct slice *ret, struct error *err) MUST_CHECK;

#endif
