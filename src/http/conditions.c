/* http/conditions.c - a request that means an entity in a certain state, and the states' names.
 *
 * Where the server has no tags (--etags off) a condition that names one is passed over, as the
 * service does; "*" needs none: it asks whether there is anything. Whoever sends If-Match has seen
 * the entity, so where it is missing the condition has failed (412), which tells him more than
 * that it is missing (404).
 *
 * What a write asks is read in its own transaction, and only for a write with conditions: the read
 * costs less than a second form of each operation would.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/conditions.h"

#include "base/arena.h"
#include "edm/entity.h"
#include "http/graph.h"
#include "odata/etag.h"
#include "service/operations.h"

/* Several fields of a name are one list (RFC 9110 5.3), in which "*" cannot stand. */
void conditions_add(enum condition *condition, struct slice field)
{
    enum condition added = CONDITION_NONSENSE;

    if (slice_eq(field, SLICE("*")))
        added = CONDITION_ANY;
    else if (odata_etag_is_list(field))
        added = CONDITION_TAGS;
    *condition = *condition == CONDITION_NONE || *condition == added ? added : CONDITION_NONSENSE;
}

/* --- which of them are heeded ---------------------------------------------------------------- */

static bool has_entity(const struct call *call)
{
    switch (call->path.resource) {
    case ODATA_ENTITY:
    case ODATA_ACTION:
    case ODATA_PROPERTY:
    case ODATA_VALUE:
    case ODATA_PROPERTY_COUNT:
        return true;
    case ODATA_SINGLETON:
    case ODATA_SET:
    case ODATA_SET_ACTION:
    case ODATA_SET_FUNCTION:
    case ODATA_COUNT:
    case ODATA_DELTA:
    case ODATA_SINGLETON_PROPERTY:
    case ODATA_SERVICE:
    case ODATA_CSDL:
    case ODATA_BATCH:
        break;
    }
    return false;
}

/* If-Match says that there must be something, so there is nothing to create. */
static void settle_upsert(struct call *call)
{
    struct conditions *conditions = &call->conditions;
    bool may_create =
        call->preferences.create_if_missing || conditions->none_match == CONDITION_ANY;

    if (!may_create || conditions->match != CONDITION_NONE)
        return;
    conditions->creates = graph_goes_beyond(call, BEYOND_UPSERT) == BEYOND_GOES;
    call->applied.create_if_missing = conditions->creates && call->preferences.create_if_missing;
    if (!conditions->creates)
        conditions->none_match = CONDITION_NONE;
}

/* What "*" is left that no upsert is meant by. */
static void settle_any(struct call *call)
{
    struct conditions *conditions = &call->conditions;
    bool any = conditions->match == CONDITION_ANY ||
               (conditions->none_match == CONDITION_ANY && !conditions->creates);

    if (any && graph_goes_beyond(call, BEYOND_CONDITIONS) != BEYOND_GOES)
        *conditions = (struct conditions){ .creates = conditions->creates };
}

static void drop_tags(enum condition *condition)
{
    if (*condition != CONDITION_ANY)
        *condition = CONDITION_NONE;
}

/* Or was meant to, and makes no sense. */
static bool names_tags(const struct call *call)
{
    return call->conditions.match >= CONDITION_TAGS ||
           call->conditions.none_match >= CONDITION_TAGS;
}

/* Replies with tags, and tags that are heeded: of these it is told here, as they may be answered
 * with an error. */
static void settle_etags(struct call *call)
{
    bool shows_tags = call->path.type && call->path.resource != ODATA_COUNT &&
                      call->path.resource != ODATA_ACTION &&
                      call->path.resource != ODATA_SET_FUNCTION && !call->apply;
    bool asks_tags = names_tags(call) && graph_goes_beyond(call, BEYOND_ETAGS) == BEYOND_GOES;

    if (shows_tags || asks_tags)
        call->options.query.select |= EDM_CREATED;
}

/* A write under a condition that nobody understands must not go ahead, and that it does not hold
 * would be no true word. */
static bool check_sense(struct call *call)
{
    bool match = call->conditions.match == CONDITION_NONSENSE;
    struct slice name = match ? IF_MATCH : IF_NONE_MATCH;
    struct error error = { 0 };

    if (!match && call->conditions.none_match != CONDITION_NONSENSE)
        return true;
    error_set(&error, ERROR_BAD_REQUEST, name,
              "The %.*s header of the request is neither '*' nor a list of entity tags, each in "
              "double quotes.",
              SLICE_ARG(name));
    call_finish_error(call, &error);
    return false;
}

