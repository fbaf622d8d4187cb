/* auth/permission.c - permission names as bits, in the order in which they were first named.
 *
 * A linear search over at most 64 names: it runs once for each name in a token that is not in the
 * cache yet, next to a signature check a hundred times its cost. A hash would be more code than
 * this whole file, and the table would no longer be plain constant data.
 */
#include "auth/permission.h"

uint64_t permission_table_find(const struct permission_table *table, struct slice name)
{
    for (size_t i = 0; i < table->count; i++) {
        if (slice_eq(table->names[i], name))
            return UINT64_C(1) << i;
    }
    return 0;
}

uint64_t permission_table_add(struct permission_table *table, struct slice name)
{
    uint64_t bit = permission_table_find(table, name);

    if (bit || table->count == PERMISSIONS_MAX)
        return bit;
    table->names[table->count] = name;
    return UINT64_C(1) << table->count++;
}
