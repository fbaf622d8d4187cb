/* testbed/faults_read_test.c - which rules are accepted, what is said of the others and where, and
 * that GET faults gives back what PUT faults takes. */
#include "testbed/faults.h"

#include "base/arena.h"
#include "base/test.h"
#include "base/text.h"
#include "json/reader.h"
#include "json/writer.h"

#define PLENTY    ((size_t)1 << 20)
#define RULES_MAX 8

/* Around what a row says: a rule that is otherwise good. */
#define WHEN(members)   "{\"rules\":[{\"when\":{" members "},\"delay\":\"1s\"}]}"
#define ANSWER(members) "{\"rules\":[{\"answer\":{" members "}}]}"
#define RULE(members)   "{\"rules\":[{" members "}]}"
#define LIMIT(members)  WHEN("\"limit\":{" members "}")

static const char *const good_texts[] = {
    "{\"rules\":[]}",
    " {\n\t\"rules\" : [ ] } ",
    WHEN(""),
    WHEN("\"method\":\"GET\""),
    WHEN("\"method\":\"get\""),
    WHEN("\"method\":[\"GET\",\"HEAD\",\"POST\",\"PUT\",\"PATCH\",\"DELETE\",\"OPTIONS\"]"),
    WHEN("\"path\":\"/beta/*\""),
    WHEN("\"path\":\"*\""),
    WHEN("\"app\":\"00000000-0000-4000-8000-0000000000c1\""),
    WHEN("\"skip\":0,\"nth\":1,\"next\":1"),
    WHEN("\"skip\":1e3,\"nth\":2.0"),
    WHEN("\"pattern\":\"x\""),
    WHEN("\"pattern\":\"..x.\""),
    WHEN("\"rate\":0"),
    WHEN("\"rate\":1"),
    WHEN("\"rate\":2.5e-1"),
    LIMIT("\"requests\":0,\"per\":\"1ms\""),
    LIMIT("\"requests\":100,\"per\":\"1d\",\"each\":\"app\""),
    LIMIT("\"each\":\"tenant\",\"per\":\"1m30s\",\"requests\":100"),
    ANSWER("\"error\":\"429.intune\""),
    ANSWER("\"error\":\"429.intune\",\"retryAfter\":null"),
    ANSWER("\"retryAfter\":2.128,\"error\":\"429.graph\""),
    ANSWER("\"status\":503"),
    ANSWER("\"status\":200,\"body\":{\"value\":[1,{\"a\":null}]}"),
    ANSWER("\"status\":599,\"body\":\"text\",\"retryAfter\":0"),
    ANSWER("\"body\":null,\"status\":404"),
    RULE("\"when\":{\"limit\":{\"requests\":1,\"per\":\"1s\"}},"
         "\"answer\":{\"error\":\"429.intune\",\"retryAfter\":\"window\"}"),
    RULE("\"answer\":{\"error\":\"429.intune\",\"retryAfter\":\"window\"},"
         "\"when\":{\"limit\":{\"requests\":1,\"per\":\"1s\"}}"),
    RULE("\"delay\":\"1m\""),
    RULE("\"delay\":{\"min\":\"0s\",\"max\":\"1ms\"}"),
    RULE("\"delay\":{\"p99\":\"2s\",\"median\":\"2s\"}"),
    RULE("\"connection\":\"reset\",\"executes\":true"),
    RULE("\"connection\":\"truncate\",\"answer\":{\"status\":500}"),
    RULE("\"answer\":{\"status\":500},\"executes\":true"),
    RULE("\"read\":\"stale\""),
    RULE("\"staleFor\":\"1h\",\"read\":\"stale\""),
    RULE("\"read\":\"duplicatePage\",\"executes\":false"),
    RULE("\"read\":\"brokenNextLink\""),
    RULE("\"name\":\"a name of ~ASCII~\",\"read\":\"stale\",\"matched\":7,\"fired\":0"),
    "{\"persona\":\"flaky\"}",
    "{\"persona\":[\"delete-403\"]}",
    "{\"persona\":[\"flaky\",\"eventual\"],\"retryAfter\":1}",
    "{\"retryAfter\":0.5,\"persona\":\"intune-throttled\",\"rules\":[]}",
    "{\"persona\":\"intune-throttled\",\"retryAfter\":null}",
};

