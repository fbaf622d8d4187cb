/* http/graph_address.c - addresses that Graph's have not.
 *
 * The path tells what in it goes beyond Graph, and leaves open what only the options can say: a key
 * that an alias stands for. There are two places for that:
 *
 *     graph_check_address()      as soon as the path was read: where such addresses are refused
 *                                they are so before all that would tell a caller more, as any that
 *                                is not understood
 *     graph_complete_address()   behind the checks of permission and licence, where a request's
 *                                options may be looked at
 *
 * Whoever has a plain path, which is nearly everybody, has nothing to do with this.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/graph.h"
#include "odata/key.h"

bool graph_check_address(struct call *call)
{
    struct error error = { 0 };

    for (unsigned row = 0; row < BEYOND_COUNT; row++) {
        if (!(call->path.beyond->rows & BEYOND_BIT(row)) ||
            graph_goes_beyond(call, (enum beyond)row) == BEYOND_GOES)
            continue;
        odata_path_refuse_beyond(&call->path, &error);
        call_finish_error(call, &error);
        return false;
    }
    return true;
}

bool graph_complete_address(struct call *call)
{
    const struct odata_path_beyond *beyond = call->path.beyond;
    struct error error = { 0 };

    if (beyond->key_alias.len == 0 ||
        odata_key_of_alias(beyond->key_alias, call->exchange->request.query, call->arena,
                           &call->path.key, &error))
        return true;
    call_finish_error(call, &error);
    return false;
}
