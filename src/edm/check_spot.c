/* edm/check_spot.c - how edm_check() says where the model is wrong.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "edm/check_spot.h"

bool wrong(const struct spot *spot, const char *what)
{
    return error_set(spot->err, ERROR_INTERNAL, spot->part.len ? spot->part : spot->owner,
                     "model: %.*s%s%.*s: %s", SLICE_ARG(spot->owner), spot->part.len ? "." : "",
                     SLICE_ARG(spot->part), what);
}
