/* odata/path.c - walks the segments of a URL's path down the model.
 *
 *     /{version}[/$metadata]
 *     /{version}/{singleton}[/{property} | /{set}[[/$filter(...)] [/$count] | /delta | /{action} |
 *         /{function} | entity [/{action} | /{property} [/$value | /$count]]]]
 *     entity := /{key} | ([{name}=]'{key}') | ([{name}=]@{alias})
 *
 * Order matters for security: the path is split at its slashes first and percent-decoded after,
 * each segment once, so that an encoded slash is text of a key and never makes a segment, and "%25"
 * never turns into a second encoding. One slash at the end is passed over, as Graph does; an empty
 * segment anywhere else is a segment that nobody knows.
 *
 * "$query" may stand behind all that is read with options: whoever sends it has them in the body.
 * It is looked for only where nothing else was found, so that nobody else pays for it.
 *
 * A walk goes strictly downwards: every rule takes the next segment, decides what it is in the
 * place where it stands, and hands on to the rule below. So the same word may be a key behind a set
 * and an action behind a key, and no rule looks back.
 *
 * A key in parentheses without quotes is refused as by Graph: there an unquoted GUID is a literal
 * of another type. Where an alias stands for it the path has no key yet: the options, where its
 * value is, are read behind the checks that a path has to pass.
 *
 * Messages repeat the segment as the client meant it, decoded; odata/quote.h says how much of it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "odata/path.h"

#include "base/arena.h"
#include "odata/filter_segment.h"
#include "odata/key.h"
#include "odata/percent.h"
#include "odata/quote.h"

#define VERSION_TEXT_MAX 300 /* encoded bytes of a version segment that are looked at */

/* --- the version ----------------------------------------------------------------------------- */

bool odata_path_version(struct slice path, unsigned *ret_version, struct slice *ret_rest,
                        struct error *err)
{
    char memory[VERSION_TEXT_MAX];
    struct slice inside = slice_sub(path, 1, path.len); /* behind the first slash */
    struct slice segment = slice_sub(inside, 0, slice_index(inside, '/'));
    struct slice start = slice_sub(segment, 0, sizeof memory);
    struct slice text = { memory, 0 };

    /* No version is that long; cutting first spares an arena. */
    if (!odata_percent_decode_into(start, false, memory, &text.len))
        text = start;
    unsigned version = start.len == segment.len ? edm_version_parse(text) : 0;
    if (version == 0)
        return error_set(err, ERROR_NOT_FOUND, SLICE_EMPTY, "Invalid version: %.*s",
                         SLICE_ARG(odata_quote(text)));
    *ret_version = version;
    *ret_rest = slice_sub(inside, segment.len, inside.len);
    return true;
}

/* --- the walk -------------------------------------------------------------------------------- */

struct walk {
    const struct edm_model *model;
    struct arena *arena;
    struct slice rest; /* what is not walked yet: empty, or starts with '/' */
    struct odata_path path;
    struct odata_path_beyond *beyond; /* the path's; NULL: nothing is */
    struct error *err;
};

static bool refuse_segment(struct slice segment, struct error *err)
{
    return error_set(err, ERROR_BAD_REQUEST, segment, "Resource not found for the segment '%.*s'.",
                     SLICE_ARG(odata_quote(segment)));
}

static bool refuse_key(struct slice segment, struct error *err)
{
    return error_set(err, ERROR_BAD_REQUEST, segment,
                     "Bad Request - Error in query syntax: the key in '%.*s' is not a string in "
                     "single quotes.",
                     SLICE_ARG(odata_quote(segment)));
}

static bool unknown_segment(struct walk *walk, struct slice segment)
{
    return refuse_segment(segment, walk->err);
}

static bool malformed_key(struct walk *walk, struct slice segment)
{
    return refuse_key(segment, walk->err);
}

/* Notes that `segment` is of that row. */
static bool goes_beyond(struct walk *walk, enum beyond row, struct slice segment)
{
    if (!walk->beyond) {
        walk->beyond = arena_new(walk->arena, struct odata_path_beyond);
        if (!walk->beyond)
            return error_no_memory(walk->err);
        walk->beyond->segment = segment;
        walk->path.beyond = walk->beyond;
    }
    walk->beyond->rows |= BEYOND_BIT(row);
    return true;
}

