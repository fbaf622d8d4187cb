/* fuzz/odata_filter_fuzz.c - any $filter is refused in good order, or is one that the store can
 * run.
 *
 * The first byte chooses the type, whether its states are worked out, and how much memory there is.
 * The rest is the filter; behind a line feed, the text of the alias @a, and behind another that of
 * @b. A filter that is accepted is walked (its types must be right, its size within the limits),
 * and run over an empty set: so SQLite must understand whatever is written for it.
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
#include "odata/filter.h"
#include "store/store.h"

#define PLENTY       ((size_t)16 << 20)
#define SMALL_BUDGET 512
#define SHALLOW      6 /* levels of a filter that SQLite must be able to run */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A literal whose arguments are its items. */
static bool is_list(const struct edm_filter *node)
{
    return node->kind == EDM_FILTER_LITERAL && node->type == EDM_FILTER_STRINGS;
}

static size_t check_node(const struct edm_filter *node, const struct edm_entity_type *type)
{
    size_t count = 1;

    assert(node->kind < EDM_FILTER_KIND_COUNT && node->type < EDM_FILTER_TYPE_COUNT);
    assert((node->type == EDM_FILTER_ENUM) == (node->enumeration != NULL));
    assert((node->kind <= EDM_FILTER_ITEM) == (node->count == 0) || is_list(node));
    if (node->kind == EDM_FILTER_PROPERTY)
        assert(node->property < type->property_count);
    if (node->kind == EDM_FILTER_LITERAL && node->type == EDM_FILTER_STRING)
        assert(slice_is_utf8(node->text));
    for (size_t i = 0; i < node->count; i++) {
        size_t below = check_node(node->arguments[i], type);

        count += (node->kind == EDM_FILTER_IN && i > 0) || is_list(node) ? 0 : below;
    }
    return count;
}

/* A pattern may be wrong, or take too long. */
static bool matches(const struct edm_filter *node)
{
    bool found = node->kind == EDM_FILTER_MATCHES;

    for (size_t i = 0; i < node->count; i++)
        found = found || matches(node->arguments[i]);
    return found;
}

static void run(const struct edm_query *query, struct arena *arena)
{
    const struct uuid tenant = { { 1 } };
    struct error err = { 0 };
    struct edm_page page;

    if (!store_read_begin(empty_store, &err))
        abort();
    if (store_entity_list(empty_store, tenant, query, arena, &page, &err))
        assert(page.count <= query->type->built_in_count);
    else /* what SQLite does not understand looks like what is too deep for it */
        assert((err.code == ERROR_BAD_REQUEST && filter_depth(query->filter) > SHALLOW) ||
               err.code == ERROR_TOO_LARGE || matches(query->filter));
}

/* What can be run is right by its form too, if there is not too much of it. */
static void check_form(struct slice text, struct arena *arena, bool accepted)
{
    struct error err = { 0 };

    if (!odata_filter_check_form(text, arena, &err))
        assert(!accepted || err.code == ERROR_TOO_LARGE || !strstr(err.message, "Syntax error"));
}

static void check(uint8_t head, struct slice text, const struct odata_alias *aliases,
                  struct arena *arena, bool may_lack_memory)
{
    const struct edm_singleton *singleton = graph_model.singleton;
    const struct edm_entity_type *type = singleton->types[head % singleton->type_count];
    struct edm_health_view view;
    struct edm_query query = { .type = type,
                               .select = 1,
                               .page_size = 1,
                               .count = true,
                               .health = head & 0x40 ? first_view(type, &view) : NULL };
    const struct odata_filter_rules rules = { .later_members = head & 0x10 };
    struct error err = { 0 };

    if (odata_filter_parse(&graph_model, type, text, aliases, &rules, arena, &query.filter, NULL,
                           &err)) {
        check_form(text, arena, true);
        query.later_members = rules.later_members;
        query.exact_strings = head & 0x20;
        assert(check_node(query.filter, type) <= 2 * ODATA_FILTER_NODES_MAX);
        run(&query, arena);
        return;
    }
    check_form(text, arena, false);
    assert(err.code == ERROR_BAD_REQUEST || (may_lack_memory && err.code == ERROR_TOO_LARGE));
    assert(err.message[0] != '\0' && slice_is_utf8(slice_of(err.message)));
}

static struct slice cut_line(struct slice *rest)
{
    size_t len = slice_index(*rest, '\n');
    struct slice line = slice_sub(*rest, 0, len);

    *rest = slice_sub(*rest, len + 1, rest->len);
    return line;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    bool may_lack_memory = data[0] & 0x80;
    struct arena *arena = arena_create(NULL, may_lack_memory ? SMALL_BUDGET : PLENTY);
    char *memory = malloc(size); /* just this size: reading past it is seen */
    struct odata_alias aliases[2] = { { .name = SLICE("@a"), .next = &aliases[1] },
                                      { .name = SLICE("@b") } };

    assert(arena && memory);
    memcpy(memory, data + 1, size - 1);
    struct slice rest = { memory, size - 1 }, text = cut_line(&rest);
    aliases[0].value = cut_line(&rest);
    aliases[1].value = rest;
    if (slice_is_utf8(text) && slice_index(text, '\0') == text.len) /* as decoding leaves it */
        check(data[0], text, aliases, arena, may_lack_memory);
    free(memory);
    arena_destroy(arena);
    return 0;
}
