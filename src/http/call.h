/* http/call.h - one request on its way through the handlers. Private to http/'s handlers.
 *
 * A call is made when the request arrives and lives in the exchange's arena. It ends in exactly one
 * call_finish_*(), which is the only place where a status and a head are made.
 */
#ifndef HTTP_CALL_H
#define HTTP_CALL_H

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"
#include "base/uuid.h"
#include "edm/apply.h"
#include "edm/date_time.h"
#include "http/api.h"
#include "http/conditions.h"
#include "http/delays.h"
#include "http/gzip.h"
#include "http/message.h"
#include "odata/options.h"
#include "odata/path.h"
#include "odata/preferences.h"
#include "service/dispatch.h"
#include "service/tenants.h"
#include "testbed/faults.h"

struct api_loop {
    const struct api *api;
    struct loop *loop;
    struct log *log;
    struct service_session *session;
    struct principal_cache *principals;
    struct delays delays;
    size_t batches_resting; /* messages of theirs are in the loop's mailbox */
    struct gzip gzip;       /* what it keeps is made when it is first used */
};

struct call {
    struct http_exchange *exchange;
    struct api_loop *loop;
    struct arena *arena;
    char request_id[UUID_TEXT_LEN];
    struct slice client_request_id; /* the request's own, else request_id */
    bool own_origin;                /* it is one of this server's (token_rules) */
    struct slice origin;            /* "https://localhost:8443", as asked, where addresses begin */
    struct slice issuer;            /* the same without what a proxy cuts off: of tokens */
    bool from_page;                 /* a browser's, for Graph: it has an Origin */
    struct slice allow_origin; /* whose pages may read the answer; empty: none's (http/cors.c) */
    const struct principal *who;
    uint64_t began_us;                    /* monotonic; 0: no journal is to know of it */
    int64_t began_ticks;                  /* by the testbed's clock */
    struct testbed *testbed;              /* the tenant's, held until the answer; NULL: none */
    struct fault_effect *fault;           /* what is to happen to it; NULL: nothing */
    struct slice fault_path;              /* "deviceManagement/ndesConnectors", for its message */
    struct delay *delay;                  /* its answer's; NULL: none */
    bool answered_by_fault;               /* the answer is the rule's own */
    int executed_status;                  /* of the answer that the rule's took the place of */
    bool begun;                           /* jobs are its operation's, and no preparation */
    bool ran;                             /* its operation's job did what it was to */
    bool executed;                        /* what was asked was read, or written for all we know */
    const struct edm_health_view *health; /* of the path's type; NULL: states as written */

    /* Filled in by http/graph.c as the checks are passed. */
    struct odata_path path;
    struct odata_options options;
    struct slice all_options; /* of URL and body, encoded; no pointer: the URL has them all */
    enum odata_level level;   /* what the client wants of control information */
    bool ieee754;             /* and it wants numbers of 64 bits as strings */
    bool odata_401;           /* the answer is of OData 4.01, else of 4.0 */
    uint16_t max_page_size;   /* Prefer: odata.maxpagesize, or the $skiptoken's; 0: neither */
    struct odata_preferences preferences; /* what the client would like */
    struct odata_preferences applied;     /* what of it is heeded */
    struct conditions conditions;
    bool created;                  /* an update made what it did not find */
    struct edm_entity *given;      /* body of a create or update */
    struct edm_entity *entity;     /* result */
    struct edm_page page;          /* result */
    const struct edm_apply *apply; /* what groups; NULL: nothing does */
    struct edm_groups groups;      /* result */
    bool place_is_cut; /* the $skiptoken tells query.after_values by `place_digest` alone */
    uint64_t place_digest;
    struct slice page_end;     /* of a stale page: where the next one starts; empty: its last row */
    bool hid_a_write;          /* a stale read shows something else than there is now */
    struct edm_entity *before; /* what a write found, for stale reads; NULL: nobody wants it */
    /* Of $compute what is shown; NULL: nothing is. */
    struct odata_worked_out *computed;
    struct worked_out *worked_out; /* http/graph_worked_out.c's; NULL: nothing is */
    struct delta_call *delta;      /* http/graph_delta.c's; NULL: it is none */
    struct slice *keys;            /* http/graph_set_questions.c's: those that are asked for */
    size_t key_count;
    struct slice policy; /* the policy behind `health`, for a field; empty: none */
    /* It has a field of repeatable requests; http/repeatability.c's, NULL: it is none. */
    bool repeatable;
    struct repeatability *repeatability;
    struct dispatch_job job;
    bool (*run)(struct dispatch_job *job, struct store_session *session, struct error *err);
    void (*next)(struct call *call); /* goes on here when the job came home ok */
};

