/* cli/handover_test.c - through a pipe and into an environment. That each variable is true is asked
 * of running servers in tests/.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include <unistd.h>

#include "base/arena.h"
#include "cli/handover.h"
#include "server/settings.h"

static const struct handover whole = { .items = {
                                           [HANDOVER_URL] = SLICE_INIT("http://127.0.0.1:1"),
                                           [HANDOVER_URL_TLS] = SLICE_INIT("https://127.0.0.1:2"),
                                           [HANDOVER_TOKEN] = SLICE_INIT("a.b.c"),
                                           [HANDOVER_CA_PEM] = SLICE_INIT("-----\nx\n-----\n"),
                                       } };

static void test_pipe(void **state UNUSED)
{
    struct handover without_token = whole, read_back;

    without_token.items[HANDOVER_TOKEN] = SLICE_EMPTY;
    for (size_t i = 0; i < 2; i++) {
        const struct handover *sent = i == 0 ? &whole : &without_token;
        struct arena *arena = arena_create(NULL, 1 << 20);
        int ends[2];

        assert_int_equal(pipe(ends), 0);
        assert_true(handover_write(sent, ends[1], NULL));
        close(ends[1]);
        assert_true(handover_read(ends[0], arena, &read_back));
        close(ends[0]);
        for (size_t k = 0; k < HANDOVER_ITEM_COUNT; k++)
            CHECK(slice_eq(read_back.items[k], sent->items[k]), k);
        arena_destroy(arena);
    }
}

/* A server that failed has written nothing, one that died in the middle a part. */
static void test_broken_pipe(void **state UNUSED)
{
    static const char part[] = "http://127.0.0.1:1\0https://127.0.0.1:2\0a.b.c\0-----\nx";

    for (size_t len = 0; len < sizeof part - 1; len++) {
        struct arena *arena = arena_create(NULL, 1 << 20);
        struct handover read_back;
        int ends[2];

        assert_int_equal(pipe(ends), 0);
        assert_int_equal(write(ends[1], part, len), len);
        close(ends[1]);
        CHECK(!handover_read(ends[0], arena, &read_back), len);
        close(ends[0]);
        arena_destroy(arena);
    }
}

static struct slice value_of(char *const *environment, struct slice wanted)
{
    struct slice name, value, found = SLICE_EMPTY;

    for (; *environment; environment++) {
        if (slice_cut(slice_of(*environment), '=', &name, &value) && slice_eq(name, wanted)) {
            assert_int_equal(found.len, 0); /* once */
            found = value;
        }
    }
    return found;
}

static void test_environment(void **state UNUSED)
{
    static char *given[] = { "PATH=/bin",
                             "CONNECTORD_TOKEN=old",
                             "CONNECTORD_CA_FILE=old",
                             "NODE_EXTRA_CA_CERTS=old",
                             "CONNECTORD_PROFILE=live",
                             NULL };
    struct arena *arena = arena_create(NULL, 1 << 20);
    char **made;

    assert_true(handover_environment(&whole, given, "/t/ca.pem", true, arena, &made, NULL));
    assert_true(slice_eq(value_of(made, SLICE("PATH")), SLICE("/bin")));
    assert_true(slice_eq(value_of(made, SLICE("CONNECTORD_PROFILE")), SLICE("live")));
    assert_true(slice_eq(value_of(made, SLICE("CONNECTORD_TOKEN")), SLICE("a.b.c")));
    assert_true(slice_eq(value_of(made, SLICE("CONNECTORD_CA_FILE")), SLICE("/t/ca.pem")));
    assert_true(slice_eq(value_of(made, SLICE("NODE_EXTRA_CA_CERTS")), SLICE("/t/ca.pem")));
    for (size_t i = 0; i < RUN_VARIABLE_COUNT; i++)
        CHECK(value_of(made, slice_of(run_variable_names[i])).len, i);

    assert_true(handover_environment(&whole, given, NULL, false, arena, &made, NULL));
    assert_int_equal(value_of(made, SLICE("CONNECTORD_CA_FILE")).len, 0);
    assert_int_equal(value_of(made, SLICE("CONNECTORD_CLIENT_SECRET")).len, 0);
    assert_true(slice_eq(value_of(made, SLICE("NODE_EXTRA_CA_CERTS")), SLICE("old")));
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pipe),
        cmocka_unit_test(test_broken_pipe),
        cmocka_unit_test(test_environment),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
