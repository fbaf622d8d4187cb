/* cli/target.h - which server a command asks: a URL taken apart, or the one of the settings.
 *
 * Spec: RFC 3986 section 3 for http and https, without user information, which no server of ours
 * asks for.
 * Must not know: sockets.
 */
#ifndef CLI_TARGET_H
#define CLI_TARGET_H

#include <stdbool.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"

struct arena;
struct settings;
struct text;

/* Texts end in NUL. */
struct target {
    bool secure;
    struct slice host; /* without brackets */
    struct slice port; /* the scheme's when none was given */
    struct slice path; /* with what follows it, begins with '/'; empty when there was none */
};

/* Error: ERROR_BAD_REQUEST. */
bool target_parse(struct slice url, struct arena *arena, struct target *ret,
                  struct error *err) MUST_CHECK;

/* The URL, without a path, of the first listener of the settings; plain HTTP before HTTPS, since it
 * needs less to be right. Error: ERROR_BAD_REQUEST when the port is left to the server. */
bool target_of_settings(const struct settings *settings, struct arena *arena, struct slice *ret,
                        struct error *err) MUST_CHECK;

/* "127.0.0.1:8080", "[::1]:8080" appended: what the Host field says. */
void target_append_authority(struct text *out, const struct target *target);

#endif
