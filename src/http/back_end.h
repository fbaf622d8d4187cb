/* http/back_end.h - errors that the profile has Intune's back ends tell. Private to http/'s
 * handlers.
 */
#ifndef HTTP_BACK_END_H
#define HTTP_BACK_END_H

#include "base/error.h"
#include "base/slice.h"
#include "http/call.h"

/* The message of `error` in a back end's words, from the call's memory. Empty: the error's own
 * stand, since the profile has no others, the request never came so far, or there is no memory. */
struct slice back_end_message(struct call *call, const struct error *error);

/* Answers a request for what the live service refuses whatever the caller may do. */
void back_end_refuse(struct call *call);

#endif
