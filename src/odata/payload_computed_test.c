/* odata/payload_computed_test.c - what $compute made, as the rows and the entity of a reply show
 * it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "odata/payload.h"

#include "base/arena.h"
#include "base/text.h"
#include "edm/filter.h"
#include "edm/toy_model.h"

static const struct edm_filter whole = { .type = EDM_FILTER_INTEGER },
                               text_value = { .type = EDM_FILTER_STRING },
                               nothing = { .type = EDM_FILTER_NULL },
                               truth = { .type = EDM_FILTER_BOOLEAN },
                               date_time = { .type = EDM_FILTER_DATE_TIME };
static const struct edm_computed properties[] = {
    { SLICE_INIT("n"), &whole },  { SLICE_INIT("t"), &text_value }, { SLICE_INIT("z"), &nothing },
    { SLICE_INIT("is"), &truth }, { SLICE_INIT("at"), &date_time },
};
static const struct edm_order_value values[] = {
    { .kind = EDM_ORDER_INTEGER, .integer = 5 },
    { .kind = EDM_ORDER_TEXT, .text = SLICE_INIT("a\"b") },
    { .kind = EDM_ORDER_NULL },
    { .kind = EDM_ORDER_INTEGER, .integer = 1 },
    { .kind = EDM_ORDER_INTEGER, .integer = 36000000000 },
    { .kind = EDM_ORDER_NULL },
    { .kind = EDM_ORDER_NULL },
    { .kind = EDM_ORDER_NULL },
    { .kind = EDM_ORDER_NULL },
    { .kind = EDM_ORDER_NULL },
};
static const struct odata_worked_out computed_values = { properties, COUNT_OF(properties), values };

#define CONTEXT(list)                                                                              \
    "\"@odata.context\":\"https://localhost/beta/$metadata#shopFloor/articles" list "\","
#define PLAIN_VALUES                                                                               \
    "\"n\":5,\"t\":\"a\\\"b\",\"z\":null,\"is\":true,\"at\":\"0001-01-01T01:00:00Z\"}"
#define NULLS "\"n\":null,\"t\":null,\"z\":null,\"is\":null,\"at\":null}"

static const struct {
    enum odata_level level;
    bool select_given, plain_names, ieee754;
    const char *json; /* of two articles without anything but what was computed */
} written_cases[] = {
    { ODATA_NONE, true, false, false, "{\"value\":[{" PLAIN_VALUES ",{" NULLS "]}" },
    { ODATA_MINIMAL, true, false, false,
      "{" CONTEXT("(n,t,z,is,at)") "\"value\":[{\"@odata.type\":\"#toy.shop.article\"," PLAIN_VALUES
                                   ",{\"@odata.type\":\"#toy.shop.article\"," NULLS "]}" },
    { ODATA_NONE, true, false, true,
      "{\"value\":[{\"n\":\"5\",\"t\":\"a\\\"b\",\"z\":null,\"is\":true,"
      "\"at\":\"0001-01-01T01:00:00Z\"},{" NULLS "]}" },
};

static void write_page(const struct odata_reply *reply, struct arena *arena, struct text *out)
{
    struct edm_entity *entities[] = { edm_entity_create(&toy_article, arena),
                                      edm_entity_create(&toy_article, arena) };
    const struct edm_page page = { .entities = entities, .count = 2, .total_count = -1 };

    text_init(out, arena, 64, 1 << 14);
    odata_write_page(reply, &toy_article, &page, SLICE_EMPTY, out);
}

static void test_written(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(written_cases); i++) {
        const struct odata_reply reply = { .model = &toy_model,
                                           .profile = &profile_documented,
                                           .origin = SLICE("https://localhost"),
                                           .version = EDM_VERSION_BETA,
                                           .level = written_cases[i].level,
                                           .select_given = written_cases[i].select_given,
                                           .plain_names = written_cases[i].plain_names,
                                           .ieee754 = written_cases[i].ieee754,
                                           .computed = &computed_values };
        struct arena *arena = arena_create(NULL, 1 << 17);
        struct text out;

        write_page(&reply, arena, &out);
        if (!slice_eq(text_slice(&out), slice_of(written_cases[i].json)))
            fail_msg("case %zu: %.*s", i, SLICE_ARG(text_slice(&out)));
        arena_destroy(arena);
    }
}

/* Where everything is told: types, in the names of the version, and the context of an entity. */
static void test_written_in_full(void **state UNUSED)
{
    struct odata_reply reply = { .model = &toy_model,
                                 .profile = &profile_documented,
                                 .origin = SLICE("https://localhost"),
                                 .version = EDM_VERSION_BETA,
                                 .level = ODATA_FULL,
                                 .select_given = true,
                                 .computed = &computed_values };
    struct arena *arena = arena_create(NULL, 1 << 17);
    struct edm_entity *entity = edm_entity_create(&toy_article, arena);
    struct text out;

    for (unsigned plain = 0; plain < 2; plain++) {
        reply.plain_names = plain;
        text_init(&out, arena, 64, 1 << 14);
        odata_write_entity(&reply, entity, &out);
        const char *json = slice_to_cstr(arena, text_slice(&out));
        assert_non_null(strstr(json, "#shopFloor/articles(n,t,z,is,at)/$entity\""));
        assert_non_null(strstr(json, plain ? "\"n@type\":\"Int64\",\"n\":5,\"t\":\"a\\\"b\",\"z\""
                                           : "\"n@odata.type\":\"#Int64\",\"n\":5,"
                                             "\"t\":\"a\\\"b\",\"z\":null,\"is\":true,"
                                             "\"at@odata.type\":\"#DateTimeOffset\",\"at\":"));
    }
    arena_destroy(arena);
}

/* A whole number that passed 64 bits says what it is. */
static void test_past_64_bits(void **state UNUSED)
{
    const struct edm_computed sum = { SLICE_INIT("n"), &whole };
    const struct edm_order_value value = { .kind = EDM_ORDER_REAL, .real = 9223372036854775808.0 };
    const struct odata_worked_out past = { &sum, 1, &value };
    const struct odata_reply reply = { .model = &toy_model,
                                       .profile = &profile_documented,
                                       .origin = SLICE("https://localhost"),
                                       .version = EDM_VERSION_BETA,
                                       .level = ODATA_FULL,
                                       .select_given = true,
                                       .ieee754 = true,
                                       .computed = &past };
    struct arena *arena = arena_create(NULL, 1 << 17);
    struct text out;

    text_init(&out, arena, 64, 1 << 14);
    odata_write_entity(&reply, edm_entity_create(&toy_article, arena), &out);
    assert_non_null(
        strstr(slice_to_cstr(arena, text_slice(&out)), "\"n@odata.type\":\"#Double\",\"n\":9.223"));
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_written),
        cmocka_unit_test(test_written_in_full),
        cmocka_unit_test(test_past_64_bits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
