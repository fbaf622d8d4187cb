/* store/session_test.c - one writer and three readers on threads of their own.
 *
 * Each commit adds two articles, so a reader that sees an odd number saw half a commit, and one
 * that sees fewer than two for each commit counted before it began missed one.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "base/arena.h"
#include "edm/toy_model.h"
#include "store/shop_test.h"

#define COMMITS 200
#define READERS 3

struct reader {
    struct store *store;
    pthread_t thread;
    atomic_bool *done;
    const char *wrong; /* NULL: all was well */
    atomic_size_t looks;
};

static const char *look(struct store_session *session, struct store *store, struct arena *arena,
                        int64_t *last)
{
    struct edm_query query = { .type = &toy_article,
                               .select = edm_all_properties(&toy_article),
                               .page_size = 3,
                               .count = true };
    int64_t counted = (int64_t)store_commit_count(store);
    struct edm_page page;

    if (!store_read_begin(session, NULL) ||
        !store_entity_list(session, shop_tenant, &query, arena, &page, NULL))
        return "a read failed";
    if (page.total_count % 2)
        return "half a commit was seen";
    if (page.total_count < 2 * counted || page.total_count < *last)
        return "a commit was missed";
    *last = page.total_count;
    return NULL;
}

static void *read_all(void *arg)
{
    struct reader *reader = arg;
    struct store_session *session = NULL;
    int64_t last = 0;

    if (!store_session_open(reader->store, STORE_READS, &session, NULL))
        reader->wrong = "no session";
    while (!reader->wrong && !atomic_load(reader->done)) {
        struct arena *arena = arena_create(NULL, 1 << 20);

        reader->wrong = arena ? look(session, reader->store, arena, &last) : "no memory";
        arena_destroy(arena);
        if (atomic_fetch_add(&reader->looks, 1) % 7 == 6)
            store_read_end(session);
    }
    store_session_close(session);
    return NULL;
}

static void write_two(struct shop *shop, struct edm_entity *article)
{
    assert_true(store_begin(shop->writer, NULL));
    for (size_t i = 0; i < 2; i++) {
        article->present &= ~UINT64_C(1);
        assert_true(store_operation_begin(shop->writer, NULL));
        assert_true(store_entity_insert(shop->writer, shop_tenant, article, shop->arena, NULL));
        assert_true(store_operation_keep(shop->writer, NULL));
    }
    assert_true(store_commit(shop->writer, NULL));
    store_maintain(shop->writer);
}

static void test_threads(void **state UNUSED)
{
    struct reader readers[READERS];
    struct edm_entity *article;
    atomic_bool done = false;
    struct shop shop;

    shop_open(&shop, false, NULL);
    article = shop_article(&shop, SLICE("x"));
    for (size_t i = 0; i < READERS; i++) {
        readers[i] = (struct reader){ .store = shop.store, .done = &done };
        assert_int_equal(pthread_create(&readers[i].thread, NULL, read_all, &readers[i]), 0);
    }
    /* Not before each of them is at it: on a busy machine all commits may be made sooner. */
    for (size_t i = 0; i < READERS; i++)
        while (atomic_load(&readers[i].looks) == 0)
            sched_yield();
    for (size_t i = 0; i < COMMITS; i++)
        write_two(&shop, article);
    atomic_store(&done, true);
    for (size_t i = 0; i < READERS; i++) {
        pthread_join(readers[i].thread, NULL);
        if (readers[i].wrong)
            fail_msg("reader %zu: %s", i, readers[i].wrong);
    }
    assert_true(shop_count(&shop, shop_tenant) == 2 * COMMITS);
    shop_close(&shop);
}

/* More sets of properties than the cache has room for. */
static void test_many_statements(void **state UNUSED)
{
    struct edm_entity *article, *read;
    struct shop shop;

    shop_open(&shop, true, NULL);
    article = shop_article(&shop, SLICE("x"));
    assert_true(shop_insert(&shop, shop_tenant, article, NULL));
    assert_true(store_read_begin(shop.reader, NULL));
    for (uint64_t select = 0; select < 1000; select++) {
        read = NULL;
        CHECK(store_entity_get(shop.reader, shop_tenant, &toy_article, article->values[0].text,
                               select % 300, shop.arena, &read, NULL),
              select);
        CHECK(read->present == select % 300, select);
    }
    shop_close(&shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_many_statements),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
