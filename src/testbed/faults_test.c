/* testbed/faults_test.c - what a rule that fires says, what is counted, and many threads at once.
 */
#include "testbed/faults_test.h"

#include <pthread.h>

#include "base/text.h"
#include "testbed/error_catalogue.h"
#include "json/writer.h"

/* --- what ------------------------------------------------------------------------------------ */

static const struct {
    const char *answer, *retry_after;
    int status;
} retry_cases[] = {
    { "\"error\":\"429.intune\"", "10", 429 },
    { "\"error\":\"503.graph\"", "10", 503 },
    { "\"error\":\"504.graph\"", "", 504 },
    { "\"status\":503", "10", 503 },
    { "\"status\":429,\"retryAfter\":null", "", 429 },
    { "\"status\":429,\"retryAfter\":2.128", "2.128", 429 },
    { "\"status\":429,\"retryAfter\":0", "0", 429 },
    { "\"status\":400,\"retryAfter\":1.0", "1.0", 400 },
    { "\"status\":429,\"retryAfter\":\"window\"", "20", 429 },
};

static void test_retry_after(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(retry_cases); i++) {
        char json[300];
        snprintf(json, sizeof json,
                 "{\"rules\":[{\"when\":{\"limit\":{\"requests\":0,\"per\":\"20s\"}},"
                 "\"answer\":{%s}}]}",
                 retry_cases[i].answer);
        struct faults *faults = faults_of(json);
        struct arena *arena = arena_create(NULL, PLENTY);
        struct fault_effect effect;

        CHECK(faults_draw(faults, &a_get, arena, &effect), i);
        CHECK(effect.status == retry_cases[i].status, i);
        CHECK(slice_eq(effect.retry_after, slice_of(retry_cases[i].retry_after)), i);
        arena_destroy(arena);
        faults_destroy(faults);
    }
}

/* What is left, rounded up: a client that waits that long is let through. */
static void test_retry_after_window(void **state UNUSED)
{
    static const struct {
        uint64_t now_ms;
        const char *retry_after;
    } steps[] = { { 1001, "20" }, { 1999, "20" }, { 2000, "19" }, { 20001, "1" }, { 20999, "1" } };
    struct faults *faults =
        faults_of("{\"rules\":[{\"when\":{\"limit\":{\"requests\":1,\"per\":\"20s\"}},"
                  "\"answer\":{\"error\":\"429.intune\",\"retryAfter\":\"window\"}}]}");
    struct fault_request request = a_get;

    request.now_ms = 1000;
    assert_false(fires(faults, &request));
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        struct arena *arena = arena_create(NULL, PLENTY);
        struct fault_effect effect;
        request.now_ms = steps[i].now_ms;
        CHECK(faults_draw(faults, &request, arena, &effect), i);
        CHECK(slice_eq(effect.retry_after, slice_of(steps[i].retry_after)), i);
        arena_destroy(arena);
    }
    request.now_ms = 21000;
    assert_false(fires(faults, &request));
    faults_destroy(faults);
}

