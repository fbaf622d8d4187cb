/* cli/commands.c - the list of commands, in the order of the overview.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/commands.h"

const char *const command_data_settings[] = { "data-dir", "config", NULL };

const struct cli_command *const cli_commands[] = {
    &command_serve,
    &command_run,
    &command_token,
    &command_tenant_add,
    &command_tenant_list,
    &command_tenant_show,
    &command_tenant_license,
    &command_client_add,
    &command_client_list,
    &command_client_remove,
    &command_seed,
    &command_export,
    &command_import,
    &command_clock_show,
    &command_clock_freeze,
    &command_clock_set,
    &command_clock_advance,
    &command_clock_run,
    &command_clock_resume,
    &command_faults_show,
    &command_faults_set,
    &command_faults_clear,
    &command_faults_personas,
    &command_requests_list,
    &command_requests_verify,
    &command_requests_clear,
    &command_policy_show,
    &command_policy_set,
    &command_reset,
    &command_sandbox_add,
    &command_sandbox_remove,
    &command_ca_export,
    &command_health,
    &command_config_check,
    &command_config_show,
    &command_version,
};

const size_t cli_command_count = COUNT_OF(cli_commands);
