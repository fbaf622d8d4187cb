/* server/handlers_rig_test.h - the handlers of http/ without sockets: an exchange goes in, an
 * answer comes out.
 *
 * In this floor and not beside them, because only here a store may be opened for them. The toy
 * model stands for Graph's.
 */
#ifndef SERVER_HANDLERS_RIG_TEST_H
#define SERVER_HANDLERS_RIG_TEST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"
#include "base/uuid.h"
#include "http/api.h"
#include "http/message.h"

struct arena;
struct testbeds;

#define RIG_ENTITY_BYTES ((size_t)1024)
#define RIG_ROOMY        ((size_t)1 << 20)
#define RIG_SEED                                                                                   \
    "{\"crates\":[{\"place\":\"seeded\"},{\"place\":\"too\"}]}" /* the default tenant's */
#define RIG_DEMO  "{\"crates\":[{\"place\":\"demo\"}]}"
#define RIG_LOCAL "127.0.0.1:8080" /* a name that the control API answers to */

struct rig {
    struct store *store;
    struct dispatch *dispatch;
    struct loop *loop;
    struct log *log;
    struct clock *clock;
    struct issuer *issuer;
    struct testbeds *testbeds;
    struct authorisation authorisation;
    struct token_rules rules;
    struct api api;
    struct api_loop *api_loop;
    struct http_handler handler;
};

extern struct rig rig;

/* For cmocka_run_group_tests(). */
int open_rig(void **state);
int close_rig(void **state);

/* A request. Without `host` it is for other.example, from this machine all the same. */
struct ask {
    enum http_method method;
    const char *path, *query, *host, *body;
    const char *name, *value; /* of one more field; NULL: none */
    const char *type;         /* Content-Type; NULL: JSON */
    bool secure;
    bool from_afar; /* not from a loopback address */
};

/* What came back; the slices live until free_answer(). */
struct answer {
    struct http_exchange exchange;
    struct http_field fields[2];
    bool done;
    bool had_memory_left; /* for a head */
};

void ask(const struct ask *ask, size_t budget_bytes, struct answer *ret);
void free_answer(struct answer *answer);

struct slice field_of(const struct answer *answer, struct slice name);
/* How often `what` stands in the answer's body. */
size_t count_in_body(const struct answer *answer, const char *what);

#endif
