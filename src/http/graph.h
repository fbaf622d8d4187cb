/* http/graph.h - what the files of the Graph surface share. Private to http/'s handlers. */
#ifndef HTTP_GRAPH_H
#define HTTP_GRAPH_H

#include <stdbool.h>

#include "base/compiler.h"
#include "base/error.h"
#include "http/call.h"
#include "odata/beyond.h"
#include "odata/payload.h"

struct store_session;

#define ENTITY_REPLY_BYTES 1024 /* room to begin with; most entities need less */

/* --- graph.c ------------------------------------------------------------------------------- */

void graph_fail(struct call *call, enum error_code code, const char *message);
/* Answers with 405 and what call->path allows. */
void graph_refuse_method(struct call *call);

/* The request uses a row of what is beyond Graph. BEYOND_GOES: the answer says so, go on.
 * BEYOND_IGNORED: go on as if it had not asked. BEYOND_REFUSED: the call was answered. */
enum graph_beyond { BEYOND_GOES, BEYOND_IGNORED, BEYOND_REFUSED };
enum graph_beyond graph_goes_beyond(struct call *call, enum beyond row) MUST_CHECK;
/* Before the end of an answer that shows entities, or counts them: the policy behind the states,
 * and the preferences that were heeded. */
void graph_add_policy(struct call *call);

/* Runs `run` on another thread; the call goes on in `next`, or ends with the job's error. */
void graph_submit(struct call *call, bool is_write,
                  bool (*run)(struct dispatch_job *, struct store_session *, struct error *),
                  void (*next)(struct call *call));
struct call *graph_call_of(struct dispatch_job *job);

/* --- graph_address.c: of a path with something in it that Graph's have not ------------------- */

/* Answers the call and returns false where that is refused. */
bool graph_check_address(struct call *call) MUST_CHECK;
/* What the path left open is read from the options. Answers the call and returns false when they
 * are wrong. */
bool graph_complete_address(struct call *call) MUST_CHECK;
/* The conditions in the path, on the entities that all options act on. Rows of what is beyond Graph
 * that are used in them are added to *beyond. */
bool graph_read_filters(struct call *call, const struct odata_filter_rules *rules, uint32_t *beyond,
                        struct error *err) MUST_CHECK;
/* The request's query options, as a URL has them. */
static inline struct slice graph_query(const struct call *call)
{
    return call->all_options.ptr ? call->all_options : call->exchange->request.query;
}

/* --- graph_apply.c ------------------------------------------------------------------------- */

/* Reads $apply and what waited for it, into the query and call->apply. The rows of what is beyond
 * Graph that are used in it are added to *beyond. */
bool graph_read_apply(struct call *call, uint32_t *beyond, struct error *err) MUST_CHECK;
/* A list of groups; `finish` ends one whose number alone is asked for, else it is NULL. */
void graph_start_groups(struct call *call, void (*finish)(struct call *call));

/* --- graph_compute.c ----------------------------------------------------------------------- */

/* Reads $compute and what waited for it, into the query. As graph_read_apply(). */
bool graph_read_compute(struct call *call, uint32_t *beyond, struct error *err) MUST_CHECK;
/* Refuses what cannot be worked out, before any row is looked at for it. */
bool graph_compute_check(struct call *call, struct store_session *session,
                         const struct edm_query *query, struct error *err) MUST_CHECK;
/* Works out what is shown of it, for the page that was just read for `query`, which is cut where
 * that makes it too long. */
bool graph_compute_page(struct call *call, struct store_session *session,
                        const struct edm_query *query, struct error *err) MUST_CHECK;
/* The same for call->entity. */
bool graph_compute_entity(struct call *call, struct store_session *session,
                          struct error *err) MUST_CHECK;

/* --- graph_documents.c -------------------------------------------------------------------------
 */

/* The service document and $metadata, which need no token. `rest` is what stands behind the
 * version. False: it is something else, and the call goes on. */
bool graph_document_handle(struct call *call, unsigned version, struct slice rest);

/* --- graph_options.c ------------------------------------------------------------------------- */

/* Answers the call and returns false when the options are wrong. */
bool graph_read_options(struct call *call, bool is_read) MUST_CHECK;
/* How the answer is written, of a call whose options were read. */
struct odata_reply graph_reply_of(const struct call *call);

/* --- graph_property_writes.c ----------------------------------------------------------------- */

/* Of the path's property or its value: what Allow lists. */
struct slice graph_property_methods(const struct call *call);
/* Whether the request may go on by its method, one of those that properties have. False: the call
 * was answered, with 405. */
bool graph_check_property_method(struct call *call) MUST_CHECK;

/* --- graph_reads.c, graph_writes.c, graph_worked_out.c: behind the checks
 * --------------------------------------- */

/* Answers the call and returns false when the body is coded. */
bool graph_check_encoding(struct call *call) MUST_CHECK;
/* Answers the call and returns false when the body cannot be read at all: coded, or no JSON. */
bool graph_check_body(struct call *call) MUST_CHECK;

void graph_start_singleton(struct call *call);
void graph_start_list(struct call *call);
void graph_start_count(struct call *call);
void graph_start_get(struct call *call);
void graph_start_property(struct call *call);
void graph_start_singleton_property(struct call *call);
/* Whether what is read of the singleton has to be worked out; the options were read. */
bool graph_works_out(const struct call *call);
/* The singleton or one property of it, where something is worked out. */
void graph_submit_worked_out(struct call *call);
/* An action that answers, whose parameters were read. */
void graph_answer_action(struct call *call, const struct edm_value *parameters);
/* graph_set_questions.c: what is asked of a set as a whole. */
void graph_start_set_action(struct call *call);
void graph_start_set_function(struct call *call);
/* graph_delta.c. Where the server goes as far as Graph and no further, the path of a delta is that
 * of an entity by that key. */
void graph_forget_delta(struct call *call);
void graph_start_delta(struct call *call);
/* Of a list whose options were read: with Prefer: odata.track-changes it may be the first round of
 * a delta. False: it is none, and goes on as a list. */
bool graph_track_changes(struct call *call);
void graph_start_create(struct call *call);
void graph_start_update(struct call *call);
/* The operation of an update by call->given, under the call's conditions. */
bool graph_run_update(struct dispatch_job *job, struct store_session *session,
                      struct error *err) MUST_CHECK;
void graph_start_property_update(struct call *call);
void graph_start_value_update(struct call *call);
void graph_start_property_removal(struct call *call);
void graph_start_delete(struct call *call);
void graph_start_action(struct call *call);

#endif