static const struct {
    const char *text;
    const char *target, *words;
    unsigned line, column;
} bad_texts[] = {
    { "", "", "Invalid JSON", 1, 1 },
    { "[]", "rules", "expected an object", 1, 1 },
    { "{}", "rules", "expected \"rules\", \"persona\", or both", 1, 1 },
    { "{\"rules\":[]", "", "Invalid JSON", 1, 12 },
    { "{\"rules\":[]}x", "", "Invalid JSON", 1, 13 },
    { "{\"rules\":[],\"rules\":[]}", "rules", "twice", 1, 13 },
    { "{\"rules\":{}}", "rules", "an array of rules", 1, 10 },
    { "{\"rules\":[1]}", "rules", "a rule must be an object", 1, 11 },
    { "{\"rule\":[]}", "rule", "no member \"rule\"", 1, 2 },
    { "{\n  \"rules\": [\n    {\"anwser\": {}}\n  ]\n}", "anwser",
      "no member \"anwser\" here; known are: name, when, answer, delay, connection, read, "
      "staleFor, executes",
      3, 6 },
    { "{\"retryAfter\":1}", "retryAfter", "beside \"persona\"", 1, 15 },
    { "{\"rules\":[],\"retryAfter\":1}", "retryAfter", "beside \"persona\"", 1, 26 },
    { "{\"persona\":\"Flaky\"}", "persona", "no persona \"Flaky\"", 1, 12 },
    { "{\"persona\":1}", "persona", "a persona's name, or a list of names, found 1", 1, 12 },
    { "{\"persona\":[]}", "persona", "at least one", 1, 12 },
    { "{\"persona\":[\"flaky\",2]}", "persona", "found 2", 1, 21 },
    { "{\"persona\":[[]]}", "persona", "found an array", 1, 13 },
    { "{\"persona\":[\"flaky\",\"flaky\"]}", "persona", "named before", 1, 21 },
    { "{\"persona\":[\"flaky\",\"odd\"]}", "persona",
      "no persona \"odd\"; known are: intune-throttled, delete-403, eventual, flaky", 1, 21 },
    { "{\"rules\":[{\"name\":\"eventual\",\"delay\":\"1s\"}],\n\"persona\":\"eventual\"}", "name",
      "a rule \"eventual\" already", 2, 11 },
    { "{\"rules\":[{\"name\":\"a\",\"delay\":\"1s\"},\n{\"delay\":\"1s\",\"name\":\"a\"}]}", "name",
      "a rule \"a\" already", 2, 22 },
    { "{\"rules\":[{\"name\":\"rule-2\",\"delay\":\"1s\"},{\"delay\":\"1s\"}]}", "name",
      "is called by its place, \"rule-2\"", 1, 42 },
    { "{\"rules\":[{\"delay\":\"1s\"} {}]}", "",
      "column 26: Invalid JSON: expected ',' or ']', found '{'", 1, 26 },
    { "{\"persona\":\"flaky\",\"retryAfter\":\"window\"}", "retryAfter", "seconds", 1, 33 },
    { "{\"persona\":\"flaky\",\"retryAfter\":-1}", "retryAfter", "seconds", 1, 33 },
    { RULE(""), "answer", "does nothing", 1, 11 },
    { RULE("\"when\":{\"rate\":1}"), "answer", "does nothing", 1, 11 },
    { RULE("\"name\":\"\",\"delay\":\"1s\""), "name", "ASCII", 1, 19 },
    { RULE("\"name\":\"a\\nb\",\"delay\":\"1s\""), "name", "ASCII", 1, 19 },
    { RULE("\"name\":\"\xC3\xA4\",\"delay\":\"1s\""), "name", "ASCII", 1, 19 },
    { RULE("\"name\":\" a\",\"delay\":\"1s\""), "name", "ASCII", 1, 19 },
    { RULE("\"name\":1,\"delay\":\"1s\""), "name", "ASCII", 1, 19 },
    { RULE("\"when\":[],\"delay\":\"1s\""), "when", "an object", 1, 19 },
    { RULE("\"matched\":-1,\"delay\":\"1s\""), "matched", "whole number", 1, 22 },
    { RULE("\"fired\":\"1\",\"delay\":\"1s\""), "fired", "whole number", 1, 20 },
    { RULE("\"executes\":true,\"delay\":\"1s\""), "executes", "needs", 1, 11 },
    { RULE("\"executes\":1,\"connection\":\"reset\""), "executes", "true or false", 1, 23 },
    { RULE("\"connection\":\"reset\",\"answer\":{\"status\":500}"), "connection", "not sent", 1,
      11 },
    { RULE("\"connection\":\"Reset\""), "connection", "\"truncate\"", 1, 25 },
    { RULE("\"connection\":null"), "connection", "\"truncate\"", 1, 25 },
    { RULE("\"read\":\"old\""), "read", "\"stale\"", 1, 19 },
    { RULE("\"read\":true"), "read", "\"stale\"", 1, 19 },
    { RULE("\"staleFor\":\"1s\",\"delay\":\"1s\""), "staleFor", "needs", 1, 11 },
    { RULE("\"staleFor\":\"0s\",\"read\":\"stale\""), "staleFor", "between", 1, 23 },
    { RULE("\"staleFor\":\"61m\",\"read\":\"stale\""), "staleFor", "between", 1, 23 },
    { RULE("\"delay\":\"61s\""), "delay", "between 1 ms and 60 s", 1, 20 },
    { RULE("\"delay\":\"-1s\""), "delay", "between", 1, 20 },
    { RULE("\"delay\":\"1 s\""), "delay", "a duration", 1, 20 },
    { RULE("\"delay\":\"\""), "delay", "a duration", 1, 20 },
    { RULE("\"delay\":1000"), "delay",
      "\"min\" and \"max\" or of \"median\" and \"p99\", found 1000", 1, 20 },
    { RULE("\"delay\":\"5 seconds\""), "delay", "found \"5 seconds\"", 1, 20 },
    { RULE("\"delay\":{}"), "delay", "needs", 1, 20 },
    { RULE("\"delay\":{\"min\":\"1s\"}"), "delay", "needs", 1, 20 },
    { RULE("\"delay\":{\"min\":\"1s\",\"p99\":\"2s\"}"), "delay", "needs", 1, 20 },
    { RULE("\"delay\":{\"min\":\"2s\",\"max\":\"1s\"}"), "delay", "above", 1, 20 },
    { RULE("\"delay\":{\"median\":\"0s\",\"p99\":\"1s\"}"), "median", "between", 1, 30 },
    { RULE("\"delay\":{\"median\":\"1s\",\"p99\":\"2m\"}"), "p99", "between", 1, 41 },
    { RULE("\"delay\":{\"median\":\"1s\",\"p90\":\"2s\"}"), "p90", "no member", 1, 35 },
    { RULE("\"delay\":{\"min\":5,\"max\":\"1s\"}"), "min", "a duration", 1, 27 },
    { ANSWER(""), "answer", "either", 1, 21 },
    { ANSWER("\"error\":\"429.intune\",\"status\":429"), "answer", "either", 1, 21 },
    { ANSWER("\"error\":\"429\""), "error", "no error \"429\"", 1, 30 },
    { ANSWER("\"error\":429"), "error", "an error's name", 1, 30 },
    { ANSWER("\"error\":\"429.intune\",\"body\":{}"), "body", "of its own", 1, 21 },
    { ANSWER("\"body\":{}"), "answer", "either", 1, 21 },
    { ANSWER("\"status\":204,\"body\":{}"), "body", "204 has no body", 1, 21 },
    { ANSWER("\"status\":100"), "status", "200 to 599", 1, 31 },
    { ANSWER("\"status\":600"), "status", "200 to 599", 1, 31 },
    { ANSWER("\"status\":\"503\""), "status", "200 to 599", 1, 31 },
    { ANSWER("\"status\":503,\"body\":{\"a\":}"), "", "Invalid JSON", 1, 47 },
    { ANSWER("\"status\":503,\"retryAfter\":1e2"), "retryAfter", "seconds", 1, 48 },
    { ANSWER("\"status\":503,\"retryAfter\":-1"), "retryAfter", "seconds", 1, 48 },
    { ANSWER("\"status\":503,\"retryAfter\":\"10\""), "retryAfter", "seconds", 1, 48 },
    { ANSWER("\"status\":503,\"retryAfter\":0.12345678901234567890"), "retryAfter", "seconds", 1,
      48 },
    { ANSWER("\"status\":503,\"retryAfter\":\"window\""), "retryAfter", "needs a \"limit\"", 1,
      11 },
    { WHEN("\"method\":\"FETCH\""), "method",
      "one of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, or a list of them, found \"FETCH\"", 1,
      29 },
    { WHEN("\"method\":[]"), "method", "at least one", 1, 29 },
    { WHEN("\"method\":[\"GET\",1]"), "method", "found 1", 1, 36 },
    { WHEN("\"method\":{}"), "method", "found an object", 1, 29 },
    { WHEN("\"path\":\"beta/*\""), "path", "begins with", 1, 27 },
    { WHEN("\"path\":\"\""), "path", "begins with", 1, 27 },
    { WHEN("\"path\":[\"/\"]"), "path", "begins with", 1, 27 },
    { WHEN("\"app\":\"\""), "app", "an application's id", 1, 26 },
    { WHEN("\"skip\":-1"), "skip", "a whole number", 1, 27 },
    { WHEN("\"skip\":1.5"), "skip", "a whole number", 1, 27 },
    { WHEN("\"skip\":1e16"), "skip", "a whole number", 1, 27 },
    { WHEN("\"nth\":0"), "nth", "above 0", 1, 26 },
    { WHEN("\"next\":0"), "next", "above 0", 1, 27 },
    { WHEN("\"next\":\"1\""), "next", "above 0", 1, 27 },
    { WHEN("\"pattern\":\"\""), "pattern", "with an 'x'", 1, 30 },
    { WHEN("\"pattern\":\"...\""), "pattern", "with an 'x'", 1, 30 },
    { WHEN("\"pattern\":\"xX\""), "pattern", "with an 'x'", 1, 30 },
    { WHEN("\"pattern\":1"), "pattern", "with an 'x'", 1, 30 },
    { WHEN("\"rate\":1.01"), "rate", "from 0 to 1", 1, 27 },
    { WHEN("\"rate\":-0.1"), "rate", "from 0 to 1", 1, 27 },
    { WHEN("\"rate\":1e999"), "rate", "from 0 to 1", 1, 27 },
    { WHEN("\"rate\":\"0.5\""), "rate", "from 0 to 1", 1, 27 },
    { LIMIT("\"requests\":1"), "limit", "needs", 1, 28 },
    { LIMIT("\"per\":\"1s\""), "limit", "needs", 1, 28 },
    { LIMIT("\"requests\":1,\"per\":\"0s\""), "per", "between", 1, 48 },
    { LIMIT("\"requests\":1,\"per\":\"25h\""), "per", "between", 1, 48 },
    { LIMIT("\"requests\":1,\"per\":\"1s\",\"each\":\"user\""), "each", "\"tenant\"", 1, 60 },
    { LIMIT("\"requests\":1,\"per\":\"1s\",\"each\":true"), "each", "\"tenant\"", 1, 60 },
    { LIMIT("\"request\":1,\"per\":\"1s\""), "request", "no member", 1, 29 },
    { WHEN("\"limit\":100"), "limit", "an object", 1, 28 },
};

