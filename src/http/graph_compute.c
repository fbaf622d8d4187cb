/* http/graph_compute.c - $compute: what waits for it of the other options, and the values that it
 * makes of what is shown.
 *
 * Where it is named in $filter and $orderby it is part of them (odata/compute.h). What is shown of
 * it is worked out behind the read, of the rows that are shown alone, in the same snapshot. A stale
 * read (http/stale.h) shows rows of the past; what is worked out is of the row that there is now,
 * and null where there is none.
 *
 * A page ends behind the row with which its text passes the bytes of one, and what is worked out
 * counts as the rest does: so it may end before the page that was read, and its nextLink leads
 * behind the row that it ends with.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/arena.h"
#include "edm/entity.h"
#include "http/graph.h"
#include "odata/compute.h"
#include "service/operations.h"

bool graph_read_compute(struct call *call, uint32_t *beyond, struct error *err)
{
    struct odata_options *options = &call->options;
    const struct edm_query *query = &options->query;
    const struct odata_filter_rules rules = { .later_members = query->later_members };

    if (!odata_compute_options(call->loop->api->model, &call->path, &rules, call->arena, options,
                               beyond, err))
        return false;
    if (query->computed_count == 0)
        return true;
    call->computed = arena_new(call->arena, struct odata_worked_out);
    if (!call->computed)
        return error_no_memory(err);
    *call->computed =
        (struct odata_worked_out){ .properties = query->computed, .count = query->computed_count };
    return true;
}

/* Of some entities; *ret_count is for how many. */
static bool work_out(struct call *call, struct store_session *session,
                     const struct edm_query *query, struct edm_entity *const *entities,
                     size_t count, size_t *ret_count, struct error *err)
{
    struct edm_order_value *values =
        arena_new_array(call->arena, count * query->computed_count, struct edm_order_value);

    if (!values)
        return error_no_memory(err);
    if (!service_compute(session, call->who->tenant, query, entities, count, call->arena, values,
                         ret_count, err))
        return false;
    call->computed->values = values;
    return true;
}

bool graph_compute_check(struct call *call, struct store_session *session,
                         const struct edm_query *query, struct error *err)
{
    size_t none;

    return work_out(call, session, query, NULL, 0, &none, err);
}

bool graph_compute_entity(struct call *call, struct store_session *session, struct error *err)
{
    size_t one;

    return work_out(call, session, &call->options.query, &call->entity, 1, &one, err);
}

/* Where an order goes on is said by what its keys come to for the last row. */
static bool cut_page(struct call *call, struct store_session *session,
                     const struct edm_query *query, size_t count, struct error *err)
{
    struct edm_page *page = &call->page;
    struct edm_query last = *query;

    page->count = count;
    page->more = true;
    call->page_end = last.after = page->entities[count - 1]->values[0].text;
    if (query->order_count == 0)
        return true;
    if (!service_order_values(session, call->who->tenant, &last, call->arena, &page->last_values,
                              err))
        return false;
    return page->last_values ||
           error_set(err, ERROR_TOO_LARGE, SLICE("$compute"),
                     "The page is larger than this server sends. Ask for fewer rows with $top.");
}

bool graph_compute_page(struct call *call, struct store_session *session,
                        const struct edm_query *query, struct error *err)
{
    struct edm_page *page = &call->page;
    size_t count;

    return work_out(call, session, query, page->entities, page->count, &count, err) &&
           (count == page->count || cut_page(call, session, query, count, err));
}
