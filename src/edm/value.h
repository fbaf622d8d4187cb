/* edm/value.h - one value of a property: read from JSON, written as JSON, its default.
 *
 * Spec: OData JSON Format 4.01 section 7 (primitive values, enumerations as member names,
 * collections); the texts of refusals are those of the OData library behind Graph.
 * Must not know: which request a value came with, SQL.
 */
#ifndef EDM_VALUE_H
#define EDM_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"
#include "edm/date_time.h"
#include "edm/model.h"

struct arena;
struct json_reader;
struct json_token;
struct json_writer;

struct edm_value {
    bool is_null;
    uint32_t item_count; /* of a collection of which a part is shown, where it is asked for: how
                          * many items there were (edm/items.h) */
    union {
        struct slice text;       /* EDM_STRING; a collection: its JSON text, e.g. ["0","1"] */
        int64_t integer;         /* EDM_INT32, EDM_INT64; EDM_ENUM: the member's value */
        bool boolean;            /* EDM_BOOLEAN */
        struct edm_date_time at; /* EDM_DATE_TIME_OFFSET */
        const struct edm_value *members; /* EDM_COMPLEX: complex->property_count of them */
    };
};

/* Reads one JSON value as a value of `property` (or of an action's parameter): type, range, null
 * only where nullable, a collection's items strings. An enumeration is a member's name, or a
 * member's number in a string; an integer may stand in a string too (IEEE754Compatible writers).
 * A complex one is an object: what it may not be without is there, what it leaves out is null.
 *
 * token   the value's first token; the reader stands behind it, and on success behind the value
 * ret     a string's text is a slice of the reader's input or of its arena, a collection's lies in
 *         `arena` without blanks
 * Errors  ERROR_MODEL_VALIDATION with the property as target and the text Graph uses
 *         (`Cannot convert the literal '3' to the expected type 'Edm.String'.`); what the reader
 *         finds wrong inside a collection; ERROR_TOO_LARGE past the arena's budget. */
bool edm_value_read(const struct edm_model *model, const struct edm_property *property,
                    struct json_reader *reader, const struct json_token *token, struct arena *arena,
                    struct edm_value *ret, struct error *err) MUST_CHECK;

/* The items of a collection that is not null: texts in `arena`. Errors: ERROR_TOO_LARGE past its
 * budget. */
bool edm_value_items(const struct edm_value *value, struct arena *arena, struct slice **ret,
                     size_t *ret_count, struct error *err) MUST_CHECK;

/* How a value is written. */
enum edm_form {
    EDM_AS_STORED = 0,
    EDM_UTC = 1u << 0,       /* dates are turned to Z */
    EDM_MASKED = 1u << 1,    /* the sentinel stands for what edm_value_is_later() */
    EDM_LONG_TEXT = 1u << 2, /* EDM_INT64 in a string, for clients whose numbers are doubles */
};

/* Writes a value as JSON (the name is the caller's to write). `form` is bits of enum edm_form. A
 * number that no member of an enumeration has (a newer program wrote the row) becomes a string of
 * its digits. */
void edm_value_write(const struct edm_property *property, const struct edm_value *value,
                     unsigned form, struct json_writer *writer);

/* What a create without `property` stores: see edm_property.default_json.
 * Errors: ERROR_TOO_LARGE past the arena's budget; those of edm_value_read() for a table that
 * edm_check() refuses. */
bool edm_value_default(const struct edm_model *model, const struct edm_property *property,
                       struct arena *arena, struct edm_value *ret, struct error *err) MUST_CHECK;
/* The same from the table's text, which is not NULL, however it is spelled: for edm_check(). */
bool edm_value_read_default(const struct edm_model *model, const struct edm_property *property,
                            struct arena *arena, struct edm_value *ret,
                            struct error *err) MUST_CHECK;

/* True for an evolvable enumeration's sentinel ("unknownFutureValue"). */
bool edm_value_is_sentinel(const struct edm_property *property, const struct edm_value *value);

/* True for what came behind an evolvable enumeration's sentinel, which clients that were made
 * before it do not know: what is greater. */
bool edm_value_is_later(const struct edm_property *property, const struct edm_value *value);

/* Refuses such a member: ERROR_MODEL_VALIDATION with the property as target. */
bool edm_value_refuse_later(const struct edm_model *model, const struct edm_property *property,
                            const struct edm_value *value, struct error *err) MUST_CHECK;

/* Refuses the sentinel, which creates and parameters of actions may not hold:
 * ERROR_MODEL_VALIDATION with the property as target. */
bool edm_value_refuse_sentinel(const struct edm_model *model, const struct edm_property *property,
                               const struct edm_value *value, struct error *err) MUST_CHECK;

#endif
