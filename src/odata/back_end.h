/* odata/back_end.h - an error in the words of the live service's back ends.
 *
 * Behind Graph's front end stand services that answer for themselves: the message of such an error
 * is a JSON text of its own ("_version": 3), which repeats the request's address as the back end
 * saw it. Some are behind one more service, which quotes the whole once more.
 *
 * Must not know: statuses, which errors are told so.
 */
#ifndef ODATA_BACK_END_H
#define ODATA_BACK_END_H

#include "base/slice.h"
#include "odata/path.h"

struct text;

struct odata_back_end_error {
    const struct edm_model *model;
    const struct odata_path *path;  /* what was asked for */
    struct slice words;             /* "An error has occurred" */
    struct slice client_request_id; /* printable ASCII */
};

/* The message itself, not yet as a string of the JSON around it. */
void odata_write_back_end_message(const struct odata_back_end_error *error, struct text *out);

/* The same as the middle service tells it, `code` being its "ErrorCode". */
void odata_write_wrapped_message(const struct odata_back_end_error *error, struct slice code,
                                 struct text *out);

#endif
