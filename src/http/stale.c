/* http/stale.c - what a read shows as if the last writes had not been made.
 *
 * What is remembered is the state before each write, so a read of the past is the read of the
 * present with those entities put in place of what is there now. A page is a range of keys: behind
 * the key it starts from, up to its last one when there are more. Only what lies in that range is
 * touched, so that the pages of a walk fit together as those of the present do; that a page loses
 * its last rows must not move the next one, and that it gains some must not make it too long, in
 * rows or in bytes. No more of the past is copied than a page can show; what is counted is looked
 * through in pieces.
 *
 * Limits: a $filter is asked of the present alone, since only the store can answer it. Of the rows
 * that it lets through now those that were created lately go, and those that were changed are as
 * they were; one that it would have let through then is not put back. The same holds for an
 * $orderby, which the store alone can follow, and for the rows that a $skip passes over: each row
 * of the page is shown in its place as it was then, or not at all.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/stale.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/text.h"
#include "edm/entity.h"
#include "edm/entity_text.h"
#include "edm/health.h"
#include "edm/view.h"
#include "http/effects.h"
#include "service/operations.h"
#include "testbed/past.h"
#include "testbed/testbed.h"
#include "json/writer.h"

#define NOTE_FRAME_BYTES 16384 /* names, dates and numbers of the largest type */
#define JSON_GROWTH      6     /* a control character of one byte is written as \u001f */
#define WALK_ROWS        1000
#define WALK_BYTES       ((size_t)64 << 20) /* a limit: what is looked at at once is far less */
#define PIECE_BYTES      ((size_t)1 << 20)

/* --- writes ---------------------------------------------------------------------------------- */

/* What is remembered of a view is what was stored, for all sets that show it. */
static struct slice past_set(const struct call *call)
{
    return edm_stored_type(call->path.type)->set_name;
}

static bool is_wanted(const struct call *call)
{
    return call->testbed && faults_read_stale(testbed_faults(call->testbed));
}

bool stale_note(struct call *call, struct store_session *session, struct error *err)
{
    const struct edm_entity_type *type = edm_stored_type(call->path.type);
    const struct edm_query whole = { .type = type,
                                     .select = edm_all_properties(type) | EDM_CREATED };

    return !is_wanted(call) || service_get(session, call->who->tenant, &whole, call->path.key,
                                           call->arena, &call->before, err);
}

static void remember(struct call *call, struct slice key, struct slice before)
{
    past_add(testbed_past(call->testbed), past_set(call), key, before, effects_now_ms(call));
}

void stale_remember_create(struct call *call)
{
    if (is_wanted(call))
        remember(call, call->entity->values[0].text, SLICE_EMPTY);
}

/* The text has memory of its own: the request's is for telling that the write was done. Without it
 * the write is seen at once. */
void stale_remember_change(struct call *call)
{
    size_t bytes_max = JSON_GROWTH * call->loop->api->entity_bytes + NOTE_FRAME_BYTES;
    struct json_writer writer;
    struct arena *arena;
    struct text text;

    if (!call->before)
        return;
    arena = arena_create(NULL, 2 * bytes_max);
    if (!arena)
        return;
    text_init(&text, arena, 1024, bytes_max);
    text_printf(&text, "%" PRId64 " %" PRId64 " ", call->before->created, call->before->version);
    json_writer_init(&writer, &text);
    edm_entity_write(call->before, &writer);
    if (!text.failed)
        remember(call, call->before->values[0].text, text_slice(&text));
    arena_destroy(arena);
}

/* --- reads ----------------------------------------------------------------------------------- */

/* A note is "{created} {version} {JSON}": a tag of the past is not one of the present. */
static bool read_note(struct call *call, struct slice note, struct arena *arena,
                      struct edm_entity **ret, struct error *err)
{
    struct slice created, version, json;

    if (!slice_cut(note, ' ', &created, &note) || !slice_cut(note, ' ', &version, &json))
        return error_set(err, ERROR_INTERNAL, SLICE_EMPTY, "what is past cannot be read");
    if (!edm_entity_read(call->loop->api->model, edm_stored_type(call->path.type), json, arena, ret,
                         err))
        return false;
    return (slice_to_int64(created, &(*ret)->created) &&
            slice_to_int64(version, &(*ret)->version)) ||
           error_set(err, ERROR_INTERNAL, SLICE_EMPTY, "what is past cannot be read");
}

/* The entity that `before` is the note of, in `arena`; *ret is NULL when there was none then. */
static bool recall(struct call *call, struct slice before, struct arena *arena,
                   struct edm_entity **ret, struct error *err)
{
    const struct edm_health_view *health = call->options.query.health;
    struct edm_entity *entity = NULL;

