/* http/batch_reference.c - $1 in a URL: what the request with the id 1 made, or was about.
 *
 * Spec: OData 4.01 part 1 section 11.7.7.4 (multipart, by Content-ID), JSON Format 4.01 section
 * 19.1 (by id). What another request is done with is known when the reference is read: the key of
 * what it made, or its own path. Within a change set nothing is made yet, and even the key is not
 * known before the set's transaction: so the path is read with a key that stands for it, and the
 * write gets the real one in its transaction, where the create before it left it.
 *
 * In a JSON batch only what a request depends on, or what is of its group, can be meant: another
 * one may not have been executed yet. There references are beyond Graph; where these are refused a
 * $1 is a segment like any other, which nobody knows.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/arena.h"
#include "base/text.h"
#include "edm/entity.h"
#include "http/batch_run.h"
#include "http/graph.h"

/* In the place of a key that is not known yet. */
#define NO_KEY "00000000-0000-0000-0000-000000000000"

#define ADDRESS_MAX ((size_t)1 << 20) /* the longest head, each byte of a key percent-encoded */

/* --- whom it means ---------------------------------------------------------------------------- */

static bool may_mean(const struct part *part, size_t index)
{
    const struct batch_run *run = part->run;

    return run->boundary.len > 0 || (part->asked->depends_on >> index & 1) ||
           (part->set && run->parts[index].set == part->set);
}

/* The nearest one before it: clients have been seen to begin anew with 1 in each change set. */
static const struct part *find_meant(const struct part *part, struct slice id)
{
    const struct batch_run *run = part->run;

    for (size_t i = (size_t)(part - run->parts); i-- > 0;) {
        if (slice_eq_nocase(run->parts[i].asked->id, id) && may_mean(part, i))
            return &run->parts[i];
    }
    return NULL;
}

/* The id in "$id...", "/$id..."; *ret_tail is what follows. Empty: it is no reference. */
static struct slice cut_id(struct slice rest, struct slice *ret_tail)
{
    struct slice text = slice_starts_with(rest, SLICE("/")) ? slice_sub(rest, 1, rest.len) : rest;
    size_t end = 1;

    if (!slice_starts_with(text, SLICE("$")))
        return SLICE_EMPTY;
    while (end < text.len && text.ptr[end] != '/' && text.ptr[end] != '?')
        end++;
    *ret_tail = slice_sub(text, end, text.len);
    return slice_sub(text, 1, end - 1);
}

/* --- what that is ----------------------------------------------------------------------------- */

static bool is_create(const struct part *part)
{
    return part->call && part->call->path.resource == ODATA_SET &&
           part->exchange.request.method == HTTP_POST;
}

/* Whether there is one entity that it made, or that its path names. */
static bool has_entity(const struct part *part)
{
    return part->call && (is_create(part) ? part->progress == HELD || part->call->entity != NULL
                                          : part->call->path.resource == ODATA_ENTITY);
}

static struct slice key_of(const struct part *maker)
{
    return maker->progress == HELD ? SLICE(NO_KEY) : maker->call->entity->values[0].text;
}

/* Behind the version. */
static struct slice rest_of(struct slice path)
{
    return slice_sub(path, 1 + slice_index(slice_sub(path, 1, path.len), '/'), path.len);
}

/* The address of what a part is about, behind the version. One that its own options were needed to
 * read is written anew: whoever refers to it has other options. */
static bool find_address(const struct part *part, struct arena *arena, struct slice *ret)
{
    const struct odata_path *path = &part->call->path;
    const struct odata_reply reply = { .model = part->run->call->loop->api->model,
                                       .version = path->version };
    struct text url;

    *ret = rest_of(part->exchange.request.path);
    if (!path->beyond)
        return true;
    text_init(&url, arena, 0, ADDRESS_MAX);
    odata_write_entity_url(&reply, path->type, path->key, &url);
    *ret = rest_of(text_slice(&url));
    return !url.failed;
}

static bool is_refused(const struct part *part)
{
    const struct api *api = part->run->call->loop->api;

    return part->run->boundary.len == 0 && (api->strict || api->profile->refuses_beyond_graph);
}

bool batch_refer(struct part *part, struct slice *rest, struct error *err)
{
    struct slice tail = SLICE_EMPTY, id = cut_id(*rest, &tail), path;
    const struct part *meant = id.len ? find_meant(part, id) : NULL, *maker;

    if (!meant || is_refused(part))
        return true;
    if (meant->progress == DONE && batch_part_failed(meant)) {
        part->refers = meant; /* it fails with it, whatever the URL */
        return true;
    }
    if (!has_entity(meant))
        return true;
    part->refers = meant;
    maker = is_create(meant) ? meant : meant->maker;
    if (maker && maker->progress == HELD)
        part->maker = maker;
    return (find_address(maker ? maker : meant, part->exchange.arena, &path) &&
            arena_printf(part->exchange.arena, rest, "%.*s%s%.*s%.*s", SLICE_ARG(path),
                         maker ? "/" : "", SLICE_ARG(maker ? key_of(maker) : SLICE_EMPTY),
                         SLICE_ARG(tail))) ||
           error_no_memory(err);
}

/* --- when the key is known -------------------------------------------------------------------- */

void batch_take_key(struct part *part)
{
    if (part->maker)
        part->call->path.key = part->maker->call->entity->values[0].text;
}

/* Only for who reads the journal: without memory it shows the key that stood for it. */
void batch_show_key(struct part *part)
{
    struct slice *path = &part->exchange.request.path, key, tail;
    size_t at = 0;

    if (!part->maker || !part->maker->call->entity)
        return;
    key = part->maker->call->entity->values[0].text;
    while (at < path->len && !slice_starts_with(slice_sub(*path, at, path->len), SLICE(NO_KEY)))
        at++;
    tail = slice_sub(*path, at + sizeof NO_KEY - 1, path->len);
    if (!arena_printf(part->exchange.arena, path, "%.*s%.*s%.*s", (int)at, path->ptr,
                      SLICE_ARG(key), SLICE_ARG(tail)))
        return;
}
