/* cli/help.h - help, made from the rows of commands and settings.
 *
 * No line is longer than HELP_COLUMNS.
 */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "cli/cli.h"

struct text;

#define HELP_COLUMNS 100

void help_overview(struct text *out);
void help_command(struct text *out, const struct cli_command *command);
/* The commands of a group, "tenant". */
void help_group(struct text *out, struct slice group);

#endif
