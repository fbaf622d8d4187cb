/* store/shop_test.h - for tests: a store over the toy model in a folder of its own.
 *
 * Every step asserts: a test that gets past it goes on from a known state.
 */
#ifndef STORE_SHOP_TEST_H
#define STORE_SHOP_TEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/uuid.h"
#include "edm/entity.h"
#include "store/store.h"

struct arena;
struct chance;

struct shop {
    char directory[64];
    struct store_options options;
    struct store *store;
    struct store_session *writer, *reader;
    struct arena *arena;
};

extern const struct uuid shop_tenant, shop_other_tenant;

/* A folder, a store in it (or in memory) and two sessions. `faults` may be NULL. */
void shop_open(struct shop *shop, bool in_memory, struct db_fault_plan *faults);
/* Closes and removes the folder. */
void shop_close(struct shop *shop);
/* Closes the store and opens it again, as a restart does. */
void shop_reopen(struct shop *shop);
/* The halves of shop_reopen(). */
void shop_close_store(struct shop *shop);
void shop_open_store(struct shop *shop);

/* An article with every property present (its defaults) but the key, and this title. */
struct edm_entity *shop_article(struct shop *shop, struct slice title);

/* A transaction of the writer with one operation, which is kept at its end. */
void shop_begin(struct shop *shop);
void shop_end(struct shop *shop);

/* One write in a transaction of its own; false when any step fails. */
bool shop_insert(struct shop *shop, struct uuid tenant, struct edm_entity *entity,
                 struct error *err);
bool shop_delete(struct shop *shop, struct uuid tenant, struct slice key, struct error *err);
/* Inserts `count` articles that `make` makes by `chance`, in one operation. */
void shop_fill(struct shop *shop,
               struct edm_entity *(*make)(struct chance *chance, struct arena *arena),
               struct chance *chance, struct edm_entity **ret, size_t count);
/* How much a test by chance tries: CONNECTORD_QUERIES in the environment, or `usual`. */
size_t shop_trial_count(size_t usual);
/* Reads all of an article in a read transaction. */
bool shop_get(struct shop *shop, struct uuid tenant, struct slice key, struct edm_entity **ret,
              struct error *err);
/* How many articles a tenant has. */
int64_t shop_count(struct shop *shop, struct uuid tenant);
/* SQLite's own integrity check of the file, from outside. */
bool shop_is_sound(const struct shop *shop);

#endif
