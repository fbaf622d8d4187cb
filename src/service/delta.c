/* service/delta.c - rounds over the list of a set, then over its log (store/changes.h).
 *
 * The first round is an ordinary list by key. The number up to which the log goes when its first
 * page is read is where the second round starts: whatever is written while the client pages through
 * the list has a higher one.
 *
 * Of the log only keys and bits are read. What an entity is now, is asked of its row: the log may
 * say "written" twice and be followed by a delete, and the row is right each time. So a delete that
 * stands behind the round's end shows at once, and once more in the next round.
 *
 * A client that has never seen an entity is told of its removal all the same: whether it saw one on
 * the pages of its first round is not known here. OData lets a client pass over what it does not
 * have.
 *
 * A page looks at a bounded number of rows: where all of them are of no interest to the selection,
 * or are followed by others of the same entities, it is empty, and leads on. What a set's writers
 * do in between does not decide how long a page takes.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "service/delta.h"

#include "base/arena.h"
#include "edm/filter.h"
#include "edm/health.h"
#include "edm/view.h"
#include "service/operations.h"
#include "store/changes.h"
#include "store/store.h"

#define ROWS_AT_ONCE  64    /* of the log */
#define ROWS_LOOKED   16384 /* by one page, and what the last stretch takes */
#define USED_EVERY_MS (INT64_C(3600) * 1000)

bool service_delta_watch(struct store_session *session, struct uuid tenant,
                         const struct edm_entity_type *type, struct error *err)
{
    return changes_watch(session, tenant, type, err);
}

/* --- the first round ---------------------------------------------------------------------------
 */

static bool list_items(struct store_session *session, struct uuid tenant,
                       const struct edm_query *query, struct arena *arena,
                       struct service_delta_page *page, struct error *err)
{
    struct edm_query listed = *query;
    struct edm_page found;

    listed.select |= 1;
    listed.after = page->next.id;
    if (!service_list(session, tenant, &listed, arena, &found, err))
        return false;
    for (size_t i = 0; i < found.count; i++)
        page->items[i] = (struct service_delta_item){ .entity = found.entities[i],
                                                      .id = found.entities[i]->values[0].text,
                                                      .news = UINT64_MAX };
    page->count = found.count;
    page->more = found.more;
    page->next.id = found.count ? page->items[found.count - 1].id : page->next.id;
    return true;
}

/* --- later rounds ------------------------------------------------------------------------------
 */

struct round {
    struct store_session *session;
    struct uuid tenant;
    const struct edm_entity_type *stored;
    struct edm_query query; /* page_bytes is what is left of them */
    uint64_t interest;      /* properties of the stored type; others may change unseen */
    uint64_t brings_in;     /* likewise: who has one of them changed may be new to the client */
    struct arena *arena;
    struct service_delta_page *page;
};

static uint64_t properties_in(const struct edm_filter *filter)
{
    uint64_t properties = 0;

    if (filter->kind == EDM_FILTER_PROPERTY)
        return UINT64_C(1) << filter->property;
    for (size_t i = 0; i < filter->count; i++)
        properties |= properties_in(filter->arguments[i]);
    return properties;
}

/* The key's bit is in all that was made or deleted, and in nothing else. */
static uint64_t interest_of(const struct edm_query *query)
{
    uint64_t shown = query->select;
    uint64_t interest;

    if (!query->select_given)
        return UINT64_MAX;
    if (query->filter)
        shown |= properties_in(query->filter);
    interest = edm_view_select(query->type, shown) | 1;
    if (query->health && (interest >> query->health->state & 1))
        interest |= edm_health_properties(query->health);
    return interest;
}

static uint64_t brings_in(const struct edm_query *query)
{
    if (edm_query_filter_has_clock(query))
        return UINT64_MAX;
    return 1 | (query->filter ? edm_view_select(query->type, properties_in(query->filter)) : 0);
}

/* Of an entity of which `changed` was written. A state that is worked out may be another one
 * whatever was. */
