/* store/sql_test.c - the text of each operation, in full: what a reader would want to see.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "store/sql.h"

#include "base/arena.h"
#include "base/text.h"
#include "edm/toy_model.h"
#include "store/dialect.h"

#define BIT(property) (UINT64_C(1) << (property))

static const struct {
    enum sql_operation operation;
    const struct edm_entity_type *type;
    uint64_t properties;
    const char *want;
} operation_cases[] = {
    { SQL_GET, &toy_crate, BIT(TOY_CRATE_ID) | BIT(TOY_CRATE_PLACE),
      "SELECT id, version, \"p_place\" FROM \"entity_crate\" WHERE tenant = ?1 AND id = ?2" },
    { SQL_GET, &toy_article, BIT(TOY_ARTICLE_MADE_AT) | BIT(TOY_ARTICLE_SIZE),
      "SELECT id, version, \"p_madeAt\", \"o_madeAt\", \"p_size\" FROM \"entity_article\""
      " WHERE tenant = ?1 AND id = ?2" },
    { SQL_GET, &toy_crate, 0,
      "SELECT id, version FROM \"entity_crate\" WHERE tenant = ?1 AND id = ?2" },
    { SQL_LIST_FIRST, &toy_crate, BIT(TOY_CRATE_PLACE),
      "SELECT id, version, \"p_place\" FROM \"entity_crate\" WHERE tenant = ?1"
      " ORDER BY id LIMIT ?2" },
    { SQL_LIST_AFTER, &toy_crate, BIT(TOY_CRATE_PLACE),
      "SELECT id, version, \"p_place\" FROM \"entity_crate\" WHERE tenant = ?1 AND id > ?2"
      " ORDER BY id LIMIT ?3" },
    { SQL_COUNT, &toy_crate, 0, "SELECT count(*) FROM \"entity_crate\" WHERE tenant = ?1" },
    { SQL_ANY_ROW, &toy_crate, 0, "SELECT 1 FROM \"entity_crate\" LIMIT 1" },
    { SQL_INSERT, &toy_crate, BIT(TOY_CRATE_ID) | BIT(TOY_CRATE_PLACE),
      "INSERT INTO \"entity_crate\" (tenant, id, version, created_seq, \"p_place\")"
      " VALUES (?1, ?2, ?3, ?4, ?5)" },
    { SQL_UPDATE, &toy_article, BIT(TOY_ARTICLE_STOCK) | BIT(TOY_ARTICLE_COUNTED_AT),
      "UPDATE \"entity_article\" SET \"p_stock\" = ?1, \"p_countedAt\" = ?2, \"o_countedAt\" = ?3,"
      " version = ?4 WHERE tenant = ?5 AND id = ?6 AND version = ?7" },
    { SQL_UPDATE, &toy_crate, 0, /* an update that changes nothing still raises the version */
      "UPDATE \"entity_crate\" SET version = ?1 WHERE tenant = ?2 AND id = ?3 AND version = ?4" },
    { SQL_DELETE, &toy_crate, 0, "DELETE FROM \"entity_crate\" WHERE tenant = ?1 AND id = ?2" },
    { SQL_DELETE_ALL, &toy_crate, 0, "DELETE FROM \"entity_crate\" WHERE tenant = ?1" },
};

static void test_operations(void **state UNUSED)
{
    char memory[SQL_TEXT_MAX];

    for (size_t i = 0; i < COUNT_OF(operation_cases); i++) {
        struct text text;

        text_init_fixed(&text, memory, sizeof memory);
        sql_operation(&text, operation_cases[i].type, operation_cases[i].operation,
                      operation_cases[i].properties);
        CHECK(slice_eq(text_slice(&text), slice_of(operation_cases[i].want)), i);
    }
}

static const struct {
    enum sql_operation operation;
    enum sql_presence presence;
    const char *want;
} rows_cases[] = {
    { SQL_COUNT, SQL_WHEREVER, "SELECT count(*) FROM \"entity_article\" WHERE tenant = ?1" },
    { SQL_COUNT, SQL_GONE,
      "SELECT count(*) FROM \"entity_article\" WHERE tenant = ?1"
      " AND CASE WHEN coalesce(\"p_madeAt\", 0) = 0 THEN ?2 WHEN \"p_madeAt\" <= ?3 THEN 1"
      " ELSE 0 END = 1" },
    { SQL_LIST_FIRST, SQL_THERE,
      "SELECT id, version FROM \"entity_article\" WHERE tenant = ?1"
      " AND CASE WHEN coalesce(\"p_madeAt\", 0) = 0 THEN ?3 WHEN \"p_madeAt\" <= ?4 THEN 1"
      " ELSE 0 END = 0 ORDER BY id LIMIT ?2" },
    { SQL_LIST_AFTER, SQL_THERE,
      "SELECT id, version FROM \"entity_article\" WHERE tenant = ?1 AND id > ?2"
      " AND CASE WHEN coalesce(\"p_madeAt\", 0) = 0 THEN ?4 WHEN \"p_madeAt\" <= ?5 THEN 1"
      " ELSE 0 END = 0 ORDER BY id LIMIT ?3" },
};

