/* store/statements.h - the prepared statements that one session keeps.
 *
 * Must not know: what the statements say.
 * Threads: as its session.
 */
#ifndef STORE_STATEMENTS_H
#define STORE_STATEMENTS_H

#include <stdint.h>

struct db_statement;

struct statement_key {
    const void *subject; /* the type, or the literal text, that it is about: by address */
    uint32_t operation;
    uint64_t properties;
};

#define STATEMENT_SETS 16
#define STATEMENT_WAYS 4

struct statements {
    struct statement_slot {
        struct statement_key key;
        struct db_statement *statement; /* NULL: free */
        uint64_t used;                  /* by the clock below */
    } slots[STATEMENT_SETS][STATEMENT_WAYS];
    uint64_t clock;
};

/* The statement that was kept under `key`, or NULL. */
struct db_statement *statements_find(struct statements *statements,
                                     const struct statement_key *key);
/* Keeps `statement`; the one of its set that was not used for longest goes, when the set is full.
 */
void statements_keep(struct statements *statements, const struct statement_key *key,
                     struct db_statement *statement);
/* Finalizes all of them. */
void statements_release(struct statements *statements);

#endif
