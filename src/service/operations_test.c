/* service/operations_test.c - the operations under a health view: what is gone is not found by any
 * of them, what is returned has the view's state, and the row keeps what was written.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "service/operations.h"

#include "base/arena.h"
#include "edm/health.h"
#include "edm/toy_model.h"
#include "service/rig_test.h"
#include "store/store.h"

#define LARGE   2
#define MEDIUM  1 /* what is written in each article */
#define SMALL   0
#define MADE_AT (UINT64_C(1) << TOY_ARTICLE_MADE_AT)
#define SIZE    (UINT64_C(1) << TOY_ARTICLE_SIZE)
#define TITLE   (UINT64_C(1) << TOY_ARTICLE_TITLE)

/* Of a policy that was switched on two hours ago. */
static struct edm_health_view view_now(void)
{
    struct edm_health_policy policy = edm_health_default(&toy_article);
    struct edm_health_view view;

    policy.on = true;
    policy.since_ticks = RIG_NOW - 2 * RIG_HOUR;
    edm_health_view_at(&toy_article, &policy, RIG_NOW, &view);
    return view;
}

static const struct {
    const char *id;
    int64_t silent;
    bool gone;
    int64_t size; /* by the view */
} articles[] = {
    { "a-here", 0, false, SMALL },           { "b-hour", RIG_HOUR, false, MEDIUM },
    { "c-days", 6 * RIG_DAY, false, LARGE }, { "d-gone", 30 * RIG_DAY, true, 0 },
    { "e-long", 400 * RIG_DAY, true, 0 },    { "f-never", INT64_MAX, false, MEDIUM },
};

static void open_with_articles(struct rig *rig)
{
    rig_open(rig, NULL);
    for (size_t i = 0; i < COUNT_OF(articles); i++)
        rig_article(rig, rig_tenant, articles[i].id, articles[i].silent);
}

/* Without a view: what stands in the row. */
static struct edm_entity *written(struct rig *rig, const char *id)
{
    struct edm_entity *entity;

    assert_true(store_entity_get(rig->writer, rig_tenant, &toy_article, slice_of(id),
                                 edm_all_properties(&toy_article), rig->arena, &entity, NULL));
    return entity;
}

/* The words for what is gone are those for what never was. */
static void check_not_found(const struct error *err, const char *id, size_t index)
{
    char expected[128];

    snprintf(expected, sizeof expected, "Resource '%s' does not exist.", id);
    CHECK(err->code == ERROR_NOT_FOUND && err->target[0] == '\0', index);
    CHECK(strcmp(err->message, expected) == 0, index);
}

static void test_get(void **state UNUSED)
{
    const struct edm_health_view view = view_now();
    struct edm_query query = { .type = &toy_article, .select = TITLE, .health = &view };
    struct edm_entity *entity;
    struct rig rig;

    open_with_articles(&rig);
    rig_begin(&rig);
    for (size_t i = 0; i < COUNT_OF(articles); i++) {
        struct error err = { 0 };
        bool ok = service_get(rig.writer, rig_tenant, &query, slice_of(articles[i].id), rig.arena,
                              &entity, &err);

        CHECK(ok == !articles[i].gone, i);
        if (!ok) {
            check_not_found(&err, articles[i].id, i);
            continue;
        }
        CHECK((entity->present & (TITLE | MADE_AT | SIZE)) == (TITLE | MADE_AT | SIZE), i);
        CHECK(entity->values[TOY_ARTICLE_SIZE].integer == articles[i].size, i);
        CHECK(written(&rig, articles[i].id)->values[TOY_ARTICLE_SIZE].integer == MEDIUM, i);
    }
    query.health = NULL;
    assert_true(
        service_get(rig.writer, rig_tenant, &query, SLICE("d-gone"), rig.arena, &entity, NULL));
    assert_int_equal(entity->present & (TITLE | MADE_AT | SIZE), TITLE);
    rig_keep(&rig);
    rig_close(&rig);
}

