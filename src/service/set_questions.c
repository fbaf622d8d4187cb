/* service/set_questions.c - entities by a list of keys, and whether there are any of one's own.
 *
 * Both are made of reads by key and of a page of keys, whose cost is known: no entity is looked at
 * that is not asked for.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "service/set_questions.h"

#include <stdlib.h>

#include "base/arena.h"
#include "service/operations.h"

static int compare_keys(const void *a, const void *b)
{
    return slice_compare(*(const struct slice *)a, *(const struct slice *)b);
}

bool service_set_by_keys(struct store_session *session, struct uuid tenant,
                         const struct edm_query *query, struct slice *keys, size_t count,
                         struct arena *arena, struct edm_page *ret, struct error *err)
{
    struct edm_entity **entities = arena_new_array(arena, count, struct edm_entity *);
    struct edm_page page = { .entities = entities, .total_count = -1 };

    if (!entities)
        return error_no_memory(err);
    if (count)
        qsort(keys, count, sizeof *keys, compare_keys);
    for (size_t i = 0; i < count; i++) {
        struct error why = { 0 };

        if (i > 0 && slice_eq(keys[i], keys[i - 1]))
            continue;
        if (service_get(session, tenant, query, keys[i], arena, &entities[page.count], &why)) {
            page.count++;
        } else if (why.code != ERROR_NOT_FOUND) {
            *err = why;
            return false;
        }
    }
    *ret = page;
    return true;
}

bool service_set_has_made(struct store_session *session, struct uuid tenant,
                          const struct edm_query *query, struct arena *arena, bool *ret,
                          struct error *err)
{
    struct edm_query keys = { .type = query->type,
                              .select = 1,
                              .page_size = query->type->built_in_count + 1,
                              .now_ticks = query->now_ticks,
                              .health = query->health };
    struct edm_page page;
    bool found = false;

    if (!service_list(session, tenant, &keys, arena, &page, err))
        return false;
    for (size_t i = 0; i < page.count && !found; i++)
        found = !edm_is_built_in(query->type, page.entities[i]->values[0].text);
    *ret = found;
    return true;
}
