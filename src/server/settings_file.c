/* server/settings_file.c - libinih, with what it leaves to its caller.
 *
 * The library knows no line numbers in its callback and reads a line that is too long for it as
 * two, so it is fed by a reader of ours that counts lines and notices one without an end. It also
 * goes on behind an error: the first one is kept and the rest of the file is passed over.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "server/settings_file.h"

#include <errno.h>

#include <ini.h>

struct reading {
    const char *path;
    FILE *file;
    unsigned line;
    int why;    /* errno, when the file could not be read */
    bool named; /* a line that begins with a blank goes on with the value above it */
    settings_file_line *each;
    void *context;
    bool failed;
    struct error *err;
};

static COLD bool cannot_read(const char *path, int why, struct error *err)
{
    return error_set(err, ERROR_CONFIGURATION, SLICE("config"), "cannot read '%s': %s", path,
                     strerror(why));
}

static COLD bool fail(struct reading *reading, const char *reason)
{
    reading->failed = true;
    return error_set(reading->err, ERROR_CONFIGURATION, SLICE("config"), "%s, line %u: %s",
                     reading->path, reading->line, reason);
}

/* The library passes a heading over in silence until a value stands under it. */
static bool is_heading(const struct reading *reading, struct slice line)
{
    static const struct slice mark =
        SLICE_INIT("\xef\xbb\xbf"); /* U+FEFF, which it skips as well */

    if (reading->line == 1 && slice_starts_with(line, mark))
        line = slice_sub(line, mark.len, line.len);
    return slice_starts_with(reading->named ? line : slice_trim(line), SLICE("["));
}

/* A whole line into `out`, as fgets does; NULL at the end and behind a failure. */
static char *next_line(char *out, int size, void *context)
{
    struct reading *reading = context;

    if (reading->failed)
        return NULL;
    if (!fgets(out, size, reading->file)) {
        reading->why = ferror(reading->file) ? errno : 0;
        return NULL;
    }
    reading->line++;
    if (!strchr(out, '\n') && !feof(reading->file)) {
        char reason[64];
        snprintf(reason, sizeof reason, "longer than %d bytes", size - 2);
        fail(reading, reason);
        return NULL;
    }
    if (is_heading(reading, slice_of(out))) {
        fail(reading, "sections are not used; write the settings without a [heading]");
        return NULL;
    }
    return out;
}

static int take_value(void *context, const char *section UNUSED, const char *name,
                      const char *value)
{
    struct reading *reading = context;

    if (reading->failed)
        return 0;
    reading->named = true;
    if (!*value)
        return fail(reading, "expected a value behind '='; leave the line out to keep the default");
    reading->failed = !reading->each(reading->context, slice_of(name), slice_of(value),
                                     reading->line, reading->err);
    return !reading->failed;
}

bool settings_file_read(const char *path, settings_file_line *each, void *context,
                        struct error *err)
{
    struct reading reading = {
        .path = path, .file = fopen(path, "re"), .each = each, .context = context, .err = err
    };

    if (!reading.file)
        return cannot_read(path, errno, err);
    int status = ini_parse_stream(next_line, &reading, take_value, &reading);
    if (!reading.failed && reading.why != 0)
        reading.failed = !cannot_read(path, reading.why, err);
    if (!reading.failed && status != 0) {
        reading.line = status > 0 ? (unsigned)status : reading.line;
        fail(&reading, "expected \"name = value\"");
    }
    fclose(reading.file);
    return !reading.failed;
}
