/* http/graph_options.c - what a request asks for beside its path, and how its answer is written.
 *
 * Options are read in two goes. First all of them as they stand (odata/options.h). What names mean
 * in some, or whether they are looked at at all, is open until it is known that this server goes
 * beyond Graph for them: one that refuses $search says so whatever is in it. Those wait in
 * call->options and are read behind the refusal; there may be more inside them that Graph does not
 * have, so that it is asked about once again.
 *
 * Preferences come before the options, since a page's size and the later members of enumerations
 * are read under them; Accept comes behind, since $format overrides it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/graph.h"

#include "edm/items.h"
#include "http/batch.h"
#include "http/protocol_version.h"
#include "http/repeatability.h"
#include "http/wishes.h"
#include "odata/search.h"

/* --- the representation ---------------------------------------------------------------------- */

/* Whether what the call is answered with is JSON of OData's, if all goes well. */
static bool answers_json(const struct call *call)
{
    switch (call->path.resource) {
    case ODATA_SINGLETON:
    case ODATA_SET:
    case ODATA_SET_ACTION:
    case ODATA_SET_FUNCTION:
    case ODATA_DELTA:
    case ODATA_SINGLETON_PROPERTY:
    case ODATA_SERVICE:
        return true;
    case ODATA_BATCH:
        return !batch_is_multipart(call);
    case ODATA_ENTITY:
    case ODATA_PROPERTY:
        return call->exchange->request.method != HTTP_DELETE;
    case ODATA_ACTION:
        return call->path.action->answer;
    case ODATA_COUNT:
    case ODATA_VALUE:
    case ODATA_PROPERTY_COUNT:
    case ODATA_CSDL:
        break;
    }
    return false;
}

/* Most clients send one of these, which are known without reading them. */
static bool is_common_accept(struct slice accept)
{
    return accept.len == 0 || slice_eq(accept, SLICE("application/json")) ||
           slice_eq(accept, SLICE("*/*"));
}

/* The level that the request's Accept asks for; false: nothing that there is. */
static bool accepted_level(const struct http_request *request, enum odata_level *ret,
                           bool *ret_ieee754)
{
    struct odata_accept accept = { 0 };

    for (size_t i = 0; i < request->field_count; i++)
        if (slice_eq_nocase(request->fields[i].name, SLICE("Accept")))
            odata_accept_add(&accept, request->fields[i].value);
    /* A field without a range in it is as none at all. */
    if (accept.ranges == 0)
        return true;
    if (!odata_accept_level(&accept, ret))
        return false;
    *ret_ieee754 = odata_accept_ieee754(&accept, *ret);
    return true;
}

static bool choose_level(struct call *call, struct error *err)
{
    const struct http_request *request = &call->exchange->request;
    size_t fields;

    call->level = call->options.level;
    call->ieee754 = call->options.ieee754;
    if (call->options.level_given || !answers_json(call))
        return true;
    if (!http_request_has(request, SLICE("Accept"), &fields) ||
        (fields == 1 && is_common_accept(http_request_field(request, SLICE("Accept")))))
        return true;
    return accepted_level(request, &call->level, &call->ieee754) ||
           error_set(err, ERROR_NOT_ACCEPTABLE, SLICE("Accept"),
                     "The Accept header of the request admits none of the formats that this "
                     "resource has. Ask for 'application/json', if need be with "
                     "'odata.metadata=none', 'minimal' or 'full'.");
}

/* --- options --------------------------------------------------------------------------------- */

/* Read behind the refusal of what is beyond Graph, which does not look at its words. */
static bool add_search(struct call *call, struct error *err)
{
    struct edm_query *query = &call->options.query;
    const struct edm_filter *search;

    return odata_search_parse(query->type, call->options.search, call->arena, &search, err) &&
           odata_search_join(query->filter, search, call->arena, &query->filter, err);
}

