/* cli/requests_shown.h - what happened, in a few lines on stderr, for who reads why a check failed.
 *
 * Each asks the server once more; what that says besides an answer is said on stderr too.
 * Must not know: what the check was.
 */
#ifndef CLI_REQUESTS_SHOWN_H
#define CLI_REQUESTS_SHOWN_H

#include "base/slice.h"
#include "cli/cli.h"

/* The last requests of the tenant, a line each: method, path, status, and what a rule did. */
void requests_show_last(const struct cli *cli);

/* Says so when no rule has this name now: it may be a slip, or the rule was replaced. */
void requests_explain_fault(const struct cli *cli, struct slice name);

#endif
