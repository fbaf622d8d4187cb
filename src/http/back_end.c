/* http/back_end.c - who answers for an error: Graph's front end, or the service behind it.
 *
 * The front end knows versions, tokens, paths, methods, licences, bodies and options, and says what
 * is wrong with them in a sentence. Permissions are checked and entities found behind it, so these
 * errors, and failures, are told by the back end, in a JSON text that becomes the message
 * (odata/back_end.h). Which of both it is follows from the code and from how far the request came:
 * a 404 before there is a path is the version's.
 *
 * An application without any permission of ours is told so, in the words captured for that; one
 * with too few is told which would do.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/back_end.h"

#include "auth/principal.h"
#include "base/text.h"
#include "odata/back_end.h"

#define MESSAGE_RESERVE   1024
#define MESSAGE_BYTES_MAX 4096

static bool came_so_far(const struct call *call)
{
    return call->path.version != 0;
}

static struct slice words_of_refusal(const struct call *call, const struct error *error)
{
    if (!call->who->delegated && call->who->permissions == 0)
        return SLICE("Application is not authorized to perform this operation as called in app "
                     "only context but does not have application permissions configured.");
    return slice_of(error->message);
}

/* Empty where the front end answers. */
static struct slice words_of(const struct call *call, const struct error *error)
{
    if (error->code == ERROR_FORBIDDEN)
        return words_of_refusal(call, error);
    if (error->code == ERROR_NOT_FOUND)
        return SLICE("An error has occurred");
    if (error->code == ERROR_INTERNAL)
        return SLICE("An internal server error has occurred");
    return SLICE_EMPTY;
}

static struct odata_back_end_error facts_of(const struct call *call, struct slice words)
{
    return (struct odata_back_end_error){ .model = call->loop->api->model,
                                          .path = &call->path,
                                          .words = words,
                                          .client_request_id = call->client_request_id };
}

struct slice back_end_message(struct call *call, const struct error *error)
{
    struct odata_back_end_error told;
    struct text message;

    if (!call->loop->api->profile->back_end_messages || !came_so_far(call))
        return SLICE_EMPTY;
    told = facts_of(call, words_of(call, error));
    if (told.words.len == 0)
        return SLICE_EMPTY;
    text_init(&message, call->arena, MESSAGE_RESERVE, MESSAGE_BYTES_MAX);
    odata_write_back_end_message(&told, &message);
    return text_slice(&message);
}

/* Captured from the domain-join service, whose words come through one more that quotes them. */
void back_end_refuse(struct call *call)
{
    const struct odata_back_end_error told = facts_of(call, SLICE("An error has occurred"));
    struct text message;

    text_init(&message, call->arena, MESSAGE_RESERVE, MESSAGE_BYTES_MAX);
    odata_write_wrapped_message(&told, SLICE("Forbidden"), &message);
    call_finish_message(call, http_status_of(ERROR_FORBIDDEN), SLICE("UnknownError"),
                        text_slice(&message));
}
