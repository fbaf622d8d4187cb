/* service/siblings_test.c - views, built-in entities and ages over the toy depot: the operations
 * with the store under them, as they are put together in a server.
 */
#include "base/test.h"

#include "base/arena.h"
#include "base/clock.h"
#include "edm/filter.h"
#include "edm/health.h"
#include "edm/toy_siblings.h"
#include "service/ageing.h"
#include "service/export.h"
#include "service/operations.h"
#include "service/provision.h"
#include "service/set_questions.h"
#include "store/registry.h"
#include "store/store.h"

#define NOW (INT64_C(1000) * 86400 * CLOCK_TICKS_PER_SECOND)

static const struct uuid tenant = { { 0x11 } };

struct depot {
    struct store *store;
    struct store_session *writer;
    struct arena *arena;
};

static void begin(struct depot *depot)
{
    assert_true(store_begin(depot->writer, NULL));
    assert_true(store_operation_begin(depot->writer, NULL));
}

static void keep(struct depot *depot)
{
    assert_true(store_operation_keep(depot->writer, NULL));
    assert_true(store_commit(depot->writer, NULL));
}

static void depot_open(struct depot *depot)
{
    const struct store_options options = { .in_memory = true };
    const struct registry_tenant registered = { .id = tenant, .licensed = true };
    struct error err = { 0 };

    if (!store_open(&toy_siblings, &options, &depot->store, &err) ||
        !store_session_open(depot->store, STORE_WRITES, &depot->writer, &err))
        fail_msg("%s", err.message);
    depot->arena = arena_create(NULL, (size_t)64 << 20);
    begin(depot);
    assert_true(registry_tenant_add(depot->writer, &registered, NULL));
    keep(depot);
}

static void depot_close(struct depot *depot)
{
    store_session_close(depot->writer);
    store_close(depot->store);
    arena_destroy(depot->arena);
}

/* In an operation that is open. */
static bool seed(struct depot *depot, const char *json, struct error *err)
{
    size_t count;

    return service_seed(depot->writer, &toy_siblings, tenant, slice_of(json), NOW, &count, err);
}

static void must_seed(struct depot *depot, const char *json)
{
    struct error err = { 0 };

    begin(depot);
    if (!seed(depot, json, &err))
        fail_msg("%s", err.message);
    keep(depot);
}

static struct edm_entity *get(struct depot *depot, const struct edm_entity_type *type,
                              const char *key)
{
    const struct edm_query query = { .type = type, .select = edm_all_properties(type) };
    struct edm_entity *entity;
    struct error err = { 0 };

    if (!service_get(depot->writer, tenant, &query, slice_of(key), depot->arena, &entity, &err))
        return NULL;
    return entity;
}

static struct edm_page list(struct depot *depot, const struct edm_query *query)
{
    struct edm_page page;
    struct error err = { 0 };

    if (!service_list(depot->writer, tenant, query, depot->arena, &page, &err))
        fail_msg("%s", err.message);
    return page;
}

/* --- views ------------------------------------------------------------------------------------ */

