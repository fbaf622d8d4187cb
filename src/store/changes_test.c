/* store/changes_test.c - what is logged, for whom, and what is left of it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "store/changes.h"

#include <stdatomic.h>

#include "base/arena.h"
#include "edm/toy_model.h"
#include "store/shop_test.h"

#define DAY_MS INT64_C(86400000)
#define NOW_MS (20000 * DAY_MS)

static _Atomic uint64_t clock_ms = NOW_MS;

static uint64_t read_clock(void)
{
    return atomic_load(&clock_ms);
}

static void open_shop(struct shop *shop)
{
    atomic_store(&clock_ms, NOW_MS);
    shop_open(shop, false, NULL);
    shop_close_store(shop);
    shop->options.unix_ms = read_clock;
    shop_open_store(shop);
}

static void watch(struct shop *shop, struct uuid tenant)
{
    struct error err = { 0 };

    shop_begin(shop);
    if (!changes_watch(shop->writer, tenant, &toy_article, &err))
        fail_msg("%s", err.message);
    shop_end(shop);
}

static bool extent(struct shop *shop, struct uuid tenant, struct changes_extent *ret)
{
    bool found;

    assert_true(store_read_begin(shop->reader, NULL));
    assert_true(changes_extent(shop->reader, tenant, &toy_article, ret, &found, NULL));
    return found;
}

static size_t list(struct shop *shop, struct uuid tenant, int64_t since, struct change **ret)
{
    struct changes_stretch stretch;
    struct changes_extent now;
    size_t count = 0;

    assert_true(extent(shop, tenant, &now));
    const struct changes_range range = { .since = since,
                                         .until = now.last,
                                         .after_sequence = since };
    assert_true(changes_list(shop->reader, tenant, &toy_article, &range, 1000, shop->arena,
                             &stretch, NULL));
    assert_true(stretch.ends);
    *ret = stretch.rows;
    for (size_t i = 0; i < stretch.count; i++) {
        if (stretch.rows[i].changed)
            stretch.rows[count++] = stretch.rows[i];
    }
    return count;
}

static size_t count_since(struct shop *shop, struct uuid tenant, int64_t since)
{
    struct change *changes;

    return list(shop, tenant, since, &changes);
}

static struct slice insert(struct shop *shop, struct uuid tenant)
{
    struct edm_entity *article = shop_article(shop, SLICE("x"));

    assert_true(shop_insert(shop, tenant, article, NULL));
    return article->values[0].text;
}

static void update(struct shop *shop, struct slice id, uint64_t changed)
{
    struct edm_entity *article;

    shop_begin(shop);
    assert_true(store_entity_get(shop->writer, shop_tenant, &toy_article, id, UINT64_MAX >> 1,
                                 shop->arena, &article, NULL));
    assert_true(store_entity_update(shop->writer, shop_tenant, article, changed, NULL));
    shop_end(shop);
}

static void test_only_the_watched_are_logged(void **state UNUSED)
{
    struct changes_extent now;
    struct change *changes;
    struct slice id;
    struct shop shop;

    open_shop(&shop);
    insert(&shop, shop_tenant);
    assert_false(extent(&shop, shop_tenant, &now));
    watch(&shop, shop_tenant);
    assert_true(extent(&shop, shop_tenant, &now));
    assert_true(now.last == now.since && now.used_unix_ms == NOW_MS);
    insert(&shop, shop_other_tenant);
    assert_int_equal(count_since(&shop, shop_tenant, now.since), 0);
    id = insert(&shop, shop_tenant);
    assert_int_equal(list(&shop, shop_tenant, now.since, &changes), 1);
    assert_true(slice_eq(changes[0].id, id) && changes[0].changed == UINT64_MAX);
    assert_false(extent(&shop, shop_other_tenant, &now));
    shop_close(&shop);
}

static void test_each_once_at_its_last(void **state UNUSED)
{
    struct changes_extent start, middle;
    struct slice first, second;
    struct change *changes;
    struct shop shop;

    open_shop(&shop);
    first = insert(&shop, shop_tenant);
    second = insert(&shop, shop_tenant);
    watch(&shop, shop_tenant);
    assert_true(extent(&shop, shop_tenant, &start));
    update(&shop, first, 2);
    update(&shop, second, 4);
    assert_true(extent(&shop, shop_tenant, &middle));
    update(&shop, first, 8);
    assert_int_equal(list(&shop, shop_tenant, start.since, &changes), 2);
    assert_true(slice_eq(changes[0].id, second) && changes[0].changed == 4);
    assert_true(slice_eq(changes[1].id, first) && changes[1].changed == 10);
    assert_int_equal(list(&shop, shop_tenant, middle.last, &changes), 1);
    assert_true(slice_eq(changes[0].id, first) && changes[0].changed == 8);
    assert_true(shop_delete(&shop, shop_tenant, first, NULL));
    assert_int_equal(list(&shop, shop_tenant, middle.last, &changes), 1);
    assert_true(changes[0].changed == UINT64_MAX);
    shop_close(&shop);
}

static void test_pages(void **state UNUSED)
{
    struct changes_extent start, now;
    struct changes_range range;
    struct changes_stretch stretch;
    size_t seen = 0;
    int64_t deleted;
    struct shop shop;

    open_shop(&shop);
    for (int i = 0; i < 5; i++)
        insert(&shop, shop_tenant);
    watch(&shop, shop_tenant);
    assert_true(extent(&shop, shop_tenant, &start));
    shop_begin(&shop); /* all under one number */
    assert_true(store_entity_delete_all(shop.writer, shop_tenant, &toy_article, &deleted, NULL));
    shop_end(&shop);
    insert(&shop, shop_tenant);
    assert_true(extent(&shop, shop_tenant, &now));
    range = (struct changes_range){ .since = start.since,
                                    .until = now.last,
                                    .after_sequence = start.since };
    do {
        assert_true(changes_list(shop.reader, shop_tenant, &toy_article, &range, 2, shop.arena,
                                 &stretch, NULL));
        seen += stretch.count;
        if (stretch.count) {
            range.after_sequence = stretch.rows[stretch.count - 1].sequence;
            range.after_id = stretch.rows[stretch.count - 1].id;
        }
        assert_true(stretch.ends == (stretch.count < 2));
    } while (!stretch.ends);
    assert_int_equal(seen, 6);
    shop_close(&shop);
}

