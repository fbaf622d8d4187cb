/* edm/entity_text.h - a whole entity as one JSON object, and back.
 *
 * As it is stored, and not as a reply shows it: every property in the model's order, null where it
 * is null, dates with the offset they were written with. Nothing of OData is in it.
 *
 * Must not know: what the text is kept for.
 */
#ifndef EDM_ENTITY_TEXT_H
#define EDM_ENTITY_TEXT_H

#include <stdbool.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"
#include "edm/entity.h"

struct arena;
struct json_writer;

void edm_entity_write(const struct edm_entity *entity, struct json_writer *writer);

/* Reads what edm_entity_write() wrote; texts are slices of `json` or lie in `arena`. A property
 * that is not in it is not present. Errors: ERROR_BAD_REQUEST, ERROR_MODEL_VALIDATION for anything
 * else; ERROR_TOO_LARGE past the arena's budget. */
bool edm_entity_read(const struct edm_model *model, const struct edm_entity_type *type,
                     struct slice json, struct arena *arena, struct edm_entity **ret,
                     struct error *err) MUST_CHECK;

#endif
