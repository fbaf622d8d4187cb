/* base/error.c - filling a struct error.
 *
 * A message often quotes what a client sent, and that may be any bytes: half a UTF-8 sequence where
 * "%.*s" cut it, or no UTF-8 at all. The message goes into JSON and into the log, so it is made
 * well-formed here, once: cut on a character boundary, and every byte that is not UTF-8 becomes
 * '?'. (U+FFFD would be nicer and three bytes long; replacing in place cannot overflow.)
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

#define X(name, text) [ERROR_##name] = SLICE_INIT(text),
static const struct slice code_texts[] = { [ERROR_NONE] = SLICE_INIT(""), ERROR_CODES(X) };
#undef X

static void replace_ill_formed(char *text)
{
    size_t len = strlen(text);

    if (slice_is_utf8((struct slice){ text, len }))
        return;
    for (size_t at = 0; at < len;) {
        size_t step = slice_utf8_step((struct slice){ text + at, len - at });
        if (step == 0) {
            text[at] = '?';
            step = 1;
        }
        at += step;
    }
}

static void set_target(struct error *err, struct slice target)
{
    struct slice fits = slice_utf8_prefix(target, sizeof err->target - 1);

    if (fits.len)
        memmove(err->target, fits.ptr, fits.len); /* may be the target that stands there */
    err->target[fits.len] = '\0';
    replace_ill_formed(err->target);
}

bool error_set(struct error *err, enum error_code code, struct slice target, const char *format,
               ...)
{
    if (!err)
        return false;

    /* Written aside first: an argument may point into the message that is being replaced. */
    char message[sizeof err->message + 1]; /* room to see the byte after the cut */
    va_list args;
    va_start(args, format);
    int len = vsnprintf(message, sizeof message, format, args);
    va_end(args);
    if (len < 0)
        message[0] = '\0';

    struct slice fits = slice_utf8_prefix(slice_of(message), sizeof err->message - 1);
    memcpy(err->message, message, fits.len);
    err->message[fits.len] = '\0';
    replace_ill_formed(err->message);
    set_target(err, target);
    err->code = code;
    return false;
}

struct slice error_code_text(enum error_code code)
{
    return (size_t)code < COUNT_OF(code_texts) ? code_texts[code] : SLICE_EMPTY;
}

bool error_no_memory(struct error *err)
{
    return error_set(err, ERROR_TOO_LARGE, SLICE_EMPTY, "The request needs too much memory.");
}
