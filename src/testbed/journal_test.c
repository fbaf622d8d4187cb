/* testbed/journal_test.c - the ring, its questions, its JSON; without memory; among threads. */
#include "testbed/journal.h"

#include <pthread.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/test.h"
#include "base/text.h"
#include "json/writer.h"

#define AT_TICKS (CLOCK_UNIX_EPOCH_TICKS + 1717243200 * CLOCK_TICKS_PER_SECOND + 1234567)

static const struct journal_filter everything;

struct fixture {
    struct journal *journal;
    struct arena *arena;
};

static int set_up(void **state)
{
    static struct fixture fixture;

    fixture.journal = journal_create(8);
    fixture.arena = arena_create(NULL, (size_t)64 << 20);
    *state = &fixture;
    return fixture.journal && fixture.arena ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    journal_destroy(fixture->journal);
    arena_destroy(fixture->arena);
    return 0;
}

static struct slice written(struct fixture *fixture, const struct journal_filter *filter)
{
    struct json_writer writer;
    struct text out;

    text_init(&out, fixture->arena, 0, (size_t)1 << 20);
    json_writer_init(&writer, &out);
    assert_true(journal_write(fixture->journal, filter, fixture->arena, &writer));
    assert_false(out.failed);
    return text_slice(&out);
}

/* The sequences of what a filter selects: "1 2 3", then what is said of the whole: "|3,0". */
static struct slice sequences(struct fixture *fixture, const struct journal_filter *filter)
{
    struct slice rest = written(fixture, filter), head;
    struct text out;

    text_init(&out, fixture->arena, 64, 4096);
    while (slice_cut(rest, '"', &head, &rest)) {
        if (slice_starts_with(rest, SLICE("sequence\":")))
            text_append(&out, SLICE(" "));
        else if (slice_starts_with(rest, SLICE("last\":")))
            text_append(&out, SLICE("|"));
        else if (slice_starts_with(rest, SLICE("lost\":")))
            text_append(&out, SLICE(","));
        else
            continue;
        for (size_t digits = slice_index(rest, ':') + 1;
             rest.ptr[digits] >= '0' && rest.ptr[digits] <= '9'; digits++)
            text_append_char(&out, rest.ptr[digits]);
    }
    return text_slice(&out);
}

static void check_sequences(struct fixture *fixture, const struct journal_filter *filter,
                            const char *want, size_t row)
{
    struct slice seen = sequences(fixture, filter);

    if (!slice_eq(seen, slice_of(want)))
        fail_msg("case %zu: %.*s", row, SLICE_ARG(seen));
}

/* --- the ring -------------------------------------------------------------------------------- */

static void add_paths(struct journal *journal, size_t count)
{
    static const struct slice paths[] = { SLICE_INIT("/a"), SLICE_INIT("/a/longer/path"),
                                          SLICE_INIT("") };

    for (size_t i = 0; i < count; i++) {
        struct journal_entry entry = { .path = paths[i % COUNT_OF(paths)], .status = 200 };
        journal_add(journal, &entry);
    }
}

static void test_the_ring_turns(void **state)
{
    struct fixture *fixture = *state;

    check_sequences(fixture, &everything, "|0,0", 0);
    add_paths(fixture->journal, 3);
    check_sequences(fixture, &everything, " 1 2 3|3,0", 1);
    add_paths(fixture->journal, 5);
    check_sequences(fixture, &everything, " 1 2 3 4 5 6 7 8|8,0", 2);
    add_paths(fixture->journal, 1);
    check_sequences(fixture, &everything, " 2 3 4 5 6 7 8 9|9,1", 3);
    add_paths(fixture->journal, 25);
    check_sequences(fixture, &everything, " 27 28 29 30 31 32 33 34|34,26", 4);
    assert_int_equal(journal_count(fixture->journal, &everything), 8);

    journal_clear(fixture->journal);
    check_sequences(fixture, &everything, "|34,0", 5);
    assert_int_equal(journal_count(fixture->journal, &everything), 0);
    add_paths(fixture->journal, 2);
    check_sequences(fixture, &everything, " 35 36|36,0", 6);
}

