/* service/provision_test.c - a fresh folder, and seeds good and bad, on the toy model. */
#include "service/provision.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/test.h"
#include "base/text.h"
#include "edm/toy_model.h"
#include "service/operations.h"
#include "store/registry.h"
#include "store/store.h"

#define NOW_TICKS (CLOCK_UNIX_EPOCH_TICKS + 1700000000 * CLOCK_TICKS_PER_SECOND + 1234567)

struct fixture {
    struct store *store;
    struct store_session *session;
    struct arena *arena;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    struct store_options options = { .in_memory = true };
    struct error error = { 0 };

    if (!store_open(&toy_model, &options, &fixture.store, &error) ||
        !store_session_open(fixture.store, STORE_WRITES, &fixture.session, &error))
        fail_msg("%s", error.message);
    fixture.arena = arena_create(NULL, 1 << 20);
    *state = &fixture;
    return fixture.arena ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    arena_destroy(fixture->arena);
    store_session_close(fixture->session);
    store_close(fixture->store);
    return 0;
}

static void begin(struct fixture *fixture)
{
    assert_true(store_begin(fixture->session, NULL));
    assert_true(store_operation_begin(fixture->session, NULL));
}

static void end(struct fixture *fixture)
{
    assert_true(store_operation_keep(fixture->session, NULL));
    assert_true(store_commit(fixture->session, NULL));
}

/* With the default tenant, for seeds to stand in. */
static int set_up_tenant(void **state)
{
    struct fixture *fixture;

    if (set_up(state) != 0)
        return -1;
    fixture = *state;
    begin(fixture);
    assert_true(service_provision(fixture->session, NOW_TICKS, NULL));
    end(fixture);
    return 0;
}

static void test_provision_happens_once(void **state)
{
    struct fixture *fixture = *state;
    struct registry_tenant tenant;
    struct registry_client *clients;
    bool works;
    size_t count;

    begin(fixture);
    assert_true(service_provision(fixture->session, NOW_TICKS, NULL));
    assert_true(registry_tenant_get(fixture->session, service_default_tenant(), fixture->arena,
                                    &tenant, NULL));
    assert_true(tenant.licensed);
    assert_true(service_default_client_works(fixture->session, fixture->arena, &works, NULL));
    assert_true(works);

    /* What was removed on purpose does not come back. */
    assert_true(registry_client_remove(fixture->session, SLICE(SERVICE_DEFAULT_CLIENT), NULL));
    assert_true(service_provision(fixture->session, NOW_TICKS, NULL));
    assert_true(registry_client_list(fixture->session, fixture->arena, &clients, &count, NULL));
    assert_int_equal(count, 0);
    assert_true(service_default_client_works(fixture->session, fixture->arena, &works, NULL));
    assert_false(works);
    end(fixture);
}

static void test_default_tenant_is_as_published(void **state UNUSED)
{
    struct uuid id = service_default_tenant();
    char text[UUID_TEXT_LEN];

    uuid_format(id, text);
    assert_memory_equal(text, SERVICE_DEFAULT_TENANT, UUID_TEXT_LEN);
}

/* --- seeds ----------------------------------------------------------------------------------- */

static struct edm_entity *get(struct fixture *fixture, const struct edm_entity_type *type,
                              const char *id)
{
    struct edm_query query = { .type = type, .select = edm_all_properties(type) };
    struct edm_entity *entity;

    assert_true(service_get(fixture->session, service_default_tenant(), &query, slice_of(id),
                            fixture->arena, &entity, NULL));
    return entity;
}

static void test_seed_loads(void **state)
{
    static const char seed[] =
        "{ \"articles\": ["
        "  {\"id\": \"a-1\", \"title\": \"Kettle\", \"madeAt\": \"-5d\"},"
        "  {\"id\": \"a-2\", \"@odata.type\": \"#toy.shop.article\","
        "   \"countedAt\": \"+90m\", \"madeAt\": \"2024-02-29T12:00:00Z\"},"
        "  {\"id\": \"a-3\", \"madeAt\": \"-1d12h\", \"countedAt\": \"+1ms\"},"
        "  {}"
        "], \"crates\": [ {\"id\": \"c-1\", \"place\": null} ] }";
    struct fixture *fixture = *state;
    int64_t now_s = NOW_TICKS - NOW_TICKS % CLOCK_TICKS_PER_SECOND;
    struct error error = { 0 };
    struct edm_entity *kettle, *other, *third;
    size_t count;

    begin(fixture);
    if (!service_seed(fixture->session, &toy_model, service_default_tenant(), slice_of(seed),
                      NOW_TICKS, &count, &error))
        fail_msg("%s", error.message);
    assert_int_equal(count, 5);
    kettle = get(fixture, &toy_article, "a-1");
    other = get(fixture, &toy_article, "a-2");
    third = get(fixture, &toy_article, "a-3");
    assert_true(slice_eq(kettle->values[TOY_ARTICLE_TITLE].text, SLICE("Kettle")));
    assert_int_equal(kettle->values[TOY_ARTICLE_MADE_AT].at.ticks,
                     now_s - 5 * 86400 * CLOCK_TICKS_PER_SECOND);
    assert_int_equal(kettle->values[TOY_ARTICLE_STOCK].integer, 7); /* the model's default */
    assert_int_equal(other->values[TOY_ARTICLE_COUNTED_AT].at.ticks,
                     now_s + 5400 * CLOCK_TICKS_PER_SECOND);
    assert_int_equal(third->values[TOY_ARTICLE_MADE_AT].at.ticks,
                     now_s - 36 * 3600 * CLOCK_TICKS_PER_SECOND);
    assert_int_equal(third->values[TOY_ARTICLE_COUNTED_AT].at.ticks, now_s);
    end(fixture);
}

