/* server/data.h - the data folder: where it is, opening it, and one write or read in it.
 *
 * What the server does at its start and what the command line does beside a running one is the
 * same: a store that was never used gets the default tenant and client first.
 *
 *     DIR/connectord.db   the store
 *     DIR/keys/           private keys, 0700; itself locked by servers whose data is in memory
 *     DIR/lock            held by a running server
 */
#ifndef SERVER_DATA_H
#define SERVER_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"
#include "base/uuid.h"

struct arena;
struct edm_model;
struct settings;
struct store;
struct store_options;
struct store_session;

struct data_paths {
    const char *folder; /* NULL: the store lives in memory */
    const char *keys;   /* NULL: the keys do */
};

/* Error: ERROR_CONFIGURATION when there is no telling where the folder is. */
bool data_paths_find(const struct settings *settings, struct arena *arena, struct data_paths *ret,
                     struct error *err) MUST_CHECK;

/* For a server that keeps its keys in a folder and its data in memory: as long as *ret_fd is open,
 * data_check_reach() tells others so. Several may. -1 when the file system has no locks. */
void data_hold_keys(const struct data_paths *paths, int *ret_fd);

/* False when the folder's server keeps its data in memory, so that what a command reads or writes
 * in the folder is nobody's. Error: ERROR_CONFLICT. */
bool data_check_reach(const struct data_paths *paths, struct error *err) MUST_CHECK;

/* Makes the folder when it is missing (with the one for keys), and no more. */
bool data_make_folders(const struct data_paths *paths, struct error *err) MUST_CHECK;

/* Opens the store, made and provisioned when it is new. Of `wishes` (NULL: none) the place does not
 * count. */
bool data_open(const struct data_paths *paths, const struct edm_model *model, int64_t now_ticks,
               const struct store_options *wishes, struct store **ret,
               struct error *err) MUST_CHECK;

/* Runs `run` in a transaction of its own; true when what it wrote is durable. */
typedef bool data_operation(void *context, struct store_session *session, struct error *err);
bool data_write(struct store *store, data_operation *run, void *context,
                struct error *err) MUST_CHECK;
bool data_read(struct store *store, data_operation *run, void *context,
               struct error *err) MUST_CHECK;

/* Loads the seed `name`, a file or "demo", for `tenant`; with `only_if_empty` into a store without
 * entities alone (*ret_count is then 0). All or nothing.
 * Errors: ERROR_CONFIGURATION naming file, line and column; ERROR_CONFLICT. */
bool data_seed(struct store *store, const struct edm_model *model, struct slice name,
               struct uuid tenant, int64_t now_ticks, bool only_if_empty, size_t *ret_count,
               struct error *err) MUST_CHECK;

/* A copy of that seed's text, from malloc: for a server that goes back to it. */
bool data_copy_seed(struct slice name, struct slice *ret, struct error *err) MUST_CHECK;

/* Loads the file `path`, or stdin when it is "-", as data_seed() does, for a tenant that must
 * exist. Errors: those too, and ERROR_NOT_FOUND. */
bool data_import(struct store *store, const struct edm_model *model, struct slice path,
                 struct uuid tenant, int64_t now_ticks, size_t *ret_count,
                 struct error *err) MUST_CHECK;

/* A whole file of at most `bytes_max` bytes, with a NUL behind its end. Error: ERROR_CONFIGURATION
 * naming it. */
bool data_read_file(struct slice path, size_t bytes_max, struct arena *arena, struct slice *ret,
                    struct error *err) MUST_CHECK;

#endif
