/* auth/key_file.h - files that hold private keys: read with suspicion, written whole or not at all.
 *
 * Files are 0600 in a folder that is made 0700 when it is missing. A file that its group or others
 * may touch is refused, as ssh does.
 *
 * Errors: ERROR_CONFIGURATION for what an administrator can put right (no folder, no permission,
 * modes), ERROR_IO for what the disk did; both name the path.
 * Threads: any thread; processes may race, see key_file_create().
 */
#ifndef AUTH_KEY_FILE_H
#define AUTH_KEY_FILE_H

#include <stdbool.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"

struct text;

#define KEY_FILE_BYTES_MAX  16384
#define KEY_FILE_ROOM_BYTES 17408 /* what the text given to key_file_read() must have room for */

/* Makes the folder (its last component) when it is missing, and checks that files can be made. */
bool key_file_prepare_directory(const char *directory, struct error *err) MUST_CHECK;

/* Appends the file to `out`. *ret_found false: there is none (and that is no failure). */
bool key_file_read(const char *directory, const char *name, struct text *out, bool *ret_found,
                   struct error *err) MUST_CHECK;

/* Makes the file, on disk when it returns. *ret_made false: another process was first, and its file
 * was left alone; read it. */
bool key_file_create(const char *directory, const char *name, struct slice content, bool *ret_made,
                     struct error *err) MUST_CHECK;

/* Makes the file or takes the place of the old one; readers see the old or the new, never a part.
 */
bool key_file_replace(const char *directory, const char *name, struct slice content,
                      struct error *err) MUST_CHECK;

/* Fills *err with "'directory/name': " before `reason`, and returns false. */
bool key_file_error(struct error *err, enum error_code code, const char *directory,
                    const char *name, const char *reason) COLD;

#endif
