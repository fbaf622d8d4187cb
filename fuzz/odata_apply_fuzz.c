/* fuzz/odata_apply_fuzz.c - any $apply is refused in good order, or is one that the store can run.
 *
 * The first byte chooses the type, whether its states are worked out, and how much memory there is;
 * the rest is the option. What is accepted is run over an empty set: SQLite must take it, and each
 * grouping without properties makes one group of nothing.
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
#include "odata/apply.h"
#include "store/store.h"

#define PLENTY       ((size_t)16 << 20)
#define SMALL_BUDGET 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Names are told apart, and every column is of a type that can be shown. */
static void check_shape(const struct edm_grouping *grouping)
{
    const struct edm_shape *shape = &grouping->shape;

    assert(shape->count > 0 && shape->count == grouping->key_count + grouping->aggregate_count);
    for (size_t i = 0; i < shape->count; i++) {
        enum edm_filter_type type = shape->columns[i].type;

        assert(type != EDM_FILTER_NULL && type != EDM_FILTER_STRINGS && type != EDM_FILTER_GUID &&
               type != EDM_FILTER_BINARY);
        assert((type == EDM_FILTER_ENUM) == (shape->columns[i].enumeration != NULL));
        for (size_t j = 0; j < i; j++)
            assert(!slice_eq_nocase(shape->columns[i].name, shape->columns[j].name));
    }
}

static void run(const struct edm_query *query, const struct edm_apply *apply, struct arena *arena)
{
    const struct uuid tenant = { { 1 } };
    struct error err = { 0 };
    struct edm_groups groups;

    for (size_t i = 0; i < apply->count; i++)
        check_shape(&apply->groupings[i]);
    if (!store_read_begin(empty_store, &err))
        abort();
    if (apply->count == 0)
        return;
    if (!store_entity_groups(empty_store, tenant, query, apply, arena, &groups, &err)) {
        assert(err.code == ERROR_BAD_REQUEST && strcmp(err.target, "$apply") == 0);
        return;
    }
    assert(groups.count <= 1 && !groups.more && groups.total_count == (int64_t)groups.count);
}

static void check(const struct edm_entity_type *type, struct slice text, bool viewed,
                  struct arena *arena, bool may_lack_memory)
{
    const struct odata_filter_rules rules = { 0 };
    struct edm_query query = { .type = type, .page_size = 2, .count = true };
    const struct edm_apply *apply;
    struct edm_health_view view;
    struct error err = { 0 };

    if (!odata_apply_parse(&graph_model, type, text, NULL, &rules, arena, &query.filter, &apply,
                           NULL, &err)) {
        assert(err.code == ERROR_BAD_REQUEST || (may_lack_memory && err.code == ERROR_TOO_LARGE));
        assert(err.message[0] != '\0' && slice_is_utf8(slice_of(err.message)));
        return;
    }
    if (may_lack_memory)
        return;
    query.health = viewed ? default_view(type, &view) : NULL;
    run(&query, apply, arena);
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
        check(singleton->types[(data[0] & 0x3f) % singleton->type_count], text, data[0] & 0x40,
              arena, may_lack_memory);
    free(memory);
    arena_destroy(arena);
    return 0;
}
