/* server/change_set_test.c - multipart batches and change sets through the handlers: all of a set
 * or nothing, whatever fails in it, and wherever memory does.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "base/arena.h"
#include "base/text.h"
#include "server/handlers_rig_test.h"
#include "store/db_fault.h"

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

#define HTTP      "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"
#define BODY      "Content-Type: application/json\r\n\r\n"
#define ALONE     "--b\r\n" HTTP "\r\n"
#define SET(more) "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n" more "--c--\r\n"
#define IN_SET    "--c\r\n" HTTP
#define MAKE(id)                                                                                   \
    "Content-ID: " id "\r\n\r\nPOST shopFloor/crates HTTP/1.1\r\n" BODY "{\"place\":\"made\"}\r\n"
#define CHANGE(url) "\r\nPATCH " url " HTTP/1.1\r\n" BODY "{\"place\":\"changed\"}\r\n"
#define DELETE(url) "\r\nDELETE " url " HTTP/1.1\r\n\r\n\r\n"
#define COUNT       ALONE "GET shopFloor/crates/$count HTTP/1.1\r\n\r\n\r\n"
#define MISSING     "shopFloor/crates/none"
#define ALL(parts)  parts "--b--"
#define GO_ON       "odata.continue-on-error"

static void send(const char *body, const char *prefer, size_t budget_bytes, struct answer *ret)
{
    const struct ask ask_it = { .method = HTTP_POST,
                                .path = "/beta/$batch",
                                .body = body,
                                .type = "multipart/mixed; boundary=b",
                                .name = prefer ? "Prefer" : NULL,
                                .value = prefer };

    rig_ask(&rig, &ask_it, budget_bytes, ret);
}

/* "200 (201 204) 404": those of one change set in parentheses. */
static const char *statuses(const struct answer *answer, struct arena *arena)
{
    struct slice rest = answer->exchange.response.body, line;
    struct text text;
    bool first = true;

    text_init(&text, arena, 0, 4096);
    while (slice_cut(rest, '\n', &line, &rest)) {
        if (slice_starts_with(line, SLICE("HTTP/1.1 "))) {
            text_printf(&text, "%s%.*s", first ? "" : " ", SLICE_ARG(slice_sub(line, 9, 3)));
            first = false;
        } else if (slice_starts_with(line, SLICE("Content-Type: multipart/mixed;"))) {
            text_append(&text, first ? SLICE("(") : SLICE(" ("));
            first = true;
        } else if (slice_starts_with(line, SLICE("--changeset")) &&
                   slice_ends_with(line, SLICE("--\r"))) {
            text_append_char(&text, ')');
        }
    }
    text_append_char(&text, '\0');
    assert_false(text.failed);
    return text.ptr;
}

static void check_batch(size_t row, const char *body, const char *prefer, const char *want,
                        size_t made)
{
    struct arena *arena = arena_create(NULL, ROOMY);
    size_t crates = rig_count_crates(&rig);
    struct answer answer;

    send(body, prefer, ROOMY, &answer);
    CHECK(answer.exchange.response.status == 200, row);
    if (strcmp(statuses(&answer, arena), want) != 0)
        fail_msg("row %zu: %s", row, statuses(&answer, arena));
    CHECK(rig_count_crates(&rig) == crates + made, row);
    answer_free(&answer);
    arena_destroy(arena);
}

/* --- what became of each --------------------------------------------------------------------- */

#define TWO        SET(IN_SET MAKE("1") IN_SET MAKE("2"))
#define TWO_FAILED SET(IN_SET MAKE("1") IN_SET CHANGE(MISSING) IN_SET MAKE("3"))
#define LONELY     ALONE "POST shopFloor/crates HTTP/1.1\r\n" BODY "{}\r\n"

