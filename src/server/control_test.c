/* server/control_test.c - the control API: who may, each verb, each refusal, one tenant beside
 * another.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include <inttypes.h>

#include "base/arena.h"
#include "base/clock.h"
#include "http/control.h"
#include "http/embedded_control_openapi.h"
#include "server/handlers_rig_test.h"
#include "service/provision.h"
#include "testbed/testbed.h"
#include "json/reader.h"

#define BASE     "/_connectord"
#define STRANGER "00000000-0000-4000-8000-00000000dead"

static struct rig rig;
static struct testbeds *beds; /* the rig's, also while its api has none */

static int open_rig(void **state UNUSED)
{
    rig_open_control(&rig);
    beds = rig.api.testbeds;
    return 0;
}

static int close_rig(void **state UNUSED)
{
    rig_close(&rig);
    return 0;
}

/* --- asking ---------------------------------------------------------------------------------- */

/* The status of one request, its answer in *ret. */
static int say(enum http_method method, const char *path, const char *body, struct answer *ret)
{
    const struct ask it = { .method = method, .path = path, .body = body, .host = RIG_LOCAL };

    rig_ask(&rig, &it, ROOMY, ret);
    return ret->exchange.response.status;
}

/* The same, when the status is all that matters. */
static int status_of(enum http_method method, const char *path, const char *body)
{
    struct answer answer;
    int status = say(method, path, body, &answer);

    answer_free(&answer);
    return status;
}

/* True when the answer is a success that holds `what`. */
static bool says(enum http_method method, const char *path, const char *body, const char *what)
{
    struct answer answer;
    bool ok = say(method, path, body, &answer) / 100 == 2;

    if (!ok)
        print_message("%s: %d %.*s\n", path, answer.exchange.response.status,
                      SLICE_ARG(answer.exchange.response.body));
    ok = ok && answer_count(&answer, what) > 0;
    answer_free(&answer);
    return ok;
}

/* The text of the member `name` of the answer's outermost object, with a NUL behind it. */
static const char *member_of(const struct answer *answer, const char *name)
{
    struct slice body = answer->exchange.response.body, value = SLICE_EMPTY;
    struct json_reader reader;
    struct json_token token;

    json_reader_init(&reader, body, answer->exchange.arena, 16);
    assert_true(json_reader_next(&reader, &token, NULL));
    while (json_reader_next(&reader, &token, NULL) && token.kind == JSON_NAME) {
        bool found = slice_eq(token.text, slice_of(name));

        assert_true(json_reader_skip(&reader, &value, NULL));
        if (found)
            break;
    }
    return slice_to_cstr(answer->exchange.arena, slice_sub(value, 1, value.len - 2));
}

/* A sandbox and its address, which the arena keeps. */
static const char *make_sandbox(struct arena *arena, const char *body)
{
    struct answer answer;
    struct slice path;

    assert_int_equal(say(HTTP_POST, BASE "/sandbox", body, &answer), 201);
    assert_true(arena_printf(arena, &path, BASE "/tenants/%s", member_of(&answer, "tenant")));
    answer_free(&answer);
    return path.ptr;
}

static void end_sandbox(const char *path)
{
    assert_int_equal(status_of(HTTP_DELETE, path, NULL), 204);
    assert_int_equal(status_of(HTTP_GET, path, NULL), 404);
}

static const char *under(struct arena *arena, const char *path, const char *rest)
{
    struct slice all;

    assert_true(arena_printf(arena, &all, "%s%s", path, rest));
    return all.ptr;
}

static struct testbed *hold_default(void)
{
    return testbeds_hold(beds, service_default_tenant());
}

static void start_anew(void)
{
    assert_int_equal(status_of(HTTP_POST, BASE "/reset", "{}"), 200);
}

/* --- who may --------------------------------------------------------------------------------- */

static const struct {
    enum api_control control;
    const char *host;
    bool from_afar;
    const char *name, *value;
    int status;
} access_cases[] = {
    { API_CONTROL_LOOPBACK, RIG_LOCAL, false, NULL, NULL, 200 },
    { API_CONTROL_LOOPBACK, "localhost", false, NULL, NULL, 200 },
    { API_CONTROL_LOOPBACK, "test.localhost:8080", false, NULL, NULL, 200 },
    { API_CONTROL_LOOPBACK, "[::1]:8080", false, NULL, NULL, 200 },
    { API_CONTROL_LOOPBACK, "127.1.2.3", false, NULL, NULL, 200 },
    { API_CONTROL_LOOPBACK, RIG_LOCAL, true, NULL, NULL, 403 },
    { API_CONTROL_LOOPBACK, "attacker.example", false, NULL, NULL, 403 }, /* DNS rebinding */
    { API_CONTROL_LOOPBACK, "127.0.0.1.example.com", false, NULL, NULL, 403 },
    { API_CONTROL_LOOPBACK, "graph.example", false, NULL, NULL,
      403 }, /* ours, but behind a proxy */
    { API_CONTROL_LOOPBACK, RIG_LOCAL, false, "Origin", "http://" RIG_LOCAL, 200 },
    { API_CONTROL_LOOPBACK, RIG_LOCAL, false, "Origin", "https://graph.example", 200 },
    { API_CONTROL_LOOPBACK, RIG_LOCAL, false, "Origin", "http://attacker.example", 403 },
    { API_CONTROL_LOOPBACK, RIG_LOCAL, false, "Origin", "http://127.0.0.1:3000", 403 },
    { API_CONTROL_LOOPBACK, RIG_LOCAL, false, "origin", "null", 403 },
    { API_CONTROL_LOOPBACK, RIG_LOCAL, false, "Origin", "", 403 },
    { API_CONTROL_LOOPBACK, RIG_LOCAL, false, "Sec-Fetch-Site", "cross-site", 403 },
    { API_CONTROL_LOOPBACK, RIG_LOCAL, false, "Sec-Fetch-Site", "same-origin", 200 },
    { API_CONTROL_LOOPBACK, RIG_LOCAL, false, "Sec-Fetch-Site", "none", 200 },
    { API_CONTROL_LOOPBACK, RIG_LOCAL, false, "X-Forwarded-For", "203.0.113.9", 403 },
    { API_CONTROL_LOOPBACK, RIG_LOCAL, false, "via", "1.1 proxy", 403 },
    { API_CONTROL_LOOPBACK, RIG_LOCAL, false, "Forwarded", "for=203.0.113.9", 403 },
    { API_CONTROL_ANY, "attacker.example", true, NULL, NULL, 403 }, /* DNS rebinding */
    { API_CONTROL_ANY, "attacker.example:8080", true, NULL, NULL, 403 },
    { API_CONTROL_ANY, "graph.example", true, NULL, NULL, 200 },
    { API_CONTROL_ANY, "graph.example:32768", true, NULL, NULL, 200 },
    { API_CONTROL_ANY, "192.0.2.7:8080", true, NULL, NULL, 200 },
    { API_CONTROL_ANY, "[2001:db8::7]:8080", true, NULL, NULL, 200 },
    { API_CONTROL_ANY, RIG_LOCAL, true, "X-Forwarded-For", "203.0.113.9", 200 },
    { API_CONTROL_ANY, "connectord:8080", true, "Origin", "http://connectord:8080", 403 },
    { API_CONTROL_ANY, RIG_LOCAL, true, "Sec-Fetch-Site", "cross-site", 403 },
    { API_CONTROL_OFF, RIG_LOCAL, false, NULL, NULL, 404 },
};