/* The array of slots grows in steps: each size around them. */
static void test_rings_of_each_size(void **state UNUSED)
{
    for (size_t size = 0; size < 70; size++) {
        struct journal *journal = journal_create(size);
        for (size_t count = 0; count < 2 * size + 3; count++) {
            CHECK(journal_count(journal, &everything) == (count < size ? count : size), size);
            add_paths(journal, 1);
        }
        journal_destroy(journal);
    }
    journal_destroy(NULL);
}

static void test_none_are_kept(void **state)
{
    struct fixture *fixture = *state;
    struct journal *journal = fixture->journal;

    fixture->journal = journal_create(0);
    add_paths(fixture->journal, 2);
    check_sequences(fixture, &everything, "|2,2", 0);
    journal_destroy(fixture->journal);
    fixture->journal = journal;
}

static struct slice filled(struct fixture *fixture, size_t len, const char *tail)
{
    struct text text;

    text_init(&text, fixture->arena, len + 8, len + 8);
    while (text.len < len)
        text_append_char(&text, 'x');
    text_append(&text, slice_of(tail));
    return text_slice(&text);
}

/* A path that ends in a letter of two bytes, one of which still fits. */
static void test_long_texts_are_cut(void **state)
{
    struct fixture *fixture = *state;
    struct slice path = filled(fixture, JOURNAL_PATH_MAX - 1, "\xc3\xa9y");
    struct slice text = filled(fixture, JOURNAL_TEXT_MAX - 1, "\xc3\xa9y");
    struct journal_entry entry = { .method = text,
                                   .path = path,
                                   .query = path,
                                   .app_id = text,
                                   .request_id = text,
                                   .client_request_id = text,
                                   .fault = text };
    struct slice cut_path = slice_sub(path, 0, JOURNAL_PATH_MAX - 1);
    struct slice cut_text = slice_sub(text, 0, JOURNAL_TEXT_MAX - 1), want;

    for (size_t i = 0; i < 20; i++) {
        journal_add(fixture->journal, &entry);
        add_paths(fixture->journal, i % 3); /* short ones between: blocks are reused */
    }
    assert_true(arena_printf(fixture->arena, &want,
                             "\"method\":\"%.*s\",\"path\":\"%.*s\",\"query\":\"%.*s\"",
                             SLICE_ARG(cut_text), SLICE_ARG(cut_path), SLICE_ARG(cut_path)));
    struct slice seen = written(fixture, &(struct journal_filter){ .faulted = JOURNAL_YES });
    assert_non_null(memmem(seen.ptr, seen.len, want.ptr, want.len));
    assert_int_equal(journal_count(fixture->journal, &(struct journal_filter){ .fault = cut_text }),
                     4);
}

/* --- JSON ------------------------------------------------------------------------------------ */

static void test_json_is_as_documented(void **state)
{
    static const struct journal_entry full = {
        .sequence = 99, /* the journal's to give */
        .at_ticks = AT_TICKS,
        .method = SLICE_INIT("POST"),
        .path = SLICE_INIT("/beta/deviceManagement/ndesConnectors"),
        .query = SLICE_INIT("$top=1&x=%22"),
        .app_id = SLICE_INIT("00000000-0000-4000-8000-0000000000c1"),
        .request_id = SLICE_INIT("0190"),
        .client_request_id = SLICE_INIT("a\"b"),
        .fault = SLICE_INIT("throttled"),
        .status = 429,
        .duration_us = 41,
        .outcome = JOURNAL_TRUNCATED,
    };
    static const struct journal_entry bare = { .executed = true,
                                               .executed_status = 201,
                                               .outcome = JOURNAL_RESET };
    struct fixture *fixture = *state;

    journal_add(fixture->journal, &full);
    journal_add(fixture->journal, &bare);
    assert_true(slice_eq(
        written(fixture, &everything),
        SLICE("{\"requests\":[{\"sequence\":1,\"at\":\"2024-06-01T12:00:00.1234567Z\","
              "\"method\":\"POST\",\"path\":\"/beta/deviceManagement/ndesConnectors\","
              "\"query\":\"$top=1&x=%22\",\"status\":429,\"durationMicroseconds\":41,"
              "\"app\":\"00000000-0000-4000-8000-0000000000c1\",\"requestId\":\"0190\","
              "\"clientRequestId\":\"a\\\"b\",\"fault\":\"throttled\",\"executed\":false,"
              "\"executedStatus\":null,\"outcome\":\"truncated\"},"
              "{\"sequence\":2,\"at\":\"0001-01-01T00:00:00Z\",\"method\":\"\",\"path\":\"\","
              "\"query\":\"\",\"status\":0,\"durationMicroseconds\":0,\"app\":null,"
              "\"requestId\":null,\"clientRequestId\":null,\"fault\":null,\"executed\":true,"
              "\"executedStatus\":201,\"outcome\":\"reset\"}],\"last\":2,\"lost\":0}")));
}