static void test_one_row_two_sets(void **state UNUSED)
{
    struct depot depot;
    struct edm_entity *card, *pallet, *change;

    depot_open(&depot);
    begin(&depot);
    card = edm_entity_create(&toy_card, depot.arena);
    card->values[TOY_CARD_TITLE].text = SLICE("one");
    edm_entity_mark(card, TOY_CARD_TITLE);
    assert_true(service_create(depot.writer, &toy_siblings, tenant, card, 1000, NULL, NOW,
                               depot.arena, &card, NULL));
    const char *key = slice_to_cstr(depot.arena, card->values[0].text);
    pallet = get(&depot, &toy_pallet, key);
    assert_true(slice_eq(pallet->values[TOY_PALLET_LABEL].text, SLICE("one")));
    assert_true(slice_eq(pallet->values[TOY_PALLET_TAGS].text, SLICE("[\"new\"]")));
    assert_int_equal(pallet->version, 1);

    change = edm_entity_create(&toy_card, depot.arena);
    change->values[TOY_CARD_SEEN].at.ticks = 7;
    edm_entity_mark(change, TOY_CARD_SEEN);
    assert_true(service_update(depot.writer, tenant, slice_of(key), change, 1000, NULL, depot.arena,
                               &card, NULL));
    assert_ptr_equal(card->type, &toy_card);
    assert_true(slice_eq(card->values[TOY_CARD_TITLE].text, SLICE("one")));
    assert_int_equal(get(&depot, &toy_pallet, key)->values[TOY_PALLET_MOVED].at.ticks, 7);
    assert_int_equal(get(&depot, &toy_card, key)->version, 2);

    assert_true(
        service_delete(depot.writer, tenant, &toy_card, slice_of(key), NULL, depot.arena, NULL));
    assert_null(get(&depot, &toy_pallet, key));
    assert_null(get(&depot, &toy_card, key));
    keep(&depot);
    depot_close(&depot);
}

/* What the view does not show counts, too: no answer about the pallet could show more. */
static void test_size_is_the_rows(void **state UNUSED)
{
    struct edm_entity *change, *ignored;
    struct error err = { 0 };
    struct depot depot;

    depot_open(&depot);
    must_seed(&depot, "{\"pallets\":[{\"id\":\"a\",\"tags\":[\"0123456789\"]}]}");
    begin(&depot);
    change = edm_entity_create(&toy_card, depot.arena);
    change->values[TOY_CARD_TITLE].text = SLICE("01234567");
    edm_entity_mark(change, TOY_CARD_TITLE);
    assert_true(service_update(depot.writer, tenant, SLICE("a"), change, 23, NULL, depot.arena,
                               &ignored, &err));
    assert_false(service_update(depot.writer, tenant, SLICE("a"), change, 22, NULL, depot.arena,
                                &ignored, &err));
    assert_int_equal(err.code, ERROR_TOO_LARGE);
    keep(&depot);
    depot_close(&depot);
}

/* A condition on a view names its own properties. */
static void test_list_of_a_view(void **state UNUSED)
{
    const struct edm_filter property = { .kind = EDM_FILTER_PROPERTY,
                                         .type = EDM_FILTER_STRING,
                                         .property = TOY_CARD_TITLE };
    const struct edm_filter literal = { .kind = EDM_FILTER_LITERAL,
                                        .type = EDM_FILTER_STRING,
                                        .text = SLICE("B") };
    const struct edm_filter *arguments[] = { &property, &literal };
    const struct edm_filter filter = {
        .kind = EDM_FILTER_EQ, .type = EDM_FILTER_BOOLEAN, .arguments = arguments, .count = 2
    };
    struct edm_query query = { .type = &toy_card,
                               .select = UINT64_C(1) | UINT64_C(1) << TOY_CARD_SEEN,
                               .page_size = 10,
                               .count = true };
    struct depot depot;
    struct edm_page page;

    depot_open(&depot);
    must_seed(&depot, "{\"pallets\":[{\"id\":\"1\",\"label\":\"a\"},{\"id\":\"2\",\"label\":\"b\","
                      "\"moved\":\"0001-01-01T00:00:01Z\"},{\"id\":\"3\"}]}");
    begin(&depot);
    page = list(&depot, &query);
    assert_int_equal(page.count, 3);
    assert_int_equal(page.total_count, 3);
    assert_ptr_equal(page.entities[0]->type, &toy_card);
    query.filter = &filter;
    page = list(&depot, &query);
    assert_int_equal(page.count, 1);
    assert_int_equal(page.total_count, 1);
    assert_int_equal(page.entities[0]->values[TOY_CARD_SEEN].at.ticks, CLOCK_TICKS_PER_SECOND);
    query.filter = NULL;
    query.after = SLICE("2");
    assert_int_equal(list(&depot, &query).count, 1);
    keep(&depot);
    depot_close(&depot);
}