static bool at_end(const struct walk *walk)
{
    return walk->rest.len == 0 || slice_eq(walk->rest, SLICE("/"));
}

/* Whether what was found so far is read with options. */
static bool takes_options(const struct walk *walk)
{
    enum odata_resource resource = walk->path.resource;

    return resource != ODATA_ACTION && resource != ODATA_SERVICE && resource != ODATA_CSDL &&
           resource != ODATA_BATCH;
}

/* ["$query"], which may be the last segment; any other is not known. */
static bool walk_query(struct walk *walk, struct slice segment)
{
    if (!slice_eq_nocase(segment, SLICE("$query")) || !takes_options(walk) || !at_end(walk))
        return unknown_segment(walk, segment);
    if (!goes_beyond(walk, BEYOND_QUERY_IN_BODY, segment))
        return false;
    walk->beyond->options_in_body = true;
    return true;
}

static bool take_segment(struct walk *walk, struct slice *ret)
{
    struct slice inside = slice_sub(walk->rest, 1, walk->rest.len);
    size_t len = slice_index(inside, '/');

    walk->rest = slice_sub(inside, len, inside.len);
    return odata_percent_decode(slice_sub(inside, 0, len), false, walk->arena, ret, walk->err);
}

/* Nothing may follow. */
static bool walk_end(struct walk *walk)
{
    struct slice segment;

    if (at_end(walk))
        return true;
    return take_segment(walk, &segment) && walk_query(walk, segment);
}

/* Removes `prefix` and the dot behind it. */
static bool cut_qualifier(struct slice *name, struct slice prefix)
{
    if (!slice_starts_with_nocase(*name, prefix) || name->len == prefix.len ||
        name->ptr[prefix.len] != '.')
        return false;
    *name = slice_sub(*name, prefix.len + 1, name->len);
    return true;
}

/* ["$value" | "$count"]: a collection has the one, anything else the other */
static bool walk_value(struct walk *walk)
{
    struct slice segment;

    if (at_end(walk))
        return true;
    if (!take_segment(walk, &segment))
        return false;
    if (walk->path.property->flags & EDM_COLLECTION) {
        if (!slice_eq_nocase(segment, SLICE("$count")))
            return walk_query(walk, segment);
        walk->path.resource = ODATA_PROPERTY_COUNT;
        return goes_beyond(walk, BEYOND_COLLECTION_COUNT, segment) && walk_end(walk);
    }
    if (!slice_eq_nocase(segment, SLICE("$value")))
        return walk_query(walk, segment);
    walk->path.resource = ODATA_VALUE;
    return walk_end(walk);
}

/* The action or function that `segment` calls; NULL for none. */
static const struct edm_action *called_by(const struct walk *walk, struct slice segment)
{
    struct slice name = segment;

    if (!cut_qualifier(&name, walk->model->namespace_name))
        cut_qualifier(&name, walk->model->alias);
    return edm_find_action(walk->path.type, name, walk->path.version);
}

static bool find_action(struct walk *walk, struct slice segment)
{
    const struct edm_action *action = called_by(walk, segment);

    if (!action || action->of_set)
        return false;
    walk->path.action = action;
    return true;
}

/* action := [namespace "." | alias "."] name, property := name */
static bool walk_member(struct walk *walk)
{
    struct slice segment;

    if (at_end(walk))
        return true;
    if (!take_segment(walk, &segment))
        return false;
    if (find_action(walk, segment)) {
        walk->path.resource = ODATA_ACTION;
        return walk_end(walk);
    }
    int index = edm_find_property_nocase(walk->path.type, segment);
    if (index < 0)
        return walk_query(walk, segment);
    walk->path.property = &walk->path.type->properties[index];
    walk->path.resource = ODATA_PROPERTY;
    return walk_value(walk);
}