static void test_write_without_memory(void **state)
{
    struct fixture *fixture = *state;
    size_t failed = 0;

    add_paths(fixture->journal, 3);
    for (size_t budget = 0; budget < 1024; budget += 16) {
        struct arena *arena = arena_create(NULL, budget);
        char memory[2048];
        struct json_writer writer;
        struct text out;

        text_init_fixed(&out, memory, sizeof memory);
        json_writer_init(&writer, &out);
        bool ok = journal_write(fixture->journal, &everything, arena, &writer);
        CHECK(ok == (out.len > 0), budget);
        failed += !ok;
        arena_destroy(arena);
    }
    assert_true(failed > 3 && failed < 1024 / 16);
}

/* --- filters --------------------------------------------------------------------------------- */

static const struct journal_entry recorded[] = {
    { .method = SLICE_INIT("GET"),
      .path = SLICE_INIT("/beta/deviceManagement/ndesConnectors"),
      .app_id = SLICE_INIT("00000000-0000-4000-8000-00000000000a"),
      .request_id = SLICE_INIT("r1"),
      .client_request_id = SLICE_INIT("c1"),
      .status = 200,
      .executed = true,
      .executed_status = 200 },
    { .method = SLICE_INIT("POST"),
      .path = SLICE_INIT("/beta/deviceManagement/ndesConnectors"),
      .app_id = SLICE_INIT("00000000-0000-4000-8000-00000000000b"),
      .request_id = SLICE_INIT("r2"),
      .fault = SLICE_INIT("throttled"),
      .status = 429 },
    { .method = SLICE_INIT("POST"),
      .path = SLICE_INIT("/v1.0/other"),
      .request_id = SLICE_INIT("r3"),
      .status = 404,
      .executed = true,
      .executed_status = 404 },
    { .method = SLICE_INIT("DELETE"),
      .path = SLICE_INIT("/beta/other"),
      .request_id = SLICE_INIT("r4"),
      .fault = SLICE_INIT("cut"),
      .status = 0,
      .executed = true,
      .executed_status = 204,
      .outcome = JOURNAL_RESET },
    { .method = SLICE_INIT("POST"),
      .path = SLICE_INIT("/beta/deviceManagement/ndesConnectors"),
      .app_id = SLICE_INIT("00000000-0000-4000-8000-00000000000a"),
      .request_id = SLICE_INIT("r5"),
      .status = 201,
      .executed = true,
      .executed_status = 201,
      .outcome = JOURNAL_TRUNCATED },
};

static void record(struct fixture *fixture)
{
    for (size_t i = 0; i < COUNT_OF(recorded); i++)
        journal_add(fixture->journal, &recorded[i]);
}

