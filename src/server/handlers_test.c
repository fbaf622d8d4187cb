/* server/handlers_test.c - the handlers of http/ without sockets: an exchange goes in, an answer
 * comes out.
 *
 * Here and not beside them, because only this floor may open a store for them. The toy model stands
 * for Graph's; what Graph's own types answer is asked in tests/.
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
#include "http/api.h"
#include "loop/loop.h"
#include "server/data.h"
#include "service/dispatch.h"
#include "service/provision.h"
#include "store/store.h"

#define CRATES        "/beta/shopFloor/crates"
#define ENTITY_BYTES  ((size_t)1024)
#define ROOMY         ((size_t)1 << 20)
#define MEASURE_BYTES ((size_t)128)

static const struct slice own_origins[] = {
    SLICE_INIT("https://graph.example"),
    SLICE_INIT("http://both.example"),
    SLICE_INIT("https://both.example"),
    SLICE_INIT("http://plain.example"),
};

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

static struct rig rig;

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
                            .allow_anonymous = API_ANONYMOUS_ANY,
                            .anonymous = { .tenant = service_default_tenant(),
                                           .permissions = UINT64_MAX,
                                           .builtin = true,
                                           .expires_unix_s = INT64_MAX },
                            .token_lifetime_s = 3600,
                            .json_depth = 16,
                            .reply_bytes_max = ROOMY,
                            .page_bytes = ROOMY,
                            .entity_bytes = ENTITY_BYTES,
                            .principal_cache_entries = 4 };
}

static int open_rig(void **state UNUSED)
{
    const struct store_options options = { .in_memory = true };
    const struct dispatch_limits limits = {
        .queue = 16, .group = 4, .readers = 1, .read_deadline_ms = 60000
    };
    struct error error = { 0 };

    rig.clock = clock_create();
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

static int close_rig(void **state UNUSED)
{
    dispatch_stop(rig.dispatch);
    api_loop_destroy(rig.api_loop);
    loop_destroy(rig.loop);
    dispatch_destroy(rig.dispatch);
    issuer_close(rig.issuer);
    store_close(rig.store);
    log_destroy(rig.log);
    clock_destroy(rig.clock);
    return 0;
}

/* --- exchanges ------------------------------------------------------------------------------- */

struct ask {
    enum http_method method;
    const char *path, *query, *host, *body;
    const char *name, *value; /* of one more field; NULL: none */
    bool secure;
};

/* What came back; the slices live until free_answer(). */
struct answer {
    struct http_exchange exchange;
    struct http_field fields[2];
    bool done;
    bool had_memory_left; /* for a head of MEASURE_BYTES */
};

static void on_done(struct http_exchange *exchange)
{
    struct answer *answer = CONTAINER_OF(exchange, struct answer, exchange);

    answer->done = true;
    answer->had_memory_left = arena_alloc(exchange->arena, MEASURE_BYTES);
}

