/* http/graph_writes.c - creates, updates, deletes and actions: what is given, the job, the answer.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/text.h"
#include "edm/entity.h"
#include "http/coding.h"
#include "http/graph.h"
#include "http/stale.h"
#include "http/upsert.h"
#include "http/wishes.h"
#include "odata/format.h"
#include "service/operations.h"

/* --- bodies ---------------------------------------------------------------------------------- */

bool graph_check_encoding(struct call *call)
{
    struct error error = { 0 };

    if (!coding_read_body(call, call->loop->api->body_bytes_max, &error)) {
        call_finish_error(call, &error);
        return false;
    }
    return true;
}

bool graph_check_body(struct call *call)
{
    const struct http_request *request = &call->exchange->request;

    if (!graph_check_encoding(call))
        return false;
    if (request->body.len > 0 &&
        !odata_is_media_type(http_request_field(request, SLICE("Content-Type")),
                             SLICE("application/json"))) {
        graph_fail(
            call, ERROR_BAD_REQUEST,
            "Unable to read JSON request payload. Please ensure Content-Type header is set and "
            "payload is of valid JSON format.");
        return false;
    }
    return true;
}

static bool read_given(struct call *call, struct slice key)
{
    const struct api *api = call->loop->api;
    struct error error = { 0 };

    if (!graph_check_body(call) || !graph_read_options(call, false) || !upsert_authorise(call))
        return false;
    if (odata_read_entity(api->model, call->path.type, call->exchange->request.body, key,
                          api->json_depth, call->arena, &call->given, &error) &&
        (call->applied.unknown_members || edm_entity_refuse_later(api->model, call->given, &error)))
        return true;
    call_finish_error(call, &error);
    return false;
}

/* --- writes ---------------------------------------------------------------------------------- */

static bool run_create(struct dispatch_job *job, struct store_session *session, struct error *err)
{
    struct call *call = graph_call_of(job);
    const struct api *api = call->loop->api;

    return service_create(session, api->model, call->who->tenant, call->given, api->entity_bytes,
                          call->options.query.health, call_now_ticks(call), call->arena,
                          &call->entity, err);
}

/* OData 4.01 part 1, 8.3.3: what is not shown is named. */
static void finish_minimal(struct call *call, const struct text *location)
{
    graph_add_policy(call);
    conditions_add_etag(call);
    if (location) {
        call_add_field(call, SLICE("Location"), text_slice(location));
        call_add_field(call, SLICE("OData-EntityId"), text_slice(location));
    }
    call_finish_no_content(call);
}

/* Where memory ends all the same the answer must not say that nothing was written (413). */
static void finish_written(struct call *call, int status, const struct text *location)
{
    struct odata_reply reply = graph_reply_of(call);
    bool minimal = call->applied.answer == ODATA_RETURN_MINIMAL;
    struct text body;

    text_init(&body, call->arena, ENTITY_REPLY_BYTES, call->loop->api->reply_bytes_max);
    if (!minimal)
        odata_write_entity(&reply, call->entity, &body);
    if (body.failed || (location && location->failed)) {
        graph_fail(call, ERROR_INTERNAL,
                   "The resource was written, but not enough memory is left.");
        return;
    }
    if (minimal) {
        finish_minimal(call, location);
        return;
    }
    graph_add_policy(call);
    conditions_add_etag(call);
    if (location)
        call_add_field(call, SLICE("Location"), text_slice(location));
    call_finish_odata(call, status, &body);
}

static void finish_create(struct call *call)
{
    struct odata_reply reply = graph_reply_of(call);
    struct text location;

    stale_remember_create(call);
    text_init(&location, call->arena, 256, 1024 + call->origin.len);
    odata_write_entity_url(&reply, call->path.type, call->entity->values[0].text, &location);
    finish_written(call, 201, &location);
}

void graph_start_create(struct call *call)
{
    struct error error = { 0 };

    if (!read_given(call, SLICE_EMPTY))
        return;
    if (!edm_entity_refuse_sentinels(call->loop->api->model, call->given, &error))
        call_finish_error(call, &error);
    else
        graph_submit(call, true, run_create, finish_create);
}

static bool update(struct call *call, struct store_session *session, struct error *err)
{
    return stale_note(call, session, err) &&
           service_update(session, call->who->tenant, call->path.key, call->given,
                          call->loop->api->entity_bytes, call->options.query.health, call->arena,
                          &call->entity, err);
}

bool graph_run_update(struct dispatch_job *job, struct store_session *session, struct error *err)
{
    struct call *call = graph_call_of(job);
    struct error why = { 0 };

    call->created = false;
    if (!conditions_check(call, session, err))
        return false;
    if (update(call, session, &why))
        return true;
    if (why.code != ERROR_NOT_FOUND || !call->conditions.creates) {
        *err = why;
        return false;
    }
    call->created = true;
    return upsert_create(call, session, err);
}

static void finish_update(struct call *call)
{
    if (call->created) {
        finish_create(call);
        return;
    }
    stale_remember_change(call);
    finish_written(call, 200, NULL);
}

void graph_start_update(struct call *call)
{
    if (!read_given(call, call->path.key))
        return;
    edm_entity_drop_sentinels(call->given);
    graph_submit(call, true, graph_run_update, finish_update);
}

static bool run_delete(struct dispatch_job *job, struct store_session *session, struct error *err)
{
    struct call *call = graph_call_of(job);

    return conditions_check(call, session, err) && stale_note(call, session, err) &&
           service_delete(session, call->who->tenant, call->path.type, call->path.key,
                          call->options.query.health, call->arena, err);
}

/* Of a delete or an action. */
static void finish_unseen(struct call *call)
{
    stale_remember_change(call);
    if (call->preferences.seen)
        wishes_tell(call);
    call_finish_no_content(call);
}

void graph_start_delete(struct call *call)
{
    if (graph_read_options(call, false))
        graph_submit(call, true, run_delete, finish_unseen);
}

static bool run_action(struct dispatch_job *job, struct store_session *session, struct error *err)
{
    struct call *call = graph_call_of(job);

    return conditions_check(call, session, err) && stale_note(call, session, err) &&
           service_invoke(session, call->who->tenant, call->path.type, call->path.action,
                          call->path.key, call_now_ticks(call), call->options.query.health,
                          call->arena, err);
}

/* No action so far has a parameter that a member came to later. */
static bool check_parameters(const struct call *call, const struct edm_value *parameters,
                             struct error *err)
{
    const struct edm_action *action = call->path.action;

    for (size_t i = 0; i < action->parameter_count && !call->applied.unknown_members; i++)
        if (!edm_value_refuse_later(call->loop->api->model, &action->parameters[i], &parameters[i],
                                    err))
            return false;
    return true;
}

void graph_start_action(struct call *call)
{
    const struct api *api = call->loop->api;
    struct edm_value *parameters; /* validated here; no effect so far reads them */
    struct error error = { 0 };

    if (!graph_check_body(call) || !graph_read_options(call, false))
        return;
    if (!odata_read_parameters(api->model, call->path.action, call->exchange->request.body,
                               api->json_depth, call->arena, &parameters, &error) ||
        !check_parameters(call, parameters, &error))
        call_finish_error(call, &error);
    else if (call->path.action->answer)
        graph_answer_action(call, parameters);
    else
        graph_submit(call, true, run_action, finish_unseen);
}
