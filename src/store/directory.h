/* store/directory.h - the folder that a store lives in; its lock is store_lock() in store.h.
 *
 * Must not know: what the folder holds.
 */
#ifndef STORE_DIRECTORY_H
#define STORE_DIRECTORY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/error.h"

/* Makes `path` and what is missing above it, for this user alone (0700). A folder that is there is
 * left as it is. Errors: ERROR_CONFIGURATION naming it. */
bool directory_make(const char *path, struct error *err) MUST_CHECK;

/* Makes a private folder under TMPDIR, else /tmp, and writes its path. */
bool directory_make_private(char *ret_path, size_t path_bytes, struct error *err) MUST_CHECK;

#endif
