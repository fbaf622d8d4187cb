/* odata/select.c - $select and $expand, in the words of the OData library behind Graph.
 *
 * $select is a list of names. Behind that of a collection there may be options in parentheses
 * (odata/select_items.h), which are kept here as they stand. A comma at the end is passed over, as
 * the library does. $select=* is the same as no $select, whatever stands beside it.
 *
 * Of a term of $expand only the name counts, up to its options in brackets or the next segment:
 * what could be said about them is moot when nothing of that name can be expanded.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "odata/select.h"

#include "odata/brackets.h"
#include "odata/compute.h"
#include "odata/quote.h"

#define SELECT_FAILED "Parsing OData Select and Expand failed: "

struct reading {
    const struct edm_model *model;
    const struct odata_path *path;
    const struct odata_computed *computed;
    const char *option;
    struct slice list;
    struct error *err;
};

/* --- names ----------------------------------------------------------------------------------- */

/* The unqualified name of the type that is read. */
static struct slice selected_type_name(const struct reading *reading)
{
    return reading->path->type ? reading->path->type->name : reading->model->singleton->name;
}

uint64_t odata_select_all(const struct edm_model *model, const struct odata_path *path)
{
    if (path->type)
        return edm_all_properties(path->type);
    return (UINT64_C(1) << model->singleton->property_count) - 1;
}

/* Index of the property called `name`, or -1. */
static int find_property(const struct reading *reading, struct slice name)
{
    if (reading->path->type)
        return edm_find_property_nocase(reading->path->type, name);
    return edm_find_singleton_property(reading->model->singleton, name, reading->path->version);
}

static bool refuse_name(const struct reading *reading, struct slice name)
{
    return error_set(reading->err, ERROR_BAD_REQUEST, slice_of(reading->option),
                     SELECT_FAILED "Could not find a property named '%.*s' on type '%.*s.%.*s'.",
                     SLICE_ARG(odata_quote(name)), SLICE_ARG(reading->model->namespace_name),
                     SLICE_ARG(selected_type_name(reading)));
}

/* --- terms ----------------------------------------------------------------------------------- */

/* Takes the text up to the next comma outside brackets, which must balance. */
static struct slice take_term(struct slice *rest)
{
    size_t len = odata_length_before(*rest, ',');
    struct slice term = slice_sub(*rest, 0, len);
    *rest = slice_sub(*rest, len + 1, rest->len);
    return term;
}

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '/' || c == '*' || c == '@' || c == '$' || (c & 0x80);
}

/* Bytes that have a place in OData expressions, though in no plain list of names. */
static bool is_expression_byte(char c)
{
    return c == ' ' || c == '\t' || c == '\'' || c == '(' || c == ')' || c == ',' || c == '-' ||
           c == ':' || c == '=' || c == ';' || c == '"' || c == '?' || c == '&';
}

static bool refuse_term(const struct reading *reading, struct slice term)
{
    return error_set(reading->err, ERROR_BAD_REQUEST, slice_of(reading->option),
                     SELECT_FAILED "Term '%.*s' is not valid in a $select or $expand expression.",
                     SLICE_ARG(odata_quote(term)));
}

/* Refuses what has no place in the list at all. */
static bool check_bytes(const struct reading *reading, struct slice term)
{
    for (size_t at = 0; at < term.len; at++) {
        char c = term.ptr[at];

        if (!is_name_byte(c) && !is_expression_byte(c))
            return error_set(reading->err, ERROR_BAD_REQUEST, slice_of(reading->option),
                             SELECT_FAILED "Syntax error: character '%c' is not valid at position "
                                           "%zu in '%.*s'.",
                             c, (size_t)(term.ptr - reading->list.ptr) + at,
                             SLICE_ARG(odata_quote(reading->list)));
    }
    return true;
}

static bool is_name(struct slice term)
{
    for (size_t at = 0; at < term.len; at++) {
        if (!is_name_byte(term.ptr[at]))
            return false;
    }
    return term.len > 0;
}

typedef bool term_reader(const struct reading *reading, struct slice term,
                         struct odata_selection *selection);

/* list := term ("," term)* [","] */
static bool read_list(const struct reading *reading, term_reader *read,
                      struct odata_selection *selection)
{
    struct slice rest = reading->list;

    if (!odata_brackets_balance(reading->list))
        return error_set(reading->err, ERROR_BAD_REQUEST, slice_of(reading->option),
                         SELECT_FAILED "Found an unbalanced bracket expression.");
    do {
        struct slice term = slice_trim(take_term(&rest));

        if (!check_bytes(reading, slice_sub(term, 0, slice_index(term, '('))) ||
            !read(reading, term, selection))
            return false;
    } while (rest.len > 0);
    return true;
}

