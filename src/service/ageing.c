/* service/ageing.c - walks the sources page by page, and turns each row's date into an item.
 *
 * Only keys and dates are read. A page lies in an arena of its own, which is let go before the next
 * one is read; the key that the next page starts behind is kept in one of two that take turns.
 *
 * An age of a date that is still to come is none: the first stage.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "service/ageing.h"

#include <assert.h>

#include "base/arena.h"
#include "base/clock.h"
#include "edm/query.h"
#include "edm/value.h"
#include "service/operations.h"

#define PAGE_ROWS        1000
#define PAGE_ARENA_BYTES ((size_t)16 << 20) /* a limit: keys, dates and items of a page */

/* One source, and where in an item what goes. */
struct walk {
    const struct ageing *ageing;
    const struct edm_ageing *of;
    const struct edm_ageing_source *source;
    size_t date; /* of the source's type */
    size_t name_at, key_at, state_at, date_at;
    ageing_sink *sink;
    void *context;
};

/* --- items ------------------------------------------------------------------------------------ */

static size_t item_index(const struct edm_complex *item, struct slice name)
{
    int index = edm_find_complex_property(item, name);

    assert(index >= 0); /* edm_check() refuses a model in which it is not there */
    return (size_t)index;
}

static struct edm_value member(const struct walk *walk, size_t at, struct slice name)
{
    const struct edm_enum_member *found =
        edm_find_member(walk->of->item->properties[at].enumeration, name);

    assert(found); /* the same */
    return (struct edm_value){ .integer = found->value };
}

static struct slice state_of(const struct walk *walk, const struct edm_value *date)
{
    const struct edm_ageing *of = walk->of;
    int64_t age_ticks = walk->ageing->now_ticks - date->at.ticks;
    size_t stage = 0;

    if (date->is_null || date->at.ticks == 0)
        return of->ageless;
    while (stage + 1 < of->stage_count &&
           age_ticks >= of->stages[stage + 1].after_s * CLOCK_TICKS_PER_SECOND)
        stage++;
    return of->stages[stage].member;
}

static void make_item(const struct walk *walk, const struct edm_entity *entity,
                      struct edm_value *values)
{
    const struct edm_value *date = &entity->values[walk->date];

    values[walk->name_at] = member(walk, walk->name_at, walk->source->member);
    values[walk->key_at] = entity->values[0];
    values[walk->state_at] = member(walk, walk->state_at, state_of(walk, date));
    values[walk->date_at] = date->is_null ? (struct edm_value){ .at = { .ticks = 0 } } : *date;
}

static bool hand_over(const struct walk *walk, const struct edm_page *page, struct arena *arena,
                      struct error *err)
{
    size_t width = walk->of->item->property_count;
    struct edm_rows rows = { .type = walk->of->item, .count = page->count };

    rows.values = arena_new_array(arena, page->count * width, struct edm_value);
    if (!rows.values)
        return error_no_memory(err);
    for (size_t i = 0; i < page->count; i++)
        make_item(walk, page->entities[i], &rows.values[i * width]);
    return walk->sink(walk->context, &rows, err);
}

/* --- pages ------------------------------------------------------------------------------------ */

/* *ret_after, in `keys`, is where the next page starts; empty: there is none. */
static bool walk_page(const struct walk *walk, struct store_session *session,
                      const struct edm_query *query, struct arena *keys, struct slice *ret_after,
                      struct error *err)
{
    struct arena *arena = arena_create(NULL, PAGE_ARENA_BYTES);
    struct edm_page page;
    bool ok;

    if (!arena)
        return error_no_memory(err);
    *ret_after = SLICE_EMPTY;
    ok = service_list(session, walk->ageing->tenant, query, arena, &page, err) &&
         hand_over(walk, &page, arena, err);
    if (ok && page.more &&
        !arena_copy(keys, page.entities[page.count - 1]->values[0].text, ret_after))
        ok = error_no_memory(err);
    arena_destroy(arena);
    return ok;
}

static bool walk_pages(const struct walk *walk, struct store_session *session,
                       struct edm_query *query, struct error *err)
{
    struct arena *keys = NULL;
    bool ok;

    do {
        struct arena *next_keys = arena_create(NULL, PAGE_ARENA_BYTES);
        struct slice after = SLICE_EMPTY;

        ok = next_keys ? walk_page(walk, session, query, next_keys, &after, err)
                       : error_no_memory(err);
        arena_destroy(keys);
        keys = next_keys;
        query->after = after;
    } while (ok && query->after.len);
    arena_destroy(keys);
    return ok;
}

static const struct edm_health_view *health_of(const struct ageing *ageing,
                                               const struct edm_entity_type *type)
{
    for (size_t i = 0; i < ageing->health_count; i++) {
        if (ageing->healths[i]->type == type)
            return ageing->healths[i];
    }
    return NULL;
}

bool service_ageing(struct store_session *session, const struct ageing *ageing,
                    const struct edm_ageing *of, ageing_sink *sink, void *context,
                    struct error *err)
{
    struct walk walk = {
        .ageing = ageing,
        .of = of,
        .name_at = item_index(of->item, of->source_name),
        .key_at = item_index(of->item, of->key),
        .state_at = item_index(of->item, of->state),
        .date_at = item_index(of->item, of->date),
        .sink = sink,
        .context = context,
    };

    for (size_t i = 0; i < of->source_count; i++) {
        const struct edm_entity_type *type = of->sources[i].type;
        int date = edm_find_property(type, of->sources[i].date);
        struct edm_query query = { .type = type,
                                   .page_size = PAGE_ROWS,
                                   .now_ticks = ageing->now_ticks,
                                   .health = health_of(ageing, type) };

        assert(date >= 0); /* the same */
        walk.source = &of->sources[i];
        walk.date = (size_t)date;
        query.select = UINT64_C(1) | UINT64_C(1) << walk.date;
        if (!walk_pages(&walk, session, &query, err))
            return false;
    }
    return true;
}