static void test_read_good(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(good_texts); i++) {
        struct faults *faults = faults_create(RULES_MAX, 1);
        struct error err = { 0 };

        if (!faults_put(faults, slice_of(good_texts[i]), &err))
            fail_msg("%s: %s", good_texts[i], err.message);
        faults_destroy(faults);
    }
}

static void test_read_bad(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(bad_texts); i++) {
        struct faults *faults = faults_create(RULES_MAX, 1);
        struct error err = { 0 };
        char start[64];

        snprintf(start, sizeof start, "faults, line %u, column %u: ", bad_texts[i].line,
                 bad_texts[i].column);
        bool ok = faults_put(faults, slice_of(bad_texts[i].text), &err);
        if (ok || err.code != ERROR_BAD_REQUEST || strcmp(err.target, bad_texts[i].target) != 0 ||
            !slice_starts_with(slice_of(err.message), slice_of(start)) ||
            !strstr(err.message, bad_texts[i].words))
            fail_msg("%s: %s '%s' '%s'", bad_texts[i].text, ok ? "ok" : "", err.target,
                     err.message);
        CHECK(faults_are_none(faults), i);
        faults_destroy(faults);
    }
}

/* Names are quoted, long ones cut between characters. */
static void test_read_quotes_in_part(void **state UNUSED)
{
    char text[1000];
    struct faults *faults = faults_create(RULES_MAX, 1);
    struct error err = { 0 };
    size_t len = (size_t)snprintf(text, sizeof text, "{\"persona\":\"a");

    for (unsigned i = 0; i < 200; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "\xC3\xA4");
    snprintf(text + len, sizeof text - len, "\"}");
    assert_false(faults_put(faults, slice_of(text), &err));
    assert_true(slice_is_utf8(slice_of(err.message)));
    assert_true(strlen(err.message) < 250);
    faults_destroy(faults);
}

