/* cli/client.c - connectord client: the apps that may ask the built-in issuer for tokens.
 *
 * A secret is made here, shown once, and kept as a digest; none is ever taken from a flag, where
 * other users of the machine could read it. Adding the default client's id replaces the one that
 * everyone knows the secret of; any other that exists is left alone unless told so. What a replaced
 * client had and no flag names is kept.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "auth/secret.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/text.h"
#include "cli/commands.h"
#include "server/data.h"
#include "service/provision.h"
#include "store/registry.h"
#include "store/store.h"
#include "json/writer.h"

#define OUTPUT_BYTES_MAX ((size_t)64 << 20)
#define NAME_WIDTH_MAX   40

struct client_job {
    struct cli *cli;
    struct registry_client client;
    bool replace;
    struct registry_client *clients; /* listed */
    size_t count;
};

static enum cli_exit work(struct client_job *job, bool write, bool must_exist,
                          data_operation *operation)
{
    struct store *store = NULL;
    struct error error = { 0 };

    bool ok = cli_open_store(job->cli, must_exist, &store, &error) &&
              (write ? data_write(store, operation, job, &error)
                     : data_read(store, operation, job, &error));
    store_close(store);
    return ok ? CLI_OK : cli_fail(&error);
}

static bool read_app(const struct cli *cli, struct slice text, struct slice *ret)
{
    char *lower = arena_alloc(cli->arena, UUID_TEXT_LEN);
    struct uuid app;

    if (!lower)
        return false;
    if (!uuid_parse(text, &app)) {
        cli_usage(cli, "expected an app's GUID, found '%.100s'", text.ptr);
        return false;
    }
    uuid_format(app, lower);
    *ret = (struct slice){ lower, UUID_TEXT_LEN };
    return true;
}

/* --- add ------------------------------------------------------------------------------------- */

/* Commas or blanks between the names become single blanks, as the registry keeps them. */
static bool read_roles(const struct cli *cli, struct slice *ret)
{
    struct slice list;
    struct text roles;

    if (!cli_option(cli, "roles", &list))
        return true;
    text_init(&roles, cli->arena, list.len, list.len);
    for (size_t i = 0; i < list.len; i++) {
        bool gap = list.ptr[i] == ',' || list.ptr[i] == ' ';

        if (!gap)
            text_append_char(&roles, list.ptr[i]);
        else if (roles.len && roles.ptr[roles.len - 1] != ' ')
            text_append_char(&roles, ' ');
    }
    *ret = slice_trim(text_slice(&roles));
    if (ret->len && slice_is_utf8(*ret))
        return true;
    cli_usage(cli, "--roles: expected names of permissions, separated by commas");
    return false;
}

/* What the flags say, over what the client already is. */
static bool read_flags(struct client_job *job)
{
    struct cli *cli = job->cli;
    struct registry_client *client = &job->client;

    if (cli_option(cli, "any-tenant", NULL))
        client->any_tenant = true;
    else if (cli_option(cli, "tenant", NULL))
        client->any_tenant = false;
    cli_option(cli, "name", &client->name);
    if (!slice_is_utf8(client->name)) {
        cli_usage(cli, "--name: expected UTF-8");
        return false;
    }
    return cli_option_guid(cli, "tenant", client->tenant, &client->tenant) &&
           read_roles(cli, &client->roles);
}

static bool put(void *context, struct store_session *session, struct error *err)
{
    struct client_job *job = context;
    struct registry_client before;
    struct error why = { 0 };
    uint8_t digest[REGISTRY_DIGEST_BYTES];

    memcpy(digest, job->client.digest, sizeof digest);
    bool exists = registry_client_get(session, job->client.app_id, job->cli->arena, &before, &why);
    if (!exists && why.code != ERROR_NOT_FOUND) {
        *err = why;
        return false;
    }
    if (exists && !before.is_default && !job->replace)
        return error_set(err, ERROR_CONFLICT, SLICE("app"),
                         "the client '%.*s' exists; --replace gives it a new secret",
                         SLICE_ARG(job->client.app_id));
    if (exists) {
        job->client = before;
        memcpy(job->client.digest, digest, sizeof digest);
        job->client.is_default = false;
    }
    if (!read_flags(job))
        return error_set(err, ERROR_BAD_REQUEST, SLICE_EMPTY, "nothing was changed");
    return registry_client_put(session, &job->client, exists, err);
}

static enum cli_exit print_secret(struct cli *cli, struct slice app, struct slice secret)
{
    struct json_writer writer;
    struct text out;

