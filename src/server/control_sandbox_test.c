/* server/control_sandbox_test.c - the control API: tokens, sandboxes, one tenant beside another.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "base/arena.h"
#include "server/control_rig_test.h"

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
    rig_ask(&control_rig, &it, ROOMY, &answer);
    int status = answer.exchange.response.status;
    answer_free(&answer);
    return status;
}

static void test_tokens(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(token_cases); i++) {
        struct answer answer;

        CHECK(control_say(HTTP_POST, BASE "/token", token_cases[i].body, &answer) == 200, i);
        CHECK(answer_count(&answer, token_cases[i].expires) == 1, i);
        const char *token = control_member_of(&answer, "access_token");
        CHECK(with_token(HTTP_GET, token) == token_cases[i].get, i);
        CHECK(with_token(HTTP_POST, token) == token_cases[i].post, i);
        answer_free(&answer);
    }
    control_start_anew();
}

/* Asked for an origin that is not ours it names one that is, or we would not take it ourselves. */
static void test_token_of_another_name(void **state UNUSED)
{
    const struct ask it = { .method = HTTP_POST, .path = BASE "/token", .host = "localhost:1" };
    struct answer answer;

    rig_ask(&control_rig, &it, ROOMY, &answer);
    assert_int_equal(answer.exchange.response.status, 200);
    assert_int_equal(with_token(HTTP_GET, control_member_of(&answer, "access_token")), 200);
    answer_free(&answer);
}

/* --- sandboxes ------------------------------------------------------------------------------- */

static void test_sandbox(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, ROOMY);
    struct answer answer;

    assert_int_equal(control_say(HTTP_POST, BASE "/sandbox",
                                 "{\"lifetime\":\"10m\",\"seed\":\"demo\",\"name\":\"a test\","
                                 "\"policy\":{\"articles\":{\"on\":true}},\"faults\":" ONE_RULE
                                 ",\"clock\":{\"set\":\"" NOON "\",\"freeze\":true}}",
                                 &answer),
                     201);
    const char *path = control_under(arena, BASE "/tenants/", control_member_of(&answer, "tenant"));
    assert_string_equal(control_member_of(&answer, "graph"), "http://" RIG_LOCAL);
    assert_string_equal(control_member_of(&answer, "control"),
                        control_under(arena, "http://" RIG_LOCAL, path));
    assert_int_equal(with_token(HTTP_GET, control_member_of(&answer, "access_token")),
                     503); /* its fault */
    answer_free(&answer);

    assert_true(
        control_says(HTTP_GET, control_under(arena, path, "/requests"), NULL, "\"fault\":\"one\""));
    assert_true(control_says(HTTP_GET, control_under(arena, path, "/clock"), NULL,
                             "{\"now\":\"" NOON "\""));
    assert_true(control_says(HTTP_GET, control_under(arena, path, "/faults"), NULL, "\"one\""));
    assert_true(
        control_says(HTTP_GET, control_under(arena, path, "/policy"), NULL, "{\"on\":true"));
    assert_true(control_says(HTTP_GET, control_under(arena, path, "/export"), NULL, "\"demo\""));
    /* Its start is its own. */
    assert_int_equal(control_status(HTTP_PUT, control_under(arena, path, "/policy"),
                                    "{\"articles\":{\"on\":false}}"),
                     200);
    assert_true(
        control_says(HTTP_POST, control_under(arena, path, "/reset"), NULL, "{\"entities\":1}"));
    assert_true(
        control_says(HTTP_GET, control_under(arena, path, "/policy"), NULL, "{\"on\":true"));
    assert_true(
        control_says(HTTP_GET, control_under(arena, path, "/clock"), NULL, "\"moved\":false"));
    control_end_sandbox(path);
    assert_int_equal(control_status(HTTP_DELETE, path, NULL), 404);
    arena_destroy(arena);
}

/* Its token lives on by the skew of clocks, and must not make the tenant anew. */
static void test_sandbox_stays_gone(void **state UNUSED)
{
    struct answer answer;
    char path[128];

    assert_int_equal(control_say(HTTP_POST, BASE "/sandbox", NULL, &answer), 201);
    const char *token = control_member_of(&answer, "access_token");
    snprintf(path, sizeof path, BASE "/tenants/%s", control_member_of(&answer, "tenant"));
    assert_int_equal(with_token(HTTP_POST, token), 201);
    control_end_sandbox(path);
    assert_int_equal(with_token(HTTP_POST, token), 400);
    assert_int_equal(control_status(HTTP_GET, path, NULL), 404);
    answer_free(&answer);
}

