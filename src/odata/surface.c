/* odata/surface.c - asks those who decide about requests what they would say.
 *
 * An option that goes beyond Graph has a row in odata/beyond.c named after it ("search" for
 * $search, with the option as the target of its refusal), and so has a word of $filter
 * ("matchespattern", refused with $filter as the target); where such rows are refused the option or
 * the word is not there.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "odata/surface.h"

#include "base/compiler.h"
#include "base/text.h"
#include "odata/beyond.h"
#include "odata/filter.h"
#include "odata/option_table.h"

static bool is_refused_beyond(struct slice id, struct slice target)
{
    for (size_t i = 0; i < BEYOND_COUNT; i++) {
        const struct beyond_row *row = &beyond_rows[i];

        if (row->refusal != ERROR_NONE && slice_eq(slice_of(row->target), target) &&
            slice_eq(slice_of(row->id), id))
            return true;
    }
    return false;
}

static bool has_option(const struct odata_surface *surface, enum odata_resource resource,
                       const struct edm_entity_type *type, bool is_read, struct slice name)
{
    const struct odata_path path = { .resource = resource,
                                     .version = surface->version,
                                     .type = type };

    if (resource == ODATA_DELTA && !odata_surface_has_delta(surface, type))
        return false;
    return odata_option_is_offered(&path, is_read, name) &&
           !(surface->refuses_beyond && is_refused_beyond(slice_sub(name, 1, name.len), name));
}

bool odata_surface_has_option(const struct odata_surface *surface, enum odata_resource resource,
                              const struct edm_entity_type *type, const char *name)
{
    return has_option(surface, resource, type, true, slice_of(name));
}

bool odata_surface_has_option_of_write(const struct odata_surface *surface,
                                       enum odata_resource resource,
                                       const struct edm_entity_type *type, const char *name)
{
    return has_option(surface, resource, type, false, slice_of(name));
}

bool odata_surface_has_operation(const struct odata_surface *surface,
                                 const struct edm_entity_type *type, enum edm_operation operation)
{
    return type->permissions[operation].count > 0 &&
           !(surface->refuses_beyond && (type->beyond_graph >> operation & 1));
}

/* Asked of the path resolver; the row of odata/beyond.c has no refusal, since Graph takes the name
 * for a key. */
bool odata_surface_has_delta(const struct odata_surface *surface,
                             const struct edm_entity_type *type)
{
    char memory[256];
    struct odata_path found;
    struct text path;

    text_init_fixed(&path, memory, sizeof memory);
    text_printf(&path, "/%.*s/%.*s/delta", SLICE_ARG(surface->model->singleton->name),
                SLICE_ARG(type->set_name));
    return !surface->refuses_beyond && odata_surface_has_operation(surface, type, EDM_LIST) &&
           odata_path_parse(surface->model, surface->version, text_slice(&path), NULL, &found,
                            NULL) &&
           found.resource == ODATA_DELTA;
}

bool odata_surface_has_path(const struct odata_surface *surface, const char *path)
{
    struct odata_path found;

    return odata_path_parse(surface->model, surface->version, slice_of(path), NULL, &found, NULL);
}

bool odata_surface_goes_beyond(const struct odata_surface *surface, enum beyond row)
{
    return row < BEYOND_COUNT && !surface->refuses_beyond;
}

/* Words of the grammar that are neither an operator between two values nor a function of values. */
static const struct slice grammar[] = {
    SLICE_INIT("not"), SLICE_INIT("in"),   SLICE_INIT("has"),  SLICE_INIT("any"),
    SLICE_INIT("all"), SLICE_INIT("cast"), SLICE_INIT("isof"), SLICE_INIT("hassubset"),
};

bool odata_surface_has_filter_word(const struct odata_surface *surface, struct slice word)
{
    return !(surface->refuses_beyond && is_refused_beyond(word, SLICE("$filter")));
}

struct slice odata_surface_filter_word(size_t index)
{
    if (index < COUNT_OF(grammar))
        return grammar[index];
    index -= COUNT_OF(grammar);
    if (index < odata_filter_operator_count())
        return odata_filter_operator(index);
    return odata_filter_function(index - odata_filter_operator_count());
}