static const struct {
    const char *names_and_values[6];
    const char *want; /* sequences */
} filters[] = {
    { { "method", "POST" }, " 2 3 5" },
    { { "method", "post" }, " 2 3 5" },
    { { "method", "POS" }, "" },
    { { "method", "m-search!#$%&'*+.^_`|~9" }, "" }, /* any name of a method */
    { { "path", "/beta/*" }, " 1 2 4 5" },
    { { "path", "/BETA/devicemanagement/ndesconnectors" }, " 1 2 5" },
    { { "path", "/beta" }, "" },
    { { "path", "*other" }, " 3 4" },
    { { "status", "429" }, " 2" },
    { { "status", "4xx" }, " 2 3" },
    { { "status", "4XX" }, " 2 3" },
    { { "status", "2xx" }, " 1 5" },
    { { "status", "5xx" }, "" },
    { { "status", "599" }, "" },
    { { "status", "0" }, " 4" }, /* never sent */
    { { "executed", "true" }, " 1 3 4 5" },
    { { "executed", "false" }, " 2" },
    { { "executedStatus", "204" }, " 4" },
    { { "executedStatus", "2XX" }, " 1 4 5" },
    { { "executedStatus", "429" }, "" }, /* a fault's answer, and nothing was executed */
    { { "outcome", "answered" }, " 1 2 3" },
    { { "outcome", "reset" }, " 4" },
    { { "outcome", "truncated" }, " 5" },
    { { "executed", "true", "status", "0", "outcome", "reset" }, " 4" },
    { { "path", "*" }, " 1 2 3 4 5" },
    { { "faulted", "true" }, " 2 4" },
    { { "faulted", "false" }, " 1 3 5" },
    { { "fault", "cut" }, " 4" },
    { { "fault", "CUT" }, "" }, /* names of rules are as they were given */
    { { "app", "00000000-0000-4000-8000-00000000000A" }, " 1 5" },
    { { "requestId", "r3" }, " 3" },
    { { "clientRequestId", "C1" }, " 1" },
    { { "since", "0" }, " 1 2 3 4 5" },
    { { "since", "3" }, " 4 5" },
    { { "since", "5" }, "" },
    { { "since", "9223372036854775807" }, "" },
    { { "top", "2" }, " 4 5" },
    { { "top", "2147483647" }, " 1 2 3 4 5" },
    { { "top", "1", "method", "GET" }, " 1" },
    { { "method", "POST", "status", "4xx", "path", "/v1.0*" }, " 3" },
    { { "method", "POST", "since", "2", "top", "1" }, " 5" },
    { { "method", "GET", "method", "POST" }, " 2 3 5" }, /* the last word counts */
};

static void test_filters(void **state)
{
    struct fixture *fixture = *state;

    record(fixture);
    for (size_t i = 0; i < COUNT_OF(filters); i++) {
        struct journal_filter filter = { 0 };
        const char *const *at = filters[i].names_and_values;
        struct slice want;

        for (size_t n = 0; n < COUNT_OF(filters[i].names_and_values) && at[n]; n += 2)
            CHECK(journal_filter_set(&filter, slice_of(at[n]), slice_of(at[n + 1]), NULL), i);
        assert_true(arena_printf(fixture->arena, &want, "%s|5,0", filters[i].want));
        check_sequences(fixture, &filter, want.ptr, i);

        size_t count = 0;
        for (const char *p = filters[i].want; *p; p++)
            count += *p == ' ';
        CHECK(journal_count(fixture->journal, &filter) == count, i);
    }
}

static const struct {
    const char *name, *value;
} bad_filters[] = {
    { "method", "POST,GET" },
    { "method", "GET " },
    { "method", "G\xc3\x84T" },
    { "path", "beta/*" },
    { "path", "?a" },
    { "app", "0000000a" },
    { "app", "{00000000-0000-4000-8000-00000000000a}" },
    { "executed", "yes" },
    { "executed", "" },
    { "executedStatus", "0" },
    { "executedStatus", "6xx" },
    { "executedStatus", "" },
    { "outcome", "lost" },
    { "outcome", "Reset" },
    { "outcome", "" },
    { "status", "00" },
    { "methods", "GET" },
    { "Method", "GET" },
    { "", "GET" },
    { "exactly", "1" },
    { "method", "" },
    { "path", "" },
    { "app", "" },
    { "fault", "" },
    { "requestId", "" },
    { "status", "" },
    { "status", "099" },
    { "status", "99" },
    { "status", "600" },
    { "status", "0xx" },
    { "status", "6xx" },
    { "status", "4x" },
    { "status", "4xxx" },
    { "status", "-200" },
    { "faulted", "1" },
    { "faulted", "True" },
    { "since", "-1" },
    { "since", "1.0" },
    { "since", "" },
    { "since", "9223372036854775808" },
    { "top", "0" },
    { "top", "-1" },
    { "top", "ten" },
    { "top", "2147483648" },
};

