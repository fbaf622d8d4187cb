/* server/settings_rules.h - how settings go together. Private to settings.c.
 *
 * Errors: ERROR_CONFIGURATION, target the setting to change, the message says what to do.
 */
#ifndef SERVER_SETTINGS_RULES_H
#define SERVER_SETTINGS_RULES_H

#include <stdbool.h>

#include "base/compiler.h"
#include "base/error.h"

struct settings;

/* Fills the derived members, then checks. */
bool settings_apply_rules(struct settings *settings, struct error *err) MUST_CHECK;

#endif