/* However often entities are written, what one call reads is bounded. */
static void test_often_written(void **state UNUSED)
{
    const uint64_t title = UINT64_C(1) << TOY_ARTICLE_TITLE;
    struct changes_extent start, now;
    struct changes_range range;
    struct changes_stretch stretch;
    struct shop shop;

    open_shop(&shop);
    watch(&shop, shop_tenant);
    assert_true(extent(&shop, shop_tenant, &start));
    shop_begin(&shop);
    for (int i = 0; i < 70000; i++)
        assert_true(
            changes_note(shop.writer, shop_tenant, &toy_article, SLICE("hot"), title, NULL));
    for (int i = 0; i < 5000; i++)
        assert_true(
            changes_note(shop.writer, shop_tenant, &toy_article, SLICE("warm"), title, NULL));
    assert_true(changes_note(shop.writer, shop_tenant, &toy_article, SLICE("cold"), title, NULL));
    shop_end(&shop);
    assert_true(extent(&shop, shop_tenant, &now));
    range = (struct changes_range){ .since = start.since,
                                    .until = now.last,
                                    .after_sequence = start.since };
    assert_true(changes_list(shop.reader, shop_tenant, &toy_article, &range, 64, shop.arena,
                             &stretch, NULL));
    assert_true(stretch.count == 64 && stretch.looked == 64 && !stretch.ends);
    assert_true(stretch.rows[63].changed == 0); /* a later one tells of it */
    assert_true(changes_list(shop.reader, shop_tenant, &toy_article, &range, 80000, shop.arena,
                             &stretch, NULL));
    assert_true(stretch.count == 70000 && !stretch.ends); /* it has read much by then */
    assert_true(slice_eq(stretch.rows[69999].id, SLICE("hot")));
    assert_true(stretch.rows[69999].changed == UINT64_MAX);
    range.after_sequence = stretch.rows[69999].sequence;
    range.after_id = SLICE("hot");
    assert_true(changes_list(shop.reader, shop_tenant, &toy_article, &range, 6000, shop.arena,
                             &stretch, NULL));
    assert_true(stretch.count == 5000 && stretch.rows[4999].changed == title && !stretch.ends);
    range.after_sequence = stretch.rows[4999].sequence;
    range.after_id = SLICE("warm");
    assert_true(changes_list(shop.reader, shop_tenant, &toy_article, &range, 6000, shop.arena,
                             &stretch, NULL));
    assert_true(stretch.count == 1 && stretch.rows[0].changed == title && stretch.ends);
    shop_close(&shop);
}

