/* http/graph_reads.c - entities by key, their properties, pages of a set and their number, the
 * singleton.
 *
 * A page leads to the next one with a $skiptoken that names its last key, and where that stood in
 * the order that was asked for, under a seal: what is in it is trusted when it comes back.
 *
 * Where the order is another at another time (by a state that a policy works out, by now), all
 * pages show the moment of the first one: else a row could move behind the reader's back while
 * nobody touched it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <inttypes.h>

#include "auth/secret.h"
#include "base/arena.h"
#include "base/base64.h"
#include "base/text.h"
#include "edm/entity.h"
#include "http/effects.h"
#include "http/graph.h"
#include "http/stale.h"
#include "odata/query_links.h"
#include "odata/skiptoken.h"
#include "service/health.h"
#include "service/operations.h"

#define ROW_REPLY_BYTES        448
#define SKIPTOKEN_SEAL_PURPOSE SLICE("skiptoken")
#define BROKEN_SKIPTOKEN       SLICE("broken") /* too short for a seal: refused for ever */

static void finish_entity(struct call *call)
{
    struct odata_reply reply = graph_reply_of(call);
    struct text body;

    call->executed = true;
    text_init(&body, call->arena, ENTITY_REPLY_BYTES, call->loop->api->reply_bytes_max);
    odata_write_entity(&reply, call->entity, &body);
    graph_add_policy(call);
    conditions_add_etag(call);
    call_finish_odata(call, 200, &body);
}

/* --- reads ----------------------------------------------------------------------------------- */

void graph_start_singleton(struct call *call)
{
    struct odata_reply reply;
    struct text body;

    if (!graph_read_options(call, true))
        return;
    if (graph_works_out(call)) {
        graph_submit_worked_out(call);
        return;
    }
    reply = graph_reply_of(call);
    text_init(&body, call->arena, ENTITY_REPLY_BYTES, call->loop->api->reply_bytes_max);
    odata_write_singleton(&reply, call->who->tenant, &body);
    call->executed = true;
    call_finish_odata(call, 200, &body);
}

static bool get_entity(struct call *call, struct store_session *session, struct error *err)
{
    struct edm_query query = call->options.query;
    bool ok;

    query.select |= 1; /* the key, for the entity's address */
    if (effects_read(call) == FAULT_READ_STALE)
        ok = stale_get(call, session, err);
    else
        ok = service_get(session, call->who->tenant, &query, call->path.key, call->arena,
                         &call->entity, err);
    return ok ? service_pick_items(session, &query, &call->entity, 1, call->arena, err)
              : conditions_refuse_missing(call, err);
}

/* Reads the entity and ends the call by `finish`, or before. */
static void read_entity(struct call *call, void (*finish)(struct call *))
{
    struct store_session *session;
    struct error error = { 0 };

    if (!service_session_begin(call->loop->session, &session, &error) ||
        !get_entity(call, session, &error))
        call_finish_error(call, &error);
    else if (!conditions_are_any(&call->conditions) || !conditions_answer(call))
        finish(call);
}

/* What is wrong with the client's expressions and is found only here. */
static bool check_expressions(struct call *call, struct store_session *session, struct error *err)
{
    const struct edm_query *query = &call->options.query;

    return service_pick_items(session, query, NULL, 0, call->arena, err) &&
           (query->computed_count == 0 || graph_compute_check(call, session, query, err));
}

/* With expressions that are the client's to choose: on a reader's thread. Wrong ones are told
 * before that there is no such entity. */
static bool run_get(struct dispatch_job *job, struct store_session *session, struct error *err)
{
    struct call *call = graph_call_of(job);
    struct error wrong = { 0 };

    if (get_entity(call, session, err))
        return call->options.query.computed_count == 0 || graph_compute_entity(call, session, err);
    if ((err->code == ERROR_NOT_FOUND || err->code == ERROR_PRECONDITION_FAILED) &&
        !check_expressions(call, session, &wrong))
        *err = wrong;
    return false;
}

