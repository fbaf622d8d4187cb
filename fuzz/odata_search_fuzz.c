/* fuzz/odata_search_fuzz.c - any $search is refused in good order, or is one that the store can
 * run.
 *
 * The first byte chooses the type and how much memory there is, the rest is the option. What is
 * accepted is run over an empty set: whatever its shape, SQLite must take it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "empty_store.h"
#include "model/graph_model.h"
#include "odata/search.h"
#include "store/store.h"

#define PLENTY       ((size_t)16 << 20)
#define SMALL_BUDGET 512

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every condition of it is one, every word a text. */
static void check_node(const struct edm_filter *node)
{
    if (node->kind == EDM_FILTER_LITERAL && node->type == EDM_FILTER_STRING)
        assert(node->text.len > 0 && slice_is_utf8(node->text));
    else if (node->kind != EDM_FILTER_PROPERTY)
        assert(node->type == EDM_FILTER_BOOLEAN);
    for (size_t i = 0; i < node->count; i++)
        check_node(node->arguments[i]);
}

static void check(const struct edm_entity_type *type, struct slice text, struct arena *arena,
                  bool may_lack_memory)
{
    const struct uuid tenant = { { 1 } };
    struct edm_query query = { .type = type, .select = 1, .page_size = 1, .count = true };
    struct error err = { 0 };
    struct edm_page page;

    if (!odata_search_parse(type, text, arena, &query.filter, &err)) {
        assert(err.code == ERROR_BAD_REQUEST || (may_lack_memory && err.code == ERROR_TOO_LARGE));
        assert(err.message[0] != '\0' && slice_is_utf8(slice_of(err.message)));
        return;
    }
    check_node(query.filter);
    if (may_lack_memory)
        return;
    if (!store_read_begin(empty_store, &err) ||
        !store_entity_list(empty_store, tenant, &query, arena, &page, &err))
        abort();
    assert(page.count <= type->built_in_count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct edm_singleton *singleton = graph_model.singleton;

    if (size < 1)
        return 0;
    bool may_lack_memory = data[0] & 0x80;
    struct arena *arena = arena_create(NULL, may_lack_memory ? SMALL_BUDGET : PLENTY);
    char *memory = malloc(size); /* just this size: reading past it is seen */

    assert(arena && memory);
    memcpy(memory, data + 1, size - 1);
    struct slice text = { memory, size - 1 };
    if (slice_is_utf8(text) && slice_index(text, '\0') == text.len) /* as decoding leaves it */
        check(singleton->types[(data[0] & 0x7f) % singleton->type_count], text, arena,
              may_lack_memory);
    free(memory);
    arena_destroy(arena);
    return 0;
}
