/* fuzz/odata_compute_fuzz.c - any $compute is refused in good order, or is one that the store can
 * work out; and so is a $filter that names what it makes.
 *
 * The first byte chooses the type, whether its states are worked out, and how much memory there is;
 * the rest is the option, and behind a line feed the $filter. What is accepted is run for nobody
 * and for a key that is nobody's: SQLite must take both or neither, and a filter that was accepted
 * is run over an empty set.
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
#include "odata/compute.h"
#include "store/store.h"

#define PLENTY       ((size_t)16 << 20)
#define SMALL_BUDGET 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t count_nodes(const struct edm_filter *node)
{
    size_t count = 1;

    for (size_t i = 0; i < node->count; i++)
        count += count_nodes(node->arguments[i]);
    return count;
}

/* Names are told apart, and all together are no larger than they may be. */
static void check_properties(const struct edm_entity_type *type,
                             const struct odata_computed *computed)
{
    size_t nodes = 0;

    assert(computed->count > 0 && computed->count <= ODATA_COMPUTED_MAX);
    for (size_t i = 0; i < computed->count; i++) {
        const struct edm_computed *property = &computed->properties[i];

        assert(property->name.len > 0 && property->expression->type != EDM_FILTER_STRINGS);
        assert(edm_find_property_nocase(type, property->name) < 0);
        assert(odata_computed_find(computed, property->name) == (int)i);
        nodes += count_nodes(property->expression);
    }
    assert(nodes <= ODATA_FILTER_NODES_MAX);
}

static bool run(const struct edm_query *query, size_t count, struct arena *arena)
{
    struct edm_entity *entity = edm_entity_create(query->type, arena);
    struct edm_order_value values[ODATA_COMPUTED_MAX];
    const struct uuid tenant = { { 1 } };
    struct error err = { 0 };
    size_t done;

    assert(entity);
    entity->values[0].text = SLICE("nobody");
    if (!store_entities_compute(empty_store, tenant, query, &entity, count, arena, values, &done,
                                &err)) {
        assert(err.code == ERROR_BAD_REQUEST && strcmp(err.target, "$compute") == 0);
        return false;
    }
    assert(done == count);
    for (size_t i = 0; i < count * query->computed_count; i++)
        assert(values[i].kind == EDM_ORDER_NULL);
    return true;
}

static void run_filter(struct edm_query query, struct slice text,
                       const struct odata_filter_rules *rules, struct arena *arena)
{
    const struct uuid tenant = { { 1 } };
    struct error err = { 0 };
    struct edm_page page;

    if (!odata_filter_parse(&graph_model, query.type, text, NULL, rules, arena, &query.filter, NULL,
                            &err) ||
        !store_entity_list(empty_store, tenant, &query, arena, &page, &err)) {
        assert(err.code == ERROR_BAD_REQUEST && strcmp(err.target, "$filter") == 0);
        return;
    }
    assert(page.count <= query.type->built_in_count);
}

static void check(const struct edm_entity_type *type, struct slice text, bool viewed,
                  struct arena *arena, bool may_lack_memory)
{
    struct edm_query query = { .type = type, .select = 1, .page_size = 2, .count = true };
    struct odata_filter_rules rules = { .later_members = false };
    struct slice option, filter;
    struct edm_health_view view;
    struct error err = { 0 };

    if (!slice_cut(text, '\n', &option, &filter)) {
        option = text;
        filter = SLICE("true");
    }
    if (!odata_compute_parse(&graph_model, type, option, NULL, &rules, arena, &rules.computed, NULL,
                             &err)) {
        assert(err.code == ERROR_BAD_REQUEST || (may_lack_memory && err.code == ERROR_TOO_LARGE));
        assert(err.message[0] != '\0' && slice_is_utf8(slice_of(err.message)));
        return;
    }
    check_properties(type, rules.computed);
    if (may_lack_memory)
        return;
    query.health = viewed ? default_view(type, &view) : NULL;
    query.computed = rules.computed->properties;
    query.computed_count = rules.computed->count;
    if (!store_read_begin(empty_store, &err))
        abort();
    assert(run(&query, 0, arena) == run(&query, 1, arena));
    run_filter(query, filter, &rules, arena);
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
