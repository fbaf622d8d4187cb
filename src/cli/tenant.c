/* cli/tenant.c - connectord tenant: adds, lists, shows and licenses tenants.
 *
 * A running server sees a change with its next request: the store's registry has a version that
 * every read looks at.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <inttypes.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/text.h"
#include "cli/commands.h"
#include "server/data.h"
#include "store/registry.h"
#include "store/store.h"
#include "json/writer.h"

#define OUTPUT_BYTES_MAX ((size_t)128 << 20)

struct tenant_job {
    struct cli *cli;
    struct registry_tenant tenant;   /* to add, to license; found */
    struct registry_tenant *tenants; /* listed */
    size_t count;
};

static int64_t now_ticks(void)
{
    return CLOCK_UNIX_EPOCH_TICKS +
           (int64_t)clock_machine_unix_ms() * (CLOCK_TICKS_PER_SECOND / 1000);
}

/* --- output ---------------------------------------------------------------------------------- */

static void write_json(struct json_writer *writer, const struct registry_tenant *tenant)
{
    char id[UUID_TEXT_LEN], created_memory[64];
    struct text created;

    uuid_format(tenant->id, id);
    text_init_fixed(&created, created_memory, sizeof created_memory);
    cli_append_time(&created, tenant->created_ticks);
    json_writer_object_begin(writer);
    json_writer_plain_name(writer, SLICE("id"));
    json_writer_string(writer, (struct slice){ id, UUID_TEXT_LEN });
    json_writer_plain_name(writer, SLICE("name"));
    json_writer_string(writer, tenant->name);
    json_writer_plain_name(writer, SLICE("licensed"));
    json_writer_bool(writer, tenant->licensed);
    json_writer_plain_name(writer, SLICE("createdDateTime"));
    json_writer_string(writer, text_slice(&created));
    json_writer_object_end(writer);
}

static void write_line(struct text *out, const struct registry_tenant *tenant)
{
    char id[UUID_TEXT_LEN];

    uuid_format(tenant->id, id);
    text_printf(out, "%.*s  %-10s  ", UUID_TEXT_LEN, id,
                tenant->licensed ? "licensed" : "unlicensed");
    cli_append_time(out, tenant->created_ticks);
    text_printf(out, "  %.*s\n", SLICE_ARG(tenant->name));
}

static enum cli_exit print_tenants(struct cli *cli, const struct registry_tenant *tenants,
                                   size_t count, bool as_list)
{
    struct json_writer writer;
    struct text out;

    text_init(&out, cli->arena, 4096, OUTPUT_BYTES_MAX);
    if (!cli_option(cli, "json", NULL)) {
        text_printf(&out, "%-36s  %-10s  %-20s  NAME\n", "TENANT", "LICENCE", "CREATED");
        for (size_t i = 0; i < count; i++)
            write_line(&out, &tenants[i]);
        return cli_print(&out);
    }
    json_writer_init(&writer, &out);
    if (as_list)
        json_writer_array_begin(&writer);
    for (size_t i = 0; i < count; i++)
        write_json(&writer, &tenants[i]);
    if (as_list)
        json_writer_array_end(&writer);
    text_append_char(&out, '\n');
    return cli_print(&out);
}

/* --- operations ------------------------------------------------------------------------------ */

static bool add(void *context, struct store_session *session, struct error *err)
{
    struct tenant_job *job = context;

    return registry_tenant_add(session, &job->tenant, err);
}

static bool set_license(void *context, struct store_session *session, struct error *err)
{
    struct tenant_job *job = context;

    return registry_tenant_set_license(session, job->tenant.id, job->tenant.licensed, err);
}

static bool list(void *context, struct store_session *session, struct error *err)
{
    struct tenant_job *job = context;

    return registry_tenant_list(session, job->cli->arena, &job->tenants, &job->count, err);
}

static bool get(void *context, struct store_session *session, struct error *err)
{
    struct tenant_job *job = context;

    return registry_tenant_get(session, job->tenant.id, job->cli->arena, &job->tenant, err);
}

static enum cli_exit work(struct tenant_job *job, bool write, data_operation *operation)
{
    struct store *store = NULL;
    struct error error = { 0 };

    bool ok = cli_open_store(job->cli, !write || operation != add, &store, &error) &&
              (write ? data_write(store, operation, job, &error)
                     : data_read(store, operation, job, &error));
    store_close(store);
    return ok ? CLI_OK : cli_fail(&error);
}

static bool is_guid(const struct cli *cli, struct slice operand, struct uuid *ret)
{
    if (uuid_parse(operand, ret))
        return true;
    cli_usage(cli, "expected a tenant's GUID, found '%.100s'", operand.ptr);
    return false;
}

