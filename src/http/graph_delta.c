/* http/graph_delta.c - /delta behind a set: rounds of pages, and the links that lead through them.
 *
 * A first request is a write, which says that the set is followed, and then a read; all that follow
 * are reads, but for one in an hour that says that it still is. All of them look at rows whose
 * number is not bounded, so they run on a reader's thread.
 *
 * A token remembers the options of the first request. Those of a request that follows a link may
 * name another size of pages; what they repeat beside that must say the same, since a filter that
 * is passed over in silence gives wrong answers.
 *
 * A list whose client prefers odata.track-changes is a first round that reads like a list: its
 * context is that of one, and only the links tell. They lead to /delta as well.
 *
 * Too old is a token by the tenant's clock, so that a test can let it age, and when the log does
 * not go back that far, which is the store's to say. Then the answer is 410, with the address of
 * a new beginning: Graph's clients know what that means.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "auth/secret.h"
#include "base/arena.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/text.h"
#include "http/effects.h"
#include "http/graph.h"
#include "odata/deltatoken.h"
#include "odata/query_links.h"
#include "service/delta.h"

#define ROW_REPLY_BYTES 448
#define BROKEN_PAGE     SLICE("$skiptoken=broken")
#define PAGE_PURPOSE    SLICE("delta page")
#define ROUND_PURPOSE   SLICE("delta round")

struct delta_call {
    struct service_delta_place place;
    struct slice query; /* what the links remember */
    uint16_t max_page_size;
    int64_t made_ticks; /* of the token; 0: there is none */
    bool from_now;      /* $deltatoken=latest */
    bool lists;         /* the first round of a list that is tracked */
    struct service_delta_page page;
};

void graph_forget_delta(struct call *call)
{
    const struct api *api = call->loop->api;

    if (call->path.resource == ODATA_DELTA && (api->strict || api->profile->refuses_beyond_graph))
        call->path.resource = ODATA_ENTITY;
}

/* --- tokens ------------------------------------------------------------------------------------
 */

static struct deltatoken_scope scope_of(const struct call *call)
{
    return (struct deltatoken_scope){ .type = call->path.type, .tenant = call->who->tenant };
}

static bool unseal(struct call *call, struct slice text, struct slice purpose,
                   struct deltatoken *ret)
{
    const struct deltatoken_scope scope = scope_of(call);
    struct slice sealed, payload, seal;

    if (!base64url_decode(call->arena, text, &sealed) || sealed.len < SEAL_BYTES)
        return false;
    payload = slice_sub(sealed, 0, sealed.len - SEAL_BYTES);
    seal = slice_sub(sealed, sealed.len - SEAL_BYTES, SEAL_BYTES);
    return seal_matches(call->loop->api->seal_key, purpose, payload, seal) &&
           deltatoken_decode(payload, &scope, ret);
}

/* The option with the token of the page or round that `place` begins. */
static bool make_token(struct call *call, const struct service_delta_place *place, bool in_round,
                       struct slice *ret, struct error *err)
{
    const struct delta_call *delta = call->delta;
    const struct deltatoken_scope scope = scope_of(call);
    const struct deltatoken token = {
        .follows = place->follows,
        .lists = delta->lists,
        .since = place->since,
        .until = place->until,
        .sequence = place->sequence,
        .made_ticks = in_round && delta->made_ticks ? delta->made_ticks : call_now_ticks(call),
        .max_page_size = delta->max_page_size,
        .id = place->id,
        .query = delta->query,
    };
    struct slice name = in_round ? SLICE("$skiptoken=") : SLICE("$deltatoken=");
    struct slice payload;
    uint8_t seal[SEAL_BYTES];
    struct text sealed, text;