    if (before.len && !read_note(call, before, arena, &entity, err))
        return false;
    if (entity && health && edm_health_is_gone(health, entity))
        entity = NULL;
    if (entity && health)
        edm_health_apply(health, entity);
    if (entity && !(entity = edm_view_show(call->path.type, entity, arena)))
        return error_no_memory(err);
    *ret = entity;
    return true;
}

/* What of the set was written lately and lies in a range. */
struct changes {
    struct past_entry *entries;
    size_t count;
    bool more; /* there are others behind */
};

static bool find_changes(struct call *call, const struct past_range *range, struct arena *arena,
                         struct changes *ret, struct error *err)
{
    return past_list(testbed_past(call->testbed), past_set(call), effects_now_ms(call),
                     call->fault->stale_ms, range, arena, &ret->entries, &ret->count, &ret->more) ||
           error_no_memory(err);
}

/* --- counts ---------------------------------------------------------------------------------- */

/* Whether there is such an entity now. */
static bool exists(struct call *call, struct store_session *session, const struct edm_query *query,
                   struct slice key, struct arena *arena, bool *ret, struct error *err)
{
    struct edm_query only_key = *query;
    struct edm_entity *ignored;
    struct error why = { 0 };

    only_key.select = 1;
    *ret = service_get(session, call->who->tenant, &only_key, key, arena, &ignored, &why);
    if (*ret || why.code == ERROR_NOT_FOUND)
        return true;
    *err = why;
    return false;
}

bool stale_get(struct call *call, struct store_session *session, struct error *err)
{
    struct slice before;
    bool now = true;

    if (!past_find(testbed_past(call->testbed), past_set(call), call->path.key,
                   effects_now_ms(call), call->fault->stale_ms, call->arena, &before))
        return service_get(session, call->who->tenant, &call->options.query, call->path.key,
                           call->arena, &call->entity, err);
    if (!recall(call, before, call->arena, &call->entity, err) ||
        (!call->entity &&
         !exists(call, session, &call->options.query, call->path.key, call->arena, &now, err)))
        return false;
    call->hid_a_write = now; /* not one that was made and is gone again: it is missing anyhow */
    return call->entity || service_not_found(call->path.key, err);
}

/* One piece of the past, behind range->after, which is moved behind it. */
static bool count_piece(struct call *call, struct store_session *session,
                        const struct edm_query *query, struct past_range *range,
                        struct arena *arena, bool *ret_more, struct error *err)
{
    struct changes changes;

    if (!find_changes(call, range, arena, &changes, err))
        return false;
    for (size_t i = 0; i < changes.count; i++) {
        const struct past_entry *entry = &changes.entries[i];
        struct edm_entity *then;
        bool now;

        if (!recall(call, entry->before, arena, &then, err) ||
            !exists(call, session, query, entry->key, arena, &now, err))
            return false;
        call->page.total_count += (then != NULL) - now;
        call->hid_a_write |= (then != NULL) != now;
    }
    *ret_more = changes.more;
    return !changes.more ||
           arena_copy(call->arena, changes.entries[changes.count - 1].key, &range->after) ||
           error_no_memory(err);
}

static bool correct_count(struct call *call, struct store_session *session,
                          const struct edm_query *query, struct error *err)
{
    struct past_range range = { .bytes_max = PIECE_BYTES };
    bool more = true, ok = true;

    while (ok && more) {
        struct arena *arena = arena_create(NULL, WALK_BYTES);
        ok = arena ? count_piece(call, session, query, &range, arena, &more, err)
                   : error_no_memory(err);
        arena_destroy(arena);
    }
    return ok;
}

static int compare_with_entry(const void *key, const void *entry)
{
    return slice_compare(*(const struct slice *)key, ((const struct past_entry *)entry)->key);
}

/* How many rows of the page behind query->after were not there then. *ret_after, in `keys`: where
 * the next page starts; empty: there is none. */
static bool count_created(struct call *call, struct store_session *session,
                          const struct edm_query *query, const struct changes *created_then,
                          struct arena *keys, int64_t *ret, struct slice *ret_after,
                          struct error *err)
{
    struct arena *arena = arena_create(NULL, WALK_BYTES);
    struct edm_page page;
    int64_t created = 0;
    bool ok = arena ? service_list(session, call->who->tenant, query, arena, &page, err)
                    : error_no_memory(err);

    *ret_after = SLICE_EMPTY;
    for (size_t i = 0; ok && i < page.count; i++) {
        const struct slice key = page.entities[i]->values[0].text;
        created += bsearch(&key, created_then->entries, created_then->count,
                           sizeof *created_then->entries, compare_with_entry) != NULL;
        if (i + 1 == page.count && page.more && !arena_copy(keys, key, ret_after))
            ok = error_no_memory(err);
    }
    arena_destroy(arena);
    *ret = created;
    return ok;
}

