/* http/stale.c - what a read shows as if the last writes had not been made.
 *
 * What is remembered is the state before each write, so a read of the past is the read of the
 * present with those entities put in place of what is there now. A page is a range of keys: behind
 * the key it starts from, up to its last one when there are more. Only what lies in that range is
 * touched, so that the pages of a walk fit together as those of the present do; that a page loses
 * its last rows must not move the next one, and that it gains some must not make it too long.
 *
 * Limits: a $filter is asked of the present alone, since only the store can answer it. Of the rows
 * that it lets through now those that were created lately go, and those that were changed are as
 * they were; one that it would have let through then is not put back.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/stale.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/text.h"
#include "edm/entity_text.h"
#include "edm/health.h"
#include "http/effects.h"
#include "service/operations.h"
#include "testbed/past.h"
#include "testbed/testbed.h"
#include "json/writer.h"

#define NOTE_FRAME_BYTES 16384 /* names, dates and numbers of the largest type */
#define JSON_GROWTH      6     /* a control character of one byte is written as \u001f */
#define WALK_ROWS        1000
#define WALK_BYTES       ((size_t)16 << 20) /* a limit: keys of that many rows are far less */

/* --- writes ---------------------------------------------------------------------------------- */

static bool is_wanted(const struct call *call)
{
    return call->testbed && faults_read_stale(testbed_faults(call->testbed));
}

bool stale_note(struct call *call, struct store_session *session, struct error *err)
{
    const struct edm_query whole = { .type = call->path.type,
                                     .select = edm_all_properties(call->path.type) };

    return !is_wanted(call) || service_get(session, call->who->tenant, &whole, call->path.key,
                                           call->arena, &call->before, err);
}

static void remember(struct call *call, struct slice key, struct slice before)
{
    past_add(testbed_past(call->testbed), call->path.type->set_name, key, before,
             clock_monotonic_ms());
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
    json_writer_init(&writer, &text);
    edm_entity_write(call->before, &writer);
    if (!text.failed)
        remember(call, call->before->values[0].text, text_slice(&text));
    arena_destroy(arena);
}

/* --- reads ----------------------------------------------------------------------------------- */

/* The entity that `before` is the text of; *ret is NULL when there was none then. */
static bool recall(struct call *call, struct slice before, struct edm_entity **ret,
                   struct error *err)
{
    const struct edm_health_view *health = call->options.query.health;
    struct edm_entity *entity = NULL;

    if (before.len && !edm_entity_read(call->loop->api->model, call->path.type, before, call->arena,
                                       &entity, err))
        return false;
    if (entity && health && edm_health_is_gone(health, entity))
        entity = NULL;
    if (entity && health)
        edm_health_apply(health, entity);
    *ret = entity;
    return true;
}

/* Whether there is such an entity now. */
static bool exists(struct call *call, struct store_session *session, const struct edm_query *query,
                   struct slice key, bool *ret, struct error *err)
{
    struct edm_query only_key = *query;
    struct edm_entity *ignored;
    struct error why = { 0 };

    only_key.select = 1;
    *ret = service_get(session, call->who->tenant, &only_key, key, call->arena, &ignored, &why);
    if (*ret || why.code == ERROR_NOT_FOUND)
        return true;
    *err = why;
    return false;
}

bool stale_get(struct call *call, struct store_session *session, struct error *err)
{
    struct slice before;
    bool now = true;

    if (!past_find(testbed_past(call->testbed), call->path.type->set_name, call->path.key,
                   clock_monotonic_ms(), call->fault->stale_ms, call->arena, &before))
        return service_get(session, call->who->tenant, &call->options.query, call->path.key,
                           call->arena, &call->entity, err);
    if (!recall(call, before, &call->entity, err) ||
        (!call->entity && !exists(call, session, &call->options.query, call->path.key, &now, err)))
        return false;
    call->hid_a_write = now; /* not one that was made and is gone again: it is missing anyhow */
    return call->entity || service_not_found(call->path.key, err);
}

static bool correct_count(struct call *call, struct store_session *session,
                          const struct edm_query *query, const struct past_entry *entries,
                          size_t count, struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        struct edm_entity *then;
        bool now;

        if (!recall(call, entries[i].before, &then, err) ||
            !exists(call, session, query, entries[i].key, &now, err))
            return false;
        call->page.total_count += (then != NULL) - now;
        call->hid_a_write |= (then != NULL) != now;
    }
    return true;
}

