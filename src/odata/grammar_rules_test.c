/* odata/grammar_rules_test.c - the rules, and which parser reads each. */
#include "odata/grammar_rules_test.h"

#include "base/arena.h"
#include "base/test.h"
#include "base/text.h"
#include "odata/compute.h"
#include "odata/filter.h"
#include "odata/filter_literal.h"
#include "odata/filter_segment.h"
#include "odata/key.h"
#include "odata/options.h"
#include "odata/path.h"
#include "odata/percent.h"
#include "json/reader.h"

struct check {
    const struct edm_model *model;
    struct arena *arena;
    struct error *err;
    const struct rule *rule;
};

typedef enum grammar_verdict checker(struct check *check, struct slice input);

struct rule {
    struct slice name;
    checker *check;
    const char *before;        /* what makes an expression of it */
    enum edm_filter_type type; /* of a value */
};

static checker check_expression, check_value, check_payload, check_number, check_duration,
    check_enum, check_json, check_option, check_query, check_path, check_uri;

/* A literal stands in a URL, encoded; a value stands for itself. */
static const struct rule rules[] = {
    { SLICE_INIT("boolCommonExpr"), check_expression, "", 0 },
    { SLICE_INIT("boolcommonExpr"), check_expression, "", 0 }, /* the cases spell it so, once */
    { SLICE_INIT("commonExpr"), check_expression, "", 0 },
    { SLICE_INIT("firstMemberExpr"), check_expression, "", 0 },
    { SLICE_INIT("propertyPathExpr"), check_expression, "", 0 },
    { SLICE_INIT("notExpr"), check_expression, "", 0 },
    { SLICE_INIT("anyExpr"), check_expression, "items/", 0 },
    { SLICE_INIT("odataIdentifier"), check_expression, "null eq ", 0 },
    { SLICE_INIT("null"), check_expression, "null eq ", 0 },
    { SLICE_INIT("boolean"), check_value, "", EDM_FILTER_BOOLEAN },
    { SLICE_INIT("guid"), check_value, "", EDM_FILTER_GUID },
    { SLICE_INIT("date"), check_value, "", EDM_FILTER_DATE },
    { SLICE_INIT("dateTimeOffsetLiteral"), check_value, "", EDM_FILTER_DATE_TIME },
    { SLICE_INIT("dateTimeOffsetValueInUrl"), check_value, "", EDM_FILTER_DATE_TIME },
    { SLICE_INIT("timeOfDayLiteral"), check_value, "", EDM_FILTER_TIME },
    { SLICE_INIT("dateValue"), check_payload, "", EDM_FILTER_DATE },
    { SLICE_INIT("dateTimeOffsetValue"), check_payload, "", EDM_FILTER_DATE_TIME },
    { SLICE_INIT("timeOfDayValue"), check_payload, "", EDM_FILTER_TIME },
    { SLICE_INIT("byteValue"), check_payload, "", EDM_FILTER_INTEGER },
    { SLICE_INIT("sbyteValue"), check_payload, "", EDM_FILTER_INTEGER },
    { SLICE_INIT("int16Value"), check_payload, "", EDM_FILTER_INTEGER },
    { SLICE_INIT("int32Value"), check_payload, "", EDM_FILTER_INTEGER },
    { SLICE_INIT("int64Value"), check_payload, "", EDM_FILTER_INTEGER },
    { SLICE_INIT("sbyteLiteral"), check_value, "", EDM_FILTER_INTEGER },
    { SLICE_INIT("int16Literal"), check_value, "", EDM_FILTER_INTEGER },
    { SLICE_INIT("int32Literal"), check_value, "", EDM_FILTER_INTEGER },
    { SLICE_INIT("int64Literal"), check_value, "", EDM_FILTER_INTEGER },
    { SLICE_INIT("decimalValue"), check_number, "", EDM_FILTER_REAL },
    { SLICE_INIT("decimalLiteral"), check_number, "", EDM_FILTER_REAL },
    { SLICE_INIT("doubleValue"), check_number, "", EDM_FILTER_REAL },
    { SLICE_INIT("doubleLiteral"), check_number, "", EDM_FILTER_REAL },
    { SLICE_INIT("singleValue"), check_number, "", EDM_FILTER_REAL },
    { SLICE_INIT("singleLiteral"), check_number, "", EDM_FILTER_REAL },
    { SLICE_INIT("durationValue"), check_duration, "", 0 },
    { SLICE_INIT("durationLiteral"), check_expression, "null eq ", 0 },
    { SLICE_INIT("enumValue"), check_enum, "", 0 },
    { SLICE_INIT("enumLiteral"), check_expression, "null eq ", 0 },
    { SLICE_INIT("binaryLiteral"), check_expression, "null eq ", 0 },
    { SLICE_INIT("stringLiteral"), check_expression, "null eq ", 0 },
    { SLICE_INIT("primitiveLiteral"), check_expression, "null eq ", 0 },
    { SLICE_INIT("stringInUrl"), check_expression, "null in [", 0 },
    { SLICE_INIT("booleanValue"), check_json, "", 0 },
    { SLICE_INIT("filter"), check_option, "", 0 },
    { SLICE_INIT("orderby"), check_option, "", 0 },
    { SLICE_INIT("orderBy"), check_option, "", 0 },
    { SLICE_INIT("select"), check_option, "", 0 },
    { SLICE_INIT("skiptoken"), check_option, "", 0 },
    { SLICE_INIT("systemQueryOption"), check_option, "", 0 },
    { SLICE_INIT("customQueryOption"), check_option, "", 0 },
    { SLICE_INIT("queryOptions"), check_query, "", 0 },
    { SLICE_INIT("resourcePath"), check_path, "", 0 },
    { SLICE_INIT("odataRelativeUri"), check_path, "", 0 },
    { SLICE_INIT("odataUri"), check_uri, "", 0 },
};

