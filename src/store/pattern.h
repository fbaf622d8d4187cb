/* store/pattern.h - regular expressions in conditions, which strangers wrote.
 *
 * Spec: OData URL Conventions 4.01 section 5.1.1.7.1: those of ECMAScript, found anywhere in a
 * text. They are PCRE2's, in the ways in which it can be made to read them as ECMAScript does.
 * A match that goes on too long is given up: there is a bound on its steps and on its memory,
 * whatever the pattern, and no code is made of it at run time.
 *
 * Must not know: SQL, where the texts come from.
 */
#ifndef STORE_PATTERN_H
#define STORE_PATTERN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/slice.h"

#define PATTERN_BYTES_MAX 1000

struct pattern;

enum pattern_match { PATTERN_NO_MATCH, PATTERN_MATCH, PATTERN_GIVEN_UP };

/* Whether it can be compiled; false also when there is no memory to. */
bool pattern_is_right(struct slice text) MUST_CHECK;

/* NULL when it is wrong. `exact`: the case of letters counts, of all that Unicode has. */
struct pattern *pattern_create(struct slice text, bool exact) MUST_CHECK;
void pattern_destroy(struct pattern *pattern);

/* Given up past 100,000 steps in this text, or when clock_monotonic_ms() has reached `deadline_ms`
 * (0: none). Of one pattern one thread at a time. */
enum pattern_match pattern_find(const struct pattern *pattern, struct slice text,
                                uint64_t deadline_ms) MUST_CHECK;

#endif