bool conditions_settle(struct call *call, bool is_read)
{
    struct conditions *conditions = &call->conditions;
    bool etags = call->loop->api->etags;

    if (!has_entity(call))
        *conditions = (struct conditions){ .match = CONDITION_NONE };
    if (call->all_options.ptr) /* what would be 304 is no answer to a POST (RFC 9110, 13.1.2) */
        conditions->none_match = CONDITION_NONE;
    /* While what is passed over is still known: a tag stands for something that was there. */
    if (call->path.resource == ODATA_ENTITY && call->exchange->request.method == HTTP_PATCH)
        settle_upsert(call);
    if (!etags) {
        drop_tags(&conditions->match);
        drop_tags(&conditions->none_match);
        if (is_read) /* there is no tag by which a copy could still be good */
            conditions->none_match = CONDITION_NONE;
    }
    settle_any(call);
    if (etags)
        settle_etags(call);
    return check_sense(call);
}

/* --- whether they hold ----------------------------------------------------------------------- */

static struct slice etag_of(const struct call *call, const struct edm_entity *entity,
                            char memory[ODATA_ETAG_MAX])
{
    return odata_etag(entity, call->options.query.health, memory);
}

static bool is_listed(const struct call *call, struct slice name, struct slice etag)
{
    const struct http_request *request = &call->exchange->request;

    for (size_t i = 0; i < request->field_count; i++)
        if (slice_eq_nocase(request->fields[i].name, name) && etag.len > 0 &&
            odata_etag_is_listed(etag, request->fields[i].value))
            return true;
    return false;
}

/* Whether the condition of the field `name` means `entity`. */
static bool means(const struct call *call, enum condition condition, struct slice name,
                  const struct edm_entity *entity)
{
    char memory[ODATA_ETAG_MAX];

    return condition == CONDITION_ANY ||
           (condition == CONDITION_TAGS && is_listed(call, name, etag_of(call, entity, memory)));
}

static bool matches(const struct call *call, const struct edm_entity *entity)
{
    return call->conditions.match == CONDITION_NONE ||
           means(call, call->conditions.match, IF_MATCH, entity);
}

static bool is_unmatched(const struct call *call, const struct edm_entity *entity)
{
    return !means(call, call->conditions.none_match, IF_NONE_MATCH, entity);
}

static COLD bool refuse(struct slice name, const char *why, struct error *err)
{
    return error_set(err, ERROR_PRECONDITION_FAILED, name,
                     "The condition of the request's %.*s header does not hold: the resource %s.",
                     SLICE_ARG(name), why);
}

bool conditions_refuse_missing(const struct call *call, struct error *err)
{
    if (err->code != ERROR_NOT_FOUND || call->conditions.match == CONDITION_NONE)
        return false;
    return refuse(IF_MATCH, "does not exist", err);
}

static bool check_entity(const struct call *call, const struct edm_entity *entity,
                         struct error *err)
{
    if (!matches(call, entity))
        return refuse(IF_MATCH, "has another tag", err);
    if (!is_unmatched(call, entity))
        return refuse(IF_NONE_MATCH,
                      call->conditions.none_match == CONDITION_ANY ? "exists" : "has not changed",
                      err);
    return true;
}

bool conditions_check(struct call *call, struct store_session *session, struct error *err)
{
    const struct conditions *conditions = &call->conditions;
    const struct edm_query query = { .type = call->path.type,
                                     .select = 1 | EDM_CREATED,
                                     .health = call->options.query.health };
    struct edm_entity *entity;
    struct error why = { 0 };

    if (!conditions_are_any(conditions))
        return true;
    if (service_get(session, call->who->tenant, &query, call->path.key, call->arena, &entity, &why))
        return check_entity(call, entity, err);
    /* Without If-Match the write itself says what is missing, or makes it. */
    if (why.code == ERROR_NOT_FOUND && conditions->match == CONDITION_NONE)
        return true;
    conditions_refuse_missing(call, &why);
    *err = why;
    return false;
}

/* --- answers --------------------------------------------------------------------------------- */

void conditions_tell_tags(struct call *call)
{
    bool told = !(call->options.query.select & EDM_CREATED) || names_tags(call) ||
                graph_goes_beyond(call, BEYOND_ETAGS);

    (void)told; /* where it is refused there are no tags */
}

void conditions_add_etag(struct call *call)
{
    char *memory;
    struct slice etag;

    if (!(call->options.query.select & EDM_CREATED))
        return;
    memory = arena_alloc(call->arena, ODATA_ETAG_MAX);
    etag = memory ? etag_of(call, call->entity, memory) : SLICE_EMPTY;
    if (etag.len == 0)
        return;
    call_add_field(call, SLICE("ETag"), etag);
    /* What the tag does not tell apart. */
    call_add_field(call, SLICE("Vary"),
                   call->loop->api->odata_401 ? SLICE("Accept, Prefer, OData-MaxVersion")
                                              : SLICE("Accept, Prefer"));
    conditions_tell_tags(call);
}

bool conditions_answer(struct call *call)
{
    struct error error = { 0 };

    if (!matches(call, call->entity)) {
        refuse(IF_MATCH, "has another tag", &error);
        call_finish_error(call, &error);
        return true;
    }
    if (is_unmatched(call, call->entity))
        return false;
    call->executed = true;
    graph_add_policy(call);
    conditions_add_etag(call);
    call_finish_not_modified(call);
    return true;
}