static const struct {
    struct slice rule;
    const char *reason;
} apart[] = {
    { SLICE_INIT("primitiveValue"),
      "the body of a PUT to $value, which is read as the property asks: payload_read_test" },
    { SLICE_INIT("header"), "fields are read in http/, which is tested there" },
    { SLICE_INIT("prefer"), "fields are read in http/, which is tested there" },
    { SLICE_INIT("preference"), "fields are read in http/, which is tested there" },
    { SLICE_INIT("maxpagesizePreference"), "fields are read in http/, which is tested there" },
};

/* How messages begin that say that a text is wrong; any other names what it refuses. */
static const char *const wrong[] = {
    "The request URI is not valid",
    "Invalid value",
    "Custom query option",
    "Invalid skiptoken",
};
static const char *const wrong_inside[] = {
    "Syntax error",
    "unbalanced bracket",
    "is not base64url",
    "is not a duration",
};

static enum grammar_verdict verdict_of(bool ok, const struct error *err)
{
    if (ok)
        return GRAMMAR_FOLLOWS;
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        if (slice_starts_with(slice_of(err->message), slice_of(wrong[i])))
            return GRAMMAR_WRONG;
    }
    for (size_t i = 0; i < COUNT_OF(wrong_inside); i++) {
        if (strstr(err->message, wrong_inside[i]))
            return GRAMMAR_WRONG;
    }
    return GRAMMAR_NAMED;
}

static enum grammar_verdict wrong_unless(bool ok)
{
    return ok ? GRAMMAR_FOLLOWS : GRAMMAR_WRONG;
}

static bool decode(struct check *check, struct slice input, struct slice *ret)
{
    return odata_percent_decode(input, false, check->arena, ret, check->err);
}

/* --- expressions and values ------------------------------------------------------------------ */

static enum grammar_verdict check_text(struct check *check, struct slice text)
{
    return verdict_of(odata_filter_check_form(text, check->arena, check->err), check->err);
}

