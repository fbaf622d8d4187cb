/* edm/filter.h - a condition on entities as a tree with types, without syntax.
 *
 * odata/ reads it out of $filter and has checked it: operands fit their operators, texts that stand
 * for members of enumerations have become numbers. store/ turns it into SQL.
 *
 * What it means (OData 4.01 part 2 section 5.1.1, and where that leaves a choice, ours):
 *   - three truths: a condition may be null; what is not true is left out
 *   - EQ and NE never give null: null equals null and nothing else. Of GT, GE, LT, LE and of IN
 *     false is the answer when an operand is null. Everything else that takes a null gives null
 *   - two collections are equal when they have equal items in the same order
 *   - texts compare without regard to the case of ASCII letters, in every operator and function,
 *     and order by the bytes of their lower-case form; where edm_query.exact_strings is set they
 *     compare and order as they are
 *   - unless edm_query.later_members is set, members of an enumeration past its sentinel count as
 *     the sentinel in EQ, NE and IN with it, and in the text that CAST makes
 *   - lengths and positions in texts count code points; positions begin at 0, and a negative one
 *     counts from the end
 *   - whole numbers have 64 bits; what passes them goes on as a 64-bit floating-point number. DIV
 * and MOD of whole numbers give a whole number, DIV cut towards 0; dividing by 0 gives null
 *   - parts of a date (YEAR to TIME) are those of its own wall clock, at the offset it was written
 *     with; comparing looks at the instant
 *
 * Must not know: how a condition is written, how it is evaluated.
 */
#ifndef EDM_FILTER_H
#define EDM_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "edm/date_time.h"
#include "edm/model.h"

enum edm_filter_type {
    EDM_FILTER_NULL, /* the literal null: fits everywhere */
    EDM_FILTER_BOOLEAN,
    EDM_FILTER_STRING,
    EDM_FILTER_INTEGER,
    EDM_FILTER_REAL,
    EDM_FILTER_ENUM,      /* `enumeration` says which; the value is the member's number */
    EDM_FILTER_DATE_TIME, /* Edm.DateTimeOffset */
    EDM_FILTER_DATE,      /* days since 0001-01-01 */
    EDM_FILTER_TIME,      /* ticks since midnight */
    EDM_FILTER_DURATION,  /* ticks */
    EDM_FILTER_GUID,      /* a literal alone: compares with its like */
    EDM_FILTER_BINARY,    /* a literal alone, its base64url text: compares with its like */
    EDM_FILTER_STRINGS,   /* a collection; a literal one's items are its arguments, literals */
    EDM_FILTER_TYPE_COUNT
};

/* kind: arguments; what it gives */
enum edm_filter_kind {
    /* leaves */
    EDM_FILTER_LITERAL,  /* a value of its type */
    EDM_FILTER_NOW,      /* edm_query.now_ticks */
    EDM_FILTER_PROPERTY, /* of the entity, by its index */
    EDM_FILTER_ITEM,     /* of the collection that the ANY or ALL with this `variable` looks at */

    EDM_FILTER_OR,
    EDM_FILTER_AND,
    EDM_FILTER_NOT,
    EDM_FILTER_EQ,
    EDM_FILTER_NE,
    EDM_FILTER_GT,
    EDM_FILTER_GE,
    EDM_FILTER_LT,
    EDM_FILTER_LE,
    EDM_FILTER_IN,  /* a value, then literals */
    EDM_FILTER_HAS, /* an enumeration, a literal of it: whether all bits of it are set */

    EDM_FILTER_ADD, /* numbers; date-time + duration; durations */
    EDM_FILTER_SUB, /* as ADD; and two date-times, which gives a duration */
    EDM_FILTER_MUL,
    EDM_FILTER_DIV,
    EDM_FILTER_DIVBY, /* gives a REAL */
    EDM_FILTER_MOD,   /* what DIV leaves; of a REAL, with the sign of what is divided */
    EDM_FILTER_NEGATE,

    EDM_FILTER_CONTAINS,
    EDM_FILTER_STARTSWITH,
    EDM_FILTER_ENDSWITH,
    EDM_FILTER_TOLOWER, /* of ASCII letters, as TOUPPER */
    EDM_FILTER_TOUPPER,
    EDM_FILTER_TRIM,      /* white space of ASCII at both ends */
    EDM_FILTER_CONCAT,    /* two texts */
    EDM_FILTER_LENGTH,    /* of a text */
    EDM_FILTER_INDEXOF,   /* where the second text first stands in the first; -1 */
    EDM_FILTER_SUBSTRING, /* text, position [, length; below 0 as 0] */

    EDM_FILTER_YEAR,
    EDM_FILTER_MONTH,
    EDM_FILTER_DAY,
    EDM_FILTER_HOUR,
    EDM_FILTER_MINUTE,
    EDM_FILTER_SECOND,
    EDM_FILTER_FRACTIONALSECONDS,
    EDM_FILTER_DATE_OF,
    EDM_FILTER_TIME_OF,
    EDM_FILTER_TOTALOFFSETMINUTES,
    EDM_FILTER_TOTALSECONDS, /* of a duration */

    EDM_FILTER_ROUND, /* of a number; halves away from 0 */
    EDM_FILTER_FLOOR,
    EDM_FILTER_CEILING,
    /* A value as one of another type: of anything a STRING, as it is written in JSON; of a number a
     * REAL, or an INTEGER, cut towards 0, with the least and the greatest that there may be as
     * literals behind it (beyond them null); of a DATE the DATE_TIME of its beginning in UTC. */
    EDM_FILTER_CAST,
    EDM_FILTER_MATCHES, /* a text, a regular expression that is found in it */

    EDM_FILTER_ANY,   /* a collection, and what one item of it must fulfil (or nothing) */
    EDM_FILTER_ALL,   /* a collection, and what every item of it must fulfil */
    EDM_FILTER_COUNT, /* items of a collection, perhaps those alone that fulfil a condition */
    /* A collection, then literals: whether it has each of them, as often as they are there. */
    EDM_FILTER_SUBSET,

    EDM_FILTER_KIND_COUNT
};

struct edm_filter {
    enum edm_filter_kind kind;
    enum edm_filter_type type;
    const struct edm_enum *enumeration; /* exactly where type is EDM_FILTER_ENUM */
    const struct edm_filter **arguments;
    size_t count;
    union {
        struct slice text;       /* STRING, GUID, BINARY */
        int64_t integer;         /* INTEGER, ENUM, DATE, TIME, DURATION; BOOLEAN: 0 or 1 */
        double real;             /* REAL */
        struct edm_date_time at; /* DATE_TIME */
        size_t property;         /* PROPERTY */
        size_t variable; /* ITEM, ANY, ALL, COUNT, SUBSET, EQ and NE of collections: numbered from
                            0, unlike in all of the tree */
    };
};

#endif
