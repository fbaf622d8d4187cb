/* server/handlers_rig_test.c - opens what the handlers need, hands them exchanges, reads answers.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "server/handlers_rig_test.h"

#include "base/test.h"

#include <unistd.h>

#include "auth/issuer.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "edm/toy_model.h"
#include "http/response_write.h"
#include "loop/loop.h"
#include "server/data.h"
#include "service/dispatch.h"
#include "service/provision.h"
#include "store/store.h"
#include "json/writer.h"

#define MEASURE_BYTES ((size_t)128)

static const struct slice own_origins[] = {
    SLICE_INIT("https://graph.example"), SLICE_INIT("http://both.example"),
    SLICE_INIT("https://both.example"),  SLICE_INIT("http://plain.example"),
    SLICE_INIT("http://" RIG_LOCAL),
};

/* --- the rig --------------------------------------------------------------------------------- */

static bool provision(void *context UNUSED, struct store_session *session, struct error *err)
{
    return service_provision(session, 0, err);
}

static void open_api(struct rig *rig)
{
    rig->rules = (struct token_rules){ .builtin = rig->issuer,
                                       .origins = own_origins,
                                       .origin_count = COUNT_OF(own_origins),
                                       .audiences = jwt_graph_audiences,
                                       .audience_count = jwt_graph_audience_count,
                                       .permissions = &rig->authorisation.permissions,
                                       .token_bytes_max = 16384 };
    rig->api = (struct api){ .model = &toy_model,
                             .profile = &profile_documented,
                             .authorisation = &rig->authorisation,
                             .rules = &rig->rules,
                             .clock = rig->clock,
                             .store = rig->store,
                             .dispatch = rig->dispatch,
                             .allow_anonymous = API_ANONYMOUS_ANY,
                             .anonymous = { .tenant = service_default_tenant(),
                                            .permissions = UINT64_MAX,
                                            .builtin = true,
                                            .expires_unix_s = INT64_MAX },
                             .token_lifetime_s = 3600,
                             .json_depth = 16,
                             .batch_parts = 20,
                             .reply_bytes_max = ROOMY,
                             .page_bytes = ROOMY,
                             .entity_bytes = RIG_ENTITY_BYTES,
                             .principal_cache_entries = 4 };
}

void rig_open(struct rig *rig, const struct testbed_limits *limits)
{
    rig_open_faulty(rig, limits, NULL);
}

void rig_open_faulty(struct rig *rig, const struct testbed_limits *limits,
                     struct db_fault_plan *faults)
{
    const struct store_options options = { .in_memory = true, .faults = faults };
    const struct dispatch_limits dispatch = {
        .queue = 16, .group = 4, .readers = 1, .read_deadline_ms = 60000
    };
    struct error error = { 0 };

    *rig = (struct rig){ .clock = clock_create() };
    rig->log = log_create(STDERR_FILENO, rig->clock, LOG_ERROR);
    if (!store_open(&toy_model, &options, &rig->store, &error) ||
        !data_write(rig->store, provision, NULL, &error) ||
        !dispatch_create(rig->store, &dispatch, &rig->dispatch, &error) ||
        !issuer_open(NULL, &rig->issuer, &error) ||
        !authorisation_init(&rig->authorisation, &toy_model, &error) ||
        !loop_create(0, NULL, &rig->loop, &error))
        fail_msg("%s", error.message);
    open_api(rig);
    if (limits)
        rig->api.testbeds = testbeds_create(rig->clock, limits, 1);
    assert_true(!limits || rig->api.testbeds);
    if (!api_loop_create(&rig->api, rig->loop, rig->log, &rig->api_loop, &error))
        fail_msg("%s", error.message);
    rig->handler = api_loop_handler(rig->api_loop);
}

struct testbed *rig_open_testbed(struct rig *rig, size_t journal_requests)
{
    const struct testbed_limits limits = { .testbeds = 10,
                                           .journal_requests = journal_requests,
                                           .fault_rules = 10,
                                           .past_entities = 1000 };
    struct testbed *testbed;

    rig_open(rig, &limits);
    testbed = testbeds_hold(rig->api.testbeds, service_default_tenant());
    assert_non_null(testbed);
    return testbed;
}