static enum grammar_verdict check_expression(struct check *check, struct slice input)
{
    const char *before = check->rule->before;
    struct slice text;

    if (!decode(check, input, &text) ||
        !arena_printf(check->arena, &text, "%s%.*s%s", before, SLICE_ARG(text),
                      strchr(before, '[') ? "]" : ""))
        return GRAMMAR_WRONG;
    return check_text(check, text);
}

static bool is_word(struct slice text, enum edm_filter_type type)
{
    struct edm_filter value = { .kind = EDM_FILTER_LITERAL };

    return filter_literal_word(text, &value) && value.type == type;
}

static enum grammar_verdict check_payload(struct check *check, struct slice input)
{
    return wrong_unless(filter_literal_form(input) == check->rule->type ||
                        is_word(input, check->rule->type));
}

static enum grammar_verdict check_value(struct check *check, struct slice input)
{
    struct slice text;

    return decode(check, input, &text) ? check_payload(check, text) : GRAMMAR_WRONG;
}

/* With or without a fraction, or without a bound. */
static enum grammar_verdict check_number(struct check *check, struct slice input)
{
    struct slice text, word;

    if (!decode(check, input, &text))
        return GRAMMAR_WRONG;
    word = slice_sub(text, slice_eq(text, SLICE("-INF")), text.len);
    return wrong_unless(filter_literal_form(text) == EDM_FILTER_REAL ||
                        filter_literal_form(text) == EDM_FILTER_INTEGER ||
                        is_word(word, EDM_FILTER_REAL));
}

static enum grammar_verdict check_duration(struct check *check UNUSED, struct slice input)
{
    int64_t ticks;

    return wrong_unless(filter_literal_duration(input, &ticks));
}

static enum grammar_verdict check_enum(struct check *check UNUSED, struct slice input)
{
    return wrong_unless(filter_literal_is_enum_value(input));
}

static enum grammar_verdict check_json(struct check *check, struct slice input)
{
    return wrong_unless(json_is_valid(input, check->arena, 1));
}

/* --- options --------------------------------------------------------------------------------- */

static enum grammar_verdict check_query_of(struct check *check, const struct odata_path *path,
                                           struct slice query)
{
    const struct odata_filter_rules filter_rules = { .later_members = true };
    struct odata_options options;
    uint32_t beyond = 0;
    bool ok = odata_options_parse(check->model, &profile_documented, path, true, query, 0,
                                  &filter_rules, check->arena, &options, check->err);

    if (ok && options.compute.ptr)
        ok = odata_compute_options(check->model, path, &filter_rules, check->arena, &options,
                                   &beyond, check->err);
    return verdict_of(ok, check->err);
}

static enum grammar_verdict check_query(struct check *check, struct slice input)
{
    const struct odata_path path = { .resource = ODATA_SET,
                                     .version = EDM_VERSION_BETA,
                                     .type = check->model->singleton->types[0] };

    return check_query_of(check, &path, input);
}

/* One option. What $filter says is looked at by itself too: what it names may hide what is wrong.
 */
static enum grammar_verdict check_option(struct check *check, struct slice input)
{
    enum grammar_verdict verdict;
    struct slice name, value;

    if (slice_index(input, '&') < input.len && !slice_eq(check->rule->name, SLICE("queryOptions")))
        return GRAMMAR_WRONG;
    verdict = check_query(check, input);
    if (verdict != GRAMMAR_NAMED || !slice_cut(input, '=', &name, &value) ||
        !slice_ends_with(name, SLICE("filter")))
        return verdict;
    *check->err = (struct error){ 0 };
    return check_expression(check, value) == GRAMMAR_WRONG ? GRAMMAR_WRONG : verdict;
}

/* --- addresses ------------------------------------------------------------------------------- */

