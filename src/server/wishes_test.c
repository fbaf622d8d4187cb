/* server/wishes_test.c - preferences and conditions where only the toy model can show them: members
 * that came behind a sentinel, keys of clients, permissions that differ, reads of the past.
 *
 * Everything that Graph's own types can show is asked in tests/cases/.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "base/arena.h"
#include "base/clock.h"
#include "server/handlers_rig_test.h"

#define MEMBERS "include-unknown-enum-members"
#define NOBODY  "0190aaaa-0000-7000-8000-000000000001"

static struct rig rig;
static struct testbed *testbed;

static int open_rig(void **state UNUSED)
{
    testbed = rig_open_testbed(&rig, 10);
    return 0;
}

static int close_rig(void **state UNUSED)
{
    testbed_release(testbed);
    rig_close(&rig);
    return 0;
}

/* --- members behind a sentinel --------------------------------------------------------------- */

static const struct member_case {
    enum http_method method;
    const char *below; /* of the article's path; NULL: of the set */
    const char *body;
    const char *prefer;
    int status;
    const char *holds; /* the answer's body */
    const char *applied;
} member_cases[] = {
    /* The sentinel is no value. */
    { HTTP_POST, NULL, "{\"colour\":\"unknownFutureValue\"}", NULL, 400, "\"target\":\"colour\"",
      "" },
    { HTTP_POST, NULL, "{\"colour\":\"unknownFutureValue\"}", MEMBERS, 400, "\"target\":\"colour\"",
      "" },
    { HTTP_PATCH, "", "{\"colour\":\"unknownFutureValue\",\"code\":\"a\"}", NULL, 200,
      "\"colour\":\"bare\"", "" },
    { HTTP_POST, "/restock", "{\"amount\":1,\"tint\":\"unknownFutureValue\"}", NULL, 400,
      "\"target\":\"tint\"", "" },
    /* What came behind it is written by those who know it. */
    { HTTP_POST, NULL, "{\"colour\":\"green\"}", NULL, 400,
      "The member 'green' of 'toy.backroom.api.colour' came behind 'unknownFutureValue'; it can be "
      "written with 'Prefer: include-unknown-enum-members'.",
      "" },
    { HTTP_POST, NULL, "{\"colour\":\"7\"}", NULL, 400, "\"target\":\"colour\"", "" },
    { HTTP_POST, NULL, "{\"colour\":\"green\"}", MEMBERS, 201, "\"colour\":\"green\"", MEMBERS },
    { HTTP_PATCH, "", "{\"finish\":\"green\"}", NULL, 400, "\"target\":\"finish\"", "" },
    { HTTP_PATCH, "", "{\"colour\":\"green\"}", MEMBERS, 200, "\"colour\":\"green\"", MEMBERS },
    { HTTP_POST, "/restock", "{\"amount\":1,\"tint\":\"green\"}", NULL, 400, "\"target\":\"tint\"",
      "" },
    { HTTP_POST, "/restock", "{\"amount\":1,\"tint\":\"green\"}", MEMBERS, 204, "", MEMBERS },
    /* Others see the sentinel, and lose nothing by writing other properties. */
    { HTTP_GET, "", NULL, NULL, 200, "\"colour\":\"unknownFutureValue\"", "" },
    { HTTP_GET, "", NULL, MEMBERS, 200, "\"colour\":\"green\"", MEMBERS },
    { HTTP_PATCH, "", "{\"colour\":\"unknownFutureValue\",\"code\":\"b\"}", NULL, 200,
      "\"colour\":\"unknownFutureValue\"", "" },
    { HTTP_GET, "/colour", NULL, NULL, 200, "\"value\":\"unknownFutureValue\"", "" },
    { HTTP_GET, "/colour", NULL, MEMBERS, 200, "\"value\":\"green\"", MEMBERS },
    { HTTP_GET, "/colour/$value", NULL, NULL, 200, "unknownFutureValue", "" },
    { HTTP_GET, "/colour/$value", NULL, "odata." MEMBERS ", respond-async", 200, "green", MEMBERS },
    { HTTP_GET, NULL, NULL, NULL, 200, "\"colour\":\"unknownFutureValue\"", "" },
    { HTTP_GET, NULL, NULL, MEMBERS ", maxpagesize=7", 200, "\"colour\":\"green\"",
      "odata.maxpagesize=7, " MEMBERS },
    { HTTP_PATCH, "", "{}", MEMBERS ", return=minimal", 204, "", "return=minimal, " MEMBERS },
    /* Where it can mean nothing it is not heeded. */
    { HTTP_DELETE, "", NULL, MEMBERS, 204, "", "" },
};