static uint64_t news_of(const struct round *round, uint64_t changed)
{
    const struct edm_query *query = &round->query;
    uint64_t news = 0;

    if (changed & round->brings_in)
        return UINT64_MAX;
    for (size_t i = 0; i < query->type->property_count; i++) {
        uint64_t bit = UINT64_C(1) << i;

        if (edm_view_select(query->type, bit) & changed)
            news |= bit;
    }
    if (query->health && query->health->type == query->type)
        news |= UINT64_C(1) << query->health->state;
    return news;
}

/* Why the list does not have it: it is gone, or the filter leaves it out. */
static bool find_reason(const struct round *round, struct service_delta_item *item,
                        struct error *err)
{
    const struct edm_query key_only = { .type = round->query.type,
                                        .select = 1,
                                        .health = round->query.health };
    struct error why = { 0 };
    struct edm_entity *found;

    item->deleted = false;
    if (round->query.filter &&
        service_get(round->session, round->tenant, &key_only, item->id, round->arena, &found, &why))
        return true;
    item->deleted = !round->query.filter || why.code == ERROR_NOT_FOUND;
    if (!item->deleted && err)
        *err = why;
    return item->deleted;
}

static bool add_item(struct round *round, const struct change *change, struct edm_entity *entity,
                     struct error *err)
{
    struct service_delta_item item = { .entity = entity,
                                       .id = change->id,
                                       .news = news_of(round, change->changed) };
    const struct edm_health_view *health = round->query.health;

    if (!entity && !find_reason(round, &item, err))
        return false;
    if (entity && health && health->type == round->query.type)
        edm_health_apply(health, entity);
    round->page->items[round->page->count++] = item;
    return true;
}

/* Shows as many of the rows as the page has room and bytes for; *ret_shown is how many. */
static bool show_rows(struct round *round, const struct change *changes, size_t count,
                      size_t *ret_shown, struct error *err)
{
    size_t room = round->query.page_size - round->page->count;
    struct edm_entity *entities[ROWS_AT_ONCE];
    struct slice ids[ROWS_AT_ONCE];
    size_t rows[ROWS_AT_ONCE];
    size_t wanted = 0, picked, i;

    for (i = 0; i < count && wanted < room; i++) {
        if (!(changes[i].changed & round->interest))
            continue;
        rows[wanted] = i;
        ids[wanted++] = changes[i].id;
    }
    *ret_shown = i;
    if (wanted == 0)
        return true;
    if (!store_entities_pick(round->session, round->tenant, &round->query, ids, wanted,
                             round->arena, entities, &picked, err))
        return false;
    for (i = 0; i < picked; i++) {
        size_t bytes = entities[i] ? edm_entity_text_bytes(entities[i]) : 0;

        if (!add_item(round, &changes[rows[i]], entities[i], err))
            return false;
        round->query.page_bytes -=
            bytes < round->query.page_bytes ? bytes : round->query.page_bytes;
    }
    if (picked < wanted)
        *ret_shown = rows[picked - 1] + 1;
    return true;
}

/* One stretch of the log. *ret_ends: the round has none behind it. */
static bool take_rows(struct round *round, bool *ret_ends, size_t *looked, struct error *err)
{
    struct service_delta_place *next = &round->page->next;
    const struct changes_range range = { .since = next->since,
                                         .until = next->until,
                                         .after_sequence = next->sequence,
                                         .after_id = next->id };
    struct changes_stretch stretch;
    size_t shown;

    if (!changes_list(round->session, round->tenant, round->stored, &range, ROWS_AT_ONCE,
                      round->arena, &stretch, err) ||
        !show_rows(round, stretch.rows, stretch.count, &shown, err))
        return false;
    *ret_ends = stretch.ends && shown == stretch.count;
    *looked += stretch.looked;
    if (shown > 0) {
        next->sequence = stretch.rows[shown - 1].sequence;
        next->id = stretch.rows[shown - 1].id;
    }
    return true;
}

