/* edm/complex_value.h - a value of a complex type, read from JSON. For edm_value_read(). */
#ifndef EDM_COMPLEX_VALUE_H
#define EDM_COMPLEX_VALUE_H

#include <stdbool.h>

#include "base/compiler.h"
#include "base/error.h"
#include "edm/value.h"

/* The reader stands behind the object's brace, and on success behind its other one. Members may
 * come in any order; one that may not be null must be there; annotations are passed over, but an
 * "@odata.type" must name this type, with or without '#'. Errors: as edm_value_read(), with the
 * member as target. */
bool complex_value_read(const struct edm_model *model, const struct edm_complex *type,
                        struct json_reader *reader, struct arena *arena, struct edm_value *ret,
                        struct error *err) MUST_CHECK;

#endif