static void ask(const struct ask *ask, size_t budget_bytes, struct answer *ret)
{
    *ret = (struct answer){ .exchange = { .done = on_done } };
    ret->exchange.arena = arena_create(NULL, budget_bytes);
    ret->fields[0] = (struct http_field){ SLICE("Content-Type"), SLICE("application/json") };
    if (ask->name)
        ret->fields[1] = (struct http_field){ slice_of(ask->name), slice_of(ask->value) };
    ret->exchange.request = (struct http_request){
        .method = ask->method,
        .path = slice_of(ask->path),
        .query = slice_of(ask->query),
        .authority = slice_of(ask->host ? ask->host : "other.example"),
        .secure = ask->secure,
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

static void free_answer(struct answer *answer)
{
    arena_destroy(answer->exchange.arena);
}

static struct slice field_of(const struct answer *answer, struct slice name)
{
    const struct http_response *response = &answer->exchange.response;

    for (size_t i = 0; i < response->field_count; i++) {
        if (slice_eq(response->fields[i].name, name))
            return response->fields[i].value;
    }
    return SLICE_EMPTY;
}

/* How often `what` stands in the answer's body. */
static size_t count_in_body(const struct answer *answer, const char *what)
{
    struct slice body = answer->exchange.response.body;
    size_t count = 0, len = strlen(what);

    for (size_t at = 0; at + len <= body.len; at++)
        count += memcmp(body.ptr + at, what, len) == 0;
    return count;
}

static size_t count_crates(void)
{
    const struct ask list = { .method = HTTP_GET, .path = CRATES, .query = "$top=1000" };
    struct answer answer;
    size_t count;

    ask(&list, ROOMY, &answer);
    assert_int_equal(answer.exchange.response.status, 200);
    count = count_in_body(&answer, "\"id\":");
    free_answer(&answer);
    return count;
}

/* --- memory ---------------------------------------------------------------------------------- */

/* 200 characters that JSON writes in six bytes each. */
static const char *heavy_crate(void)
{
    static char body[1400] = "{\"place\":\"";

    if (strlen(body) < 100) {
        for (int i = 0; i < 200; i++)
            memcpy(body + strlen(body), "\\u0001", 7);
        memcpy(body + strlen(body), "\"}", 3);
    }
    return body;
}

/* Whatever the memory a request gets: a write that was made is told as made, one that is refused
 * was not made, and there is room for the head of either answer. */
static void test_memory_ends(void **state UNUSED)
{
    struct ask create = { .method = HTTP_POST, .path = CRATES, .body = heavy_crate() };
    size_t crates = count_crates(), made = 0, refused = 0;

    for (size_t budget = 40 * 1024; budget < 64 * 1024; budget += 112) {
        struct answer answer;

        ask(&create, budget, &answer);
        bool ok = answer.exchange.response.status == 201;
        CHECK(ok || answer.exchange.response.status == 413, budget);
        CHECK(answer.exchange.response.body.len > 0, budget);
        CHECK(answer.had_memory_left, budget);
        CHECK(!ok || field_of(&answer, SLICE("Location")).len > 0, budget);
        CHECK(count_crates() == crates + ok, budget);
        crates += ok;
        ok ? made++ : refused++;
        free_answer(&answer);
    }
    assert_true(made > 10 && refused > 10);
}

/* A reply that finds no memory is an error with a body, and not a bare 500. */
static void test_memory_of_reads(void **state UNUSED)
{
    const struct ask list = { .method = HTTP_GET, .path = CRATES, .query = "$top=100" };
    size_t refused = 0;

    for (size_t budget = 36 * 1024; budget < 128 * 1024; budget += 1008) {
        struct answer answer;

        ask(&list, budget, &answer);
        CHECK(answer.exchange.response.status == 200 || answer.exchange.response.status == 413,
              budget);
        CHECK(answer.exchange.response.body.len > 0 && answer.had_memory_left, budget);
        refused += answer.exchange.response.status == 413;
        free_answer(&answer);
    }
    assert_true(refused > 0);
}

/* --- pages ----------------------------------------------------------------------------------- */

/* query, Prefer; rows of the page, and of the one that its nextLink leads to */
static const struct {
    const char *query, *prefer;
    size_t first, second;
} page_cases[] = {
    { "", NULL, 100, 100 },
    { "", "odata.maxpagesize=20", 20, 20 },
    { "", "odata.maxpagesize=120", 120, 120 }, /* more than a page has by itself */
    { "$top=30", "odata.maxpagesize=120", 30, 30 },
    { "$top=150", "odata.maxpagesize=120", 120, 120 },
    { "$top=130", NULL, 130, 130 },
};

static struct slice next_query(const struct answer *answer)
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

static void test_page_sizes(void **state UNUSED)
{
    const struct ask create = { .method = HTTP_POST, .path = CRATES, .body = "{}" };

    while (count_crates() < 300) {
        struct answer answer;
        ask(&create, ROOMY, &answer);
        free_answer(&answer);
    }
    for (size_t i = 0; i < COUNT_OF(page_cases); i++) {
        struct ask list = { .method = HTTP_GET,
                            .path = CRATES,
                            .query = page_cases[i].query,
                            .name = page_cases[i].prefer ? "Prefer" : NULL,
                            .value = page_cases[i].prefer };
        struct answer first, second;
        struct arena *arena = arena_create(NULL, ROOMY);

        ask(&list, ROOMY, &first);
        CHECK(count_in_body(&first, "\"id\":") == page_cases[i].first, i);
        list.query = slice_to_cstr(arena, next_query(&first));
        list.name = NULL; /* a client need not say it again */
        ask(&list, ROOMY, &second);
        CHECK(count_in_body(&second, "\"id\":") == page_cases[i].second, i);
        free_answer(&first);
        free_answer(&second);
        arena_destroy(arena);
    }
}

/* --- origins --------------------------------------------------------------------------------- */

static const struct {
    const char *host;
    bool secure;
    const char *origin;
} origin_cases[] = {
    { "other.example", false, "http://other.example" },
    { "other.example", true, "https://other.example" },
    { "graph.example", false, "https://graph.example" }, /* behind a proxy that ends TLS */
    { "graph.example", true, "https://graph.example" },
    { "both.example", false, "http://both.example" },
    { "both.example", true, "https://both.example" },
    { "plain.example", false, "http://plain.example" },
    { "plain.example", true, "https://plain.example" }, /* never less than was asked */
    { "graph.example:443", false, "http://graph.example:443" },
};

static void test_origins(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(origin_cases); i++) {
        const struct ask create = { .method = HTTP_POST,
                                    .path = CRATES,
                                    .host = origin_cases[i].host,
                                    .secure = origin_cases[i].secure,
                                    .body = "{}" };
        struct answer answer;
        struct slice rest;

        ask(&create, ROOMY, &answer);
        struct slice location = field_of(&answer, SLICE("Location"));
        CHECK(slice_starts_with(location, slice_of(origin_cases[i].origin)), i);
        rest = slice_sub(location, strlen(origin_cases[i].origin), location.len);
        CHECK(slice_starts_with(rest, SLICE(CRATES "('")), i);
        free_answer(&answer);
    }
}

/* A name of any length comes back whole. */
static void test_long_host(void **state UNUSED)
{
    static char host[20000];
    const struct ask create = {
        .method = HTTP_POST, .path = CRATES, .host = host, .body = "{}", .secure = true
    };
    struct answer answer;

    memset(host, 'a', sizeof host - 1);
    ask(&create, ROOMY, &answer);
    assert_int_equal(answer.exchange.response.status, 201);
    assert_true(field_of(&answer, SLICE("Location")).len > sizeof host);
    free_answer(&answer);
}

/* --- tokens ---------------------------------------------------------------------------------- */

#define TOKEN_PATH "/" SERVICE_DEFAULT_TENANT "/oauth2/v2.0/token"
#define FORM(id)                                                                                   \
    "grant_type=client_credentials&client_id=" id                                                  \
    "&client_secret=connectord&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default"

/* host, secure, form; status */
static const struct {
    const char *host;
    bool secure;
    const char *form;
    int status;
} token_cases[] = {
    { "both.example", true, FORM("00000000-0000-4000-8000-0000000000c1"), 200 },
    { "both.example", true, FORM("00000000-0000-4000-8000-0000000000C1"), 200 },
    { "both.example", true, FORM("00000000-0000-4000-8000-0000000000c2"), 400 },
    { "graph.example", false, FORM("00000000-0000-4000-8000-0000000000c1"), 200 }, /* a proxy's */
    { "other.example", true, FORM("00000000-0000-4000-8000-0000000000c1"), 400 },
};

static void test_tokens(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(token_cases); i++) {
        const struct ask post = { .method = HTTP_POST,
                                  .path = TOKEN_PATH,
                                  .host = token_cases[i].host,
                                  .secure = token_cases[i].secure,
                                  .body = token_cases[i].form };
        struct answer answer;

        ask(&post, ROOMY, &answer);
        CHECK(answer.exchange.response.status == token_cases[i].status, i);
        CHECK(count_in_body(&answer, "\"access_token\":\"ey") == (token_cases[i].status == 200), i);
        free_answer(&answer);
    }
}

