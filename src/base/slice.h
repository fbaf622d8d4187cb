/* base/slice.h - text is a pointer and a length, passed by value, owning nothing.
 *
 * Bytes from the network are not NUL-terminated and may hold NUL. C strings appear only where a
 * library demands them, made by slice_to_cstr().
 *
 * Threads: every function here is pure.
 */
#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/compiler.h"

struct arena;

struct slice {
    const char *ptr; /* may be NULL when len is 0 */
    size_t len;      /* bytes */
};

#define SLICE_INIT(lit)                                                                            \
    {                                                                                              \
        "" lit, sizeof(lit) - 1                                                                    \
    }                                                /* in const tables */
#define SLICE(lit)   ((struct slice)SLICE_INIT(lit)) /* in expressions */
#define SLICE_EMPTY  ((struct slice){ NULL, 0 })
#define SLICE_ARG(s) (int)(s).len, (s).ptr /* for "%.*s" */

static inline bool slice_eq(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* A slice over a NUL-terminated string; NULL gives the empty slice. */
struct slice slice_of(const char *cstr);

/* The bytes [from, from+len) of `s`, cut to what is there. */
struct slice slice_sub(struct slice s, size_t from, size_t len);

/* Equal but for the case of ASCII letters. */
bool slice_eq_nocase(struct slice a, struct slice b);

/* Orders by bytes, the shorter first when one begins the other: <0, 0, >0. */
int slice_compare(struct slice a, struct slice b);

bool slice_starts_with(struct slice s, struct slice prefix);
bool slice_starts_with_nocase(struct slice s, struct slice prefix);
bool slice_ends_with(struct slice s, struct slice suffix);

/* Index of the first `byte` in `s`, or s.len when there is none. */
size_t slice_index(struct slice s, char byte);

/* Splits at the first `separator`, which stands in neither part. False, outputs untouched, when
 * there is none. */
bool slice_cut(struct slice s, char separator, struct slice *ret_head, struct slice *ret_tail);

/* Without leading and trailing SP and HTAB (the OWS of RFC 9110 5.6.3). */
struct slice slice_trim(struct slice s);

/* Decimal digits alone (no sign, no blank, at least one) not above `max`. */
bool slice_to_uint64(struct slice s, uint64_t max, uint64_t *ret) MUST_CHECK;

/* An optional '-' and decimal digits, in the range of int64_t. */
bool slice_to_int64(struct slice s, int64_t *ret) MUST_CHECK;

/* True when `s` is well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates, <= U+10FFFF). */
bool slice_is_utf8(struct slice s);

/* Bytes of the well-formed UTF-8 sequence that `s` starts with (1 to 4); 0 when there is none. */
size_t slice_utf8_step(struct slice s);

/* The longest prefix of at most `max` bytes that does not end inside a UTF-8 sequence. */
struct slice slice_utf8_prefix(struct slice s, size_t max);

/* A NUL-terminated copy in `arena`; NULL when `s` holds a NUL or memory ran out. */
const char *slice_to_cstr(struct arena *arena, struct slice s);

#endif
