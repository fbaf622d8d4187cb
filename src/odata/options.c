/* odata/options.c - splits a query string and reads each option by its row in a table.
 *
 * A query is taken apart at '&' and '=' first; then names and values are percent-decoded, once,
 * with '+' for a space (form encoding, which half of the clients use). A name is looked up without
 * regard to case, with or without its '$', as OData 4.01 asks. What it turns out to be decides:
 *
 *     a row with a reader         read, unless the resource or the method has no use for it
 *     a row without one           an option of OData not offered here: refused by name, since a
 *                                 filter that is ignored in silence gives wrong answers
 *     '$' and no row              refused too: the sign is reserved for OData
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
#include "base/text.h"
#include "odata/orderby.h"
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
    unsigned seen; /* bit i: options[i] was given */
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

/* Where an option may stand. */
enum place { NOWHERE, ON_READ_SETS, ON_READ_DATA, ON_DATA, ON_JSON };

struct option {
    struct slice name;  /* with its '$' */
    struct slice plain; /* without; empty where that is too common a word to be meant for OData */
    struct slice title; /* how the library's messages call it */
    enum place place;
    option_reader *read; /* NULL: not offered */
};

static option_reader read_select, read_top, read_count, read_skip, read_skiptoken, read_filter,
    read_orderby, read_expand, read_search, read_format, read_deltatoken, read_apply, read_compute;

/* Every system query option of OData 4.01 part 2, chapter 5, and those of its addresses. */
static const struct option options[] = {
    { SLICE_INIT("$select"), SLICE_INIT("select"), SLICE_INIT("Select"), ON_DATA, read_select },
    { SLICE_INIT("$top"), SLICE_INIT("top"), SLICE_INIT("Top"), ON_READ_SETS, read_top },
    { SLICE_INIT("$count"), SLICE_INIT("count"), SLICE_INIT("Count"), ON_READ_SETS, read_count },
    { SLICE_INIT("$skiptoken"), SLICE_INIT("skiptoken"), SLICE_INIT("SkipToken"), ON_READ_SETS,
      read_skiptoken },
    { SLICE_INIT("$filter"), SLICE_INIT("filter"), SLICE_INIT("Filter"), ON_READ_SETS,
      read_filter },
    { SLICE_INIT("$orderby"), SLICE_INIT("orderby"), SLICE_INIT("OrderBy"), ON_READ_SETS,
      read_orderby },
    { SLICE_INIT("$skip"), SLICE_INIT("skip"), SLICE_INIT("Skip"), ON_READ_SETS, read_skip },
    { SLICE_INIT("$expand"), SLICE_INIT("expand"), SLICE_INIT("Expand"), ON_DATA, read_expand },
    { SLICE_INIT("$search"), SLICE_INIT("search"), SLICE_INIT("Search"), ON_READ_SETS,
      read_search },
    { SLICE_INIT("$apply"), SLICE_INIT("apply"), SLICE_INIT("Apply"), ON_READ_SETS, read_apply },
    { SLICE_INIT("$compute"), SLICE_INIT("compute"), SLICE_INIT("Compute"), ON_READ_DATA,
      read_compute },
    { SLICE_INIT("$format"), SLICE_INIT("format"), SLICE_INIT("Format"), ON_JSON, read_format },
    { SLICE_INIT("$deltatoken"), SLICE_INIT("deltatoken"), SLICE_INIT("DeltaToken"), NOWHERE,
      read_deltatoken },
    { SLICE_INIT("$levels"), SLICE_INIT("levels"), SLICE_INIT("Levels"), NOWHERE, NULL },
    { SLICE_INIT("$index"), SLICE_INIT("index"), SLICE_INIT("Index"), NOWHERE, NULL },
    { SLICE_INIT("$schemaversion"), SLICE_INIT("schemaversion"), SLICE_INIT("SchemaVersion"),
      NOWHERE, NULL },
    { SLICE_INIT("$id"), SLICE_INIT(""), SLICE_INIT("Id"), NOWHERE, NULL },
};

/* --- names ----------------------------------------------------------------------------------- */

