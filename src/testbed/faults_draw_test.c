/* testbed/faults_draw_test.c - which requests meet a fault, how late, and that the same seed and
 * requests always meet the same. */
#include <stdlib.h>

#include "testbed/faults_test.h"

/* --- when ------------------------------------------------------------------------------------ */

/* Ten GETs of one application; an x for each that met the rule. */
static const struct {
    const char *when, *fired;
} sequence_cases[] = {
    { "", "xxxxxxxxxx" },
    { "\"method\":\"GET\"", "xxxxxxxxxx" },
    { "\"method\":[\"POST\",\"get\"]", "xxxxxxxxxx" },
    { "\"method\":\"POST\"", ".........." },
    { "\"path\":\"*/NDESconnectors\"", "xxxxxxxxxx" },
    { "\"path\":\"/v1.0/*\"", ".........." },
    { "\"app\":\"00000000-0000-4000-8000-0000000000C1\"", "xxxxxxxxxx" },
    { "\"app\":\"00000000-0000-4000-8000-0000000000c2\"", ".........." },
    { "\"skip\":3", "...xxxxxxx" },
    { "\"skip\":0", "xxxxxxxxxx" },
    { "\"nth\":1", "x........." },
    { "\"nth\":4", "...x......" },
    { "\"next\":2", "xx........" },
    { "\"pattern\":\"xx.\"", "xx.xx.xx.x" },
    { "\"pattern\":\".x\"", ".x.x.x.x.x" },
    { "\"rate\":0", ".........." },
    { "\"rate\":1", "xxxxxxxxxx" },
    /* Behind "skip" counting begins anew; "next" counts what fires. */
    { "\"skip\":2,\"nth\":2", "...x......" },
    { "\"skip\":1,\"pattern\":\"x..\"", ".x..x..x.." },
    { "\"pattern\":\".x\",\"next\":2", ".x.x......" },
    { "\"nth\":2,\"pattern\":\"x.\"", ".........." },
    { "\"limit\":{\"requests\":4,\"per\":\"1h\"}", "....xxxxxx" },
    { "\"limit\":{\"requests\":0,\"per\":\"1h\"}", "xxxxxxxxxx" },
    { "\"limit\":{\"requests\":2,\"per\":\"1h\"},\"next\":3", "..xxx....." },
    { "\"skip\":2,\"limit\":{\"requests\":2,\"per\":\"1h\"}", "....xxxxxx" },
};

static void test_when(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(sequence_cases); i++) {
        char json[300], fired[11] = "";
        snprintf(json, sizeof json, "{\"rules\":[{\"when\":{%s},\"delay\":\"1s\"}]}",
                 sequence_cases[i].when);
        struct faults *faults = faults_of(json);

        for (unsigned n = 0; n < 10; n++)
            fired[n] = fires(faults, &a_get) ? 'x' : '.';
        if (strcmp(fired, sequence_cases[i].fired) != 0)
            fail_msg("%s: %s", json, fired);
        faults_destroy(faults);
    }
}

/* A method that HTTP does not know matches what asks for none. */
static void test_unknown_method(void **state UNUSED)
{
    struct fault_request request = a_get;
    struct faults *faults = faults_of("{\"rules\":[{\"when\":{\"method\":[\"GET\",\"POST\"]},"
                                      "\"delay\":\"1s\"}]}");

    request.method = SLICE("BREW");
    assert_false(fires(faults, &request));
    assert_true(faults_put(faults, SLICE("{\"rules\":[{\"delay\":\"1s\"}]}"), NULL));
    assert_true(fires(faults, &request));
    faults_destroy(faults);
}

static void test_no_app(void **state UNUSED)
{
    struct fault_request request = a_get;
    struct faults *faults = faults_of("{\"rules\":[{\"when\":{\"app\":\"a\"},\"delay\":\"1s\"}]}");

    request.app_id = SLICE_EMPTY;
    assert_false(fires(faults, &request));
    faults_destroy(faults);
}

