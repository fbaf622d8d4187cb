/* http/graph_worked_out.c - properties of the singleton, among them those that are worked out from
 * entities, and actions that answer.
 *
 * What is worked out looks at every entity of its sources, so the whole body is made on a reader's
 * thread, in the request's arena, and only sent from the loop. A collection that is a property has
 * no pages in Graph: it comes in one piece, and past limit-reply-bytes it is refused.
 *
 * An action that answers reads the one entity that it is bound to, here on the loop like any read
 * by key.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/arena.h"
#include "base/text.h"
#include "edm/entity.h"
#include "http/graph.h"
#include "service/ageing.h"
#include "service/health.h"
#include "service/operations.h"

/* --- what the singleton works out ------------------------------------------------------------ */

/* Lives in the request's arena, on whichever thread the call is. */
struct worked_out {
    struct ageing ageing;
    struct odata_reply reply;
    const struct edm_singleton_property *alone; /* only this one; NULL: the singleton around it */
    struct text body;

    struct store_session *session; /* while the body is made */
    struct json_writer *writer;
    struct error *err;
    bool ok;
};

static bool write_some(void *context, const struct edm_rows *rows, struct error *err)
{
    struct worked_out *out = context;

    odata_write_rows(&out->reply, rows, out->writer);
    return !out->body.failed ||
           error_set(err, ERROR_TOO_LARGE, SLICE_EMPTY, "The reply would be too large.");
}

static void write_items(void *context, const struct edm_singleton_property *property,
                        struct json_writer *writer)
{
    struct worked_out *out = context;

    out->writer = writer;
    out->ok = out->ok && service_ageing(out->session, &out->ageing, property->ageing, write_some,
                                        out, out->err);
}

static bool run_worked_out(struct dispatch_job *job, struct store_session *session,
                           struct error *err)
{
    struct call *call = graph_call_of(job);
    struct worked_out *out = call->worked_out;
    const struct odata_items items = { write_items, out };

    text_init(&out->body, call->arena, ENTITY_REPLY_BYTES, call->loop->api->reply_bytes_max);
    out->session = session;
    out->err = err;
    out->ok = true;
    out->reply.items = &items;
    if (out->alone)
        odata_write_singleton_property(&out->reply, out->alone, &out->body);
    else
        odata_write_singleton(&out->reply, call->who->tenant, &out->body);
    out->reply.items = NULL;
    return out->ok;
}

static void finish_worked_out(struct call *call)
{
    graph_add_policy(call);
    call_finish_odata(call, 200, &call->worked_out->body);
}

/* The views of every type whose silence means something in this tenant. */
static bool find_healths(struct call *call, struct ageing *ageing, struct error *err)
{
    const struct edm_singleton *singleton = call->loop->api->model->singleton;
    struct service_session *service = call->loop->session;
    const struct edm_health_view **views =
        arena_new_array(call->arena, singleton->type_count, const struct edm_health_view *);
    struct store_session *session;

    if (!views)
        return error_no_memory(err);
    if (!service_session_begin(service, &session, err))
        return false;
    for (size_t i = 0; i < singleton->type_count; i++) {
        const struct edm_health_view *view = NULL;

        if (!service_health_view(service, ageing->tenant, singleton->types[i], ageing->now_ticks,
                                 call->arena, &view, err))
            return false;
        if (view)
            views[ageing->health_count++] = view;
    }
    ageing->healths = views;
    return true;
}

bool graph_works_out(const struct call *call)
{
    const struct edm_singleton *singleton = call->loop->api->model->singleton;
    const struct edm_query *query = &call->options.query;

    if (call->path.singleton_property)
        return call->path.singleton_property->ageing;
    if (call->path.resource != ODATA_SINGLETON || !query->select_given)
        return false;
    for (size_t i = 0; i < singleton->property_count; i++) {
        if ((query->select >> i & 1) && singleton->properties[i].ageing)
            return true;
    }
    return false;
}

void graph_submit_worked_out(struct call *call)
{
    struct worked_out *out = arena_new(call->arena, struct worked_out);
    struct error error = { 0 };

    if (!out) {
        error_no_memory(&error);
        call_finish_error(call, &error);
        return;
    }
    *out = (struct worked_out){
        .ageing = { .tenant = call->who->tenant, .now_ticks = call_now_ticks(call) },
        .reply = graph_reply_of(call),
        .alone = call->path.singleton_property,
    };
    call->worked_out = out;
    if (!find_healths(call, &out->ageing, &error))
        call_finish_error(call, &error);
    else
        graph_submit(call, false, run_worked_out, finish_worked_out);
}

static void finish_singleton_value(struct call *call)
{
    const struct odata_reply reply = graph_reply_of(call);
    struct text body;

    call->executed = true;
    text_init(&body, call->arena, ENTITY_REPLY_BYTES, call->loop->api->reply_bytes_max);
    odata_write_singleton_value(&reply, call->path.singleton_property, call->who->tenant, &body);
    call_finish_odata(call, 200, &body);
}

void graph_start_singleton_property(struct call *call)
{
    if (!graph_read_options(call, true))
        return;
    switch (call->path.singleton_property->value) {
    case EDM_SINGLETON_AGEING:
        graph_submit_worked_out(call);
        return;
    case EDM_SINGLETON_NULL:
        call->executed = true;
        call_finish_no_content(call);
        return;
    case EDM_SINGLETON_NAME:
    case EDM_SINGLETON_TENANT:
        finish_singleton_value(call);
        return;
    }
}

/* --- actions that answer --------------------------------------------------------------------- */

static bool ask(struct call *call, const struct edm_value *parameters, struct edm_rows *ret,
                struct error *err)
{
    const struct edm_query query = { .type = call->path.type,
                                     .select = edm_all_properties(call->path.type),
                                     .health = call->health };
    struct edm_question question = { .action = call->path.action,
                                     .parameters = parameters,
                                     .now_ticks = call_now_ticks(call) };
    struct store_session *session;

    if (!service_session_begin(call->loop->session, &session, err) ||
        !conditions_check(call, session, err) ||
        !service_get(session, call->who->tenant, &query, call->path.key, call->arena, &call->entity,
                     err))
        return false;
    question.entity = call->entity;
    return call->path.action->answer(&question, call->arena, ret, err);
}

void graph_answer_action(struct call *call, const struct edm_value *parameters)
{
    struct odata_reply reply = graph_reply_of(call);
    struct error error = { 0 };
    struct edm_rows rows;
    struct text body;

    if (!ask(call, parameters, &rows, &error)) {
        call_finish_error(call, &error);
        return;
    }
    call->executed = true;
    text_init(&body, call->arena, ENTITY_REPLY_BYTES, call->loop->api->reply_bytes_max);
    odata_write_answer(&reply, &rows, &body);
    graph_add_policy(call);
    call_finish_odata(call, 200, &body);
}
