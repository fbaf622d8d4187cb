/* odata/grammar_oasis_test.c - OASIS' own test cases of the OData grammar, through our parsers.
 *
 * The cases are not in this repository. They are read from cases.json in the folder that
 * CONNECTORD_ODATA_ABNF names, else in ../shared/odata-abnf; where there is none the test is
 * skipped and says so. Each case has a rule, an input, and whether it follows the rule.
 *
 * A case agrees when an input that follows is taken, or refused by the name of what is not offered,
 * and one that does not is refused. The cases are about sets called Products and the like: the
 * model here has them, with properties that are texts. How many of each there were is printed.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/test.h"
#include "odata/grammar_rules_test.h"
#include "json/reader.h"

#define FILE_MAX       (1u << 20)
#define SKIPPED_BY_RUN 77 /* what meson takes for a test that was skipped */

/* --- a model whose names are those of the cases ---------------------------------------------- */

#define TEXT(property)                                                                             \
    {                                                                                              \
        .name = SLICE_INIT(property), .kind = EDM_STRING, .doc = "Of the cases."                   \
    }

static const struct edm_property properties[] = {
    { .name = SLICE_INIT("ID"), .kind = EDM_STRING, .flags = EDM_KEY, .doc = "Key." },
    TEXT("Name"),
    TEXT("Title"),
    TEXT("Code"),
    TEXT("Street"),
    TEXT("FirstName"),
    TEXT("ReleaseDate"),
    { .name = SLICE_INIT("Price"), .kind = EDM_INT64, .doc = "Of the cases." },
    { .name = SLICE_INIT("Rating"), .kind = EDM_INT64, .doc = "Of the cases." },
    { .name = SLICE_INIT("Completed"), .kind = EDM_BOOLEAN, .doc = "Of the cases." },
    { .name = SLICE_INIT("Sizes"),
      .kind = EDM_STRING,
      .flags = EDM_COLLECTION,
      .doc = "Of the cases." },
};

