/* odata/beyond.c - the rows of what goes beyond Graph.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "odata/beyond.h"

/* What Intune's controllers answer an option with that they do not allow. */
#define OPTION_REFUSED(title)                                                                      \
    "The query specified in the URI is not valid. Query option '" title                            \
    "' is not allowed. To allow it, set the 'AllowedQueryOptions' property on "                    \
    "EnableQueryAttribute or QueryValidationSettings."

const struct beyond_row beyond_rows[BEYOND_COUNT] = {
    [BEYOND_SEARCH] = {
        .id = "search",
        .what = "$search looks for words in the texts of the set's entities",
        .graph = "400: the option is not allowed",
        .source = "the query-parameter page has $search for directory objects, messages and "
                  "people; the words are those of microsoft-graph-docs-contrib #94",
        .refusal = ERROR_BAD_REQUEST,
        .target = "$search",
        .message = OPTION_REFUSED("Search"),
    },
};
