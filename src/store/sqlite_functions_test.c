/* store/sqlite_functions_test.c - the functions alone, against SQLite's own where it has the like.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "store/sqlite_functions.h"

#include <stdlib.h>

#include "base/slice.h"

static sqlite3 *open_with(uint64_t *deadline_ms, int64_t *counted)
{
    sqlite3 *handle = NULL;

    assert_int_equal(sqlite3_open(":memory:", &handle), SQLITE_OK);
    assert_int_equal(sqlite_functions_add(handle, deadline_ms, counted), SQLITE_OK);
    return handle;
}

/* The one number that `sql` gives for two texts and a number; -1: null. */
static int64_t ask(sqlite3_stmt *stmt, struct slice a, struct slice b, int number)
{
    int64_t value;

    sqlite3_bind_text(stmt, 1, a.ptr, (int)a.len, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 2, b.ptr, (int)b.len, SQLITE_STATIC);
    sqlite3_bind_int(stmt, 3, number);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    value = sqlite3_column_type(stmt, 0) == SQLITE_NULL ? -1 : sqlite3_column_int64(stmt, 0);
    sqlite3_reset(stmt);
    return value;
}

/* instr() and substr() over lower() say the same. Texts short and long, of few letters, so that
 * parts meet. */
static void test_parts(void **state UNUSED)
{
    static const char *const tests[] = {
        "SELECT edm_contains(?1, ?2, ?3)",
        "SELECT CASE ?3 WHEN 0 THEN instr(lower(?1), lower(?2)) > 0 ELSE instr(?1, ?2) > 0 END",
        "SELECT edm_begins(?1, ?2, ?3)",
        "SELECT CASE ?3 WHEN 0 THEN instr(lower(?1), lower(?2)) = 1 ELSE instr(?1, ?2) = 1 END",
        "SELECT edm_ends(?1, ?2, ?3)",
        "SELECT part = 0 OR (part <= octets AND substr(a, 1 + octets - part) = b) FROM"
        " (SELECT length(a) AS octets, length(b) AS part, a, b FROM"
        " (SELECT CAST(iif(?3, ?1, lower(?1)) AS BLOB) AS a,"
        " CAST(iif(?3, ?2, lower(?2)) AS BLOB) AS b))",
    };
    static const size_t lengths[] = { 0, 1, 2, 3, 7, 63, 64, 65, 200, 4096, 4097, 6000 };
    static const char letters[] = { 'a', 'A', 'b', 'B', '[', '{', '\0', '\xc3' };
    uint64_t deadline_ms = 0, seed = 1;
    sqlite3_stmt *stmts[COUNT_OF(tests)];
    char *text = malloc(6000);
    int64_t counted = 0;
    sqlite3 *handle = open_with(&deadline_ms, &counted);

    for (size_t i = 0; i < COUNT_OF(tests); i++)
        assert_int_equal(sqlite3_prepare_v2(handle, tests[i], -1, &stmts[i], NULL), SQLITE_OK);
    for (size_t i = 0; i < 6000; i++) {
        seed = seed * UINT64_C(6364136223846793005) + 1;
        text[i] = i % 64 < 60 ? letters[seed >> 63] : letters[seed >> 61];
    }
    for (size_t n = 0; n < COUNT_OF(lengths) * COUNT_OF(lengths) * 10; n++) {
        struct slice whole = { text, lengths[n % COUNT_OF(lengths)] };
        struct slice part = { text + n * 37 % 500, lengths[n / COUNT_OF(lengths) % 9] };

        for (size_t i = 0; i < COUNT_OF(tests); i += 2)
            for (int exact = 0; exact < 2; exact++)
                CHECK(ask(stmts[i], whole, part, exact) == ask(stmts[i + 1], whole, part, exact),
                      n);
    }
    for (size_t i = 0; i < COUNT_OF(tests); i++)
        sqlite3_finalize(stmts[i]);
    sqlite3_close(handle);
    free(text);
}

/* Of every seventh day of the years 1 to 9999, at its first and last second, what strftime() says.
 * On a Thursday of the year 300 that takes March 1st for a 29th of February, and is not asked. */
static void test_calendar(void **state UNUSED)
{
    uint64_t deadline_ms = 0;
    sqlite3_stmt *stmt = NULL;
    int64_t counted = 0;
    sqlite3 *handle = open_with(&deadline_ms, &counted);

    assert_int_equal(
        sqlite3_prepare_v2(
            handle,
            "WITH RECURSIVE d(s) AS (VALUES(-62135596800) UNION ALL SELECT s + 604800 FROM d"
            " WHERE s + 604800 < 253402300800)"
            " SELECT count(*), sum(edm_counted()) FROM d WHERE s <> -52695014400 AND "
            "printf('%04d-%02d-%02d',"
            " edm_calendar(s, 0), edm_calendar(s, 1), edm_calendar(s + 86399, 2))"
            " = strftime('%Y-%m-%d', s, 'unixepoch')",
            -1, &stmt, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int64(stmt, 0), 521723);
    assert_int_equal(counted, 521723);
    sqlite3_finalize(stmt);
    sqlite3_close(handle);
}

static void test_nulls(void **state UNUSED)
{
    uint64_t deadline_ms = 0;
    sqlite3_stmt *stmt = NULL;
    int64_t counted = 0;
    sqlite3 *handle = open_with(&deadline_ms, &counted);

    assert_int_equal(sqlite3_prepare_v2(handle,
                                        "SELECT coalesce(edm_contains(NULL, 'a', 0),"
                                        " edm_contains('a', NULL, 0), edm_begins(NULL, 'a', 1),"
                                        " edm_begins('a', NULL, 1), edm_calendar(NULL, 0))",
                                        -1, &stmt, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    assert_int_equal(sqlite3_column_type(stmt, 0), SQLITE_NULL);
    sqlite3_finalize(stmt);
    sqlite3_close(handle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_calendar),
        cmocka_unit_test(test_nulls),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