static const struct {
    const char *body, *prefer, *statuses;
    size_t made;
} cases[] = {
    { ALL(COUNT), NULL, "200", 0 },
    { ALL(TWO COUNT), NULL, "(201 201) 200", 2 },
    { ALL(LONELY TWO LONELY TWO), NULL, "201 (201 201) 201 (201 201)", 6 },

    /* one fails: in the store, in a check, at the head of the set */
    { ALL(TWO_FAILED), NULL, "404", 0 },
    { ALL(SET(IN_SET MAKE("1") IN_SET CHANGE("shopFloor/nothing"))), NULL, "400", 0 },
    { ALL(SET(IN_SET CHANGE(MISSING) IN_SET MAKE("1"))), NULL, "404", 0 },
    { ALL(SET(IN_SET MAKE("1") IN_SET "\r\nPOST $batch HTTP/1.1\r\n" BODY "{}\r\n")), NULL, "400",
      0 },
    { ALL(SET(IN_SET MAKE("1") IN_SET "\r\nPOST shopFloor/crates HTTP/1.1\r\n" BODY
                                      "{\"place\":1}\r\n")),
      NULL, "400", 0 },
    { ALL(SET(IN_SET MAKE("1") IN_SET DELETE("/v1.0/x"))), NULL, "400", 0 },

    /* behind an error: nothing, unless asked for */
    { ALL(LONELY TWO_FAILED COUNT TWO), NULL, "201 404", 1 },
    { ALL(LONELY TWO_FAILED COUNT TWO), "respond-async, " GO_ON, "201 404 200 (201 201)", 3 },
    { ALL(LONELY TWO_FAILED COUNT TWO), GO_ON "=false", "201 404", 1 },
    { ALL(ALONE "GET x HTTP/1.1\r\n\r\n\r\n" TWO), NULL, "400", 0 },

    /* what was made before */
    { ALL(SET(IN_SET MAKE("a") IN_SET CHANGE("$a") IN_SET DELETE("/$A")) COUNT), NULL,
      "(201 200 204) 200", 0 },
    { ALL(SET(IN_SET MAKE("a") IN_SET "Content-ID: b\r\n" CHANGE("$a") IN_SET CHANGE("$b"))), NULL,
      "(201 200 200)", 1 },
    { ALL(SET(IN_SET MAKE("a")) ALONE
          "GET $a HTTP/1.1\r\n\r\n\r\n" ALONE
          "GET /beta/$a/place/$value HTTP/1.1\r\n\r\n\r\n" SET(IN_SET DELETE("$a"))),
      NULL, "(201) 200 200 (204)", 0 },
    { ALL(SET(IN_SET MAKE("a") IN_SET CHANGE(MISSING)) ALONE "GET $a HTTP/1.1\r\n\r\n\r\n"), GO_ON,
      "404 424", 0 },
    { ALL(SET(IN_SET CHANGE("$a") IN_SET MAKE("a"))), NULL, "400", 0 }, /* not yet */
    { ALL(SET(IN_SET MAKE("a")) SET(IN_SET MAKE("a") IN_SET DELETE("$a"))), NULL, "(201) (201 204)",
      1 }, /* the nearest */

    /* URLs */
    { ALL(ALONE "GET /beta/shopFloor HTTP/1.1\r\nHost: other.example\r\n\r\n" ALONE
                "GET https://BOTH.example/beta/shopFloor HTTP/1.1\r\nHost: any\r\n\r\n" ALONE
                "GET /beta/shopFloor HTTP/1.1\r\nHost: both.example\r\n\r\n" ALONE
                "GET shopFloor/crates?$filter=place eq 'a b' HTTP/1.1\r\n\r\n" ALONE
                "GET /beta/shopFloor HTTP/1.1\r\nHost: evil.example\r\n\r\n"),
      NULL, "200 200 200 200 400", 0 },
};

static void test_batches(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        check_batch(i, cases[i].body, cases[i].prefer, cases[i].statuses, cases[i].made);
}

static void test_answers(void **state UNUSED)
{
    struct answer answer;

    send(ALL(SET(IN_SET MAKE("x-1") IN_SET CHANGE("$x-1"))), NULL, ROOMY, &answer);
    assert_int_equal(answer_count(&answer, "Content-ID: x-1\r\n"), 1);
    assert_int_equal(answer_count(&answer, "\"place\":\"made\""), 1);
    assert_int_equal(answer_count(&answer, "\"place\":\"changed\""), 1);
    assert_int_equal(answer_count(&answer, "00000000-0000-0000-0000-000000000000"), 0);
    assert_true(slice_starts_with(answer_field(&answer, SLICE("Content-Type")),
                                  SLICE("multipart/mixed; boundary=batchresponse_")));
    assert_true(slice_eq(answer_field(&answer, SLICE("OData-Version")), SLICE("4.0")));
    answer_free(&answer);
}

