/* fuzz/odata_orderby_fuzz.c - any $orderby is refused in good order, or is one that the store can
 * follow from page to page.
 *
 * The first byte chooses the type, whether its states are worked out, and how much memory there is;
 * the second what the keys of a row came to, behind which a page begins. The rest is the option;
 * behind a line feed, the text of the alias @a. What is accepted is run over an empty set, from its
 * beginning and from behind that row: SQLite must take both or neither.
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
#include "odata/orderby.h"
#include "store/store.h"

#define PLENTY       ((size_t)16 << 20)
#define SMALL_BUDGET 512
#define SHALLOW      6 /* levels of a key that SQLite must be able to run */
#define HEAD_BYTES   2

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_shallow(const struct edm_query *query)
{
    for (size_t i = 0; i < query->order_count; i++) {
        if (filter_depth(query->order[i].expression) > SHALLOW)
            return false;
    }
    return true;
}

static bool run(const struct edm_query *query, struct arena *arena)
{
    const struct uuid tenant = { { 1 } };
    struct error err = { 0 };
    struct edm_page page;

    if (!store_read_begin(empty_store, &err))
        abort();
    if (store_entity_list(empty_store, tenant, query, arena, &page, &err)) {
        assert(page.count <= query->type->built_in_count);
        return true;
    }
    assert((err.code == ERROR_BAD_REQUEST && slice_eq(slice_of(err.target), SLICE("$orderby")) &&
            !is_shallow(query)) ||
           err.code == ERROR_TOO_LARGE);
    return false;
}

static void run_pages(struct edm_query query, uint8_t chosen, struct arena *arena)
{
    static const struct edm_order_value values[] = {
        { .kind = EDM_ORDER_NULL },
        { .kind = EDM_ORDER_INTEGER, .integer = -1 },
        { .kind = EDM_ORDER_REAL, .real = 0.5 },
        { .kind = EDM_ORDER_TEXT, .text = SLICE_INIT("x") },
    };
    struct edm_order_value after[ODATA_ORDER_KEYS_MAX];
    bool first = run(&query, arena);

    for (size_t i = 0; i < query.order_count; i++)
        after[i] = values[(chosen >> i % 4 * 2) & 3];
    query.after = SLICE("key");
    query.after_values = after;
    assert(run(&query, arena) == first);
}

static void check(const uint8_t head[HEAD_BYTES], struct slice text,
                  const struct odata_alias *aliases, struct arena *arena, bool may_lack_memory)
{
    const struct edm_singleton *singleton = graph_model.singleton;
    const struct edm_entity_type *type = singleton->types[(head[0] & 0x3f) % singleton->type_count];
    struct edm_health_view view;
    struct edm_query query = { .type = type,
                               .select = 1,
                               .page_size = 1,
                               .count = true,
                               .health = head[0] & 0x40 ? first_view(type, &view) : NULL };
    const struct odata_filter_rules rules = { .later_members = head[0] & 0x80 };
    struct error err = { 0 };

    if (odata_orderby_parse(&graph_model, type, text, aliases, &rules, arena, &query.order,
                            &query.order_count, NULL, &err)) {
        assert(query.order_count > 0 && query.order_count <= ODATA_ORDER_KEYS_MAX);
        for (size_t i = 0; i < query.order_count; i++)
            assert(query.order[i].expression->type != EDM_FILTER_STRINGS);
        (void)edm_query_order_has_clock(&query);
        if (!may_lack_memory)
            run_pages(query, head[1], arena);
        return;
    }
    assert(err.code == ERROR_BAD_REQUEST || (may_lack_memory && err.code == ERROR_TOO_LARGE));
    assert(err.message[0] != '\0' && slice_is_utf8(slice_of(err.message)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < HEAD_BYTES)
        return 0;
    bool may_lack_memory = data[0] & 0x80;
    size_t len = size - HEAD_BYTES;
    struct arena *arena = arena_create(NULL, may_lack_memory ? SMALL_BUDGET : PLENTY);
    char *memory = malloc(len ? len : 1); /* just this size: reading past it is seen */
    struct odata_alias alias = { .name = SLICE("@a") };

    assert(arena && memory);
    memcpy(memory, data + HEAD_BYTES, len);
    struct slice all = { memory, len };
    struct slice text = slice_sub(all, 0, slice_index(all, '\n'));
    alias.value = slice_sub(all, text.len + 1, all.len);
    if (slice_is_utf8(text) && slice_index(text, '\0') == text.len) /* as decoding leaves it */
        check(data, text, &alias, arena, may_lack_memory);
    free(memory);
    arena_destroy(arena);
    return 0;
}
