/* server/batch_test.c - batches through the handlers: what became of each part, and that a batch
 * ends in good order wherever memory does. What Graph's own types answer is asked in tests/.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "base/arena.h"
#include "base/text.h"
#include "server/handlers_rig_test.h"
#include "service/provision.h"
#include "json/reader.h"

static struct rig rig;
static struct testbed *testbed;

static int open_group(void **state UNUSED)
{
    testbed = rig_open_testbed(&rig, 10000);
    return 0;
}

static int close_group(void **state UNUSED)
{
    testbed_release(testbed);
    rig_close(&rig);
    return 0;
}

#define BATCH   "/beta/$batch"
#define TYPE    "\"headers\":{\"Content-Type\":\"application/json\"}"
#define GET(id) "{\"id\":\"" id "\",\"method\":\"GET\",\"url\":\"/shopFloor/crates?$top=1\"}"
#define MAKE(id, x)                                                                                \
    "{\"id\":\"" id "\",\"method\":\"POST\",\"url\":\"shopFloor/crates\"," TYPE x ",\"body\":{}}"
#define AFTER(id)   ",\"dependsOn\":[\"" id "\"]"
#define AND         ","
#define ALL(parts)  "{\"requests\":[" parts "]}"
#define AT(id, url) "{\"id\":\"" id "\",\"method\":\"GET\",\"url\":\"" url "\"}"

static void send(const char *body, size_t budget_bytes, struct answer *ret)
{
    const struct ask ask_it = { .method = HTTP_POST, .path = BATCH, .body = body };

    rig_ask(&rig, &ask_it, budget_bytes, ret);
}

/* "1:200 2:404", in the order of the answer, which must be JSON. */
static const char *statuses(const struct answer *answer, struct arena *arena)
{
    struct slice body = answer->exchange.response.body, head, id, status;
    struct text text;

    assert_true(json_is_valid(body, arena, 32));
    text_init(&text, arena, 0, 4096);
    while (slice_cut(body, '"', &head, &body)) {
        if (!slice_starts_with(body, SLICE("id\":\"")))
            continue;
        struct slice rest = slice_sub(body, 5, body.len);
        if (!slice_cut(rest, '"', &id, &rest) || !slice_starts_with(rest, SLICE(",\"status\":")))
            continue;
        status = slice_sub(rest, 10, 3);
        text_printf(&text, "%s%.*s:%.*s", text.len ? " " : "", SLICE_ARG(id), SLICE_ARG(status));
    }
    text_append_char(&text, '\0');
    assert_false(text.failed);
    return text.ptr;
}

static void check_batch(size_t row, const char *body, const char *want, size_t made)
{
    struct arena *arena = arena_create(NULL, ROOMY);
    size_t crates = rig_count_crates(&rig);
    struct answer answer;

    send(body, ROOMY, &answer);
    CHECK(answer.exchange.response.status == 200, row);
    CHECK(strcmp(statuses(&answer, arena), want) == 0, row);
    CHECK(rig_count_crates(&rig) == crates + made, row);
    answer_free(&answer);
    arena_destroy(arena);
}

/* --- what became of each --------------------------------------------------------------------- */