static void finish_get(struct call *call)
{
    if (!conditions_are_any(&call->conditions) || !conditions_answer(call))
        finish_entity(call);
}

void graph_start_get(struct call *call)
{
    if (!graph_read_options(call, true))
        return;
    if (call->options.query.computed_count == 0 && !call->options.query.items) {
        read_entity(call, finish_entity);
        return;
    }
    call->options.query.now_ticks = call_now_ticks(call);
    graph_submit(call, false, run_get, finish_get);
}

/* OData 4.01 part 1, 11.2.10: the number as plain text. */
static void finish_number(struct call *call, int64_t count)
{
    struct slice number;
    struct error error = { 0 };

    if (!arena_printf(call->arena, &number, "%" PRId64, count)) {
        error_no_memory(&error);
        call_finish_error(call, &error);
        return;
    }
    call_add_odata_version(call);
    call_finish_plain(call, 200, SLICE("text/plain"), number, false);
}

/* Of a collection; one that is null has no items. */
static void count_items(struct call *call)
{
    const struct edm_value *value =
        &call->entity->values[call->path.property - call->path.type->properties];
    struct slice *items;
    size_t count = 0;
    struct error error = { 0 };

    if (!value->is_null && !edm_value_items(value, call->arena, &items, &count, &error))
        call_finish_error(call, &error);
    else
        finish_number(call, (int64_t)count);
}

/* OData 4.01 part 1, 11.2.4: a property that is null has no content. */
static void finish_property(struct call *call)
{
    const struct edm_property *property = call->path.property;
    struct odata_reply reply = graph_reply_of(call);
    struct text body;

    graph_add_policy(call);
    conditions_add_etag(call);
    if (call->path.resource == ODATA_PROPERTY_COUNT) {
        count_items(call);
        return;
    }
    if (call->entity->values[property - call->path.type->properties].is_null) {
        call_finish_no_content(call);
        return;
    }
    text_init(&body, call->arena, 256, call->loop->api->reply_bytes_max);
    if (call->path.resource == ODATA_PROPERTY) {
        odata_write_property(&reply, call->entity, property, &body);
        call_finish_odata(call, 200, &body);
        return;
    }
    odata_write_value(&reply, call->entity, property, &body);
    if (body.failed) {
        graph_fail(call, ERROR_TOO_LARGE, "The value is larger than this server sends.");
        return;
    }
    call_add_odata_version(call);
    call_finish_plain(call, 200, SLICE("text/plain;charset=utf-8"), text_slice(&body), false);
}

void graph_start_property(struct call *call)
{
    struct edm_query *query = &call->options.query;

    if (!graph_read_options(call, true))
        return;
    query->select = UINT64_C(1) << (call->path.property - call->path.type->properties) |
                    (query->select & EDM_CREATED);
    query->select_given = true;
    read_entity(call, finish_property);
}

static struct skiptoken_scope scope_of(const struct call *call)
{
    return (struct skiptoken_scope){ .type = call->path.type,
                                     .tenant = call->who->tenant,
                                     .query_digest = call->options.digest,
                                     .order_count = call->options.query.order_count };
}

/* Splits the seal from a $skiptoken, checks it, and starts the page behind the key inside. */
static bool open_skiptoken(struct call *call, struct error *err)
{
    const struct skiptoken_scope scope = scope_of(call);
    struct edm_query *query = &call->options.query;
    struct slice sealed, payload, seal;
    struct skiptoken token;

    if (call->options.skiptoken.len == 0)
        return true;
    if (!base64url_decode(call->arena, call->options.skiptoken, &sealed) || sealed.len < SEAL_BYTES)
        return skiptoken_refuse(err);
    payload = slice_sub(sealed, 0, sealed.len - SEAL_BYTES);
    seal = slice_sub(sealed, sealed.len - SEAL_BYTES, SEAL_BYTES);
    if (!seal_matches(call->loop->api->seal_key, SKIPTOKEN_SEAL_PURPOSE, payload, seal))
        return skiptoken_refuse(err);
    if (!skiptoken_decode(payload, &scope, call->arena, &token, err))
        return false;
    query->after = token.last_key;
    query->after_values = token.values;
    call->place_is_cut = scope.order_count > 0 && !token.values;
    call->place_digest = token.values_digest;
    if (token.now_ticks)
        query->now_ticks = token.now_ticks;
    if (!call->max_page_size && token.max_page_size) {
        call->max_page_size = token.max_page_size;
        if (!call->options.top_given || query->page_size > token.max_page_size)
            query->page_size = token.max_page_size;
    }
    return true;
}

