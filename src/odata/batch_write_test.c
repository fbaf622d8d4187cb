/* odata/batch_write_test.c - answers as they are written, and that none takes more than it said. */
#include "odata/batch_write.h"

#include "base/arena.h"
#include "base/test.h"
#include "base/text.h"
#include "json/reader.h"

static const struct batch_field type_and_more[] = {
    { SLICE_INIT("Content-Type"), SLICE_INIT("application/json") },
    { SLICE_INIT("x-row"), SLICE_INIT("a") },
    { SLICE_INIT("Location"), SLICE_INIT("https://h/v1.0/x('1')") },
    { SLICE_INIT("X-Row"), SLICE_INIT("\"b\"\\") },
};

static const struct {
    struct batch_answer answer;
    const char *want;
} cases[] = {
    { { .id = SLICE_INIT("1"), .status = 204 },
      "{\"id\":\"1\",\"status\":204,\"headers\":{},\"body\":null}" },
    { { .id = SLICE_INIT("\"\x01\xC3\xA9\\"),
        .status = 200,
        .fields = type_and_more,
        .field_count = 1,
        .kind = BATCH_BODY_JSON,
        .body = SLICE_INIT("{\"a\":1}") },
      "{\"id\":\"\\\"\\u0001\xC3\xA9\\\\\",\"status\":200,\"headers\":{\"Content-Type\":"
      "\"application/json\"},\"body\":{\"a\":1}}" },
    { { .id = SLICE_INIT("b"),
        .status = 201,
        .fields = type_and_more,
        .field_count = 4,
        .kind = BATCH_BODY_BYTES,
        .body = SLICE_INIT("5") },
      "{\"id\":\"b\",\"status\":201,\"headers\":{\"Content-Type\":\"application/json\","
      "\"x-row\":\"a, \\\"b\\\"\\\\\",\"Location\":\"https://h/v1.0/x('1')\"},\"body\":\"NQ==\"}" },
    { { .id = SLICE_INIT("b"),
        .status = 200,
        .kind = BATCH_BODY_BYTES,
        .body = SLICE_INIT("\xFF\xFE\xFD") },
      "{\"id\":\"b\",\"status\":200,\"headers\":{},\"body\":\"//79\"}" },
};

static void test_each(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        size_t most = BATCH_ENVELOPE_BYTES + batch_answer_bytes(&cases[i].answer);
        struct arena *arena = arena_create(NULL, 1 << 16);
        struct slice want;
        struct text text;

        text_init(&text, arena, most, most);
        batch_write(&cases[i].answer, 1, &text);
        assert_true(arena_printf(arena, &want, "{\"responses\":[%s]}", cases[i].want));
        CHECK(slice_eq(text_slice(&text), want), i);
        CHECK(json_is_valid(text_slice(&text), arena, 8), i);
        arena_destroy(arena);
    }
}

static void test_several(void **state UNUSED)
{
    const struct batch_answer answers[] = { cases[0].answer, cases[0].answer };
    size_t most = BATCH_ENVELOPE_BYTES + 2 * batch_answer_bytes(&answers[0]);
    struct arena *arena = arena_create(NULL, 1 << 16);
    struct text text;

    text_init(&text, arena, most, most);
    batch_write(answers, 2, &text);
    assert_true(json_is_valid(text_slice(&text), arena, 8));
    text_init(&text, arena, 0, 100);
    batch_write(answers, 0, &text);
    assert_true(slice_eq(text_slice(&text), SLICE("{\"responses\":[]}")));
    text_init(&text, arena, 0, 20);
    batch_write(answers, 1, &text);
    assert_true(text.failed);
    arena_destroy(arena);
}

/* What escaping makes six times as long. */
static void test_most(void **state UNUSED)
{
    char worst[64] = { 0 };
    const struct batch_field field = { SLICE("x"), { worst, sizeof worst } };
    const struct batch_answer answer = { .id = { worst, sizeof worst },
                                         .status = 599,
                                         .fields = &field,
                                         .field_count = 1,
                                         .kind = BATCH_BODY_BYTES,
                                         .body = { worst, sizeof worst } };
    size_t most = BATCH_ENVELOPE_BYTES + batch_answer_bytes(&answer);
    struct arena *arena = arena_create(NULL, 1 << 16);
    struct text text;

    text_init(&text, arena, most, most);
    batch_write(&answer, 1, &text);
    assert_false(text.failed);
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each),
        cmocka_unit_test(test_several),
        cmocka_unit_test(test_most),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