static const struct {
    const char *body;
    const char *statuses;
    size_t made;
} cases[] = {
    { ALL(GET("1")), "1:200", 0 },
    { ALL(GET("b") AND MAKE("A", "") AND GET("c")), "b:200 A:201 c:200", 1 },
    { ALL(MAKE("1", "") AND MAKE("2", AFTER("1")) AND MAKE("3", AFTER("2"))), "1:201 2:201 3:201",
      3 },

    /* one that fails takes along what depends on it, and nothing else */
    { ALL(AT("1", "/nothing") AND MAKE("2", AFTER("1")) AND MAKE("3", AFTER("2")) AND MAKE("4", "")
              AND MAKE("5", ",\"dependsOn\":[\"4\",\"1\"]") AND MAKE("6", AFTER("4"))),
      "1:400 2:424 3:424 4:201 5:424 6:201", 2 },

    /* methods */
    { ALL("{\"id\":\"1\",\"method\":\"head\",\"url\":\"/shopFloor\"},"
          "{\"id\":\"2\",\"method\":\"OPTIONS\",\"url\":\"/shopFloor\"},"
          "{\"id\":\"3\",\"method\":\"LIST\",\"url\":\"/shopFloor\"},"
          "{\"id\":\"4\",\"method\":\"PUT\",\"url\":\"/shopFloor\"," TYPE ",\"body\":{}}"),
      "1:200 2:405 3:405 4:405", 0 },

    /* a batch in a batch, and what is no JSON */
    { ALL("{\"id\":\"1\",\"method\":\"POST\",\"url\":\"/$batch\"," TYPE
          ",\"body\":{\"requests\":[]}}," AT("2", "/$batch")),
      "1:400 2:405", 0 },
    { ALL("{\"id\":\"1\",\"method\":\"POST\",\"url\":\"/shopFloor/crates\","
          "\"headers\":{\"Content-Type\":\"text/plain\"},\"body\":\"e30=\"},"
          "{\"id\":\"2\",\"method\":\"POST\",\"url\":\"/shopFloor/crates\"," TYPE
          ",\"body\":\"text\"},"
          "{\"id\":\"3\",\"method\":\"POST\",\"url\":\"/shopFloor/crates\",\"body\":\"e30=\"}"),
      "1:400 2:400 3:201", 1 },

    /* codings: "{}" as gzip data, and what is none */
    { ALL("{\"id\":\"1\",\"method\":\"POST\",\"url\":\"/shopFloor/crates\","
          "\"headers\":{\"Content-Type\":\"text/plain\",\"Content-Encoding\":\"gzip\"},"
          "\"body\":\"H4sIAAAAAAAAA6uuBQBDv6ajAgAAAA==\"},"
          "{\"id\":\"2\",\"method\":\"POST\",\"url\":\"/shopFloor/crates\",\"headers\":{"
          "\"content-type\":\"application/json\",\"content-encoding\":\"identity\"},\"body\":{}}"),
      "1:415 2:201", 1 },
};

static void test_parts(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        check_batch(i, cases[i].body, cases[i].statuses, cases[i].made);
}

/* --- URLs ------------------------------------------------------------------------------------ */

static const struct {
    const char *url; /* as JSON */
    int status;
} url_cases[] = {
    { "shopFloor", 200 },
    { "/shopFloor", 200 },
    { "/shopFloor/crates/$count", 200 },
    { "", 200 }, /* the service document */
    { "/", 200 },
    { "?$format=json", 200 },
    { "/$metadata", 200 },

    /* absolute */
    { "/beta/shopFloor", 200 },
    { "/beta?$format=json", 200 },
    { "http://other.example/beta/shopFloor", 200 },
    { "HTTPS://both.EXAMPLE/beta/shopFloor", 200 },
    { "http://other.example/beta", 200 },
    { "/v1.0/shopFloor", 400 },
    { "http://other.example/v1.0/shopFloor", 400 },
    { "https://evil.example/beta/shopFloor", 400 },
    { "http://other.example/health", 400 },
    { "http://other.example/_connectord/clock", 400 },
    { "http://other.example", 400 },
    { "http://", 400 },

    /* nothing but Graph's resources */
    { "/health", 400 },
    { "/_connectord/clock", 400 },
    { "/../beta/shopFloor", 400 },
    { "beta/shopFloor", 400 },
    { "//shopFloor", 400 },
    { "/shopFloor#x", 400 },

    /* what a request line cannot hold */
    { "/shopFloor/crates?$filter=place eq 'a b' or place eq '\xC3\xA9'", 200 },
    { "/shopFloor/crates?$filter=place eq '\\u0001'", 200 },
    { "/shopFloor/crates?$filter=place eq '\\u0000'", 400 },
};

static void test_urls(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(url_cases); i++) {
        char body[256], want[32];

        snprintf(body, sizeof body,
                 "{\"requests\":[{\"id\":\"1\",\"method\":\"GET\",\"url\":\"%s\"}]}",
                 url_cases[i].url);
        snprintf(want, sizeof want, "1:%d", url_cases[i].status);
        check_batch(i, body, want, 0);
    }
}