/* --- every allocation fails once ---------------------------------------------------------------
 */

#ifdef CONNECTORD_FAULTS
/* The first one makes the crate that the others are about. */
static const struct {
    enum http_method method;
    const char *query, *body;
    bool of_set;
} fault_cases[] = {
    { HTTP_POST, "", "{\"place\":\"a\"}", true },
    { HTTP_GET, "", NULL, false },
    { HTTP_GET, "$count=true&$top=3", NULL, true },
    { HTTP_PATCH, "", "{\"place\":\"b\"}", false },
    { HTTP_DELETE, "", NULL, false },
};

/* The path of a crate that was just made, NUL behind it. */
static const char *new_crate(struct arena *arena)
{
    const struct ask create = { .method = HTTP_POST, .path = CRATES, .body = "{}" };
    struct answer answer;
    const char *path;

    ask(&create, ROOMY, &answer);
    struct slice location = field_of(&answer, SLICE("Location"));
    path = slice_to_cstr(arena, slice_sub(location, strlen("http://other.example"), location.len));
    free_answer(&answer);
    return path;
}

/* 413: nothing was done; 500: nobody knows, unless it was reading. True when one failed. */
static bool check_fault(size_t row, const struct ask *ask_it, size_t crates)
{
    struct answer answer;

    ask(ask_it, ROOMY, &answer);
    bool fired = arena_fault_fired();
    int status = answer.exchange.response.status;
    arena_fail_after(UINT64_MAX);
    CHECK(fired ? status / 100 == 2 || status == 413 || status == 500 : status / 100 == 2, row);
    if (status == 413)
        CHECK(count_crates() == crates, row);
    free_answer(&answer);
    return fired;
}

static void test_each_allocation_fails(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(fault_cases); i++) {
        uint64_t n = 0;

        for (bool fired = true; fired; n++) {
            struct arena *arena = arena_create(NULL, ROOMY);
            const struct ask ask_it = { .method = fault_cases[i].method,
                                        .path = fault_cases[i].of_set ? CRATES : new_crate(arena),
                                        .query = fault_cases[i].query,
                                        .body = fault_cases[i].body };
            size_t crates = count_crates();

            arena_fail_after(n + 1); /* the exchange's own arena is the engine's to get */
            fired = check_fault(i, &ask_it, crates);
            arena_destroy(arena);
        }
        CHECK(n > 3, i);
    }
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_ends),
        cmocka_unit_test(test_memory_of_reads),
        cmocka_unit_test(test_page_sizes),
        cmocka_unit_test(test_origins),
        cmocka_unit_test(test_long_host),
        cmocka_unit_test(test_tokens),
#ifdef CONNECTORD_FAULTS
        cmocka_unit_test(test_each_allocation_fails),
#endif
    };
    return cmocka_run_group_tests(tests, open_rig, close_rig);
}