static void test_access(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(access_cases); i++) {
        const struct ask it = { .method = HTTP_GET,
                                .path = BASE "/clock",
                                .host = access_cases[i].host,
                                .from_afar = access_cases[i].from_afar,
                                .name = access_cases[i].name,
                                .value = access_cases[i].value };
        struct answer answer;

        rig.api.control = access_cases[i].control;
        rig_ask(&rig, &it, ROOMY, &answer);
        CHECK(answer.exchange.response.status == access_cases[i].status, i);
        answer_free(&answer);
    }
    rig.api.control = API_CONTROL_LOOPBACK;
}

/* Without the issuer, or without testbeds, it is as unknown as any other version. */
static void test_not_there(void **state UNUSED)
{
    const struct issuer *issuer = rig.rules.builtin;
    struct answer off, unknown;

    rig.rules.builtin = NULL;
    assert_int_equal(status_of(HTTP_GET, BASE "/clock", NULL), 404);
    rig.rules.builtin = issuer;
    rig.api.testbeds = NULL;
    say(HTTP_GET, BASE "/clock", NULL, &off);
    say(HTTP_GET, "/_connectors/clock", NULL, &unknown);
    assert_int_equal(off.exchange.response.status, unknown.exchange.response.status);
    assert_int_equal(off.exchange.response.body.len, unknown.exchange.response.body.len);
    rig.api.testbeds = beds;
    answer_free(&off);
    answer_free(&unknown);
}

/* --- addresses ------------------------------------------------------------------------------- */

#define DEFAULT BASE "/tenants/" SERVICE_DEFAULT_TENANT

static const struct {
    enum http_method method;
    const char *path;
    int status;
    const char *allow;
} address_cases[] = {
    { HTTP_GET, BASE, 200, "" },
    { HTTP_GET, BASE "/", 200, "" },
    { HTTP_GET, DEFAULT, 200, "" },
    { HTTP_GET, DEFAULT "/", 200, "" },
    { HTTP_HEAD, DEFAULT "/clock", 200, "" },
    { HTTP_GET, BASE "/tenants/00000000-0000-4000-8000-00000000DEAD/clock", 404, "" },
    { HTTP_GET, BASE "/tenants/somebody/clock", 404, "" },
    { HTTP_GET, BASE "/tenants/", 404, "" },
    { HTTP_GET, BASE "/tenants", 404, "" },
    { HTTP_GET, BASE "/clocks", 404, "" },
    { HTTP_GET, BASE "/clock/", 404, "" },
    { HTTP_GET, BASE "s", 404, "" },                /* a version that nobody knows */
    { HTTP_GET, DEFAULT "/openapi.json", 404, "" }, /* of the server, not of a tenant */
    { HTTP_POST, DEFAULT "/sandbox", 404, "" },
    { HTTP_PATCH, BASE "/clock", 405, "GET, HEAD, PUT" },
    { HTTP_OPTIONS, BASE "/faults", 405, "GET, HEAD, PUT, DELETE" },
    { HTTP_GET, BASE "/sandbox", 405, "POST" },
    { HTTP_DELETE, BASE, 405, "GET, HEAD" }, /* nobody deletes a tenant that way */
    { HTTP_POST, DEFAULT, 405, "GET, HEAD, DELETE" },
    { HTTP_DELETE, DEFAULT, 409, "" }, /* no sandbox */
    { HTTP_DELETE, BASE "/tenants/" STRANGER, 404, "" },
    { HTTP_PATCH, BASE "/tenants/" STRANGER "/clock", 405, "GET, HEAD, PUT" },
};

static void test_addresses(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(address_cases); i++) {
        struct answer answer;
        int status = say(address_cases[i].method, address_cases[i].path, NULL, &answer);

        CHECK(status == address_cases[i].status, i);
        CHECK(slice_eq(answer_field(&answer, SLICE("Allow")), slice_of(address_cases[i].allow)), i);
        answer_free(&answer);
    }
}

static void test_index(void **state UNUSED)
{
    assert_true(says(HTTP_GET, BASE, NULL,
                     "{\"tenant\":\"" SERVICE_DEFAULT_TENANT "\",\"version\":\"" CONNECTORD_VERSION
                     "\""));
    assert_true(says(HTTP_GET, BASE, NULL,
                     "{\"method\":\"PUT\",\"url\":\"http://" RIG_LOCAL BASE "/clock\"}"));
    assert_true(says(HTTP_GET, DEFAULT, NULL,
                     "{\"method\":\"PUT\",\"url\":\"http://" RIG_LOCAL DEFAULT "/clock\"}"));
    assert_true(says(HTTP_GET, DEFAULT, NULL,
                     "{\"method\":\"POST\",\"url\":\"http://" RIG_LOCAL BASE "/sandbox\"}"));
}

/* --- bodies ---------------------------------------------------------------------------------- */

