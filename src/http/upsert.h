/* http/upsert.h - an update that makes the entity it does not find. Private to the Graph surface.
 *
 * Spec: OData 4.01 part 1, 11.4.4; Graph's guidelines, by which a client has to ask for it.
 */
#ifndef HTTP_UPSERT_H
#define HTTP_UPSERT_H

#include <stdbool.h>

#include "base/compiler.h"
#include "base/error.h"

struct call;
struct store_session;

/* Whether the caller of an update may also create, if he asked for it. False: the call was
 * answered. */
bool upsert_authorise(struct call *call) MUST_CHECK;

/* In the update's operation, which found nothing: makes the entity, with the key of the path, into
 * call->entity. What was not given gets its default, as in a create. Errors: ERROR_BAD_REQUEST for
 * a key that is no GUID, and those of service_create(). */
bool upsert_create(struct call *call, struct store_session *session, struct error *err) MUST_CHECK;

#endif
