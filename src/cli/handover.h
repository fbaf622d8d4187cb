/* cli/handover.h - what the server of connectord run hands over to the command, when it is ready.
 *
 * Two processes: the server's makes a handover and writes it into a pipe, the other one reads it
 * and makes the command's environment of it.
 *
 * Must not know: processes, signals.
 */
#ifndef CLI_HANDOVER_H
#define CLI_HANDOVER_H

#include <stdbool.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"

struct arena;
struct server;
struct settings;

/* Each is empty when there is none; texts end in NUL. */
enum handover_item {
    HANDOVER_URL,
    HANDOVER_URL_TLS,
    HANDOVER_TOKEN,
    HANDOVER_CA_PEM,
    HANDOVER_ITEM_COUNT
};

struct handover {
    struct slice items[HANDOVER_ITEM_COUNT];
};

/* Of a server that is ready; signs the token, which may wait for the key to be made. */
bool handover_make(const struct server *server, const struct settings *settings,
                   struct arena *arena, struct handover *ret, struct error *err) MUST_CHECK;

bool handover_write(const struct handover *handover, int fd, struct error *err) MUST_CHECK;
/* Waits. False: the pipe's other end was closed before all was there. */
bool handover_read(int fd, struct arena *arena, struct handover *ret) MUST_CHECK;

/* `given` (as environ(7)) with the variables of connectord run in place of any that it had, in
 * `arena`. `ca_file` NULL: there is none. `with_client`: the default client and its secret too. */
bool handover_environment(const struct handover *handover, char *const *given, const char *ca_file,
                          bool with_client, struct arena *arena, char ***ret,
                          struct error *err) MUST_CHECK;

#endif
