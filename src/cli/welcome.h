/* cli/welcome.h - what a server says to the person who started it: commands that work as pasted.
 *
 * Must not know: how the server works.
 */
#ifndef CLI_WELCOME_H
#define CLI_WELCOME_H

#include "server/settings.h"

struct text;

struct welcome {
    const char *program; /* as it was called */
    const struct settings *settings;
    struct setting_list urls; /* of the listeners */
};

void welcome_write(struct text *out, const struct welcome *welcome);

#endif
