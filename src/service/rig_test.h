/* service/rig_test.h - for tests: a store over the toy model, a writer, a loop's session.
 *
 * Every step asserts: a test that gets past it goes on from a known state.
 */
#ifndef SERVICE_RIG_TEST_H
#define SERVICE_RIG_TEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/uuid.h"
#include "edm/entity.h"

struct arena;
struct db_fault_plan;
struct service_session;
struct store;
struct store_session;

#define RIG_SECOND INT64_C(10000000)
#define RIG_HOUR   (3600 * RIG_SECOND)
#define RIG_DAY    (24 * RIG_HOUR)
#define RIG_NOW    (INT64_C(621355968000000000) + 1700000000 * RIG_SECOND) /* 2023-11-14T22:13:20Z */

struct rig {
    struct store *store;
    struct store_session *writer;
    struct service_session *loop;
    struct arena *arena;
};

/* Tenants of the registry, but the third. */
extern const struct uuid rig_tenant, rig_other_tenant, rig_no_tenant;

/* In memory, with the two tenants in it. `faults` may be NULL. */
void rig_open(struct rig *rig, struct db_fault_plan *faults);
void rig_close(struct rig *rig);

/* An operation in a group of its own. */
void rig_begin(struct rig *rig);
void rig_keep(struct rig *rig);
void rig_undo(struct rig *rig);

/* An article of that id, heard of `silent` ticks before RIG_NOW (INT64_MAX: never), whose written
 * size is medium; in an operation of its own. */
void rig_article(struct rig *rig, struct uuid tenant, const char *id, int64_t silent);
/* Policies by their JSON, in an operation of their own. */
void rig_policy(struct rig *rig, struct uuid tenant, const char *json);
/* How many articles there are, gone or not. */
int64_t rig_count(struct rig *rig, struct uuid tenant);

#endif