static void test_sandbox_limit(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, ROOMY);
    const char *paths[3];

    for (size_t i = 0; i < COUNT_OF(paths); i++)
        paths[i] = control_make_sandbox(arena, NULL);
    size_t count = testbeds_count(control_beds);
    assert_int_equal(control_status(HTTP_POST, BASE "/sandbox", "{\"faults\":" ONE_RULE "}"), 409);
    assert_true(testbeds_count(control_beds) <= count);
    for (size_t i = 0; i < COUNT_OF(paths); i++)
        control_end_sandbox(paths[i]);
    assert_int_equal(control_status(HTTP_DELETE, control_make_sandbox(arena, "{}"), NULL), 204);
    arena_destroy(arena);
}

/* What is done to one tenant shows in no other. */
static void test_isolation(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, ROOMY);
    const char *one = control_make_sandbox(arena, "{\"seed\":\"demo\"}");
    const char *two = control_make_sandbox(arena, "{\"seed\":\"demo\"}");

    control_start_anew();
    assert_int_equal(
        control_status(HTTP_PUT, control_under(arena, one, "/clock"), "{\"freeze\":true}"), 200);
    assert_int_equal(control_status(HTTP_PUT, control_under(arena, one, "/faults"), ONE_RULE), 200);
    assert_int_equal(control_status(HTTP_PUT, control_under(arena, one, "/policy"),
                                    "{\"articles\":{\"on\":true}}"),
                     200);
    assert_int_equal(control_status(HTTP_POST, control_under(arena, one, "/seed"), RIG_SEED), 200);
    control_add_request("GET", CRATES, 200, NULL); /* the default tenant's */

    const char *others[] = { two, BASE };
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        CHECK(control_says(HTTP_GET, control_under(arena, others[i], "/clock"), NULL,
                           "\"moved\":false"),
              i);
        CHECK(control_says(HTTP_GET, control_under(arena, others[i], "/faults"), NULL,
                           "{\"rules\":[]}"),
              i);
        CHECK(control_says(HTTP_GET, control_under(arena, others[i], "/policy"), NULL,
                           "{\"on\":false"),
              i);
    }
    assert_false(control_says(HTTP_GET, control_under(arena, two, "/export"), NULL, "\"seeded\""));
    assert_true(
        control_says(HTTP_GET, control_under(arena, two, "/requests"), NULL, "\"requests\":[]"));
    assert_true(
        control_says(HTTP_POST, control_under(arena, one, "/reset"), NULL, "{\"entities\":1}"));
    assert_true(control_says(HTTP_GET, BASE "/export", NULL, "\"seeded\""));
    assert_true(control_says(HTTP_GET, BASE "/requests", NULL, "\"sequence\""));
    control_end_sandbox(one);
    assert_true(control_says(HTTP_GET, control_under(arena, two, "/export"), NULL, "\"demo\""));
    control_end_sandbox(two);
    arena_destroy(arena);
    control_start_anew();
}

/* --- every allocation fails once -------------------------------------------------------------- */

#ifdef CONNECTORD_FAULTS
/* Whatever fails: there is either a sandbox, and the answer says so, or there is nothing. */
static void test_sandbox_allocations_fail(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, ROOMY);
    bool fired = true;

    for (uint64_t n = 0; fired; n++) {
        struct answer answer;

        arena_fail_after(n + 2);
        int status = control_say(HTTP_POST, BASE "/sandbox",
                                 "{\"seed\":\"demo\",\"faults\":" ONE_RULE "}", &answer);
        fired = arena_fault_fired();
        arena_fail_after(UINT64_MAX);
        CHECK(status == 201 || status == 413, n);
        if (status == 201)
            control_end_sandbox(
                control_under(arena, BASE "/tenants/", control_member_of(&answer, "tenant")));
        answer_free(&answer);
    }
    arena_destroy(arena);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_token_of_another_name),
        cmocka_unit_test(test_sandbox),
        cmocka_unit_test(test_sandbox_stays_gone),
        cmocka_unit_test(test_sandbox_limit),
        cmocka_unit_test(test_isolation),
#ifdef CONNECTORD_FAULTS
        cmocka_unit_test(test_sandbox_allocations_fail),
#endif
    };
    return cmocka_run_group_tests(tests, control_open_rig, control_close_rig);
}
