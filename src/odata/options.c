/* odata/options.c - splits a query string and reads each option.
 *
 * A query is taken apart at '&' and '=' first; then names and values are percent-decoded, once,
 * with '+' for a space (form encoding, which half of the clients use). What a name turns out to be
 * (odata/option_table.h) decides:
 *
 *     an option of OData          read; refused by name where the resource or the method has no use
 *                                 for it, or it is not offered at all, since a filter that is
 *                                 ignored in silence gives wrong answers
 *     '$' and no option           refused too: the sign is reserved for OData
 *     '@'                         a parameter alias: kept for $filter and $orderby, which decode
 *                                 what they use
 *     anything else               a custom option: ignored, not even decoded
 *
 * Texts are those that Graph (its OData library) uses for the same mistake, so that scripts which
 * look for them keep working. The first mistake from the left is the one reported; what is wrong
 * inside $filter and $orderby comes last, since it can be read only when all aliases are known, and
 * inside $search (odata/search.h) and $apply (odata/apply.h) only once it is known whether there is
 * one. With $apply the names in $filter and $orderby are those that it leaves, so that they wait
 * too; with $compute (odata/compute.h) they may be those that it makes, and in $select as well.
 *
 * $top is the size of a page, as in Graph, and more pages follow behind it; so $top and maxpagesize
 * are two wishes about one thing, and the smaller wins.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "odata/options.h"

#include "base/arena.h"
#include "odata/option_table.h"
#include "odata/orderby.h"
#include "odata/percent.h"
#include "odata/query_digest.h"
#include "odata/query_pairs.h"
#include "odata/quote.h"
#include "odata/select.h"
#include "odata/select_items.h"
#include "odata/skiptoken.h"

/* The state of one odata_options_parse(). */
struct parse {
    const struct edm_model *model;
    const struct odata_path *path;
    struct arena *arena;
    bool is_read;
    uint32_t seen; /* 1 << enum odata_option_id: it was given */
    uint64_t top;
    struct odata_selection selection;
    struct slice select;          /* decoded; no pointer: not given */
    struct slice query;           /* all options */
    struct slice filter, orderby; /* decoded; no pointer: not given */
    struct odata_alias *aliases, *last_alias;
    const struct odata_filter_rules *rules;
    struct odata_options *out;
    struct error *err;
};

typedef bool option_reader(struct parse *parse, struct slice value);

/* --- $top, $skip, $count, $skiptoken --------------------------------------------------------- */

/* Up to INT64_MAX, which is what the library reads; a larger number is as wrong as a word. */
static bool read_number(struct parse *parse, const char *name, struct slice value, uint64_t *ret)
{
    return slice_to_uint64(slice_trim(value), INT64_MAX, ret) ||
           error_set(parse->err, ERROR_BAD_REQUEST, slice_of(name),
                     "Invalid value '%.*s' for %s query option found. The %s query option "
                     "requires a non-negative integer value.",
                     SLICE_ARG(odata_quote(value)), name, name);
}

static bool read_top(struct parse *parse, struct slice value)
{
    parse->out->top_given = read_number(parse, "$top", value, &parse->top);
    return parse->out->top_given;
}

static bool read_skip(struct parse *parse, struct slice value)
{
    return read_number(parse, "$skip", value, &parse->out->query.skip);
}

static bool read_count(struct parse *parse, struct slice value)
{
    struct slice word = slice_trim(value);

    parse->out->query.count = slice_eq_nocase(word, SLICE("true"));
    if (!parse->out->query.count && !slice_eq_nocase(word, SLICE("false")))
        return error_set(parse->err, ERROR_BAD_REQUEST, SLICE("$count"),
                         "Invalid value '%.*s' for $count query option found. Valid values are "
                         "'true' or 'false'.",
                         SLICE_ARG(odata_quote(value)));
    return true;
}

/* An empty one is refused: read as "from the start" it would send a client round in circles. */
static bool read_skiptoken(struct parse *parse, struct slice value)
{
    parse->out->skiptoken = value;
    return value.len > 0 || skiptoken_refuse(parse->err);
}

/* An empty one is as none: the address that an expired one leads to has it. */
static bool read_deltatoken(struct parse *parse, struct slice value)
{
    parse->out->deltatoken = value;
    parse->out->deltatoken_given = true;
    return true;
}

/* --- $format --------------------------------------------------------------------------------- */