/* Takes `key` as the entity's. */
static bool set_key(struct walk *walk, struct slice key)
{
    if (!odata_key_normalise(key, walk->arena, &walk->path.key, walk->err))
        return false;
    walk->path.resource = ODATA_ENTITY;
    return walk_member(walk);
}

/* Without "()" at its end. */
static struct slice without_parentheses(struct slice name)
{
    return name.len > 2 && slice_eq(slice_sub(name, name.len - 2, 2), SLICE("()"))
               ? slice_sub(name, 0, name.len - 2)
               : name;
}

/* Whether nothing but "$query" stands behind. */
static bool ends_in_query(const struct walk *walk)
{
    struct walk ahead = *walk;
    struct slice segment;

    ahead.err = NULL;
    return take_segment(&ahead, &segment) && slice_eq_nocase(segment, SLICE("$query")) &&
           at_end(&ahead);
}

/* What is asked of the set as a whole, and nothing behind it: [namespace "." | alias "."] name,
 * and "()" behind that of a function, which may have "$query" behind it. */
static bool find_of_set(struct walk *walk, struct slice segment)
{
    struct slice name = without_parentheses(segment);
    const struct edm_action *action =
        at_end(walk) || ends_in_query(walk) ? called_by(walk, name) : NULL;

    if (!action || !action->of_set)
        return false;
    if (!edm_is_function(action) && (name.len < segment.len || !at_end(walk)))
        return false;
    walk->path.action = action;
    walk->path.resource = edm_is_function(action) ? ODATA_SET_FUNCTION : ODATA_SET_ACTION;
    return true;
}

/* delta := [namespace "." | alias "."] "delta" ["()"], and nothing behind it but "$query" */
static bool is_delta(const struct walk *walk, struct slice segment)
{
    struct slice name = without_parentheses(segment);

    if (!cut_qualifier(&name, walk->model->namespace_name))
        cut_qualifier(&name, walk->model->alias);
    return slice_eq_nocase(name, SLICE("delta")) && (at_end(walk) || ends_in_query(walk));
}

/* *("$filter(" condition ")") ["$count"]: `rest` is where `segment` begins. Of a condition with a
 * slash the segment is not all. */
static bool walk_filters(struct walk *walk, struct slice rest, struct slice segment)
{
    struct slice after = rest, condition;

    while (odata_filter_segment_take(&after, &condition))
        walk->rest = after;
    if (after.ptr == rest.ptr)
        return walk_query(walk, segment);
    if (!goes_beyond(walk, BEYOND_FILTER_SEGMENT, segment))
        return false;
    walk->beyond->filters = slice_sub(rest, 0, rest.len - after.len);
    if (at_end(walk))
        return true;
    if (!take_segment(walk, &segment))
        return false;
    if (!slice_eq_nocase(segment, SLICE("$count")))
        return walk_query(walk, segment);
    walk->path.resource = ODATA_COUNT;
    return walk_end(walk);
}

/* "$count" | filters | of set | delta | key := any text. What begins with '$' is an address of
 * OData's own, never a key. */
static bool walk_key_segment(struct walk *walk)
{
    struct slice rest = walk->rest, segment;

    if (at_end(walk))
        return true;
    if (!take_segment(walk, &segment))
        return false;
    if (slice_eq_nocase(segment, SLICE("$count"))) {
        walk->path.resource = ODATA_COUNT;
        return walk_end(walk);
    }
    if (segment.len == 0 || segment.ptr[0] == '$')
        return walk_filters(walk, rest, segment);
    if (find_of_set(walk, segment))
        return walk_end(walk);
    if (is_delta(walk, segment)) {
        walk->path.key = segment;
        walk->path.resource = ODATA_DELTA;
        return walk_end(walk);
    }
    return set_key(walk, segment);
}

static bool set_key_alias(struct walk *walk, struct slice segment, struct slice alias)
{
    if (!goes_beyond(walk, BEYOND_KEY_ALIAS, segment))
        return false;
    walk->beyond->key_alias = alias;
    walk->path.resource = ODATA_ENTITY;
    return walk_member(walk);
}

