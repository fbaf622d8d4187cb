/* http/h2_memory_test.c - what is counted, bounded and charged.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/h2_memory.h"

#include <stdint.h>

#include "base/arena.h"
#include "base/test.h"

#define KIB ((size_t)1024)

static void test_all_goes_back(void **state UNUSED)
{
    struct arena_ledger ledger;
    void *pieces[100];

    arena_ledger_init(&ledger, 4096 * KIB);
    struct h2_memory memory = { .ledger = &ledger, .limit_bytes = 512 * KIB };
    nghttp2_mem functions = h2_memory_functions(&memory);
    for (size_t i = 0; i < COUNT_OF(pieces); i++) {
        pieces[i] = i % 2 ? functions.malloc(i * 20, functions.mem_user_data)
                          : functions.calloc(i, 20, functions.mem_user_data);
        assert_non_null(pieces[i]);
        assert_true(memory.charged_bytes >= memory.used_bytes);
    }
    assert_true(memory.used_bytes >= 20 * 99 * 100 / 2);
    assert_int_equal(arena_ledger_taken_bytes(&ledger), memory.charged_bytes);
    for (size_t i = 0; i < COUNT_OF(pieces); i++) {
        pieces[i] = functions.realloc(pieces[i], 3000, functions.mem_user_data);
        assert_non_null(pieces[i]);
    }
    for (size_t i = 0; i < COUNT_OF(pieces); i++)
        functions.free(pieces[i], functions.mem_user_data);
    functions.free(NULL, functions.mem_user_data);
    assert_int_equal(memory.used_bytes, 0);
    assert_true(memory.charged_bytes <= 48 * KIB);
    h2_memory_release(&memory);
    assert_int_equal(arena_ledger_taken_bytes(&ledger), 0);
}

static void test_bounds(void **state UNUSED)
{
    struct arena_ledger ledger;

    arena_ledger_init(&ledger, 128 * KIB);
    for (size_t limit = 32 * KIB; limit <= 256 * KIB; limit *= 2) {
        struct h2_memory memory = { .ledger = &ledger,
                                    .limit_bytes = limit,
                                    .established = limit == 256 * KIB };
        nghttp2_mem functions = h2_memory_functions(&memory);
        void *pieces[256];
        size_t count = 0, most = memory.established ? 128 * KIB : 64 * KIB; /* of the ledger */
        size_t expected = limit < most ? limit : most;

        while (count < COUNT_OF(pieces) &&
               (pieces[count] = functions.malloc(KIB, functions.mem_user_data)) != NULL)
            count++;
        assert_true(count * KIB <= expected && count * KIB > expected - 4 * KIB);
        assert_null(functions.calloc(SIZE_MAX / 2, 3, functions.mem_user_data));
        assert_null(functions.realloc(pieces[0], expected, functions.mem_user_data));
        while (count > 0) /* which still stand */
            functions.free(pieces[--count], functions.mem_user_data);
        h2_memory_release(&memory);
        assert_int_equal(arena_ledger_taken_bytes(&ledger), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_goes_back),
        cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
