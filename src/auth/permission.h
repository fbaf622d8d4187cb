/* auth/permission.h - permission names as bits.
 *
 * The names come from the model (edm_permission_list); the table gives each a bit, so that checking
 * one is an AND. Names in a token that no operation asks for are ignored.
 *
 * Threads: constant once built.
 */
#ifndef AUTH_PERMISSION_H
#define AUTH_PERMISSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/slice.h"

#define PERMISSIONS_MAX 64

struct permission_table {
    struct slice names[PERMISSIONS_MAX]; /* bit i is names[i]; not owned */
    size_t count;
};

/* The bit of `name`, adding it when new; 0 when the table is full. */
uint64_t permission_table_add(struct permission_table *table, struct slice name);
/* The bit of `name`, 0 when unknown. Exact. */
uint64_t permission_table_find(const struct permission_table *table, struct slice name);

#endif
