/* fuzz/odata_deltatoken_fuzz.c - a payload is refused, or is the one spelling of what it says.
 *
 * The input is what stands behind tenant and set, which would never be guessed, when its first bit
 * is set; else it is all of the payload.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "model/graph_model.h"
#include "odata/deltatoken.h"

#define PLENTY ((size_t)1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct slice payload, const struct deltatoken_scope *scope, struct arena *arena)
{
    struct deltatoken token;
    struct slice again;

    if (!deltatoken_decode(payload, scope, &token))
        return;
    assert(token.since > 0 && token.until >= 0 && token.sequence >= 0 && token.made_ticks >= 0);
    assert(deltatoken_encode(&token, scope, arena, &again, NULL));
    assert(slice_eq(again, payload));
}

/* Just as long as it has to be: reading past it is seen. */
static struct slice make_payload(const struct deltatoken_scope *scope, const uint8_t *data,
                                 size_t size)
{
    struct slice set = scope->type->set_name;
    size_t head = data[0] & 1 ? 1 + sizeof scope->tenant.bytes + 1 + set.len : 0;
    char *bytes = malloc(head + size);

    assert(bytes);
    if (head) {
        bytes[0] = DELTATOKEN_FORMAT;
        memcpy(bytes + 1, scope->tenant.bytes, sizeof scope->tenant.bytes);
        bytes[1 + sizeof scope->tenant.bytes] = (char)set.len;
        memcpy(bytes + head - set.len, set.ptr, set.len);
    }
    memcpy(bytes + head, data + 1, size - 1);
    return (struct slice){ bytes, head + size - 1 };
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct deltatoken_scope scope = { .type = graph_model.singleton->types[0] };
    struct arena *arena;
    struct slice payload;

    if (size == 0)
        return 0;
    arena = arena_create(NULL, PLENTY);
    assert(arena);
    payload = make_payload(&scope, data, size);
    check(payload, &scope, arena);
    free((char *)(uintptr_t)payload.ptr);
    arena_destroy(arena);
    return 0;
}