/* The option that `name` (decoded) means; NULL for none. */
static const struct option *find_option(struct slice name)
{
    for (size_t i = 0; i < COUNT_OF(options) && name.len; i++) {
        if (slice_eq_nocase(name, options[i].name) || slice_eq_nocase(name, options[i].plain))
            return &options[i];
    }
    return NULL;
}

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
                     "The format '%.*s' is not supported. Ask for 'json', if need be with "
                     "'odata.metadata=none', 'minimal' or 'full'.",
                     SLICE_ARG(odata_quote(value)));
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
        const struct option *option = odata_percent_decode(name, true, parse->arena, &decoded, &why)
                                          ? find_option(decoded)
                                          : NULL;
        if (option && option->read == read_compute) {
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

static bool refuse_option(struct parse *parse, const struct option *option)
{
    return error_set(parse->err, ERROR_BAD_REQUEST, option->name,
                     "The query specified in the URI is not valid. Query option '%.*s' is not "
                     "allowed. To allow it, set the 'AllowedQueryOptions' property on "
                     "EnableQueryAttribute or QueryValidationSettings.",
                     SLICE_ARG(option->title));
}

/* What a delta has no use for is refused by name, not passed over. */
static bool goes_with_delta(const struct option *option)
{
    return option->read == read_select || option->read == read_filter || option->read == read_top ||
           option->read == read_skiptoken || option->read == read_deltatoken ||
           option->read == read_format;
}

/* Refuses what this request has no use for. */
static bool check_place(struct parse *parse, const struct option *option)
{
    enum odata_resource resource = parse->path->resource;
    bool has_rows = resource == ODATA_SET || resource == ODATA_COUNT;
    bool has_properties = has_rows || resource == ODATA_SINGLETON || resource == ODATA_ENTITY ||
                          resource == ODATA_ACTION || resource == ODATA_SET_ACTION;
    bool is_text =
        resource == ODATA_COUNT || resource == ODATA_VALUE || resource == ODATA_PROPERTY_COUNT;
    bool is_read_data = parse->is_read && (has_rows || resource == ODATA_ENTITY);

    if (resource == ODATA_DELTA)
        return goes_with_delta(option) || refuse_option(parse, option);
    if ((option->place == ON_JSON && !is_text) || (option->place == ON_DATA && has_properties) ||
        (option->place == ON_READ_DATA && is_read_data))
        return true;
    if (option->place != ON_READ_SETS || !has_properties || !parse->is_read)
        return refuse_option(parse, option);
    if (!has_rows)
        return error_set(parse->err, ERROR_BAD_REQUEST, option->name,
                         "The query specified in the URI is not valid. The requested resource is "
                         "not a collection. Query options $filter, $orderby, $count, $skip, and "
                         "$top can be applied only on collections.");
    return true;
}

bool odata_option_is_offered(const struct edm_model *model, const struct odata_path *path,
                             bool is_read, struct slice name)
{
    struct parse parse = { .model = model, .path = path, .is_read = is_read };
    const struct option *option = find_option(name);

    return option && option->read && check_place(&parse, option);
}

static bool check_once(struct parse *parse, const struct option *option)
{
    unsigned bit = 1u << (option - options);

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
    const struct option *option = find_option(decoded);
    if (!option && decoded.len && decoded.ptr[0] == '$')
        return error_set(parse->err, ERROR_BAD_REQUEST, decoded,
                         "Custom query option '%.*s' that starts with '$' is not supported.",
                         SLICE_ARG(odata_quote(decoded)));
    if (!option)
        return decoded.len == 0 || decoded.ptr[0] != '@' || keep_alias(parse, decoded, value);
    return check_place(parse, option) && check_once(parse, option) &&
           odata_percent_decode(value, true, parse->arena, &decoded, parse->err) &&
           option->read(parse, decoded);
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

/* --- the next page --------------------------------------------------------------------------- */

/* What says where a page begins. */
static bool is_position(struct slice name, struct arena *arena)
{
    struct slice decoded;

    if (!odata_percent_decode(name, true, arena, &decoded, NULL))
        return false;
    const struct option *option = find_option(decoded);
    return option && (option->read == read_skiptoken || option->read == read_skip);
}

bool odata_query_to_remember(struct slice query, struct arena *arena, struct slice *ret,
                             struct error *err)
{
    struct slice pair, name, value, decoded;
    struct text text;

    text_init(&text, arena, query.len, query.len + 1);
    while (odata_query_take_pair(&query, &pair, &name, &value)) {
        if (!odata_percent_decode(name, true, arena, &decoded, NULL))
            continue;
        const struct option *option = find_option(decoded);
        if ((!option && !slice_starts_with(decoded, SLICE("@"))) ||
            (option && (option->read == read_skiptoken || option->read == read_deltatoken)))
            continue;
        if (text.len)
            text_append_char(&text, '&');
        text_append(&text, pair);
    }
    if (text.failed)
        return error_no_memory(err);
    *ret = text_slice(&text);
    return true;
}

bool odata_query_goes_with_delta(struct slice query, struct arena *arena)
{
    struct slice pair, name, value, decoded;

    while (odata_query_take_pair(&query, &pair, &name, &value)) {
        if (!odata_percent_decode(name, true, arena, &decoded, NULL))
            return false;
        const struct option *option = find_option(decoded);
        if (option && !goes_with_delta(option))
            return false;
    }
    return true;
}

bool odata_next_query(struct slice query, struct slice skiptoken, struct arena *arena,
                      struct slice *ret, struct error *err)
{
    const struct slice last = SLICE("$skiptoken=");
    size_t bytes = query.len + 1 + last.len + skiptoken.len;
    struct text text;
    struct slice pair, name, value;

    text_init(&text, arena, bytes, bytes);
    while (odata_query_take_pair(&query, &pair, &name, &value)) {
        if (pair.len == 0 || is_position(name, arena))
            continue;
        text_append(&text, pair);
        text_append_char(&text, '&');
    }
    text_append(&text, last);
    text_append(&text, skiptoken);
    if (text.failed)
        return error_no_memory(err);
    *ret = text_slice(&text);
    return true;
}