static void test_refused(void **state UNUSED)
{
    static const char *const bodies[] = { "",
                                          "{\"requests\":[]}",
                                          "--b--",
                                          SET(IN_SET MAKE("1")), /* no end */
                                          ALL(SET(IN_SET "\r\nGET shopFloor HTTP/1.1\r\n\r\n")),
                                          ALL(ALONE "GET x HTTP/1.1\r\na b: c\r\n\r\n") };

    for (size_t i = 0; i < COUNT_OF(bodies); i++) {
        size_t crates = rig_count_crates(&rig);
        struct answer answer;

        send(bodies[i], NULL, ROOMY, &answer);
        CHECK(answer.exchange.response.status == 400, i);
        CHECK(answer_count(&answer, "Invalid batch payload format. ") == 1, i);
        CHECK(rig_count_crates(&rig) == crates, i);
        answer_free(&answer);
    }
}

static void test_strict(void **state UNUSED)
{
    size_t crates = rig_count_crates(&rig);
    struct answer answer;

    rig.api.strict = true;
    send(ALL(TWO), NULL, ROOMY, &answer);
    rig.api.strict = false;
    assert_int_equal(answer.exchange.response.status, 400);
    assert_int_equal(answer_count(&answer, "Unable to read JSON request payload."), 1);
    assert_true(slice_eq(answer_field(&answer, SLICE("x-connectord-beyond-graph")),
                         SLICE("multipart-batch")));
    assert_int_equal(rig_count_crates(&rig), crates);
    answer_free(&answer);
}

/* --- faults ---------------------------------------------------------------------------------- */

#define RULE(rest) "{\"rules\":[{\"name\":\"r1\"," rest "}]}"

static const struct {
    const char *rules, *statuses;
    size_t made;
    enum http_fate fate;
} fault_rules[] = {
    { RULE("\"when\":{\"path\":\"*/crates\",\"nth\":2},\"answer\":{\"error\":\"429.intune\"}"),
      "429", 0, HTTP_FATE_SENT },
    { RULE("\"when\":{\"path\":\"*/crates\",\"nth\":1},\"connection\":\"reset\""), "500", 0,
      HTTP_FATE_RESET },
    { RULE("\"when\":{\"path\":\"*/crates\"},\"delay\":\"5ms\""), "(201 201 200) 200", 2,
      HTTP_FATE_SENT },
    /* the answer is lost behind the commit */
    { RULE("\"when\":{\"path\":\"*/crates\",\"nth\":1},\"answer\":{\"status\":503},"
           "\"executes\":true"),
      "503", 2, HTTP_FATE_SENT },
};

static void test_faults(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(fault_rules); i++) {
        struct arena *arena = arena_create(NULL, ROOMY);
        size_t crates = rig_count_crates(&rig);
        struct answer answer;

        rig_put_rules(testbed, fault_rules[i].rules);
        send(ALL(SET(IN_SET MAKE("1") IN_SET MAKE("2") IN_SET CHANGE("$1")) COUNT), NULL, ROOMY,
             &answer);
        rig_no_rules(testbed);
        CHECK(answer.exchange.response.fate == fault_rules[i].fate, i);
        if (strcmp(statuses(&answer, arena), fault_rules[i].statuses) != 0)
            fail_msg("row %zu: %s", i, statuses(&answer, arena));
        CHECK(rig_count_crates(&rig) == crates + fault_rules[i].made, i);
        answer_free(&answer);
        arena_destroy(arena);
    }
}

/* What failed leaves no past: a stale read shows what a fresh one does. */
static void test_past(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, ROOMY);
    const char *path = rig_make(&rig, CRATES, "{\"place\":\"before\"}", arena);
    const struct ask get = { .method = HTTP_GET, .path = path };
    struct answer answer;
    struct slice body;

    rig_put_rules(testbed,
                  RULE("\"when\":{\"method\":\"GET\"},\"read\":\"stale\",\"staleFor\":\"1h\""));
    assert_true(arena_printf(arena, &body,
                             "--b\r\nContent-Type: multipart/mixed;boundary=c\r\n\r\n--c\r\n" HTTP
                             "\r\nPATCH %s HTTP/1.1\r\n" BODY
                             "{\"place\":\"changed\"}\r\n" IN_SET DELETE(MISSING) "--c--\r\n--b--",
                             path));
    send(body.ptr, NULL, ROOMY, &answer);
    assert_int_equal(answer_count(&answer, "HTTP/1.1 404"), 1);
    answer_free(&answer);
    rig_ask(&rig, &get, ROOMY, &answer);
    assert_int_equal(answer_count(&answer, "\"place\":\"before\""), 1);
    assert_int_equal(answer_field(&answer, SLICE("x-connectord-fault")).len, 0);
    answer_free(&answer);
    rig_no_rules(testbed);
    arena_destroy(arena);
}