/* What was undone is not logged, and neither is a watch that was undone. */
static void test_undone(void **state UNUSED)
{
    struct changes_extent start;
    struct edm_entity *article;
    struct shop shop;

    open_shop(&shop);
    shop_begin(&shop);
    assert_true(changes_watch(shop.writer, shop_tenant, &toy_article, NULL));
    store_operation_undo(shop.writer);
    assert_true(store_operation_begin(shop.writer, NULL));
    article = shop_article(&shop, SLICE("unseen"));
    assert_true(store_entity_insert(shop.writer, shop_tenant, article, shop.arena, NULL));
    shop_end(&shop);
    assert_false(extent(&shop, shop_tenant, &start));
    watch(&shop, shop_tenant);
    assert_true(extent(&shop, shop_tenant, &start));
    shop_begin(&shop);
    article = shop_article(&shop, SLICE("undone"));
    assert_true(store_entity_insert(shop.writer, shop_tenant, article, shop.arena, NULL));
    store_operation_undo(shop.writer);
    assert_true(store_commit(shop.writer, NULL));
    assert_int_equal(count_since(&shop, shop_tenant, start.since), 0);
    shop_close(&shop);
}

/* Of one transaction: what stands behind the watch is logged, and by a second process as well. */
static void test_begins_at_once(void **state UNUSED)
{
    struct store_session *second;
    struct changes_extent now;
    struct edm_entity *article;
    struct store *store;
    struct shop shop;

    open_shop(&shop);
    assert_true(store_open(&toy_model, &shop.options, &store, NULL));
    assert_true(store_session_open(store, STORE_WRITES, &second, NULL));
    insert(&shop, shop_tenant);
    shop_begin(&shop);
    assert_true(changes_watch(shop.writer, shop_tenant, &toy_article, NULL));
    article = shop_article(&shop, SLICE("seen"));
    assert_true(store_entity_insert(shop.writer, shop_tenant, article, shop.arena, NULL));
    shop_end(&shop);
    assert_true(store_begin(second, NULL) && store_operation_begin(second, NULL));
    article = shop_article(&shop, SLICE("theirs"));
    assert_true(store_entity_insert(second, shop_tenant, article, shop.arena, NULL));
    assert_true(store_operation_keep(second, NULL) && store_commit(second, NULL));
    store_session_close(second);
    store_close(store);
    store_read_end(shop.reader);
    assert_true(extent(&shop, shop_tenant, &now));
    assert_int_equal(count_since(&shop, shop_tenant, now.since), 2);
    shop_reopen(&shop);
    insert(&shop, shop_tenant);
    assert_int_equal(count_since(&shop, shop_tenant, now.since), 3);
    shop_close(&shop);
}

static size_t trim(struct shop *shop, int64_t keep_ms, size_t rows_max)
{
    const struct changes_bounds bounds = { .keep_ms = keep_ms, .rows_max = rows_max };
    struct changes_excess *excess;
    size_t count;

    store_read_end(shop->reader);
    assert_true(store_read_begin(shop->reader, NULL));
    assert_true(changes_find_excess(shop->reader, &bounds, shop->arena, &excess, &count, NULL));
    for (size_t i = 0; i < count; i++) {
        bool more = true;

        while (more) {
            shop_begin(shop);
            assert_true(changes_trim(shop->writer, &excess[i], &more, NULL));
            shop_end(shop);
        }
    }
    return count;
}

