/* cli/commands.h - the rows of the commands, each defined in the file that runs it. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/cli.h"

extern const struct cli_command command_serve;
extern const struct cli_command command_run;
extern const struct cli_command command_token;
extern const struct cli_command command_tenant_add;
extern const struct cli_command command_tenant_list;
extern const struct cli_command command_tenant_show;
extern const struct cli_command command_tenant_license;
extern const struct cli_command command_client_add;
extern const struct cli_command command_client_list;
extern const struct cli_command command_client_remove;
extern const struct cli_command command_seed;
extern const struct cli_command command_export;
extern const struct cli_command command_import;
extern const struct cli_command command_clock_show;
extern const struct cli_command command_clock_freeze;
extern const struct cli_command command_clock_set;
extern const struct cli_command command_clock_advance;
extern const struct cli_command command_clock_run;
extern const struct cli_command command_clock_resume;
extern const struct cli_command command_faults_show;
extern const struct cli_command command_faults_set;
extern const struct cli_command command_faults_clear;
extern const struct cli_command command_faults_personas;
extern const struct cli_command command_requests_list;
extern const struct cli_command command_requests_verify;
extern const struct cli_command command_requests_clear;
extern const struct cli_command command_policy_show;
extern const struct cli_command command_policy_set;
extern const struct cli_command command_reset;
extern const struct cli_command command_sandbox_add;
extern const struct cli_command command_sandbox_remove;
extern const struct cli_command command_ca_export;
extern const struct cli_command command_health;
extern const struct cli_command command_config_check;
extern const struct cli_command command_config_show;
extern const struct cli_command command_version;

/* Settings of the commands that work on the data folder, for their rows. */
extern const char *const command_data_settings[];

#endif
