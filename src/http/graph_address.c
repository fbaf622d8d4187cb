/* http/graph_address.c - addresses that Graph's have not.
 *
 * The path tells what in it goes beyond Graph, and leaves open what only the options can say: a key
 * that an alias stands for. And the options may come in the body of a POST, to "/$query" behind the
 * address: that is a GET of the address in all that follows, permissions above all. Only what shows
 * the request as it came (the journal, rules for faults) sees the POST. There are two places for
 * that:
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
#include "http/batch_run.h"
#include "http/coding.h"
#include "http/graph.h"
#include "http/query_body.h"
#include "odata/filter_segment.h"
#include "odata/key.h"
#include "odata/query_digest.h"

/* To "$query" a POST is the GET that it stands for, and no other method is anything. What a path
 * lets through is for reading: a POST there would not make what it asks for. */
static bool check_method(struct call *call)
{
    struct http_request *request = &call->exchange->request;
    const struct odata_path_beyond *beyond = call->path.beyond;
    bool reads = request->method == HTTP_GET || request->method == HTTP_HEAD;

    if (beyond->options_in_body ? request->method != HTTP_POST : beyond->filters.len && !reads) {
        graph_refuse_method(call);
        return false;
    }
    if (beyond->options_in_body)
        request->method = HTTP_GET;
    return true;
}

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
    return check_method(call);
}

/* A set's other parts are not done when it would be answered. */
static bool check_place(const struct call *call, struct error *err)
{
    return !call->exchange->part || !CONTAINER_OF(call->exchange, struct part, exchange)->set ||
           error_set(err, ERROR_BAD_REQUEST, SLICE_EMPTY,
                     "A request that reads has no place in a change set or an atomicity group.");
}

static bool check_type(const struct http_request *request, struct error *err)
{
    return request->body.len == 0 ||
           query_body_is_plain_text(http_request_field(request, SLICE("Content-Type"))) ||
           error_set(err, ERROR_BAD_REQUEST, SLICE_EMPTY,
                     "Unable to read the query options in the body. Please ensure Content-Type "
                     "header is set to 'text/plain', in UTF-8.");
}

static bool read_body(struct call *call, struct error *err)
{
    const struct api *api = call->loop->api;
    const struct http_request *request = &call->exchange->request;
    size_t filters = call->path.beyond->filters.len; /* they are repeated as well */

    return check_place(call, err) && coding_read_body(call, api->body_bytes_max, err) &&
           check_type(request, err) &&
           query_body_join(request->query, request->body,
                           api->query_bytes_max > filters ? api->query_bytes_max - filters : 0,
                           call->arena, &call->all_options, err);
}

bool graph_complete_address(struct call *call)
{
    const struct odata_path_beyond *beyond = call->path.beyond;
    struct error error = { 0 };

    if ((!beyond->options_in_body || read_body(call, &error)) &&
        (beyond->key_alias.len == 0 || odata_key_of_alias(beyond->key_alias, graph_query(call),
                                                          call->arena, &call->path.key, &error)))
        return true;
    call_finish_error(call, &error);
    return false;
}

bool graph_read_filters(struct call *call, const struct odata_filter_rules *rules, uint32_t *beyond,
                        struct error *err)
{
    const struct slice none = { NULL, 0 }, filters = call->path.beyond->filters;
    struct odata_options *options = &call->options;

    if (filters.len == 0)
        return true;
    /* A $skiptoken is for these as well. */
    options->digest = options->digest * 31 ^ odata_query_digest(filters, none, none, none, none,
                                                                options->aliases, call->arena);
    return odata_filter_segments_read(call->loop->api->model, call->path.type, filters,
                                      options->aliases, rules, call->arena, &options->query.filter,
                                      beyond, err);
}
