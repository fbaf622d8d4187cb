/* server/server.h - everything put together, in order, and taken down in reverse.
 *
 * The only place that knows everybody. A struct server is built once and handed down; nothing is
 * global, so that a test can build two in one process.
 *
 * Threads: all functions on one thread, which server_run() makes the first loop's.
 */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/error.h"
#include "server/settings.h"

struct issuer;
struct server;

/* Opens the data, provisions and seeds it, makes the keys, binds the listeners: all that can fail.
 * `settings` outlive the server. Logs to stderr.
 * Errors: ERROR_CONFIGURATION for what an administrator has to change; ERROR_CONFLICT when another
 * server holds the data folder; ERROR_IO when an address is taken or not there; others. */
bool server_create(const struct settings *settings, struct server **ret,
                   struct error *err) MUST_CHECK;

/* Serves until SIGTERM or SIGINT has come and what was in flight is finished; a second signal ends
 * the process at once, unless it is SIGTERM within a second of the first. `ready` (may be NULL) is
 * called once, when requests are accepted. */
bool server_run(struct server *server, void (*ready)(void *context), void *context,
                struct error *err) MUST_CHECK;

void server_destroy(struct server *server); /* NULL does nothing */

/* What it listens on, ports resolved: "http://127.0.0.1:8080". */
struct setting_list server_urls(const struct server *server);

/* The built-in issuer; NULL when it is off. */
const struct issuer *server_issuer(const struct server *server);
/* The development CA's certificate; empty when the listeners show one of the operator's. */
struct slice server_ca_pem(const struct server *server);

#endif
