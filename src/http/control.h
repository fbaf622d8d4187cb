/* http/control.h - what the files of the control API share. Private to http/'s handlers.
 *
 * Contract: docs/control.md; control_openapi.json says the same to programs.
 *
 * A request of the control API is a call (http/call.h) with a tenant that its address names and
 * that tenant's testbed, held until the answer. It ends in exactly one control_finish*() or
 * control_fail(), never in a call_finish_*() of its own.
 */
#ifndef HTTP_CONTROL_H
#define HTTP_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"
#include "base/text.h"
#include "base/uuid.h"
#include "http/call.h"
#include "json/writer.h"

struct testbed;

/* --- the table ------------------------------------------------------------------------------- */

struct control;

enum control_scope {
    CONTROL_OF_SERVER,       /* behind /_connectord alone, and of no tenant */
    CONTROL_OF_TENANT,       /* behind it for the default tenant, behind tenants/{id} for another */
    CONTROL_OF_NAMED_TENANT, /* behind tenants/{id} alone */
};

enum control_body { CONTROL_NO_BODY, CONTROL_MAY_HAVE_BODY, CONTROL_HAS_BODY };

struct control_route {
    enum http_method method;
    struct slice path; /* behind the tenant's address; empty: that itself */
    enum control_scope scope;
    enum control_body body;
    void (*start)(struct control *control);
};

extern const struct control_route control_routes[];
extern const size_t control_route_count;

/* Error: ERROR_FORBIDDEN. */
bool control_may_ask(const struct call *call, struct error *err) MUST_CHECK;

/* --- a request of it ------------------------------------------------------------------------- */

struct control {
    struct call *call;
    struct uuid tenant;
    bool names_tenant;       /* its address does */
    struct slice body;       /* JSON; "{}" where none was sent and none has to be */
    struct testbed *testbed; /* NULL for CONTROL_OF_SERVER */
    bool makes_tenant;       /* its testbed is forgotten when the request fails */
    const char *done;        /* what has been changed, in words; NULL: nothing yet */
    size_t removed;          /* entities, by control_remove_then() */
    void *state;             /* the verb's own */
    struct dispatch_job job; /* of control_submit() */
    bool (*run)(struct control *control, struct store_session *session, struct error *err);
    void (*next)(struct control *control);
};

/* "http://localhost:8080/_connectord", or ".../tenants/{tenant}" when `named`. False: no memory. */
bool control_address(const struct control *control, struct uuid tenant, bool named,
                     struct slice *ret) MUST_CHECK;

/* --- its ends -------------------------------------------------------------------------------- */

struct control_reply {
    struct text text;
    struct json_writer writer;
};

/* Begins an answer of at most limit-reply-bytes; what to write it with. */
struct json_writer *control_reply_begin(struct control_reply *reply, struct control *control);

/* An answer that did not fit is an error, ERROR_TOO_LARGE; a 500 when something was changed. */
void control_finish(struct control *control, int status, const struct control_reply *reply);
void control_finish_no_content(struct control *control);
/* Once something was changed no error may say that nothing was executed: it becomes a 500 that
 * names what was done. */
void control_fail(struct control *control, const struct error *error);

/* --- work on another thread ------------------------------------------------------------------ */

enum control_place { CONTROL_WRITER, CONTROL_READER, CONTROL_SHORT_READER };

/* Runs `run` there, then `next` here; fails the request when `run` did. For a write memory for a
 * small answer is set aside first. */
void control_submit(struct control *control, enum control_place place,
                    bool (*run)(struct control *, struct store_session *, struct error *),
                    void (*next)(struct control *));

/* Removes what the tenant's policies remove by now, if they do, then goes on with `next`;
 * control->removed is how many these were. */
void control_remove_then(struct control *control, void (*next)(struct control *));

/* --- reading bodies (control_body.c) --------------------------------------------------------- */

enum control_kind {
    CONTROL_TEXT,     /* a string */
    CONTROL_TRUTH,    /* true or false */
    CONTROL_DURATION, /* a string as base/duration.h reads it */
    CONTROL_TEXTS,    /* an array of strings */
    CONTROL_OBJECT,   /* an object, unread */
    CONTROL_OBJECT_OR_TEXT,
};

struct control_value {
    bool given;
    bool is_object;
    bool truth;
    struct slice text; /* a string's; an object as written */
    int64_t ticks;
    struct slice *texts;
    size_t text_count;
};

struct control_member {
    struct slice name;
    enum control_kind kind;
    struct control_value *to;
};

#define CONTROL_TEXTS_MAX 64 /* in one array */

/* Reads a JSON object that has no members but these. Errors: ERROR_BAD_REQUEST with the member as
 * target; ERROR_TOO_LARGE. */
bool control_read(struct call *call, struct slice json, const struct control_member *members,
                  size_t count, struct error *err) MUST_CHECK;

/* --- the verbs ------------------------------------------------------------------------------- */

/* control_clock.c. What PUT clock says done to a testbed; on an error nothing is changed. */
bool control_clock_apply(struct call *call, struct testbed *testbed, struct slice json,
                         struct error *err) MUST_CHECK;
void control_clock_get(struct control *control);
void control_clock_put(struct control *control);

/* control_faults.c */
bool control_faults_apply(struct testbed *testbed, struct slice json, struct error *err) MUST_CHECK;
void control_faults_get(struct control *control);
void control_faults_put(struct control *control);
void control_faults_delete(struct control *control);
void control_personas_get(struct control *control);

/* control_requests.c */
void control_requests_get(struct control *control);
void control_requests_delete(struct control *control);
void control_requests_verify(struct control *control);

/* control_policy.c */
void control_policy_get(struct control *control);
void control_policy_put(struct control *control);

/* control_state.c */
void control_reset(struct control *control);
void control_seed(struct control *control);
void control_export(struct control *control);

/* control_token.c. Signs a token of the default client with every read-write permission, for a
 * sandbox; takes a millisecond. */
bool control_sign(struct call *call, struct uuid tenant, int64_t lifetime_s, struct slice *ret,
                  struct error *err) MUST_CHECK;
void control_token(struct control *control);

/* control_sandbox.c */
void control_sandbox_create(struct control *control);
void control_sandbox_delete(struct control *control);

/* control_index.c */
void control_index(struct control *control);
void control_openapi(struct control *control);

#endif
