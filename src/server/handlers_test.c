/* server/handlers_test.c - what the handlers of http/ answer: memory that ends, pages, origins,
 * tokens. What Graph's own types answer is asked in tests/.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "base/arena.h"
#include "server/handlers_rig_test.h"
#include "service/provision.h"

static struct rig rig;

static int open_group(void **state UNUSED)
{
    rig_open(&rig, NULL);
    return 0;
}

static int close_group(void **state UNUSED)
{
    rig_close(&rig);
    return 0;
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
    size_t crates = rig_count_crates(&rig), made = 0, refused = 0;

    for (size_t budget = 40 * 1024; budget < 64 * 1024; budget += 112) {
        struct answer answer;

        rig_ask(&rig, &create, budget, &answer);
        bool ok = answer.exchange.response.status == 201;
        CHECK(ok || answer.exchange.response.status == 413, budget);
        CHECK(answer.exchange.response.body.len > 0, budget);
        CHECK(answer.had_memory_left, budget);
        CHECK(!ok || answer_field(&answer, SLICE("Location")).len > 0, budget);
        CHECK(rig_count_crates(&rig) == crates + ok, budget);
        crates += ok;
        ok ? made++ : refused++;
        answer_free(&answer);
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

        rig_ask(&rig, &list, budget, &answer);
        CHECK(answer.exchange.response.status == 200 || answer.exchange.response.status == 413,
              budget);
        CHECK(answer.exchange.response.body.len > 0 && answer.had_memory_left, budget);
        refused += answer.exchange.response.status == 413;
        answer_free(&answer);
    }
    assert_true(refused > 0);
}

/* What a reader chooses to have worked out takes memory in many places: wherever it ends that is
 * told as that. */
static void test_memory_of_expressions(void **state UNUSED)
{
    static const struct ask asks[] = {
        { .method = HTTP_GET,
          .path = ARTICLES,
          .query = "$compute=length(title) as n,concat(title,@t) as m,m as o&@t='x'&$filter=n gt 0 "
                   "or labels eq ['a']&$orderby=m desc,n&$count=true&$select=id,m,labels("
                   "$filter=$this ne 'b';$orderby=$this desc;$top=2;$count=true)" },
        { .method = HTTP_GET,
          .path = ARTICLES "/$filter(@f)/$filter(labels%20ne%20null)",
          .query = "@f=hassubset(labels,['a'])&$compute=1 as n&$search=x&$top=1" },
        { .method = HTTP_GET,
          .path = ARTICLES,
          .query = "$apply=filter(labels eq ['a','b'])/groupby((title),aggregate($count as n))"
                   "&$orderby=n&$filter=n gt 0" },
        { .method = HTTP_GET,
          .path = ARTICLES "/$count",
          .query = "$compute=length(title) as n&$filter=n gt 0&$select=n,labels($top=1)" },
    };
    struct arena *arena = arena_create(NULL, ROOMY);

    rig_make(&rig, ARTICLES, "{\"title\":\"x\",\"labels\":[\"a\",\"b\"]}", arena);
    rig_make(&rig, ARTICLES, "{\"title\":\"xx\",\"labels\":[\"a\"]}", arena);
    for (size_t i = 0; i < COUNT_OF(asks); i++) {
        size_t served = 0, refused = 0;

        for (size_t budget = 36 * 1024; budget < 160 * 1024 && served < 8; budget += 256) {
            struct answer answer;

            rig_ask(&rig, &asks[i], budget, &answer);
            int status = answer.exchange.response.status;
            if (status != 200 && status != 413)
                fail_msg("ask %zu with %zu bytes: %d: %.*s", i, budget, status,
                         SLICE_ARG(answer.exchange.response.body));
            CHECK(answer.exchange.response.body.len > 0 && answer.had_memory_left, budget);
            served += status == 200;
            refused += status == 413;
            answer_free(&answer);
        }
        CHECK(served > 0, i);
        CHECK(refused > 0, i);
    }
    arena_destroy(arena);
}

/* An error in a back end's words takes more memory than a sentence: where it ends, the sentence
 * stands, and never nothing. */