static void test_filters_refuse(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(bad_filters); i++) {
        struct journal_filter filter = everything;
        struct error err = { 0 };

        CHECK(!journal_filter_set(&filter, slice_of(bad_filters[i].name),
                                  slice_of(bad_filters[i].value), &err),
              i);
        CHECK(err.code == ERROR_BAD_REQUEST, i);
        CHECK(strcmp(err.target, bad_filters[i].name) == 0, i);
        CHECK(memcmp(&filter, &everything, sizeof filter) == 0, i);
    }
}

static void test_long_filters_are_refused(void **state)
{
    struct fixture *fixture = *state;
    struct journal_filter filter = { 0 };
    struct slice paths[] = { filled(fixture, JOURNAL_PATH_MAX, ""),
                             filled(fixture, JOURNAL_PATH_MAX, "x") };

    *(char *)(uintptr_t)paths[0].ptr = *(char *)(uintptr_t)paths[1].ptr = '*';
    assert_true(journal_filter_set(&filter, SLICE("path"), paths[0], NULL));
    assert_false(journal_filter_set(&filter, SLICE("path"), paths[1], NULL));
    assert_false(
        journal_filter_set(&filter, SLICE("fault"), filled(fixture, JOURNAL_TEXT_MAX, "x"), NULL));
    struct error err = { 0 };
    assert_false(journal_filter_set(&filter, filled(fixture, 5000, ""), SLICE("1"), &err));
    assert_true(slice_starts_with(slice_of(err.message), SLICE("there is no filter \"xxx")));
}

/* --- verifying ------------------------------------------------------------------------------- */

static const struct {
    const char *json;
    bool verified;
    size_t count;
} verdicts[] = {
    { "{\"exactly\":5}", true, 5 },
    { "{\"exactly\":4}", false, 5 },
    { "{\"exactly\":6}", false, 5 },
    { "{\"method\":\"POST\",\"status\":201,\"exactly\":1}", true, 1 },
    { "{\"exactly\":1,\"method\":\"POST\",\"status\":201}", true, 1 },
    { "{\"method\":\"PATCH\",\"exactly\":0}", true, 0 },
    { "{\"status\":\"4xx\",\"atLeast\":2}", true, 2 },
    { "{\"status\":\"404\",\"atLeast\":2}", false, 1 },
    { "{\"atLeast\":0}", true, 5 },
    { "{\"atMost\":5}", true, 5 },
    { "{\"atMost\":4}", false, 5 },
    { "{\"atMost\":4.0}", false, 5 },
    { "{\"atLeast\":9223372036854775807}", false, 5 },
    { "{\"faulted\":true,\"exactly\":2}", true, 2 },
    { "{\"faulted\":false,\"path\":\"/beta/*\",\"exactly\":2}", true, 2 },
    { "{\"app\":\"00000000-0000-4000-8000-00000000000a\",\"since\":1,\"top\":10,\"exactly\":1}",
      true, 1 },
    { "{\"top\":2,\"exactly\":2}", true, 2 },
    { "{\"method\":\"DELETE\",\"executedStatus\":204,\"exactly\":1}", true, 1 },
    { "{\"executedStatus\":\"2xx\",\"exactly\":3}", true, 3 },
    { "{\"executed\":false,\"status\":429,\"exactly\":1}", true, 1 },
    { "{\"status\":0,\"outcome\":\"reset\",\"executed\":true,\"exactly\":1}", true, 1 },
    { " {\"p\\u0061th\" : \"\\/v1.0*\", \"exactly\" : 1 } ", true, 1 },
};

static void test_verify(void **state)
{
    struct fixture *fixture = *state;

    record(fixture);
    for (size_t i = 0; i < COUNT_OF(verdicts); i++) {
        struct journal_verdict verdict;
        struct error err = { 0 };

        if (!journal_verify(fixture->journal, slice_of(verdicts[i].json), fixture->arena, &verdict,
                            &err))
            fail_msg("case %zu: %s", i, err.message);
        CHECK(verdict.verified == verdicts[i].verified, i);
        CHECK(verdict.count == verdicts[i].count, i);
    }
}

