/* fuzz/odata_etag_fuzz.c - any list of entity tags is searched in good order, and one that is put
 * behind it or in front of it is found, unless a quote before it was left open.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "odata/etag.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TAG "W/\"17.3\""

static size_t quotes_in(struct slice s)
{
    size_t count = 0;

    for (size_t i = 0; i < s.len; i++)
        count += s.ptr[i] == '"';
    return count;
}

/* In memory of just this size: reading past it is seen. */
static bool is_listed(struct slice first, struct slice second)
{
    size_t len = first.len + second.len;
    char *memory = malloc(len ? len : 1);
    bool listed;

    assert(memory);
    if (first.len)
        memcpy(memory, first.ptr, first.len);
    if (second.len)
        memcpy(memory + first.len, second.ptr, second.len);
    listed = odata_etag_is_listed(SLICE(TAG), (struct slice){ memory, len });
    if (odata_etag_is_list((struct slice){ memory, len }))
        assert(len == 0 || memory[0] != '*');
    free(memory);
    return listed;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice list = { (const char *)data, size };

    is_listed(list, SLICE_EMPTY);
    assert(is_listed(SLICE(TAG ","), list));
    if (quotes_in(list) == 0)
        assert(!is_listed(list, SLICE_EMPTY) && is_listed(list, SLICE("," TAG)));
    return 0;
}