/* --- how many -------------------------------------------------------------------------------- */

enum shape { CHAIN, CREATES, COUNTS };

static const char *many(size_t count, enum shape shape, struct arena *arena)
{
    struct text text;

    text_init(&text, arena, 0, ROOMY / 2);
    text_append(&text, SLICE("{\"requests\":["));
    for (size_t i = 0; i < count; i++) {
        text_printf(&text, "%s{\"id\":\"%zu\",", i ? "," : "", i);
        if (shape == CHAIN && i > 0)
            text_printf(&text, "\"dependsOn\":[\"%zu\"],", i - 1);
        if (shape == COUNTS)
            text_append(&text, SLICE("\"method\":\"GET\",\"url\":\"/shopFloor/crates/$count\"}"));
        else
            text_append(&text, SLICE("\"method\":\"POST\",\"url\":\"/shopFloor/crates\"," TYPE
                                     ",\"body\":{}}"));
    }
    text_append(&text, SLICE("]}"));
    text_append_char(&text, '\0');
    assert_false(text.failed);
    return text.ptr;
}

static void check_many(size_t count, enum shape shape, const char *status)
{
    struct arena *arena = arena_create(NULL, ROOMY);
    struct answer answer;

    send(many(count, shape, arena), ROOMY, &answer);
    assert_int_equal(answer.exchange.response.status, 200);
    assert_int_equal(answer_count(&answer, status), count);
    answer_free(&answer);
    arena_destroy(arena);
}

static void test_a_chain(void **state UNUSED)
{
    check_many(20, CHAIN, "\"status\":201");
}

/* The queue of this rig holds 16 reads; those of a batch take turns, so it is never full. */
static void test_reads_take_turns(void **state UNUSED)
{
    check_many(20, COUNTS, "\"status\":200");
}

static void test_side_by_side(void **state UNUSED)
{
    check_many(12, CREATES, "\"status\":201");
}

static void test_one_too_many(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, ROOMY);
    size_t crates = rig_count_crates(&rig);
    struct answer answer;

    send(many(21, CREATES, arena), ROOMY, &answer);
    assert_int_equal(answer.exchange.response.status, 400);
    assert_int_equal(
        answer_count(&answer, "Number of batch request steps exceeds the maximum value of 20."), 1);
    assert_int_equal(rig_count_crates(&rig), crates);
    answer_free(&answer);
    arena_destroy(arena);
}

/* A field that no request can have, which the envelope's reader does not know. */
static void test_fields(void **state UNUSED)
{
    static const char *const headers[] = { "{\"\":\"x\"}", "{\"a b\":\"x\"}", "{\"a:\":\"x\"}",
                                           "{\"a\":\"x\\r\\ny: z\"}", "{\"a\":\"\\u0000\"}" };

    for (size_t i = 0; i < COUNT_OF(headers); i++) {
        char body[256];
        struct answer answer;

        snprintf(body, sizeof body,
                 "{\"requests\":[{\"id\":\"1\",\"method\":\"GET\",\"url\":\"\",\"headers\":%s}]}",
                 headers[i]);
        send(body, ROOMY, &answer);
        CHECK(answer.exchange.response.status == 400, i);
        CHECK(answer_count(&answer, "\"target\":\"headers\"") == 1, i);
        answer_free(&answer);
    }
}

/* --- faults ---------------------------------------------------------------------------------- */

#define RULE(rest) "{\"rules\":[{\"name\":\"r1\"," rest "}]}"

