/* http/graph_apply.c - $apply: what it leaves of the other options, and groups as an answer.
 *
 * An $apply that only filters is a $filter more, and everything goes on as it would. One that
 * groups is answered here. Its groups come in one piece: an entity's place in an order is said by
 * its key, and a group has none that stays when entities come and go. So there is no nextLink, $top
 * and $skip choose among the groups as they are now, and more groups than a page may hold are
 * refused and not cut.
 *
 * The other options act on what $apply leaves (Data Aggregation 4.0, section 3): $filter, $orderby,
 * $top, $skip and $count do so here. $select, $search and $skiptoken, which groups have no use for,
 * are refused by name.
 *
 * Faults that make reads stale are for entities; groups are always those of now.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/arena.h"
#include "base/text.h"
#include "http/graph.h"
#include "odata/apply.h"
#include "odata/orderby.h"
#include "odata/search.h"
#include "service/operations.h"

#define GROUP_REPLY_BYTES 96

static bool refuse_beside(const char *option, struct error *err)
{
    return error_set(err, ERROR_BAD_REQUEST, slice_of(option),
                     "The query option '%s' is not supported with an $apply that groups.", option);
}

static bool check_options(const struct odata_options *options, struct error *err)
{
    if (options->selects)
        return refuse_beside("$select", err);
    if (options->search.ptr)
        return refuse_beside("$search", err);
    return options->skiptoken.len == 0 || refuse_beside("$skiptoken", err);
}

/* $filter, on the entities or on the groups. */
static bool add_filter(struct call *call, const struct odata_filter_rules *rules, uint32_t *beyond,
                       struct error *err)
{
    struct odata_options *options = &call->options;
    struct edm_query *query = &options->query;
    const struct edm_filter *condition;

    if (!options->filter.ptr)
        return true;
    if (!odata_filter_parse(call->loop->api->model, query->type, options->filter, options->aliases,
                            rules, call->arena, &condition, beyond, err))
        return false;
    return rules->shape
               ? odata_apply_add_condition(call->apply, condition, call->arena, &call->apply, err)
               : odata_search_join(query->filter, condition, call->arena, &query->filter, err);
}

bool graph_read_apply(struct call *call, uint32_t *beyond, struct error *err)
{
    const struct edm_model *model = call->loop->api->model;
    struct odata_options *options = &call->options;
    struct edm_query *query = &options->query;
    struct odata_filter_rules rules = { .later_members = query->later_members };

    if (!odata_apply_parse(model, query->type, options->apply, options->aliases, &rules,
                           call->arena, &query->filter, &call->apply, beyond, err))
        return false;
    if (call->apply->count > 0) {
        rules.shape = &call->apply->groupings[call->apply->count - 1].shape;
        if (!check_options(options, err))
            return false;
    }
    if (!add_filter(call, &rules, beyond, err))
        return false;
    if (call->apply->count == 0)
        call->apply = NULL;
    return !options->orderby.ptr ||
           odata_orderby_parse(model, query->type, options->orderby, options->aliases, &rules,
                               call->arena, &query->order, &query->order_count, beyond, err);
}

/* --- groups ---------------------------------------------------------------------------------- */

static bool run_groups(struct dispatch_job *job, struct store_session *session, struct error *err)
{
    struct call *call = graph_call_of(job);
    bool bounded = call->options.top_given && call->options.top <= ODATA_PAGE_SIZE_MAX;

    if (!service_groups(session, call->who->tenant, &call->options.query, call->apply, call->arena,
                        &call->groups, err))
        return false;
    call->page.total_count = call->groups.total_count; /* for /$count */
    return !call->groups.more || bounded ||
           error_set(err, ERROR_BAD_REQUEST, SLICE("$apply"),
                     "There are more than %d groups. Ask for some of them with $top and $skip.",
                     ODATA_PAGE_SIZE_MAX);
}

static void finish_groups(struct call *call)
{
    struct odata_reply reply = graph_reply_of(call);
    struct text body;

    call->executed = true;
    text_init(&body, call->arena, 256 + call->groups.count * GROUP_REPLY_BYTES,
              call->loop->api->reply_bytes_max);
    odata_write_groups(&reply, call->path.type, &call->groups, &body);
    graph_add_policy(call);
    call_finish_odata(call, 200, &body);
}

void graph_start_groups(struct call *call, void (*finish)(struct call *call))
{
    const struct odata_options *options = &call->options;
    bool only_counts = finish != NULL;

    call->applied.max_page_size = 0; /* a wish for smaller pages, where there are none */
    call->options.query.page_size = only_counts                          ? 0
                                    : !options->top_given                ? ODATA_PAGE_SIZE_MAX
                                    : options->top < ODATA_PAGE_SIZE_MAX ? (size_t)options->top
                                                                         : ODATA_PAGE_SIZE_MAX;
    graph_submit(call, false, run_groups, only_counts ? finish : finish_groups);
}