static const struct {
    const char *json, *target, *message;
} bad_questions[] = {
    { "", "", "" },
    { "[]", "", "expected an object" },
    { "1", "", "expected an object" },
    { "{}", "", "one of exactly, atLeast, atMost is needed" },
    { "{\"method\":\"POST\"}", "", "one of exactly, atLeast, atMost is needed" },
    { "{\"exactly\":1,\"atMost\":1}", "atMost", "give one of exactly, atLeast, atMost, not two" },
    { "{\"atLeast\":1,\"exactly\":1}", "exactly", "give one of" },
    { "{\"exactly\":1,\"exactly\":1}", "exactly", "" },
    { "{\"exactly\":-1}", "exactly", "\"exactly\": expected a whole number from 0" },
    { "{\"exactly\":1.5}", "exactly", "" },
    { "{\"exactly\":\"1\"}", "exactly", "" },
    { "{\"exactly\":null}", "exactly", "" },
    { "{\"atLeast\":[1]}", "atLeast", "" },
    { "{\"atMost\":9223372036854775808}", "atMost", "" },
    { "{\"exactly\":1,\"methods\":\"POST\"}", "methods", "there is no member \"methods\"; there" },
    { "{\"Exactly\":1}", "Exactly", "there is no member \"Exactly\"" },
    { "{\"exactly\":1,\"method\":1}", "method",
      "\"method\": expected the name of one method, found 1" },
    { "{\"exactly\":1,\"method\":null}", "method", "" },
    { "{\"exactly\":1,\"path\":{}}", "path", "" },
    { "{\"exactly\":1,\"method\":\"POST,GET\"}", "method",
      "\"method\": expected the name of one method, found \"POST,GET\"" },
    { "{\"exactly\":0,\"path\":\"beta\"}", "path", "" },
    { "{\"exactly\":0,\"app\":\"a\"}", "app",
      "\"app\": expected the id of an application, a GUID" },
    { "{\"exactly\":1,\"method\":\"GET\",\"method\":\"POST\"}", "method", "Invalid JSON" },
    { "{\"exactly\":1,\"executed\":\"true\"}", "executed", "" },
    { "{\"exactly\":1,\"executedStatus\":null}", "executedStatus", "" },
    { "{\"exactly\":1,\"outcome\":0}", "outcome", "" },
    { "{\"exactly\":1,\"status\":true}", "status", "" },
    { "{\"exactly\":1,\"status\":42}", "status", "\"status\": expected a status (100 to 599)" },
    { "{\"exactly\":1,\"status\":200.5}", "status", "" },
    { "{\"exactly\":1,\"faulted\":\"true\"}", "faulted", "" },
    { "{\"exactly\":1,\"since\":\"17\"}", "since", "" },
    { "{\"exactly\":1,\"top\":0}", "top", "" },
    { "{\"exactly\":1", "", "" },
    { "{\"exactly\":1}}", "", "" },
    { "{\"exactly\":1} 1", "", "" },
};

/* What was lost may have been what is asked for. Of nine requests in a journal of eight the first
 * is lost, a POST, and eight GETs are there. */
