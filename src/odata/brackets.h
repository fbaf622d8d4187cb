/* odata/brackets.h - texts in which parentheses, brackets and quotes stand inside each other.
 *
 * What stands between quotes is passed over: '...', in which a quote is doubled, and the JSON
 * strings of lists.
 */
#ifndef ODATA_BRACKETS_H
#define ODATA_BRACKETS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

/* Whether each that is opened is closed, and each that is closed was opened. */
bool odata_brackets_balance(struct slice text);

/* The bytes of `text` before the first `end` that stands outside of them; all of it when there is
 * none. */
size_t odata_length_before(struct slice text, char end);

#endif
