/* server/handlers_rig_test.c - a store, a dispatch, one loop and its handlers, and no connection.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include <unistd.h>

#include "auth/issuer.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "edm/toy_model.h"
#include "loop/loop.h"
#include "server/data.h"
#include "server/handlers_rig_test.h"
#include "service/dispatch.h"
#include "service/provision.h"
#include "store/store.h"
#include "testbed/testbed.h"

#define MEASURE_BYTES ((size_t)128)

static const struct slice own_origins[] = {
    SLICE_INIT("https://graph.example"), SLICE_INIT("http://both.example"),
    SLICE_INIT("https://both.example"),  SLICE_INIT("http://plain.example"),
    SLICE_INIT("http://" RIG_LOCAL),
};

struct rig rig;

/* --- the rig --------------------------------------------------------------------------------- */

static bool provision(void *context UNUSED, struct store_session *session, struct error *err)
{
    return service_provision(session, 0, err);
}

static void open_api(void)
{
    rig.rules = (struct token_rules){ .builtin = rig.issuer,
                                      .origins = own_origins,
                                      .origin_count = COUNT_OF(own_origins),
                                      .audiences = jwt_graph_audiences,
                                      .audience_count = jwt_graph_audience_count,
                                      .permissions = &rig.authorisation.permissions,
                                      .token_bytes_max = 16384 };
    rig.api = (struct api){ .model = &toy_model,
                            .profile = &profile_documented,
                            .authorisation = &rig.authorisation,
                            .rules = &rig.rules,
                            .clock = rig.clock,
                            .store = rig.store,
                            .dispatch = rig.dispatch,
                            .testbeds = rig.testbeds,
                            .control = API_CONTROL_LOOPBACK,
                            .seed = SLICE(RIG_SEED),
                            .seed_tenant = service_default_tenant(),
                            .demo_seed = SLICE(RIG_DEMO),
                            .sandboxes_max = 3,
                            .allow_anonymous = API_ANONYMOUS_ANY,
                            .anonymous = { .tenant = service_default_tenant(),
                                           .permissions = UINT64_MAX,
                                           .builtin = true,
                                           .expires_unix_s = INT64_MAX },
                            .token_lifetime_s = 3600,
                            .json_depth = 16,
                            .reply_bytes_max = RIG_ROOMY,
                            .page_bytes = RIG_ROOMY,
                            .entity_bytes = RIG_ENTITY_BYTES,
                            .principal_cache_entries = 4 };
}

int open_rig(void **state UNUSED)
{
    const struct store_options options = { .in_memory = true };
    const struct dispatch_limits limits = {
        .queue = 16, .group = 4, .readers = 1, .read_deadline_ms = 60000
    };
    const struct testbed_limits tested = {
        .testbeds = 4, .journal_requests = 8, .fault_rules = 4, .past_entities = 8
    };
    struct error error = { 0 };

    rig.clock = clock_create();
    rig.testbeds = testbeds_create(rig.clock, &tested, 1);
    rig.log = log_create(STDERR_FILENO, rig.clock, LOG_ERROR);
    if (!store_open(&toy_model, &options, &rig.store, &error) ||
        !data_write(rig.store, provision, NULL, &error) ||
        !dispatch_create(rig.store, &limits, &rig.dispatch, &error) ||
        !issuer_open(NULL, &rig.issuer, &error) ||
        !authorisation_init(&rig.authorisation, &toy_model, &error) ||
        !loop_create(0, NULL, &rig.loop, &error))
        fail_msg("%s", error.message);
    open_api();
    if (!api_loop_create(&rig.api, rig.loop, rig.log, &rig.api_loop, &error))
        fail_msg("%s", error.message);
    rig.handler = api_loop_handler(rig.api_loop);
    return 0;
}

int close_rig(void **state UNUSED)
{
    dispatch_stop(rig.dispatch);
    api_loop_destroy(rig.api_loop);
    loop_destroy(rig.loop);
    dispatch_destroy(rig.dispatch);
    issuer_close(rig.issuer);
    store_close(rig.store);
    testbeds_destroy(rig.testbeds);
    log_destroy(rig.log);
    clock_destroy(rig.clock);
    return 0;
}

/* --- exchanges ------------------------------------------------------------------------------- */

static void on_done(struct http_exchange *exchange)
{
    struct answer *answer = CONTAINER_OF(exchange, struct answer, exchange);

    answer->done = true;
    answer->had_memory_left = arena_alloc(exchange->arena, MEASURE_BYTES);
}

void ask(const struct ask *ask, size_t budget_bytes, struct answer *ret)
{
    *ret = (struct answer){ .exchange = { .done = on_done } };
    ret->exchange.arena = arena_create(NULL, budget_bytes);
    ret->fields[0] =
        (struct http_field){ SLICE("Content-Type"),
                             ask->type ? slice_of(ask->type) : SLICE("application/json") };
    if (ask->name)
        ret->fields[1] = (struct http_field){ slice_of(ask->name), slice_of(ask->value) };
    ret->exchange.request = (struct http_request){
        .method = ask->method,
        .path = slice_of(ask->path),
        .query = slice_of(ask->query),
        .authority = slice_of(ask->host ? ask->host : "other.example"),
        .secure = ask->secure,
        .from_loopback = !ask->from_afar,
        .fields = ret->fields,
        .field_count = ask->name ? 2 : 1,
        .body = slice_of(ask->body),
        .has_body = ask->body,
    };
    rig.handler.handle(rig.handler.context, &ret->exchange);
    while (!ret->done)
        loop_settle(rig.loop);
    api_loop_before_sleep(rig.api_loop);
}

void free_answer(struct answer *answer)
{
    arena_destroy(answer->exchange.arena);
}

struct slice field_of(const struct answer *answer, struct slice name)
{
    const struct http_response *response = &answer->exchange.response;

    for (size_t i = 0; i < response->field_count; i++) {
        if (slice_eq(response->fields[i].name, name))
            return response->fields[i].value;
    }
    return SLICE_EMPTY;
}

size_t count_in_body(const struct answer *answer, const char *what)
{
    struct slice body = answer->exchange.response.body;
    size_t count = 0, len = strlen(what);

    for (size_t at = 0; at + len <= body.len; at++)
        count += memcmp(body.ptr + at, what, len) == 0;
    return count;
}
