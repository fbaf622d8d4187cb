/* testbed/journal.h - the last requests of a tenant, and questions about them.
 *
 * A ring of a fixed number of entries; memory for it is taken as it fills. Sequence numbers rise
 * by one from 1 and never repeat, so that a reader knows what it has seen and what it missed; what
 * was lost makes an answer uncertain where it could have changed it, and it says so.
 *
 * Must not know: where requests come from.
 * Threads: any; one lock inside, held for the copy of one entry, or of what a question selects.
 */
#ifndef TESTBED_JOURNAL_H
#define TESTBED_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"
#include "base/uuid.h"

struct arena;
struct arena_ledger;
struct journal;
struct json_writer;

/* Bytes; longer texts are cut, on a character's boundary. */
#define JOURNAL_PATH_MAX 512 /* path and query */
#define JOURNAL_TEXT_MAX 256 /* every other */

enum journal_outcome { JOURNAL_ANSWERED, JOURNAL_RESET, JOURNAL_TRUNCATED };

struct journal_entry {
    uint64_t sequence;                /* given by journal_add() */
    int64_t at_ticks;                 /* by the tenant's clock */
    struct slice method, path, query; /* as sent, still encoded */
    struct slice app_id;              /* empty: none */
    struct slice request_id, client_request_id;
    struct slice fault; /* the rule that fired; empty: none */
    int status;         /* 0: none was sent */
    uint32_t duration_us;
    bool executed;       /* it was not kept from being executed by a fault */
    int executed_status; /* what executing it was answered with, also where a fault replaced or lost
                          * that answer; counts when executed */
    enum journal_outcome outcome;
};

/* "answered", "reset", "truncated". */
struct slice journal_outcome_name(enum journal_outcome outcome);

/* NULL: no memory. */
struct journal *journal_create(size_t entries_max);
void journal_destroy(struct journal *journal); /* NULL does nothing */

/* From now on entries are charged to `ledger`, which outlives the journal. Before the first entry.
 */
void journal_charge_to(struct journal *journal, struct arena_ledger *ledger);

/* Keeps a copy. Where there is no memory for it the oldest entries go; those that went, or the new
 * one, count as lost. */
void journal_add(struct journal *journal, const struct journal_entry *entry);
/* Forgets all entries, and how many were lost; the sequence goes on. */
void journal_clear(struct journal *journal);
/* Gives the memory of all entries back: they are lost. */
void journal_shed(struct journal *journal);

/* What a journal is when its entries are gone. */
struct journal_standing {
    uint64_t began, last; /* sequences: what was given behind `began` and is not there was lost */
    size_t count, bytes;  /* entries that are there, and what they take of the ledger */
};

struct journal_standing journal_standing(struct journal *journal);
/* Makes a new journal go on where another one ended. Before the first entry. */
void journal_go_on(struct journal *journal, uint64_t began, uint64_t last);

enum journal_wanted { JOURNAL_ANY, JOURNAL_YES, JOURNAL_NO };

#define JOURNAL_STATUS_NONE (-1) /* of a filter: none was sent */

/* What to look for; all of it must hold. Zeroed: everything. */
struct journal_filter {
    struct slice method; /* any case; empty: any */
    struct slice path;   /* pattern as of a fault's rule; empty: any */
    int status;          /* 0: any; 1 to 5: the class; else that status, or JOURNAL_STATUS_NONE */
    int executed_status; /* the same; of those that were executed */
    struct slice app_id;
    struct slice request_id, client_request_id;
    struct slice fault; /* the rule's name */
    enum journal_wanted faulted, executed;
    struct slice outcome; /* its name; empty: any */
    uint64_t since;       /* only those of a higher sequence */
    size_t top;           /* at most so many, the newest; 0: all */
};

/* One member of a filter, by the name that docs/control.md gives it, its value as text ("true",
 * "4xx", "17"); texts are not copied. Error: ERROR_BAD_REQUEST, the name as target, for a wrong
 * value or name. */
bool journal_filter_set(struct journal_filter *filter, struct slice name, struct slice value,
                        struct error *err) MUST_CHECK;
bool journal_filter_fits(const struct journal_filter *filter, const struct journal_entry *entry);

/* How many match, at most `top`. */
size_t journal_count(struct journal *journal, const struct journal_filter *filter);
/* The same; *ret_lost: how many there were behind `since` besides that were lost. Any of them may
 * have matched. */
size_t journal_count_and_lost(struct journal *journal, const struct journal_filter *filter,
                              uint64_t *ret_lost);
/* The object of GET requests. False: no memory, and nothing was written. */
bool journal_write(struct journal *journal, const struct journal_filter *filter,
                   struct arena *arena, struct json_writer *writer) MUST_CHECK;

struct journal_verdict {
    bool verified;
    size_t count;
    uint64_t lost; /* entries that were lost, and with which it might be true; 0: it is certain */
};

/* Answers the JSON object of POST requests/verify: true is what holds whatever the entries were
 * that are lost. Errors: ERROR_BAD_REQUEST, the member as target; ERROR_TOO_LARGE past the arena's
 * budget. */
bool journal_verify(struct journal *journal, struct slice json, struct arena *arena,
                    struct journal_verdict *ret, struct error *err) MUST_CHECK;

#endif
