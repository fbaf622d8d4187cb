/* service/export.c - walks every set page by page and writes what service_seed() reads.
 *
 * A page is read into an arena of its own and its text handed on before the next one is read.
 * Whatever is stored is written, null too: what is left out of a seed gets its default, which may
 * be another value.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "service/export.h"

#include "base/arena.h"
#include "base/text.h"
#include "edm/entity_text.h"
#include "edm/model.h"
#include "edm/query.h"
#include "store/registry.h"
#include "store/store.h"
#include "json/writer.h"

#define PAGE_ROWS        1000
#define PAGE_BYTES       ((size_t)1 << 20)   /* of text, as stored */
#define PAGE_ARENA_BYTES ((size_t)256 << 20) /* a limit: the largest entity, six times over */
#define TENANT_BYTES     65536

struct exporting {
    struct store_session *session;
    struct uuid tenant;
    export_sink *sink;
    void *context;
    size_t count;     /* entities written */
    size_t set_count; /* of the set being written */
};

static bool write_entity(struct exporting *exporting, const struct edm_entity *entity,
                         struct arena *arena, struct error *err)
{
    struct json_writer writer;
    struct text text;

    text_init(&text, arena, 1024, PAGE_ARENA_BYTES);
    text_append(&text, exporting->set_count++ ? SLICE(",\n") : SLICE("\n"));
    json_writer_init(&writer, &text);
    edm_entity_write(entity, &writer);
    exporting->count++;
    return text.failed ? error_no_memory(err)
                       : exporting->sink(exporting->context, text_slice(&text), err);
}

static bool write_page(struct exporting *exporting, const struct edm_page *page,
                       struct arena *arena, struct error *err)
{
    for (size_t i = 0; i < page->count; i++) {
        const struct edm_entity *entity = page->entities[i];
        if (!edm_is_built_in(entity->type, entity->values[0].text) &&
            !write_entity(exporting, entity, arena, err))
            return false;
    }
    return true;
}

/* One page behind query->after. *ret_after, in `keys`, is where the next one starts; empty: there
 * is none. */
static bool export_page(struct exporting *exporting, const struct edm_query *query,
                        struct arena *keys, struct slice *ret_after, struct error *err)
{
    struct arena *arena = arena_create(NULL, PAGE_ARENA_BYTES);
    struct edm_page page;
    bool ok;

    if (!arena)
        return error_no_memory(err);
    ok = store_entity_list(exporting->session, exporting->tenant, query, arena, &page, err) &&
         write_page(exporting, &page, arena, err);
    *ret_after = SLICE_EMPTY;
    if (ok && page.more &&
        !arena_copy(keys, page.entities[page.count - 1]->values[0].text, ret_after))
        ok = error_no_memory(err);
    arena_destroy(arena);
    return ok;
}

/* Two arenas of keys take turns: one holds where this page starts, one where the next one does. */
static bool export_pages(struct exporting *exporting, const struct edm_entity_type *type,
                         struct error *err)
{
    struct edm_query query = { .type = type,
                               .select = edm_all_properties(type),
                               .page_size = PAGE_ROWS,
                               .page_bytes = PAGE_BYTES };
    struct arena *keys = NULL;
    bool ok;

    do {
        struct arena *next_keys = arena_create(NULL, PAGE_ARENA_BYTES);
        struct slice after = SLICE_EMPTY;

        ok = next_keys ? export_page(exporting, &query, next_keys, &after, err)
                       : error_no_memory(err);
        arena_destroy(keys);
        keys = next_keys;
        query.after = after;
    } while (ok && query.after.len);
    arena_destroy(keys);
    return ok;
}

static bool say(struct exporting *exporting, struct slice piece, struct error *err)
{
    return exporting->sink(exporting->context, piece, err);
}

static bool export_set(struct exporting *exporting, const struct edm_entity_type *type,
                       struct error *err)
{
    exporting->set_count = 0;
    return say(exporting, SLICE("\""), err) && say(exporting, type->set_name, err) &&
           say(exporting, SLICE("\": ["), err) && export_pages(exporting, type, err) &&
           say(exporting, exporting->set_count ? SLICE("\n]") : SLICE("]"), err);
}

static bool check_tenant(const struct exporting *exporting, struct error *err)
{
    struct arena *arena = arena_create(NULL, TENANT_BYTES);
    struct registry_tenant tenant;

    if (!arena)
        return error_no_memory(err);
    bool ok = registry_tenant_get(exporting->session, exporting->tenant, arena, &tenant, err);
    arena_destroy(arena);
    return ok;
}

bool service_export(struct store_session *session, const struct edm_model *model,
                    struct uuid tenant, export_sink *sink, void *context, size_t *ret_count,
                    struct error *err)
{
    const struct edm_singleton *singleton = model->singleton;
    struct exporting exporting = {
        .session = session, .tenant = tenant, .sink = sink, .context = context
    };
    bool begun = false;

    if (!check_tenant(&exporting, err))
        return false;
    for (size_t i = 0; i < singleton->type_count; i++) {
        if (singleton->types[i]->view_of)
            continue;
        if (!say(&exporting, begun ? SLICE(",\n") : SLICE("{\n"), err) ||
            !export_set(&exporting, singleton->types[i], err))
            return false;
        begun = true;
    }
    if (!say(&exporting, SLICE("\n}\n"), err))
        return false;
    *ret_count = exporting.count;
    return true;
}