/* value := literal | alias */
static bool read_key_value(struct walk *walk, struct slice segment, struct slice value)
{
    struct slice key;

    if (odata_key_is_alias(value))
        return set_key_alias(walk, segment, value);
    if (!odata_key_is_literal(value))
        return malformed_key(walk, segment);
    return odata_key_of_literal(value, walk->arena, &key, walk->err) && set_key(walk, key);
}

/* parentheses := "(" [[name "="] value] ")"; empty ones mean the set itself. */
static bool walk_key_in_parentheses(struct walk *walk, struct slice segment, size_t open)
{
    struct slice inside = slice_trim(slice_sub(segment, open + 1, segment.len - open - 2));
    struct slice name, value;

    if (inside.len == 0)
        return walk_key_segment(walk);
    if (inside.ptr[0] == '\'' || !slice_cut(inside, '=', &name, &value))
        return read_key_value(walk, segment, inside);
    if (!slice_eq_nocase(slice_trim(name), walk->path.type->properties[0].name))
        return error_set(walk->err, ERROR_BAD_REQUEST, segment,
                         "Bad Request - Error in query syntax: '%.*s' is not the key of type "
                         "'%.*s.%.*s'.",
                         SLICE_ARG(odata_quote(slice_trim(name))),
                         SLICE_ARG(walk->model->namespace_name), SLICE_ARG(walk->path.type->name));
    return read_key_value(walk, segment, slice_trim(value));
}

static bool find_singleton_property(struct walk *walk, struct slice name)
{
    const struct edm_singleton *singleton = walk->model->singleton;
    int index = edm_find_singleton_property(singleton, name, walk->path.version);

    if (index < 0)
        return false;
    walk->path.singleton_property = &singleton->properties[index];
    walk->path.resource = ODATA_SINGLETON_PROPERTY;
    return true;
}

/* set := name [parentheses], property := name */
static bool walk_set(struct walk *walk)
{
    struct slice segment;

    if (at_end(walk))
        return true;
    if (!take_segment(walk, &segment))
        return false;

    size_t open = segment.len;
    if (segment.len && segment.ptr[segment.len - 1] == ')')
        open = slice_index(segment, '(');
    struct slice name = slice_sub(segment, 0, open);
    walk->path.type = edm_find_set(walk->model, name, walk->path.version);
    if (!walk->path.type)
        return find_singleton_property(walk, segment) ? walk_end(walk)
               : open < segment.len                   ? unknown_segment(walk, name)
                                                      : walk_query(walk, name);
    walk->path.resource = ODATA_SET;
    return open < segment.len ? walk_key_in_parentheses(walk, segment, open)
                              : walk_key_segment(walk);
}

/* The first segment below the version: "$metadata" | "$batch" | singleton */
static bool walk_version(struct walk *walk)
{
    const struct edm_singleton *singleton = walk->model->singleton;
    struct slice segment;

    if (at_end(walk))
        return true;
    if (!take_segment(walk, &segment))
        return false;
    if (slice_eq_nocase(segment, SLICE("$metadata"))) {
        walk->path.resource = ODATA_CSDL;
        return walk_end(walk);
    }
    if (slice_eq_nocase(segment, SLICE("$batch"))) {
        walk->path.resource = ODATA_BATCH;
        return walk_end(walk);
    }
    if (!(singleton->versions & walk->path.version) || !slice_eq_nocase(segment, singleton->name))
        return unknown_segment(walk, segment);
    walk->path.resource = ODATA_SINGLETON;
    return walk_set(walk);
}

bool odata_path_refuse_beyond(const struct odata_path *path, struct error *err)
{
    const struct odata_path_beyond *beyond = path->beyond;

    return beyond->key_alias.len ? refuse_key(beyond->segment, err)
                                 : refuse_segment(beyond->segment, err);
}

bool odata_path_parse(const struct edm_model *model, unsigned version, struct slice rest,
                      struct arena *arena, struct odata_path *ret, struct error *err)
{
    struct walk walk = {
        .model = model,
        .arena = arena,
        .rest = rest,
        .path = { .resource = ODATA_SERVICE, .version = version },
        .err = err,
    };

    if (!walk_version(&walk))
        return false;
    *ret = walk.path;
    return true;
}