static void test_too_many(void **state UNUSED)
{
    struct changes_extent start, now;
    struct shop shop;

    open_shop(&shop);
    watch(&shop, shop_tenant);
    watch(&shop, shop_other_tenant);
    assert_true(extent(&shop, shop_tenant, &start));
    for (int i = 0; i < 9; i++)
        insert(&shop, shop_tenant);
    assert_int_equal(trim(&shop, DAY_MS, 9), 0);
    assert_int_equal(trim(&shop, DAY_MS, 4), 1);
    assert_true(extent(&shop, shop_tenant, &now));
    assert_true(now.since > start.since && now.last > now.since);
    assert_int_equal(count_since(&shop, shop_tenant, now.since), 4);
    assert_int_equal(count_since(&shop, shop_tenant, 0), 4);
    assert_int_equal(trim(&shop, DAY_MS, 4), 0);
    shop_close(&shop);
}

static void test_too_old(void **state UNUSED)
{
    struct changes_extent start, now;
    struct shop shop;

    open_shop(&shop);
    watch(&shop, shop_tenant);
    assert_true(extent(&shop, shop_tenant, &start));
    insert(&shop, shop_tenant);
    atomic_store(&clock_ms, NOW_MS + 2 * DAY_MS);
    watch(&shop, shop_tenant); /* it is in use */
    insert(&shop, shop_tenant);
    assert_int_equal(trim(&shop, DAY_MS, 100), 1);
    assert_true(extent(&shop, shop_tenant, &now));
    assert_true(now.since > start.since);
    assert_int_equal(count_since(&shop, shop_tenant, 0), 1);
    assert_int_equal(trim(&shop, DAY_MS, 100), 0);
    shop_close(&shop);
}

static void test_unused(void **state UNUSED)
{
    struct changes_extent start, now;
    struct shop shop;

    open_shop(&shop);
    watch(&shop, shop_tenant);
    assert_true(extent(&shop, shop_tenant, &start));
    for (int i = 0; i < 3; i++)
        insert(&shop, shop_tenant);
    atomic_store(&clock_ms, NOW_MS + 2 * DAY_MS);
    assert_int_equal(trim(&shop, DAY_MS, 100), 1);
    assert_false(extent(&shop, shop_tenant, &now));
    insert(&shop, shop_tenant);
    watch(&shop, shop_tenant);
    assert_true(extent(&shop, shop_tenant, &now));
    assert_true(now.since > start.last); /* no token of the first watch is taken for the second's */
    assert_int_equal(count_since(&shop, shop_tenant, 0), 0);
    shop_close(&shop);
}

/* One that was asked for while its end was decided stays. */
static void test_used_again(void **state UNUSED)
{
    const struct changes_bounds bounds = { .keep_ms = DAY_MS, .rows_max = 9 };
    struct changes_excess *excess;
    struct changes_extent now;
    size_t count;
    struct shop shop;
    bool more;

    open_shop(&shop);
    watch(&shop, shop_tenant);
    insert(&shop, shop_tenant);
    atomic_store(&clock_ms, NOW_MS + 2 * DAY_MS);
    assert_true(store_read_begin(shop.reader, NULL));
    assert_true(changes_find_excess(shop.reader, &bounds, shop.arena, &excess, &count, NULL));
    assert_int_equal(count, 1);
    assert_true(excess[0].ends);
    watch(&shop, shop_tenant);
    shop_begin(&shop);
    assert_true(changes_trim(shop.writer, &excess[0], &more, NULL));
    shop_end(&shop);
    assert_true(extent(&shop, shop_tenant, &now));
    assert_int_equal(count_since(&shop, shop_tenant, 0), 1);
    shop_begin(&shop);
    assert_true(changes_forget(shop.writer, shop_tenant, NULL));
    shop_end(&shop);
    assert_false(extent(&shop, shop_tenant, &now));
    shop_close(&shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_the_watched_are_logged),
        cmocka_unit_test(test_each_once_at_its_last),
        cmocka_unit_test(test_pages),
        cmocka_unit_test(test_often_written),
        cmocka_unit_test(test_undone),
        cmocka_unit_test(test_begins_at_once),
        cmocka_unit_test(test_too_many),
        cmocka_unit_test(test_too_old),
        cmocka_unit_test(test_unused),
        cmocka_unit_test(test_used_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
