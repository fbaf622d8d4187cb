/* http/upsert.c - the create that an update turns into.
 *
 * It is the create of a POST in all but where the key comes from, so it makes that create's entity
 * and leaves the rest to it. The body was read as an update's: a sentinel in it was dropped.
 *
 * Keys are GUIDs, as those that the server makes: what lists, links and clients are used to. Of an
 * entity that is gone by a health policy and still waits to be removed nobody knows any more, so
 * its removal is made up for first.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/upsert.h"

#include "edm/entity.h"
#include "edm/health.h"
#include "http/graph.h"
#include "service/health.h"
#include "service/operations.h"

bool upsert_authorise(struct call *call)
{
    struct error error = { 0 };

    if (!call->conditions.creates || authorise_operation(call->loop->api->authorisation, call->who,
                                                         call->path.type, EDM_CREATE, &error))
        return true;
    call_finish_error(call, &error);
    return false;
}

static bool check_key(const struct call *call, struct error *err)
{
    struct uuid ignored;

    return uuid_parse(call->path.key, &ignored) ||
           error_set(err, ERROR_BAD_REQUEST, call->path.type->properties[0].name,
                     "A resource can be created only with a GUID as its '%.*s'.",
                     SLICE_ARG(call->path.type->properties[0].name));
}

bool upsert_create(struct call *call, struct store_session *session, struct error *err)
{
    const struct api *api = call->loop->api;
    const struct edm_health_view *health = call->options.query.health;
    int64_t now_ticks = call_now_ticks(call);
    struct edm_entity *given;

    if (!check_key(call, err) ||
        (health && !service_health_remove_one(session, call->who->tenant, health->type,
                                              call->path.key, now_ticks, call->arena, err)))
        return false;
    /* A copy: when its group breaks the operation runs again, and begins as an update. */
    given = edm_entity_create(call->path.type, call->arena);
    if (!given)
        return error_no_memory(err);
    edm_entity_merge(given, call->given);
    given->values[0] = (struct edm_value){ .text = call->path.key };
    edm_entity_mark(given, 0);
    return service_create(session, api->model, call->who->tenant, given, api->entity_bytes, health,
                          now_ticks, call->arena, &call->entity, err);
}