static const struct {
    const char *rules;
    const char *statuses; /* NULL: the batch itself is answered by the rule */
    const char *in_body;
    size_t made;
    enum http_fate fate;
} fault_rules[] = {
    { RULE("\"when\":{\"path\":\"*/crates\",\"nth\":2},\"answer\":{\"error\":\"429.intune\","
           "\"retryAfter\":7}"),
      "1:201 2:429 3:424", "\"Retry-After\":\"7\"", 1, HTTP_FATE_SENT },
    { RULE("\"when\":{\"path\":\"*/crates\",\"nth\":1},\"answer\":{\"status\":503},"
           "\"executes\":true"),
      "1:503 2:201 3:201", "\"body\":null", 3, HTTP_FATE_SENT },
    { RULE("\"when\":{\"path\":\"*/crates\"},\"delay\":\"5ms\""), "1:201 2:201 3:201",
      "\"x-connectord-fault\":\"r1\"", 3, HTTP_FATE_SENT },
    { RULE("\"when\":{\"path\":\"*/crates\",\"nth\":1},\"connection\":\"truncate\""),
      "1:201 2:201 3:201", "", 3, HTTP_FATE_TRUNCATED },
    { RULE("\"when\":{\"path\":\"*/crates\",\"nth\":1},\"connection\":\"reset\""),
      "1:500 2:201 3:201", "", 2, HTTP_FATE_RESET },
    { RULE("\"answer\":{\"error\":\"429.graph\"}"), NULL, "\"error\"", 0, HTTP_FATE_SENT },
};

static void test_faults(void **state UNUSED)
{
    const char *body = ALL(MAKE("1", "") AND MAKE("2", "") AND MAKE("3", AFTER("2")));

    for (size_t i = 0; i < COUNT_OF(fault_rules); i++) {
        struct arena *arena = arena_create(NULL, ROOMY);
        size_t crates = rig_count_crates(&rig);
        struct answer answer;

        rig_put_rules(testbed, fault_rules[i].rules);
        send(body, ROOMY, &answer);
        rig_no_rules(testbed);
        CHECK(answer.exchange.response.fate == fault_rules[i].fate, i);
        if (fault_rules[i].statuses)
            CHECK(strcmp(statuses(&answer, arena), fault_rules[i].statuses) == 0, i);
        else
            CHECK(answer.exchange.response.status == 429, i);
        CHECK(!fault_rules[i].in_body[0] || answer_count(&answer, fault_rules[i].in_body) > 0, i);
        CHECK(rig_count_crates(&rig) == crates + fault_rules[i].made, i);
        answer_free(&answer);
        arena_destroy(arena);
    }
}

/* Each part, then the batch. */
static void test_journal(void **state UNUSED)
{
    size_t entries = rig_entries(testbed);
    struct answer answer;

    send(ALL(MAKE("1", "") AND AT("2", "/shopFloor/crates/none") AND MAKE("3", AFTER("2"))), ROOMY,
         &answer);
    answer_free(&answer);
    assert_int_equal(rig_entries(testbed), entries + 3); /* the third was not begun */
    assert_true(
        rig_last_entry_has(testbed, "\"path\":\"" BATCH "\",\"query\":\"\",\"status\":200"));
    assert_true(rig_last_entry_has(testbed, "\"executed\":true"));
}

/* --- sizes ----------------------------------------------------------------------------------- */

/* The last ones give way: a read can be asked for again, a write was made. */
static void test_too_large(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, ROOMY);
    char place[1200], body[4000];
    struct answer answer;

    memset(place, 'x', sizeof place - 1);
    place[sizeof place - 1] = '\0';
    snprintf(body, sizeof body,
             "{\"requests\":[{\"id\":\"1\",\"method\":\"POST\",\"url\":\"/shopFloor/crates\"," TYPE
             ",\"body\":{\"place\":\"%.900s\"}},"
             "{\"id\":\"2\",\"method\":\"GET\",\"url\":\"/shopFloor/crates?$top=50\","
             "\"dependsOn\":[\"1\"]}," GET("3") "]}",
             place);
    size_t crates = rig_count_crates(&rig);
    rig.api.reply_bytes_max = 3000;
    send(body, ROOMY, &answer);
    assert_int_equal(answer.exchange.response.status, 200);
    assert_string_equal(statuses(&answer, arena), "1:201 2:413 3:200");
    assert_true(answer.exchange.response.body.len <= 3000);
    answer_free(&answer);
    rig.api.reply_bytes_max = 1600;
    send(body, ROOMY, &answer);
    assert_string_equal(statuses(&answer, arena), "1:201 2:413 3:200");
    assert_int_equal(answer_count(&answer, "\"body\":null"), 1);
    assert_int_equal(answer_count(&answer, "\"Location\":\"http://other.example/beta"), 1);
    answer_free(&answer);
    rig.api.reply_bytes_max = ROOMY;
    assert_int_equal(rig_count_crates(&rig), crates + 2);
    arena_destroy(arena);
}

