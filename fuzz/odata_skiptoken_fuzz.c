/* fuzz/odata_skiptoken_fuzz.c - any payload is refused, or is a token that is written as it was
 * read.
 *
 * The first byte is the number of keys in the order. The payload's head is put in front of the
 * rest, which nobody would hit by chance. The seal keeps such payloads out; here it is not asked.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "model/graph_model.h"
#include "odata/orderby.h"
#include "odata/skiptoken.h"

#define PLENTY     ((size_t)1 << 20)
#define HEAD_BYTES 25

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct skiptoken_scope *scope, struct slice payload, struct arena *arena)
{
    struct skiptoken token = { .max_page_size = 77 };
    struct error err = { 0 };
    struct slice again;

    if (!skiptoken_decode(payload, scope, arena, &token, &err)) {
        assert(err.code == ERROR_BAD_REQUEST && token.max_page_size == 77);
        return;
    }
    assert(token.last_key.len > 0);
    assert(!token.values || scope->order_count > 0);
    if (scope->order_count > 0 && !token.values)
        return; /* told by a digest */
    assert(skiptoken_encode(&token, scope, arena, &again, &err));
    /* what was read may have been longer than what is written */
    assert(slice_eq(again, payload) || payload.len > SKIPTOKEN_VALUES_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    const struct skiptoken_scope scope = { .type = graph_model.singleton->types[0],
                                           .tenant = { { 7 } },
                                           .query_digest = 7,
                                           .order_count = data[0] % (ODATA_ORDER_KEYS_MAX + 1) };
    const struct edm_order_value none[ODATA_ORDER_KEYS_MAX] = { { .kind = EDM_ORDER_NULL } };
    const struct skiptoken token = { .last_key = SLICE("k"), .values = none };
    struct arena *arena = arena_create(NULL, PLENTY);
    char *memory = malloc(HEAD_BYTES + size); /* just this size: reading past it is seen */
    struct slice made;

    assert(arena && memory && skiptoken_encode(&token, &scope, arena, &made, NULL));
    memcpy(memory, made.ptr, HEAD_BYTES);
    memcpy(memory + HEAD_BYTES, data + 1, size - 1);
    check(&scope, (struct slice){ memory, HEAD_BYTES + size - 1 }, arena);
    free(memory);
    arena_destroy(arena);
    return 0;
}
