/* cli/token.c - connectord token: signs one token with the data folder's key and prints it.
 *
 * It opens no store: a token of an unknown tenant makes that tenant when it is used, and an app is
 * whatever the token says. So it is quick, and works before the server was ever started: the key
 * is made by whoever needs it first. A server that was named signs with its own key.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/token.h"

#include <inttypes.h>

#include "auth/issuer.h"
#include "auth/jwt.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/control.h"
#include "model/graph_model.h"
#include "server/origins.h"
#include "server/suggestion.h"
#include "service/authorisation.h"
#include "service/provision.h"
#include "json/reader.h"
#include "json/writer.h"

#define NAMES_MAX      256
#define LIFETIME_S_MAX INT64_C(315360000) /* ten years */
#define DELEGATED_USER "user@example.com"
#define APP_NAME       "connectord token"
#define BODY_BYTES     ((size_t)1 << 20)

struct names {
    struct slice items[NAMES_MAX];
    size_t count;
};

/* Other names of Graph's are fine in a token, but a slip of the pen is more likely. */
static void warn_if_unknown(const struct authorisation *authorisation, struct slice name)
{
    struct suggestion suggestion = { .typed = name };

    if (permission_table_find(&authorisation->permissions, name))
        return;
    for (size_t i = 0; i < authorisation->permissions.count; i++)
        suggestion_try(&suggestion, authorisation->permissions.names[i]);
    fprintf(stderr, "connectord: warning: nothing here asks for the permission '%.*s'%s%.*s%s\n",
            SLICE_ARG(name), suggestion.best.len ? "; did you mean '" : "",
            SLICE_ARG(suggestion.best), suggestion.best.len ? "'?" : "");
}

static void every_name(const struct authorisation *authorisation, struct names *ret)
{
    ret->count = authorisation_read_write_names(authorisation, ret->items);
}

/* False when there are too many. */
static bool split_names(struct slice list, const struct authorisation *authorisation,
                        struct names *ret)
{
    struct slice head, tail = list;

    do {
        bool last = !slice_cut(tail, ',', &head, &tail);

        head = slice_trim(last ? tail : head);
        if (last)
            tail = SLICE_EMPTY;
        if (head.len == 0)
            continue;
        if (ret->count == NAMES_MAX)
            return false;
        warn_if_unknown(authorisation, head);
        ret->items[ret->count++] = head;
    } while (tail.len);
    return true;
}

static enum cli_exit read_permissions(struct cli *cli, struct token_request *request,
                                      struct names *names)
{
    struct authorisation authorisation;
    struct slice list;
    struct error error = { 0 };
    bool scopes = cli_option(cli, "scopes", NULL);

    if (!authorisation_init(&authorisation, &graph_model, &error))
        return cli_fail(&error);
    if (scopes && cli_option(cli, "roles", NULL))
        return cli_usage(cli, "--roles and --scopes exclude each other: a token acts for an app or "
                              "for a user");
    if (cli_option(cli, "roles", NULL) && request->user.len)
        return cli_usage(cli, "--user makes a delegated token, which has --scopes and no --roles");
    if (scopes && request->user.len == 0)
        request->user = SLICE(DELEGATED_USER);
    if (!cli_option(cli, "scopes", &list) && !cli_option(cli, "roles", &list))
        every_name(&authorisation, names);
    else if (!split_names(list, &authorisation, names))
        return cli_usage(cli, "expected at most %d permissions", NAMES_MAX);
    request->permissions = names->items;
    request->permission_count = names->count;
    return CLI_OK;
}

static enum cli_exit read_request(struct cli *cli, struct token_request *request,
                                  char app_text[UUID_TEXT_LEN])
{
    struct slice lifetime;
    struct uuid app;

    request->lifetime_s = (int64_t)cli->settings->token_lifetime_s;
    request->now_unix_s = (int64_t)(clock_machine_unix_ms() / 1000);
    request->audience = jwt_graph_audiences[0];
    request->app_name = SLICE(APP_NAME);
    if (cli_option(cli, "user", &request->user) && request->user.len == 0)
        return cli_usage(cli, "--user: expected a user's name, found nothing");
    if (!uuid_parse(SLICE(SERVICE_DEFAULT_CLIENT), &app) ||
        !cli_option_guid(cli, "tenant", service_default_tenant(), &request->tenant) ||
        !cli_option_guid(cli, "app", app, &app))
        return CLI_USAGE;
    uuid_format(app, app_text);
    request->app_id = (struct slice){ app_text, UUID_TEXT_LEN };
    if (cli_option(cli, "ttl", &lifetime) &&
        (!slice_to_int64(lifetime, &request->lifetime_s) || request->lifetime_s > LIFETIME_S_MAX ||
         request->lifetime_s < -LIFETIME_S_MAX))
        return cli_usage(cli, "--ttl: expected a number of seconds, found '%.100s'", lifetime.ptr);
    return CLI_OK;
}

static enum cli_exit sign(struct cli *cli, struct token_request *request)
{
    struct issuer *issuer = NULL;
    struct error error = { 0 };
    struct slice token;
    const char *keys;

    if (!cli_keys_folder(cli, &keys, &error))
        return cli_fail(&error);
    bool made = cli_key_is_missing(cli, keys, "issuer.pem");
    bool ok = origin_for_tokens(cli->settings->public_urls, cli->arena, &request->origin, &error) &&
              issuer_open(keys, &issuer, &error) &&
              issuer_sign(issuer, request, cli->arena, &token, &error);
    if (ok)
        printf("%.*s\n", SLICE_ARG(token));
    if (ok && made)
        cli_say_key_was_made(cli);
    issuer_close(issuer);
    return ok ? CLI_OK : cli_fail(&error);
}

