/* testbed/pattern.h - patterns of paths: '*' stands for any text, slashes too.
 *
 * Everything else stands for itself, letters without regard to case (ASCII), as in Graph's paths.
 */
#ifndef TESTBED_PATTERN_H
#define TESTBED_PATTERN_H

#include <stdbool.h>

#include "base/slice.h"

/* Takes time in proportion to the product of the lengths at worst. */
bool pattern_matches(struct slice pattern, struct slice text);

#endif
