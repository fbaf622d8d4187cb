/* fuzz/query_body_fuzz.c - options in a body become part of a URL that may be sent, or are refused
 * for their length.
 *
 * The text up to the first line break is the URL's query, the rest the body.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "http/chars.h"
#include "http/query_body.h"

#define BYTES_MAX 1000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct slice query, struct slice body, struct arena *arena)
{
    struct slice joined = SLICE_EMPTY;
    struct error err = { 0 };

    if (!query_body_join(query, body, BYTES_MAX, arena, &joined, &err)) {
        assert(err.code == ERROR_TOO_LARGE && query.len + 3 * body.len >= BYTES_MAX);
        return;
    }
    assert(joined.ptr && joined.len <= BYTES_MAX && slice_starts_with(joined, query));
    assert(http_chars_are(slice_sub(joined, query.len, joined.len), HTTP_CHAR_TARGET));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_create(NULL, (size_t)1 << 20);
    char *memory = malloc(size ? size : 1); /* just this size: reading past it is seen */
    struct slice text = { memory, size }, query, body;

    assert(arena && memory);
    if (size)
        memcpy(memory, data, size);
    (void)query_body_is_plain_text(text);
    if (!slice_cut(text, '\n', &query, &body)) {
        query = SLICE_EMPTY;
        body = text;
    }
    check(query, body, arena);
    free(memory);
    arena_destroy(arena);
    return 0;
}
