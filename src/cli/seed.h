/* cli/seed.h - hands a file of entities to a server, for the commands that load one. */
#ifndef CLI_SEED_H
#define CLI_SEED_H

#include "base/compiler.h"
#include "base/slice.h"
#include "cli/cli.h"

/* `seed` is a JSON text. Says how many entities were `done`, "added"; what went wrong was said. */
enum cli_exit seed_send(const struct cli *cli, struct slice seed, const char *done) MUST_CHECK;

#endif