static void test_read_too_many(void **state UNUSED)
{
    struct faults *faults = faults_create(2, 1);
    struct error err = { 0 };

    assert_true(
        faults_put(faults, SLICE("{\"rules\":[{\"delay\":\"1s\"},{\"delay\":\"1s\"}]}"), &err));
    assert_false(faults_put(
        faults, SLICE("{\"rules\":[{\"delay\":\"1s\"},{\"delay\":\"1s\"},\n{\"delay\":\"1s\"}]}"),
        &err));
    assert_string_equal(err.message, "faults, line 2, column 1: there may be 2 rules at most");
    /* A persona's place is that of its name. */
    assert_false(faults_put(faults, SLICE("{\n\"persona\":\"flaky\"}"), &err));
    assert_string_equal(err.message, "faults, line 2, column 11: there may be 2 rules at most");
    faults_destroy(faults);
}

/* {"rules":[{"answer":{"status":500,"body":"xx..."}}]} with a body of so many bytes. */
static struct slice with_body(size_t bytes, struct arena *arena)
{
    struct text text;

    text_init(&text, arena, 0, bytes + 100);
    text_append(&text, SLICE("{\"rules\":[\n{\"answer\":{\"status\":500,\"body\":\""));
    for (size_t i = 2; i < bytes; i++)
        text_append_char(&text, 'x');
    text_append(&text, SLICE("\"}}]}"));
    assert_false(text.failed);
    return text_slice(&text);
}

