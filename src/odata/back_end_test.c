/* odata/back_end_test.c - messages about the toy shop, byte for byte, and that they are JSON
 * however deep they stand.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "odata/back_end.h"

#include "base/arena.h"
#include "base/test.h"
#include "base/text.h"
#include "edm/toy_model.h"
#include "json/reader.h"
#include "json/writer.h"

#define ID "00000000-0000-4000-8000-000000000002"
#define HEAD                                                                                       \
    "{\r\n  \"_version\": 3,\r\n  \"Message\": \"Words - Operation ID (for customer support): "    \
    "00000000-0000-0000-0000-000000000000 - Activity ID: " ID " - Url: https://store.example/"
#define TAIL                                                                                       \
    "\",\r\n  \"CustomApiErrorPhrase\": \"\",\r\n  \"RetryAfter\": null,\r\n"                      \
    "  \"ErrorSourceService\": \"\",\r\n  \"HttpHeaders\": \"{}\"\r\n}"
#define SHELVES "?api-version=2001-02-03" TAIL
#define SHOP    "?api-version=2000-01-02" TAIL
#define TEN     "0123456789"
#define FORTY   TEN TEN TEN TEN

static const struct {
    struct odata_path path;
    const char *action; /* NULL: none */
    const char *want;
} cases[] = {
    { { .resource = ODATA_SINGLETON }, NULL, HEAD "Shop/shopFloor" SHOP },
    { { .resource = ODATA_SET, .type = &toy_article },
      NULL,
      HEAD "Shelves/shopFloor/articles" SHELVES },
    /* without a back end of its own */
    { { .resource = ODATA_SET, .type = &toy_crate }, NULL, HEAD "Shop/shopFloor/crates" SHOP },
    { { .resource = ODATA_COUNT, .type = &toy_article },
      NULL,
      HEAD "Shelves/shopFloor/articles/$count" SHELVES },
    { { .resource = ODATA_ENTITY, .type = &toy_article, .key = SLICE_INIT("a-1") },
      NULL,
      HEAD "Shelves/shopFloor/articles('a-1')" SHELVES },
    { { .resource = ODATA_ACTION, .type = &toy_article, .key = SLICE_INIT("a") },
      "restock",
      HEAD "Shelves/shopFloor/articles('a')/toy.backroom.api.restock" SHELVES },
    /* nothing that has to be escaped, once or twice */
    { { .resource = ODATA_ENTITY, .type = &toy_article, .key = SLICE_INIT("\"\\\n'?/\xc3\xa9") },
      NULL,
      HEAD "Shelves/shopFloor/articles('%22%5C%0A''%3F%2F%C3%A9')" SHELVES },
    { { .resource = ODATA_ENTITY,
        .type = &toy_article,
        .key = SLICE_INIT(FORTY FORTY FORTY TEN) }, /* 130 bytes: two more than are shown */
      NULL,
      HEAD "Shelves/shopFloor/articles('" FORTY FORTY FORTY "01234567')" SHELVES },
};

static struct odata_back_end_error error_at(const struct odata_path *path)
{
    return (struct odata_back_end_error){
        .model = &toy_model, .path = path, .words = SLICE("Words"), .client_request_id = SLICE(ID)
    };
}

static void test_message(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena *arena = arena_create(NULL, 1 << 20);
        struct odata_path path = cases[i].path;
        struct odata_back_end_error error = error_at(&path);
        struct text text;

        if (cases[i].action)
            path.action = edm_find_action(path.type, slice_of(cases[i].action), EDM_VERSION_BETA);
        text_init(&text, arena, 0, 10000);
        odata_write_back_end_message(&error, &text);
        if (!slice_eq(text_slice(&text), slice_of(cases[i].want)))
            fail_msg("case %zu: %.*s", i, SLICE_ARG(text_slice(&text)));
        CHECK(json_is_valid(text_slice(&text), arena, 16), i);
        arena_destroy(arena);
    }
}

/* Quoted as any JSON writer would, and no more than that. */
static void test_wrapped(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena *arena = arena_create(NULL, 1 << 20);
        struct odata_back_end_error error = error_at(&cases[i].path);
        struct text inner, want, got;

        text_init(&inner, arena, 0, 10000);
        odata_write_back_end_message(&error, &inner);
        text_init(&want, arena, 0, 10000);
        text_append(&want, SLICE("{\"ErrorCode\":\"Gone\",\"Message\":\""));
        json_append_escaped(&want, text_slice(&inner));
        text_append(&want, SLICE("\",\"Target\":null,\"Details\":null,\"InnerError\":null,"
                                 "\"InstanceAnnotations\":[]}"));
        text_init(&got, arena, 0, 10000);
        odata_write_wrapped_message(&error, SLICE("Gone"), &got);
        CHECK(got.len > 0 && slice_eq(text_slice(&got), text_slice(&want)), i);
        CHECK(json_is_valid(text_slice(&got), arena, 16), i);
        arena_destroy(arena);
    }
}

static void test_id_of_any_kind(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, 1 << 20);
    struct odata_path path = { .resource = ODATA_SINGLETON };
    struct odata_back_end_error error = error_at(&path);
    struct text text;

    error.client_request_id = SLICE("\"\\ }");
    text_init(&text, arena, 0, 10000);
    odata_write_back_end_message(&error, &text);
    assert_true(json_is_valid(text_slice(&text), arena, 16));
    assert_non_null(memmem(text.ptr, text.len, "Activity ID: %22%5C%20%7D - Url", 31));
    arena_destroy(arena);
}

/* What does not fit is not there at all. */
static void test_no_room(void **state UNUSED)
{
    struct odata_path path = { .resource = ODATA_SET, .type = &toy_article };
    struct odata_back_end_error error = error_at(&path);
    char memory[256];
    struct text text;

    text_init_fixed(&text, memory, sizeof memory);
    odata_write_back_end_message(&error, &text);
    assert_true(text.failed && text_slice(&text).len == 0);
    text_init_fixed(&text, memory, sizeof memory);
    odata_write_wrapped_message(&error, SLICE("Gone"), &text);
    assert_true(text.failed && text_slice(&text).len == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_message),
        cmocka_unit_test(test_wrapped),
        cmocka_unit_test(test_id_of_any_kind),
        cmocka_unit_test(test_no_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