bool token_for_all(const struct issuer *issuer, struct slice origin, int64_t lifetime_s,
                   struct arena *arena, struct slice *ret, struct error *err)
{
    struct authorisation authorisation;
    struct names names = { .count = 0 };
    struct token_request request = {
        .origin = origin,
        .audience = jwt_graph_audiences[0],
        .tenant = service_default_tenant(),
        .app_id = SLICE(SERVICE_DEFAULT_CLIENT),
        .app_name = SLICE(APP_NAME),
        .now_unix_s = (int64_t)(clock_machine_unix_ms() / 1000),
        .lifetime_s = lifetime_s,
    };

    if (!authorisation_init(&authorisation, &graph_model, err))
        return false;
    every_name(&authorisation, &names);
    request.permissions = names.items;
    request.permission_count = names.count;
    return issuer_sign(issuer, &request, arena, ret, err);
}

/* --- at a server ----------------------------------------------------------------------------- */

static void write_text(const struct cli *cli, struct json_writer *writer, const char *name)
{
    struct slice value;

    if (!cli_option(cli, name, &value))
        return;
    json_writer_plain_name(writer, slice_of(name));
    json_writer_string(writer, value);
}

static void write_names(const struct cli *cli, struct json_writer *writer, const char *name,
                        const struct token_request *request)
{
    if (!cli_option(cli, name, NULL))
        return;
    json_writer_plain_name(writer, slice_of(name));
    json_writer_array_begin(writer);
    for (size_t i = 0; i < request->permission_count; i++)
        json_writer_string(writer, request->permissions[i]);
    json_writer_array_end(writer);
}

/* What was not said is left to the server, whose settings are its own. */
static void write_request(const struct cli *cli, const struct token_request *request,
                          struct text *out)
{
    const struct setting *lifetime = setting_find(SLICE("token-lifetime-s"));
    char seconds[32];
    struct json_writer writer;

    json_writer_init(&writer, out);
    json_writer_object_begin(&writer);
    write_text(cli, &writer, "app");
    write_text(cli, &writer, "user");
    write_names(cli, &writer, "roles", request);
    write_names(cli, &writer, "scopes", request);
    if (cli_option(cli, "ttl", NULL) ||
        settings_source(cli->settings, lifetime, NULL) == SETTING_FROM_FLAG) {
        snprintf(seconds, sizeof seconds, "%" PRId64 "s", request->lifetime_s);
        json_writer_plain_name(&writer, SLICE("lifetime"));
        json_writer_plain_string(&writer, slice_of(seconds));
    }
    json_writer_object_end(&writer);
}

static enum cli_exit ask(const struct cli *cli, const struct token_request *request)
{
    const struct setting *public_url = setting_find(SLICE("public-url"));
    struct json_token token;
    struct slice answer;
    struct text body;
    enum cli_exit code;

    if (settings_source(cli->settings, public_url, NULL) == SETTING_FROM_FLAG)
        return cli_usage(cli, "--public-url is for tokens of the data folder; a server knows its "
                              "own");
    text_init(&body, cli->arena, 256, BODY_BYTES);
    write_request(cli, request, &body);
    if (body.failed)
        return cli_usage(cli, "that is too long");
    code = control_ask(cli, "POST", SLICE("/token"), text_slice(&body), &answer);
    if (code != CLI_OK)
        return code;
    if (!control_member(answer, SLICE("access_token"), cli->arena, &token) ||
        token.kind != JSON_STRING) {
        fprintf(stderr, "connectord: the answer holds no token\n");
        return CLI_FAILURE;
    }
    printf("%.*s\n", SLICE_ARG(token.text));
    return CLI_OK;
}

/* --- the command ----------------------------------------------------------------------------- */

static enum cli_exit run(struct cli *cli)
{
    struct token_request request = { 0 };
    struct names names = { .count = 0 };
    char app[UUID_TEXT_LEN];
    enum cli_exit code = read_request(cli, &request, app);

    if (code == CLI_OK)
        code = read_permissions(cli, &request, &names);
    if (code != CLI_OK)
        return code;
    return control_is_meant(cli) ? ask(cli, &request) : sign(cli, &request);
}

static const char *const examples[] = {
    "TOKEN=$(connectord token)",
    "connectord token --roles DeviceManagementConfiguration.Read.All",
    "connectord token --user ada@example.com --scopes DeviceManagementConfiguration.Read.All",
    "connectord token --ttl -1    # one that has expired",
    NULL,
};

static const struct cli_option options[] = {
    CONTROL_OR_FOLDER_OPTIONS,
    { "app", "GUID", "App (appid). [" SERVICE_DEFAULT_CLIENT "]" },
    { "user", "UPN", "Act for this user: a delegated token, with scopes." },
    { "roles", "A,B", "Permissions of an app-only token. [every read-write one]" },
    { "scopes", "A,B", "Permissions of a delegated token. [every read-write one]" },
    { "ttl", "SECONDS", "How long it is good; below 1: it has expired. [token-lifetime-s]" },
};

static const char *const settings[] = { "data-dir", "config", "public-url", "token-lifetime-s",
                                        NULL };

const struct cli_command command_token = {
    .name = "token",
    .summary = "Print one token for calling the server.",
    .examples = examples,
    .options = options,
    .option_count = COUNT_OF(options),
    .settings = settings,
    .notes = "A server on the same data folder accepts it while its built-in issuer is on.",
    .run = run,
};