static bool read_format(struct parse *parse, struct slice value)
{
    if (parse->path->resource == ODATA_CSDL && odata_format_is_xml(slice_trim(value))) {
        parse->out->xml_given = true;
        return true;
    }
    parse->out->level_given = odata_format_level(slice_trim(value), &parse->out->level);
    parse->out->ieee754 = parse->out->level_given && odata_format_ieee754(slice_trim(value));
    return parse->out->level_given ||
           error_set(parse->err, ERROR_NOT_ACCEPTABLE, SLICE("$format"),
                     "The format '%.*s' is not supported. Ask for %s.",
                     SLICE_ARG(odata_quote(value)),
                     parse->path->resource == ODATA_CSDL
                         ? "'xml' or 'json'"
                         : "'json', if need be with 'odata.metadata=none', 'minimal' or 'full'");
}

/* --- $filter, $orderby ----------------------------------------------------------------------- */

static struct slice given(struct slice value)
{
    return value.ptr ? value : SLICE("");
}

static bool read_filter(struct parse *parse, struct slice value)
{
    parse->filter = given(value);
    return true;
}

static bool read_orderby(struct parse *parse, struct slice value)
{
    parse->orderby = given(value);
    return true;
}

static bool keep_alias(struct parse *parse, struct slice name, struct slice value)
{
    struct odata_alias *alias = arena_new(parse->arena, struct odata_alias);

    if (!alias)
        return error_no_memory(parse->err);
    *alias = (struct odata_alias){ .name = name, .value = value };
    if (parse->last_alias)
        parse->last_alias->next = alias;
    else
        parse->aliases = alias;
    parse->last_alias = alias;
    return true;
}

/* What has expressions in it, now that all aliases are known. */
static bool read_expressions(struct parse *parse)
{
    const struct edm_entity_type *type = parse->path->type;
    struct edm_query *query = &parse->out->query;

    if (parse->out->compute.ptr)
        return true;
    if (!odata_select_items_read(parse->model, parse->path, parse->is_read, &parse->selection,
                                 parse->aliases, parse->rules, parse->arena, query,
                                 &parse->out->beyond, parse->err))
        return false;
    if (parse->out->apply.ptr)
        return true;
    if (parse->filter.ptr &&
        !odata_filter_parse(parse->model, type, parse->filter, parse->aliases, parse->rules,
                            parse->arena, &query->filter, &parse->out->beyond, parse->err))
        return false;
    return !parse->orderby.ptr ||
           odata_orderby_parse(parse->model, type, parse->orderby, parse->aliases, parse->rules,
                               parse->arena, &query->order, &query->order_count,
                               &parse->out->beyond, parse->err);
}

/* --- $select, $expand ------------------------------------------------------------------------ */

/* A $select that is wrong may name what $compute makes, wherever that stands, and is then read once
 * more behind it. False: there is none, and what is wrong stands; or memory ended, which is told.
 */
static COLD bool select_waits(struct parse *parse)
{
    struct slice rest = parse->query, pair, name, value, decoded;
    struct error why = { 0 };

    while (why.code != ERROR_TOO_LARGE && odata_query_take_pair(&rest, &pair, &name, &value)) {
        const struct odata_option *option =
            odata_percent_decode(name, true, parse->arena, &decoded, &why)
                ? odata_option_find(decoded)
                : NULL;
        if (option && option->id == ODATA_OPTION_COMPUTE) {
            if (parse->err)
                *parse->err = (struct error){ 0 };
            return true;
        }
    }
    return why.code == ERROR_TOO_LARGE && error_no_memory(parse->err);
}

static bool read_select(struct parse *parse, struct slice value)
{
    parse->out->query.select_given = true;
    parse->select = given(value);
    return odata_select_parse(parse->model, parse->path, NULL, value, &parse->selection,
                              parse->err) ||
           select_waits(parse);
}

static bool read_expand(struct parse *parse, struct slice value)
{
    return odata_expand_check(parse->model, parse->path, value, parse->err);
}

/* --- $search --------------------------------------------------------------------------------- */

static bool read_search(struct parse *parse, struct slice value)
{
    parse->out->search = given(value);
    parse->out->beyond |= BEYOND_BIT(BEYOND_SEARCH);
    return true;
}

/* --- $apply ---------------------------------------------------------------------------------- */

static bool read_apply(struct parse *parse, struct slice value)
{
    parse->out->apply = given(value);
    parse->out->beyond |= BEYOND_BIT(BEYOND_APPLY);
    return true;
}

/* --- $compute -------------------------------------------------------------------------------- */

