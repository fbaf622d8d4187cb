/* cli/main.c - where the process begins.
 *
 * All there is to test lives in cli_main(), which the unit tests can link.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <unistd.h>

#include "cli/cli.h"

int main(int argc, char **argv)
{
    return cli_main(argc, argv, environ);
}
