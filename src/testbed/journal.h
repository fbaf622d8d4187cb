/* testbed/journal.h - the last requests of a tenant, and questions about them.
 *
 * A ring of a fixed number of entries; memory for it is taken as it fills. Sequence numbers rise
 * by one from 1 and never repeat, so that a reader knows what it has seen and what it missed.
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

/* Keeps a copy. Without memory the entry counts as lost. */
void journal_add(struct journal *journal, const struct journal_entry *entry);
/* Forgets all entries, and how many were lost; the sequence goes on. */
void journal_clear(struct journal *journal);

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
/* The object of GET requests. False: no memory, and nothing was written. */
bool journal_write(struct journal *journal, const struct journal_filter *filter,
                   struct arena *arena, struct json_writer *writer) MUST_CHECK;

struct journal_verdict {
    bool verified;
    size_t count;
};

/* Answers the JSON object of POST requests/verify. Errors: ERROR_BAD_REQUEST, the member as target;
 * ERROR_TOO_LARGE past the arena's budget. */
bool journal_verify(struct journal *journal, struct slice json, struct arena *arena,
                    struct journal_verdict *ret, struct error *err) MUST_CHECK;

#endif