void rig_open_control(struct rig *rig)
{
    const struct testbed_limits limits = {
        .testbeds = 4, .journal_requests = 8, .fault_rules = 4, .past_entities = 8
    };

    rig_open(rig, &limits);
    rig->api.control = API_CONTROL_LOOPBACK;
    rig->api.seed = SLICE(RIG_SEED);
    rig->api.seed_tenant = service_default_tenant();
    rig->api.demo_seed = SLICE(RIG_DEMO);
    rig->api.sandboxes_max = RIG_SANDBOXES;
}

void rig_close(struct rig *rig)
{
    dispatch_stop(rig->dispatch);
    api_loop_destroy(rig->api_loop);
    loop_destroy(rig->loop);
    dispatch_destroy(rig->dispatch);
    testbeds_destroy(rig->api.testbeds);
    issuer_close(rig->issuer);
    store_close(rig->store);
    log_destroy(rig->log);
    clock_destroy(rig->clock);
}

/* --- exchanges ------------------------------------------------------------------------------- */

static void on_done(struct http_exchange *exchange)
{
    struct answer *answer = CONTAINER_OF(exchange, struct answer, exchange);

    answer->done = true;
    answer->had_memory_left = arena_alloc(exchange->arena, MEASURE_BYTES);
}

static const struct slice method_texts[] = {
    [HTTP_GET] = SLICE_INIT("GET"),         [HTTP_HEAD] = SLICE_INIT("HEAD"),
    [HTTP_POST] = SLICE_INIT("POST"),       [HTTP_PUT] = SLICE_INIT("PUT"),
    [HTTP_PATCH] = SLICE_INIT("PATCH"),     [HTTP_DELETE] = SLICE_INIT("DELETE"),
    [HTTP_OPTIONS] = SLICE_INIT("OPTIONS"),
};

void rig_send(struct rig *rig, const struct ask *ask, size_t budget_bytes, struct answer *ret)
{
    *ret = (struct answer){ .exchange = { .done = on_done } };
    ret->exchange.arena = arena_create(NULL, budget_bytes);
    ret->fields[0] =
        (struct http_field){ SLICE("Content-Type"),
                             ask->type ? slice_of(ask->type) : SLICE("application/json") };
    if (ask->name)
        ret->fields[1] = (struct http_field){ slice_of(ask->name), slice_of(ask->value) };
    size_t count = ask->name ? 2 : 1;
    if (ask->once) {
        http_date_line(clock_now_unix_s(rig->clock), ret->first_sent);
        ret->fields[count++] =
            (struct http_field){ SLICE("Repeatability-Request-ID"), slice_of(ask->once) };
        ret->fields[count++] = (struct http_field){ SLICE("Repeatability-First-Sent"),
                                                    { ret->first_sent + strlen("Date: "),
                                                      strlen("Sun, 06 Nov 1994 08:49:37 GMT") } };
    }
    ret->exchange.request = (struct http_request){
        .method = ask->method,
        .method_text = method_texts[ask->method],
        .path = slice_of(ask->path),
        .query = slice_of(ask->query),
        .authority = slice_of(ask->host ? ask->host : "other.example"),
        .secure = ask->secure,
        .from_loopback = !ask->from_afar,
        .fields = ret->fields,
        .field_count = count,
        .body = slice_of(ask->body),
        .has_body = ask->body,
    };
    rig->handler.handle(rig->handler.context, &ret->exchange);
}

void rig_await(struct rig *rig, struct answer *answer)
{
    while (!answer->done)
        loop_settle(rig->loop);
    api_loop_before_sleep(rig->api_loop);
}

void rig_ask(struct rig *rig, const struct ask *ask, size_t budget_bytes, struct answer *ret)
{
    rig_send(rig, ask, budget_bytes, ret);
    rig_await(rig, ret);
}

void answer_free(struct answer *answer)
{
    arena_destroy(answer->exchange.arena);
}

int rig_request(struct rig *rig, enum http_method method, const char *path, const char *query,
                const char *body, struct arena *arena, struct slice *ret_body)
{
    const struct ask ask = { .method = method, .path = path, .query = query, .body = body };
    struct answer answer;
    int status;

    rig_ask(rig, &ask, ROOMY, &answer);
    status = answer.exchange.response.status;
    if (ret_body)
        assert_true(arena_copy(arena, answer.exchange.response.body, ret_body));
    answer_free(&answer);
    return status;
}

