/* fuzz/odata_preferences_fuzz.c - any Prefer is read in good order, and what was read of it can be
 * written and read again.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "odata/preferences.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct slice write(const struct odata_preferences *preferences, char memory[256])
{
    struct text text;

    text_init_fixed(&text, memory, 256);
    odata_preferences_write(preferences, &text);
    assert(!text.failed);
    return text_slice(&text);
}

static void check(struct slice field)
{
    struct odata_preferences whole = { 0 }, again = { 0 }, parts = { 0 };
    char memory[256], memory_again[256];
    struct slice head, tail, written;

    odata_preferences_add(&whole, field);
    written = write(&whole, memory);
    odata_preferences_add(&again, written);
    assert(slice_eq(written, write(&again, memory_again)));
    /* Two fields are one list; a comma in quotes cuts nothing. */
    if (slice_index(field, '"') < field.len || !slice_cut(field, ',', &head, &tail))
        return;
    odata_preferences_add(&parts, head);
    odata_preferences_add(&parts, tail);
    assert(slice_eq(written, write(&parts, memory_again)));
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