/* What can be read as it stands. */
static bool read_given(struct call *call, bool is_read, const struct odata_filter_rules *rules,
                       struct error *err)
{
    const struct api *api = call->loop->api;
    const struct http_request *request = &call->exchange->request;

    return protocol_version_check(request, !is_read && request->body.len > 0, err) &&
           odata_options_parse(api->model, api->profile, &call->path, is_read, graph_query(call),
                               call->max_page_size, rules, call->arena, &call->options, err) &&
           choose_level(call, err);
}

/* What waited until it was known that it is not refused. */
static bool read_waiting(struct call *call, const struct odata_filter_rules *rules,
                         uint32_t *beyond, struct error *err)
{
    const struct odata_options *options = &call->options;

    return (!options->compute.ptr || graph_read_compute(call, beyond, err)) &&
           (!options->apply.ptr || graph_read_apply(call, beyond, err)) &&
           (!options->search.ptr || add_search(call, err)) &&
           (!call->path.beyond || graph_read_filters(call, rules, beyond, err));
}

/* False: one of the rows is refused, and the call was answered. */
static bool go_beyond(struct call *call, uint32_t rows)
{
    for (unsigned row = 0; rows; row++, rows >>= 1) {
        if ((rows & 1) && graph_goes_beyond(call, (enum beyond)row) == BEYOND_REFUSED)
            return false;
    }
    return true;
}

static bool answers_in_401(struct call *call)
{
    return call->loop->api->odata_401 && call->path.resource != ODATA_CSDL &&
           protocol_version_admits_401(&call->exchange->request) &&
           graph_goes_beyond(call, BEYOND_ODATA_401) == BEYOND_GOES;
}

static COLD bool refuse(struct call *call, const struct error *error)
{
    call_finish_error(call, error);
    return false;
}

bool graph_read_options(struct call *call, bool is_read)
{
    const struct api *api = call->loop->api;
    bool wishes = wishes_read(call, is_read);
    const struct odata_filter_rules rules = {
        .later_members = call->preferences.unknown_members,
        .refuses_beyond = api->strict || api->profile->refuses_beyond_graph
    };
    uint32_t beyond = 0; /* in what waited */
    struct error error = { 0 };

    if (!read_given(call, is_read, &rules, &error))
        return refuse(call, &error);
    if (!go_beyond(call, call->options.beyond))
        return false;
    call->odata_401 = answers_in_401(call);
    if (!read_waiting(call, &rules, &beyond, &error))
        return refuse(call, &error);
    if (!go_beyond(call, beyond))
        return false;
    call->options.query.health = call->health;
    call->options.query.exact_strings = api->exact_strings;
    if (wishes && !wishes_settle(call, is_read))
        return false;
    return !call->repeatable || repeatability_begin(call, is_read);
}

/* --- the reply ------------------------------------------------------------------------------- */

static bool asks(const struct call *call)
{
    enum http_method method = call->exchange->request.method;

    return method == HTTP_GET || method == HTTP_HEAD;
}

static uint64_t counted_collections(const struct edm_query *query)
{
    uint64_t counted = 0;

    for (const struct edm_items *items = query->items; items; items = items->next)
        counted |= items->count ? UINT64_C(1) << items->property : 0;
    return counted;
}

struct odata_reply graph_reply_of(const struct call *call)
{
    return (struct odata_reply){ .model = call->loop->api->model,
                                 .profile = call->loop->api->profile,
                                 .origin = call->origin,
                                 .version = call->path.version,
                                 .select = call->options.query.select,
                                 .select_given = call->options.query.select_given,
                                 .asked_for_all = asks(call) && !call->options.selects,
                                 .level = call->level,
                                 .plain_names = call->odata_401,
                                 .ieee754 = call->ieee754,
                                 .computed = call->computed,
                                 .counted = counted_collections(&call->options.query),
                                 .unknown_members = call->applied.unknown_members,
                                 .etags = call->options.query.select & EDM_CREATED,
                                 .health = call->options.query.health };
}