static void test_effect(void **state UNUSED)
{
    struct faults *faults =
        faults_of("{\"rules\":[{\"name\":\"n1\",\"when\":{\"nth\":1},\"answer\":{\"status\":418,"
                  "\"body\":{\"a\":[1, 2]}},\"delay\":\"250ms\",\"executes\":true},"
                  "{\"when\":{\"nth\":1},\"answer\":{\"error\":\"429.graph\"}},"
                  "{\"when\":{\"nth\":1},\"connection\":\"truncate\",\"read\":\"duplicatePage\"},"
                  "{\"when\":{\"nth\":1},\"connection\":\"reset\"},"
                  "{\"read\":\"stale\"}]}");
    struct arena *arena = arena_create(NULL, PLENTY);
    struct fault_effect effect;

    assert_true(faults_draw(faults, &a_get, arena, &effect));
    assert_true(slice_eq(effect.rule, SLICE("n1")));
    assert_true(effect.answer == FAULT_ANSWER_BODY && effect.status == 418 && !effect.error);
    assert_true(slice_eq(effect.body, SLICE("{\"a\":[1, 2]}")) && effect.retry_after.len == 0);
    assert_true(effect.delay_ms == 250 && effect.executes && !fault_prevents(&effect));
    /* The first one that fired was the only one: rule 2 has not seen that request. */
    assert_true(faults_draw(faults, &a_get, arena, &effect));
    assert_true(slice_eq(effect.rule, SLICE("rule-2")) && fault_prevents(&effect));
    assert_true(effect.answer == FAULT_ANSWER_CATALOGUE && effect.status == 429);
    assert_ptr_equal(effect.error, error_catalogue_find(SLICE("429.graph")));
    assert_true(effect.delay_ms == 0 && effect.body.len == 0);
    assert_true(faults_draw(faults, &a_get, arena, &effect));
    assert_true(effect.connection == FAULT_CONNECTION_TRUNCATED && !fault_prevents(&effect));
    assert_true(effect.read == FAULT_READ_DUPLICATE_PAGE && effect.answer == FAULT_ANSWER_NONE);
    assert_true(faults_draw(faults, &a_get, arena, &effect));
    assert_true(effect.connection == FAULT_CONNECTION_RESET && fault_prevents(&effect));
    assert_true(faults_draw(faults, &a_get, arena, &effect));
    assert_true(effect.read == FAULT_READ_STALE && effect.stale_ms == 5000);
    arena_destroy(arena);
    faults_destroy(faults);
}

static void test_flags(void **state UNUSED)
{
    struct faults *faults = faults_create(RULES_MAX, 1);

    assert_true(faults_are_none(faults) && !faults_read_stale(faults));
    assert_false(fires(faults, &a_get));
    assert_true(faults_put(faults, SLICE("{\"rules\":[{\"delay\":\"1s\"}]}"), NULL));
    assert_true(!faults_are_none(faults) && !faults_read_stale(faults));
    assert_true(faults_put(faults, SLICE("{\"persona\":\"eventual\"}"), NULL));
    assert_true(!faults_are_none(faults) && faults_read_stale(faults));
    assert_false(faults_put(faults, SLICE("{\"persona\":\"none\"}"), NULL));
    assert_true(!faults_are_none(faults) && faults_read_stale(faults)); /* nothing changed */
    assert_true(faults_put(faults, SLICE("{\"rules\":[]}"), NULL));
    assert_true(faults_are_none(faults) && !faults_read_stale(faults));
    assert_true(faults_put(faults, SLICE("{\"persona\":\"eventual\"}"), NULL));
    faults_clear(faults);
    assert_true(faults_are_none(faults) && !faults_read_stale(faults));
    faults_destroy(faults);
    faults_destroy(NULL);
}

/* --- counts ----------------------------------------------------------------------------------- */

static void test_counts(void **state UNUSED)
{
    struct faults *faults = faults_of("{\"rules\":[{\"when\":{\"skip\":1,\"next\":2},"
                                      "\"delay\":\"1s\"},{\"delay\":\"1s\"}]}");
    struct arena *arena = arena_create(NULL, PLENTY);
    struct json_writer writer;
    struct text out;

    for (unsigned n = 0; n < 5; n++)
        assert_true(fires(faults, &a_get));
    text_init(&out, arena, 0, PLENTY);
    json_writer_init(&writer, &out);
    assert_true(faults_write(faults, arena, &writer));
    assert_true(slice_eq(
        text_slice(&out),
        SLICE("{\"rules\":[{\"when\":{\"skip\":1,\"next\":2},\"delay\":\"1s\",\"name\":\"rule-1\","
              "\"matched\":5,\"fired\":2},{\"delay\":\"1s\",\"name\":\"rule-2\",\"matched\":3,"
              "\"fired\":3}]}")));
    arena_destroy(arena);
    faults_destroy(faults);
}