static void test_read_large(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, (size_t)16 << 20);
    struct faults *faults = faults_create(RULES_MAX, 1);
    struct error err = { 0 };
    struct fault_effect effect;
    const struct fault_request request = { .method = SLICE("GET"), .path = SLICE("/") };

    assert_true(faults_put(faults, with_body(FAULT_ANSWER_BYTES_MAX, arena), &err));
    assert_true(faults_draw(faults, &request, arena, &effect));
    assert_int_equal(effect.body.len, FAULT_ANSWER_BYTES_MAX);
    assert_false(faults_put(faults, with_body(FAULT_ANSWER_BYTES_MAX + 1, arena), &err));
    assert_string_equal(err.message, "faults, line 2, column 32: \"body\" may be 65536 bytes of "
                                     "text, this one is 65537");
    assert_string_equal(err.target, "body");

    struct text text;
    text_init(&text, arena, 0, FAULTS_TEXT_BYTES_MAX + 1);
    text_append(&text, SLICE("{\"rules\":[]}"));
    while (text.len < FAULTS_TEXT_BYTES_MAX)
        text_append_char(&text, ' ');
    assert_true(faults_put(faults, text_slice(&text), &err));
    text_append_char(&text, ' ');
    assert_false(faults_put(faults, text_slice(&text), &err));
    assert_int_equal(err.code, ERROR_TOO_LARGE);
    faults_destroy(faults);
    arena_destroy(arena);
}