/* The parts of a set that failed were asked for, and not executed; those behind it were not. */
static void test_journal(void **state UNUSED)
{
    size_t entries = rig_entries(testbed);
    struct answer answer;

    send(ALL(SET(IN_SET MAKE("1") IN_SET CHANGE("$1/nothing") IN_SET MAKE("3")) COUNT), NULL, ROOMY,
         &answer);
    answer_free(&answer);
    assert_int_equal(rig_entries(testbed), entries + 3);
    entries += 3;
    send(ALL(SET(IN_SET MAKE("1") IN_SET CHANGE("$1"))), NULL, ROOMY, &answer);
    answer_free(&answer);
    assert_int_equal(rig_entries(testbed), entries + 3);
    assert_true(rig_last_entry_has(testbed, "\"path\":\"/beta/$batch\""));
}

/* --- commits that fail ----------------------------------------------------------------------- */

static const struct {
    enum db_status status;
    bool rolls_back;
    const char *statuses;
    size_t made;
} commit_faults[] = {
    { DB_FULL, true, "(201 201 200) 200", 2 }, /* run once more, alone */
    { DB_OTHER, false, "(201 201 200) 200", 2 },
    { DB_SYNC, false, "503", 0 }, /* nobody knows: told once, and not run again */
};

static void test_commits_fail(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(commit_faults); i++) {
        struct arena *arena = arena_create(NULL, ROOMY);
        struct db_fault_plan plan = { .kinds = DB_FAULT_COMMIT,
                                      .status = commit_faults[i].status,
                                      .rolls_back = commit_faults[i].rolls_back };
        struct rig whole = rig;
        struct answer answer;

        rig_open_faulty(&rig, NULL, &plan);
        plan.calls = 0;
        plan.fail_at = 1;
        send(ALL(SET(IN_SET MAKE("1") IN_SET MAKE("2") IN_SET CHANGE("$1")) COUNT), NULL, ROOMY,
             &answer);
        CHECK(plan.fired, i);
        if (strcmp(statuses(&answer, arena), commit_faults[i].statuses) != 0)
            fail_msg("row %zu: %s", i, statuses(&answer, arena));
        CHECK(rig_count_crates(&rig) == commit_faults[i].made, i);
        answer_free(&answer);
        rig_close(&rig);
        rig = whole;
        arena_destroy(arena);
    }
}

/* --- sizes ----------------------------------------------------------------------------------- */

static void test_too_large(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, ROOMY);
    struct answer answer;

    rig.api.reply_bytes_max = 1500;
    send(ALL(TWO ALONE "GET shopFloor/crates?$top=50 HTTP/1.1\r\n\r\n"), NULL, ROOMY, &answer);
    rig.api.reply_bytes_max = ROOMY;
    assert_string_equal(statuses(&answer, arena), "(201 201) 413");
    answer_free(&answer);
    arena_destroy(arena);
}

/* All of a set was made, or none of it; and what was told is what was made. */
static void check_made(size_t at, const struct answer *answer, size_t before)
{
    size_t made = rig_count_crates(&rig) - before;

    CHECK(made == 0 || made == 2, at);
    if (answer->exchange.response.status == 200 && answer_count(answer, "HTTP/1.1 500 ") == 0)
        CHECK(answer_count(answer, "HTTP/1.1 201 ") == made, at);
    else if (answer->exchange.response.status != 500 && answer->exchange.response.status != 200)
        CHECK(made == 0, at);
}

static void test_memory_ends(void **state UNUSED)
{
    size_t whole = 0;

    for (size_t budget = 36 * 1024; budget < 128 * 1024; budget += 496) {
        size_t crates = rig_count_crates(&rig);
        struct answer answer;

        send(ALL(SET(IN_SET MAKE("1") IN_SET MAKE("2") IN_SET CHANGE("$1"))), NULL, budget,
             &answer);
        check_made(budget, &answer, crates);
        CHECK(answer.had_memory_left, budget);
        whole += answer_count(&answer, "HTTP/1.1 201 ") == 2;
        answer_free(&answer);
    }
    assert_true(whole > 10);
}

