/* cli/control.h - asks the control API of a running server, for the commands that speak it.
 *
 * Spec: docs/control.md. The server is that of --url, else of connectord run's variables, else the
 * first listener of the settings. A URL may also be an address of the control API, as a sandbox is
 * told its own. The tenant is that of --tenant, else the URL's, else connectord run's, else the
 * default one.
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
struct json_token;
struct json_writer;

/* Of every command that asks, in its rows. */
#define CONTROL_SERVER_OPTIONS                                                                     \
    { "url", "URL", "The server. [CONNECTORD_URL, else the first listener of the settings]" },     \
    {                                                                                              \
        "ca", "FILE",                                                                              \
            "CA to verify HTTPS with (PEM). [CONNECTORD_CA_FILE, else the data folder's]"          \
    }
#define CONTROL_TENANT_DOC "The tenant. [CONNECTORD_TENANT_ID, else " SERVICE_DEFAULT_TENANT "]"
#define CONTROL_OPTIONS    { "tenant", "GUID", CONTROL_TENANT_DOC }, CONTROL_SERVER_OPTIONS

/* Of those that work on the data folder unless a server was named. */
#define CONTROL_OR_FOLDER_OPTIONS                                                                  \
    { "tenant", "GUID",                                                                            \
      "The tenant. [" SERVICE_DEFAULT_TENANT ", of a server CONNECTORD_TENANT_ID]" },              \
        { "url", "URL",                                                                            \
          "Ask this server. [CONNECTORD_URL unless --data-dir is given, else the data folder is "  \
          "opened]" },                                                                             \
    {                                                                                              \
        "ca", "FILE",                                                                              \
            "CA to verify HTTPS with (PEM). [CONNECTORD_CA_FILE, else the data folder's]"          \
    }

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

/* Whether a command that works on the data folder too is to ask a server: --url names it, or a
 * variable of connectord run does, which the flag --data-dir outranks. What runs inside connectord
 * run is never meant for the folder that happens to be the default. */
bool control_is_meant(const struct cli *cli);

/* The member `name` of the JSON object `json`; its token, in `arena`. False: there is none. */
bool control_member(struct slice json, struct slice name, struct arena *arena,
                    struct json_token *ret) MUST_CHECK;

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
