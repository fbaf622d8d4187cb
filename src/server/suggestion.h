/* server/suggestion.h - the name that was probably meant.
 *
 * For names typed by people: commands, flags, settings, values.
 */
#ifndef SERVER_SUGGESTION_H
#define SERVER_SUGGESTION_H

#include <stddef.h>

#include "base/slice.h"

/* Steps from one to the other by inserting, deleting, replacing a character or swapping two
 * neighbours, without regard to ASCII case; SIZE_MAX when either is longer than any name of ours.
 */
size_t suggestion_distance(struct slice a, struct slice b);

/* The best candidate so far for what was typed; start with { .typed = ... }. */
struct suggestion {
    struct slice typed;
    struct slice best; /* empty: nothing is near enough */
    size_t distance;
};

void suggestion_try(struct suggestion *suggestion, struct slice candidate);

#endif