static void test_list(void **state UNUSED)
{
    static const size_t there[] = { 0, 1, 2, 5 };
    const struct edm_health_view view = view_now();
    struct edm_query query = {
        .type = &toy_article, .select = 1, .page_size = 3, .count = true, .health = &view
    };
    struct edm_page page;
    struct rig rig;
    size_t seen = 0;

    open_with_articles(&rig);
    rig_begin(&rig);
    do {
        assert_true(service_list(rig.writer, rig_tenant, &query, rig.arena, &page, NULL));
        assert_int_equal(page.total_count, COUNT_OF(there));
        for (size_t i = 0; i < page.count; i++, seen++) {
            const struct edm_entity *entity = page.entities[i];

            CHECK(slice_eq(entity->values[0].text, slice_of(articles[there[seen]].id)), seen);
            CHECK(entity->values[TOY_ARTICLE_SIZE].integer == articles[there[seen]].size, seen);
            query.after = entity->values[0].text;
        }
    } while (page.more);
    assert_int_equal(seen, COUNT_OF(there));
    assert_int_equal(query.select, 1); /* the caller's stays as it was */
    query.after = SLICE_EMPTY;
    query.health = NULL;
    assert_true(service_list(rig.writer, rig_tenant, &query, rig.arena, &page, NULL));
    assert_int_equal(page.total_count, COUNT_OF(articles));
    assert_int_equal(page.entities[0]->present, 1);
    rig_keep(&rig);
    rig_close(&rig);
}

static struct edm_entity *article(struct rig *rig)
{
    struct edm_entity *entity = edm_entity_create(&toy_article, rig->arena);

    assert_non_null(entity);
    return entity;
}

static void set_contact(struct edm_entity *entity, int64_t ticks)
{
    entity->values[TOY_ARTICLE_MADE_AT] = (struct edm_value){ .at = { .ticks = ticks } };
    edm_entity_mark(entity, TOY_ARTICLE_MADE_AT);
}

static void set_size(struct edm_entity *entity, int64_t size)
{
    entity->values[TOY_ARTICLE_SIZE] = (struct edm_value){ .integer = size };
    edm_entity_mark(entity, TOY_ARTICLE_SIZE);
}

static const struct {
    bool with_view;
    int64_t contact; /* -1: none is given */
    int64_t stored_contact, stored_size, size;
} create_cases[] = {
    { false, -1, 0, MEDIUM, MEDIUM },
    { false, RIG_NOW - RIG_DAY, RIG_NOW - RIG_DAY, MEDIUM, MEDIUM },
    { true, -1, RIG_NOW, MEDIUM, SMALL },
    { true, 0, 0, MEDIUM, MEDIUM }, /* "never", and said so: silent for two hours */
    { true, RIG_NOW - RIG_DAY, RIG_NOW - RIG_DAY, MEDIUM, MEDIUM },
    { true, RIG_NOW - 9 * RIG_DAY, RIG_NOW - 9 * RIG_DAY, MEDIUM, LARGE },
    { true, RIG_NOW - 99 * RIG_DAY, RIG_NOW - 99 * RIG_DAY, MEDIUM, LARGE }, /* born gone */
};

static void test_create(void **state UNUSED)
{
    const struct edm_health_view view = view_now();
    struct rig rig;

    rig_open(&rig, NULL);
    rig_begin(&rig);
    for (size_t i = 0; i < COUNT_OF(create_cases); i++) {
        struct edm_entity *given = article(&rig), *made, *row;
        uint64_t present;
        char id[64];

        if (create_cases[i].contact >= 0)
            set_contact(given, create_cases[i].contact);
        present = given->present;
        CHECK(service_create(rig.writer, &toy_model, rig_tenant, given, 1000,
                             create_cases[i].with_view ? &view : NULL, RIG_NOW, rig.arena, &made,
                             NULL),
              i);
        CHECK(given->present == present, i); /* it may run again */
        CHECK(made->values[TOY_ARTICLE_SIZE].integer == create_cases[i].size, i);
        CHECK(made->values[TOY_ARTICLE_MADE_AT].at.ticks == create_cases[i].stored_contact, i);
        snprintf(id, sizeof id, "%.*s", SLICE_ARG(made->values[0].text));
        row = written(&rig, id);
        CHECK(row->values[TOY_ARTICLE_SIZE].integer == create_cases[i].stored_size, i);
        CHECK(row->values[TOY_ARTICLE_MADE_AT].at.ticks == create_cases[i].stored_contact, i);
    }
    rig_keep(&rig);
    rig_close(&rig);
}