    text_init(&out, cli->arena, 512, 512);
    if (!cli_option(cli, "json", NULL)) {
        text_printf(&out, "app     %.*s\nsecret  %.*s\n", SLICE_ARG(app), SLICE_ARG(secret));
        fprintf(stderr, "The secret is not shown again.\n");
        return cli_print(&out);
    }
    json_writer_init(&writer, &out);
    json_writer_object_begin(&writer);
    json_writer_plain_name(&writer, SLICE("app"));
    json_writer_string(&writer, app);
    json_writer_plain_name(&writer, SLICE("secret"));
    json_writer_string(&writer, secret);
    json_writer_object_end(&writer);
    text_append_char(&out, '\n');
    return cli_print(&out);
}

static enum cli_exit run_add(struct cli *cli)
{
    struct client_job job = { .cli = cli, .replace = cli_option(cli, "replace", NULL) };
    char generated[UUID_TEXT_LEN], secret_text[SECRET_TEXT_LEN];
    struct slice app = { generated, UUID_TEXT_LEN };
    struct slice secret = { secret_text, SECRET_TEXT_LEN };

    uuid_format(uuid_random(), generated);
    cli_option(cli, "app", &app);
    if (!read_app(cli, app, &job.client.app_id))
        return CLI_USAGE;
    if (cli_option(cli, "any-tenant", NULL) && cli_option(cli, "tenant", NULL))
        return cli_usage(cli, "--any-tenant and --tenant exclude each other");
    job.client.tenant = service_default_tenant();
    job.client.created_ticks =
        CLOCK_UNIX_EPOCH_TICKS + (int64_t)clock_machine_unix_ms() * (CLOCK_TICKS_PER_SECOND / 1000);
    if (!read_flags(&job)) /* before anything is opened */
        return CLI_USAGE;
    secret_make(secret_text);
    if (!secret_digest(secret, job.client.digest)) {
        fprintf(stderr, "connectord: cannot make a digest of the secret\n");
        return CLI_FAILURE;
    }
    enum cli_exit code = work(&job, true, false, put);
    return code == CLI_OK ? print_secret(cli, job.client.app_id, secret) : code;
}

/* --- list ------------------------------------------------------------------------------------ */

static bool list(void *context, struct store_session *session, struct error *err)
{
    struct client_job *job = context;

    return registry_client_list(session, job->cli->arena, &job->clients, &job->count, err);
}

static void tenant_text(const struct registry_client *client, char out[UUID_TEXT_LEN + 1])
{
    if (client->any_tenant) {
        snprintf(out, UUID_TEXT_LEN + 1, "any");
        return;
    }
    uuid_format(client->tenant, out);
    out[UUID_TEXT_LEN] = 0;
}

/* The roles stand last: no other column is of any length. */
static void write_line(struct text *out, const struct registry_client *client, int name_width)
{
    char tenant[UUID_TEXT_LEN + 1];
    struct slice roles = client->roles.len ? client->roles : SLICE("all");

    tenant_text(client, tenant);
    text_printf(out, "%.*s  %-36s  ", SLICE_ARG(client->app_id), tenant);
    cli_append_time(out, client->created_ticks);
    text_printf(out, "  %-9s  %-*.*s  ", client->is_default ? "published" : "own", name_width,
                SLICE_ARG(client->name));
    for (size_t i = 0; i < roles.len; i++)
        text_append_char(out, roles.ptr[i] == ' ' ? ',' : roles.ptr[i]);
    text_append_char(out, '\n');
}

static void write_lines(struct text *out, const struct client_job *job)
{
    size_t width = 4; /* of its head; in bytes, which names of other scripts exceed */

    for (size_t i = 0; i < job->count; i++) {
        if (job->clients[i].name.len > width)
            width = job->clients[i].name.len;
    }
    width = width > NAME_WIDTH_MAX ? NAME_WIDTH_MAX : width;
    text_printf(out, "%-36s  %-36s  %-20s  %-9s  %-*s  ROLES\n", "APP", "TENANT", "CREATED",
                "SECRET", (int)width, "NAME");
    for (size_t i = 0; i < job->count; i++)
        write_line(out, &job->clients[i], (int)width);
}

static void write_roles(struct json_writer *writer, struct slice roles)
{
    if (roles.len == 0) { /* all: an empty array would look like none */
        json_writer_null(writer);
        return;
    }
    json_writer_array_begin(writer);
    while (roles.len) {
        size_t len = slice_index(roles, ' ');

        json_writer_string(writer, slice_sub(roles, 0, len));
        roles = len < roles.len ? slice_sub(roles, len + 1, roles.len) : SLICE_EMPTY;
    }
    json_writer_array_end(writer);
}

