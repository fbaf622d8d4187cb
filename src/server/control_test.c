/* server/control_test.c - the control API: who may, its addresses, what is refused of bodies, and
 * its document.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "base/arena.h"
#include "http/control.h"
#include "http/embedded_control_openapi.h"
#include "server/control_rig_test.h"
#include "service/provision.h"
#include "json/reader.h"

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

        control_rig.api.control = access_cases[i].control;
        rig_ask(&control_rig, &it, ROOMY, &answer);
        CHECK(answer.exchange.response.status == access_cases[i].status, i);
        answer_free(&answer);
    }
    control_rig.api.control = API_CONTROL_LOOPBACK;
}

/* Without the issuer, or without testbeds, it is as unknown as any other version. */
static void test_not_there(void **state UNUSED)
{
    const struct issuer *issuer = control_rig.rules.builtin;
    struct answer off, unknown;

    control_rig.rules.builtin = NULL;
    assert_int_equal(control_status(HTTP_GET, BASE "/clock", NULL), 404);
    control_rig.rules.builtin = issuer;
    control_rig.api.testbeds = NULL;
    control_say(HTTP_GET, BASE "/clock", NULL, &off);
    control_say(HTTP_GET, "/_connectors/clock", NULL, &unknown);
    assert_int_equal(off.exchange.response.status, unknown.exchange.response.status);
    assert_int_equal(off.exchange.response.body.len, unknown.exchange.response.body.len);
    control_rig.api.testbeds = control_beds;
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
        int status = control_say(address_cases[i].method, address_cases[i].path, NULL, &answer);

        CHECK(status == address_cases[i].status, i);
        CHECK(slice_eq(answer_field(&answer, SLICE("Allow")), slice_of(address_cases[i].allow)), i);
        answer_free(&answer);
    }
}

static void test_index(void **state UNUSED)
{
    assert_true(control_says(HTTP_GET, BASE, NULL,
                             "{\"tenant\":\"" SERVICE_DEFAULT_TENANT
                             "\",\"version\":\"" CONNECTORD_VERSION "\""));
    assert_true(control_says(HTTP_GET, BASE, NULL,
                             "{\"method\":\"PUT\",\"url\":\"http://" RIG_LOCAL BASE "/clock\"}"));
    assert_true(control_says(HTTP_GET, DEFAULT, NULL,
                             "{\"method\":\"PUT\",\"url\":\"http://" RIG_LOCAL DEFAULT
                             "/clock\"}"));
    assert_true(control_says(HTTP_GET, DEFAULT, NULL,
                             "{\"method\":\"POST\",\"url\":\"http://" RIG_LOCAL BASE
                             "/sandbox\"}"));
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
    control_start_anew();
    size_t count = testbeds_count(control_beds);

    for (size_t i = 0; i < COUNT_OF(body_cases); i++) {
        char path[64];
        struct ask it = { .method = body_cases[i].method,
                          .path = path,
                          .host = RIG_LOCAL,
                          .body = body_cases[i].body,
                          .type = body_cases[i].type };
        struct answer answer;

        snprintf(path, sizeof path, BASE "%s", body_cases[i].path);
        rig_ask(&control_rig, &it, ROOMY, &answer);
        CHECK(answer.exchange.response.status == body_cases[i].status, i);
        CHECK(has_target(&answer, body_cases[i].target), i);
        answer_free(&answer);
        CHECK(control_says(HTTP_GET, BASE "/clock", NULL, "\"moved\":false"), i);
        CHECK(testbeds_count(control_beds) == count, i);
    }
    assert_true(control_says(HTTP_GET, BASE "/faults", NULL, "{\"rules\":[]}"));
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

    rig_ask(&control_rig, &it, ROOMY, &answer);
    assert_int_equal(answer.exchange.response.status, 415);
    answer_free(&answer);
    it.value = "identity";
    rig_ask(&control_rig, &it, ROOMY, &answer);
    assert_int_equal(answer.exchange.response.status, 200);
    answer_free(&answer);
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

    rig_ask(&control_rig, &it, ROOMY, &answer);
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
    int status = control_say(fault_cases[row].method, path, fault_cases[row].body, &answer);
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
    control_start_anew();
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
        cmocka_unit_test(test_document_is_the_table),
        cmocka_unit_test(test_document),
#ifdef CONNECTORD_FAULTS
        cmocka_unit_test(test_each_allocation_fails),
#endif
    };
    return cmocka_run_group_tests(tests, control_open_rig, control_close_rig);
}