/* --- commands -------------------------------------------------------------------------------- */

static enum cli_exit run_add(struct cli *cli)
{
    struct tenant_job job = { .cli = cli,
                              .tenant = { .id = uuid_random(),
                                          .licensed = !cli_option(cli, "unlicensed", NULL),
                                          .created_ticks = now_ticks() } };
    char id[UUID_TEXT_LEN];

    cli_option(cli, "name", &job.tenant.name);
    if (!slice_is_utf8(job.tenant.name))
        return cli_usage(cli, "--name: expected UTF-8");
    if (cli->arguments.operand_count && !is_guid(cli, cli->arguments.operands[0], &job.tenant.id))
        return CLI_USAGE;
    enum cli_exit code = work(&job, true, add);
    if (code != CLI_OK)
        return code;
    uuid_format(job.tenant.id, id);
    printf("%.*s\n", UUID_TEXT_LEN, id);
    return CLI_OK;
}

static enum cli_exit run_list(struct cli *cli)
{
    struct tenant_job job = { .cli = cli };
    enum cli_exit code = work(&job, false, list);

    return code == CLI_OK ? print_tenants(cli, job.tenants, job.count, true) : code;
}

static enum cli_exit run_show(struct cli *cli)
{
    struct tenant_job job = { .cli = cli };

    if (!is_guid(cli, cli->arguments.operands[0], &job.tenant.id))
        return CLI_USAGE;
    enum cli_exit code = work(&job, false, get);
    return code == CLI_OK ? print_tenants(cli, &job.tenant, 1, false) : code;
}

static bool read_switch(struct slice word, bool *ret)
{
    *ret = slice_eq_nocase(word, SLICE("on"));
    return *ret || slice_eq_nocase(word, SLICE("off"));
}

/* The switch may stand first as well: people write it both ways. */
static enum cli_exit run_license(struct cli *cli)
{
    struct tenant_job job = { .cli = cli };
    struct slice guid = cli->arguments.operands[0], word = cli->arguments.operands[1];

    if (read_switch(guid, &job.tenant.licensed)) {
        guid = cli->arguments.operands[1];
        word = cli->arguments.operands[0];
    }
    if (!read_switch(word, &job.tenant.licensed))
        return cli_usage(cli, "expected on or off, found '%.100s'", word.ptr);
    if (!is_guid(cli, guid, &job.tenant.id))
        return CLI_USAGE;
    return work(&job, true, set_license);
}

static const char *const add_examples[] = {
    "connectord tenant add --name Contoso",
    "connectord tenant add 11111111-1111-4111-8111-111111111111 --unlicensed",
    NULL,
};
static const char *const list_examples[] = { "connectord tenant list",
                                             "connectord tenant list --json", NULL };
static const char *const show_examples[] = {
    "connectord tenant show 00000000-0000-4000-8000-000000000001 --json", NULL
};
static const char *const license_examples[] = {
    "connectord tenant license 00000000-0000-4000-8000-000000000001 off", NULL
};

static const struct cli_option add_options[] = {
    { "name", "NAME", "A name for people to read." },
    { "unlicensed", NULL, "Without a licence: its requests are answered 400, as Intune does." },
};
static const struct cli_option output_options[] = {
    { "json", NULL, "Print JSON." },
};

const struct cli_command command_tenant_add = {
    .name = "tenant add",
    .summary = "Add a tenant and print its GUID.",
    .operands = "[GUID]",
    .operands_max = 1,
    .examples = add_examples,
    .options = add_options,
    .option_count = COUNT_OF(add_options),
    .settings = command_data_settings,
    .folder_alone = "registry",
    .run = run_add,
};

const struct cli_command command_tenant_list = {
    .name = "tenant list",
    .summary = "List the tenants.",
    .examples = list_examples,
    .options = output_options,
    .option_count = COUNT_OF(output_options),
    .settings = command_data_settings,
    .folder_alone = "registry",
    .run = run_list,
};

const struct cli_command command_tenant_show = {
    .name = "tenant show",
    .summary = "Show one tenant.",
    .operands = "GUID",
    .operands_min = 1,
    .operands_max = 1,
    .examples = show_examples,
    .options = output_options,
    .option_count = COUNT_OF(output_options),
    .settings = command_data_settings,
    .folder_alone = "registry",
    .run = run_show,
};

const struct cli_command command_tenant_license = {
    .name = "tenant license",
    .summary = "Give a tenant its licence, or take it.",
    .operands = "GUID on|off",
    .operands_min = 2,
    .operands_max = 2,
    .examples = license_examples,
    .settings = command_data_settings,
    .folder_alone = "registry",
    .run = run_license,
};
