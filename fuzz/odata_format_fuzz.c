/* fuzz/odata_format_fuzz.c - any Accept and any $format is read in good order.
 *
 * The input is read as $format, as one Accept field, and as one that is cut in two at its first
 * comma: the same ranges in two fields mean the same.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "odata/format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ODATA_LEVEL_COUNT: none. */
static unsigned level_of(struct slice first, struct slice second)
{
    struct odata_accept accept = { 0 };
    enum odata_level level;

    odata_accept_add(&accept, first);
    odata_accept_add(&accept, second);
    if (!odata_accept_level(&accept, &level))
        return ODATA_LEVEL_COUNT;
    assert((unsigned)level < ODATA_LEVEL_COUNT);
    return level;
}

static void check(struct slice text)
{
    struct slice head, tail;
    enum odata_level level;

    if (odata_format_level(text, &level))
        assert((unsigned)level < ODATA_LEVEL_COUNT);
    unsigned whole = level_of(text, SLICE_EMPTY);
    /* A comma in quotes cuts nothing. */
    if (slice_index(text, '"') == text.len && slice_cut(text, ',', &head, &tail))
        assert(level_of(head, tail) == whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size ? size : 1); /* just this size: reading past it is seen */

    assert(text);
    if (size)
        memcpy(text, data, size);
    check((struct slice){ text, size });
    free(text);
    return 0;
}