static void test_members(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, ROOMY);
    const char *article = rig_make(&rig, ARTICLES, "{}", arena);

    for (size_t i = 0; i < COUNT_OF(member_cases); i++) {
        const struct member_case *it = &member_cases[i];
        struct slice path;
        struct answer answer;

        assert_true(arena_printf(arena, &path, "%s%s", it->below ? article : ARTICLES,
                                 it->below ? it->below : ""));
        const struct ask ask = { .method = it->method,
                                 .path = slice_to_cstr(arena, path),
                                 .body = it->body,
                                 .name = it->prefer ? "Prefer" : NULL,
                                 .value = it->prefer };
        rig_ask(&rig, &ask, ROOMY, &answer);
        CHECK(answer.exchange.response.status == it->status, i);
        CHECK(it->holds[0] == 0 || answer_count(&answer, it->holds) >= 1, i);
        CHECK(slice_eq(answer_field(&answer, SLICE("Preference-Applied")), slice_of(it->applied)),
              i);
        answer_free(&answer);
    }
    arena_destroy(arena);
}

/* --- entities that an update makes ----------------------------------------------------------- */

static int patch(const char *path, const char *name, const char *value, struct answer *ret)
{
    const struct ask ask = { .method = HTTP_PATCH,
                             .path = path,
                             .body = "{\"place\":\"here\"}",
                             .name = name,
                             .value = value };

    rig_ask(&rig, &ask, ROOMY, ret);
    return ret->exchange.response.status;
}

static void test_upsert(void **state UNUSED)
{
    struct answer answer;

    assert_int_equal(patch(CRATES "/" NOBODY, "Prefer", "create-if-missing", &answer), 201);
    assert_true(slice_eq(answer_field(&answer, SLICE("Location")),
                         SLICE("http://other.example" CRATES "('" NOBODY "')")));
    assert_int_equal(answer_count(&answer, "\"id\":\"" NOBODY "\",\"place\":\"here\""), 1);
    answer_free(&answer);
    assert_int_equal(patch(CRATES "/" NOBODY, "Prefer", "create-if-missing", &answer), 200);
    answer_free(&answer);
    assert_int_equal(patch(CRATES "/" NOBODY, "If-None-Match", "*", &answer), 412);
    answer_free(&answer);
    assert_int_equal(patch(CRATES "/no-guid", "If-None-Match", "*", &answer), 400);
    assert_int_equal(answer_count(&answer, "\"target\":\"id\""), 1);
    answer_free(&answer);
}

/* Who may update and not create is told so, whether the entity is there or not. */
static void test_upsert_needs_permission(void **state UNUSED)
{
    static const char *const keys[] = { CRATES "/" NOBODY, CRATES "/another" };
    struct answer answer;
    uint64_t *permissions = &rig.authorisation.types[1].operations[EDM_CREATE];
    uint64_t created_by = *permissions;

    *permissions = 0;
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        CHECK(patch(keys[i], "Prefer", "create-if-missing", &answer) == 403, i);
        answer_free(&answer);
    }
    assert_int_equal(patch(keys[0], NULL, NULL, &answer), 200);
    answer_free(&answer);
    *permissions = created_by;
}

/* --- tags ------------------------------------------------------------------------------------ */

static struct slice etag_of(const char *path, struct arena *arena)
{
    const struct ask get = { .method = HTTP_GET, .path = path };
    struct answer answer;
    struct slice etag;

    rig_ask(&rig, &get, ROOMY, &answer);
    assert_int_equal(answer.exchange.response.status, 200);
    assert_true(arena_copy(arena, answer_field(&answer, SLICE("ETag")), &etag));
    answer_free(&answer);
    return etag;
}