/* The text of a rule is kept once: with all that stands in it, it takes little more than itself. */
static void test_kept_once(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, (size_t)1 << 20);
    struct faults *faults = faults_create(RULES_MAX, 1);
    struct slice rules = with_body(60000, arena);
    struct arena_ledger ledger;
    struct error err = { 0 };

    arena_ledger_init(&ledger, 80000);
    faults_charge_to(faults, &ledger);
    assert_true(faults_put(faults, rules, &err));
    assert_in_range(arena_ledger_taken_bytes(&ledger), 60000, 70000);
    assert_true(faults_put(faults, rules, &err)); /* in their place, not beside them */
    faults_clear(faults);
    assert_int_equal(arena_ledger_taken_bytes(&ledger), 0);
    assert_true(faults_put(faults, rules, &err));
    assert_false(faults_put(faults, SLICE("{"), &err));
    faults_destroy(faults);
    assert_int_equal(arena_ledger_taken_bytes(&ledger), 0);

    faults = faults_create(RULES_MAX, 1);
    arena_ledger_init(&ledger, 50000);
    faults_charge_to(faults, &ledger);
    assert_true(faults_put(faults, SLICE("{\"persona\":\"flaky\"}"), &err));
    assert_false(faults_put(faults, rules, &err));
    assert_int_equal(err.code, ERROR_STORAGE_FULL);
    assert_false(faults_are_none(faults)); /* as they were */
    faults_destroy(faults);
    assert_int_equal(arena_ledger_taken_bytes(&ledger), 0);
    arena_destroy(arena);
}

static void test_read_deep(void **state UNUSED)
{
    char text[400] = "{\"rules\":[{\"answer\":{\"status\":500,\"body\":";
    struct faults *faults = faults_create(2, 1);
    struct error err = { 0 };
    size_t len = strlen(text);

    memset(text + len, '[', 100);
    memset(text + len + 100, ']', 100);
    memcpy(text + len + 200, "}}]}", 5);
    assert_false(faults_put(faults, slice_of(text), &err));
    assert_int_equal(err.code, ERROR_BAD_REQUEST);
    assert_non_null(strstr(err.message, "nested deeper"));
    faults_destroy(faults);
}

/* --- what comes back ------------------------------------------------------------------------- */

static struct slice written(struct faults *faults, struct arena *arena)
{
    struct json_writer writer;
    struct text *out = arena_new(arena, struct text);

    text_init(out, arena, 0, PLENTY);
    json_writer_init(&writer, out);
    assert_true(faults_write(faults, arena, &writer));
    assert_true(json_is_valid(text_slice(out), arena, JSON_DEPTH_DEFAULT));
    return text_slice(out);
}

static void check_written(struct faults *faults, const char *want)
{
    struct arena *arena = arena_create(NULL, PLENTY);
    struct slice text = written(faults, arena);

    if (!slice_eq(text, slice_of(want)))
        fail_msg("%.*s", SLICE_ARG(text));
    arena_destroy(arena);
}