static struct edm_health_view pallet_health(void)
{
    struct edm_health_policy policy = edm_health_default(&toy_pallet);
    struct edm_health_view view;

    policy.on = true;
    policy.since_ticks = NOW;
    edm_health_view_at(&toy_pallet, &policy, NOW, &view);
    return view;
}

static void test_health_of_a_view(void **state UNUSED)
{
    const struct edm_health_view health = pallet_health();
    struct edm_query query = { .type = &toy_card,
                               .select = edm_all_properties(&toy_card),
                               .page_size = 10,
                               .count = true,
                               .health = &health };
    struct edm_entity *entity;
    struct error err = { 0 };
    struct depot depot;

    depot_open(&depot);
    must_seed(&depot, "{\"pallets\":[{\"id\":\"1\",\"moved\":\"-2d\"},{\"id\":\"2\","
                      "\"moved\":\"-2h\"}]}");
    begin(&depot);
    assert_int_equal(list(&depot, &query).count, 1);
    assert_int_equal(list(&depot, &query).total_count, 1);
    assert_false(service_get(depot.writer, tenant, &query, SLICE("1"), depot.arena, &entity, &err));
    assert_int_equal(err.code, ERROR_NOT_FOUND);
    assert_true(service_get(depot.writer, tenant, &query, SLICE("2"), depot.arena, &entity, &err));
    assert_false(
        service_delete(depot.writer, tenant, &toy_card, SLICE("1"), &health, depot.arena, &err));
    entity = edm_entity_create(&toy_card, depot.arena);
    assert_true(service_create(depot.writer, &toy_siblings, tenant, entity, 1000, &health, NOW,
                               depot.arena, &entity, NULL));
    assert_int_equal(entity->values[TOY_CARD_SEEN].at.ticks, NOW); /* just heard of */
    keep(&depot);
    depot_close(&depot);
}

static bool append_piece(void *context, struct slice piece, struct error *err UNUSED)
{
    char *text = context;
    size_t len = strlen(text);

    memcpy(text + len, piece.ptr, piece.len);
    text[len + piece.len] = '\0';
    return true;
}

/* The model's first set is a view, so that the first comma shows. */
static void test_seeds_and_exports(void **state UNUSED)
{
    char text[2000] = "";
    struct error err = { 0 };
    struct depot depot;
    size_t count;

    depot_open(&depot);
    must_seed(&depot, "{\"pallets\":[{\"id\":\"1\"}]}");
    begin(&depot);
    assert_true(
        service_export(depot.writer, &toy_siblings, tenant, append_piece, text, &count, &err));
    assert_int_equal(count, 1);
    assert_string_equal(text,
                        "{\n\"pallets\": [\n{\"id\":\"1\",\"state\":\"asleep\",\"label\":null,"
                        "\"moved\":\"0001-01-01T00:00:00Z\",\"tags\":[\"new\"]}\n],\n"
                        "\"zones\": []\n}\n");
    assert_false(seed(&depot, "{\"cards\":[]}", &err));
    assert_int_equal(err.code, ERROR_BAD_REQUEST);
    assert_false(seed(&depot, "{\"zones\":[{\"id\":\"yard\"}]}", &err));
    assert_int_equal(err.code, ERROR_CONFLICT);
    store_operation_undo(depot.writer);
    store_rollback(depot.writer);
    depot_close(&depot);
}

/* --- built-in entities ------------------------------------------------------------------------ */

