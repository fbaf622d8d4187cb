/* server/handlers_rig_test.h - the handlers of http/ without sockets: an exchange goes in, an
 * answer comes out.
 *
 * Here and not beside them, because only this floor may open a store for them. The toy model stands
 * for Graph's. What is asked without a token is the default tenant's.
 */
#ifndef SERVER_HANDLERS_RIG_TEST_H
#define SERVER_HANDLERS_RIG_TEST_H

#include <stdbool.h>
#include <stddef.h>

#include "http/api.h"
#include "http/message.h"
#include "testbed/testbed.h"

#define CRATES           "/beta/shopFloor/crates"
#define ARTICLES         "/beta/shopFloor/articles"
#define RIG_ENTITY_BYTES ((size_t)1024)
#define ROOMY            ((size_t)1 << 20) /* memory for any request */

#define RIG_LOCAL     "127.0.0.1:8080" /* an origin of its own that the control API answers to */
#define RIG_SEED      "{\"crates\":[{\"place\":\"seeded\"},{\"place\":\"too\"}]}" /* for a reset */
#define RIG_DEMO      "{\"crates\":[{\"place\":\"demo\"}]}"
#define RIG_SANDBOXES 3

struct db_fault_plan;

struct rig {
    struct store *store;
    struct dispatch *dispatch;
    struct loop *loop;
    struct log *log;
    struct clock *clock;
    struct issuer *issuer;
    struct authorisation authorisation;
    struct token_rules rules;
    struct api api;
    struct api_loop *api_loop;
    struct http_handler handler;
};

/* `limits` NULL: without testbeds. */
void rig_open(struct rig *rig, const struct testbed_limits *limits);
/* The same with a store that fails as planned. Sessions are on several threads: of what fails only
 * the commits are one thread's. */
void rig_open_faulty(struct rig *rig, const struct testbed_limits *limits,
                     struct db_fault_plan *faults);
/* With testbeds whose journals have `journal_requests`. Returns the default tenant's, held. */
struct testbed *rig_open_testbed(struct rig *rig, size_t journal_requests);
/* With testbeds and the control API. */
void rig_open_control(struct rig *rig);
void rig_close(struct rig *rig);

struct ask {
    enum http_method method;
    const char *path, *query, *host, *body;
    const char *name, *value; /* of one more field; NULL: none */
    const char *type;         /* Content-Type; NULL: JSON */
    const char *once;         /* its id as a repeatable request, first sent now; NULL: it is none */
    bool secure;
    bool from_afar; /* not from a loopback address */
};

/* What came back; the slices live until answer_free(). */
struct answer {
    struct http_exchange exchange;
    struct http_field fields[4];
    char first_sent[48];
    bool done;
    bool had_memory_left; /* for a small head */
};

void rig_ask(struct rig *rig, const struct ask *ask, size_t budget_bytes, struct answer *ret);
/* The same in two halves. */
void rig_send(struct rig *rig, const struct ask *ask, size_t budget_bytes, struct answer *ret);
void rig_await(struct rig *rig, struct answer *answer);
void answer_free(struct answer *answer);

/* Asks for what is asked without more fields. The status; the body in `arena` behind *ret_body,
 * when that is not NULL. */
int rig_request(struct rig *rig, enum http_method method, const char *path, const char *query,
                const char *body, struct arena *arena, struct slice *ret_body);

struct slice answer_field(const struct answer *answer, struct slice name);
/* How often `what` stands in the answer's body. */
size_t answer_count(const struct answer *answer, const char *what);
/* What stands behind the '?' of its nextLink; empty: there is none. */
struct slice answer_next_query(const struct answer *answer);

/* How many crates the default tenant has, at most 1000. */
size_t rig_count_crates(struct rig *rig);
/* The path of a new one of `set` ("/beta/..."), NUL behind it. */
const char *rig_make(struct rig *rig, const char *set, const char *body, struct arena *arena);

/* --- of a tenant's testbed ------------------------------------------------------------------- */

#define RIG_APP "11111111-2222-4333-8444-555555555555"

/* The value of Authorization for a token of `tenant` and of the application RIG_APP. */
const char *rig_bearer(struct rig *rig, struct uuid tenant, struct arena *arena);

void rig_put_rules(struct testbed *testbed, const char *rules);
void rig_no_rules(struct testbed *testbed);
/* Whether the newest entry of its journal, as GET requests shows it, holds `what`. */
bool rig_last_entry_has(struct testbed *testbed, const char *what);
size_t rig_entries(struct testbed *testbed);

#endif
