/* http/graph_set_questions.c - actions and functions that are bound to a set as a whole.
 *
 * They read, whatever their method is. Entities by a list of keys may be many, so they are read on
 * a reader's thread; whether there is one that somebody made is told by a page of a few keys, here
 * on the loop.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "service/set_questions.h"

#include "base/arena.h"
#include "base/text.h"
#include "edm/value.h"
#include "http/conditions.h"
#include "http/graph.h"
#include "odata/key.h"

#define ROW_REPLY_BYTES 448

/* --- entities by keys ------------------------------------------------------------------------ */

static bool run_by_keys(struct dispatch_job *job, struct store_session *session, struct error *err)
{
    struct call *call = graph_call_of(job);
    struct edm_query query = call->options.query;

    query.select |= 1; /* the key, for the entity's address */
    return service_set_by_keys(session, call->who->tenant, &query, call->keys, call->key_count,
                               call->arena, &call->page, err);
}

static void finish_by_keys(struct call *call)
{
    struct odata_reply reply = graph_reply_of(call);
    struct text body;

    call->executed = true;
    text_init(&body, call->arena, 512 + call->page.count * ROW_REPLY_BYTES,
              call->loop->api->reply_bytes_max);
    odata_write_page(&reply, call->path.type, &call->page, SLICE_EMPTY, &body);
    graph_add_policy(call);
    conditions_tell_tags(call);
    call_finish_odata(call, 200, &body);
}

/* The keys as paths have them. */
static bool read_keys(struct call *call, struct error *err)
{
    const struct api *api = call->loop->api;
    const struct edm_action *action = call->path.action;
    struct edm_value *parameters;

    if (!odata_read_parameters(api->model, action, call->exchange->request.body, api->json_depth,
                               call->arena, &parameters, err) ||
        !edm_value_items(&parameters[0], call->arena, &call->keys, &call->key_count, err))
        return false;
    if (call->key_count > ODATA_PAGE_SIZE_MAX)
        return error_set(err, ERROR_BAD_REQUEST, action->parameters[0].name,
                         "The parameter '%.*s' may have %d items.",
                         SLICE_ARG(action->parameters[0].name), ODATA_PAGE_SIZE_MAX);
    for (size_t i = 0; i < call->key_count; i++)
        if (!odata_key_normalise(call->keys[i], call->arena, &call->keys[i], err))
            return false;
    return true;
}

void graph_start_set_action(struct call *call)
{
    struct error error = { 0 };

    if (!graph_check_body(call) || !graph_read_options(call, false))
        return;
    if (!read_keys(call, &error))
        call_finish_error(call, &error);
    else
        graph_submit(call, false, run_by_keys, finish_by_keys);
}

/* --- whether somebody made one --------------------------------------------------------------- */

void graph_start_set_function(struct call *call)
{
    struct store_session *session;
    struct odata_reply reply;
    struct text body;
    struct error error = { 0 };
    bool has_made;

    if (!graph_read_options(call, true))
        return;
    if (!service_session_begin(call->loop->session, &session, &error) ||
        !service_set_has_made(session, call->who->tenant, &call->options.query, call->arena,
                              &has_made, &error)) {
        call_finish_error(call, &error);
        return;
    }
    call->executed = true;
    call->applied.unknown_members = false; /* none is shown */
    reply = graph_reply_of(call);
    text_init(&body, call->arena, 256, call->loop->api->reply_bytes_max);
    odata_write_boolean(&reply, has_made, &body);
    graph_add_policy(call);
    call_finish_odata(call, 200, &body);
}