static bool nearly(unsigned count, unsigned of, double rate)
{
    double variance = of * rate * (1 - rate), off = count - of * rate;

    return off * off < 25 * variance; /* five deviations */
}

static void test_rate(void **state UNUSED)
{
    struct faults *faults = faults_of("{\"rules\":[{\"when\":{\"rate\":0.2},\"delay\":\"1s\"},"
                                      "{\"when\":{\"rate\":0.2},\"connection\":\"reset\"}]}");
    unsigned delayed = 0, reset = 0;

    for (unsigned n = 0; n < 10000; n++) {
        struct fault_effect effect;
        if (!draws(faults, &a_get, &effect))
            continue;
        delayed += effect.delay_ms > 0;
        reset += effect.connection == FAULT_CONNECTION_RESET;
    }
    assert_true(nearly(delayed, 10000, 0.2));
    assert_true(nearly(reset, 10000, 0.16)); /* of what was left: each rule has its own draws */
    faults_destroy(faults);
}

/* --- windows --------------------------------------------------------------------------------- */

static const struct {
    uint64_t now_ms;
    const char *app;
    bool each_app, each_tenant; /* fires */
} window_steps[] = {
    { 5000, "a", false, false },  { 5001, "a", false, false },  { 5002, "a", true, true },
    { 5003, "b", false, true },   { 5004, "", false, true },    { 24999, "a", true, true },
    { 25000, "a", false, false }, /* 20 s after the window's first request */
    { 25001, "a", false, false }, { 24998, "a", true, true }, /* a thread that was late */
    { 25002, "b", false, true },                              /* b's window goes on to 25003 */
    { 25003, "b", false, true },  { 99000, "b", false, false },
};

static void check_windows(const char *each, bool by_app)
{
    char json[200];

    snprintf(json, sizeof json,
             "{\"rules\":[{\"when\":{\"limit\":{\"requests\":2,\"per\":\"20s\",\"each\":\"%s\"}},"
             "\"delay\":\"1s\"}]}",
             each);
    struct faults *faults = faults_of(json);
    for (size_t i = 0; i < COUNT_OF(window_steps); i++) {
        struct fault_request request = a_get;
        request.now_ms = window_steps[i].now_ms;
        request.app_id = slice_of(window_steps[i].app);
        bool want = by_app ? window_steps[i].each_app : window_steps[i].each_tenant;
        if (fires(faults, &request) != want)
            fail_msg("%s, step %zu", each, i);
    }
    faults_destroy(faults);
}

static void test_windows(void **state UNUSED)
{
    check_windows("app", true);
    check_windows("tenant", false);
}

/* However many applications there are, memory is bounded; those that go on stay counted. */
static void test_windows_of_many_apps(void **state UNUSED)
{
    struct faults *faults =
        faults_of("{\"rules\":[{\"when\":{\"limit\":{\"requests\":1,\"per\":\"1d\",\"each\":"
                  "\"app\"}},\"delay\":\"1s\"}]}");
    struct fault_request request = a_get;

    assert_false(fires(faults, &request));
    for (unsigned n = 0; n < 1000; n++) {
        char app[20];
        struct fault_request other = a_get;
        snprintf(app, sizeof app, "app-%u", n);
        other.app_id = slice_of(app);
        other.now_ms = request.now_ms = 1000001 + n;
        CHECK(!fires(faults, &other), n);
        CHECK(fires(faults, &request), n);
    }
    faults_destroy(faults);
}

/* --- delays ---------------------------------------------------------------------------------- */

#define DELAYS 20000

static int by_value(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

    return (left > right) - (left < right);
}

/* Sorted. */
static void draw_delays(const char *delay, uint32_t *ret)
{
    char json[200];

    snprintf(json, sizeof json, "{\"rules\":[{\"delay\":%s}]}", delay);
    struct faults *faults = faults_of(json);
    for (unsigned n = 0; n < DELAYS; n++) {
        struct fault_effect effect;
        assert_true(draws(faults, &a_get, &effect));
        ret[n] = effect.delay_ms;
    }
    qsort(ret, DELAYS, sizeof *ret, by_value);
    faults_destroy(faults);
}

