/* testbed/faults.h - failures on demand: rules that say which requests fail, and how.
 *
 * A tenant has an ordered list of rules; of those that match a request the first that fires
 * decides. What a rule counts (matches, firings, windows) is its own; its draws come from the
 * seed, its place and its count, so that they can be had again.
 *
 * The format of rules is in docs/control.md; nothing that it does not name is accepted.
 * Must not know: what carries out the effect.
 * Threads: any; one lock inside. faults_draw() of an empty list takes none.
 */
#ifndef TESTBED_FAULTS_H
#define TESTBED_FAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"

struct arena;
struct arena_ledger;
struct json_writer;
struct faults;

#define FAULTS_TEXT_BYTES_MAX  ((size_t)1 << 20)  /* of one PUT */
#define FAULT_ANSWER_BYTES_MAX ((size_t)64 << 10) /* of the answer of one rule, as written */

struct fault_request {
    struct slice method; /* "GET" */
    struct slice path;   /* percent-decoded, without the query */
    struct slice app_id; /* empty: none in the token */
    uint64_t now_ms;     /* of windows: monotonic, or a tenant's time that may stand still */
};

enum fault_answer { FAULT_ANSWER_NONE, FAULT_ANSWER_CATALOGUE, FAULT_ANSWER_BODY };
enum fault_connection { FAULT_CONNECTION_KEPT, FAULT_CONNECTION_RESET, FAULT_CONNECTION_TRUNCATED };
enum fault_read {
    FAULT_READ_NONE,
    FAULT_READ_STALE,
    FAULT_READ_DUPLICATE_PAGE,
    FAULT_READ_BROKEN_LINK
};

struct catalogue_error; /* testbed/error_catalogue.h */

/* What is to happen; slices in the arena given to faults_draw(). */
struct fault_effect {
    struct slice rule;   /* its name */
    uint64_t generation; /* of the rules it came from, for faults_take_back() */
    enum fault_answer answer;
    int status;                          /* of the answer */
    const struct catalogue_error *error; /* FAULT_ANSWER_CATALOGUE */
    struct slice body;                   /* FAULT_ANSWER_BODY: JSON, or empty */
    struct slice retry_after;            /* the field's value; empty: no field */
    uint32_t delay_ms;
    enum fault_connection connection;
    enum fault_read read;
    uint32_t stale_ms;
    bool executes; /* an answer or a reset comes in place of what was really answered */
};

/* True when nothing of the request may be executed. */
static inline bool fault_prevents(const struct fault_effect *effect)
{
    return !effect->executes &&
           (effect->answer != FAULT_ANSWER_NONE || effect->connection == FAULT_CONNECTION_RESET);
}

/* True when nothing but reads of the past comes of it: where no write was to be hidden, nothing. */
static inline bool fault_only_hides(const struct fault_effect *effect)
{
    return effect->read == FAULT_READ_STALE && effect->answer == FAULT_ANSWER_NONE &&
           effect->connection == FAULT_CONNECTION_KEPT && effect->delay_ms == 0;
}

/* NULL: no memory. */
struct faults *faults_create(size_t rules_max, uint64_t seed);
void faults_destroy(struct faults *faults); /* NULL does nothing */

/* From now on rules are charged to `ledger`, which outlives them. Before the first. */
void faults_charge_to(struct faults *faults, struct arena_ledger *ledger);

/* Replaces the rules by those of the JSON object of PUT faults; all counts begin anew. On an error
 * nothing is changed. Errors: ERROR_BAD_REQUEST with line and column, the member as target;
 * ERROR_TOO_LARGE: past FAULTS_TEXT_BYTES_MAX, or no memory; ERROR_STORAGE_FULL: no room in the
 * ledger. */
bool faults_put(struct faults *faults, struct slice json, struct error *err) MUST_CHECK;
void faults_clear(struct faults *faults);
/* True when there is no rule (atomic). */
bool faults_are_none(const struct faults *faults);
/* True when a rule reads stale: then past writes must be remembered (atomic). */
bool faults_read_stale(const struct faults *faults);

/* Counts the request with every rule that matches it, up to the first that fires. True: one fired.
 * False also when memory ran out for its texts: a request without its fault. */
bool faults_draw(struct faults *faults, const struct fault_request *request, struct arena *arena,
                 struct fault_effect *ret);

/* Nothing came of the effect: its rule did not fire after all. It stays matched; rules that were
 * put since are left alone. */
void faults_take_back(struct faults *faults, const struct fault_effect *effect);

/* The object of GET faults: the rules as they were put, each with "matched" and "fired". False: no
 * memory. */
bool faults_write(struct faults *faults, struct arena *arena,
                  struct json_writer *writer) MUST_CHECK;

/* The object of GET faults/personas: the personas with rules and sources, the errors by name. */
void fault_personas_write(struct json_writer *writer);

#endif
