/* cli/arguments.h - reads what stands behind a command's name.
 *
 * --name VALUE, --name=VALUE, and --name alone where the row allows it. Options and operands may be
 * mixed, but where the operands are another program's words; -- ends the options and is no value,
 * unless with =. A setting that may stand alone (--memory) takes a value with = only.
 */
#ifndef CLI_ARGUMENTS_H
#define CLI_ARGUMENTS_H

#include <stdbool.h>

#include "base/compiler.h"
#include "base/error.h"
#include "cli/cli.h"

/* Error: ERROR_BAD_REQUEST, with the nearest name when one is unknown. */
bool arguments_read(const struct cli_command *command, int argc, char *const *argv,
                    struct cli_arguments *ret, struct error *err) MUST_CHECK;

/* True when the command takes the setting as a flag. */
bool arguments_take_setting(const struct cli_command *command, const struct setting *setting);

#endif