static void test_built_in(void **state UNUSED)
{
    const struct edm_query query = {
        .type = &toy_zone, .select = edm_all_properties(&toy_zone), .page_size = 10, .count = true
    };
    struct edm_entity *yard, *ignored, *change;
    struct error err = { 0 };
    struct edm_page page;
    struct depot depot;
    bool is_empty;
    int64_t count;

    depot_open(&depot);
    begin(&depot);
    assert_true(store_is_empty(depot.writer, &is_empty, NULL) && is_empty);
    yard = get(&depot, &toy_zone, "yard");
    assert_true(slice_eq(yard->values[TOY_ZONE_NAME].text, SLICE("The smith's yard")));
    assert_true(yard->values[TOY_ZONE_FIXED].boolean);
    assert_int_equal(yard->values[TOY_ZONE_SINCE].at.ticks, 10000000);
    assert_int_equal(yard->values[TOY_ZONE_SINCE].at.offset_minutes, -90);
    assert_int_equal(yard->values[TOY_ZONE_ROOM].integer, -5);
    assert_true(get(&depot, &toy_zone, "a road")->values[TOY_ZONE_SINCE].is_null);
    assert_true(get(&depot, &toy_zone, "a road")->values[TOY_ZONE_ROOM].integer == INT64_MAX);

    assert_true(seed(&depot, "{\"zones\":[{\"id\":\"m\"}]}", &err));
    page = list(&depot, &query);
    assert_int_equal(page.total_count, 3);
    assert_true(slice_eq(page.entities[0]->values[0].text, SLICE("a road")));
    assert_true(slice_eq(page.entities[1]->values[0].text, SLICE("m")));
    assert_true(slice_eq(page.entities[2]->values[0].text, SLICE("yard")));

    change = edm_entity_create(&toy_zone, depot.arena);
    assert_false(service_update(depot.writer, tenant, SLICE("yard"), change, 1000, NULL,
                                depot.arena, &ignored, &err));
    assert_int_equal(err.code, ERROR_BAD_REQUEST);
    assert_false(
        service_delete(depot.writer, tenant, &toy_zone, SLICE("yard"), NULL, depot.arena, &err));
    assert_int_equal(err.code, ERROR_BAD_REQUEST);
    assert_true(
        service_delete(depot.writer, tenant, &toy_zone, SLICE("m"), NULL, depot.arena, &err));
    assert_true(store_entity_delete_all(depot.writer, tenant, &toy_zone, &count, NULL));
    assert_int_equal(count, 0);
    assert_int_equal(list(&depot, &query).count, 2);
    keep(&depot);
    depot_close(&depot);
}

/* --- ages ------------------------------------------------------------------------------------- */

struct seen {
    char text[4000]; /* "key:how:what " of each item */
    size_t calls, items, fails_at;
};

static bool note_items(void *context, const struct edm_rows *rows, struct error *err)
{
    struct seen *seen = context;

    if (++seen->calls == seen->fails_at)
        return error_set(err, ERROR_TOO_LARGE, SLICE_EMPTY, "enough");
    for (size_t i = 0; i < rows->count; i++, seen->items++) {
        const struct edm_value *row = &rows->values[i * 4];
        size_t len = strlen(seen->text);

        if (len < sizeof seen->text - 64)
            snprintf(seen->text + len, sizeof seen->text - len, "%.*s:%d:%d ",
                     SLICE_ARG(row[0].text), (int)row[2].integer, (int)row[3].integer);
    }
    return true;
}

static void test_ages(void **state UNUSED)
{
    const struct edm_health_view health = pallet_health();
    const struct edm_health_view *const healths[] = { &health };
    struct ageing ageing = { .tenant = tenant, .now_ticks = NOW };
    struct seen seen = { .calls = 0 }, then = { .calls = 0 };
    struct depot depot;

    depot_open(&depot);
    must_seed(&depot, "{\"pallets\":[{\"id\":\"1\",\"moved\":\"-59s\"},"
                      "{\"id\":\"2\",\"moved\":\"-60s\"},{\"id\":\"3\",\"moved\":\"+1h\"},"
                      "{\"id\":\"4\"},{\"id\":\"5\",\"moved\":\"-2d\"}],"
                      "\"zones\":[{\"id\":\"z\",\"since\":\"-1s\"}]}");
    begin(&depot);
    assert_true(service_ageing(depot.writer, &ageing, &toy_freshness, note_items, &seen, NULL));
    assert_string_equal(seen.text, "1:1:1 2:0:1 3:1:1 4:2:1 5:0:1 a road:2:2 yard:0:2 z:1:2 ");
    ageing.healths = healths;
    ageing.health_count = COUNT_OF(healths);
    assert_true(service_ageing(depot.writer, &ageing, &toy_freshness, note_items, &then, NULL));
    assert_string_equal(then.text, "1:1:1 2:0:1 3:1:1 4:2:1 a road:2:2 yard:0:2 z:1:2 ");
    keep(&depot);
    depot_close(&depot);
}

