/* edm/health_test.c - views and what they say of the toy's articles: small for an hour, then
 * medium, large after 5 days, gone after 30. */
#include "edm/health.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/test.h"
#include "edm/toy_model.h"

#define NOW     (CLOCK_UNIX_EPOCH_TICKS + 1700000000 * CLOCK_TICKS_PER_SECOND)
#define S       CLOCK_TICKS_PER_SECOND
#define HOUR    (3600 * S)
#define DAY     (24 * HOUR)
#define ALWAYS  INT64_MIN /* silent, that is: a contact that is none */
#define LARGE   2
#define MEDIUM  1
#define SMALL   0
#define WRITTEN 7 /* what stands in each article; no view ever says so */

static void test_default(void **state UNUSED)
{
    struct edm_health_policy policy = edm_health_default(&toy_article);

    assert_false(policy.on);
    assert_int_equal(policy.after_s[0], 3600);
    assert_int_equal(policy.after_s[1], 5 * 86400);
    assert_int_equal(policy.after_s[2], 0);
    assert_int_equal(policy.remove_after_s, 30 * 86400);
}

/* Switched on just now, unless its name says something else. */
static const struct edm_health_policy usual = { true, { 3600, 5 * 86400 }, 30 * 86400, NOW };
static const struct edm_health_policy no_stages = { true, { 0, 0 }, 0, NOW };
static const struct edm_health_policy second_only = { true, { 0, 60 }, 0, NOW };
static const struct edm_health_policy turned = { true, { 60, 30 }, 0, NOW };
static const struct edm_health_policy as_long = { true, { 60, 60 }, 60, NOW };
static const struct edm_health_policy for_ages = { true, { 1, INT64_MAX }, INT64_MAX, NOW };
static const struct edm_health_policy on_later = { true, { 1, 2 }, 3, NOW + DAY };
static const struct edm_health_policy on_for_almost_an_hour = {
    true, { 3600, 5 * 86400 }, 30 * 86400, NOW - HOUR + 1
};
static const struct edm_health_policy on_for_an_hour = {
    true, { 3600, 5 * 86400 }, 30 * 86400, NOW - HOUR
};
static const struct edm_health_policy on_for_5_days = {
    true, { 3600, 5 * 86400 }, 30 * 86400, NOW - 5 * DAY
};
static const struct edm_health_policy on_for_almost_30_days = {
    true, { 3600, 5 * 86400 }, 30 * 86400, NOW - 30 * DAY + 1
};
static const struct edm_health_policy on_for_30_days = {
    true, { 3600, 5 * 86400 }, 30 * 86400, NOW - 30 * DAY
};
static const struct edm_health_policy on_for_ever = { true, { 3600, 0 }, 0, 0 };

static const struct {
    const struct edm_health_policy *policy;
    int64_t contact; /* from now; or ALWAYS, and the contact is 0 */
    int64_t state;
    bool gone;
} cases[] = {
    { &usual, 0, SMALL, false },
    { &usual, 1, SMALL, false }, /* in the future */
    { &usual, 400 * DAY, SMALL, false },
    { &usual, -HOUR + 1, SMALL, false },
    { &usual, -HOUR, MEDIUM, false }, /* exactly as long counts */
    { &usual, -5 * DAY + 1, MEDIUM, false },
    { &usual, -5 * DAY, LARGE, false },
    { &usual, -30 * DAY + 1, LARGE, false },
    { &usual, -30 * DAY, LARGE, true },
    { &usual, 1 - NOW, LARGE, true }, /* the first contact that there can be */
    { &usual, ALWAYS, SMALL, false },

    { &on_later, ALWAYS, SMALL, false }, /* the clock was put back since */
    { &on_for_almost_an_hour, ALWAYS, SMALL, false },
    { &on_for_an_hour, ALWAYS, MEDIUM, false }, /* never in touch is silent since then */
    { &on_for_an_hour, 0, SMALL, false },       /* and nobody else is */
    { &on_for_5_days, ALWAYS, LARGE, false },
    { &on_for_5_days, -HOUR, MEDIUM, false },
    { &on_for_almost_30_days, ALWAYS, LARGE, false },
    { &on_for_30_days, ALWAYS, LARGE, true },
    { &on_for_30_days, -30 * DAY + 1, LARGE, false },
    { &on_for_ever, ALWAYS, MEDIUM, false },

    { &no_stages, -1000 * DAY, SMALL, false },
    { &no_stages, ALWAYS, SMALL, false },
    { &second_only, -60 * S + 1, SMALL, false },
    { &second_only, -60 * S, LARGE, false },
    { &turned, -29 * S, SMALL, false },
    { &turned, -30 * S, LARGE, false },
    { &turned, -60 * S, MEDIUM, false }, /* the longest silence counts, wherever it stands */
    { &as_long, -60 * S, LARGE, true },  /* of equal ones the later stage */
    { &as_long, -60 * S + 1, SMALL, false },
    { &for_ages, -1000 * DAY, MEDIUM, false }, /* reaches back before year 1 */
    { &for_ages, 1 - NOW, MEDIUM, false },
};

