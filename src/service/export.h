/* service/export.h - everything of a tenant as a seed, from which it can be restored.
 *
 * Ids, dates with their offsets and all their digits, and order are kept; versions are not, since
 * they count the writes to a row. An entity stands on a line of its own, so that two exports can be
 * compared line by line, and members stand in the model's order: the same state is the same text.
 *
 * Must not know: where the text goes.
 * Threads: as the session.
 */
#ifndef SERVICE_EXPORT_H
#define SERVICE_EXPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"
#include "base/uuid.h"

struct edm_model;
struct store_session;

/* Takes the next piece of the text; false ends the export with its error. */
typedef bool export_sink(void *context, struct slice piece, struct error *err);

/* Writes the tenant's entities, read in the session's open transaction: one state of the store,
 * whatever is written meanwhile. Memory is bounded by the largest entities and not by their number.
 * *ret_count is how many there are. Errors: ERROR_NOT_FOUND for an unknown tenant; the sink's. */
bool service_export(struct store_session *session, const struct edm_model *model,
                    struct uuid tenant, export_sink *sink, void *context, size_t *ret_count,
                    struct error *err) MUST_CHECK;

#endif