static const struct {
    const char *id;
    int64_t contact, size; /* what is changed; -1: not */
    bool ok;
    int64_t returned_size, stored_size;
} update_cases[] = {
    { "a-here", -1, LARGE, true, SMALL, LARGE }, /* what is written waits for the policy's end */
    { "a-here", RIG_NOW - 2 * RIG_HOUR, -1, true, MEDIUM, LARGE },
    { "c-days", RIG_NOW, -1, true, SMALL, MEDIUM },
    { "f-never", -1, LARGE, true, MEDIUM, LARGE },
    { "f-never", RIG_NOW, -1, true, SMALL, LARGE },
    { "b-hour", -1, -1, true, MEDIUM, MEDIUM },  /* nothing */
    { "d-gone", RIG_NOW, -1, false, 0, MEDIUM }, /* nor is it called back */
    { "e-long", -1, -1, false, 0, MEDIUM },
};

static void test_update(void **state UNUSED)
{
    const struct edm_health_view view = view_now();
    struct rig rig;

    open_with_articles(&rig);
    rig_begin(&rig);
    for (size_t i = 0; i < COUNT_OF(update_cases); i++) {
        struct edm_entity *change = article(&rig), *result = NULL;
        struct error err = { 0 };

        if (update_cases[i].contact >= 0)
            set_contact(change, update_cases[i].contact);
        if (update_cases[i].size >= 0)
            set_size(change, update_cases[i].size);
        CHECK(service_update(rig.writer, rig_tenant, slice_of(update_cases[i].id), change, 1000,
                             &view, rig.arena, &result, &err) == update_cases[i].ok,
              i);
        if (update_cases[i].ok)
            CHECK(result->values[TOY_ARTICLE_SIZE].integer == update_cases[i].returned_size, i);
        else
            check_not_found(&err, update_cases[i].id, i);
        CHECK(written(&rig, update_cases[i].id)->values[TOY_ARTICLE_SIZE].integer ==
                  update_cases[i].stored_size,
              i);
    }
    rig_keep(&rig);
    rig_close(&rig);
}

static void test_delete(void **state UNUSED)
{
    const struct edm_health_view view = view_now();
    struct error err = { 0 };
    struct rig rig;

    open_with_articles(&rig);
    rig_begin(&rig);
    for (size_t i = 0; i < COUNT_OF(articles); i++) {
        err = (struct error){ 0 };
        CHECK(service_delete(rig.writer, rig_tenant, &toy_article, slice_of(articles[i].id), &view,
                             rig.arena, &err) == !articles[i].gone,
              i);
        if (articles[i].gone)
            check_not_found(&err, articles[i].id, i);
    }
    /* They are still there: the removal, or a delete without a policy, finds them. */
    assert_true(service_delete(rig.writer, rig_tenant, &toy_article, SLICE("d-gone"), NULL,
                               rig.arena, &err));
    rig_keep(&rig);
    assert_int_equal(rig_count(&rig, rig_tenant), 1);
    rig_close(&rig);
}

static void test_invoke(void **state UNUSED)
{
    const struct edm_action *restock = &toy_article.actions[TOY_ARTICLE_RESTOCK];
    const struct edm_health_view view = view_now();
    struct rig rig;

    open_with_articles(&rig);
    rig_begin(&rig);
    for (size_t i = 0; i < COUNT_OF(articles); i++) {
        struct error err = { 0 };
        const struct edm_value *counted;

        CHECK(service_invoke(rig.writer, rig_tenant, &toy_article, restock,
                             slice_of(articles[i].id), RIG_NOW, &view, rig.arena,
                             &err) == !articles[i].gone,
              i);
        counted = &written(&rig, articles[i].id)->values[TOY_ARTICLE_COUNTED_AT];
        CHECK(articles[i].gone ? counted->is_null : counted->at.ticks == RIG_NOW, i);
        if (articles[i].gone)
            check_not_found(&err, articles[i].id, i);
    }
    rig_keep(&rig);
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_get),    cmocka_unit_test(test_list),   cmocka_unit_test(test_create),
        cmocka_unit_test(test_update), cmocka_unit_test(test_delete), cmocka_unit_test(test_invoke),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