/* With a filter only the store knows what counts: the keys of all that do are looked through. */
static bool correct_filtered_count(struct call *call, struct store_session *session,
                                   const struct edm_query *query, struct error *err)
{
    const struct past_range range = { .created = true };
    struct edm_query walk = *query;
    struct changes changes;
    int64_t created;

    if (!find_changes(call, &range, call->arena, &changes, err))
        return false;
    walk.select = 1;
    walk.count = false;
    walk.page_size = WALK_ROWS;
    walk.after = SLICE_EMPTY;
    walk.order_count = 0;
    walk.skip = 0;
    do {
        if (!count_created(call, session, &walk, &changes, call->arena, &created, &walk.after, err))
            return false;
        call->page.total_count -= created;
        call->hid_a_write |= created > 0;
    } while (walk.after.len);
    return true;
}

/* --- pages ----------------------------------------------------------------------------------- */

/* Merges the rows of the page with `changes`, both in the order of keys. */
static bool merge(struct call *call, const struct changes *changes, struct edm_entity **into,
                  size_t *ret_count, struct error *err)
{
    bool puts_back = !call->options.query.filter;
    const struct edm_page *page = &call->page;
    size_t row = 0, made = 0;

    for (size_t i = 0; i < changes->count; i++) {
        const struct past_entry *entry = &changes->entries[i];
        struct edm_entity *then;
        bool is_there;

        while (row < page->count &&
               slice_compare(page->entities[row]->values[0].text, entry->key) < 0)
            into[made++] = page->entities[row++];
        is_there = row < page->count && slice_eq(page->entities[row]->values[0].text, entry->key);
        row += is_there;
        if (!recall(call, entry->before, call->arena, &then, err))
            return false;
        if (then && (is_there || puts_back))
            into[made++] = then;
        call->hid_a_write |= is_there || (then && puts_back);
    }
    while (row < page->count)
        into[made++] = page->entities[row++];
    *ret_count = made;
    return true;
}

static void end_page_at(struct call *call, struct slice key)
{
    call->page.more = true;
    call->page_end = key;
}

/* More was changed in its range than one page shows: it ends behind what was taken of that. */
static void shorten_to(struct call *call, struct slice last)
{
    struct edm_page *page = &call->page;

    while (page->count > 0 &&
           slice_compare(page->entities[page->count - 1]->values[0].text, last) > 0)
        page->count--;
    end_page_at(call, last);
}

/* Ends the page behind the row that fills it, or that passes its bytes. */
static void limit_page(struct call *call, const struct edm_query *query)
{
    struct edm_page *page = &call->page;
    size_t bytes = 0, count = 0;

    while (count < page->count && count < query->page_size &&
           !(query->page_bytes && bytes > query->page_bytes))
        bytes += edm_entity_text_bytes(page->entities[count++]);
    if (count == page->count)
        return;
    page->count = count;
    end_page_at(call, page->entities[count - 1]->values[0].text);
}

/* Puts what was there then in the place of each row that is there now. */
static bool replace_rows(struct call *call, struct error *err)
{
    struct edm_page *page = &call->page;
    size_t kept = 0;

    if (page->more && page->count > 0)
        call->page_end = page->entities[page->count - 1]->values[0].text;
    for (size_t i = 0; i < page->count; i++) {
        struct edm_entity *then = page->entities[i];
        struct slice before;

        if (past_find(testbed_past(call->testbed), past_set(call), then->values[0].text,
                      effects_now_ms(call), call->fault->stale_ms, call->arena, &before)) {
            call->hid_a_write = true;
            if (!recall(call, before, call->arena, &then, err))
                return false;
        }
        if (then)
            page->entities[kept++] = then;
    }
    page->count = kept;
    return true;
}

bool stale_list(struct call *call, struct store_session *session, const struct edm_query *query,
                struct error *err)
{
    struct past_range range = { .after = query->after, .bytes_max = query->page_bytes };
    struct edm_page *page = &call->page;
    struct changes changes;
    struct edm_entity **rows;

    if (page->total_count >= 0 &&
        !(query->filter ? correct_filtered_count(call, session, query, err)
                        : correct_count(call, session, query, err)))
        return false;
    if (query->page_size == 0)
        return true;
    if (query->order_count || query->skip)
        return replace_rows(call, err);
    if (page->more && page->count > 0)
        range.last = call->page_end = page->entities[page->count - 1]->values[0].text;
    if (!find_changes(call, &range, call->arena, &changes, err))
        return false;
    if (changes.more)
        shorten_to(call, changes.entries[changes.count - 1].key);
    rows = arena_new_array(call->arena, page->count + changes.count, struct edm_entity *);
    if (!rows)
        return error_no_memory(err);
    if (!merge(call, &changes, rows, &page->count, err))
        return false;
    page->entities = rows;
    limit_page(call, query);
    return true;
}