static void test_view(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, 65536);

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct edm_entity *entity = edm_entity_create(&toy_article, arena);
        struct edm_health_view view;
        int64_t contact = cases[i].contact == ALWAYS ? 0 : NOW + cases[i].contact;

        entity->values[TOY_ARTICLE_MADE_AT].at.ticks = contact;
        entity->values[TOY_ARTICLE_SIZE].integer = WRITTEN;
        edm_health_view_at(&toy_article, cases[i].policy, NOW, &view);
        entity->present = edm_health_properties(&view);
        CHECK(edm_health_is_gone(&view, entity) == cases[i].gone, i);
        edm_health_apply(&view, entity);
        CHECK(entity->values[TOY_ARTICLE_SIZE].integer == cases[i].state, i);
        CHECK(!entity->values[TOY_ARTICLE_SIZE].is_null, i);
        CHECK(entity->values[TOY_ARTICLE_MADE_AT].at.ticks == contact, i);
        CHECK(entity->present == edm_health_properties(&view), i);
    }
    arena_destroy(arena);
}

/* What the store writes into its SQL. */
static void test_points(void **state UNUSED)
{
    struct edm_health_view view;

    edm_health_view_at(&toy_article, &turned, NOW, &view);
    assert_ptr_equal(view.type, &toy_article);
    assert_int_equal(view.contact, TOY_ARTICLE_MADE_AT);
    assert_int_equal(view.state, TOY_ARTICLE_SIZE);
    assert_int_equal(view.healthy, SMALL);
    assert_int_equal(view.point_count, 2);
    assert_int_equal(view.points[0].silent_since_ticks, NOW - 60 * S);
    assert_int_equal(view.points[0].state, MEDIUM);
    assert_int_equal(view.points[1].silent_since_ticks, NOW - 30 * S);
    assert_int_equal(view.points[1].state, LARGE);
    assert_int_equal(view.gone_since_ticks, -1);
    assert_int_equal(view.never_state, SMALL);
    assert_false(view.never_gone);
    assert_int_equal(edm_health_properties(&view),
                     1u << TOY_ARTICLE_MADE_AT | 1u << TOY_ARTICLE_SIZE);

    edm_health_view_at(&toy_article, &on_for_30_days, NOW, &view);
    assert_int_equal(view.never_state, LARGE);
    assert_true(view.never_gone);

    /* A clock that was moved to the first days. */
    edm_health_view_at(&toy_article, &usual, 2 * HOUR, &view);
    assert_int_equal(view.points[0].silent_since_ticks, -1);
    assert_int_equal(view.points[1].silent_since_ticks, HOUR);
    assert_int_equal(view.gone_since_ticks, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_default),
        cmocka_unit_test(test_view),
        cmocka_unit_test(test_points),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
