/* http/conditions.h - If-Match, If-None-Match and entity tags on the Graph surface.
 *
 * Spec: RFC 9110 13 (conditional requests), OData 4.01 part 1 sections 8.2.4, 8.2.5, 8.3.1 and
 * 11.4.4 (upserts). What of it is offered is in docs/conditions.md.
 *
 * A condition of a write is asked in the write's own transaction: of two that name the same tag the
 * second finds another one there.
 *
 * Private to the Graph surface.
 */
#ifndef HTTP_CONDITIONS_H
#define HTTP_CONDITIONS_H

#include <stdbool.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"

struct call;
struct store_session;

#define IF_MATCH      SLICE("If-Match")
#define IF_NONE_MATCH SLICE("If-None-Match")

enum condition {
    CONDITION_NONE,
    CONDITION_ANY,  /* "*" */
    CONDITION_TAGS, /* a list of them, in the request's fields */
    CONDITION_NONSENSE,
};

struct conditions {
    enum condition match, none_match;
    bool creates; /* an update makes the entity when it is missing */
};

static inline bool conditions_are_any(const struct conditions *conditions)
{
    return conditions->match != CONDITION_NONE || conditions->none_match != CONDITION_NONE;
}

/* Takes in the value of one field. */
void conditions_add(enum condition *condition, struct slice field);

/* Drops the conditions that are passed over: where there is no entity, tags where the server has
 * none, and what Graph passes over where it is asked to be like Graph. Decides whether an update
 * may create, and whether tags are read with the entities. False: the call was answered, since
 * what is heeded makes no sense. */
bool conditions_settle(struct call *call, bool is_read) MUST_CHECK;

/* In a write's operation, before it changes anything: ERROR_PRECONDITION_FAILED when a condition
 * does not hold. */
bool conditions_check(struct call *call, struct store_session *session,
                      struct error *err) MUST_CHECK;

/* Of a read: what it was for is not there. *err becomes ERROR_PRECONDITION_FAILED if it was to be
 * any certain one. Returns false. */
bool conditions_refuse_missing(const struct call *call, struct error *err) COLD;
/* Of a read that found call->entity: true when it was answered with 304 or 412. */
bool conditions_answer(struct call *call) MUST_CHECK;

/* ETag of call->entity, where the server has tags. */
void conditions_add_etag(struct call *call);
/* Says that there are tags in an answer that has some. conditions_add_etag() does so itself. */
void conditions_tell_tags(struct call *call);

#endif
