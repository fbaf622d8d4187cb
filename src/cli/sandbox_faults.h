/* cli/sandbox_faults.h - the rules that a sandbox begins with: of --faults FILE and --persona. */
#ifndef CLI_SANDBOX_FAULTS_H
#define CLI_SANDBOX_FAULTS_H

#include "base/compiler.h"
#include "cli/cli.h"

struct json_writer;

/* Writes the member "faults" of POST /sandbox; nothing when neither option was given. What went
 * wrong was said: the exit code is for it. */
enum cli_exit sandbox_faults_write(const struct cli *cli, struct json_writer *writer) MUST_CHECK;

#endif