static bool about(uint32_t value, uint32_t want)
{
    return value > want * 0.95 && value < want * 1.05;
}

static void test_delays(void **state UNUSED)
{
    static uint32_t delays[DELAYS];

    draw_delays("\"1s500ms\"", delays);
    assert_true(delays[0] == 1500 && delays[DELAYS - 1] == 1500);

    draw_delays("{\"min\":\"10ms\",\"max\":\"13ms\"}", delays);
    assert_true(delays[0] == 10 && delays[DELAYS - 1] == 13); /* both ends are in it */
    assert_true(delays[DELAYS / 8] == 10 && delays[DELAYS * 3 / 8] == 11);
    assert_true(delays[DELAYS * 5 / 8] == 12 && delays[DELAYS * 7 / 8] == 13);

    draw_delays("{\"median\":\"1s\",\"p99\":\"10s\"}", delays);
    assert_true(about(delays[DELAYS / 2], 1000) && about(delays[DELAYS * 99 / 100], 10000));
    /* A log-normal distribution is symmetric in its logarithm. */
    assert_true(about(delays[DELAYS / 100], 100));
    /* One deviation above: 10^(1/2.326). */
    assert_true(about(delays[(size_t)(DELAYS * 0.8413)], 2690));

    draw_delays("{\"median\":\"1ms\",\"p99\":\"60s\"}", delays);
    assert_true(delays[0] == 0 && delays[DELAYS - 1] == 60000); /* never more */
    draw_delays("{\"median\":\"2s\",\"p99\":\"2s\"}", delays);
    assert_true(delays[0] == 2000 && delays[DELAYS - 1] == 2000);
}

/* --- again ----------------------------------------------------------------------------------- */

#define CHANCE                                                                                     \
    "{\"rules\":[{\"when\":{\"rate\":0.3},\"delay\":{\"min\":\"1ms\",\"max\":\"60s\"}},"           \
    "{\"when\":{\"rate\":0.5},\"delay\":{\"median\":\"1s\",\"p99\":\"9s\"}}]}"

/* The delays of 200 requests, 0 where nothing fired. */
static void draw_sequence(uint64_t seed, uint32_t ret[200])
{
    struct faults *faults = faults_create(RULES_MAX, seed);

    assert_true(faults_put(faults, SLICE(CHANCE), NULL));
    for (unsigned n = 0; n < 200; n++) {
        struct fault_effect effect;
        ret[n] = draws(faults, &a_get, &effect) ? effect.delay_ms : 0;
    }
    faults_destroy(faults);
}

static void test_same_seed_same_faults(void **state UNUSED)
{
    uint32_t first[200], again[200], other[200];

    draw_sequence(7, first);
    draw_sequence(7, again);
    draw_sequence(8, other);
    assert_memory_equal(first, again, sizeof first);
    assert_memory_not_equal(first, other, sizeof first);
}

/* A PUT begins anew, and what a rule does not match moves none of its draws. */
static void test_put_begins_anew(void **state UNUSED)
{
    uint32_t first[200];
    struct faults *faults = faults_create(RULES_MAX, 7);

    draw_sequence(7, first);
    assert_true(faults_put(faults, SLICE(CHANCE), NULL));
    for (unsigned n = 0; n < 17; n++)
        fires(faults, &a_get);
    assert_true(faults_put(faults, SLICE(CHANCE), NULL));
    for (unsigned n = 0; n < 200; n++) {
        struct fault_effect effect;
        uint32_t delay_ms = draws(faults, &a_get, &effect) ? effect.delay_ms : 0;
        CHECK(delay_ms == first[n], n);
    }
    faults_destroy(faults);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_when),
        cmocka_unit_test(test_unknown_method),
        cmocka_unit_test(test_no_app),
        cmocka_unit_test(test_rate),
        cmocka_unit_test(test_windows),
        cmocka_unit_test(test_windows_of_many_apps),
        cmocka_unit_test(test_delays),
        cmocka_unit_test(test_same_seed_same_faults),
        cmocka_unit_test(test_put_begins_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