/* What the path left open, from the options. */
static bool complete(struct check *check, struct odata_path *path, struct slice query)
{
    const struct odata_filter_rules filter_rules = { .later_members = true };
    const struct edm_filter *filter = NULL;
    struct odata_options options = { 0 };

    if (!path->beyond)
        return true;
    if (path->beyond->filters.len &&
        !odata_options_parse(check->model, &profile_documented, path, true, query, 0, &filter_rules,
                             check->arena, &options, check->err))
        return false;
    return (path->beyond->key_alias.len == 0 ||
            odata_key_of_alias(path->beyond->key_alias, query, check->arena, &path->key,
                               check->err)) &&
           odata_filter_segments_read(check->model, path->type, path->beyond->filters,
                                      options.aliases, &filter_rules, check->arena, &filter, NULL,
                                      check->err);
}

static enum grammar_verdict check_path(struct check *check, struct slice input)
{
    struct slice rest = slice_sub(input, 0, slice_index(input, '#')), path_text, query, text;
    enum grammar_verdict verdict;
    struct odata_path path;

    if (!slice_cut(rest, '?', &path_text, &query)) {
        path_text = rest;
        query = SLICE_EMPTY;
    }
    if (!arena_printf(check->arena, &text, "%s%.*s%s%.*s",
                      slice_starts_with(path_text, SLICE("$")) ? "" : "/",
                      SLICE_ARG(slice_starts_with(path_text, SLICE("$"))
                                    ? SLICE_EMPTY
                                    : check->model->singleton->name),
                      path_text.len ? "/" : "", SLICE_ARG(path_text)))
        return GRAMMAR_WRONG;
    verdict = verdict_of(
        odata_path_parse(check->model, EDM_VERSION_BETA, text, check->arena, &path, check->err) &&
            complete(check, &path, query),
        check->err);
    return verdict == GRAMMAR_FOLLOWS && query.len ? check_query_of(check, &path, query) : verdict;
}

/* A whole address: its origin is not ours to read, and the service's own path the cases' to choose.
 */
static enum grammar_verdict check_uri(struct check *check, struct slice input)
{
    static const char *const roots[] = { "service/", "OData/OData.svc/", "MyService/" };
    struct slice scheme, rest;
    size_t slash;

    if (!slice_cut(input, ':', &scheme, &rest) || !slice_starts_with(rest, SLICE("//")))
        return GRAMMAR_WRONG;
    rest = slice_sub(rest, 2, rest.len);
    slash = slice_index(rest, '/');
    rest = slice_sub(rest, slash + 1, rest.len);
    for (size_t i = 0; i < COUNT_OF(roots); i++) {
        if (slice_starts_with(rest, slice_of(roots[i])))
            rest = slice_sub(rest, strlen(roots[i]), rest.len);
    }
    return check_path(check, rest);
}

/* --- all ------------------------------------------------------------------------------------- */

struct slice grammar_rule(size_t index)
{
    return index < COUNT_OF(rules) ? rules[index].name : SLICE_EMPTY;
}

const char *grammar_apart(struct slice rule)
{
    for (size_t i = 0; i < COUNT_OF(apart); i++) {
        if (slice_eq(apart[i].rule, rule))
            return apart[i].reason;
    }
    return NULL;
}

enum grammar_verdict grammar_check(const struct edm_model *model, struct slice rule,
                                   struct slice input, struct error *ret_error)
{
    enum grammar_verdict verdict = GRAMMAR_APART;

    *ret_error = (struct error){ 0 };
    for (size_t i = 0; i < COUNT_OF(rules); i++) {
        if (!slice_eq(rules[i].name, rule))
            continue;
        struct arena *arena = arena_create(NULL, 16u << 20);
        struct check check = {
            .model = model, .arena = arena, .err = ret_error, .rule = &rules[i]
        };

        assert_non_null(arena);
        verdict = rules[i].check(&check, input);
        arena_destroy(arena);
    }
    if (verdict == GRAMMAR_APART && !grammar_apart(rule))
        fail_msg("no parser is known for the rule %.*s", SLICE_ARG(rule));
    return verdict;
}