static void test_write(void **state UNUSED)
{
    struct faults *faults = faults_create(RULES_MAX, 1);

    check_written(faults, "{\"rules\":[]}");
    assert_true(
        faults_put(faults,
                   SLICE("{\"rules\":[{ \"fired\":3 , \"delay\" : \"1000ms\" ,\"name\":\"a\"}"
                         ",{\"matched\":2,\"when\":{\"rate\": 5E-1 },\"read\":\"stale\"}]}"),
                   NULL));
    check_written(faults,
                  "{\"rules\":[{\"delay\":\"1000ms\",\"name\":\"a\",\"matched\":0,\"fired\":0},"
                  "{\"when\":{\"rate\": 5E-1 },\"read\":\"stale\",\"name\":\"rule-2\","
                  "\"matched\":0,\"fired\":0}]}");
    faults_clear(faults);
    check_written(faults, "{\"rules\":[]}");
    faults_destroy(faults);
}

static void test_write_persona(void **state UNUSED)
{
    struct faults *faults = faults_create(RULES_MAX, 1);

    assert_true(faults_put(faults,
                           SLICE("{\"persona\":\"delete-403\",\"retryAfter\":1,"
                                 "\"rules\":[{\"delay\":\"1s\"}]}"),
                           NULL));
    /* A 403 sends no Retry-After, so there is none to replace. */
    check_written(faults,
                  "{\"rules\":[{\"delay\":\"1s\",\"name\":\"rule-1\",\"matched\":0,\"fired\":0},"
                  "{\"name\":\"delete-403\",\"when\":{\"method\":\"DELETE\","
                  "\"path\":\"*/deviceManagement/domainJoinConnectors/*\"},"
                  "\"answer\":{\"error\":\"403.domainJoinConnector-delete\"},"
                  "\"matched\":0,\"fired\":0},"
                  "{\"name\":\"delete-403-key-in-parentheses\",\"when\":{\"method\":\"DELETE\","
                  "\"path\":\"*/deviceManagement/domainJoinConnectors(*\"},"
                  "\"answer\":{\"error\":\"403.domainJoinConnector-delete\"},"
                  "\"matched\":0,\"fired\":0}]}");
    faults_destroy(faults);
}

/* Several personas stand in the order in which they were named. */
static void test_write_personas(void **state UNUSED)
{
    static const char *const names[] = { "mine", "eventual", "delete-403",
                                         "delete-403-key-in-parentheses" };
    struct faults *faults = faults_create(RULES_MAX, 1);
    struct arena *arena = arena_create(NULL, PLENTY);

    assert_true(faults_put(faults,
                           SLICE("{\"persona\":[\"eventual\",\"delete-403\"],"
                                 "\"rules\":[{\"name\":\"mine\",\"delay\":\"1s\"}]}"),
                           NULL));
    struct slice text = written(faults, arena), rest;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        char name[64];
        snprintf(name, sizeof name, "{\"name\":\"%s\"", names[i]);
        const char *at = memmem(text.ptr, text.len, name, strlen(name));
        assert_non_null(at);
        rest = slice_sub(text, (size_t)(at - text.ptr) + 1, text.len);
        text = rest;
    }
    arena_destroy(arena);
    faults_destroy(faults);
}

/* It replaces the persona's Retry-After, wherever it stands, and no rule's of one's own. */
static void test_write_override(void **state UNUSED)
{
    struct faults *faults = faults_create(RULES_MAX, 1);

    assert_true(faults_put(faults,
                           SLICE("{\"retryAfter\":2.5,\"rules\":[{\"name\":\"a\",\"answer\":"
                                 "{\"error\":\"429.intune\"}}],\"persona\":\"intune-throttled\"}"),
                           NULL));
    struct arena *arena = arena_create(NULL, PLENTY);
    struct slice text = written(faults, arena);
    size_t found = 0;
    for (size_t i = 0; i < text.len; i++)
        found +=
            slice_starts_with(slice_sub(text, i, text.len),
                              SLICE("\"answer\":{\"error\":\"429.intune\",\"retryAfter\":2.5}"));
    assert_int_equal(found, 3);
    assert_true(slice_starts_with(text, SLICE("{\"rules\":[{\"name\":\"a\",\"answer\":{\"error\":"
                                              "\"429.intune\"},\"matched\":0,")));
    arena_destroy(arena);
    faults_destroy(faults);
}