static const struct {
    const char *seed, *message;
} bad_seeds[] = {
    { "", "seed, line 1, column 1: " },
    { "[]", "seed, line 1, column 1: " },
    { "{\"shelves\": []}", "seed, line 1, column 2: there is no entity set 'shelves'" },
    { "{\n  \"articles\": {}}", "seed, line 2, column 15: expected an array of entities for" },
    { "{\"articles\": [3]}", "seed, line 1, column 15: expected an entity" },
    { "{\"articles\": [\n {\"titel\": \"x\"}]}", "seed, line 2, column 3: there is no property" },
    { "{\"articles\": [{\"stock\": \"x\"}]}", "seed, line 1, column 25: Cannot convert" },
    { "{\"articles\": [{\"madeAt\": \"-5y\"}]}", "seed, line 1, column 26: Cannot convert" },
    { "{\"articles\": [{\"madeAt\": \"-d\"}]}", "seed, line 1, column 26: Cannot convert" },
    { "{\"articles\": [{\"madeAt\": \"5d\"}]}", "seed, line 1, column 26: Cannot convert" },
    { "{\"articles\": [{\"madeAt\": \"-12h1d\"}]}", "seed, line 1, column 26: Cannot convert" },
    { "{\"articles\": [{\"madeAt\": \"-3000000d\"}]}", "seed, line 1, column 26: Cannot convert" },
    { "{\"articles\": [{\"madeAt\": \"+3652500d\"}]}", "seed, line 1, column 26: Cannot convert" },
    { "{\"articles\": [{\"id\": \"a\"}, {\"id\": \"a\"}]}", "seed, line 1, column 28: " },
    { "{\"articles\": [{\"id\": \"\"}]}", "seed, line 1, column 22: \"id\" must not be empty" },
    { "{\"articles\": [\n{},\n {\"title\": \"a\\n\", \"stock\": []}]}",
      "seed, line 3, column 28: An unexpected" },
    { "{\"articles\": [{\"notes\": [\"\\t\", 3]}]}", "seed, line 1, column 25: " },
    { "{\"articles\": [{\"a@b\": {\"c\": [1, {]}}]}", "seed, line 1, column 34: Invalid JSON" },
    { "{\"articles\": [{\"title\": null, \"title\": null}]}",
      "seed, line 1, column 31: Invalid JSON" },
    { "{\"articles\": []} x", "seed, line 1, column 18: " },
    { "{\"articles\": [{}", "seed, line 1, column 17: " },
};

static void test_bad_seeds_say_where(void **state)
{
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT_OF(bad_seeds); i++) {
        struct error error = { 0 };
        size_t count = 99;

        begin(fixture);
        CHECK(!service_seed(fixture->session, &toy_model, service_default_tenant(),
                            slice_of(bad_seeds[i].seed), NOW_TICKS, &count, &error),
              i);
        store_operation_undo(fixture->session);
        store_rollback(fixture->session);
        CHECK(count == 99, i);
        if (!slice_starts_with(slice_of(error.message), slice_of(bad_seeds[i].message)))
            fail_msg("case %zu: %s", i, error.message);
    }
}

/* Text in which every byte is escaped is decoded into the memory of its entity, and given back. */
static void test_seed_with_long_texts(void **state)
{
    const size_t letters = 400000, entities = 20;
    struct fixture *fixture = *state;
    struct arena *arena = arena_create(NULL, (size_t)128 << 20);
    struct error error = { 0 };
    struct text seed;
    size_t count;

    text_init(&seed, arena, (size_t)64 << 20, (size_t)64 << 20);
    text_append(&seed, SLICE("{\"crates\": ["));
    for (size_t i = 0; i < entities; i++) {
        text_append(&seed, i ? SLICE(", {\"place\": \"") : SLICE("{\"place\": \""));
        for (size_t k = 0; k < letters; k++)
            text_append(&seed, SLICE("\\u00e9"));
        text_append(&seed, SLICE("\", \"other@note\": {\"a\": [{}]}}"));
    }
    text_append(&seed, SLICE("]}"));
    begin(fixture);
    if (!service_seed(fixture->session, &toy_model, service_default_tenant(), text_slice(&seed),
                      NOW_TICKS, &count, &error))
        fail_msg("%s", error.message);
    assert_int_equal(count, entities);
    end(fixture);
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_provision_happens_once, set_up, tear_down),
        cmocka_unit_test(test_default_tenant_is_as_published),
        cmocka_unit_test_setup_teardown(test_seed_loads, set_up_tenant, tear_down),
        cmocka_unit_test_setup_teardown(test_seed_with_long_texts, set_up_tenant, tear_down),
        cmocka_unit_test_setup_teardown(test_bad_seeds_say_where, set_up_tenant, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