#ifdef CONNECTORD_FAULTS
static void test_each_allocation_fails(void **state UNUSED)
{
    uint64_t n = 0;

    for (bool fired = true; fired; n++) {
        size_t crates = rig_count_crates(&rig);
        struct answer answer;

        arena_fail_after(n + 1); /* the exchange's own arena is the engine's to get */
        send(ALL(SET(IN_SET MAKE("1") IN_SET MAKE("2") IN_SET CHANGE("$1"))), NULL, ROOMY, &answer);
        fired = arena_fault_fired();
        arena_fail_after(UINT64_MAX);
        check_made(n, &answer, crates);
        CHECK(fired || answer_count(&answer, "HTTP/1.1 20") == 3, n);
        answer_free(&answer);
    }
    assert_true(n > 20);
}
#endif

/* --- atomicity groups ------------------------------------------------------------------------ */

#define TYPE "\"headers\":{\"Content-Type\":\"application/json\"}"
#define J(id, group, method, url)                                                                  \
    "{\"id\":\"" id "\",\"method\":\"" method "\",\"url\":\"" url "\"," TYPE ",\"body\":{}" group  \
    "}"
#define GROUP      ",\"atomicityGroup\":\"g\""
#define AFTER      ",\"dependsOn\":[\"g\"]"
#define JSON(list) "{\"requests\":[" list "]}"

static const struct {
    const char *body;
    const char *statuses[4]; /* as they stand in the answer */
    size_t made;
} groups[] = {
    { JSON(J("1", GROUP, "POST", "shopFloor/crates") "," J(
          "2", GROUP, "PATCH", "$1") ","
                                     "{\"id\":\"3\",\"method\":\"GET\",\"url\":\"$1\"" AFTER "}"),
      { "\"1\",\"atomicityGroup\":\"g\",\"status\":201",
        "\"2\",\"atomicityGroup\":\"g\",\"status\":200", "\"3\",\"status\":200" },
      1 },
    { JSON(J("1", GROUP, "POST", "shopFloor/crates") "," J("2", GROUP, "PATCH", MISSING) "," J(
          "3", GROUP, "PATCH", "$1") "," J("4", AFTER, "POST", "shopFloor/crates")),
      { "\"1\",\"atomicityGroup\":\"g\",\"status\":424",
        "\"2\",\"atomicityGroup\":\"g\",\"status\":404",
        "\"3\",\"atomicityGroup\":\"g\",\"status\":424", "\"4\",\"status\":424" },
      0 },
    { JSON(J("1", GROUP, "PATCH", "shopFloor/nothing") "," J(
          "2", GROUP, "POST", "shopFloor/crates") "," J("3", "", "POST", "shopFloor/crates")),
      { "\"status\":400", "\"status\":424", "\"3\",\"status\":201" },
      1 },
    /* $1 of what one does not depend on is a segment */
    { JSON(J("1", "", "POST", "shopFloor/crates") "," J("2", "", "PATCH", "$1")),
      { "\"1\",\"status\":201", "\"2\",\"status\":400", "segment '$1'" },
      1 },
};

static void test_groups(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(groups); i++) {
        const struct ask ask_it = { .method = HTTP_POST,
                                    .path = "/beta/$batch",
                                    .body = groups[i].body };
        size_t crates = rig_count_crates(&rig);
        struct answer answer;

        rig_ask(&rig, &ask_it, ROOMY, &answer);
        CHECK(answer.exchange.response.status == 200, i);
        for (size_t j = 0; j < COUNT_OF(groups[i].statuses) && groups[i].statuses[j]; j++)
            if (answer_count(&answer, groups[i].statuses[j]) != 1)
                fail_msg("row %zu: %.*s", i, SLICE_ARG(answer.exchange.response.body));
        CHECK(rig_count_crates(&rig) == crates + groups[i].made, i);
        answer_free(&answer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_batches),
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_strict),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_past),
        cmocka_unit_test(test_journal),
        cmocka_unit_test(test_commits_fail),
        cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_memory_ends),
#ifdef CONNECTORD_FAULTS
        cmocka_unit_test(test_each_allocation_fails),
#endif
    };

    return cmocka_run_group_tests(tests, open_group, close_group);
}
