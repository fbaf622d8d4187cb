/* fuzz/odata_key_fuzz.c - any query string has a key under an alias or is refused in good order,
 * and a text that is put into quotes comes out as it was.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "odata/key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_alias(struct slice query, struct arena *arena)
{
    struct slice key = SLICE_EMPTY;
    struct error err = { 0 };

    if (odata_key_of_alias(SLICE("@k"), query, arena, &key, &err)) {
        assert(err.code == ERROR_NONE && key.len > 0);
        assert(slice_is_utf8(key) && slice_index(key, '\0') == key.len);
    } else {
        assert(err.code == ERROR_BAD_REQUEST && err.message[0] != '\0' && key.len == 0);
        assert(slice_is_utf8(slice_of(err.message)));
    }
}

/* Each quote doubled, and one around the whole. */
static void check_literal(struct slice text, struct arena *arena)
{
    char *memory = arena_alloc(arena, 2 * text.len + 2);
    struct slice literal = { memory, 0 }, key;

    assert(memory);
    memory[literal.len++] = '\'';
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\'')
            memory[literal.len++] = '\'';
        memory[literal.len++] = text.ptr[i];
    }
    memory[literal.len++] = '\'';
    assert(odata_key_is_literal(literal) == (text.len > 0));
    if (text.len > 0)
        assert(odata_key_of_literal(literal, arena, &key, NULL) && slice_eq(key, text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_create(NULL, (size_t)1 << 20);
    char *memory = malloc(size ? size : 1); /* just this size: reading past it is seen */
    struct slice text = { memory, size };

    assert(arena && memory);
    if (size)
        memcpy(memory, data, size);
    check_alias(text, arena);
    check_literal(text, arena);
    if (odata_key_is_literal(text))
        assert(odata_key_of_literal(text, arena, &text, NULL));
    (void)odata_key_is_alias(text);
    free(memory);
    arena_destroy(arena);
    return 0;
}