static void test_memory_of_back_end_words(void **state UNUSED)
{
    const struct ask get = { .method = HTTP_GET, .path = CRATES "/none" };
    size_t told = 0;

    rig.api.profile = &profile_live;
    for (size_t budget = 36 * 1024; budget < 64 * 1024; budget += 496) {
        struct answer answer;

        rig_ask(&rig, &get, budget, &answer);
        CHECK(answer.exchange.response.body.len > 0 && answer.had_memory_left, budget);
        if (answer.exchange.response.status == 404) {
            CHECK(answer_count(&answer, "An error has occurred - Operation ID") == 1, budget);
            CHECK(answer_count(&answer, "https://store.example/Shop/shopFloor/crates('none')?") ==
                      1,
                  budget);
            told++;
        }
        answer_free(&answer);
    }
    rig.api.profile = &profile_documented;
    assert_true(told > 10);
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

static void test_page_sizes(void **state UNUSED)
{
    const struct ask create = { .method = HTTP_POST, .path = CRATES, .body = "{}" };

    while (rig_count_crates(&rig) < 300) {
        struct answer answer;
        rig_ask(&rig, &create, ROOMY, &answer);
        answer_free(&answer);
    }
    for (size_t i = 0; i < COUNT_OF(page_cases); i++) {
        struct ask list = { .method = HTTP_GET,
                            .path = CRATES,
                            .query = page_cases[i].query,
                            .name = page_cases[i].prefer ? "Prefer" : NULL,
                            .value = page_cases[i].prefer };
        struct answer first, second;
        struct arena *arena = arena_create(NULL, ROOMY);

        rig_ask(&rig, &list, ROOMY, &first);
        CHECK(answer_count(&first, "\"id\":") == page_cases[i].first, i);
        list.query = slice_to_cstr(arena, answer_next_query(&first));
        list.name = NULL; /* a client need not say it again */
        rig_ask(&rig, &list, ROOMY, &second);
        CHECK(answer_count(&second, "\"id\":") == page_cases[i].second, i);
        answer_free(&first);
        answer_free(&second);
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

        rig_ask(&rig, &create, ROOMY, &answer);
        struct slice location = answer_field(&answer, SLICE("Location"));
        CHECK(slice_starts_with(location, slice_of(origin_cases[i].origin)), i);
        rest = slice_sub(location, strlen(origin_cases[i].origin), location.len);
        CHECK(slice_starts_with(rest, SLICE(CRATES "('")), i);
        answer_free(&answer);
    }
}

/* However many rows a request uses, they take the room of one field. */
static void test_rows_beyond_graph(void **state UNUSED)
{
    const struct ask list = { .method = HTTP_GET,
                              .path = CRATES,
                              .query = "$search=a&$apply=filter(true)&$filter=true" };
    const struct slice name = SLICE("x-connectord-beyond-graph");
    struct answer answer;
    size_t fields = 0;

    rig_ask(&rig, &list, ROOMY, &answer);
    for (size_t i = 0; i < answer.exchange.response.field_count; i++)
        fields += slice_eq(answer.exchange.response.fields[i].name, name);
    assert_int_equal(answer.exchange.response.status, 200);
    assert_int_equal(fields, 1);
    assert_true(slice_eq(answer_field(&answer, name), SLICE("search, apply")));
    answer_free(&answer);
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
    rig_ask(&rig, &create, ROOMY, &answer);
    assert_int_equal(answer.exchange.response.status, 201);
    assert_true(answer_field(&answer, SLICE("Location")).len > sizeof host);
    answer_free(&answer);
}

/* --- tokens ---------------------------------------------------------------------------------- */

#define TOKEN_PATH "/" SERVICE_DEFAULT_TENANT "/oauth2/v2.0/token"
#define CLIENT     "00000000-0000-4000-8000-0000000000c1"
#define GRAPH      "https%3A%2F%2Fgraph.microsoft.com%2F.default"
#define FORM_SCOPE(id, scope)                                                                      \
    "grant_type=client_credentials&client_id=" id "&client_secret=connectord&scope=" scope
#define FORM(id) FORM_SCOPE(id, GRAPH)

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
    { "both.example", true, FORM_SCOPE(CLIENT, GRAPH "+openid+offline_access+profile"), 200 },
    { "both.example", true, FORM_SCOPE(CLIENT, "+openid%20" GRAPH "+"), 200 },
    { "both.example", true, FORM_SCOPE(CLIENT, "openid+offline_access+profile"), 400 },
    { "both.example", true, FORM_SCOPE(CLIENT, GRAPH "+" GRAPH), 400 },
    { "both.example", true, FORM_SCOPE(CLIENT, GRAPH "+email"), 400 },
    { "both.example", true, FORM_SCOPE(CLIENT, ""), 400 },
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

        rig_ask(&rig, &post, ROOMY, &answer);
        CHECK(answer.exchange.response.status == token_cases[i].status, i);
        CHECK(answer_count(&answer, "\"access_token\":\"ey") == (token_cases[i].status == 200), i);
        answer_free(&answer);
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

    rig_ask(&rig, &create, ROOMY, &answer);
    struct slice location = answer_field(&answer, SLICE("Location"));
    path = slice_to_cstr(arena, slice_sub(location, strlen("http://other.example"), location.len));
    answer_free(&answer);
    return path;
}

/* 413: nothing was done; 500: nobody knows, unless it was reading. True when one failed. */
static bool check_fault(size_t row, const struct ask *ask_it, size_t crates)
{
    struct answer answer;

    rig_ask(&rig, ask_it, ROOMY, &answer);
    bool fired = arena_fault_fired();
    int status = answer.exchange.response.status;
    arena_fail_after(UINT64_MAX);
    CHECK(fired ? status / 100 == 2 || status == 413 || status == 500 : status / 100 == 2, row);
    if (status == 413)
        CHECK(rig_count_crates(&rig) == crates, row);
    answer_free(&answer);
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
            size_t crates = rig_count_crates(&rig);

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
        cmocka_unit_test(test_memory_of_expressions),
        cmocka_unit_test(test_memory_of_back_end_words),
        cmocka_unit_test(test_page_sizes),
        cmocka_unit_test(test_origins),
        cmocka_unit_test(test_rows_beyond_graph),
        cmocka_unit_test(test_long_host),
        cmocka_unit_test(test_tokens),
#ifdef CONNECTORD_FAULTS
        cmocka_unit_test(test_each_allocation_fails),
#endif
    };
    return cmocka_run_group_tests(tests, open_group, close_group);
}