    if (!deltatoken_encode(&token, &scope, call->arena, &payload, err))
        return false;
    if (!seal_make(call->loop->api->seal_key, in_round ? PAGE_PURPOSE : ROUND_PURPOSE, payload,
                   seal))
        return error_set(err, ERROR_INTERNAL, SLICE_EMPTY, "cannot seal a token");
    text_init(&sealed, call->arena, payload.len + SEAL_BYTES, payload.len + SEAL_BYTES);
    text_append(&sealed, payload);
    text_append(&sealed, (struct slice){ (const char *)seal, SEAL_BYTES });
    text_init(&text, call->arena, name.len + 2 * sealed.len, name.len + 2 * sealed.len + 4);
    text_append(&text, name);
    base64url_append(&text, sealed.ptr, sealed.len);
    if (sealed.failed || text.failed)
        return error_no_memory(err);
    *ret = text_slice(&text);
    return true;
}

/* The absolute URL of the set and what stands behind it, up to the options: `first` and `second`,
 * of which either may be empty. */
static bool make_link(struct call *call, struct slice behind, struct slice first,
                      struct slice second, struct slice *ret, struct error *err)
{
    const struct odata_reply reply = graph_reply_of(call);
    size_t bytes = 1024 + call->origin.len + first.len + second.len;
    struct text link;

    text_init(&link, call->arena, bytes, bytes);
    odata_write_set_url(&reply, call->path.type, &link);
    text_append(&link, behind);
    text_append(&link, first);
    if (first.len && second.len)
        text_append_char(&link, '&');
    text_append(&link, second);
    if (link.failed)
        return error_no_memory(err);
    *ret = text_slice(&link);
    return true;
}

/* --- options -----------------------------------------------------------------------------------
 */

static bool refuse_repeated(const char *option, struct error *err)
{
    return error_set(err, ERROR_BAD_REQUEST, slice_of(option),
                     "The %s is not the one that the delta began with. Its links remember the "
                     "options; begin anew to change them.",
                     option);
}

/* Options that stand beside a token. What of the server's own is read besides the properties is not
 * the client's to repeat. */
static bool check_repeated(const struct odata_options *given, const struct odata_options *first,
                           struct error *err)
{
    if (given->selects && ((given->query.select & ~EDM_CREATED) != first->query.select ||
                           given->query.select_given != first->query.select_given))
        return refuse_repeated("$select", err);
    return !given->query.filter || given->digest == first->digest ||
           refuse_repeated("$filter", err);
}

/* The options that the token remembers take the place of those that were sent. */
static bool recall_options(struct call *call, const struct deltatoken *token, struct error *err)
{
    const struct api *api = call->loop->api;
    const struct odata_filter_rules rules = { .later_members = call->preferences.unknown_members };
    bool sized = call->options.top_given || call->max_page_size;
    struct odata_options first;

    if (!odata_options_parse(api->model, api->profile, &call->path, true, token->query,
                             token->max_page_size, &rules, call->arena, &first, err) ||
        !check_repeated(&call->options, &first, err))
        return false;
    if (sized)
        first.query.page_size = call->options.query.page_size;
    if (first.level_given && !call->options.level_given) {
        call->level = first.level;
        call->ieee754 = first.ieee754;
    }
    first.query.select |= call->options.query.select & EDM_CREATED;
    call->options = first;
    return true;
}

static bool open_token(struct call *call, struct error *err)
{
    bool in_round = call->options.skiptoken.len > 0;
    struct slice name = in_round ? SLICE("$skiptoken") : SLICE("$deltatoken");
    struct slice text = in_round ? call->options.skiptoken : call->options.deltatoken;
    struct delta_call *delta = call->delta;
    struct deltatoken token;

    if ((in_round && call->options.deltatoken_given) ||
        !unseal(call, text, in_round ? PAGE_PURPOSE : ROUND_PURPOSE, &token))
        return deltatoken_refuse(name, err);
    delta->place = (struct service_delta_place){ .follows = token.follows,
                                                 .since = token.since,
                                                 .until = token.until,
                                                 .sequence = token.sequence,
                                                 .id = token.id };
    delta->query = token.query;
    delta->max_page_size = token.max_page_size;
    delta->made_ticks = token.made_ticks;
    delta->lists = token.lists;
    call->applied.track_changes = token.lists && call->preferences.track_changes;
    if (token.follows && call->preferences.answer == ODATA_RETURN_MINIMAL &&
        graph_goes_beyond(call, BEYOND_RETURN_MINIMAL) == BEYOND_GOES)
        call->applied.answer = ODATA_RETURN_MINIMAL;
    return recall_options(call, &token, err);
}