static const struct {
    const char *json;
    bool verified;
    size_t count;
    uint64_t lost;
} doubts[] = {
    { "{\"method\":\"POST\",\"exactly\":0}", false, 0, 1 },
    { "{\"method\":\"POST\",\"exactly\":1}", false, 0, 1 },
    { "{\"method\":\"POST\",\"exactly\":2}", false, 0, 0 }, /* false in any case */
    { "{\"method\":\"POST\",\"atMost\":0}", false, 0, 1 },
    { "{\"method\":\"POST\",\"atMost\":1}", true, 0, 0 }, /* true in any case */
    { "{\"method\":\"POST\",\"atLeast\":1}", false, 0, 1 },
    { "{\"method\":\"POST\",\"atLeast\":2}", false, 0, 0 },
    { "{\"method\":\"POST\",\"atLeast\":0}", true, 0, 0 },
    { "{\"method\":\"GET\",\"atLeast\":8}", true, 8, 0 },
    { "{\"method\":\"GET\",\"exactly\":8}", false, 8, 1 },
    { "{\"method\":\"GET\",\"exactly\":7}", false, 8, 0 },
    { "{\"method\":\"GET\",\"exactly\":5,\"top\":5}", true, 5, 0 },
    /* behind what was lost nothing was */
    { "{\"method\":\"POST\",\"exactly\":0,\"since\":1}", true, 0, 0 },
    { "{\"method\":\"GET\",\"exactly\":7,\"since\":2}", true, 7, 0 },
    { "{\"method\":\"GET\",\"exactly\":0,\"since\":99}", true, 0, 0 },
};

static struct journal_verdict verdict_of(struct fixture *fixture, const char *json)
{
    struct journal_verdict verdict;
    struct error err = { 0 };

    if (!journal_verify(fixture->journal, slice_of(json), fixture->arena, &verdict, &err))
        fail_msg("%s: %s", json, err.message);
    return verdict;
}

static void add_method(struct fixture *fixture, const char *method, size_t count)
{
    for (size_t i = 0; i < count; i++)
        journal_add(fixture->journal, &(struct journal_entry){ .method = slice_of(method) });
}

static void test_verify_in_doubt(void **state)
{
    struct fixture *fixture = *state;

    add_method(fixture, "POST", 1);
    add_method(fixture, "GET", 8);
    for (size_t i = 0; i < COUNT_OF(doubts); i++) {
        struct journal_verdict verdict = verdict_of(fixture, doubts[i].json);
        CHECK(verdict.verified == doubts[i].verified, i);
        CHECK(verdict.count == doubts[i].count, i);
        CHECK(verdict.lost == doubts[i].lost, i);
    }
    journal_clear(fixture->journal); /* what was lost before is nobody's question any more */
    assert_true(verdict_of(fixture, "{\"exactly\":0}").verified);
    add_method(fixture, "GET", 2);
    assert_true(verdict_of(fixture, "{\"exactly\":2}").verified);
    journal_shed(fixture->journal);
    assert_int_equal(verdict_of(fixture, "{\"exactly\":0}").lost, 2);
    check_sequences(fixture, &everything, "|11,2", 0);
}

/* --- memory ---------------------------------------------------------------------------------- */

static void test_going_on(void **state)
{
    struct fixture *fixture = *state;

    journal_go_on(fixture->journal, 3, 18);
    check_sequences(fixture, &everything, "|18,15", 0);
    add_method(fixture, "GET", 1);
    check_sequences(fixture, &everything, " 19|19,15", 1);
    check_sequences(fixture, &(struct journal_filter){ .since = 18 }, " 19|19,15", 2);
    assert_false(verdict_of(fixture, "{\"exactly\":1}").verified);
    assert_true(verdict_of(fixture, "{\"exactly\":1,\"since\":18}").verified);
    struct journal_standing standing = journal_standing(fixture->journal);
    assert_true(standing.began == 3 && standing.last == 19 && standing.count == 1);
}

/* With each ledger, from none to plenty: what does not fit is lost, and is counted; nothing is
 * taken that is not given back. */