static const struct {
    enum http_method method;
    const char *path, *body, *type;
    int status;
    const char *target; /* NULL: any */
} body_cases[] = {
    { HTTP_PUT, "/clock", NULL, NULL, 400, "" },
    { HTTP_PUT, "/clock", "", NULL, 400, "" },
    { HTTP_PUT, "/clock", "{\"freeze\":true}", "text/plain", 415, "" },
    { HTTP_PUT, "/clock", "{\"freeze\":true}", "", 415, "" },
    { HTTP_PUT, "/clock", "{\"resume\":true}", "Application/JSON; charset=utf-8", 200, "" },
    { HTTP_PUT, "/clock", "[]", NULL, 400, "" },
    { HTTP_PUT, "/clock", "{}", NULL, 400, "" },
    { HTTP_PUT, "/clock", "{\"freeze\":true", NULL, 400, "" },
    { HTTP_PUT, "/clock", "{\"freeze\":true}}", NULL, 400, "" },
    { HTTP_PUT, "/clock", "{\"freeze\":true,\"freeze\":true}", NULL, 400, NULL },
    { HTTP_PUT, "/clock", "{\"frozen\":true}", NULL, 400, "frozen" },
    { HTTP_PUT, "/clock", "{\"freeze\":\"true\"}", NULL, 400, "freeze" },
    { HTTP_PUT, "/clock", "{\"freeze\":null}", NULL, 400, "freeze" },
    { HTTP_PUT, "/clock", "{\"resume\":false}", NULL, 400, "resume" },
    { HTTP_PUT, "/clock", "{\"resume\":true,\"freeze\":true}", NULL, 400, "resume" },
    { HTTP_PUT, "/clock", "{\"set\":\"tomorrow\"}", NULL, 400, "set" },
    { HTTP_PUT, "/clock", "{\"set\":17}", NULL, 400, "set" },
    { HTTP_PUT, "/clock", "{\"advance\":\"5\"}", NULL, 400, "advance" },
    { HTTP_PUT, "/clock", "{\"advance\":5}", NULL, 400, "advance" },
    { HTTP_PUT, "/clock", "{\"advance\":\"3650000d\"}", NULL, 400, "advance" },
    { HTTP_PUT, "/clock", "{\"set\":\"0001-01-01T00:00:00Z\",\"advance\":\"-1ms\"}", NULL, 400,
      "advance" },
    { HTTP_PUT, "/faults", NULL, NULL, 400, "" },
    { HTTP_PUT, "/faults", "{\"persona\":\"angry\"}", NULL, 400, NULL },
    { HTTP_PUT, "/faults", "{\"rule\":[]}", NULL, 400, "rule" },
    { HTTP_POST, "/requests/verify", "{}", NULL, 400, NULL },
    { HTTP_POST, "/requests/verify", "{\"exactly\":1,\"atMost\":2}", NULL, 400, NULL },
    { HTTP_POST, "/requests/verify", "{\"colour\":1,\"atMost\":2}", NULL, 400, "colour" },
    { HTTP_PUT, "/policy", "{\"crates\":{\"on\":true}}", NULL, 400, "crates" }, /* has no health */
    { HTTP_PUT, "/policy", "{\"articles\":{\"on\":1}}", NULL, 400, NULL },
    { HTTP_POST, "/reset", "{\"keep\":\"clock\"}", NULL, 400, "keep" },
    { HTTP_POST, "/reset", "{\"keep\":[\"clocks\"]}", NULL, 400, "keep" },
    { HTTP_POST, "/reset", "{\"keep\":[1]}", NULL, 400, "keep" },
    { HTTP_POST, "/reset", "{\"seed\":{}}", NULL, 400, "seed" },
    { HTTP_POST, "/seed", NULL, NULL, 400, "" },
    { HTTP_POST, "/seed", "{\"boxes\":[]}", NULL, 400, NULL },
    { HTTP_POST, "/seed", "{\"crates\":[{\"place\":7}]}", NULL, 400, NULL },
    { HTTP_POST, "/token", "{\"app\":\"me\"}", NULL, 400, "app" },
    { HTTP_POST, "/token", "{\"user\":\"\"}", NULL, 400, "user" },
    { HTTP_POST, "/token", "{\"user\":\"a@b\",\"roles\":[]}", NULL, 400, "roles" },
    { HTTP_POST, "/token", "{\"roles\":[],\"scopes\":[]}", NULL, 400, "roles" },
    { HTTP_POST, "/token", "{\"roles\":[\"a b\"]}", NULL, 400, NULL }, /* no scope-token */
    { HTTP_POST, "/token", "{\"roles\":\"a\"}", NULL, 400, "roles" },
    { HTTP_POST, "/token", "{\"lifetime\":3600}", NULL, 400, "lifetime" },
    { HTTP_POST, "/token", "{\"lifetime\":\"4000d\"}", NULL, 400, "lifetime" },
    { HTTP_POST, "/token", "{\"tenant\":\"x\"}", NULL, 400, "tenant" },
    { HTTP_POST, "/sandbox", "{\"lifetime\":\"25h\"}", NULL, 400, "lifetime" },
    { HTTP_POST, "/sandbox", "{\"lifetime\":\"0s\"}", NULL, 400, "lifetime" },
    { HTTP_POST, "/sandbox", "{\"lifetime\":\"-1h\"}", NULL, 400, "lifetime" },
    { HTTP_POST, "/sandbox", "{\"seed\":\"demonstration\"}", NULL, 400, "seed" },
    { HTTP_POST, "/sandbox", "{\"seed\":[]}", NULL, 400, "seed" },
    { HTTP_POST, "/sandbox", "{\"seed\":{\"boxes\":[]}}", NULL, 400, NULL },
    { HTTP_POST, "/sandbox", "{\"policy\":{\"crates\":{\"on\":true}}}", NULL, 400, "crates" },
    { HTTP_POST, "/sandbox", "{\"faults\":{\"persona\":\"angry\"}}", NULL, 400, NULL },
    { HTTP_POST, "/sandbox", "{\"faults\":[]}", NULL, 400, "faults" },
    { HTTP_POST, "/sandbox", "{\"clock\":{\"set\":\"tomorrow\"}}", NULL, 400, "set" },
    { HTTP_POST, "/sandbox", "{\"clock\":{}}", NULL, 400, NULL },
    { HTTP_POST, "/sandbox", "{\"colour\":\"red\"}", NULL, 400, "colour" },
};

static bool has_target(const struct answer *answer, const char *target)
{
    char text[96];

    if (!target)
        return true;
    if (!*target)
        return answer_count(answer, "\"target\"") == 0;
    return snprintf(text, sizeof text, "\"target\":\"%s\"", target) > 0 &&
           answer_count(answer, text) == 1;
}

/* What is refused is refused by name, and nothing of it is done. */
static void test_bodies(void **state UNUSED)
{
    start_anew();
    size_t count = testbeds_count(beds);

    for (size_t i = 0; i < COUNT_OF(body_cases); i++) {
        char path[64];
        struct ask it = { .method = body_cases[i].method,
                          .path = path,
                          .host = RIG_LOCAL,
                          .body = body_cases[i].body,
                          .type = body_cases[i].type };
        struct answer answer;

        snprintf(path, sizeof path, BASE "%s", body_cases[i].path);
        rig_ask(&rig, &it, ROOMY, &answer);
        CHECK(answer.exchange.response.status == body_cases[i].status, i);
        CHECK(has_target(&answer, body_cases[i].target), i);
        answer_free(&answer);
        CHECK(says(HTTP_GET, BASE "/clock", NULL, "\"moved\":false"), i);
        CHECK(testbeds_count(beds) == count, i);
    }
    assert_true(says(HTTP_GET, BASE "/faults", NULL, "{\"rules\":[]}"));
}

