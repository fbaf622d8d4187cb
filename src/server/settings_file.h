/* server/settings_file.h - reads a file of "name = value" lines.
 *
 * Blank lines and lines that begin with # or ; are skipped, blank and ; begin a comment behind a
 * value, a line that begins with a blank is a further value of the name above it. Sections are
 * refused. Must not know: which settings there are.
 */
#ifndef SERVER_SETTINGS_FILE_H
#define SERVER_SETTINGS_FILE_H

#include <stdbool.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"

/* Called for each value; name and value live for the call. False ends the reading with *err. */
typedef bool settings_file_line(void *context, struct slice name, struct slice value, unsigned line,
                                struct error *err);

/* Errors: ERROR_CONFIGURATION with path and line; whatever `each` fails with. */
bool settings_file_read(const char *path, settings_file_line *each, void *context,
                        struct error *err) MUST_CHECK;

#endif
