/* cli/ca.c - connectord ca export: the development CA's certificate, for clients to trust.
 *
 * Only the certificate: the file in the data folder holds the key as well.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "auth/certificate.h"
#include "cli/commands.h"

static enum cli_exit run(struct cli *cli)
{
    struct error error = { 0 };
    struct slice pem;
    const char *keys;

    if (!cli_keys_folder(cli, &keys, &error))
        return cli_fail(&error);
    bool made = cli_key_is_missing(cli, keys, "ca.pem");
    if (!certificate_ensure_ca(keys, cli->arena, &pem, &error))
        return cli_fail(&error);
    if (made)
        cli_say_key_was_made(cli);
    fwrite(pem.ptr, 1, pem.len, stdout);
    return CLI_OK;
}

static const char *const examples[] = {
    "connectord ca export >ca.pem",
    "curl --cacert ca.pem https://localhost:8443/health",
    "NODE_EXTRA_CA_CERTS=ca.pem node app.js",
    NULL,
};

const struct cli_command command_ca_export = {
    .name = "ca export",
    .summary = "Print the development CA's certificate (PEM).",
    .examples = examples,
    .settings = command_data_settings,
    .folder_alone = "keys",
    .run = run,
};
