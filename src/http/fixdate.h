/* http/fixdate.h - dates as fields have them: "Sun, 06 Nov 1994 08:49:37 GMT".
 *
 * Spec: RFC 9110 5.6.7, IMF-fixdate; the two older forms are not read.
 */
#ifndef HTTP_FIXDATE_H
#define HTTP_FIXDATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/slice.h"

/* False for any other text, also where the weekday is not that of the date. */
bool http_fixdate_read(struct slice text, int64_t *ret_unix_s) MUST_CHECK;

#endif