/* Several pages; and a sink that has had enough. */
static void test_ages_of_many(void **state UNUSED)
{
    const struct ageing ageing = { .tenant = tenant, .now_ticks = NOW };
    struct seen seen = { .calls = 0 }, stopped = { .fails_at = 2 };
    struct error err = { 0 };
    struct depot depot;

    depot_open(&depot);
    begin(&depot);
    for (int i = 0; i < 2001; i++) {
        struct edm_entity *pallet = edm_entity_create(&toy_pallet, depot.arena);

        assert_true(service_create(depot.writer, &toy_siblings, tenant, pallet, 1000, NULL, NOW,
                                   depot.arena, &pallet, NULL));
    }
    assert_true(service_ageing(depot.writer, &ageing, &toy_freshness, note_items, &seen, &err));
    assert_int_equal(seen.items, 2003);
    assert_int_equal(seen.calls, 4);
    assert_false(service_ageing(depot.writer, &ageing, &toy_freshness, note_items, &stopped, &err));
    assert_int_equal(err.code, ERROR_TOO_LARGE);
    assert_int_equal(stopped.calls, 2);
    keep(&depot);
    depot_close(&depot);
}

/* --- what is asked of a set ------------------------------------------------------------------- */

static void test_asked_of_a_set(void **state UNUSED)
{
    const struct edm_query query = { .type = &toy_zone, .select = 1 },
                           all = { .type = &toy_pallet };
    struct slice keys[] = { SLICE("z2"), SLICE("Z1"),     SLICE("yard"), SLICE("z1"),
                            SLICE("z2"), SLICE("nobody"), SLICE("") };
    static const char *const want[] = { "yard", "z1", "z2" };
    struct edm_page page;
    struct depot depot;
    bool made;

    depot_open(&depot);
    begin(&depot);
    assert_true(service_set_has_made(depot.writer, tenant, &query, depot.arena, &made, NULL) &&
                !made);
    assert_true(service_set_has_made(depot.writer, tenant, &all, depot.arena, &made, NULL) &&
                !made);
    keep(&depot);
    must_seed(&depot, "{\"zones\":[{\"id\":\"z1\"},{\"id\":\"z2\"},{\"id\":\"z3\"}],"
                      "\"pallets\":[{\"id\":\"p\"}]}");
    begin(&depot);
    assert_true(service_set_has_made(depot.writer, tenant, &query, depot.arena, &made, NULL) &&
                made);
    assert_true(service_set_has_made(depot.writer, tenant, &all, depot.arena, &made, NULL) && made);
    assert_true(service_set_by_keys(depot.writer, tenant, &query, keys, COUNT_OF(keys), depot.arena,
                                    &page, NULL));
    assert_int_equal(page.count, COUNT_OF(want));
    assert_int_equal(page.total_count, -1);
    for (size_t i = 0; i < COUNT_OF(want); i++)
        CHECK(slice_eq(page.entities[i]->values[0].text, slice_of(want[i])), i);
    assert_true(
        service_set_by_keys(depot.writer, tenant, &query, keys, 0, depot.arena, &page, NULL));
    assert_int_equal(page.count, 0);
    keep(&depot);
    depot_close(&depot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_row_two_sets),  cmocka_unit_test(test_size_is_the_rows),
        cmocka_unit_test(test_list_of_a_view),    cmocka_unit_test(test_health_of_a_view),
        cmocka_unit_test(test_seeds_and_exports), cmocka_unit_test(test_built_in),
        cmocka_unit_test(test_asked_of_a_set),    cmocka_unit_test(test_ages),
        cmocka_unit_test(test_ages_of_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
