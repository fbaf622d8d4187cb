/* fuzz/odata_path_fuzz.c - any path is refused in good order or means one resource.
 *
 * The first byte chooses the version and how much memory there is; the rest is the path behind the
 * version, or all of it. Of a path that is accepted, the canonical address is written and read
 * again: it must mean the same. That catches a key which two spellings decode differently, and
 * one that could break out of its address.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "model/graph_model.h"
#include "odata/filter_segment.h"
#include "odata/path.h"
#include "odata/payload.h"

#define PLENTY       ((size_t)1 << 20)
#define SMALL_BUDGET 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_error(const struct error *err, bool may_lack_memory)
{
    assert(err->code == ERROR_BAD_REQUEST || err->code == ERROR_NOT_FOUND ||
           (may_lack_memory && err->code == ERROR_TOO_LARGE));
    assert(err->message[0] != '\0');
    assert(slice_is_utf8(slice_of(err->message)) && slice_is_utf8(slice_of(err->target)));
}

/* What was found to be filters is that to its end. */
static void check_filters(struct slice filters)
{
    struct slice condition;

    while (filters.len > 0) {
        bool taken = odata_filter_segment_take(&filters, &condition);

        assert(taken);
    }
}

/* Whoever refuses what goes beyond Graph has words for it. */
static void check_beyond(const struct odata_path *path)
{
    struct error err = { 0 };

    if (!path->beyond)
        return;
    check_filters(path->beyond->filters);
    assert(path->beyond->rows != 0 && (path->type || path->beyond->options_in_body));
    assert(!odata_path_refuse_beyond(path, &err));
    check_error(&err, false);
}

static void check_path(const struct odata_path *path, unsigned version)
{
    assert(path->version == version);
    assert((path->resource == ODATA_SINGLETON || path->resource == ODATA_SERVICE ||
            path->resource == ODATA_CSDL) == (path->type == NULL));
    bool of_set = path->resource == ODATA_SET_ACTION || path->resource == ODATA_SET_FUNCTION;
    assert((path->resource == ODATA_ACTION || of_set) == (path->action != NULL));
    assert(!path->action || !path->action->of_set == !of_set);
    bool has_property = path->resource == ODATA_PROPERTY || path->resource == ODATA_VALUE ||
                        path->resource == ODATA_PROPERTY_COUNT;
    assert(has_property == (path->property != NULL));
    bool has_alias = path->beyond && path->beyond->key_alias.len > 0;
    assert((path->resource == ODATA_ENTITY || path->resource == ODATA_ACTION ||
            path->resource == ODATA_DELTA || has_property) == (path->key.len > 0 || has_alias));
    assert(!has_alias || path->key.len == 0);
    check_beyond(path);
    assert(!path->type || (path->type->versions & version));
    assert(slice_is_utf8(path->key) && slice_index(path->key, '\0') == path->key.len);
}

/* Writes where `path` points and reads that. */
static void check_round_trip(const struct odata_path *path, struct arena *arena)
{
    const struct odata_reply reply = { .model = &graph_model, .version = path->version };
    struct odata_path again;
    struct error err = { 0 };
    struct text url;
    unsigned version;
    struct slice rest;

    text_init(&url, arena, 0, PLENTY);
    if (path->key.len && path->resource != ODATA_DELTA)
        odata_write_entity_url(&reply, path->type, path->key, &url);
    else
        odata_write_set_url(&reply, path->type, &url);
    if (path->resource == ODATA_COUNT)
        text_append(&url, SLICE("/$count"));
    if (path->resource == ODATA_DELTA) {
        text_append_char(&url, '/');
        text_append(&url, path->key);
    }
    if (path->action) {
        text_append_char(&url, '/');
        text_append(&url, path->action->name);
    }
    if (path->property) {
        text_append_char(&url, '/');
        text_append(&url, path->property->name);
        if (path->resource == ODATA_VALUE)
            text_append(&url, SLICE("/$value"));
        if (path->resource == ODATA_PROPERTY_COUNT)
            text_append(&url, SLICE("/$count"));
    }
    assert(!url.failed);
    assert(odata_path_version(text_slice(&url), &version, &rest, &err));
    assert(version == path->version);
    assert(odata_path_parse(&graph_model, version, rest, arena, &again, &err));
    assert(again.resource == path->resource && again.type == path->type);
    assert(again.action == path->action && again.property == path->property &&
           slice_eq(again.key, path->key));
}

static void check(struct slice rest, unsigned version, struct arena *arena, bool may_lack_memory)
{
    struct odata_path path;
    struct error err = { 0 };

    if (!odata_path_parse(&graph_model, version, rest, arena, &path, &err)) {
        check_error(&err, may_lack_memory);
        return;
    }
    assert(err.code == ERROR_NONE);
    check_path(&path, version);
    if (path.beyond && path.beyond->key_alias.len > 0)
        return; /* what it means is not in the path alone */
    if (path.type && !may_lack_memory)
        check_round_trip(&path, arena);
}

static void check_version(struct slice path, struct arena *arena, bool may_lack_memory)
{
    unsigned version;
    struct slice rest;
    struct error err = { 0 };

    if (!odata_path_version(path, &version, &rest, &err)) {
        check_error(&err, false);
        return;
    }
    assert(version == EDM_VERSION_V1 || version == EDM_VERSION_BETA);
    assert(rest.len == 0 || rest.ptr[0] == '/');
    check(rest, version, arena, may_lack_memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    bool may_lack_memory = data[0] & 4;
    unsigned version = data[0] & 1 ? EDM_VERSION_BETA : EDM_VERSION_V1;
    struct arena *arena = arena_create(NULL, may_lack_memory ? SMALL_BUDGET : PLENTY);
    char *text = malloc(size > 1 ? size - 1 : 1); /* just this size: reading past it is seen */

    assert(arena && text);
    memcpy(text, data + 1, size - 1);
    if (data[0] & 2)
        check_version((struct slice){ text, size - 1 }, arena, may_lack_memory);
    else
        check((struct slice){ text, size - 1 }, version, arena, may_lack_memory);
    free(text);
    arena_destroy(arena);
    return 0;
}
