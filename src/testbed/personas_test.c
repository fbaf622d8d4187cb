/* testbed/personas_test.c - every persona reads as rules do, and does what it says. */
#include "base/text.h"
#include "testbed/error_catalogue.h"
#include "testbed/faults_rules.h"
#include "testbed/faults_test.h"
#include "json/reader.h"
#include "json/writer.h"

#define REQUESTS 40000

static struct fault_request a_write(const char *method, const char *path)
{
    struct fault_request request = a_get;

    request.method = slice_of(method);
    request.path = slice_of(path);
    return request;
}

static void test_personas_read(void **state UNUSED)
{
    for (size_t i = 0; i < fault_persona_count; i++) {
        const struct fault_persona *persona = &fault_personas[i];
        char json[100];
        snprintf(json, sizeof json, "{\"persona\":\"%.*s\"}", SLICE_ARG(persona->name));
        struct faults *faults = faults_of(json);
        CHECK(!faults_are_none(faults), i);
        CHECK(persona->doc[0] && persona->source[0], i);
        faults_destroy(faults);
    }
    assert_int_equal(fault_persona_count, 4);
}

/* What fired for ten writes in a row, by the last character of what Retry-After said: 1"0", or a
 * point for none. */
static void ten_writes(struct faults *faults, char ret[11])
{
    struct fault_request request = a_write("PATCH", "/beta/deviceManagement/ndesConnectors/1");

    memset(ret, 0, 11);
    for (unsigned n = 0; n < 10; n++) {
        struct arena *arena = arena_create(NULL, PLENTY);
        struct fault_effect effect;
        ret[n] = '.';
        if (faults_draw(faults, &request, arena, &effect)) {
            assert_true(effect.status == 429 && fault_prevents(&effect));
            ret[n] = effect.retry_after.len == 0
                         ? '-'
                         : effect.retry_after.ptr[effect.retry_after.len - 1];
        }
        arena_destroy(arena);
    }
}

static void test_throttled(void **state UNUSED)
{
    struct faults *faults = faults_of("{\"persona\":\"intune-throttled\"}");
    struct fault_request request = a_get;
    char fired[11];

    for (unsigned n = 0; n < 1000; n++)
        assert_false(fires(faults, &request)); /* reads pass */
    ten_writes(faults, fired);
    assert_string_equal(fired, "00.00.00.0");
    assert_true(
        faults_put(faults, SLICE("{\"persona\":\"intune-throttled\",\"retryAfter\":7}"), NULL));
    ten_writes(faults, fired);
    assert_string_equal(fired, "77.77.77.7");
    assert_true(
        faults_put(faults, SLICE("{\"retryAfter\":null,\"persona\":\"intune-throttled\"}"), NULL));
    ten_writes(faults, fired);
    assert_string_equal(fired, "--.--.--.-");
    faults_destroy(faults);
}

/* How many of `count` writes of one application meet a fault. */
static unsigned writes(struct faults *faults, const char *app, unsigned count, uint64_t now_ms)
{
    struct fault_request request = a_write("POST", "/beta/deviceManagement/ndesConnectors");
    unsigned fired = 0;

    request.app_id = slice_of(app);
    request.now_ms = now_ms;
    for (unsigned n = 0; n < count; n++)
        fired += fires(faults, &request);
    return fired;
}

/* 99 writes, 66 of them refused, count as 99. */
static void test_throttled_windows(void **state UNUSED)
{
    struct faults *faults = faults_of("{\"persona\":\"intune-throttled\"}");

    assert_int_equal(writes(faults, "a", 99, 1000), 66);
    assert_int_equal(writes(faults, "a", 31, 1001), 31); /* the hundredth by "xx.", then all */
    assert_int_equal(writes(faults, "b", 69, 1002), 46); /* the tenant's 199th, b's 69th */
    assert_int_equal(writes(faults, "b", 31, 1003), 31);
    assert_int_equal(writes(faults, "c", 30, 1004), 30); /* the tenant's window is full */
    assert_int_equal(writes(faults, "c", 30, 22000), 20);
    faults_destroy(faults);
}

static void test_delete_403(void **state UNUSED)
{
    static const struct {
        const char *method, *path;
        bool fires;
    } rows[] = {
        { "DELETE", "/beta/deviceManagement/domainJoinConnectors/1", true },
        { "DELETE", "/v1.0/devicemanagement/domainjoinconnectors('1')", true },
        { "DELETE", "/beta/deviceManagement/domainJoinConnectors", false },
        { "DELETE", "/beta/deviceManagement/ndesConnectors/1", false },
        { "GET", "/beta/deviceManagement/domainJoinConnectors/1", false },
    };
    struct faults *faults = faults_of("{\"persona\":\"delete-403\"}");

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct fault_request request = a_write(rows[i].method, rows[i].path);
        struct fault_effect effect;
        bool fired = draws(faults, &request, &effect);
        CHECK(fired == rows[i].fires, i);
        if (!fired)
            continue;
        CHECK(effect.status == 403 && effect.retry_after.len == 0, i);
        CHECK(slice_eq(effect.error->name, SLICE("403.domainJoinConnector-delete")), i);
    }
    faults_destroy(faults);
}