static void write_json(struct json_writer *writer, const struct registry_client *client)
{
    char tenant[UUID_TEXT_LEN + 1], created_memory[64];
    struct text created;

    tenant_text(client, tenant);
    text_init_fixed(&created, created_memory, sizeof created_memory);
    cli_append_time(&created, client->created_ticks);
    json_writer_object_begin(writer);
    json_writer_plain_name(writer, SLICE("app"));
    json_writer_string(writer, client->app_id);
    json_writer_plain_name(writer, SLICE("name"));
    json_writer_string(writer, client->name);
    json_writer_plain_name(writer, SLICE("tenant"));
    json_writer_string(writer, slice_of(tenant));
    json_writer_plain_name(writer, SLICE("roles"));
    write_roles(writer, client->roles);
    json_writer_plain_name(writer, SLICE("defaultSecret"));
    json_writer_bool(writer, client->is_default);
    json_writer_plain_name(writer, SLICE("createdDateTime"));
    json_writer_string(writer, text_slice(&created));
    json_writer_object_end(writer);
}

static enum cli_exit run_list(struct cli *cli)
{
    struct client_job job = { .cli = cli };
    struct json_writer writer;
    struct text out;
    enum cli_exit code = work(&job, false, true, list);
    bool json = cli_option(cli, "json", NULL);

    if (code != CLI_OK)
        return code;
    text_init(&out, cli->arena, 4096, OUTPUT_BYTES_MAX);
    json_writer_init(&writer, &out);
    if (json)
        json_writer_array_begin(&writer);
    else
        write_lines(&out, &job);
    for (size_t i = 0; json && i < job.count; i++)
        write_json(&writer, &job.clients[i]);
    if (json) {
        json_writer_array_end(&writer);
        text_append_char(&out, '\n');
    }
    return cli_print(&out);
}

/* --- remove ---------------------------------------------------------------------------------- */

static bool remove_client(void *context, struct store_session *session, struct error *err)
{
    struct client_job *job = context;

    return registry_client_remove(session, job->client.app_id, err);
}

static enum cli_exit run_remove(struct cli *cli)
{
    struct client_job job = { .cli = cli };

    return read_app(cli, cli->arguments.operands[0], &job.client.app_id)
               ? work(&job, true, true, remove_client)
               : CLI_USAGE;
}

static const char *const add_examples[] = {
    "connectord client add --name pipeline --roles DeviceManagementConfiguration.Read.All",
    "connectord client add --app " SERVICE_DEFAULT_CLIENT,
    NULL,
};
static const char *const list_examples[] = { "connectord client list",
                                             "connectord client list --json", NULL };
static const char *const remove_examples[] = { "connectord client remove " SERVICE_DEFAULT_CLIENT,
                                               NULL };

static const struct cli_option add_options[] = {
    { "app", "GUID", "Its app id. [a new one]" },
    { "name", "NAME", "A name for people to read; tokens carry it as app_displayname." },
    { "tenant", "GUID", "The tenant that it may ask tokens of. [" SERVICE_DEFAULT_TENANT "]" },
    { "any-tenant", NULL, "It may ask for tokens of every tenant." },
    { "roles", "A,B", "Permissions in its tokens. [every read-write one]" },
    { "replace", NULL, "Give a client that exists a new secret." },
    { "json", NULL, "Print JSON." },
};
static const struct cli_option list_options[] = {
    { "json", NULL, "Print JSON." },
};

const struct cli_command command_client_add = {
    .name = "client add",
    .summary = "Add a client of the built-in issuer and print its secret, once.",
    .examples = add_examples,
    .options = add_options,
    .option_count = COUNT_OF(add_options),
    .settings = command_data_settings,
    .folder_alone = "registry",
    .notes =
        "Adding " SERVICE_DEFAULT_CLIENT " gives the client that a fresh folder holds a secret "
        "that nobody knows.",
    .run = run_add,
};

const struct cli_command command_client_list = {
    .name = "client list",
    .summary = "List the clients, and whether each has a secret of its own.",
    .examples = list_examples,
    .options = list_options,
    .option_count = COUNT_OF(list_options),
    .settings = command_data_settings,
    .folder_alone = "registry",
    .notes = "In JSON, roles that are null are all of them.",
    .run = run_list,
};

const struct cli_command command_client_remove = {
    .name = "client remove",
    .summary = "Remove a client; tokens that it has stay good until they expire.",
    .operands = "GUID",
    .operands_min = 1,
    .operands_max = 1,
    .examples = remove_examples,
    .settings = command_data_settings,
    .folder_alone = "registry",
    .run = run_remove,
};
