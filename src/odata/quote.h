/* odata/quote.h - how much of what a client sent its error message repeats. */
#ifndef ODATA_QUOTE_H
#define ODATA_QUOTE_H

#include "base/slice.h"

#define ODATA_QUOTE_MAX                                                                            \
    100 /* bytes: enough to recognise it, and the sentence around it still fits */

/* The beginning of `s`, cut between characters. Its control characters stay: whoever writes the
 * message as JSON escapes them. */
static inline struct slice odata_quote(struct slice s)
{
    return slice_utf8_prefix(s, ODATA_QUOTE_MAX);
}

#endif