/* What was taken back did not fire, and may fire again; rules of another PUT know nothing of it. */
static void test_take_back(void **state UNUSED)
{
    static const char rules[] = "{\"rules\":[{\"when\":{\"next\":1},\"read\":\"stale\"}]}";
    struct faults *faults = faults_of(rules);
    struct arena *arena = arena_create(NULL, PLENTY);
    struct fault_effect effect;

    for (unsigned n = 0; n < 3; n++) {
        assert_true(faults_draw(faults, &a_get, arena, &effect) && fault_only_hides(&effect));
        assert_false(fires(faults, &a_get));
        faults_take_back(faults, &effect);
    }
    assert_true(faults_draw(faults, &a_get, arena, &effect));
    assert_true(faults_put(faults, slice_of(rules), NULL));
    assert_true(fires(faults, &a_get));
    faults_take_back(faults, &effect);
    assert_false(fires(faults, &a_get));
    faults_clear(faults);
    faults_take_back(faults, &effect);
    arena_destroy(arena);
    faults_destroy(faults);
}

/* A request whose fault finds no memory goes without, and counts as one that went so. */
static void test_draw_no_memory(void **state UNUSED)
{
    struct faults *faults = faults_of("{\"rules\":[{\"when\":{\"next\":1},\"answer\":"
                                      "{\"status\":429,\"body\":{},\"retryAfter\":1}}]}");
    struct fault_effect effect = { .status = 7 };

    for (size_t budget = 0; budget < 48; budget += 16) {
        struct arena *arena = arena_create(NULL, budget);
        CHECK(!faults_draw(faults, &a_get, arena, &effect), budget);
        CHECK(effect.status == 7, budget);
        arena_destroy(arena);
    }
    assert_true(draws(faults, &a_get, &effect));
    assert_false(draws(faults, &a_get, &effect));
    faults_destroy(faults);
}

/* --- threads --------------------------------------------------------------------------------- */

#define THREADS       4
#define THREAD_ROUNDS 2000

struct crowd {
    struct faults *faults;
    unsigned fired;
    pthread_t thread;
};

static void *ask(void *context)
{
    struct crowd *one = context;

    for (unsigned n = 0; n < THREAD_ROUNDS; n++) {
        faults_read_stale(one->faults);
        one->fired += fires(one->faults, &a_get);
    }
    return NULL;
}

/* Many ask, and nobody is counted twice or not at all. */
static void test_threads_count(void **state UNUSED)
{
    struct crowd crowd[THREADS];
    struct faults *faults = faults_of("{\"rules\":[{\"when\":{\"pattern\":\"xx.\",\"next\":3000},"
                                      "\"answer\":{\"error\":\"429.intune\"}}]}");
    unsigned fired = 0;

    for (unsigned i = 0; i < THREADS; i++) {
        crowd[i] = (struct crowd){ .faults = faults };
        assert_int_equal(pthread_create(&crowd[i].thread, NULL, ask, &crowd[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(crowd[i].thread, NULL);
        fired += crowd[i].fired;
    }
    assert_int_equal(fired, 3000);
    faults_destroy(faults);
}

/* Rules come, go and are shown while requests meet them. */
static void test_threads_change(void **state UNUSED)
{
    struct crowd crowd[THREADS];
    struct faults *faults = faults_create(RULES_MAX, 1);

    for (unsigned i = 0; i < THREADS; i++) {
        crowd[i] = (struct crowd){ .faults = faults };
        assert_int_equal(pthread_create(&crowd[i].thread, NULL, ask, &crowd[i]), 0);
    }
    for (unsigned n = 0; n < 100; n++) {
        struct arena *arena = arena_create(NULL, PLENTY);
        struct json_writer writer;
        struct text out;
        text_init(&out, arena, 0, PLENTY);
        json_writer_init(&writer, &out);
        assert_true(faults_put(faults, SLICE("{\"persona\":\"flaky\"}"), NULL));
        assert_true(faults_write(faults, arena, &writer));
        assert_true(faults_put(faults, SLICE("{\"persona\":\"eventual\"}"), NULL));
        faults_clear(faults);
        arena_destroy(arena);
    }
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(crowd[i].thread, NULL);
    faults_destroy(faults);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_retry_after),    cmocka_unit_test(test_retry_after_window),
        cmocka_unit_test(test_effect),         cmocka_unit_test(test_flags),
        cmocka_unit_test(test_take_back),      cmocka_unit_test(test_counts),
        cmocka_unit_test(test_draw_no_memory), cmocka_unit_test(test_threads_count),
        cmocka_unit_test(test_threads_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