/* In api.c: the call of a new exchange, NULL when memory ran out. */
struct call *call_begin(struct api_loop *loop, struct http_exchange *exchange);

/* Sets `body_bytes` of the call's memory aside for the body of its answer, in place of what was set
 * aside for it before; what any answer needs besides is kept from call_begin() on. An answer's end
 * gives all of it back. False: not as much is left. */
bool call_keep_memory(struct call *call, size_t body_bytes) MUST_CHECK;

/* Now, by the clock of the caller's tenant; by the server's before there is one. */
int64_t call_now_ticks(const struct call *call);

/* True for a name of the machine it is used on, with or without a port: localhost, 127.*, [::1]. */
bool call_is_loopback_name(struct slice authority);
/* True when the request asked for one. */
bool call_asks_loopback(const struct call *call);

/* --- ends (reply.c) -------------------------------------------------------------------------- */

/* An error in Graph's envelope. Logs what is ours to mend (5xx). */
void call_finish_error(struct call *call, const struct error *error);
/* The same with a code and words that no struct error has. */
void call_finish_message(struct call *call, int status, struct slice code, struct slice message);
/* An error whose JSON is made already; empty: no body. */
void call_finish_error_body(struct call *call, int status, struct slice body);
/* Now, as errors have it: "2024-01-21T15:57:55", UTC, no fraction, no Z. */
struct slice call_error_date(const struct call *call, char memory[EDM_DATE_TIME_TEXT_MAX]);
/* 200 or 201 with an OData JSON body at call->level; a body that did not fit is ERROR_TOO_LARGE. */
void call_finish_odata(struct call *call, int status, const struct text *body);
/* 304, no body: the client's copy is good. */
void call_finish_not_modified(struct call *call);
/* 204, no body. */
void call_finish_no_content(struct call *call);
/* An answer that was made before, whose fields were added. */
void call_finish_made(struct call *call, int status, struct slice body);
/* Anything else: status, type and body as given; `cacheable` leaves out "no-store". */
void call_finish_plain(struct call *call, int status, struct slice content_type, struct slice body,
                       bool cacheable);

/* Adds a response field whose value lives in the arena or is constant. */
void call_add_field(struct call *call, struct slice name, struct slice value);

/* OData-Version, which call_finish_plain() does not add. */
void call_add_odata_version(struct call *call);

/* The status that an error code becomes. */
int http_status_of(enum error_code code);

/* --- authenticate.c -------------------------------------------------------------------------- */

/* Who is calling, into call->who. Error: ERROR_UNAUTHORIZED (the 401's fields are then added and
 * the refusal is logged), ERROR_FORBIDDEN. */
bool call_authenticate(struct call *call, struct error *err) MUST_CHECK;

/* --- what answers ---------------------------------------------------------------------------- */

/* graph.c: /{version}/... The part of a batch comes with the batch's `who`. */
void graph_handle(struct call *call);

/* control.c: true when the path is one of the control API's; it was then answered. */
bool control_handle(struct call *call);

/* oauth.c, oauth_grant.c: true when the path is one of the token issuer's; it was then answered. */
bool oauth_handle(struct call *call);

#endif