static void test_ledger(void **state)
{
    struct fixture *fixture = *state;
    struct journal *own = fixture->journal;
    size_t kept_before = 0;

    for (size_t limit = 0; limit < 24000; limit += 331) {
        struct arena_ledger ledger;

        arena_ledger_init(&ledger, limit);
        fixture->journal = journal_create(100);
        journal_charge_to(fixture->journal, &ledger);
        for (size_t i = 1; i <= 150; i++) {
            add_paths(fixture->journal, 1);
            struct journal_standing standing = journal_standing(fixture->journal);
            assert_true(arena_ledger_taken_bytes(&ledger) <= limit);
            assert_int_equal(standing.bytes, arena_ledger_taken_bytes(&ledger));
            assert_int_equal(standing.last, i);
        }
        size_t kept = journal_standing(fixture->journal).count;
        assert_true(kept + 1 >= kept_before); /* more memory, more entries */
        kept_before = kept;
        struct journal_entry large = { .path = filled(fixture, 400, "") };
        journal_add(fixture->journal, &large);
        size_t then = journal_standing(fixture->journal).count;
        struct slice seen = written(fixture, &everything), want;
        assert_true(arena_printf(fixture->arena, &want, "\"last\":151,\"lost\":%zu}", 151 - then));
        assert_non_null(memmem(seen.ptr, seen.len, want.ptr, want.len));
        journal_shed(fixture->journal);
        assert_int_equal(arena_ledger_taken_bytes(&ledger), 0);
        add_paths(fixture->journal, 20);
        journal_destroy(fixture->journal);
        assert_int_equal(arena_ledger_taken_bytes(&ledger), 0);
    }
    assert_int_equal(kept_before, 100);
    fixture->journal = own;
}

static void test_verify_refuses(void **state)
{
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT_OF(bad_questions); i++) {
        struct journal_verdict verdict = { .count = 77 };
        struct error err = { 0 };

        CHECK(!journal_verify(fixture->journal, slice_of(bad_questions[i].json), fixture->arena,
                              &verdict, &err),
              i);
        CHECK(err.code == ERROR_BAD_REQUEST && verdict.count == 77, i);
        if (strcmp(err.target, bad_questions[i].target) != 0 ||
            !slice_starts_with(slice_of(err.message), slice_of(bad_questions[i].message)))
            fail_msg("case %zu: %s: %s", i, err.target, err.message);
    }
}

static void test_verify_without_memory(void **state)
{
    struct fixture *fixture = *state;
    struct arena *arena = arena_create(NULL, 0);
    struct journal_verdict verdict;
    struct error err = { 0 };

    assert_false(journal_verify(fixture->journal, SLICE("{\"exactly\":0}"), arena, &verdict, &err));
    assert_int_equal(err.code, ERROR_TOO_LARGE);
    arena_destroy(arena);
}

/* --- threads --------------------------------------------------------------------------------- */

enum { THREADS = 3, ROUNDS = 3000 };

static void *add_and_ask(void *arg)
{
    struct journal *journal = arg;
    struct arena *arena = arena_create(NULL, (size_t)64 << 20);
    uintptr_t wrong = 0;

    for (size_t i = 0; i < ROUNDS; i++) {
        struct journal_verdict verdict;

        add_paths(journal, 1);
        if (i % 50 == 0) {
            struct json_writer writer;
            struct text out;

            text_init(&out, arena, 0, 1 << 16);
            json_writer_init(&writer, &out);
            wrong += !journal_write(journal, &everything, arena, &writer) || out.failed;
            wrong += !journal_verify(journal, SLICE("{\"status\":200,\"atLeast\":0}"), arena,
                                     &verdict, NULL) ||
                     !verdict.verified;
        }
        if (i % 500 == 0)
            journal_clear(journal);
    }
    arena_destroy(arena);
    return (void *)wrong;
}

static void test_journal_among_threads(void **state)
{
    struct fixture *fixture = *state;
    struct journal_filter filter = { .since = THREADS * ROUNDS - 1 };
    pthread_t threads[THREADS];

    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, add_and_ask, fixture->journal), 0);
    for (size_t i = 0; i < THREADS; i++) {
        void *wrong;
        pthread_join(threads[i], &wrong);
        assert_null(wrong);
    }
    assert_int_equal(journal_count(fixture->journal, &filter), 1); /* none was counted twice */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_ring_turns, set_up, tear_down),
        cmocka_unit_test(test_rings_of_each_size),
        cmocka_unit_test_setup_teardown(test_none_are_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_long_texts_are_cut, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_json_is_as_documented, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_write_without_memory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_filters, set_up, tear_down),
        cmocka_unit_test(test_filters_refuse),
        cmocka_unit_test_setup_teardown(test_long_filters_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_verify, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_verify_in_doubt, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_going_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_ledger, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_verify_refuses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_verify_without_memory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_journal_among_threads, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