static void test_content_encoding(void **state UNUSED)
{
    struct ask it = { .method = HTTP_PUT,
                      .path = BASE "/clock",
                      .host = RIG_LOCAL,
                      .body = "{\"resume\":true}",
                      .name = "Content-Encoding",
                      .value = "deflate" };
    struct answer answer;

    rig_ask(&rig, &it, ROOMY, &answer);
    assert_int_equal(answer.exchange.response.status, 415);
    answer_free(&answer);
    it.value = "identity";
    rig_ask(&rig, &it, ROOMY, &answer);
    assert_int_equal(answer.exchange.response.status, 200);
    answer_free(&answer);
}

/* --- clock ----------------------------------------------------------------------------------- */

#define NOON "2024-06-01T12:00:00Z"

/* One after another, on one clock that begins with the server's time. */
static const struct {
    const char *body, *answer;
} clock_cases[] = {
    { "{\"freeze\":false}",
      "\"frozen\":false,\"moved\":false,\"removed\":0}" }, /* it runs already */
    { "{\"freeze\":true}", "\"frozen\":true,\"moved\":true,\"removed\":0}" },
    { "{\"set\":\"" NOON "\"}",
      "{\"now\":\"" NOON "\",\"frozen\":true,\"moved\":true,\"removed\":0}" },
    { "{\"advance\":\"5d1m\"}", "{\"now\":\"2024-06-06T12:01:00Z\",\"frozen\":true" },
    { "{\"advance\":\"-1d\"}", "{\"now\":\"2024-06-05T12:01:00Z\",\"frozen\":true" },
    { "{\"advance\":\"250ms\",\"set\":\"" NOON "\"}", "{\"now\":\"2024-06-01T12:00:00.25Z\"" },
    { "{\"set\":\"2024-06-01T14:00:00+02:00\"}", "{\"now\":\"" NOON "\"" },
    { "{\"freeze\":false}", "\"frozen\":false,\"moved\":true,\"removed\":0}" },
    { "{\"advance\":\"1d\"}", "{\"now\":\"2024-06-02T12:00:" },
    { "{\"freeze\":true,\"set\":\"" NOON "\"}", "{\"now\":\"" NOON "\",\"frozen\":true" },
    { "{\"freeze\":false,\"advance\":\"1h\"}", "{\"now\":\"2024-06-01T13:00:0" },
    { "{\"resume\":true}", "\"frozen\":false,\"moved\":false,\"removed\":0}" },
    { "{\"advance\":\"365d\"}", "\"frozen\":false,\"moved\":true,\"removed\":0}" },
    { "{\"resume\":true}", "\"frozen\":false,\"moved\":false,\"removed\":0}" },
};

static void test_clock(void **state UNUSED)
{
    start_anew();
    for (size_t i = 0; i < COUNT_OF(clock_cases); i++)
        CHECK(says(HTTP_PUT, BASE "/clock", clock_cases[i].body, clock_cases[i].answer), i);
    assert_true(says(HTTP_GET, BASE "/clock", NULL, "\"moved\":false}"));
}

/* --- faults ---------------------------------------------------------------------------------- */

#define ONE_RULE "{\"rules\":[{\"name\":\"one\",\"answer\":{\"status\":503}}]}"

static void test_faults(void **state UNUSED)
{
    start_anew();
    assert_true(says(HTTP_PUT, BASE "/faults", ONE_RULE, "\"name\":\"one\""));
    assert_true(says(HTTP_GET, BASE "/faults", NULL, "\"matched\":0,\"fired\":0"));
    assert_int_equal(status_of(HTTP_PUT, BASE "/faults", "{\"rules\":[{\"when\":7}]}"), 400);
    assert_true(says(HTTP_GET, BASE "/faults", NULL, "\"name\":\"one\"")); /* as they were */
    assert_int_equal(status_of(HTTP_DELETE, BASE "/faults", NULL), 204);
    assert_true(says(HTTP_GET, BASE "/faults", NULL, "{\"rules\":[]}"));
    assert_true(says(HTTP_GET, BASE "/faults/personas", NULL, "\"delete-403\""));
    assert_true(says(HTTP_GET, BASE "/faults/personas", NULL, "\"429.intune\""));
}

/* What stale reads remembered goes with the last rule that asks for it. */
static void test_past_is_forgotten(void **state UNUSED)
{
    struct testbed *testbed = hold_default();
    struct arena *arena = arena_create(NULL, ROOMY);
    uint64_t now_ms = clock_monotonic_ms();
    struct slice before;

    past_add(testbed_past(testbed), SLICE("crates"), SLICE("a"), SLICE("{}"), now_ms);
    assert_int_equal(status_of(HTTP_PUT, BASE "/faults", "{\"rules\":[{\"read\":\"stale\"}]}"),
                     200);
    assert_true(past_find(testbed_past(testbed), SLICE("crates"), SLICE("a"), now_ms, 1000, arena,
                          &before));
    assert_int_equal(status_of(HTTP_PUT, BASE "/faults", ONE_RULE), 200);
    assert_false(past_find(testbed_past(testbed), SLICE("crates"), SLICE("a"), now_ms, 1000, arena,
                           &before));
    testbed_release(testbed);
    arena_destroy(arena);
    start_anew();
}

/* --- requests -------------------------------------------------------------------------------- */

static void add_request(const char *method, const char *path, int status, const char *fault)
{
    struct testbed *testbed = hold_default();
    const struct journal_entry entry = { .at_ticks = testbed_now_ticks(testbed),
                                         .method = slice_of(method),
                                         .path = slice_of(path),
                                         .fault = slice_of(fault),
                                         .status = status,
                                         .executed = !fault };

    journal_add(testbed_journal(testbed), &entry);
    testbed_release(testbed);
}

static const struct {
    const char *query;
    int status;
    size_t count;
} request_cases[] = {
    { "", 200, 3 },
    { "method=POST", 200, 2 },
    { "method=post&path=%2Fbeta%2F*", 200, 2 },
    { "path=/BETA/shopFloor/crates/*", 200, 1 },
    { "status=4xx", 200, 1 },
    { "status=429&faulted=true", 200, 1 },
    { "fault=slow+down", 200, 1 },
    { "&method=GET&", 200, 1 },
    { "top=2", 200, 2 },
    { "method=POST&method=POST", 400, 0 },
    { "colour=red", 400, 0 },
    { "status=many", 400, 0 },
    { "faulted=maybe", 400, 0 },
    { "path=%zz", 400, 0 },
};