#define SET(type, set)                                                                             \
    static const struct edm_entity_type type = {                                                   \
        .name = SLICE_INIT(#type),                                                                 \
        .set_name = SLICE_INIT(set),                                                               \
        .versions = EDM_VERSIONS_ALL,                                                              \
        .properties = properties,                                                                  \
        .property_count = COUNT_OF(properties),                                                    \
    }
SET(product, "Products");
SET(category, "Categories");
SET(customer, "Customers");
SET(employee, "Employees");
SET(person, "People");
SET(supplier, "Suppliers");
SET(order, "Orders");

static const struct edm_entity_type *const types[] = { &product, &category, &customer, &employee,
                                                       &person,  &supplier, &order };
static const struct edm_singleton singleton = {
    .name = SLICE_INIT("shop"),
    .versions = EDM_VERSIONS_ALL,
    .types = types,
    .type_count = COUNT_OF(types),
};
static const struct edm_model model = {
    .namespace_name = SLICE_INIT("Sales"),
    .alias = SLICE_INIT("Model"),
    .singleton = &singleton,
};

/* --- the cases ------------------------------------------------------------------------------- */

struct oasis_case {
    int64_t number;
    struct slice rule, input;
    bool accept, in_scope;
};

/* Where this product takes what the grammar does not, on purpose. */
static const struct {
    int64_t number;
    const char *reason;
} lenient[] = {
    { 213, "a key may stand as a segment, and any text is one" },
    { 311, "blanks around an expression are passed over" },
};

static const char *reason_to_take(int64_t number)
{
    for (size_t i = 0; i < COUNT_OF(lenient); i++) {
        if (lenient[i].number == number)
            return lenient[i].reason;
    }
    return NULL;
}

static void read_member(struct json_reader *reader, struct slice name, struct oasis_case *ret)
{
    struct json_token token;

    if (slice_eq(name, SLICE("http"))) {
        assert_true(json_reader_skip(reader, NULL, NULL));
        return;
    }
    assert_true(json_reader_next(reader, &token, NULL));
    if (slice_eq(name, SLICE("n")))
        assert_true(slice_to_int64(token.text, &ret->number));
    else if (slice_eq(name, SLICE("rule")))
        ret->rule = token.text;
    else if (slice_eq(name, SLICE("input")))
        ret->input = token.text;
    else if (slice_eq(name, SLICE("expect")))
        ret->accept = slice_eq(token.text, SLICE("accept"));
    else if (slice_eq(name, SLICE("scope")))
        ret->in_scope = slice_eq(token.text, SLICE("in"));
}

/* The next case, whose brace was read. */
static struct oasis_case read_case(struct json_reader *reader)
{
    struct oasis_case result = { 0 };
    struct json_token token;

    for (;;) {
        assert_true(json_reader_next(reader, &token, NULL));
        if (token.kind == JSON_OBJECT_END)
            return result;
        read_member(reader, token.text, &result);
    }
}

#define APART_MAX 16

struct tally {
    size_t taken, named, wrong, lenient, apart, out, disagree;
    struct {
        struct slice rule;
        size_t count;
    } rules_apart[APART_MAX];
};

static void count_apart(struct tally *tally, struct slice rule)
{
    size_t i = 0;

    while (tally->rules_apart[i].count && !slice_eq(tally->rules_apart[i].rule, rule))
        i++;
    assert_true(i < APART_MAX - 1);
    tally->rules_apart[i].rule = rule;
    tally->rules_apart[i].count++;
    tally->apart++;
}

static void print_apart(const struct tally *tally)
{
    for (size_t i = 0; tally->rules_apart[i].count; i++)
        print_message("%zu of %.*s apart: %s\n", tally->rules_apart[i].count,
                      SLICE_ARG(tally->rules_apart[i].rule),
                      grammar_apart(tally->rules_apart[i].rule));
}

static void check_case(const struct oasis_case *of, struct tally *tally)
{
    struct error err;
    enum grammar_verdict verdict;

    if (!of->in_scope) {
        tally->out++;
        return;
    }
    verdict = grammar_check(&model, of->rule, of->input, &err);
    if (verdict == GRAMMAR_APART) {
        count_apart(tally, of->rule);
    } else if (of->accept && verdict == GRAMMAR_FOLLOWS) {
        tally->taken++;
    } else if (of->accept && verdict == GRAMMAR_NAMED) {
        tally->named++;
    } else if (!of->accept && verdict != GRAMMAR_FOLLOWS) {
        tally->wrong++;
    } else if (!of->accept && reason_to_take(of->number)) {
        tally->lenient++;
        print_message("case %d: taken all the same: %s\n", (int)of->number,
                      reason_to_take(of->number));
    } else {
        tally->disagree++;
        print_error("case %d, %.*s: should be %s: %.*s\n  %s\n", (int)of->number,
                    SLICE_ARG(of->rule), of->accept ? "taken" : "refused", SLICE_ARG(of->input),
                    err.message);
    }
}

static struct slice cases_text;

static void test_cases(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, 16u << 20);
    struct json_reader reader;
    struct json_token token = { 0 };
    struct tally tally = { 0 };

    json_reader_init(&reader, cases_text, arena, 16);
    while (!(token.kind == JSON_NAME && slice_eq(token.text, SLICE("cases"))))
        assert_true(json_reader_next(&reader, &token, NULL));
    assert_true(json_reader_next(&reader, &token, NULL) && token.kind == JSON_ARRAY_BEGIN);
    for (;;) {
        assert_true(json_reader_next(&reader, &token, NULL));
        if (token.kind == JSON_ARRAY_END)
            break;
        struct oasis_case next = read_case(&reader);
        check_case(&next, &tally);
    }
    print_apart(&tally);
    print_message("%zu taken, %zu refused by name, %zu refused as wrong, %zu taken on purpose; "
                  "%zu of rules apart, %zu out of scope by their own mark; %zu disagree\n",
                  tally.taken, tally.named, tally.wrong, tally.lenient, tally.apart, tally.out,
                  tally.disagree);
    assert_true(tally.disagree == 0 && tally.taken > 0);
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_cases) };
    const char *folder = getenv("CONNECTORD_ODATA_ABNF");
    static char path[4096], memory[FILE_MAX];
    FILE *file;

    snprintf(path, sizeof path, "%s/cases.json", folder ? folder : "../shared/odata-abnf");
    file = fopen(path, "re");
    if (!file) {
        printf("skipped: there is no %s; CONNECTORD_ODATA_ABNF names the folder\n", path);
        return SKIPPED_BY_RUN;
    }
    cases_text = (struct slice){ memory, fread(memory, 1, sizeof memory, file) };
    fclose(file);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
