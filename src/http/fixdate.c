/* http/fixdate.c - a date is read by where its digits are, and checked by being written again.
 *
 * What http_date_line() makes of the instant must be the text itself: so form, weekday and calendar
 * are all checked by the one who knows them, and what is read can be written.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/fixdate.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "edm/date_time.h"
#include "http/response_write.h"

#define FORM      "Sun, 06 Nov 1994 08:49:37 GMT"
#define FORM_LEN  (sizeof FORM - 1)
#define DATE_NAME "Date: "

static unsigned month_of(const char *name)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

    for (unsigned i = 0; i < 12; i++)
        if (memcmp(name, months + 3 * (size_t)i, 3) == 0)
            return i + 1;
    return 0;
}

/* "1994-11-06T08:49:37Z". False: there is no such instant. */
static bool read_parts(const char *text, int64_t *ret_ticks)
{
    char iso[32];
    struct edm_date_time at;
    int len = snprintf(iso, sizeof iso, "%.4s-%02u-%.2sT%.8sZ", text + 12, month_of(text + 8),
                       text + 5, text + 17);

    if (len <= 0 || !edm_date_time_parse((struct slice){ iso, (size_t)len }, &at))
        return false;
    *ret_ticks = at.ticks;
    return true;
}

bool http_fixdate_read(struct slice text, int64_t *ret_unix_s)
{
    char line[HTTP_DATE_LINE_LEN];
    int64_t ticks, unix_s;

    if (text.len != FORM_LEN || memchr(text.ptr, '\0', text.len) || !read_parts(text.ptr, &ticks))
        return false;
    unix_s = (ticks - CLOCK_UNIX_EPOCH_TICKS) / CLOCK_TICKS_PER_SECOND;
    http_date_line(unix_s, line);
    if (memcmp(line + sizeof DATE_NAME - 1, text.ptr, text.len) != 0)
        return false;
    *ret_unix_s = unix_s;
    return true;
}