static bool read_compute(struct parse *parse, struct slice value)
{
    parse->out->compute = given(value);
    parse->out->beyond |= BEYOND_BIT(BEYOND_COMPUTE);
    return true;
}

/* --- the options together -------------------------------------------------------------------- */

static option_reader *const readers[] = {
    [ODATA_OPTION_SELECT] = read_select,       [ODATA_OPTION_TOP] = read_top,
    [ODATA_OPTION_COUNT] = read_count,         [ODATA_OPTION_SKIP] = read_skip,
    [ODATA_OPTION_SKIPTOKEN] = read_skiptoken, [ODATA_OPTION_DELTATOKEN] = read_deltatoken,
    [ODATA_OPTION_FILTER] = read_filter,       [ODATA_OPTION_ORDERBY] = read_orderby,
    [ODATA_OPTION_EXPAND] = read_expand,       [ODATA_OPTION_SEARCH] = read_search,
    [ODATA_OPTION_APPLY] = read_apply,         [ODATA_OPTION_COMPUTE] = read_compute,
    [ODATA_OPTION_FORMAT] = read_format,
};

static bool check_once(struct parse *parse, const struct odata_option *option)
{
    uint32_t bit = UINT32_C(1) << option->id;

    if (parse->seen & bit)
        return error_set(parse->err, ERROR_BAD_REQUEST, option->name,
                         "Query option '%.*s' was specified more than once, but it must be "
                         "specified at most once.",
                         SLICE_ARG(option->name));
    parse->seen |= bit;
    return true;
}

static bool read_pair(struct parse *parse, struct slice name, struct slice value)
{
    struct slice decoded;

    if (!odata_percent_decode(name, true, parse->arena, &decoded, parse->err))
        return false;
    const struct odata_option *option = odata_option_find(decoded);
    if (!option && decoded.len && decoded.ptr[0] == '$')
        return error_set(parse->err, ERROR_BAD_REQUEST, decoded,
                         "Custom query option '%.*s' that starts with '$' is not supported.",
                         SLICE_ARG(odata_quote(decoded)));
    if (!option)
        return decoded.len == 0 || decoded.ptr[0] != '@' || keep_alias(parse, decoded, value);
    return odata_option_check_place(option, parse->path, parse->is_read, parse->err) &&
           check_once(parse, option) &&
           odata_percent_decode(value, true, parse->arena, &decoded, parse->err) &&
           readers[option->id](parse, decoded);
}

static size_t smaller(uint64_t a, uint64_t b)
{
    return (size_t)(a < b ? a : b);
}

/* Rows a page by all that was said about it; `max_page_size` is 0 when nothing was. */
static size_t page_size(const struct parse *parse, const struct profile *profile,
                        uint64_t max_page_size)
{
    uint64_t wish = profile->page_size_default;

    if (max_page_size)
        wish = max_page_size;
    if (parse->out->top_given)
        wish = max_page_size ? smaller(parse->top, max_page_size) : parse->top;
    return smaller(wish, ODATA_PAGE_SIZE_MAX);
}

bool odata_options_parse(const struct edm_model *model, const struct profile *profile,
                         const struct odata_path *path, bool is_read, struct slice query,
                         uint64_t max_page_size, const struct odata_filter_rules *rules,
                         struct arena *arena, struct odata_options *ret, struct error *err)
{
    struct odata_options result = { .query = { .type = path->type } };
    struct parse parse = {
        .model = model,
        .path = path,
        .arena = arena,
        .is_read = is_read,
        .query = query,
        .rules = rules,
        .out = &result,
        .err = err,
    };
    struct slice pair, name, value;

    while (odata_query_take_pair(&query, &pair, &name, &value)) {
        if (!read_pair(&parse, name, value))
            return false;
    }
    if (!read_expressions(&parse))
        return false;
    result.query.later_members = rules->later_members;
    result.digest = odata_query_digest(parse.filter, parse.orderby, result.search, result.apply,
                                       result.compute, parse.aliases, arena);
    result.select = result.compute.ptr ? parse.select : SLICE_EMPTY;
    result.filter = parse.filter;
    result.orderby = parse.orderby;
    result.aliases = parse.aliases;
    result.top = parse.top;
    result.selects = result.query.select_given;
    result.query.select = parse.selection.properties;
    if (!result.query.select_given || parse.selection.star) {
        result.query.select = odata_select_all(model, path);
        result.query.select_given = false;
    }
    result.query.page_size = page_size(&parse, profile, max_page_size);
    *ret = result;
    return true;
}
