/* odata/option_table.c - every system query option of OData 4.01 part 2, chapter 5, and those of
 * its addresses.
 *
 * Those that nobody reads are in the table all the same: a name that is known is refused in the
 * words of Graph's library, which calls each by a title of its own.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "odata/option_table.h"

/* The most frequent first. */
static const struct odata_option options[] = {
    { ODATA_OPTION_SELECT, ODATA_ON_DATA, true, SLICE_INIT("$select"), SLICE_INIT("select"),
      SLICE_INIT("Select") },
    { ODATA_OPTION_TOP, ODATA_ON_READ_SETS, true, SLICE_INIT("$top"), SLICE_INIT("top"),
      SLICE_INIT("Top") },
    { ODATA_OPTION_COUNT, ODATA_ON_READ_SETS, false, SLICE_INIT("$count"), SLICE_INIT("count"),
      SLICE_INIT("Count") },
    { ODATA_OPTION_SKIPTOKEN, ODATA_ON_READ_SETS, true, SLICE_INIT("$skiptoken"),
      SLICE_INIT("skiptoken"), SLICE_INIT("SkipToken") },
    { ODATA_OPTION_FILTER, ODATA_ON_READ_SETS, true, SLICE_INIT("$filter"), SLICE_INIT("filter"),
      SLICE_INIT("Filter") },
    { ODATA_OPTION_ORDERBY, ODATA_ON_READ_SETS, false, SLICE_INIT("$orderby"),
      SLICE_INIT("orderby"), SLICE_INIT("OrderBy") },
    { ODATA_OPTION_SKIP, ODATA_ON_READ_SETS, false, SLICE_INIT("$skip"), SLICE_INIT("skip"),
      SLICE_INIT("Skip") },
    { ODATA_OPTION_EXPAND, ODATA_ON_DATA, false, SLICE_INIT("$expand"), SLICE_INIT("expand"),
      SLICE_INIT("Expand") },
    { ODATA_OPTION_SEARCH, ODATA_ON_READ_SETS, false, SLICE_INIT("$search"), SLICE_INIT("search"),
      SLICE_INIT("Search") },
    { ODATA_OPTION_APPLY, ODATA_ON_READ_SETS, false, SLICE_INIT("$apply"), SLICE_INIT("apply"),
      SLICE_INIT("Apply") },
    { ODATA_OPTION_COMPUTE, ODATA_ON_READ_DATA, false, SLICE_INIT("$compute"),
      SLICE_INIT("compute"), SLICE_INIT("Compute") },
    { ODATA_OPTION_FORMAT, ODATA_ON_JSON, true, SLICE_INIT("$format"), SLICE_INIT("format"),
      SLICE_INIT("Format") },
    { ODATA_OPTION_DELTATOKEN, ODATA_NOWHERE, true, SLICE_INIT("$deltatoken"),
      SLICE_INIT("deltatoken"), SLICE_INIT("DeltaToken") },
    { ODATA_OPTION_LEVELS, ODATA_NOWHERE, false, SLICE_INIT("$levels"), SLICE_INIT("levels"),
      SLICE_INIT("Levels") },
    { ODATA_OPTION_INDEX, ODATA_NOWHERE, false, SLICE_INIT("$index"), SLICE_INIT("index"),
      SLICE_INIT("Index") },
    { ODATA_OPTION_SCHEMAVERSION, ODATA_NOWHERE, false, SLICE_INIT("$schemaversion"),
      SLICE_INIT("schemaversion"), SLICE_INIT("SchemaVersion") },
    { ODATA_OPTION_ID, ODATA_NOWHERE, false, SLICE_INIT("$id"), SLICE_INIT(""), SLICE_INIT("Id") },
};

const struct odata_option *odata_option_find(struct slice name)
{
    for (size_t i = 0; i < COUNT_OF(options) && name.len; i++) {
        if (slice_eq_nocase(name, options[i].name) || slice_eq_nocase(name, options[i].plain))
            return &options[i];
    }
    return NULL;
}

static bool refuse(const struct odata_option *option, struct error *err)
{
    return error_set(err, ERROR_BAD_REQUEST, option->name,
                     "The query specified in the URI is not valid. Query option '%.*s' is not "
                     "allowed. To allow it, set the 'AllowedQueryOptions' property on "
                     "EnableQueryAttribute or QueryValidationSettings.",
                     SLICE_ARG(option->title));
}

bool odata_option_check_place(const struct odata_option *option, const struct odata_path *path,
                              bool is_read, struct error *err)
{
    enum odata_resource resource = path->resource;
    bool has_rows = resource == ODATA_SET || resource == ODATA_COUNT;
    bool has_properties = has_rows || resource == ODATA_SINGLETON || resource == ODATA_ENTITY ||
                          resource == ODATA_ACTION || resource == ODATA_SET_ACTION;
    bool is_text =
        resource == ODATA_COUNT || resource == ODATA_VALUE || resource == ODATA_PROPERTY_COUNT;
    bool is_read_data = is_read && (has_rows || resource == ODATA_ENTITY);

    if (resource == ODATA_DELTA)
        return option->goes_with_delta || refuse(option, err);
    if ((option->place == ODATA_ON_JSON && !is_text) ||
        (option->place == ODATA_ON_DATA && has_properties) ||
        (option->place == ODATA_ON_READ_DATA && is_read_data))
        return true;
    if (option->place != ODATA_ON_READ_SETS || !has_properties || !is_read)
        return refuse(option, err);
    if (!has_rows)
        return error_set(err, ERROR_BAD_REQUEST, option->name,
                         "The query specified in the URI is not valid. The requested resource is "
                         "not a collection. Query options $filter, $orderby, $count, $skip, and "
                         "$top can be applied only on collections.");
    return true;
}

bool odata_option_is_offered(const struct odata_path *path, bool is_read, struct slice name)
{
    const struct odata_option *option = odata_option_find(name);

    return option && odata_option_check_place(option, path, is_read, NULL);
}