static bool follow(struct round *round, struct error *err)
{
    struct service_delta_page *page = round->page;
    size_t looked = 0;
    bool ends = false;

    while (!ends && page->count < round->query.page_size && looked < ROWS_LOOKED &&
           round->query.page_bytes > 0) {
        if (!take_rows(round, &ends, &looked, err))
            return false;
    }
    page->more = !ends;
    return true;
}

static bool follow_items(struct store_session *session, struct uuid tenant,
                         const struct edm_query *query, struct arena *arena,
                         struct service_delta_page *page, struct error *err)
{
    struct round round = { .session = session,
                           .tenant = tenant,
                           .stored = edm_stored_type(query->type),
                           .query = *query,
                           .interest = interest_of(query),
                           .brings_in = brings_in(query),
                           .arena = arena,
                           .page = page };

    round.query.select |= 1;
    if (query->health && query->health->type == query->type)
        round.query.select |= edm_health_properties(query->health);
    if (round.query.page_bytes == 0)
        round.query.page_bytes = SIZE_MAX;
    return follow(&round, err);
}

/* --- rounds ------------------------------------------------------------------------------------
 */

/* How far the log goes for somebody who sees it so much later. */
static int64_t last_seen(const struct changes_extent *extent, int64_t lag_ms)
{
    int64_t last = lag_ms ? changes_sequence_at(extent->now_unix_ms - lag_ms) : extent->last;

    if (last > extent->last)
        last = extent->last;
    return last > extent->since ? last : extent->since;
}

/* Where the page begins, now that it is known how far the log goes. */
static void begin_page(const struct service_delta_place *place, const struct changes_extent *extent,
                       struct service_delta_page *page)
{
    struct service_delta_place *next = &page->next;
    int64_t last = last_seen(extent, place->lag_ms);

    *next = *place;
    if (next->since == 0)
        next->since = last;
    if (next->follows && next->until == 0) {
        next->until = last > next->since ? last : next->since;
        next->sequence = next->since;
        next->id = SLICE_EMPTY;
        page->lags = next->until < extent->last;
    }
}

static void end_round(struct service_delta_page *page)
{
    page->next = (struct service_delta_place){ .follows = true,
                                               .since = page->next.follows ? page->next.until
                                                                           : page->next.since };
}

bool service_delta_page(struct store_session *session, struct uuid tenant,
                        const struct edm_query *query, const struct service_delta_place *place,
                        struct arena *arena, struct service_delta_page *ret, struct error *err)
{
    struct service_delta_page page = { .expired = false };
    struct changes_extent extent;
    bool found;

    if (!changes_extent(session, tenant, query->type, &extent, &found, err))
        return false;
    if (!found || (place->since != 0 && place->since < extent.since)) {
        *ret = (struct service_delta_page){ .expired = true };
        return true;
    }
    page.is_unused = extent.now_unix_ms - extent.used_unix_ms > USED_EVERY_MS;
    begin_page(place, &extent, &page);
    page.items = arena_new_array(arena, query->page_size, struct service_delta_item);
    if (!page.items)
        return error_no_memory(err);
    if (!(page.next.follows ? follow_items(session, tenant, query, arena, &page, err)
                            : list_items(session, tenant, query, arena, &page, err)))
        return false;
    if (!page.more)
        end_round(&page);
    *ret = page;
    return true;
}

/* --- upkeep ------------------------------------------------------------------------------------
 */

bool service_delta_find_excess(struct store_session *session, int64_t keep_ms, size_t rows_max,
                               struct arena *arena, struct changes_excess **ret, size_t *ret_count,
                               struct error *err)
{
    const struct changes_bounds bounds = { .keep_ms = keep_ms, .rows_max = rows_max };

    return changes_find_excess(session, &bounds, arena, ret, ret_count, err);
}

bool service_delta_trim(struct store_session *session, const struct changes_excess *excess,
                        size_t at, bool *ret_more, struct error *err)
{
    return changes_trim(session, &excess[at], ret_more, err);
}
