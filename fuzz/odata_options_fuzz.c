/* fuzz/odata_options_fuzz.c - any query string is refused in good order or makes a sound query.
 *
 * The first byte chooses what is asked (a set, its $count, an entity, the singleton; read or
 * written), the second the page size that the client prefers and how much memory there is; the rest
 * is the query string. Of a query that is accepted, the next page's is made and read: it must ask
 * for the same with another token.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "edm/items.h"
#include "model/graph_model.h"
#include "odata/compute.h"
#include "odata/options.h"
#include "odata/query_links.h"

#define PLENTY       ((size_t)8 << 20) /* an alias is decoded wherever it stands */
#define SMALL_BUDGET 64
#define HEAD_BYTES   2
#define TOKEN        SLICE("AZaz09_-")

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One way to call odata_options_parse(). */
struct request {
    struct odata_path path;
    bool is_read;
    bool may_lack_memory;
    const struct profile *profile;
    uint64_t max_page_size;
};

static struct request request_from(const uint8_t head[HEAD_BYTES])
{
    const struct edm_singleton *singleton = graph_model.singleton;
    enum odata_resource resource = (enum odata_resource)(head[0] & 3);

    if (resource == ODATA_SET && head[0] & 0x80)
        resource = ODATA_COUNT;
    if (resource == ODATA_SINGLETON && head[0] & 0x80)
        resource = head[0] & 0x40 ? ODATA_SERVICE : ODATA_CSDL;
    return (struct request){
        .path = { .resource = resource,
                  .version = EDM_VERSION_BETA,
                  .type = resource == ODATA_SINGLETON || resource == ODATA_SERVICE ||
                                  resource == ODATA_CSDL
                              ? NULL
                              : singleton->types[(head[0] >> 4) % singleton->type_count] },
        .is_read = !(head[0] & 4),
        .may_lack_memory = head[1] & 0x80,
        .profile = head[0] & 8 ? &profile_live : &profile_documented,
        .max_page_size = (head[1] & 0x7F) * UINT64_C(20),
    };
}

static bool parse(const struct request *request, struct slice query, struct arena *arena,
                  struct odata_options *ret, struct error *err)
{
    const struct odata_filter_rules rules = { .later_members = request->is_read };
    uint32_t beyond = 0;

    return odata_options_parse(&graph_model, request->profile, &request->path, request->is_read,
                               query, request->max_page_size, &rules, arena, ret, err) &&
           (!ret->compute.ptr ||
            odata_compute_options(&graph_model, &request->path, &rules, arena, ret, &beyond, err));
}

static uint64_t all_properties(const struct request *request)
{
    return request->path.type ? edm_all_properties(request->path.type)
                              : (UINT64_C(1) << graph_model.singleton->property_count) - 1;
}

static void check_options(const struct request *request, const struct odata_options *options)
{
    const struct edm_query *query = &options->query;

    assert(query->type == request->path.type && query->after.len == 0);
    assert(query->select || query->computed_count);
    assert(!(query->select & ~all_properties(request)));
    assert(query->select_given || query->select == all_properties(request));
    assert(query->page_size <= ODATA_PAGE_SIZE_MAX);
    assert(!request->max_page_size || query->page_size <= request->max_page_size);
    assert(slice_is_utf8(options->skiptoken));
    assert(!query->items || (request->is_read && request->path.type));
    for (const struct edm_items *items = query->items; items; items = items->next)
        assert(items->top >= 0 && items->skip >= 0 &&
               (request->path.type->properties[items->property].flags & EDM_COLLECTION));
    if (!request->is_read ||
        (request->path.resource != ODATA_SET && request->path.resource != ODATA_COUNT))
        assert(!options->top_given && !query->count && !query->filter && !query->skip &&
               !query->order_count && !options->search.ptr && options->skiptoken.len == 0);
}

static void check_next(const struct request *request, const struct odata_options *first,
                       struct slice query, struct arena *arena)
{
    struct odata_options next;
    struct slice next_query;
    struct error err = { 0 };

    assert(odata_next_query(query, TOKEN, arena, &next_query, &err));
    assert(slice_ends_with(next_query, TOKEN));
    assert(parse(request, next_query, arena, &next, &err));
    assert(slice_eq(next.skiptoken, TOKEN));
    assert(next.top_given == first->top_given && next.query.page_size == first->query.page_size);
    assert(next.query.select == first->query.select && next.query.count == first->query.count);
    assert(next.query.select_given == first->query.select_given);
    assert(!next.query.filter == !first->query.filter);
    assert(next.query.order_count == first->query.order_count && next.query.skip == 0);
    assert(!next.query.items == !first->query.items);
    assert(next.digest == first->digest && next.beyond == first->beyond);
}

static void check(const struct request *request, struct slice query, struct arena *arena)
{
    struct odata_options options;
    struct error err = { 0 };

    if (!parse(request, query, arena, &options, &err)) {
        assert(err.code == ERROR_BAD_REQUEST || err.code == ERROR_NOT_ACCEPTABLE ||
               err.code == ERROR_EXPAND_NOT_SUPPORTED ||
               (request->may_lack_memory && err.code == ERROR_TOO_LARGE));
        assert(err.message[0] != '\0');
        assert(slice_is_utf8(slice_of(err.message)) && slice_is_utf8(slice_of(err.target)));
        return;
    }
    assert(err.code == ERROR_NONE);
    check_options(request, &options);
    if (request->is_read && request->path.resource == ODATA_SET && !request->may_lack_memory)
        check_next(request, &options, query, arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < HEAD_BYTES)
        return 0;
    const struct request request = request_from(data);
    size_t len = size - HEAD_BYTES;
    struct arena *arena = arena_create(NULL, request.may_lack_memory ? SMALL_BUDGET : PLENTY);
    char *text = malloc(len ? len : 1); /* just this size: reading past it is seen */

    assert(arena && text);
    memcpy(text, data + HEAD_BYTES, len);
    check(&request, (struct slice){ text, len }, arena);
    free(text);
    arena_destroy(arena);
    return 0;
}
