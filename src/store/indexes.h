/* store/indexes.h - which indexes a store has, and the pass that makes and drops them.
 *
 * Indexes are derived: of the properties that the model calls queried often, in the form that the
 * comparison of texts asks for. Each is recorded beside the tables (schema.c), so that the pass
 * knows what is there without asking the engine what it means. They change no answer.
 *
 * Must not know: any particular type.
 * Threads: made when a store is opened, constant from then on.
 */
#ifndef STORE_INDEXES_H
#define STORE_INDEXES_H

#include "base/compiler.h"
#include "base/error.h"
#include "edm/model.h"
#include "store/store.h"

struct db;

struct indexes {
    bool exact; /* of texts as they are, and not as their lower-case forms */
    struct store_index_changes changes;
    size_t type_count;
    struct indexed_type {
        const struct edm_entity_type *type; /* a stored one */
        uint64_t properties;                /* a bit set of those that have one */
    } * types;                              /* indexes_release() */
};

/* Makes and drops what options->indexes asks for, in one transaction; none is begun to write where
 * nothing is to be done, nor any where the indexes stay as they are: *ret is empty then. Without
 * room, or while somebody else writes, all is left as it is, and *ret are those that are as asked.
 * Errors: the driver's other ones. */
bool indexes_apply(struct db *db, const struct edm_model *model,
                   const struct store_options *options, struct indexes *ret,
                   struct error *err) MUST_CHECK;
void indexes_release(struct indexes *indexes);

/* The properties of a stored type that have one. */
uint64_t indexes_of(const struct indexes *indexes, const struct edm_entity_type *type);

#endif