static void test_rows(void **state UNUSED)
{
    char memory[SQL_TEXT_MAX];

    for (size_t i = 0; i < COUNT_OF(rows_cases); i++) {
        const struct sql_rows rows = { .presence = rows_cases[i].presence,
                                       .contact = TOY_ARTICLE_MADE_AT };
        struct text text;

        text_init_fixed(&text, memory, sizeof memory);
        sql_rows_operation(&text, &toy_article, rows_cases[i].operation, 0, &rows);
        CHECK(slice_eq(text_slice(&text), slice_of(rows_cases[i].want)), i);
    }
}

static void test_create(void **state UNUSED)
{
    const char *want = "CREATE TABLE \"entity_crate\" (tenant BLOB NOT NULL, id TEXT NOT NULL,"
                       " version INTEGER NOT NULL, created_seq INTEGER NOT NULL,"
                       " \"p_place\" TEXT DEFAULT 'it''s \"here\"',"
                       " PRIMARY KEY (tenant, id)) WITHOUT ROWID";
    struct arena *arena = arena_create(NULL, 1 << 20);
    struct edm_entity *defaults = edm_entity_create(&toy_crate, arena);
    char memory[SQL_TEXT_MAX];
    struct text text;

    defaults->values[TOY_CRATE_PLACE] = (struct edm_value){ .text = SLICE("it's \"here\"") };
    text_init_fixed(&text, memory, sizeof memory);
    sql_create_table(&text, &dialect_sqlite, &toy_crate, defaults);
    assert_true(slice_eq(text_slice(&text), slice_of(want)));
    arena_destroy(arena);
}

static const struct {
    size_t property;
    unsigned part;
    const char *want; /* NULL: there is no such part */
} column_cases[] = {
    { TOY_ARTICLE_TITLE, 0, "\"p_title\" TEXT DEFAULT NULL" },
    { TOY_ARTICLE_TITLE, 1, NULL },
    { TOY_ARTICLE_ORIGIN, 0, "\"p_origin\" TEXT DEFAULT 'unknown'" },
    { TOY_ARTICLE_SOLD_OUT, 0, "\"p_soldOut\" INTEGER DEFAULT 0" },
    { TOY_ARTICLE_STOCK, 0, "\"p_stock\" INTEGER DEFAULT 7" },
    { TOY_ARTICLE_MADE_AT, 0, "\"p_madeAt\" INTEGER DEFAULT 0" },
    { TOY_ARTICLE_MADE_AT, 1, "\"o_madeAt\" INTEGER DEFAULT 0" },
    { TOY_ARTICLE_MADE_AT, 2, NULL },
    { TOY_ARTICLE_COUNTED_AT, 1, "\"o_countedAt\" INTEGER DEFAULT NULL" },
    { TOY_ARTICLE_SIZE, 0, "\"p_size\" INTEGER DEFAULT 1" },
    { TOY_ARTICLE_LABELS, 0, "\"p_labels\" TEXT DEFAULT '[\"plain\"]'" },
};

static void test_columns(void **state UNUSED)
{
    struct slice before = SLICE("ALTER TABLE \"entity_article\" ADD COLUMN ");
    struct arena *arena = arena_create(NULL, 1 << 20);
    struct edm_entity *defaults = edm_entity_create(&toy_article, arena);
    char memory[SQL_TEXT_MAX];

    assert_true(edm_entity_fill_defaults(&toy_model, defaults, arena, NULL));
    for (size_t i = 0; i < COUNT_OF(column_cases); i++) {
        size_t property = column_cases[i].property;
        struct text text;
        bool there;

        text_init_fixed(&text, memory, sizeof memory);
        there = sql_add_column(&text, &dialect_sqlite, &toy_article, property, column_cases[i].part,
                               &defaults->values[property]);
        CHECK(there == (column_cases[i].want != NULL), i);
        if (!there)
            continue;
        CHECK(slice_starts_with(text_slice(&text), before), i);
        CHECK(slice_eq(slice_sub(text_slice(&text), before.len, SIZE_MAX),
                       slice_of(column_cases[i].want)),
              i);
    }
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_operations),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_create),
        cmocka_unit_test(test_columns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