static void test_requests(void **state UNUSED)
{
    start_anew();
    add_request("POST", CRATES, 201, NULL);
    add_request("POST", CRATES, 429, "slow down");
    add_request("GET", CRATES "/1", 200, NULL);
    for (size_t i = 0; i < COUNT_OF(request_cases); i++) {
        const struct ask it = { .method = HTTP_GET,
                                .path = BASE "/requests",
                                .query = request_cases[i].query,
                                .host = RIG_LOCAL };
        struct answer answer;

        rig_ask(&rig, &it, ROOMY, &answer);
        CHECK(answer.exchange.response.status == request_cases[i].status, i);
        CHECK(answer_count(&answer, "\"sequence\":") == request_cases[i].count, i);
        answer_free(&answer);
    }
    assert_true(says(HTTP_POST, BASE "/requests/verify", "{\"method\":\"POST\",\"exactly\":2}",
                     "{\"verified\":true,\"count\":2}"));
    assert_true(says(HTTP_POST, BASE "/requests/verify", "{\"status\":201,\"atLeast\":2}",
                     "{\"verified\":false,\"count\":1}"));
    assert_int_equal(status_of(HTTP_DELETE, BASE "/requests", NULL), 204);
    assert_true(says(HTTP_GET, BASE "/requests", NULL, "{\"requests\":[],"));
}

/* An answer that is too large says how to ask for less; an empty journal is not the same as none.
 */
static void test_requests_refused(void **state UNUSED)
{
    const struct testbed_limits none = { .testbeds = 4, .fault_rules = 4, .past_entities = 4 };
    struct testbeds *without = testbeds_create(rig.clock, &none, 1);

    start_anew();
    add_request("POST", CRATES, 201, NULL);
    rig.api.reply_bytes_max = 64;
    assert_int_equal(status_of(HTTP_GET, BASE "/requests", NULL), 413);
    rig.api.reply_bytes_max = ROOMY;
    rig.api.testbeds = without;
    assert_int_equal(status_of(HTTP_GET, BASE "/requests", NULL), 409);
    assert_int_equal(status_of(HTTP_POST, BASE "/requests/verify", "{\"exactly\":0}"), 409);
    assert_int_equal(status_of(HTTP_DELETE, BASE "/requests", NULL), 409);
    assert_int_equal(status_of(HTTP_POST, BASE "/reset", NULL), 200);
    rig.api.testbeds = beds;
    testbeds_destroy(without);
}

/* --- policies and what they remove ----------------------------------------------------------- */

static size_t count_articles(void)
{
    const struct ask list = { .method = HTTP_GET, .path = ARTICLES, .query = "$top=1000" };
    struct answer answer;
    size_t count;

    rig_ask(&rig, &list, ROOMY, &answer);
    count = answer_count(&answer, "\"madeAt\":");
    answer_free(&answer);
    return count;
}

#define THREE_ARTICLES                                                                             \
    "{\"articles\":[{\"madeAt\":\"-1h\"},{\"madeAt\":\"-40d\"},"                                   \
    "{\"madeAt\":\"0001-01-01T00:00:00Z\"}]}"

static void test_policy(void **state UNUSED)
{
    start_anew();
    assert_true(says(HTTP_GET, BASE "/policy", NULL, "\"articles\":{\"on\":false"));
    assert_true(says(HTTP_POST, BASE "/seed", THREE_ARTICLES, "{\"entities\":3}"));
    assert_int_equal(status_of(HTTP_PUT, BASE "/policy", "{\"articles\":{\"on\":true,\"x\":1}}"),
                     400);
    assert_int_equal(count_articles(), 3);
    /* What is due by now goes before the answer is sent. */
    assert_true(
        says(HTTP_PUT, BASE "/policy", "{\"articles\":{\"on\":true}}", "\"removals\":[{\"at\":"));
    assert_int_equal(count_articles(), 2);
    /* So it does when the clock is moved; what never made contact is silent since the PUT. */
    assert_int_equal(status_of(HTTP_PUT, BASE "/clock", "{\"advance\":\"29d\"}"), 200);
    assert_int_equal(count_articles(), 2);
    assert_int_equal(status_of(HTTP_PUT, BASE "/clock", "{\"advance\":\"23h30m\"}"), 200);
    assert_int_equal(count_articles(), 1);
    assert_int_equal(status_of(HTTP_PUT, BASE "/clock", "{\"advance\":\"30m\"}"), 200);
    assert_int_equal(count_articles(), 0);
    start_anew();
    assert_true(says(HTTP_GET, BASE "/policy", NULL, "\"removals\":[]"));
}

/* More than one operation's worth. */
static void test_many_removals(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, (size_t)4 << 20);
    struct text seed;

    start_anew();
    text_init(&seed, arena, 65536, (size_t)1 << 20);
    text_append(&seed, SLICE("{\"articles\":["));
    for (int i = 0; i < 1100; i++)
        text_printf(&seed, "%s{\"madeAt\":\"-40d\"}", i ? "," : "");
    text_append(&seed, SLICE("]}"));
    assert_true(says(HTTP_POST, BASE "/seed", slice_to_cstr(arena, text_slice(&seed)),
                     "{\"entities\":1100}"));
    assert_int_equal(count_articles(), 1000); /* a page */
    assert_int_equal(status_of(HTTP_PUT, BASE "/policy", "{\"articles\":{\"on\":true}}"), 200);
    assert_int_equal(count_articles(), 0);
    assert_int_equal(status_of(HTTP_PUT, BASE "/policy", "{\"articles\":{\"on\":false}}"), 200);
    assert_int_equal(count_articles(), 0); /* they are gone, and not only out of sight */
    arena_destroy(arena);
    start_anew();
}

/* --- reset, seed, export --------------------------------------------------------------------- */

static void set_everything(void)
{
    assert_int_equal(status_of(HTTP_PUT, BASE "/clock", "{\"set\":\"" NOON "\"}"), 200);
    assert_int_equal(status_of(HTTP_PUT, BASE "/faults", ONE_RULE), 200);
    assert_int_equal(status_of(HTTP_PUT, BASE "/policy", "{\"articles\":{\"on\":true}}"), 200);
    assert_int_equal(status_of(HTTP_DELETE, BASE "/requests", NULL), 204);
    add_request("GET", CRATES, 200, NULL);
}

static const struct {
    const char *body;
    bool policy, faults, clock, requests; /* kept */
} reset_cases[] = {
    { NULL, false, false, false, false },
    { "{\"keep\":[]}", false, false, false, false },
    { "{\"keep\":[\"policy\"]}", true, false, false, false },
    { "{\"keep\":[\"faults\"]}", false, true, false, false },
    { "{\"keep\":[\"clock\"]}", false, false, true, false },
    { "{\"keep\":[\"requests\"]}", false, false, false, true },
    { "{\"keep\":[\"requests\",\"policy\",\"clock\",\"faults\"]}", true, true, true, true },
};