/* Where the order has a clock: everything that is shown is of query->now_ticks. */
static bool stop_clock(struct call *call, struct error *err)
{
    struct service_session *service = call->loop->session;
    struct edm_query *query = &call->options.query;
    struct store_session *session;

    if (!call->health || !edm_query_order_has_clock(query))
        return true;
    if (!service_session_begin(service, &session, err) ||
        !service_health_view(service, call->who->tenant, call->health->type, query->now_ticks,
                             call->arena, &call->health, err))
        return false;
    query->health = call->health;
    return true;
}

static bool make_skiptoken(struct call *call, struct slice last_key, struct slice *ret,
                           struct error *err)
{
    const struct edm_query *query = &call->options.query;
    const struct skiptoken_scope scope = scope_of(call);
    const struct skiptoken token = {
        .last_key = last_key,
        .max_page_size = call->max_page_size,
        .now_ticks = edm_query_order_has_clock(query) ? query->now_ticks : 0,
        .values = call->page.last_values,
    };
    uint8_t seal[SEAL_BYTES];
    struct slice payload;
    struct text sealed, text;

    if (!skiptoken_encode(&token, &scope, call->arena, &payload, err))
        return false;
    if (!seal_make(call->loop->api->seal_key, SKIPTOKEN_SEAL_PURPOSE, payload, seal))
        return error_set(err, ERROR_INTERNAL, SLICE_EMPTY, "cannot seal a $skiptoken");
    text_init(&sealed, call->arena, payload.len + SEAL_BYTES, payload.len + SEAL_BYTES);
    text_append(&sealed, payload);
    text_append(&sealed, (struct slice){ (const char *)seal, SEAL_BYTES });
    text_init(&text, call->arena, 2 * sealed.len, 2 * sealed.len + 4);
    base64url_append(&text, sealed.ptr, sealed.len);
    if (sealed.failed || text.failed)
        return error_no_memory(err);
    *ret = text_slice(&text);
    return true;
}

/* The absolute URL of this set with `query`, on the request's own origin. */
static bool make_link(struct call *call, const struct odata_reply *reply, struct slice query,
                      struct slice *ret, struct error *err)
{
    struct slice filters = call->path.beyond ? call->path.beyond->filters : SLICE_EMPTY;
    size_t bytes = filters.len + query.len;
    struct text link;

    text_init(&link, call->arena, 256 + bytes, 1024 + call->origin.len + bytes);
    odata_write_set_url(reply, call->path.type, &link);
    text_append(&link, filters);
    if (query.len) {
        text_append_char(&link, '?');
        text_append(&link, query);
    }
    if (link.failed)
        return error_no_memory(err);
    *ret = text_slice(&link);
    return true;
}

/* Where the page behind this one starts; empty: there is none. */
static struct slice end_of_page(const struct call *call)
{
    const struct edm_page *page = &call->page;

    if (!page->more || call->page_end.len)
        return page->more ? call->page_end : SLICE_EMPTY;
    return page->count ? page->entities[page->count - 1]->values[0].text : SLICE_EMPTY;
}

/* The same options, behind the end of this page; empty on the last one. */
static bool make_next_link(struct call *call, const struct odata_reply *reply, struct slice *ret,
                           struct error *err)
{
    struct slice query = graph_query(call), end = end_of_page(call), token;