/* --- $select --------------------------------------------------------------------------------- */

static bool select_computed(const struct reading *reading, struct slice term,
                            struct odata_selection *selection)
{
    int index = odata_computed_find(reading->computed, term);

    if (index < 0)
        return refuse_name(reading, term);
    selection->computed |= UINT32_C(1) << index;
    return true;
}

/* Whether the property is a collection of texts. */
static bool has_items(const struct reading *reading, size_t property)
{
    const struct edm_entity_type *type = reading->path->type;

    return type && (type->properties[property].flags & EDM_COLLECTION);
}

/* What stands in parentheses behind the property; it is read when all aliases are known. */
static bool keep_options(const struct reading *reading, size_t property, struct slice name,
                         struct slice options, struct odata_selection *selection)
{
    const char *fault = NULL;

    for (size_t i = 0; i < selection->item_count && !fault; i++)
        if (selection->items[i].property == property)
            fault = "was given options more than once";
    if (!fault && selection->item_count == ODATA_SELECT_OPTIONS_MAX)
        fault = "is one more property with options than there may be";
    if (fault)
        return error_set(reading->err, ERROR_BAD_REQUEST, slice_of(reading->option),
                         SELECT_FAILED "Property '%.*s' %s.", SLICE_ARG(odata_quote(name)), fault);
    selection->items[selection->item_count++] =
        (struct odata_selected_items){ .property = property, .options = options };
    return true;
}

/* name ["(" options ")"] */
static bool select_term(const struct reading *reading, struct slice term,
                        struct odata_selection *selection)
{
    size_t open = slice_index(term, '(');
    struct slice name = slice_sub(term, 0, open);
    bool has_options = open < term.len;
    int property;

    if (!is_name(name) || (has_options && term.ptr[term.len - 1] != ')'))
        return refuse_term(reading, term);
    if (slice_eq(name, SLICE("*"))) {
        selection->star = true;
        return !has_options || refuse_term(reading, term);
    }
    property = find_property(reading, name);
    if (property < 0)
        return has_options ? refuse_name(reading, name) : select_computed(reading, name, selection);
    if (has_options && !has_items(reading, (size_t)property))
        return refuse_term(reading, term);
    selection->properties |= UINT64_C(1) << property;
    return !has_options || keep_options(reading, (size_t)property, name,
                                        slice_sub(term, open + 1, term.len - open - 2), selection);
}

bool odata_select_parse(const struct edm_model *model, const struct odata_path *path,
                        const struct odata_computed *computed, struct slice text,
                        struct odata_selection *ret, struct error *err)
{
    const struct reading reading = { model, path, computed, "$select", slice_trim(text), err };

    *ret = (struct odata_selection){ .properties = 0 };
    return read_list(&reading, select_term, ret);
}

/* --- $expand --------------------------------------------------------------------------------- */

static bool expand_term(const struct reading *reading, struct slice term,
                        struct odata_selection *selection UNUSED)
{
    size_t end = slice_index(term, '(');
    struct slice name = slice_trim(slice_sub(term, 0, end));

    name = slice_sub(name, 0, slice_index(name, '/'));
    if (!is_name(name))
        return refuse_term(reading, term);
    if (slice_eq(name, SLICE("*")))
        return true;
    if (!reading->path->type && edm_find_set(reading->model, name, reading->path->version))
        return error_set(
            reading->err, ERROR_EXPAND_NOT_SUPPORTED, slice_of(reading->option),
            "Expand is not allowed for property '%.*s' according to the entity schema.",
            SLICE_ARG(odata_quote(name)));
    if (find_property(reading, name) < 0)
        return refuse_name(reading, name);
    return error_set(reading->err, ERROR_BAD_REQUEST, slice_of(reading->option),
                     SELECT_FAILED
                     "Property '%.*s' on type '%.*s.%.*s' is not a navigation property or complex "
                     "property. Only navigation properties can be expanded.",
                     SLICE_ARG(odata_quote(name)), SLICE_ARG(reading->model->namespace_name),
                     SLICE_ARG(selected_type_name(reading)));
}

bool odata_expand_check(const struct edm_model *model, const struct odata_path *path,
                        struct slice text, struct error *err)
{
    const struct reading reading = { model, path, NULL, "$expand", slice_trim(text), err };

    return read_list(&reading, expand_term, NULL);
}
