/* cli/token.c - connectord token: signs one token with the data folder's key and prints it.
 *
 * It opens no store: a token of an unknown tenant makes that tenant when it is used, and an app is
 * whatever the token says. So it is quick, and works before the server was ever started: the key
 * is made by whoever needs it first.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/token.h"
#include "auth/issuer.h"
#include "auth/jwt.h"
#include "base/arena.h"
#include "base/clock.h"
#include "cli/commands.h"
#include "model/graph_model.h"
#include "server/origins.h"
#include "server/suggestion.h"
#include "service/authorisation.h"
#include "service/provision.h"

#define NAMES_MAX      256
#define LIFETIME_S_MAX INT64_C(315360000) /* ten years */
#define DELEGATED_USER "user@example.com"
#define APP_NAME       "connectord token"

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

static enum cli_exit run(struct cli *cli)
{
    struct token_request request = { 0 };
    struct names names = { .count = 0 };
    char app[UUID_TEXT_LEN];
    enum cli_exit code = read_request(cli, &request, app);

    if (code == CLI_OK)
        code = read_permissions(cli, &request, &names);
    return code == CLI_OK ? sign(cli, &request) : code;
}

static const char *const examples[] = {
    "TOKEN=$(connectord token)",
    "connectord token --roles DeviceManagementConfiguration.Read.All",
    "connectord token --user ada@example.com --scopes DeviceManagementConfiguration.Read.All",
    "connectord token --ttl -1    # one that has expired",
    NULL,
};

static const struct cli_option options[] = {
    { "tenant", "GUID", "Tenant (tid). [" SERVICE_DEFAULT_TENANT "]" },
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
