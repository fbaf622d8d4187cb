/* fuzz/http_fixdate_fuzz.c - a date of a field that is read is written as the same text.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>
#include <string.h>

#include "http/fixdate.h"
#include "http/response_write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char line[HTTP_DATE_LINE_LEN];
    int64_t unix_s = 0;

    if (!http_fixdate_read((struct slice){ (const char *)data, size }, &unix_s))
        return 0;
    http_date_line(unix_s, line);
    assert(size == 29 && memcmp(line + 6, data, size) == 0);
    return 0;
}