static bool begin_first_round(struct call *call, struct error *err)
{
    struct delta_call *delta = call->delta;

    delta->from_now = call->options.deltatoken.len > 0;
    delta->place.follows = delta->from_now;
    delta->max_page_size = call->max_page_size;
    if (!odata_query_to_remember(graph_query(call), call->arena, &delta->query, err))
        return false;
    return delta->query.len <= DELTATOKEN_QUERY_MAX ||
           error_set(err, ERROR_BAD_REQUEST,
                     call->options.query.filter ? SLICE("$filter") : SLICE("$select"),
                     "The query options of a delta are %zu bytes long; its links have room for %d.",
                     delta->query.len, DELTATOKEN_QUERY_MAX);
}

static bool open_delta(struct call *call, bool lists, struct error *err)
{
    const struct odata_options *options = &call->options;
    bool latest = slice_eq_nocase(options->deltatoken, SLICE("latest"));
    bool begins = !options->skiptoken.len && (!options->deltatoken.len || latest);

    call->delta = arena_new(call->arena, struct delta_call);
    if (!call->delta)
        return error_no_memory(err);
    *call->delta = (struct delta_call){ .lists = lists };
    if (!(begins ? begin_first_round(call, err) : open_token(call, err)))
        return false;
    if (effects_read(call) == FAULT_READ_STALE)
        call->delta->place.lag_ms = call->fault->stale_ms;
    call->options.query.health = call->health;
    call->options.query.exact_strings = call->loop->api->exact_strings;
    call->options.query.now_ticks = call_now_ticks(call);
    call->options.query.page_bytes = call->loop->api->page_bytes;
    if (call->options.query.page_size == 0)
        call->options.query.page_size = 1; /* a page of none would lead on for ever */
    return true;
}

/* --- answers -----------------------------------------------------------------------------------
 */

static void finish_expired(struct call *call)
{
    struct error error = { 0 };
    struct slice link;

    if (make_link(call, SLICE("/delta?"), call->delta->query, SLICE("$deltatoken="), &link,
                  &error)) {
        call_add_field(call, SLICE("Location"), link);
        error_set(&error, ERROR_RESYNC_REQUIRED, SLICE("$deltatoken"),
                  "The token is too old: what changed since is no longer known. Begin anew at the "
                  "address in Location.");
    }
    call_finish_error(call, &error);
}

static bool make_links(struct call *call, struct odata_delta_page *page, struct error *err)
{
    const struct service_delta_page *found = &call->delta->page;
    struct slice *link = found->more ? &page->next_link : &page->delta_link;
    struct slice behind = call->path.resource == ODATA_SET ? SLICE("?") : SLICE("/delta?"), token;

    switch (effects_read(call)) {
    case FAULT_READ_DUPLICATE_PAGE:
        return make_link(call, behind, graph_query(call), SLICE_EMPTY, &page->next_link, err);
    case FAULT_READ_BROKEN_LINK:
        return make_link(call, SLICE("/delta?"), SLICE_EMPTY, BROKEN_PAGE, &page->next_link, err);
    case FAULT_READ_STALE:
    case FAULT_READ_NONE:
        break;
    }
    return make_token(call, &found->next, found->more, &token, err) &&
           make_link(call, SLICE("/delta?"), SLICE_EMPTY, token, link, err);
}