/* An id that was used before begins with version 1 again, and not with its tag. */
static void test_tag_of_another_life(void **state UNUSED)
{
    const struct ask erase = { .method = HTTP_DELETE, .path = CRATES "/" NOBODY };
    struct arena *arena = arena_create(NULL, ROOMY);
    struct answer answer;
    struct slice first;

    rig.api.etags = true;
    rig_ask(&rig, &erase, ROOMY, &answer);
    answer_free(&answer);
    assert_int_equal(patch(erase.path, "If-None-Match", "*", &answer), 201);
    assert_true(arena_copy(arena, answer_field(&answer, SLICE("ETag")), &first));
    answer_free(&answer);
    assert_true(slice_ends_with(first, SLICE(".1\"")));
    assert_true(slice_eq(etag_of(erase.path, arena), first));

    rig_ask(&rig, &erase, ROOMY, &answer);
    answer_free(&answer);
    assert_int_equal(patch(erase.path, "If-None-Match", "*", &answer), 201);
    assert_true(slice_ends_with(answer_field(&answer, SLICE("ETag")), SLICE(".1\"")));
    assert_false(slice_eq(answer_field(&answer, SLICE("ETag")), first));
    answer_free(&answer);
    assert_int_equal(patch(erase.path, "If-Match", slice_to_cstr(arena, first), &answer), 412);
    answer_free(&answer);
    rig.api.etags = false;
    arena_destroy(arena);
}

/* A read of the past has the past's tag: a write that trusts it is refused. */
static void test_tag_of_the_past(void **state UNUSED)
{
    static const char rules[] = "{\"rules\":[{\"name\":\"r\",\"when\":{\"method\":\"GET\"},"
                                "\"read\":\"stale\",\"staleFor\":\"5m\"}]}";
    struct arena *arena = arena_create(NULL, ROOMY);
    const char *crate = rig_make(&rig, CRATES, "{}", arena);
    struct slice before, after;
    struct answer answer;

    rig.api.etags = true;
    before = etag_of(crate, arena);
    rig_put_rules(testbed, rules);
    assert_int_equal(patch(crate, NULL, NULL, &answer), 200);
    assert_true(arena_copy(arena, answer_field(&answer, SLICE("ETag")), &after));
    answer_free(&answer);
    assert_false(slice_eq(before, after));
    assert_true(slice_eq(etag_of(crate, arena), before));
    assert_int_equal(patch(crate, "If-Match", slice_to_cstr(arena, before), &answer), 412);
    answer_free(&answer);
    assert_int_equal(patch(crate, "If-Match", slice_to_cstr(arena, after), &answer), 200);
    answer_free(&answer);
    rig_no_rules(testbed);
    rig.api.etags = false;
    arena_destroy(arena);
}

/* --- a server that is to be like Graph ------------------------------------------------------- */

static void test_passed_over(void **state UNUSED)
{
    static const char *const fields[][2] = {
        { "Prefer", "create-if-missing" },
        { "If-None-Match", "*" },
        { "If-Match", "*" },
        { "If-Match", "\"1.1\"" },
    };
    const struct ask create = { .method = HTTP_POST,
                                .path = CRATES,
                                .body = "{}",
                                .name = "Prefer",
                                .value = "return=minimal" };
    struct answer answer;

    rig.api.strict = true;
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        CHECK(patch(CRATES "/0190aaaa-0000-7000-8000-00000000ffff", fields[i][0], fields[i][1],
                    &answer) == 404,
              i);
        CHECK(answer_field(&answer, SLICE("x-connectord-beyond-graph")).len == 0, i);
        answer_free(&answer);
    }
    rig_ask(&rig, &create, ROOMY, &answer);
    assert_int_equal(answer.exchange.response.status, 201);
    assert_int_equal(answer_field(&answer, SLICE("Preference-Applied")).len, 0);
    answer_free(&answer);
    rig.api.strict = false;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_upsert),
        cmocka_unit_test(test_upsert_needs_permission),
        cmocka_unit_test(test_tag_of_another_life),
        cmocka_unit_test(test_tag_of_the_past),
        cmocka_unit_test(test_passed_over),
    };

    return cmocka_run_group_tests(tests, open_rig, close_rig);
}