/* What GET gives is what PUT takes, and then GET gives the same again. */
static void test_round_trip(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(good_texts); i++) {
        struct faults *faults = faults_create(RULES_MAX, 1);
        struct arena *arena = arena_create(NULL, PLENTY);
        struct error err = { 0 };

        CHECK(faults_put(faults, slice_of(good_texts[i]), NULL), i);
        struct slice first = written(faults, arena);
        if (!faults_put(faults, first, &err))
            fail_msg("%.*s: %s", SLICE_ARG(first), err.message);
        CHECK(slice_eq(first, written(faults, arena)), i);
        arena_destroy(arena);
        faults_destroy(faults);
    }
}

static void test_write_no_memory(void **state UNUSED)
{
    struct faults *faults = faults_create(RULES_MAX, 1);
    struct arena *arena = arena_create(NULL, 512);
    struct json_writer writer;
    struct text out;
    char memory[4000];

    assert_true(faults_put(faults, SLICE("{\"persona\":\"flaky\"}"), NULL));
    text_init_fixed(&out, memory, sizeof memory);
    json_writer_init(&writer, &out);
    assert_false(faults_write(faults, arena, &writer));
    arena_destroy(arena);
    faults_destroy(faults);
}

#ifdef CONNECTORD_FAULTS
/* Each allocation of a PUT fails once: then it says so and the old rules stand, or it did without
 * (a text asks for less) and the new rules are whole. */
static void test_put_no_memory(void **state UNUSED)
{
    static const struct slice text = SLICE_INIT(
        "{\"rules\":[{\"name\":\"esc\\u0061ped\",\"when\":{\"path\":\"/*\",\"app\":\"a\","
        "\"pattern\":\"x\",\"rate\":0.5,\"limit\":{\"requests\":1,\"per\":\"1s\",\"each\":\"app\"}"
        "},\"answer\":{\"status\":500,\"body\":{},\"retryAfter\":1}},{\"delay\":\"1s\"}],"
        "\"persona\":\"intune-throttled\",\"retryAfter\":2}");
    struct faults *faults = faults_create(RULES_MAX, 1);
    struct arena *arena = arena_create(NULL, PLENTY);
    unsigned refused = 0;

    assert_true(faults_put(faults, SLICE("{\"rules\":[{\"delay\":\"7s\"}]}"), NULL));
    struct slice old = written(faults, arena), put = SLICE_EMPTY;
    for (uint64_t n = 0;; n++) {
        struct error err = { 0 };
        arena_fail_after(n);
        bool ok = faults_put(faults, text, &err);
        bool fired = arena_fault_fired();
        arena_fail_after(UINT64_MAX);
        refused += !ok;
        if (!ok && err.code != ERROR_TOO_LARGE)
            fail_msg("allocation %u: %s", (unsigned)n, err.message);
        CHECK(ok || slice_eq(written(faults, arena), old), n);
        if (ok && put.len == 0)
            put = written(faults, arena);
        CHECK(!ok || slice_eq(written(faults, arena), put), n);
        if (!fired)
            break;
        assert_true(faults_put(faults, SLICE("{\"rules\":[{\"delay\":\"7s\"}]}"), NULL));
    }
    assert_true(refused > 20);
    arena_destroy(arena);
    faults_destroy(faults);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read_good),           cmocka_unit_test(test_read_bad),
        cmocka_unit_test(test_read_quotes_in_part), cmocka_unit_test(test_read_too_many),
        cmocka_unit_test(test_read_large),          cmocka_unit_test(test_kept_once),
        cmocka_unit_test(test_read_deep),           cmocka_unit_test(test_write),
        cmocka_unit_test(test_write_persona),       cmocka_unit_test(test_write_override),
        cmocka_unit_test(test_write_personas),      cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_write_no_memory),
#ifdef CONNECTORD_FAULTS
        cmocka_unit_test(test_put_no_memory),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