/* What the batch says was made was made, and no more. */
static void check_made(size_t at, const struct answer *answer, size_t before)
{
    size_t made = rig_count_crates(&rig) - before;

    if (answer->exchange.response.status == 200)
        CHECK(answer_count(answer, "\"status\":201") == made, at);
    else if (answer->exchange.response.status != 500)
        CHECK(made == 0, at);
    CHECK(answer->exchange.response.body.len > 0, at);
}

static void test_memory_ends(void **state UNUSED)
{
    const char *body = ALL(MAKE("1", "") AND MAKE("2", "") AND MAKE("3", AFTER("2")));
    size_t whole = 0;

    for (size_t budget = 36 * 1024; budget < 128 * 1024; budget += 496) {
        size_t crates = rig_count_crates(&rig);
        struct answer answer;

        send(body, budget, &answer);
        check_made(budget, &answer, crates);
        CHECK(answer.had_memory_left, budget);
        whole += answer_count(&answer, "\"status\":201") == 3;
        answer_free(&answer);
    }
    assert_true(whole > 10);
}

#ifdef CONNECTORD_FAULTS
static void test_each_allocation_fails(void **state UNUSED)
{
    const char *body = ALL(MAKE("1", "") AND GET("2") AND MAKE("3", AFTER("2"))
                               AND AT("4", "/shopFloor/crates/$count"));
    uint64_t n = 0;

    for (bool fired = true; fired; n++) {
        struct answer answer;

        arena_fail_after(n + 1); /* the exchange's own arena is the engine's to get */
        send(body, ROOMY, &answer);
        fired = arena_fault_fired();
        arena_fail_after(UINT64_MAX);
        int status = answer.exchange.response.status;
        CHECK(status == 200 || status == 413 || status == 500, n);
        CHECK(fired || answer_count(&answer, "\"status\":20") == 4, n);
        answer_free(&answer);
    }
    assert_true(n > 20);
}
#endif

/* --- its end --------------------------------------------------------------------------------- */

static bool left_done;

static void left_is_done(struct http_exchange *exchange UNUSED)
{
    left_done = true;
}

/* Parts that are held back when the server ends are let go, and so are those behind them. */
static void test_the_server_ends(void **state UNUSED)
{
    const struct testbed_limits limits = { .testbeds = 4, .fault_rules = 4 };
    const struct ask ask_it = { .method = HTTP_POST,
                                .path = BATCH,
                                .body = ALL(GET("1") AND AT("2", "/shopFloor") AND MAKE(
                                    "3", AFTER("1")) AND MAKE("4", AFTER("3"))) };
    struct rig ending;
    struct answer answer;

    rig_open(&ending, &limits);
    struct testbed *held = testbeds_hold(ending.api.testbeds, service_default_tenant());
    rig_put_rules(held, RULE("\"when\":{\"path\":\"*/crates\"},\"delay\":\"60s\""));
    rig_send(&ending, &ask_it, ROOMY, &answer);
    assert_false(answer.done);
    answer.exchange.done = left_is_done;
    testbed_release(held);
    rig_close(&ending);
    assert_true(left_done);
    answer_free(&answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_urls),
        cmocka_unit_test(test_a_chain),
        cmocka_unit_test(test_reads_take_turns),
        cmocka_unit_test(test_side_by_side),
        cmocka_unit_test(test_one_too_many),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_journal),
        cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_memory_ends),
#ifdef CONNECTORD_FAULTS
        cmocka_unit_test(test_each_allocation_fails),
#endif
        cmocka_unit_test(test_the_server_ends),
    };
    return cmocka_run_group_tests(tests, open_group, close_group);
}