static void test_reset(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(reset_cases); i++) {
        set_everything();
        CHECK(says(HTTP_POST, BASE "/seed", RIG_DEMO, "{\"entities\":1}"), i);
        CHECK(says(HTTP_POST, BASE "/reset", reset_cases[i].body, "{\"entities\":2}"), i);
        CHECK(says(HTTP_GET, BASE "/export", NULL, "\"seeded\""), i);
        CHECK(says(HTTP_GET, BASE "/policy", NULL,
                   reset_cases[i].policy ? "{\"on\":true" : "{\"on\":false"),
              i);
        CHECK(says(HTTP_GET, BASE "/faults", NULL,
                   reset_cases[i].faults ? "\"one\"" : "{\"rules\":[]}"),
              i);
        CHECK(says(HTTP_GET, BASE "/clock", NULL,
                   reset_cases[i].clock ? "\"moved\":true" : "\"moved\":false"),
              i);
        CHECK(says(HTTP_GET, BASE "/requests", NULL,
                   reset_cases[i].requests ? "\"sequence\"" : "\"requests\":[]"),
              i);
    }
}

/* Relative dates are relative to the time that holds afterwards. */
static void test_reset_and_dates(void **state UNUSED)
{
    rig.api.seed = SLICE("{\"articles\":[{\"madeAt\":\"-1d\"}]}");
    assert_int_equal(status_of(HTTP_PUT, BASE "/clock", "{\"set\":\"" NOON "\",\"freeze\":true}"),
                     200);
    assert_true(says(HTTP_POST, BASE "/reset", "{\"keep\":[\"clock\"]}", "{\"entities\":1}"));
    assert_true(says(HTTP_GET, BASE "/export", NULL, "\"madeAt\":\"2024-05-31T12:00:00Z\""));
    assert_true(says(HTTP_POST, BASE "/reset", NULL, "{\"entities\":1}"));
    assert_false(says(HTTP_GET, BASE "/export", NULL, "\"madeAt\":\"2024-"));
    rig.api.seed = SLICE(RIG_SEED);
    start_anew();
}

/* A seed that cannot be loaded leaves everything as it was, the testbed too. */
static void test_reset_fails(void **state UNUSED)
{
    start_anew();
    set_everything();
    rig.api.seed = SLICE("{\"crates\":[{\"place\":7}]}");
    assert_int_equal(status_of(HTTP_POST, BASE "/reset", NULL), 400);
    rig.api.seed = SLICE(RIG_SEED);
    assert_true(says(HTTP_GET, BASE "/export", NULL, "\"seeded\""));
    assert_true(says(HTTP_GET, BASE "/clock", NULL, "\"moved\":true"));
    assert_true(says(HTTP_GET, BASE "/faults", NULL, "\"one\""));
    assert_true(says(HTTP_GET, BASE "/policy", NULL, "{\"on\":true"));
    assert_true(says(HTTP_GET, BASE "/requests", NULL, "\"sequence\""));
    start_anew();
}

static void test_seed(void **state UNUSED)
{
    start_anew();
    assert_int_equal(status_of(HTTP_PUT, BASE "/clock", "{\"set\":\"" NOON "\",\"freeze\":true}"),
                     200);
    assert_true(
        says(HTTP_POST, BASE "/seed", "{\"articles\":[{\"madeAt\":\"-1h\"}]}", "{\"entities\":1}"));
    assert_true(says(HTTP_GET, BASE "/export", NULL, "\"madeAt\":\"2024-06-01T11:00:00Z\""));
    assert_true(says(HTTP_POST, BASE "/seed", "{\"crates\":[{\"id\":\"x\"}]}", "{\"entities\":1}"));
    assert_int_equal(status_of(HTTP_POST, BASE "/seed", "{\"crates\":[{},{\"id\":\"x\"}]}"), 409);
    start_anew();
}

static void test_export(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, ROOMY);
    struct answer first, second;

    start_anew();
    assert_int_equal(say(HTTP_GET, BASE "/export", NULL, &first), 200);
    const char *copy = make_sandbox(
        arena, under(arena, "{\"seed\":",
                     under(arena, slice_to_cstr(arena, first.exchange.response.body), "}")));
    assert_int_equal(say(HTTP_GET, under(arena, copy, "/export"), NULL, &second), 200);
    assert_true(slice_eq(first.exchange.response.body, second.exchange.response.body));
    answer_free(&first);
    answer_free(&second);
    end_sandbox(copy);
    arena_destroy(arena);

    rig.api.reply_bytes_max = 40;
    assert_int_equal(say(HTTP_GET, BASE "/export", NULL, &first), 413);
    assert_int_equal(answer_count(&first, "connectord export"), 1);
    answer_free(&first);
    rig.api.reply_bytes_max = ROOMY;
}

/* --- tokens ---------------------------------------------------------------------------------- */

/* body; what GET and POST of crates then answer with it */
static const struct {
    const char *body, *expires;
    int get, post;
} token_cases[] = {
    { NULL, "\"expires_in\":3600}", 200, 201 },
    { "{}", "\"expires_in\":3600}", 200, 201 },
    { "{\"lifetime\":\"90s\"}", "\"expires_in\":90}", 200, 201 },
    { "{\"lifetime\":\"250ms\"}", "\"expires_in\":1}", 200, 201 },
    { "{\"lifetime\":\"-1s\"}", "\"expires_in\":0}", 401, 401 },
    { "{\"lifetime\":\"0s\"}", "\"expires_in\":0}", 401, 401 },
    { "{\"roles\":[\"Shop.Read.All\"]}", "\"expires_in\":3600}", 200, 403 },
    { "{\"roles\":[]}", "\"expires_in\":3600}", 403, 403 },
    { "{\"scopes\":[\"Shop.ReadWrite.All\"]}", "\"expires_in\":3600}", 200, 201 },
    { "{\"user\":\"a@b\"}", "\"expires_in\":3600}", 200, 201 },
    { "{\"app\":\"00000000-0000-4000-8000-0000000000AB\"}", "\"expires_in\":3600}", 200, 201 },
};

static int with_token(enum http_method method, const char *token)
{
    char value[8192];
    const struct ask it = { .method = method,
                            .path = CRATES,
                            .host = RIG_LOCAL,
                            .body = method == HTTP_POST ? "{}" : NULL,
                            .name = "Authorization",
                            .value = value };
    struct answer answer;

    snprintf(value, sizeof value, "Bearer %s", token);
    rig_ask(&rig, &it, ROOMY, &answer);
    int status = answer.exchange.response.status;
    answer_free(&answer);
    return status;
}