struct slice answer_field(const struct answer *answer, struct slice name)
{
    const struct http_response *response = &answer->exchange.response;

    for (size_t i = 0; i < response->field_count; i++) {
        if (slice_eq(response->fields[i].name, name))
            return response->fields[i].value;
    }
    return SLICE_EMPTY;
}

size_t answer_count(const struct answer *answer, const char *what)
{
    struct slice body = answer->exchange.response.body;
    size_t count = 0, len = strlen(what);

    for (size_t at = 0; len > 0 && at + len <= body.len; at++)
        count += memcmp(body.ptr + at, what, len) == 0;
    return count;
}

size_t rig_count_crates(struct rig *rig)
{
    const struct ask list = { .method = HTTP_GET, .path = CRATES, .query = "$top=1000" };
    struct answer answer;
    size_t count;

    rig_ask(rig, &list, ROOMY, &answer);
    assert_int_equal(answer.exchange.response.status, 200);
    count = answer_count(&answer, "\"id\":");
    answer_free(&answer);
    return count;
}

struct slice answer_next_query(const struct answer *answer)
{
    struct slice body = answer->exchange.response.body, head, link;

    for (;;) {
        if (!slice_cut(body, '"', &head, &body))
            return SLICE_EMPTY;
        if (slice_starts_with(body, SLICE("@odata.nextLink\":\"")))
            break;
    }
    assert_true(slice_cut(body, '?', &head, &link) && slice_cut(link, '"', &link, &head));
    return link;
}

const char *rig_make(struct rig *rig, const char *set, const char *body, struct arena *arena)
{
    const struct ask create = { .method = HTTP_POST, .path = set, .body = body };
    struct answer answer;

    rig_ask(rig, &create, ROOMY, &answer);
    assert_int_equal(answer.exchange.response.status, 201);
    struct slice location = answer_field(&answer, SLICE("Location"));
    location = slice_sub(location, strlen("http://other.example"), location.len);
    const char *path = slice_to_cstr(arena, location);
    answer_free(&answer);
    assert_non_null(path);
    return path;
}

/* --- of a tenant's testbed ------------------------------------------------------------------- */

const char *rig_bearer(struct rig *rig, struct uuid tenant, struct arena *arena)
{
    static const struct slice roles[] = { SLICE_INIT("Shop.ReadWrite.All") };
    const struct token_request request = { .origin = SLICE("https://both.example"),
                                           .audience = jwt_graph_audiences[0],
                                           .tenant = tenant,
                                           .app_id = SLICE(RIG_APP),
                                           .app_name = SLICE("tests"),
                                           .permissions = roles,
                                           .permission_count = COUNT_OF(roles),
                                           .now_unix_s = clock_now_unix_s(rig->clock),
                                           .lifetime_s = 3600 };
    struct slice token, value;
    struct error error = { 0 };

    if (!issuer_sign(rig->issuer, &request, arena, &token, &error))
        fail_msg("%s", error.message);
    assert_true(arena_printf(arena, &value, "Bearer %.*s", SLICE_ARG(token)));
    return value.ptr;
}

void rig_put_rules(struct testbed *testbed, const char *rules)
{
    struct error error = { 0 };

    if (!faults_put(testbed_faults(testbed), slice_of(rules), &error))
        fail_msg("%s: %s", rules, error.message);
}

void rig_no_rules(struct testbed *testbed)
{
    faults_clear(testbed_faults(testbed));
}

bool rig_last_entry_has(struct testbed *testbed, const char *what)
{
    const struct journal_filter newest = { .top = 1 };
    struct arena *arena = arena_create(NULL, ROOMY);
    struct json_writer writer;
    struct text text;

    text_init(&text, arena, 0, ROOMY);
    json_writer_init(&writer, &text);
    assert_true(journal_write(testbed_journal(testbed), &newest, arena, &writer));
    bool found = memmem(text.ptr, text.len, what, strlen(what));
    arena_destroy(arena);
    return found;
}

size_t rig_entries(struct testbed *testbed)
{
    return journal_count(testbed_journal(testbed), &(struct journal_filter){ 0 });
}
