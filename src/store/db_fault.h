/* store/db_fault.h - makes a driver fail on purpose: the n-th call of chosen kinds, or its files.
 *
 * For tests. A scenario runs again and again with n = 1, 2, ... until a run in which no fault
 * fired:
 *
 *     for (plan.fail_at = 1; ; plan.fail_at++) {
 *         plan.calls = 0; plan.fired = false;
 *         run the scenario: what it acknowledges must be there, what it refused must not
 *         if (!plan.fired)
 *             break;
 *     }
 *
 * Threads: the counting is for one thread; `files` may be set from any.
 */
#ifndef STORE_DB_FAULT_H
#define STORE_DB_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"
#include "store/db.h"
#include "store/sqlite_files.h"

enum db_fault_kind {
    DB_FAULT_CONNECT = 1u << 0,
    DB_FAULT_BEGIN = 1u << 1,
    DB_FAULT_COMMIT = 1u << 2,
    DB_FAULT_PREPARE = 1u << 3,
    DB_FAULT_BIND = 1u << 4,
    DB_FAULT_STEP = 1u << 5,
    DB_FAULT_CHECKPOINT = 1u << 6,
    DB_FAULT_ALL = (1u << 7) - 1
};

struct db_fault_plan {
    unsigned kinds;        /* of enum db_fault_kind: the calls that count */
    uint64_t fail_at;      /* the call that fails, from 1; 0: none does */
    enum db_status status; /* what it fails with */
    bool after;            /* it took effect all the same */
    bool rolls_back;       /* the engine gives up the transaction with it, as SQLite may */
    uint64_t calls;        /* counted so far */
    bool fired;
    enum db_fault_kind fired_kind;
    struct sqlite_file_faults files;
};

/* A source that does as `inner` does but for the plan's faults; it destroys `inner` with itself. */
bool db_fault_wrap(struct db_source *inner, struct db_fault_plan *plan, struct db_source **ret,
                   struct error *err) MUST_CHECK;

#endif