static void test_eventual(void **state UNUSED)
{
    struct faults *faults = faults_of("{\"persona\":\"eventual\"}");
    struct fault_request request = a_write("PATCH", "/beta/deviceManagement/ndesConnectors/1");
    struct fault_effect effect;

    assert_false(fires(faults, &request));
    assert_true(draws(faults, &a_get, &effect));
    assert_true(effect.read == FAULT_READ_STALE && effect.stale_ms == 2000);
    assert_false(fault_prevents(&effect));
    faults_destroy(faults);
}

static bool nearly(unsigned count, double rate)
{
    double variance = REQUESTS * rate * (1 - rate), off = count - REQUESTS * rate;

    return off * off < 25 * variance;
}

static void test_flaky(void **state UNUSED)
{
    struct faults *faults = faults_of("{\"persona\":\"flaky\"}");
    struct fault_request request = a_write("POST", "/beta/deviceManagement/ndesConnectors");
    unsigned by_status[600] = { 0 }, slow = 0, cut = 0, lost = 0;

    for (unsigned n = 0; n < REQUESTS; n++) {
        struct fault_effect effect;
        if (!draws(faults, &request, &effect))
            continue;
        by_status[effect.status]++;
        slow += effect.delay_ms > 0;
        cut += effect.connection == FAULT_CONNECTION_TRUNCATED;
        lost += effect.connection == FAULT_CONNECTION_RESET && effect.executes;
    }
    assert_true(nearly(by_status[500], 1. / 60) && nearly(by_status[503], 1. / 60));
    assert_true(nearly(by_status[504], 1. / 60) && nearly(slow, 0.1));
    assert_true(nearly(cut, 0.02) && nearly(lost, 0.02));
    faults_destroy(faults);
}

/* --- the list -------------------------------------------------------------------------------- */

static void expect(struct json_reader *reader, enum json_kind kind, const char *text)
{
    struct json_token token;
    struct error err = { 0 };

    if (!json_reader_next(reader, &token, &err))
        fail_msg("%s", err.message);
    if (token.kind != kind || (text && !slice_eq(token.text, slice_of(text))))
        fail_msg("'%.*s' instead of '%s'", SLICE_ARG(token.text), text ? text : "?");
}

/* A member of a certain kind, or a whole value of it when it is an array. */
static void expect_member(struct json_reader *reader, const char *name, enum json_kind kind)
{
    expect(reader, JSON_NAME, name);
    if (kind == JSON_ARRAY_BEGIN)
        assert_true(json_reader_skip(reader, NULL, NULL));
    else
        expect(reader, kind, NULL);
}

static void test_list(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, PLENTY);
    struct json_writer writer;
    struct json_reader reader;
    struct text out;

    text_init(&out, arena, 0, PLENTY);
    json_writer_init(&writer, &out);
    fault_personas_write(&writer);
    assert_false(out.failed);
    json_reader_init(&reader, text_slice(&out), arena, JSON_DEPTH_DEFAULT);
    expect(&reader, JSON_OBJECT_BEGIN, NULL);
    expect(&reader, JSON_NAME, "personas");
    expect(&reader, JSON_ARRAY_BEGIN, NULL);
    for (size_t i = 0; i < fault_persona_count; i++) {
        expect(&reader, JSON_OBJECT_BEGIN, NULL);
        expect_member(&reader, "name", JSON_STRING);
        expect_member(&reader, "doc", JSON_STRING);
        expect_member(&reader, "source", JSON_STRING);
        expect_member(&reader, "rules", JSON_ARRAY_BEGIN);
        expect(&reader, JSON_OBJECT_END, NULL);
    }
    expect(&reader, JSON_ARRAY_END, NULL);
    expect(&reader, JSON_NAME, "errors");
    expect(&reader, JSON_ARRAY_BEGIN, NULL);
    for (size_t i = 0; i < error_catalogue_count; i++) {
        expect(&reader, JSON_OBJECT_BEGIN, NULL);
        expect_member(&reader, "name", JSON_STRING);
        expect_member(&reader, "status", JSON_NUMBER);
        expect_member(&reader, "code", JSON_STRING);
        expect_member(&reader, "source", JSON_STRING);
        expect(&reader, JSON_OBJECT_END, NULL);
    }
    expect(&reader, JSON_ARRAY_END, NULL);
    expect(&reader, JSON_OBJECT_END, NULL);
    expect(&reader, JSON_END, NULL);
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_personas_read),
        cmocka_unit_test(test_throttled),
        cmocka_unit_test(test_throttled_windows),
        cmocka_unit_test(test_delete_403),
        cmocka_unit_test(test_eventual),
        cmocka_unit_test(test_flaky),
        cmocka_unit_test(test_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
