/* http/protocol_version_test.c - which versions would do, for an answer and for a body. */
#include "http/protocol_version.h"

#include <string.h>

#include "base/test.h"

static const struct {
    const char *name, *value;
    bool has_body;
    enum error_code code;
} cases[] = {
    { "OData-MaxVersion", "4.0", false, ERROR_NONE },
    { "odata-maxversion", "4.01", false, ERROR_NONE },
    { "OData-MaxVersion", "4", false, ERROR_NONE },
    { "OData-MaxVersion", "4.0 ; NetFx", false, ERROR_NONE },
    { "OData-MaxVersion", "4 . 0", false, ERROR_NONE },
    { "OData-MaxVersion", "5.0", false, ERROR_NONE },
    { "OData-MaxVersion", "40.17", false, ERROR_NONE },
    { "OData-MaxVersion", "", false, ERROR_NONE },
    { "OData-MaxVersion", "3.0", false, ERROR_BAD_REQUEST },
    { "OData-MaxVersion", "3.0;NetFx", true, ERROR_BAD_REQUEST },
    { "OData-MaxVersion", "3.99", false, ERROR_BAD_REQUEST },
    { "OData-MaxVersion", "0", false, ERROR_BAD_REQUEST },
    { "OData-MaxVersion", "four", false, ERROR_BAD_REQUEST },
    { "OData-MaxVersion", "4.", false, ERROR_BAD_REQUEST },
    { "OData-MaxVersion", ".4", false, ERROR_BAD_REQUEST },
    { "OData-MaxVersion", "4.0.1", false, ERROR_BAD_REQUEST },
    { "OData-MaxVersion", "-4.0", false, ERROR_BAD_REQUEST },
    { "OData-MaxVersion", "4.0, 3.0", false, ERROR_BAD_REQUEST },
    { "OData-MaxVersion", "99999999999999999999.0", false, ERROR_BAD_REQUEST },
    { "OData-MaxVersion", "\xff\xfe", false, ERROR_BAD_REQUEST },

    { "OData-Version", "4.0", true, ERROR_NONE },
    { "OData-Version", "4.01", true, ERROR_NONE },
    { "OData-Version", "4", true, ERROR_NONE },
    { "OData-Version", "4.0;", true, ERROR_NONE },
    { "OData-Version", "3.0", false, ERROR_NONE }, /* of a body that there is not */
    { "OData-Version", "3.0", true, ERROR_BAD_REQUEST },
    { "OData-Version", "4.1", true, ERROR_BAD_REQUEST },
    { "OData-Version", "4.02", true, ERROR_BAD_REQUEST },
    { "OData-Version", "5.0", true, ERROR_BAD_REQUEST },
    { "OData-Version", "x", true, ERROR_BAD_REQUEST },

    { "OData-Isolation", "snapshot", false, ERROR_PRECONDITION_FAILED },
    { "Isolation", "Snapshot", true, ERROR_PRECONDITION_FAILED },
    { "Isolation", "", false, ERROR_NONE },

    { "OData-EntityId", "3.0", true, ERROR_NONE },
    { "Origin", "3.0", true, ERROR_NONE },
    { "If-Match", "*", true, ERROR_NONE },
    { "MaxDataServiceVersion", "3.0", true, ERROR_NONE },
};

static void test_check(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct http_field fields[] = {
            { SLICE("Host"), SLICE("3.0") },
            { slice_of(cases[i].name), slice_of(cases[i].value) },
        };
        const struct http_request request = { .fields = fields, .field_count = 2 };
        struct error err = { 0 };
        bool ok = protocol_version_check(&request, cases[i].has_body, &err);

        CHECK(ok == (cases[i].code == ERROR_NONE) && err.code == cases[i].code, i);
        CHECK(ok || strcmp(err.target, cases[i].name) == 0, i);
        CHECK(slice_is_utf8(slice_of(err.message)), i);
    }
}

/* Every field counts. */
static void test_twice(void **state UNUSED)
{
    struct http_field fields[] = {
        { SLICE("OData-MaxVersion"), SLICE("4.0") },
        { SLICE("OData-MaxVersion"), SLICE("3.0") },
    };
    const struct http_request request = { .fields = fields, .field_count = 2 };
    struct error err = { 0 };

    assert_false(protocol_version_check(&request, false, &err));
}

/* HTTP/2 sends names in lower case alone; an error has them as the specification spells them. */
static void test_spelling(void **state UNUSED)
{
    static const struct {
        const char *sent, *named;
    } names[] = {
        { "odata-maxversion", "OData-MaxVersion" },
        { "ODATA-VERSION", "OData-Version" },
        { "odata-isolation", "OData-Isolation" },
        { "isolation", "Isolation" },
    };

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct http_field field = { slice_of(names[i].sent), SLICE("3.0") };
        const struct http_request request = { .fields = &field, .field_count = 1 };
        struct error err = { 0 };

        CHECK(!protocol_version_check(&request, true, &err), i);
        CHECK(strcmp(err.target, names[i].named) == 0, i);
        CHECK(strstr(err.message, names[i].named) != NULL, i);
    }
}

static const struct {
    const char *first, *second; /* NULL: no such field */
    bool admits;
} admitting_cases[] = {
    { NULL, NULL, false },    { "4.01", NULL, true },   { " 4 . 01 ;x", NULL, true },
    { "4.0", NULL, false },   { "4", NULL, false },     { "4.1", NULL, true },
    { "4.001", NULL, false }, { "4.02", NULL, true },   { "4.10", NULL, true },
    { "5.0", NULL, true },    { "3.99", NULL, false },  { "", NULL, false },
    { "x", NULL, false },     { "4.01", "4.01", true }, { "4.01", "4.0", false },
    { "4.0", "4.01", false }, { "4.01", "", false },
};

static void test_admits_401(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(admitting_cases); i++) {
        struct http_field fields[3] = { { SLICE("OData-Version"), SLICE("4.01") } };
        struct http_request request = { .fields = fields, .field_count = 1 };
        const char *values[] = { admitting_cases[i].first, admitting_cases[i].second };

        for (size_t j = 0; j < COUNT_OF(values); j++)
            if (values[j])
                fields[request.field_count++] =
                    (struct http_field){ SLICE("odata-maxversion"), slice_of(values[j]) };
        CHECK(protocol_version_admits_401(&request) == admitting_cases[i].admits, i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check),
        cmocka_unit_test(test_twice),
        cmocka_unit_test(test_spelling),
        cmocka_unit_test(test_admits_401),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