static void test_tokens(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(token_cases); i++) {
        struct answer answer;

        CHECK(say(HTTP_POST, BASE "/token", token_cases[i].body, &answer) == 200, i);
        CHECK(answer_count(&answer, token_cases[i].expires) == 1, i);
        const char *token = member_of(&answer, "access_token");
        CHECK(with_token(HTTP_GET, token) == token_cases[i].get, i);
        CHECK(with_token(HTTP_POST, token) == token_cases[i].post, i);
        answer_free(&answer);
    }
    start_anew();
}

/* Asked for an origin that is not ours it names one that is, or we would not take it ourselves. */
static void test_token_of_another_name(void **state UNUSED)
{
    const struct ask it = { .method = HTTP_POST, .path = BASE "/token", .host = "localhost:1" };
    struct answer answer;

    rig_ask(&rig, &it, ROOMY, &answer);
    assert_int_equal(answer.exchange.response.status, 200);
    assert_int_equal(with_token(HTTP_GET, member_of(&answer, "access_token")), 200);
    answer_free(&answer);
}

/* --- sandboxes ------------------------------------------------------------------------------- */

static void test_sandbox(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, ROOMY);
    struct answer answer;

    assert_int_equal(say(HTTP_POST, BASE "/sandbox",
                         "{\"lifetime\":\"10m\",\"seed\":\"demo\",\"name\":\"a test\","
                         "\"policy\":{\"articles\":{\"on\":true}},\"faults\":" ONE_RULE
                         ",\"clock\":{\"set\":\"" NOON "\",\"freeze\":true}}",
                         &answer),
                     201);
    const char *path = under(arena, BASE "/tenants/", member_of(&answer, "tenant"));
    assert_string_equal(member_of(&answer, "graph"), "http://" RIG_LOCAL);
    assert_string_equal(member_of(&answer, "control"), under(arena, "http://" RIG_LOCAL, path));
    assert_int_equal(with_token(HTTP_GET, member_of(&answer, "access_token")), 503); /* its fault */
    answer_free(&answer);

    assert_true(says(HTTP_GET, under(arena, path, "/requests"), NULL, "\"fault\":\"one\""));
    assert_true(says(HTTP_GET, under(arena, path, "/clock"), NULL, "{\"now\":\"" NOON "\""));
    assert_true(says(HTTP_GET, under(arena, path, "/faults"), NULL, "\"one\""));
    assert_true(says(HTTP_GET, under(arena, path, "/policy"), NULL, "{\"on\":true"));
    assert_true(says(HTTP_GET, under(arena, path, "/export"), NULL, "\"demo\""));
    /* Its start is its own. */
    assert_int_equal(
        status_of(HTTP_PUT, under(arena, path, "/policy"), "{\"articles\":{\"on\":false}}"), 200);
    assert_true(says(HTTP_POST, under(arena, path, "/reset"), NULL, "{\"entities\":1}"));
    assert_true(says(HTTP_GET, under(arena, path, "/policy"), NULL, "{\"on\":true"));
    assert_true(says(HTTP_GET, under(arena, path, "/clock"), NULL, "\"moved\":false"));
    end_sandbox(path);
    assert_int_equal(status_of(HTTP_DELETE, path, NULL), 404);
    arena_destroy(arena);
}

/* Its token lives on by the skew of clocks, and must not make the tenant anew. */
static void test_sandbox_stays_gone(void **state UNUSED)
{
    struct answer answer;
    char path[128];

    assert_int_equal(say(HTTP_POST, BASE "/sandbox", NULL, &answer), 201);
    const char *token = member_of(&answer, "access_token");
    snprintf(path, sizeof path, BASE "/tenants/%s", member_of(&answer, "tenant"));
    assert_int_equal(with_token(HTTP_POST, token), 201);
    end_sandbox(path);
    assert_int_equal(with_token(HTTP_POST, token), 400);
    assert_int_equal(status_of(HTTP_GET, path, NULL), 404);
    answer_free(&answer);
}

static void test_sandbox_limit(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, ROOMY);
    const char *paths[3];

    for (size_t i = 0; i < COUNT_OF(paths); i++)
        paths[i] = make_sandbox(arena, NULL);
    size_t count = testbeds_count(beds);
    assert_int_equal(status_of(HTTP_POST, BASE "/sandbox", "{\"faults\":" ONE_RULE "}"), 409);
    assert_true(testbeds_count(beds) <= count);
    for (size_t i = 0; i < COUNT_OF(paths); i++)
        end_sandbox(paths[i]);
    assert_int_equal(status_of(HTTP_DELETE, make_sandbox(arena, "{}"), NULL), 204);
    arena_destroy(arena);
}

/* What is done to one tenant shows in no other. */
static void test_isolation(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, ROOMY);
    const char *one = make_sandbox(arena, "{\"seed\":\"demo\"}");
    const char *two = make_sandbox(arena, "{\"seed\":\"demo\"}");

    start_anew();
    assert_int_equal(status_of(HTTP_PUT, under(arena, one, "/clock"), "{\"freeze\":true}"), 200);
    assert_int_equal(status_of(HTTP_PUT, under(arena, one, "/faults"), ONE_RULE), 200);
    assert_int_equal(
        status_of(HTTP_PUT, under(arena, one, "/policy"), "{\"articles\":{\"on\":true}}"), 200);
    assert_int_equal(status_of(HTTP_POST, under(arena, one, "/seed"), RIG_SEED), 200);
    add_request("GET", CRATES, 200, NULL); /* the default tenant's */

    const char *others[] = { two, BASE };
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        CHECK(says(HTTP_GET, under(arena, others[i], "/clock"), NULL, "\"moved\":false"), i);
        CHECK(says(HTTP_GET, under(arena, others[i], "/faults"), NULL, "{\"rules\":[]}"), i);
        CHECK(says(HTTP_GET, under(arena, others[i], "/policy"), NULL, "{\"on\":false"), i);
    }
    assert_false(says(HTTP_GET, under(arena, two, "/export"), NULL, "\"seeded\""));
    assert_true(says(HTTP_GET, under(arena, two, "/requests"), NULL, "\"requests\":[]"));
    assert_true(says(HTTP_POST, under(arena, one, "/reset"), NULL, "{\"entities\":1}"));
    assert_true(says(HTTP_GET, BASE "/export", NULL, "\"seeded\""));
    assert_true(says(HTTP_GET, BASE "/requests", NULL, "\"sequence\""));
    end_sandbox(one);
    assert_true(says(HTTP_GET, under(arena, two, "/export"), NULL, "\"demo\""));
    end_sandbox(two);
    arena_destroy(arena);
    start_anew();
}

/* --- the document ---------------------------------------------------------------------------- */

static const char *const method_members[] = { "get", "put", "post", "delete" };
static const enum http_method methods[] = { HTTP_GET, HTTP_PUT, HTTP_POST, HTTP_DELETE };