/* The items as the writer of replies knows them. */
static bool copy_items(struct call *call, struct odata_delta_page *page, struct error *err)
{
    const struct service_delta_page *found = &call->delta->page;
    bool news_only = call->applied.answer == ODATA_RETURN_MINIMAL;
    struct odata_delta_item *items =
        arena_new_array(call->arena, found->count, struct odata_delta_item);

    if (!items)
        return error_no_memory(err);
    for (size_t i = 0; i < found->count; i++)
        items[i] =
            (struct odata_delta_item){ .entity = found->items[i].entity,
                                       .id = found->items[i].id,
                                       .deleted = found->items[i].deleted,
                                       .shown = news_only ? found->items[i].news : UINT64_MAX };
    page->items = items;
    page->count = found->count;
    page->lists = call->delta->lists;
    return true;
}

static void finish_page(struct call *call)
{
    struct odata_reply reply = graph_reply_of(call);
    struct odata_delta_page page = { .count = 0 };
    struct error error = { 0 };
    struct text body;

    call->executed = true;
    if (!make_links(call, &page, &error) || !copy_items(call, &page, &error)) {
        call_finish_error(call, &error);
        return;
    }
    text_init(&body, call->arena, 512 + page.count * ROW_REPLY_BYTES,
              call->loop->api->reply_bytes_max);
    odata_write_delta(&reply, call->path.type, &page, &body);
    graph_add_policy(call);
    conditions_tell_tags(call);
    call_finish_odata(call, 200, &body);
}

/* --- jobs --------------------------------------------------------------------------------------
 */

static bool run_watch(struct dispatch_job *job, struct store_session *session, struct error *err)
{
    struct call *call = graph_call_of(job);

    return service_tenant_check(session, call->who->tenant, err) &&
           service_delta_watch(session, call->who->tenant, call->path.type, err);
}

static bool run_page(struct dispatch_job *job, struct store_session *session, struct error *err)
{
    struct call *call = graph_call_of(job);

    if (!service_delta_page(session, call->who->tenant, &call->options.query, &call->delta->place,
                            call->arena, &call->delta->page, err))
        return false;
    call->hid_a_write = call->delta->page.lags;
    return true;
}

static void page_found(struct call *call)
{
    if (call->delta->page.expired)
        finish_expired(call);
    else if (call->delta->page.is_unused && call->delta->made_ticks)
        graph_submit(call, true, run_watch, finish_page);
    else
        finish_page(call);
}

static void read_page(struct call *call)
{
    graph_submit(call, false, run_page, page_found);
}

static bool is_too_old(const struct call *call)
{
    int64_t age_ms =
        (call_now_ticks(call) - call->delta->made_ticks) / (CLOCK_TICKS_PER_SECOND / 1000);

    return call->delta->made_ticks && age_ms > call->loop->api->delta_keep_ms;
}

/* Whether the links of a delta can say what the list asks for: they remember options, of which they
 * take few, and no condition in the path. */
static bool can_be_tracked(const struct call *call)
{
    const struct odata_options *options = &call->options;

    return !options->skiptoken.len && !options->query.items &&
           (!call->path.beyond || !call->path.beyond->filters.len) &&
           odata_query_goes_with_delta(graph_query(call), call->arena);
}

/* A preference never makes a request fail: what cannot be tracked is listed as if nobody had asked.
 */
bool graph_track_changes(struct call *call)
{
    struct slice query = graph_query(call), remembered;
    struct error error = { 0 };

    if (!can_be_tracked(call) ||
        !odata_query_to_remember(query, call->arena, &remembered, &error) ||
        remembered.len > DELTATOKEN_QUERY_MAX ||
        graph_goes_beyond(call, BEYOND_DELTA) != BEYOND_GOES)
        return false;
    call->applied.track_changes = true;
    if (open_delta(call, true, &error))
        graph_submit(call, true, run_watch, read_page);
    else
        call_finish_error(call, &error);
    return true;
}

void graph_start_delta(struct call *call)
{
    struct error error = { 0 };

    if (graph_goes_beyond(call, BEYOND_DELTA) == BEYOND_REFUSED || !graph_read_options(call, true))
        return;
    if (!open_delta(call, false, &error))
        call_finish_error(call, &error);
    else if (is_too_old(call))
        finish_expired(call);
    else if (call->delta->made_ticks)
        read_page(call);
    else
        graph_submit(call, true, run_watch, read_page);
}