    switch (effects_read(call)) {
    case FAULT_READ_DUPLICATE_PAGE:
        return make_link(call, reply, query, ret, err);
    case FAULT_READ_BROKEN_LINK:
        token = BROKEN_SKIPTOKEN;
        break;
    case FAULT_READ_STALE:
    case FAULT_READ_NONE:
        if (end.len == 0)
            return true;
        if (!make_skiptoken(call, end, &token, err))
            return false;
        break;
    }
    return odata_next_query(query, token, call->arena, &query, err) &&
           make_link(call, reply, query, ret, err);
}

static void finish_list(struct call *call)
{
    struct odata_reply reply = graph_reply_of(call);
    struct slice next_link = SLICE_EMPTY;
    struct text body;
    struct error error = { 0 };

    call->executed = true;
    if (!make_next_link(call, &reply, &next_link, &error)) {
        call_finish_error(call, &error);
        return;
    }
    text_init(&body, call->arena, 512 + call->page.count * ROW_REPLY_BYTES,
              call->loop->api->reply_bytes_max);
    odata_write_page(&reply, call->path.type, &call->page, next_link, &body);
    graph_add_policy(call);
    conditions_tell_tags(call);
    call_finish_odata(call, 200, &body);
}

/* What was too long for the token is read from its row, as long as that is what it was. */
static bool find_place(struct call *call, struct store_session *session, struct edm_query *query,
                       struct error *err)
{
    const struct edm_order_value *values;

    if (!call->place_is_cut)
        return true;
    if (!service_order_values(session, call->who->tenant, query, call->arena, &values, err))
        return false;
    query->after_values = values;
    return (values && skiptoken_digest(values, query->order_count) == call->place_digest) ||
           skiptoken_refuse_changed(err);
}

static bool run_list(struct dispatch_job *job, struct store_session *session, struct error *err)
{
    struct call *call = graph_call_of(job);
    struct edm_query query = call->options.query;

    query.select |= 1; /* the key, for the nextLink */
    return (query.computed_count == 0 || graph_compute_check(call, session, &query, err)) &&
           find_place(call, session, &query, err) &&
           service_list(session, call->who->tenant, &query, call->arena, &call->page, err) &&
           (effects_read(call) != FAULT_READ_STALE || stale_list(call, session, &query, err)) &&
           service_pick_items(session, &query, call->page.entities, call->page.count, call->arena,
                              err) &&
           (query.computed_count == 0 || graph_compute_page(call, session, &query, err));
}

/* Whether more rows may have to be looked at than are shown. */
static bool looks_far(const struct edm_query *query)
{
    return query->count || query->filter || query->order_count || query->skip ||
           query->computed_count || query->items;
}

void graph_start_list(struct call *call)
{
    struct store_session *session;
    struct error error = { 0 };

    if (!graph_read_options(call, true))
        return;
    call->options.query.page_bytes = call->loop->api->page_bytes;
    call->options.query.now_ticks = call_now_ticks(call);
    if (call->apply) {
        graph_start_groups(call, NULL);
        return;
    }
    if (call->preferences.track_changes && graph_track_changes(call))
        return;
    if (!open_skiptoken(call, &error) || !stop_clock(call, &error))
        call_finish_error(call, &error);
    else if (looks_far(&call->options.query))
        graph_submit(call, false, run_list, finish_list);
    else if (!service_session_begin(call->loop->session, &session, &error) ||
             !run_list(&call->job, session, &error))
        call_finish_error(call, &error);
    else
        finish_list(call);
}

static void finish_count(struct call *call)
{
    graph_add_policy(call);
    finish_number(call, call->page.total_count);
}

void graph_start_count(struct call *call)
{
    struct edm_query *query = &call->options.query;

    if (!graph_read_options(call, true))
        return;
    query->page_size = 0;
    query->count = true;
    query->now_ticks = call_now_ticks(call);
    if (call->apply)
        graph_start_groups(call, finish_count);
    else
        graph_submit(call, false, run_list, finish_count);
}