/* Under which path the document shows the route. */
static struct slice documented_path(const struct control_route *route)
{
    if (route->scope == CONTROL_OF_NAMED_TENANT)
        return SLICE("/tenants/{tenant}");
    return route->path.len ? route->path : SLICE("/");
}

static const struct control_route *find_documented(struct slice path, struct slice member)
{
    for (size_t i = 0; i < control_route_count; i++)
        for (size_t m = 0; m < COUNT_OF(methods); m++)
            if (control_routes[i].method == methods[m] &&
                slice_eq(documented_path(&control_routes[i]), path) &&
                slice_eq(slice_of(method_members[m]), member))
                return &control_routes[i];
    return NULL;
}

/* Goes into the member `name` of the object that the reader stands in. */
static void enter(struct json_reader *reader, const char *name)
{
    struct json_token token;

    for (;;) {
        assert_true(json_reader_next(reader, &token, NULL) && token.kind == JSON_NAME);
        if (slice_eq(token.text, slice_of(name)))
            break;
        assert_true(json_reader_skip(reader, NULL, NULL));
    }
    assert_true(json_reader_next(reader, &token, NULL) && token.kind == JSON_OBJECT_BEGIN);
}

/* Every operation of the document is a route of the table, and as many as there are routes. */
static void test_document_is_the_table(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, ROOMY);
    struct json_reader reader;
    struct json_token path, member;
    size_t found = 0;

    json_reader_init(&reader, embedded_control_openapi, arena, 64);
    assert_true(json_reader_next(&reader, &path, NULL));
    enter(&reader, "paths");
    while (json_reader_next(&reader, &path, NULL) && path.kind == JSON_NAME) {
        assert_true(json_reader_next(&reader, &member, NULL) && member.kind == JSON_OBJECT_BEGIN);
        while (json_reader_next(&reader, &member, NULL) && member.kind == JSON_NAME) {
            CHECK(find_documented(path.text, member.text), found);
            assert_true(json_reader_skip(&reader, NULL, NULL));
            found++;
        }
    }
    assert_int_equal(found, control_route_count);
    arena_destroy(arena);
}

static void test_document(void **state UNUSED)
{
    struct ask it = { .method = HTTP_GET, .path = BASE "/openapi.json", .host = "localhost:1234" };
    struct answer answer;

    rig_ask(&rig, &it, ROOMY, &answer);
    assert_int_equal(answer.exchange.response.status, 200);
    assert_true(json_is_valid(answer.exchange.response.body, answer.exchange.arena, 64));
    assert_int_equal(answer_count(&answer, "\"http://localhost:1234/_connectord\""), 1);
    assert_int_equal(answer_count(&answer, "\"http://localhost:1234/_connectord/tenants/"), 1);
    assert_int_equal(answer_count(&answer, RIG_LOCAL), 0);
    answer_free(&answer);
}

/* --- every allocation fails once -------------------------------------------------------------- */

#ifdef CONNECTORD_FAULTS
static const struct {
    enum http_method method;
    const char *path, *body;
} fault_cases[] = {
    { HTTP_GET, "", NULL },
    { HTTP_GET, "/openapi.json", NULL },
    { HTTP_PUT, "/clock", "{\"advance\":\"1s\"}" },
    { HTTP_PUT, "/faults", ONE_RULE },
    { HTTP_GET, "/faults/personas", NULL },
    { HTTP_GET, "/requests", NULL },
    { HTTP_POST, "/requests/verify", "{\"exactly\":0}" },
    { HTTP_PUT, "/policy", "{\"articles\":{\"on\":true}}" },
    { HTTP_PUT, "/clock", "{\"advance\":\"1s\"}" }, /* looks for what is to be removed */
    { HTTP_POST, "/seed", "{\"crates\":[{}]}" },
    { HTTP_GET, "/export", NULL },
    { HTTP_POST, "/token", "{\"roles\":[\"a\"]}" },
    { HTTP_POST, "/reset", "{\"keep\":[\"faults\"]}" },
};

/* 413: nothing was done; 500: something was, or nobody knows. */
static bool check_fault(size_t row)
{
    char path[64];
    struct answer answer;

    snprintf(path, sizeof path, BASE "%s", fault_cases[row].path);
    int status = say(fault_cases[row].method, path, fault_cases[row].body, &answer);
    bool fired = arena_fault_fired();
    arena_fail_after(UINT64_MAX);
    CHECK(status / 100 == 2 || (fired && (status == 413 || status == 500)), row);
    CHECK(answer.exchange.response.body.len > 0, row);
    answer_free(&answer);
    return fired;
}

static void test_each_allocation_fails(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(fault_cases); i++) {
        uint64_t n = 0;

        for (bool fired = true; fired; n++) {
            arena_fail_after(n + 2); /* the exchange's own arena and its call are others' */
            fired = check_fault(i);
        }
        CHECK(n > 1, i);
    }
    start_anew();
}

/* Whatever fails: there is either a sandbox, and the answer says so, or there is nothing. */
static void test_sandbox_allocations_fail(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, ROOMY);
    bool fired = true;

    for (uint64_t n = 0; fired; n++) {
        struct answer answer;

        arena_fail_after(n + 2);
        int status =
            say(HTTP_POST, BASE "/sandbox", "{\"seed\":\"demo\",\"faults\":" ONE_RULE "}", &answer);
        fired = arena_fault_fired();
        arena_fail_after(UINT64_MAX);
        CHECK(status == 201 || status == 413, n);
        if (status == 201)
            end_sandbox(under(arena, BASE "/tenants/", member_of(&answer, "tenant")));
        answer_free(&answer);
    }
    arena_destroy(arena);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_access),
        cmocka_unit_test(test_not_there),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_index),
        cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_content_encoding),
        cmocka_unit_test(test_clock),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_past_is_forgotten),
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_requests_refused),
        cmocka_unit_test(test_policy),
        cmocka_unit_test(test_many_removals),
        cmocka_unit_test(test_reset),
        cmocka_unit_test(test_reset_and_dates),
        cmocka_unit_test(test_reset_fails),
        cmocka_unit_test(test_seed),
        cmocka_unit_test(test_export),
        cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_token_of_another_name),
        cmocka_unit_test(test_sandbox),
        cmocka_unit_test(test_sandbox_stays_gone),
        cmocka_unit_test(test_sandbox_limit),
        cmocka_unit_test(test_isolation),
        cmocka_unit_test(test_document_is_the_table),
        cmocka_unit_test(test_document),
#ifdef CONNECTORD_FAULTS
        cmocka_unit_test(test_each_allocation_fails),
        cmocka_unit_test(test_sandbox_allocations_fail),
#endif
    };
    return cmocka_run_group_tests(tests, open_rig, close_rig);
}
