/* store/sqlite_items_test.c - collections as tables: what json_each() says of them, and damage.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "store/sqlite_items.h"

#include "base/slice.h"

#define TEN     "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

static sqlite3 *open_with_items(void)
{
    sqlite3 *handle = NULL;

    assert_int_equal(sqlite3_open(":memory:", &handle), SQLITE_OK);
    assert_int_equal(sqlite_items_add(handle), SQLITE_OK);
    return handle;
}

static const char *const right[] = {
    "[]",
    " [ ] ",
    "[\"\"]",
    "[\"a\"]",
    "[\"a\",\"b\",\"a\"]",
    " [ \"a\" , null,\t\"b\"\r\n] ",
    "[null]",
    "[\"\\\"\",\"\\\\\",\"\\/\\b\\f\\n\\r\\t\"]",
    "[\"\\u00e4\",\"\\ud83d\\ude00\",\"\xc3\xa4\xf0\x9f\x98\x80\"]",
    "[\"plain\",\"\\n\",\"plain again\"]",
    "[\"Mixed\",\"mIXED\",\"[Z{\",\"\\u0041\\u005b\"]",
    "[\"" HUNDRED HUNDRED HUNDRED HUNDRED "\",\"b\\n\"]",
    "[\"" HUNDRED HUNDRED HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN "012345\"]", /* just fits */
    "[\"" HUNDRED HUNDRED HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN "0123456\"]",
};

/* Both at once, so that rows, order and values are the same. */
static void test_as_json_each(void **state UNUSED)
{
    static const char sql[] = "SELECT (SELECT json_group_array(json_array(value, key)) FROM"
                              " edm_items(?1)) IS (SELECT json_group_array(json_array(value, key))"
                              " FROM json_each(?1)), (SELECT count(*) FROM edm_items(?1))";
    sqlite3 *handle = open_with_items();
    sqlite3_stmt *stmt = NULL;

    assert_int_equal(sqlite3_prepare_v2(handle, sql, -1, &stmt, NULL), SQLITE_OK);
    for (size_t i = 0; i < COUNT_OF(right); i++) {
        sqlite3_bind_text(stmt, 1, right[i], -1, SQLITE_STATIC);
        assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
        CHECK(sqlite3_column_int(stmt, 0) == 1, i);
        sqlite3_reset(stmt);
    }
    sqlite3_bind_null(stmt, 1);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(stmt, 1), 0);
    sqlite3_finalize(stmt);
    sqlite3_close(handle);
}

/* What looking through the table says, of every item and of what is none. */
static void test_has_item(void **state UNUSED)
{
    static const char sql[] =
        "SELECT (SELECT count(*) FROM (SELECT value AS v FROM edm_items(?1) UNION ALL"
        " SELECT upper(value) FROM edm_items(?1) UNION ALL SELECT '' UNION ALL SELECT 'x') WHERE"
        " edm_has_item(?1, v, 1) IS NOT (EXISTS (SELECT 1 FROM edm_items(?1) AS i WHERE"
        " i.value = v)) OR edm_has_item(?1, v, 0) IS NOT (EXISTS (SELECT 1 FROM edm_items(?1) AS i"
        " WHERE i.lower = lower(v)))), (SELECT count(*) FROM edm_items(?1) WHERE lower IS NOT"
        " lower(value)), edm_has_item(NULL, 'a', 0), edm_has_item(?1, NULL, 0)";
    sqlite3 *handle = open_with_items();
    sqlite3_stmt *stmt = NULL;

    assert_int_equal(sqlite3_prepare_v2(handle, sql, -1, &stmt, NULL), SQLITE_OK);
    for (size_t i = 0; i < COUNT_OF(right); i++) {
        sqlite3_bind_text(stmt, 1, right[i], -1, SQLITE_STATIC);
        assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
        for (int column = 0; column < 4; column++)
            CHECK(sqlite3_column_int(stmt, column) == 0, i);
        sqlite3_reset(stmt);
    }
    sqlite3_finalize(stmt);
    sqlite3_close(handle);
}

static const char *const wrong[] = {
    "",
    " ",
    "[",
    "]",
    "{}",
    "\"a\"",
    "[\"a\"",
    "[\"a\",",
    "[,]",
    "[\"a",
    "[\"a\",]",
    "[\"a\"]x",
    "[]x",
    "[1]",
    "[true]",
    "[nul]",
    "[null",
    "nul",
    "[nulll]",
    "[\"\\x\"]",
    "[\"\\ud83d\"]",
    "[[\"a\"]]",
    "[\"a\" \"b\"]",
    "null",
};

static void test_damage(void **state UNUSED)
{
    static const char *const tests[] = { "SELECT count(*) FROM edm_items(?1)",
                                         "SELECT edm_has_item(?1, 'other', 0)" };
    sqlite3 *handle = open_with_items();
    sqlite3_stmt *stmt = NULL;

    for (size_t n = 0; n < COUNT_OF(tests) * COUNT_OF(wrong); n++) {
        const char *text = wrong[n / COUNT_OF(tests)];

        assert_int_equal(sqlite3_prepare_v2(handle, tests[n % COUNT_OF(tests)], -1, &stmt, NULL),
                         SQLITE_OK);
        sqlite3_bind_text(stmt, 1, text, -1, SQLITE_STATIC);
        CHECK(sqlite3_step(stmt) == SQLITE_CORRUPT, n);
        sqlite3_finalize(stmt);
    }
    /* Without a collection there is nothing to read, and no schema may hide it. */
    assert_int_equal(sqlite3_prepare_v2(handle, "SELECT * FROM edm_items", -1, &stmt, NULL),
                     SQLITE_ERROR);
    assert_int_equal(
        sqlite3_exec(handle, "CREATE VIEW v AS SELECT * FROM edm_items('[]')", NULL, NULL, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(handle, "SELECT * FROM v", -1, &stmt, NULL), SQLITE_ERROR);
    sqlite3_close(handle);
}

/* Two inside each other, each row of the outer one beginning the inner anew. */
static void test_nested(void **state UNUSED)
{
    static const char sql[] =
        "SELECT count(*) FROM (SELECT '[\"a\",\"b\\n\"]' AS c UNION ALL SELECT '[\"b\\n\",\"c\"]')"
        " WHERE EXISTS (SELECT 1 FROM edm_items(c) AS i WHERE i.value IN"
        " (SELECT j.value FROM edm_items(c) AS j WHERE j.key = 1) AND i.key = 1)";
    sqlite3 *handle = open_with_items();
    sqlite3_stmt *stmt = NULL;

    assert_int_equal(sqlite3_prepare_v2(handle, sql, -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(stmt, 0), 2);
    sqlite3_finalize(stmt);
    sqlite3_close(handle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_json_each),
        cmocka_unit_test(test_has_item),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_nested),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