static int compare_with_entry(const void *key, const void *entry)
{
    return slice_compare(*(const struct slice *)key, ((const struct past_entry *)entry)->key);
}

/* How many rows of the page behind query->after were not there then. *ret_after, in `keys`: where
 * the next page starts; empty: there is none. */
static bool count_created(struct call *call, struct store_session *session,
                          const struct edm_query *query, const struct past_entry *entries,
                          size_t count, struct arena *keys, int64_t *ret, struct slice *ret_after,
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
        const struct past_entry *entry =
            bsearch(&key, entries, count, sizeof *entries, compare_with_entry);
        created += entry && entry->before.len == 0;
        if (i + 1 == page.count && page.more && !arena_copy(keys, key, ret_after))
            ok = error_no_memory(err);
    }
    arena_destroy(arena);
    *ret = created;
    return ok;
}

/* With a filter only the store knows what counts: the keys of all that do are looked through. */
static bool correct_filtered_count(struct call *call, struct store_session *session,
                                   const struct edm_query *query, const struct past_entry *entries,
                                   size_t count, struct error *err)
{
    struct edm_query walk = *query;
    int64_t created;

    walk.select = 1;
    walk.count = false;
    walk.page_size = WALK_ROWS;
    walk.after = SLICE_EMPTY;
    do {
        if (!count_created(call, session, &walk, entries, count, call->arena, &created, &walk.after,
                           err))
            return false;
        call->page.total_count -= created;
        call->hid_a_write |= created > 0;
    } while (walk.after.len);
    return true;
}

static bool is_between(struct slice key, struct slice after, struct slice last)
{
    return slice_compare(key, after) > 0 && (last.len == 0 || slice_compare(key, last) <= 0);
}

/* Merges the rows of the page with `entries`, both in the order of keys. */
static bool merge(struct call *call, const struct past_entry *entries, size_t count,
                  struct edm_entity **into, size_t *ret_count, struct error *err)
{
    bool puts_back = !call->options.query.filter;
    const struct edm_page *page = &call->page;
    size_t row = 0, made = 0;

    for (size_t i = 0; i < count; i++) {
        struct edm_entity *then;
        bool is_there;

        while (row < page->count &&
               slice_compare(page->entities[row]->values[0].text, entries[i].key) < 0)
            into[made++] = page->entities[row++];
        is_there =
            row < page->count && slice_eq(page->entities[row]->values[0].text, entries[i].key);
        row += is_there;
        if (!recall(call, entries[i].before, &then, err))
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

/* Of `entries` those that stand within the page are moved to the front; returns how many. */
static size_t keep_those_within(struct past_entry *entries, size_t count, struct slice after,
                                struct slice last)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        if (is_between(entries[i].key, after, last))
            entries[kept++] = entries[i];
    }
    return kept;
}

bool stale_list(struct call *call, struct store_session *session, const struct edm_query *query,
                struct error *err)
{
    struct edm_page *page = &call->page;
    struct past_entry *entries;
    struct edm_entity **rows;
    size_t count;

    if (!past_list(testbed_past(call->testbed), call->path.type->set_name, clock_monotonic_ms(),
                   call->fault->stale_ms, call->arena, &entries, &count))
        return error_no_memory(err);
    if (page->total_count >= 0 &&
        !(query->filter ? correct_filtered_count(call, session, query, entries, count, err)
                        : correct_count(call, session, query, entries, count, err)))
        return false;
    if (query->page_size == 0)
        return true;
    if (page->more && page->count > 0)
        call->page_end = page->entities[page->count - 1]->values[0].text;
    count = keep_those_within(entries, count, query->after, call->page_end);
    rows = arena_new_array(call->arena, page->count + count, struct edm_entity *);
    if (!rows)
        return error_no_memory(err);
    if (!merge(call, entries, count, rows, &page->count, err))
        return false;
    page->entities = rows;
    if (page->count > query->page_size) {
        page->count = query->page_size;
        page->more = true;
        call->page_end = rows[page->count - 1]->values[0].text;
    }
    return true;
}
