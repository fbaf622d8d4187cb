/* odata/field_list.h - cuts the value of a header field at its commas, a part at its semicolons.
 *
 * Spec: RFC 9110 5.6.1 (lists), 5.6.4 (quoted strings, in which nothing is cut).
 */
#ifndef ODATA_FIELD_LIST_H
#define ODATA_FIELD_LIST_H

#include "base/slice.h"

/* Takes the text up to `end` outside quotes off `rest`, which then starts behind it; blanks around
 * it are gone, and it may be empty. A quote that is not closed ends with the text. */
struct slice field_list_take(char end, struct slice *rest);

#endif
