/* http/api.h - what answers a request: the Graph surface, the token issuer, health.
 *
 * A struct api is everything that the handlers of one server share and never change; each loop has
 * an api_loop with what only its thread touches. Together they make the http_handler that an
 * engine is given (http/engine.h).
 *
 * Floors: this is where URL, token, model, service and status codes meet; each is decided in its
 * own floor, and here only in which order.
 */
#ifndef HTTP_API_H
#define HTTP_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/jwt.h"
#include "auth/principal.h"
#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"
#include "base/uuid.h"
#include "http/message.h"
#include "odata/profile.h"
#include "service/authorisation.h"

struct clock;
struct control_sweep;
struct dispatch;
struct edm_model;
struct issuer;
struct log;
struct loop;
struct network_set;
struct repeatable;
struct store;
struct testbeds;

#define API_SEAL_KEY_BYTES 32

/* Who may use the control API (docs/control.md). */
enum api_control {
    API_CONTROL_OFF,
    API_CONTROL_LOOPBACK, /* loopback peers that ask for a name of this machine */
    API_CONTROL_ANY,
};

enum api_hsts { API_HSTS_OFF, API_HSTS_ON, API_HSTS_AUTO /* not for loopback names */ };

enum api_anonymous {
    API_ANONYMOUS_OFF,
    API_ANONYMOUS_OWN_ORIGIN, /* those for an origin of this server or a name of this machine */
    API_ANONYMOUS_ANY,
};

/* Built once in server/, then constant; every pointer outlives the loops. */
struct api {
    const struct edm_model *model;
    const struct profile *profile;
    const struct authorisation *authorisation;
    const struct token_rules *rules; /* rules->builtin NULL: the issuer's resources are not there */
    const struct clock *clock;       /* the server's; a tenant's is call_now_ticks() */
    struct testbeds *testbeds;       /* NULL: the control API is not there */
    enum api_control control;
    struct control_sweep *sweep; /* is told of new sandboxes; NULL: nobody is */
    struct slice seed;           /* what a reset of a tenant that is no sandbox goes back to */
    struct uuid seed_tenant;     /* only this one's; any other is reset to nothing */
    size_t sandboxes_max;
    struct slice demo_seed;
    struct repeatable *repeatable; /* NULL: ids are random; else `clock` stands still */
    struct store *store;
    struct dispatch *dispatch;
    uint8_t seal_key[API_SEAL_KEY_BYTES];
    struct slice ca_pem; /* empty: no development CA (the operator's own certificate) */
    const struct network_set *trusted_proxies; /* whose fields count; NULL: nobody's */
    bool strict;        /* refuse what goes beyond Graph (edm_entity_type.beyond_graph) */
    bool exact_strings; /* texts compare as they are: edm_query.exact_strings */
    bool odata_401;     /* OData 4.01 for who admits it; never where that is refused */
    bool etags;         /* entities have tags; never where `strict` or the profile refuses them */
    enum api_anonymous allow_anonymous; /* whose requests without a token are `anonymous`'s */
    struct principal anonymous;
    enum api_hsts hsts;
    int64_t token_lifetime_s;
    unsigned json_depth;
    size_t batch_parts;             /* requests of one batch; <= BATCH_PARTS_MOST */
    size_t body_bytes_max;          /* of a request, as it is sent and when it is inflated */
    size_t query_bytes_max;         /* of a request's options, where some come in its body */
    size_t gzip_from_bytes;         /* smaller answers are never compressed; SIZE_MAX: none is */
    size_t reply_bytes_max;         /* of one reply's body */
    size_t page_bytes;              /* a page ends behind the row that passes this */
    size_t entity_bytes;            /* text of one entity at most */
    int64_t delta_keep_ms;          /* how long a delta's token is good */
    size_t delta_rows;              /* of the log of one set that is followed */
    int64_t repeat_keep_ms;         /* how long a repeatable request is known */
    size_t repeats;                 /* of one tenant */
    size_t principal_cache_entries; /* per loop */
};

struct api_loop;

/* Opens the loop's session on the store. `log` and `loop` are the loop's. */
bool api_loop_create(const struct api *api, struct loop *loop, struct log *log,
                     struct api_loop **ret, struct error *err) MUST_CHECK;
/* When no exchange is open but those that are held back (http/delays.h) and batches that rest
 * (http/batch.c), which it lets go: their connections have gone. The loop does not run any more.
 * NULL does nothing. */
void api_loop_destroy(struct api_loop *api_loop);

/* Lets go of the read transaction; the loop's before_sleep hook calls it. */
void api_loop_before_sleep(struct api_loop *api_loop);

/* The handler to give to the loop's engine. */
struct http_handler api_loop_handler(struct api_loop *api_loop);

#endif
