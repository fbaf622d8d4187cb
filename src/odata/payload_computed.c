/* odata/payload_computed.c - what $compute made of an entity, behind its own properties.
 *
 * Spec: OData Protocol 4.01 section 11.2.5.3: they are dynamic properties. So they are shown
 * as the columns of what $apply makes are (payload_groups.c): dates in UTC, since an instant is
 * what was worked out.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "edm/apply.h"
#include "odata/payload_writing.h"

void payload_write_computed(const struct odata_reply *reply, size_t row, struct json_writer *writer)
{
    const struct odata_worked_out *computed = reply->computed;

    for (size_t i = 0; i < computed->count; i++) {
        const struct edm_computed *property = &computed->properties[i];
        const struct edm_column column = { .name = property->name,
                                           .type = property->expression->type,
                                           .enumeration = property->expression->enumeration };

        payload_write_column(reply, &column, &computed->values[row * computed->count + i], writer);
    }
}
